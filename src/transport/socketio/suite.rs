//! What the official suites of Engine.IO and Socket.IO speak with: everything is said back. Only in a conformance build, in
//! the place of the chat.

use std::time::Duration;

use super::attachments::{Assembly, Step};
use super::packet::{Packet, Type, push_head};
use super::{Terms, Violation, engine};
use crate::protocol::Close;
use crate::session::{Outcome, Turn};
use crate::transport::ws::frame::{self, Opcode};

/// How long after the answer to a connection its first event comes. The suite listens for one message at a time, and hears of
/// two that arrive in one piece only the first.
const PAUSE: Duration = Duration::from_millis(10);

/// The namespaces that there are.
const NAMESPACES: [&str; 2] = ["/", "/custom"];

/// One session.
#[derive(Debug)]
pub(crate) struct Suite {
    /// Packets of Engine.IO are said back as they are.
    echoes: bool,
    connected: Vec<&'static str>,
    assembly: Option<Box<Assembly>>,
}

impl Suite {
    pub(crate) fn new(echoes: bool, turn: &Turn<'_>) -> Self {
        if echoes {
            turn.reader.is_served();
        }
        Self { echoes, connected: Vec::new(), assembly: None }
    }

    pub(crate) fn take(&mut self, text: &str, turn: &mut Turn<'_>) -> Outcome {
        let result = engine::Packet::read(text).and_then(|packet| match packet {
            engine::Packet::Message(message) if self.echoes => {
                say(turn, |out| engine::Packet::Message(message).push(out));
                Ok(())
            }
            engine::Packet::Message(message) => self.message(message, turn),
            engine::Packet::Pong(_) => {
                turn.reader.answered(turn.app.hub.tick());
                Ok(())
            }
            engine::Packet::Close | engine::Packet::Ping(_) => Err(Violation::EngineType),
            engine::Packet::Open(_) | engine::Packet::Upgrade | engine::Packet::Noop => Ok(()),
        });
        conclude(result, turn)
    }

    pub(crate) fn take_binary(&mut self, data: &[u8], turn: &mut Turn<'_>) -> Outcome {
        if self.echoes {
            turn.reader.answer(|out| frame::push(out, Opcode::Binary, data));
            return Outcome::Answered;
        }
        let result = match self.assembly.take().ok_or(Violation::StrayAttachment) {
            Ok(assembly) => match assembly.take(data) {
                Ok(Step::More(assembly)) => {
                    self.assembly = Some(assembly);
                    Ok(())
                }
                Ok(Step::Whole(whole)) => {
                    Packet::read(&whole.text).and_then(|packet| self.packet(packet, &whole.attachments, turn))
                }
                Err(violation) => Err(violation),
            },
            Err(violation) => Err(violation),
        };
        conclude(result, turn)
    }

    fn message(&mut self, text: &str, turn: &mut Turn<'_>) -> Result<(), Violation> {
        if self.assembly.is_some() {
            return Err(Violation::AttachmentMissing);
        }
        let packet = Packet::read(text)?;
        if packet.attachments > 0 {
            let max_bytes = Terms::of(&turn.app.settings).max_payload;
            self.assembly = Some(Box::new(Assembly::begin(&packet, text, max_bytes)?));
            return Ok(());
        }
        self.packet(packet, &[], turn)
    }

    fn packet(&mut self, packet: Packet<'_>, attachments: &[Vec<u8>], turn: &mut Turn<'_>) -> Result<(), Violation> {
        let is_connected = self.connected.contains(&packet.namespace);
        match packet.kind {
            Type::Connect => {
                let Some(namespace) = NAMESPACES.iter().find(|known| **known == packet.namespace) else {
                    let refused = r#"{"message":"Invalid namespace"}"#;
                    answer(turn, Type::ConnectError, packet.namespace, None, refused, &[]);
                    return Ok(());
                };
                if is_connected {
                    return Err(Violation::NotConnected);
                }
                self.connected.push(namespace);
                turn.reader.is_served();
                let sid = format!("{{\"sid\":\"{}\"}}", turn.app.hub.issue_id());
                answer(turn, Type::Connect, namespace, None, &sid, &[]);
                let auth = if packet.data.is_empty() { "{}" } else { packet.data };
                let mut event = Vec::new();
                push_packet(&mut event, Type::Event, 0, namespace, None, &format!("[\"auth\",{auth}]"));
                let reader = turn.reader.clone();
                tokio::spawn(async move {
                    tokio::time::sleep(PAUSE).await;
                    reader.answer(|out| out.extend_from_slice(&event));
                    reader.write_answers();
                });
            }
            Type::Disconnect => self.connected.retain(|namespace| *namespace != packet.namespace),
            Type::Event => {
                if !is_connected {
                    return Err(Violation::NotConnected);
                }
                let event = packet.event()?;
                let arguments = event.arguments.join(",");
                match (&*event.name, packet.id, packet.namespace) {
                    ("message", _, "/") => {
                        let comma = if arguments.is_empty() { "" } else { "," };
                        let back = format!("[\"message-back\"{comma}{arguments}]");
                        answer(turn, Type::Event, "/", None, &back, attachments);
                    }
                    ("message-with-ack", Some(id), "/") => {
                        answer(turn, Type::Ack, "/", Some(id), &format!("[{arguments}]"), attachments);
                    }
                    _ => {}
                }
            }
            Type::Ack | Type::ConnectError => {}
        }
        Ok(())
    }
}

fn answer(turn: &Turn<'_>, kind: Type, namespace: &str, id: Option<u64>, data: &str, attachments: &[Vec<u8>]) {
    turn.reader.answer(|out| push_packet(out, kind, attachments.len(), namespace, id, data));
    for attachment in attachments {
        turn.reader.answer(|out| frame::push(out, Opcode::Binary, attachment));
    }
}

fn push_packet(out: &mut Vec<u8>, kind: Type, attachments: usize, namespace: &str, id: Option<u64>, data: &str) {
    frame::push_with(out, Opcode::Text, 100, |out| {
        out.push(b'4');
        push_head(out, kind, attachments, namespace, id);
        out.extend_from_slice(data.as_bytes());
    });
}

fn say(turn: &Turn<'_>, packet: impl FnOnce(&mut Vec<u8>)) {
    turn.reader.answer(|out| frame::push_with(out, Opcode::Text, 100, packet));
}

fn conclude(result: Result<(), Violation>, turn: &Turn<'_>) -> Outcome {
    if result.is_ok() {
        return Outcome::Answered;
    }
    turn.reader.part(|out| frame::push(out, Opcode::Close, b""));
    Outcome::Close(Close::ProtocolError)
}

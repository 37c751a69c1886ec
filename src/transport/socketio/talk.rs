//! One session's conversation: packets in, what they ask for done, in their order. Knows no rooms' words; those are in
//! `chat.rs` and `entering.rs`. What carries the packets is not known here.
//!
//! A step that others decide on, such as a join, holds the session back until it is done: nothing is taken meanwhile, so that
//! events are done in the order in which they were emitted.

use std::collections::VecDeque;
use std::sync::Arc;

use smallvec::SmallVec;

use super::attachments::{Assembly, Step as Progress, Whole};
use super::engine;
use super::entering::{self, Asking};
use super::ids::Ids;
use super::packet::{Packet, Type};
use super::{Terms, Violation};
use crate::code::Code;
use crate::hub::Hub;
use crate::names::RoomName;
use crate::protocol::{Close, Refusal};
use crate::session::{Outcome, Turn};
use crate::transport::ws::frame::{self, Opcode};
use crate::wire::socketio::{self as wire, Flavour, Namespace};
use crate::wire::{ReplyTo, Wire};

/// Rooms that one member may have joined by itself, beside its own.
const ROOMS: usize = 50;

/// A session's end of the conversation.
#[derive(Debug)]
pub(crate) struct Talk {
    /// What stood in the query of its first request.
    pub(super) query: Asking,
    /// The namespaces that it is in.
    pub(super) members: SmallVec<[Member; 1]>,
    assembly: Option<Box<Assembly>>,
    pub(super) ids: Option<Box<Ids>>,
    /// The secret of a session of the hub that its client has not been told, since it was refused.
    pub(super) untold: Option<String>,
    /// What is to be done once the session is not held back any more.
    pub(super) steps: VecDeque<entering::Step>,
}

/// Somebody in a namespace.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) namespace: Namespace,
    /// Its own room.
    pub(super) room: RoomName,
    /// How it is sent its own room.
    pub(super) flavour: Flavour,
    /// Rooms that it has joined by itself.
    pub(super) others: Vec<RoomName>,
}

impl Member {
    /// All its rooms.
    pub(super) fn rooms(&self) -> impl Iterator<Item = &RoomName> {
        std::iter::once(&self.room).chain(&self.others)
    }

    pub(super) fn may_join_more(&self) -> bool {
        self.others.len() < ROOMS
    }
}

impl Talk {
    /// Begins a session: tells the client its terms. `query` is that of its first request.
    pub(crate) fn begin(query: Option<&str>, sid: &str, is_polling: bool, turn: &Turn<'_>) -> Self {
        let terms = Terms::of(&turn.app.settings);
        turn.reader.answer(|out| {
            frame::push_with(out, Opcode::Text, 120, |out| {
                let open = serde_json::json!({
                    "sid": sid,
                    "upgrades": if is_polling { &["websocket"][..] } else { &[] },
                    "pingInterval": terms.ping_interval.as_millis() as u64,
                    "pingTimeout": terms.ping_timeout.as_millis() as u64,
                    "maxPayload": terms.max_payload,
                });
                engine::Packet::Open(&open.to_string()).push(out);
            });
        });
        Self {
            query: Asking::of_query(query),
            members: SmallVec::new(),
            assembly: None,
            ids: None,
            untold: None,
            steps: VecDeque::new(),
        }
    }

    /// Takes one text message.
    pub(crate) fn take(&mut self, text: &str, turn: &mut Turn<'_>) -> Outcome {
        let result = engine::Packet::read(text).and_then(|packet| match packet {
            engine::Packet::Message(text) => self.message(text, turn),
            engine::Packet::Pong(_) => {
                turn.reader.answered(turn.app.hub.tick());
                Ok(turn.pace.control(&turn.app.rates, turn.now.elapsed).map_or(Outcome::Answered, Outcome::Close))
            }
            engine::Packet::Close => {
                part(turn);
                Ok(Outcome::Close(Close::Normal))
            }
            // Pings are the server's, but for the probe, which is not made on a session's own transport.
            engine::Packet::Ping(_) => Err(Violation::EngineType),
            engine::Packet::Open(_) | engine::Packet::Upgrade | engine::Packet::Noop => Ok(Outcome::Answered),
        });
        Self::conclude(result, turn)
    }

    /// Takes one binary message.
    pub(crate) fn take_binary(&mut self, data: &[u8], turn: &mut Turn<'_>) -> Outcome {
        let result = match self.assembly.take() {
            None => Err(Violation::StrayAttachment),
            Some(assembly) => match assembly.take(data) {
                Ok(Progress::More(assembly)) => {
                    self.assembly = Some(assembly);
                    Ok(Outcome::Answered)
                }
                Ok(Progress::Whole(whole)) => self.whole(whole, turn),
                Err(violation) => Err(violation),
            },
        };
        Self::conclude(result, turn)
    }

    /// Goes on with what had to wait until the session was held back no more.
    pub(crate) fn go_on(&mut self, turn: &mut Turn<'_>) -> Outcome {
        let mut outcome = Outcome::Answered;
        while !turn.reader.is_held()
            && let Some(step) = self.steps.pop_front()
        {
            outcome = self.step(step, turn);
            if matches!(outcome, Outcome::Close(_)) {
                break;
            }
        }
        outcome
    }

    /// Whether attachments are still to come.
    pub(crate) fn is_midway(&self) -> bool {
        self.assembly.is_some()
    }

    /// Whether something waits for the session not to be held back.
    pub(crate) fn has_more_to_do(&self) -> bool {
        !self.steps.is_empty()
    }

    /// The session is over.
    pub(crate) fn end(&mut self, hub: &Arc<Hub>) {
        if let Some(ids) = self.ids.take() {
            ids.leave(hub);
        }
    }

    fn conclude(result: Result<Outcome, Violation>, turn: &mut Turn<'_>) -> Outcome {
        result.unwrap_or_else(|_| {
            // As the framework's own server: without a word.
            part(turn);
            Outcome::Close(Close::ProtocolError)
        })
    }

    fn message(&mut self, text: &str, turn: &mut Turn<'_>) -> Result<Outcome, Violation> {
        if self.assembly.is_some() {
            return Err(Violation::AttachmentMissing);
        }
        let packet = Packet::read(text)?;
        if packet.attachments > 0 {
            let max_bytes = Terms::of(&turn.app.settings).max_payload;
            self.assembly = Some(Box::new(Assembly::begin(&packet, text, max_bytes)?));
            return Ok(Outcome::Answered);
        }
        self.packet(packet, Vec::new(), turn)
    }

    fn whole(&mut self, whole: Whole, turn: &mut Turn<'_>) -> Result<Outcome, Violation> {
        let packet = Packet::read(&whole.text)?;
        self.packet(packet, whole.attachments, turn)
    }

    fn packet(
        &mut self,
        packet: Packet<'_>,
        attachments: Vec<Vec<u8>>,
        turn: &mut Turn<'_>,
    ) -> Result<Outcome, Violation> {
        let namespace = namespace(packet.namespace);
        let index = namespace.and_then(|namespace| self.index_of(namespace));
        match packet.kind {
            Type::Connect => {
                let Some(namespace) = namespace else {
                    return Ok(no_such_namespace(packet.namespace, turn));
                };
                let is_in = index.is_some_and(|index| {
                    let room = &self.members[index].room;
                    turn.reader.membership(room.as_str()).is_some()
                });
                if is_in {
                    return Err(Violation::NotConnected);
                }
                if let Some(index) = index {
                    // It was refused, or has left its room.
                    self.members.swap_remove(index);
                }
                Ok(self.connect(namespace, packet.data, turn))
            }
            Type::Disconnect => {
                let member = self.members.swap_remove(index.ok_or(Violation::NotConnected)?);
                self.leave_rooms(&member);
                Ok(self.go_on(turn))
            }
            Type::Event => {
                let index = index.ok_or(Violation::NotConnected)?;
                let event = packet.event()?;
                let namespace = self.members[index].namespace;
                let reply = packet.id.map_or(ReplyTo::Nobody, |id| ReplyTo::Acknowledgement { namespace, id });
                let outcome = match self.event(index, &event, attachments, reply, turn) {
                    Ok(outcome) => outcome,
                    Err(refusal) => self.refuse(index, &refusal, reply, turn),
                };
                let later = self.go_on(turn);
                Ok(if later == Outcome::Answered { outcome } else { later })
            }
            // We ask for no acknowledgements, and who could not be connected to us is none of our business.
            Type::Ack | Type::ConnectError => Ok(Outcome::Answered),
        }
    }

    fn index_of(&self, namespace: Namespace) -> Option<usize> {
        self.members.iter().position(|member| member.namespace == namespace)
    }

    fn leave_rooms(&mut self, member: &Member) {
        let leave = |room: &RoomName| entering::Step::Leave { room: room.clone(), reply: ReplyTo::Nobody };
        self.steps.extend(member.rooms().map(leave));
    }

    /// Tells that an event was refused, by its acknowledgement if it has one.
    pub(super) fn refuse(&self, index: usize, refusal: &Refusal, reply: ReplyTo, turn: &mut Turn<'_>) -> Outcome {
        if let Some(member) = self.members.get(index) {
            turn.reader.refuse(refusal, reply, &member.room, Wire::SocketIo(member.flavour));
        }
        let (rates, now) = (&turn.app.rates, turn.now.elapsed);
        let why = if refusal.code == crate::protocol::Code::BadRequest {
            turn.pace.bad_request(rates, now)
        } else {
            turn.pace.refused(refusal, rates, now)
        };
        why.map_or(Outcome::Answered, Outcome::Close)
    }
}

/// A namespace that may exist: the main one, or six digits.
fn namespace(written: &str) -> Option<Namespace> {
    let name = written.strip_prefix('/')?;
    if name.is_empty() {
        return Some(Namespace(None));
    }
    let is_code = name.len() == crate::code::DIGITS && name.bytes().all(|byte| byte.is_ascii_digit());
    is_code.then(|| Code::parse(name)).flatten().map(|code| Namespace(Some(code)))
}

fn no_such_namespace(written: &str, turn: &mut Turn<'_>) -> Outcome {
    turn.reader.answer(|out| wire::not_connected(written, entering::INVALID_NAMESPACE, None, out));
    turn.pace.bad_request(&turn.app.rates, turn.now.elapsed).map_or(Outcome::Answered, Outcome::Close)
}

/// Ends the session as the framework's own server does: a close frame that says nothing.
fn part(turn: &Turn<'_>) {
    turn.reader.part(|out| frame::push(out, Opcode::Close, b""));
}

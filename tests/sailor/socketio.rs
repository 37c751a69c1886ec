//! As a page of Socket.IO after the last step of its tutorial: it counts the lines that it has had, says so when it comes back,
//! gives each of its own lines an id, and sends the one again that was not acknowledged, under the id that it had. Now and
//! then it sends one twice.

use std::collections::HashMap;
use std::io;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

use super::engine::Engine;
use super::voyage::{AGAIN, End, Rig, Voyage};
use super::{Called, Transport};
use crate::oracle::{Content, Entry, Word};

/// One in so many lines is sent twice.
const TWICE: u64 = 8;

pub(super) struct SocketIo {
    room: Word,
    transport: Transport,
    called: Called,
    /// The number of the last line that it had.
    offset: u64,
    /// Its own line that is not acknowledged: the command, and the id that it was given.
    open: Option<(u64, String)>,
    /// Counts its lines.
    counter: u64,
}

/// A session.
pub(super) struct Wire {
    engine: Engine,
    heard_at: Instant,
    /// Its id in the namespace, once it is in.
    sid: Option<String>,
    /// When it asks again to be let in.
    asks_at: Option<Instant>,
    /// Acknowledgements that it waits for, and the commands that they are for.
    acks: HashMap<u64, u64>,
    last_ack: u64,
    /// When it said its line.
    said_at: Instant,
}

impl SocketIo {
    pub(super) fn new(rooms: &[Word], transport: Transport, called: Called) -> Self {
        let [room] = rooms else { panic!("a page is in one room") };
        Self { room: room.clone(), transport, called, offset: 0, open: None, counter: 0 }
    }

    fn asks_to_come_in(&self, voyage: &Voyage, wire: &mut Wire) {
        let mut auth = json!({ "room": self.room, "serverOffset": self.offset });
        if self.called == Called::ByName {
            auth["name"] = json!(voyage.name);
        }
        wire.asks_at = None;
        wire.engine.says(format!("40{auth}"));
    }

    fn says_the_next(&mut self, voyage: &mut Voyage, wire: &mut Wire) {
        let Some(sid) = wire.sid.clone().filter(|_| !voyage.is_held()) else { return };
        if voyage.outbox.front().is_none_or(|line| line.is_on_the_way) {
            return;
        }
        let copies = if voyage.chance.below(TWICE) == 0 { 2 } else { 1 };
        for _ in 0..copies {
            let id = voyage.sends(0);
            if self.open.as_ref().is_none_or(|(open, _)| *open != id) {
                self.open = Some((id, format!("{sid}-{}", self.counter)));
                self.counter += 1;
            }
            let own_id = self.open.as_ref().map(|(_, own_id)| own_id);
            let packet = json!(["chat message", voyage.outbox[0].written(), own_id]);
            wire.last_ack += 1;
            wire.acks.insert(wire.last_ack, id);
            wire.engine.says(format!("42{}{packet}", wire.last_ack));
        }
        wire.said_at = Instant::now();
    }

    fn hears(&mut self, voyage: &mut Voyage, wire: &mut Wire, packet: &str) -> Option<End> {
        let json =
            |text: &str| -> Value { serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in {packet}")) };
        if let Some(event) = packet.strip_prefix("42") {
            self.is_emitted(voyage, &json(event));
        } else if let Some(ack) = packet.strip_prefix("43") {
            let (id, arguments) = ack.split_at(ack.find('[').expect("arguments"));
            let id = id.parse().ok().and_then(|id: u64| wire.acks.remove(&id));
            let id = id.unwrap_or_else(|| panic!("{} did not ask for {packet}", voyage.name));
            Self::is_acknowledged(voyage, id, &json(arguments));
        } else if let Some(connected) = packet.strip_prefix("40") {
            wire.sid = json(connected)["sid"].as_str().map(str::to_owned);
            let (connection, room) = (voyage.connection, self.room.clone());
            voyage.writes(Entry::Enters { connection, room, after: Some(seq_of(self.offset)) });
            voyage.failures = 0;
            voyage.is_there();
        } else if let Some(refused) = packet.strip_prefix("44") {
            let refusal = json(refused);
            let code = refusal["data"]["code"].as_str().unwrap_or_default();
            // Its own ghost may still have the name.
            let may_retry = matches!(code, "name_taken" | "rate_limited" | "server_full" | "room_full" | "unavailable");
            assert!(may_retry, "{} may not come in: {packet}", voyage.name);
            voyage.is_kept_out(packet);
            wire.asks_at = Some(Instant::now() + AGAIN);
        } else {
            match packet {
                "1" | "41" => return Some(End::Lost("closed".to_owned())),
                "2" | "6" => {}
                open if open.starts_with('0') => {
                    voyage.is_open(false);
                    self.asks_to_come_in(voyage, wire);
                }
                other => panic!("{} gets {other}", voyage.name),
            }
        }
        None
    }

    fn is_emitted(&mut self, voyage: &mut Voyage, event: &Value) {
        let [name, text, rest @ ..] = event.as_array().map(Vec::as_slice).unwrap_or_default() else {
            panic!("{} is emitted {event}", voyage.name)
        };
        assert_eq!(name, "chat message", "{event}");
        let text = text.as_str().unwrap_or_else(|| panic!("no string: {event}"));
        let (connection, room) = (voyage.connection, self.room.clone());
        let me = voyage.signature.clone();
        let of = |from: &str, to: Option<&str>, text: &str| Content::of(room.as_str(), from, to, text);
        let named = |words: &'_ str| words.split_once(": ").map(|(name, text)| (name.to_owned(), text.to_owned()));
        let (content, is_private) = if let Some(words) = text.strip_prefix("System: ") {
            if words.ends_with("missing here.") {
                // A page goes on from the number of whatever came last.
                let up_to = rest.first().and_then(Value::as_u64);
                self.offset = up_to.unwrap_or(self.offset);
                voyage.writes(Entry::Missed { connection, room, up_to: up_to.map(seq_of) });
                return;
            }
            let from = words.strip_prefix("Private from ").and_then(named);
            let to = words.strip_prefix("Private to ").and_then(named);
            match (from, to) {
                (Some((from, text)), _) => {
                    (of(if from == "Guest" { "" } else { &from }, Some(me.as_str()), &text), true)
                }
                (_, Some((to, text))) => (of(me.as_str(), Some(&to), &text), true),
                _ => panic!("{} is told {words}", voyage.name),
            }
        } else {
            // A guest's line has nothing before it, and every line begins like this.
            let is_guests = text.starts_with("line ") || text.starts_with("end ");
            let (from, text) = if is_guests { ("", text) } else { text.split_once(": ").expect("a name before it") };
            voyage.hears_an_end(text);
            (of(from, None, text), false)
        };
        let number = rest.first().and_then(Value::as_u64);
        self.offset = number.unwrap_or_else(|| panic!("{} gets no number: {event}", voyage.name));
        let seq = number.map(seq_of);
        voyage.writes(Entry::Heard { connection, room, content, is_private, seq });
    }

    fn is_acknowledged(voyage: &mut Voyage, id: u64, arguments: &Value) {
        let connection = voyage.connection;
        let Some(code) = arguments[0]["code"].as_str() else {
            voyage.writes(Entry::Kept { connection, id });
            voyage.is_done(id);
            return;
        };
        assert!(code != "id_conflict" && code != "id_too_old", "{}: {arguments}", voyage.name);
        voyage.is_refused(id, code, None);
    }
}

impl Rig for SocketIo {
    type Wire = Wire;

    async fn connect(&mut self, voyage: &mut Voyage) -> io::Result<Wire> {
        if self.called == Called::Guest {
            voyage.signature = "".into();
        }
        let engine = Engine::open(&voyage.course, self.transport).await?;
        voyage.connection += 1;
        for line in &mut voyage.outbox {
            line.is_on_the_way = false;
        }
        let now = Instant::now();
        let (acks, last_ack) = (HashMap::new(), 0);
        let mut wire = Wire { engine, heard_at: now, sid: None, asks_at: None, acks, last_ack, said_at: now };
        if self.transport != Transport::Socket {
            // The first packet came with the session itself.
            voyage.is_open(false);
            self.asks_to_come_in(voyage, &mut wire);
        }
        Ok(wire)
    }

    async fn sail_on(&mut self, voyage: &mut Voyage, wire: &mut Wire) -> End {
        loop {
            let patience = voyage.course.patience * 2;
            let deadline = wire.heard_at + patience;
            let waits = voyage.outbox.front().is_some_and(|line| line.is_on_the_way);
            let again = waits.then_some(wire.said_at + patience);
            let due = again.into_iter().chain(voyage.hold_until).chain(wire.asks_at).chain([deadline]).min();
            tokio::select! {
                packet = wire.engine.heard.recv() => match packet {
                    Some(Ok(packet)) => {
                        wire.heard_at = Instant::now();
                        if let Some(end) = self.hears(voyage, wire, &packet) {
                            return end;
                        }
                    }
                    Some(Err(why)) => return End::Lost(why),
                    None => return End::Lost("gone".to_owned()),
                },
                order = voyage.orders.recv() => if let Some(end) = voyage.obeys(order).await { return end },
                () = sleep_until(due.unwrap_or(deadline)) => {
                    let now = Instant::now();
                    if now >= deadline {
                        return End::Lost("silent".to_owned());
                    }
                    if again.is_some_and(|again| now >= again) {
                        voyage.outbox[0].is_on_the_way = false;
                    }
                    if wire.asks_at.is_some_and(|at| now >= at) {
                        self.asks_to_come_in(voyage, wire);
                    }
                }
            }
            self.says_the_next(voyage, wire);
            voyage.tells();
        }
    }

    async fn reload(wire: &mut Wire) {
        wire.engine.says("41".to_owned());
        wire.engine.says("1".to_owned());
        // Until the server has hung up.
        while let Some(Ok(_)) = wire.engine.heard.recv().await {}
    }

    fn freeze(wire: &Wire) {
        wire.engine.freezes();
    }
}

/// After which event a number is; above that stands in which life of the room.
fn seq_of(number: u64) -> u64 {
    number & ((1 << 36) - 1)
}

//! A server in a few lines, as docs/protocol.md has it: sessions that remember commands, one room that is a numbered log, and
//! a tail of it that is kept. It does at once whatever it is asked; what becomes of its frames is for the network to say.

use std::collections::HashMap;

use serde_json::{Value, json};

/// Numbers of the log that a returning member can go on from.
const TAIL: usize = 12;
/// Commands that a session remembers.
const REMEMBERED: usize = 8;
pub(crate) const ROOM: &str = "hall";

#[derive(Default)]
struct Session {
    member: Option<u64>,
    /// Command number, its content, its answer.
    remembered: Vec<(u64, Value, Value)>,
}

/// The server.
pub(crate) struct Server {
    epoch: u64,
    pub(crate) log: Vec<Value>,
    sessions: HashMap<String, Session>,
    secrets: u64,
    members: u64,
    /// Who is here, besides those whom the log would tell of.
    present: Vec<u64>,
    /// The session of the present connection, if it has said hello.
    speaks: Option<String>,
    /// The next command that changes the room is refused with this.
    pub(crate) refuses_next: Option<&'static str>,
}

impl Server {
    pub(crate) fn new() -> Self {
        Self {
            epoch: 1,
            log: Vec::new(),
            sessions: HashMap::new(),
            secrets: 0,
            members: 0,
            present: Vec::new(),
            speaks: None,
            refuses_next: None,
        }
    }

    pub(crate) fn epoch(&self) -> String {
        format!("{:016x}", self.epoch)
    }

    /// The connection is gone.
    pub(crate) fn loses(&mut self) {
        self.speaks = None;
    }

    /// The member's place was kept for long enough.
    pub(crate) fn ends_memberships(&mut self) -> Vec<Value> {
        let gone: Vec<u64> = self.sessions.values_mut().filter_map(|session| session.member.take()).collect();
        gone.into_iter().map(|id| self.leaves(id)).collect()
    }

    fn leaves(&mut self, id: u64) -> Value {
        self.present.retain(|other| *other != id);
        self.happens(json!({ "type": "leave", "member": { "id": id, "name": "Ali" } }))
    }

    /// No session is known any more.
    pub(crate) fn forgets(&mut self) {
        self.ends_memberships();
        self.sessions.clear();
    }

    /// Everything is lost: the room begins a new life.
    pub(crate) fn begins_anew(&mut self) {
        self.forgets();
        (self.epoch, self.members) = (self.epoch + 1, 0);
        self.log.clear();
        self.present.clear();
    }

    /// Somebody else does something; what is sent to the one who is connected.
    pub(crate) fn happens(&mut self, mut event: Value) -> Value {
        let seq = self.log.len() as u64 + 1;
        let fields = event.as_object_mut().expect("an object");
        fields.insert("room".to_owned(), ROOM.into());
        fields.insert("seq".to_owned(), seq.into());
        fields.insert("at".to_owned(), (1000 * seq).into());
        self.log.push(event.clone());
        event
    }

    /// An unasked `reset` for the member who is connected.
    pub(crate) fn resets(&self) -> Option<Value> {
        let member = self.speaks.as_ref().and_then(|secret| self.sessions[secret].member)?;
        Some(self.snapshot(member, json!({ "type": "reset", "reason": "slow" }), self.log.len(), 3))
    }

    /// The member who is connected, if it is in the room.
    pub(crate) fn has_member(&self) -> bool {
        self.speaks.as_ref().is_some_and(|secret| self.sessions[secret].member.is_some())
    }

    fn snapshot(&self, you: u64, mut frame: Value, seq: usize, history: usize) -> Value {
        let lines = self.log.iter().filter(|event| event["type"] == "message").rev().take(history);
        let mut lines: Vec<&Value> = lines.collect();
        lines.reverse();
        let members: Vec<Value> = self.present.iter().map(|id| json!({ "id": id, "name": "Ali" })).collect();
        let rest = json!({
            "room": ROOM, "epoch": self.epoch(), "seq": seq, "you": you, "name": "Ali", "resumed": false,
            "members": members, "count": members.len(), "history": lines,
        });
        for (key, value) in rest.as_object().expect("an object") {
            frame.as_object_mut().expect("an object").entry(key.clone()).or_insert(value.clone());
        }
        frame
    }

    /// Takes a frame and gives what it sends.
    pub(crate) fn hears(&mut self, frame: &Value) -> Vec<Value> {
        match frame["type"].as_str().expect("a type") {
            "hello" => {
                let offered = frame["session"].as_str().filter(|secret| self.sessions.contains_key(*secret));
                let resumed = offered.is_some();
                let secret = offered.map_or_else(|| format!("secret-{}", self.secrets), str::to_owned);
                self.secrets += 1;
                self.sessions.entry(secret.clone()).or_default();
                self.speaks = Some(secret.clone());
                let limits = json!({ "text_chars": 4000, "name_chars": 32, "rooms": 8 });
                vec![json!({
                    "type": "welcome", "session": secret, "resumed": resumed, "heartbeat_ms": 25_000, "limits": limits
                })]
            }
            "ping" => vec![json!({ "type": "pong" })],
            "typing" => Vec::new(),
            "join" => self.joins(frame),
            "history" => {
                let before = frame["before"].as_u64().unwrap_or(u64::MAX);
                let is_it = |event: &&Value| event["type"] == "message" && event["seq"].as_u64() < Some(before);
                let lines: Vec<&Value> = self.log.iter().filter(is_it).collect();
                vec![json!({ "type": "history", "id": frame["id"], "room": ROOM, "events": lines, "more": false })]
            }
            _ => self.changes(frame),
        }
    }

    fn joins(&mut self, frame: &Value) -> Vec<Value> {
        let secret = self.speaks.clone().expect("hello comes first");
        let (id, head) = (&frame["id"], self.log.len());
        let since = frame["since"].is_object().then(|| {
            let position = &frame["since"];
            (position["epoch"] == self.epoch(), position["seq"].as_u64().expect("a number") as usize)
        });
        let Some(you) = self.sessions[&secret].member else {
            self.members += 1;
            let you = self.members;
            self.sessions.get_mut(&secret).expect("it spoke").member = Some(you);
            self.present.push(you);
            self.happens(json!({ "type": "join", "member": { "id": you, "name": "Ali" } }));
            let head = self.log.len();
            let frame = match since {
                None => json!({ "type": "joined", "id": id, "history": [] }),
                Some((false, _)) => json!({ "type": "reset", "id": id, "reason": "epoch" }),
                Some((true, _)) => json!({ "type": "reset", "id": id, "reason": "left" }),
            };
            return vec![self.snapshot(you, frame, head, 3)];
        };
        match since {
            Some((true, seq)) if seq <= head && head - seq <= TAIL => {
                let joined = json!({ "type": "joined", "id": id, "resumed": true, "history": [] });
                let mut frames = vec![self.snapshot(you, joined, seq, 0)];
                frames.extend(self.log[seq..].iter().cloned());
                frames
            }
            Some((same_epoch, seq)) => {
                let reason = if !same_epoch {
                    "epoch"
                } else if seq > head {
                    "future"
                } else {
                    "too_old"
                };
                vec![self.snapshot(you, json!({ "type": "reset", "id": id, "reason": reason }), head, TAIL)]
            }
            None => vec![self.snapshot(you, json!({ "type": "joined", "id": id }), head, 3)],
        }
    }

    fn changes(&mut self, frame: &Value) -> Vec<Value> {
        let secret = self.speaks.clone().expect("hello comes first");
        let (id, number) = (frame["id"].clone(), frame["id"].as_u64().expect("a number"));
        let refusal = |code: &str| json!({ "type": "error", "id": id, "code": code, "message": "no", "room": ROOM });
        let session = self.sessions.get_mut(&secret).expect("it spoke");
        if let Some((_, content, answer)) = session.remembered.iter().find(|(known, ..)| *known == number) {
            return vec![if content == frame { answer.clone() } else { refusal("id_conflict") }];
        }
        let Some(you) = session.member else { return vec![refusal("not_in_room")] };
        if frame["type"] == "leave" {
            session.member = None;
            self.leaves(you);
            return vec![json!({ "type": "left", "id": id, "room": ROOM })];
        }
        if let Some(code) = self.refuses_next.take() {
            return vec![refusal(code)];
        }
        let ack = json!({
            "type": "ack", "id": id, "room": ROOM, "epoch": self.epoch(), "seq": self.log.len() as u64 + 1
        });
        let session = self.sessions.get_mut(&secret).expect("it spoke");
        session.remembered.push((number, frame.clone(), ack.clone()));
        let over = session.remembered.len().saturating_sub(REMEMBERED);
        session.remembered.drain(..over);
        let event = match frame["type"].as_str().expect("a type") {
            "say" => json!({ "type": "message", "from": you, "name": "Ali", "text": frame["text"] }),
            "edit" => json!({ "type": "edit", "from": you, "target": frame["seq"], "text": frame["text"] }),
            "delete" => json!({ "type": "delete", "from": you, "target": frame["seq"] }),
            other => panic!("{other}"),
        };
        vec![ack, self.happens(event)]
    }
}

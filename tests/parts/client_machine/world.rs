//! A client with its room, its server and the network between them, moved step by step; and the judge of what came of it.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use charsu::client::{Act, Chat, Ended, Happening, How, LineKey, LineState, LinkState, News, RoomKey, What};
use serde_json::{Value, json};

use super::Move;
use super::server::{ROOM, Server};

/// What a person was told of one life of the log.
#[derive(Debug, Default)]
struct Told {
    /// By number: everything that was told as an event, in the order in which it was told.
    numbers: Vec<u64>,
    /// Numbers from which on a gap before them was told.
    after_gaps: Vec<u64>,
    /// Up to here everything was told, or that it was missing.
    stood_at: Option<u64>,
}

pub(crate) struct World {
    chat: Chat,
    room: RoomKey,
    server: Server,
    now: Duration,
    /// There is a connection, and what is under way on it.
    is_connected: bool,
    wants_connection: bool,
    to_server: VecDeque<Value>,
    to_client: VecDeque<Value>,
    said: u64,
    others: u64,
    lives: BTreeMap<String, Told>,
    /// How each line ended, as told.
    ends: BTreeMap<LineKey, Vec<&'static str>>,
    texts: BTreeMap<LineKey, String>,
    retried: Vec<LineKey>,
    was_forgotten: bool,
    /// Frames of each command number, which must not differ.
    commands: BTreeMap<u64, Value>,
    last_new_id: u64,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let mut chat = Chat::new(seed);
        let room = chat.join(ROOM, "Ali");
        let mut world = Self {
            chat,
            room,
            server: Server::new(),
            now: Duration::ZERO,
            is_connected: false,
            wants_connection: false,
            to_server: VecDeque::new(),
            to_client: VecDeque::new(),
            said: 0,
            others: 0,
            lives: BTreeMap::new(),
            ends: BTreeMap::new(),
            texts: BTreeMap::new(),
            retried: Vec::new(),
            was_forgotten: false,
            commands: BTreeMap::new(),
            last_new_id: 0,
        };
        world.settles();
        world
    }

    fn epoch(&self) -> String {
        self.chat.room(self.room).position().expect("one is in").epoch.to_string()
    }

    /// Does what the machine wants, and takes down what it tells.
    fn settles(&mut self) {
        while let Some(act) = self.chat.act() {
            match act {
                Act::Connect => {
                    self.loses();
                    self.wants_connection = true;
                }
                Act::Send(text) => {
                    assert!(self.is_connected, "{text} is sent without a connection");
                    let frame: Value = serde_json::from_str(&text).expect("JSON");
                    self.is_sent(&frame);
                    self.to_server.push_back(frame);
                }
                Act::HangUp(code) => {
                    assert_eq!(code, 4900);
                    self.loses();
                    self.wants_connection = false;
                }
            }
        }
        while let Some(news) = self.chat.news() {
            self.is_told(news);
        }
    }

    /// A number is used for one content only, and new ones rise.
    fn is_sent(&mut self, frame: &Value) {
        let Some(id) = frame["id"].as_u64() else { return };
        let known = self.commands.entry(id).or_insert_with(|| frame.clone());
        assert_eq!(known, frame, "number {id} has two contents");
        if id > self.last_new_id {
            self.last_new_id = id;
        } else {
            assert!(matches!(frame["type"].as_str(), Some("say" | "edit" | "delete")), "{frame} comes again");
        }
    }

    fn is_told(&mut self, news: News) {
        match news {
            News::Entered { how, history, passed, .. } => {
                let (epoch, seq) = (self.epoch(), self.chat.room(self.room).position().expect("in").seq);
                let life = self.lives.entry(epoch.clone()).or_default();
                let last = life.stood_at.replace(seq);
                match how {
                    How::First => assert_eq!(last, None),
                    How::Resumed => assert!(passed.is_empty()),
                    How::Reset { same_life, missing, .. } => {
                        let oldest = history.first().map_or(seq + 1, |happening| happening.seq);
                        if same_life && !missing {
                            assert!(
                                last.is_none_or(|last| oldest <= last + 1),
                                "a gap was not told: {last:?} {oldest}"
                            );
                        }
                        for (at, _) in &passed {
                            assert!(*at.epoch != *epoch || at.seq <= seq, "{at:?} is still to come");
                        }
                        life.after_gaps.push(seq + 1);
                    }
                }
                // Whatever is in the history is in the log.
                for Happening { seq, what, .. } in &history {
                    let What::Said(said) = what else { panic!("{what:?}") };
                    if epoch == self.server.epoch() {
                        assert_eq!(self.server.log[*seq as usize - 1]["text"], said.text);
                    }
                }
            }
            News::Happened { happening, own, .. } => {
                let epoch = self.epoch();
                let life = self.lives.entry(epoch.clone()).or_default();
                let follows = life.numbers.last().is_none_or(|last| happening.seq == last + 1);
                let is_after_gap = life.after_gaps.contains(&happening.seq);
                assert!(follows || is_after_gap, "{} after {:?}", happening.seq, life.numbers.last());
                assert!(!life.numbers.contains(&happening.seq), "{} twice", happening.seq);
                life.numbers.push(happening.seq);
                life.stood_at = Some(happening.seq);
                if let (Some(key), What::Said(said)) = (own, &happening.what) {
                    assert_eq!(Some(&said.text), self.texts.get(&key), "{key:?} is taken for something else");
                }
            }
            News::Torn { .. } => panic!("the server leaves nothing out"),
            News::Done { key, at } => {
                self.ends.entry(key).or_default().push("done");
                if *at.epoch == *self.server.epoch() && self.texts.contains_key(&key) {
                    assert_eq!(self.server.log[at.seq as usize - 1]["text"], self.texts[&key]);
                }
            }
            News::Failed { key, .. } => self.ends.entry(key).or_default().push("failed"),
            News::Unconfirmed { key } => self.ends.entry(key).or_default().push("unconfirmed"),
            News::Barred { why, .. } => panic!("nobody was shut out: {why:?}"),
            News::Left { .. } => panic!("nobody was sent out"),
            News::Link | News::Past { .. } | News::NoPast { .. } | News::People { .. } | News::Notice { .. } => {}
        }
    }

    fn loses(&mut self) {
        self.is_connected = false;
        self.to_server.clear();
        self.to_client.clear();
        self.server.loses();
    }

    pub(crate) fn moves(&mut self, what: &Move) {
        match what {
            Move::ToServer(count) => {
                for _ in 0..*count {
                    let Some(frame) = self.to_server.pop_front() else { break };
                    let answers = self.server.hears(&frame);
                    self.to_client.extend(answers);
                }
            }
            Move::ToClient(count) => {
                for _ in 0..*count {
                    // What was dropped meanwhile does not arrive.
                    let Some(frame) = self.to_client.pop_front() else { break };
                    self.chat.hears(&frame.to_string());
                    self.settles();
                }
            }
            Move::Connects if self.wants_connection => {
                (self.wants_connection, self.is_connected) = (false, true);
                self.chat.opened();
            }
            Move::FailsToConnect if self.wants_connection => {
                self.wants_connection = false;
                self.chat.ended(Ended::default());
            }
            Move::Cut(code) => {
                if self.is_connected {
                    self.loses();
                    self.chat.ended(Ended { code: *code, ..Ended::default() });
                }
            }
            Move::Waits(ms) => {
                let end = self.now + Duration::from_millis(*ms);
                while let Some(due) = self.chat.due().filter(|due| *due <= end) {
                    self.now = self.now.max(due);
                    self.chat.at(self.now);
                    self.settles();
                }
                self.now = end;
                self.chat.at(self.now);
            }
            _ => self.person_does(what),
        }
        self.settles();
    }

    /// The client's person.
    fn person_does(&mut self, what: &Move) {
        match what {
            Move::Says => {
                self.said += 1;
                let text = format!("line {}", self.said);
                if let Ok(key) = self.chat.say(self.room, &text) {
                    self.texts.insert(key, text);
                }
            }
            Move::Edits | Move::Deletes => {
                let Some(position) = self.chat.room(self.room).position() else { return };
                let seq = position.seq;
                // There is room: what is asked for here is a handful.
                let _ = if matches!(what, Move::Edits) {
                    self.chat.edit(self.room, seq, "other words")
                } else {
                    self.chat.delete(self.room, seq)
                };
            }
            Move::ReadsBack => self.chat.read_back(self.room, 5),
            Move::Types => self.chat.types(self.room),
            Move::Reconnects => self.chat.reconnect(),
            Move::Retries => {
                let failed = |line: &&charsu::client::OwnLine| {
                    matches!(line.state, LineState::Failed(_) | LineState::Unconfirmed)
                };
                let key = self.chat.own(self.room).find(failed).map(|line| line.key);
                if let Some(key) = key {
                    self.retried.push(key);
                    self.chat.retry(key);
                }
            }
            _ => self.others_move(what),
        }
    }

    /// Others, and the server.
    fn others_move(&mut self, what: &Move) {
        match what {
            Move::OthersSay(count) => {
                for _ in 0..*count {
                    self.others += 1;
                    let text = format!("other {}", self.others);
                    self.others_do(json!({ "type": "message", "from": 999, "name": "Sara", "text": text }));
                }
            }
            Move::OthersWhisper => self.others_do(json!({ "type": "skip" })),
            Move::OthersCome => {
                self.others += 1;
                let member = json!({ "id": 1000 + self.others, "name": format!("P{}", self.others) });
                self.others_do(json!({ "type": "join", "member": member }));
            }
            Move::Refuses(code) => self.server.refuses_next = Some(code),
            Move::Resets => {
                let reset = self.server.resets().filter(|_| self.is_connected);
                self.to_client.extend(reset);
            }
            Move::GoesAway if self.is_connected => {
                self.to_client.push_back(json!({ "type": "goaway", "retry_after_ms": 3000 }));
            }
            Move::EndsMemberships if !self.is_connected => drop(self.server.ends_memberships()),
            Move::Forgets if !self.is_connected => {
                self.server.forgets();
                self.was_forgotten = true;
            }
            Move::BeginsAnew if !self.is_connected => {
                self.server.begins_anew();
                self.was_forgotten = true;
            }
            // Not while somebody is there, and nothing where there is no connection to come about.
            _ => {}
        }
    }

    fn others_do(&mut self, event: Value) {
        let event = self.server.happens(event);
        if self.is_connected && self.server.has_member() {
            self.to_client.push_back(event);
        }
    }

    /// From now on everything is well, for long enough.
    pub(crate) fn heals(&mut self) {
        self.server.refuses_next = None;
        for _ in 0..4000 {
            self.chat.reconnect();
            self.settles();
            self.moves(&Move::Connects);
            self.moves(&Move::ToServer(100));
            self.moves(&Move::ToClient(100));
            let is_quiet = self.to_server.is_empty() && self.to_client.is_empty();
            if is_quiet && self.is_connected && !self.chat.is_busy() && self.chat.room(self.room).is_attached() {
                return;
            }
            self.moves(&Move::Waits(700));
        }
        panic!("it does not come to rest: {:?}, {:?}", self.chat.link(), self.chat.own(self.room).collect::<Vec<_>>());
    }

    pub(crate) fn judge(&self) {
        assert_eq!(self.chat.link(), &LinkState::Live);
        let position = self.chat.room(self.room).position().expect("one is in");
        assert_eq!((&*position.epoch, position.seq), (&*self.server.epoch(), self.server.log.len() as u64));
        assert!(self.chat.own(self.room).all(|line| !line.is_shown() || !line.is_open()));
        let mut in_log: BTreeMap<&str, usize> = BTreeMap::new();
        for text in self.server.log.iter().filter_map(|event| event["text"].as_str()) {
            *in_log.entry(text).or_default() += 1;
        }
        for (key, text) in &self.texts {
            let ends = self.ends.get(key).cloned().unwrap_or_default();
            let retries = self.retried.iter().filter(|other| *other == key).count();
            assert_eq!(ends.len(), retries + 1, "{text} has ends {ends:?} after {retries} retries");
            let count = in_log.get(&**text).copied().unwrap_or_default();
            let [unconfirmed, done, failed] =
                ["unconfirmed", "done", "failed"].map(|end| ends.iter().filter(|other| **other == end).count());
            assert!(done <= 1 && done + failed + unconfirmed == ends.len());
            assert!(count <= 1 + unconfirmed, "{text} is there {count} times, {ends:?}");
            // In the present life of the log, or in one that the server has lost.
            assert!(done == 0 || count > 0 || self.was_forgotten, "{text} was acknowledged and is not there");
        }
        // What one said once, and was not asked about again, stands in the order in which it was said.
        let is_plain = |text: &&str| {
            let key = self.texts.iter().find(|(_, own)| own == text).map(|(key, _)| key);
            key.is_some_and(|key| !self.retried.contains(key))
        };
        let own: Vec<u64> = self
            .server
            .log
            .iter()
            .filter_map(|event| event["text"].as_str())
            .filter(is_plain)
            .filter_map(|text| text.strip_prefix("line ")?.parse().ok())
            .collect();
        assert!(own.is_sorted(), "{own:?}");
    }
}

//! Somebody who takes part over `charsu.v1`. Whatever a scene is about, everybody in it holds the server to the rule of
//! delivery: the next number of a room is the last one plus one, or a `reset` says otherwise.

use std::collections::{HashMap, VecDeque};

use serde_json::{Value, json};

use super::line::{Heard, Line, by_http};
use super::{Raw, Scene};

/// How our own page asks for its wire.
pub(crate) const CHARSU: &str = "Sec-WebSocket-Protocol: charsu.v1\r\n";

/// A person with a page of ours, or any other client of its wire.
pub(crate) struct Person {
    line: Line,
    /// The name that it joins with.
    pub(crate) name: String,
    /// The secret of its session.
    pub(crate) session: String,
    /// The `welcome`.
    pub(crate) welcome: Value,
    /// The number of the last command.
    pub(crate) last_id: u64,
    /// Where it stands in each room.
    places: HashMap<String, Place>,
    /// Frames that answer something, not looked at yet.
    answers: VecDeque<Value>,
    /// All other frames, not looked at yet.
    events: VecDeque<Value>,
    /// The last words, and how the connection ended.
    ended: Option<Heard>,
}

/// Where somebody stands in a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) epoch: String,
    pub(crate) seq: u64,
    /// The member number.
    pub(crate) me: u64,
}

/// What is left of somebody whose connection is gone, and what comes back with it.
#[derive(Debug, Clone)]
pub(crate) struct Memory {
    pub(crate) name: String,
    pub(crate) session: String,
    pub(crate) last_id: u64,
    pub(crate) places: HashMap<String, Place>,
}

impl Scene {
    /// Somebody who has said hello, and joined nothing yet.
    pub(crate) async fn person(&self, name: &str) -> Person {
        Person::on(self.connect().await, name, None).await
    }

    /// Somebody who is in a room.
    pub(crate) async fn person_in(&self, room: &str, name: &str) -> Person {
        let mut person = self.person(name).await;
        person.joins(room).await;
        person
    }

    /// Somebody who comes back with what it remembers, and has joined nothing yet.
    pub(crate) async fn returning(&self, memory: &Memory) -> Person {
        let mut person = Person::on(self.connect().await, &memory.name, Some(&memory.session)).await;
        person.last_id = memory.last_id;
        person
    }
}

impl Person {
    /// Says hello on a connection, with the secret of an earlier session.
    pub(crate) async fn on(raw: Raw, name: &str, session: Option<&str>) -> Self {
        if by_http() {
            let speaking = Raw::connect(raw.host().parse().expect("an address")).await;
            return Self::by_requests(raw, speaking, name, session).await;
        }
        Self::over(Line::open(raw, "/ws", CHARSU).await, name, session, true).await
    }

    /// The same by server-sent events on one connection and requests on another.
    pub(crate) async fn by_requests(raw: Raw, speaking: Raw, name: &str, session: Option<&str>) -> Self {
        Self::over(Line::by_http(raw, speaking, session).await, name, None, false).await
    }

    /// The same with other header lines in its handshake.
    pub(crate) async fn shown(raw: Raw, headers: &str, name: &str, session: Option<&str>) -> Self {
        Self::over(Line::open(raw, "/ws", headers).await, name, session, true).await
    }

    /// The same with a client that knows no compression.
    pub(crate) async fn plain_on(raw: Raw, name: &str, session: Option<&str>) -> Self {
        Self::over(Line::open_plain(raw, "/ws", CHARSU).await, name, session, true).await
    }

    async fn over(line: Line, name: &str, session: Option<&str>, says_hello: bool) -> Self {
        let mut person = Self {
            line,
            name: name.to_owned(),
            session: String::new(),
            welcome: Value::Null,
            last_id: 0,
            places: HashMap::new(),
            answers: VecDeque::new(),
            events: VecDeque::new(),
            ended: None,
        };
        if says_hello {
            person.sends(
                &session.map_or_else(|| json!({"type": "hello"}), |secret| json!({"type": "hello", "session": secret})),
            );
        }
        person.welcome = person.answer().await;
        assert_eq!(person.welcome["type"], "welcome", "{}", person.welcome);
        person.session = person.welcome["session"].as_str().expect("a secret").to_owned();
        person
    }

    /// How many compressed messages came.
    pub(crate) fn deflated(&self) -> u64 {
        self.line.deflated()
    }

    /// Sends a frame.
    pub(crate) fn sends(&self, frame: &Value) {
        self.line.say(&frame.to_string());
    }

    /// Sends several frames in one piece.
    pub(crate) fn sends_at_once(&self, frames: impl IntoIterator<Item = Value>) {
        self.line.say_at_once(frames.into_iter().map(|frame| frame.to_string()));
    }

    /// Sends a text as it is.
    pub(crate) fn sends_text(&self, text: &str) {
        self.line.say(text);
    }

    /// The number of the next command.
    pub(crate) fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// Sends a command with the next number, and reads its answer.
    pub(crate) async fn asks(&mut self, mut command: Value) -> Value {
        let id = self.next_id();
        command["id"] = id.into();
        self.sends(&command);
        self.answer_to(id).await
    }

    /// Asks to be in a room.
    pub(crate) async fn tries_to_join(&mut self, room: &str) -> Value {
        let name = self.name.clone();
        self.asks(json!({ "type": "join", "room": room, "name": name })).await
    }

    /// Comes into a room and gives the room as it is.
    pub(crate) async fn joins(&mut self, room: &str) -> Value {
        let joined = self.tries_to_join(room).await;
        assert_eq!(joined["type"], "joined", "{} in {room}: {joined}", self.name);
        joined
    }

    /// Comes back into a room from where it stood.
    pub(crate) async fn joins_from(&mut self, room: &str, place: &Place) -> Value {
        let (name, since) = (self.name.clone(), json!({ "epoch": place.epoch, "seq": place.seq }));
        self.asks(json!({ "type": "join", "room": room, "name": name, "since": since })).await
    }

    /// Tries to say something, and gives the answer.
    pub(crate) async fn tries_to_say(&mut self, room: &str, text: &str) -> Value {
        self.asks(json!({ "type": "say", "room": room, "text": text })).await
    }

    /// Says something and gives its number.
    pub(crate) async fn says(&mut self, room: &str, text: &str) -> u64 {
        let ack = self.tries_to_say(room, text).await;
        assert_eq!(ack["type"], "ack", "{} says {text:.60?}: {ack}", self.name);
        ack["seq"].as_u64().expect("a number")
    }

    /// Goes out of a room.
    pub(crate) async fn leaves(&mut self, room: &str) {
        let left = self.asks(json!({ "type": "leave", "room": room })).await;
        assert_eq!(left["type"], "left", "{left}");
    }

    /// Where it stands in a room, by all that it has been sent.
    pub(crate) fn place(&self, room: &str) -> Place {
        self.places.get(room).cloned().unwrap_or_else(|| panic!("{} is not in {room}", self.name))
    }

    /// Its member number in a room.
    pub(crate) fn number(&self, room: &str) -> u64 {
        self.place(room).me
    }

    /// The next answer, to whatever it was.
    pub(crate) async fn answer(&mut self) -> Value {
        loop {
            if let Some(answer) = self.answers.pop_front() {
                return answer;
            }
            self.listen().await;
        }
    }

    /// The answer to a command.
    pub(crate) async fn answer_to(&mut self, id: u64) -> Value {
        loop {
            if let Some(at) = self.answers.iter().position(|answer| answer["id"] == id) {
                return self.answers.remove(at).expect("it is there");
            }
            self.listen().await;
        }
    }

    /// The next frame that answers nothing.
    pub(crate) async fn hears_next(&mut self) -> Value {
        loop {
            if let Some(event) = self.events.pop_front() {
                return event;
            }
            self.listen().await;
        }
    }

    /// The next frame of a type; others before it are passed over.
    pub(crate) async fn hears(&mut self, kind: &str) -> Value {
        loop {
            let event = self.hears_next().await;
            if event["type"] == kind {
                return event;
            }
        }
    }

    /// The line of this text; frames before it are passed over.
    pub(crate) async fn hears_line(&mut self, text: &str) -> Value {
        self.hears_until(text).await.pop().expect("the line itself")
    }

    /// All frames that answer nothing, up to and with the line of this text.
    pub(crate) async fn hears_until(&mut self, text: &str) -> Vec<Value> {
        let mut heard = Vec::new();
        loop {
            let event = self.hears_next().await;
            let is_it = event["type"] == "message" && event["text"] == text;
            heard.push(event);
            if is_it {
                return heard;
            }
        }
    }

    /// How the server ends the connection: the code and the words. Frames that came before stay where they are.
    pub(crate) async fn is_closed(&mut self) -> (u16, String) {
        while self.ended.is_none() {
            self.take_in_next().await;
        }
        match self.ended.clone() {
            Some(Heard::Closed(code, words)) => (code, words),
            other => panic!("{} was cut off: {other:?}", self.name),
        }
    }

    /// Waits for the end, however it comes.
    pub(crate) async fn is_ended(&mut self) -> Heard {
        while self.ended.is_none() {
            self.take_in_next().await;
        }
        self.ended.clone().expect("it has ended")
    }

    /// All answers that were not looked at.
    pub(crate) fn unread_answers(&mut self) -> Vec<Value> {
        self.take_in_what_is_there();
        self.answers.drain(..).collect()
    }

    /// All other frames that were not looked at.
    pub(crate) fn unread_events(&mut self) -> Vec<Value> {
        self.take_in_what_is_there();
        self.events.drain(..).collect()
    }

    /// Says goodbye: 1000 or no code for somebody who means it, 1001 for a page that is loaded again.
    pub(crate) fn closes(&self, code: Option<u16>) {
        self.line.close(code);
    }

    /// What it remembers.
    pub(crate) fn memory(&self) -> Memory {
        Memory {
            name: self.name.clone(),
            session: self.session.clone(),
            last_id: self.last_id,
            places: self.places.clone(),
        }
    }

    /// Its connection is cut without a word.
    pub(crate) async fn vanishes(self) -> Memory {
        let memory = self.memory();
        self.line.cut().await;
        memory
    }

    async fn listen(&mut self) {
        assert!(self.ended.is_none(), "{} waits for a frame, but the connection is over: {:?}", self.name, self.ended);
        self.take_in_next().await;
    }

    async fn take_in_next(&mut self) {
        let heard = self.line.next().await;
        self.take_in(heard);
    }

    fn take_in_what_is_there(&mut self) {
        while let Some(heard) = self.line.next_now() {
            self.take_in(heard);
        }
    }

    fn take_in(&mut self, heard: Heard) {
        match heard {
            Heard::Text(text) => {
                let frame: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {text}"));
                self.follow(&frame);
                let is_answer =
                    frame["id"].is_u64() || matches!(frame["type"].as_str(), Some("welcome" | "pong" | "error"));
                if is_answer { self.answers.push_back(frame) } else { self.events.push_back(frame) }
            }
            Heard::Pong(_) => {}
            over => {
                self.ended.get_or_insert(over);
            }
        }
    }

    /// Holds the server to the rule of delivery.
    fn follow(&mut self, frame: &Value) {
        let Some(room) = frame["room"].as_str() else { return };
        match frame["type"].as_str().expect("every frame has a type") {
            "joined" | "reset" => {
                let place = Place {
                    epoch: frame["epoch"].as_str().expect("an epoch").to_owned(),
                    seq: frame["seq"].as_u64().expect("a number"),
                    me: frame["you"].as_u64().expect("a number"),
                };
                self.places.insert(room.to_owned(), place);
            }
            "left" => {
                self.places.remove(room);
            }
            "message" | "private" | "edit" | "delete" | "react" | "join" | "leave" | "skip" => {
                let Some(place) = self.places.get_mut(room) else {
                    panic!("{} is not in {room} and gets {frame}", self.name)
                };
                assert_eq!(frame["seq"], place.seq + 1, "{} stood at {} and gets {frame}", self.name, place.seq);
                place.seq += 1;
            }
            _ => {}
        }
    }
}

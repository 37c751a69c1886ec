//! As a tutorial's page: the echo is the acknowledgement, and nothing is sent again. Of a line that was not echoed when the
//! connection broke nobody knows what became of it.

use std::io;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

use super::frames::Heard;
use super::line::Line;
use super::voyage::{End, Rig, Voyage};
use super::{Called, Dialect};
use crate::oracle::{Content, Entry, Word};

pub(super) struct Page {
    room: Word,
    dialect: Dialect,
    /// It is in the room.
    is_in: bool,
}

impl Page {
    pub(super) fn new(rooms: &[Word], dialect: Dialect) -> Self {
        let [room] = rooms else { panic!("a page is in one room") };
        Self { room: room.clone(), dialect, is_in: false }
    }

    fn path(&self, voyage: &Voyage) -> String {
        let (room, name) = (&self.room, voyage.name.as_str().replace(' ', "%20"));
        match self.dialect {
            Dialect::OneSegment(Called::Guest) => format!("/ws/{room}"),
            Dialect::OneSegment(Called::ByName) => format!("/ws/{room}?name={name}"),
            Dialect::TwoSegments => format!("/ws/{room}/{name}"),
        }
    }

    fn says_what_it_may(&self, voyage: &mut Voyage, line: &mut Line) {
        let mut under_way = voyage.outbox.iter().filter(|line| line.is_on_the_way).count();
        for index in 0..voyage.outbox.len() {
            if under_way >= voyage.course.on_the_way || !self.is_in {
                return;
            }
            if voyage.outbox[index].is_on_the_way {
                continue;
            }
            under_way += 1;
            voyage.sends(index);
            let text = voyage.outbox[index].written();
            let frame = match self.dialect {
                Dialect::OneSegment(_) => json!({ "username": voyage.name, "text": text }),
                Dialect::TwoSegments => json!({ "type": "message", "message": text }),
            };
            line.says(&frame.to_string());
        }
    }

    fn takes_in(&mut self, voyage: &mut Voyage, line: &mut Line) -> Option<End> {
        while let Some(heard) = line.next() {
            match heard {
                Heard::Text(text) => {
                    let frame: Value = serde_json::from_str(&text)
                        .unwrap_or_else(|error| panic!("{}: {error} in {text}", voyage.name));
                    self.hears(voyage, &frame);
                }
                Heard::Ping(_) | Heard::Pong => {}
                Heard::Close(code, words) => {
                    if !self.is_in {
                        voyage.failures += 1;
                        voyage.is_kept_out(&format!("{code} {words}"));
                    }
                    return Some(End::Lost(format!("closed {code}")));
                }
            }
        }
        None
    }

    fn hears(&mut self, voyage: &mut Voyage, frame: &Value) {
        let field = |name: &str| frame[name].as_str().unwrap_or_default();
        match field("type") {
            "message" => {
                // What a guest is called who has not said how: each dialect has a word for it.
                let name = Some(field("username")).filter(|name| !matches!(*name, "Anonymous" | "Guest"));
                let (name, text) = (name.unwrap_or_default(), field("text"));
                self.hears_line(voyage, Content::of(self.room.as_str(), name, None, text), false);
                voyage.hears_an_end(text);
                if name == voyage.name.as_str()
                    && let Some(id) = voyage.sent_as(text)
                {
                    voyage.writes(Entry::Kept { connection: voyage.connection, id });
                    voyage.is_done(id);
                }
            }
            "users" if matches!(self.dialect, Dialect::TwoSegments) => self.comes_in(voyage),
            "system" => self.is_told(voyage, field("message")),
            "error" => voyage.is_kept_out(&frame.to_string()),
            _ => panic!("{} gets {frame}", voyage.name),
        }
    }

    fn is_told(&mut self, voyage: &mut Voyage, words: &str) {
        if let Some((name, text)) = words.strip_prefix("Private from ").and_then(|rest| rest.split_once(": ")) {
            let (name, to) =
                (if matches!(name, "Anonymous" | "Guest") { "" } else { name }, Some(voyage.name.as_str()));
            self.hears_line(voyage, Content::of(self.room.as_str(), name, to, text), true);
        } else if words.ends_with("missing here.") {
            voyage.writes(Entry::Missed { connection: voyage.connection, room: self.room.clone(), up_to: None });
        } else if words == "A user joined the chat" {
            // The first one is its own.
            self.comes_in(voyage);
        } else if words != "A user left the chat" && !words.ends_with(" the room") {
            // A refusal, of what cannot be told: a join, or any line that is on the way.
            voyage.is_kept_out(words);
            voyage.gives_up_what_was_sent();
        }
    }

    fn hears_line(&self, voyage: &mut Voyage, content: Content, is_private: bool) {
        let (connection, room) = (voyage.connection, self.room.clone());
        voyage.writes(Entry::Heard { connection, room, content, is_private, seq: None });
    }

    fn comes_in(&mut self, voyage: &mut Voyage) {
        if !std::mem::replace(&mut self.is_in, true) {
            voyage.writes(Entry::Enters { connection: voyage.connection, room: self.room.clone(), after: None });
            voyage.failures = 0;
            voyage.is_there();
        }
    }
}

impl Rig for Page {
    type Wire = Line;

    async fn connect(&mut self, voyage: &mut Voyage) -> io::Result<Line> {
        self.is_in = false;
        let line = Line::open(&voyage.course, &self.path(voyage), "").await?;
        voyage.connection += 1;
        voyage.gives_up_what_was_sent();
        voyage.is_open(false);
        Ok(line)
    }

    async fn sail_on(&mut self, voyage: &mut Voyage, line: &mut Line) -> End {
        loop {
            // A page cannot ask: so it waits for the server's own sign of life.
            let deadline = line.heard_at + voyage.course.patience * 2;
            tokio::select! {
                worked = line.works() => match worked {
                    Ok(()) => if let Some(end) = self.takes_in(voyage, line) { return end },
                    Err(error) => return End::Lost(error.to_string()),
                },
                order = voyage.orders.recv() => if let Some(end) = voyage.obeys(order).await { return end },
                () = sleep_until(deadline) => if Instant::now() >= deadline { return End::Lost("silent".to_owned()) },
            }
            self.says_what_it_may(voyage, line);
            voyage.tells();
        }
    }

    async fn reload(line: &mut Line) {
        line.reloads().await;
    }
}

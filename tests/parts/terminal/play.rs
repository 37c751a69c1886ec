//! A person before a screen, and a server that says what the scene wants.

use std::time::Duration;

use charsu::client::{Act, Chat, Ended, RoomKey};
use charsu::terminal::app::{App, Wish};
use charsu::terminal::clock::Clock;
use charsu::terminal::text::Order;
use charsu::terminal::view;
use ratatui_core::backend::TestBackend;
use ratatui_core::terminal::Terminal;
use ratatui_crossterm::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use serde_json::{Value, json};
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

/// The time of the first line: 16:00 on 2025-11-24.
pub(crate) const BEGAN: u64 = 1_764_000_000_000;

pub(crate) struct Play {
    pub(crate) app: App,
    pub(crate) chat: Chat,
    pub(crate) room: RoomKey,
    now: Duration,
    seq: u64,
    size: (u16, u16),
    /// The cursor, as of the last look.
    pub(crate) cursor: Option<(u16, u16)>,
}

impl Play {
    /// Ali, in room 408213 with Sara and نیلوفر, on a screen of this size.
    pub(crate) fn of(width: u16, height: u16) -> Self {
        let mut play = Self::before(width, height);
        play.is_in("joined", &json!({ "id": 1 }));
        play
    }

    /// The same before anything was heard.
    pub(crate) fn before(width: u16, height: u16) -> Self {
        let mut chat = Chat::new(5);
        let room = chat.join("408213", "Ali");
        let mut app = App::new("408213", "http://127.0.0.1:8000", Some("Ali"), Clock::utc(), Order::Here, true);
        app.room = Some(room);
        app.resizes(width, height);
        let mut play = Self { app, chat, room, now: Duration::ZERO, seq: 10, size: (width, height), cursor: None };
        play.connects();
        play
    }

    pub(crate) fn connects(&mut self) {
        while self.chat.act().is_some_and(|act| act != Act::Connect) {}
        self.chat.opened();
        let limits = json!({ "text_chars": 200, "name_chars": 32, "rooms": 8 });
        self.hears(
            &json!({ "type": "welcome", "session": "s", "resumed": true, "heartbeat_ms": 25_000, "limits": limits }),
        );
    }

    /// `joined` or `reset`, at the number where it stands.
    pub(crate) fn is_in(&mut self, kind: &str, more: &Value) {
        let members = json!([{ "id": 1, "name": "Ali" }, { "id": 2, "name": "Sara" }, { "id": 3, "name": "نیلوفر" }]);
        let mut frame = json!({
            "type": kind, "room": "408213", "epoch": "e", "seq": self.seq, "you": 1, "name": "Ali", "resumed": false,
            "members": members, "count": 3, "history": [],
        });
        for (key, value) in more.as_object().expect("an object") {
            frame[key] = value.clone();
        }
        self.seq = frame["seq"].as_u64().expect("a number");
        self.hears(&frame);
    }

    pub(crate) fn hears(&mut self, frame: &Value) {
        self.chat.hears(&frame.to_string());
        self.tells();
    }

    /// Hands news on.
    pub(crate) fn tells(&mut self) {
        while let Some(news) = self.chat.news() {
            self.app.hears(&news, &self.chat);
        }
    }

    /// The next number.
    pub(crate) fn happens(&mut self, mut event: Value) -> u64 {
        self.seq += 1;
        event["room"] = "408213".into();
        event["seq"] = self.seq.into();
        event["at"] = (BEGAN + 1000 * self.seq).into();
        self.hears(&event);
        self.seq
    }

    pub(crate) fn says(&mut self, from: u64, text: &str) -> u64 {
        let name = ["", "Ali", "Sara", "نیلوفر"][from as usize];
        self.happens(json!({ "type": "message", "from": from, "name": name, "text": text }))
    }

    /// Everything that one has asked for is acknowledged and comes back.
    pub(crate) fn is_acknowledged(&mut self) {
        while let Some(act) = self.chat.act() {
            let Act::Send(text) = act else { continue };
            let frame: Value = serde_json::from_str(&text).expect("JSON");
            let event = match frame["type"].as_str().expect("a type") {
                "say" => json!({ "type": "message", "from": 1, "name": "Ali", "text": frame["text"] }),
                "edit" => json!({ "type": "edit", "from": 1, "target": frame["seq"], "text": frame["text"] }),
                "delete" => json!({ "type": "delete", "from": 1, "target": frame["seq"] }),
                _ => continue,
            };
            self.hears(
                &json!({ "type": "ack", "id": frame["id"], "room": "408213", "epoch": "e", "seq": self.seq + 1 }),
            );
            self.happens(event);
        }
    }

    pub(crate) fn is_cut(&mut self, reason: &str) {
        self.chat.ended(Ended { reason: reason.to_owned(), ..Ended::default() });
        self.tells();
    }

    pub(crate) fn waits(&mut self, ms: u64) {
        self.now += Duration::from_millis(ms);
        self.chat.at(self.now);
        self.tells();
        self.app.at(self.now);
    }

    pub(crate) fn resizes(&mut self, width: u16, height: u16) {
        self.size = (width, height);
        self.app.resizes(width, height);
    }

    pub(crate) fn types(&mut self, text: &str) -> Vec<Wish> {
        let mut wishes = Vec::new();
        for c in text.chars() {
            wishes.extend(self.presses(KeyCode::Char(c)));
        }
        wishes
    }

    pub(crate) fn presses(&mut self, code: KeyCode) -> Vec<Wish> {
        self.presses_with(code, KeyModifiers::NONE)
    }

    /// What it asks for is done, but for what only a terminal can do.
    pub(crate) fn presses_with(&mut self, code: KeyCode, modifiers: KeyModifiers) -> Vec<Wish> {
        let wishes = self.app.presses(KeyEvent::new(code, modifiers), &self.chat);
        let (chat, room) = (&mut self.chat, self.room);
        for wish in &wishes {
            match wish {
                Wish::Say(text) => drop(chat.say(room, text)),
                Wish::Edit(seq, text) => drop(chat.edit(room, *seq, text)),
                Wish::Delete(seq) => drop(chat.delete(room, *seq)),
                Wish::React(seq, emoji) => drop(chat.react(room, *seq, emoji, true)),
                Wish::ReadBack(before) => chat.read_back(room, *before),
                Wish::Types => chat.types(room),
                Wish::StopsTyping => chat.stops_typing(room),
                Wish::Retry(key) => chat.retry(*key),
                Wish::Discard(key) => drop(chat.discard(*key)),
                Wish::Reconnect => chat.reconnect(),
                Wish::Join(name) => drop(chat.join("408213", name)),
                Wish::Quit | Wish::Redraw => {}
            }
        }
        self.tells();
        wishes
    }

    /// Writes a line and sends it.
    pub(crate) fn enters(&mut self, text: &str) -> Vec<Wish> {
        self.types(text);
        self.presses(KeyCode::Enter)
    }

    /// The rows of the screen, as they are seen.
    pub(crate) fn looks(&mut self) -> Vec<String> {
        let (width, height) = self.size;
        let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a buffer");
        let mut cursor = None;
        terminal.draw(|frame| cursor = view::draw(&self.app, &self.chat, frame.buffer_mut())).expect("a buffer");
        self.cursor = cursor;
        let buffer = terminal.backend().buffer();
        let rows: Vec<String> = (0..height)
            .map(|y| {
                let (mut row, mut x) = (String::new(), 0);
                while x < width {
                    let symbol = buffer[(x, y)].symbol();
                    row.push_str(symbol);
                    x += unicode_width::UnicodeWidthStr::width(symbol).max(1) as u16;
                }
                row.trim_end().to_owned()
            })
            .collect();
        if std::env::var_os("CHARSU_SHOW").is_some() {
            let name = std::thread::current().name().unwrap_or_default().to_owned();
            println!("{name}\n┌{0}┐\n{1}\n└{0}┘", "─".repeat(width.into()), rows.join("\n"));
        }
        rows
    }

    /// Whether a row has this, as it is read.
    pub(crate) fn shows(&mut self, words: &str) -> bool {
        self.looks().iter().any(|row| row.contains(words) || read(row).contains(words))
    }
}

/// A row that is seen, as it is read from its right: letters apart, in the order in which they were written.
pub(crate) fn read(row: &str) -> String {
    let apart: String = row.nfkc().collect();
    apart.graphemes(true).rev().collect()
}

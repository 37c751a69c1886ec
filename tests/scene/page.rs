//! A page written for one of the tutorials, as it came: it connects where its tutorial says, sends that tutorial's frames and
//! draws what it gets.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::line::{Heard, Line};
use super::{Raw, Scene};

/// A tutorial's page in a browser tab.
pub(crate) struct TutorialPage {
    line: Line,
}

impl Scene {
    /// A tab of the tutorial that connects to `/ws/{room}`, which is in the room.
    pub(crate) async fn one_segment(&self, room: &str) -> TutorialPage {
        let mut page = self.one_segment_page(room).await;
        assert_eq!(page.is_told().await, "A user joined the chat");
        page
    }

    /// A tab of the programs that connect to `/ws/{room}/{name}`, which is in the room.
    pub(crate) async fn two_segment(&self, room: &str, name: &str) -> TutorialPage {
        let mut page = self.two_segment_page(room, name).await;
        let users = page.gets().await;
        assert_eq!(users["type"], "users", "{users}");
        page
    }

    /// A tab that has just connected to `/ws/{room}`, whatever comes of it.
    pub(crate) async fn one_segment_page(&self, room: &str) -> TutorialPage {
        TutorialPage::open(self.connect().await, &format!("/ws/{}", encoded(room))).await
    }

    /// A tab that has just connected to `/ws/{room}/{name}`, whatever comes of it.
    pub(crate) async fn two_segment_page(&self, room: &str, name: &str) -> TutorialPage {
        TutorialPage::open(self.connect().await, &format!("/ws/{}/{}", encoded(room), encoded(name))).await
    }
}

impl TutorialPage {
    /// A tab that connects to this path.
    pub(crate) async fn open(raw: Raw, path: &str) -> Self {
        Self { line: Line::open(raw, path, "").await }
    }

    /// A tab behind something that adds header lines.
    pub(crate) async fn open_with(raw: Raw, path: &str, headers: &str) -> Self {
        Self { line: Line::open(raw, path, headers).await }
    }

    /// How many compressed messages came.
    pub(crate) fn deflated(&self) -> u64 {
        self.line.deflated()
    }

    /// Sends a text as it is.
    pub(crate) fn sends(&self, text: &str) {
        self.line.say(text);
    }

    /// Sends several texts in one piece.
    pub(crate) fn sends_at_once(&self, texts: impl IntoIterator<Item = String>) {
        self.line.say_at_once(texts);
    }

    /// Says a line as the one-segment tutorial's page does.
    pub(crate) fn says_as(&self, name: &str, text: &str) {
        self.sends(&json!({ "username": name, "text": text }).to_string());
    }

    /// Says a line as the two-segment programs' page does.
    pub(crate) fn says(&self, text: &str) {
        self.sends(&json!({ "type": "message", "message": text }).to_string());
    }

    /// What the page gets next.
    pub(crate) async fn gets(&mut self) -> Value {
        loop {
            match self.line.next().await {
                Heard::Text(text) => {
                    return serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {text}"));
                }
                Heard::Pong(_) => {}
                other => panic!("the page got {other:?}"),
            }
        }
    }

    /// The text of the next frame, which is a line of the server's own.
    pub(crate) async fn is_told(&mut self) -> String {
        let frame = self.gets().await;
        assert_eq!(frame["type"], "system", "{frame}");
        frame["message"].as_str().expect("words").to_owned()
    }

    /// All frames up to and with the message of this text.
    pub(crate) async fn gets_until(&mut self, text: &str) -> Vec<Value> {
        let mut frames = Vec::new();
        loop {
            let frame = self.gets().await;
            let is_it = frame["type"] == "message" && frame["text"] == text;
            frames.push(frame);
            if is_it {
                return frames;
            }
        }
    }

    /// The code and the words with which the server ends the connection. Nothing may come before.
    pub(crate) async fn is_closed(&mut self) -> (u16, String) {
        match self.line.next().await {
            Heard::Closed(code, words) => (code, words),
            other => panic!("instead of a close: {other:?}"),
        }
    }

    /// What the page gets next, or the code and the words with which the server ends the connection.
    pub(crate) async fn next_or_close(&mut self) -> Result<Value, (u16, String)> {
        match self.line.next().await {
            Heard::Text(text) => Ok(serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {text}"))),
            Heard::Closed(code, words) => Err((code, words)),
            other => panic!("the page got {other:?}"),
        }
    }

    /// Says goodbye, as a tab that is closed.
    pub(crate) fn closes(&self, code: Option<u16>) {
        self.line.close(code);
    }

    /// The tab is gone, without a word.
    pub(crate) async fn vanishes(self) {
        self.line.cut().await;
    }

    /// Sends bytes as they are.
    pub(crate) fn sends_raw(&self, bytes: Vec<u8>) {
        self.line.send(bytes);
    }
}

/// A path's part as a browser sends it.
fn encoded(part: &str) -> String {
    part.bytes().fold(String::new(), |mut path, byte| {
        if byte.is_ascii_graphic() && !matches!(byte, b'"' | b'<' | b'>' | b'`' | b'#' | b'?' | b'{' | b'}' | b'^') {
            path.push(char::from(byte));
        } else {
            write!(path, "%{byte:02X}").expect("a String takes everything");
        }
        path
    })
}

//! A page of Socket.IO, packet by packet: over a WebSocket, or by polling. The library of others is tried in `tests/clients`.

use serde_json::{Value, json};

use super::line::{Heard, Line};
use super::{Raw, Scene};

/// The end of a packet in a payload of polling.
const SEPARATOR: char = '\u{1e}';

/// Where sessions are.
pub(crate) const PATH: &str = "/socket.io/?EIO=4&transport=";

/// A page over a WebSocket.
pub(crate) struct SocketIoPage {
    line: Line,
    /// The id of its socket in the namespace that it connected to last.
    pub(crate) sid: String,
}

impl Scene {
    /// A page of the chat example, which is in the default room.
    pub(crate) async fn socketio(&self) -> SocketIoPage {
        self.socketio_as("40").await
    }

    /// A page that connects with this packet, and is let in.
    pub(crate) async fn socketio_as(&self, connect: &str) -> SocketIoPage {
        let mut page = self.socketio_page().await;
        page.connects(connect).await;
        page
    }

    /// A page that has a session and no namespace yet.
    pub(crate) async fn socketio_page(&self) -> SocketIoPage {
        let line = Line::open_plain(self.connect().await, &format!("{PATH}websocket"), "").await;
        let mut page = SocketIoPage { line, sid: String::new() };
        let open = page.gets().await;
        assert!(open.starts_with('0'), "{open}");
        page
    }

    /// A session of polling, and its secret.
    pub(crate) async fn polling(&self) -> Polling {
        let reply = self.connect().await.get(&format!("{PATH}polling"), "").await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        assert_eq!(reply.header("content-type"), "text/plain; charset=UTF-8");
        let open: Value = serde_json::from_str(reply.text().strip_prefix('0').expect("an open packet")).expect("JSON");
        assert_eq!(open["upgrades"], json!(["websocket"]));
        Polling {
            path: format!("{PATH}polling&sid={}", open["sid"].as_str().expect("a secret")),
            raw: self.connect().await,
        }
    }
}

impl SocketIoPage {
    /// Sends a packet.
    pub(crate) fn sends(&self, packet: &str) {
        self.line.say(packet);
    }

    /// Sends several in one piece.
    pub(crate) fn sends_at_once(&self, packets: impl IntoIterator<Item = String>) {
        self.line.say_at_once(packets);
    }

    /// Sends bytes as they are.
    pub(crate) fn sends_raw(&self, bytes: Vec<u8>) {
        self.line.send(bytes);
    }

    /// Emits an event with one argument.
    pub(crate) fn emits(&self, event: &str, argument: Value) {
        self.sends(&format!("42{}", json!([event, argument])));
    }

    /// Asks for a namespace and is let in.
    pub(crate) async fn connects(&mut self, packet: &str) {
        self.sends(packet);
        let answer = self.gets().await;
        let at = answer.find('{').expect("an object");
        assert!(answer.starts_with("40"), "{answer}");
        let connected: Value = serde_json::from_str(&answer[at..]).expect("JSON");
        assert_eq!(connected.as_object().map(serde_json::Map::len), Some(1), "no pid: {answer}");
        connected["sid"].as_str().expect("an id").clone_into(&mut self.sid);
        assert_eq!(self.sid.len(), 20);
    }

    /// The next packet, as it is written. Pings are answered.
    pub(crate) async fn gets(&mut self) -> String {
        loop {
            match self.line.next().await {
                Heard::Text(ping) if ping == "2" => self.sends("3"),
                Heard::Text(text) => return text,
                Heard::Binary(data) => return format!("{data:?}"),
                other => panic!("the page got {other:?}"),
            }
        }
    }

    /// The next packet, which is an event of the main namespace: its name and its arguments.
    pub(crate) async fn hears(&mut self) -> Value {
        let packet = self.gets().await;
        let event = packet.strip_prefix("42").unwrap_or_else(|| panic!("no event: {packet}"));
        serde_json::from_str(event).expect("JSON")
    }

    /// The code with which the server ends the session, whatever comes before. Pings are answered.
    pub(crate) async fn ends(&mut self) -> u16 {
        loop {
            match self.line.next().await {
                Heard::Text(ping) if ping == "2" => self.sends("3"),
                Heard::Closed(code, _) => return code,
                Heard::Text(_) | Heard::Binary(_) => {}
                other => panic!("the page got {other:?}"),
            }
        }
    }

    /// The code with which the server ends the session. Nothing may come before.
    pub(crate) async fn is_closed(&mut self) -> u16 {
        match self.line.next().await {
            Heard::Closed(code, _) => code,
            other => panic!("instead of a close: {other:?}"),
        }
    }

    /// Waits for the end, however it comes.
    pub(crate) async fn is_ended(&mut self) {
        while !matches!(self.line.next().await, Heard::Closed(..) | Heard::Gone(_)) {}
    }

    /// The page is gone, without a word.
    pub(crate) async fn vanishes(self) {
        self.line.cut().await;
    }
}

/// A page that polls.
pub(crate) struct Polling {
    /// The path of its session.
    pub(crate) path: String,
    raw: Raw,
}

impl Polling {
    /// Brings a payload. The status of the answer.
    pub(crate) async fn brings(&mut self, payload: &str) -> u16 {
        self.raw.post(&self.path, "Content-Type: text/plain;charset=UTF-8\r\n", payload).await.status
    }

    /// Fetches what there is: packets, or the status of a refusal.
    pub(crate) async fn fetches(&mut self) -> Result<Vec<String>, u16> {
        let reply = self.raw.get(&self.path, "").await;
        if reply.status == 200 {
            Ok(reply.text().split(SEPARATOR).map(str::to_owned).collect())
        } else {
            Err(reply.status)
        }
    }

    /// Fetches until so many packets are there that are no pings.
    pub(crate) async fn fetches_all(&mut self, count: usize) -> Vec<String> {
        let mut packets = Vec::new();
        while packets.len() < count {
            for packet in self.fetches().await.expect("a session") {
                if packet == "2" {
                    self.brings("3").await;
                } else if packet != "6" {
                    packets.push(packet);
                }
            }
        }
        packets
    }

    /// The page is gone, without a word, while it was waiting for news.
    pub(crate) async fn vanishes(mut self) {
        self.begins_to_fetch().await;
    }

    /// Asks for news until the server hangs up.
    pub(crate) async fn is_ended(&mut self) {
        self.begins_to_fetch().await;
        self.raw.rest().await;
    }

    async fn begins_to_fetch(&mut self) {
        let request = format!("GET {} HTTP/1.1\r\nHost: {}\r\n\r\n", self.path, self.raw.host());
        self.raw.send(request).await;
    }

    /// The path on which it moves to a WebSocket.
    pub(crate) fn upgrade_path(&self) -> String {
        self.path.replace("transport=polling", "transport=websocket")
    }
}

//! A WebSocket client of a few lines, apart from the server's own codec: what both do wrong would go unnoticed.

use super::deflating::inflated;
use super::{Raw, Reply};

/// Masks are for proxies; one is as good as the other here.
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// An open WebSocket.
pub(crate) struct Socket {
    raw: Raw,
    /// The subprotocol that the server took; empty for none.
    pub(crate) protocol: String,
    /// The extensions that it took up; empty for none.
    pub(crate) extensions: String,
    /// How many compressed messages came.
    pub(crate) deflated: usize,
}

/// A frame from the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Frame {
    Text(String),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    /// The code, 1005 if there was none, and the reason.
    Close(u16, String),
}

/// The handshake for a path, with further header lines.
pub(crate) fn handshake(host: &str, path: &str, headers: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{headers}\r\n"
    )
}

impl Socket {
    /// Asks for a WebSocket, whatever the answer is.
    pub(crate) async fn ask(raw: &mut Raw, path: &str, headers: &str) -> Reply {
        raw.send(handshake(&raw.host(), path, headers)).await;
        raw.reply().await
    }

    /// Opens a WebSocket on a connection.
    pub(crate) async fn open(mut raw: Raw, path: &str, headers: &str) -> Self {
        let reply = Self::ask(&mut raw, path, headers).await;
        assert_eq!(reply.status, 101, "{}", reply.text());
        assert_eq!(reply.header("sec-websocket-accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        let header = |name| reply.header(name).to_owned();
        let (protocol, extensions) = (header("sec-websocket-protocol"), header("sec-websocket-extensions"));
        Self { raw, protocol, extensions, deflated: 0 }
    }

    /// The connection below.
    pub(crate) fn raw(&mut self) -> &mut Raw {
        &mut self.raw
    }

    /// Sends a text.
    pub(crate) async fn say(&mut self, text: &str) {
        self.raw.send(masked(1, text.as_bytes())).await;
    }

    /// Sends several texts in one piece.
    pub(crate) async fn say_all(&mut self, texts: impl IntoIterator<Item = String>) {
        let bytes: Vec<u8> = texts.into_iter().flat_map(|text| masked(1, text.as_bytes())).collect();
        self.raw.send(bytes).await;
    }

    /// Sends a frame of any kind.
    pub(crate) async fn send(&mut self, opcode: u8, payload: &[u8]) {
        self.raw.send(masked(opcode, payload)).await;
    }

    /// Sends bytes as they are.
    pub(crate) async fn send_raw(&mut self, bytes: &[u8]) {
        self.raw.send(bytes).await;
    }

    /// The next frame. The server sends whole messages, unmasked.
    pub(crate) async fn next(&mut self) -> Frame {
        let head = self.raw.take(2).await;
        let is_deflated = head[0] & 0x70 == 0x40 && !self.extensions.is_empty();
        assert!(head[0] & 0x70 == 0 || is_deflated, "reserved bits");
        assert_eq!(head[1] & 0x80, 0, "a server does not mask");
        let length = match head[1] {
            126 => u16::from_be_bytes(self.raw.take(2).await.try_into().expect("two bytes")).into(),
            127 => u64::from_be_bytes(self.raw.take(8).await.try_into().expect("eight bytes")),
            short => short.into(),
        };
        let payload = self.raw.take(usize::try_from(length).expect("a length that fits")).await;
        if is_deflated {
            self.deflated += 1;
            assert_eq!(head[0], 0xc1, "only text is compressed");
            return Frame::Text(String::from_utf8(inflated(&payload)).expect("text in UTF-8"));
        }
        match head[0] {
            0x81 => Frame::Text(String::from_utf8(payload).expect("text in UTF-8")),
            0x88 if payload.is_empty() => Frame::Close(1005, String::new()),
            0x88 => {
                let reason = String::from_utf8(payload[2..].to_vec()).expect("a reason in UTF-8");
                Frame::Close(u16::from_be_bytes([payload[0], payload[1]]), reason)
            }
            0x89 => Frame::Ping(payload),
            0x8a => Frame::Pong(payload),
            other => panic!("an unexpected frame: {other:#x}"),
        }
    }

    /// The next text; pings are answered on the way.
    pub(crate) async fn text(&mut self) -> String {
        loop {
            match self.next().await {
                Frame::Text(text) => return text,
                Frame::Ping(payload) => self.send(10, &payload).await,
                Frame::Pong(_) => {}
                Frame::Close(code, reason) => panic!("closed: {code} {reason}"),
            }
        }
    }

    /// The next text as JSON.
    pub(crate) async fn json(&mut self) -> serde_json::Value {
        let text = self.text().await;
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {text}"))
    }

    /// The close code, whatever is said before it.
    pub(crate) async fn closed(&mut self) -> u16 {
        loop {
            if let Frame::Close(code, _) = self.next().await {
                return code;
            }
        }
    }

    /// Says goodbye and waits for the answer.
    pub(crate) async fn close(mut self) {
        self.send(8, &1000_u16.to_be_bytes()).await;
        self.closed().await;
        self.raw.rest().await;
    }

    /// Everything until the server hangs up.
    pub(crate) async fn rest(&mut self) -> Vec<u8> {
        self.raw.rest().await
    }
}

/// A whole frame of a client's.
pub(crate) fn masked(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x80 | opcode];
    match payload.len() {
        short @ 0..126 => frame.push(0x80 | u8::try_from(short).expect("under 126")),
        medium @ 126..65536 => {
            frame.push(0x80 + 126);
            frame.extend(u16::try_from(medium).expect("under 65536").to_be_bytes());
        }
        long => {
            frame.push(0x80 + 127);
            frame.extend(u64::try_from(long).expect("fits").to_be_bytes());
        }
    }
    frame.extend(MASK);
    frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

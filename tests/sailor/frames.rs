//! What a server sends, read by nobody's code but this: frames of a WebSocket, and in them the JSON of `charsu.v1`. A `type`
//! that is not known is let pass, as the protocol says.

use std::borrow::Cow;

use serde::Deserialize;

use crate::oracle::{Content, Seen};

/// A frame.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard {
    Text(String),
    Ping(Vec<u8>),
    Pong,
    /// The code, and the words.
    Close(u16, String),
}

/// Bytes that came, until they are whole frames.
#[derive(Debug, Default)]
pub(super) struct Frames {
    bytes: Vec<u8>,
    /// Where the next frame begins.
    next: usize,
}

impl Frames {
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.next);
        self.next = 0;
        self.bytes.extend_from_slice(bytes);
        if self.bytes.capacity() > 256 * 1024 && self.bytes.len() < 4 * 1024 {
            self.bytes.shrink_to(4 * 1024);
        }
    }

    /// The next whole frame.
    ///
    /// # Panics
    /// If it is none that a server may send.
    pub(super) fn next(&mut self) -> Option<Heard> {
        let rest = &self.bytes[self.next..];
        let (&opcode, &short) = (rest.first()?, rest.get(1)?);
        assert_eq!(short & 0x80, 0, "a server does not mask");
        let (start, length) = match short {
            126 => (4, usize::from(u16::from_be_bytes(rest.get(2..4)?.try_into().ok()?))),
            127 => (10, usize::try_from(u64::from_be_bytes(rest.get(2..10)?.try_into().ok()?)).ok()?),
            short => (2, short.into()),
        };
        let payload = rest.get(start..start + length)?;
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text in UTF-8");
        let heard = match opcode {
            0x81 => Heard::Text(text(payload)),
            0x88 => match payload {
                [] => Heard::Close(1005, String::new()),
                [high, low, words @ ..] => Heard::Close(u16::from_be_bytes([*high, *low]), text(words)),
                [_] => panic!("half a code"),
            },
            0x89 => Heard::Ping(payload.to_vec()),
            0x8a => Heard::Pong,
            other => panic!("a frame of kind {other:#x}"),
        };
        self.next += start + length;
        Some(heard)
    }
}

/// Every field of the server's frames that a sailor looks at.
#[derive(Debug, Deserialize)]
pub(super) struct Told<'a> {
    /// Missing in the answer to a request.
    #[serde(rename = "type", default)]
    pub(super) kind: Cow<'a, str>,
    pub(super) id: Option<u64>,
    pub(super) room: Option<Cow<'a, str>>,
    pub(super) epoch: Option<Cow<'a, str>>,
    pub(super) seq: Option<u64>,
    pub(super) from: Option<u32>,
    pub(super) name: Option<Cow<'a, str>>,
    pub(super) to_name: Option<Cow<'a, str>>,
    pub(super) text: Option<Cow<'a, str>>,
    pub(super) member: Option<Member<'a>>,
    pub(super) you: Option<u32>,
    pub(super) resumed: Option<bool>,
    pub(super) reason: Option<Cow<'a, str>>,
    pub(super) code: Option<Cow<'a, str>>,
    pub(super) session: Option<Cow<'a, str>>,
    pub(super) retry_after_ms: Option<u64>,
    #[serde(default)]
    pub(super) history: Vec<Told<'a>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Member<'a> {
    id: u32,
    name: Cow<'a, str>,
}

impl Told<'_> {
    /// A numbered frame: its room, its number and what it is.
    pub(super) fn numbered(&self) -> Option<(&str, u64, Seen)> {
        let (room, seq) = (self.room.as_deref()?, self.seq?);
        let said = |to: Option<&str>| {
            let (from, name, text) = (self.from?, self.name.as_deref()?, self.text.as_deref()?);
            Some((from, Content::of(room, name, to, text)))
        };
        let who = || self.member.as_ref().map(|member| (member.id, Content::of_name(&member.name)));
        let seen = match &*self.kind {
            "message" => said(None).map(|(from, content)| Seen::Message { from, content })?,
            "private" => said(self.to_name.as_deref()).map(|(from, content)| Seen::Private { from, content })?,
            "join" => who().map(|(member, name)| Seen::Join { member, name })?,
            "leave" => who().map(|(member, name)| Seen::Leave { member, name })?,
            "skip" => Seen::Skip,
            _ => return None,
        };
        Some((room, seq, seen))
    }
}

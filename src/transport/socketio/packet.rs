//! A Socket.IO packet: its type, how many attachments follow, its namespace, an acknowledgement id, and JSON.
//!
//! `5` `2-` `/408213,` `7` `["photo",{"_placeholder":true,"num":0}]`. Reads what clients send and appends what the server
//! sends; which of it makes sense now is decided elsewhere.

use std::borrow::Cow;

use serde::de::IgnoredAny;

use super::Violation;
use crate::json::push_number;

/// Binary parts of one packet.
pub const MAX_ATTACHMENTS: usize = 10;

/// Bytes of a namespace. Ours are at most eight.
pub const MAX_NAMESPACE: usize = 64;

/// The highest acknowledgement id: the highest number that a client written in JavaScript can count to.
pub const MAX_ID: u64 = (1 << 53) - 1;

/// How deep JSON may be nested.
pub const MAX_DEPTH: usize = 32;

/// Events that the libraries emit by themselves. Who sends one would make others believe it.
const RESERVED: [&str; 6] =
    ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"];

/// What a packet is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// Into a namespace.
    Connect,
    /// Out of a namespace.
    Disconnect,
    /// Something happens.
    Event,
    /// The answer to an event.
    Ack,
    /// Not into that namespace.
    ConnectError,
}

/// A packet, without its attachments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet<'a> {
    /// What it is.
    pub kind: Type,
    /// How many attachments follow.
    pub attachments: usize,
    /// Its namespace, with the slash.
    pub namespace: &'a str,
    /// By which number the sender wants it acknowledged.
    pub id: Option<u64>,
    /// JSON that fits its type; nothing if there is none.
    pub data: &'a str,
}

impl<'a> Packet<'a> {
    /// Reads a packet.
    ///
    /// # Errors
    /// [`Violation::PacketType`], [`Violation::AttachmentCount`], [`Violation::LongNamespace`], [`Violation::AckId`],
    /// [`Violation::Payload`], [`Violation::TooDeep`].
    pub fn read(text: &'a str) -> Result<Self, Violation> {
        let mut chars = text.chars();
        let (kind, is_binary) = match chars.next() {
            Some('0') => (Type::Connect, false),
            Some('1') => (Type::Disconnect, false),
            Some('2') => (Type::Event, false),
            Some('3') => (Type::Ack, false),
            Some('4') => (Type::ConnectError, false),
            Some('5') => (Type::Event, true),
            Some('6') => (Type::Ack, true),
            _ => return Err(Violation::PacketType),
        };
        let rest = chars.as_str();
        let (attachments, rest) = if is_binary { count(rest)? } else { (0, rest) };
        let (namespace, rest) = namespace(rest)?;
        let (id, data) = id(rest)?;
        check(kind, data)?;
        Ok(Self { kind, attachments, namespace, id, data })
    }

    /// The parts of an event that was [read](Self::read): its name and its arguments, each as it was written.
    ///
    /// # Errors
    /// [`Violation::Payload`] if there is no name, [`Violation::ReservedEvent`].
    pub fn event(&self) -> Result<Event<'a>, Violation> {
        let mut parts = elements(self.data);
        let name = parts.next().and_then(text).ok_or(Violation::Payload)?;
        if RESERVED.contains(&&*name) {
            return Err(Violation::ReservedEvent);
        }
        Ok(Event { name, arguments: parts.collect() })
    }
}

/// An event's name and arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event<'a> {
    /// What happens.
    pub name: Cow<'a, str>,
    /// JSON, each.
    pub arguments: Vec<&'a str>,
}

impl Event<'_> {
    /// An argument, if it is a string.
    pub fn text(&self, index: usize) -> Option<Cow<'_, str>> {
        text(self.arguments.get(index)?)
    }
}

/// A JSON string's text. One with half a surrogate pair is none.
pub fn text(json: &str) -> Option<Cow<'_, str>> {
    let is_plain = |json: &&str| json.len() >= 2 && json.starts_with('"') && !json[1..].contains('\\');
    if let Some(plain) = Some(json).filter(is_plain) {
        return plain[1..].strip_suffix('"').map(Cow::Borrowed);
    }
    serde_json::from_str::<String>(json).ok().map(Cow::Owned)
}

/// `2-`
fn count(text: &str) -> Result<(usize, &str), Violation> {
    let (digits, rest) = text.split_once('-').ok_or(Violation::AttachmentCount)?;
    let is_number = !digits.is_empty() && digits.len() <= 3 && digits.bytes().all(|byte| byte.is_ascii_digit());
    let count = digits.parse().ok().filter(|count| is_number && *count <= MAX_ATTACHMENTS);
    Ok((count.ok_or(Violation::AttachmentCount)?, rest))
}

/// `/408213,`; the comma is left out where nothing follows.
fn namespace(text: &str) -> Result<(&str, &str), Violation> {
    if !text.starts_with('/') {
        return Ok(("/", text));
    }
    let (namespace, rest) = text.split_once(',').unwrap_or((text, ""));
    if namespace.len() > MAX_NAMESPACE { Err(Violation::LongNamespace) } else { Ok((namespace, rest)) }
}

fn id(text: &str) -> Result<(Option<u64>, &str), Violation> {
    let end = text.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    if digits.is_empty() {
        return Ok((None, rest));
    }
    let id = digits.parse().ok().filter(|id| *id <= MAX_ID);
    id.map(|id| (Some(id), rest)).ok_or(Violation::AckId)
}

/// Whether the payload is JSON of the kind that a type needs.
fn check(kind: Type, data: &str) -> Result<(), Violation> {
    let first = data.bytes().next();
    let is_right = match kind {
        Type::Connect => matches!(first, None | Some(b'{')),
        Type::Disconnect => first.is_none(),
        Type::Event | Type::Ack => first == Some(b'['),
        Type::ConnectError => matches!(first, Some(b'{' | b'"')),
    };
    if !is_right {
        return Err(Violation::Payload);
    }
    if depth(data) > MAX_DEPTH {
        return Err(Violation::TooDeep);
    }
    if first.is_some() && serde_json::from_str::<IgnoredAny>(data).is_err() {
        return Err(Violation::Payload);
    }
    Ok(())
}

/// How deep brackets are nested outside of strings. Anything of what is no JSON.
fn depth(json: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for (_, mark) in marks(json) {
        match mark {
            b'[' | b'{' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// The elements of an array, each as it was written. Anything of what is no array in JSON.
fn elements(array: &str) -> impl Iterator<Item = &str> {
    const SPACE: [char; 4] = [' ', '\t', '\n', '\r'];
    let array = array.trim_matches(SPACE);
    let inner = array.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).map(|inner| inner.trim_matches(SPACE));
    let mut rest = inner.filter(|inner| !inner.is_empty());
    std::iter::from_fn(move || {
        let all = rest.take()?;
        let mut depth = 0_usize;
        for (at, mark) in marks(all) {
            match mark {
                b'[' | b'{' => depth += 1,
                b']' | b'}' => depth = depth.saturating_sub(1),
                _ if depth == 0 => {
                    rest = Some(&all[at + 1..]);
                    return Some(all[..at].trim_matches(SPACE));
                }
                _ => {}
            }
        }
        Some(all.trim_matches(SPACE))
    })
}

/// The brackets and commas outside of strings, and where they stand.
fn marks(json: &str) -> impl Iterator<Item = (usize, u8)> {
    let mut bytes = json.bytes().enumerate();
    let mut is_text = false;
    std::iter::from_fn(move || {
        loop {
            match bytes.next()? {
                (_, b'"') => is_text = !is_text,
                (_, b'\\') if is_text => drop(bytes.next()),
                (at, mark @ (b'[' | b']' | b'{' | b'}' | b',')) if !is_text => return Some((at, mark)),
                _ => {}
            }
        }
    })
}

/// Appends what stands before a packet's payload.
///
/// `attachments` is how many follow an event or an acknowledgement; a packet with any is of another type.
pub fn push_head(out: &mut Vec<u8>, kind: Type, attachments: usize, namespace: &str, id: Option<u64>) {
    out.push(match (kind, attachments) {
        (Type::Connect, _) => b'0',
        (Type::Disconnect, _) => b'1',
        (Type::Event, 0) => b'2',
        (Type::Ack, 0) => b'3',
        (Type::ConnectError, _) => b'4',
        (Type::Event, _) => b'5',
        (Type::Ack, _) => b'6',
    });
    if attachments > 0 {
        push_number(out, attachments as u64);
        out.push(b'-');
    }
    if namespace != "/" {
        out.extend_from_slice(namespace.as_bytes());
        out.push(b',');
    }
    if let Some(id) = id {
        push_number(out, id);
    }
}

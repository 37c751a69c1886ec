//! The same bytes to tungstenite's server: the same messages come out, and the same close goes back.
//!
//! Where the two may differ, and why the streams here or the comparison leave it out:
//! - text that is not UTF-8: ours is refused at its first impossible byte, tungstenite's when its frame, or for a
//!   character that is cut by the end its message, is whole. So what tungstenite hears after our refusal may only be
//!   control frames;
//! - a length that is not in its shortest form: tungstenite takes it, ours is refused (section 5.2 says "MUST");
//! - a frame with several faults: each names another one. The frames here have one, besides standing in the wrong
//!   place;
//! - a frame that never becomes whole: ours is refused by its header. The streams here end with a whole frame;
//! - close code 1014 (registered after the RFC): ours takes it, tungstenite does not;
//! - the number of fragments: tungstenite knows no limit.

use std::io::{self, Read, Write};

use proptest::prelude::*;
use tungstenite::protocol::{Role, WebSocket, WebSocketConfig};
use tungstenite::{Error, Message, error::ProtocolError};

use super::streams::{cut, cuts};
use super::*;

const MAX_MESSAGE: u32 = 300;
const LIMITS: Limits = Limits { max_message: MAX_MESSAGE, max_fragments: u32::MAX };

/// What came out, and what close went back.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    items: Vec<Heard>,
    end: End,
}

#[derive(Debug, PartialEq, Eq)]
enum End {
    StillOpen,
    ClosedWith(u16),
    ClosedWithoutCode,
}

impl From<Option<u16>> for End {
    fn from(code: Option<u16>) -> Self {
        code.map_or(Self::ClosedWithoutCode, Self::ClosedWith)
    }
}

fn ours(bytes: &[u8], at: &[prop::sample::Index]) -> Outcome {
    let mut items = hear(LIMITS, cut(bytes, at));
    let end = match items.last() {
        Some(Heard::Close(close)) => close.as_ref().map(|close| close.0).into(),
        Some(Heard::Refused(violation)) => End::ClosedWith(violation.code()),
        _ => End::StillOpen,
    };
    items.truncate(items.len() - usize::from(end != End::StillOpen));
    Outcome { items, end }
}

/// A socket that gives the pieces of a stream and forgets what is written.
pub(crate) struct Pieces<'a>(Vec<&'a [u8]>);

impl<'a> Pieces<'a> {
    /// Empty pieces are left out: they would be the end.
    pub(crate) fn of(pieces: impl DoubleEndedIterator<Item = &'a [u8]>) -> Self {
        Self(pieces.filter(|piece| !piece.is_empty()).rev().collect())
    }
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(mut piece) = self.0.pop() else { return Ok(0) };
        let read = piece.read(buffer)?;
        self.0.extend(Some(piece).filter(|rest| !rest.is_empty()));
        Ok(read)
    }
}

impl Write for Pieces<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn theirs(bytes: &[u8], at: &[prop::sample::Index]) -> Outcome {
    // Judged by the message alone, it looks at a frame's place before its size, as ours does.
    let max = Some(MAX_MESSAGE as usize);
    let config = WebSocketConfig::default().read_buffer_size(16 * 1024).max_frame_size(None).max_message_size(max);
    let mut server = WebSocket::from_raw_socket(Pieces::of(cut(bytes, at).into_iter()), Role::Server, Some(config));
    let mut items = Vec::new();
    let end = loop {
        items.push(match server.read() {
            Ok(Message::Text(text)) => Heard::Text(text.as_str().to_owned()),
            Ok(Message::Binary(bytes)) => Heard::Binary(bytes.to_vec()),
            Ok(Message::Ping(bytes)) => Heard::Ping(bytes.to_vec()),
            Ok(Message::Pong(bytes)) => Heard::Pong(bytes.to_vec()),
            Ok(Message::Close(close)) => break close.map(|close| close.code.into()).into(),
            Err(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)) => break End::StillOpen,
            Err(Error::Protocol(_)) => break End::ClosedWith(1002),
            Err(Error::Utf8(_)) => break End::ClosedWith(1007),
            Err(Error::Capacity(_)) => break End::ClosedWith(1009),
            other => unreachable!("a client's bytes alone do not lead to {other:?}"),
        });
    };
    Outcome { items, end }
}

/// Bytes of a text: most often UTF-8.
fn text() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        6 => "\\PC{0,20}".prop_map(String::into_bytes),
        2 => "[a-zژ😀]{0,130}".prop_map(String::into_bytes),
        1 => ("\\PC{1,9}", any::<prop::sample::Index>(), any::<u8>()).prop_map(|(text, at, byte)| {
            let mut bytes = text.into_bytes();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            bytes
        }),
    ]
}

fn control() -> impl Strategy<Value = Vec<u8>> {
    (prop_oneof![Just(PING), Just(PONG)], prop::collection::vec(any::<u8>(), 0..20))
        .prop_map(|(opcode, payload)| client_frame(FIN | opcode, &payload))
}

/// A message in one or more fragments, control frames between them.
fn message() -> impl Strategy<Value = Vec<u8>> {
    let text = text().prop_map(|payload| (TEXT, payload));
    let binary = prop::collection::vec(any::<u8>(), 0..330).prop_map(|payload| (BINARY, payload));
    let between = prop::collection::vec(prop::option::of(control()), 13);
    (prop_oneof![3 => text, 1 => binary], cuts(), between).prop_map(|((opcode, payload), at, between)| {
        let fragments = cut(&payload, &at);
        let last = fragments.len() - 1;
        let mut bytes = Vec::new();
        for (number, fragment) in fragments.into_iter().enumerate() {
            let opcode = if number == 0 { opcode } else { CONTINUATION };
            let fin = if number == last { FIN } else { 0 };
            bytes.extend(client_frame(fin | opcode, fragment));
            bytes.extend(between[number].iter().flatten().filter(|_| number < last));
        }
        bytes
    })
}

/// A frame that may not stand where it stands, or that no one may send.
fn out_of_place() -> impl Strategy<Value = Vec<u8>> {
    let any_data = (0..3_u8, any::<bool>(), text())
        .prop_map(|(opcode, fin, payload)| client_frame(opcode | if fin { FIN } else { 0 }, &payload));
    let reserved = (1..8_u8, text()).prop_map(|(bits, payload)| client_frame(FIN | bits << 4 | TEXT, &payload));
    let unknown = prop_oneof![3..8_u8, 11..16_u8].prop_map(|opcode| client_frame(FIN | opcode, b"?"));
    let unmasked = "[a-z]{0,9}".prop_map(|text| [&[FIN | TEXT, text.len() as u8], text.as_bytes()].concat());
    let long_control = (CLOSE..=PONG).prop_map(|opcode| client_frame(FIN | opcode, &[b'x'; 126]));
    let cut_control = (CLOSE..=PONG).prop_map(|opcode| client_frame(opcode, b""));
    let half_close = Just(client_frame(FIN | CLOSE, &[3]));
    prop_oneof![8 => any_data, 1 => reserved, 1 => unknown, 1 => unmasked, 1 => long_control, 1 => cut_control, 1 => half_close]
}

fn close() -> impl Strategy<Value = Vec<u8>> {
    let code = prop_oneof![3 => 990..1020_u16, 1 => any::<u16>()].prop_filter("see above", |&code| code != 1014);
    let reason = "\\PC{0,20}".prop_map(String::into_bytes);
    prop_oneof![
        1 => Just(client_frame(FIN | CLOSE, b"")),
        4 => (code, reason).prop_map(|(code, reason)| client_close(code, &reason)),
        1 => Just(client_close(1000, b"\xed\xa0\x80")),
    ]
}

proptest! {
    #![proptest_config(remembering(1500))]

    #[test]
    fn tungstenite_hears_the_same_and_closes_with_the_same_code(
        parts in prop::collection::vec(prop_oneof![6 => message(), 2 => control(), 1 => out_of_place(), 1 => close()], 0..8),
        our_cuts in cuts(),
        their_cuts in cuts(),
    ) {
        let bytes = parts.concat();
        let ours = ours(&bytes, &our_cuts);
        let theirs = theirs(&bytes, &their_cuts);
        if ours.end == End::ClosedWith(1007) && ours != theirs {
            let later = theirs.items.strip_prefix(&*ours.items);
            let is_control = |heard: &Heard| matches!(heard, Heard::Ping(_) | Heard::Pong(_));
            prop_assert!(later.is_some_and(|later| later.iter().all(is_control)), "{ours:?}, but {theirs:?}");
        } else {
            prop_assert_eq!(ours, theirs);
        }
    }
}

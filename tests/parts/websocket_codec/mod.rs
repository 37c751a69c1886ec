//! The WebSocket codec against the words of RFC 6455 and RFC 7692, against tungstenite and miniz, against a corpus of byte
//! streams, and against noise.
//!
//! Here are the client's side of the wire and the ear that writes down what the decoder makes of it; the modules are
//! the proofs.

mod corpus;
mod deflate;
mod encoding;
mod extension;
mod handshake;
mod oracle;
mod rules;
mod streams;

use std::ops::ControlFlow;

use charsu::transport::ws::{Decoder, Item, Limits, Violation, frame};
use proptest::test_runner::{Config, FileFailurePersistence};

const FIN: u8 = 0x80;
const CONTINUATION: u8 = 0;
const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

/// No byte of it is zero, so that a byte left masked is seen.
const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// What came out of the decoder, kept.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Heard {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<(u16, String)>),
    Refused(Violation),
}

impl From<Item<'_>> for Heard {
    fn from(item: Item<'_>) -> Self {
        match item {
            Item::Text(text) => Self::Text(text.to_owned()),
            Item::Binary(bytes) => Self::Binary(bytes.to_vec()),
            Item::Ping(bytes) => Self::Ping(bytes.to_vec()),
            Item::Pong(bytes) => Self::Pong(bytes.to_vec()),
            Item::Close(close) => Self::Close(close.map(|(code, reason)| (code, reason.to_owned()))),
        }
    }
}

/// Feeds one more piece and writes down what comes of it.
fn feed(decoder: &mut Decoder, piece: &[u8], heard: &mut Vec<Heard>) {
    let fed = decoder.feed(&mut piece.to_vec(), |item| {
        heard.push(item.into());
        ControlFlow::Continue(())
    });
    heard.extend(fed.err().map(Heard::Refused));
}

/// What a fresh decoder hears in `pieces`.
fn hear<'a>(limits: Limits, pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Heard> {
    hear_by(Decoder::new(limits), pieces)
}

/// What this decoder hears in `pieces`.
fn hear_by<'a>(mut decoder: Decoder, pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Heard> {
    let mut heard = Vec::new();
    for piece in pieces {
        feed(&mut decoder, piece, &mut heard);
    }
    heard
}

/// What a fresh decoder with the default limits hears in `bytes`.
fn hear_whole(bytes: &[u8]) -> Vec<Heard> {
    hear(Limits::default(), [bytes])
}

/// A client's frame: `first` is its first byte, the length is written in its shortest form.
fn client_frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = payload.len();
    let length_field = match length {
        ..126 => vec![length as u8],
        126..0x1_0000 => [&[126][..], &(length as u16).to_be_bytes()].concat(),
        _ => [&[127][..], &(length as u64).to_be_bytes()].concat(),
    };
    client_frame_with(first, &length_field, payload)
}

/// A client's frame with any length field (the mask bit is set here), true or not.
fn client_frame_with(first: u8, length_field: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first, 0x80 | length_field[0]];
    bytes.extend_from_slice(&length_field[1..]);
    bytes.extend_from_slice(&KEY);
    let begin = bytes.len();
    bytes.extend_from_slice(payload);
    frame::mask(&mut bytes[begin..], KEY);
    bytes
}

/// A client's close frame.
fn client_close(code: u16, reason: &[u8]) -> Vec<u8> {
    client_frame(FIN | CLOSE, &[&code.to_be_bytes()[..], reason].concat())
}

/// Property tests write down what failed, so that it is tried first from then on.
fn remembering(cases: u32) -> Config {
    Config {
        cases,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/corpus/ws/failures.proptest"
        )))),
        ..Config::default()
    }
}

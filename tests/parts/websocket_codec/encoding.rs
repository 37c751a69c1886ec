//! What the server writes, read by tungstenite's client.

use charsu::transport::ws::{Opcode, close, frame};
use proptest::prelude::*;
use tungstenite::protocol::{CloseFrame, Role, WebSocket, WebSocketConfig};
use tungstenite::{Message, Utf8Bytes};

use super::oracle::Pieces;
use super::remembering;

/// What a client reads from `bytes`.
fn read(bytes: &[u8]) -> Vec<Message> {
    let config = WebSocketConfig::default().read_buffer_size(4096).max_frame_size(None).max_message_size(None);
    let mut client = WebSocket::from_raw_socket(Pieces::of([bytes].into_iter()), Role::Client, Some(config));
    std::iter::from_fn(|| client.read().ok()).collect()
}

/// The same frame, pushed and written in place, which has to make no difference.
fn pushed(opcode: Opcode, payload: &[u8], expected: usize) -> Vec<u8> {
    let (mut out, mut in_place) = (b"before".to_vec(), b"before".to_vec());
    frame::push(&mut out, opcode, payload);
    frame::push_with(&mut in_place, opcode, expected, |out| out.extend_from_slice(payload));
    assert_eq!(out, in_place, "{} bytes, expected {expected}", payload.len());
    out.split_off(b"before".len())
}

#[test]
fn the_examples_of_the_rfc_are_written() {
    assert_eq!(pushed(Opcode::Text, b"Hello", 5), [0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]);
    assert_eq!(pushed(Opcode::Ping, b"Hello", 5), [0x89, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]);
    assert_eq!(*frame::header(Opcode::Binary, 256), [0x82, 0x7e, 0x01, 0x00]);
    assert_eq!(*frame::header(Opcode::Binary, 65_536), [0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0]);
}

#[test]
fn every_length_is_written_in_its_shortest_form_whatever_was_expected() {
    for length in [0, 1, 125, 126, 65_535, 65_536, 100_000] {
        let said = "x".repeat(length);
        for expected in [0, 125, 126, 65_535, 65_536] {
            let bytes = pushed(Opcode::Text, said.as_bytes(), expected);
            let header = bytes.len() - length;
            assert_eq!(header, [2, 4, 10][usize::from(length > 125) + usize::from(length > 65_535)]);
            assert_eq!(read(&bytes), [Message::text(said.as_str())]);
        }
    }
}

#[test]
fn a_close_is_written_with_its_reason_cut_between_characters() {
    let written = |code, reason: &str| {
        let mut out = Vec::new();
        close::push(&mut out, code, reason);
        read(&out)
    };
    let close = |code: u16, reason: &str| {
        [Message::Close(Some(CloseFrame { code: code.into(), reason: Utf8Bytes::from(reason.to_owned()) }))]
    };
    assert_eq!(written(1000, ""), close(1000, ""));
    assert_eq!(written(4008, "slow"), close(4008, "slow"));
    assert_eq!(written(1001, &"x".repeat(200)), close(1001, &"x".repeat(123)));
    assert_eq!(written(1001, &"ژ".repeat(200)), close(1001, &"ژ".repeat(61)));
}

#[test]
fn a_close_is_answered_with_its_code() {
    let answer = |received| {
        let mut out = Vec::new();
        close::push_answer(&mut out, received);
        out
    };
    assert_eq!(answer(None), [0x88, 0]);
    assert_eq!(answer(Some((4999, "bye"))), [0x88, 2, 0x13, 0x87]);
}

proptest! {
    #![proptest_config(remembering(200))]

    #[test]
    fn a_client_reads_what_was_written(
        said in prop::collection::vec(prop_oneof![
            "\\PC{0,200}".prop_map(Message::text),
            (0..70_000_usize, any::<u8>()).prop_map(|(length, byte)| Message::binary(vec![byte; length])),
            prop::collection::vec(any::<u8>(), 0..126).prop_map(|bytes| Message::Ping(bytes.into())),
            prop::collection::vec(any::<u8>(), 0..126).prop_map(|bytes| Message::Pong(bytes.into())),
        ], 0..6),
        expected in 0..70_000_usize,
    ) {
        let bytes = said.iter().map(|message| match message {
            Message::Text(text) => pushed(Opcode::Text, text.as_bytes(), expected),
            Message::Binary(bytes) => pushed(Opcode::Binary, bytes, expected),
            Message::Ping(bytes) => pushed(Opcode::Ping, bytes, expected),
            Message::Pong(bytes) => pushed(Opcode::Pong, bytes, expected),
            Message::Close(_) | Message::Frame(_) => unreachable!("not made above"),
        });
        prop_assert!(read(&bytes.collect::<Vec<_>>().concat()) == said);
    }
}

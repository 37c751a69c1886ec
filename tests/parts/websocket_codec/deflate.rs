//! Compressed messages: the examples of RFC 7692, what may be compressed and what may not, the bounds of inflating, and
//! `miniz_oxide` on the other side of the wire.

use charsu::transport::ws::deflate::{Deflater, SHORTEST, WINDOW, push_all_deflated};
use charsu::transport::ws::frame::Opcode;
use miniz_oxide::DataFormat;
use miniz_oxide::deflate::core::{CompressorOxide, TDEFLFlush, compress};
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress, inflate_flags::TINFL_FLAG_HAS_MORE_INPUT};
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng};

use super::streams::{cut, cuts};
use super::*;

/// On the first frame of a compressed message.
const RSV1: u8 = 0x40;

/// What a message's end is sent without.
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];

/// The largest window, which the clients here use.
const WIDEST: u8 = 15;

/// What a fresh decoder of a client with which compression was agreed on hears in `pieces`.
fn hear_inflating<'a>(limits: Limits, pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Heard> {
    hear_by(Decoder::inflating(limits, true), pieces)
}

fn hear_message(payload: &[u8]) -> Vec<Heard> {
    hear_inflating(Limits::default(), [&*client_frame(FIN | RSV1 | TEXT, payload)])
}

fn text(text: &str) -> Heard {
    Heard::Text(text.to_owned())
}

/// As a client compresses a message.
pub(crate) fn squeeze(message: &[u8], level: u8) -> Vec<u8> {
    let mut compressor = CompressorOxide::default();
    compressor.set_format_and_level(DataFormat::Raw, level);
    let mut out = vec![0; message.len() + message.len() / 8 + 100];
    let (_, read, made) = compress(&mut compressor, message, &mut out, TDEFLFlush::Sync);
    assert_eq!(read, message.len());
    out.truncate(made);
    assert!(out.ends_with(&TAIL));
    out.truncate(made - TAIL.len());
    out
}

/// As a client inflates a message with a window of so many bits; nothing if it is broken or looks back beyond the window.
pub(crate) fn release(payload: &[u8], window: u8) -> Option<Vec<u8>> {
    let payload = [payload, &TAIL].concat();
    let mut decompressor = DecompressorOxide::new();
    let (mut whole, mut ring, mut read) = (Vec::new(), vec![0; 1 << window], 0);
    loop {
        let at = whole.len() % ring.len();
        let (status, took, made) =
            decompress(&mut decompressor, &payload[read..], &mut ring, at, TINFL_FLAG_HAS_MORE_INPUT);
        read += took;
        whole.extend_from_slice(&ring[at..at + made]);
        match status {
            TINFLStatus::HasMoreOutput => {}
            TINFLStatus::NeedsMoreInput if read == payload.len() => return Some(whole),
            _ => return None,
        }
    }
}

#[test]
fn the_examples_of_the_rfc_are_heard() {
    let hello = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
    assert_eq!(hear_message(&hello), [text("Hello")], "one block");
    let (one, two) = hello.split_at(3);
    let fragments = [client_frame(RSV1 | TEXT, one), client_frame(FIN | CONTINUATION, two)].concat();
    assert_eq!(hear_inflating(Limits::default(), [&*fragments]), [text("Hello")], "in fragments");
    let stored = [0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00];
    assert_eq!(hear_message(&stored), [text("Hello")], "a block that is not compressed");
    assert_eq!(hear_message(&[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00]), [text("Hello")], "a last block");
    let two_blocks = [0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00];
    assert_eq!(hear_message(&two_blocks), [text("Hello")], "two blocks");
    assert_eq!(hear_message(&[0x00]), [text("")], "nothing");

    // The second message of the example that shares a window: it looks back to a message that is forgotten.
    let takeover = [client_frame(FIN | RSV1 | TEXT, &hello), client_frame(FIN | RSV1 | TEXT, &[0xf2, 0, 0x11, 0, 0])];
    let heard = hear_inflating(Limits::default(), [&*takeover.concat()]);
    assert_eq!(heard, [text("Hello"), Heard::Refused(Violation::NotDeflate)]);
}

#[test]
fn a_message_may_be_compressed_or_not_as_the_client_likes() {
    let binary = squeeze(&[7; 1000], 6);
    let stream = [
        client_frame(FIN | TEXT, b"plain"),
        client_frame(FIN | RSV1 | TEXT, &squeeze(b"packed", 1)),
        client_frame(FIN | RSV1 | BINARY, &binary),
        client_frame(TEXT, b"pl"),
        client_frame(FIN | CONTINUATION, b"ain"),
    ];
    let heard = hear_inflating(Limits::default(), [&*stream.concat()]);
    assert_eq!(heard, [text("plain"), text("packed"), Heard::Binary(vec![7; 1000]), text("plain")]);
}

#[test]
fn the_bit_stands_on_the_first_frame_of_a_message_only_and_where_it_was_agreed_on() {
    let refused = [Heard::Refused(Violation::ReservedBit)];
    let message = client_frame(FIN | RSV1 | TEXT, &squeeze(b"hello", 6));
    assert_eq!(hear(Limits::default(), [&*message]), refused, "not agreed on");
    for first in [FIN | RSV1 | PING, FIN | RSV1 | PONG, FIN | RSV1 | CLOSE, FIN | RSV1 | CONTINUATION] {
        assert_eq!(hear_inflating(Limits::default(), [&[first][..]]), refused, "{first:#x}");
    }
    for other in [0x20, 0x10, 0x60, 0x50, 0x70] {
        assert_eq!(hear_inflating(Limits::default(), [&[FIN | TEXT | other][..]]), refused, "{other:#x}");
    }
    for begun in [TEXT, RSV1 | TEXT] {
        let again = [client_frame(begun, b"\x00"), client_frame(RSV1 | CONTINUATION, b"\x00")].concat();
        assert_eq!(hear_inflating(Limits::default(), [&*again]), refused, "{begun:#x}");
    }
}

#[test]
fn control_frames_stand_between_the_fragments_of_a_compressed_message() {
    let whole = squeeze("سلام, in three parts".as_bytes(), 6);
    let (one, rest) = whole.split_at(5);
    let (two, three) = rest.split_at(5);
    let stream = [
        client_frame(RSV1 | TEXT, one),
        client_frame(FIN | PING, b"1"),
        client_frame(CONTINUATION, two),
        client_frame(FIN | PONG, b""),
        client_frame(FIN | CONTINUATION, three),
    ]
    .concat();
    let expected = [Heard::Ping(b"1".to_vec()), Heard::Pong(vec![]), text("سلام, in three parts")];
    assert_eq!(hear_inflating(Limits::default(), [&*stream]), expected);
    assert_eq!(hear_inflating(Limits::default(), stream.chunks(1)), expected);
}

#[test]
fn a_message_is_inflated_up_to_the_limit_and_not_beyond() {
    for limit in [1, 100, 4096, 65_536] {
        let limits = Limits { max_message: limit, max_fragments: 10 };
        let heard = |length| {
            let message = squeeze(&vec![b'0'; length], 6);
            // Of a very small limit the compressed form may be over it.
            let limits = Limits { max_message: limit.max(message.len() as u32), ..limits };
            hear_inflating(limits, [&*client_frame(FIN | RSV1 | BINARY, &message)])
        };
        let limit = limit as usize;
        if limit > 50 {
            assert_eq!(heard(limit), [Heard::Binary(vec![b'0'; limit])], "{limit}");
            assert_eq!(heard(limit + 1), [Heard::Refused(Violation::TooLarge)], "{limit}");
        }
        assert_eq!(heard(limit + 1_000_000), [Heard::Refused(Violation::TooLarge)], "{limit}");
    }
}

#[test]
fn a_message_that_is_too_large_as_it_comes_is_refused_before_it_is_inflated() {
    let limits = Limits { max_message: 1000, max_fragments: 10 };
    // Nothing, written in 5,000 bytes.
    let empty = [0, 0, 0, 0xff, 0xff].repeat(1000);
    let whole = client_frame(FIN | RSV1 | TEXT, &empty);
    assert_eq!(hear_inflating(limits, [&whole[..8]]), [Heard::Refused(Violation::TooLarge)], "by its header");
    let fragments = [client_frame(RSV1 | TEXT, &empty[..600]), client_frame(CONTINUATION, &empty[..600])].concat();
    assert_eq!(hear_inflating(limits, [&*fragments]), [Heard::Refused(Violation::TooLarge)], "in sum");
    let many = [client_frame(RSV1 | TEXT, b""), client_frame(CONTINUATION, b"").repeat(10)].concat();
    assert_eq!(hear_inflating(limits, [&*many]), [Heard::Refused(Violation::TooManyFragments)]);
    let fits = [&[0, 0, 0, 0xff, 0xff].repeat(199)[..], &[0]].concat();
    assert_eq!(hear_inflating(limits, [&*client_frame(FIN | RSV1 | TEXT, &fits)]), [text("")]);
}

#[test]
fn what_is_broken_or_ends_in_the_middle_is_refused() {
    let refused = [Heard::Refused(Violation::NotDeflate)];
    assert_eq!(Violation::NotDeflate.code(), 1007);
    let whole = squeeze("a message that is long enough to be cut, cut, cut".as_bytes(), 6);
    for end in 0..whole.len() {
        assert_eq!(hear_message(&whole[..end]), refused, "cut after {end} of {}", whole.len());
    }
    for (what, broken) in [
        ("a kind of block that does not exist", &[0b110][..]),
        ("a length and its complement that differ", &[0, 5, 0, 5, 0, 1, 2, 3, 4, 5, 0]),
        ("a distance to before the beginning", &[0xf2, 0x00, 0x11, 0x00, 0x00]),
        ("the tail itself", &[0, 0, 0, 0xff, 0xff]),
        ("a zlib header", &[0x78, 0x9c, 0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]),
        ("text", b"hello, I was said to be compressed"),
    ] {
        assert_eq!(hear_message(broken), refused, "{what}");
    }
}

#[test]
fn text_is_judged_once_it_is_inflated() {
    let refused = [Heard::Refused(Violation::NotUtf8)];
    assert_eq!(hear_message(&squeeze(b"good, and then \xff", 6)), refused);
    assert_eq!(hear_message(&squeeze(&"ی".as_bytes()[..1], 6)), refused, "half a character");
    // Compressed, it does not look like text at all.
    let squeezed = squeeze("سلام سلام سلام".as_bytes(), 6);
    assert!(str::from_utf8(&squeezed).is_err());
    assert_eq!(hear_message(&squeezed), [text("سلام سلام سلام")]);
}

#[test]
fn nothing_is_taken_after_what_could_not_be_inflated() {
    let stream = [client_frame(FIN | RSV1 | TEXT, b"\x06"), client_frame(FIN | TEXT, b"hello")].concat();
    assert_eq!(hear_inflating(Limits::default(), [&*stream]), [Heard::Refused(Violation::NotDeflate)]);
}

/// A message and how it is sent: compressed at a level, or plain.
fn message() -> impl Strategy<Value = (String, Option<u8>)> {
    let text = prop_oneof!["\\PC{0,40}", "[ab]{0,300}", Just("سلام دوستان ".repeat(30))];
    (text, proptest::option::of(0_u8..10))
}

/// Frames of one message, cut into fragments.
fn fragments(first: u8, payload: &[u8], at: &[prop::sample::Index]) -> Vec<u8> {
    let parts = cut(payload, at);
    let last = parts.len() - 1;
    let frames = parts.into_iter().enumerate().map(|(number, part)| {
        let kind = if number == 0 { first } else { CONTINUATION };
        client_frame(if number == last { FIN | kind } else { kind }, part)
    });
    frames.collect::<Vec<_>>().concat()
}

proptest! {
    // Few: each makes compressors, which takes its time in a debug build.
    #![proptest_config(remembering(60))]

    #[test]
    fn what_another_compressor_made_is_heard_however_it_is_cut(
        messages in prop::collection::vec((message(), cuts()), 1..6),
        at in cuts(),
    ) {
        let mut stream = Vec::new();
        for ((text, level), inside) in &messages {
            let (first, payload) = match level {
                Some(level) => (RSV1 | TEXT, squeeze(text.as_bytes(), *level)),
                None => (TEXT, text.as_bytes().to_vec()),
            };
            stream.extend(fragments(first, &payload, inside));
        }
        let said: Vec<_> = messages.iter().map(|((text, _), _)| Heard::Text(text.clone())).collect();
        prop_assert_eq!(hear_inflating(Limits::default(), cut(&stream, &at)), said);
    }

    #[test]
    fn noise_said_to_be_compressed_is_heard_the_same_however_it_is_cut(
        parts in prop::collection::vec(
            (prop::sample::select(vec![FIN | RSV1 | TEXT, FIN | RSV1 | BINARY, RSV1 | BINARY, FIN | CONTINUATION]),
             prop::collection::vec(any::<u8>(), 0..60)),
            0..6,
        ),
        at in cuts(),
    ) {
        let limits = Limits { max_message: 300, max_fragments: 4 };
        let stream: Vec<u8> = parts.iter().flat_map(|(first, payload)| client_frame(*first, payload)).collect();
        let whole = hear_inflating(limits, [&*stream]);
        for heard in &whole {
            if let Heard::Binary(bytes) = heard {
                prop_assert!(bytes.len() <= 300);
            }
        }
        prop_assert_eq!(&hear_inflating(limits, cut(&stream, &at)), &whole);
        prop_assert_eq!(&hear_inflating(limits, stream.chunks(1)), &whole);
    }

    #[test]
    fn a_damaged_message_is_refused_or_heard_and_is_never_larger_than_allowed(
        text in "\\PC{0,200}", level in 0_u8..10, at in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        let mut payload = squeeze(text.as_bytes(), level);
        let at = at.index(payload.len());
        payload[at] = byte;
        let limits = Limits { max_message: 900, max_fragments: 1 };
        let heard = hear_inflating(limits, [&*client_frame(FIN | RSV1 | BINARY, &payload)]);
        match &heard[..] {
            [Heard::Binary(bytes)] => prop_assert!(bytes.len() <= 900),
            [Heard::Refused(Violation::NotDeflate | Violation::TooLarge)] => {}
            other => prop_assert!(false, "{other:?}"),
        }
    }

    #[test]
    fn another_inflater_reads_what_is_sent_within_the_window_that_was_agreed_on(
        messages in prop::collection::vec(
            prop_oneof![
                prop::collection::vec(any::<u8>(), 0..400),
                ("[a-f]{1,700}", 1_usize..60).prop_map(|(part, times)| part.repeat(times).into_bytes()),
                ("[سلامدوتن ]{1,100}", 1_usize..9).prop_map(|(part, times)| part.repeat(times).into_bytes()),
            ],
            1..5,
        ),
        window in 8_u8..16,
    ) {
        let mut deflater = Deflater::new(window);
        for message in &messages {
            if let Some(sent) = deflater.deflate(message) {
                prop_assert!(sent.len() < message.len());
                prop_assert_eq!(release(sent, window), Some(message.clone()));
            }
        }
    }

    #[test]
    fn frames_are_compressed_one_by_one_and_say_the_same(
        messages in prop::collection::vec(
            prop_oneof![
                "\\PC{0,80}".boxed(),
                (0_usize..90).prop_map(|times| "hello سلام ".repeat(times)).boxed(),
                (65_000_usize..66_000).prop_map(|length| "x".repeat(length)).boxed(),
            ],
            0..6,
        ),
    ) {
        let mut plain = Vec::new();
        for message in &messages {
            frame::push(&mut plain, Opcode::Text, message.as_bytes());
        }
        let mut sent = Vec::new();
        push_all_deflated(&mut sent, &plain);
        prop_assert!(sent.len() <= plain.len());
        let mut frames = &sent[..];
        for message in &messages {
            let first = frames[0];
            let (payload, rest) = frame::split(frames).expect("a frame for each message");
            frames = rest;
            match first {
                0x81 => prop_assert_eq!(payload, message.as_bytes()),
                0xc1 => {
                    prop_assert!(message.len() >= SHORTEST);
                    prop_assert_eq!(release(payload, WINDOW), Some(message.clone().into_bytes()));
                }
                other => prop_assert!(false, "{other:#x}"),
            }
        }
        prop_assert!(frames.is_empty());
    }
}

#[test]
fn a_window_that_zlib_cannot_keep_is_kept_by_sending_long_messages_plain() {
    let mut deflater = Deflater::new(8);
    assert!(deflater.deflate(&b"hello ".repeat(40)).is_some());
    assert!(deflater.deflate(&b"hello ".repeat(50)).is_none());
    assert!(Deflater::new(WIDEST).deflate(&b"hello ".repeat(50)).is_some());
    assert!(Deflater::new(WINDOW).deflate(b"").is_none(), "nothing is not made shorter");
}

/// So much of what is no shorter compressed that it would not fit into the compressor: none of it may stay there.
#[test]
fn what_is_no_shorter_compressed_leaves_nothing_behind_for_the_messages_after_it() {
    let mut noise = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    for window in [9, WINDOW, WIDEST] {
        let mut deflater = Deflater::new(window);
        // Of the same length again and again: a longer one between them would take along what was left.
        for length in [256, 1024] {
            for _ in 0..64 {
                let mut message = vec![0; length];
                noise.fill_bytes(&mut message);
                assert!(deflater.deflate(&message).is_none(), "noise was made shorter");
            }
        }
        let line = b"hello, hello, hello, hello, hello, hello, hello";
        let sent = deflater.deflate(line).expect("that can be made shorter");
        assert_eq!(release(sent, window).as_deref(), Some(&line[..]));
    }
}

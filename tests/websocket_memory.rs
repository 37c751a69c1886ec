//! What the WebSocket decoder costs in memory, counted by the allocator. Alone in its program, so that nobody else is
//! counted.

use std::{alloc::System, ops::ControlFlow};

use charsu::transport::ws::{Decoder, Limits, Violation, frame};
use miniz_oxide::deflate::compress_to_vec;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Bytes for what is half said, beside the bytes themselves.
const HALF_SAID: isize = 160;

/// A client's frame that announces a length, whether or not that much payload follows.
fn client_frame(first: u8, announced: u64, payload: &[u8]) -> Vec<u8> {
    const MASKED: u8 = 0x80;
    let mut bytes = vec![first];
    match announced {
        ..126 => bytes.push(MASKED | announced as u8),
        126..0x1_0000 => bytes.extend([&[MASKED | 0x7e][..], &(announced as u16).to_be_bytes()].concat()),
        _ => bytes.extend([&[MASKED | 0x7f][..], &announced.to_be_bytes()].concat()),
    }
    let key = [1, 2, 3, 4];
    bytes.extend(key);
    let begin = bytes.len();
    bytes.extend_from_slice(payload);
    frame::mask(&mut bytes[begin..], key);
    bytes
}

/// What a thread keeps for inflating, beside the compressed message and the inflated one, in bytes.
const INFLATER: usize = 48 * 1024;

/// How many bytes `decoder` holds more after it was fed (less, if negative), and how often it asked for memory.
fn cost(decoder: &mut Decoder, bytes: &[u8]) -> (isize, usize) {
    let mut bytes = bytes.to_vec();
    let region = Region::new(ALLOCATOR);
    decoder.feed(&mut bytes, |_| ControlFlow::Continue(())).expect("nothing against the rules");
    let stats = region.change();
    let held = stats.bytes_allocated.cast_signed() - stats.bytes_deallocated.cast_signed();
    (held, stats.allocations + stats.reallocations)
}

/// The counts are of the whole process, whose test runner has a thread of its own. What that does happens once; what a
/// decoder does happens each time.
const ATTEMPTS: usize = 3;

/// One after the other: they are counted together.
#[test]
fn memory_is_held_only_for_what_is_half_said_and_has_arrived() {
    for play in [plain, compressed] {
        let failed = |_: &usize| std::panic::catch_unwind(play).is_err();
        assert!((0..ATTEMPTS).take_while(failed).count() < ATTEMPTS, "each attempt failed");
    }
}

/// On a thread of its own, which has inflated nothing yet.
fn compressed() {
    std::thread::spawn(inflating).join().expect("it holds");
}

fn inflating() {
    const MAX: u32 = 64 * 1024;
    let limits = Limits { max_message: MAX, max_fragments: 1024 };
    let mut decoder = Decoder::inflating(limits, true);
    let deflated = |message: &[u8]| {
        let payload = ended(message);
        client_frame(0xc2, payload.len() as u64, &payload)
    };
    let line = deflated(&[b'x'; 110]);

    // 10 MB of zeros, and how much memory it takes to find that it is too much: all that was ever asked for.
    let bomb = deflated(&vec![0; 10_000_000]);
    assert!(bomb.len() < 10_000, "{} bytes", bomb.len());
    let mut bytes = bomb.clone();
    let region = Region::new(ALLOCATOR);
    let refused = Decoder::inflating(limits, true).feed(&mut bytes, |_| ControlFlow::Continue(()));
    let stats = region.change();
    assert_eq!(refused, Err(Violation::TooLarge));
    let asked_for = stats.bytes_allocated;
    assert!(asked_for <= INFLATER + bomb.len() + MAX as usize, "{asked_for} bytes for a bomb");

    assert_eq!(cost(&mut decoder, &[&*line, &*line].concat()), (0, 0), "a connection pays nothing for inflating");
    assert!(decoder.is_idle());

    for cut in [1, 5, line.len() - 1] {
        let (held, _) = cost(&mut decoder, &line[..cut]);
        assert!((1..=HALF_SAID + 2 * cut.cast_signed()).contains(&held), "{held} bytes for {cut}");
        let (released, _) = cost(&mut decoder, &line[cut..]);
        assert_eq!(released, -held, "a whole frame leaves nothing");
    }

    // Of a message that is not whole its compressed bytes are kept, not what they stand for.
    let most = ended(&vec![0; 60_000]);
    let (held, _) = cost(&mut decoder, &client_frame(0x42, most.len() as u64, &most));
    assert!((1..=HALF_SAID + 2 * most.len().cast_signed()).contains(&held), "{held} bytes for {}", most.len());
    let (released, _) = cost(&mut decoder, &client_frame(0x80, 0, b""));
    assert_eq!(released, -held);
}

/// A compressed message that ends in a last block, which is as good as any other with an empty one behind it.
fn ended(message: &[u8]) -> Vec<u8> {
    let mut bytes = compress_to_vec(message, 6);
    bytes.push(0);
    bytes
}

fn plain() {
    assert_eq!(size_of::<Decoder>(), 24);

    let limits = Limits { max_message: u32::MAX, max_fragments: 1024 };
    let mut decoder = Decoder::new(limits);
    let whole = client_frame(0x81, 110, &[b'x'; 110]);
    let ping = client_frame(0x89, 5, b"hello");

    let several = [&*whole, &*ping, &*whole, &*client_frame(0x82, 10_000, &[7; 10_000])].concat();
    assert_eq!(cost(&mut decoder, &several), (0, 0), "whole frames need no memory");

    for cut in 1..whole.len() {
        let (held, _) = cost(&mut decoder, &whole[..cut]);
        assert!((1..=HALF_SAID + 2 * cut.cast_signed()).contains(&held), "{held} bytes for {cut}");
        let (released, _) = cost(&mut decoder, &whole[cut..]);
        assert_eq!(released, -held, "a whole frame leaves nothing");
        assert!(decoder.is_idle());
    }

    let (begun, _) = cost(&mut decoder, &client_frame(0x01, 3, b"one"));
    assert_eq!(cost(&mut decoder, &ping.repeat(3)), (0, 0), "control frames between fragments need no memory");
    let (ended, _) = cost(&mut decoder, &client_frame(0x80, 3, b"two"));
    assert_eq!(begun + ended, 0);

    let four_gib = client_frame(0x82, u64::from(u32::MAX), b"");
    let (announced, _) = cost(&mut decoder, &four_gib);
    assert!(announced <= HALF_SAID, "{announced} bytes for an announcement");
    let (grown, _) = cost(&mut decoder, &[0; 10_000]);
    assert!(grown <= 2 * 10_000, "{grown} bytes for 10,000");
    let region = Region::new(ALLOCATOR);
    drop(decoder);
    assert_eq!(region.change().bytes_deallocated.cast_signed(), announced + grown);
}

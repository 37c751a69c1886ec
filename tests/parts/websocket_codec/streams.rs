//! Any bytes, cut anywhere: nothing panics, and what is heard depends on the bytes alone, not on how they were cut.

use proptest::prelude::*;

use super::*;

/// Small limits, so that random streams reach them.
const LIMITS: Limits = Limits { max_message: 300, max_fragments: 6 };

/// Cuts `bytes` at the given places.
pub(crate) fn cut<'a>(bytes: &'a [u8], at: &[prop::sample::Index]) -> Vec<&'a [u8]> {
    let mut places: Vec<usize> = at.iter().map(|index| index.index(bytes.len() + 1)).collect();
    places.extend([0, bytes.len()]);
    places.sort_unstable();
    places.windows(2).map(|ends| &bytes[ends[0]..ends[1]]).collect()
}

pub(crate) fn cuts() -> impl Strategy<Value = Vec<prop::sample::Index>> {
    prop::collection::vec(any::<prop::sample::Index>(), 0..12)
}

/// Bytes that look like frames more often than noise does.
fn frame_like() -> impl Strategy<Value = Vec<u8>> {
    let frame = (any::<u8>(), prop::collection::vec(any::<u8>(), 0..140)).prop_map(|(first, payload)| {
        // Most often no reserved bit and a known opcode.
        let first = if first & 0x70 == 0 {
            first
        } else {
            [TEXT, FIN | CONTINUATION, CONTINUATION, FIN | PING, BINARY][first as usize % 5]
        };
        client_frame(first, &payload)
    });
    let noise = prop::collection::vec(any::<u8>(), 0..20);
    prop::collection::vec(prop_oneof![4 => frame, 1 => noise], 0..8).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(remembering(1000))]

    #[test]
    fn noise_is_heard_the_same_however_it_is_cut(
        bytes in prop_oneof![frame_like(), prop::collection::vec(any::<u8>(), 0..400)],
        at in cuts(),
    ) {
        let whole = hear(LIMITS, [&*bytes]);
        prop_assert_eq!(&hear(LIMITS, cut(&bytes, &at)), &whole);
        prop_assert_eq!(&hear(LIMITS, bytes.chunks(1)), &whole);
    }

    #[test]
    fn text_is_refused_exactly_where_the_standard_library_finds_it_impossible(
        payload in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..12),
            ("\\PC{0,12}", any::<prop::sample::Index>(), any::<u8>()).prop_map(|(text, at, byte)| {
                let mut bytes = text.into_bytes();
                if !bytes.is_empty() {
                    let at = at.index(bytes.len());
                    bytes[at] = byte;
                }
                bytes
            }),
        ],
        at in cuts(),
    ) {
        let possible = |end: usize| match str::from_utf8(&payload[..end]) {
            Ok(_) => true,
            Err(error) => error.error_len().is_none(),
        };
        let mut decoder = Decoder::new(Limits::default());
        let mut heard = Vec::new();
        let mut end = 0;
        for (number, fragment) in cut(&payload, &at).into_iter().enumerate() {
            let frame = client_frame(if number == 0 { TEXT } else { CONTINUATION }, fragment);
            let (header, body) = frame.split_at(frame.len() - fragment.len());
            feed(&mut decoder, header, &mut heard);
            for byte in body.chunks(1) {
                end += 1;
                feed(&mut decoder, byte, &mut heard);
                if !possible(end) {
                    prop_assert_eq!(&heard, &[Heard::Refused(Violation::NotUtf8)]);
                    return Ok(());
                }
                prop_assert_eq!(&heard, &[]);
            }
        }
    }
}

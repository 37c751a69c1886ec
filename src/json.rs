//! JSON strings and numbers where every nanosecond counts: most texts are written as they are, so they are looked over once,
//! many bytes at a time, and copied. Everything else is serde's.

/// Whether a text stands between the quotes of a JSON string as it is: nothing in it needs an escape (RFC 8259 section 7).
#[expect(clippy::needless_bitwise_bool, reason = "without an early end the compiler looks at many bytes at once")]
pub(crate) fn is_plain(text: &[u8]) -> bool {
    text.iter().fold(true, |plain, &byte| plain & (byte >= b' ') & (byte != b'"') & (byte != b'\\'))
}

/// Appends a string with its quotes.
pub(crate) fn push_string(out: &mut Vec<u8>, text: &str) {
    if is_plain(text.as_bytes()) {
        out.reserve(text.len() + 2);
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    } else {
        serde_json::to_writer(out, text).expect("a string is JSON and a Vec takes every byte");
    }
}

/// Appends a whole number.
pub(crate) fn push_number(out: &mut Vec<u8>, number: u64) {
    serde_json::to_writer(out, &number).expect("a number is JSON and a Vec takes every byte");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_string_is_written_as_serde_writes_it(text in "\\PC{0,80}|[ -~]{0,80}|(?s:.{0,40})") {
            let mut out = Vec::new();
            push_string(&mut out, &text);
            prop_assert_eq!(String::from_utf8(out).expect("UTF-8"), serde_json::to_string(&text).expect("a string"));
        }

        #[test]
        fn a_number_is_written_as_serde_writes_it(number: u64) {
            let mut out = Vec::new();
            push_number(&mut out, number);
            prop_assert_eq!(String::from_utf8(out).expect("digits"), number.to_string());
        }
    }

    #[test]
    fn every_character_that_needs_an_escape_is_found_wherever_it_stands() {
        for special in (0..b' ').chain([b'"', b'\\']) {
            for place in 0..70 {
                let mut text = vec![b'a'; 70];
                text[place] = special;
                assert!(!is_plain(&text), "{special:#x} at {place}");
            }
        }
        assert!(is_plain("سلام ~\u{7f}".as_bytes()) && is_plain(b""));
    }
}

//! JSON strings and numbers where every nanosecond counts: most texts are written as they are, so they are looked over once,
//! many bytes at a time, and copied. Everything else is serde's.

/// Bytes that are looked at together.
type Word = [u8; 8];

/// How many words are looked at before it is asked whether something was found, which the compiler does in wider registers.
const WORDS: usize = 4;

/// A byte in each of a word's places.
const fn in_each(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; size_of::<Word>()])
}

/// Marks, by its highest bit, the first byte of a word that ends a JSON string or does not stand for itself in it: a quote, a
/// backslash, a control character (RFC 8259 section 7). Bytes after that one may be marked as well.
const fn specials(word: Word) -> u64 {
    /// Marks the first byte that is below `least`, which is at most 128: there the subtraction borrows.
    const fn first_below(word: u64, least: u8) -> u64 {
        word.wrapping_sub(in_each(least)) & !word & in_each(0x80)
    }
    let word = u64::from_le_bytes(word);
    first_below(word, b' ') | first_below(word ^ in_each(b'"'), 1) | first_below(word ^ in_each(b'\\'), 1)
}

/// Where the first byte stands that ends a JSON string or does not stand for itself in it.
fn first_special(bytes: &[u8]) -> Option<usize> {
    let find = |word: Word| match specials(word) {
        0 => None,
        marks => Some(marks.trailing_zeros() as usize / 8),
    };
    let (words, rest) = bytes.as_chunks::<{ size_of::<Word>() }>();
    let has_none = |block: &[Word; WORDS]| block.iter().fold(0, |marks, word| marks | specials(*word)) == 0;
    let plain = words.as_chunks::<WORDS>().0.iter().take_while(|block| has_none(block)).count() * WORDS;
    for (index, word) in words.iter().enumerate().skip(plain) {
        if let Some(place) = find(*word) {
            return Some(index * size_of::<Word>() + place);
        }
    }
    match bytes.last_chunk::<{ size_of::<Word>() }>() {
        Some(_) if rest.is_empty() => None,
        // It overlaps the word before it, in which nothing was found.
        Some(last) => find(*last).map(|place| bytes.len() - last.len() + place),
        None => rest.iter().position(|&byte| byte < b' ' || byte == b'"' || byte == b'\\'),
    }
}

/// Whether a text stands between the quotes of a JSON string as it is. Where it ends is known, so there is no place to be found,
/// and this is quicker.
#[expect(clippy::needless_bitwise_bool, reason = "without an early end the compiler looks at many bytes at once")]
fn is_plain(text: &[u8]) -> bool {
    text.iter().fold(true, |plain, &byte| plain & (byte >= b' ') & (byte != b'"') & (byte != b'\\'))
}

/// Takes a string without escapes from behind its first quote: its text, and what follows the quote that ends it. Nothing if
/// there is an escape in it, or no end.
pub(crate) fn take_plain(rest: &str) -> Option<(&str, &str)> {
    let (text, after) = rest.split_at(first_special(rest.as_bytes())?);
    Some((text, after.strip_prefix('"')?))
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

    /// Mostly plain bytes, and all that lie beside the borders between plain and special ones.
    fn edge() -> impl Strategy<Value = u8> {
        let borders = [0, 0x1f, b' ', b'!', b'"', b'#', b'[', b'\\', b']', 0x7f, 0x80, 0x9f, 0xa0, 0xa2, 0xdc, 0xff];
        prop_oneof![40 => Just(b'a'), 3 => proptest::sample::select(borders.to_vec()), 1 => any::<u8>()]
    }

    proptest! {
        #[test]
        fn a_string_is_written_as_serde_writes_it(text in "\\PC{0,80}|[ -~]{0,80}|(?s:.{0,40})") {
            let mut out = Vec::new();
            push_string(&mut out, &text);
            prop_assert_eq!(String::from_utf8(out).expect("UTF-8"), serde_json::to_string(&text).expect("a string"));
        }

        #[test]
        fn the_first_special_byte_is_found_among_any_others(bytes in proptest::collection::vec(edge(), 0..100)) {
            let naive = bytes.iter().position(|&byte| byte < b' ' || byte == b'"' || byte == b'\\');
            prop_assert_eq!(first_special(&bytes), naive);
        }

        #[test]
        fn a_string_is_taken_if_its_first_quote_is_the_first_special_byte(rest in "([a-zé\u{7f}]{0,40}[\"\\\\\n #!\\]]?){0,3}") {
            let plain = rest.split_once('"').filter(|(text, _)| is_plain(text.as_bytes()));
            prop_assert_eq!(take_plain(&rest), plain);
        }

        #[test]
        fn a_number_is_written_as_serde_writes_it(number: u64) {
            let mut out = Vec::new();
            push_number(&mut out, number);
            prop_assert_eq!(String::from_utf8(out).expect("digits"), number.to_string());
        }
    }

    #[test]
    fn a_string_without_escapes_ends_at_its_quote() {
        for length in 0..70 {
            let text = "a".repeat(length);
            assert_eq!(take_plain(&format!("{text}\",\"more")), Some((text.as_str(), ",\"more")));
            assert_eq!(take_plain(&format!("{text}\"")), Some((text.as_str(), "")));
            for rest in [format!("{text}\\\""), format!("{text}\n\""), text.clone()] {
                assert_eq!(take_plain(&rest), None, "{rest:?}");
            }
        }
        assert_eq!(take_plain("سلام ~\u{7f}\"}"), Some(("سلام ~\u{7f}", "}")));
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

//! Look-alikes: the part of a name's key that goes by the eye, after Unicode's table of confusables (UTS 39).
//!
//! What the table does not decide is decided here:
//! - **i, l, I, 1 and | are one letter.** `I`, `l` and `1` look alike, and `I` is `i` to whoever ignores case; so a key that
//!   knows both cannot tell `i` from `l`. The price is that Neil and Nell cannot both be in a room under these names.
//! - **m and rn, o and 0** are one, as in the table.
//! - **A small letter that is like no Latin one goes by its capital**: `в` by `В`, which is `B`. Otherwise `Вob` and
//!   `вob` would differ, which differ in case alone.
//! - **Greek ν, υ, η** look like v, u, n, but their capitals are N, Y, H. They go by the capital, except when written small
//!   among Latin letters.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_security::confusable_detection::skeleton;

use super::clean::is_ignorable;
use super::fold::written;

/// Rounds until a key stays the same. Far fewer do for every character there is; the bound proves that this ends.
const ROUNDS: usize = 8;

/// The key. Linear in time.
pub(super) fn key(name: &str) -> String {
    let mut key = written(&as_seen_among_latin(name));
    for _ in 0..ROUNDS {
        let next = as_seen(&key);
        if next == key {
            break;
        }
        key = next;
    }
    key
}

fn as_seen(form: &str) -> String {
    let by_capitals: String = form.chars().map(|c| latin_for(c).unwrap_or(c)).collect();
    let seen: String = skeleton(&by_capitals).collect();
    written(&seen).replace('i', "l")
}

/// The Latin letter that a small letter of another alphabet looks like, or else its capital.
fn latin_for(c: char) -> Option<char> {
    match c {
        'ν' => Some('n'),
        'υ' => Some('y'),
        _ if c.is_ascii() || !c.is_lowercase() => None,
        _ => latin_letter(c.encode_utf8(&mut [0; 4])).or_else(|| latin_letter(&c.to_uppercase().collect::<String>())),
    }
}

/// The one Latin letter that a text looks like.
fn latin_letter(text: &str) -> Option<char> {
    let mut look = skeleton(text);
    look.next().filter(char::is_ascii_alphabetic).filter(|_| look.next().is_none())
}

/// The name with the small Greek letters that stand among Latin ones as what they look like there.
fn as_seen_among_latin(name: &str) -> Cow<'_, str> {
    if name.is_ascii() {
        return name.into();
    }
    let name: String = name.nfkd().collect();
    let is_unseen = |c: char| is_ignorable(c) || (c.is_control() && !c.is_whitespace());
    let ends_word = |c: char| !(c.is_alphabetic() || is_combining_mark(c) || is_unseen(c));
    name.split_inclusive(ends_word)
        .flat_map(|word| {
            let is_latin = word.contains(|c: char| c.is_alphabetic() && c < '\u{250}');
            word.chars().map(move |c| match c {
                'ν' if is_latin => 'v',
                'υ' if is_latin => 'u',
                'η' if is_latin => 'n',
                _ => c,
            })
        })
        .collect()
}

//! A free name like the one that is taken.

use super::clean::{is_arabic_letter, pop_visible};
use super::{Name, NameKey};
use crate::code::digit;

/// Numbers that are tried one by one. From there on they double, so that a room full of "Mina 2, Mina 3, …" costs little.
const COUNTED: u32 = 99;

/// Tries before giving up. Only a test that calls everything taken gets there.
const TRIES: usize = 256;

/// "Mina 2" for "Mina", "Mina 3" for "Mina 2", in the digits of the name's script («مینا ۲»), cut to fit `max_chars`.
///
/// Free unless `is_taken` says yes to 256 such names, or `max_chars` leaves no room for one; then the name itself.
pub fn suggest(name: &Name, is_taken: impl Fn(&NameKey) -> bool, max_chars: usize) -> Name {
    let zero = zero_of(name.as_str());
    let (base, mut number) = unnumbered(name.as_str());
    for tries in 0..TRIES {
        if let Some(other) = numbered(base, number, zero, max_chars)
            && !is_taken(&other.key())
        {
            return other;
        }
        let doubled = number.saturating_mul(2);
        // Once doubling has run out: every number from the last counted one.
        number = match number {
            0..COUNTED => number + 1,
            _ if doubled < u32::MAX => doubled,
            _ => COUNTED + tries as u32,
        };
    }
    name.clone()
}

/// The name without a number of up to three digits after it, and the first number to try.
fn unnumbered(name: &str) -> (&str, u32) {
    if let Some((base, last)) = name.rsplit_once(' ')
        && last.chars().count() <= 3
        && let Some(number) = last.chars().try_fold(0, |sum, c| Some(sum * 10 + u32::from(digit(c)?)))
    {
        return (base, number.saturating_add(1).max(2));
    }
    (name, 2)
}

fn numbered(base: &str, number: u32, zero: char, max_chars: usize) -> Option<Name> {
    let digits: String =
        number.to_string().bytes().filter_map(|ascii| char::from_u32(zero as u32 + u32::from(ascii - b'0'))).collect();
    let mut base = base.to_owned();
    loop {
        // Without a base this is the number alone.
        if let Ok(name) = Name::parse(&format!("{base} {digits}"), max_chars) {
            return Some(name);
        }
        if base.is_empty() {
            return None;
        }
        pop_visible(&mut base);
    }
}

/// The zero of the digits that go with a name: by its last letter. Arabic and Persian share a script but not the digits;
/// letters and digits that only Arabic keyboards write tell them apart.
fn zero_of(name: &str) -> char {
    let is_arabic_script = name.chars().rev().find(|c| c.is_alphabetic()).is_some_and(is_arabic_letter);
    let is_arabic = name.contains(|c| matches!(c, 'ي' | 'ى' | 'ك' | 'ة' | 'أ' | 'إ' | '\u{660}'..='\u{669}'));
    match (is_arabic_script, is_arabic) {
        (true, true) => '\u{660}',
        (true, false) => '\u{6F0}',
        (false, _) => '0',
    }
}

//! A room's code: six digits, however people write them. Knows nothing of rooms or of which codes are given out.
//!
//! A code is six digits, not a number: `012345` is one. Codes that the server gives out begin with 1 to 9.
//! `web/client/src/code.ts` reads codes by the same rules; `tests/tables/codes.json` holds both to them.

use std::fmt;

/// How many digits a code has.
pub const DIGITS: usize = 6;

/// What stands before a room in a link of ours.
const LINK: &str = "/r/";

/// The first and the last code that the server gives out.
const FIRST: u32 = 100_000;
const LAST: u32 = 999_999;

/// A room's six-digit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code(u32);

impl Code {
    /// Reads a code and nothing else: six decimal digits of any script, with spaces, dashes and invisible characters
    /// (bidi marks, ZWNJ) anywhere between and around them.
    pub fn parse(written: &str) -> Option<Self> {
        let mut digits = Digits::default();
        for c in written.chars() {
            match digit(c) {
                Some(value) => digits.push(value),
                None if is_gap(c) => {}
                None => return None,
            }
        }
        digits.code()
    }

    /// Finds the code in what somebody pasted: a link of ours (`https://…/r/408213`), or words with exactly six digits in
    /// them ("the code is 408 213"). In a link only what follows `/r/` counts.
    pub fn find(pasted: &str) -> Option<Self> {
        if pasted.contains(LINK) || pasted.contains("://") {
            let slashes = pasted.match_indices('/').map(|(at, _)| &pasted[at..]);
            return slashes.filter_map(|rest| rest.strip_prefix(LINK)).find_map(Self::at_start);
        }
        let mut digits = Digits::default();
        pasted.chars().filter_map(digit).for_each(|value| digits.push(value));
        digits.code()
    }

    /// A code at the start of a text, not followed by more of a word. A space ends it.
    fn at_start(text: &str) -> Option<Self> {
        let mut digits = Digits::default();
        for c in text.chars() {
            match digit(c) {
                Some(value) => digits.push(value),
                None if is_gap(c) && !c.is_whitespace() => {}
                None if c.is_alphabetic() || matches!(c, '_' | '%') => return None,
                None => break,
            }
        }
        digits.code()
    }

    /// A new code, every one from 100000 to 999999 equally likely. `fill` writes random bytes of a cryptographic generator.
    pub fn random(fill: &mut impl FnMut(&mut [u8])) -> Self {
        const CODES: u32 = LAST - FIRST + 1;
        // Draws from here on would make the small codes likelier; one in 4,600 is.
        const FAIR: u32 = u32::MAX - u32::MAX % CODES;
        // The bound is for a broken generator that always writes the same; a sound one fails 16 times once in 10^58.
        let mut drawn = 0;
        for _ in 0..16 {
            let mut bytes = [0; 4];
            fill(&mut bytes);
            drawn = u32::from_le_bytes(bytes);
            if drawn < FAIR {
                break;
            }
        }
        Self(FIRST + drawn % CODES)
    }

    /// As a number from 0 to 999999, for tables of codes. Never for showing: leading zeros are lost.
    pub fn number(self) -> u32 {
        self.0
    }

    /// The code of such a number.
    pub fn from_number(number: u32) -> Option<Self> {
        (number <= LAST).then_some(Self(number))
    }
}

impl fmt::Display for Code {
    /// Six ASCII digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:0DIGITS$}", self.0)
    }
}

/// The digits read so far.
#[derive(Default)]
struct Digits {
    count: usize,
    value: u32,
}

impl Digits {
    fn push(&mut self, digit: u8) {
        self.count += 1;
        if self.count <= DIGITS {
            self.value = self.value * 10 + u32::from(digit);
        }
    }

    fn code(&self) -> Option<Code> {
        (self.count == DIGITS).then_some(Code(self.value))
    }
}

/// What people put between the digits of a code.
fn is_gap(c: char) -> bool {
    matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FE63}' | '\u{FF0D}')
        || c.is_whitespace()
        || crate::names::is_ignorable(c)
}

/// The zeros of all decimal digits (general category Nd, Unicode 17), each followed by its one to nine.
#[rustfmt::skip]
const ZEROS: [u32; 77] = [
    0x30, 0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xDE6, 0xE50, 0xED0, 0xF20,
    0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0, 0x1C40, 0x1C50, 0xA620, 0xA8D0,
    0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10, 0x104A0, 0x10D30, 0x10D40, 0x11066, 0x110F0, 0x11136, 0x111D0,
    0x112F0, 0x11450, 0x114D0, 0x11650, 0x116C0, 0x116D0, 0x116DA, 0x11730, 0x118E0, 0x11950, 0x11BF0, 0x11C50, 0x11D50,
    0x11DA0, 0x11DE0, 0x11F50, 0x16130, 0x16A60, 0x16AC0, 0x16B50, 0x16D70, 0x1CCF0, 0x1D7CE, 0x1D7D8, 0x1D7E2, 0x1D7EC,
    0x1D7F6, 0x1E140, 0x1E2F0, 0x1E4F0, 0x1E5F1, 0x1E950, 0x1FBF0,
];

/// The value of a decimal digit of any script.
pub(crate) fn digit(c: char) -> Option<u8> {
    if c.is_ascii() {
        return c.is_ascii_digit().then(|| c as u8 - b'0');
    }
    let at = ZEROS.partition_point(|&zero| zero <= c as u32).checked_sub(1)?;
    let value = c as u32 - ZEROS[at];
    u8::try_from(value).ok().filter(|value| *value < 10)
}

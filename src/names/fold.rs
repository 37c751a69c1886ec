//! The written form of a name: one for all ways of typing it. Not for showing.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::clean::{BRAILLE_BLANK, is_ignorable};
use crate::code::digit;

/// What becomes of spaces and separators.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Gaps {
    /// Spaces and separators go: "Ali Reza" and "ali-reza" are one.
    Drop,
    /// Only spaces go. For names of separators alone, like `---`.
    Separators,
    /// All stay.
    Keep,
}

/// The same for all ways of typing one name: compatibility forms (width, ligatures, mathematical letters), case, Arabic
/// and Persian letters and digits, spaces, dashes, dots, apostrophes, vowel signs, tatweel, joiners. Linear in time.
pub fn written(name: &str) -> String {
    let plain = fold(name, Gaps::Drop);
    if plain.is_empty() { fold(name, Gaps::Separators) } else { plain }
}

/// Folds a text, in NFKD.
pub(super) fn fold(text: &str, gaps: Gaps) -> String {
    if text.is_ascii() {
        // The same, and faster for most names.
        return text.chars().filter(|c| !is_dropped(*c, '\0', gaps)).map(|c| c.to_ascii_lowercase()).collect();
    }
    let mut folded = String::with_capacity(text.len());
    // The last character that is not a mark: what a mark stands on.
    let mut base = '\0';
    for c in text.nfkd() {
        if is_dropped(c, base, gaps) {
            continue;
        }
        let c = match c {
            'ي' | 'ى' => 'ی',
            'ك' => 'ک',
            'ة' | 'ە' => 'ه',
            'ٱ' => 'ا',
            _ => digit(c).map_or(c, |value| char::from(b'0' + value)),
        };
        let start = folded.len();
        folded.extend(fold_case(c));
        if !is_combining_mark(c) {
            base = folded[start..].chars().next_back().unwrap_or(base);
        }
    }
    // What was left out may have stood between marks, or case have made a letter of one: back into the order of NFKD.
    folded.nfkd().collect()
}

/// Full case folding by way of both cases, which gives ß and ẞ, the two sigmas, ſ and the Turkish ı their common forms.
fn fold_case(c: char) -> impl Iterator<Item = char> {
    c.to_lowercase().flat_map(char::to_uppercase).flat_map(char::to_lowercase)
}

fn is_dropped(c: char, base: char, gaps: Gaps) -> bool {
    match c {
        // Vowel signs, the small alef, tatweel.
        '\u{64B}'..='\u{652}' | '\u{670}' | '\u{640}' => true,
        // Hamza on alef and heh: أ إ are ا, ۀ is ه. On yeh and waw it is another letter.
        '\u{654}' | '\u{655}' => matches!(base, 'ا' | 'ه'),
        // The dot of İ, which is i in lower case.
        '\u{307}' => base == 'i',
        _ if c.is_whitespace() || c == BRAILLE_BLANK => gaps != Gaps::Keep,
        _ if is_separator(c) => gaps == Gaps::Drop,
        _ => is_ignorable(c) || c.is_control(),
    }
}

/// What people put between the parts of a name, or leave out.
fn is_separator(c: char) -> bool {
    matches!(c, '-' | '_' | '.' | ',' | ':' | '\'' | '·' | '،' | '・' | '\u{2BC}' | '\u{2010}'..='\u{2015}' | '‘' | '’')
}

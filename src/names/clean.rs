//! Leaves out of a typed name what cannot be seen, and counts what can.
//!
//! The character classes stand here as plain ranges, not as Unicode properties, so that the page's regular expressions
//! can name the same ones and no version of Unicode on either side changes a name.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Marks in a row that are kept. No living script needs more on one letter; "Zalgo" text does.
const MARKS_IN_A_ROW: usize = 4;

const ZWNJ: char = '\u{200C}';
const ZWJ: char = '\u{200D}';
const KEYCAP: char = '\u{20E3}';
/// A symbol to Unicode, a space to the eye.
pub(super) const BRAILLE_BLANK: char = '\u{2800}';
const BLACK_FLAG: char = '\u{1F3F4}';
/// Tag characters in the flags of England, Scotland and Wales: five letters and an end.
const FLAG_LETTERS: usize = 5;

/// The name as it is shown. Linear in time; the same again when cleaned again.
pub(super) fn clean(typed: &str) -> String {
    let seen: String = without_invisible(typed).nfc().collect();
    let spaced: Vec<char> = with_marks_and_spaces_in_bounds(&seen);
    (0..spaced.len()).filter(|&at| is_kept_in_place(&spaced, at)).map(|at| spaced[at]).nfc().collect()
}

/// Code points whose look nobody can know, or that stand for damaged text: private use, noncharacters, U+FFF9 to U+FFFD.
pub(super) fn cannot_be_shown(c: char) -> bool {
    matches!(c, '\u{E000}'..='\u{F8FF}' | '\u{FFF9}'..='\u{FFFD}' | '\u{FDD0}'..='\u{FDEF}' | '\u{F0000}'..)
        || (c as u32) & 0xFFFE == 0xFFFE
}

/// Characters as people count them: see [`super::Name::parse`].
pub(super) fn visible_chars(shown: &str) -> usize {
    let mut count = 0;
    let (mut is_joined, mut half_flag) = (false, false);
    for c in shown.chars() {
        let is_second_half = is_flag_letter(c) && half_flag;
        let is_uncounted = is_attached(c) || is_ignorable(c) || is_skin_tone(c) || (is_joined && is_picture(c));
        count += usize::from(!is_uncounted && !is_second_half);
        is_joined = c == ZWJ;
        half_flag = is_flag_letter(c) && !is_second_half;
    }
    count
}

/// Takes the last character as people see it off a shown name, with all that is attached to it.
pub(super) fn pop_visible(shown: &mut String) {
    let mut letters_of_flags = 0;
    while let Some(c) = shown.pop() {
        if is_flag_letter(c) {
            letters_of_flags += 1;
            let before = shown.chars().rev().take_while(|c| is_flag_letter(*c)).count();
            if letters_of_flags == 1 && before % 2 == 1 {
                continue;
            }
        }
        if !is_attached(c) && !is_ignorable(c) && !is_skin_tone(c) && !shown.ends_with(ZWJ) {
            break;
        }
    }
}

/// Spaces for all white space; no controls, bidi characters, fillers, lone tags; one joiner for several.
fn without_invisible(typed: &str) -> impl Iterator<Item = char> {
    let mut rest = typed.chars();
    let mut last = None;
    let mut tags = 0;
    std::iter::from_fn(move || {
        loop {
            let c = rest.next()?;
            let kept = match c {
                BLACK_FLAG => {
                    tags = tags_of_flag(rest.clone());
                    c
                }
                _ if tags > 0 => {
                    tags -= 1;
                    c
                }
                ZWNJ | ZWJ if matches!(last, Some(ZWNJ | ZWJ)) => continue,
                ZWNJ | ZWJ | '\u{FE0E}' | '\u{FE0F}' => c,
                _ if c.is_whitespace() || c == BRAILLE_BLANK => ' ',
                _ if c.is_control() || is_ignorable(c) => continue,
                _ => c,
            };
            last = Some(kept);
            return last;
        }
    })
}

/// How many tag characters follow that belong to a black flag; 0 if they are not of the one known form.
fn tags_of_flag(mut rest: std::str::Chars<'_>) -> usize {
    let letters = rest.by_ref().take(FLAG_LETTERS).filter(|c| matches!(c, '\u{E0061}'..='\u{E007A}')).count();
    if letters == FLAG_LETTERS && rest.next() == Some('\u{E007F}') { FLAG_LETTERS + 1 } else { 0 }
}

/// Single spaces inside, none around; marks only on something, and not too many.
fn with_marks_and_spaces_in_bounds(seen: &str) -> Vec<char> {
    let mut kept: Vec<char> = Vec::with_capacity(seen.len());
    let mut room_for_marks = 0;
    for c in seen.chars() {
        if c == ' ' {
            room_for_marks = 0;
            if kept.last().is_none_or(|last| *last == ' ') {
                continue;
            }
        } else if is_attached(c) {
            if room_for_marks == 0 {
                continue;
            }
            room_for_marks -= 1;
        } else {
            room_for_marks = MARKS_IN_A_ROW;
        }
        kept.push(c);
    }
    if kept.last() == Some(&' ') {
        kept.pop();
    }
    kept
}

/// Whether a joiner or variation selector stands where it changes the writing; true for everything else.
/// Looks at the neighbours only, and at the marks before a joiner, of which there are at most four.
fn is_kept_in_place(name: &[char], at: usize) -> bool {
    let before = |steps: usize| at.checked_sub(steps).map(|at| name[at]);
    let after = name.get(at + 1).copied();
    match name[at] {
        '\u{FE0E}' | '\u{FE0F}' => {
            before(1).is_some_and(is_picture)
                || (matches!(before(1), Some('0'..='9' | '#' | '*')) && after == Some(KEYCAP))
        }
        joiner @ (ZWNJ | ZWJ) => {
            let letter_before = name[..at].iter().rev().copied().find(|c| !is_combining_mark(*c));
            let in_arabic = letter_before.is_some_and(is_arabic_letter) && after.is_some_and(is_arabic_letter);
            let in_indic = match (before(1), after) {
                (Some(before), Some(after)) => {
                    (is_virama(before) && is_indic_letter(after)) || (is_indic_letter(before) && is_virama(after))
                }
                _ => false,
            };
            let picture_before = match before(1) {
                Some('\u{FE0E}' | '\u{FE0F}') => before(2),
                other => other,
            };
            let in_emoji = joiner == ZWJ && picture_before.is_some_and(is_picture) && after.is_some_and(is_picture);
            in_arabic || in_indic || in_emoji
        }
        _ => true,
    }
}

/// The default-ignorable code points of Unicode 17: shown as nothing.
pub(crate) fn is_ignorable(c: char) -> bool {
    matches!(c,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}'
        | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}'
        | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFF8}' | '\u{1BCA0}'..='\u{1BCA3}'
        | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

/// What hangs on the character before it.
fn is_attached(c: char) -> bool {
    is_combining_mark(c) || matches!(c, ZWNJ | ZWJ)
}

/// The letters of Arabic script that living languages write with, tatweel included.
pub(super) fn is_arabic_letter(c: char) -> bool {
    matches!(c,
        '\u{620}'..='\u{64A}' | '\u{66E}' | '\u{66F}' | '\u{671}'..='\u{6D3}' | '\u{6D5}' | '\u{6EE}' | '\u{6EF}'
        | '\u{6FA}'..='\u{6FF}' | '\u{750}'..='\u{77F}')
}

/// The sign that joins two consonants, in Devanagari, Bengali, Gurmukhi, Gujarati, Odia, Tamil, Telugu, Kannada,
/// Malayalam and Sinhala. There a joiner after it (in Bengali also before it) chooses between two spellings.
fn is_virama(c: char) -> bool {
    matches!(
        c,
        '\u{94D}'
            | '\u{9CD}'
            | '\u{A4D}'
            | '\u{ACD}'
            | '\u{B4D}'
            | '\u{BCD}'
            | '\u{C4D}'
            | '\u{CCD}'
            | '\u{D4D}'
            | '\u{DCA}'
    )
}

fn is_indic_letter(c: char) -> bool {
    matches!(c, '\u{900}'..='\u{DFF}') && !is_combining_mark(c)
}

/// The blocks that hold everything an emoji is made of.
fn is_picture(c: char) -> bool {
    matches!(c,
        '\u{A9}' | '\u{AE}' | '\u{203C}' | '\u{2049}' | '\u{2122}' | '\u{2139}' | '\u{2190}'..='\u{21FF}'
        | '\u{2300}'..='\u{23FF}' | '\u{24C2}' | '\u{25A0}'..='\u{27BF}' | '\u{2900}'..='\u{297F}'
        | '\u{2B00}'..='\u{2BFF}' | '\u{3030}' | '\u{303D}' | '\u{3297}' | '\u{3299}'
        | '\u{1F000}'..='\u{1F1E5}' | '\u{1F200}'..='\u{1FAFF}')
}

/// Half a flag: two of them name a country.
fn is_flag_letter(c: char) -> bool {
    matches!(c, '\u{1F1E6}'..='\u{1F1FF}')
}

fn is_skin_tone(c: char) -> bool {
    matches!(c, '\u{1F3FB}'..='\u{1F3FF}')
}

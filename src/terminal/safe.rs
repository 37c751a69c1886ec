//! What others wrote, made safe to put on a terminal: no character of theirs moves the cursor, changes a colour, rings, or
//! turns the writing of what is not theirs around.

/// Columns that a tab is worth.
const TAB: &str = "    ";

/// Whether a character ends a line, wherever it is read (Unicode Standard section 5.8).
const fn ends_line(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Whether a character would do something to a terminal: controls (C0 and C1, with escape), and those that embed, override
/// or isolate a direction and may be left open (UAX #9 sections 2.1 to 2.4). Marks (LRM, RLM, ALM) have no end, and stay.
fn acts(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{206a}'..='\u{206f}' | '\u{fff9}'..='\u{fffb}')
}

/// A text in one line: line ends become spaces.
pub fn one_line(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\t' => safe.push(' '),
            c if ends_line(c) => safe.push(' '),
            c if acts(c) => {}
            c => safe.push(c),
        }
    }
    safe
}

/// The lines of a text.
pub fn lines(text: &str) -> impl Iterator<Item = String> {
    let text = text.replace("\r\n", "\n");
    let lines: Vec<String> = text.split(ends_line).map(|line| one_line(&line.replace('\t', TAB))).collect();
    lines.into_iter()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_that_somebody_writes_steers_the_terminal() {
        assert_eq!(one_line("a\u{1b}[31m\u{9b}2J\u{7}b\r\nc"), "a[31m2Jb  c");
        assert_eq!(one_line("\u{202e}abc\u{2066}"), "abc");
        assert_eq!(lines("a\r\nb\u{2028}\tc\n").collect::<Vec<_>>(), ["a", "b", "    c", ""]);
        // What Persian needs stays.
        assert_eq!(one_line("می\u{200c}نویسد\u{200f}!"), "می\u{200c}نویسد\u{200f}!");
    }

    proptest! {
        #[test]
        fn whatever_is_written_is_safe(text in any::<String>()) {
            for line in lines(&text).chain([one_line(&text)]) {
                prop_assert!(!line.contains(|c| acts(c) || ends_line(c)), "{line:?}");
            }
        }
    }
}

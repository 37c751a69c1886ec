//! What one is writing: text of several lines, and where one is in it. Safe to draw whatever was pasted.

use unicode_segmentation::UnicodeSegmentation;

use super::safe;

/// Bytes that it holds. Servers take less.
const MOST: usize = 64 * 1024;

/// A text that is being written.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Composer {
    text: String,
    /// In bytes.
    cursor: usize,
}

impl Composer {
    /// What is written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where one is, in bytes.
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// Whether nothing is written.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Puts another text in its place, with the cursor behind it.
    pub(super) fn set(&mut self, text: &str) {
        self.text.clear();
        self.cursor = 0;
        self.insert(text);
    }

    /// Takes what is written, and leaves nothing.
    pub(super) fn take(&mut self) -> String {
        self.cursor = 0;
        std::mem::take(&mut self.text)
    }

    /// Puts a text in, of one line or several; what is more than it holds is left out.
    pub(super) fn insert(&mut self, text: &str) {
        let safe = safe::lines(text).collect::<Vec<_>>().join("\n");
        let room = MOST.saturating_sub(self.text.len());
        let safe = &safe[..safe.floor_char_boundary(room)];
        self.text.insert_str(self.cursor, safe);
        self.cursor += safe.len();
    }

    pub(super) fn back(&mut self) {
        let from = self.before();
        self.text.drain(from..self.cursor);
        self.cursor = from;
    }

    pub(super) fn delete(&mut self) {
        let to = self.after();
        self.text.drain(self.cursor..to);
    }

    pub(super) fn left(&mut self) {
        self.cursor = self.before();
    }

    pub(super) fn right(&mut self) {
        self.cursor = self.after();
    }

    pub(super) fn word_left(&mut self) {
        self.cursor = self.word_before();
    }

    pub(super) fn word_right(&mut self) {
        let rest = &self.text[self.cursor..];
        let words = rest.split_word_bound_indices();
        let end = words.skip_while(|(_, word)| word.trim().is_empty()).map(|(at, word)| at + word.len()).next();
        self.cursor += end.unwrap_or(rest.len());
    }

    /// Takes away the word before the cursor.
    pub(super) fn back_word(&mut self) {
        let from = self.word_before();
        self.text.drain(from..self.cursor);
        self.cursor = from;
    }

    /// Takes away what is before the cursor in its line.
    pub(super) fn back_line(&mut self) {
        let from = self.line_start();
        self.text.drain(from..self.cursor);
        self.cursor = from;
    }

    pub(super) fn home(&mut self) {
        self.cursor = self.line_start();
    }

    pub(super) fn end(&mut self) {
        self.cursor = self.line_end();
    }

    /// To the line above. False if there is none.
    pub(super) fn up(&mut self) -> bool {
        let start = self.line_start();
        let Some(end) = start.checked_sub(1) else { return false };
        let column = self.text[start..self.cursor].graphemes(true).count();
        let above = self.text[..end].rfind('\n').map_or(0, |at| at + 1);
        self.cursor = self.column_in(above, end, column);
        true
    }

    /// To the line below. False if there is none.
    pub(super) fn down(&mut self) -> bool {
        let (start, end) = (self.line_start(), self.line_end());
        if end == self.text.len() {
            return false;
        }
        let column = self.text[start..self.cursor].graphemes(true).count();
        let below = self.text[end + 1..].find('\n').map_or(self.text.len(), |at| end + 1 + at);
        self.cursor = self.column_in(end + 1, below, column);
        true
    }

    fn column_in(&self, start: usize, end: usize, column: usize) -> usize {
        self.text[start..end].grapheme_indices(true).nth(column).map_or(end, |(at, _)| start + at)
    }

    fn before(&self) -> usize {
        self.text[..self.cursor].grapheme_indices(true).next_back().map_or(0, |(at, _)| at)
    }

    fn after(&self) -> usize {
        self.cursor + self.text[self.cursor..].graphemes(true).next().map_or(0, str::len)
    }

    fn word_before(&self) -> usize {
        let words = self.text[..self.cursor].split_word_bound_indices().rev();
        words.skip_while(|(_, word)| word.trim().is_empty()).map(|(at, _)| at).next().unwrap_or(0)
    }

    fn line_start(&self) -> usize {
        self.text[..self.cursor].rfind('\n').map_or(0, |at| at + 1)
    }

    fn line_end(&self) -> usize {
        self.text[self.cursor..].find('\n').map_or(self.text.len(), |at| self.cursor + at)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_text_is_written_character_by_character_as_people_see_them() {
        let mut composer = Composer::default();
        composer.insert("می\u{200c}شود e\u{301}👩‍👧");
        composer.back();
        composer.back();
        assert_eq!(composer.text(), "می\u{200c}شود ");
        composer.back_word();
        composer.insert("ok");
        composer.home();
        composer.right();
        composer.delete();
        assert_eq!((composer.text(), composer.cursor()), ("ok".trim_end_matches('k'), 1));
        assert_eq!(composer.take(), "o");
        assert!(composer.is_empty());
    }

    #[test]
    fn what_is_pasted_keeps_its_lines_and_does_nothing_to_the_terminal() {
        let mut composer = Composer::default();
        composer.insert("one\r\ntwo\u{1b}[2J\n\nfour");
        assert_eq!(composer.text(), "one\ntwo[2J\n\nfour");
        assert!(composer.up() && composer.up());
        composer.insert("|");
        assert_eq!(composer.text(), "one\n|two[2J\n\nfour");
        assert!(composer.up() && !composer.up());
        composer.end();
        composer.insert("!");
        assert!(composer.down());
        composer.back_line();
        assert_eq!(composer.text(), "one!\n[2J\n\nfour");
        assert!(composer.down() && composer.down() && !composer.down());
    }

    proptest! {
        #[test]
        fn whatever_is_done_the_cursor_stands_between_two_characters(
            text in any::<String>(),
            moves in prop::collection::vec(0_u8..13, 0..40),
        ) {
            let mut composer = Composer::default();
            composer.insert(&text);
            for one in moves {
                match one {
                    0 => composer.back(),
                    1 => composer.delete(),
                    2 => composer.left(),
                    3 => composer.right(),
                    4 => composer.word_left(),
                    5 => composer.word_right(),
                    6 => composer.back_word(),
                    7 => composer.home(),
                    8 => composer.end(),
                    9 => drop(composer.up()),
                    10 => drop(composer.down()),
                    11 => composer.back_line(),
                    _ => composer.insert("سلام\n"),
                }
                prop_assert!(composer.text().is_char_boundary(composer.cursor()));
            }
        }
    }
}

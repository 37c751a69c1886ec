//! A line of text as rows of cells: wrapped, each row in the order in which it is seen. Right-to-left text is put in order
//! here (UAX #9), because terminals do it each in their own way or not at all; only where one is known to do it by itself
//! is the order left to it.

use unicode_bidi::{BidiInfo, Level};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::shape::shape;

/// Who puts right-to-left text in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// We do, and join its letters.
    Here,
    /// The terminal does.
    Terminal,
}

/// What is seen in one or more cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glyph {
    /// The characters.
    pub symbol: String,
    /// Cells.
    pub width: u16,
    /// Where it begins in the text, in bytes.
    pub from: usize,
    /// Whether it stands in right-to-left text, so that what comes after it stands left of it.
    pub is_rtl: bool,
}

/// A row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    /// From left to right.
    pub glyphs: Vec<Glyph>,
    /// Where the row begins and ends in the text, in bytes.
    pub range: std::ops::Range<usize>,
    /// Whether the text is right-to-left: such rows stand at the right.
    pub is_rtl: bool,
}

impl Row {
    /// Cells.
    pub fn width(&self) -> u16 {
        self.glyphs.iter().map(|glyph| glyph.width).sum()
    }

    /// All of it as it is seen.
    pub fn text(&self) -> String {
        self.glyphs.iter().map(|glyph| &*glyph.symbol).collect()
    }
}

/// A grapheme before it has its place.
struct Piece<'t> {
    from: usize,
    text: &'t str,
    width: u16,
}

/// Lays a line out in rows of so many cells, at least one. The text has no line ends and no controls:
/// [`safe`](super::safe) sees to that. An empty text is one empty row.
pub fn rows(text: &str, width: u16, order: Order) -> Vec<Row> {
    let width = width.max(2);
    let pieces = pieces(text, width);
    let bidi = BidiInfo::new(text, None);
    let is_rtl = bidi.paragraphs.first().is_some_and(|paragraph| paragraph.level.is_rtl());
    let mut rows = Vec::new();
    let mut from = 0;
    while from < pieces.len() {
        let (end, next) = wrap(&pieces, from, width);
        rows.push(row(text, &pieces, from..end, &bidi, order));
        from = next;
    }
    if rows.is_empty() {
        rows.push(Row { is_rtl, ..Row::default() });
    }
    rows
}

/// A short text in one row, cut with an ellipsis where it does not fit.
pub fn fitted(text: &str, width: u16, order: Order) -> Row {
    let pieces = pieces(text, u16::MAX);
    let whole: u16 = pieces.iter().map(|piece| piece.width).fold(0, u16::saturating_add);
    if whole <= width {
        return rows(text, width, order).swap_remove(0);
    }
    let mut left = width.saturating_sub(1);
    let fits = pieces.iter().take_while(|piece| {
        let fits = piece.width <= left;
        left = left.saturating_sub(piece.width);
        fits
    });
    let end = fits.last().map_or(0, |piece| piece.from + piece.text.len());
    rows(&format!("{}…", &text[..end]), width.max(2), order).swap_remove(0)
}

/// Whether a text reads from right to left: by its first letter that says so.
pub fn is_rtl(text: &str) -> bool {
    unicode_bidi::get_base_direction(text) == unicode_bidi::Direction::Rtl
}

/// What is seen of a text, in the order in which it is read.
fn pieces(text: &str, width: u16) -> Vec<Piece<'_>> {
    let mut pieces: Vec<Piece<'_>> = Vec::new();
    for (from, grapheme) in text.grapheme_indices(true) {
        let cells = u16::try_from(grapheme.width()).unwrap_or(width).min(width);
        match pieces.last_mut() {
            // What takes no cell goes with what is before it.
            Some(last) if cells == 0 => last.text = &text[last.from..from + grapheme.len()],
            None if cells == 0 => {}
            _ => pieces.push(Piece { from, text: grapheme, width: cells }),
        }
    }
    pieces
}

/// Where a row that begins at a piece ends, and where the next one begins: after the last space that fits, or between two
/// characters of a script without spaces, or else in the middle of a word.
fn wrap(pieces: &[Piece<'_>], from: usize, width: u16) -> (usize, usize) {
    let is_space = |piece: &Piece<'_>| piece.text.starts_with(' ');
    let (mut cells, mut at, mut last) = (0, from, None);
    while let Some(piece) = pieces.get(at) {
        if cells + piece.width > width {
            // Spaces at the end of a row may hang over.
            if is_space(piece) {
                let next =
                    pieces[at..].iter().position(|piece| !is_space(piece)).map_or(pieces.len(), |count| at + count);
                return (at, next);
            }
            return match last {
                Some((end, next)) if next > from => (end, next),
                _ => (at.max(from + 1), at.max(from + 1)),
            };
        }
        cells += piece.width;
        if is_space(piece) {
            let begins = !pieces[from..at].iter().any(|piece| !is_space(piece));
            if !begins {
                let end =
                    pieces[from..=at].iter().rposition(|piece| !is_space(piece)).map_or(at, |count| from + count + 1);
                last = Some((end, at + 1));
            }
        } else if piece.width == 2 && piece.text.chars().all(char::is_alphabetic) {
            last = Some((at + 1, at + 1));
        }
        at += 1;
    }
    (pieces.len(), pieces.len())
}

fn row(text: &str, pieces: &[Piece<'_>], range: std::ops::Range<usize>, bidi: &BidiInfo<'_>, order: Order) -> Row {
    let end = |piece: &Piece<'_>| piece.from + piece.text.len();
    let bytes = pieces[range.start].from..end(&pieces[range.end - 1]);
    let (levels, base) = match bidi.paragraphs.first() {
        Some(paragraph) => (bidi.reordered_levels(paragraph, bytes.clone()), paragraph.level),
        None => (vec![Level::ltr(); text.len()], Level::ltr()),
    };
    let of_pieces: Vec<Level> = pieces[range.clone()].iter().map(|piece| levels[piece.from]).collect();
    let glyph = |n: usize| {
        let at = range.start + n;
        let Piece { from, text, width } = pieces[at];
        let is_rtl = of_pieces[n].is_rtl();
        let neighbour = |at: Option<usize>| at.and_then(|at| pieces.get(at)).map(|piece| piece.text);
        let symbol = match order {
            Order::Here if is_rtl => match mirrored(text) {
                Some(mirrored) => mirrored.to_string(),
                None => shape(neighbour(at.checked_sub(1)), text, neighbour(Some(at + 1)))
                    .unwrap_or_else(|| text.to_owned()),
            },
            Order::Here | Order::Terminal => text.to_owned(),
        };
        Glyph { symbol: symbol.chars().filter(|c| !is_mark(*c)).collect(), width, from, is_rtl }
    };
    let glyphs = match order {
        Order::Here => BidiInfo::reorder_visual(&of_pieces).into_iter().map(glyph).collect(),
        Order::Terminal => (0..of_pieces.len()).map(glyph).collect(),
    };
    Row { glyphs, range: bytes, is_rtl: base.is_rtl() }
}

/// Marks and isolates have done what they are for once the order is found.
const fn is_mark(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{2066}'..='\u{2069}')
}

/// A name in the midst of other words: whatever its script, it does not turn them around (UAX #9 section 2.4.2).
pub fn isolated(name: &str) -> String {
    format!("\u{2068}{name}\u{2069}")
}

/// The other one of a pair, for right-to-left text (the `Bidi_Mirrored` characters that people write).
fn mirrored(text: &str) -> Option<char> {
    const PAIRS: [(char, char); 9] =
        [('(', ')'), ('[', ']'), ('{', '}'), ('<', '>'), ('«', '»'), ('‹', '›'), ('≤', '≥'), ('⟨', '⟩'), ('「', '」')];
    let mut chars = text.chars();
    let (Some(c), None) = (chars.next(), chars.next()) else { return None };
    PAIRS.iter().find_map(|&(open, close)| match c {
        c if c == open => Some(close),
        c if c == close => Some(open),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_normalization::UnicodeNormalization;

    use super::super::safe;
    use super::*;

    /// As it is seen, with letters taken apart again.
    fn seen(text: &str, width: u16) -> Vec<String> {
        rows(text, width, Order::Here).iter().map(|row| row.text().nfkc().collect()).collect()
    }

    #[test]
    fn left_to_right_text_wraps_at_spaces_and_long_words_anywhere() {
        assert_eq!(seen("the quick brown fox", 10), ["the quick", "brown fox"]);
        assert_eq!(seen("the quick  brown", 9), ["the quick", "brown"]);
        assert_eq!(seen("abcdefghij kl", 4), ["abcd", "efgh", "ij", "kl"]);
        assert_eq!(seen("  indented code", 10), ["  indented", "code"]);
        assert_eq!(seen("日本語の文章", 5), ["日本", "語の", "文章"]);
        assert_eq!(seen("", 10), [""]);
    }

    /// From the other side.
    fn turned(text: &str) -> String {
        text.graphemes(true).rev().collect()
    }

    #[test]
    fn right_to_left_text_is_put_in_the_order_in_which_it_is_seen() {
        assert!(rows("سلام!", 20, Order::Here)[0].is_rtl);
        assert_eq!(seen("سلام!", 20), [turned("سلام!")]);
        // The first words stand in the first row, and read from its right.
        assert_eq!(seen("یک دو سه", 5), [turned("یک دو"), turned("سه")]);
        // Words of the other direction keep their own, and brackets go round what they hold.
        let mixed = format!("{} HTTP ({})", turned("است؟"), turned("دیگر"));
        assert_eq!(seen("دیگر (HTTP) است؟", 30), [format!("{} (HTTP) {}", turned("است؟"), turned("دیگر"))]);
        assert_eq!(seen("(دیگر) HTTP است؟", 30), [mixed]);
        assert_eq!(seen("see سلام (دو), ok", 30), [format!("see ({}) {}, ok", turned("دو"), turned("سلام"))]);
        assert_eq!(seen("عدد 408213", 30), [format!("408213 {}", turned("عدد"))]);
        // Where the terminal does it, everything is left as it is.
        assert_eq!(rows("دیگر (a)", 30, Order::Terminal)[0].text(), "دیگر (a)");
    }

    #[test]
    fn a_name_does_not_turn_the_words_around_it() {
        for (name, seen_name) in [("Sara", "Sara".to_owned()), ("سارا", turned("سارا"))] {
            let name = isolated(name);
            assert_eq!(seen(&format!("{name} types"), 30), [format!("{seen_name} types")]);
            assert_eq!(seen(&format!("{name}, {name} came"), 30), [format!("{seen_name}, {seen_name} came")]);
            assert!(!rows(&format!("{name} types"), 30, Order::Here)[0].is_rtl);
        }
    }

    #[test]
    fn letters_join_across_the_cells_and_joiners_take_none() {
        let row = &rows("می\u{200c}نویسد\u{200f}", 20, Order::Here)[0];
        assert_eq!((row.width(), row.glyphs.len()), (7, 7));
        assert_eq!(row.text(), turned("\u{fee3}\u{fbfd}\u{fee7}\u{feee}\u{fbfe}\u{feb4}\u{feaa}"));
    }

    #[test]
    fn a_name_that_is_too_long_is_cut() {
        assert_eq!(fitted("Sara", 4, Order::Here).text(), "Sara");
        assert_eq!(fitted("Sara Miller", 6, Order::Here).text(), "Sara …");
        assert_eq!(fitted("日本語", 4, Order::Here).text(), "日…");
        assert_eq!(fitted("نیلوفر", 4, Order::Here).text().chars().next(), Some('…'));
    }

    fn text() -> impl Strategy<Value = String> {
        let words = prop::sample::select(vec![
            "سلام",
            "hello",
            " ",
            "  ",
            "(",
            ")",
            "۱۲۳",
            "12",
            "日本",
            "👩‍👩‍👧",
            "e\u{301}",
            "\u{200c}",
            "\u{200f}",
            "می\u{200c}شود",
            "!",
            "«",
            "»",
        ]);
        prop_oneof![any::<String>(), prop::collection::vec(words, 0..30).prop_map(|words| words.concat()),]
    }

    proptest! {
        #[test]
        fn every_character_that_is_seen_stands_in_one_row_that_fits(text in text(), width in 2_u16..40) {
            let text = safe::one_line(&text);
            for order in [Order::Here, Order::Terminal] {
                let rows = rows(&text, width, order);
                let mut found: Vec<usize> = Vec::new();
                for row in &rows {
                    prop_assert!(row.width() <= width, "{row:?}");
                    prop_assert!(!row.text().contains(char::is_control));
                    found.extend(row.glyphs.iter().map(|glyph| glyph.from));
                }
                found.sort_unstable();
                let wanted: Vec<usize> = pieces(&text, width).iter().map(|piece| piece.from).collect();
                let lost: Vec<usize> = wanted.iter().copied().filter(|from| !found.contains(from)).collect();
                prop_assert!(lost.iter().all(|from| text[*from..].starts_with(' ')), "{lost:?}");
                prop_assert!(found.windows(2).all(|pair| pair[0] < pair[1]), "{found:?}");
                prop_assert!(fitted(&text, width, order).width() <= width);
            }
        }
    }
}

//! Letters of the Arabic script in the form that their neighbours give them. Most terminals put one letter after the other
//! as they come, and Persian falls apart; the presentation forms of Unicode (blocks Arabic Presentation Forms-A and -B) are
//! letters that are joined already.

/// A letter, its isolated form, and whether it joins the letter after it. After the isolated form come the final one and,
/// for those that join, the initial and the medial one. 0: it joins, and has no such forms.
#[rustfmt::skip]
const LETTERS: [(char, u32, bool); 58] = [
    ('ء', 0xFE80, false), ('آ', 0xFE81, false), ('أ', 0xFE83, false), ('ؤ', 0xFE85, false), ('إ', 0xFE87, false),
    ('ئ', 0xFE89, true), ('ا', 0xFE8D, false), ('ب', 0xFE8F, true), ('ة', 0xFE93, false), ('ت', 0xFE95, true),
    ('ث', 0xFE99, true), ('ج', 0xFE9D, true), ('ح', 0xFEA1, true), ('خ', 0xFEA5, true), ('د', 0xFEA9, false),
    ('ذ', 0xFEAB, false), ('ر', 0xFEAD, false), ('ز', 0xFEAF, false), ('س', 0xFEB1, true), ('ش', 0xFEB5, true),
    ('ص', 0xFEB9, true), ('ض', 0xFEBD, true), ('ط', 0xFEC1, true), ('ظ', 0xFEC5, true), ('ع', 0xFEC9, true),
    ('غ', 0xFECD, true), ('ـ', 0, true), ('ف', 0xFED1, true), ('ق', 0xFED5, true), ('ك', 0xFED9, true),
    ('ل', 0xFEDD, true), ('م', 0xFEE1, true), ('ن', 0xFEE5, true), ('ه', 0xFEE9, true), ('و', 0xFEED, false),
    ('ى', 0xFEEF, false), ('ي', 0xFEF1, true), ('ٱ', 0xFB50, false), ('ٹ', 0xFB66, true), ('ٺ', 0xFB5E, true),
    ('ٻ', 0xFB52, true), ('پ', 0xFB56, true), ('ٿ', 0xFB62, true), ('چ', 0xFB7A, true), ('ڈ', 0xFB88, false),
    ('ڑ', 0xFB8C, false), ('ژ', 0xFB8A, false), ('ڤ', 0xFB6A, true), ('ک', 0xFB8E, true), ('ڭ', 0xFBD3, true),
    ('گ', 0xFB92, true), ('ں', 0xFB9E, false), ('ھ', 0xFBAA, true), ('ہ', 0xFBA6, true), ('ۆ', 0xFBD9, false),
    ('ی', 0xFBFC, true), ('ے', 0xFBAE, false), ('ە', 0, false),
];

const ZWNJ: char = '\u{200c}';
const ZWJ: char = '\u{200d}';

fn letter(grapheme: &str) -> Option<(u32, bool)> {
    let first = grapheme.chars().next()?;
    LETTERS.iter().find(|(letter, ..)| *letter == first).map(|&(_, form, joins)| (form, joins))
}

/// Whether a letter joins the one after it: by itself, and as far as what is written with it lets it.
fn joins_next(grapheme: &str) -> bool {
    grapheme.ends_with(ZWJ) || (!grapheme.contains(ZWNJ) && letter(grapheme).is_some_and(|(_, joins)| joins))
}

/// Whether a letter joins the one before it.
fn joins_before(grapheme: &str) -> bool {
    letter(grapheme).is_some_and(|_| !grapheme.starts_with('ء'))
}

/// A grapheme in its form, between those before and after it; nothing if it stays what it is.
pub(super) fn shape(before: Option<&str>, grapheme: &str, after: Option<&str>) -> Option<String> {
    let (form, joins) = letter(grapheme).filter(|(form, _)| *form != 0)?;
    let is_joined_before = joins_before(grapheme) && before.is_some_and(joins_next);
    let is_joined_after = joins && joins_next(grapheme) && after.is_some_and(joins_before);
    let step = u32::from(is_joined_before) + 2 * u32::from(is_joined_after);
    let mut chars = grapheme.chars();
    chars.next();
    // The joiners have done what they are for.
    let marks = chars.filter(|c| !matches!(*c, ZWNJ | ZWJ));
    Some(char::from_u32(form + step).into_iter().chain(marks).collect())
}

#[cfg(test)]
mod tests {
    use unicode_normalization::UnicodeNormalization;
    use unicode_segmentation::UnicodeSegmentation;

    use super::*;

    fn shaped(text: &str) -> Vec<String> {
        let graphemes: Vec<&str> = text.graphemes(true).collect();
        let at = |index: usize| graphemes.get(index).copied();
        (0..graphemes.len())
            .map(|n| {
                shape(n.checked_sub(1).and_then(at), graphemes[n], at(n + 1)).unwrap_or_else(|| graphemes[n].to_owned())
            })
            .collect()
    }

    #[test]
    fn letters_join_as_they_are_written() {
        // Seen initial, lam medial, alef final, meem isolated.
        assert_eq!(shaped("سلام"), ["\u{feb3}", "\u{fee0}", "\u{fe8e}", "\u{fee1}"]);
        // The joiner ends a form, and is gone.
        assert_eq!(shaped("می\u{200c}ر"), ["\u{fee3}", "\u{fbfd}", "\u{fead}"]);
        assert_eq!(shaped("ه\u{200d}"), ["\u{fee9}"], "nothing follows that it could join");
        assert_eq!(shaped("گُل a"), ["\u{fb94}\u{64f}", "\u{fede}", " ", "a"]);
    }

    #[test]
    fn every_form_is_one_of_its_letter() {
        for (letter, form, joins) in LETTERS.into_iter().filter(|(_, form, _)| *form != 0) {
            let forms = if letter == 'ء' { 1 } else { 2 + 2 * u32::from(joins) };
            for step in 0..forms {
                let form = char::from_u32(form + step).expect("a character").to_string();
                let wanted = letter.to_string().nfkc().collect::<String>();
                assert_eq!(form.nfkc().collect::<String>(), wanted, "{form}, form {step} of {letter}");
            }
        }
    }
}

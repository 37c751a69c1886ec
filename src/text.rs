//! What counts as a text that can be said. A text is carried unchanged; making it safe to look at is the page's part.

use crate::protocol::{Code, Refusal};

/// The size of a text.
#[derive(Clone, Copy, Debug)]
pub struct TextLimits {
    /// Unicode scalar values.
    pub chars: usize,
    /// Bytes of UTF-8.
    pub bytes: usize,
}

/// Checks a text.
///
/// # Errors
/// [`Code::TextTooLong`], [`Code::EmptyText`] when nothing in it can be seen.
pub fn check(text: &str, limits: TextLimits) -> Result<(), Refusal> {
    if text.len() > limits.bytes || (text.len() > limits.chars && text.chars().nth(limits.chars).is_some()) {
        return Err(Refusal::because(
            Code::TextTooLong,
            format!("That is too long to send: at most {} characters. Split it.", limits.chars),
        ));
    }
    if text.chars().all(is_unseen) {
        return Err(Code::EmptyText.into());
    }
    Ok(())
}

/// The longest emoji that people write, in Unicode scalar values (families, flags of regions) and in bytes.
pub(crate) const EMOJI: TextLimits = TextLimits { chars: 10, bytes: 40 };

/// Checks a reaction: something short that can be seen and is more than letters of a language.
///
/// # Errors
/// [`Code::BadReaction`].
pub fn check_reaction(emoji: &str) -> Result<(), Refusal> {
    let is_short = check(emoji, EMOJI).is_ok();
    if !is_short || emoji.is_ascii() || emoji.chars().any(|c| c.is_alphabetic() || c.is_whitespace() || c.is_control())
    {
        return Err(Code::BadReaction.into());
    }
    Ok(())
}

/// White space, controls, and characters that only steer how others are shown.
fn is_unseen(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: TextLimits = TextLimits { chars: 4, bytes: 12 };

    #[test]
    fn what_cannot_be_seen_is_empty() {
        for text in ["", " ", "\n\t", "\u{200b}\u{200c}", "\u{feff}", "\u{202e}", "\0"] {
            assert_eq!(check(text, LIMITS).map_err(|refusal| refusal.code), Err(Code::EmptyText), "{text:?}");
        }
    }

    #[test]
    fn length_is_counted_in_characters_and_in_bytes() {
        assert!(check("سلام", LIMITS).is_ok());
        assert_eq!(check("سلام!", LIMITS).map_err(|refusal| refusal.code), Err(Code::TextTooLong));
        assert_eq!(check("🙂🙂🙂🙂", LIMITS).map_err(|refusal| refusal.code), Err(Code::TextTooLong));
    }
}

//! Names of rooms, and one rule for them on every wire.

use std::fmt;
use std::sync::Arc;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::clean::{cannot_be_shown, is_ignorable};
use super::fold::{Gaps, fold};
use crate::code::Code;

/// Longest name of a room, in characters (code points) of the form that is kept.
pub(crate) const MAX_ROOM_CHARS: usize = 64;

/// Longest text that is looked at, in bytes.
const MAX_TYPED: usize = 1024;

/// What a room is known by: a code, or a name.
///
/// Names that are written alike are one room: what is kept is folded (case, width, NFC and NFD, Arabic and Persian letters
/// and digits, vowel signs, joiners and selectors out), so that «كلاس» and «کلاس», `General` and `general` meet. The kept
/// form of a kept form is itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoomName(Arc<str>);

/// Why a room cannot have a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum RoomProblem {
    /// Nothing in it.
    #[error("a room needs a name")]
    Empty,
    /// Over 64 characters.
    #[error("the name is too long")]
    TooLong,
    /// A control, bidi or other invisible character, a slash of either kind, `.` or `..`, a mark on nothing, or what no
    /// font shows.
    #[error("the name has characters that a room's name cannot have")]
    Invalid,
}

impl RoomName {
    /// Reads a room's name, from a path, a frame or a form. Six digits, with spaces, dashes and bidi marks between them and
    /// in any script's digits, are that code; everything else is a name.
    ///
    /// # Errors
    /// A [`RoomProblem`].
    pub fn parse(written: &str) -> Result<Self, RoomProblem> {
        if written.len() > MAX_TYPED {
            return Err(RoomProblem::TooLong);
        }
        if let Some(code) = Code::parse(written) {
            return Ok(code.into());
        }
        let is_refused = |c: char| c.is_control() || cannot_be_shown(c) || (is_ignorable(c) && !is_left_out(c));
        if written.contains(is_refused) {
            return Err(RoomProblem::Invalid);
        }
        let folded = fold(written, Gaps::Keep);
        let name = folded.split_whitespace().collect::<Vec<_>>().join(" ").nfc().collect::<String>();
        let mut chars = name.chars();
        let Some(first) = chars.next() else { return Err(RoomProblem::Empty) };
        if chars.nth(MAX_ROOM_CHARS - 1).is_some() {
            return Err(RoomProblem::TooLong);
        }
        if is_combining_mark(first) || name.contains(['/', '\\']) || name == "." || name == ".." {
            return Err(RoomProblem::Invalid);
        }
        // Folding may have made a code of it: full-width dashes, digits in circles.
        Ok(Code::parse(&name).map_or_else(|| Self(name.as_str().into()), Self::from))
    }

    /// As it is kept, sent and shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same, to keep without a copy.
    pub fn shared(&self) -> Arc<str> {
        self.0.clone()
    }

    /// Whether it is a code, which must have been given out before anybody can join.
    pub fn is_code(&self) -> bool {
        self.code().is_some()
    }

    /// The code, if it is one.
    pub fn code(&self) -> Option<Code> {
        Code::parse(&self.0)
    }
}

impl From<Code> for RoomName {
    fn from(code: Code) -> Self {
        Self(code.to_string().into())
    }
}

impl fmt::Display for RoomName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Invisible, but a part of writing: joiners and variation selectors. They do not tell one room from another.
fn is_left_out(c: char) -> bool {
    matches!(c, '\u{200C}' | '\u{200D}' | '\u{FE00}'..='\u{FE0F}')
}

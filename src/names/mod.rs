//! Names of people and rooms: what is shown, what counts as the same, what to offer instead. Knows nothing of rooms,
//! members or sessions.
//!
//! A person's name has three forms:
//! - **shown** ([`Name`]): as typed, without what cannot be seen ([`clean`]);
//! - **written** ([`written`]): equal for all ways of typing one name (case, width, Arabic or Persian letters and digits,
//!   spaces, dashes). Who is meant by `/msg mina hi` is decided by it;
//! - **key** ([`NameKey`]): equal for names that *look* alike too. Whether a name is taken is decided by it.
//!
//! The key is coarse on purpose: a name refused for nothing costs a "Mina 2", one let in can speak for somebody else. It is
//! not used to address anybody, since a line for Nell must not reach Neil.
//!
//! `web/client/src/names.ts` shows the same problems while somebody types, and has the written form but no table of
//! look-alikes. `tests/tables/names.json` and `rooms.json` hold both sides to one behaviour.

mod clean;
mod fold;
mod look;
mod near;
mod room;
mod suggest;

use std::fmt;
use std::sync::Arc;

pub(crate) use clean::is_ignorable;
pub use fold::written;
pub use near::near;
#[cfg(test)]
pub(crate) use room::MAX_ROOM_CHARS;
pub use room::{RoomName, RoomProblem};
pub use suggest::suggest;

/// Bytes of a shown name for each character that it may have. The longest characters of UTF-8 have four; marks, which are
/// not counted as characters, live within the same bound.
const BYTES_PER_CHAR: usize = 4;

/// Code points that are looked at for each character that a name may have. Whoever sends more is not typing a name.
const TYPED_PER_CHAR: usize = 16;

/// Names that lines of the server or of the page's own words could be mistaken for. With digits after them, too.
/// Not on the list because people are called so: Server, سرور, مالک, صاحب.
const RESERVED: [&str; 15] = [
    "System",
    "Charsu",
    "Owner",
    "Admin",
    "Administrator",
    "Moderator",
    "Everyone",
    "You", //
    "سیستم",
    "سامانه",
    "چارسو",
    "مدیر",
    "ادمین",
    "همه",
    "شما",
];

/// A person's name as it is shown.
///
/// In NFC; single spaces inside, none around; no controls, bidi characters or other invisible ones, except: ZWNJ and ZWJ
/// between letters of Arabic script and beside a virama of the scripts of India, ZWJ and variation selectors within emoji.
/// At most four combining marks in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(Arc<str>);

/// Why a name cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum NameProblem {
    /// Nothing in it can be seen.
    #[error("a name needs at least one visible character")]
    Empty,
    /// More characters than allowed, or more than four bytes for each allowed character.
    #[error("the name is too long")]
    TooLong,
    /// It has characters that no font shows (private use, damaged text), or nothing to tell it from another by.
    #[error("the name has characters that cannot be shown")]
    Invalid,
    /// The server's and the page's own words, and what looks like them.
    #[error("the name is kept for the server")]
    Reserved,
}

impl Name {
    /// Makes a name of what somebody typed. What cannot be seen is left out, not refused.
    ///
    /// `max_chars` counts characters as people see them: marks, joiners and selectors do not count, nor does what is
    /// joined to an emoji; a flag is one. 1 or more.
    ///
    /// # Errors
    /// A [`NameProblem`].
    pub fn parse(typed: &str, max_chars: usize) -> Result<Self, NameProblem> {
        if typed.chars().nth(max_chars.saturating_mul(TYPED_PER_CHAR)).is_some() {
            return Err(NameProblem::TooLong);
        }
        if typed.chars().any(clean::cannot_be_shown) {
            return Err(NameProblem::Invalid);
        }
        let shown = clean::clean(typed);
        if shown.is_empty() {
            return Err(NameProblem::Empty);
        }
        if shown.len() > max_chars.saturating_mul(BYTES_PER_CHAR) || clean::visible_chars(&shown) > max_chars {
            return Err(NameProblem::TooLong);
        }
        let key = key_of(&shown);
        if key.0.is_empty() {
            return Err(NameProblem::Invalid);
        }
        // "Admin 2" is as bad as "Admin".
        let form = written(&shown);
        let unnumbered = form.trim_end_matches(|c: char| c.is_ascii_digit());
        if is_reserved(&key) || (unnumbered != form && is_reserved(&key_of(unnumbered))) {
            return Err(NameProblem::Reserved);
        }
        Ok(Self(shown.into()))
    }

    /// As it is shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As it is shown, to keep without a copy.
    pub fn shared(&self) -> Arc<str> {
        self.0.clone()
    }

    /// What "already taken" compares. Computed on each call, in some microseconds.
    pub fn key(&self) -> NameKey {
        key_of(&self.0)
    }
}

impl AsRef<str> for Name {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What "already taken" compares: equal for names that are written or look alike. Not for showing.
///
/// The key of a key is that key.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NameKey(Box<str>);

impl NameKey {
    /// As a store keeps it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The key of any text, for names that nobody claimed (a guest's signature). Time and size are linear in the text's.
pub fn key_of(text: &str) -> NameKey {
    NameKey(look::key(text).into())
}

fn is_reserved(key: &NameKey) -> bool {
    use std::sync::LazyLock;
    static KEYS: LazyLock<Vec<NameKey>> = LazyLock::new(|| RESERVED.iter().map(|word| key_of(word)).collect());
    KEYS.contains(key)
}

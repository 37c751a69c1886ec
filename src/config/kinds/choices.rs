//! One among a few: a switch, or a word out of a closed set. What a choice leads to is decided where it is read, not here.

use super::{Kind, one, quoted};
use crate::auth::Algorithm;

/// Yes or no. As a flag it needs no value.
pub(in crate::config) struct Switch;

impl Kind for Switch {
    type Value = bool;
    const PLACEHOLDER: &'static str = "";

    fn read(written: &[String]) -> Result<bool, String> {
        match one(written)? {
            "true" | "yes" | "on" | "1" => Ok(true),
            "false" | "no" | "off" | "0" => Ok(false),
            _ => Err("is a switch: give true or false".to_owned()),
        }
    }

    fn write(value: &bool) -> Option<String> {
        Some(value.to_string())
    }
}

/// A choice among a few words.
pub(in crate::config) struct Choice<T>(std::marker::PhantomData<T>);

/// A closed set of words.
pub(in crate::config) trait Words: Copy + PartialEq + 'static {
    /// Each with its word.
    const ALL: &'static [(Self, &'static str)];
}

impl<T: Words> Kind for Choice<T> {
    type Value = T;
    const PLACEHOLDER: &'static str = "WHAT";

    fn read(written: &[String]) -> Result<T, String> {
        let text = one(written)?;
        T::ALL.iter().find(|(_, word)| *word == text).map(|(choice, _)| *choice).ok_or_else(|| {
            let words: Vec<&str> = T::ALL.iter().map(|(_, word)| *word).collect();
            format!("is not among the choices: give {}", words.join(" or "))
        })
    }

    fn write(value: &T) -> Option<String> {
        T::ALL.iter().find(|(choice, _)| choice == value).map(|(_, word)| quoted(word))
    }
}

/// What a newcomer sees of a room's past.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Newcomers {
    /// Nothing where rooms live in memory, the recent page where they are stored.
    Auto,
    /// Nothing.
    None,
    /// The recent page.
    Recent,
    /// Everything that is kept, page by page.
    All,
}

impl Words for Newcomers {
    const ALL: &'static [(Self, &'static str)] =
        &[(Self::Auto, "auto"), (Self::None, "none"), (Self::Recent, "recent"), (Self::All, "all")];
}

/// What a store asks of the disk before it says that something is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fsync {
    /// That the system has it: it survives the end of the process, and a power cut all but for the last moments.
    Normal,
    /// That the disk has it: it survives a power cut.
    Full,
}

impl Words for Fsync {
    const ALL: &'static [(Self, &'static str)] = &[(Self::Normal, "normal"), (Self::Full, "full")];
}

/// How tokens are signed; nothing for what the key's kind says.
impl Words for Option<Algorithm> {
    const ALL: &'static [(Self, &'static str)] = &[
        (None, "auto"),
        (Some(Algorithm::Hs256), "HS256"),
        (Some(Algorithm::Rs256), "RS256"),
        (Some(Algorithm::Es256), "ES256"),
        (Some(Algorithm::EdDsa), "EdDSA"),
    ];
}

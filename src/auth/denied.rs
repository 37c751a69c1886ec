//! Why somebody is not let in: a closed set of reasons. Each tells its owner what to do about the token and nobody anything of
//! the key.

use crate::protocol::{Code, Refusal};

/// What is wrong with a token, or with how it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Denied {
    /// There is none.
    Missing,
    /// There are several.
    Several,
    /// It is over [`MAX_TOKEN`](super::MAX_TOKEN).
    TooLong,
    /// It is not three parts in base64url without padding, the first of them a JSON object.
    Malformed,
    /// Its header names another algorithm than the key's.
    Algorithm,
    /// Its header brings or names a key of its own, demands what is not known here, or has a `kid` that is none.
    Header,
    /// Somebody else signed it, or it was changed.
    Signature,
    /// Its claims are not one JSON object, name something twice, or have something of the wrong kind.
    Claims,
    /// It has no `exp`.
    NoExpiry,
    /// Its `exp` has passed.
    Expired,
    /// Its `nbf` is still to come.
    NotYetValid,
    /// Its `iat` is still to come.
    IssuedLater,
    /// Its `aud` names others, or is missing where one is asked for.
    Audience,
    /// Its `iss` is another, or is missing where one is asked for.
    Issuer,
    /// It has neither `name` nor `sub`.
    NoName,
    /// Its `name` or `sub` cannot be a person's name.
    BadName,
    /// Its `rooms` are not names of rooms.
    BadRooms,
}

impl Denied {
    /// Every reason, for documentation and tests.
    pub const ALL: [Self; 17] = [
        Self::Missing,
        Self::Several,
        Self::TooLong,
        Self::Malformed,
        Self::Algorithm,
        Self::Header,
        Self::Signature,
        Self::Claims,
        Self::NoExpiry,
        Self::Expired,
        Self::NotYetValid,
        Self::IssuedLater,
        Self::Audience,
        Self::Issuer,
        Self::NoName,
        Self::BadName,
        Self::BadRooms,
    ];

    /// The stable word for programs.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Several => "several",
            Self::TooLong => "too_long",
            Self::Malformed => "malformed",
            Self::Algorithm => "algorithm",
            Self::Header => "header",
            Self::Signature => "signature",
            Self::Claims => "claims",
            Self::NoExpiry => "no_expiry",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::IssuedLater => "issued_later",
            Self::Audience => "audience",
            Self::Issuer => "issuer",
            Self::NoName => "no_name",
            Self::BadName => "bad_name",
            Self::BadRooms => "bad_rooms",
        }
    }

    /// English words for whoever made the token, without a double quote.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Missing => Code::TokenRequired.words(),
            Self::Several => "Give one token, in one place.",
            Self::TooLong => "The token is over 8 KiB.",
            Self::Malformed => "That is no token: three parts in base64url, without padding.",
            Self::Algorithm => "The token is signed in another way than this server asks for.",
            Self::Header => "The token's header has a key, an extension or a kid that is not taken.",
            Self::Signature => "The token's signature is not good.",
            Self::Claims => "The token's claims cannot be read: one JSON object, each name once, each of its kind.",
            Self::NoExpiry => "The token has no exp.",
            Self::Expired => Code::TokenExpired.words(),
            Self::NotYetValid => "The token is not valid yet.",
            Self::IssuedLater => "The token was issued in the future.",
            Self::Audience => "The token is meant for somebody else (aud).",
            Self::Issuer => "The token comes from somebody else (iss).",
            Self::NoName => "The token names nobody: give name or sub.",
            Self::BadName => "The token's name or sub cannot be a name here.",
            Self::BadRooms => "The token's rooms are not names of rooms.",
        }
    }

    /// Under which code it is refused.
    pub const fn code(self) -> Code {
        match self {
            Self::Missing => Code::TokenRequired,
            Self::Expired => Code::TokenExpired,
            Self::Several
            | Self::TooLong
            | Self::Malformed
            | Self::Algorithm
            | Self::Header
            | Self::Signature
            | Self::Claims
            | Self::NoExpiry
            | Self::NotYetValid
            | Self::IssuedLater
            | Self::Audience
            | Self::Issuer
            | Self::NoName
            | Self::BadName
            | Self::BadRooms => Code::TokenInvalid,
        }
    }
}

impl From<Denied> for Refusal {
    fn from(denied: Denied) -> Self {
        Self::because(denied.code(), denied.words())
    }
}

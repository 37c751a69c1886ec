//! What the server declines to do, and how it says so: one table of codes with their words. The documentation and both
//! languages of the page are checked against it.

use crate::names::NameProblem;

/// The stable name of a refusal. Clients decide by it; the words may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// Not JSON, not an object, a missing field, a wrong type, a number out of range.
    BadRequest,
    /// A `type` or a slash command that does not exist.
    UnknownCommand,
    /// The first frame was not `hello`.
    HelloFirst,
    /// A text without a visible character.
    EmptyText,
    /// A text over the limit in characters or bytes.
    TextTooLong,
    /// A name without a visible character.
    NameEmpty,
    /// A name over the limit.
    NameTooLong,
    /// A name with characters that cannot be shown safely.
    NameInvalid,
    /// A name that only the server may use.
    NameReserved,
    /// A member of the room has this name or one that looks like it.
    NameTaken,
    /// A room name that cannot be.
    BadRoom,
    /// A six-digit code that leads to no room.
    RoomNotFound,
    /// As many members as the room may have.
    RoomFull,
    /// As many rooms as one connection may be in.
    TooManyRooms,
    /// As many connections as one address may have.
    TooManyConnections,
    /// The server carries as much as it may.
    ServerFull,
    /// Too fast; `retry_after_ms` says when to go on.
    RateLimited,
    /// A command for a room in which this connection is not a member.
    NotInRoom,
    /// A join to a room in which this connection is a member.
    AlreadyInRoom,
    /// A private message to somebody who is not in the room.
    NoSuchPerson,
    /// A private message to a guest's name that several guests use.
    AmbiguousPerson,
    /// A private message to oneself.
    ToYourself,
    /// No line of that number that this person may see: never said, taken back, or no longer kept.
    NoSuchLine,
    /// Somebody else said that line.
    NotYours,
    /// A reaction that is no emoji.
    BadReaction,
    /// As many reactions as one line may bear.
    TooManyReactions,
    /// The same `id` again, with other content.
    IdConflict,
    /// An `id` so old that the server cannot tell whether it was seen.
    IdTooOld,
    /// A request speaks for a session that is not known, or has no connection.
    UnknownSession,
    /// The page's address may not use this server.
    OriginForbidden,
    /// The server lets nobody in without a token, and there is none.
    TokenRequired,
    /// A token that is not good; the words say why.
    TokenInvalid,
    /// A token that was good until its `exp`.
    TokenExpired,
    /// A room that the token does not name.
    RoomForbidden,
    /// The store cannot keep anything now; nothing was accepted.
    Unavailable,
}

impl Code {
    /// Every code, in the order of the documentation.
    pub const ALL: [Self; 35] = [
        Self::BadRequest,
        Self::UnknownCommand,
        Self::HelloFirst,
        Self::EmptyText,
        Self::TextTooLong,
        Self::NameEmpty,
        Self::NameTooLong,
        Self::NameInvalid,
        Self::NameReserved,
        Self::NameTaken,
        Self::BadRoom,
        Self::RoomNotFound,
        Self::RoomFull,
        Self::TooManyRooms,
        Self::TooManyConnections,
        Self::ServerFull,
        Self::RateLimited,
        Self::NotInRoom,
        Self::AlreadyInRoom,
        Self::NoSuchPerson,
        Self::AmbiguousPerson,
        Self::ToYourself,
        Self::NoSuchLine,
        Self::NotYours,
        Self::BadReaction,
        Self::TooManyReactions,
        Self::IdConflict,
        Self::IdTooOld,
        Self::UnknownSession,
        Self::OriginForbidden,
        Self::TokenRequired,
        Self::TokenInvalid,
        Self::TokenExpired,
        Self::RoomForbidden,
        Self::Unavailable,
    ];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BadRequest => "bad_request",
            Self::UnknownCommand => "unknown_command",
            Self::HelloFirst => "hello_first",
            Self::EmptyText => "empty_text",
            Self::TextTooLong => "text_too_long",
            Self::NameEmpty => "name_empty",
            Self::NameTooLong => "name_too_long",
            Self::NameInvalid => "name_invalid",
            Self::NameReserved => "name_reserved",
            Self::NameTaken => "name_taken",
            Self::BadRoom => "bad_room",
            Self::RoomNotFound => "room_not_found",
            Self::RoomFull => "room_full",
            Self::TooManyRooms => "too_many_rooms",
            Self::TooManyConnections => "too_many_connections",
            Self::ServerFull => "server_full",
            Self::RateLimited => "rate_limited",
            Self::NotInRoom => "not_in_room",
            Self::AlreadyInRoom => "already_in_room",
            Self::NoSuchPerson => "no_such_person",
            Self::AmbiguousPerson => "ambiguous_person",
            Self::ToYourself => "to_yourself",
            Self::NoSuchLine => "no_such_line",
            Self::NotYours => "not_yours",
            Self::BadReaction => "bad_reaction",
            Self::TooManyReactions => "too_many_reactions",
            Self::IdConflict => "id_conflict",
            Self::IdTooOld => "id_too_old",
            Self::UnknownSession => "unknown_session",
            Self::OriginForbidden => "origin_forbidden",
            Self::TokenRequired => "token_required",
            Self::TokenInvalid => "token_invalid",
            Self::TokenExpired => "token_expired",
            Self::RoomForbidden => "room_forbidden",
            Self::Unavailable => "unavailable",
        }
    }

    /// English words for a person: what happened and what to do.
    pub const fn words(self) -> &'static str {
        match self {
            Self::BadRequest => "That was not understood.",
            Self::UnknownCommand => "There is no such command. To say a line that begins with a slash, write two.",
            Self::HelloFirst => "Say hello first.",
            Self::EmptyText => "There is nothing to send.",
            Self::TextTooLong => "That is too long to send. Split it.",
            Self::NameEmpty => "A name needs at least one visible character.",
            Self::NameTooLong => "That name is too long.",
            Self::NameInvalid => "That name has characters that cannot be shown.",
            Self::NameReserved => "That name is kept for the server. Choose another.",
            Self::NameTaken => "Somebody in this room has that name. Choose another.",
            Self::BadRoom => "There can be no room of that name.",
            Self::RoomNotFound => "No room has this code. Check it, or open a new room.",
            Self::RoomFull => "The room is full.",
            Self::TooManyRooms => "You are in as many rooms as you may be. Leave one first.",
            Self::TooManyConnections => "Too many connections come from your address.",
            Self::ServerFull => "The server is full. Try again later.",
            Self::RateLimited => "Too fast. Wait a moment.",
            Self::NotInRoom => "You are not in that room.",
            Self::AlreadyInRoom => "You are in that room.",
            Self::NoSuchPerson => "Nobody of that name is in the room.",
            Self::AmbiguousPerson => "Several guests use that name.",
            Self::ToYourself => "That is you.",
            Self::NoSuchLine => "That line is not there any more.",
            Self::NotYours => "Only who said a line can change it.",
            Self::BadReaction => "A reaction is one emoji.",
            Self::TooManyReactions => "That line bears as many reactions as it may.",
            Self::IdConflict => "This id was used for something else.",
            Self::IdTooOld => "This id is too old to be told apart from a repeat.",
            Self::UnknownSession => "This session is not known here any more. Open a stream of events first.",
            Self::OriginForbidden => "Pages from that address may not use this server.",
            Self::TokenRequired => "You need an invitation to enter here.",
            Self::TokenInvalid => "This invitation is not good. Ask for another.",
            Self::TokenExpired => "This invitation has run out. Ask for another.",
            Self::RoomForbidden => "This invitation is for another room.",
            Self::Unavailable => "Nothing can be kept at the moment. It was not sent.",
        }
    }

    /// Whether the same command may succeed later without a change.
    pub const fn may_retry(self) -> bool {
        match self {
            Self::RateLimited | Self::Unavailable | Self::RoomFull | Self::ServerFull | Self::TooManyConnections => {
                true
            }
            Self::BadRequest
            | Self::UnknownCommand
            | Self::HelloFirst
            | Self::EmptyText
            | Self::TextTooLong
            | Self::NameEmpty
            | Self::NameTooLong
            | Self::NameInvalid
            | Self::NameReserved
            | Self::NameTaken
            | Self::BadRoom
            | Self::RoomNotFound
            | Self::TooManyRooms
            | Self::NotInRoom
            | Self::AlreadyInRoom
            | Self::NoSuchPerson
            | Self::AmbiguousPerson
            | Self::ToYourself
            | Self::NoSuchLine
            | Self::NotYours
            | Self::BadReaction
            | Self::TooManyReactions
            | Self::IdConflict
            | Self::IdTooOld
            | Self::UnknownSession
            | Self::OriginForbidden
            | Self::TokenRequired
            | Self::TokenInvalid
            | Self::TokenExpired
            | Self::RoomForbidden => false,
        }
    }

    /// The HTTP status of the same refusal on the ordinary HTTP interface.
    pub const fn http_status(self) -> u16 {
        match self {
            Self::RoomNotFound | Self::NoSuchPerson | Self::NoSuchLine => 404,
            Self::TokenRequired | Self::TokenInvalid | Self::TokenExpired => 401,
            Self::OriginForbidden | Self::NotYours | Self::RoomForbidden | Self::UnknownSession => 403,
            Self::NameTaken
            | Self::AlreadyInRoom
            | Self::IdConflict
            | Self::AmbiguousPerson
            | Self::TooManyReactions => 409,
            Self::TextTooLong => 413,
            Self::RateLimited | Self::TooManyConnections | Self::TooManyRooms => 429,
            Self::ServerFull | Self::RoomFull | Self::Unavailable => 503,
            Self::BadRequest
            | Self::UnknownCommand
            | Self::HelloFirst
            | Self::EmptyText
            | Self::NameEmpty
            | Self::NameTooLong
            | Self::NameInvalid
            | Self::NameReserved
            | Self::BadRoom
            | Self::NotInRoom
            | Self::ToYourself
            | Self::BadReaction
            | Self::IdTooOld => 400,
        }
    }
}

/// A refusal with what helps the person to go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What was wrong.
    pub code: Code,
    /// More exact words than [`Code::words`], such as the field that is missing.
    pub detail: Option<Box<str>>,
    /// Milliseconds after which to try again.
    pub retry_after_ms: Option<u64>,
    /// A name that is free.
    pub suggestion: Option<Box<str>>,
    /// Names like the one that was not found, best first.
    pub near: Vec<Box<str>>,
}

impl Refusal {
    /// A refusal with more exact words.
    pub fn because(code: Code, detail: impl Into<Box<str>>) -> Self {
        Self { detail: Some(detail.into()), ..Self::from(code) }
    }

    /// Too fast: come back after so many milliseconds.
    pub fn rate_limited(retry_after_ms: u64) -> Self {
        Self { retry_after_ms: Some(retry_after_ms), ..Self::from(Code::RateLimited) }
    }

    /// The name is taken; `free` is not.
    pub fn name_taken(free: &str) -> Self {
        Self { suggestion: Some(free.into()), ..Self::from(Code::NameTaken) }
    }

    /// Nobody of that name; `near` are names like it.
    pub fn no_such_person(near: Vec<Box<str>>) -> Self {
        Self { near, ..Self::from(Code::NoSuchPerson) }
    }

    /// What to show a person, with what helps to go on, for wires that carry nothing but words.
    pub fn in_one_line(&self) -> String {
        let mut words = self.words().to_owned();
        if let Some(free) = &self.suggestion {
            words.push_str(" Free: ");
            words.push_str(free);
        }
        if !self.near.is_empty() {
            words.push_str(" Like it: ");
            words.push_str(&self.near.join(", "));
        }
        words
    }

    /// What to show a person.
    pub fn words(&self) -> &str {
        self.detail.as_deref().unwrap_or(self.code.words())
    }
}

impl From<Code> for Refusal {
    fn from(code: Code) -> Self {
        Self { code, detail: None, retry_after_ms: None, suggestion: None, near: Vec::new() }
    }
}

impl From<NameProblem> for Refusal {
    fn from(problem: NameProblem) -> Self {
        match problem {
            NameProblem::Empty => Code::NameEmpty,
            NameProblem::TooLong => Code::NameTooLong,
            NameProblem::Invalid => Code::NameInvalid,
            NameProblem::Reserved => Code::NameReserved,
        }
        .into()
    }
}

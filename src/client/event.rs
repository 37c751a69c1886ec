//! What a client is told, in types that borrow nothing: the frames of the server, read and checked.
//!
//! Knows no state. Where a frame belongs, and whether it is the next one, is for [`chat`](super::chat) to say.

use std::borrow::Cow;
use std::time::Duration;

use crate::protocol::{Code, MemberCard, ReactionCard, ResetReason, ServerFrame};

/// A room of this client, for as long as the client lives, whatever the server calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoomKey(pub(super) usize);

/// Something that one asked for and that changes a room: a line, or a change of one. Never given twice by one client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LineKey(pub(super) u64);

/// A position in a room's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The life of the log.
    pub epoch: Box<str>,
    /// The last number.
    pub seq: u64,
}

/// Somebody in a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The member number.
    pub id: u32,
    /// The name; empty for a guest that has told none.
    pub name: String,
    /// The name is not claimed.
    pub guest: bool,
}

/// An emoji that somebody put on a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reaction {
    /// The member's number.
    pub from: u32,
    /// The name at that time.
    pub name: String,
    /// The emoji.
    pub emoji: String,
}

/// A line that somebody said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The member's number.
    pub from: u32,
    /// The name at that time.
    pub name: String,
    /// The name was only written on the line.
    pub guest: bool,
    /// The one whom it is for, if it is not for all: number and name.
    pub to: Option<(u32, String)>,
    /// What was said, as it stands now.
    pub text: String,
    /// When its words were last changed, in Unix milliseconds.
    pub edited_at: Option<u64>,
    /// Its reactions, oldest first.
    pub reactions: Vec<Reaction>,
}

/// One number of a room's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happening {
    /// The number.
    pub seq: u64,
    /// Unix milliseconds by the server's clock, for showing; 0 where there is nothing to be shown.
    pub at: u64,
    /// What.
    pub what: What,
}

/// What a number stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A line.
    Said(Said),
    /// A line has other words now.
    Edit {
        /// Its number.
        target: u64,
        /// Who.
        from: u32,
        /// What it says now.
        text: String,
    },
    /// A line is gone.
    Delete {
        /// Its number.
        target: u64,
        /// Who.
        from: u32,
    },
    /// A reaction was put on a line, or taken off it.
    React {
        /// Its number.
        target: u64,
        /// Who and what.
        reaction: Reaction,
        /// Whether it is there now.
        on: bool,
    },
    /// Somebody is here now.
    Join(Person),
    /// Somebody is no longer here.
    Leave(Person),
    /// Nothing that one may see, or nothing any more.
    Skip,
}

/// What the server declined, or this client itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The stable name: one of [`Code`], of a later server's, or `recipient_gone`, `left`, which are this client's own.
    pub code: String,
    /// English words for a person.
    pub message: String,
    /// When the same may be tried again.
    pub retry_after: Option<Duration>,
    /// A name that is free.
    pub suggestion: Option<String>,
    /// Names like the one that was not found.
    pub near: Vec<String>,
}

impl Refused {
    pub(super) fn own(code: &str, message: impl Into<String>) -> Self {
        let (code, message) = (code.to_owned(), message.into());
        Self { code, message, retry_after: None, suggestion: None, near: Vec::new() }
    }

    /// The code, if this program knows it.
    pub fn known(&self) -> Option<Code> {
        Code::ALL.into_iter().find(|code| code.as_str() == self.code)
    }

    /// Everything in one line for a person.
    pub fn in_one_line(&self) -> String {
        let mut words = self.message.clone();
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
}

/// `joined` or `reset`: the room from the position that it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Arrival {
    pub(super) id: Option<u64>,
    /// Nothing for `joined`.
    pub(super) reason: Option<ResetReason>,
    pub(super) room: String,
    pub(super) position: Position,
    pub(super) you: u32,
    pub(super) name: String,
    pub(super) resumed: bool,
    pub(super) members: Vec<Person>,
    pub(super) count: u32,
    pub(super) history: Vec<Happening>,
    pub(super) earlier: bool,
}

impl From<MemberCard<'_>> for Person {
    fn from(card: MemberCard<'_>) -> Self {
        Self { id: card.id, name: card.name.into_owned(), guest: card.guest }
    }
}

impl From<ReactionCard<'_>> for Reaction {
    fn from(card: ReactionCard<'_>) -> Self {
        Self { from: card.from, name: card.name.into_owned(), emoji: card.emoji.into_owned() }
    }
}

/// People out of their cards.
pub(super) fn people(cards: Vec<MemberCard<'_>>) -> Vec<Person> {
    cards.into_iter().map(Person::from).collect()
}

/// What a numbered frame says, and of which room; any other frame is given back.
pub(super) fn numbered(frame: ServerFrame<'_>) -> Result<(Cow<'_, str>, Happening), Box<ServerFrame<'_>>> {
    let reactions = |cards: Vec<ReactionCard<'_>>| cards.into_iter().map(Reaction::from).collect();
    Ok(match frame {
        ServerFrame::Message { room, seq, at, from, name, guest, text, edited_at, reactions: cards } => {
            let (name, text) = (name.into_owned(), text.into_owned());
            let said = Said { from, name, guest, to: None, text, edited_at, reactions: reactions(cards) };
            (room, Happening { seq, at, what: What::Said(said) })
        }
        ServerFrame::Private { room, seq, at, from, name, to, to_name, text, edited_at, reactions: cards } => {
            let (name, text, to) = (name.into_owned(), text.into_owned(), Some((to, to_name.into_owned())));
            let said = Said { from, name, guest: false, to, text, edited_at, reactions: reactions(cards) };
            (room, Happening { seq, at, what: What::Said(said) })
        }
        ServerFrame::Edit { room, seq, at, target, from, text } => {
            (room, Happening { seq, at, what: What::Edit { target, from, text: text.into_owned() } })
        }
        ServerFrame::Delete { room, seq, at, target, from } => {
            (room, Happening { seq, at, what: What::Delete { target, from } })
        }
        ServerFrame::React { room, seq, at, target, from, name, emoji, on } => {
            let reaction = Reaction { from, name: name.into_owned(), emoji: emoji.into_owned() };
            (room, Happening { seq, at, what: What::React { target, reaction, on } })
        }
        ServerFrame::Join { room, seq, at, member } => (room, Happening { seq, at, what: What::Join(member.into()) }),
        ServerFrame::Leave { room, seq, at, member } => (room, Happening { seq, at, what: What::Leave(member.into()) }),
        ServerFrame::Skip { room, seq } => (room, Happening { seq, at: 0, what: What::Skip }),
        other @ (ServerFrame::Welcome { .. }
        | ServerFrame::Joined { .. }
        | ServerFrame::Reset { .. }
        | ServerFrame::Ack { .. }
        | ServerFrame::People { .. }
        | ServerFrame::History { .. }
        | ServerFrame::Goaway { .. }
        | ServerFrame::Left { .. }
        | ServerFrame::Pong
        | ServerFrame::Error { .. }
        | ServerFrame::Typing { .. }) => return Err(Box::new(other)),
    })
}

/// The numbered frames of a history; whatever else stands in it is passed over.
pub(super) fn history(frames: Vec<ServerFrame<'_>>) -> Vec<Happening> {
    frames.into_iter().filter_map(|frame| numbered(frame).ok()).map(|(_, happening)| happening).collect()
}

//! What somebody wants to happen, before it is decided whether it may. Knows no room: whether a line is there, and whose it is,
//! is said along with it or looked up later.

use crate::names::Name;
use crate::protocol::{Form, Kind, MemberId, Pair, Seq};

/// What somebody wants to happen, before it has a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Draft {
    /// Come in, under a claimed name or as a guest.
    Join {
        /// The name to claim; `None` for a guest.
        name: Option<Name>,
    },
    /// Go out.
    Leave {
        /// Who.
        member: MemberId,
    },
    /// Say something to all.
    Message {
        /// Who.
        from: MemberId,
        /// The name that a guest wrote on it.
        signed: Option<Name>,
        /// What.
        text: Box<str>,
    },
    /// Pass an event on to other pages of Socket.IO, in the form in which it was emitted.
    Pass {
        /// Who.
        from: MemberId,
        /// The name that was written on it.
        signed: Option<Name>,
        /// What it says to all others; without a text they see nothing.
        text: Option<Box<str>>,
        /// The event.
        form: Box<Form>,
    },
    /// Say something to one.
    Private {
        /// Who.
        from: MemberId,
        /// To whom.
        to: MemberId,
        /// What.
        text: Box<str>,
    },
    /// Change a line of one's own.
    Edit {
        /// Who.
        from: MemberId,
        /// Which line.
        target: Target,
        /// What it is to say.
        text: Box<str>,
    },
    /// Take a line of one's own back.
    Delete {
        /// Who.
        from: MemberId,
        /// Which line.
        target: Target,
    },
    /// Put a reaction on a line, or take it off.
    React {
        /// Who.
        from: MemberId,
        /// Which line.
        target: Target,
        /// The emoji.
        emoji: Box<str>,
        /// Whether it is to be there.
        on: bool,
    },
}

/// A line that is to be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// Its number.
    pub seq: Seq,
    /// What the store says of it, when the room itself does not remember it any more.
    pub stored: Option<StoredLine>,
}

/// A line that the store was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredLine {
    /// What it said.
    pub line: Line,
    /// The room's last number before it was asked: what happened since is not in its answer.
    pub asked_at: Seq,
}

/// A line, as far as a change of it has to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// Who said it.
    pub from: MemberId,
    /// The two whom it concerns, if it is private.
    pub between: Option<Pair>,
    /// How many reactions it bears.
    pub reactions: usize,
}

impl Line {
    /// What a change has to know of this event, if it is a line.
    pub fn of(kind: &Kind) -> Option<Self> {
        match kind {
            Kind::Message { from, marks, .. } => {
                Some(Self { from: *from, between: None, reactions: marks.reactions().len() })
            }
            Kind::Private { from, to, marks, .. } => {
                Some(Self { from: *from, between: Some([*from, *to]), reactions: marks.reactions().len() })
            }
            Kind::Passed { .. }
            | Kind::Removed
            | Kind::Edit { .. }
            | Kind::Delete { .. }
            | Kind::React { .. }
            | Kind::Join { .. }
            | Kind::Leave { .. } => None,
        }
    }
}

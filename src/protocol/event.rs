//! What happens in a room: numbered events. A room's state is what you get by applying them in order.

use std::sync::Arc;

use crate::names::Name;

/// A number in a room's log: from 1, without holes.
pub type Seq = u64;

/// A member's number in its room, given in the order of joining and never given again in the life of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MemberId(pub u32);

/// Somebody in a room, as everybody may know them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The number in this room.
    pub id: MemberId,
    /// The claimed name; `None` for a guest, who writes a name on each message or has none.
    pub name: Option<Name>,
}

/// One numbered event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its place in the log.
    pub seq: Seq,
    /// When, in Unix milliseconds by the server's clock. For showing; the order is `seq`.
    pub at: u64,
    /// What.
    pub kind: Kind,
}

/// What an event is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A line for everybody.
    Message {
        /// Who.
        from: MemberId,
        /// The name at that time; empty for a guest that gave none.
        name: Arc<str>,
        /// The name was written on the message and is not claimed.
        guest: bool,
        /// What was said, as it stands now.
        text: Box<str>,
        /// What happened to it since.
        marks: Marks,
        /// The form in which a Socket.IO page wrote it, for others of its kind. It is not stored.
        form: Option<Box<Form>>,
    },
    /// Something without a text that a Socket.IO page passes on to others of its kind. Other wires show nothing, and a store
    /// keeps its number only.
    Passed {
        /// Who.
        from: MemberId,
        /// What; nothing where only the number was kept.
        form: Option<Box<Form>>,
    },
    /// A line for one.
    Private {
        /// Who.
        from: MemberId,
        /// The sender's name at that time.
        name: Arc<str>,
        /// To whom.
        to: MemberId,
        /// The receiver's name at that time.
        to_name: Arc<str>,
        /// What was said, as it stands now.
        text: Box<str>,
        /// What happened to it since.
        marks: Marks,
    },
    /// A line that was taken back: its number stays, its words are gone.
    Removed,
    /// Somebody changed a line of their own.
    Edit {
        /// The line's number.
        target: Seq,
        /// Who.
        from: MemberId,
        /// The two whom a private line concerns.
        between: Option<Pair>,
        /// What it says now; nothing once that was changed or taken back in turn.
        text: Option<Box<str>>,
    },
    /// Somebody took a line of their own back.
    Delete {
        /// The line's number.
        target: Seq,
        /// Who.
        from: MemberId,
        /// The two whom a private line concerns.
        between: Option<Pair>,
    },
    /// Somebody put a reaction on a line, or took it off.
    React {
        /// The line's number.
        target: Seq,
        /// Who and what.
        reaction: Reaction,
        /// Whether it is there now.
        on: bool,
        /// The two whom a private line concerns.
        between: Option<Pair>,
    },
    /// Somebody is here now.
    Join {
        /// Who.
        member: Member,
    },
    /// Somebody is no longer here.
    Leave {
        /// Who.
        member: Member,
    },
}

/// An event as a Socket.IO page emitted it. Whoever emits something that is no plain string has it already: it goes to all
/// others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    /// Its name.
    pub event: Box<str>,
    /// Its arguments, JSON with commas between them; placeholders stand in it for attachments.
    pub arguments: Box<str>,
    /// Binary parts.
    pub attachments: Box<[Vec<u8>]>,
}

impl Form {
    fn weight(&self) -> usize {
        let attached: usize = self.attachments.iter().map(|attachment| attachment.len() + 32).sum();
        self.event.len() + self.arguments.len() + attached
    }
}

/// The two whom a private line concerns: its sender and its receiver.
pub type Pair = [MemberId; 2];

/// An emoji that somebody put on a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reaction {
    /// Who.
    pub from: MemberId,
    /// Their name at that time.
    pub name: Arc<str>,
    /// The emoji.
    pub emoji: Box<str>,
}

/// What happened to a line after it was said. One word of memory while nothing did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks(Option<Box<Marked>>);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Marked {
    edited_at: Option<u64>,
    reactions: Vec<Reaction>,
}

impl Marks {
    /// The marks of a line that was changed then, in Unix milliseconds, and bears these reactions.
    pub fn new(edited_at: Option<u64>, reactions: Vec<Reaction>) -> Self {
        if edited_at.is_none() && reactions.is_empty() {
            return Self(None);
        }
        Self(Some(Box::new(Marked { edited_at, reactions })))
    }

    /// When its words were last changed, in Unix milliseconds.
    pub fn edited_at(&self) -> Option<u64> {
        self.0.as_ref().and_then(|marked| marked.edited_at)
    }

    /// Its reactions, oldest first.
    pub fn reactions(&self) -> &[Reaction] {
        self.0.as_ref().map_or(&[], |marked| &marked.reactions)
    }

    /// The same with this change of words.
    #[must_use]
    pub fn edited(&self, at: u64) -> Self {
        Self::new(Some(at), self.reactions().to_vec())
    }

    /// The same with a reaction put on or taken off. Doing either twice is doing it once.
    #[must_use]
    pub fn reacted(&self, reaction: &Reaction, on: bool) -> Self {
        let is_it = |other: &Reaction| other.from == reaction.from && other.emoji == reaction.emoji;
        let mut reactions: Vec<Reaction> = self.reactions().iter().filter(|other| !is_it(other)).cloned().collect();
        if on {
            reactions.push(reaction.clone());
        }
        Self::new(self.edited_at(), reactions)
    }

    fn weight(&self) -> usize {
        self.reactions().iter().map(|reaction| 48 + reaction.name.len() + reaction.emoji.len()).sum()
    }
}

impl Kind {
    /// Whether this member may see it. The number itself is never hidden.
    pub fn is_for(&self, viewer: MemberId) -> bool {
        match self {
            Self::Private { from, to, .. } => viewer == *from || viewer == *to,
            Self::Edit { between, .. } | Self::Delete { between, .. } | Self::React { between, .. } => {
                between.is_none_or(|pair| pair.contains(&viewer))
            }
            Self::Message { .. } | Self::Passed { .. } | Self::Removed | Self::Join { .. } | Self::Leave { .. } => true,
        }
    }

    /// Whether it changes who is here.
    pub fn changes_members(&self) -> bool {
        match self {
            Self::Join { .. } | Self::Leave { .. } => true,
            Self::Message { .. }
            | Self::Passed { .. }
            | Self::Private { .. }
            | Self::Removed
            | Self::Edit { .. }
            | Self::Delete { .. }
            | Self::React { .. } => false,
        }
    }

    /// Whether every member may see it.
    pub fn is_for_all(&self) -> bool {
        match self {
            Self::Private { .. } => false,
            Self::Edit { between, .. } | Self::Delete { between, .. } | Self::React { between, .. } => {
                between.is_none()
            }
            Self::Message { .. } | Self::Passed { .. } | Self::Removed | Self::Join { .. } | Self::Leave { .. } => true,
        }
    }

    /// Whether it is a line that somebody said and that still stands.
    pub fn is_line(&self) -> bool {
        match self {
            Self::Message { .. } | Self::Private { .. } => true,
            Self::Passed { .. }
            | Self::Removed
            | Self::Edit { .. }
            | Self::Delete { .. }
            | Self::React { .. }
            | Self::Join { .. }
            | Self::Leave { .. } => false,
        }
    }

    /// The line that it changes, if it changes one.
    pub fn target(&self) -> Option<Seq> {
        match self {
            Self::Edit { target, .. } | Self::Delete { target, .. } | Self::React { target, .. } => Some(*target),
            Self::Message { .. }
            | Self::Passed { .. }
            | Self::Private { .. }
            | Self::Removed
            | Self::Join { .. }
            | Self::Leave { .. } => None,
        }
    }

    /// About how many bytes it takes, encoded and kept.
    pub fn weight(&self) -> usize {
        /// JSON around a message, the frame header, the event itself and its place in the log.
        const AROUND: usize = 160;
        AROUND
            + match self {
                Self::Message { text, name, marks, form, .. } => {
                    text.len() + name.len() + marks.weight() + form.as_ref().map_or(0, |form| form.weight())
                }
                Self::Passed { form, .. } => form.as_ref().map_or(0, |form| form.weight()),
                Self::Private { text, name, to_name, marks, .. } => {
                    text.len() + name.len() + to_name.len() + marks.weight()
                }
                Self::Edit { text, .. } => text.as_ref().map_or(0, |text| text.len()),
                Self::React { reaction, .. } => reaction.name.len() + reaction.emoji.len(),
                Self::Removed | Self::Delete { .. } => 0,
                Self::Join { member } | Self::Leave { member } => {
                    member.name.as_ref().map_or(0, |name| name.as_str().len())
                }
            }
    }
}

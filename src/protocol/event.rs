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
        /// What was said.
        text: Box<str>,
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
        /// What was said.
        text: Box<str>,
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

impl Kind {
    /// Whether this member may see it. The number itself is never hidden.
    pub fn is_for(&self, viewer: MemberId) -> bool {
        match self {
            Self::Private { from, to, .. } => viewer == *from || viewer == *to,
            Self::Message { .. } | Self::Join { .. } | Self::Leave { .. } => true,
        }
    }

    /// Whether it changes who is here.
    pub fn changes_members(&self) -> bool {
        match self {
            Self::Join { .. } | Self::Leave { .. } => true,
            Self::Message { .. } | Self::Private { .. } => false,
        }
    }

    /// Whether every member may see it.
    pub fn is_for_all(&self) -> bool {
        match self {
            Self::Private { .. } => false,
            Self::Message { .. } | Self::Join { .. } | Self::Leave { .. } => true,
        }
    }

    /// About how many bytes it takes, encoded and kept.
    pub fn weight(&self) -> usize {
        /// JSON around a message, the frame header, the event itself and its place in the log.
        const AROUND: usize = 160;
        AROUND
            + match self {
                Self::Message { text, name, .. } => text.len() + name.len(),
                Self::Private { text, name, to_name, .. } => text.len() + name.len() + to_name.len(),
                Self::Join { member } | Self::Leave { member } => {
                    member.name.as_ref().map_or(0, |name| name.as_str().len())
                }
            }
    }
}

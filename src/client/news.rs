//! What a client has to do, and what it has to tell: the two ways out of [`Chat`](super::Chat).

use super::event::{Happening, LineKey, Position, Refused, RoomKey};
use super::outbox::Ask;
use super::seat::How;

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Connect, and say when it is [open](super::Chat::opened) or [failed](super::Chat::ended). A connection that is there is dropped.
    Connect,
    /// Send this frame.
    Send(String),
    /// Close with this code, and forget the connection.
    HangUp(u16),
}

/// What one is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// [`Chat::link`](super::Chat::link) says something else.
    Link,
    /// One is in a room, from the position that [`Seat::position`](super::Seat::position) names.
    Entered {
        /// Which.
        room: RoomKey,
        /// How.
        how: How,
        /// What of the past there is to be seen, oldest first.
        history: Vec<Happening>,
        /// There may be lines before those; or, when resumed, before one's own.
        earlier: bool,
        /// Own lines that were acknowledged, are not in `history`, and will not be told otherwise.
        passed: Vec<(Position, Ask)>,
    },
    /// One was not let into a room.
    Barred {
        /// Which.
        room: RoomKey,
        /// Why.
        why: Refused,
    },
    /// One is out of a room, without having asked for it.
    Left {
        /// Which.
        room: RoomKey,
    },
    /// The next number of a room.
    Happened {
        /// Which.
        room: RoomKey,
        /// What.
        happening: Happening,
        /// The own line that it is, if it was asked for here.
        own: Option<LineKey>,
    },
    /// The server left out numbers for good and without a word, against its own rules.
    Torn {
        /// In which room; the next number follows.
        room: RoomKey,
    },
    /// What was asked for is kept by the server, under this number. For a line its event follows, or came before.
    Done {
        /// Which.
        key: LineKey,
        /// Where it stands.
        at: Position,
    },
    /// What was asked for will not be.
    Failed {
        /// Which.
        key: LineKey,
        /// Why.
        why: Refused,
    },
    /// Nobody can tell whether what was asked for arrived. It is not sent again unless somebody says so.
    Unconfirmed {
        /// Which.
        key: LineKey,
    },
    /// A page of the past, oldest first: lines before the number that was asked for.
    Past {
        /// Of which room.
        room: RoomKey,
        /// The number that was asked for.
        before: u64,
        /// The lines.
        lines: Vec<Happening>,
        /// Whether there are more.
        more: bool,
    },
    /// A page of the past did not come.
    NoPast {
        /// Of which room.
        room: RoomKey,
    },
    /// [`Seat::roster`](super::Seat::roster) or [`Seat::typists`](super::Seat::typists) says something else, without a number.
    People {
        /// Of which room.
        room: RoomKey,
    },
    /// The server declined something that has no line of its own, or wants one to wait.
    Notice {
        /// In which room, if in one.
        room: Option<RoomKey>,
        /// What.
        why: Refused,
    },
}

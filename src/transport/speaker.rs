//! Who speaks for a WebSocket: the one place that knows which wire a connection is on.

use super::dialect::{OneSegment, TwoSegment};
use super::upgrade::Path;
use crate::protocol::Close;
use crate::session::{Conversation, Outcome, Turn};
use crate::wire::Wire;

/// A connection's translator, chosen once at the handshake. Small: thousands of connections have one each.
#[derive(Debug)]
pub(crate) enum Speaker {
    /// `charsu.v1`.
    Charsu(Conversation),
    /// `/ws/{room}`.
    OneSegment(OneSegment),
    /// `/ws/{room}/{name}`.
    TwoSegment,
    /// `/ws` without the subprotocol: there is no room to join.
    Nobody,
}

impl Wire {
    /// The wire of a handshake.
    pub(crate) fn of(path: &Path, charsu: bool) -> Self {
        match path {
            _ if charsu => Self::Charsu,
            Path::RoomAndName(..) => Self::TwoSegment,
            Path::Hub | Path::Room(_) => Self::OneSegment,
            #[cfg(feature = "conformance")]
            Path::Echo => Self::OneSegment,
        }
    }
}

impl Speaker {
    /// Whoever speaks on this wire.
    pub(crate) fn new(wire: Wire, path: &Path) -> Self {
        match (wire, path) {
            (Wire::Charsu, _) => Self::Charsu(Conversation::default()),
            (_, Path::RoomAndName(..)) => Self::TwoSegment,
            (_, Path::Room(_)) => Self::OneSegment(OneSegment::default()),
            (_, Path::Hub) => Self::Nobody,
            #[cfg(feature = "conformance")]
            (_, Path::Echo) => Self::Nobody,
        }
    }

    /// Does what the path alone asks for.
    pub(crate) fn begin(&mut self, path: &Path, query: Option<&str>, turn: &mut Turn<'_>) -> Outcome {
        match (self, path) {
            (Self::Charsu(_), _) => Outcome::Answered,
            (Self::OneSegment(page), Path::Room(room)) => page.begin(room, query, turn),
            (Self::TwoSegment, Path::RoomAndName(room, name)) => TwoSegment::begin(room, name, turn),
            _ => Outcome::Close(Close::BadRoom),
        }
    }

    /// Takes one text frame.
    pub(crate) fn take(&mut self, text: &str, turn: &mut Turn<'_>) -> Outcome {
        match self {
            Self::Charsu(conversation) => conversation.take(text, turn),
            Self::OneSegment(page) => page.take(text, turn),
            Self::TwoSegment => TwoSegment::take(text, turn),
            Self::Nobody => Outcome::Close(Close::BadRoom),
        }
    }
}

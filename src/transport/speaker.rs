//! Who speaks for a WebSocket: the one place that knows which wire a connection is on.

use std::net::IpAddr;
use std::sync::Arc;

use super::dialect::{OneSegment, TwoSegment};
use super::upgrade::Path;
use crate::hub::Reader;
use crate::protocol::Close;
use crate::server::App;
use crate::session::{Conversation, Outcome};
use crate::wire::Wire;

/// A connection's translator, chosen once at the handshake.
pub(crate) enum Speaker {
    /// `charsu.v1`.
    Charsu(Conversation),
    /// `/ws/{room}`.
    OneSegment(OneSegment),
    /// `/ws/{room}/{name}`.
    TwoSegment(TwoSegment),
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
    pub(crate) fn new(app: Arc<App>, reader: Arc<Reader>, peer: IpAddr, path: Path, query: Option<&str>) -> Self {
        match (reader.wire(), path) {
            (Wire::Charsu, _) => Self::Charsu(Conversation::new(app, reader, peer)),
            (_, Path::RoomAndName(room, name)) => Self::TwoSegment(TwoSegment::new(app, reader, peer, room, name)),
            (_, Path::Room(room)) => Self::OneSegment(OneSegment::new(app, reader, peer, room, query)),
            (_, Path::Hub) => Self::Nobody,
            #[cfg(feature = "conformance")]
            (_, Path::Echo) => Self::Nobody,
        }
    }

    /// Does what the path alone asks for.
    pub(crate) fn begin(&mut self) -> Outcome {
        match self {
            Self::Charsu(_) => Outcome::Answered,
            Self::OneSegment(page) => page.begin(),
            Self::TwoSegment(page) => page.begin(),
            Self::Nobody => Outcome::Close(Close::BadRoom),
        }
    }

    /// Takes one text frame.
    pub(crate) fn take(&mut self, text: &str) -> Outcome {
        match self {
            Self::Charsu(conversation) => conversation.take(text),
            Self::OneSegment(page) => page.take(text),
            Self::TwoSegment(page) => page.take(text),
            Self::Nobody => Outcome::Close(Close::BadRoom),
        }
    }
}

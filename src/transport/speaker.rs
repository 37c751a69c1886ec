//! Who speaks for a WebSocket: the one place that knows which wire a connection is on.

use super::dialect::{OneSegment, TwoSegment};
use super::socketio::Talk;
use super::upgrade::Path;
use crate::hub::Hub;
use crate::protocol::Close;
use crate::session::{Conversation, Outcome, Turn};
use crate::wire::Wire;
use crate::wire::socketio::{Flavour, Shape};
use std::sync::Arc;

/// A connection's translator, chosen once at the handshake. Small: thousands of connections have one each.
#[derive(Debug)]
pub(crate) enum Speaker {
    /// `charsu.v1`.
    Charsu(Conversation),
    /// `/ws/{room}`.
    OneSegment(OneSegment),
    /// `/ws/{room}/{name}`.
    TwoSegment,
    /// `/socket.io/`.
    SocketIo(Box<Talk>),
    /// What the official suites of Engine.IO and Socket.IO speak with.
    #[cfg(feature = "conformance")]
    Suite(Box<super::socketio::Suite>),
    /// Nobody yet, or for good: on `/ws` without the subprotocol there is no room to join.
    Nobody,
}

impl Wire {
    /// The wire of a handshake.
    pub(crate) fn of(path: &Path, charsu: bool) -> Self {
        match path {
            _ if charsu => Self::Charsu,
            Path::RoomAndName(..) => Self::TwoSegment,
            Path::Hub | Path::Room(_) => Self::OneSegment,
            Path::SocketIo(_) => Self::SocketIo(Flavour::new(Shape::Plain, false, false)),
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
            (_, Path::Hub | Path::SocketIo(_)) => Self::Nobody,
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
            (speaker, Path::SocketIo(engine)) => {
                let talk = Talk::begin(query, &engine.sid, engine.is_polling, turn);
                *speaker = Self::SocketIo(Box::new(talk));
                #[cfg(feature = "conformance")]
                {
                    *speaker = Self::Suite(Box::new(super::socketio::Suite::new(engine.echoes, turn)));
                }
                Outcome::Answered
            }
            _ => Outcome::Close(Close::BadRoom),
        }
    }

    /// Takes one text frame.
    pub(crate) fn take(&mut self, text: &str, turn: &mut Turn<'_>) -> Outcome {
        match self {
            Self::Charsu(conversation) => conversation.take(text, turn),
            Self::OneSegment(page) => page.take(text, turn),
            Self::TwoSegment => TwoSegment::take(text, turn),
            Self::SocketIo(talk) => talk.take(text, turn),
            #[cfg(feature = "conformance")]
            Self::Suite(suite) => suite.take(text, turn),
            Self::Nobody => Outcome::Close(Close::BadRoom),
        }
    }

    /// Takes one binary message.
    pub(crate) fn take_binary(&mut self, data: &[u8], turn: &mut Turn<'_>) -> Outcome {
        match self {
            Self::SocketIo(talk) => talk.take_binary(data, turn),
            #[cfg(feature = "conformance")]
            Self::Suite(suite) => suite.take_binary(data, turn),
            Self::Charsu(_) | Self::OneSegment(_) | Self::TwoSegment | Self::Nobody => {
                Outcome::Close(Close::Unsupported)
            }
        }
    }

    /// Whether a client that closes its connection in good order has nothing more to do here. Pages of Socket.IO say goodbye
    /// before, if they mean it.
    pub(crate) fn is_done_by_a_close(&self) -> bool {
        match self {
            Self::SocketIo(_) => false,
            #[cfg(feature = "conformance")]
            Self::Suite(_) => false,
            Self::Charsu(_) | Self::OneSegment(_) | Self::TwoSegment | Self::Nobody => true,
        }
    }

    /// Whether what came last is only the beginning of something.
    pub(crate) fn is_midway(&self) -> bool {
        match self {
            Self::SocketIo(talk) => talk.is_midway(),
            #[cfg(feature = "conformance")]
            Self::Suite(_) => false,
            Self::Charsu(_) | Self::OneSegment(_) | Self::TwoSegment | Self::Nobody => false,
        }
    }

    /// Whether there is something that waits for the connection not to be held any more.
    pub(crate) fn has_more_to_do(&self) -> bool {
        match self {
            Self::SocketIo(talk) => talk.has_more_to_do(),
            #[cfg(feature = "conformance")]
            Self::Suite(_) => false,
            Self::Charsu(_) | Self::OneSegment(_) | Self::TwoSegment | Self::Nobody => false,
        }
    }

    /// Does it.
    pub(crate) fn go_on(&mut self, turn: &mut Turn<'_>) -> Outcome {
        if let Self::SocketIo(talk) = self { talk.go_on(turn) } else { Outcome::Answered }
    }

    /// The connection is over.
    pub(crate) fn end(&mut self, hub: &Arc<Hub>) {
        if let Self::SocketIo(talk) = self {
            talk.end(hub);
        }
    }
}

//! What each wire promises to those who come by it, as far as the promises differ.

use serde::{Deserialize, Serialize};

/// By which wire somebody comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Wire {
    /// `charsu.v1` over a WebSocket.
    #[default]
    Charsu,
    /// The same frames as server-sent events; each line is a request of its own.
    Events,
    /// A page of Socket.IO that counts the lines which it has had, and gives its own lines ids.
    SocketIo,
    /// A page of a tutorial.
    Page,
}

/// When a line that was not acknowledged may be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Resends {
    /// As long as the session is known in which it was first said.
    InItsSession,
    /// Over any connection: its id names itself.
    Always,
    /// Not at all: nobody would know that it is the same one.
    Never,
}

impl Wire {
    /// Whether somebody is told of every number of a room, and of which life it is: then no number may be missing, and what
    /// was missed follows or a `reset` comes. On the others one hears lines only, and the lives that those tell who see
    /// numbers are what is heard has to agree with: the same order, no line twice, and all that was said while one was
    /// there.
    pub(crate) fn shows_places(self) -> bool {
        match self {
            Self::Charsu | Self::Events => true,
            Self::SocketIo | Self::Page => false,
        }
    }

    pub(crate) fn resends(self) -> Resends {
        match self {
            Self::Charsu | Self::Events => Resends::InItsSession,
            Self::SocketIo => Resends::Always,
            Self::Page => Resends::Never,
        }
    }

    /// Whether a line's acknowledgement comes before the line, over the connection that it was said on. By requests it comes
    /// over another connection, and a tutorial page has no other acknowledgement than the line.
    pub(crate) fn acknowledges_first(self) -> bool {
        match self {
            Self::Charsu | Self::SocketIo => true,
            Self::Events | Self::Page => false,
        }
    }

    /// Whether one's lines keep their order over all connections. To the server a tutorial page is somebody else on each:
    /// what was under way on the one before may come later.
    pub(crate) fn keeps_order_over_connections(self) -> bool {
        match self {
            Self::Charsu | Self::Events | Self::SocketIo => true,
            Self::Page => false,
        }
    }
}

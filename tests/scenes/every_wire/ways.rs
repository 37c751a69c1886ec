//! The table: every way into a room, and what it can tell whoever came by it. What a row promises stands in the documents;
//! what it does not promise is not waited for.

/// A way into a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// `charsu.v1`, as our own page (docs/protocol.md).
    Charsu,
    /// Server-sent events and requests (docs/http.md).
    Stream,
    /// `/ws/{room}?name=`, as the one-segment tutorial (docs/dialects.md).
    OneSegment,
    /// `/ws/{room}/{name}`, as the two-segment programs (docs/dialects.md).
    TwoSegment,
    /// Socket.IO over a WebSocket (docs/socketio.md).
    SocketIo,
    /// Socket.IO by polling.
    Polling,
}

/// How somebody is told that others come and go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Notices {
    /// With the name.
    Named,
    /// That it happened.
    Nameless,
    /// Its pages know no such thing.
    Nothing,
}

/// What becomes of who was cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Return {
    /// The same member comes back to its place, and nothing was missed.
    Resumes,
    /// Comes as somebody new, and asks for the lines after the last one that it saw.
    Catches,
    /// Comes as somebody new, and sees what newcomers may.
    Begins,
}

impl Way {
    /// All of them.
    pub(crate) const ALL: [Self; 6] =
        [Self::Charsu, Self::Stream, Self::OneSegment, Self::TwoSegment, Self::SocketIo, Self::Polling];

    /// Each with each, also with itself.
    pub(crate) fn pairs() -> impl Iterator<Item = (Self, Self)> {
        Self::ALL.into_iter().flat_map(|one| Self::ALL.map(|other| (one, other)))
    }

    pub(crate) fn notices(self) -> Notices {
        match self {
            Self::Charsu | Self::Stream | Self::TwoSegment => Notices::Named,
            Self::OneSegment => Notices::Nameless,
            Self::SocketIo | Self::Polling => Notices::Nothing,
        }
    }

    /// Whether its pages show who types. Those of two segments have no such frame.
    pub(crate) fn shows_typing(self) -> bool {
        self != Self::TwoSegment
    }

    /// Whether a refusal has its stable code, beside the words that all are told.
    pub(crate) fn tells_codes(self) -> bool {
        !matches!(self, Self::OneSegment | Self::TwoSegment)
    }

    pub(crate) fn comes_back(self) -> Return {
        match self {
            Self::Charsu | Self::Stream => Return::Resumes,
            Self::SocketIo | Self::Polling => Return::Catches,
            Self::OneSegment | Self::TwoSegment => Return::Begins,
        }
    }

    /// Whether its pages make up the code of a new room by themselves.
    pub(crate) fn makes_codes(self) -> bool {
        self == Self::TwoSegment
    }

    /// A name for who comes by it.
    pub(crate) fn guest(self) -> &'static str {
        match self {
            Self::Charsu => "Mina",
            Self::Stream => "Arash",
            Self::OneSegment => "Oskar",
            Self::TwoSegment => "نگار",
            Self::SocketIo => "Sara",
            Self::Polling => "Ali Reza",
        }
    }
}

//! Why a connection ends: each reason with its WebSocket close code (RFC 6455 section 7.4), its words, and whether a
//! client may come back by itself.

/// A reason to part with a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Close {
    /// The work is done: the peer closed, or its tutorial dialect says so.
    Normal,
    /// The server stops for good.
    GoingAway,
    /// A frame broke RFC 6455.
    ProtocolError,
    /// A binary message on a wire of text.
    Unsupported,
    /// Text that is not UTF-8, or a compressed message that is broken.
    InvalidText,
    /// Floods, unfinished messages, too many bad requests.
    PolicyViolation,
    /// A message over the size limit.
    TooBig,
    /// A fault of ours.
    InternalError,
    /// The server restarts; come back after a random moment.
    Restart,
    /// Over the server's capacity.
    Overloaded,
    /// The same session came back over another connection.
    Replaced,
    /// The reader fell further behind than it may.
    TooSlow,
    /// The path named a room that cannot be, that nobody made, or a name that cannot be.
    BadRoom,
    /// Connected, but said no `hello` and joined nothing.
    NothingJoined,
    /// The token by which it was let in has run out.
    TokenExpired,
    /// No answer to the heartbeat.
    Silent,
    /// The name belongs to another member.
    NameTaken,
    /// Too many frames, again and again.
    TooFast,
}

impl Close {
    /// Every reason, for documentation and tests.
    pub const ALL: [Self; 18] = [
        Self::Normal,
        Self::GoingAway,
        Self::ProtocolError,
        Self::Unsupported,
        Self::InvalidText,
        Self::PolicyViolation,
        Self::TooBig,
        Self::InternalError,
        Self::Restart,
        Self::Overloaded,
        Self::Replaced,
        Self::TooSlow,
        Self::Silent,
        Self::BadRoom,
        Self::TokenExpired,
        Self::NothingJoined,
        Self::NameTaken,
        Self::TooFast,
    ];

    /// The number in the close frame.
    pub const fn code(self) -> u16 {
        match self {
            Self::Normal => 1000,
            Self::GoingAway => 1001,
            Self::ProtocolError => 1002,
            Self::Unsupported => 1003,
            Self::InvalidText => 1007,
            Self::PolicyViolation => 1008,
            Self::TooBig => 1009,
            Self::InternalError => 1011,
            Self::Restart => 1012,
            Self::Overloaded => 1013,
            Self::Replaced => 4000,
            Self::BadRoom => 4400,
            Self::TokenExpired => 4401,
            Self::NothingJoined => 4408,
            Self::TooSlow => 4008,
            Self::Silent => 4010,
            Self::NameTaken => 4409,
            Self::TooFast => 4429,
        }
    }

    /// English words for the close frame, at most 123 bytes.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Normal => "",
            Self::GoingAway => "the server is stopping",
            Self::ProtocolError => "the frame breaks RFC 6455",
            Self::Unsupported => "this wire carries text, not binary",
            Self::InvalidText => "the text is not UTF-8, or cannot be inflated",
            Self::PolicyViolation => "too many bad requests",
            Self::TooBig => "the message is too big",
            Self::InternalError => "a fault of the server",
            Self::Restart => "the server restarts: come back",
            Self::Overloaded => "the server is full: come back later",
            Self::Replaced => "this session is open somewhere else",
            Self::BadRoom => "there can be no such room, or no such name in it",
            Self::TokenExpired => "the token has run out: come back with another",
            Self::NothingJoined => "nothing was joined in time",
            Self::TooSlow => "too far behind: reconnect and resume",
            Self::Silent => "no answer to the heartbeat",
            Self::NameTaken => "the name is taken in this room",
            Self::TooFast => "too many frames: slow down",
        }
    }

    /// Whether a client may reconnect without asking its person.
    pub const fn may_return(self) -> bool {
        match self {
            Self::GoingAway
            | Self::InternalError
            | Self::Restart
            | Self::Overloaded
            | Self::TooSlow
            | Self::Silent
            | Self::TooFast => true,
            Self::Normal
            | Self::ProtocolError
            | Self::Unsupported
            | Self::InvalidText
            | Self::PolicyViolation
            | Self::TooBig
            | Self::Replaced
            | Self::BadRoom
            | Self::TokenExpired
            | Self::NothingJoined
            | Self::NameTaken => false,
        }
    }
}

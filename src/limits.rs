//! What one address, and the whole server, may do: how often (a [`Rate`] and its [`Bucket`]) and how much at once
//! ([`Addresses`]); and what is said when a limit is met. Knows nothing of HTTP or rooms.

mod addresses;
mod bucket;

use std::time::Duration;

pub use addresses::{Addresses, CodeHold, Seat};
pub use bucket::{Bucket, Rate};

use crate::protocol::{Code, Refusal};

/// Which limit of an address (or, for the first two, of the whole server) was met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// The server holds as many connections as it may.
    Connections,
    /// The server remembers as many addresses as it may.
    Addresses,
    /// The address holds as many connections as it may.
    ConnectionsPerAddress,
    /// The address connects too fast.
    Connects,
    /// The address creates rooms too fast.
    RoomsCreated,
    /// The address asked for too many codes that do not exist.
    FailedJoins,
    /// The address reads pages of the past too fast.
    PagesRead,
    /// Streams of events opened, and lines said without one, too fast.
    Visits,
    /// The address has opened as many codes through a dialect as it may.
    DialectCodes,
}

impl Limit {
    /// English words for a person.
    pub fn words(self) -> &'static str {
        match self {
            Self::Connections => "This server is full. Try again in a moment.",
            Self::Addresses => "This server is busy. Try again in a moment.",
            Self::ConnectionsPerAddress => "Your address has too many connections open.",
            Self::Connects => "Your address connects too often. Try again in a moment.",
            Self::RoomsCreated => "Your address creates rooms too fast. Try again in a moment.",
            Self::FailedJoins => "Too many codes that do not exist. Try again in a moment.",
            Self::Visits => "Too many come from your address over HTTP. Try again in a moment.",
            Self::PagesRead => "Your address reads too fast. Try again in a moment.",
            Self::DialectCodes => "Your address has opened too many rooms.",
        }
    }

    /// The code by which a client is told.
    pub fn code(self) -> Code {
        match self {
            Self::Connections | Self::Addresses => Code::ServerFull,
            Self::ConnectionsPerAddress => Code::TooManyConnections,
            Self::Connects | Self::RoomsCreated | Self::FailedJoins | Self::PagesRead | Self::Visits => {
                Code::RateLimited
            }
            Self::DialectCodes => Code::TooManyRooms,
        }
    }
}

/// A limit that was met, and when it is worth trying again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}", limit.words())]
pub struct Exceeded {
    /// Which limit.
    pub limit: Limit,
    /// When to try again; for counts a guess.
    pub retry_after: Duration,
}

impl Exceeded {
    /// The value of a `Retry-After` header: whole seconds, at least 1.
    pub fn retry_after_seconds(&self) -> u64 {
        self.retry_after.as_secs() + u64::from(self.retry_after.subsec_nanos() > 0 || self.retry_after.is_zero())
    }
}

impl From<Exceeded> for Refusal {
    fn from(exceeded: Exceeded) -> Self {
        let milliseconds = u64::try_from(exceeded.retry_after.as_millis()).unwrap_or(u64::MAX);
        Self {
            retry_after_ms: Some(milliseconds.max(1)),
            ..Self::because(exceeded.limit.code(), exceeded.limit.words())
        }
    }
}

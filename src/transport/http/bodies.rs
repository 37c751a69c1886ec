//! What the HTTP interface answers with, as types: from these the document at `/docs/openapi.json` is written.

use serde::Serialize;

use crate::hub::Newcomers;
use crate::protocol::ServerFrame;

/// A room that was made; it begins with its first member.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct MadeRoom {
    /// Its six digits, to be shared.
    pub(crate) code: String,
    /// Where its page is on this host.
    pub(crate) path: String,
    /// Its name on every wire, which is the code.
    pub(crate) room: String,
}

/// A room that can be joined.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct FoundRoom<'a> {
    /// How many are in it.
    pub(crate) people: usize,
    /// Its proper name.
    pub(crate) room: &'a str,
}

/// A page of what was said.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct PastPage<'a> {
    /// Lines that the asker may see, oldest first.
    pub(crate) events: Vec<ServerFrame<'a>>,
    /// Whether there is more in the same direction.
    pub(crate) more: bool,
    /// The room's proper name.
    pub(crate) room: &'a str,
}

/// A line that is kept.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Kept<'a> {
    /// The life of the room's log.
    pub(crate) epoch: String,
    /// The room's proper name.
    pub(crate) room: &'a str,
    /// The line's number.
    pub(crate) seq: u64,
}

/// What the page asks about the server, and must tell people truly.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct About<'a> {
    /// The name that the given token gives.
    pub(crate) name: Option<&'a str>,
    /// What a newcomer sees of a room's past.
    pub(crate) newcomers: Newcomers,
    /// For how long lines are stored at most, in milliseconds; null for as long as the room lives.
    pub(crate) retention_ms: Option<u64>,
    /// How long a room lives in which nobody is, in milliseconds.
    pub(crate) room_idle_ms: u64,
    /// The address under which others on the network reach the server, if they do.
    pub(crate) share_base: Option<String>,
    /// Where rooms live.
    pub(crate) store: Kind,
    /// Whether one needs a token.
    pub(crate) token: Asked,
    /// The server's version.
    pub(crate) version: &'static str,
}

/// Where rooms live.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(inline))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// In memory, until the server stops.
    Memory,
    /// In a file.
    Sqlite,
}

/// Whether one needs a token.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(inline))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Asked {
    /// No.
    None,
    /// Yes, for everything but the page and this answer.
    Required,
}

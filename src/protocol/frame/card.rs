//! What several frames hold: a room as it is, a member, a reaction. Knows of the frames only that a room's past consists of
//! them.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::is_false;
use super::server::ServerFrame;

/// A room as it is when somebody comes in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, schemars::JsonSchema))]
pub struct Snapshot<'a> {
    /// Which room, by its proper name.
    pub room: Cow<'a, str>,
    /// The life of the log.
    pub epoch: Cow<'a, str>,
    /// The position after which events follow.
    #[cfg_attr(test, ts(type = "number"))]
    pub seq: u64,
    /// Your member number.
    pub you: u32,
    /// Your name as it stands.
    pub name: Cow<'a, str>,
    /// You were a member all the time, and what you missed follows.
    pub resumed: bool,
    /// The first 200 members, by number.
    pub members: Vec<MemberCard<'a>>,
    /// How many are in the room.
    pub count: u32,
    /// Events of the past that you may see, oldest first.
    #[serde(borrow)]
    pub history: Vec<ServerFrame<'a>>,
    /// There may be lines before these: `history` asks for them.
    #[serde(default, skip_serializing_if = "is_false")]
    #[cfg_attr(test, ts(optional, as = "Option<bool>"))]
    pub earlier: bool,
}

/// A reaction on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, schemars::JsonSchema))]
#[cfg_attr(test, ts(rename = "Reaction"), schemars(rename = "Reaction"))]
pub struct ReactionCard<'a> {
    /// The member's number.
    pub from: u32,
    /// The member's name at that time.
    pub name: Cow<'a, str>,
    /// The emoji.
    pub emoji: Cow<'a, str>,
}

/// A member on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, schemars::JsonSchema))]
#[cfg_attr(test, ts(rename = "Member"), schemars(rename = "Member"))]
pub struct MemberCard<'a> {
    /// The number in this room.
    pub id: u32,
    /// The name; empty for a guest that has told none.
    pub name: Cow<'a, str>,
    /// The name is not claimed.
    #[serde(default, skip_serializing_if = "is_false")]
    #[cfg_attr(test, ts(optional, as = "Option<bool>"))]
    pub guest: bool,
}

//! What the server sends, as types. Who is sent it, and when, is not known here.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::card::{MemberCard, ReactionCard, Snapshot};
use super::is_false;

/// What the server sends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerFrame<'a> {
    /// The answer to `hello`.
    Welcome {
        /// The session's secret.
        session: Cow<'a, str>,
        /// Whether the offered session is still known.
        resumed: bool,
        /// Milliseconds of silence after which a client asks with `ping`.
        #[cfg_attr(test, ts(type = "number"))]
        heartbeat_ms: u64,
        /// What is allowed.
        limits: Limits,
    },
    /// You are in the room.
    Joined {
        /// The command's number.
        #[cfg_attr(test, ts(type = "number"))]
        id: u64,
        /// The room as it is.
        #[serde(flatten, borrow)]
        #[cfg_attr(test, ts(flatten))]
        snapshot: Snapshot<'a>,
    },
    /// Your position could not be continued; this is the room as it is.
    Reset {
        /// The command's number, if it answers one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional, type = "number"))]
        id: Option<u64>,
        /// Why.
        reason: ResetReason,
        /// The room as it is.
        #[serde(flatten, borrow)]
        #[cfg_attr(test, ts(flatten))]
        snapshot: Snapshot<'a>,
    },
    /// The command is done and kept.
    Ack {
        /// The command's number.
        #[cfg_attr(test, ts(type = "number"))]
        id: u64,
        /// Where.
        room: Cow<'a, str>,
        /// The life of the log.
        epoch: Cow<'a, str>,
        /// The event's number.
        #[cfg_attr(test, ts(type = "number"))]
        seq: u64,
    },
    /// A page of the member list.
    People {
        /// The command's number.
        #[cfg_attr(test, ts(type = "number"))]
        id: u64,
        /// Where.
        room: Cow<'a, str>,
        /// At most 200, by member number.
        members: Vec<MemberCard<'a>>,
        /// How many are in the room.
        count: u32,
        /// Whether more follow.
        more: bool,
    },
    /// A page of what was said.
    History {
        /// The command's number.
        #[cfg_attr(test, ts(type = "number"))]
        id: u64,
        /// Where.
        room: Cow<'a, str>,
        /// Lines that you may see, oldest first.
        #[serde(borrow)]
        events: Vec<ServerFrame<'a>>,
        /// Whether there is more in the same direction.
        more: bool,
    },
    /// The server stops: the connection ends now, come back after this moment.
    Goaway {
        /// Milliseconds; another number for each client, so that not all come at once.
        #[cfg_attr(test, ts(type = "number"))]
        retry_after_ms: u64,
    },
    /// You are no longer in the room.
    Left {
        /// The command's number.
        #[cfg_attr(test, ts(type = "number"))]
        id: u64,
        /// Which.
        room: Cow<'a, str>,
    },
    /// Here.
    Pong,
    /// Something was refused.
    Error {
        /// The stable name.
        code: Cow<'a, str>,
        /// English words for a person.
        message: Cow<'a, str>,
        /// The command's number, if it had one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional, type = "number"))]
        id: Option<u64>,
        /// The room, if it concerns one.
        #[serde(default, skip_serializing_if = "Option::is_none", borrow)]
        #[cfg_attr(test, ts(optional))]
        room: Option<Cow<'a, str>>,
        /// Milliseconds after which to try again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional, type = "number"))]
        retry_after_ms: Option<u64>,
        /// A name that is free.
        #[serde(default, skip_serializing_if = "Option::is_none", borrow)]
        #[cfg_attr(test, ts(optional))]
        suggestion: Option<Cow<'a, str>>,
        /// Names like the one that was not found.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[cfg_attr(test, ts(optional, as = "Option<Vec<String>>"))]
        near: Vec<Cow<'a, str>>,
    },
    /// Somebody types, or stopped.
    Typing {
        /// Where.
        room: Cow<'a, str>,
        /// The member's number.
        from: u32,
        /// Whether it goes on.
        on: bool,
    },
    /// A line for everybody.
    Message {
        /// Where.
        room: Cow<'a, str>,
        /// The number.
        #[cfg_attr(test, ts(type = "number"))]
        seq: u64,
        /// Unix milliseconds.
        #[cfg_attr(test, ts(type = "number"))]
        at: u64,
        /// The member's number.
        from: u32,
        /// The name.
        name: Cow<'a, str>,
        /// The name is only written on the message.
        #[serde(default, skip_serializing_if = "is_false")]
        #[cfg_attr(test, ts(optional, as = "Option<bool>"))]
        guest: bool,
        /// What was said, as it stands now.
        text: Cow<'a, str>,
        /// When its words were last changed, in Unix milliseconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional, type = "number"))]
        edited_at: Option<u64>,
        /// The reactions that it bears, oldest first.
        #[serde(default, skip_serializing_if = "Vec::is_empty", borrow)]
        #[cfg_attr(test, ts(optional, as = "Option<Vec<ReactionCard>>"))]
        reactions: Vec<ReactionCard<'a>>,
    },
    /// A line between two.
    Private {
        /// Where.
        room: Cow<'a, str>,
        /// The number.
        #[cfg_attr(test, ts(type = "number"))]
        seq: u64,
        /// Unix milliseconds.
        #[cfg_attr(test, ts(type = "number"))]
        at: u64,
        /// The sender's number.
        from: u32,
        /// The sender's name.
        name: Cow<'a, str>,
        /// The receiver's number.
        to: u32,
        /// The receiver's name.
        to_name: Cow<'a, str>,
        /// What was said, as it stands now.
        text: Cow<'a, str>,
        /// When its words were last changed, in Unix milliseconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional, type = "number"))]
        edited_at: Option<u64>,
        /// The reactions that it bears, oldest first.
        #[serde(default, skip_serializing_if = "Vec::is_empty", borrow)]
        #[cfg_attr(test, ts(optional, as = "Option<Vec<ReactionCard>>"))]
        reactions: Vec<ReactionCard<'a>>,
    },
    /// A line has other words now.
    Edit {
        /// Where.
        room: Cow<'a, str>,
        /// The number.
        #[cfg_attr(test, ts(type = "number"))]
        seq: u64,
        /// Unix milliseconds.
        #[cfg_attr(test, ts(type = "number"))]
        at: u64,
        /// Which line.
        #[cfg_attr(test, ts(type = "number"))]
        target: u64,
        /// The member's number.
        from: u32,
        /// What it says now.
        text: Cow<'a, str>,
    },
    /// A line was taken back.
    Delete {
        /// Where.
        room: Cow<'a, str>,
        /// The number.
        #[cfg_attr(test, ts(type = "number"))]
        seq: u64,
        /// Unix milliseconds.
        #[cfg_attr(test, ts(type = "number"))]
        at: u64,
        /// Which line.
        #[cfg_attr(test, ts(type = "number"))]
        target: u64,
        /// The member's number.
        from: u32,
    },
    /// A line bears a reaction, or does not any more.
    React {
        /// Where.
        room: Cow<'a, str>,
        /// The number.
        #[cfg_attr(test, ts(type = "number"))]
        seq: u64,
        /// Unix milliseconds.
        #[cfg_attr(test, ts(type = "number"))]
        at: u64,
        /// Which line.
        #[cfg_attr(test, ts(type = "number"))]
        target: u64,
        /// The member's number.
        from: u32,
        /// The member's name.
        name: Cow<'a, str>,
        /// The emoji.
        emoji: Cow<'a, str>,
        /// Whether it is there now.
        on: bool,
    },
    /// Somebody is here now.
    Join {
        /// Where.
        room: Cow<'a, str>,
        /// The number.
        #[cfg_attr(test, ts(type = "number"))]
        seq: u64,
        /// Unix milliseconds.
        #[cfg_attr(test, ts(type = "number"))]
        at: u64,
        /// Who.
        member: MemberCard<'a>,
    },
    /// Somebody is no longer here.
    Leave {
        /// Where.
        room: Cow<'a, str>,
        /// The number.
        #[cfg_attr(test, ts(type = "number"))]
        seq: u64,
        /// Unix milliseconds.
        #[cfg_attr(test, ts(type = "number"))]
        at: u64,
        /// Who.
        member: MemberCard<'a>,
    },
    /// A number that is not for you.
    Skip {
        /// Where.
        room: Cow<'a, str>,
        /// The number.
        #[cfg_attr(test, ts(type = "number"))]
        seq: u64,
    },
}

/// Why a position could not be continued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ResetReason {
    /// The room no longer keeps what came next.
    TooOld,
    /// It belongs to another life of the log.
    Epoch,
    /// It is ahead of the log.
    Future,
    /// The reader fell further behind than it may.
    Slow,
    /// The membership had ended meanwhile; this is a new one.
    Left,
}

/// What a `welcome` allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, schemars::JsonSchema))]
pub struct Limits {
    /// Characters of a text.
    pub text_chars: u32,
    /// Visible characters of a name.
    pub name_chars: u32,
    /// Rooms of one connection.
    pub rooms: u32,
}

//! What a client sends, as types: for the documents, the clients and whatever is not in a hurry. Whether a command may be is not
//! known here.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// What a client sends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientFrame<'a> {
    /// Always first; offers an earlier session.
    Hello {
        /// The secret of an earlier `welcome`.
        #[serde(default, skip_serializing_if = "Option::is_none", borrow)]
        #[cfg_attr(test, ts(optional))]
        session: Option<Cow<'a, str>>,
    },
    /// Be in a room.
    Join {
        /// The command's number in its session.
        #[cfg_attr(test, ts(type = "number"))]
        id: u64,
        /// A code or a room's name.
        room: Cow<'a, str>,
        /// The name to claim.
        name: Cow<'a, str>,
        /// Where to go on.
        #[serde(default, skip_serializing_if = "Option::is_none", borrow)]
        #[cfg_attr(test, ts(optional))]
        since: Option<Since<'a>>,
    },
    /// Say a line to all, or give a slash command.
    Say {
        /// The command's number in its session.
        #[cfg_attr(test, ts(type = "number"))]
        id: u64,
        /// Where.
        room: Cow<'a, str>,
        /// What.
        text: Cow<'a, str>,
    },
    /// Say a line to one member.
    Private {
        /// The command's number in its session.
        #[cfg_attr(test, ts(type = "number"))]
        id: u64,
        /// Where.
        room: Cow<'a, str>,
        /// The member's number.
        to: u32,
        /// What.
        text: Cow<'a, str>,
    },
    /// Change a line of one's own.
    Edit {
        /// The command's number in its session.
        #[cfg_attr(test, ts(type = "number"))]
        id: u64,
        /// Where.
        room: Cow<'a, str>,
        /// The line's number.
        #[cfg_attr(test, ts(type = "number"))]
        seq: u64,
        /// What it is to say.
        text: Cow<'a, str>,
    },
    /// Take a line of one's own back.
    Delete {
        /// The command's number in its session.
        #[cfg_attr(test, ts(type = "number"))]
        id: u64,
        /// Where.
        room: Cow<'a, str>,
        /// The line's number.
        #[cfg_attr(test, ts(type = "number"))]
        seq: u64,
    },
    /// Put a reaction on a line, or take it off.
    React {
        /// The command's number in its session.
        #[cfg_attr(test, ts(type = "number"))]
        id: u64,
        /// Where.
        room: Cow<'a, str>,
        /// The line's number.
        #[cfg_attr(test, ts(type = "number"))]
        seq: u64,
        /// The emoji.
        emoji: Cow<'a, str>,
        /// Whether it is to be there.
        on: bool,
    },
    /// A page of what was said: the newest lines, those before a number or those after it.
    History {
        /// The command's number in its session.
        #[cfg_attr(test, ts(type = "number"))]
        id: u64,
        /// Where.
        room: Cow<'a, str>,
        /// Only lines before this number, the nearest ones.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional, type = "number"))]
        before: Option<u64>,
        /// Only lines after this number, the nearest ones.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional, type = "number"))]
        after: Option<u64>,
        /// How many at most: 200, or less.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        limit: Option<u32>,
    },
    /// A keystroke, or the end of typing.
    Typing {
        /// Where.
        room: Cow<'a, str>,
        /// Whether it goes on.
        on: bool,
    },
    /// A page of the member list.
    People {
        /// The command's number in its session.
        #[cfg_attr(test, ts(type = "number"))]
        id: u64,
        /// Where.
        room: Cow<'a, str>,
        /// The last member number of the page before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        after: Option<u32>,
    },
    /// No longer be in a room.
    Leave {
        /// The command's number in its session.
        #[cfg_attr(test, ts(type = "number"))]
        id: u64,
        /// Which.
        room: Cow<'a, str>,
    },
    /// Are you there?
    Ping,
}

/// A position in a room's log, as a client writes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, schemars::JsonSchema))]
#[cfg_attr(test, ts(rename = "Position"), schemars(rename = "Position"))]
pub struct Since<'a> {
    /// The life of the log.
    pub epoch: Cow<'a, str>,
    /// The last number that was received.
    #[cfg_attr(test, ts(type = "number"))]
    pub seq: u64,
}

//! The frames of the `charsu.v1` wire, as types. `docs/protocol.md` describes them, `docs/fixtures/` has one of each, and
//! `web/client/src/protocol.ts` is generated from here (the test in this file fails when it is stale).
//!
//! Knows nothing of sending. Commands on the hot path are read by [`super::command`] without building these.

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

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde calls")]
fn is_false(value: &bool) -> bool {
    !*value
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::fs;
    use std::path::{Path, PathBuf};

    use ts_rs::{Config, TS};

    use super::*;

    fn in_project(path: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
    }

    /// Set it to write the file anew instead of comparing it.
    const WRITE: &str = "CHARSU_WRITE_TYPES";

    #[test]
    fn the_typescript_types_are_those_of_the_rust_ones() {
        let config = Config::default();
        let mut generated = String::from(
            "// The frames of `charsu.v1`: generated from src/protocol/frame.rs, not to be edited.\n\
             // CHARSU_WRITE_TYPES=1 cargo test --lib typescript writes it anew.\n",
        );
        for declaration in [
            ClientFrame::decl(&config),
            ServerFrame::decl(&config),
            Snapshot::decl(&config),
            MemberCard::decl(&config),
            ReactionCard::decl(&config),
            Since::decl(&config),
            Limits::decl(&config),
            ResetReason::decl(&config),
        ] {
            write!(generated, "\nexport {declaration}\n").expect("a String takes everything");
        }
        let path = in_project("web/client/src/protocol.ts");
        if std::env::var_os(WRITE).is_some() {
            fs::write(&path, &generated).expect("the file can be written");
        }
        let committed = fs::read_to_string(&path).expect("the file is there");
        assert!(committed == generated, "web/client/src/protocol.ts is stale: run with {WRITE}=1");
    }

    #[test]
    fn every_fixture_is_a_frame_and_comes_out_as_it_went_in() {
        let mut seen = 0;
        for entry in fs::read_dir(in_project("docs/fixtures")).expect("the folder is there") {
            let path = entry.expect("it can be read").path();
            let name = path.file_name().and_then(|name| name.to_str()).expect("plain names").to_owned();
            let text = fs::read_to_string(&path).expect("it can be read");
            let value: serde_json::Value =
                serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
            let again = if name.starts_with("client-") {
                let frame: ClientFrame<'_> =
                    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
                crate::protocol::Command::read(&text).unwrap_or_else(|malformed| panic!("{name}: {malformed:?}"));
                serde_json::to_value(frame)
            } else {
                let frame: ServerFrame<'_> =
                    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
                serde_json::to_value(frame)
            };
            assert_eq!(again.expect("frames are JSON"), value, "{name}");
            seen += 1;
        }
        assert!(seen >= 20, "only {seen} fixtures");
    }

    #[test]
    fn every_kind_of_frame_has_a_fixture() {
        let config = Config::default();
        for (direction, declaration) in [("client", ClientFrame::decl(&config)), ("server", ServerFrame::decl(&config))]
        {
            for kind in declaration.split("\"type\": \"").skip(1).filter_map(|rest| rest.split('"').next()) {
                let path = in_project("docs/fixtures").join(format!("{direction}-{kind}.json"));
                assert!(path.exists(), "{} is missing", path.display());
            }
        }
    }
}

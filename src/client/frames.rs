//! The server's frames, read: in one pass into a flat form, then put together as the frame that they are. What serde makes
//! of a tagged enum keeps a tree of values first, and takes more of the program than all the rest of a client.

use std::borrow::Cow;

use serde::Deserialize;

use crate::protocol::{Limits, MemberCard, ReactionCard, ResetReason, ServerFrame, Snapshot};

/// A text that is borrowed from the frame where it has no escapes (serde borrows in a newtype, but not inside `Option`).
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// Every field that any frame has.
#[derive(Deserialize)]
struct Flat<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    id: Option<u64>,
    #[serde(borrow, default)]
    room: Option<Text<'a>>,
    #[serde(borrow, default)]
    epoch: Option<Text<'a>>,
    seq: Option<u64>,
    at: Option<u64>,
    target: Option<u64>,
    from: Option<u32>,
    #[serde(borrow, default)]
    name: Option<Text<'a>>,
    #[serde(borrow, default)]
    text: Option<Text<'a>>,
    #[serde(borrow, default)]
    emoji: Option<Text<'a>>,
    to: Option<u32>,
    #[serde(borrow, default)]
    to_name: Option<Text<'a>>,
    #[serde(default)]
    guest: bool,
    edited_at: Option<u64>,
    #[serde(borrow, default)]
    reactions: Vec<ReactionCard<'a>>,
    on: Option<bool>,
    #[serde(borrow, default)]
    member: Option<MemberCard<'a>>,
    #[serde(borrow, default)]
    session: Option<Text<'a>>,
    resumed: Option<bool>,
    heartbeat_ms: Option<u64>,
    limits: Option<Limits>,
    reason: Option<ResetReason>,
    you: Option<u32>,
    #[serde(borrow)]
    members: Option<Vec<MemberCard<'a>>>,
    count: Option<u32>,
    #[serde(borrow)]
    history: Option<Vec<Flat<'a>>>,
    #[serde(default)]
    earlier: bool,
    #[serde(borrow)]
    events: Option<Vec<Flat<'a>>>,
    more: Option<bool>,
    retry_after_ms: Option<u64>,
    #[serde(borrow, default)]
    code: Option<Text<'a>>,
    #[serde(borrow, default)]
    message: Option<Text<'a>>,
    #[serde(borrow, default)]
    suggestion: Option<Text<'a>>,
    #[serde(borrow, default)]
    near: Vec<Text<'a>>,
}

/// Reads a text frame. Nothing if it is none that is known, or one of its fields is missing or of another kind.
pub(super) fn read(frame: &str) -> Option<ServerFrame<'_>> {
    serde_json::from_str::<Flat<'_>>(frame).ok()?.frame()
}

fn all(flat: Vec<Flat<'_>>) -> Vec<ServerFrame<'_>> {
    flat.into_iter().filter_map(Flat::frame).collect()
}

fn own(text: Option<Text<'_>>) -> Option<Cow<'_, str>> {
    text.map(|Text(text)| text)
}

impl<'a> Flat<'a> {
    fn frame(self) -> Option<ServerFrame<'a>> {
        match &*self.kind.0 {
            "message" | "private" | "edit" | "delete" | "react" | "join" | "leave" | "skip" => self.event(),
            _ => self.answer(),
        }
    }

    /// What is for this client alone, or has no number.
    fn answer(self) -> Option<ServerFrame<'a>> {
        let room = own(self.room);
        Some(match &*self.kind.0 {
            "welcome" => ServerFrame::Welcome {
                session: own(self.session)?,
                resumed: self.resumed?,
                heartbeat_ms: self.heartbeat_ms?,
                limits: self.limits?,
            },
            kind @ ("joined" | "reset") => {
                let snapshot = Snapshot {
                    room: room?,
                    epoch: own(self.epoch)?,
                    seq: self.seq?,
                    you: self.you?,
                    name: own(self.name)?,
                    resumed: self.resumed?,
                    members: self.members?,
                    count: self.count?,
                    history: all(self.history?),
                    earlier: self.earlier,
                };
                match kind {
                    "joined" => ServerFrame::Joined { id: self.id?, snapshot },
                    _ => ServerFrame::Reset { id: self.id, reason: self.reason?, snapshot },
                }
            }
            "ack" => ServerFrame::Ack { id: self.id?, room: room?, epoch: own(self.epoch)?, seq: self.seq? },
            "people" => ServerFrame::People {
                id: self.id?,
                room: room?,
                members: self.members?,
                count: self.count?,
                more: self.more?,
            },
            "history" => {
                ServerFrame::History { id: self.id?, room: room?, events: all(self.events?), more: self.more? }
            }
            "goaway" => ServerFrame::Goaway { retry_after_ms: self.retry_after_ms? },
            "left" => ServerFrame::Left { id: self.id?, room: room? },
            "pong" => ServerFrame::Pong,
            "error" => ServerFrame::Error {
                code: own(self.code)?,
                message: own(self.message)?,
                id: self.id,
                room,
                retry_after_ms: self.retry_after_ms,
                suggestion: own(self.suggestion),
                near: self.near.into_iter().map(|Text(name)| name).collect(),
            },
            "typing" => ServerFrame::Typing { room: room?, from: self.from?, on: self.on? },
            _ => return None,
        })
    }

    /// What is numbered.
    fn event(self) -> Option<ServerFrame<'a>> {
        let room = own(self.room);
        Some(match &*self.kind.0 {
            "message" => ServerFrame::Message {
                room: room?,
                seq: self.seq?,
                at: self.at?,
                from: self.from?,
                name: own(self.name)?,
                guest: self.guest,
                text: own(self.text)?,
                edited_at: self.edited_at,
                reactions: self.reactions,
            },
            "private" => ServerFrame::Private {
                room: room?,
                seq: self.seq?,
                at: self.at?,
                from: self.from?,
                name: own(self.name)?,
                to: self.to?,
                to_name: own(self.to_name)?,
                text: own(self.text)?,
                edited_at: self.edited_at,
                reactions: self.reactions,
            },
            "edit" => ServerFrame::Edit {
                room: room?,
                seq: self.seq?,
                at: self.at?,
                target: self.target?,
                from: self.from?,
                text: own(self.text)?,
            },
            "delete" => ServerFrame::Delete {
                room: room?,
                seq: self.seq?,
                at: self.at?,
                target: self.target?,
                from: self.from?,
            },
            "react" => ServerFrame::React {
                room: room?,
                seq: self.seq?,
                at: self.at?,
                target: self.target?,
                from: self.from?,
                name: own(self.name)?,
                emoji: own(self.emoji)?,
                on: self.on?,
            },
            "join" => ServerFrame::Join { room: room?, seq: self.seq?, at: self.at?, member: self.member? },
            "leave" => ServerFrame::Leave { room: room?, seq: self.seq?, at: self.at?, member: self.member? },
            "skip" => ServerFrame::Skip { room: room?, seq: self.seq? },
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn every_documented_frame_is_read_as_serde_reads_it() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/fixtures");
        let mut seen = 0;
        for entry in fs::read_dir(folder).expect("the folder is there") {
            let path = entry.expect("it can be read").path();
            let name = path.file_name().and_then(|name| name.to_str()).expect("plain names").to_owned();
            if !name.starts_with("server-") {
                continue;
            }
            let text = fs::read_to_string(&path).expect("it can be read");
            let wanted: ServerFrame<'_> = serde_json::from_str(&text).expect("a frame");
            assert_eq!(read(&text), Some(wanted), "{name}");
            seen += 1;
            // Without any of its fields it is none, or says the same as serde.
            let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
            for field in value.as_object().expect("an object").keys() {
                let mut less = value.clone();
                less.as_object_mut().expect("an object").remove(field);
                let less = less.to_string();
                assert_eq!(read(&less), serde_json::from_str(&less).ok(), "{name} without {field}");
            }
        }
        assert!(seen >= 25, "only {seen} frames");
    }

    #[test]
    fn what_is_no_frame_is_passed_over_and_what_is_new_in_one_is_ignored() {
        for text in ["", "[]", "{}", "null", r#"{"type":"dance"}"#, r#"{"type":"pong""#, r#"{"type":1}"#] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(read(r#"{"type":"pong","new":[1,{"x":null}]}"#), Some(ServerFrame::Pong));
        let escaped = r#"{"type":"left","id":1,"room":"a\"b"}"#;
        assert_eq!(read(escaped), Some(ServerFrame::Left { id: 1, room: "a\"b".into() }));
    }
}

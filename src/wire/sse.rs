//! Server-sent events (WHATWG HTML, section 9.2): a block of lines for each event, whose data is the frame of `charsu.v1`. A
//! person can read it, and a program that knows the frames knows these.
//!
//! What a block is worth as a position stands in it as a mark: it is the same for everybody in a room. Whoever hands the
//! bytes to a client makes an id of it, with the client's own secret and where it stands in its other rooms; see
//! [`crate::transport::sse`].

use serde::Serialize;

use crate::json::push_number;
use crate::names::RoomName;
use crate::protocol::{Close, Event, MemberId, Refusal, Seq, ServerFrame, Snapshot};
use crate::room::Epoch;

use super::charsu::snapshot_event;

/// Begins a mark, which goes to the end of its line. JSON escapes it, and no name holds it, so it is nowhere else.
pub const MARK: u8 = 0x1a;

/// What a mark says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark<'a> {
    /// Nothing new; its client learns its secret.
    Secret,
    /// The client stands here in a room. The epoch is told once.
    At(Seq, Option<Epoch>, &'a str),
    /// It is in that room no more.
    Gone(&'a str),
}

impl<'a> Mark<'a> {
    /// Appends the line of an id, to be completed for each client.
    pub fn push(self, out: &mut Vec<u8>) {
        out.push(MARK);
        match self {
            Self::Secret => {}
            Self::At(seq, epoch, room) => {
                push_number(out, seq);
                if let Some(epoch) = epoch {
                    out.push(b'@');
                    out.extend_from_slice(&epoch.digits());
                }
                out.push(b' ');
                out.extend_from_slice(room.as_bytes());
            }
            Self::Gone(room) => {
                out.extend_from_slice(b"- ");
                out.extend_from_slice(room.as_bytes());
            }
        }
        out.push(b'\n');
    }

    /// Reads what [`Mark::push`] wrote, without what begins and ends it.
    pub fn read(line: &'a str) -> Option<Self> {
        if line.is_empty() {
            return Some(Self::Secret);
        }
        let (place, room) = line.split_once(' ')?;
        if place == "-" {
            return Some(Self::Gone(room));
        }
        let (seq, epoch) = match place.split_once('@') {
            None => (place, None),
            Some((seq, epoch)) => (seq, Some(Epoch(u64::from_str_radix(epoch, 16).ok()?))),
        };
        Some(Self::At(seq.parse().ok()?, epoch, room))
    }
}

/// Appends a block: what kind of event it is, where it brings its reader, and its frame.
fn block(kind: &str, mark: Option<Mark<'_>>, frame: &ServerFrame<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"event: ");
    out.extend_from_slice(kind.as_bytes());
    out.push(b'\n');
    if let Some(mark) = mark {
        mark.push(out);
    }
    out.extend_from_slice(b"data: ");
    serde_json::to_writer(&mut *out, frame).expect("a frame has string keys and a Vec takes every byte");
    out.extend_from_slice(b"\n\n");
}

/// How a refusal is called on a stream.
pub(crate) const REFUSAL_EVENT: &str = "refusal";

/// The name of an event. `error` would be taken for a broken connection by a browser's `EventSource`.
fn kind_of(frame: &ServerFrame<'_>) -> &'static str {
    match frame {
        ServerFrame::Welcome { .. } => "welcome",
        ServerFrame::Joined { .. } => "joined",
        ServerFrame::Reset { .. } => "reset",
        ServerFrame::Ack { .. } => "ack",
        ServerFrame::People { .. } => "people",
        ServerFrame::History { .. } => "history",
        ServerFrame::Goaway { .. } => "goaway",
        ServerFrame::Left { .. } => "left",
        ServerFrame::Pong => "pong",
        ServerFrame::Error { .. } => REFUSAL_EVENT,
        ServerFrame::Typing { .. } => "typing",
        ServerFrame::Message { .. } => "message",
        ServerFrame::Private { .. } => "private",
        ServerFrame::Edit { .. } => "edit",
        ServerFrame::Delete { .. } => "delete",
        ServerFrame::React { .. } => "react",
        ServerFrame::Join { .. } => "join",
        ServerFrame::Leave { .. } => "leave",
        ServerFrame::Skip { .. } => "skip",
    }
}

fn place<'a>(snapshot: &'a Snapshot<'_>) -> Mark<'a> {
    let epoch = u64::from_str_radix(&snapshot.epoch, 16).map(Epoch).ok();
    Mark::At(snapshot.seq, epoch, &snapshot.room)
}

/// Appends an answer for one client.
pub(super) fn answer(frame: &ServerFrame<'_>, out: &mut Vec<u8>) {
    let mark = match frame {
        ServerFrame::Joined { snapshot, .. } | ServerFrame::Reset { snapshot, .. } => Some(place(snapshot)),
        ServerFrame::Left { room, .. } => Some(Mark::Gone(room)),
        ServerFrame::Goaway { retry_after_ms } => {
            out.extend_from_slice(b"retry: ");
            push_number(out, *retry_after_ms);
            out.push(b'\n');
            None
        }
        _ => None,
    };
    block(kind_of(frame), mark, frame, out);
}

pub(super) fn event(room: &RoomName, event: &Event, viewer: Option<MemberId>, out: &mut Vec<u8>) {
    let frame = snapshot_event(room, event, viewer);
    let mark = Mark::At(event.seq, None, room.as_str());
    block(kind_of(&frame), Some(mark), &frame, out);
}

pub(super) fn acknowledge(id: u64, room: &RoomName, epoch: Epoch, seq: Seq, out: &mut Vec<u8>) {
    let epoch = epoch.to_string();
    answer(&ServerFrame::Ack { id, room: room.as_str().into(), epoch: epoch.into(), seq }, out);
}

pub(super) fn refuse(refusal: &Refusal, id: Option<u64>, room: &RoomName, out: &mut Vec<u8>) {
    answer(&ServerFrame::refusal(refusal, id, Some(room.as_str())), out);
}

pub(super) fn typing(room: &RoomName, from: MemberId, on: bool, out: &mut Vec<u8>) {
    answer(&ServerFrame::Typing { room: room.as_str().into(), from: from.0, on }, out);
}

/// A comment: proxies see that the stream lives, and nobody is shown anything.
pub(super) fn ping(out: &mut Vec<u8>) {
    out.extend_from_slice(b":\n\n");
}

/// The last words: why the stream ends, by the table of close codes, and whether to come back.
pub(super) fn close(why: Close, out: &mut Vec<u8>) {
    let words = LastWords { code: why.code(), reason: why.reason(), may_return: why.may_return() };
    out.extend_from_slice(b"event: close\ndata: ");
    serde_json::to_writer(&mut *out, &words).expect("an object has string keys and a Vec takes every byte");
    out.extend_from_slice(b"\n\n");
}

/// The last event of a stream: why it ends.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "type", rename = "close")]
pub(crate) struct LastWords {
    /// The close code that a WebSocket would end with.
    code: u16,
    /// English words for a person.
    reason: &'static str,
    /// Whether to come back. Where not, close the stream, for a browser's `EventSource` would.
    #[serde(rename = "return")]
    may_return: bool,
}

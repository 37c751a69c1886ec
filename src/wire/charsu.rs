//! The `charsu.v1` encoding. The hot events are written by hand in one pass; a test holds them against the serde form in
//! [`crate::protocol::ServerFrame`].

use std::borrow::Cow;

use crate::json::{push_number, push_string};
use crate::names::RoomName;
use crate::protocol::{Event, Kind, Marks, Member, MemberCard, MemberId, ReactionCard, Refusal, Seq, ServerFrame};
use crate::room::Epoch;
use crate::transport::ws::frame::{self, Opcode};

/// About how long a frame is, in bytes: it chooses the header's form, and a wrong guess only costs a move.
const EXPECTED: usize = 200;

/// The same for an acknowledgement.
const EXPECTED_ACK: usize = 112;

/// Appends an answer for one client.
pub(super) fn answer(frame: &ServerFrame<'_>, out: &mut Vec<u8>) {
    frame::push_with(out, Opcode::Text, EXPECTED, |out| {
        serde_json::to_writer(out, frame).expect("a frame has string keys and a Vec takes every byte");
    });
}

impl<'a> ServerFrame<'a> {
    /// A refusal as a frame.
    pub fn refusal(refusal: &'a Refusal, id: Option<u64>, room: Option<&'a str>) -> Self {
        Self::Error {
            code: refusal.code.as_str().into(),
            message: refusal.words().into(),
            id,
            room: room.map(Cow::Borrowed),
            retry_after_ms: refusal.retry_after_ms,
            suggestion: refusal.suggestion.as_deref().map(Cow::Borrowed),
            near: refusal.near.iter().map(|name| Cow::Borrowed(&**name)).collect(),
        }
    }
}

/// Appends the answer to a command that changed a room.
pub(super) fn acknowledge(id: u64, room: &RoomName, epoch: Epoch, seq: Seq, out: &mut Vec<u8>) {
    frame::push_with(out, Opcode::Text, EXPECTED_ACK, |out| {
        out.extend_from_slice(br#"{"type":"ack","id":"#);
        push_number(out, id);
        out.extend_from_slice(br#","room":"#);
        push_string(out, room.as_str());
        out.extend_from_slice(br#","epoch":""#);
        out.extend_from_slice(&epoch.digits());
        out.extend_from_slice(br#"","seq":"#);
        push_number(out, seq);
        out.push(b'}');
    });
}

/// A member as the wire shows it.
pub fn card(member: &Member) -> MemberCard<'_> {
    match &member.name {
        Some(name) => MemberCard { id: member.id.0, name: name.as_str().into(), guest: false },
        None => MemberCard { id: member.id.0, name: "".into(), guest: true },
    }
}

/// A line's reactions as the wire shows them.
fn reactions(marks: &Marks) -> Vec<ReactionCard<'_>> {
    marks
        .reactions()
        .iter()
        .map(|reaction| ReactionCard {
            from: reaction.from.0,
            name: (&*reaction.name).into(),
            emoji: (&*reaction.emoji).into(),
        })
        .collect()
}

/// An event as this viewer may see it; without a viewer, as somebody whom a private line does not concern.
pub fn snapshot_event<'a>(room: &'a RoomName, event: &'a Event, viewer: Option<MemberId>) -> ServerFrame<'a> {
    let (seq, at) = (event.seq, event.at);
    let room: Cow<'a, str> = room.as_str().into();
    if !event.kind.is_for_all() && !viewer.is_some_and(|viewer| event.kind.is_for(viewer)) {
        return ServerFrame::Skip { room, seq };
    }
    match &event.kind {
        Kind::Message { from, name, guest, text, marks, .. } => ServerFrame::Message {
            room,
            seq,
            at,
            from: from.0,
            name: (&**name).into(),
            guest: *guest,
            text: (&**text).into(),
            edited_at: marks.edited_at(),
            reactions: reactions(marks),
        },
        Kind::Private { from, name, to, to_name, text, marks } => ServerFrame::Private {
            room,
            seq,
            at,
            from: from.0,
            name: (&**name).into(),
            to: to.0,
            to_name: (&**to_name).into(),
            text: (&**text).into(),
            edited_at: marks.edited_at(),
            reactions: reactions(marks),
        },
        Kind::Passed { .. } | Kind::Removed | Kind::Edit { text: None, .. } => ServerFrame::Skip { room, seq },
        Kind::Edit { target, from, text: Some(text), .. } => {
            ServerFrame::Edit { room, seq, at, target: *target, from: from.0, text: (&**text).into() }
        }
        Kind::Delete { target, from, .. } => ServerFrame::Delete { room, seq, at, target: *target, from: from.0 },
        Kind::React { target, reaction, on, .. } => ServerFrame::React {
            room,
            seq,
            at,
            target: *target,
            from: reaction.from.0,
            name: (&*reaction.name).into(),
            emoji: (&*reaction.emoji).into(),
            on: *on,
        },
        Kind::Join { member } => ServerFrame::Join { room, seq, at, member: card(member) },
        Kind::Leave { member } => ServerFrame::Leave { room, seq, at, member: card(member) },
    }
}

pub(super) fn event(room: &RoomName, event: &Event, viewer: Option<MemberId>, out: &mut Vec<u8>) {
    let Kind::Message { from, name, guest, text, marks, .. } = &event.kind else {
        return answer(&snapshot_event(room, event, viewer), out);
    };
    if *marks != Marks::default() {
        // A line that is shown again, to somebody who comes back: rare.
        return answer(&snapshot_event(room, event, viewer), out);
    }
    frame::push_with(out, Opcode::Text, EXPECTED, |out| {
        out.extend_from_slice(br#"{"type":"message","room":"#);
        push_string(out, room.as_str());
        out.extend_from_slice(br#","seq":"#);
        push_number(out, event.seq);
        out.extend_from_slice(br#","at":"#);
        push_number(out, event.at);
        out.extend_from_slice(br#","from":"#);
        push_number(out, from.0.into());
        out.extend_from_slice(br#","name":"#);
        push_string(out, name);
        if *guest {
            out.extend_from_slice(br#","guest":true"#);
        }
        out.extend_from_slice(br#","text":"#);
        push_string(out, text);
        out.push(b'}');
    });
}

pub(super) fn typing(room: &RoomName, from: MemberId, on: bool, out: &mut Vec<u8>) {
    answer(&ServerFrame::Typing { room: room.as_str().into(), from: from.0, on }, out);
}

//! What pages of the two-segment programs (`/ws/{room}/{name}`) are sent: the fields of every such program at once, since
//! they cannot be told apart by their path. `message`, `system`, `users`, and `error` for a taken name only.

use crate::json::{push_number, push_string};
use crate::names::RoomName;
use crate::protocol::{Event, Kind, Member, MemberId};
use crate::transport::ws::frame::{self, Opcode};

/// About how long a frame is, in bytes: it chooses the header's form, and a wrong guess only costs a move.
const EXPECTED: usize = 300;

pub(super) fn event(room: &RoomName, event: &Event, viewer: Option<MemberId>, out: &mut Vec<u8>) {
    match &event.kind {
        Kind::Message { name, text, .. } => frame::push_with(out, Opcode::Text, EXPECTED, |out| {
            let name = or_guest(name);
            out.extend_from_slice(br#"{"type":"message""#);
            for field in [r#","name":"#, r#","username":"#, r#","client_id":"#, r#","sender":"#] {
                out.extend_from_slice(field.as_bytes());
                push_string(out, name);
            }
            for field in [r#","message":"#, r#","text":"#, r#","content":"#] {
                out.extend_from_slice(field.as_bytes());
                push_string(out, text);
            }
            out.extend_from_slice(br#","room":"#);
            push_string(out, room.as_str());
            out.extend_from_slice(br#","timestamp":"#);
            push_number(out, event.at);
            out.push(b'}');
        }),
        Kind::Private { from, name, to, to_name, text, .. } => {
            if viewer == Some(*from) {
                notice(&format!("Private to {}: {text}", or_guest(to_name)), out);
            } else if viewer == Some(*to) {
                notice(&format!("Private from {}: {text}", or_guest(name)), out);
            }
        }
        // These pages cannot change a line that they have drawn: new words are told, the rest is not.
        Kind::Edit { text: Some(text), between: None, .. } => notice(&format!("A line was changed to: {text}"), out),
        Kind::Edit { text: Some(text), between: Some(pair), .. } => {
            if viewer.is_some_and(|viewer| pair.contains(&viewer)) {
                notice(&format!("A private line was changed to: {text}"), out);
            }
        }
        Kind::Passed { .. }
        | Kind::Removed
        | Kind::Edit { text: None, .. }
        | Kind::Delete { .. }
        | Kind::React { .. } => {}
        Kind::Join { member } => notice(&format!("{} joined the room", member_name(member)), out),
        Kind::Leave { member } => notice(&format!("{} left the room", member_name(member)), out),
    }
}

/// Appends a line of the server's own.
pub fn notice(text: &str, out: &mut Vec<u8>) {
    of_type("system", text, out);
}

/// Appends the refusal that these pages know: they show it, go home and close.
pub fn error(text: &str, out: &mut Vec<u8>) {
    of_type("error", text, out);
}

/// Appends the online list. `names` may be a part of the `count` people in the room.
pub fn users<'a>(names: impl Iterator<Item = &'a str> + Clone, count: usize, out: &mut Vec<u8>) {
    frame::push_with(out, Opcode::Text, EXPECTED, |out| {
        out.extend_from_slice(br#"{"type":"users""#);
        for field in [r#","users":["#, r#","online_users":["#] {
            out.extend_from_slice(field.as_bytes());
            for (index, name) in names.clone().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                push_string(out, or_guest(name));
            }
            out.push(b']');
        }
        out.extend_from_slice(br#","count":"#);
        push_number(out, count as u64);
        out.push(b'}');
    });
}

fn of_type(kind: &str, text: &str, out: &mut Vec<u8>) {
    frame::push_with(out, Opcode::Text, EXPECTED, |out| {
        out.extend_from_slice(br#"{"type":"#);
        push_string(out, kind);
        out.extend_from_slice(br#","message":"#);
        push_string(out, text);
        out.push(b'}');
    });
}

fn member_name(member: &Member) -> &str {
    member.name.as_ref().map_or("A guest", |name| name.as_str())
}

fn or_guest(name: &str) -> &str {
    if name.is_empty() { "Guest" } else { name }
}

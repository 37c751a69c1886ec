//! What pages of the one-segment tutorial (`/ws/{room}`) are sent. They draw every type but `system` as a message, so they
//! get `message` and `system`, and `typing` only once they have sent that themselves.

use crate::json::push_string;
use crate::protocol::{Event, Kind, MemberId};
use crate::transport::ws::frame::{self, Opcode};

/// About how long a frame is, in bytes: it chooses the header's form, and a wrong guess only costs a move.
const EXPECTED: usize = 100;

/// Shown for a guest that wrote no name.
const ANONYMOUS: &str = "Anonymous";

pub(super) fn event(event: &Event, viewer: Option<MemberId>, out: &mut Vec<u8>) {
    match &event.kind {
        Kind::Message { name, text, .. } => frame::push_with(out, Opcode::Text, EXPECTED, |out| {
            out.extend_from_slice(br#"{"type":"message","username":"#);
            push_string(out, or_anonymous(name));
            out.extend_from_slice(br#","text":"#);
            push_string(out, text);
            out.push(b'}');
        }),
        Kind::Private { from, name, to, to_name, text, .. } => {
            if viewer == Some(*from) {
                notice(&format!("Private to {}: {text}", or_anonymous(to_name)), out);
            } else if viewer == Some(*to) {
                notice(&format!("Private from {}: {text}", or_anonymous(name)), out);
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
        Kind::Join { .. } => notice("A user joined the chat", out),
        Kind::Leave { .. } => notice("A user left the chat", out),
    }
}

/// Appends a line of the server's own.
pub fn notice(text: &str, out: &mut Vec<u8>) {
    frame::push_with(out, Opcode::Text, EXPECTED, |out| {
        out.extend_from_slice(br#"{"type":"system","message":"#);
        push_string(out, text);
        out.push(b'}');
    });
}

/// The tutorial's typing frame has no end; its pages clear it after 2 s.
pub(super) fn typing(name: &str, on: bool, out: &mut Vec<u8>) {
    if !on {
        return;
    }
    frame::push_with(out, Opcode::Text, EXPECTED, |out| {
        out.extend_from_slice(br#"{"type":"typing","username":"#);
        push_string(out, or_anonymous(name));
        out.push(b'}');
    });
}

fn or_anonymous(name: &str) -> &str {
    if name.is_empty() { ANONYMOUS } else { name }
}

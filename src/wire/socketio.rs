//! What pages of Socket.IO are sent: a room's events as events of theirs, in the shape in which such a page speaks itself. The
//! frames are those of a WebSocket; polling takes them apart again.
//!
//! | shape | a line | other things |
//! |---|---|---|
//! | plain | `chat message`, a string: `"Ali: hi"` | nothing |
//! | object | `chat message`, `{"text", "user"}` | nothing |
//! | demo | `new message`, `{"username", "message"}`, not to its own sender | `user joined`, `user left`, typing |
//! | rooms | `room message`, `{"room", "user", "text"}` | typing |
//!
//! What a page has emitted that is no plain string goes to all others that know its event as it was written. Lines of the server's own are said
//! by `System`, whom nobody can be called.

mod flavour;
mod place;

pub use flavour::{Flavour, Namespace, Shape};
pub use place::Place;

use super::View;
use crate::json::{push_number, push_string};
use crate::names::RoomName;
use crate::protocol::{Event, Form, Kind, Refusal};
use crate::transport::socketio::packet::{self, Type};
use crate::transport::ws::frame::{self, Opcode};

/// About how long a frame is, in bytes: it chooses the header's form, and a wrong guess only costs a move.
const EXPECTED: usize = 100;

/// Who says what the server has to say.
const SYSTEM: &str = "System";

/// Shown for a guest that wrote no name, where there has to be one.
const GUEST: &str = "Guest";

/// Appends an event's frames.
pub(super) fn event(flavour: Flavour, event: &Event, view: View<'_>, out: &mut Vec<u8>) {
    let View { room, epoch, viewer, named } = view;
    let is_spared = viewer.is_some() && flavour.spares_sender(&event.kind) == viewer;
    let say = Say { flavour, room, at: Some(Place { epoch, seq: event.seq }) };
    match &event.kind {
        Kind::Message { .. } | Kind::Passed { .. } if is_spared => {}
        // What has a text is said as one to who says nothing else.
        Kind::Message { form: Some(form), .. } | Kind::Passed { form: Some(form), .. }
            if flavour.shape().event() == Some(&*form.event)
                && !(flavour.shape() == Shape::Strings && matches!(event.kind, Kind::Message { .. })) =>
        {
            passed(say, form, out);
        }
        Kind::Message { name, text, .. } => say.line(name, text, out),
        Kind::Private { from, name, to, to_name, text, .. } => {
            if viewer == Some(*from) {
                say.line(SYSTEM, &format!("Private to {}: {text}", or_guest(to_name)), out);
            } else if viewer == Some(*to) {
                say.line(SYSTEM, &format!("Private from {}: {text}", or_guest(name)), out);
            }
        }
        // These pages cannot change a line that they have drawn: new words are told, the rest is not.
        Kind::Edit { text: Some(text), between: None, .. } => {
            say.line(SYSTEM, &format!("A line was changed to: {text}"), out);
        }
        Kind::Edit { text: Some(text), between: Some(pair), .. } => {
            if viewer.is_some_and(|viewer| pair.contains(&viewer)) {
                say.line(SYSTEM, &format!("A private line was changed to: {text}"), out);
            }
        }
        Kind::Join { member } | Kind::Leave { member } => {
            // The demo's people are those who have given a name.
            if let (Shape::Demo, Some(name)) = (flavour.shape(), &member.name) {
                let joined = matches!(event.kind, Kind::Join { .. });
                say.emit(if joined { "user joined" } else { "user left" }, out, |out| {
                    out.extend_from_slice(br#"{"username":"#);
                    push_string(out, name.as_str());
                    if let Some(named) = named {
                        out.extend_from_slice(br#","numUsers":"#);
                        push_number(out, named as u64);
                    }
                    out.push(b'}');
                });
            }
        }
        Kind::Passed { .. }
        | Kind::Removed
        | Kind::Edit { text: None, .. }
        | Kind::Delete { .. }
        | Kind::React { .. } => {}
    }
}

/// Appends a line of the server's own. It bears the number of what was sent before it, as far as that is known: a page that
/// counts lines takes the number of whatever comes.
pub fn notice(flavour: Flavour, room: &RoomName, at: Option<Place>, text: &str, out: &mut Vec<u8>) {
    Say { flavour, room, at }.line(SYSTEM, text, out);
}

/// Appends who types, or no longer does, where a page knows of such a thing.
pub(super) fn typing(flavour: Flavour, room: &RoomName, name: &str, on: bool, out: &mut Vec<u8>) {
    Say { flavour, room, at: None }.emit(if on { "typing" } else { "stop typing" }, out, |out| {
        out.extend_from_slice(br#"{"username":"#);
        push_string(out, or_guest(name));
        if flavour.shape() == Shape::Rooms {
            out.extend_from_slice(br#","room":"#);
            push_string(out, room.as_str());
        }
        out.push(b'}');
    });
}

/// Appends how many people there are, to one who has just given a name.
pub fn login(flavour: Flavour, room: &RoomName, at: Option<Place>, named: usize, out: &mut Vec<u8>) {
    Say { flavour, room, at }.emit("login", out, |out| {
        out.extend_from_slice(br#"{"numUsers":"#);
        push_number(out, named as u64);
        out.push(b'}');
    });
}

/// Appends the acknowledgement of an event that did what it asked for.
pub fn acknowledge(namespace: Namespace, id: u64, out: &mut Vec<u8>) {
    text_packet(Type::Ack, namespace, Some(id), out, |out| out.extend_from_slice(b"[]"));
}

/// Appends the acknowledgement of an event that was refused: why, in one argument.
pub fn acknowledge_refused(namespace: Namespace, id: u64, refusal: &Refusal, out: &mut Vec<u8>) {
    text_packet(Type::Ack, namespace, Some(id), out, |out| {
        out.push(b'[');
        push_refusal(out, refusal);
        out.push(b']');
    });
}

/// Appends that somebody is in a namespace now, and with which secret it may come back to the same place, if it may.
pub fn connected(namespace: Namespace, sid: &str, pid: Option<&str>, out: &mut Vec<u8>) {
    text_packet(Type::Connect, namespace, None, out, |out| {
        out.extend_from_slice(br#"{"sid":"#);
        push_string(out, sid);
        if let Some(pid) = pid {
            out.extend_from_slice(br#","pid":"#);
            push_string(out, pid);
        }
        out.push(b'}');
    });
}

/// Appends that somebody is not let into a namespace. `written` is it as it was asked for.
pub fn not_connected(written: &str, message: &str, refusal: Option<&Refusal>, out: &mut Vec<u8>) {
    frame::push_with(out, Opcode::Text, EXPECTED, |out| {
        out.push(b'4');
        packet::push_head(out, Type::ConnectError, 0, written, None);
        out.extend_from_slice(br#"{"message":"#);
        push_string(out, message);
        if let Some(refusal) = refusal {
            out.extend_from_slice(br#","data":"#);
            push_refusal(out, refusal);
        }
        out.push(b'}');
    });
}

/// Appends an event, in its form: its name, and arguments that are JSON already.
pub fn emit(namespace: Namespace, id: Option<u64>, form: &Form, out: &mut Vec<u8>) {
    push_form(&namespace.written(), id, form, |_| {}, out);
}

fn push_form(namespace: &str, id: Option<u64>, form: &Form, after: impl FnOnce(&mut Vec<u8>), out: &mut Vec<u8>) {
    frame::push_with(out, Opcode::Text, form.arguments.len() + EXPECTED, |out| {
        out.push(b'4');
        packet::push_head(out, Type::Event, form.attachments.len(), namespace, id);
        out.push(b'[');
        push_string(out, &form.event);
        if !form.arguments.is_empty() {
            out.push(b',');
            out.extend_from_slice(form.arguments.as_bytes());
        }
        after(out);
        out.push(b']');
    });
    for attachment in &form.attachments {
        frame::push(out, Opcode::Binary, attachment);
    }
}

/// What another page emitted, as it did.
fn passed(say: Say<'_>, form: &Form, out: &mut Vec<u8>) {
    let namespace = say.flavour.namespace(say.room).written();
    push_form(&namespace, None, form, |out| say.push_place(&form.event, out), out);
}

fn push_refusal(out: &mut Vec<u8>, refusal: &Refusal) {
    out.extend_from_slice(br#"{"code":"#);
    push_string(out, refusal.code.as_str());
    out.extend_from_slice(br#","message":"#);
    push_string(out, refusal.words());
    if let Some(wait) = refusal.retry_after_ms {
        out.extend_from_slice(br#","retry_after_ms":"#);
        push_number(out, wait);
    }
    if let Some(suggestion) = &refusal.suggestion {
        out.extend_from_slice(br#","suggestion":"#);
        push_string(out, suggestion);
    }
    out.push(b'}');
}

/// Appends a packet of text. `data` appends its payload.
fn text_packet(kind: Type, namespace: Namespace, id: Option<u64>, out: &mut Vec<u8>, data: impl FnOnce(&mut Vec<u8>)) {
    frame::push_with(out, Opcode::Text, EXPECTED, |out| {
        out.push(b'4');
        packet::push_head(out, kind, 0, &namespace.written(), id);
        data(out);
    });
}

/// Something to say in a room.
#[derive(Clone, Copy)]
struct Say<'a> {
    flavour: Flavour,
    room: &'a RoomName,
    /// Where whoever is told this stands after it, if that is known.
    at: Option<Place>,
}

impl Say<'_> {
    /// Appends what stands behind the arguments of an event: a number for those who ask for one with a line, and lines have
    /// this name, and a place for those who may come back to it.
    fn push_place(self, name: &str, out: &mut Vec<u8>) {
        let Some(place) = self.at else { return };
        if self.flavour.is_numbered() && name == "chat message" {
            out.push(b',');
            push_number(out, place.number());
        }
        if self.flavour.recovers() {
            out.push(b',');
            place.push(self.flavour.shape(), out);
        }
    }

    /// Appends an event with one argument, and its place behind it where that is wanted.
    fn emit(self, name: &str, out: &mut Vec<u8>, argument: impl FnOnce(&mut Vec<u8>)) {
        let namespace = self.flavour.namespace(self.room);
        text_packet(Type::Event, namespace, None, out, |out| {
            out.push(b'[');
            push_string(out, name);
            out.push(b',');
            argument(out);
            self.push_place(name, out);
            out.push(b']');
        });
    }

    fn line(self, name: &str, text: &str, out: &mut Vec<u8>) {
        match self.flavour.shape() {
            Shape::Plain | Shape::Strings => self.emit("chat message", out, |out| {
                if name.is_empty() { push_string(out, text) } else { push_string(out, &format!("{name}: {text}")) }
            }),
            // What nobody has put a name to is a plain string on their own server, too.
            Shape::Object if name.is_empty() => self.emit("chat message", out, |out| push_string(out, text)),
            Shape::Object => self.emit("chat message", out, |out| fields(&[("text", text), ("user", name)], out)),
            Shape::Demo => {
                self.emit("new message", out, |out| fields(&[("username", or_guest(name)), ("message", text)], out));
            }
            Shape::Rooms => {
                let all = [("room", self.room.as_str()), ("user", name), ("text", text)];
                self.emit("room message", out, |out| fields(&all, out));
            }
        }
    }
}

fn fields(fields: &[(&str, &str)], out: &mut Vec<u8>) {
    for (index, (name, value)) in fields.iter().enumerate() {
        out.push(if index == 0 { b'{' } else { b',' });
        push_string(out, name);
        out.push(b':');
        push_string(out, value);
    }
    out.push(b'}');
}

fn or_guest(name: &str) -> &str {
    if name.is_empty() { GUEST } else { name }
}

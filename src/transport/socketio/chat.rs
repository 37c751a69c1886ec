//! What pages of Socket.IO ask for: the official chat example and tutorial, the framework's own demo, pages that say objects,
//! and pages that join rooms by name. Unmodified pages on one side, the hub on the other.

use std::sync::Arc;

use super::entering::{room_argument, room_of};
use super::fields::Fields;
use super::packet::Event;
use super::talk::{Member, Talk};
use crate::hub::{Asked, LiveRoom};
use crate::names::{Name, RoomName};
use crate::protocol::{Code, Form, MemberId, Refusal};
use crate::room::Draft;
use crate::session::{Outcome, Turn};
use crate::slash::{self, Said};
use crate::text::{self, TextLimits};
use crate::wire::socketio::{self as wire, Shape};
use crate::wire::{Carrier, ReplyTo, Wire};

/// Under which names pages say what is text for everybody, and then who says it.
const SAID: [&str; 8] = ["text", "message", "content", "msg", "user", "username", "name", "sender"];

impl Talk {
    /// Does what an event asks for.
    pub(super) fn event(
        &mut self,
        index: usize,
        event: &Event<'_>,
        attachments: Vec<Vec<u8>>,
        reply: ReplyTo,
        turn: &mut Turn<'_>,
    ) -> Result<Outcome, Refusal> {
        match &*event.name {
            "typing" | "stop typing" => {
                self.types(index, &*event.name == "typing", turn);
                Ok(acknowledged(reply, turn))
            }
            "chat message" => {
                may(turn)?;
                match event.text(0) {
                    Some(text) => {
                        self.shape(index, Shape::Strings, turn);
                        self.say(index, &text, event.text(1).as_deref(), reply, turn)
                    }
                    None => self.pass(index, event, attachments, None, reply, turn),
                }
            }
            "new message" => {
                may(turn)?;
                let text = event.text(0).ok_or_else(|| bad("`new message` has one string."))?;
                self.say(index, &text, event.text(1).as_deref(), reply, turn)
            }
            "room message" => {
                may(turn)?;
                let said = read(event.arguments.first().unwrap_or(&""), &["room"])?;
                let room = room_of(&said.text(&["room"]).ok_or_else(|| bad("`room` is missing."))?)?;
                self.pass(index, event, attachments, Some(room), reply, turn)
            }
            "add user" => {
                may(turn)?;
                let name = event.text(0).ok_or_else(|| bad("`add user` has one string."))?;
                self.name(index, &name, reply, turn)
            }
            "join" => {
                may(turn)?;
                turn.pace.join(&turn.app.rates, turn.now.elapsed)?;
                self.join(index, event, reply, turn)
            }
            "leave" => {
                may(turn)?;
                let room = room_argument(event)?;
                self.leave(index, room, reply, turn)
            }
            _ => {
                may(turn)?;
                // Ignored as by a server that knows no such event, but nobody waits for an answer in vain.
                if reply == ReplyTo::Nobody { Ok(Outcome::Answered) } else { Err(Code::UnknownCommand.into()) }
            }
        }
    }

    fn say(
        &mut self,
        index: usize,
        text: &str,
        id: Option<&str>,
        reply: ReplyTo,
        turn: &mut Turn<'_>,
    ) -> Result<Outcome, Refusal> {
        let (room, from) = own_room(&self.members[index], turn)?;
        check(text, turn)?;
        let asked = self.asked(id, &["say", room.name().as_str(), text], reply, turn)?;
        match spoken(text, &room, from, &asked, turn)? {
            Spoken::Text(said) => append(&room, Draft::Message { from, signed: None, text: said.into() }, asked, turn),
            Spoken::Private(draft) => append(&room, draft, asked, turn),
            Spoken::Again => Ok(Outcome::Answered),
        }
    }

    /// Passes what is no plain string on to all others, as it is; what is text in it is said on all wires.
    fn pass(
        &mut self,
        index: usize,
        event: &Event<'_>,
        attachments: Vec<Vec<u8>>,
        room: Option<RoomName>,
        reply: ReplyTo,
        turn: &mut Turn<'_>,
    ) -> Result<Outcome, Refusal> {
        let member = &self.members[index];
        let (live, from) = match &room {
            Some(room) => member_of(member, room, turn)?,
            None => own_room(member, turn)?,
        };
        let payload = event.arguments.first().ok_or_else(|| bad("There is nothing to pass on."))?;
        if payload.starts_with('"') {
            return Err(bad("A text has half of a character in it."));
        }
        let said = read(payload, &SAID)?;
        let text = said.text(&SAID[..4]).filter(|text| !text.trim().is_empty());
        if let Some(text) = &text {
            check(text, turn)?;
        }
        let signed = said.text(&SAID[4..]).filter(|name| !name.trim().is_empty());
        let signed = signed.map(|name| Name::parse(&name, turn.app.settings.name_chars)).transpose()?;
        // With attachments all arguments: a placeholder may stand in any of them.
        let arguments = if attachments.is_empty() { (*payload).into() } else { event.arguments.join(",").into() };
        let id = event.text(1);
        let asked = self.asked(id.as_deref(), &["pass", live.name().as_str(), payload], reply, turn)?;
        if room.is_none() && payload.starts_with('{') {
            self.shape(index, Shape::Object, turn);
        }
        let form = Form { event: (&*event.name).into(), arguments, attachments: attachments.into() };
        let text = match text.as_deref().map(|text| spoken(text, &live, from, &asked, turn)).transpose()? {
            None => None,
            Some(Spoken::Text(said)) => Some(said.into()),
            // What is for one is not passed on to all.
            Some(Spoken::Private(draft)) => return append(&live, draft, asked, turn),
            Some(Spoken::Again) => return Ok(Outcome::Answered),
        };
        append(&live, Draft::Pass { from, signed, text, form: Box::new(form) }, asked, turn)
    }

    fn types(&mut self, index: usize, on: bool, turn: &mut Turn<'_>) {
        // Loose: what is too fast is dropped without a word.
        turn.reader.learn_typing();
        if turn.pace.may_type(&turn.app.rates, turn.now.elapsed)
            && let Ok((room, member)) = own_room(&self.members[index], turn)
        {
            turn.app.hub.typing(&room, member, on, None);
        }
    }

    /// From now on this page is sent lines in the shape in which it says them.
    pub(super) fn shape(&mut self, index: usize, shape: Shape, turn: &Turn<'_>) {
        let member = &mut self.members[index];
        if matches!(member.flavour.shape(), Shape::Demo | Shape::Rooms) || member.flavour.shape() == shape {
            return;
        }
        member.flavour = member.flavour.shaped(shape);
        if let Some((room, _)) = turn.reader.membership(member.room.as_str()) {
            turn.app.hub.change_carrier(turn.reader, &room, Carrier::new(Wire::SocketIo(member.flavour), false));
        }
    }

    fn asked(&mut self, id: Option<&str>, content: &[&str], reply: ReplyTo, turn: &Turn<'_>) -> Result<Asked, Refusal> {
        let Some(id) = id else { return Ok(Asked { reply, ..Asked::default() }) };
        let hub = &turn.app.hub;
        let (numbered, session) = self.ids.get_or_insert_default().number(hub, id, hub.content_hash(content))?;
        Ok(Asked { reply, numbered: Some(numbered), session: Some(session) })
    }
}

/// What a text turns out to be.
enum Spoken<'t> {
    /// To be said to all.
    Text(&'t str),
    /// To be said to one.
    Private(Draft),
    /// For one, and said before. It is acknowledged.
    Again,
}

fn spoken<'t>(
    text: &'t str,
    room: &Arc<LiveRoom>,
    from: MemberId,
    asked: &Asked,
    turn: &Turn<'_>,
) -> Result<Spoken<'t>, Refusal> {
    match slash::parse(text) {
        Said::Text(said) => {
            check(said, turn)?;
            Ok(Spoken::Text(said))
        }
        Said::Private(letter) => {
            // Looked at before the name is: a repeat counts, even if its receiver is gone by now.
            if turn.app.hub.acknowledge_again(turn.reader, room, asked)? {
                return Ok(Spoken::Again);
            }
            let (to, said) = turn.app.hub.addressee(room, &letter)?;
            check(said, turn)?;
            Ok(Spoken::Private(Draft::Private { from, to, text: said.into() }))
        }
        Said::MissingName => Err(slash::missing_name()),
        Said::Unknown(_) => Err(Code::UnknownCommand.into()),
    }
}

/// Takes a permit for an event.
fn may(turn: &mut Turn<'_>) -> Result<(), Refusal> {
    turn.pace.command(&turn.app.rates, turn.now.elapsed, None)
}

pub(super) fn acknowledged(reply: ReplyTo, turn: &Turn<'_>) -> Outcome {
    if let ReplyTo::Acknowledgement { namespace, id } = reply {
        turn.reader.answer(|out| wire::acknowledge(namespace, id, out));
    }
    Outcome::Answered
}

fn check(text: &str, turn: &Turn<'_>) -> Result<(), Refusal> {
    let settings = &turn.app.settings;
    text::check(text, TextLimits { chars: settings.text_chars, bytes: settings.text_bytes })
}

fn append(room: &Arc<LiveRoom>, draft: Draft, asked: Asked, turn: &Turn<'_>) -> Result<Outcome, Refusal> {
    let is_new = turn.app.hub.say(turn.reader, room, draft, asked, turn.now)?;
    Ok(if is_new { Outcome::Said } else { Outcome::Answered })
}

pub(super) fn own_room(member: &Member, turn: &Turn<'_>) -> Result<(Arc<LiveRoom>, MemberId), Refusal> {
    turn.reader.membership(member.room.as_str()).ok_or_else(|| Code::NotInRoom.into())
}

pub(super) fn member_of(
    member: &Member,
    room: &RoomName,
    turn: &Turn<'_>,
) -> Result<(Arc<LiveRoom>, MemberId), Refusal> {
    let is_its = member.rooms().any(|other| other == room);
    turn.reader.membership(room.as_str()).filter(|_| is_its).ok_or_else(|| Code::NotInRoom.into())
}

pub(super) fn bad(words: &str) -> Refusal {
    Refusal::because(Code::BadRequest, words)
}

/// The fields of an object that a page has sent.
pub(super) fn read(json: &str, wanted: &'static [&'static str]) -> Result<Fields, Refusal> {
    Fields::read(json, wanted).map_err(|_| bad("A text has half of a character in it."))
}

//! A tutorial page's connection: what both dialects do alike once they know the room, the name and the text.

use std::borrow::Cow;

use serde::Deserialize;

use crate::hub::{Asked, Join, Joined};
use crate::names::{Name, RoomName};
use crate::protocol::{Close, Code, Refusal};
use crate::session::{Outcome, Turn, line};
use crate::wire::{self, Wire};

/// What a page's JSON frame may say. Every program has its own word for the text.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Words<'a> {
    #[serde(default, borrow, rename = "type")]
    pub(super) kind: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    pub(super) username: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    text: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    message: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    content: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    msg: Option<Cow<'a, str>>,
}

impl<'a> Words<'a> {
    /// Reads a JSON object.
    pub(super) fn read(frame: &'a str) -> Result<Self, Refusal> {
        if !frame.trim_ascii_start().starts_with('{') {
            return Err(Refusal::because(Code::BadRequest, "That was not understood: a frame is one JSON object."));
        }
        serde_json::from_str(frame).map_err(|_| {
            Refusal::because(
                Code::BadRequest,
                "That was not understood: the JSON is broken or a field has the wrong type.",
            )
        })
    }

    /// The text, under whichever name.
    pub(super) fn said(&self) -> Option<&str> {
        [&self.text, &self.message, &self.content, &self.msg].into_iter().find_map(Option::as_deref)
    }
}

/// What both dialects do in a turn.
pub(super) struct Page<'t, 'a>(pub(super) &'t mut Turn<'a>);

impl Page<'_, '_> {
    /// Joins the room of the path. The history that the room shows to newcomers comes first, in this wire's own frames. A
    /// refusal ends the connection, whenever it comes.
    pub(super) fn join(
        &self,
        room: &str,
        name: Option<Name>,
        opens_codes: bool,
        sees_own_join: bool,
        after: impl FnOnce(&Joined<'_>, &mut Vec<u8>) + Send + 'static,
    ) -> Result<(), Refusal> {
        let room = RoomName::parse(room).map_err(|problem| Refusal::because(Code::BadRoom, problem.to_string()))?;
        let (opening, hold) = self.0.app.opening(self.0.peer, &room, opens_codes)?;
        let wire = self.0.reader.wire();
        let answer = Box::new(move |joined: Result<&Joined<'_>, &Refusal>, out: &mut Vec<u8>| match joined {
            Ok(joined) => {
                for event in &joined.history {
                    wire.encode(event, joined.room.view(None, None), out);
                }
                after(joined, out);
                None
            }
            Err(refusal) => Some(turn_away(wire, refusal, out)),
        });
        let carrier = self.0.reader.carrier();
        let join = Join { room, name: Ok(name), since: None, opening, hold, sees_own_join, carrier, answer };
        let result = self.0.app.hub.join(self.0.reader, join);
        if result.as_ref().is_err_and(|refusal| refusal.code == Code::RoomNotFound) {
            self.0.app.failed_join(self.0.peer);
        }
        result
    }

    /// The name that its token gives it. With one, whatever else the page calls itself is not even looked at.
    pub(super) fn own_name(&self) -> Option<Name> {
        self.0.app.hub.admitted(self.0.reader).map(|admitted| admitted.name.clone())
    }

    /// Ends a connection that was not let in.
    pub(super) fn turned_away(&self, refusal: &Refusal) -> Outcome {
        let mut close = Close::Normal;
        self.0.reader.answer(|out| close = turn_away(self.0.reader.wire(), refusal, out));
        Outcome::Close(close)
    }

    /// Takes a permit to say something.
    pub(super) fn may_say(&mut self) -> Result<(), Refusal> {
        self.0.pace.command(&self.0.app.rates, self.0.now.elapsed, None)
    }

    /// Takes a permit to type; what is too fast is dropped without a word.
    pub(super) fn may_type(&mut self) -> bool {
        self.0.pace.may_type(&self.0.app.rates, self.0.now.elapsed)
    }

    /// Says a text, which may be a slash command. `signed` is the name that a guest wrote on it.
    pub(super) fn say(&self, text: &str, signed: Option<Name>) -> Result<Outcome, Refusal> {
        let (room, from) = self.0.reader.first_membership().ok_or(Code::NotInRoom)?;
        let draft = line(self.0.app, &room, from, signed, text)?;
        // In a dialect the echo is the acknowledgement.
        self.0.app.hub.say(self.0.reader, &room, draft, Asked::default(), self.0.now)?;
        Ok(Outcome::Said)
    }

    /// A keystroke. From now on this page knows typing, so it may be sent typing.
    pub(super) fn types(&self, signed: Option<Name>) {
        self.0.reader.learn_typing();
        if let Some((room, member)) = self.0.reader.first_membership() {
            self.0.app.hub.typing(&room, member, true, signed.as_ref());
        }
    }

    /// Ends a frame: a refusal is a line of the server's own, and too many of them end the connection.
    pub(super) fn conclude(&mut self, result: Result<Outcome, Refusal>) -> Outcome {
        let refusal = match result {
            Ok(outcome) => return outcome,
            Err(refusal) => refusal,
        };
        self.notice(&refusal.in_one_line());
        let (rates, now) = (&self.0.app.rates, self.0.now.elapsed);
        let why = if refusal.code == Code::BadRequest {
            self.0.pace.bad_request(rates, now)
        } else {
            self.0.pace.refused(&refusal, rates, now)
        };
        why.map_or(Outcome::Answered, Outcome::Close)
    }

    /// A line of the server's own, for this page.
    pub(super) fn notice(&self, words: &str) {
        self.0.reader.answer(|out| match self.0.reader.wire() {
            Wire::OneSegment => wire::one_segment_notice(words, out),
            Wire::TwoSegment => wire::two_segment_notice(words, out),
            Wire::Charsu | Wire::Sse | Wire::SocketIo(_) => unreachable!("a dialect is none of these"),
        });
    }
}

/// The words that pages of the two-segment programs expect for a taken name, exactly.
const NAME_TAKEN: &str = "A person with the same name already exists in this room";

/// Says why somebody is not let in, and how the connection ends.
fn turn_away(wire: Wire, refusal: &Refusal, out: &mut Vec<u8>) -> Close {
    match wire {
        Wire::TwoSegment if refusal.code == Code::NameTaken => {
            wire::two_segment_error(NAME_TAKEN, out);
            return Close::Normal;
        }
        Wire::TwoSegment => wire::two_segment_notice(&refusal.in_one_line(), out),
        Wire::OneSegment => wire::one_segment_notice(&refusal.in_one_line(), out),
        Wire::Charsu | Wire::Sse | Wire::SocketIo(_) => unreachable!("a dialect is none of these"),
    }
    parting(refusal)
}

/// How a page is parted with that was not let in.
fn parting(refusal: &Refusal) -> Close {
    if refusal.code == Code::NameTaken {
        Close::NameTaken
    } else if refusal.code == Code::RateLimited {
        Close::TooFast
    } else if refusal.code.may_retry() {
        Close::Overloaded
    } else {
        Close::BadRoom
    }
}

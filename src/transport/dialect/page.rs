//! A tutorial page's connection: what both dialects do alike once they know the room, the name and the text.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use serde::Deserialize;

use crate::hub::{Hub, Join, Joined, Reader};
use crate::limits::Bucket;
use crate::names::{Name, RoomName};
use crate::pace::Pace;
use crate::protocol::{Close, Code, Refusal};
use crate::room::Draft;
use crate::server::App;
use crate::session::Outcome;
use crate::slash::{self, Said};
use crate::text::{self, TextLimits};
use crate::wire::{self, Wire};

/// One page's connection.
pub(super) struct Page {
    pub(super) app: Arc<App>,
    reader: Arc<Reader>,
    peer: IpAddr,
    pace: Pace,
    typing: Bucket,
}

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

impl Page {
    pub(super) fn new(app: Arc<App>, reader: Arc<Reader>, peer: IpAddr) -> Self {
        Self { app, reader, peer, pace: Pace::default(), typing: Bucket::default() }
    }

    fn hub(&self) -> &Arc<Hub> {
        &self.app.hub
    }

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
        let (opening, hold) = self.app.opening(self.peer, &room, opens_codes)?;
        let wire = self.reader.wire();
        let answer = Box::new(move |joined: Result<&Joined<'_>, &Refusal>, out: &mut Vec<u8>| match joined {
            Ok(joined) => {
                for event in &joined.history {
                    wire.encode(joined.room.name(), event, None, out);
                }
                after(joined, out);
                None
            }
            Err(refusal) => Some(turn_away(wire, refusal, out)),
        });
        let join = Join { room, name: Ok(name), since: None, opening, hold, sees_own_join, answer };
        let result = self.hub().join(&self.reader, join);
        if result.as_ref().is_err_and(|refusal| refusal.code == Code::RoomNotFound) {
            self.app.failed_join(self.peer);
        }
        result
    }

    /// Ends a connection that was not let in.
    pub(super) fn turned_away(&self, refusal: &Refusal) -> Outcome {
        let mut close = Close::Normal;
        self.reader.answer(|out| close = turn_away(self.reader.wire(), refusal, out));
        Outcome::Close(close)
    }

    /// Takes a permit to say something.
    pub(super) fn may_say(&mut self) -> Result<(), Refusal> {
        self.pace.command(&self.app.rates, self.app.hub.elapsed(), None)
    }

    /// Takes a permit to type; what is too fast is dropped without a word.
    pub(super) fn may_type(&mut self) -> bool {
        self.typing.take(self.app.rates.typing, self.app.hub.elapsed()).is_ok()
    }

    /// Says a text, which may be a slash command. `signed` is the name that a guest wrote on it.
    pub(super) fn say(&self, text: &str, signed: Option<Name>) -> Result<Outcome, Refusal> {
        let (room, from) = self.reader.first_membership().ok_or(Code::NotInRoom)?;
        let limits = TextLimits { chars: self.app.settings.text_chars, bytes: self.app.settings.text_bytes };
        text::check(text, limits)?;
        let draft = match slash::parse(text) {
            Said::Text(said) => {
                text::check(said, limits)?;
                Draft::Message { from, signed, text: said.into() }
            }
            Said::Private(letter) => {
                let (to, said) = self.hub().addressee(&room, &letter)?;
                text::check(said, limits)?;
                Draft::Private { from, to, text: said.into() }
            }
            Said::MissingName => return Err(slash::missing_name()),
            Said::Unknown(_) => return Err(Code::UnknownCommand.into()),
        };
        // In a dialect the echo is the acknowledgement.
        self.hub().say(&self.reader, &room, draft, None)?;
        Ok(Outcome::Said)
    }

    /// A keystroke. From now on this page knows typing, so it may be sent typing.
    pub(super) fn types(&self, signed: Option<Name>) {
        self.reader.learn_typing();
        if let Some((room, member)) = self.reader.first_membership() {
            self.hub().typing(&room, member, true, signed.as_ref());
        }
    }

    /// Ends a frame: a refusal is a line of the server's own, and too many of them end the connection.
    pub(super) fn conclude(&mut self, result: Result<Outcome, Refusal>) -> Outcome {
        let refusal = match result {
            Ok(outcome) => return outcome,
            Err(refusal) => refusal,
        };
        self.notice(&refusal.in_one_line());
        let (rates, now) = (&self.app.rates, self.app.hub.elapsed());
        let why = if refusal.code == Code::BadRequest {
            self.pace.bad_request(rates, now)
        } else {
            self.pace.refused(&refusal, rates, now)
        };
        why.map_or(Outcome::Answered, Outcome::Close)
    }

    /// A line of the server's own, for this page.
    pub(super) fn notice(&self, words: &str) {
        self.reader.answer(|out| match self.reader.wire() {
            Wire::OneSegment => wire::one_segment_notice(words, out),
            Wire::TwoSegment => wire::two_segment_notice(words, out),
            Wire::Charsu => unreachable!("a dialect is not charsu.v1"),
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
        Wire::Charsu => unreachable!("a dialect is not charsu.v1"),
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

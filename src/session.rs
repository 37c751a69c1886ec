//! One connection's conversation in the frames of `charsu.v1`: what it may ask, how fast, and what it is told. Pure in what it
//! decides: bytes come and go elsewhere.

use std::net::IpAddr;
use std::sync::Arc;

use crate::config::Settings;
use crate::hub::{Hub, Join, Joined, LiveRoom, Moment, Numbered, Opening, Reader, Resume};
use crate::names::{Name, RoomName};
use crate::pace::Pace;
use crate::protocol::{
    Close, Code, Command, Limits, Malformed, MemberCard, MemberId, Page, Position, Refusal, Seq, ServerFrame,
};
use crate::room::{Draft, Target};
use crate::server::App;
use crate::slash::{self, Said};
use crate::text::{self, TextLimits};
use crate::wire::{self, ReplyTo};

/// What a frame led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Something was said: the flusher writes, answers included.
    Said,
    /// Answers at most.
    Answered,
    /// The connection is to end.
    Close(Close),
}

/// One frame's turn: whose it is, and when. What a conversation works with lies with the connection, once, and is lent.
pub struct Turn<'a> {
    /// What all connections share.
    pub app: &'a Arc<App>,
    /// The connection that the frame came over.
    pub reader: &'a Arc<Reader>,
    /// Whose connection it is.
    pub peer: IpAddr,
    /// How fast it goes on.
    pub pace: &'a mut Pace,
    /// When the frame was read.
    pub now: Moment,
}

/// One person's end of a `charsu.v1` connection.
#[derive(Debug, Default)]
pub struct Conversation {
    greeted: bool,
}

impl Conversation {
    /// One that begins after the hello.
    pub fn greeted() -> Self {
        Self { greeted: true }
    }

    /// Takes one text frame.
    pub fn take(&mut self, frame: &str, turn: &mut Turn<'_>) -> Outcome {
        let command = match Command::read(frame) {
            Ok(command) => command,
            Err(malformed) => return turn.malformed(malformed),
        };
        if let Command::Hello { session } = &command {
            return match turn.hello(session.as_deref()) {
                Ok(outcome) => {
                    self.greeted = true;
                    outcome
                }
                Err(refusal) => turn.malformed(Malformed { id: None, refusal }),
            };
        }
        if !self.greeted {
            return turn.malformed(Malformed { id: None, refusal: Code::HelloFirst.into() });
        }
        turn.take(command)
    }
}

impl Turn<'_> {
    fn take(&mut self, command: Command<'_>) -> Outcome {
        match command {
            Command::Hello { .. } => unreachable!("a hello is taken by the conversation"),
            Command::Ping => {
                self.tell(&ServerFrame::Pong);
                self.pace.control(&self.app.rates, self.now.elapsed).map_or(Outcome::Answered, Outcome::Close)
            }
            Command::Typing { room, on } => self.typing(&room, on),
            Command::Join { id, room, name, since } => {
                let result = self.paced_join(id).and_then(|()| self.join(id, &room, &name, since));
                self.conclude(id, &room, result.map(|()| Outcome::Answered))
            }
            Command::Leave { id, room } => {
                // Going out is never too fast; only asking for it in vain is.
                let result = self.leave(id, &room).or_else(|refusal| self.paced(id).and(Err(refusal)));
                self.conclude(id, &room, result)
            }
            Command::People { id, room, after } => {
                let result = self.paced(id).and_then(|()| self.people(id, &room, after));
                self.conclude(id, &room, result)
            }
            Command::Say { id, room, text } => {
                let result = self.paced(id).and_then(|()| self.say(id, &room, &text));
                self.conclude(id, &room, result)
            }
            Command::Edit { id, room, seq, text } => {
                let result = self.paced(id).and_then(|()| self.edit(id, &room, seq, &text));
                self.conclude(id, &room, result)
            }
            Command::Delete { id, room, seq } => {
                let result = self.paced(id).and_then(|()| self.delete(id, &room, seq));
                self.conclude(id, &room, result)
            }
            Command::React { id, room, seq, emoji, on } => {
                let result = self.paced(id).and_then(|()| self.react(id, &room, seq, &emoji, on));
                self.conclude(id, &room, result)
            }
            Command::History { id, room, page } => {
                let result = self.paced(id).and_then(|()| self.history(id, &room, page));
                self.conclude(id, &room, result)
            }
            Command::Private { id, room, to, text } => {
                let result = self.paced(id).and_then(|()| self.private(id, &room, to, &text));
                self.conclude(id, &room, result)
            }
        }
    }

    fn hub(&self) -> &Arc<Hub> {
        &self.app.hub
    }

    fn hello(&self, offered: Option<&str>) -> Result<Outcome, Refusal> {
        let (secret, resumed) = self.hub().hello(self.reader, offered)?;
        Ok(self.tell(&welcome(&self.app.settings, &secret, resumed)))
    }

    fn join(&mut self, id: u64, room: &str, name: &str, since: Option<Position>) -> Result<(), Refusal> {
        let room = RoomName::parse(room).map_err(|problem| Refusal::because(Code::BadRoom, problem.to_string()))?;
        let is_back = self.reader.session().is_some_and(|session| session.is_away_from(room.as_str()));
        // Who comes back after a restart has a position, and finds the others under the code that was lost with the room.
        let reopens = since.is_some() && self.app.settings.reopen_codes;
        let (opening, hold) =
            if is_back { (Opening::Made, None) } else { self.app.opening(self.peer, &room, reopens)? };
        let name = Name::parse(name, self.app.settings.name_chars).map(Some).map_err(Refusal::from);
        let (shown_room, wire) = (room.clone(), self.reader.wire());
        let answer = Box::new(move |joined: Result<&Joined<'_>, &Refusal>, out: &mut Vec<u8>| {
            match joined {
                Ok(joined) => wire.answer(&join_answer(id, joined), out),
                Err(refusal) => wire.refuse(refusal, ReplyTo::Number(id), &shown_room, None, out),
            }
            None
        });
        let join =
            Join { room, name, since, opening, hold, sees_own_join: false, carrier: self.reader.carrier(), answer };
        let result = self.app.hub.join(self.reader, join);
        if result.as_ref().is_err_and(|refusal| refusal.code == Code::RoomNotFound) {
            self.app.failed_join(self.peer);
        }
        result
    }

    fn leave(&mut self, id: u64, room: &str) -> Result<Outcome, Refusal> {
        let name = RoomName::parse(room).map_err(|_| Refusal::from(Code::NotInRoom))?;
        self.hub().leave(self.reader, name.as_str(), ReplyTo::Number(id))?;
        Ok(Outcome::Answered)
    }

    fn people(&mut self, id: u64, room: &str, after: Option<u32>) -> Result<Outcome, Refusal> {
        let (live, _) = self.member_of(room)?;
        let (page, count, more) = self.hub().people(&live, MemberId(after.unwrap_or(0)));
        let members = page
            .iter()
            .map(|(member, shown)| MemberCard {
                id: member.id.0,
                name: (&**shown).into(),
                guest: member.name.is_none(),
            })
            .collect();
        let room = live.name().as_str().into();
        Ok(self.tell(&ServerFrame::People { id, room, members, count: count as u32, more }))
    }

    fn say(&mut self, id: u64, room: &str, text: &str) -> Result<Outcome, Refusal> {
        let (live, member) = self.member_of(room)?;
        let limits = self.text_limits();
        text::check(text, limits)?;
        let numbered = Numbered { n: id, content: self.hub().content_hash(&["say", live.name().as_str(), text]) };
        match slash::parse(text) {
            Said::Text(said) => {
                text::check(said, limits)?;
                let draft = Draft::Message { from: member, signed: None, text: said.into() };
                self.append(&live, draft, numbered)
            }
            Said::Private(letter) => {
                // Looked at before the name is: a repeat counts, even if its receiver is gone by now.
                if self.hub().acknowledge_again(self.reader, &live, &numbered.into())? {
                    return Ok(Outcome::Answered);
                }
                let (to, said) = self.hub().addressee(&live, &letter)?;
                text::check(said, limits)?;
                self.append(&live, Draft::Private { from: member, to, text: said.into() }, numbered)
            }
            Said::MissingName => Err(slash::missing_name()),
            Said::Unknown(_) => Err(Code::UnknownCommand.into()),
        }
    }

    fn private(&self, id: u64, room: &str, to: u32, text: &str) -> Result<Outcome, Refusal> {
        let (live, from) = self.member_of(room)?;
        text::check(text, self.text_limits())?;
        let content = self.hub().content_hash(&["private", live.name().as_str(), &to.to_string(), text]);
        let draft = Draft::Private { from, to: MemberId(to), text: text.into() };
        self.append(&live, draft, Numbered { n: id, content })
    }

    fn edit(&self, id: u64, room: &str, seq: Seq, text: &str) -> Result<Outcome, Refusal> {
        let (live, from) = self.member_of(room)?;
        text::check(text, self.text_limits())?;
        let content = self.hub().content_hash(&["edit", live.name().as_str(), &seq.to_string(), text]);
        let text: Box<str> = text.into();
        self.change(&live, seq, Numbered { n: id, content }, move |target| Draft::Edit { from, target, text })
    }

    fn delete(&self, id: u64, room: &str, seq: Seq) -> Result<Outcome, Refusal> {
        let (live, from) = self.member_of(room)?;
        let content = self.hub().content_hash(&["delete", live.name().as_str(), &seq.to_string()]);
        self.change(&live, seq, Numbered { n: id, content }, move |target| Draft::Delete { from, target })
    }

    fn react(&self, id: u64, room: &str, seq: Seq, emoji: &str, on: bool) -> Result<Outcome, Refusal> {
        let (live, from) = self.member_of(room)?;
        text::check_reaction(emoji)?;
        let parts = ["react", live.name().as_str(), &seq.to_string(), emoji, if on { "on" } else { "off" }];
        let content = self.hub().content_hash(&parts);
        let emoji: Box<str> = emoji.into();
        self.change(&live, seq, Numbered { n: id, content }, move |target| Draft::React { from, target, emoji, on })
    }

    fn change(
        &self,
        room: &Arc<LiveRoom>,
        line: Seq,
        numbered: Numbered,
        draft: impl FnOnce(Target) -> Draft + Send + 'static,
    ) -> Result<Outcome, Refusal> {
        // A repeat counts, even if the line is gone by now.
        if self.hub().acknowledge_again(self.reader, room, &numbered.into())? {
            return Ok(Outcome::Answered);
        }
        let is_new = self.hub().change(self.reader, room, line, numbered, draft)?;
        Ok(if is_new { Outcome::Said } else { Outcome::Answered })
    }

    fn history(&self, id: u64, room: &str, page: Page) -> Result<Outcome, Refusal> {
        let (live, you) = self.member_of(room)?;
        let (name, wire) = (live.name().clone(), self.reader.wire());
        self.hub().history(self.reader, &live, you, page, move |lines, out| match lines {
            Ok((lines, more)) => {
                let events = lines.iter().map(|event| wire::snapshot_event(&name, event, Some(you))).collect();
                let room = name.as_str().into();
                wire.answer(&ServerFrame::History { id, room, events, more: *more }, out);
            }
            Err(refusal) => wire.refuse(refusal, ReplyTo::Number(id), &name, None, out),
        });
        Ok(Outcome::Answered)
    }

    fn append(&self, live: &Arc<LiveRoom>, draft: Draft, numbered: Numbered) -> Result<Outcome, Refusal> {
        let is_new = self.hub().say(self.reader, live, draft, numbered.into(), self.now)?;
        Ok(if is_new { Outcome::Said } else { Outcome::Answered })
    }

    fn typing(&mut self, room: &str, on: bool) -> Outcome {
        // Loose: what is too fast, or for a room that was left, is dropped without a word.
        if self.pace.may_type(&self.app.rates, self.now.elapsed)
            && let Ok((live, member)) = self.member_of(room)
        {
            self.hub().typing(&live, member, on, None);
        }
        Outcome::Answered
    }

    fn member_of(&self, room: &str) -> Result<(Arc<LiveRoom>, MemberId), Refusal> {
        if let Some(found) = self.reader.membership(room) {
            return Ok(found);
        }
        RoomName::parse(room)
            .ok()
            .and_then(|name| self.reader.membership(name.as_str()))
            .ok_or_else(|| Code::NotInRoom.into())
    }

    fn text_limits(&self) -> TextLimits {
        TextLimits { chars: self.app.settings.text_chars, bytes: self.app.settings.text_bytes }
    }

    fn paced(&mut self, id: u64) -> Result<(), Refusal> {
        self.pace.command(&self.app.rates, self.now.elapsed, Some(id))
    }

    fn paced_join(&mut self, id: u64) -> Result<(), Refusal> {
        self.paced(id)?;
        self.pace.join(&self.app.rates, self.now.elapsed)
    }

    /// Ends a command: its refusal is told, and too many of them end the connection.
    fn conclude(&mut self, id: u64, room: &str, result: Result<Outcome, Refusal>) -> Outcome {
        match result {
            Ok(outcome) => outcome,
            Err(refusal) => {
                if refusal.code == Code::RateLimited {
                    self.reader.is_told_to_wait(self.hub().tick());
                }
                self.tell(&ServerFrame::refusal(&refusal, Some(id), Some(room)));
                self.pace.refused(&refusal, &self.app.rates, self.now.elapsed).map_or(Outcome::Answered, Outcome::Close)
            }
        }
    }

    fn malformed(&mut self, malformed: Malformed) -> Outcome {
        self.tell(&ServerFrame::refusal(&malformed.refusal, malformed.id, None));
        self.pace.bad_request(&self.app.rates, self.now.elapsed).map_or(Outcome::Answered, Outcome::Close)
    }

    fn tell(&self, frame: &ServerFrame<'_>) -> Outcome {
        self.reader.answer(|out| self.reader.wire().answer(frame, out));
        Outcome::Answered
    }
}

/// What a text says that somebody sends without numbers: a line, or what a slash makes of it. `signed` is the name that a
/// guest wrote on it.
pub(crate) fn line(
    app: &App,
    room: &LiveRoom,
    from: MemberId,
    signed: Option<Name>,
    text: &str,
) -> Result<Draft, Refusal> {
    let limits = TextLimits { chars: app.settings.text_chars, bytes: app.settings.text_bytes };
    text::check(text, limits)?;
    match slash::parse(text) {
        Said::Text(said) => {
            text::check(said, limits)?;
            Ok(Draft::Message { from, signed, text: said.into() })
        }
        Said::Private(letter) => {
            let (to, said) = app.hub.addressee(room, &letter)?;
            text::check(said, limits)?;
            Ok(Draft::Private { from, to, text: said.into() })
        }
        Said::MissingName => Err(slash::missing_name()),
        Said::Unknown(_) => Err(Code::UnknownCommand.into()),
    }
}

/// The answer to a hello.
pub(crate) fn welcome<'a>(settings: &Settings, secret: &'a str, resumed: bool) -> ServerFrame<'a> {
    ServerFrame::Welcome {
        session: secret.into(),
        resumed,
        heartbeat_ms: settings.heartbeat_seconds.as_millis() as u64,
        limits: Limits {
            text_chars: settings.text_chars as u32,
            name_chars: settings.name_chars as u32,
            rooms: settings.rooms_per_connection as u32,
        },
    }
}

/// The answer to a join, as it turned out.
pub(crate) fn join_answer<'a>(id: u64, joined: &'a Joined<'_>) -> ServerFrame<'a> {
    let snapshot = joined.snapshot.build(joined.room.name(), &joined.history);
    match joined.resume {
        Resume::Joined | Resume::Resumed => ServerFrame::Joined { id, snapshot },
        Resume::Reset(reason) => ServerFrame::Reset { id: Some(id), reason, snapshot },
    }
}

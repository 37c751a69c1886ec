//! What wires ask of the hub for a connection: to be somebody, to leave, say, type, and list people.

use std::sync::{Arc, MutexGuard};

use super::keeping::{After, Origin, Receipt, Reply};
use super::live_room::{LiveRoom, MEMBERS_LISTED, State};
use super::reader::Reader;
use super::resends::Recalled;
use super::sessions::Session;
use super::timers::Due;
use super::{Hub, Moment};
use crate::names::Name;
use crate::protocol::{Close, Code, Member, MemberId, Refusal};
use crate::room::Draft;
use crate::slash::{Letter, Opened};
use crate::wire::{Carrier, ReplyTo};

/// A command that can be sent again: its number, and a hash of what it asks.
#[derive(Clone, Copy, Debug)]
pub struct Numbered {
    /// The number in its session.
    pub n: u64,
    /// From [`super::Sessions::content_hash`].
    pub content: u64,
}

/// A command that changes a room: who is told what became of it, and how it is recognised when it comes again.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// How the answer finds whoever waits for it.
    pub reply: ReplyTo,
    /// Under which number it can be sent again.
    pub numbered: Option<Numbered>,
    /// In which session that is; the connection's own, if none.
    pub session: Option<Arc<Session>>,
}

impl Asked {
    /// The session in which its number counts.
    pub(super) fn session<'a>(&'a self, reader: &'a Reader) -> Option<&'a Arc<Session>> {
        self.session.as_ref().or_else(|| reader.session())
    }
}

impl From<Numbered> for Asked {
    fn from(numbered: Numbered) -> Self {
        Self { reply: ReplyTo::Number(numbered.n), numbered: Some(numbered), session: None }
    }
}

impl Hub {
    /// Makes this connection somebody: the session that the secret opens, or a new one. Returns the secret and whether
    /// the session was known. A connection that spoke for the session before is parted with.
    ///
    /// # Errors
    /// [`Code::BadRequest`] when the connection has said hello before, [`Code::ServerFull`] when as many sessions are
    /// remembered as may be.
    pub fn hello(&self, reader: &Arc<Reader>, offered: Option<&str>) -> Result<(String, bool), Refusal> {
        // A session is its owner's: with somebody else's token its secret opens nothing.
        let admitted = self.admitted(reader);
        let owner = admitted.as_ref().map(|admitted| &*admitted.owner);
        let known = offered.and_then(|secret| Some((self.sessions.find(secret, owner)?, secret.to_owned())));
        let resumed = known.is_some();
        if !resumed && self.sessions.len() >= self.rules.sessions {
            return Err(Code::ServerFull.into());
        }
        let (session, secret) = known.unwrap_or_else(|| self.sessions.open(owner));
        if !reader.set_session(session.clone()) {
            if !resumed {
                // Nobody was ever attached to it.
                self.sessions.forget(&session, 0);
            }
            return Err(Refusal::because(Code::BadRequest, "Hello was said before."));
        }
        if let Some((before, held)) = session.attach(reader, self.now() + self.rules.grace_ms) {
            self.park(&session, &before, held);
            before.close(Close::Replaced);
        }
        self.moved.notify_waiters();
        self.sessions.keep(&session);
        Ok((secret, resumed))
    }

    /// The connection that speaks for the session that this secret opens for this owner.
    pub fn speaker(&self, secret: &str, owner: Option<&str>) -> Option<Arc<Reader>> {
        self.sessions.find(secret, owner)?.speaker()
    }

    /// Takes a connection out of a room, at once. The answer comes when the leave is kept.
    ///
    /// # Errors
    /// [`Code::NotInRoom`].
    pub fn leave(self: &Arc<Self>, reader: &Arc<Reader>, room: &str, reply: ReplyTo) -> Result<(), Refusal> {
        let (room, member, held) = match reader.membership(room) {
            Some((room, member)) => (room, member, None),
            // The person left while the line was down, and says so now.
            None => match reader.session().and_then(|session| session.reclaim(room, reader)) {
                Some(held) => (held.room.clone(), held.member, Some(held)),
                None => return Err(Code::NotInRoom.into()),
            },
        };
        let mut state = room.lock();
        let is_still_there = || reader.membership(room.name().as_str()).is_some_and(|(_, seated)| seated == member);
        if held.is_none() && !is_still_there() {
            // Its person is back over another connection, at this very moment: that one speaks for the place.
            return Err(Code::NotInRoom.into());
        }
        let event = state.room.number(Draft::Leave { member }, super::unix_ms(), self.rules.room)?;
        reader.hold();
        let receipt = Receipt::Leave { reader: reader.clone(), reply, held };
        self.keep(&room, &mut state, event, Origin::default(), receipt, self.now());
        Ok(())
    }

    /// Has a member say something, or change what it said, once: a resend is answered with the first position. Returns
    /// whether something new was said, so that the flusher will write. The acknowledgement comes when it is kept.
    ///
    /// # Errors
    /// What [`crate::room::Room::number`] refuses, and [`super::Resends::recall`].
    pub fn say(
        self: &Arc<Self>,
        reader: &Arc<Reader>,
        room: &Arc<LiveRoom>,
        draft: Draft,
        asked: Asked,
        now: Moment,
    ) -> Result<bool, Refusal> {
        let mut state = room.lock();
        if repeats(reader, room, &mut state, &asked, now.ms(), &mut None)? {
            return Ok(false);
        }
        self.append(reader, room, state, draft, asked, now, None)?;
        Ok(true)
    }

    #[expect(clippy::too_many_arguments, reason = "what a line is made of; it has two callers")]
    pub(super) fn append(
        self: &Arc<Self>,
        reader: &Arc<Reader>,
        room: &Arc<LiveRoom>,
        mut state: MutexGuard<'_, State>,
        draft: Draft,
        asked: Asked,
        now: Moment,
        waiting: Option<Reply>,
    ) -> Result<(), Refusal> {
        let event = state.room.number(draft, now.unix_ms, self.rules.room)?;
        // Most have the connection's own, which is not counted up and down for each line.
        let lent = asked.session.clone();
        let session = lent.as_ref().or_else(|| reader.session());
        let command = asked.numbered.and_then(|numbered| Some((&**session?, numbered)));
        let receipt = Receipt::Acknowledge { reader: reader.clone(), asked, waiting };
        self.keep(room, &mut state, event, Origin { member: None, command }, receipt, now.ms());
        let is_pressed = state.is_pressed();
        drop(state);
        if is_pressed {
            room.flush();
        }
        Ok(())
    }

    /// Answers a command that was done before as it was answered then, or will be. Returns whether it was.
    ///
    /// # Errors
    /// [`super::Resends::recall`]'s.
    pub fn acknowledge_again(&self, reader: &Arc<Reader>, room: &LiveRoom, command: &Asked) -> Result<bool, Refusal> {
        repeats(reader, room, &mut room.lock(), command, self.now(), &mut None)
    }

    /// Tells the others that a member types, or stopped. Loose: it may be lost. `signed` is the name that a guest wrote on
    /// it; somebody else's claimed name is not taken.
    pub fn typing(&self, room: &Arc<LiveRoom>, member: MemberId, on: bool, signed: Option<&Name>) {
        if room.note_typing(member, on, signed) {
            self.flusher.mark(room);
        }
    }

    /// A page of a room's members after a number: who, how many there are, and whether more follow.
    pub fn people(&self, room: &LiveRoom, after: MemberId) -> (Vec<(Member, Arc<str>)>, usize, bool) {
        let state = room.lock();
        let roster = state.room.roster();
        let mut rest = roster.after(after);
        let page: Vec<(Member, Arc<str>)> =
            rest.by_ref().take(MEMBERS_LISTED).map(|person| (person.member(), person.shown_name())).collect();
        let has_more = rest.next().is_some();
        (page, roster.len(), has_more)
    }

    /// Whom a private line is for: the member that has claimed the name, or the one guest that last wrote it. Returns the
    /// member and the text.
    ///
    /// # Errors
    /// [`Code::NoSuchPerson`] with names like it, [`Code::AmbiguousPerson`], [`Code::EmptyText`].
    pub fn addressee<'t>(&self, room: &LiveRoom, letter: &Letter<'t>) -> Result<(MemberId, &'t str), Refusal> {
        let state = room.lock();
        let shown: Vec<(Arc<str>, MemberId, bool)> = state
            .room
            .roster()
            .iter()
            .map(|person| (person.shown_name(), person.id(), person.claimed().is_some()))
            .filter(|(name, ..)| !name.is_empty())
            .collect();
        drop(state);
        match letter.open(shown.iter().map(|(name, ..)| &**name)) {
            Opened::To { name, text } => {
                let mut called_so = shown.iter().filter(|(other, ..)| **other == *name);
                let claimed = called_so.clone().find(|(_, _, is_claimed)| *is_claimed);
                match (claimed, called_so.next(), called_so.next()) {
                    (Some((_, member, _)), ..) | (None, Some((_, member, _)), None) => Ok((*member, text)),
                    (None, _, Some(_)) => Err(Code::AmbiguousPerson.into()),
                    (None, None, None) => Err(Code::NoSuchPerson.into()),
                }
            }
            Opened::MissingText { .. } => Err(Code::EmptyText.into()),
            Opened::Unknown { wanted, near } => Err(Refusal {
                detail: Some(format!("Nobody called {wanted} is in the room.").into()),
                ..Refusal::no_such_person(near.into_iter().map(Box::from).collect())
            }),
        }
    }

    /// A public id for somebody without a session, under whose name commands can be numbered and known again.
    pub fn issue_id(&self) -> String {
        self.sessions.issue()
    }

    /// The session in which commands are numbered after an id of ours, over whichever connection, and the number of this
    /// visit to it. Without an id, a new one. Nothing for an id of somebody else's.
    ///
    /// # Errors
    /// [`Code::ServerFull`] when it would be a new one and as many sessions are remembered as may be.
    pub fn numbering(&self, id: Option<&str>) -> Result<Option<(Arc<Session>, u32)>, Refusal> {
        let session = match id {
            Some(id) => self.sessions.of_issued(id, self.rules.sessions)?,
            None if self.sessions.len() >= self.rules.sessions => return Err(Code::ServerFull.into()),
            None => Some(self.sessions.open(None).0),
        };
        let Some(session) = session else { return Ok(None) };
        if self.store.is_lasting() {
            session.note_stored();
        }
        let visit = session.visit();
        // It may have been forgotten between look-up and visit.
        self.sessions.keep(&session);
        Ok(Some((session, visit)))
    }

    /// Nobody numbers commands in a session any more, unless somebody does since that visit: it is forgotten after a while.
    pub fn leave_numbering(&self, session: &Arc<Session>, visit: u32) {
        let at = self.now() + self.rules.grace_ms + self.rules.session_ms;
        self.later(at, Due::SessionEnd { session: Arc::downgrade(session), visit });
    }

    /// How many members of a room have claimed a name.
    pub fn named(&self, room: &LiveRoom) -> usize {
        room.lock().room.roster().named()
    }

    /// The name that a member has claimed.
    pub fn claimed_name(&self, room: &LiveRoom, member: MemberId) -> Option<Name> {
        room.lock().room.roster().get(member).and_then(|person| person.claimed().cloned())
    }

    /// Has a member be sent its room in another form from here on.
    pub fn change_carrier(&self, reader: &Arc<Reader>, room: &Arc<LiveRoom>, carrier: Carrier) {
        let mut state = room.lock();
        if let Some(before) = reader.change_carrier(room, carrier) {
            state.change_carrier(before, carrier);
        }
    }

    /// A hash of what a command asks, for [`Numbered`].
    pub fn content_hash(&self, parts: &[&str]) -> u64 {
        self.sessions.content_hash(parts)
    }
}

/// Whether a command was there before. It is answered as it was then, or with the first one. Called with the room's lock
/// held, so that the first one cannot be answered for in between.
pub(super) fn repeats(
    reader: &Arc<Reader>,
    room: &LiveRoom,
    state: &mut State,
    asked: &Asked,
    now: u64,
    waiting: &mut Option<Reply>,
) -> Result<bool, Refusal> {
    let (Some(session), Some(numbered)) = (asked.session(reader), asked.numbered) else { return Ok(false) };
    let speaker = asked.session.is_none().then_some(reader);
    match session.recall(speaker, numbered, now)? {
        Recalled::New => return Ok(false),
        Recalled::Done(epoch, seq) => match waiting.take() {
            Some(waiting) => drop(waiting.send(Ok((epoch, seq)))),
            None => reader.lay(|out| reader.wire().acknowledge(asked.reply, room.name(), epoch, seq, out)),
        },
        Recalled::Underway(seq) => {
            // The same content is of the same room, so the first one waits here.
            let again = After::Repeat { reader: reader.clone(), asked: asked.clone(), waiting: waiting.take() };
            if state.after(seq, again).is_err() {
                return Err(Refusal::because(
                    Code::Unavailable,
                    "It is not known yet whether this was kept. Send it again.",
                ));
            }
        }
    }
    Ok(true)
}

//! What wires ask of the hub for a connection: to be somebody, to join, leave, say, type, and list people.
//!
//! Answers are written by the wire, through closures that run with the room's lock held: so an answer lies on the desk
//! before any batch that belongs after it.

use std::sync::Arc;

use super::live_room::{LiveRoom, MEMBERS_LISTED, Past, SnapshotParts, State};
use super::reader::Reader;
use super::rooms::Opening;
use super::sessions::Held;
use super::timers::Due;
use super::{Hub, Newcomers};
use crate::limits::CodeHold;
use crate::names::{Name, RoomName};
use crate::protocol::{Close, Code, Event, Member, MemberId, Page, Position, Refusal, ResetReason, Seq};
use crate::room::{Draft, Epoch, Missed, Person};
use crate::slash::{Letter, Opened};

/// How many lines of the past one answer holds at most.
pub(super) const HISTORY_PAGE: usize = 200;

/// A request to be in a room.
#[derive(Debug)]
pub struct Join {
    /// Which.
    pub room: RoomName,
    /// The name to claim; `None` comes as a guest. A refused name matters only if the place is new.
    pub name: Result<Option<Name>, Refusal>,
    /// Where to go on.
    pub since: Option<Position>,
    /// Whether joining may open a code.
    pub opening: Opening,
    /// What opening a code costs its address; the room keeps it until it ends.
    pub hold: Option<CodeHold>,
    /// Whether the connection is to read its own join.
    pub sees_own_join: bool,
}

/// How a connection came to be in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resume {
    /// As a new member, or as the same one with its own past.
    Joined,
    /// As the same member; what it missed follows.
    Resumed,
    /// Its position could not be continued.
    Reset(ResetReason),
}

/// What a wire tells somebody who is in a room now.
#[derive(Debug)]
pub struct Joined<'a> {
    /// The room.
    pub room: &'a LiveRoom,
    /// How.
    pub resume: Resume,
    /// The room as it is.
    pub snapshot: SnapshotParts,
    /// What may be seen of the past.
    pub history: Vec<Arc<Event>>,
    state: &'a State,
}

impl Joined<'_> {
    /// Appends the two-segment wire's online list.
    pub fn push_users(&self, out: &mut Vec<u8>) {
        self.state.push_users(out);
    }
}

/// A command that can be sent again: its number, and a hash of what it asks.
#[derive(Clone, Copy, Debug)]
pub struct Numbered {
    /// The number in its session.
    pub n: u64,
    /// From [`super::Sessions::content_hash`].
    pub content: u64,
}

impl Hub {
    /// Makes this connection somebody: the session that the secret opens, or a new one. Returns the secret and whether
    /// the session was known. A connection that spoke for the session before is parted with.
    ///
    /// # Errors
    /// [`Code::BadRequest`] when the connection has said hello before, [`Code::ServerFull`] when as many sessions are
    /// remembered as may be.
    pub fn hello(&self, reader: &Arc<Reader>, offered: Option<&str>) -> Result<(String, bool), Refusal> {
        let known = offered.and_then(|secret| Some((self.sessions.find(secret)?, secret.to_owned())));
        let resumed = known.is_some();
        if !resumed && self.sessions.len() >= self.rules.sessions {
            return Err(Code::ServerFull.into());
        }
        let (session, secret) = known.unwrap_or_else(|| self.sessions.open());
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
        self.sessions.keep(&session);
        Ok((secret, resumed))
    }

    /// Puts a connection into a room; as the same member as before, if its session still is one.
    ///
    /// # Errors
    /// [`Code::AlreadyInRoom`], [`Code::TooManyRooms`], and what [`Hub::find_or_open`](Self) and
    /// [`crate::room::Room::number`] refuse; the name's refusal when the place is new.
    pub fn join(
        &self,
        reader: &Arc<Reader>,
        join: Join,
        answer: impl FnOnce(&Joined<'_>, &mut Vec<u8>),
    ) -> Result<(), Refusal> {
        if reader.membership(join.room.as_str()).is_some() {
            return Err(Code::AlreadyInRoom.into());
        }
        if reader.room_count() >= self.rules.rooms_per_connection {
            return Err(Code::TooManyRooms.into());
        }
        let reclaim = || reader.session().and_then(|session| session.reclaim(join.room.as_str(), reader));
        if let Some(held) = reclaim() {
            self.take_up(reader, &held, join.since, answer);
            return Ok(());
        }
        let name = join.name?;
        loop {
            let room = self.find_or_open(&join.room, join.opening)?;
            let mut state = room.lock();
            if state.ended {
                // It ended between the two locks; the next look-up finds it gone.
                continue;
            }
            let draft = Draft::Join { name: name.clone() };
            let event = match self.append(&room, &mut state, draft) {
                Ok(event) => event,
                Err(refusal) => {
                    if state.room.roster().is_empty() {
                        self.emptied_room(&room, &mut state);
                    }
                    drop(state);
                    // The name may be held by this very person, whose last connection joined while this one came.
                    if refusal.code == Code::NameTaken
                        && let Some(held) = reclaim()
                    {
                        self.take_up(reader, &held, join.since, answer);
                        return Ok(());
                    }
                    return Err(refusal);
                }
            };
            state.empty_since = None;
            if state.hold.is_none() {
                state.hold = join.hold;
            }
            let crate::protocol::Kind::Join { member } = &event.kind else {
                unreachable!("a join is numbered as a join")
            };
            let member = member.id;
            let resume = match join.since {
                None => Resume::Joined,
                Some(since) if since.epoch == Some(state.room.log().epoch().0) => Resume::Reset(ResetReason::Left),
                Some(_) => Resume::Reset(ResetReason::Epoch),
            };
            let past = match self.rules.newcomers {
                Newcomers::None => Past::None,
                Newcomers::Recent => Past::Newcomers,
            };
            let position = if join.sees_own_join { event.seq - 1 } else { event.seq };
            self.seat(reader, &room, &mut state, member, position, resume, past, answer);
            return Ok(());
        }
    }

    /// The same member is back.
    fn take_up(
        &self,
        reader: &Arc<Reader>,
        held: &Held,
        since: Option<Position>,
        answer: impl FnOnce(&Joined<'_>, &mut Vec<u8>),
    ) {
        let mut state = held.room.lock();
        let log = state.room.log();
        let own_time = state.room.roster().get(held.member).map_or(Seq::MAX, Person::joined_at);
        let resume = match since {
            None => Resume::Joined,
            Some(since) if since.epoch != Some(log.epoch().0) => Resume::Reset(ResetReason::Epoch),
            Some(since) => match log.since(since.seq).map(|_| ()) {
                Err(Missed::Future) => Resume::Reset(ResetReason::Future),
                Err(Missed::TooOld) => Resume::Reset(ResetReason::TooOld),
                Ok(()) if since.seq < own_time => Resume::Reset(ResetReason::TooOld),
                Ok(()) => Resume::Resumed,
            },
        };
        let (position, past) = match (resume, since) {
            (Resume::Resumed, Some(since)) => (since.seq, Past::None),
            _ => (log.head(), Past::OwnTime),
        };
        self.seat(reader, &held.room, &mut state, held.member, position, resume, past, answer);
    }

    #[expect(clippy::too_many_arguments, reason = "one step of joining, with everything that the step before decided")]
    fn seat(
        &self,
        reader: &Arc<Reader>,
        room: &Arc<LiveRoom>,
        state: &mut State,
        member: MemberId,
        position: Seq,
        resume: Resume,
        past: Past,
        answer: impl FnOnce(&Joined<'_>, &mut Vec<u8>),
    ) {
        let (snapshot, history) = state.snapshot_parts(member, past);
        let snapshot = if resume == Resume::Resumed { snapshot.resumed_at(position) } else { snapshot };
        let joined = Joined { room, resume, snapshot, history, state };
        reader.answer(|out| answer(&joined, out));
        // Subscribed before the lock is given up: nothing comes between the snapshot and the cursor.
        if let Some(session) = reader.session() {
            let held = Held { room: room.clone(), member, until: self.now() + self.rules.grace_ms };
            if let Err(held) = session.seat(reader, held, position) {
                // Its person came over another connection at this moment, and finds the place there.
                self.later(held.until, Due::Grace { session: session.clone(), held });
                return;
            }
        } else {
            reader.seat(room.clone(), member, position);
        }
        state.add_reader(reader);
        let is_behind = position < room.head();
        state.note_seat(is_behind.then_some(position + 1));
        if is_behind {
            reader.call();
        }
    }

    /// Takes a connection out of a room, at once.
    ///
    /// # Errors
    /// [`Code::NotInRoom`].
    pub fn leave(&self, reader: &Arc<Reader>, room: &str) -> Result<(), Refusal> {
        if let Some((room, _)) = reader.membership(room) {
            if let Some(member) = reader.unseat(&room) {
                self.leave_now(&room, member, Some(reader));
            }
            return Ok(());
        }
        // The person left while the line was down, and says so now.
        match reader.session().and_then(|session| session.reclaim(room, reader)) {
            Some(held) => {
                self.leave_now(&held.room, held.member, None);
                Ok(())
            }
            None => Err(Code::NotInRoom.into()),
        }
    }

    /// Has a member say something, once: a resend is answered with the first position. Returns whether something new was
    /// said, so that the flusher will write.
    ///
    /// # Errors
    /// What [`crate::room::Room::number`] refuses, and [`super::Session::recall`].
    pub fn say(
        &self,
        reader: &Arc<Reader>,
        room: &Arc<LiveRoom>,
        draft: Draft,
        numbered: Option<Numbered>,
        acknowledge: impl FnOnce(Epoch, Seq, &mut Vec<u8>),
    ) -> Result<bool, Refusal> {
        let mut state = room.lock();
        let resendable = numbered.zip(reader.session());
        if let Some((command, session)) = resendable
            && let Some((epoch, seq)) = session.recall(command.n, command.content)?
        {
            reader.answer(|out| acknowledge(epoch, seq, out));
            return Ok(false);
        }
        let event = self.append(room, &mut state, draft)?;
        let epoch = state.room.log().epoch();
        if let Some((command, session)) = resendable {
            session.remember(command.n, command.content, epoch, event.seq);
        }
        reader.answer(|out| acknowledge(epoch, event.seq, out));
        let is_pressed = state.is_pressed();
        drop(state);
        if is_pressed {
            room.flush();
        }
        Ok(true)
    }

    /// Answers a command that was done before as it was answered then. Returns whether it was.
    ///
    /// # Errors
    /// [`super::Session::recall`]'s.
    pub fn acknowledge_again(
        &self,
        reader: &Reader,
        command: Numbered,
        acknowledge: impl FnOnce(Epoch, Seq, &mut Vec<u8>),
    ) -> Result<bool, Refusal> {
        let Some(session) = reader.session() else { return Ok(false) };
        let done = session.recall(command.n, command.content)?;
        if let Some((epoch, seq)) = done {
            reader.answer(|out| acknowledge(epoch, seq, out));
        }
        Ok(done.is_some())
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

    /// A page of what a member may see of the past, oldest first, and whether there is more in the same direction.
    pub fn page_of(&self, room: &LiveRoom, you: MemberId, page: Page) -> (Vec<Arc<Event>>, bool) {
        let limit = page.limit.map_or(HISTORY_PAGE, |limit| (limit as usize).clamp(1, HISTORY_PAGE));
        room.lock().page(you, page.from, limit, self.rules.newcomers)
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

    /// A hash of what a command asks, for [`Numbered`].
    pub fn content_hash(&self, parts: &[&str]) -> u64 {
        self.sessions.content_hash(parts)
    }
}

//! What wires ask of the hub for a connection: to be somebody, to join, leave, say, type, and list people.
//!
//! Answers are written by the wire, through closures that run with the room's lock held: so an answer lies on the desk
//! before any batch that belongs after it.

use std::fmt;
use std::sync::{Arc, MutexGuard};

use super::keeping::{After, Origin, Receipt, Reply};
use super::live_room::{LiveRoom, MEMBERS_LISTED, State};
use super::reader::Reader;
use super::resends::Recalled;
use super::rooms::{Found, Opening};
use super::sessions::{Held, Session};
use super::snapshot::{Past, SnapshotParts};
use super::timers::Due;
use super::{Hub, Moment, Newcomers};
use crate::limits::CodeHold;
use crate::names::{Name, RoomName};
use crate::protocol::{Close, Code, Event, Kind, Member, MemberId, Position, Refusal, ResetReason, Seq};
use crate::room::{Draft, Missed};
use crate::slash::{Letter, Opened};
use crate::wire::socketio::Place;
use crate::wire::{Carrier, ReplyTo};

/// How a wire answers a join, whenever that is: the room, or why not. It may say that the connection ends with it.
pub type JoinAnswer = Box<dyn FnOnce(Result<&Joined<'_>, &Refusal>, &mut Vec<u8>) -> Option<Close> + Send>;

/// A request to be in a room.
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
    /// How it is sent the room.
    pub carrier: Carrier,
    /// What the wire says then.
    pub answer: JoinAnswer,
}

impl fmt::Debug for Join {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Join").field("room", &self.room).field("since", &self.since).finish_non_exhaustive()
    }
}

impl Join {
    /// Answers that it cannot be, and lets the connection go on.
    pub(super) fn refuse(self, reader: &Arc<Reader>, refusal: &Refusal) {
        let mut close = None;
        reader.lay(|out| close = (self.answer)(Err(refusal), out));
        if let Some(why) = close {
            reader.close(why);
        }
        reader.release();
    }
}

/// Somebody who is let in once their join is kept.
#[derive(Debug)]
pub(super) struct Entrance {
    /// Over which connection.
    pub(super) reader: Arc<Reader>,
    /// What was asked.
    pub(super) join: Join,
}

/// Where a member begins to read.
struct Start {
    position: Seq,
    resume: Resume,
    past: Past,
    carrier: Carrier,
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

    /// How many have claimed a name.
    pub fn named(&self) -> usize {
        self.state.room.roster().named()
    }

    /// Whether lines were said after this number and before that one, as far as the room remembers.
    pub fn has_lines_between(&self, after: Seq, before: Seq) -> bool {
        self.state.has_lines_between(self.snapshot.you(), after + 1, before)
    }

    /// The last number that was given.
    pub fn head(&self) -> Seq {
        self.state.room.log().head()
    }

    /// Where somebody stands who has just come in.
    pub fn place(&self) -> Place {
        Place { epoch: self.room.epoch(), seq: self.head() }
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

    /// Puts a connection into a room; as the same member as before, if its session still is one. The answer may come later:
    /// until then nothing more is taken from the connection.
    ///
    /// # Errors
    /// What can be refused at once, without the answer: [`Code::RoomForbidden`], [`Code::AlreadyInRoom`], [`Code::TooManyRooms`], and what
    /// [`Hub::find_or_open`](Self) and [`crate::room::Room::number`] refuse; the name's refusal when the place is new.
    pub fn join(self: &Arc<Self>, reader: &Arc<Reader>, mut join: Join) -> Result<(), Refusal> {
        self.as_admitted(reader, &mut join)?;
        reader.hold();
        let result = self.try_join(reader, join);
        match result {
            Ok(()) => Ok(()),
            Err((refusal, _)) => {
                reader.release();
                Err(refusal)
            }
        }
    }

    /// Asks once more, after what it had to wait for.
    pub(super) fn join_again(self: &Arc<Self>, reader: &Arc<Reader>, join: Join) {
        if let Err((refusal, join)) = self.try_join(reader, join) {
            join.refuse(reader, &refusal);
        }
    }

    #[expect(clippy::result_large_err, reason = "the join goes back to whoever has to answer it")]
    fn try_join(self: &Arc<Self>, reader: &Arc<Reader>, join: Join) -> Result<(), (Refusal, Join)> {
        if reader.membership(join.room.as_str()).is_some() {
            return Err((Code::AlreadyInRoom.into(), join));
        }
        if reader.room_count() >= self.rules.rooms_per_connection {
            return Err((Code::TooManyRooms.into(), join));
        }
        if let Some(session) = reader.session().filter(|_| self.store.is_lasting()) {
            // From here on it is not forgotten at once, whatever this join has to wait for.
            session.note_stored();
        }
        let reclaim = |room: &RoomName| reader.session().and_then(|session| session.reclaim(room.as_str(), reader));
        let join = match reclaim(&join.room) {
            Some(held) => match self.take_up(reader, &held, join) {
                Ok(()) => return Ok(()),
                Err(join) => join,
            },
            None => join,
        };
        let name = match &join.name {
            Ok(name) => name.clone(),
            Err(refusal) => return Err((refusal.clone(), join)),
        };
        loop {
            let room = match self.find_or_open(&join.room, join.opening) {
                Ok(Found::Live(room)) => room,
                Ok(Found::Stored) => {
                    self.load_for(reader, join);
                    return Ok(());
                }
                Err(refusal) => return Err((refusal, join)),
            };
            let mut state = room.lock();
            if state.ended {
                // It ended between the two locks; the next look-up finds it gone.
                continue;
            }
            let refusal = match state.room.number(Draft::Join { name: name.clone() }, super::unix_ms(), self.rules.room)
            {
                Ok(event) => {
                    let member = reader.session().map(|session| session.hash());
                    let entrance = Entrance { reader: reader.clone(), join };
                    let receipt = Receipt::Enter(Box::new(entrance));
                    self.keep(&room, &mut state, event, Origin { member, command: None }, receipt, self.now());
                    return Ok(());
                }
                Err(refusal) => refusal,
            };
            if refusal.code == Code::NameTaken {
                // The name may be this very person's, whose last connection joined while this one came, or is joining.
                let is_being_claimed = name.as_ref().is_some_and(|name| state.room.is_being_claimed(name));
                if is_being_claimed && reader.session().is_some() {
                    let last = state.room.log().head() + state.waiting.len() as Seq;
                    let after = After::Join { reader: reader.clone(), join: Box::new(join) };
                    return match state.after(last, after) {
                        Ok(()) => Ok(()),
                        Err(After::Join { join, .. }) => Err((refusal, *join)),
                        Err(After::Repeat { .. }) => unreachable!("what was given comes back"),
                    };
                }
                drop(state);
                if let Some(held) = reclaim(&join.room) {
                    return self.take_up(reader, &held, join).map_err(|join| (refusal, join));
                }
            } else if state.room.roster().is_empty() && !state.room.has_pending() {
                self.emptied_room(&room, &mut state);
            }
            return Err((refusal, join));
        }
    }

    /// A join is kept: its connection reads from here on. Called with the room's lock held.
    pub(super) fn enter_room(
        self: &Arc<Self>,
        room: &Arc<LiveRoom>,
        state: &mut State,
        event: &Event,
        entrance: Entrance,
    ) {
        let Kind::Join { member } = &event.kind else { unreachable!("a join is numbered as a join") };
        let Entrance { reader, mut join } = entrance;
        let carrier = join.carrier;
        state.empty_since = None;
        if state.hold.is_none() {
            state.hold = join.hold.take();
        }
        let resume = match join.since {
            None => Resume::Joined,
            Some(since) if since.epoch == Some(state.room.log().epoch().0) => Resume::Reset(ResetReason::Left),
            Some(_) => Resume::Reset(ResetReason::Epoch),
        };
        let past = match self.rules.newcomers {
            Newcomers::None => Past::None,
            Newcomers::Recent | Newcomers::All => Past::Newcomers,
        };
        let position = if join.sees_own_join { event.seq - 1 } else { event.seq };
        self.seat(&reader, room, state, member.id, Start { position, resume, past, carrier }, join.answer);
    }

    /// The same member is back. Gives the join back if the member is gone, or about to go because its person said so over
    /// the connection before.
    #[expect(clippy::result_large_err, reason = "the join goes on as that of a new member")]
    fn take_up(self: &Arc<Self>, reader: &Arc<Reader>, held: &Held, join: Join) -> Result<(), Join> {
        let mut state = held.room.lock();
        if state.ended || !state.room.is_here(held.member) {
            return Err(join);
        }
        let log = state.room.log();
        let own_time = state.joined_at(held.member);
        let since = join.since;
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
        let start = Start { position, resume, past, carrier: join.carrier };
        self.seat(reader, &held.room, &mut state, held.member, start, join.answer);
        Ok(())
    }

    fn seat(
        self: &Arc<Self>,
        reader: &Arc<Reader>,
        room: &Arc<LiveRoom>,
        state: &mut State,
        member: MemberId,
        start: Start,
        answer: JoinAnswer,
    ) {
        let Start { position, resume, past, carrier } = start;
        let (snapshot, history) = state.snapshot_parts(member, past, self.rules.newcomers);
        let snapshot = if resume == Resume::Resumed {
            // A page that is loaded again has nothing left of what it saw.
            let first = state.pages_from(member, self.rules.newcomers);
            snapshot.resumed_at(position, state.has_lines_between(member, first, position + 1))
        } else {
            snapshot
        };
        let joined = Joined { room, resume, snapshot, history, state };
        reader.lay(|out| {
            // Whoever is let in stays.
            let _ = answer(Ok(&joined), out);
        });
        // Subscribed before the lock is given up: nothing comes between the snapshot and the cursor.
        if let Some(session) = reader.session() {
            let held = Held { room: room.clone(), member, carrier, until: self.now() + self.rules.grace_ms };
            if let Err(held) = session.seat(reader, held, position) {
                // Its person came over another connection at this moment, or will, and finds the place there.
                self.later(held.until, Due::Grace { session: session.clone(), held });
                self.moved.notify_waiters();
                reader.release();
                return;
            }
        } else if !reader.seat(room.clone(), member, carrier, position) {
            // The page went away while its join was being kept.
            self.later(self.now(), Due::Leave { room: Arc::downgrade(room), member });
            return;
        }
        state.add_reader(reader, carrier);
        let is_behind = position < room.head();
        state.note_seat(is_behind.then_some(position + 1));
        self.moved.notify_waiters();
        reader.release();
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

//! How a connection comes into a room: as somebody new, or to the place that its session still has there.
//!
//! Answers are written by the wire, through closures that run with the room's lock held: so an answer lies on the desk
//! before any batch that belongs after it.

use std::fmt;
use std::sync::Arc;

use super::keeping::{After, Origin, Receipt};
use super::live_room::{LiveRoom, State};
use super::reader::Reader;
use super::rooms::{Found, Opening};
use super::sessions::Held;
use super::snapshot::{Past, SnapshotParts};
use super::timers::Due;
use super::{Hub, Newcomers};
use crate::limits::CodeHold;
use crate::names::{Name, RoomName};
use crate::protocol::{Close, Code, Event, Kind, MemberId, Position, Refusal, ResetReason, Seq};
use crate::room::{Draft, Missed};
use crate::wire::Carrier;
use crate::wire::socketio::Place;

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

impl Hub {
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
}

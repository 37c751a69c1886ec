//! One session: who speaks for it, which of its memberships wait for their person, and which of its commands were done. A
//! membership lies with its reader while that is connected, and here while it is away.
//!
//! Knows no wire, and neither its own secret nor other sessions.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use crate::hub::Numbered;
use crate::hub::live_room::LiveRoom;
use crate::hub::reader::Reader;
use crate::hub::resends::{Recalled, Resends};
use crate::limits::{Bucket, Rate};
use crate::protocol::{Code, MemberId, Refusal, Seq};
use crate::room::Epoch;
use crate::store::{KeptSession, SessionHash};
use crate::wire::Carrier;

/// In the place of a command's number: look at what is remembered. Higher numbers are looked up each time.
const LOOK: u32 = u32::MAX;

fn bounded(n: u64) -> u32 {
    u32::try_from(n).unwrap_or(LOOK)
}

/// Somebody who may come back.
#[derive(Debug)]
pub struct Session {
    /// The first half of SHA-256 over its secret.
    pub(super) hash: SessionHash,
    /// std: a few fields, never across an await.
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// The connection that speaks for it now.
    reader: Weak<Reader>,
    /// Counts connections, so that a timer of an earlier absence does not end a later one.
    visits: u32,
    /// The store has a row of it.
    is_stored: bool,
    /// The highest command that is remembered: whatever is above it is new, without a look at the others, which lie elsewhere
    /// in memory. [`LOOK`] when that is not known.
    newest: u32,
    /// What only those have who were away or said something: of thousands who listen, few.
    trace: Option<Box<Trace>>,
}

/// What somebody left behind.
#[derive(Debug, Default)]
struct Trace {
    /// Memberships whose connection ended uncleanly.
    away: Vec<Held>,
    /// The last commands that changed a room.
    resends: Resends,
    /// How fast it says something by requests of their own.
    posts: Bucket,
}

/// A membership that waits for its person.
#[derive(Clone, Debug)]
pub(in crate::hub) struct Held {
    /// Where.
    pub(in crate::hub) room: Arc<LiveRoom>,
    /// As whom.
    pub(in crate::hub) member: MemberId,
    /// How the room was sent there.
    pub(in crate::hub) carrier: Carrier,
    /// Until when, in milliseconds of the hub's clock. A timer of an earlier absence does not end a later one.
    pub(in crate::hub) until: u64,
}

impl Session {
    /// A new one.
    pub(super) fn new(hash: SessionHash) -> Arc<Self> {
        Arc::new(Self { hash, inner: Mutex::default() })
    }

    /// One that a store has kept, and its commands.
    pub(super) fn restored(kept: KeptSession) -> Arc<Self> {
        let resends = Resends::restored(kept.commands);
        let trace = (!resends.is_empty()).then(|| Box::new(Trace { resends, ..Trace::default() }));
        let inner = Inner { trace, newest: LOOK, is_stored: true, ..Inner::default() };
        Arc::new(Self { hash: kept.hash, inner: Mutex::new(inner) })
    }

    /// Under which hash a store keeps it.
    pub fn hash(&self) -> SessionHash {
        self.hash
    }

    /// The connection that speaks for it now.
    pub fn speaker(&self) -> Option<Arc<Reader>> {
        self.inner().reader.upgrade()
    }

    /// Whether a membership of this room waits for its person.
    pub fn is_away_from(&self, room: &str) -> bool {
        self.inner().away().iter().any(|held| held.room.name().as_str() == room)
    }

    /// As whom its person is in a room, or was a moment ago.
    pub(in crate::hub) fn member_of(&self, room: &Arc<LiveRoom>) -> Option<MemberId> {
        let inner = self.inner();
        let seated = inner.reader.upgrade().and_then(|reader| reader.membership(room.name().as_str()));
        let is_here = |held: &&Held| Arc::ptr_eq(&held.room, room);
        seated.map(|(_, member)| member).or_else(|| inner.away().iter().find(is_here).map(|held| held.member))
    }

    /// As whom its person is in this room and nowhere else, or was a moment ago.
    pub(in crate::hub) fn only_member_of(&self, room: &Arc<LiveRoom>) -> Option<MemberId> {
        let inner = self.inner();
        match (inner.reader.upgrade(), inner.away()) {
            (Some(reader), []) if reader.room_count() == 1 => {
                reader.first_membership().filter(|(seated, _)| Arc::ptr_eq(seated, room)).map(|(_, member)| member)
            }
            (_, [held]) if Arc::ptr_eq(&held.room, room) => Some(held.member),
            _ => None,
        }
    }

    /// Looks whether a command was done before. `speaker` is the connection that has to speak for the session, if it matters.
    ///
    /// # Errors
    /// Those of [`Resends::recall`]; [`Code::NotInRoom`] once another connection speaks for the session, which then sends
    /// again what it wants to.
    pub(in crate::hub) fn recall(
        &self,
        speaker: Option<&Arc<Reader>>,
        command: Numbered,
        now: u64,
    ) -> Result<Recalled, Refusal> {
        let mut inner = self.inner();
        if speaker.is_some_and(|reader| !inner.is_attached_to(reader)) {
            return Err(Code::NotInRoom.into());
        }
        if inner.newest != LOOK && command.n > inner.newest.into() {
            return Ok(Recalled::New);
        }
        let Some(trace) = &mut inner.trace else { return Ok(Recalled::New) };
        let recalled = trace.resends.recall(command.n, command.content, now)?;
        if recalled == Recalled::New {
            let newest = trace.resends.newest().map_or(0, bounded);
            inner.newest = if trace.resends.awaits() { LOOK } else { newest };
        }
        Ok(recalled)
    }

    /// The number of the command that is sent under a key; see [`Resends::number_of_key`].
    pub(in crate::hub) fn number_of_key(&self, key: u64) -> u64 {
        self.inner().trace().resends.number_of_key(key)
    }

    /// Takes a permit to say something by a request of its own.
    pub(in crate::hub) fn may_post(&self, rate: Rate, now: Duration) -> Result<(), Duration> {
        self.inner().trace().posts.take(rate, now)
    }

    /// Binds it to a request that speaks for it meanwhile, unless a connection does.
    pub(in crate::hub) fn lend(&self, reader: &Arc<Reader>) -> bool {
        let mut inner = self.inner();
        if inner.reader.upgrade().is_some() {
            return false;
        }
        inner.visits += 1;
        inner.reader = Arc::downgrade(reader);
        true
    }

    /// Remembers a command that is new and kept already; see [`Resends::keep`].
    pub(in crate::hub) fn keep(&self, command: Numbered, epoch: Epoch, seq: Seq) {
        let mut inner = self.inner();
        inner.newest = inner.newest.max(bounded(command.n));
        inner.trace().resends.keep(command.n, command.content, epoch, seq);
    }

    /// Remembers a command that is new; see [`Resends::note`].
    pub(in crate::hub) fn note(&self, command: Numbered, epoch: Epoch, seq: Seq) -> Option<u64> {
        let mut inner = self.inner();
        inner.newest = inner.newest.max(bounded(command.n));
        inner.trace().resends.note(command.n, command.content, epoch, seq)
    }

    /// The store has command `n`.
    pub(in crate::hub) fn confirm(&self, n: u64) {
        self.inner().trace().resends.confirm(n);
    }

    /// The store has not kept command `n`.
    pub(in crate::hub) fn withdraw(&self, n: u64, now: u64) {
        let mut inner = self.inner();
        inner.newest = LOOK;
        inner.trace().resends.withdraw(n, now);
    }

    /// Its row is written with the next join.
    pub(in crate::hub) fn note_stored(&self) {
        self.inner().is_stored = true;
    }

    pub(in crate::hub) fn is_stored(&self) -> bool {
        self.inner().is_stored
    }

    /// A membership waits for its person from now on.
    pub(in crate::hub) fn keep_place(&self, held: Held) {
        self.inner().trace().away.push(held);
    }

    /// Binds it to a new connection. Returns the one that spoke for it before, and what that one was in: from now on these
    /// memberships wait here.
    pub(in crate::hub) fn attach(&self, reader: &Arc<Reader>, until: u64) -> Option<(Arc<Reader>, Vec<Held>)> {
        let mut inner = self.inner();
        inner.visits += 1;
        if let Some(trace) = &mut inner.trace {
            trace.resends.begin_anew();
        }
        let before = std::mem::replace(&mut inner.reader, Arc::downgrade(reader)).upgrade()?;
        let held = inner.hold_all_of(&before, until);
        Some((before, held))
    }

    /// Keeps the memberships of a connection that broke off. One step with [`Session::attach`]: whichever comes first, the
    /// next connection finds them here.
    pub(in crate::hub) fn hold_all_of(&self, reader: &Reader, until: u64) -> Vec<Held> {
        self.inner().hold_all_of(reader, until)
    }

    /// Gives a connection its place, if it still speaks for the session; else the place waits here for the one that does.
    /// One step with [`Session::attach`].
    pub(in crate::hub) fn seat(&self, reader: &Arc<Reader>, held: Held, position: Seq) -> Result<(), Held> {
        let mut inner = self.inner();
        if inner.is_attached_to(reader) && reader.seat(held.room.clone(), held.member, held.carrier, position) {
            return Ok(());
        }
        inner.trace().away.push(held.clone());
        Err(held)
    }

    /// Somebody numbers commands in it who does not speak for it. Returns the number of this visit.
    pub(in crate::hub) fn visit(&self) -> u32 {
        let mut inner = self.inner();
        inner.visits += 1;
        inner.visits
    }

    /// This connection speaks for it no longer. Returns the number of the visit that ended, if it was the last one.
    pub(in crate::hub) fn detach(&self, reader: &Arc<Reader>) -> Option<u32> {
        let mut inner = self.inner();
        if !inner.is_attached_to(reader) {
            return None;
        }
        inner.reader = Weak::new();
        Some(inner.visits)
    }

    /// Whether there is nothing that a later visit could need: no place is kept and no command is remembered.
    pub(in crate::hub) fn is_blank(&self) -> bool {
        let inner = self.inner();
        inner.trace.as_ref().is_none_or(|trace| trace.is_empty())
    }

    /// Takes back the membership of a room, for the connection that speaks for the session; any other gets nothing.
    pub(in crate::hub) fn reclaim(&self, room: &str, reader: &Arc<Reader>) -> Option<Held> {
        let mut inner = self.inner();
        if !inner.is_attached_to(reader) {
            return None;
        }
        let index = inner.away().iter().position(|held| held.room.name().as_str() == room)?;
        let held = inner.trace().away.swap_remove(index);
        inner.trace.take_if(|trace| trace.is_empty());
        Some(held)
    }

    /// Gives up one membership that is still waiting.
    pub(in crate::hub) fn give_up(&self, given_up: &Held) -> bool {
        let mut inner = self.inner();
        let Some(trace) = &mut inner.trace else { return false };
        let before = trace.away.len();
        trace.away.retain(|held| {
            !(Arc::ptr_eq(&held.room, &given_up.room) && held.member == given_up.member && held.until == given_up.until)
        });
        before != trace.away.len()
    }

    /// Whether nobody came back since that visit.
    pub(super) fn is_gone_since(&self, visit: u32) -> bool {
        let inner = self.inner();
        inner.visits == visit && inner.away().is_empty()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Trace {
    fn is_empty(&self) -> bool {
        self.away.is_empty() && self.resends.is_empty()
    }
}

impl Inner {
    fn away(&self) -> &[Held] {
        self.trace.as_ref().map_or(&[], |trace| &trace.away)
    }

    fn trace(&mut self) -> &mut Trace {
        self.trace.get_or_insert_default()
    }

    fn is_attached_to(&self, reader: &Arc<Reader>) -> bool {
        std::ptr::eq(self.reader.as_ptr(), Arc::as_ptr(reader))
    }

    fn hold_all_of(&mut self, reader: &Reader, until: u64) -> Vec<Held> {
        let held: Vec<Held> = reader
            .unseat_all()
            .into_iter()
            .map(|cursor| Held { room: cursor.room, member: cursor.member, carrier: cursor.carrier, until })
            .collect();
        if !held.is_empty() {
            self.trace().away.extend(held.iter().cloned());
        }
        held
    }
}

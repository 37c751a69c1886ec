//! A room with people in it: the pure [`Room`], the readers that are to be offered its batches, and one lock round both.
//!
//! The lock is where order is decided. It is held for numbering, accepting and small book-keeping, never while a socket is
//! written. Locks are taken in the order room, session, desk. Knows no socket, and leaves to the files below it what readers are
//! shown.

mod audience;
mod flush;
mod stretch;

pub use audience::MEMBERS_LISTED;
pub(super) use flush::Shown;
pub(super) use stretch::Stretch;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::keeping::Waiting;
use super::reader::Reader;
use crate::limits::CodeHold;
use crate::names::{Name, RoomName};
use crate::protocol::{Event, MemberId, Seq};
use crate::room::{Epoch, Kept, Needs, Room, TailLimits};
use crate::store::RoomKey;
use crate::wire::View;
use audience::Carriers;

/// How many people one flush tells of that they type. Nobody reads more names than that, and the rest comes again.
const TYPING_AT_ONCE: usize = 8;

/// Above this many members nobody is told who types: a name for everybody at each keystroke is the square of the room.
const TYPING_MEMBERS: usize = 200;

/// Once this much waits to be flushed, whoever appends flushes at once instead of reading on, in bytes. Measured: half of it
/// costs more writes than it spares, and with twice as much what lies between those who write and read leaves the caches.
pub(super) const UNFLUSHED_BYTES: usize = 256 * 1024;

/// A room with people in it.
#[derive(Debug)]
pub struct LiveRoom {
    name: RoomName,
    /// In which life its log is.
    epoch: Epoch,
    /// Its row in the store.
    pub(super) key: RoomKey,
    /// The last number, readable without the lock.
    head: AtomicU64,
    /// It stands in the flusher's list.
    pub(super) dirty: AtomicBool,
    /// std: short blocks, never across an await.
    state: Mutex<State>,
    /// One flush at a time, so that batches are offered in their order. Taken before the state, by flushes only.
    flushing: Mutex<()>,
}

/// What the lock guards.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own; no two exclude each other")]
pub(super) struct State {
    /// The room itself.
    pub(super) room: Room,
    /// What is to be done once the store has answered for the events that the room has reserved, in their order.
    pub(super) waiting: VecDeque<Waiting>,
    /// Counts how often the store failed here, so that its answers to what was given up meanwhile are told apart.
    pub(super) era: u32,
    /// The store has a row of it, or is about to.
    pub(super) is_stored: bool,
    /// Somebody made its code before they came.
    pub(super) was_made: bool,
    /// Everybody who reads it. Copied only when it changes during a flush.
    audience: Arc<Vec<Arc<Reader>>>,
    /// How many read it by each carrier that somebody reads it by.
    carriers: Carriers,
    /// Up to here the flusher has offered everything.
    flushed: Seq,
    /// Bytes appended since then.
    unflushed: usize,
    /// The first number that some connected reader still needs, as the last flush found it.
    needed: Option<Seq>,
    /// Counts readers that were given a place, to see whether one came during a flush.
    seats: u64,
    /// A timer will flush held-back joins and leaves.
    pub(super) flush_is_timed: bool,
    /// Who types or stopped, since the last flush.
    typing: Vec<(MemberId, bool)>,
    /// It was opened by joining a code that nobody had made, which counts for an address for as long as it lives.
    pub(super) hold: Option<CodeHold>,
    /// It is over: nobody may come in, look it up again.
    pub(super) ended: bool,
    /// Milliseconds of the hub's clock since which nobody is in it.
    pub(super) empty_since: Option<u64>,
    /// A timer looks after its end.
    pub(super) end_is_timed: bool,
}

impl LiveRoom {
    /// A room in a new life of its log.
    pub(super) fn new(name: RoomName, key: RoomKey, room: Room, now: u64) -> Arc<Self> {
        Self::around(name, key, room, now, false)
    }

    /// A room that the store has kept.
    pub(super) fn restored(name: RoomName, key: RoomKey, kept: Kept, now: u64) -> Arc<Self> {
        Self::around(name, key, Room::restored(kept, now), now, true)
    }

    fn around(name: RoomName, key: RoomKey, room: Room, now: u64, is_stored: bool) -> Arc<Self> {
        let (head, epoch) = (room.log().head(), room.log().epoch());
        let empty_since = room.roster().is_empty().then_some(now);
        Arc::new(Self {
            name,
            epoch,
            key,
            head: AtomicU64::new(head),
            dirty: AtomicBool::new(false),
            state: Mutex::new(State {
                room,
                waiting: VecDeque::new(),
                era: 0,
                is_stored,
                was_made: false,
                audience: Arc::default(),
                carriers: Carriers::new(),
                flushed: head,
                unflushed: 0,
                needed: None,
                seats: 0,
                flush_is_timed: false,
                typing: Vec::new(),
                hold: None,
                ended: false,
                empty_since,
                end_is_timed: false,
            }),
            flushing: Mutex::default(),
        })
    }

    /// Its proper name.
    pub fn name(&self) -> &RoomName {
        &self.name
    }

    /// In which life its log is.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The last number that was given.
    pub fn head(&self) -> Seq {
        self.head.load(Ordering::Acquire)
    }

    /// How an event here is seen, after which so many have claimed a name, if that is known.
    pub fn view(&self, viewer: Option<MemberId>, named: Option<usize>) -> View<'_> {
        View { room: &self.name, epoch: self.epoch, viewer, named }
    }

    /// Whether some connection reads it as this member. Looks at all of them.
    pub(super) fn is_seated(&self, member: MemberId) -> bool {
        let is_it =
            |reader: &Arc<Reader>| reader.membership(self.name.as_str()).is_some_and(|(_, seated)| seated == member);
        self.lock().audience.iter().any(is_it)
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Applies a numbered event. Called with the lock held, in the order of numbers.
    pub(super) fn accept(&self, state: &mut State, event: Arc<Event>, now: u64, limits: TailLimits) {
        state.unflushed += event.kind.weight();
        let seq = event.seq;
        state.room.accept(event, now);
        self.head.store(seq, Ordering::Release);
        state.trim(now, limits);
    }

    /// Notes a loose signal for the next flush. Returns whether it may be shown.
    pub(super) fn note_typing(&self, member: MemberId, on: bool, signed: Option<&Name>) -> bool {
        let mut state = self.lock();
        if let Some(name) = signed
            && !state.room.sign_guest(member, name)
        {
            return false;
        }
        if state.room.roster().len() > TYPING_MEMBERS {
            return false;
        }
        state.typing.retain(|(other, _)| *other != member);
        if state.typing.len() == TYPING_AT_ONCE {
            return false;
        }
        state.typing.push((member, on));
        true
    }
}

impl State {
    /// Whether so much waits that it should be flushed before more is read.
    pub(super) fn is_pressed(&self) -> bool {
        self.unflushed > UNFLUSHED_BYTES
    }

    /// Forgets what the limits do not keep and no connected reader needs.
    pub(super) fn trim(&mut self, now: u64, limits: TailLimits) {
        let needs = if self.audience.is_empty() {
            Needs::default()
        } else {
            Needs { read: self.needed, unshown: Some(self.flushed + 1) }
        };
        self.room.trim(now, limits, needs);
    }
}

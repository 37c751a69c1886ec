//! A room with people in it: the pure [`Room`], the readers that are to be offered its batches, and one lock round both.
//!
//! The lock is where order is decided. It is held for numbering, accepting and small book-keeping, never while a socket is
//! written. Locks are taken in the order room, session, desk.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Newcomers;
use super::keeping::Waiting;
use super::reader::{Loose, Offered, Reader};
use super::snapshot::Past;
use crate::limits::CodeHold;
use crate::names::{Name, RoomName};
use crate::protocol::{Event, MemberId, ResetReason, Seq, ServerFrame};
use crate::room::{Epoch, Kept, Missed, Needs, Person, Room, TailLimits};
use crate::store::RoomKey;
use crate::store::sqlite::failpoints::{self, Step};
use crate::wire::{self, Batch, Carrier, View, Wire, socketio};
use smallvec::SmallVec;

/// How many members one frame lists.
pub const MEMBERS_LISTED: usize = 200;

/// How many people one flush tells of that they type. Nobody reads more names than that, and the rest comes again.
const TYPING_AT_ONCE: usize = 8;

/// Above this many members nobody is told who types: a name for everybody at each keystroke is the square of the room.
const TYPING_MEMBERS: usize = 200;

/// Once this much waits to be flushed, whoever appends flushes at once instead of reading on, in bytes.
pub(super) const UNFLUSHED_BYTES: usize = 512 * 1024;

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

/// How many read a room by which carrier. Few rooms are read by more than two.
type Carriers = SmallVec<[(Carrier, u32); 2]>;

/// A flush as one wire shows it.
#[derive(Debug)]
pub(super) struct Shown {
    wire: Wire,
    plain: Option<Batch>,
    deflated: Option<Batch>,
    loose: Loose,
}

impl Shown {
    /// What a carrier's readers are offered of a flush.
    pub(super) fn of(shown: &[Self], carrier: Carrier) -> (Option<&Batch>, Option<&Loose>) {
        let Some(shown) = shown.iter().find(|shown| shown.wire == carrier.wire()) else { return (None, None) };
        let batch = if carrier.is_deflated() { &shown.deflated } else { &shown.plain };
        (batch.as_ref(), Some(&shown.loose))
    }
}

/// What a flush shows.
struct News {
    events: Vec<Arc<Event>>,
    /// Every event since the last flush is still kept.
    is_whole: bool,
    typing: Vec<(MemberId, Arc<str>, bool)>,
    audience: Arc<Vec<Arc<Reader>>>,
    carriers: Carriers,
    /// The two-segment wire's online list, if it changed.
    users: Vec<u8>,
    /// How many have claimed a name.
    named: usize,
    seats: u64,
}

/// What a reader gets that reads on from its cursor.
#[derive(Debug)]
pub(super) enum Stretch {
    /// What comes next.
    Batch(Batch),
    /// What comes next is no longer kept: the room as it is, and the position after it.
    Reset {
        /// The encoded frame, or a line of words on wires without numbers.
        frame: Vec<u8>,
        /// Where to go on.
        position: Seq,
    },
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

    /// Takes everything that was appended since the last flush and offers it to everybody who keeps up. Returns to how many
    /// readers it was offered.
    pub(super) fn flush(self: &Arc<Self>) -> usize {
        let _one_at_a_time = self.flushing.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(News { events, is_whole, typing, audience, carriers, users, named, seats }) = self.news() else {
            return 0;
        };
        let mut shown: SmallVec<[Shown; 2]> = SmallVec::new();
        for (carrier, _) in &carriers {
            let wire = carrier.wire();
            if shown.iter().any(|shown| shown.wire == wire) {
                continue;
            }
            let mut once = Shown { wire, plain: None, deflated: None, loose: Loose::default() };
            if !events.is_empty() {
                let trailer: &[u8] = if wire == Wire::TwoSegment { &users } else { &[] };
                let batch = Batch::encode(wire, &events, self.view(None, Some(named)), trailer);
                if carriers.iter().any(|(other, _)| other.wire() == wire && other.is_deflated()) {
                    once.deflated = Some(batch.deflated());
                }
                once.plain = Some(batch);
            }
            for (member, name, on) in &typing {
                let mut frame = Vec::new();
                wire.encode_typing(&self.name, *member, name, *on, &mut frame);
                once.loose.add(*member, frame);
            }
            shown.push(once);
        }
        let mut needed: Option<Seq> = None;
        for reader in audience.iter() {
            match reader.offer(self, &shown, !events.is_empty()) {
                Offered::Behind(seq) => needed = Some(needed.map_or(seq, |slowest| slowest.min(seq))),
                Offered::Taken | Offered::Absent => {}
            }
            if !is_whole {
                reader.call();
            }
            // Some have it now, with their acknowledgements, and some do not.
            failpoints::pass(Step::AfterAck);
        }
        let mut state = self.lock();
        state.needed = if state.seats == seats {
            needed
        } else {
            // Somebody came in behind during this flush, and was not asked.
            state.needed.into_iter().chain(needed).min()
        };
        audience.len()
    }

    /// What there is to show, taken out of the room; nothing if nobody has anything to hear.
    fn news(&self) -> Option<News> {
        let mut state = self.lock();
        self.dirty.store(false, Ordering::Release);
        let state = &mut *state;
        // Nothing can be read when more came at once than is kept; everybody reads on from the cursor, and is told.
        let events: Option<Vec<Arc<Event>>> = state.room.log().since(state.flushed).ok().map(Iterator::collect);
        let is_whole = events.is_some();
        let events = events.unwrap_or_default();
        let offered_from = state.flushed + 1;
        state.flushed = state.room.log().head();
        state.unflushed = 0;
        state.flush_is_timed = false;
        let typing: Vec<_> = std::mem::take(&mut state.typing)
            .into_iter()
            .filter_map(|(member, on)| Some((member, state.room.roster().get(member)?.shown_name(), on)))
            .collect();
        if events.is_empty() && is_whole && typing.is_empty() && state.needed.is_none() {
            return None;
        }
        if !events.is_empty() {
            // Until the offers are over it is not known who still needs these.
            state.needed = state.needed.into_iter().chain([offered_from]).min();
        }
        let users = state.users_if_changed(&events);
        let (audience, carriers, seats) = (state.audience.clone(), state.carriers.clone(), state.seats);
        let named = state.room.roster().named();
        Some(News { events, is_whole, typing, audience, carriers, users, named, seats })
    }

    /// What a reader at `position` reads next, or why it must begin anew.
    pub(super) fn stretch(&self, wire: Wire, member: MemberId, position: Seq, bytes: usize) -> Stretch {
        let state = self.lock();
        let mut left = bytes;
        let named = state.room.roster().named();
        let events: Result<Vec<Arc<Event>>, Missed> = state.room.log().since(position).map(|events| {
            events
                .take_while(|event| {
                    let is_wanted = left > 0;
                    left = left.saturating_sub(event.kind.weight());
                    is_wanted
                })
                .collect()
        });
        if let Ok(events) = events {
            let users = if wire == Wire::TwoSegment { state.users_if_changed(&events) } else { Vec::new() };
            drop(state);
            // Right at the end of the log; in a long stretch before that, the last known.
            return Stretch::Batch(Batch::encode(wire, &events, self.view(Some(member), Some(named)), &users));
        }
        let mut frame = Vec::new();
        match wire {
            Wire::Charsu | Wire::Sse => {
                let (snapshot, events) = state.snapshot_parts(member, Past::OwnTime, Newcomers::None);
                let snapshot = snapshot.build(self.name(), &events);
                wire.answer(&ServerFrame::Reset { id: None, reason: ResetReason::Slow, snapshot }, &mut frame);
            }
            Wire::OneSegment => wire::one_segment_notice(GAP, &mut frame),
            Wire::TwoSegment => {
                wire::two_segment_notice(GAP, &mut frame);
                state.push_users(&mut frame);
            }
            Wire::SocketIo(flavour) => {
                let place = socketio::Place { epoch: self.epoch, seq: state.room.log().head() };
                socketio::notice(flavour, &self.name, Some(place), GAP, &mut frame);
            }
        }
        Stretch::Reset { frame, position: state.room.log().head() }
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

/// Said on wires without numbers when lines were missed.
const GAP: &str = "Your connection was too slow: some lines are missing here.";

impl State {
    /// Whether so much waits that it should be flushed before more is read.
    pub(super) fn is_pressed(&self) -> bool {
        self.unflushed > UNFLUSHED_BYTES
    }

    /// Somebody was given a place, and still has to read from this number on, if it is behind.
    pub(super) fn note_seat(&mut self, needs: Option<Seq>) {
        self.seats += 1;
        self.needed = self.needed.into_iter().chain(needs).min();
    }

    /// Whether some reader was behind at the last flush.
    pub(super) fn has_laggards(&self) -> bool {
        self.needed.is_some()
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

    /// Somebody reads the room from now on.
    pub(super) fn add_reader(&mut self, reader: &Arc<Reader>, carrier: Carrier) {
        if self.audience.is_empty() {
            // Nothing was offered to nobody: the first reader begins at its own cursor, and batches after it.
            self.flushed = self.room.log().head();
        }
        Arc::make_mut(&mut self.audience).push(reader.clone());
        self.count_carrier(carrier);
    }

    /// Somebody who reads it is sent it in another form from now on.
    pub(super) fn change_carrier(&mut self, from: Carrier, to: Carrier) {
        self.discount_carrier(from);
        self.count_carrier(to);
    }

    fn count_carrier(&mut self, carrier: Carrier) {
        match self.carriers.iter_mut().find(|(known, _)| *known == carrier) {
            Some((_, count)) => *count += 1,
            None => self.carriers.push((carrier, 1)),
        }
    }

    fn discount_carrier(&mut self, carrier: Carrier) {
        let Some(index) = self.carriers.iter().position(|(known, _)| *known == carrier) else { return };
        self.carriers[index].1 -= 1;
        if self.carriers[index].1 == 0 {
            self.carriers.swap_remove(index);
        }
    }

    /// Somebody reads it no longer.
    pub(super) fn remove_reader(&mut self, reader: &Arc<Reader>, carrier: Carrier) {
        let Some(index) = self.audience.iter().position(|other| Arc::ptr_eq(other, reader)) else { return };
        let audience = Arc::make_mut(&mut self.audience);
        audience.swap_remove(index);
        if audience.is_empty() {
            self.audience = Arc::default();
        } else if audience.capacity() > 64 && audience.len() < audience.capacity() / 8 {
            let room = audience.len() * 2;
            audience.shrink_to(room);
        }
        self.discount_carrier(carrier);
    }

    /// How many connections read it.
    pub(super) fn readers(&self) -> usize {
        self.audience.len()
    }

    /// The two-segment wire's online list, if these events changed it.
    fn users_if_changed(&self, events: &[Arc<Event>]) -> Vec<u8> {
        let mut frame = Vec::new();
        let has_changed = events.iter().any(|event| event.kind.changes_members());
        let is_read = || self.carriers.iter().any(|(carrier, _)| carrier.wire() == Wire::TwoSegment);
        if has_changed && is_read() {
            self.push_users(&mut frame);
        }
        frame
    }

    /// Appends the two-segment wire's online list.
    pub(super) fn push_users(&self, out: &mut Vec<u8>) {
        let names: Vec<Arc<str>> = self.room.roster().iter().take(MEMBERS_LISTED).map(Person::shown_name).collect();
        wire::two_segment_users(names.iter().map(|name| &**name), self.room.roster().len(), out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{Kind, Marks, Member};
    use crate::room::TailLimits;
    use crate::transport::socket::Socket;

    #[tokio::test]
    async fn what_a_flush_is_offering_is_not_folded_under_it() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let stream = tokio::net::TcpStream::connect(listener.local_addr().expect("bound")).await.expect("connected");
        let socket = Socket::new(stream);
        let reader = Reader::new(Carrier::new(Wire::Charsu, false), socket, 65_536, 1);
        let room = LiveRoom::new(RoomName::parse("general").expect("a name"), 1, Room::new(Epoch(1)), 0);
        let limits = TailLimits { age_ms: 120_000, bytes: 4096, lag_bytes: 2_000_000 };
        let comes = |seq, id| {
            Arc::new(Event { seq, at: 0, kind: Kind::Join { member: Member { id: MemberId(id), name: None } } })
        };
        {
            let mut state = room.lock();
            room.accept(&mut state, comes(1, 1), 0, limits);
            assert!(reader.seat(room.clone(), MemberId(1), reader.carrier(), 1));
            state.add_reader(&reader, reader.carrier());
            state.note_seat(None);
            room.accept(&mut state, comes(2, 2), 0, limits);
        }
        // A flush has taken the join, and has not come to this reader, whose socket turns out to be full.
        let news = room.news().expect("somebody came");
        assert_eq!(news.events.len(), 1);
        // Meanwhile somebody says more than the room keeps.
        let (text, marks) = ("x".repeat(3800).into(), Marks::default());
        let said = Kind::Message { from: MemberId(1), name: "Ali".into(), guest: false, text, marks, form: None };
        room.accept(&mut room.lock(), Arc::new(Event { seq: 3, at: 0, kind: said }), 0, limits);
        let Stretch::Batch(batch) = room.stretch(Wire::Charsu, MemberId(1), 1, usize::MAX) else {
            panic!("nothing is too old")
        };
        assert!(String::from_utf8_lossy(batch.after(1)).contains(r#""type":"join""#), "the join was swallowed");
    }
}

//! The rooms that have people in them, the people's sessions, and the connections that read. Wires ask it to join, leave
//! and say; it has the store decide, the room accept and the flusher show.
//!
//! Knows no wire's words and no socket's handshake. Locks are taken in the order rooms, room, session, desk.

mod admissions;
mod codes;
mod commands;
mod flusher;
mod joining;
mod keeping;
mod live_room;
mod past;
mod posts;
mod reader;
mod recovery;
mod resends;
mod restore;
mod rooms;
mod sessions;
mod snapshot;
mod timers;
mod watch;

pub use codes::Codes;
pub use commands::{Asked, Numbered};
pub use joining::{Join, JoinAnswer, Joined, Resume};
pub(crate) use keeping::Ticket;
pub use live_room::{LiveRoom, MEMBERS_LISTED};
pub use past::HISTORY_PAGE;
pub use posts::{Post, Posted, Visit};
pub use reader::Reader;
pub use resends::{Recalled, Resends};
pub use rooms::{Opening, WouldOpen};
pub use sessions::{Session, Sessions};
pub use snapshot::SnapshotParts;

use std::collections::HashSet;
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::futures::Notified;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::{Notify, Semaphore};

use crate::auth::Admitted;
use crate::protocol::{Close, MemberId};
use crate::room::{Draft, RoomLimits, TailLimits};
use crate::store::{Outcome, Store};
use crate::transport::socket::Socket;
use crate::wire::Carrier;
use admissions::Admissions;
use flusher::Flusher;
use keeping::{Origin, Receipt};
use sessions::Held;
use timers::{Due, Timers};

/// What a newcomer sees of the past.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(inline))]
#[serde(rename_all = "snake_case")]
pub enum Newcomers {
    /// Nothing.
    None,
    /// The recent lines.
    Recent,
    /// Everything that is kept, page by page.
    All,
}

/// The settings that the hub works by. Spans in milliseconds unless they are `Duration`s.
#[derive(Clone, Debug)]
pub struct Rules {
    /// What one room allows.
    pub room: RoomLimits,
    /// How much of the past a room keeps.
    pub tail: TailLimits,
    /// The budget for all tails together, in bytes.
    pub tail_total_bytes: usize,
    /// What a newcomer sees.
    pub newcomers: Newcomers,
    /// Rooms at once, with codes that wait for their first member.
    pub rooms: usize,
    /// Sessions that are remembered.
    pub sessions: usize,
    /// Rooms of one connection.
    pub rooms_per_connection: usize,
    /// Whether any other name than a code opens a room.
    pub named_rooms: bool,
    /// How long a member may be away after an unclean end.
    pub grace_ms: u64,
    /// How long a member may be away after the server was started again.
    pub restart_grace_ms: u64,
    /// How long a session is remembered after its last membership ended.
    pub session_ms: u64,
    /// How long a room stays here after its last member.
    pub room_idle_ms: u64,
    /// How long a room lives in the store in which nothing happens.
    pub stored_room_idle_ms: u64,
    /// How long lines are kept.
    pub retention_ms: Option<u64>,
    /// How many lines of a room are kept.
    pub retention_lines: Option<usize>,
    /// Rooms in the store.
    pub stored_rooms: usize,
    /// Within which time people are told to come back when the server stops, at most.
    pub drain_window_ms: u64,
    /// How long a code waits for its first member.
    pub code_wait_ms: u64,
    /// How long a code rests after its room.
    pub code_quarantine_ms: u64,
    /// From how many members on joins and leaves are held back.
    pub large_room: usize,
    /// For how long.
    pub large_room_flush_ms: u64,
    /// For peers that are pinged when they are silent.
    pub by_silence: Beats,
    /// For peers that are pinged after each interval.
    pub by_the_clock: Beats,
    /// A message that is begun must be finished by then.
    pub message_timeout: Duration,
    /// The most that may wait for one client beside its cursors, in bytes.
    pub outbox_bytes: usize,
}

/// How long one kind of peer is waited for.
#[derive(Clone, Copy, Debug)]
pub struct Beats {
    /// From the last sign of life to a ping.
    pub interval: Duration,
    /// From the ping until the peer counts as dead.
    pub timeout: Duration,
    /// A connection that has joined nothing by then is closed.
    pub join: Duration,
}

/// How much time each returning client is allowed for when all are sent away, in milliseconds.
const MS_PER_RETURN: u64 = 2;

/// A moment by two clocks, looked at once for all that one read of a socket brought.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// By a clock that never jumps, since the hub began.
    pub elapsed: Duration,
    /// By the wall's, in Unix milliseconds: for showing.
    pub unix_ms: u64,
}

impl Moment {
    /// Milliseconds since the hub began.
    pub(super) fn ms(self) -> u64 {
        self.elapsed.as_millis() as u64
    }
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The client said so.
    Clean,
    /// It broke off: a person with a session may come back.
    Unclean,
}

/// A connection in the list of all: found by where it lies in memory, which no other has while it is listed.
#[derive(Debug)]
struct Present(Arc<Reader>);

impl PartialEq for Present {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Present {}

impl Hash for Present {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.0).hash(state);
    }
}

/// The hub.
#[derive(Debug)]
pub struct Hub {
    rules: Rules,
    store: Store<Ticket>,
    /// The store's answers, until somebody listens to them.
    outcomes: Mutex<Option<UnboundedReceiver<Vec<Outcome<Ticket>>>>>,
    began: Instant,
    /// Rooms with people in them, or emptied not long ago, and the codes. std: look-ups, never across an await. std's
    /// hasher with random keys: people choose the names.
    rooms: Mutex<rooms::Rooms>,
    sessions: Sessions,
    flusher: Flusher,
    timers: Timers,
    timer_added: Notify,
    /// Every connection. std: an insertion or a removal, or one pass of the watch.
    readers: Mutex<HashSet<Present>>,
    reader_left: Notify,
    /// A session has another connection, or none, or a connection another place.
    moved: Notify,
    /// Whom connections were let in as.
    admissions: Admissions,
    /// The server stops.
    stopping: AtomicBool,
    /// The store is being closed.
    is_closing: AtomicBool,
    /// Turns of members at reading pages of the past from the store.
    paging: Arc<Semaphore>,
    /// Turns of everybody else.
    public_paging: Arc<Semaphore>,
    /// How many rooms there are, readable without their lock.
    live_rooms: AtomicUsize,
    /// Counts the watch's rounds: the coarse clock that connections note when they are heard.
    tick: AtomicU32,
    /// Bytes in all tails, as the last appends and sweeps found them.
    tail_bytes: AtomicU64,
}

impl Hub {
    /// What it goes by.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Shows what happens, does what is due and watches over connections, for as long as the server runs.
    pub async fn run(self: Arc<Self>) {
        let others = async { tokio::join!(self.flusher.run(), self.run_timers(), self.run_watch()) };
        tokio::select! {
            _ = others => {}
            () = self.run_outcomes() => {}
        }
    }

    /// The present moment by a clock that never jumps, in milliseconds.
    pub fn now(&self) -> u64 {
        self.began.elapsed().as_millis() as u64
    }

    /// The present moment.
    pub fn moment(&self) -> Moment {
        Moment { elapsed: self.began.elapsed(), unix_ms: unix_ms() }
    }

    /// A new connection, let in as somebody if that took a token.
    pub fn enter(&self, carrier: Carrier, socket: Socket, admitted: Option<Arc<Admitted>>) -> Arc<Reader> {
        let reader = Reader::new(carrier, socket, self.rules.outbox_bytes, self.tick());
        if let Some(admitted) = admitted {
            self.admit(&reader, admitted);
        }
        self.readers().insert(Present(reader.clone()));
        if self.stopping.load(Ordering::Acquire) {
            // Its handshake ended after everybody was parted with.
            send_away(&reader, self.rules.drain_window_ms);
        }
        reader
    }

    /// A connection is over; called exactly once for each, by its guard. After an unclean end a session's memberships
    /// wait for their person; all others end now.
    pub fn disconnect(self: &Arc<Self>, reader: &Arc<Reader>, end: End) {
        reader.go();
        self.admissions.forget(reader);
        {
            let mut readers = self.readers();
            readers.remove(&Present(reader.clone()));
            if readers.is_empty() {
                *readers = HashSet::new();
            } else if readers.capacity() > 64 && readers.len() < readers.capacity() / 8 {
                let room = readers.len() * 2;
                readers.shrink_to(room);
            }
        }
        self.reader_left.notify_waiters();
        if let Some(session) = reader.session() {
            // Whoever is sent away by a stop is expected back after it, however short grace is otherwise.
            if end == End::Unclean && reader.may_be_resumed() && (self.rules.grace_ms > 0 || self.keeps_places()) {
                let held = session.hold_all_of(reader, self.now() + self.rules.grace_ms);
                self.park(session, reader, held);
            }
            if let Some(visit) = session.detach(reader) {
                self.forget_later(session, visit);
            }
        }
        // Those who speak for the session by requests find its places waiting from now on.
        self.moved.notify_waiters();
        for cursor in reader.unseat_all() {
            self.leave_now(&cursor.room, cursor.member, Some((reader, cursor.carrier)));
        }
    }

    /// Over when any session has changed its connection, or a connection its rooms, since this was called.
    pub fn moved(&self) -> Notified<'_> {
        self.moved.notified()
    }

    /// Waits until no connection is left.
    pub async fn emptied(&self) {
        loop {
            let left = self.reader_left.notified();
            if self.readers().is_empty() {
                return;
            }
            left.await;
        }
    }

    /// Parts with everybody, and with whoever still comes. Each is told to come back at another moment.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
        let readers: Vec<Arc<Reader>> = self.readers().iter().map(|present| present.0.clone()).collect();
        // A few people need not wait for the time that thousands need.
        let window = self.rules.drain_window_ms.min(readers.len() as u64 * MS_PER_RETURN);
        for reader in readers {
            send_away(&reader, window);
        }
    }

    /// How many connections there are.
    pub fn connections(&self) -> usize {
        self.readers().len()
    }

    /// How many rooms there are, with those that wait for their end.
    pub fn room_count(&self) -> usize {
        self.rooms().len()
    }

    /// Whether the store keeps what it is given.
    pub fn keeps(&self) -> bool {
        self.store.is_well()
    }

    /// How many sessions are remembered.
    pub fn session_count(&self) -> usize {
        self.sessions.len()
    }

    /// The coarse clock that [`Reader::heard`] takes.
    pub fn tick(&self) -> u32 {
        self.tick.load(Ordering::Relaxed)
    }

    /// A connection has read something.
    pub fn note_read(&self) {
        self.flusher.note_read();
    }

    /// Takes a connection out of the rooms in which its session holds its place, until its person comes back or grace is
    /// over.
    fn park(&self, session: &Arc<Session>, reader: &Arc<Reader>, held: Vec<Held>) {
        for held in held {
            let mut state = held.room.lock();
            state.remove_reader(reader, held.carrier);
            drop(state);
            self.later(held.until, Due::Grace { session: session.clone(), held });
        }
    }

    /// Whether the next process will give everybody their place again.
    fn keeps_places(&self) -> bool {
        self.store.is_lasting() && self.stopping.load(Ordering::Acquire)
    }

    /// Forgets a session some time after its last visit.
    fn forget_later(&self, session: &Arc<Session>, visit: u32) {
        // One that the store has a row of may have a join on its way.
        if session.is_blank() && !session.is_stored() {
            self.forget(session, visit);
            return;
        }
        let at = self.now() + self.rules.grace_ms + self.rules.session_ms;
        self.later(at, Due::SessionEnd { session: Arc::downgrade(session), visit });
    }

    /// Forgets a session, unless somebody came back to it since that visit.
    fn forget(&self, session: &Session, visit: u32) {
        if self.sessions.forget(session, visit) && session.is_stored() {
            self.store.forget_session(session.hash());
        }
    }

    /// A member goes: at once, and with a notice.
    fn leave_now(self: &Arc<Self>, room: &Arc<LiveRoom>, member: MemberId, reader: Option<(&Arc<Reader>, Carrier)>) {
        let mut state = room.lock();
        if let Some((reader, carrier)) = reader {
            state.remove_reader(reader, carrier);
        }
        // It can only be refused if the member is gone already, which is what is wanted.
        if let Ok(event) = state.room.number(Draft::Leave { member }, unix_ms(), self.rules.room) {
            self.keep(room, &mut state, event, Origin::default(), Receipt::Gone, self.now());
        }
    }

    /// What a room may keep now: while all together are over their budget, about its share.
    fn tail_limits(&self) -> TailLimits {
        /// What a room keeps all the same, and what it keeps at most then, in bytes.
        const SHARE: [usize; 2] = [4 * 1024, 64 * 1024];
        /// How much more a connected reader may lag behind then.
        const LAG: usize = 4;
        let mut limits = self.rules.tail;
        if self.tail_bytes.load(Ordering::Relaxed) as usize > self.rules.tail_total_bytes {
            let share = self.rules.tail_total_bytes / self.live_rooms.load(Ordering::Relaxed).max(1);
            limits.bytes = limits.bytes.min(share.clamp(SHARE[0], SHARE[1]));
            limits.lag_bytes = limits.lag_bytes.min(limits.bytes * LAG);
        }
        limits
    }

    fn count_tail(&self, before: usize, after: usize) {
        // Where one line pushes out another of its length, what all rooms share is not touched.
        if after > before {
            self.tail_bytes.fetch_add((after - before) as u64, Ordering::Relaxed);
        } else if after < before {
            self.tail_bytes.fetch_sub((before - after) as u64, Ordering::Relaxed);
        }
    }

    fn later(&self, at: u64, due: Due) {
        if self.timers.add(at, due) {
            self.timer_added.notify_one();
        }
    }

    fn rooms(&self) -> MutexGuard<'_, rooms::Rooms> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn readers(&self) -> MutexGuard<'_, HashSet<Present>> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The wall clock, in Unix milliseconds.
fn unix_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}

/// Parts with somebody, and says at which random moment to come back.
fn send_away(reader: &Reader, window_ms: u64) {
    let mut random = [0; 8];
    getrandom::fill(&mut random).expect("the system's random source works, else nothing is safe");
    let moment = u64::from_le_bytes(random) % (window_ms + 1);
    reader.part(|out| {
        reader.wire().goaway(moment, out);
        reader.wire().close(Close::Restart, out);
    });
}

//! Shows what happened: takes the rooms that grew and offers each one's batch to its readers.
//!
//! What costs is the writes: one for each member, whatever is in it. So it first lets everything be read that is ready, and
//! when lines come so fast that more of them reach the same rooms in a moment, it lets that moment pass. Measured: a flusher
//! that runs at once costs eight times as much in small rooms, and one that never pauses up to one and a half times.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::live_room::LiveRoom;

/// How often the flusher gives way to connections that are still being read.
const YIELDS: usize = 8;

/// How long the flusher pauses when that pays. The system makes about twice as much of it.
const PAUSE: Duration = Duration::from_micros(60);

/// A pause that took longer than this did not pay, whatever came: this system, or this moment, cannot pause for less.
const LONGEST: Duration = Duration::from_micros(500);

/// How often in a row at most: nobody waits longer than about half a millisecond for what others say.
const PAUSES: usize = 4;

/// After how many flushes without a pause one is tried, to learn whether it pays by now.
const PROBE_EVERY: u32 = 64;

/// After how many offers, over several rooms, the flusher lets others run. One large room is shown in one go.
const OFFERS_IN_A_ROW: usize = 256;

/// The list of rooms that grew.
#[derive(Debug, Default)]
pub(super) struct Flusher {
    /// std: a push or a take, never across an await.
    dirty: Mutex<Vec<Arc<LiveRoom>>>,
    wake: Notify,
    /// Counts reads of all connections: when it stands still, everything ready was read.
    reads: AtomicU64,
    /// Counts how often a room grew that was to be shown anyhow: each time saves a write for every member.
    gathered: AtomicU64,
}

impl Flusher {
    /// A connection has read something.
    pub(super) fn note_read(&self) {
        self.reads.fetch_add(1, Ordering::Relaxed);
    }

    /// A room grew and is to be shown.
    pub(super) fn mark(&self, room: &Arc<LiveRoom>) {
        if room.dirty.swap(true, Ordering::AcqRel) {
            self.gathered.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let mut dirty = self.dirty.lock().unwrap_or_else(PoisonError::into_inner);
        dirty.push(room.clone());
        if dirty.len() == 1 {
            self.wake.notify_one();
        }
    }

    /// Shows what happened, for as long as the server runs.
    pub(super) async fn run(&self) {
        let mut rooms = Vec::new();
        let mut patience = Patience::default();
        loop {
            self.wake.notified().await;
            self.gather(&mut patience).await;
            std::mem::swap(&mut rooms, &mut *self.dirty.lock().unwrap_or_else(PoisonError::into_inner));
            let mut offered = 0;
            for room in rooms.drain(..) {
                offered += room.flush();
                if offered >= OFFERS_IN_A_ROW {
                    // Each offer may be a write: connections are read in between.
                    offered = 0;
                    tokio::task::yield_now().await;
                }
            }
            if rooms.capacity() > 1024 {
                rooms = Vec::new();
            }
        }
    }

    /// Lets lines come together that would each cost every member a write.
    async fn gather(&self, patience: &mut Patience) {
        for _ in 0..PAUSES {
            let before = self.gathered.load(Ordering::Relaxed);
            let pauses = patience.pauses();
            let began = Instant::now();
            if pauses {
                // Of the thread, which the runtime's timers are too coarse for: what comes meanwhile gathers in the sockets.
                std::thread::sleep(PAUSE);
            }
            let is_too_long = began.elapsed() > LONGEST;
            self.let_read().await;
            if !pauses {
                return;
            }
            let has_paid = !is_too_long && self.gathered.load(Ordering::Relaxed) != before;
            patience.learn(has_paid);
            if !has_paid {
                return;
            }
        }
    }

    /// Gives way until a whole turn has read nothing.
    async fn let_read(&self) {
        let mut reads = self.reads.load(Ordering::Relaxed);
        for _ in 0..YIELDS {
            tokio::task::yield_now().await;
            let now = self.reads.load(Ordering::Relaxed);
            if now == reads {
                return;
            }
            reads = now;
        }
    }
}

/// Whether pauses pay, as the last ones showed. On a quiet server, or where one speaks at a time, they do not.
#[derive(Debug, Default)]
struct Patience {
    /// How often they paid of late: 0 for never, [`Patience::ALWAYS`] for always.
    paid: u32,
    /// Flushes since the last pause.
    without: u32,
}

impl Patience {
    const ALWAYS: u32 = 1 << 10;

    /// Whether to pause now.
    fn pauses(&mut self) -> bool {
        if self.paid > Self::ALWAYS / 4 {
            return true;
        }
        self.without += 1;
        self.without >= PROBE_EVERY
    }

    /// Takes to heart whether a pause paid.
    fn learn(&mut self, has_paid: bool) {
        self.without = 0;
        let now = if has_paid { Self::ALWAYS } else { 0 };
        self.paid = (self.paid * 7 + now) / 8;
    }
}

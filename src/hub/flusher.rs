//! Shows what happened: takes the rooms that grew and offers each one's batch to its readers.
//!
//! It first lets everything be read that is ready, so that a burst becomes one write per member. Measured: a flusher that
//! runs at once costs eight times as much in small rooms.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use super::live_room::LiveRoom;

/// How often the flusher gives way to connections that are still being read.
const YIELDS: usize = 8;

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
}

impl Flusher {
    /// A connection has read something.
    pub(super) fn note_read(&self) {
        self.reads.fetch_add(1, Ordering::Relaxed);
    }

    /// A room grew and is to be shown.
    pub(super) fn mark(&self, room: &Arc<LiveRoom>) {
        if room.dirty.swap(true, Ordering::AcqRel) {
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
        loop {
            self.wake.notified().await;
            let mut reads = self.reads.load(Ordering::Relaxed);
            for _ in 0..YIELDS {
                tokio::task::yield_now().await;
                let now = self.reads.load(Ordering::Relaxed);
                if now == reads {
                    break;
                }
                reads = now;
            }
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
}

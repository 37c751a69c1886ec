//! The thread that keeps the write-ahead log short and the file's life fresh, so that the writer waits for neither.
//! Knows no room and no event.
//!
//! It sleeps for as long as nothing is written. About a second after something was, it moves the log into the file,
//! which disturbs nobody. For some things it needs the writer, between two groups: to empty the log where it grew large
//! or holds words that were wiped since, to take those out of [where rows lay](super::scrub), and to give the file its
//! next [life](super::life).

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::file::beside;
use super::life::{self, Life, SideFile};
use super::queue::{Queue, Work};
use super::scrub::RawPages;

/// How long what was written may lie in the log before it is moved into the file.
const ROUND: Duration = Duration::from_secs(1);

/// How long words that were wiped may lie in the log. With a round and some patience well below ten seconds.
const WIPED: Duration = Duration::from_secs(3);

/// Cleaning looks through the whole file. After each time it rests for so many times as long as it took.
const CLEANING_SHARE: u32 = 20;

/// How large the log may grow before the writer has to wait until it is emptied.
const LOG_BYTES: u64 = 64 * 1024 * 1024;

/// How old a life may become while something is written.
const LIFE: Duration = Duration::from_mins(1);

/// What the writer tells the keeper.
#[derive(Debug, Default)]
pub(super) struct Chores {
    /// Set without the lock, so that a busy writer does not take it for each group.
    written: AtomicBool,
    /// std: three flags, never across a write.
    due: Mutex<Due>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Due {
    /// Since when there may have been words in the log, or between rows, that are wiped from the rows.
    wiped: Option<Instant>,
    /// Counts what wiped them.
    wipes: u64,
    stopping: bool,
}

impl Chores {
    /// Something was committed.
    pub(super) fn note_written(&self, wipes: bool) {
        let was_written = self.written.swap(true, Ordering::AcqRel);
        if wipes {
            let mut due = self.due();
            due.wipes += 1;
            due.wiped.get_or_insert_with(Instant::now);
        }
        if !was_written {
            // Under the lock, or the keeper could look just before and sleep just after.
            let _due = self.due();
            self.changed.notify_all();
        }
    }

    /// Whether something was wiped and may be left elsewhere.
    pub(super) fn has_wiped(&self) -> bool {
        self.due().wiped.is_some()
    }

    /// Nothing is left of the first so many wipes. What came after them came since then.
    fn note_cleaned(&self, wipes: u64, since: Instant) {
        let mut due = self.due();
        due.wiped = (due.wipes > wipes).then_some(since);
    }

    /// The keeper is to end.
    pub(super) fn stop(&self) {
        self.due().stopping = true;
        self.changed.notify_all();
    }

    /// Waits until there is something to do, and a round longer.
    fn wait(&self) -> Round {
        let idle = |due: &mut Due| !due.stopping && due.wiped.is_none() && !self.written.load(Ordering::Acquire);
        let due = self.changed.wait_while(self.due(), idle).unwrap_or_else(PoisonError::into_inner);
        let (due, _) =
            self.changed.wait_timeout_while(due, ROUND, |due| !due.stopping).unwrap_or_else(PoisonError::into_inner);
        self.written.store(false, Ordering::Release);
        Round { is_last: due.stopping, wiped: due.wiped, wipes: due.wipes }
    }

    fn due(&self) -> MutexGuard<'_, Due> {
        self.due.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a round of the keeper is to see to.
struct Round {
    /// It is time to end.
    is_last: bool,
    /// See [`Due`].
    wiped: Option<Instant>,
    wipes: u64,
}

/// The keeper itself.
#[derive(Debug)]
pub(super) struct Keeper<R> {
    pub(super) db: Connection,
    pub(super) raw: Arc<RawPages>,
    pub(super) path: PathBuf,
    pub(super) life: Life,
    pub(super) chores: Arc<Chores>,
    pub(super) queue: Arc<Queue<R>>,
}

impl<R> Keeper<R> {
    /// Works until it is stopped. Returns the life that the file has then, as far as it knows.
    pub(super) fn run(mut self) -> Life {
        let log = beside(&self.path, "-wal");
        let mut renewed = Instant::now();
        let mut next_cleaning = Instant::now();
        let mut is_failing = false;
        loop {
            let Round { is_last, wiped, wipes } = self.chores.wait();
            if is_last {
                return self.life;
            }
            // Not RESTART or TRUNCATE: those keep the writer waiting for the disk.
            let moved = self.db.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
            if let Err(error) = &moved
                && !is_failing
            {
                tracing::error!(%error, "the store's write-ahead log cannot be moved into its file and will grow");
            }
            is_failing = moved.is_err();
            if wiped.is_some_and(|since| since.elapsed() >= WIPED) && Instant::now() >= next_cleaning {
                let begun = Instant::now();
                if self.clean() {
                    self.chores.note_cleaned(wipes, begun);
                }
                next_cleaning = Instant::now() + begun.elapsed() * CLEANING_SHARE;
            } else if fs::metadata(&log).is_ok_and(|log| log.len() > LOG_BYTES) {
                self.ask(|answer| Work::EmptyLog { answer });
            }
            if renewed.elapsed() >= LIFE {
                self.renew_life();
                renewed = Instant::now();
            }
        }
    }

    /// Leaves nothing of what was wiped, neither in the log nor between rows. Returns whether that went.
    fn clean(&self) -> bool {
        if !self.ask(|answer| Work::EmptyLog { answer }) {
            return false;
        }
        match self.raw.find() {
            Ok(pages) if pages.is_empty() => true,
            Ok(pages) => self.ask(|answer| Work::Clean { pages, answer }),
            Err(error) => {
                tracing::warn!(%error, "the store's pages cannot be looked through for what was wiped");
                false
            }
        }
    }

    /// Asks the writer for something and waits for it.
    fn ask(&self, work: impl FnOnce(SyncSender<bool>) -> Work<R>) -> bool {
        let (answer, went) = sync_channel(1);
        self.queue.ask(work(answer));
        went.recv() == Ok(true)
    }

    fn renew_life(&mut self) {
        let side = SideFile::of(&self.path);
        let life = life::random_life();
        let renewed = side.allow(&[self.life, life]).and_then(|()| {
            if self.ask(|answer| Work::RenewLife { life, answer }) {
                self.life = life;
                side.allow(&[life])
            } else {
                Ok(())
            }
        });
        if let Err(error) = renewed {
            tracing::warn!(%error, "the file beside the store that tells backups apart cannot be written");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::{Fsync, Options, Retention, file, open};

    #[test]
    fn a_life_is_renewed_in_the_file_and_beside_it() {
        let folder = std::env::temp_dir().join(format!("charsu-keeper-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let path = folder.join("charsu.db");
        let (retention, busy) = (Retention::default(), Duration::from_secs(1));
        let options = Options { path: path.clone(), fsync: Fsync::Normal, retention, queue_entries: 10, busy };
        let opened = open::<()>(options).expect("a store");
        let db = file::open(&path, busy).expect("a connection");
        let in_file = |db: &Connection| db.query_row("SELECT life FROM server", [], |row| row.get::<_, Life>(0));
        let life = in_file(&db).expect("a life");
        let mut keeper = Keeper {
            db,
            raw: Arc::new(RawPages::open(&path).expect("pages")),
            path: path.clone(),
            life,
            chores: Arc::default(),
            queue: opened.store.queue.clone(),
        };
        keeper.renew_life();
        assert_ne!(keeper.life, life);
        assert_eq!(in_file(&keeper.db), Ok(keeper.life));
        assert_eq!(SideFile::of(&path).allowed().expect("readable"), [keeper.life]);
        // Without a writer the file keeps its life, and both it and what was meant to come are allowed.
        opened.store.close();
        let before = in_file(&keeper.db).expect("a life");
        keeper.life = before;
        keeper.renew_life();
        assert_eq!((keeper.life, in_file(&keeper.db)), (before, Ok(before)));
        assert_eq!(SideFile::of(&path).allowed().expect("readable")[0], before);
        fs::remove_dir_all(&folder).expect("removed");
    }
}

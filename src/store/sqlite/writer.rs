//! The one thread that writes. It takes what is queued, writes it as one transaction, and then says what became of each
//! event, in the order of the queue. It waits for nothing else: while it commits, the next group gathers by itself.
//!
//! A group that fails leaves nothing behind, and each event of it hears why. The next one is tried like any other, so
//! that the store recovers by itself once the disk does. An event whose predecessor was not kept is refused, whatever
//! the reason was: numbers have no holes. While there is trouble the thread tries again on its own, so that those who
//! wait for the store to be well need not write something to find out.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::mpsc::UnboundedSender;

use super::failpoints::{self, Step};
use super::group::{Changes, Extents, Failure, Group};
use super::keeper::Chores;
use super::queue::{Queue, Taken, Work};
use super::retention::Sweep;
use super::scrub::{self, RawPages};
use super::statements as sql;
use super::{Outcome, Trouble};

/// How long after a failure the file is tried again, if nothing else is to be written.
const RETRY: Duration = Duration::from_secs(1);

/// How long the writer waits for readers when it empties the log. It is asked again if they take longer.
const READERS: Duration = Duration::from_millis(20);

/// The writer.
#[derive(Debug)]
pub(super) struct Writer<R> {
    pub(super) db: Connection,
    pub(super) raw: Arc<RawPages>,
    pub(super) rooms: Extents,
    pub(super) sweep: Sweep,
    pub(super) queue: Arc<Queue<R>>,
    pub(super) chores: Arc<Chores>,
    pub(super) outcomes: UnboundedSender<Vec<Outcome<R>>>,
    /// The last group was kept.
    pub(super) is_well: Arc<AtomicBool>,
    /// What to forget, from groups that failed: nobody asks for it again.
    pub(super) owed: Vec<Work<R>>,
    /// How long a foreign lock is waited for.
    pub(super) busy: Duration,
}

impl<R> Writer<R> {
    /// Writes until the queue is closed and empty. Gives the connection back.
    pub(super) fn run(mut self) -> Connection {
        let _closes = ClosesQueue(self.queue.clone(), self.is_well.clone());
        loop {
            match self.queue.take(self.patience()) {
                Taken::Group(works) => self.keep(works),
                Taken::Nothing if !self.is_well() => self.keep(Vec::new()),
                Taken::Nothing => {}
                Taken::Closed => break,
            }
            self.sweep();
        }
        if !self.owed.is_empty() {
            self.keep(Vec::new());
        }
        self.db
    }

    /// How long nothing has to be done unless something comes.
    fn patience(&self) -> Option<Duration> {
        if self.is_well() { self.sweep.rests() } else { Some(RETRY) }
    }

    /// Keeps a group, or tries whether that would be possible if it is empty, and tells those who wait.
    fn keep(&mut self, works: Vec<Work<R>>) {
        let mut group = std::mem::take(&mut self.owed);
        group.extend(works);
        let mut verdicts = vec![None; group.len()];
        let kept = self.write(&group, &mut verdicts);
        match kept {
            Ok(changes) => {
                failpoints::pass(Step::AfterCommit);
                for (room, extent) in changes.rooms {
                    match extent {
                        Some(extent) => self.rooms.insert(room, extent),
                        None => self.rooms.remove(&room),
                    };
                }
                self.sweep.add_ended(changes.unwiped);
                self.chores.note_written(changes.wipes);
                self.note_well();
            }
            Err(trouble) => {
                self.note_trouble(&trouble);
                verdicts.fill(Some(trouble));
            }
        }
        self.tell(group, verdicts);
    }

    /// Writes a group as one transaction, without those that cannot be written whatever happens to the others.
    fn write(&self, group: &[Work<R>], verdicts: &mut [Option<Trouble>]) -> Result<Changes, Trouble> {
        loop {
            match self.attempt(group, verdicts) {
                Ok(changes) => return Ok(changes),
                Err(failure) => {
                    // After some errors SQLite has rolled back by itself.
                    if !self.db.is_autocommit() {
                        self.run_statement(sql::ROLLBACK)?;
                    }
                    match failure {
                        Failure::One(index, trouble) => {
                            tracing::error!(%trouble, "an event cannot be kept; the others are");
                            verdicts[index] = Some(trouble);
                        }
                        Failure::All(trouble) => return Err(trouble),
                    }
                }
            }
        }
    }

    fn attempt(&self, works: &[Work<R>], verdicts: &mut [Option<Trouble>]) -> Result<Changes, Failure> {
        let all = |error: rusqlite::Error| Failure::All(error.into());
        self.run_statement(sql::BEGIN).map_err(all)?;
        if !self.is_well() {
            self.run_statement(sql::PROBE).map_err(all)?;
        }
        let mut group = Group::new(&self.db, &self.rooms);
        group.write(works, verdicts)?;
        failpoints::pass(Step::BeforeCommit);
        self.run_statement(sql::COMMIT).map_err(all)?;
        Ok(group.changes())
    }

    /// Hands the outcomes over and answers, in order. What is only to be forgotten is tried again if it failed. What
    /// has to be done between two groups comes last.
    fn tell(&mut self, group: Vec<Work<R>>, verdicts: Vec<Option<Trouble>>) {
        let mut outcomes = Vec::with_capacity(group.len());
        let mut between = Vec::new();
        for (work, verdict) in group.into_iter().zip(verdicts) {
            let result = verdict.map_or(Ok(()), Err);
            match work {
                Work::Append(entry) => outcomes.push(Outcome { event: entry.event, receipt: entry.receipt, result }),
                // Whoever asked may have given up waiting.
                Work::KeepCode { answer, .. } | Work::EndRoom { answer, .. } => drop(answer.send(result)),
                Work::RenewLife { answer, .. } => drop(answer.send(result.is_ok())),
                Work::ForgetCode(_) | Work::ForgetSession(_) | Work::ForgetResting(_) if result.is_err() => {
                    self.owed.push(work);
                }
                Work::ForgetCode(_) | Work::ForgetSession(_) | Work::ForgetResting(_) => {}
                Work::EmptyLog { .. } | Work::Clean { .. } => between.push(work),
            }
        }
        if !outcomes.is_empty() {
            // Nobody listens while the server ends: then nobody is told, which is always allowed.
            drop(self.outcomes.send(outcomes));
        }
        for work in between {
            match work {
                Work::EmptyLog { answer } => drop(answer.send(self.empty_log())),
                Work::Clean { pages, answer } => drop(answer.send(self.empty_log() && self.clean(&pages))),
                _ => {}
            }
        }
    }

    /// One slice of what is to be wiped, if any is due.
    fn sweep(&mut self) {
        if !self.is_well() || self.sweep.rests() != Some(Duration::ZERO) {
            return;
        }
        match self.sweep.step(&mut self.db, &mut self.rooms) {
            Ok(wipes) => {
                if wipes {
                    self.chores.note_written(true);
                }
            }
            Err(error) => {
                self.sweep.pause();
                self.note_trouble(&error.into());
            }
        }
    }

    /// Moves the rest of the log into the file and leaves nothing in it, unless somebody is still reading there.
    fn empty_log(&self) -> bool {
        let emptied = self.db.busy_timeout(READERS).and_then(|()| scrub::empty_log(&self.db));
        if let Err(error) = self.db.busy_timeout(self.busy) {
            tracing::error!(%error, "the store's patience with foreign locks could not be set back");
        }
        emptied.is_ok_and(|emptied| emptied)
    }

    fn clean(&self, pages: &[u64]) -> bool {
        self.raw.clean_beside(&self.db, pages).is_ok_and(|cleaned| cleaned)
    }

    fn run_statement(&self, statement: &str) -> rusqlite::Result<usize> {
        self.db.prepare_cached(statement)?.execute([])
    }

    fn is_well(&self) -> bool {
        self.is_well.load(Ordering::Acquire)
    }

    fn note_well(&self) {
        if !self.is_well.swap(true, Ordering::AcqRel) {
            tracing::info!("the store keeps events again");
        }
    }

    fn note_trouble(&self, trouble: &Trouble) {
        if self.is_well.swap(false, Ordering::AcqRel) {
            tracing::error!(%trouble, "the store keeps nothing, and tries again");
        }
    }
}

/// However the writer ends, nobody waits for it after that, and nobody takes the store for well.
struct ClosesQueue<R>(Arc<Queue<R>>, Arc<AtomicBool>);

impl<R> Drop for ClosesQueue<R> {
    fn drop(&mut self) {
        self.1.store(false, Ordering::Release);
        self.0.close();
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

    use super::*;
    use crate::protocol::{Event, Kind, Marks, MemberId};
    use crate::room::Epoch;
    use crate::store::sqlite::{Entry, Opening, Retention, file};

    /// A writer without a thread, on a file that goes with it.
    struct Alone {
        writer: Writer<u64>,
        outcomes: UnboundedReceiver<Vec<Outcome<u64>>>,
        folder: PathBuf,
    }

    impl Alone {
        fn new(name: &str) -> Self {
            let folder = std::env::temp_dir().join(format!("charsu-writer-{name}-{}", std::process::id()));
            std::fs::create_dir_all(&folder).expect("a folder");
            let path = folder.join("charsu.db");
            let db = file::open(&path, Duration::ZERO).expect("a store");
            scrub::empty_log(&db).expect("all in the file");
            let (outcomes_in, outcomes) = unbounded_channel();
            let writer = Writer {
                sweep: Sweep::new(&db, Retention::default()).expect("a sweep"),
                db,
                raw: Arc::new(RawPages::open(&path).expect("pages")),
                rooms: Extents::new(),
                queue: Arc::new(Queue::new(10)),
                chores: Arc::default(),
                outcomes: outcomes_in,
                is_well: Arc::new(AtomicBool::new(true)),
                owed: Vec::new(),
                busy: Duration::ZERO,
            };
            Self { writer, outcomes, folder }
        }

        fn keep(&mut self, seqs: std::ops::Range<u64>, length: usize) -> Vec<Result<(), Trouble>> {
            let entry = |seq| {
                let text = "x".repeat(length).into();
                let (from, name, guest, marks) = (MemberId(1), "Ali".into(), false, Marks::default());
                let event = Event { seq, at: seq, kind: Kind::Message { from, name, guest, text, marks, form: None } };
                let opens = (seq == 1).then(|| Opening { name: "general".to_owned(), epoch: Epoch(1), code: None });
                Entry { room: 1, opens, event: Arc::new(event), session: None, command: None, receipt: seq }
            };
            self.writer.keep(seqs.map(|seq| Work::Append(entry(seq))).collect());
            let outcomes = self.outcomes.try_recv().expect("outcomes");
            outcomes.into_iter().map(|outcome| outcome.result).collect()
        }

        fn events(&self) -> u64 {
            let count = self.writer.db.query_row("SELECT count(*) FROM events", [], |row| row.get::<_, i64>(0));
            count.expect("readable").cast_unsigned()
        }
    }

    impl Drop for Alone {
        fn drop(&mut self) {
            drop(std::fs::remove_dir_all(&self.folder));
        }
    }

    #[test]
    fn a_full_disk_fails_the_group_and_the_store_recovers_once_there_is_room() {
        let mut alone = Alone::new("full");
        assert_eq!(alone.keep(1..3, 10), [Ok(()), Ok(())]);
        let most = |alone: &Alone, pages: u32| {
            alone.writer.db.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(())).expect("a bound");
        };
        most(&alone, 1);
        let failed = alone.keep(3..10, 4000);
        assert!(failed.len() == 7 && failed.iter().all(|result| *result == Err(Trouble::DiskFull)), "{failed:?}");
        assert_eq!(alone.events(), 2, "nothing of it is in the file");
        assert!(!alone.writer.is_well());
        assert_eq!(alone.keep(10..11, 10), [Err(Trouble::OutOfOrder)], "nothing follows what was not kept");
        most(&alone, 1000);
        assert!(alone.keep(3..10, 4000).iter().all(Result::is_ok));
        assert_eq!(alone.events(), 9);
        assert!(alone.writer.is_well());
    }

    #[test]
    fn a_file_that_cannot_be_written_is_told_as_such() {
        let mut alone = Alone::new("read-only");
        assert_eq!(alone.keep(1..2, 10), [Ok(())]);
        alone.writer.db.pragma_update(None, "query_only", true).expect("read-only");
        assert_eq!(alone.keep(2..3, 10), [Err(Trouble::ReadOnly)]);
        alone.writer.keep(Vec::new());
        assert!(!alone.writer.is_well(), "trying does not help while it lasts");
        alone.writer.db.pragma_update(None, "query_only", false).expect("writable");
        alone.writer.keep(Vec::new());
        assert!(alone.writer.is_well(), "trying finds out that it is over");
        assert_eq!(alone.keep(2..3, 10), [Ok(())]);
    }

    #[test]
    fn a_file_whose_commits_fail_keeps_nothing_of_them() {
        let mut alone = Alone::new("commit");
        assert_eq!(alone.keep(1..2, 10), [Ok(())]);
        // A constraint that is looked at when the group is committed.
        alone
            .writer
            .db
            .execute_batch(
                "CREATE TABLE parent (x INTEGER PRIMARY KEY);
                 CREATE TABLE child (x REFERENCES parent DEFERRABLE INITIALLY DEFERRED);
                 CREATE TRIGGER fail AFTER INSERT ON events BEGIN INSERT INTO child VALUES (99); END;",
            )
            .expect("a trap");
        assert!(matches!(&alone.keep(2..4, 10)[..], [Err(Trouble::Failed(_)), Err(Trouble::Failed(_))]));
        assert_eq!(alone.events(), 1);
        alone.writer.db.execute_batch("DROP TRIGGER fail").expect("no trap");
        assert_eq!(alone.keep(2..4, 10), [Ok(()), Ok(())]);
        assert_eq!(alone.events(), 3);
    }
}

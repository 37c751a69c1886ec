//! The store of one machine: an `SQLite` file. An event is kept once the group that it came in is committed; that
//! outlives a killed process, and with [`Fsync::Full`] a power cut.
//!
//! Rooms number events; this keeps them, in the order in which they are handed over, and says so or says why not. Knows
//! no connection, no session beyond its hash, and no clock but for retention. Reading order: [`schema`](self::schema),
//! `statements`, `group` (what one event writes), `writer` (groups), `queue`, `reading`, `keeper` and `life`,
//! `retention`.

mod export;
pub mod failpoints;
mod file;
mod group;
mod keeper;
mod life;
mod queue;
mod reading;
mod retention;
mod rows;
mod schema;
mod scrub;
mod start;
mod statements;
mod trouble;
mod wipe;
mod writer;

use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use crate::protocol::{Edge, Event, MemberId, Seq};
use crate::room::{Epoch, Kept, Line};
use queue::{Queue, Work};
use reading::Readers;

pub use export::{ExportError, Form, export};
pub use start::open;
pub use trouble::{OpenError, Trouble};
pub use wipe::wipe;

/// A room's row. Given by the store, and not given again while anything of the room is left.
pub type RoomKey = i64;

/// The hash of a session's secret.
pub type SessionHash = [u8; 16];

/// How much has to have reached the disk when an event counts as kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fsync {
    /// The system has it: outlives the process, however that ends.
    Normal,
    /// The disk has it: outlives a power cut.
    Full,
}

/// How a store is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// The file. Others of its name with an ending lie beside it.
    pub path: PathBuf,
    /// When an event counts as kept.
    pub fsync: Fsync,
    /// How much of the past is kept.
    pub retention: Retention,
    /// How many events may wait for the writer.
    pub queue_entries: usize,
    /// How long a lock of another program is waited for.
    pub busy: Duration,
}

/// How much of the past is kept. What is over goes about once a minute.
#[derive(Clone, Copy, Debug, Default)]
pub struct Retention {
    /// No event older than this.
    pub age: Option<Duration>,
    /// No more lines in a room.
    pub lines_per_room: Option<u64>,
    /// No larger file, but for what comes in meanwhile.
    pub bytes: Option<u64>,
}

/// A store that was opened.
#[derive(Debug)]
pub struct Opened<R> {
    /// Where to write and read.
    pub store: Sqlite<R>,
    /// What became of events, in the order in which they were handed over. Ends when the writer does.
    pub outcomes: mpsc::UnboundedReceiver<Vec<Outcome<R>>>,
    /// What was in it.
    pub kept: KeptServer,
}

/// What a server finds when it starts.
#[derive(Clone, Debug, Default)]
pub struct KeptServer {
    /// Every room that has not ended.
    pub rooms: Vec<KeptRoom>,
    /// Every session that is in a room or whose commands are remembered.
    pub sessions: Vec<KeptSession>,
    /// Codes that wait for their first member, and until when, in Unix milliseconds.
    pub codes: Vec<(u32, u64)>,
    /// Codes that rest, and since when, in Unix milliseconds.
    pub resting: Vec<(u32, u64)>,
    /// Keys the hashes of what commands ask. Made once for each file.
    pub hash_key: [u8; 16],
}

/// A room that can be [loaded](Sqlite::load).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptRoom {
    /// Its row.
    pub key: RoomKey,
    /// Its name.
    pub name: String,
    /// How many are in it.
    pub members: u32,
    /// When its last event was, in Unix milliseconds.
    pub touched_at: u64,
}

/// A session that may come back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptSession {
    /// Of its secret.
    pub hash: SessionHash,
    /// What it asked, with rising numbers.
    pub commands: Vec<KeptCommand>,
}

/// A command that changed a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptCommand {
    /// Its number.
    pub n: u64,
    /// The hash of what it asked.
    pub content: u64,
    /// With `seq`: which event it became, as it was acknowledged.
    pub epoch: Epoch,
    /// See `epoch`.
    pub seq: Seq,
}

/// An event to keep.
#[derive(Debug)]
pub struct Entry<R> {
    /// Where.
    pub room: RoomKey,
    /// It is the first of its room, which begins with it.
    pub opens: Option<Opening>,
    /// What, numbered by the room.
    pub event: Arc<Event>,
    /// For a join: whose membership it is; `None` for one that does not outlive the process.
    pub session: Option<SessionHash>,
    /// The command that asked for it.
    pub command: Option<Command>,
    /// Comes back with the outcome.
    pub receipt: R,
}

/// A room that begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// Its name.
    pub name: String,
    /// The life of its log.
    pub epoch: Epoch,
    /// A code that waited for its first member, and waits no longer.
    pub code: Option<u32>,
}

/// A command, to recognise it if it comes again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Command {
    /// Whose.
    pub session: SessionHash,
    /// Its number.
    pub n: u64,
    /// The hash of what it asks.
    pub content: u64,
    /// Commands of this session with lower numbers may be forgotten.
    pub forget_below: Option<u64>,
}

/// What became of an event.
#[derive(Debug)]
pub struct Outcome<R> {
    /// Which.
    pub event: Arc<Event>,
    /// As it was handed over.
    pub receipt: R,
    /// Kept, or not at all.
    pub result: Result<(), Trouble>,
}

/// How much of a room is loaded.
#[derive(Clone, Copy, Debug)]
pub struct TailWanted {
    /// The most that the tail weighs, by [`Kind::weight`](crate::protocol::Kind::weight).
    pub bytes: usize,
    /// The tail has no event that is older than this before the room's last one.
    pub age_ms: u64,
    /// The most lines, whatever their age.
    pub recent_lines: usize,
    /// The most that these lines weigh. One is loaded in any case.
    pub recent_bytes: usize,
}

/// Which page of a room's past is read.
#[derive(Clone, Copy, Debug)]
pub struct PageWanted {
    /// Whose private lines are in it.
    pub viewer: Option<MemberId>,
    /// Nothing before it.
    pub first: Seq,
    /// Nothing after it.
    pub last: Seq,
    /// Where it begins.
    pub from: Edge,
    /// The most lines.
    pub limit: usize,
}

/// A room as it was kept.
#[derive(Debug)]
pub struct Loaded {
    /// The room.
    pub kept: Kept,
    /// Whose memberships these are.
    pub sessions: Vec<(MemberId, Option<SessionHash>)>,
}

/// The store. Closed when it is dropped, if not before.
pub struct Sqlite<R> {
    queue: Arc<Queue<R>>,
    readers: Readers,
    next_room: AtomicI64,
    is_well: Arc<AtomicBool>,
    /// What ends with it. std: taken once.
    running: Mutex<Option<start::Running>>,
}

impl<R> Sqlite<R> {
    /// A key for a room that is about to begin.
    pub fn new_room_key(&self) -> RoomKey {
        self.next_room.fetch_add(1, Ordering::Relaxed)
    }

    /// Queues an event. Never blocks.
    ///
    /// # Errors
    /// Gives it back when the queue is full, or closed.
    pub fn append(&self, entry: Entry<R>) -> Result<(), Entry<R>> {
        self.queue.append(entry)
    }

    /// Keeps a code that waits for its first member until then, in Unix milliseconds.
    pub fn keep_code(&self, code: u32, until: u64) -> oneshot::Receiver<Result<(), Trouble>> {
        let (answer, kept) = oneshot::channel();
        self.queue.ask(Work::KeepCode { code, until, answer });
        kept
    }

    /// Forgets a code that waited.
    pub fn forget_code(&self, code: u32) {
        self.queue.ask(Work::ForgetCode(code));
    }

    /// Forgets a session with its commands. Its memberships, if there are any, are nobody's from now on.
    pub fn forget_session(&self, session: SessionHash) {
        self.queue.ask(Work::ForgetSession(session));
    }

    /// Ends a room: its row, its people and its whole past go, and its name is free. Its code rests since then, in Unix
    /// milliseconds. A long past is wiped some seconds later.
    pub fn end_room(&self, room: RoomKey, rest: Option<(u32, u64)>) -> oneshot::Receiver<Result<(), Trouble>> {
        let (answer, ended) = oneshot::channel();
        self.queue.ask(Work::EndRoom { room, rest, answer });
        ended
    }

    /// Forgets codes that have rested since before then, in Unix milliseconds.
    pub fn forget_resting(&self, before: u64) {
        self.queue.ask(Work::ForgetResting(before));
    }

    /// Whether the last group was kept.
    pub fn is_well(&self) -> bool {
        self.is_well.load(Ordering::Acquire)
    }

    /// A room as it was kept, if it is. Blocks.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn load(&self, room: RoomKey, tail: TailWanted) -> Result<Option<Loaded>, Trouble> {
        self.readers.read(|db| reading::load(db, room, &tail))
    }

    /// Lines as they stand now, oldest first, and whether there are more in the same direction. Blocks.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn page(&self, room: RoomKey, wanted: PageWanted) -> Result<(Vec<Arc<Event>>, bool), Trouble> {
        self.readers.read(|db| reading::page(db, room, &wanted))
    }

    /// A line that stands, as far as a change of it has to know. Blocks.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn line(&self, room: RoomKey, seq: Seq) -> Result<Option<Line>, Trouble> {
        self.readers.read(|db| reading::line(db, room, seq))
    }

    /// Writes what is queued, empties the log, notes that this was a clean stop, and waits until all that is done.
    pub fn close(&self) {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(running) = running {
            self.queue.close();
            running.end(&self.readers);
        }
    }
}

impl<R> Drop for Sqlite<R> {
    fn drop(&mut self) {
        self.close();
    }
}

impl<R> fmt::Debug for Sqlite<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sqlite").field("is_well", &self.is_well()).finish_non_exhaustive()
    }
}

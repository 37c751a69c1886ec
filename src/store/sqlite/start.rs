//! Starting and ending a store: the lock, the run's beginning, what was kept, the two threads; and the same backwards.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use rusqlite::{Connection, params};
use tokio::sync::mpsc;

use super::file::{self, Lock};
use super::group::{Extent, Extents};
use super::keeper::{Chores, Keeper};
use super::life::{self, Life, SideFile};
use super::queue::Queue;
use super::reading::Readers;
use super::retention::Sweep;
use super::scrub::{self, RawPages};
use super::statements as sql;
use super::writer::Writer;
use super::{KeptCommand, KeptRoom, KeptServer, KeptSession, OpenError, Opened, Options, RoomKey, Sqlite};
use crate::room::Epoch;

/// What runs, and what ends it.
#[derive(Debug)]
pub(super) struct Running {
    path: PathBuf,
    chores: Arc<Chores>,
    writer: JoinHandle<Connection>,
    keeper: JoinHandle<Life>,
    /// Closed after all connections.
    raw: Arc<RawPages>,
    /// Let go last.
    _lock: Lock,
}

/// Opens a store, and makes it if there is none.
///
/// # Errors
/// [`OpenError`] says what to do. The file is left as it was.
pub fn open<R: Send + 'static>(options: Options) -> Result<Opened<R>, OpenError> {
    let Options { path, fsync, retention, queue_entries, busy } = options;
    let wrong = |error| OpenError::of(&path, error);
    let lock = Lock::take(&path)?;
    let mut db = file::open(&path, busy)?;
    let life = life::begin(&mut db, &path, fsync)?;
    scrub::empty_log(&db).map_err(wrong)?;
    let raw = Arc::new(RawPages::open(&path).map_err(|error| OpenError::folder(&path, error))?);
    file::sync(&db, fsync).map_err(wrong)?;
    let kept = kept(&db).map_err(wrong)?;
    let last_key: RoomKey = db.query_row(sql::LAST_ROOM_KEY, [], |row| row.get(0)).map_err(wrong)?;
    let rooms = extents(&db).map_err(wrong)?;
    let sweep = Sweep::new(&db, retention).map_err(wrong)?;
    let keeper_db = file::open(&path, busy)?;

    let queue = Arc::new(Queue::new(queue_entries));
    let chores = Arc::new(Chores::default());
    let is_well = Arc::new(AtomicBool::new(true));
    let (outcomes_in, outcomes) = mpsc::unbounded_channel();
    // The run before may have ended between wiping and cleaning.
    chores.note_written(true);
    let writer = Writer {
        db,
        raw: raw.clone(),
        rooms,
        sweep,
        queue: queue.clone(),
        chores: chores.clone(),
        outcomes: outcomes_in,
        is_well: is_well.clone(),
        owed: Vec::new(),
        busy,
    };
    let keeper = Keeper {
        db: keeper_db,
        raw: raw.clone(),
        path: path.clone(),
        life,
        chores: chores.clone(),
        queue: queue.clone(),
    };
    let no_thread = |error| OpenError::folder(&path, error);
    let writer = thread::Builder::new().name("store-writer".to_owned()).spawn(|| writer.run()).map_err(no_thread)?;
    let keeper = thread::Builder::new().name("store-keeper".to_owned()).spawn(|| keeper.run()).map_err(no_thread)?;
    let readers = Readers::new(path.clone(), busy);
    let running = Running { path, chores, writer, keeper, raw, _lock: lock };
    let store =
        Sqlite { queue, readers, next_room: AtomicI64::new(last_key + 1), is_well, running: Mutex::new(Some(running)) };
    Ok(Opened { store, outcomes, kept })
}

impl Running {
    /// Waits for what is still to be written, then marks the stop as clean. The queue is closed by now.
    pub(super) fn end(self, readers: &Readers) {
        let written = self.writer.join();
        self.chores.stop();
        let life = self.keeper.join();
        readers.close();
        let (Ok(db), Ok(life)) = (written, life) else {
            tracing::error!("a thread of the store broke off: the next start takes this for an unclean stop");
            return;
        };
        if self.chores.has_wiped() && !clean(&db, &self.raw) {
            tracing::warn!("somebody reads the store's file: what was wiped last is overwritten by the next run");
        }
        if let Err(error) = end_run(db, &self.path, life) {
            tracing::error!(%error, "the store could not be closed: the next start takes this for an unclean stop");
        }
    }
}

/// Leaves nothing of what was wiped. Returns whether that went.
pub(super) fn clean(db: &Connection, raw: &RawPages) -> bool {
    let cleaned = || -> rusqlite::Result<bool> {
        let found = scrub::empty_log(db)?.then(|| raw.find().ok()).flatten();
        found.map_or(Ok(false), |pages| raw.clean_beside(db, &pages))
    };
    cleaned().is_ok_and(|cleaned| cleaned)
}

/// Marks a clean stop, with a new life, and leaves nothing in the log.
fn end_run(db: Connection, path: &Path, life: Life) -> Result<(), OpenError> {
    let wrong = |error| OpenError::of(path, error);
    let refused = |error| OpenError::folder(path, error);
    let side = SideFile::of(path);
    let last = life::random_life();
    side.allow(&[life, last]).map_err(refused)?;
    file::sync(&db, super::Fsync::Full).map_err(wrong)?;
    db.execute(sql::END_RUN, params![last]).map_err(wrong)?;
    scrub::empty_log(&db).map_err(wrong)?;
    drop(db);
    side.allow(&[last]).map_err(refused)
}

/// What the writer has to know of the rooms.
fn extents(db: &Connection) -> rusqlite::Result<Extents> {
    let mut statement = db.prepare(sql::ALL_EXTENTS)?;
    let number = |row: &rusqlite::Row<'_>, column| row.get::<_, i64>(column).map(i64::cast_unsigned);
    let rows = statement.query_map([], |row| {
        let extent = Extent {
            epoch: Epoch(number(row, 1)?),
            first: number(row, 2)?,
            head: number(row, 3)?,
            last_member: row.get(4)?,
            lines: number(row, 5)?,
            touched_at: number(row, 6)?,
        };
        Ok((row.get(0)?, extent))
    })?;
    rows.collect()
}

/// What the server has to know, with one question for each kind of thing.
fn kept(db: &Connection) -> rusqlite::Result<KeptServer> {
    let number = |row: &rusqlite::Row<'_>, column| row.get::<_, i64>(column).map(i64::cast_unsigned);
    let mut rooms = db.prepare(sql::ALL_ROOMS)?;
    let rooms = rooms.query_map([], |row| {
        Ok(KeptRoom { key: row.get(0)?, name: row.get(1)?, touched_at: number(row, 2)?, members: row.get(3)? })
    })?;
    let dated = |statement| {
        let mut codes = db.prepare(statement)?;
        let codes = codes.query_map([], |row| Ok((row.get(0)?, number(row, 1)?)))?;
        codes.collect::<rusqlite::Result<Vec<_>>>()
    };
    Ok(KeptServer {
        rooms: rooms.collect::<rusqlite::Result<_>>()?,
        sessions: sessions(db)?,
        codes: dated(sql::ALL_CODES)?,
        resting: dated(sql::ALL_RESTING)?,
        hash_key: db.query_row(sql::HASH_KEY, [], |row| row.get(0))?,
    })
}

fn sessions(db: &Connection) -> rusqlite::Result<Vec<KeptSession>> {
    let number = |row: &rusqlite::Row<'_>, column| row.get::<_, i64>(column).map(i64::cast_unsigned);
    let mut sessions: Vec<KeptSession> = Vec::new();
    let mut commands = db.prepare(sql::ALL_COMMANDS)?;
    let mut rows = commands.query([])?;
    while let Some(row) = rows.next()? {
        let hash = row.get(0)?;
        let command = KeptCommand {
            n: number(row, 1)?,
            content: number(row, 2)?,
            epoch: Epoch(number(row, 3)?),
            seq: number(row, 4)?,
        };
        match sessions.last_mut().filter(|session| session.hash == hash) {
            Some(session) => session.commands.push(command),
            None => sessions.push(KeptSession { hash, commands: vec![command] }),
        }
    }
    let mut silent = db.prepare(sql::SILENT_SESSIONS)?;
    let silent = silent.query_map([], |row| Ok(KeptSession { hash: row.get(0)?, commands: Vec::new() }))?;
    for session in silent {
        sessions.push(session?);
    }
    Ok(sessions)
}

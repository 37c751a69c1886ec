//! Opening the file: whose it is, who has it, and how connections to it are set up. Knows no table.
//!
//! Nothing is written to a file before it is known to be ours. One Charsu at a time has it: a lock of the system on a
//! file beside it, which goes with the process, however that ends. Other programs may read it at any time.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::schema::{self, Found, MIGRATIONS};
use super::{Fsync, OpenError};

/// What a connection that writes may keep in memory, in KiB: the inner pages of a large file.
const WRITER_CACHE_KIB: i32 = 8 * 1024;

/// What a connection that reads may keep in memory, in KiB.
const READER_CACHE_KIB: i32 = 512;

/// Statements that a connection keeps ready; there are about fifty.
const STATEMENTS: usize = 64;

/// The files beside the store's own: `charsu.db-lock`, `charsu.db-life`.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Who holds it is the only Charsu that may write.
#[derive(Debug)]
pub(super) struct Lock {
    /// Closing it lets go.
    _file: File,
}

impl Lock {
    pub(super) fn take(path: &Path) -> Result<Self, OpenError> {
        let beside = beside(path, "-lock");
        let file = private().truncate(false).open(&beside).map_err(|error| OpenError::folder(path, error))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(OpenError::InUse(path.to_owned())),
            Err(TryLockError::Error(error)) => Err(OpenError::folder(&beside, error)),
        }
    }
}

/// Opens the file to write, makes it if there is none, and brings it up to this program's format.
pub(super) fn open(path: &Path, busy: Duration) -> Result<Connection, OpenError> {
    if !path.exists() {
        private().create_new(true).open(path).map_err(|error| OpenError::folder(path, error))?;
    }
    let wrong = |error| OpenError::of(path, error);
    let mut db = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE, busy).map_err(wrong)?;
    let found = schema::look(&db).map_err(wrong)?;
    // SQLite falls back to reading by itself.
    if db.is_readonly(rusqlite::MAIN_DB).map_err(wrong)? {
        return Err(OpenError::folder(path, io::ErrorKind::PermissionDenied.into()));
    }
    let done = match found {
        Found::Empty => 0,
        Found::Store(version) => supported(path, version)?,
        Found::Foreign => return Err(OpenError::Foreign(path.to_owned())),
    };
    set_up(&db, found).map_err(wrong)?;
    schema::migrate(&mut db, MIGRATIONS, done).map_err(wrong)?;
    Ok(db)
}

/// Opens the file of a store that is there, only to read. Works beside a server, and without one.
pub(super) fn open_to_read(path: &Path, busy: Duration) -> Result<Connection, OpenError> {
    if !path.exists() {
        return Err(OpenError::Missing(path.to_owned()));
    }
    let wrong = |error| OpenError::of(path, error);
    let db = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY, busy).map_err(wrong)?;
    match schema::look(&db).map_err(wrong)? {
        Found::Store(version) if supported(path, version)? as usize == MIGRATIONS.len() => {}
        Found::Store(_) | Found::Empty | Found::Foreign => return Err(OpenError::Foreign(path.to_owned())),
    }
    db.pragma_update(None, "cache_size", -READER_CACHE_KIB).map_err(wrong)?;
    Ok(db)
}

/// How much has to reach the disk before a commit is done.
pub(super) fn sync(db: &Connection, fsync: Fsync) -> rusqlite::Result<()> {
    let level = match fsync {
        Fsync::Normal => "NORMAL",
        Fsync::Full => "FULL",
    };
    db.pragma_update(None, "synchronous", level)
}

fn connect(path: &Path, flags: OpenFlags, busy: Duration) -> rusqlite::Result<Connection> {
    let db = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    db.busy_timeout(busy)?;
    db.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(db)
}

fn set_up(db: &Connection, found: Found) -> rusqlite::Result<()> {
    if found == Found::Empty {
        // Only before the first table.
        db.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    }
    db.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    // What was wiped is overwritten, in the file as in the write-ahead log.
    db.pragma_update_and_check(None, "secure_delete", "ON", |_| Ok(()))?;
    // The keeper moves the write-ahead log into the file, so that the writer never waits for it.
    db.pragma_update_and_check(None, "wal_autocheckpoint", 0, |_| Ok(()))?;
    db.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
    db.pragma_update(None, "temp_store", "MEMORY")?;
    // Until the run has begun, whatever is chosen for it.
    sync(db, Fsync::Full)
}

fn supported(path: &Path, version: u32) -> Result<u32, OpenError> {
    let known = MIGRATIONS.len() as u32;
    if version > known {
        return Err(OpenError::Newer { path: path.to_owned(), found: version, known });
    }
    Ok(version)
}

/// What people said is nobody else's business on this machine.
pub(super) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

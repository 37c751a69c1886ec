//! Whether the numbers in the file may go on, or every room needs a new epoch. Knows no room beyond that.
//!
//! A position `(epoch, seq)` must mean one event for ever. Two things would break that, if the same epochs went on:
//!
//! - **A backup was put in place.** It ends at 100; before that, 101 to 150 were acknowledged, and clients stand at
//!   150. New events would take those numbers. So the file has a *life*, a random number that changes at each start, at
//!   each clean stop, and about once a minute while something is written. The lives that the file may have stand in a
//!   side file, `charsu.db-life`, too; a backup of the file has one that is not among them. The side file says when it
//!   was made itself, by the file system's clock, so that one which was copied along with the file does not count. What
//!   stays unseen: a backup that is at most a minute old, put in place after the process was killed (a stop would have
//!   changed the life); and a snapshot of the whole disk that was taken after a clean stop. Deleting the side file
//!   gives new epochs, always. Who puts a backup in place has to remove `charsu.db-wal` and `charsu.db-shm`, which
//!   belong to the file that was there before.
//! - **The machine stopped, and the last commits had not reached its disk.** With [`Fsync::Normal`] a commit is in the
//!   hands of the system, which is enough when only the process ends, however it ends. So an unclean stop counts when
//!   the machine has started anew since (another boot id; where there is none, each unclean stop counts), unless that
//!   run had [`Fsync::Full`].
//!
//! **Changing the life** takes three steps, so that no end in between is mistaken for a backup, nor a backup for such
//! an end: the side file allows the old and the new one; the file gets the new one; the side file allows the new one
//! only.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use rusqlite::{Connection, params};

use super::file::{beside, private};
use super::statements as sql;
use super::{Fsync, OpenError};

/// The random number that names a stretch of the file's life.
pub(super) type Life = i64;

/// The lives that the file may have.
#[derive(Debug)]
pub(super) struct SideFile {
    path: PathBuf,
}

impl SideFile {
    /// Of the store at this path.
    pub(super) fn of(path: &Path) -> Self {
        Self { path: beside(path, "-life") }
    }

    /// Allows these and no others. Durable when it returns.
    pub(super) fn allow(&self, lives: &[Life]) -> io::Result<()> {
        let made = beside(&self.path, ".new");
        match fs::remove_file(&made) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = private().create_new(true).open(&made)?;
        let made_at = birth(&file.metadata()?);
        writeln!(file, "{made_at}")?;
        for life in lives {
            writeln!(file, "{life}")?;
        }
        file.sync_all()?;
        drop(file);
        fs::rename(&made, &self.path)?;
        #[cfg(unix)]
        fs::File::open(self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")))?
            .sync_all()?;
        Ok(())
    }

    /// What is allowed: nothing, if there is no such file or it is a copy.
    pub(super) fn allowed(&self) -> io::Result<Vec<Life>> {
        let written = match fs::read_to_string(&self.path) {
            Ok(written) => written,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut lines = written.lines();
        if lines.next() != Some(&birth(&fs::metadata(&self.path)?)) {
            return Ok(Vec::new());
        }
        Ok(lines.filter_map(|line| line.parse().ok()).collect())
    }
}

/// Begins a run: decides on the epochs and changes the life. Returns the new one.
pub(super) fn begin(db: &mut Connection, path: &Path, fsync: Fsync) -> Result<Life, OpenError> {
    let wrong = |error| OpenError::of(path, error);
    let side = SideFile::of(path);
    let refused = |error| OpenError::folder(&side.path, error);
    let boot = boot_id();
    let (old, was_running, was_full, last_boot) = db
        .query_row(sql::SERVER, [], |row| {
            Ok((row.get::<_, Life>(0)?, row.get::<_, bool>(1)?, row.get::<_, bool>(2)?, row.get::<_, String>(3)?))
        })
        .map_err(wrong)?;
    let is_known = side.allowed().map_err(refused)?.contains(&old);
    let machine_stopped = was_running && !was_full && (boot.is_empty() || boot != last_boot);
    let new = random_life();
    // A life that is not allowed now must not become so, should this start end here.
    let lives = [new, old];
    side.allow(if is_known { &lives } else { &lives[..1] }).map_err(refused)?;
    let run = db.transaction().map_err(wrong)?;
    let restarted = if is_known && !machine_stopped { 0 } else { run.execute(sql::NEW_EPOCHS, []).map_err(wrong)? };
    run.execute(sql::BEGIN_RUN, params![new, fsync == Fsync::Full, boot]).map_err(wrong)?;
    run.commit().map_err(wrong)?;
    side.allow(&[new]).map_err(refused)?;
    if restarted > 0 {
        let reason =
            if is_known { "the machine stopped with writes on their way" } else { "the file was put in place" };
        tracing::warn!(rooms = restarted, reason, "every room of the store begins a new epoch");
    }
    Ok(new)
}

/// A life that no other file has.
pub(super) fn random_life() -> Life {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).expect("the system's random source works, else nothing here is safe");
    Life::from_le_bytes(bytes)
}

/// Which start of the machine this is; empty where the system does not say.
fn boot_id() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned()
}

/// When a file was made, where the file system knows.
fn birth(file: &fs::Metadata) -> String {
    let since = file.created().ok().and_then(|made| made.duration_since(UNIX_EPOCH).ok());
    since.map_or_else(|| "unknown".to_owned(), |since| format!("made {}", since.as_nanos()))
}

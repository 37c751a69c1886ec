//! Wiping a room while no server runs, for an operator who was asked to.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, TransactionBehavior, params};

use super::file::{self, Lock};
use super::retention::{SLICE, wipe_slice};
use super::scrub::{self, RawPages};
use super::statements as sql;
use super::{OpenError, RoomKey, Trouble, export, start};
use crate::code::Code;
use crate::names::RoomName;

/// How long a lock is waited for: somebody is watching.
const PATIENCE: Duration = Duration::from_secs(5);

/// Takes a room out of the file, with its people and its whole past. Its code rests from now on. Returns whether there
/// was one of this name. When this returns, nothing of it is left in the file.
///
/// # Errors
/// [`OpenError::InUse`] while a server runs; end the room there. [`Trouble::Busy`] when another program reads the file:
/// the room is gone, but the words may not all be overwritten; the next run does that.
pub fn wipe(path: &Path, room: &str) -> Result<bool, OpenError> {
    if !path.exists() {
        return Err(OpenError::Missing(path.to_owned()));
    }
    let _lock = Lock::take(path)?;
    let mut db = file::open(path, PATIENCE)?;
    let wrong = |error| OpenError::of(path, error);
    let Some((key, _)) = export::find(&db, room).map_err(wrong)? else { return Ok(false) };
    wipe_rows(&mut db, key, RoomName::parse(room).ok().and_then(|name| name.code())).map_err(wrong)?;
    scrub::empty_log(&db).map_err(wrong)?;
    let raw = RawPages::open(path).map_err(|error| OpenError::folder(path, error))?;
    let is_clean = start::clean(&db, &raw);
    drop(db);
    if is_clean { Ok(true) } else { Err(OpenError::Trouble { path: path.to_owned(), trouble: Trouble::Busy }) }
}

fn wipe_rows(db: &mut Connection, room: RoomKey, code: Option<Code>) -> rusqlite::Result<()> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as u64;
    let first = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    first.execute(sql::END_ROOM, params![room])?;
    first.execute(sql::REMOVE_MEMBERS, params![room])?;
    first.execute(sql::NOTE_ENDED, params![room])?;
    if let Some(code) = code {
        first.execute(sql::REST_CODE, params![code.number(), now.cast_signed()])?;
    }
    first.commit()?;
    loop {
        let slice = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let is_wiped = wipe_slice(&slice, room, SLICE)?;
        if is_wiped {
            slice.execute(sql::FORGET_ENDED, params![room])?;
        }
        slice.commit()?;
        if is_wiped {
            return Ok(());
        }
    }
}

//! A room as a document: text to read, JSON for programs, a page to keep. Opens the file by itself and only reads, so
//! that it works beside a server, and streams, so that a long past needs no memory.
//!
//! What everybody in the room might have seen is in it, as it stands now. Private lines, and what was done to them, are
//! not; what was taken back or changed is not there to begin with.

mod date;
mod html;
mod json;
mod text;

use std::io;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};
use thiserror::Error;

use super::statements as sql;
use super::{OpenError, RoomKey, Trouble, file, reading, rows};
use crate::names::RoomName;
use crate::protocol::Event;
use crate::room::Epoch;

/// How long a lock is waited for: somebody is watching.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a room is exported as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Lines to read.
    Text,
    /// All events, with the fields of `charsu.v1`.
    Json,
    /// One page that needs nothing else.
    Html,
}

/// Why nothing, or not all, was exported.
#[derive(Debug, Error)]
pub enum ExportError {
    /// The file cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It cannot be read.
    #[error(transparent)]
    Read(#[from] Trouble),
    /// What was read cannot be written.
    #[error("the export cannot be written: {0}")]
    Write(#[from] io::Error),
}

/// A document on its way.
trait Document {
    fn begin(&mut self, room: &str, epoch: Epoch, out: &mut dyn io::Write) -> io::Result<()>;
    /// Lines bear their reactions.
    fn event(&mut self, event: &Event, out: &mut dyn io::Write) -> io::Result<()>;
    fn end(&mut self, out: &mut dyn io::Write) -> io::Result<()>;
}

/// Writes a room out. Returns whether there is one of this name.
///
/// # Errors
/// [`ExportError`] says whether the file or the output is to blame.
pub fn export(path: &Path, room: &str, form: Form, out: &mut dyn io::Write) -> Result<bool, ExportError> {
    let mut db = file::open_to_read(path, PATIENCE)?;
    let moment = db.transaction().map_err(Trouble::from)?;
    let Some((key, epoch)) = find(&moment, room).map_err(Trouble::from)? else { return Ok(false) };
    let name = RoomName::parse(room).map_or_else(|_| room.to_owned(), |name| name.as_str().to_owned());
    let mut document: Box<dyn Document> = match form {
        Form::Text => Box::new(text::Text),
        Form::Json => Box::new(json::Json::default()),
        Form::Html => Box::new(html::Html::default()),
    };
    document.begin(&name, epoch, out)?;
    write_events(&moment, key, &mut *document, out)?;
    document.end(out)?;
    out.flush()?;
    Ok(true)
}

/// The room of this name, however it is written.
pub(super) fn find(db: &Connection, room: &str) -> rusqlite::Result<Option<(RoomKey, Epoch)>> {
    let Ok(name) = RoomName::parse(room) else { return Ok(None) };
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, Epoch(row.get::<_, i64>(1)?.cast_unsigned())));
    db.query_row(sql::ROOM_NAMED, params![name.as_str()], read).optional()
}

fn write_events(
    db: &Connection,
    room: RoomKey,
    document: &mut dyn Document,
    out: &mut dyn io::Write,
) -> Result<(), ExportError> {
    let mut statement = db.prepare(sql::FROM_START).map_err(Trouble::from)?;
    let mut rows = statement.query(params![room]).map_err(Trouble::from)?;
    while let Some(row) = rows.next().map_err(Trouble::from)? {
        let mut event = [rows::read(row).map_err(Trouble::from)?];
        if !event[0].kind.is_for_all() {
            continue;
        }
        reading::add_reactions(db, room, &mut event).map_err(Trouble::from)?;
        document.event(&event[0], out)?;
    }
    Ok(())
}

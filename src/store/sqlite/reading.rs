//! What is read while the server runs: a room as it is opened again, a page of its past, one line. By a few connections
//! that only read and never wait for the writer. Blocking.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Params, params};

use super::statements as sql;
use super::{Loaded, PageWanted, RoomKey, TailWanted, Trouble, file, rows};
use crate::protocol::{Edge, Event, Kind, Marks, Member, MemberId, Reaction, Seq};
use crate::room::{Epoch, Kept, Line};

/// How many may read at once. Reading takes some milliseconds, so that more would only fight for the processors.
const READERS: usize = 4;

/// The connections that read.
#[derive(Debug)]
pub(super) struct Readers {
    path: PathBuf,
    busy: Duration,
    /// std: taking a connection or giving it back, never across a read.
    idle: Mutex<Idle>,
    given_back: Condvar,
}

#[derive(Debug, Default)]
struct Idle {
    connections: Vec<Connection>,
    /// How many are open, those in use too.
    open: usize,
    is_closed: bool,
}

impl Readers {
    pub(super) fn new(path: PathBuf, busy: Duration) -> Self {
        Self { path, busy, idle: Mutex::default(), given_back: Condvar::new() }
    }

    /// Reads, in a transaction of its own: what is committed meanwhile is not seen.
    pub(super) fn read<T>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, Trouble> {
        let reader = Reader { db: Some(self.take()?), of: self };
        let Some(db) = &reader.db else { return Err(Trouble::Closed) };
        let transaction = db.unchecked_transaction()?;
        let found = read(&transaction)?;
        transaction.finish()?;
        Ok(found)
    }

    /// Lets nobody read any more.
    pub(super) fn close(&self) {
        let mut idle = self.idle();
        idle.is_closed = true;
        idle.connections.clear();
        self.given_back.notify_all();
    }

    fn take(&self) -> Result<Connection, Trouble> {
        let none = |idle: &mut Idle| !idle.is_closed && idle.connections.is_empty() && idle.open >= READERS;
        let mut idle = self.given_back.wait_while(self.idle(), none).unwrap_or_else(PoisonError::into_inner);
        if idle.is_closed {
            return Err(Trouble::Closed);
        }
        if let Some(db) = idle.connections.pop() {
            return Ok(db);
        }
        idle.open += 1;
        drop(idle);
        file::open_to_read(&self.path, self.busy).map_err(|error| {
            self.idle().open -= 1;
            self.given_back.notify_one();
            match error {
                super::OpenError::Trouble { trouble, .. } => trouble,
                other => Trouble::Failed(other.to_string()),
            }
        })
    }

    fn idle(&self) -> MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection in use. It goes back however the reading ends.
struct Reader<'r> {
    db: Option<Connection>,
    of: &'r Readers,
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        let mut idle = self.of.idle();
        if !idle.is_closed
            && let Some(db) = self.db.take()
        {
            idle.connections.push(db);
        }
        self.of.given_back.notify_one();
    }
}

/// A room as it was kept.
pub(super) fn load(db: &Connection, room: RoomKey, wanted: &TailWanted) -> rusqlite::Result<Option<Loaded>> {
    let found = db.prepare_cached(sql::ROOM)?.query_row(params![room], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, u32>(2)?, row.get::<_, i64>(3)?))
    });
    let Some((epoch, head, last_member, touched_at)) = found.optional()? else { return Ok(None) };
    let (members, sessions) = members(db, room)?;
    let tail = tail(db, room, touched_at.cast_unsigned(), wanted)?;
    let (recent, has_older) = recent(db, room, wanted)?;
    let kept = Kept {
        epoch: Epoch(epoch.cast_unsigned()),
        head: head.cast_unsigned(),
        last_member,
        members,
        tail,
        recent,
        has_older,
    };
    Ok(Some(Loaded { kept, sessions }))
}

type Members = (Vec<(Member, Seq)>, Vec<(MemberId, Option<super::SessionHash>)>);

fn members(db: &Connection, room: RoomKey) -> rusqlite::Result<Members> {
    let mut statement = db.prepare_cached(sql::MEMBERS)?;
    let rows = statement.query_map(params![room], |row| {
        let id = MemberId(row.get(0)?);
        let name: Option<String> = row.get(1)?;
        let member = Member { id, name: name.as_deref().and_then(rows::restore_name) };
        Ok(((member, row.get::<_, i64>(2)?.cast_unsigned()), (id, row.get(3)?)))
    })?;
    rows.collect()
}

/// The newest events without a hole.
fn tail(db: &Connection, room: RoomKey, now: u64, wanted: &TailWanted) -> rusqlite::Result<Vec<Arc<Event>>> {
    let mut statement = db.prepare_cached(sql::FROM_HEAD)?;
    let mut rows = statement.query(params![room])?;
    let mut events = Vec::new();
    let mut bytes = 0;
    while let Some(row) = rows.next()? {
        let event = rows::read(row)?;
        bytes += event.kind.weight();
        if bytes > wanted.bytes || now.saturating_sub(event.at) > wanted.age_ms {
            break;
        }
        events.push(event);
    }
    events.reverse();
    add_reactions(db, room, &mut events)?;
    // Reactions weigh, too.
    let mut bytes = 0;
    let fits = |event: &&Event| {
        bytes += event.kind.weight();
        bytes <= wanted.bytes
    };
    let fitting = events.iter().rev().take_while(fits).count();
    events.drain(..events.len() - fitting);
    Ok(events.into_iter().map(Arc::new).collect())
}

/// The newest lines, and whether there are older ones.
fn recent(db: &Connection, room: RoomKey, wanted: &TailWanted) -> rusqlite::Result<(Vec<Arc<Event>>, bool)> {
    let one_more = count(wanted.recent_lines.saturating_add(1));
    let mut lines = lines(db, room, sql::NEWEST_LINES, params![room, one_more])?;
    lines.reverse();
    let mut bytes = 0;
    let fits = |(index, line): &(usize, &Event)| {
        bytes += line.kind.weight();
        *index < wanted.recent_lines && (*index == 0 || bytes <= wanted.recent_bytes)
    };
    let fitting = lines.iter().rev().enumerate().take_while(fits).count();
    let older = lines.len() - fitting;
    Ok((lines.drain(older..).map(Arc::new).collect(), older > 0))
}

/// A page of lines that somebody may see, oldest first, and whether there are more in the same direction.
pub(super) fn page(db: &Connection, room: RoomKey, wanted: &PageWanted) -> rusqlite::Result<(Vec<Arc<Event>>, bool)> {
    let bounded = |seq: Seq| seq.min(i64::MAX as u64).cast_signed();
    let viewer = wanted.viewer.map(|viewer| viewer.0);
    let one_more = count(wanted.limit.saturating_add(1));
    let (statement, first, last) = match wanted.from {
        Edge::Newest => (sql::PAGE_BACKWARD, wanted.first, wanted.last),
        Edge::Before(seq) => (sql::PAGE_BACKWARD, wanted.first, wanted.last.min(seq.saturating_sub(1))),
        Edge::After(seq) => (sql::PAGE_FORWARD, wanted.first.max(seq.saturating_add(1)), wanted.last),
    };
    let values = params![room, bounded(first), bounded(last), viewer, one_more];
    let mut lines = lines(db, room, statement, values)?;
    let has_more = lines.len() > wanted.limit;
    lines.truncate(wanted.limit);
    match wanted.from {
        Edge::Newest | Edge::Before(_) => lines.reverse(),
        Edge::After(_) => {}
    }
    Ok((lines.into_iter().map(Arc::new).collect(), has_more))
}

/// A line, as far as a change of it has to know.
pub(super) fn line(db: &Connection, room: RoomKey, seq: Seq) -> rusqlite::Result<Option<Line>> {
    let seq = i64::try_from(seq).unwrap_or(i64::MAX);
    let read = |row: &rusqlite::Row<'_>| {
        let from = MemberId(row.get(0)?);
        let receiver: Option<u32> = row.get(1)?;
        let between = receiver.map(|receiver| [from, MemberId(receiver)]);
        Ok(Line { from, between, reactions: row.get::<_, u32>(2)? as usize })
    };
    db.prepare_cached(sql::LINE)?.query_row(params![room, seq], read).optional()
}

fn lines(db: &Connection, room: RoomKey, statement: &str, values: impl Params) -> rusqlite::Result<Vec<Event>> {
    let mut statement = db.prepare_cached(statement)?;
    let mut lines = statement.query_map(values, rows::read)?.collect::<rusqlite::Result<Vec<_>>>()?;
    add_reactions(db, room, &mut lines)?;
    Ok(lines)
}

/// A number of rows, for a LIMIT.
fn count(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

/// Puts their reactions on lines.
pub(super) fn add_reactions(db: &Connection, room: RoomKey, events: &mut [Event]) -> rusqlite::Result<()> {
    let lines = || events.iter().filter(|event| event.kind.is_line()).map(|event| event.seq.cast_signed());
    let (Some(first), Some(last)) = (lines().min(), lines().max()) else { return Ok(()) };
    let mut statement = db.prepare_cached(sql::REACTIONS)?;
    let mut rows = statement.query(params![room, first, last])?;
    let mut reactions: HashMap<Seq, Vec<Reaction>> = HashMap::new();
    while let Some(row) = rows.next()? {
        let reaction = Reaction {
            from: MemberId(row.get(1)?),
            name: row.get_ref(2)?.as_str()?.into(),
            emoji: row.get_ref(3)?.as_str()?.into(),
        };
        reactions.entry(row.get::<_, i64>(0)?.cast_unsigned()).or_default().push(reaction);
    }
    for event in events {
        if let Kind::Message { marks, .. } | Kind::Private { marks, .. } = &mut event.kind
            && let Some(reactions) = reactions.remove(&event.seq)
        {
            *marks = Marks::new(marks.edited_at(), reactions);
        }
    }
    Ok(())
}

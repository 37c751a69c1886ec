//! How much of the past is kept: by age, by lines in a room, by the size of the file. What is over goes from the old
//! end of a room, everything with a number below a new first one, in slices between the writer's groups, so that nobody
//! waits. Heads, members and remembered commands never change by it. Rooms that are over are wiped in slices, too.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::group::{Extent, Extents};
use super::statements as sql;
use super::{Retention, RoomKey};
use crate::protocol::Seq;

/// The most events that go at once. Numbers have no holes, so that this is a stretch of numbers.
pub(super) const SLICE: u64 = 1000;

/// How many rooms are looked at before the writer sees to its queue again.
const ROOMS_AT_ONCE: usize = 500;

/// The file may have this many free pages, for what comes next, before some are given back to the file system.
const SPARE_PAGES: u64 = 1024;

/// How long after one round the next begins.
const PAUSE: Duration = Duration::from_mins(1);

/// The rounds of retention, and the rooms that still have to be wiped.
#[derive(Debug)]
pub(super) struct Sweep {
    retention: Retention,
    /// Rooms that are over and still have events in the file.
    ended: Vec<RoomKey>,
    stage: Stage,
}

/// Where a round is.
#[derive(Debug)]
enum Stage {
    /// It rests until then.
    Resting(Instant),
    /// What is too old, or a line too many, in each of these rooms.
    Rooms(Vec<RoomKey>),
    /// The file is too large: whose oldest event is how old.
    Ages(Vec<RoomKey>, BinaryHeap<Reverse<(u64, RoomKey)>>),
    /// The oldest of all rooms go, while the file is too large.
    Oldest(BinaryHeap<Reverse<(u64, RoomKey)>>),
    /// Free pages are given back.
    Pages,
}

impl Sweep {
    /// With what was left to wipe when the last run ended.
    pub(super) fn new(db: &Connection, retention: Retention) -> rusqlite::Result<Self> {
        let mut ended = db.prepare(sql::ALL_ENDED)?;
        let ended = ended.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        Ok(Self { retention, ended, stage: Stage::Resting(Instant::now()) })
    }

    /// These rooms are over, and not yet wiped.
    pub(super) fn add_ended(&mut self, rooms: Vec<RoomKey>) {
        self.ended.extend(rooms);
    }

    /// How long it has nothing to do; `None` is for ever.
    pub(super) fn rests(&self) -> Option<Duration> {
        if !self.ended.is_empty() {
            return Some(Duration::ZERO);
        }
        match self.stage {
            Stage::Resting(_) if self.retention.is_unbounded() => None,
            Stage::Resting(until) => Some(until.saturating_duration_since(Instant::now())),
            Stage::Rooms(_) | Stage::Ages(..) | Stage::Oldest(_) | Stage::Pages => Some(Duration::ZERO),
        }
    }

    /// One slice, in a transaction of its own. Returns whether it took something out of the file.
    pub(super) fn step(&mut self, db: &mut Connection, rooms: &mut Extents) -> rusqlite::Result<bool> {
        if let Some(room) = self.ended.last().copied() {
            return self.wipe_ended(db, room);
        }
        match &mut self.stage {
            Stage::Resting(until) => {
                if Instant::now() >= *until && !self.retention.is_unbounded() {
                    self.stage = Stage::Rooms(rooms.keys().copied().collect());
                }
                Ok(false)
            }
            Stage::Rooms(unseen) => {
                let has_cut = cut_next(db, unseen, rooms, &self.retention)?;
                if unseen.is_empty() {
                    let all = rooms.keys().copied().collect();
                    let is_over = Pages::of(db)?.are_over(self.retention.bytes);
                    self.stage = if is_over { Stage::Ages(all, BinaryHeap::new()) } else { Stage::Pages };
                }
                Ok(has_cut)
            }
            Stage::Ages(unseen, ages) => {
                for room in unseen.split_off(unseen.len().saturating_sub(ROOMS_AT_ONCE)) {
                    ages.extend(oldest(db, room)?.map(|(_, at)| Reverse((at, room))));
                }
                if unseen.is_empty() {
                    self.stage = Stage::Oldest(std::mem::take(ages));
                }
                Ok(false)
            }
            Stage::Oldest(ages) => {
                if ages.is_empty() || !Pages::of(db)?.are_over(self.retention.bytes) {
                    self.stage = Stage::Pages;
                    return Ok(false);
                }
                let slice = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
                let cut = cut_oldest(&slice, ages, rooms)?;
                slice.commit()?;
                rooms.extend(cut);
                Ok(true)
            }
            Stage::Pages => {
                let gives_back = Pages::of(db)?.are_to_be_given_back(self.retention.bytes) && give_back(db)?;
                if !gives_back {
                    self.pause();
                }
                Ok(gives_back)
            }
        }
    }

    fn wipe_ended(&mut self, db: &mut Connection, room: RoomKey) -> rusqlite::Result<bool> {
        let slice = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let is_wiped = wipe_slice(&slice, room, SLICE)?;
        if is_wiped {
            slice.execute(sql::FORGET_ENDED, params![room])?;
        }
        slice.commit()?;
        if is_wiped {
            self.ended.pop();
        }
        Ok(true)
    }

    /// Nothing more before a while has passed.
    pub(super) fn pause(&mut self) {
        self.stage = Stage::Resting(Instant::now() + PAUSE);
    }
}

impl Retention {
    fn is_unbounded(&self) -> bool {
        self.age.is_none() && self.lines_per_room.is_none() && self.bytes.is_none()
    }

    /// The number at which a room is to begin, if that is later than now: at most a slice later.
    fn cut(&self, db: &Connection, room: RoomKey, extent: &Extent) -> rusqlite::Result<Option<Seq>> {
        let end = (extent.first + SLICE).min(extent.head + 1);
        let seq = |found: Option<i64>| found.map_or(end, i64::cast_unsigned);
        let mut first = extent.first;
        if let Some(age) = self.age {
            let since = unix_ms().saturating_sub(age.as_millis() as u64);
            let young = params![room, end.cast_signed(), since.cast_signed()];
            let young = db.prepare_cached(sql::FIRST_SINCE)?.query_row(young, |row| row.get(0)).optional()?;
            first = first.max(seq(young));
        }
        if let Some(excess) =
            self.lines_per_room.and_then(|most| extent.lines.checked_sub(most)).filter(|&over| over > 0)
        {
            let line = params![room, end.cast_signed(), excess.cast_signed()];
            let line = db.prepare_cached(sql::LINE_AFTER)?.query_row(line, |row| row.get(0)).optional()?;
            first = first.max(seq(line));
        }
        Ok((first > extent.first).then_some(first))
    }
}

/// Wipes what is left of a room that is over, at most this many numbers of it. Returns whether nothing is left.
pub(super) fn wipe_slice(db: &Connection, room: RoomKey, slice: u64) -> rusqlite::Result<bool> {
    if let Some((first, _)) = oldest(db, room)? {
        let end = (first + slice).cast_signed();
        db.prepare_cached(sql::CUT_EVENTS)?.execute(params![room, end])?;
        db.prepare_cached(sql::CUT_REACTIONS)?.execute(params![room, end])?;
    }
    let is_empty = oldest(db, room)?.is_none();
    if is_empty {
        db.prepare_cached(sql::CUT_REACTIONS)?.execute(params![room, i64::MAX])?;
    }
    Ok(is_empty)
}

/// Looks at the next rooms, until there is something to cut in one. Returns whether there was; that room comes again.
fn cut_next(
    db: &mut Connection,
    unseen: &mut Vec<RoomKey>,
    rooms: &mut Extents,
    retention: &Retention,
) -> rusqlite::Result<bool> {
    for _ in 0..ROOMS_AT_ONCE {
        let Some(room) = unseen.last() else { break };
        // It may have ended meanwhile.
        if let Some(extent) = rooms.get(room).copied()
            && let Some(first) = retention.cut(db, *room, &extent)?
        {
            let slice = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let after = cut_room(&slice, *room, &extent, first)?;
            slice.commit()?;
            rooms.insert(*room, after);
            return Ok(true);
        }
        unseen.pop();
    }
    Ok(false)
}

/// Cuts the oldest events of all rooms, about a slice of them.
fn cut_oldest(
    slice: &Transaction<'_>,
    ages: &mut BinaryHeap<Reverse<(u64, RoomKey)>>,
    rooms: &Extents,
) -> rusqlite::Result<Extents> {
    let mut cut = Extents::new();
    let mut gone = 0;
    while gone < SLICE {
        let Some(Reverse((at, room))) = ages.pop() else { break };
        let Some(extent) = cut.get(&room).or_else(|| rooms.get(&room)).copied() else { continue };
        // As far as it is older than the oldest of the others.
        let until = ages.peek().map_or(u64::MAX, |Reverse((next, _))| *next).max(at) + 1;
        let end = (extent.first + SLICE - gone).min(extent.head + 1);
        let young = params![room, end.cast_signed(), until.min(i64::MAX as u64).cast_signed()];
        let young: Option<i64> =
            slice.prepare_cached(sql::FIRST_SINCE)?.query_row(young, |row| row.get(0)).optional()?;
        let first = young.map_or(end, i64::cast_unsigned);
        gone += first - extent.first;
        cut.insert(room, cut_room(slice, room, &extent, first)?);
        if let Some((_, at)) = oldest(slice, room)? {
            ages.push(Reverse((at, room)));
        }
    }
    Ok(cut)
}

/// Takes everything before a number out of a room.
fn cut_room(slice: &Transaction<'_>, room: RoomKey, extent: &Extent, first: Seq) -> rusqlite::Result<Extent> {
    let end = params![room, first.cast_signed()];
    let lines: i64 = slice.prepare_cached(sql::LINES_BEFORE)?.query_row(end, |row| row.get(0))?;
    slice.prepare_cached(sql::CUT_EVENTS)?.execute(end)?;
    slice.prepare_cached(sql::CUT_REACTIONS)?.execute(end)?;
    let lines = extent.lines.saturating_sub(lines.cast_unsigned());
    slice.prepare_cached(sql::CUT_ROOM)?.execute(params![room, first.cast_signed(), lines.cast_signed()])?;
    Ok(Extent { first, lines, ..*extent })
}

/// The number and the time of the oldest event that is kept.
fn oldest(db: &Connection, room: RoomKey) -> rusqlite::Result<Option<(Seq, u64)>> {
    let read =
        |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?.cast_unsigned(), row.get::<_, i64>(1)?.cast_unsigned()));
    db.prepare_cached(sql::OLDEST_EVENT)?.query_row(params![room], read).optional()
}

/// Gives some free pages back to the file system. Returns whether there are fewer now.
fn give_back(db: &Connection) -> rusqlite::Result<bool> {
    let before = Pages::of(db)?.free;
    let mut give_back = db.prepare_cached(sql::GIVE_PAGES_BACK)?;
    let mut pages = give_back.query([])?;
    while pages.next()?.is_some() {}
    drop(pages);
    Ok(Pages::of(db)?.free < before)
}

/// What the file consists of.
#[derive(Debug)]
struct Pages {
    all: u64,
    free: u64,
    bytes: u64,
}

impl Pages {
    fn of(db: &Connection) -> rusqlite::Result<Self> {
        let count = |row: &rusqlite::Row<'_>, column| row.get::<_, i64>(column).map(i64::cast_unsigned);
        db.prepare_cached(sql::PAGES)?
            .query_row([], |row| Ok(Self { all: count(row, 0)?, free: count(row, 1)?, bytes: count(row, 2)? }))
    }

    /// Whether what is in use is more than the file may have.
    fn are_over(&self, most_bytes: Option<u64>) -> bool {
        most_bytes.is_some_and(|most| (self.all - self.free) * self.bytes > most)
    }

    fn are_to_be_given_back(&self, most_bytes: Option<u64>) -> bool {
        let is_over = most_bytes.is_some_and(|most| self.all * self.bytes > most);
        self.free > 0 && (is_over || (self.free > SPARE_PAGES && self.free > self.all / 4))
    }
}

fn unix_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as u64
}

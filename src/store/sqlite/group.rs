//! One group of works inside one open transaction: every row that they make, change and wipe. Knows no thread, and
//! nobody who waits for an answer.

use std::collections::HashMap;

use rusqlite::{Connection, ErrorCode, ToSql, params};

use super::failpoints::{self, Step};
use super::queue::Work;
use super::retention::{self, SLICE};
use super::rows::Row;
use super::statements as sql;
use super::{Command, Entry, Opening, RoomKey, SessionHash, Trouble};
use crate::protocol::{Event, Kind, Seq};
use crate::room::Epoch;

/// What the writer knows of a room: enough to refuse what would leave a hole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Extent {
    pub(super) epoch: Epoch,
    /// The oldest number that is kept.
    pub(super) first: Seq,
    /// The last number that was given.
    pub(super) head: Seq,
    pub(super) last_member: u32,
    /// How many lines stand.
    pub(super) lines: u64,
    pub(super) touched_at: u64,
}

/// All rooms of the file.
pub(super) type Extents = HashMap<RoomKey, Extent>;

/// Why a transaction cannot be finished.
#[derive(Debug)]
pub(super) enum Failure {
    /// One work is to blame: the others can do without it.
    One(usize, Trouble),
    /// The file is.
    All(Trouble),
}

/// A transaction on its way. Nothing of it counts before the commit: `rooms` is as it was before.
#[derive(Debug)]
pub(super) struct Group<'w> {
    db: &'w Connection,
    rooms: &'w Extents,
    /// Rooms as they will be; `None` for those that end.
    changed: HashMap<RoomKey, Option<Extent>>,
    /// Commands that may be forgotten: those of a session with lower numbers.
    old_commands: HashMap<SessionHash, u64>,
    /// Rooms that end with more events than one transaction should wipe.
    unwiped: Vec<RoomKey>,
    /// Words were taken out of the file.
    wipes: bool,
}

/// What a committed transaction has changed.
#[derive(Debug)]
pub(super) struct Changes {
    pub(super) rooms: HashMap<RoomKey, Option<Extent>>,
    pub(super) unwiped: Vec<RoomKey>,
    pub(super) wipes: bool,
}

impl<'w> Group<'w> {
    pub(super) fn new(db: &'w Connection, rooms: &'w Extents) -> Self {
        let (changed, old_commands) = (HashMap::new(), HashMap::new());
        Self { db, rooms, changed, old_commands, unwiped: Vec::new(), wipes: false }
    }

    /// Writes them all, but for those that have a verdict already, and gives a verdict to events that are not the next
    /// of their room.
    pub(super) fn write<R>(&mut self, works: &[Work<R>], verdicts: &mut [Option<Trouble>]) -> Result<(), Failure> {
        for (index, (work, verdict)) in works.iter().zip(verdicts).enumerate() {
            if verdict.as_ref().is_some_and(|verdict| *verdict != Trouble::OutOfOrder) {
                continue;
            }
            *verdict = self.work(work).map_err(|error| match error.sqlite_error_code() {
                Some(ErrorCode::ConstraintViolation) => Failure::One(index, error.into()),
                _ => Failure::All(error.into()),
            })?;
        }
        self.finish().map_err(|error| Failure::All(error.into()))
    }

    /// What has changed, once it is committed.
    pub(super) fn changes(self) -> Changes {
        Changes { rooms: self.changed, unwiped: self.unwiped, wipes: self.wipes }
    }

    fn work<R>(&mut self, work: &Work<R>) -> rusqlite::Result<Option<Trouble>> {
        match work {
            Work::Append(entry) => return self.append(entry),
            Work::KeepCode { code, until, .. } => {
                self.run(sql::KEEP_CODE, params![code, until.cast_signed()])?;
            }
            Work::ForgetCode(code) => {
                self.run(sql::FORGET_CODE, params![code])?;
            }
            Work::ForgetSession(session) => {
                self.run(sql::FORGET_COMMANDS, params![session])?;
                self.run(sql::FORGET_MEMBERSHIPS, params![session])?;
            }
            Work::ForgetResting(before) => {
                self.run(sql::FORGET_RESTING, params![before.cast_signed()])?;
            }
            Work::EndRoom { room, rest, .. } => self.end_room(*room, *rest)?,
            Work::RenewLife { life, .. } => {
                self.run(sql::RENEW_LIFE, params![life])?;
            }
            Work::EmptyLog { .. } | Work::Clean { .. } => {}
        }
        Ok(None)
    }

    fn append<R>(&mut self, entry: &Entry<R>) -> rusqlite::Result<Option<Trouble>> {
        let Entry { room, event, .. } = entry;
        let known = match self.changed.get(room) {
            Some(changed) => *changed,
            None => self.rooms.get(room).copied(),
        };
        let before = match (&entry.opens, known) {
            (Some(opening), None) => Extent::new(opening.epoch),
            (None, Some(extent)) => extent,
            (Some(_), Some(_)) | (None, None) => return Ok(Some(Trouble::OutOfOrder)),
        };
        if event.seq != before.head + 1 {
            return Ok(Some(Trouble::OutOfOrder));
        }
        failpoints::pass(Step::BeforeInsert);
        if let Some(opening) = &entry.opens {
            self.open_room(*room, opening)?;
        }
        let mut after = Extent { head: event.seq, touched_at: event.at, ..before };
        if let Some(command) = &entry.command {
            self.remember(command, after.epoch, event.seq)?;
        }
        self.add(*room, event)?;
        self.apply(*room, event, entry.session.as_ref(), &mut after)?;
        self.changed.insert(*room, Some(after));
        Ok(None)
    }

    fn open_room(&mut self, room: RoomKey, opening: &Opening) -> rusqlite::Result<()> {
        self.run(sql::OPEN_ROOM, params![room, opening.name, opening.epoch.0.cast_signed()])?;
        if let Some(code) = opening.code {
            self.run(sql::FORGET_CODE, params![code])?;
        }
        Ok(())
    }

    fn remember(&mut self, command: &Command, epoch: Epoch, seq: Seq) -> rusqlite::Result<()> {
        let Command { session, n, content, forget_below } = command;
        let (content, epoch, seq) = (content.cast_signed(), epoch.0.cast_signed(), seq.cast_signed());
        self.run(sql::ADD_COMMAND, params![session, n.cast_signed(), content, epoch, seq])?;
        if let Some(below) = forget_below {
            let known = self.old_commands.entry(*session).or_default();
            *known = (*known).max(*below);
        }
        Ok(())
    }

    fn add(&self, room: RoomKey, event: &Event) -> rusqlite::Result<()> {
        let Row { kind, member, name, sender, receiver, receiver_name, target, text } = Row::of(&event.kind);
        let (seq, at) = (event.seq.cast_signed(), event.at.cast_signed());
        self.run(
            sql::ADD_EVENT,
            params![room, seq, at, kind, member, name, sender, receiver, receiver_name, target, text],
        )?;
        Ok(())
    }

    /// What an event changes beside its own row. The same as `Room::accept` does to the room in memory.
    fn apply(
        &mut self,
        room: RoomKey,
        event: &Event,
        session: Option<&SessionHash>,
        extent: &mut Extent,
    ) -> rusqlite::Result<()> {
        let seq = event.seq.cast_signed();
        match &event.kind {
            Kind::Message { .. } | Kind::Private { .. } => extent.lines += 1,
            Kind::Join { member } => {
                extent.last_member = extent.last_member.max(member.id.0);
                let name = member.name.as_ref().map(AsRef::<str>::as_ref);
                self.run(sql::ADD_MEMBER, params![room, member.id.0, name, session, seq])?;
            }
            Kind::Leave { member } => {
                self.run(sql::REMOVE_MEMBER, params![room, member.id.0])?;
            }
            Kind::Edit { target, text: Some(text), .. } => {
                let line = target.cast_signed();
                // The event's own row is one of its edits by now, and has to keep its words.
                self.run(sql::SUPERSEDE_EDITS, params![room, line, seq])?;
                self.run(sql::EDIT_LINE, params![room, line, text, event.at.cast_signed()])?;
                self.wipes = true;
            }
            Kind::Delete { target, .. } => {
                let line = target.cast_signed();
                self.run(sql::SUPERSEDE_EDITS, params![room, line, seq])?;
                let removed = self.run(sql::REMOVE_LINE, params![room, line])?;
                self.run(sql::REMOVE_REACTIONS, params![room, line])?;
                extent.lines = extent.lines.saturating_sub(removed as u64);
                self.wipes = true;
            }
            Kind::React { target, reaction, on: true, .. } => {
                let (line, member) = (target.cast_signed(), reaction.from.0);
                self.run(sql::ADD_REACTION, params![room, line, member, reaction.emoji, reaction.name, seq])?;
            }
            Kind::React { target, reaction, on: false, .. } => {
                let line = target.cast_signed();
                self.run(sql::REMOVE_REACTION, params![room, line, reaction.from.0, reaction.emoji])?;
            }
            Kind::Passed { .. } | Kind::Removed | Kind::Edit { text: None, .. } => {}
        }
        Ok(())
    }

    /// The room and its people go at once, its name and key are free; its events go in slices, the first one now.
    fn end_room(&mut self, room: RoomKey, rest: Option<(u32, u64)>) -> rusqlite::Result<()> {
        self.run(sql::END_ROOM, params![room])?;
        self.run(sql::REMOVE_MEMBERS, params![room])?;
        if let Some((code, since)) = rest {
            self.run(sql::REST_CODE, params![code, since.cast_signed()])?;
        }
        if !retention::wipe_slice(self.db, room, SLICE)? {
            self.run(sql::NOTE_ENDED, params![room])?;
            self.unwiped.push(room);
        }
        self.changed.insert(room, None);
        self.wipes = true;
        Ok(())
    }

    /// What is written once for the group instead of once for each event.
    fn finish(&self) -> rusqlite::Result<()> {
        for (room, extent) in &self.changed {
            let Some(Extent { head, last_member, lines, touched_at, .. }) = extent else { continue };
            let (head, lines, touched_at) = (head.cast_signed(), lines.cast_signed(), touched_at.cast_signed());
            self.run(sql::TOUCH_ROOM, params![room, head, last_member, lines, touched_at])?;
        }
        for (session, below) in &self.old_commands {
            self.run(sql::FORGET_COMMANDS_BELOW, params![session, below.cast_signed()])?;
        }
        Ok(())
    }

    fn run(&self, statement: &str, values: &[&dyn ToSql]) -> rusqlite::Result<usize> {
        self.db.prepare_cached(statement)?.execute(values)
    }
}

impl Extent {
    /// A room before its first event.
    fn new(epoch: Epoch) -> Self {
        Self { epoch, first: 1, head: 0, last_member: 0, lines: 0, touched_at: 0 }
    }
}

//! Every statement that the store runs, in one place. The tables are in [`schema`](super::schema).
//!
//! Kinds 0, 1 and 2 are lines ([`rows`](super::rows) names them all).

/// The columns that [`rows::read`](super::rows::read) reads, in its order.
macro_rules! events {
    ($rest:literal) => {
        concat!(
            "SELECT seq, at, kind, member, name, sender, receiver, receiver_name, target, text, edited_at FROM events ",
            $rest
        )
    };
}

// Groups.

pub(super) const BEGIN: &str = "BEGIN IMMEDIATE";
pub(super) const COMMIT: &str = "COMMIT";
pub(super) const ROLLBACK: &str = "ROLLBACK";

// An event, and what it changes.

pub(super) const ADD_EVENT: &str = "INSERT INTO events
    (room, seq, at, kind, member, name, sender, receiver, receiver_name, target, text)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
pub(super) const ADD_COMMAND: &str = "INSERT INTO commands (session, n, content, epoch, seq)
    VALUES (?1, ?2, ?3, ?4, ?5)";
pub(super) const ADD_MEMBER: &str =
    "INSERT INTO members (room, id, name, session, joined_at) VALUES (?1, ?2, ?3, ?4, ?5)";
pub(super) const REMOVE_MEMBER: &str = "DELETE FROM members WHERE room = ?1 AND id = ?2";
/// By its own index, or a change of one line would look at the whole room.
pub(super) const SUPERSEDE_EDITS: &str = "UPDATE events INDEXED BY worded_edits SET text = NULL
    WHERE room = ?1 AND target = ?2 AND kind = 4 AND text IS NOT NULL AND seq < ?3";
pub(super) const EDIT_LINE: &str =
    "UPDATE events SET text = ?3, edited_at = ?4 WHERE room = ?1 AND seq = ?2 AND kind <= 2";
pub(super) const REMOVE_LINE: &str = "UPDATE events
    SET kind = 3, member = NULL, name = NULL, receiver = NULL, receiver_name = NULL, text = NULL, edited_at = NULL
    WHERE room = ?1 AND seq = ?2 AND kind <= 2";
pub(super) const REMOVE_REACTIONS: &str = "DELETE FROM reactions WHERE room = ?1 AND line = ?2";
/// Only on a line that still stands. Putting it on again makes it the newest.
pub(super) const ADD_REACTION: &str = "INSERT OR REPLACE INTO reactions (room, line, member, emoji, name, seq)
    SELECT ?1, ?2, ?3, ?4, ?5, ?6 FROM events WHERE room = ?1 AND seq = ?2 AND kind <= 2";
pub(super) const REMOVE_REACTION: &str =
    "DELETE FROM reactions WHERE room = ?1 AND line = ?2 AND member = ?3 AND emoji = ?4";

// Rooms.

pub(super) const OPEN_ROOM: &str = "INSERT INTO rooms (id, name, epoch, first, head, last_member, lines, touched_at)
    VALUES (?1, ?2, ?3, 1, 0, 0, 0, 0)";
pub(super) const TOUCH_ROOM: &str =
    "UPDATE rooms SET head = ?2, last_member = ?3, lines = ?4, touched_at = ?5 WHERE id = ?1";
pub(super) const CUT_ROOM: &str = "UPDATE rooms SET first = ?2, lines = ?3 WHERE id = ?1";
pub(super) const ALL_EXTENTS: &str = "SELECT id, epoch, first, head, last_member, lines, touched_at FROM rooms";
pub(super) const END_ROOM: &str = "DELETE FROM rooms WHERE id = ?1";
pub(super) const REMOVE_MEMBERS: &str = "DELETE FROM members WHERE room = ?1";
pub(super) const NOTE_ENDED: &str = "INSERT OR IGNORE INTO ended (room) VALUES (?1)";
pub(super) const ALL_ENDED: &str = "SELECT room FROM ended";
pub(super) const FORGET_ENDED: &str = "DELETE FROM ended WHERE room = ?1";

pub(super) const ROOM_NAMED: &str = "SELECT id, epoch FROM rooms WHERE name = ?1";

// Slices from the old end.

pub(super) const OLDEST_EVENT: &str = "SELECT seq, at FROM events WHERE room = ?1 ORDER BY seq LIMIT 1";
pub(super) const LINES_BEFORE: &str = "SELECT count(*) FROM events WHERE room = ?1 AND seq < ?2 AND kind <= 2";
pub(super) const FIRST_SINCE: &str =
    "SELECT seq FROM events WHERE room = ?1 AND seq < ?2 AND at >= ?3 ORDER BY seq LIMIT 1";
/// The line that comes after the `?3` oldest ones.
pub(super) const LINE_AFTER: &str =
    "SELECT seq FROM events WHERE room = ?1 AND seq < ?2 AND kind <= 2 ORDER BY seq LIMIT 1 OFFSET ?3";
pub(super) const CUT_EVENTS: &str = "DELETE FROM events WHERE room = ?1 AND seq < ?2";
pub(super) const CUT_REACTIONS: &str = "DELETE FROM reactions WHERE room = ?1 AND line < ?2";
pub(super) const PAGES: &str = "SELECT page_count, freelist_count, page_size
    FROM pragma_page_count, pragma_freelist_count, pragma_page_size";
pub(super) const GIVE_PAGES_BACK: &str = "PRAGMA incremental_vacuum(256)";

// Sessions and codes.

pub(super) const FORGET_COMMANDS_BELOW: &str = "DELETE FROM commands WHERE session = ?1 AND n < ?2";
pub(super) const FORGET_COMMANDS: &str = "DELETE FROM commands WHERE session = ?1";
pub(super) const FORGET_MEMBERSHIPS: &str = "UPDATE members SET session = NULL WHERE session = ?1";
pub(super) const KEEP_CODE: &str = "INSERT OR REPLACE INTO codes (code, until) VALUES (?1, ?2)";
pub(super) const FORGET_CODE: &str = "DELETE FROM codes WHERE code = ?1";
pub(super) const REST_CODE: &str = "INSERT OR REPLACE INTO resting (code, since) VALUES (?1, ?2)";
pub(super) const FORGET_RESTING: &str = "DELETE FROM resting WHERE since < ?1";

// The file itself.

pub(super) const SERVER: &str = "SELECT life, is_running, is_full, boot FROM server";
pub(super) const BEGIN_RUN: &str = "UPDATE server SET life = ?1, is_running = 1, is_full = ?2, boot = ?3";
pub(super) const RENEW_LIFE: &str = "UPDATE server SET life = ?1";
pub(super) const END_RUN: &str = "UPDATE server SET life = ?1, is_running = 0";
/// Writes without changing anything: shows whether the file can be written again.
pub(super) const PROBE: &str = "UPDATE server SET one = 1";
pub(super) const NEW_EPOCHS: &str = "UPDATE rooms SET epoch = random()";

// What a start asks once.

pub(super) const HASH_KEY: &str = "SELECT hash_key FROM server";
pub(super) const ALL_ROOMS: &str =
    "SELECT id, name, touched_at, (SELECT count(*) FROM members WHERE members.room = rooms.id)
    FROM rooms";
pub(super) const LAST_ROOM_KEY: &str =
    "SELECT max((SELECT coalesce(max(id), 0) FROM rooms), (SELECT coalesce(max(room), 0) FROM ended))";
pub(super) const ALL_COMMANDS: &str = "SELECT session, n, content, epoch, seq FROM commands ORDER BY session, n";
/// Sessions that are in a room and have no command yet.
pub(super) const SILENT_SESSIONS: &str = "SELECT DISTINCT session FROM members WHERE session IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM commands WHERE commands.session = members.session)";
pub(super) const ALL_CODES: &str = "SELECT code, until FROM codes";
pub(super) const ALL_RESTING: &str = "SELECT code, since FROM resting";

// Reading.

pub(super) const ROOM: &str = "SELECT epoch, head, last_member, touched_at FROM rooms WHERE id = ?1";
pub(super) const MEMBERS: &str = "SELECT id, name, joined_at, session FROM members WHERE room = ?1 ORDER BY id";
pub(super) const FROM_HEAD: &str = events!("WHERE room = ?1 ORDER BY seq DESC");
pub(super) const FROM_START: &str = events!("WHERE room = ?1 ORDER BY seq");
pub(super) const NEWEST_LINES: &str = events!("WHERE room = ?1 AND kind <= 2 ORDER BY seq DESC LIMIT ?2");
/// From `?2` to `?3`, for the viewer `?4`, or for everybody when that is NULL.
pub(super) const PAGE_BACKWARD: &str = events!(
    "WHERE room = ?1 AND seq BETWEEN ?2 AND ?3 AND kind <= 2 AND (kind < 2 OR member = ?4 OR receiver = ?4)
     ORDER BY seq DESC LIMIT ?5"
);
pub(super) const PAGE_FORWARD: &str = events!(
    "WHERE room = ?1 AND seq BETWEEN ?2 AND ?3 AND kind <= 2 AND (kind < 2 OR member = ?4 OR receiver = ?4)
     ORDER BY seq LIMIT ?5"
);
pub(super) const REACTIONS: &str = "SELECT line, member, name, emoji FROM reactions
    WHERE room = ?1 AND line BETWEEN ?2 AND ?3 ORDER BY line, seq";
pub(super) const LINE: &str = "SELECT member, receiver,
    (SELECT count(*) FROM reactions WHERE reactions.room = events.room AND line = events.seq)
    FROM events WHERE room = ?1 AND seq = ?2 AND kind <= 2";

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;
    use crate::store::sqlite::schema::{MIGRATIONS, migrate};

    #[test]
    fn what_happens_often_looks_at_no_more_rows_than_it_needs() {
        let mut db = Connection::open_in_memory().expect("a database");
        migrate(&mut db, MIGRATIONS, 0).expect("the tables");
        for statement in [
            REMOVE_MEMBER,
            SUPERSEDE_EDITS,
            EDIT_LINE,
            REMOVE_LINE,
            REMOVE_REACTIONS,
            ADD_REACTION,
            REMOVE_REACTION,
            TOUCH_ROOM,
            REMOVE_MEMBERS,
            ROOM_NAMED,
            OLDEST_EVENT,
            LINES_BEFORE,
            FIRST_SINCE,
            LINE_AFTER,
            CUT_EVENTS,
            CUT_REACTIONS,
            FORGET_COMMANDS_BELOW,
            FORGET_COMMANDS,
            FORGET_MEMBERSHIPS,
            ROOM,
            MEMBERS,
            FROM_HEAD,
            FROM_START,
            NEWEST_LINES,
            PAGE_BACKWARD,
            PAGE_FORWARD,
            REACTIONS,
            LINE,
        ] {
            let mut plan = db.prepare(&format!("EXPLAIN QUERY PLAN {statement}")).expect("a statement");
            let mut steps = plan.raw_query();
            while let Some(step) = steps.next().expect("a step") {
                let detail: String = step.get(3).expect("words");
                assert!(!detail.starts_with("SCAN"), "{detail}: {statement}");
                // Reactions of a few lines are put in order; a room's events lie in theirs.
                assert!(!detail.contains("TEMP B-TREE") || statement == REACTIONS, "{detail}: {statement}");
            }
        }
    }
}

//! The tables, and how a file of an older Charsu becomes one of this. What is asked of them stands in
//! [`statements`](super::statements).
//!
//! `user_version` is the number of migrations that a file has had; the list only ever grows at its end.

use rusqlite::{Connection, TransactionBehavior};

/// "Chrs": marks the file as ours, for `file` and for us.
pub(super) const APPLICATION_ID: i32 = 0x4368_7273;

/// From nothing to the newest format, in order.
pub(super) const MIGRATIONS: &[&str] = &[FIRST];

/// Numbers that use all 64 bits (epochs, lives, hashes) are kept as the signed number with the same bits.
const FIRST: &str = "
    -- One row: the file itself.
    CREATE TABLE server (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        hash_key BLOB NOT NULL,        -- content hashes of commands are keyed by it
        life INTEGER NOT NULL,         -- see life.rs
        is_running INTEGER NOT NULL,   -- a run began and has not ended cleanly
        is_full INTEGER NOT NULL,      -- that run synced each commit
        boot TEXT NOT NULL             -- which start of the machine it ran in
    ) STRICT;
    INSERT INTO server VALUES (1, randomblob(16), random(), 0, 1, '');

    CREATE TABLE rooms (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        epoch INTEGER NOT NULL,
        first INTEGER NOT NULL,        -- the oldest number that is kept
        head INTEGER NOT NULL,         -- the last number that was given
        last_member INTEGER NOT NULL,
        lines INTEGER NOT NULL,        -- how many lines stand from `first` on
        touched_at INTEGER NOT NULL    -- when its last event was, Unix milliseconds
    ) STRICT;

    -- Rooms that are over and whose events are still being wiped.
    CREATE TABLE ended (room INTEGER PRIMARY KEY) STRICT;

    -- One row for each number from `first` to `head`. Lines are as they stand now; rows.rs says which kind uses what.
    CREATE TABLE events (
        room INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        at INTEGER NOT NULL,
        kind INTEGER NOT NULL,
        member INTEGER,
        name TEXT,
        sender INTEGER,
        receiver INTEGER,
        receiver_name TEXT,
        target INTEGER,
        text TEXT,
        edited_at INTEGER,
        PRIMARY KEY (room, seq)
    ) STRICT, WITHOUT ROWID;
    -- The one change of a line that still has its words.
    CREATE INDEX worded_edits ON events (room, target) WHERE kind = 4 AND text IS NOT NULL;

    CREATE TABLE reactions (
        room INTEGER NOT NULL,
        line INTEGER NOT NULL,
        member INTEGER NOT NULL,
        emoji TEXT NOT NULL,
        name TEXT NOT NULL,
        seq INTEGER NOT NULL,          -- the event that put it there, for their order
        PRIMARY KEY (room, line, member, emoji)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE members (
        room INTEGER NOT NULL,
        id INTEGER NOT NULL,
        name TEXT,
        session BLOB,
        joined_at INTEGER NOT NULL,
        PRIMARY KEY (room, id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX members_of_session ON members (session) WHERE session IS NOT NULL;

    CREATE TABLE commands (
        session BLOB NOT NULL,
        n INTEGER NOT NULL,
        content INTEGER NOT NULL,
        epoch INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        PRIMARY KEY (session, n)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE codes (code INTEGER PRIMARY KEY, until INTEGER NOT NULL) STRICT;
    CREATE TABLE resting (code INTEGER PRIMARY KEY, since INTEGER NOT NULL) STRICT;
";

/// What a file is, before anything in it is touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Nothing yet.
    Empty,
    /// A store with this many migrations behind it.
    Store(u32),
    /// Another program's.
    Foreign,
}

/// Looks what a file is.
pub(super) fn look(db: &Connection) -> rusqlite::Result<Found> {
    let id: i32 = db.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    let version: u32 = db.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let tables: u32 = db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(match (id, version, tables) {
        (APPLICATION_ID, version, _) if version > 0 => Found::Store(version),
        (0, 0, 0) => Found::Empty,
        _ => Found::Foreign,
    })
}

/// Brings a file that has had `done` of these migrations up to the last one. Each is whole or not there at all.
pub(super) fn migrate(db: &mut Connection, migrations: &[&str], done: u32) -> rusqlite::Result<()> {
    for (migration, number) in migrations.iter().zip(1..).skip(done as usize) {
        let step = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        step.execute_batch(migration)?;
        step.pragma_update(None, "application_id", APPLICATION_ID)?;
        step.pragma_update(None, "user_version", number)?;
        step.commit()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_file_gets_what_it_lacks_and_keeps_what_it_has() {
        let mut db = Connection::open_in_memory().expect("a database");
        assert_eq!(look(&db).expect("readable"), Found::Empty);
        let first = ["CREATE TABLE a (x); INSERT INTO a VALUES (1);"];
        migrate(&mut db, &first, 0).expect("the first format");
        assert_eq!(look(&db).expect("readable"), Found::Store(1));
        let both = [first[0], "CREATE TABLE b (y); INSERT INTO b SELECT x + 1 FROM a;"];
        migrate(&mut db, &both, 1).expect("the second format");
        assert_eq!(look(&db).expect("readable"), Found::Store(2));
        let y: i64 = db.query_row("SELECT y FROM b", [], |row| row.get(0)).expect("a row");
        assert_eq!(y, 2);
    }

    #[test]
    fn a_migration_that_fails_leaves_the_file_as_it_was() {
        let mut db = Connection::open_in_memory().expect("a database");
        migrate(&mut db, &["CREATE TABLE a (x)"], 0).expect("the first format");
        assert!(migrate(&mut db, &["", "CREATE TABLE b (y); CREATE TABLE a (x)"], 1).is_err());
        assert_eq!(look(&db).expect("readable"), Found::Store(1));
    }

    #[test]
    fn another_programs_file_is_known_as_such() {
        let db = Connection::open_in_memory().expect("a database");
        db.execute_batch("CREATE TABLE theirs (x)").expect("a table");
        assert_eq!(look(&db).expect("readable"), Found::Foreign);
    }
}

//! Where a room's log lives. A closed enum, chosen once at start; every store behaves the same towards rooms and wires.
//!
//! Appending is always the same path. With the room's lock held the room numbers a draft, so that order is decided once,
//! and the hub hands the event over; the store keeps it at once, or takes it with a receipt and keeps it later, in the order
//! of the numbers; only then does the room accept it, and is the sender told. Knows no transport and no connection: the
//! receipt is opaque here.

pub mod sqlite;

pub use sqlite::{
    Command, Entry, KeptCommand, KeptServer, KeptSession, Opening, Outcome, RoomKey, SessionHash, Trouble,
};

use thiserror::Error;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::config::{self, Settings};
use sqlite::{Fsync, OpenError, Options, Retention, Sqlite};

/// How long a lock that another program holds on the file is waited for before lines are refused.
const BUSY: std::time::Duration = std::time::Duration::from_millis(500);

/// A store that can be chosen.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "a server has one")]
pub enum Store<R> {
    /// Nothing outlives the process: the room's own tail is all there is, so an event is as durable as it will ever be the
    /// moment it is numbered.
    Memory,
    /// A file on this machine.
    Sqlite(Sqlite<R>),
}

/// A store, and what it has kept.
#[derive(Debug)]
pub struct Opened<R> {
    /// The store.
    pub store: Store<R>,
    /// What becomes of the events that it takes its time for; nothing if it never does.
    pub outcomes: Option<UnboundedReceiver<Vec<Outcome<R>>>>,
    /// What was there when it was opened.
    pub kept: KeptServer,
}

/// What became of an event that a store was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// It is as durable as this store promises.
    Now,
    /// It will be, or not: the outcome comes, in the order of the numbers.
    Later,
    /// Too much waits for the disk: it was not taken.
    Full,
}

/// Why a store could not be opened.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The file cannot be used.
    #[error(transparent)]
    Sqlite(#[from] OpenError),
    /// What the file holds cannot be read.
    #[error("store: {0}")]
    Unreadable(#[from] Trouble),
}

impl<R: Send + 'static> Store<R> {
    /// Opens the store that the settings name.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] when the file cannot be used.
    pub fn open(settings: &Settings) -> Result<Opened<R>, StoreError> {
        let Some(path) = settings.database() else {
            let mut hash_key = [0; 16];
            getrandom::fill(&mut hash_key).expect("the system's random source works, else nothing is safe");
            let kept = KeptServer { hash_key, ..KeptServer::default() };
            return Ok(Opened { store: Self::Memory, outcomes: None, kept });
        };
        let opened = sqlite::open(Options {
            path: path.to_owned(),
            fsync: match settings.fsync {
                config::Fsync::Normal => Fsync::Normal,
                config::Fsync::Full => Fsync::Full,
            },
            retention: Retention {
                age: settings.retention_age,
                lines_per_room: settings.retention_lines.map(|lines| lines as u64),
                bytes: settings.retention_bytes.map(|bytes| bytes as u64),
            },
            queue_entries: settings.store_queue,
            busy: BUSY,
        })?;
        Ok(Opened { store: Self::Sqlite(opened.store), outcomes: Some(opened.outcomes), kept: opened.kept })
    }

    /// Whether what it keeps outlives the process.
    pub fn is_lasting(&self) -> bool {
        match self {
            Self::Memory => false,
            Self::Sqlite(_) => true,
        }
    }

    /// Whether it keeps what it is given.
    pub fn is_well(&self) -> bool {
        match self {
            Self::Memory => true,
            Self::Sqlite(sqlite) => sqlite.is_well(),
        }
    }

    /// Keeps a numbered event. Called with the room's lock held; never waits. A store that writes nothing has no entry made.
    pub fn append(&self, entry: impl FnOnce() -> Entry<R>) -> Appended {
        match self {
            Self::Memory => Appended::Now,
            Self::Sqlite(sqlite) => match sqlite.append(entry()) {
                Ok(()) => Appended::Later,
                Err(_) => Appended::Full,
            },
        }
    }

    /// The row of a new room; 0 where there are no rows.
    pub fn new_room_key(&self) -> RoomKey {
        match self {
            Self::Memory => 0,
            Self::Sqlite(sqlite) => sqlite.new_room_key(),
        }
    }

    /// Forgets a session and its commands.
    pub fn forget_session(&self, session: SessionHash) {
        match self {
            Self::Memory => {}
            Self::Sqlite(sqlite) => sqlite.forget_session(session),
        }
    }

    /// Keeps everything that it was given, and ends. Blocks until that is done.
    pub fn close(&self) {
        match self {
            Self::Memory => {}
            Self::Sqlite(sqlite) => sqlite.close(),
        }
    }
}

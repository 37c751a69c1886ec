//! What can go wrong with the file, in words that say what to do. Knows nothing of who is told.
//!
//! No word of it comes from a room: no name, no text, no code.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;
use thiserror::Error;

/// Why something was not kept, or could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Trouble {
    /// No room on the disk, or in what the file may take of it.
    #[error("the disk is full: free some space, nothing has to be restarted")]
    DiskFull,
    /// The file or its folder cannot be written.
    #[error("the store's file cannot be written: give its folder back to the user who runs Charsu")]
    ReadOnly,
    /// Another program keeps the file locked.
    #[error("another program has locked the store's file: end it, or wait until it is done")]
    Busy,
    /// The disk did not do what it was asked to.
    #[error("the disk answers with errors: look at the system's log, and copy the store's file elsewhere")]
    Disk,
    /// What is in the file cannot be true.
    #[error("the store's file is damaged: stop Charsu and restore a backup")]
    Damaged,
    /// It came after an event that was not kept, so there would be a hole before it.
    #[error("what came before was not kept")]
    OutOfOrder,
    /// The store was closed before it came to it.
    #[error("the store is closed")]
    Closed,
    /// Anything else, in the library's words.
    #[error("the store failed: {0}")]
    Failed(String),
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::DiskFull,
            Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => Self::ReadOnly,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::SystemIoFailure) => Self::Disk,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged,
            _ => Self::Failed(error.to_string()),
        }
    }
}

/// Why a file could not be opened as a store.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The folder is missing, or files cannot be made in it.
    #[error("store: cannot write beside {}: {source}; make the folder, or give it to the user who runs Charsu", path.display())]
    Folder {
        /// What could not be made or read.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Another Charsu has it.
    #[error("store: {} is in use by another Charsu; stop that one, or name another file", .0.display())]
    InUse(PathBuf),
    /// It is somebody else's.
    #[error("store: {} is no store of Charsu and was left as it is; name another file", .0.display())]
    Foreign(PathBuf),
    /// A newer Charsu wrote it.
    #[error("store: {} was written by a newer Charsu (format {found}, this one knows {known}); use that one", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The newest format that this program knows.
        known: u32,
    },
    /// It cannot be read.
    #[error("store: {} is damaged and was left as it is; restore a backup, or move it away to begin anew", .0.display())]
    Damaged(PathBuf),
    /// There is none, and none is to be made.
    #[error("store: there is no {}; name the file that the server's --store names", .0.display())]
    Missing(PathBuf),
    /// Anything else.
    #[error("store: {}: {trouble}", path.display())]
    Trouble {
        /// The file.
        path: PathBuf,
        /// What.
        trouble: Trouble,
    },
}

impl OpenError {
    pub(super) fn folder(path: &Path, source: io::Error) -> Self {
        Self::Folder { path: path.to_owned(), source }
    }

    pub(super) fn of(path: &Path, error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => Self::Foreign(path.to_owned()),
            Some(ErrorCode::DatabaseCorrupt) => Self::Damaged(path.to_owned()),
            _ => Self::Trouble { path: path.to_owned(), trouble: error.into() },
        }
    }
}

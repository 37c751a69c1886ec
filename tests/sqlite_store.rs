//! The store in a file: what is kept is there again, what failed never was, and what was wiped leaves nothing behind.

#[path = "sqlite_store/disk.rs"]
mod disk;
#[path = "sqlite_store/documents.rs"]
mod documents;
#[cfg(feature = "failpoints")]
#[path = "sqlite_store/ending.rs"]
mod ending;
#[path = "sqlite_store/histories.rs"]
mod histories;
#[path = "sqlite_store/keeping.rs"]
mod keeping;
#[path = "sqlite_store/opening.rs"]
mod opening;
#[path = "sqlite_store/retaining.rs"]
mod retaining;
#[path = "sqlite_store/sessions.rs"]
mod sessions;
#[path = "sqlite_store/trouble.rs"]
mod trouble;
#[path = "sqlite_store/wiping.rs"]
mod wiping;

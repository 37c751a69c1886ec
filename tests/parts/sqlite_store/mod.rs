//! The store in a file: what is kept is there again, what failed never was, and what was wiped leaves nothing behind.

mod disk;
mod documents;
mod histories;
mod keeping;
mod opening;
mod retaining;
mod sessions;
mod trouble;
mod wiping;

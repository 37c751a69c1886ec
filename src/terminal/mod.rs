//! A room on a terminal: as plain lines for pipes, or on the whole screen. Pure: what was told goes in, what is to be shown
//! and to be done comes out. Reads no key, draws on no screen and knows no socket; [`crate::cli`] does all that.

pub mod plain;
pub mod safe;

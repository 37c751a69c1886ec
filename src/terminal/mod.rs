//! A room on a terminal: as plain lines for pipes, or on the whole screen. Pure: what was told goes in, what is to be shown
//! and to be done comes out. Reads no key, draws on no screen and knows no socket; [`crate::cli`] does all that.

#[cfg(feature = "terminal")]
pub mod app;
#[cfg(feature = "terminal")]
pub mod clock;
#[cfg(feature = "terminal")]
pub mod composer;
#[cfg(feature = "terminal")]
pub mod log;
pub mod pass;
pub mod plain;
pub mod safe;
#[cfg(feature = "terminal")]
mod shape;
#[cfg(feature = "terminal")]
pub mod text;
#[cfg(feature = "terminal")]
pub mod view;

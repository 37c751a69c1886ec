//! WebSocket, server side, after RFC 6455: what the bytes mean, and nothing of where they come from.
//!
//! Read in this order: [`handshake`] (the request that opens a connection), [`extension`] (whether its messages may be
//! compressed), [`frame`] (the layout of one frame), [`utf8`] (text that arrives in pieces), [`decoder`] (bytes in, whole
//! messages out), [`deflate`] (compressed ones), [`close`] (how it ends, and every way to break the rules). None of them
//! reads a socket, knows a clock or knows what a message says.

pub mod close;
pub(crate) mod connection;
pub mod decoder;
pub mod deflate;
#[cfg(feature = "conformance")]
mod echo;
pub mod extension;
pub mod frame;
pub mod handshake;
mod utf8;

pub use close::Violation;
pub use decoder::{Decoder, Item, Limits};
pub use frame::Opcode;

//! Socket.IO, version 5 of its protocol, over Engine.IO, version 4: our own layer on the same rooms.
//!
//! What is read and written lies apart from who is connected: [`engine`] is a packet of Engine.IO and the payload that
//! polling puts several of them into, [`packet`] is a packet of Socket.IO, [`attachments`] puts one together whose binary
//! parts come after it, [`fields`] is what is looked for in its JSON. None of these touches a socket, a room or a clock.
//!
//! `talk.rs` is one session's conversation, whatever carries it, `chat.rs` what the events of known pages mean, and
//! `entering.rs` how they come into rooms. A session is a WebSocket connection like any other: over polling it is one in
//! memory, a [`pipe`](super::pipe) that HTTP requests fill and empty with the very frames of a WebSocket, so that an upgrade
//! only changes what carries them.
//!
//! The protocols: <https://github.com/socketio/socket.io/tree/main/docs>, `engine.io-protocol/v4-current.md` and
//! `socket.io-protocol/v5-current.md`.

pub mod attachments;
mod chat;
pub mod engine;
mod entering;
pub mod fields;
mod ids;
pub mod packet;
mod polling;
mod probe;
mod requests;
#[cfg(feature = "conformance")]
mod suite;
mod talk;
mod terms;
mod violation;

pub(crate) use polling::Sessions;
pub(crate) use requests::Endpoint;
#[cfg(feature = "conformance")]
pub(crate) use suite::Suite;
pub(crate) use talk::Talk;
pub use terms::Terms;
pub use violation::Violation;

//! Socket.IO, version 5 of its protocol, over Engine.IO, version 4: our own layer on the same rooms.
//!
//! What is read and written lies apart from who is connected: [`engine`] is a packet of Engine.IO and the payload that
//! polling puts several of them into, [`packet`] is a packet of Socket.IO, [`attachments`] puts one together whose binary
//! parts come after it. None of these touches a socket, a room or a clock.
//!
//! The protocols: <https://github.com/socketio/socket.io/tree/main/docs>, `engine.io-protocol/v4-current.md` and
//! `socket.io-protocol/v5-current.md`.

pub mod attachments;
pub mod engine;
pub mod packet;
mod violation;

pub use violation::Violation;

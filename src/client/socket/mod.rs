//! WebSocket, client side, after RFC 6455: what bytes mean, and how a connection is opened. Shared by [`crate::client`]
//! and [`crate::load`], and apart from the server's codec, so that what one does wrong the other finds.
//!
//! [`frame`] is the layout of one frame, [`messages`] puts frames together and keeps the rules between them, [`handshake`]
//! opens a connection. None of them knows a clock or what a message says; only the handshake touches a stream, whatever
//! that is made of.

pub mod frame;
pub mod handshake;
pub mod messages;

pub use frame::{Broken, Frame, Kind, first, put};
pub use handshake::{Request, Unopened, open};
pub use messages::{Heard, Messages};

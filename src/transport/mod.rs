//! What carries commands in and events out: WebSocket in its two families of wires, server-sent events,
//! and ordinary HTTP. A transport knows no
//! other transport and no store.

pub(crate) mod cors;
pub(crate) mod dialect;
pub(crate) mod door;
pub(crate) mod http;
pub mod origin;
pub mod pipe;
pub(crate) mod socket;
pub mod socketio;
pub(crate) mod speaker;
pub mod sse;
mod tcp;
pub(crate) mod tls;
pub mod upgrade;
pub mod ws;

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;

use crate::auth::Admitted;
use socket::Socket;
use upgrade::Path;
use ws::extension::Terms;

/// Who sent a request. Every request that reaches a route carries one as an extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub IpAddr);

/// A connection that has become a WebSocket, with nothing of HTTP left.
#[derive(Debug)]
pub struct Upgraded {
    /// The bare socket, with `TCP_NODELAY` set.
    pub(crate) socket: Socket,
    /// Frames that came together with the handshake; a copy of their own, mostly empty.
    pub early: Bytes,
    /// Which path was asked for.
    pub path: Path,
    /// What stands after the `?`, as it was written.
    pub query: Option<String>,
    /// The peer speaks `charsu.v1` and was told so; otherwise a tutorial dialect.
    pub charsu: bool,
    /// Whom the connection was let in as, if that took a token.
    pub admitted: Option<Arc<Admitted>>,
    /// The terms on which messages are compressed, if that was agreed on.
    pub compression: Option<Terms>,
}

//! From an address to a stream of bytes: the one place that knows how a server is reached.

use std::io;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::address::Address;

/// Bytes to and from a server.
pub trait Line: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Line for T {}

/// Connects. Every address that the name has is tried.
///
/// # Errors
/// The system's, or that the server is only to be had over TLS, which is not spoken here yet.
pub async fn reach(server: &Address) -> io::Result<Box<dyn Line>> {
    if server.secure {
        let words = "charsu join speaks no TLS yet: use an http:// or ws:// address";
        return Err(io::Error::new(io::ErrorKind::Unsupported, words));
    }
    let stream = TcpStream::connect((&*server.authority.host, server.authority.port)).await?;
    // Frames are written when they are whole.
    stream.set_nodelay(true)?;
    Ok(Box::new(stream))
}

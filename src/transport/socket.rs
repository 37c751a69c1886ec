//! A connection's other end: TCP, with or without TLS over it, or a pipe whose client comes by HTTP. Everybody who writes or
//! reads does it through a shared reference: who may, and when, is decided elsewhere. Knows no frame and no HTTP.

use std::any::Any;
use std::fmt;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::pipe::{self, Pipe};
use super::tcp::Tcp;
use super::tls::{Refused, ServerConfig, Tls};

/// A connection to a peer.
#[derive(Debug)]
pub struct Socket(Kind);

#[derive(Debug)]
enum Kind {
    Plain(Tcp),
    /// Boxed: a plain connection pays nothing for it, for which of both it is stands in what its socket leaves unused.
    Secured(Box<Tls>),
    /// As cheap for the others.
    Piped(pipe::End),
    /// It begins in a pipe and may be moved to a socket.
    Moving(Box<Moving>),
}

struct Moving {
    end: pipe::End,
    moved: OnceLock<Socket>,
    /// Dropped with the connection.
    _guard: Box<dyn Any + Send + Sync>,
}

impl fmt::Debug for Moving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Moving").field("end", &self.end).field("moved", &self.moved).finish_non_exhaustive()
    }
}

impl Socket {
    /// A connection on which everybody on the way can read along.
    pub fn new(stream: TcpStream) -> Self {
        Self(Kind::Plain(Tcp::new(stream)))
    }

    /// A connection whose client fetches what is written and brings what is read. The pipe ends with it.
    pub fn piped(pipe: Arc<Pipe>) -> Self {
        Self(Kind::Piped(pipe::End::of(pipe)))
    }

    /// The same for a connection that may be moved to another socket later. `guard` is dropped with it.
    pub fn moving(pipe: Arc<Pipe>, guard: impl Any + Send + Sync) -> Self {
        let (end, guard) = (pipe::End::of(pipe), Box::new(guard));
        Self(Kind::Moving(Box::new(Moving { end, moved: OnceLock::new(), _guard: guard })))
    }

    /// Moves a connection that [may be](Self::moving) moved, once. What was brought to the pipe is read first; what was
    /// written to it is the caller's.
    pub(crate) fn move_to(&self, socket: Socket) {
        if let Kind::Moving(moving) = &self.0 {
            // A session is upgraded once.
            let _ = moving.moved.set(socket);
        }
    }

    /// Shakes hands with a peer who speaks TLS. Not bounded in time.
    ///
    /// # Errors
    /// The peer speaks something else, or nothing that suits both. The socket is given back with the last words in it, which
    /// [`Socket::poll_shut_down`] gets out.
    pub(crate) async fn secured(stream: TcpStream, config: ServerConfig) -> Result<Self, (Self, Refused)> {
        let tls = Box::new(Tls::new(Tcp::new(stream), config));
        let shaken = std::future::poll_fn(|cx| tls.poll_handshake(cx)).await;
        let socket = Self(Kind::Secured(tls));
        match shaken {
            Ok(()) => Ok(socket),
            Err(refused) => Err((socket, refused)),
        }
    }

    /// Reads what is there, or has the task woken when something is. 0 bytes are the end.
    ///
    /// # Errors
    /// The connection is broken, or the peer breaks the rules of TLS.
    pub fn poll_read(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        match &self.0 {
            Kind::Plain(tcp) => tcp.poll_read(cx, buffer),
            Kind::Secured(tls) => tls.poll_read(cx, buffer),
            Kind::Piped(end) => end.poll_read(cx, buffer).map(Ok),
            Kind::Moving(moving) => match moving.moved.get() {
                Some(socket) if !moving.end.has_inward() => socket.poll_read(cx, buffer),
                Some(_) | None => moving.end.poll_read(cx, buffer).map(Ok),
            },
        }
    }

    /// Reads as [`Socket::poll_read`], for a reader who throws away what comes: it is not even decrypted.
    ///
    /// # Errors
    /// The connection is broken.
    pub fn poll_discard(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        match &self.0 {
            Kind::Plain(tcp) => tcp.poll_read(cx, buffer),
            Kind::Secured(tls) => tls.tcp().poll_read(cx, buffer),
            Kind::Piped(end) => end.poll_read(cx, buffer).map(Ok),
            Kind::Moving(moving) => match moving.moved.get() {
                Some(socket) => socket.poll_discard(cx, buffer),
                None => moving.end.poll_read(cx, buffer).map(Ok),
            },
        }
    }

    /// Has the task woken when the socket takes something again. Ready at once if nobody has found it full.
    ///
    /// # Errors
    /// The runtime ends.
    pub fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &self.0 {
            Kind::Plain(tcp) => tcp.poll_writable(cx),
            Kind::Secured(tls) => tls.tcp().poll_writable(cx),
            Kind::Piped(end) => end.poll_writable(cx).map(Ok),
            Kind::Moving(moving) => match moving.moved.get() {
                Some(socket) => socket.poll_writable(cx),
                None => moving.end.poll_writable(cx).map(Ok),
            },
        }
    }

    /// Writes as much of one piece as the socket takes, perhaps nothing; then [`Socket::poll_writable`] waits. What was taken
    /// may still be [owed](Socket::owes).
    ///
    /// # Errors
    /// The connection is broken.
    pub fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        match &self.0 {
            Kind::Plain(tcp) => tcp.write(bytes),
            Kind::Secured(tls) => tls.write(&[IoSlice::new(bytes)]),
            Kind::Piped(end) => end.write(&[IoSlice::new(bytes)]),
            Kind::Moving(moving) => match moving.moved.get() {
                Some(socket) => socket.write(bytes),
                None => moving.end.write(&[IoSlice::new(bytes)]),
            },
        }
    }

    /// Writes as much of several pieces as the socket takes, perhaps nothing.
    ///
    /// # Errors
    /// As for [`Socket::write`].
    pub fn write_vectored(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        match &self.0 {
            Kind::Plain(tcp) => tcp.write_vectored(slices),
            Kind::Secured(tls) => tls.write(slices),
            Kind::Piped(end) => end.write(slices),
            Kind::Moving(moving) => match moving.moved.get() {
                Some(socket) => socket.write_vectored(slices),
                None => moving.end.write(slices),
            },
        }
    }

    /// The client's half, if it comes by HTTP.
    pub fn pipe(&self) -> Option<&Arc<Pipe>> {
        match &self.0 {
            Kind::Plain(_) | Kind::Secured(_) | Kind::Moving(_) => None,
            Kind::Piped(end) => Some(end.pipe()),
        }
    }

    /// Ready once the peer has hung up, without reading anything. Not while it says what nobody has read.
    ///
    /// # Errors
    /// The runtime ends.
    pub fn poll_hung_up(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &self.0 {
            Kind::Plain(tcp) => tcp.poll_hung_up(cx, false),
            // A goodbye in TLS lies before the end, and is never read.
            Kind::Secured(tls) => tls.tcp().poll_hung_up(cx, true),
            Kind::Piped(_) => Poll::Pending,
            Kind::Moving(moving) => moving.moved.get().map_or(Poll::Pending, |socket| socket.poll_hung_up(cx)),
        }
    }

    /// Whether something that was taken is not with the kernel yet: the rest of an encrypted record, at most. The next write
    /// begins with it, even one of nothing. Never so without TLS.
    pub fn owes(&self) -> bool {
        match &self.0 {
            Kind::Plain(_) | Kind::Piped(_) => false,
            Kind::Secured(tls) => tls.owes(),
            Kind::Moving(moving) => moving.moved.get().is_some_and(Socket::owes),
        }
    }

    /// Tells the peer that nothing more comes, after what is owed.
    pub fn poll_shut_down(&self, cx: &mut Context<'_>) -> Poll<()> {
        match &self.0 {
            Kind::Plain(tcp) => tcp.shut_down(),
            Kind::Secured(tls) => {
                // An error means that the peer is gone already, which is what is wanted.
                let _ = ready!(tls.poll_goodbye(cx));
                tls.tcp().shut_down();
            }
            Kind::Piped(end) => end.shut_down(),
            Kind::Moving(moving) => match moving.moved.get() {
                Some(socket) => return socket.poll_shut_down(cx),
                None => moving.end.shut_down(),
            },
        }
        Poll::Ready(())
    }

    /// Writes at least something, or has the task woken.
    fn poll_write_some(&self, cx: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        if slices.iter().all(|slice| slice.is_empty()) {
            return Poll::Ready(Ok(0));
        }
        loop {
            match self.write_vectored(slices) {
                Ok(0) => ready!(self.poll_writable(cx))?,
                written => return Poll::Ready(written),
            }
        }
    }
}

/// For HTTP, which owns its connection.
impl AsyncRead for Socket {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let count = ready!(Socket::poll_read(&self, cx, buffer.initialize_unfilled()))?;
        buffer.advance(count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_some(cx, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_some(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.owes() {
            self.write(&[])?;
            if self.owes() {
                ready!(self.poll_writable(cx))?;
            }
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_shut_down(cx).map(Ok)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn that_there_is_tls_costs_a_plain_connection_no_byte() {
        assert_eq!(size_of::<Socket>(), size_of::<TcpStream>());
    }
}

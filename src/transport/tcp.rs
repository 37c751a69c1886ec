//! A TCP socket that is read and written through a shared reference: who may, and when, is decided elsewhere. Knows nothing of
//! what the bytes are.
//!
//! It asks the kernel first and tells the runtime what that said. The runtime's own note on whether a socket is writable
//! lies in memory that is rarely in the cache: with a thousand members that would be a cache miss for each of them.

use std::io::{self, IoSlice, Read, Write};
use std::net::Shutdown;
use std::pin::pin;
use std::task::{Context, Poll, Waker, ready};

use socket2::SockRef;
use tokio::io::Interest;
use tokio::net::TcpStream;

/// A connected TCP socket.
#[derive(Debug)]
pub(super) struct Tcp(TcpStream);

impl Tcp {
    /// Takes over a socket.
    pub(super) fn new(stream: TcpStream) -> Self {
        Self(stream)
    }

    /// Reads what is there, or has the task woken when something is. 0 bytes are the end.
    ///
    /// # Errors
    /// The connection is broken.
    pub(super) fn poll_read(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.0.poll_read_ready(cx))?;
            let mut all = None;
            let read = self.0.try_io(Interest::READABLE, || {
                let count = (&*SockRef::from(&self.0)).read(buffer)?;
                if 0 < count && count < buffer.len() {
                    // That was all there is. The runtime is told that nothing is left, which saves asking in vain: it hears of
                    // whatever comes from now on (epoll is edge triggered).
                    all = Some(count);
                    return Err(io::ErrorKind::WouldBlock.into());
                }
                Ok(count)
            });
            match (all, read) {
                (Some(count), _) => return Poll::Ready(Ok(count)),
                (None, Err(error)) if is_nothing(&error) => {}
                (None, read) => return Poll::Ready(read),
            }
        }
    }

    /// Has the task woken when the socket takes something again. Ready at once if nobody has found it full.
    ///
    /// # Errors
    /// The runtime ends.
    pub(super) fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_write_ready(cx)
    }

    /// Ready once the peer has ended its side. What it said before that lies unread in between: with `passes_over` that is as
    /// if it were not there, and whoever reads later finds it only with what follows.
    ///
    /// # Errors
    /// The runtime ends.
    pub(super) fn poll_hung_up(&self, cx: &mut Context<'_>, passes_over: bool) -> Poll<io::Result<()>> {
        loop {
            ready!(self.0.poll_read_ready(cx))?;
            let ready = pin!(self.0.ready(Interest::READABLE)).poll(&mut Context::from_waker(Waker::noop()));
            if let Poll::Ready(ready) = ready
                && ready?.is_read_closed()
            {
                return Poll::Ready(Ok(()));
            }
            if !passes_over {
                return Poll::Pending;
            }
            let _ = self.0.try_io(Interest::READABLE, || Err::<(), _>(io::ErrorKind::WouldBlock.into()));
        }
    }

    /// Writes as much of one piece as the socket takes, perhaps nothing; then [`Tcp::poll_writable`] waits.
    ///
    /// # Errors
    /// The connection is broken.
    pub(super) fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.attempt(|mut socket| socket.write(bytes))
    }

    /// Writes as much of several pieces as the socket takes, perhaps nothing.
    ///
    /// # Errors
    /// As for [`Tcp::write`].
    pub(super) fn write_vectored(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.attempt(|mut socket| socket.write_vectored(slices))
    }

    fn attempt(&self, write: impl Fn(&socket2::Socket) -> io::Result<usize>) -> io::Result<usize> {
        let socket = SockRef::from(&self.0);
        let written = match write(&socket) {
            // Once more before the runtime takes it for full, so that a socket which became writable in between is not.
            Err(error) if is_nothing(&error) => self.0.try_io(Interest::WRITABLE, || write(&socket)),
            written => written,
        };
        match written {
            Err(error) if is_nothing(&error) => Ok(0),
            written => written,
        }
    }

    /// Tells the peer that nothing more comes.
    pub(super) fn shut_down(&self) {
        // An error means that the peer is gone already, which is what is wanted.
        let _ = SockRef::from(&self.0).shutdown(Shutdown::Write);
    }
}

/// Whether nothing was done, and the connection is as good as before.
fn is_nothing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}

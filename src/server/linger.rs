//! A socket that says goodbye properly. A peer that is answered before it has sent everything (a header block over the
//! limit, say) would lose the answer if the socket were closed at once: closing with unread bytes resets the connection.
//! So after its last write the socket reads what still comes and throws it away, for a moment. And it notices at once when a
//! peer hangs up to whom an answer without an end is being sent. Knows no HTTP.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use crate::transport::socket::Socket;

/// How long the peer may take to read our last words.
const MOMENT: Duration = Duration::from_secs(1);
/// How much is read and thrown away meanwhile, in bytes.
const MOST: usize = 1024 * 1024;

/// Whether an answer without an end is being sent. Meanwhile nothing is expected from the peer, and hyper does not look
/// whether it is still there: who has asked and says no more is answered all the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Endless(Arc<AtomicBool>);

impl Endless {
    pub(crate) fn set(&self, is_being_sent: bool) {
        self.0.store(is_being_sent, Ordering::Relaxed);
    }

    fn is_being_sent(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A connection whose `shutdown` lingers.
#[derive(Debug)]
pub(crate) struct Lingering {
    socket: Socket,
    endless: Endless,
    /// Set once nothing more will be written: how long the peer is waited for.
    until: Option<Pin<Box<Sleep>>>,
    is_shut_down: bool,
    thrown_away: usize,
}

impl Lingering {
    pub(crate) fn new(socket: Socket, endless: Endless) -> Self {
        Self { socket, endless, until: None, is_shut_down: false, thrown_away: 0 }
    }

    /// The socket, as it was.
    pub(crate) fn into_inner(self) -> Socket {
        self.socket
    }
}

impl AsyncRead for Lingering {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_read(cx, buf)
    }
}

impl AsyncWrite for Lingering {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // hyper flushes whenever its task is woken, and this has it woken when the peer hangs up.
        if self.endless.is_being_sent() && self.socket.poll_hung_up(cx)?.is_ready() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let until = this.until.get_or_insert_with(|| Box::pin(sleep(MOMENT)));
        if !this.is_shut_down {
            if this.socket.poll_shut_down(cx).is_pending() {
                return until.as_mut().poll(cx).map(Ok);
            }
            this.is_shut_down = true;
        }
        let mut bytes = [0; 4096];
        loop {
            let read = this.socket.poll_discard(cx, &mut bytes);
            match read {
                Poll::Ready(Ok(count @ 1..)) if this.thrown_away < MOST => this.thrown_away += count,
                // The peer is gone, or has had its chance.
                Poll::Ready(_) => return Poll::Ready(Ok(())),
                Poll::Pending => return until.as_mut().poll(cx).map(Ok),
            }
        }
    }
}

//! A client's connection: TCP, and TLS over it if the server is to be reached so. Read and written through a shared reference,
//! by one thread.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::secured::{Secured, Trust};

/// A connection.
pub(super) struct Link {
    tcp: TcpStream,
    secured: Option<Box<Secured>>,
}

impl Link {
    /// Connects, and shakes hands if there is somebody to trust.
    pub(super) async fn connect(to: SocketAddr, trust: Option<&Trust>) -> io::Result<Self> {
        let tcp = TcpStream::connect(to).await?;
        tcp.set_nodelay(true)?;
        let secured = match trust {
            Some(trust) => Some(Box::new(Secured::shake_hands(&tcp, trust).await?)),
            None => None,
        };
        Ok(Self { tcp, secured })
    }

    /// Reads what is there; 0 bytes are the end.
    pub(super) fn poll_read(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        loop {
            let read = match &self.secured {
                None => self.tcp.try_read(buffer),
                Some(secured) => secured.try_read(&self.tcp, buffer),
            };
            match read {
                Err(error) if error.kind() == ErrorKind::WouldBlock => ready!(self.tcp.poll_read_ready(cx))?,
                read => return Poll::Ready(read),
            }
        }
    }

    /// Writes as much as is taken at once.
    pub(super) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        match &self.secured {
            None => self.tcp.try_write(bytes),
            Some(secured) => secured.try_write(&self.tcp, bytes),
        }
    }

    /// Whether all that was taken has left.
    pub(super) fn try_flush(&self) -> io::Result<bool> {
        self.secured.as_ref().map_or(Ok(true), |secured| secured.flush(&self.tcp))
    }

    /// Has the task woken when more is taken.
    pub(super) fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.tcp.poll_write_ready(cx)
    }
}

/// For the handshake, during which nobody else reads or writes.
impl AsyncRead for Link {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let count = ready!(Link::poll_read(&self, cx, buffer.initialize_unfilled()))?;
        buffer.advance(count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Link {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        loop {
            match self.try_write(bytes) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => ready!(self.tcp.poll_write_ready(cx))?,
                written => return Poll::Ready(written),
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.try_flush()? {
            ready!(self.tcp.poll_write_ready(cx))?;
        }
        Poll::Ready(Ok(()))
    }

    /// An end is said by whoever drops it: the clients of a load say theirs in a close frame.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(cx)
    }
}

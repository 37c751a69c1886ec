//! A client's connection: TCP, and TLS over it if the server is to be reached so. Read and written through a shared reference,
//! by one thread at a time.

use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::secured::Secured;
use super::{Trust, Unreached};

/// A connection.
pub(crate) struct Stream {
    tcp: TcpStream,
    secured: Option<Box<Secured>>,
}

impl Stream {
    /// A connection without TLS.
    pub(crate) fn plain(tcp: TcpStream) -> io::Result<Self> {
        // Frames are written when they are whole.
        tcp.set_nodelay(true)?;
        Ok(Self { tcp, secured: None })
    }

    /// Shakes hands with the server of this name on a connection that has just been made.
    pub(crate) async fn secured(tcp: TcpStream, trust: &Trust, host: &str) -> Result<Self, Unreached> {
        tcp.set_nodelay(true)?;
        let secured = Box::new(Secured::shake_hands(&tcp, trust, host).await?);
        Ok(Self { tcp, secured: Some(secured) })
    }

    /// Reads what is there; 0 bytes are the end.
    pub(crate) fn poll_read(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
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
    pub(crate) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        match &self.secured {
            None => self.tcp.try_write(bytes),
            Some(secured) => secured.try_write(&self.tcp, bytes),
        }
    }

    /// Whether all that was taken has left.
    pub(crate) fn try_flush(&self) -> io::Result<bool> {
        self.secured.as_ref().map_or(Ok(true), |secured| secured.flush(&self.tcp))
    }

    /// Has the task woken when more is taken.
    pub(crate) fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.tcp.poll_write_ready(cx)
    }
}

/// For those who are the only ones that read and write.
impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let count = ready!(Stream::poll_read(&self, cx, buffer.initialize_unfilled()))?;
        buffer.advance(count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Stream {
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

    /// Over TLS the end is said in TLS, too, so that nobody takes it for a cut.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Some(secured) = &self.secured {
            secured.says_goodbye();
        }
        ready!(self.as_mut().poll_flush(cx))?;
        Pin::new(&mut self.tcp).poll_shutdown(cx)
    }
}

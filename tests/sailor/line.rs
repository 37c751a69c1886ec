//! How a server is reached, plain or over TLS, and a WebSocket to it. What may be dropped in the middle of waiting says so.

use std::io;
use std::net::{IpAddr, Ipv4Addr};

use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::net::TcpSocket;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;

use super::Course;
use super::frames::{Frames, Heard};
use crate::scene::{Stream, handshake, here, masked};

/// A connection on which nothing was said yet.
pub(super) async fn reach(course: &Course) -> io::Result<Stream> {
    let socket = TcpSocket::new_v4()?;
    if course.from != IpAddr::V4(Ipv4Addr::LOCALHOST) {
        socket.bind((course.from, 0).into())?;
    }
    let tcp = socket.connect(course.to).await?;
    tcp.set_nodelay(true)?;
    Ok(match &course.trust {
        None => Stream::Plain(tcp),
        Some(trust) => Stream::Tls(Box::new(TlsConnector::from(trust.clone()).connect(here(), tcp).await?)),
    })
}

/// A WebSocket.
pub(super) struct Line {
    from: ReadHalf<Stream>,
    to: WriteHalf<Stream>,
    frames: Frames,
    read: Vec<u8>,
    out: Vec<u8>,
    is_flushed: bool,
    pub(super) heard_at: Instant,
}

impl Line {
    /// Shakes hands for a path.
    pub(super) async fn open(course: &Course, path: &str, headers: &str) -> io::Result<Self> {
        let mut stream = reach(course).await?;
        let request = handshake(&course.to.to_string(), path, headers);
        stream.write_all(request.as_bytes()).await?;
        stream.flush().await?;
        let (mut head, mut byte) = (Vec::new(), [0]);
        while !head.ends_with(b"\r\n\r\n") {
            stream.read_exact(&mut byte).await?;
            head.push(byte[0]);
        }
        if !head.starts_with(b"HTTP/1.1 101 ") {
            return Err(io::Error::other(String::from_utf8_lossy(&head).into_owned()));
        }
        let (from, to) = tokio::io::split(stream);
        Ok(Self {
            from,
            to,
            frames: Frames::default(),
            read: vec![0; 16 * 1024],
            out: Vec::new(),
            is_flushed: true,
            heard_at: Instant::now(),
        })
    }

    /// Has a text be sent.
    pub(super) fn says(&mut self, text: &str) {
        self.sends(1, text.as_bytes());
    }

    /// Has a frame of any kind be sent.
    pub(super) fn sends(&mut self, opcode: u8, payload: &[u8]) {
        self.out.extend(masked(opcode, payload));
    }

    /// Reads or writes something. May be dropped while it waits.
    ///
    /// # Errors
    /// When the connection is gone.
    pub(super) async fn works(&mut self) -> io::Result<()> {
        let Self { from, to, out, is_flushed, .. } = self;
        let has_more = !out.is_empty() || !*is_flushed;
        tokio::select! {
            count = from.read(&mut self.read) => match count? {
                0 => return Err(io::Error::other("ended")),
                count => {
                    self.frames.feed(&self.read[..count]);
                    self.heard_at = Instant::now();
                }
            },
            pushed = push(to, out, is_flushed), if has_more => pushed?,
        }
        Ok(())
    }

    /// The next whole frame that was read. Pings are answered on the way.
    pub(super) fn next(&mut self) -> Option<Heard> {
        loop {
            match self.frames.next()? {
                Heard::Ping(payload) => self.sends(10, &payload),
                Heard::Pong => {}
                heard => return Some(heard),
            }
        }
    }

    /// Says goodbye as a page does that is loaded again, after all that is to be sent.
    pub(super) async fn reloads(&mut self) {
        self.sends(8, &1001_u16.to_be_bytes());
        while !self.out.is_empty() || !self.is_flushed {
            if push(&mut self.to, &mut self.out, &mut self.is_flushed).await.is_err() {
                return;
            }
        }
    }
}

/// One write. May be dropped while it waits: then nothing was taken.
async fn push(to: &mut WriteHalf<Stream>, out: &mut Vec<u8>, is_flushed: &mut bool) -> io::Result<()> {
    if out.is_empty() {
        to.flush().await?;
        *is_flushed = true;
    } else {
        let count = to.write(out).await?;
        out.drain(..count);
        *is_flushed = false;
    }
    Ok(())
}

//! Requests, and answers that have an end or none. A broken connection is an error and nothing worse.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::Course;
use super::line::reach;
use crate::scene::Stream;

/// A connection for requests.
pub(super) struct Http {
    stream: Stream,
    host: String,
    /// Read and not looked at.
    read: Vec<u8>,
}

/// An answer.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: String,
}

/// A request that has no answer yet.
pub(super) struct Request<'a> {
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    /// Each with its line end.
    pub(super) headers: &'a str,
    pub(super) body: &'a str,
}

impl Http {
    pub(super) async fn open(course: &Course) -> io::Result<Self> {
        Ok(Self { stream: reach(course).await?, host: course.to.to_string(), read: Vec::new() })
    }

    /// Asks, and waits for the whole answer.
    pub(super) async fn ask(&mut self, request: &Request<'_>) -> io::Result<Answer> {
        match self.begin(request).await? {
            (status, Some(length)) => {
                while self.read.len() < length {
                    self.more().await?;
                }
                let body = self.read.drain(..length).collect();
                Ok(Answer { status, body: String::from_utf8(body).map_err(io::Error::other)? })
            }
            (status, None) => Err(io::Error::other(format!("an answer without end, {status}"))),
        }
    }

    /// Asks, and waits for the head of the answer: its status, and how long its body is, if that is known.
    pub(super) async fn begin(&mut self, request: &Request<'_>) -> io::Result<(u16, Option<usize>)> {
        let Request { method, path, headers, body } = request;
        let (host, length) = (&self.host, body.len());
        let text =
            format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\n{headers}\r\n{body}");
        self.stream.write_all(text.as_bytes()).await?;
        self.stream.flush().await?;
        let end = loop {
            if let Some(end) = self.read.windows(4).position(|four| four == b"\r\n\r\n") {
                break end;
            }
            self.more().await?;
        };
        let head: Vec<u8> = self.read.drain(..end + 4).collect();
        let head = String::from_utf8_lossy(&head).to_ascii_lowercase();
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.ok_or_else(|| io::Error::other(format!("no status: {head}")))?;
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
        let is_endless = head.lines().any(|line| line == "transfer-encoding: chunked");
        Ok((status, (!is_endless).then_some(length.unwrap_or(0))))
    }

    /// The next piece of an answer without an end; nothing at its end. May be dropped while it waits.
    pub(super) async fn piece(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            if let Some(end) = self.read.windows(2).position(|two| two == b"\r\n") {
                let size = std::str::from_utf8(&self.read[..end]).map_err(io::Error::other)?;
                let size = usize::from_str_radix(size, 16).map_err(io::Error::other)?;
                if self.read.len() >= end + 2 + size + 2 {
                    let piece = self.read[end + 2..end + 2 + size].to_vec();
                    self.read.drain(..end + 2 + size + 2);
                    return Ok((size > 0).then_some(piece));
                }
            }
            self.more().await?;
        }
    }

    async fn more(&mut self) -> io::Result<()> {
        match self.stream.read_buf(&mut self.read).await? {
            0 => Err(io::Error::other("ended")),
            _ => Ok(()),
        }
    }
}

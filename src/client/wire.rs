//! A client's connection: opening, frames out, messages in. Knows no room and never reconnects. Everything here may be
//! given up halfway and taken up again, so that it can be waited for beside other things.

use std::future::{pending, poll_fn};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use serde::Deserialize;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};

use super::address::Address;
use super::link::Ended;
use super::reach::{Line, Trust, Unreached, reach, words};
use super::socket::messages::text;
use super::socket::{Heard, Kind, Messages, Request, Unopened, open, put};
use super::token::Token;
use crate::protocol::Close;

/// The subprotocol that is spoken.
const CHARSU: &str = "charsu.v1";
/// Bytes of one message at most: far more than a room's snapshot has.
const MAX_MESSAGE: usize = 16 * 1024 * 1024;
/// Bytes that are read at once.
const READ: usize = 16 * 1024;
/// Pings are not answered while so much is unsent: a server that takes nothing does not wait for pongs.
const MAX_PONGS: usize = 64 * 1024;
/// How long the last words may take.
const FAREWELL: Duration = Duration::from_secs(2);
/// No code was given (RFC 6455 section 7.4.1).
const NO_CODE: u16 = 1005;
const FINISHED: u16 = 1000;

type Opening = Pin<Box<dyn Future<Output = Result<Open, Ended>> + Send>>;

/// A connection, if there is one.
pub(super) enum Wire {
    None,
    Opening(Opening),
    Open(Open),
}

/// What became of waiting.
pub(super) enum Moved {
    Opened(Open),
    Ended(Ended),
    /// Something was read.
    Read,
}

/// An open connection.
pub(super) struct Open {
    line: Box<dyn Line>,
    messages: Messages,
    /// What was read, and how much of it was taken.
    read: Vec<u8>,
    taken: usize,
    /// What is to be written.
    out: Vec<u8>,
}

/// How a connection ends that still can be answered.
pub(super) struct Over {
    pub(super) ended: Ended,
    /// The code to close with in turn.
    pub(super) answer: u16,
}

/// The status of whoever has no good token (RFC 6750 section 3.1).
const UNAUTHORIZED: u16 = 401;

/// What a server says that turns somebody away before there is a WebSocket.
#[derive(Deserialize)]
struct TurnedAway {
    message: String,
    retry_after_ms: Option<u64>,
}

impl Wire {
    pub(super) fn to(server: Address, trust: Trust, token: Option<Token>) -> Self {
        Self::Opening(Box::pin(async move {
            let line = reach(&server, &trust).await.map_err(|why| unreached(&why))?;
            opens(line, &server, token.as_ref()).await.map_err(ended)
        }))
    }

    /// Waits until something moves. Nothing is lost if it is not waited for to the end.
    pub(super) async fn moves(&mut self) -> Moved {
        match self {
            Self::None => pending().await,
            Self::Opening(opening) => match opening.await {
                Ok(open) => Moved::Opened(open),
                Err(ended) => Moved::Ended(ended),
            },
            Self::Open(open) => match poll_fn(|cx| open.poll(cx)).await {
                Ok(()) => Moved::Read,
                Err(error) => Moved::Ended(Ended { reason: words(&error), ..Ended::default() }),
            },
        }
    }

    /// Adds a text message to what is to be written.
    pub(super) fn say(&mut self, text: &str) {
        if let Self::Open(open) = self {
            open.put(Kind::Text, text.as_bytes());
        }
    }

    /// Ends it; what is unsent and the last word are sent by a task of its own.
    pub(super) fn hangs_up(&mut self, code: u16) {
        if let Self::Open(open) = std::mem::replace(self, Self::None) {
            tokio::spawn(open.says_goodbye(code));
        }
    }

    /// The same, and it is over when that is sent and answered, or took too long.
    pub(super) async fn closes(&mut self, code: u16) {
        if let Self::Open(open) = std::mem::replace(self, Self::None) {
            open.says_goodbye(code).await;
        }
    }
}

async fn opens(mut line: Box<dyn Line>, server: &Address, token: Option<&Token>) -> Result<Open, Unopened> {
    let (authority, path) = (server.authority.to_string(), server.path());
    let mut key = [0; 16];
    // Where the system has no random bytes, the connection is no less a connection.
    let _ = getrandom::fill(&mut key);
    let token = token.map(Token::as_str);
    let request = Request { authority: &authority, path: &path, protocol: Some(CHARSU), token, key };
    let read = open(&mut line, &request).await?;
    Ok(Open::over(line, read))
}

fn unreached(why: &Unreached) -> Ended {
    Ended { reason: why.to_string(), ..Ended::default() }
}

fn ended(why: Unopened) -> Ended {
    let (code, reason, retry_after) = match why {
        Unopened::Io(error) => (0, words(&error), None),
        Unopened::Refused { status, body, line, retry_after } => {
            let code = if status == UNAUTHORIZED { Close::TokenExpired.code() } else { 0 };
            match serde_json::from_str::<TurnedAway>(&body) {
                Ok(told) => (code, told.message, told.retry_after_ms.map(Duration::from_millis).or(retry_after)),
                Err(_) => (0, format!("it is no Charsu server: {line}"), retry_after),
            }
        }
        Unopened::Tls => (0, why.to_string(), None),
        Unopened::NotHttp | Unopened::NotOurs | Unopened::Protocol(_) => {
            (0, format!("it is no Charsu server: {why}"), None)
        }
    };
    Ended { code, reason, retry_after }
}

impl Open {
    /// A connection that is open. `read`: what came with the answer that opened it.
    pub(super) fn over(line: Box<dyn Line>, read: Vec<u8>) -> Self {
        Self { line, messages: Messages::new(MAX_MESSAGE), read, taken: 0, out: Vec::new() }
    }

    fn put(&mut self, kind: Kind, payload: &[u8]) {
        // Predictable masks endanger others only (RFC 6455 section 10.3), and only where there is no chance to be had.
        let mask = getrandom::u32().unwrap_or_default().to_ne_bytes();
        put(&mut self.out, kind, mask, |out| out.extend_from_slice(payload));
    }

    /// Takes what was read: calls `each` with every text.
    ///
    /// # Errors
    /// How the connection ended thereby.
    pub(super) fn takes(&mut self, mut each: impl FnMut(&str)) -> Result<(), Over> {
        let broken = loop {
            let heard = self.messages.next(&self.read, &mut self.taken);
            match heard {
                Ok(None) => return Ok(()),
                Ok(Some(Heard::Text(bytes))) => match text(bytes) {
                    Ok(text) => each(text),
                    Err(broken) => break broken,
                },
                Ok(Some(Heard::Ping(payload))) => {
                    let payload = payload.to_vec();
                    if self.out.len() < MAX_PONGS {
                        self.put(Kind::Pong, &payload);
                    }
                }
                Ok(Some(Heard::Binary(_) | Heard::Pong)) => {}
                Ok(Some(Heard::Close(last))) => {
                    let (code, reason) = last.unwrap_or((NO_CODE, b""));
                    let reason = String::from_utf8_lossy(reason).into_owned();
                    let answer = if code == NO_CODE { FINISHED } else { code };
                    return Err(Over { ended: Ended { code, reason, retry_after: None }, answer });
                }
                Err(broken) => break broken,
            }
        };
        Err(Over { ended: Ended { reason: broken.to_string(), ..Ended::default() }, answer: broken.code() })
    }

    /// Writes what is unsent and a last word, and waits for the server's.
    async fn says_goodbye(mut self, code: u16) {
        self.put(Kind::Close, &code.to_be_bytes());
        let goodbye = async {
            self.line.write_all(&self.out).await?;
            self.line.flush().await?;
            self.out.clear();
            while poll_fn(|cx| self.poll(cx)).await.is_ok() && self.takes(|_| ()).is_ok() {}
            self.line.shutdown().await
        };
        // Whoever does not listen to the end misses nothing.
        let _ = tokio::time::timeout(FAREWELL, goodbye).await;
    }

    /// Writes what can be written; ready when something was read.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.out.is_empty() {
            match Pin::new(&mut self.line).poll_write(cx, &self.out) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(written)) => drop(self.out.drain(..written)),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => break,
            }
        }
        if self.out.is_empty() {
            // A line that gathers what is written is to let it go; what it says is said of the next write.
            let _ = Pin::new(&mut self.line).poll_flush(cx)?;
        }
        self.read.drain(..self.taken);
        self.taken = 0;
        let begin = self.read.len();
        self.read.resize(begin + READ, 0);
        let mut buffer = ReadBuf::new(&mut self.read[begin..]);
        let read = Pin::new(&mut self.line).poll_read(cx, &mut buffer);
        let count = buffer.filled().len();
        self.read.truncate(begin + count);
        ready!(read)?;
        Poll::Ready(if count == 0 { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) })
    }
}

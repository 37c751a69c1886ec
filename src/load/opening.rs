//! How a client comes in: the request that opens a WebSocket, and what is said first.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use serde::Deserialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Plan, Wire};
use crate::client::socket::{Heard, Kind, Messages, Request, Unopened, open, put};
use crate::client::{Stream, Token, Trust, Unreached};
use crate::protocol::Code;

/// Bytes of one message at most; a chat sends nothing longer.
pub(super) const MAX_MESSAGE: usize = 64 * 1024 * 1024;
/// Any 16 bytes do: no cache is between us.
const KEY: [u8; 16] = *b"the sample nonce";
/// How much of a refusal is shown, in characters.
const SHOWN: usize = 200;

/// What of a frame of `charsu.v1` matters here.
#[derive(Debug, Deserialize)]
pub(super) struct Told<'a> {
    #[serde(rename = "type", borrow)]
    pub(super) kind: std::borrow::Cow<'a, str>,
    pub(super) id: Option<u64>,
    pub(super) code: Option<String>,
    pub(super) message: Option<String>,
    pub(super) reason: Option<String>,
}

/// A client that is in.
pub(super) struct Opened {
    pub(super) link: Stream,
    /// What was read and is not looked at yet.
    pub(super) rest: Vec<u8>,
}

/// Who comes.
pub(super) struct Newcomer<'p> {
    pub(super) plan: &'p Plan,
    pub(super) trust: Option<&'p Trust>,
    /// What it shows.
    pub(super) token: Option<Token>,
    pub(super) room: &'p str,
    pub(super) name: &'p str,
    pub(super) path: String,
    /// What it says first, in frames of a wire that is not ours.
    pub(super) first: Vec<String>,
    pub(super) mask: [u8; 4],
}

impl Newcomer<'_> {
    /// Connects, and is in when this is over.
    pub(super) async fn comes(&self, to: SocketAddr) -> Result<Opened, String> {
        let patience = self.plan.patience.max(Duration::from_secs(1));
        let coming = tokio::time::timeout(patience, self.enters(to)).await;
        coming.unwrap_or_else(|_| Err(format!("no answer within {patience:?}")))
    }

    async fn connects(&self, to: SocketAddr) -> Result<Stream, Unreached> {
        let tcp = TcpStream::connect(to).await?;
        match self.trust {
            Some(trust) => Stream::secured(tcp, trust, &self.plan.target.authority.host).await,
            None => Ok(Stream::plain(tcp)?),
        }
    }

    async fn enters(&self, to: SocketAddr) -> Result<Opened, String> {
        let mut link = self.connects(to).await.map_err(unreached)?;
        let protocol = match &self.plan.wire {
            Wire::Charsu => Some(CHARSU),
            Wire::Frames { protocol, .. } => protocol.as_deref(),
        };
        let authority = self.plan.target.authority.to_string();
        let token = self.token.as_ref().map(Token::as_str);
        let request = Request { authority: &authority, path: &self.path, protocol, token, key: KEY };
        let rest = open(&mut link, &request).await.map_err(unopened)?;
        let mut opened = Opened { link, rest };
        match self.plan.wire {
            Wire::Charsu => {
                opened.says(r#"{"type":"hello"}"#, self.mask).await?;
                opened.waits_for("welcome").await?;
                let join = format!(r#"{{"type":"join","id":1,"room":"{}","name":"{}"}}"#, self.room, self.name);
                opened.says(&join, self.mask).await?;
                opened.waits_for("joined").await?;
            }
            Wire::Frames { .. } => {
                for text in &self.first {
                    opened.says(text, self.mask).await?;
                }
            }
        }
        Ok(opened)
    }
}

/// The subprotocol that is ours.
pub(super) const CHARSU: &str = "charsu.v1";

impl Opened {
    async fn says(&mut self, text: &str, mask: [u8; 4]) -> Result<(), String> {
        let mut bytes = Vec::new();
        put(&mut bytes, Kind::Text, mask, |bytes| bytes.extend_from_slice(text.as_bytes()));
        let said = async {
            self.link.write_all(&bytes).await?;
            self.link.flush().await
        };
        said.await.map_err(|error| error.to_string())
    }

    /// Reads until there is such a frame; those before it are of no interest yet.
    async fn waits_for(&mut self, kind: &str) -> Result<(), String> {
        let mut messages = Messages::new(MAX_MESSAGE);
        loop {
            let (mut at, mut is_it) = (0, false);
            while !is_it && let Some(heard) = messages.next(&self.rest, &mut at).map_err(|broken| broken.to_string())? {
                is_it = is_told(heard, kind)?;
            }
            self.rest.drain(..at);
            if is_it {
                return Ok(());
            }
            self.reads().await?;
        }
    }

    async fn reads(&mut self) -> Result<(), String> {
        match self.link.read_buf(&mut self.rest).await {
            Ok(0) => Err("it hung up".to_owned()),
            Ok(_) => Ok(()),
            Err(error) => Err(error.to_string()),
        }
    }
}

fn is_told(heard: Heard<'_>, kind: &str) -> Result<bool, String> {
    match heard {
        Heard::Close(last) => Err(farewell(last)),
        Heard::Text(message) => match serde_json::from_slice::<Told<'_>>(message) {
            Ok(told) if told.kind == "error" => Err(refusal(&told)),
            Ok(told) => Ok(told.kind == kind),
            Err(_) => Ok(false),
        },
        Heard::Binary(_) | Heard::Ping(_) | Heard::Pong => Ok(false),
    }
}

/// What a close frame says.
pub(super) fn farewell(last: Option<(u16, &[u8])>) -> String {
    match last {
        Some((code, words)) => {
            format!("it closed with {code} {}", String::from_utf8_lossy(words)).trim_end().to_owned()
        }
        None => "it closed".to_owned(),
    }
}

const LIMITS: &str = ". For a load, Charsu is started with --no-limits";
const TOKENS: &str =
    ". For tokens, name the server's secret with --auth-secret-file, or a file of tokens with --token-file";
const ONE_NAME: &str = ". A token is for one name: give --token-file as many as there are members, or have them minted by --auth-secret-file";

/// What a server's refusal says.
pub(super) fn refusal(told: &Told<'_>) -> String {
    let (code, words) = (told.code.as_deref().unwrap_or_default(), told.message.as_deref().unwrap_or_default());
    let remedy = match code {
        _ if code == Code::NameTaken.as_str() => ONE_NAME,
        _ if code == Code::RoomForbidden.as_str() => "",
        _ => LIMITS,
    };
    format!("it refused: {code}: {}{remedy}", words.trim_end_matches('.'))
}

/// Why it is no WebSocket, and what to do if that is known.
fn unopened(why: Unopened) -> String {
    match why {
        Unopened::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => "it hung up".to_owned(),
        Unopened::Io(error) => remedy(&error),
        Unopened::Refused { status, line, body, .. } => {
            let body: String = body.chars().take(SHOWN).collect();
            let remedy = match status {
                401 => TOKENS,
                429 | 503 => LIMITS,
                _ => "",
            };
            format!("{line} {body}{remedy}")
        }
        Unopened::NotHttp | Unopened::Tls | Unopened::NotOurs | Unopened::Protocol(_) => why.to_string(),
    }
}

fn unreached(why: Unreached) -> String {
    match why {
        Unreached::Io(error) => remedy(&error),
        other => other.to_string(),
    }
}

fn remedy(error: &io::Error) -> String {
    let what = match error.kind() {
        io::ErrorKind::ConnectionRefused => "nothing listens there. Is the server running?",
        io::ErrorKind::AddrNotAvailable => "no port is free any more. Fewer connections, or wait a minute",
        _ if error.raw_os_error() == Some(EMFILE) => "too many open files. Say `ulimit -n 60100` first, for both",
        _ => return error.to_string(),
    };
    what.to_owned()
}

/// Too many open files, on Unix.
const EMFILE: i32 = 24;

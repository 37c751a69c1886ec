//! How a client comes in: the request that opens a WebSocket, and what is said first.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use serde::Deserialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Frame, Plan, Wire, first, frames, put};

/// A server's answer has at most this many bytes of headers.
const MAX_HEAD: usize = 16 * 1024;
/// How much of a refusal is shown.
const SHOWN: usize = 200;
/// Any 16 bytes do, and the answer is known: no cache is between us.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

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
    pub(super) stream: TcpStream,
    /// What was read and is not looked at yet.
    pub(super) rest: Vec<u8>,
}

/// Who comes.
pub(super) struct Newcomer<'p> {
    pub(super) plan: &'p Plan,
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

    async fn enters(&self, to: SocketAddr) -> Result<Opened, String> {
        let mut stream = TcpStream::connect(to).await.map_err(|error| remedy(&error))?;
        stream.set_nodelay(true).map_err(|error| error.to_string())?;
        let protocol = match &self.plan.wire {
            Wire::Charsu => Some(CHARSU),
            Wire::Frames { protocol, .. } => protocol.as_deref(),
        };
        let asked = protocol.map(|protocol| format!("Sec-WebSocket-Protocol: {protocol}\r\n")).unwrap_or_default();
        let request = format!(
            "GET {} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: {KEY}\r\n{asked}\r\n",
            self.path,
            self.plan.target.authority()
        );
        stream.write_all(request.as_bytes()).await.map_err(|error| remedy(&error))?;
        let mut opened = Opened { stream, rest: Vec::new() };
        opened.is_taken(protocol).await?;
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
    async fn is_taken(&mut self, protocol: Option<&str>) -> Result<(), String> {
        let end = loop {
            if let Some(end) = self.rest.windows(4).position(|window| window == b"\r\n\r\n") {
                break end + 4;
            }
            if self.rest.len() > MAX_HEAD {
                return Err("its answer is no HTTP".to_owned());
            }
            self.reads().await?;
        };
        let head = String::from_utf8_lossy(&self.rest[..end]).into_owned();
        let status = head.split(' ').nth(1).unwrap_or_default();
        if status != "101" {
            // Most of a refusal comes with its head; the rest is not worth waiting for.
            let body = String::from_utf8_lossy(&self.rest[end..]);
            let body: String = body.chars().take(SHOWN).collect();
            let remedy = if matches!(status, "429" | "503") { LIMITS } else { "" };
            return Err(format!("{} {body}{remedy}", head.lines().next().unwrap_or_default()));
        }
        let header = |wanted: &str| {
            let lines = head.lines().filter_map(|line| line.split_once(':'));
            let mut found = lines.filter(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.trim());
            found.next()
        };
        if header("Sec-WebSocket-Accept") != Some(ACCEPT) {
            return Err("it answers with 101, and not to what was asked".to_owned());
        }
        if protocol.is_some() && header("Sec-WebSocket-Protocol") != protocol {
            return Err(format!("it does not speak {}", protocol.unwrap_or_default()));
        }
        self.rest.drain(..end);
        Ok(())
    }

    async fn says(&mut self, text: &str, mask: [u8; 4]) -> Result<(), String> {
        let mut bytes = Vec::new();
        put(&mut bytes, frames::TEXT, mask, |bytes| bytes.extend_from_slice(text.as_bytes()));
        self.stream.write_all(&bytes).await.map_err(|error| error.to_string())
    }

    /// Reads until there is such a frame; those before it are of no interest yet.
    async fn waits_for(&mut self, kind: &str) -> Result<(), String> {
        loop {
            let mut at = 0;
            while let Some(frame) = first(&self.rest[at..]).map_err(|broken| broken.to_string())? {
                let is_it = is_told(&frame, kind)?;
                at += frame.length;
                if is_it {
                    self.rest.drain(..at);
                    return Ok(());
                }
            }
            self.rest.drain(..at);
            self.reads().await?;
        }
    }

    async fn reads(&mut self) -> Result<(), String> {
        match self.stream.read_buf(&mut self.rest).await {
            Ok(0) => Err("it hung up".to_owned()),
            Ok(_) => Ok(()),
            Err(error) => Err(error.to_string()),
        }
    }
}

fn is_told(frame: &Frame<'_>, kind: &str) -> Result<bool, String> {
    match frame.opcode {
        frames::CLOSE => Err(farewell(frame.payload)),
        frames::TEXT => match serde_json::from_slice::<Told<'_>>(frame.payload) {
            Ok(told) if told.kind == "error" => Err(refusal(&told)),
            Ok(told) => Ok(told.kind == kind),
            Err(_) => Ok(false),
        },
        _ => Ok(false),
    }
}

/// What a close frame says.
pub(super) fn farewell(payload: &[u8]) -> String {
    match payload {
        [high, low, words @ ..] => {
            let code = u16::from_be_bytes([*high, *low]);
            format!("it closed with {code} {}", String::from_utf8_lossy(words)).trim_end().to_owned()
        }
        _ => "it closed".to_owned(),
    }
}

const LIMITS: &str = ". For a load, Charsu is started with --no-limits";

/// What a server's refusal says.
pub(super) fn refusal(told: &Told<'_>) -> String {
    let (code, words) = (told.code.as_deref().unwrap_or_default(), told.message.as_deref().unwrap_or_default());
    format!("it refused: {code}: {}{LIMITS}", words.trim_end_matches('.'))
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

//! A client's end of a WebSocket that always reads, as a browser does. tungstenite judges every byte that the server sends,
//! so that what the server's own codec does wrong does not go unnoticed. Like a browser it offers compression, and
//! compresses what it sends if the server takes that up. Knows no wire's words.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tungstenite::protocol::{Role, WebSocket};
use tungstenite::{Error, Message};

use super::by_http::{self, Events};
use super::deflating::{AGREED, OFFER, Unpacking, packed};
use super::socket::masked;
use super::{Raw, Socket, Stream, within};

/// What comes over a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Heard {
    Text(String),
    Binary(Vec<u8>),
    Pong(Vec<u8>),
    /// The server said goodbye: its code (1005 for none) and its words.
    Closed(u16, String),
    /// The connection is gone, and how.
    Gone(String),
}

/// Plays the scenes of people by server-sent events and requests, if it is `sse`.
const BY: &str = "CHARSU_SCENES_BY";

/// Whether people come by server-sent events and requests.
pub(crate) fn by_http() -> bool {
    std::env::var(BY).is_ok_and(|by| by == "sse")
}

/// What the writing half is to do.
enum Order {
    Send(Vec<u8>),
    HangUp,
}

/// How something is said.
enum Mouth {
    Socket(mpsc::UnboundedSender<Order>),
    Requests(mpsc::UnboundedSender<Vec<u8>>),
}

/// A line. Dropping it cuts it without a word.
pub(crate) struct Line {
    out: Mouth,
    heard: mpsc::UnboundedReceiver<Heard>,
    /// How many compressed messages came, if compression was agreed on.
    deflated: Option<Arc<AtomicU64>>,
    reading: JoinHandle<()>,
    writing: JoinHandle<()>,
}

impl Line {
    /// Shakes hands on a connection.
    pub(crate) async fn open(raw: Raw, path: &str, headers: &str) -> Self {
        Self::shake_hands(raw, path, &[OFFER, headers].concat()).await
    }

    /// The same for a client that knows no compression.
    pub(crate) async fn open_plain(raw: Raw, path: &str, headers: &str) -> Self {
        Self::shake_hands(raw, path, headers).await
    }

    async fn shake_hands(mut raw: Raw, path: &str, headers: &str) -> Self {
        let reply = Socket::ask(&mut raw, path, headers).await;
        assert_eq!(reply.status, 101, "{path}: {}", reply.text());
        let extensions = reply.header("sec-websocket-extensions");
        assert!(extensions.is_empty() || (extensions == AGREED && headers.contains(OFFER)), "{extensions}");
        let deflated = (!extensions.is_empty()).then(Arc::default);
        let (stream, early) = raw.into_parts();
        Self::on(stream, early, deflated)
    }

    fn on(stream: Stream, early: Vec<u8>, deflated: Option<Arc<AtomicU64>>) -> Self {
        let (read, write) = tokio::io::split(stream);
        let (out, outgoing) = mpsc::unbounded_channel();
        let (tell, heard) = mpsc::unbounded_channel();
        let unpacking = deflated.clone().map(Unpacking::new);
        let reading = tokio::spawn(listen(read, early, unpacking, out.clone(), tell));
        let writing = tokio::spawn(speak(write, outgoing));
        Self { out: Mouth::Socket(out), heard, deflated, reading, writing }
    }

    /// Opens a stream of events on one connection, with the secret of an earlier session, and speaks on another. Its welcome
    /// is the first thing that is heard.
    pub(crate) async fn by_http(raw: Raw, speaking: Raw, session: Option<&str>) -> Self {
        let headers = session.map_or_else(String::new, |secret| format!("Authorization: Bearer {secret}\r\n"));
        let mut events = Events::open(raw, "/api/events", &headers).await.expect("a stream");
        let welcome = events.next().await.expect("a welcome");
        let session = welcome.data.as_ref().and_then(|data| data["session"].as_str()).expect("a secret").to_owned();
        let (out, said) = mpsc::unbounded_channel();
        let (tell, heard) = mpsc::unbounded_channel();
        let reading = tokio::spawn(by_http::listen(events, vec![welcome], tell.clone()));
        let writing = tokio::spawn(by_http::speak(speaking, session, said, tell));
        Self { out: Mouth::Requests(out), heard, deflated: None, reading, writing }
    }

    /// How many compressed messages came.
    pub(crate) fn deflated(&self) -> u64 {
        self.deflated.as_ref().map_or(0, |count| count.load(Ordering::Relaxed))
    }

    /// Sends a text.
    pub(crate) fn say(&self, text: &str) {
        self.send(self.frame(text));
    }

    /// Sends several texts in one piece.
    pub(crate) fn say_at_once(&self, texts: impl IntoIterator<Item = String>) {
        self.send(texts.into_iter().flat_map(|text| self.frame(&text)).collect());
    }

    fn frame(&self, text: &str) -> Vec<u8> {
        match &self.out {
            Mouth::Requests(_) => [text, "\n"].concat().into_bytes(),
            Mouth::Socket(_) if self.deflated.is_some() => packed(text),
            Mouth::Socket(_) => masked(1, text.as_bytes()),
        }
    }

    /// Sends bytes as they are.
    pub(crate) fn send(&self, bytes: Vec<u8>) {
        // A line that is gone tells so when it is listened to.
        match &self.out {
            Mouth::Socket(out) => drop(out.send(Order::Send(bytes))),
            Mouth::Requests(out) => drop(out.send(bytes)),
        }
    }

    /// Says goodbye, with a code or without one.
    pub(crate) fn close(&self, code: Option<u16>) {
        if let Mouth::Requests(_) = &self.out {
            // There is no goodbye on a stream.
            self.reading.abort();
            return;
        }
        self.send(masked(8, &code.map_or_else(Vec::new, |code| code.to_be_bytes().to_vec())));
    }

    /// The next thing that comes.
    pub(crate) async fn next(&mut self) -> Heard {
        within("something from the server", self.heard.recv()).await.unwrap_or_else(|| Heard::Gone("before".to_owned()))
    }

    /// The next thing, if it is there already.
    pub(crate) fn next_now(&mut self) -> Option<Heard> {
        self.heard.try_recv().ok()
    }

    /// Cuts the line without a word, and waits until that is done.
    pub(crate) async fn cut(mut self) {
        self.reading.abort();
        self.writing.abort();
        let _ = (&mut self.reading).await;
        let _ = (&mut self.writing).await;
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.reading.abort();
        self.writing.abort();
    }
}

async fn speak(mut write: WriteHalf<Stream>, mut orders: mpsc::UnboundedReceiver<Order>) {
    while let Some(Order::Send(bytes)) = orders.recv().await {
        if write.write_all(&bytes).await.is_err() || write.flush().await.is_err() {
            return;
        }
    }
    let _ = write.shutdown().await;
}

async fn listen(
    mut read: ReadHalf<Stream>,
    early: Vec<u8>,
    mut unpacking: Option<Unpacking>,
    out: mpsc::UnboundedSender<Order>,
    tell: mpsc::UnboundedSender<Heard>,
) {
    let pipe = Pipe::default();
    let mut feed = |bytes: &[u8]| match &mut unpacking {
        Some(unpacking) => pipe.feed(&unpacking.take(bytes)),
        None => pipe.feed(bytes),
    };
    feed(&early);
    let mut socket = WebSocket::from_raw_socket(pipe.clone(), Role::Client, None);
    let mut bytes = vec![0; 64 * 1024];
    loop {
        loop {
            let heard = match socket.read() {
                Ok(Message::Text(text)) => Heard::Text(text.to_string()),
                Ok(Message::Binary(data)) => Heard::Binary(data.to_vec()),
                Ok(Message::Pong(payload)) => Heard::Pong(payload.to_vec()),
                Ok(Message::Close(None)) => Heard::Closed(1005, String::new()),
                Ok(Message::Close(Some(frame))) => Heard::Closed(frame.code.into(), frame.reason.to_string()),
                Ok(Message::Ping(_)) => continue,
                Ok(other) => Heard::Gone(format!("the server sent {other:?}")),
                Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(Error::ConnectionClosed | Error::AlreadyClosed) => break,
                Err(error) => Heard::Gone(error.to_string()),
            };
            let is_over = matches!(heard, Heard::Gone(_));
            if tell.send(heard).is_err() || is_over {
                return;
            }
        }
        // Pongs and answers to a close.
        let _ = socket.flush();
        let answers = pipe.written();
        if !answers.is_empty() {
            let _ = out.send(Order::Send(answers));
        }
        match read.read(&mut bytes).await {
            Ok(count @ 1..) => feed(&bytes[..count]),
            Ok(0) => {
                // As a browser: once the server has ended its side, nothing more is sent on ours.
                let _ = out.send(Order::HangUp);
                let _ = tell.send(Heard::Gone("ended".to_owned()));
                return;
            }
            Err(error) => {
                let _ = tell.send(Heard::Gone(error.to_string()));
                return;
            }
        }
    }
}

/// Bytes on their way into and out of tungstenite, which would read a socket by itself.
#[derive(Clone, Default)]
struct Pipe(Arc<Mutex<(VecDeque<u8>, Vec<u8>)>>);

impl Pipe {
    fn feed(&self, bytes: &[u8]) {
        self.0.lock().expect("no panic").0.extend(bytes);
    }

    fn written(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().expect("no panic").1)
    }
}

impl Read for Pipe {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self.0.lock().expect("no panic").0.read(into) {
            Ok(0) => Err(io::ErrorKind::WouldBlock.into()),
            other => other,
        }
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic").1.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

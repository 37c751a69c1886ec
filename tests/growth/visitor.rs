//! Somebody over `charsu.v1` who costs little, so that one test has many thousands: it counts what it is sent and keeps
//! none of it. Who is to be held to the rule of delivery is a `Person` of the other scenes.

use std::cell::RefCell;
use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use charsu::client::socket::{Kind, first, put};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use crate::scene::{CHARSU, handshake};

/// How long anything may take here: a busy machine with a debug build, and thousands who come at once.
pub(crate) const PATIENCE: Duration = Duration::from_mins(2);

/// How many come at once.
pub(crate) const WAVE: usize = 64;

/// Read at once at most, in bytes: more than the server writes at once.
const SCRATCH: usize = 1024 * 1024;

/// One message of the server at most, in bytes.
const MAX_MESSAGE: usize = 64 * 1024 * 1024;
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

thread_local! {
    /// Where this thread's visitors read into.
    static READ: RefCell<Vec<u8>> = RefCell::new(vec![0; SCRATCH]);
}

/// What came to one visitor, or to several who share the account.
#[derive(Debug, Default)]
pub(crate) struct Had {
    /// With the headers of frames, from the first after the handshake.
    pub(crate) bytes: AtomicU64,
    /// Reads that brought something: about as many as the server made writes, while this process keeps up.
    pub(crate) reads: AtomicU64,
    pub(crate) messages: AtomicU64,
    /// Notices that one person came, or went.
    pub(crate) joins: AtomicU64,
    pub(crate) leaves: AtomicU64,
}

impl Had {
    pub(crate) fn messages(&self) -> u64 {
        self.messages.load(Ordering::Relaxed)
    }

    fn note(&self, frame: &[u8]) {
        let count = match frame.strip_prefix(br#"{"type":""#) {
            Some([b'm', b'e', ..]) => &self.messages,
            Some([b'j', b'o', b'i', b'n', b'"', ..]) => &self.joins,
            Some([b'l', b'e', b'a', ..]) => &self.leaves,
            Some([b'e', b'r', ..]) => panic!("refused: {}", String::from_utf8_lossy(frame)),
            _ => return,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }
}

/// A visitor.
pub(crate) struct Visitor {
    stream: TcpStream,
    /// What was read and not looked at.
    rest: Vec<u8>,
    had: Arc<Had>,
    /// The number of its last command.
    last_id: u64,
}

/// The one of several addresses of loopback that somebody comes from, so that there are ports for all.
fn home(n: usize) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(127, 0, 0, 1 + (n % 16) as u8))
}

/// A frame of a client's.
fn frame(kind: Kind, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    put(&mut bytes, kind, MASK, |bytes| bytes.extend_from_slice(payload));
    bytes
}

impl Visitor {
    /// Comes from the `n`th address and has said hello.
    pub(crate) async fn comes(n: usize, to: SocketAddr, had: Arc<Had>) -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind(SocketAddr::new(home(n), 0)).expect("a free port");
        let stream = patiently("a connection", socket.connect(to)).await.expect("a connection");
        stream.set_nodelay(true).expect("it can be set");
        let mut visitor = Self { stream, rest: Vec::new(), had, last_id: 0 };
        visitor.writes(handshake(&to.to_string(), "/ws", CHARSU).as_bytes()).await;
        visitor.is_let_in().await;
        visitor.says(r#"{"type":"hello"}"#).await;
        visitor.hears("welcome").await;
        visitor
    }

    /// Is in a room. Gives the answer, which shows the room.
    pub(crate) async fn joins(&mut self, room: &str, name: &str) -> String {
        let id = self.next_id();
        self.says(&format!(r#"{{"type":"join","id":{id},"room":"{room}","name":"{name}"}}"#)).await;
        self.hears("joined").await
    }

    /// Goes out of a room.
    pub(crate) async fn leaves(&mut self, room: &str) {
        let id = self.next_id();
        self.says(&format!(r#"{{"type":"leave","id":{id},"room":"{room}"}}"#)).await;
        self.hears("left").await;
    }

    /// From now on takes whatever comes by itself. What is returned writes; dropping it ends the connection.
    pub(crate) fn listens(self) -> Settled {
        let Self { stream, rest, had, last_id } = self;
        let (from, to) = stream.into_split();
        let to = Arc::new(to);
        let listening = tokio::spawn(listen(from, Arc::clone(&to), rest, Arc::clone(&had)));
        Settled { to, listening, had, last_id }
    }

    fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    async fn says(&mut self, text: &str) {
        self.writes(&frame(Kind::Text, text.as_bytes())).await;
    }

    async fn writes(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            patiently("the server to read", self.stream.writable()).await.expect("a connection");
            match self.stream.try_write(bytes) {
                Ok(written) => bytes = &bytes[written..],
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(error) => panic!("the connection broke: {error}"),
            }
        }
    }

    /// Reads the answer to the handshake, whose proof of the key other scenes look at.
    async fn is_let_in(&mut self) {
        loop {
            if let Some(end) = self.rest.windows(4).position(|four| four == b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&self.rest[..end]).into_owned();
                assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
                self.rest.drain(..end + 4);
                self.had.bytes.fetch_add(self.rest.len() as u64, Ordering::Relaxed);
                return;
            }
            self.reads().await;
        }
    }

    /// Reads until there is a frame of this type.
    async fn hears(&mut self, kind: &str) -> String {
        let wanted = format!(r#"{{"type":"{kind}""#);
        loop {
            let mut at = 0;
            while let Some(frame) = first(&self.rest[at..], MAX_MESSAGE).expect("a server's frames") {
                let (payload, length) = (frame.payload, frame.length);
                self.had.note(payload);
                let is_it = payload.starts_with(wanted.as_bytes());
                let text = is_it.then(|| String::from_utf8(payload.to_vec()).expect("UTF-8"));
                at += length;
                if let Some(text) = text {
                    self.rest.drain(..at);
                    return text;
                }
            }
            self.rest.drain(..at);
            let before = self.rest.len();
            self.reads().await;
            self.had.reads.fetch_add(1, Ordering::Relaxed);
            self.had.bytes.fetch_add((self.rest.len() - before) as u64, Ordering::Relaxed);
        }
    }

    async fn reads(&mut self) {
        loop {
            patiently("bytes from the server", self.stream.readable()).await.expect("a connection");
            let read = READ.with_borrow_mut(|scratch| {
                let read = self.stream.try_read(scratch)?;
                self.rest.extend_from_slice(&scratch[..read]);
                Ok::<usize, std::io::Error>(read)
            });
            match read {
                Ok(0) => panic!("the server hung up"),
                Ok(_) => return,
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(error) => panic!("the connection broke: {error}"),
            }
        }
    }
}

/// A visitor who is in and takes whatever comes.
pub(crate) struct Settled {
    to: Arc<OwnedWriteHalf>,
    listening: JoinHandle<()>,
    pub(crate) had: Arc<Had>,
    last_id: u64,
}

impl Settled {
    /// Says a line of usual length in a room.
    pub(crate) fn says(&mut self, room: &str) {
        self.last_id += 1;
        let text = "as long as what people say to each other usually is, which is sixty";
        let line = format!(r#"{{"type":"say","id":{},"room":"{room}","text":"{text}"}}"#, self.last_id);
        let line = frame(Kind::Text, line.as_bytes());
        assert_eq!(self.to.try_write(&line).ok(), Some(line.len()), "the server does not read");
    }

    /// Says goodbye, and hears the rest.
    pub(crate) async fn goes(mut self) {
        let bye = frame(Kind::Close, &1000_u16.to_be_bytes());
        assert_eq!(self.to.try_write(&bye).ok(), Some(bye.len()), "the server does not read");
        patiently("the last words", &mut self.listening).await.expect("no panic");
    }
}

impl Drop for Settled {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn listen(from: OwnedReadHalf, to: Arc<OwnedWriteHalf>, mut rest: Vec<u8>, had: Arc<Had>) {
    // What came before may be whole.
    take(&mut rest, &[], &to, &had);
    loop {
        if from.readable().await.is_err() {
            return;
        }
        let read = READ.with_borrow_mut(|scratch| {
            let read = from.try_read(scratch)?;
            take(&mut rest, &scratch[..read], &to, &had);
            Ok::<usize, std::io::Error>(read)
        });
        match read {
            Ok(0) => return,
            Ok(read) => {
                had.reads.fetch_add(1, Ordering::Relaxed);
                had.bytes.fetch_add(read as u64, Ordering::Relaxed);
            }
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(_) => return,
        }
    }
}

/// Takes all whole frames, and keeps what is left.
fn take(rest: &mut Vec<u8>, read: &[u8], to: &OwnedWriteHalf, had: &Had) {
    let joined;
    let bytes = if rest.is_empty() {
        read
    } else {
        joined = [rest, read].concat();
        &joined
    };
    let mut at = 0;
    while let Some(frame) = first(&bytes[at..], MAX_MESSAGE).expect("a server's frames") {
        at += frame.length;
        match frame.kind {
            Kind::Text => had.note(frame.payload),
            // A pong that is not taken is of no use to a server that does not read.
            Kind::Ping => drop(to.try_write(&self::frame(Kind::Pong, frame.payload))),
            _ => {}
        }
    }
    let left = bytes[at..].to_vec();
    *rest = left;
}

/// So many do this, `WAVE` at once. What they return comes in the order of their numbers.
pub(crate) async fn all<T, F>(count: usize, does: impl Fn(usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let mut done: Vec<Option<T>> = std::iter::repeat_with(|| None).take(count).collect();
    let mut under_way = JoinSet::new();
    let numbered = |n| {
        let future = does(n);
        async move { (n, future.await) }
    };
    let mut next = 0;
    while next < count || !under_way.is_empty() {
        while next < count && under_way.len() < WAVE {
            under_way.spawn(numbered(next));
            next += 1;
        }
        if let Some(one) = under_way.join_next().await {
            let (n, result) = one.expect("no panic");
            done[n] = Some(result);
        }
    }
    done.into_iter().map(|one| one.expect("all are done")).collect()
}

/// Waits for something that has to come.
pub(crate) async fn patiently<F: IntoFuture>(what: &str, future: F) -> F::Output {
    let Ok(output) = tokio::time::timeout(PATIENCE, future.into_future()).await else {
        panic!("waited in vain for {what}")
    };
    output
}

/// Waits for a condition that nobody announces.
pub(crate) async fn until(what: &str, condition: impl Fn() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < PATIENCE, "waited in vain for {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

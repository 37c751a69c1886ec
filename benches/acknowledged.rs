//! What a whole server acknowledges over real sockets, on each store: lines a second from people who have many under way,
//! and how long one waits at a steady pace. Server and clients share this machine, so this is less than a server of its own
//! does; what a store costs is the difference between the rows.
//!
//! `cargo bench --bench acknowledged` prints a table and fails below 20,000 acknowledged lines a second with
//! `sqlite:` and its usual fsync, or when one of a hundred waits over 20 ms at 1,000 lines a second.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use charsu::config::{Fsync, Settings};
use charsu::server::Server;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

/// People, two to a room: what is shown is kept small beside what is acknowledged.
const PEOPLE: usize = 40;
/// Lines that each has under way at most.
const UNDER_WAY: usize = 64;
/// Lines that each says.
const LINES: usize = 5_000;

/// The steady pace, in lines a second over all, and for how long.
const PACE: u64 = 1000;
const PACED: Duration = Duration::from_secs(8);

const WANTED_A_SECOND: f64 = 20_000.0;
const WANTED_P99: Duration = Duration::from_millis(20);

#[tokio::main]
async fn main() -> ExitCode {
    println!("{:<28}{:>12}{:>11}{:>9}{:>9}{:>9}", "", "acked/s", "ms: p50", "p90", "p99", "max");
    let mut is_met = true;
    for (name, fsync) in
        [("memory:", None), ("sqlite:, fsync normal", Some(Fsync::Normal)), ("sqlite:, fsync full", Some(Fsync::Full))]
    {
        let rate = with_server(fsync, |address| async move { throughput(address).await }).await;
        let mut waits = with_server(fsync, |address| async move { waits(address).await }).await;
        waits.sort_unstable();
        let at = |per_cent: usize| waits[(waits.len() - 1) * per_cent / 100];
        let ms = |wait: Duration| format!("{:.2}", wait.as_secs_f64() * 1e3);
        println!("{name:<28}{rate:>12.0}{:>11}{:>9}{:>9}{:>9}", ms(at(50)), ms(at(90)), ms(at(99)), ms(at(100)));
        if fsync == Some(Fsync::Normal) {
            is_met = rate >= WANTED_A_SECOND && at(99) <= WANTED_P99;
        }
    }
    if is_met { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// A server with a store of its own, for as long as the measurement lasts.
async fn with_server<F: Future>(fsync: Option<Fsync>, measure: impl FnOnce(SocketAddr) -> F) -> F::Output {
    let folder = Folder::new();
    let mut settings = Settings { listen: SocketAddr::from(([127, 0, 0, 1], 0)), ..Settings::default() };
    (settings.messages_per_second, settings.messages_burst) = (u32::MAX, u32::MAX);
    settings.rooms_created_per_minute_per_address = u32::MAX;
    settings.connects_burst_per_address = u32::MAX;
    if let Some(fsync) = fsync {
        settings.store = format!("sqlite:{}", folder.0.join("charsu.db").display());
        settings.fsync = fsync;
    }
    let server = Server::bind(settings).expect("a free port and a store");
    let (address, (stop, stopped)) = (server.local_addr(), oneshot::channel::<()>());
    let running = tokio::spawn(server.run(async {
        let _ = stopped.await;
    }));
    let measured = measure(address).await;
    drop(stop);
    running.await.expect("no panic").expect("no fault");
    measured
}

/// Acknowledged lines a second.
async fn throughput(address: SocketAddr) -> f64 {
    let mut people = Vec::new();
    for n in 0..PEOPLE {
        people.push(Talker::comes(address, n).await);
    }
    let began = Instant::now();
    let mut talk = JoinSet::new();
    for mut talker in people {
        talk.spawn(async move {
            let (mut said, mut acknowledged) = (0, 0);
            while acknowledged < LINES {
                let wanted = (acknowledged + UNDER_WAY).min(LINES);
                if said < wanted {
                    talker.mouth.says(said..wanted).await;
                    said = wanted;
                }
                acknowledged += talker.ear.hears().await;
            }
        });
    }
    talk.join_all().await;
    f64::from(u32::try_from(PEOPLE * LINES).expect("a small number")) / began.elapsed().as_secs_f64()
}

/// How long each line waits at a steady pace, whether those before it were answered or not.
async fn waits(address: SocketAddr) -> Vec<Duration> {
    let (mut mouths, mut ears) = (Vec::new(), JoinSet::new());
    let lines_of_each = PACE as usize * PACED.as_secs() as usize / PEOPLE;
    for n in 0..PEOPLE {
        let Talker { mouth, mut ear } = Talker::comes(address, n).await;
        let (sent, mut times) = mpsc::unbounded_channel::<Instant>();
        mouths.push((mouth, sent));
        ears.spawn(async move {
            let mut waits = Vec::with_capacity(lines_of_each);
            while waits.len() < lines_of_each {
                let heard = ear.hears().await;
                let now = Instant::now();
                for _ in 0..heard {
                    waits.push(now - times.recv().await.expect("it was sent before it was answered"));
                }
            }
            waits
        });
    }
    let began = Instant::now();
    let mut pace = tokio::time::interval(Duration::from_micros(1_000_000 / PACE));
    for n in 0..lines_of_each * PEOPLE {
        pace.tick().await;
        let (mouth, sent) = &mut mouths[n % PEOPLE];
        // From when it was due: a server that holds us up is not to profit by it.
        let due = began + Duration::from_micros(n as u64 * 1_000_000 / PACE);
        sent.send(due.min(Instant::now())).expect("the ear listens");
        let line = n / PEOPLE;
        mouth.says(line..line + 1).await;
    }
    ears.join_all().await.concat()
}

/// Somebody in a room.
struct Talker {
    mouth: Mouth,
    ear: Ear,
}

struct Mouth {
    to: OwnedWriteHalf,
    room: usize,
}

struct Ear {
    from: OwnedReadHalf,
    buffer: Vec<u8>,
}

impl Talker {
    async fn comes(address: SocketAddr, n: usize) -> Self {
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        stream.set_nodelay(true).expect("it can be set");
        let handshake = format!(
            "GET /ws HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Protocol: charsu.v1\r\n\r\n"
        );
        stream.write_all(handshake.as_bytes()).await.expect("it is taken");
        let (from, to) = stream.into_split();
        let (mut mouth, mut ear) = (Mouth { to, room: n / 2 }, Ear { from, buffer: Vec::new() });
        let join = format!(r#"{{"type":"join","id":1,"room":"room-{}","name":"Talker {n}"}}"#, mouth.room);
        mouth.to.write_all(&[frame(r#"{"type":"hello"}"#), frame(&join)].concat()).await.expect("it is taken");
        ear.waits_for(br#""type":"joined""#).await;
        Self { mouth, ear }
    }
}

impl Mouth {
    async fn says(&mut self, lines: std::ops::Range<usize>) {
        let room = self.room;
        let say = |line: usize| {
            let id = line + 2;
            let text = "as long as what people say to each other usually is";
            frame(&format!(r#"{{"type":"say","id":{id},"room":"room-{room}","text":"{line} {text}"}}"#))
        };
        self.to.write_all(&lines.flat_map(say).collect::<Vec<u8>>()).await.expect("the server reads");
    }
}

impl Ear {
    /// Reads once, and counts the acknowledgements in it.
    async fn hears(&mut self) -> usize {
        const ACK: &[u8] = br#""type":"ack""#;
        let read = self.from.read_buf(&mut self.buffer).await.expect("the server lives");
        assert!(read > 0, "the server hung up");
        let mut count = 0;
        let mut end = 0;
        for at in 0..self.buffer.len().saturating_sub(ACK.len() - 1) {
            if self.buffer[at] == ACK[0] && self.buffer[at..].starts_with(ACK) {
                count += 1;
                end = at + ACK.len();
            }
        }
        // What may be the beginning of another is looked at again.
        let keep = self.buffer.len().saturating_sub(ACK.len() - 1).max(end);
        self.buffer.drain(..keep);
        count
    }

    async fn waits_for(&mut self, words: &[u8]) {
        while !self.buffer.windows(words.len()).any(|window| window == words) {
            assert!(self.from.read_buf(&mut self.buffer).await.expect("the server lives") > 0, "the server hung up");
        }
        self.buffer.clear();
    }
}

/// A client's text frame, under a mask of zeros.
fn frame(text: &str) -> Vec<u8> {
    let mut frame = vec![0x81];
    if let Ok(short @ 0..126) = u8::try_from(text.len()) {
        frame.push(0x80 | short);
    } else {
        frame.push(0x80 + 126);
        frame.extend(u16::try_from(text.len()).expect("short lines").to_be_bytes());
    }
    frame.extend([0; 4]);
    frame.extend(text.as_bytes());
    frame
}

/// A folder that is gone with it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let path: &Path = &std::env::temp_dir();
        let path = path.join(format!("charsu-acknowledged-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

//! One sailor's voyage, from line to line.

use std::collections::VecDeque;
use std::io;
use std::net::IpAddr;
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::frames::{Frames, Heard, Told};
use super::meter;
use super::{Course, Ending, Order, Position, Standing};
use crate::oracle::{Content, Entry, How, Log, Seen, Stands, Word};
use crate::scene::{Chance, handshake, masked};

/// How long a connection and its handshake may take before it is tried anew.
const OPENING: Duration = Duration::from_secs(5);
/// After how long a refused join is tried again when nobody says how long: a lost session's place may still be kept.
const JOIN_AGAIN: Duration = Duration::from_millis(200);
/// How long a line that was left open is kept.
const ABANDONED: Duration = Duration::from_mins(1);

pub(super) struct Voyage {
    name: Word,
    course: Course,
    chance: Chance,
    orders: mpsc::UnboundedReceiver<Order>,
    tell: watch::Sender<Standing>,
    standing: Standing,
    log: Log,
    session: Option<String>,
    last_id: u64,
    rooms: Vec<Berth>,
    outbox: VecDeque<Line>,
    connection: u32,
    failures: u32,
    /// A server that goes away said when to come back.
    not_before: Option<Instant>,
    /// It was told to wait with its lines.
    hold_until: Option<Instant>,
    away_since: Option<Instant>,
    is_over: bool,
    /// Why it could not join, the last time that it could not.
    refused_to_join: Option<String>,
}

/// A room that it is in, or comes into.
struct Berth {
    room: Word,
    /// Where it stood last.
    since: Option<(Word, u64)>,
    acked: u64,
    joining: Joining,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Joining {
    /// The command under way.
    Asked(u64),
    There,
    /// Refused; to be asked again then.
    Again(Instant),
}

/// A line that is not over.
struct Line {
    /// Given when it is sent for the first time.
    id: Option<u64>,
    room: Word,
    to: Option<Word>,
    text: String,
    copies: usize,
    is_on_the_way: bool,
}

/// A connection.
struct Wire {
    stream: TcpStream,
    frames: Frames,
    out: Vec<u8>,
    heard_at: Instant,
    has_asked: bool,
}

/// What becomes of a connection.
enum End {
    /// It is gone, or given up.
    Lost(String),
    Own(Ending),
    /// The voyage is over.
    Ashore,
}

impl Voyage {
    pub(super) fn new(
        name: &str,
        course: Course,
        chance: Chance,
        orders: mpsc::UnboundedReceiver<Order>,
        tell: watch::Sender<Standing>,
    ) -> Self {
        let berth = |room: &Word| Berth { room: room.clone(), since: None, acked: 0, joining: Joining::Asked(0) };
        Self {
            name: name.into(),
            rooms: course.rooms.iter().map(berth).collect(),
            course,
            chance,
            orders,
            tell,
            standing: Standing::default(),
            log: Log::of(name),
            session: None,
            last_id: 0,
            outbox: VecDeque::new(),
            connection: 0,
            failures: 0,
            not_before: None,
            hold_until: None,
            away_since: None,
            is_over: false,
            refused_to_join: None,
        }
    }

    /// Sails until it is called ashore.
    pub(super) async fn run(mut self) -> Log {
        while !self.is_over {
            match timeout(OPENING, self.connect()).await {
                Ok(Ok(wire)) => self.sail(wire).await,
                Ok(Err(_)) | Err(_) => self.failures += 1,
            }
            self.wait().await;
        }
        self.log
    }

    /// Waits before it connects again; at first not at all. Orders are taken meanwhile.
    async fn wait(&mut self) {
        let mut until = self.not_before.take().unwrap_or_else(Instant::now);
        if self.failures > 0 {
            let most = self.course.backoff.end;
            let span = self.course.backoff.start.saturating_mul(1 << self.failures.min(10)).min(most);
            // Not all at once, after something that befell all at once.
            until = until.max(Instant::now() + self.chance.span(&(span / 2..span)));
        }
        while !self.is_over {
            tokio::select! {
                biased;
                () = sleep_until(until) => return,
                order = self.orders.recv() => match order {
                    Some(Order::Say { room, to, text }) => self.keep(room, to, text),
                    Some(Order::Move(from)) => {
                        self.course.from = from;
                        return;
                    }
                    Some(Order::Sleep) => self.sleep().await,
                    Some(Order::End(_) | Order::Wake) => {}
                    Some(Order::GoAshore) | None => self.is_over = true,
                },
            }
        }
    }

    fn keep(&mut self, room: Word, to: Option<Word>, text: String) {
        self.outbox.push_back(Line { id: None, room, to, text, copies: 0, is_on_the_way: false });
    }

    /// Takes no notice of anything until it is woken.
    async fn sleep(&mut self) {
        loop {
            match self.orders.recv().await {
                Some(Order::Say { room, to, text }) => self.keep(room, to, text),
                Some(Order::Wake) => return,
                Some(Order::GoAshore) | None => {
                    self.is_over = true;
                    return;
                }
                Some(Order::End(_) | Order::Move(_) | Order::Sleep) => {}
            }
        }
    }

    async fn connect(&mut self) -> io::Result<Wire> {
        let socket = TcpSocket::new_v4()?;
        if self.course.from != IpAddr::from([127, 0, 0, 1]) {
            socket.bind((self.course.from, 0).into())?;
        }
        let mut stream = socket.connect(self.course.to).await?;
        stream.set_nodelay(true)?;
        let request = handshake(&self.course.to.to_string(), "/ws", "Sec-WebSocket-Protocol: charsu.v1\r\n");
        stream.write_all(request.as_bytes()).await?;
        let (mut head, mut byte) = (Vec::new(), [0]);
        while !head.ends_with(b"\r\n\r\n") {
            stream.read_exact(&mut byte).await?;
            head.push(byte[0]);
        }
        if !head.starts_with(b"HTTP/1.1 101 ") {
            return Err(io::Error::other(String::from_utf8_lossy(&head).into_owned()));
        }
        let mut wire =
            Wire { stream, frames: Frames::default(), out: Vec::new(), heard_at: Instant::now(), has_asked: false };
        self.connection += 1;
        wire.says(&match &self.session {
            Some(secret) => json!({ "type": "hello", "session": secret }),
            None => json!({ "type": "hello" }),
        });
        for berth in 0..self.rooms.len() {
            self.joins(&mut wire, berth);
        }
        Ok(wire)
    }

    fn joins(&mut self, wire: &mut Wire, berth: usize) {
        self.last_id += 1;
        let berth = &mut self.rooms[berth];
        berth.joining = Joining::Asked(self.last_id);
        let mut join = json!({ "type": "join", "id": self.last_id, "room": berth.room, "name": self.name });
        if let Some((epoch, seq)) = &berth.since {
            join["since"] = json!({ "epoch": epoch, "seq": seq });
        }
        wire.says(&join);
    }

    /// On one line, until it ends.
    async fn sail(&mut self, mut wire: Wire) {
        let end = self.sail_on(&mut wire).await;
        self.hold_until = None;
        if matches!(end, End::Ashore) {
            self.is_over = true;
            return;
        }
        self.away_since.get_or_insert_with(Instant::now);
        let why = match end {
            End::Lost(why) => why,
            End::Own(Ending::Vanish) => "vanished".to_owned(),
            End::Own(Ending::Reload) => {
                wire.out.extend(masked(8, &1001_u16.to_be_bytes()));
                let _ = timeout(OPENING, wire.stream.write_all(&wire.out)).await;
                "reloaded".to_owned()
            }
            End::Own(Ending::Abandon) => {
                tokio::spawn(async move {
                    sleep(ABANDONED).await;
                    drop(wire);
                });
                "abandoned".to_owned()
            }
            End::Ashore => unreachable!("it is handled above"),
        };
        // Before a welcome there was nothing to lose.
        if self.standing.connections == self.connection as usize {
            self.writes(Entry::Cut { connection: self.connection, why: why.as_str().into() });
        } else {
            self.connection = self.standing.connections as u32;
            self.failures += 1;
        }
        self.standing.is_there = false;
        self.standing.endings.push(why);
        self.tells();
    }

    async fn sail_on(&mut self, wire: &mut Wire) -> End {
        let mut bytes = vec![0; 16 * 1024];
        loop {
            let deadline = wire.heard_at + self.course.patience * if wire.has_asked { 2 } else { 1 };
            let again = self.rooms.iter().filter_map(|berth| match berth.joining {
                Joining::Again(at) => Some(at),
                Joining::Asked(_) | Joining::There => None,
            });
            let due = again.chain(self.hold_until).chain([deadline]).min().unwrap_or(deadline);
            tokio::select! {
                _ = wire.stream.readable() => match wire.stream.try_read(&mut bytes) {
                    Ok(0) => return End::Lost("ended".to_owned()),
                    Ok(count) => {
                        wire.frames.feed(&bytes[..count]);
                        (wire.heard_at, wire.has_asked) = (Instant::now(), false);
                        if let Some(end) = self.takes_in(wire) {
                            return end;
                        }
                    }
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    Err(error) => return End::Lost(error.to_string()),
                },
                _ = wire.stream.writable(), if !wire.out.is_empty() => match wire.stream.try_write(&wire.out) {
                    Ok(count) => drop(wire.out.drain(..count)),
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    Err(error) => return End::Lost(error.to_string()),
                },
                order = self.orders.recv() => match order {
                    Some(Order::Say { room, to, text }) => self.keep(room, to, text),
                    Some(Order::End(how)) => return End::Own(how),
                    Some(Order::Move(from)) => {
                        self.course.from = from;
                        return End::Own(Ending::Abandon);
                    }
                    Some(Order::Sleep) => {
                        self.sleep().await;
                        if self.is_over {
                            return End::Ashore;
                        }
                    }
                    Some(Order::Wake) => {}
                    Some(Order::GoAshore) | None => return End::Ashore,
                },
                () = sleep_until(due) => {
                    let now = Instant::now();
                    if now >= deadline {
                        if wire.has_asked {
                            return End::Lost("silent".to_owned());
                        }
                        wire.has_asked = true;
                        wire.says(&json!({ "type": "ping" }));
                    }
                    self.hold_until = self.hold_until.filter(|until| *until > now);
                    for berth in 0..self.rooms.len() {
                        if matches!(self.rooms[berth].joining, Joining::Again(at) if at <= now) {
                            self.joins(wire, berth);
                        }
                    }
                }
            }
            self.says_what_it_may(wire);
            self.tells();
        }
    }

    /// Sends what waits, in order, as far as its rooms are joined.
    fn says_what_it_may(&mut self, wire: &mut Wire) {
        if self.hold_until.is_some() || self.standing.connections != self.connection as usize {
            return;
        }
        let mut under_way = self.outbox.iter().filter(|line| line.is_on_the_way).count();
        for line in &mut self.outbox {
            if under_way >= self.course.on_the_way {
                return;
            }
            if line.is_on_the_way {
                continue;
            }
            let is_there = |berth: &Berth| berth.room == line.room && berth.joining == Joining::There;
            if !self.rooms.iter().any(is_there) {
                return;
            }
            let id = *line.id.get_or_insert_with(|| {
                self.last_id += 1;
                self.last_id
            });
            (line.is_on_the_way, line.copies) = (true, line.copies + 1);
            under_way += 1;
            let said = match &line.to {
                Some(to) => format!("/msg \"{to}\" {}", line.text),
                None => line.text.clone(),
            };
            wire.says(&json!({ "type": "say", "id": id, "room": line.room, "text": said }));
            let content =
                Content::of(line.room.as_str(), self.name.as_str(), line.to.as_ref().map(Word::as_str), &line.text);
            let words = Box::new((line.room.clone(), line.to.clone(), line.text.clone()));
            self.log.entries.push(Entry::Sent { connection: self.connection, id, content, line: words });
        }
    }

    /// Everything that is there to be read.
    fn takes_in(&mut self, wire: &mut Wire) -> Option<End> {
        while let Some(heard) = wire.frames.next() {
            match heard {
                Heard::Text(text) => {
                    let told: Told<'_> =
                        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error} in {text}", self.name));
                    self.hears(&told, &text);
                }
                Heard::Ping(payload) => wire.out.extend(masked(10, &payload)),
                Heard::Pong => {}
                Heard::Close(code, words) => {
                    // Those after which a client may return by itself.
                    let may_return = matches!(code, 1001 | 1011 | 1012 | 1013 | 4008 | 4010 | 4429);
                    let refused = &self.refused_to_join;
                    assert!(may_return, "{} is sent away: {code} {words}; refused before: {refused:?}", self.name);
                    return Some(End::Lost(format!("closed {code}")));
                }
            }
        }
        None
    }

    fn hears(&mut self, told: &Told<'_>, text: &str) {
        if let Some((room, seq, seen)) = told.numbered() {
            self.follows(told, room, seq, seen);
            return;
        }
        match &*told.kind {
            "welcome" => self.is_welcome(told),
            "joined" | "reset" => self.stands(told, text),
            "ack" => self.is_acknowledged(told, text),
            "error" => self.is_refused(told, text),
            "goaway" => {
                let wait = Duration::from_millis(told.retry_after_ms.unwrap_or(0));
                // Not all at once.
                let wait = wait + self.chance.span(&(Duration::ZERO..wait / 4));
                self.not_before = Some(Instant::now() + wait);
            }
            // Pongs, typing, and what is not known yet.
            _ => {}
        }
    }

    fn follows(&mut self, told: &Told<'_>, room: &str, seq: u64, seen: Seen) {
        let connection = self.connection;
        let Some(berth) = self.rooms.iter_mut().find(|berth| berth.room.as_str() == room) else {
            panic!("{} was never in {room}", self.name)
        };
        if let Some((_, last)) = &mut berth.since {
            *last = seq;
        }
        let room = berth.room.clone();
        if let Some(meter) = &self.course.meter
            && let Some(said_at) = told.text.as_deref().and_then(|text| text.rsplit_once('@')?.1.parse().ok())
        {
            meter.notes(meter::now().saturating_sub(said_at));
        }
        self.writes(Entry::Numbered { connection, room, seq, seen });
    }

    fn is_welcome(&mut self, told: &Told<'_>) {
        let known = told.resumed == Some(true);
        self.session = told.session.as_deref().map(str::to_owned);
        self.writes(Entry::Opened { connection: self.connection, known });
        self.standing.connections = self.connection as usize;
        self.failures = 0;
        for line in &mut self.outbox {
            line.is_on_the_way = false;
        }
        if !known {
            // Nobody knows what became of these. A person would be asked.
            let before = self.outbox.len();
            self.outbox.retain(|line| line.id.is_none());
            self.standing.unconfirmed += before - self.outbox.len();
            self.standing.done += before - self.outbox.len();
        }
    }

    fn stands(&mut self, told: &Told<'_>, text: &str) {
        let (Some(room), Some(epoch), Some(seq), Some(me)) = (&told.room, &told.epoch, told.seq, told.you) else {
            panic!("{}: a place without its fields: {text}", self.name)
        };
        let how = match (&*told.kind, told.resumed, &told.reason) {
            ("joined", Some(true), _) => How::Resumed,
            ("joined", ..) => How::Joined,
            (_, _, Some(reason)) => How::Reset(reason.to_string()),
            _ => panic!("{}: a reset without a reason: {text}", self.name),
        };
        let connection = self.connection;
        let Some(berth) = self.rooms.iter_mut().find(|berth| berth.room.as_str() == *room) else {
            panic!("{} did not ask for {room}", self.name)
        };
        let epoch = match &berth.since {
            Some((known, _)) if known.as_str() == *epoch => known.clone(),
            _ => Word::from(&**epoch),
        };
        if berth.since.as_ref().is_none_or(|(known, _)| *known != epoch) {
            berth.acked = 0;
        }
        berth.since = Some((epoch.clone(), seq));
        if told.id.is_some() {
            berth.joining = Joining::There;
        }
        match &how {
            How::Joined => {}
            How::Resumed => self.standing.resumes += 1,
            How::Reset(reason) => self.standing.resets.push(reason.clone()),
        }
        let history = told.history.iter().filter_map(Told::numbered).map(|(_, seq, seen)| (seq, seen)).collect();
        let stands = Stands { room: berth.room.clone(), epoch, seq, me, how, history };
        if self.rooms.iter().all(|berth| berth.joining == Joining::There) {
            self.standing.is_there = true;
            if let Some(since) = self.away_since.take() {
                self.standing.longest_away = self.standing.longest_away.max(since.elapsed());
            }
        }
        self.writes(Entry::Stands { connection, stands: Box::new(stands) });
    }

    fn is_acknowledged(&mut self, told: &Told<'_>, text: &str) {
        let (Some(id), Some(room), Some(epoch), Some(seq)) = (told.id, &told.room, &told.epoch, told.seq) else {
            panic!("{}: an acknowledgement without its fields: {text}", self.name)
        };
        let connection = self.connection;
        let place = Box::new((Word::from(&**room), Word::from(&**epoch), seq));
        self.writes(Entry::Acked { connection, id, place });
        let is_here = |berth: &&mut Berth| {
            berth.room.as_str() == *room && berth.since.as_ref().is_some_and(|(known, _)| known.as_str() == *epoch)
        };
        if let Some(berth) = self.rooms.iter_mut().find(is_here) {
            berth.acked = berth.acked.max(seq);
        }
        self.is_done(id);
    }

    fn is_refused(&mut self, told: &Told<'_>, text: &str) {
        let Some(id) = told.id else { panic!("{} is refused something: {text}", self.name) };
        let code = told.code.as_deref().unwrap_or_default();
        let wait = told.retry_after_ms.map(Duration::from_millis);
        if let Some(berth) = self.rooms.iter_mut().find(|berth| berth.joining == Joining::Asked(id)) {
            let may_retry = matches!(code, "name_taken" | "rate_limited" | "server_full" | "room_full" | "unavailable");
            assert!(may_retry, "{} may not join: {text}", self.name);
            self.refused_to_join = Some(text.to_owned());
            berth.joining = Joining::Again(Instant::now() + wait.unwrap_or(JOIN_AGAIN));
            return;
        }
        let code: Box<str> = code.into();
        self.writes(Entry::Refused { connection: self.connection, id, code: code.clone() });
        if !matches!(&*code, "rate_limited" | "unavailable" | "server_full") {
            self.is_done(id);
            return;
        }
        if let Some(line) = self.outbox.iter_mut().find(|line| line.id == Some(id)) {
            line.is_on_the_way = false;
            let until = Instant::now() + wait.unwrap_or(JOIN_AGAIN);
            self.hold_until = Some(self.hold_until.map_or(until, |before| before.max(until)));
        }
    }

    /// A line is over. A resend and its first copy are both answered; the first answer counts.
    fn is_done(&mut self, id: u64) {
        if let Some(at) = self.outbox.iter().position(|line| line.id == Some(id)) {
            let line = self.outbox.remove(at).expect("it is there");
            self.standing.most_copies = self.standing.most_copies.max(line.copies);
            self.standing.done += 1;
        }
    }

    fn writes(&mut self, entry: Entry) {
        self.log.entries.push(entry);
    }

    /// Lets those who wait know where it stands.
    fn tells(&mut self) {
        let position = |berth: &Berth| {
            let (epoch, seq) = berth.since.clone()?;
            Some(Position { room: berth.room.clone(), epoch, seq, acked: berth.acked })
        };
        self.standing.rooms = self.rooms.iter().filter_map(position).collect();
        self.tell.send_if_modified(|told| {
            let is_news = *told != self.standing;
            if is_news {
                told.clone_from(&self.standing);
            }
            is_news
        });
    }
}

impl Wire {
    fn says(&mut self, frame: &serde_json::Value) {
        self.out.extend(masked(1, frame.to_string().as_bytes()));
    }
}

//! By server-sent events and requests: the stream comes back with the last id that it had, as a browser's does, and each line
//! is a `POST` with a key of its own, on a connection of its own. Now and then the same one twice at once.

use std::io;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

use super::Course;
use super::frames::Told;
use super::http::{Answer, Http, Request};
use super::places::{Joining, Places};
use super::voyage::{End, Rig, Voyage};
use crate::oracle::Word;

/// One in so many lines is sent twice at once.
const TWICE: u64 = 8;

pub(super) struct Events {
    places: Places,
    /// The last id of an event.
    id: String,
    /// Requests that say a line, each with the line's command. They go on whatever becomes of the stream.
    posts: JoinSet<(u64, io::Result<Answer>)>,
}

/// A stream.
pub(super) struct Wire {
    http: Http,
    /// Came, and is no whole event.
    text: String,
    bytes: Vec<u8>,
    heard_at: Instant,
}

/// An event.
struct Event {
    kind: String,
    data: String,
}

impl Events {
    pub(super) fn new(rooms: &[Word]) -> Self {
        Self { places: Places::new(rooms), id: String::new(), posts: JoinSet::new() }
    }

    /// Sends the next line, if there is none on the way.
    fn says_the_next(&mut self, voyage: &mut Voyage) {
        let Some(secret) = self.places.session.clone().filter(|_| !voyage.is_held()) else { return };
        if voyage.outbox.front().is_none_or(|line| line.is_on_the_way) {
            return;
        }
        let copies = if voyage.chance.below(TWICE) == 0 { 2 } else { 1 };
        for _ in 0..copies {
            let id = voyage.sends(0);
            let line = &voyage.outbox[0];
            let (course, path) = (voyage.course.clone(), format!("/api/rooms/{}/messages", line.room));
            let headers =
                format!("Authorization: Bearer {secret}\r\nContent-Type: text/plain\r\nIdempotency-Key: key {id}\r\n");
            let body = line.written();
            self.posts.spawn(async move { (id, post(&course, &path, &headers, &body).await) });
        }
    }

    /// A request that says a line has its answer, or none.
    fn is_answered(&mut self, voyage: &mut Voyage, id: u64, answer: io::Result<Answer>) {
        let is_open = voyage.outbox.front().is_some_and(|line| line.id == Some(id));
        let answer = match answer {
            Ok(answer) => answer,
            Err(_) if is_open && self.posts.is_empty() => return voyage.holds(id, Duration::from_millis(20)),
            Err(_) => return,
        };
        let told: Told<'_> = match serde_json::from_str(&answer.body) {
            Ok(told) => told,
            Err(error) => panic!("{}: {}, {error} in {}", voyage.name, answer.status, answer.body),
        };
        if answer.status == 201 {
            self.places.is_acknowledged(voyage, id, &told, &answer.body);
        } else if is_open {
            let code = told.code.as_deref().unwrap_or_default();
            // Of a session that is forgotten the stream is told.
            if code != "unknown_session" {
                assert!(code != "id_conflict" && code != "id_too_old", "{}: {}", voyage.name, answer.body);
                voyage.is_refused(id, code, told.retry_after_ms.map(Duration::from_millis));
            }
        }
    }

    fn hears(&mut self, voyage: &mut Voyage, event: &Event) -> Option<End> {
        let text = &event.data;
        let told: Told<'_> =
            serde_json::from_str(text).unwrap_or_else(|error| panic!("{}: {error} in {text}", voyage.name));
        if let Some((room, seq, seen)) = told.numbered() {
            self.places.follows(voyage, &told, room, seq, seen);
            return None;
        }
        match event.kind.as_str() {
            "welcome" => self.places.is_welcome(voyage, &told),
            "joined" | "reset" => self.places.stands(voyage, &told, text),
            "refusal" => {
                voyage.is_kept_out(text);
                return Some(End::Lost("refused".to_owned()));
            }
            "close" => {
                let may_return = text.contains(r#""return":true"#);
                assert!(may_return, "{} is sent away: {text}; before: {:?}", voyage.name, voyage.standing.trouble);
                return Some(End::Lost("closed".to_owned()));
            }
            "goaway" => {
                let wait = Duration::from_millis(told.retry_after_ms.unwrap_or(0));
                voyage.not_before = Some(Instant::now() + wait + voyage.chance.span(&(Duration::ZERO..wait / 4)));
            }
            _ => {}
        }
        None
    }
}

/// Says a line.
async fn post(course: &Course, path: &str, headers: &str, body: &str) -> io::Result<Answer> {
    let whole = async {
        let mut http = Http::open(course).await?;
        http.ask(&Request { method: "POST", path, headers, body }).await
    };
    timeout(course.patience * 2, whole).await.unwrap_or_else(|_| Err(io::Error::other("silent")))
}

impl Wire {
    /// The next event, whose id is noted. Comments and what has no data are passed over. May be dropped while it waits.
    async fn next(&mut self, id: &mut String) -> io::Result<Event> {
        loop {
            if let Some(end) = self.text.find("\n\n") {
                let block: String = self.text.drain(..end + 2).collect();
                let field = |name: &str| {
                    let mut lines = block.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
                    lines.next().map(str::to_owned)
                };
                if let Some(last) = field("id") {
                    *id = last;
                }
                if let Some(data) = field("data") {
                    return Ok(Event { kind: field("event").unwrap_or_default(), data });
                }
                continue;
            }
            let piece = self.http.piece().await?.ok_or_else(|| io::Error::other("ended"))?;
            self.heard_at = Instant::now();
            self.bytes.extend(piece);
            let whole = match std::str::from_utf8(&self.bytes) {
                Ok(_) => self.bytes.len(),
                Err(error) if error.error_len().is_none() => error.valid_up_to(),
                Err(error) => panic!("a stream is UTF-8: {error}"),
            };
            let rest = self.bytes.split_off(whole);
            let text = String::from_utf8(std::mem::replace(&mut self.bytes, rest)).expect("it was looked at");
            self.text.push_str(&text);
        }
    }
}

impl Rig for Events {
    type Wire = Wire;

    async fn connect(&mut self, voyage: &mut Voyage) -> io::Result<Wire> {
        // What is said does not wait for the stream.
        self.says_the_next(voyage);
        let rooms: Vec<&str> = voyage.course.rooms.iter().map(Word::as_str).collect();
        let name = voyage.name.as_str().replace(' ', "%20");
        let path = match &*rooms {
            [room] => format!("/api/rooms/{room}/events?name={name}"),
            rooms => format!("/api/events?name={name}&rooms={}", rooms.join(",")),
        };
        let headers = if self.id.is_empty() { String::new() } else { format!("Last-Event-ID: {}\r\n", self.id) };
        let mut http = Http::open(&voyage.course).await?;
        let (status, length) = http.begin(&Request { method: "GET", path: &path, headers: &headers, body: "" }).await?;
        if (status, length) != (200, None) {
            return Err(io::Error::other(format!("{status} for {path}")));
        }
        voyage.connection += 1;
        for berth in &mut self.places.rooms {
            berth.joining = Joining::Asked(0);
        }
        Ok(Wire { http, text: String::new(), bytes: Vec::new(), heard_at: Instant::now() })
    }

    async fn sail_on(&mut self, voyage: &mut Voyage, wire: &mut Wire) -> End {
        loop {
            // There is nothing to ask with: so it waits for the server's own sign of life.
            let deadline = wire.heard_at + voyage.course.patience * 2;
            let due = voyage.hold_until.map_or(deadline, |until| until.min(deadline));
            tokio::select! {
                event = wire.next(&mut self.id) => match event {
                    Ok(event) => if let Some(end) = self.hears(voyage, &event) { return end },
                    Err(error) => return End::Lost(error.to_string()),
                },
                Some(posted) = self.posts.join_next() => {
                    let (id, answer) = posted.expect("no panic in a request");
                    self.is_answered(voyage, id, answer);
                }
                order = voyage.orders.recv() => if let Some(end) = voyage.obeys(order).await { return end },
                // It may have heard comments meanwhile.
                () = sleep_until(due) => if wire.heard_at.elapsed() >= voyage.course.patience * 2 {
                    return End::Lost("silent".to_owned());
                },
            }
            if voyage.has_opened() {
                self.says_the_next(voyage);
            }
            self.places.tells(voyage);
        }
    }

    async fn reload(_wire: &mut Wire) {}
}

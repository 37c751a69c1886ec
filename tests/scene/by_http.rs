//! A line without a WebSocket: what is heard comes as server-sent events, and each thing that is said is a request. Holds the
//! server to the format, and to ids that say exactly where their reader stands.

use std::collections::HashMap;

use serde_json::Value;
use tokio::io::AsyncReadExt;
use tokio::sync::mpsc;

use super::line::Heard;
use super::stream::Stream;
use super::{Raw, Reply, within};

/// The most that one request says, in bytes.
const BODY_BYTES: usize = 60 * 1024;

/// An event as a browser would dispatch it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) kind: String,
    /// The last id up to here.
    pub(crate) id: String,
    pub(crate) data: Option<Value>,
}

/// Somebody who reads a stream.
pub(crate) struct Events {
    stream: Stream,
    /// Read and not yet taken out of their chunks.
    raw: Vec<u8>,
    /// Taken out of their chunks, and not looked at.
    text: Vec<u8>,
    /// Everything that was looked at, as it came.
    pub(crate) seen: String,
    /// The last id.
    pub(crate) id: String,
    /// The last chunk came.
    has_ended: bool,
    /// Comments, as they came.
    pub(crate) comments: Vec<String>,
    /// Where it stands in each room, by all that it was told: the epoch and the number.
    pub(crate) places: HashMap<String, (String, u64)>,
}

impl Events {
    /// Opens a stream, or gives the answer that is none.
    pub(crate) async fn open(mut raw: Raw, path: &str, headers: &str) -> Result<Self, Reply> {
        let reply = raw.get(path, headers).await;
        if reply.status != 200 {
            return Err(reply);
        }
        assert_eq!(reply.header("content-type"), "text/event-stream");
        assert_eq!(reply.header("x-accel-buffering"), "no");
        assert_eq!(reply.header("cache-control"), "no-store");
        assert_eq!(reply.header("transfer-encoding"), "chunked");
        let (stream, raw) = raw.into_parts();
        Ok(Self {
            stream,
            raw,
            text: Vec::new(),
            seen: String::new(),
            id: String::new(),
            has_ended: false,
            comments: Vec::new(),
            places: HashMap::new(),
        })
    }

    /// The next event. Nothing once the stream has ended.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.block() {
                self.follow(&event);
                return Some(event);
            }
            if !self.chunk() {
                if self.has_ended {
                    return None;
                }
                let mut bytes = vec![0; 64 * 1024];
                match within("an event", self.stream.read(&mut bytes)).await {
                    Ok(count @ 1..) => self.raw.extend_from_slice(&bytes[..count]),
                    _ => return None,
                }
            }
        }
    }

    /// The next event of a kind; others before it are passed over.
    pub(crate) async fn hears(&mut self, kind: &str) -> Value {
        loop {
            let event = self.next().await.unwrap_or_else(|| panic!("the stream ends before {kind}"));
            if event.kind == kind {
                return event.data.expect("what has a kind has data");
            }
        }
    }

    /// Takes one whole chunk. False if none is there.
    fn chunk(&mut self) -> bool {
        let Some(end) = self.raw.windows(2).position(|two| two == b"\r\n") else { return false };
        let size = std::str::from_utf8(&self.raw[..end]).expect("a size");
        let size = usize::from_str_radix(size, 16).expect("a size in hexadecimal digits");
        if self.raw.len() < end + 2 + size + 2 {
            return false;
        }
        self.text.extend_from_slice(&self.raw[end + 2..end + 2 + size]);
        self.raw.drain(..end + 2 + size + 2);
        self.has_ended = size == 0;
        size > 0
    }

    /// Takes one whole block, after the algorithm of the standard (WHATWG HTML, section 9.2.6). A comment alone is none.
    fn block(&mut self) -> Option<Event> {
        loop {
            let end = self.text.windows(2).position(|two| two == b"\n\n")?;
            let block: Vec<u8> = self.text.drain(..end + 2).collect();
            let block = String::from_utf8(block).expect("a stream is UTF-8");
            self.seen.push_str(&block);
            let (mut kind, mut data) = (String::new(), None);
            for line in block.lines().filter(|line| !line.is_empty()) {
                let (field, value) = line.split_once(':').unwrap_or((line, ""));
                let value = value.strip_prefix(' ').unwrap_or(value);
                match field {
                    "" => self.comments.push(value.to_owned()),
                    "event" => value.clone_into(&mut kind),
                    "id" => value.clone_into(&mut self.id),
                    "data" => data = Some(serde_json::from_str(value).expect("data is JSON in one line")),
                    "retry" => assert!(value.parse::<u64>().is_ok(), "{value}"),
                    other => panic!("a field of a strange name: {other:?} in {block:?}"),
                }
            }
            if data.is_some() {
                return Some(Event { kind, id: self.id.clone(), data });
            }
        }
    }

    /// Holds the server to the rule of delivery, and the id to where its reader stands.
    fn follow(&mut self, event: &Event) {
        let Some(frame) = &event.data else { return };
        let Some(room) = frame["room"].as_str() else { return };
        match event.kind.as_str() {
            "joined" | "reset" => {
                let epoch = frame["epoch"].as_str().expect("an epoch").to_owned();
                self.places.insert(room.to_owned(), (epoch, frame["seq"].as_u64().expect("a number")));
            }
            "left" => {
                self.places.remove(room);
                return;
            }
            "message" | "private" | "edit" | "delete" | "react" | "join" | "leave" | "skip" => {
                let place = self.places.get_mut(room).unwrap_or_else(|| panic!("not in {room}, and gets {frame}"));
                assert_eq!(frame["seq"], place.1 + 1, "stood at {} and gets {frame}", place.1);
                place.1 += 1;
            }
            _ => return,
        }
        assert_eq!(self.in_id(room), Some(self.places[room].1), "{event:?}");
    }

    fn in_id(&self, room: &str) -> Option<u64> {
        let (epoch, _) = self.places.get(room)?;
        let place = self.id.split('.').skip(1).find_map(|place| place.strip_prefix(&format!("{epoch}-")))?;
        place.parse().ok()
    }
}

/// Reads a stream for a line, in the frames of `charsu.v1`.
pub(super) async fn listen(mut events: Events, first: Vec<Event>, tell: mpsc::UnboundedSender<Heard>) {
    let mut first = first.into_iter();
    loop {
        let event = match first.next() {
            Some(event) => event,
            None => match events.next().await {
                Some(event) => event,
                None => break,
            },
        };
        let heard = match event.data {
            Some(data) if event.kind == "close" => Heard::Closed(
                data["code"].as_u64().and_then(|code| u16::try_from(code).ok()).expect("a code"),
                data["reason"].as_str().expect("words").to_owned(),
            ),
            Some(data) => Heard::Text(data.to_string()),
            None => continue,
        };
        if tell.send(heard).is_err() {
            return;
        }
    }
    let _ = tell.send(Heard::Gone("ended".to_owned()));
}

/// Says each thing by a request on this connection, one after the other.
pub(super) async fn speak(
    mut raw: Raw,
    session: String,
    mut said: mpsc::UnboundedReceiver<Vec<u8>>,
    tell: mpsc::UnboundedSender<Heard>,
) {
    let headers = format!("Authorization: Bearer {session}\r\nContent-Type: text/plain\r\n");
    while let Some(frames) = said.recv().await {
        let frames = String::from_utf8(frames).expect("frames are text");
        let mut bodies = vec![String::new()];
        for frame in frames.lines() {
            let last = bodies.last_mut().expect("one");
            if last.len() + frame.len() < BODY_BYTES {
                last.extend([frame, "\n"]);
            } else {
                bodies.push([frame, "\n"].concat());
            }
        }
        for body in bodies {
            loop {
                let reply = raw.post("/api/commands", &headers, &body).await;
                match reply.status {
                    202 => break,
                    // Much that was said is not read yet.
                    429 => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
                    status => {
                        let _ = tell.send(Heard::Gone(format!("{status}: {}", reply.text())));
                        return;
                    }
                }
            }
        }
    }
}

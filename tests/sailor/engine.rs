//! What carries a session of Socket.IO for its client: a WebSocket, requests that fetch and bring, or the one after the other.
//! Gives packets and takes packets, whatever carries them; ends with the first thing that goes wrong, as the framework's own
//! client does. Knows nothing of what they say, but that a ping is answered.

use std::io;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Duration, timeout};

use super::frames::Heard;
use super::http::{Http, Request};
use super::line::Line;
use super::{Course, Transport};

const PATH: &str = "/socket.io/?EIO=4&transport=";

/// Between packets of one payload.
const SEPARATOR: char = '\u{1e}';

/// How long a request may take that brings something.
const BRINGING: Duration = Duration::from_secs(10);

enum Order {
    Say(String),
    Freeze,
}

/// A session's connection. When it is dropped, it is cut without a word.
pub(super) struct Engine {
    pub(super) heard: mpsc::UnboundedReceiver<Result<String, String>>,
    said: mpsc::UnboundedSender<Order>,
    carrying: JoinHandle<()>,
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.carrying.abort();
    }
}

impl Engine {
    /// Opens a session.
    pub(super) async fn open(course: &Course, transport: Transport) -> io::Result<Self> {
        let (said, saying) = mpsc::unbounded_channel();
        let (tell, heard) = mpsc::unbounded_channel();
        let ends = Ends { course: course.clone(), saying, tell };
        let carrying = match transport {
            Transport::Socket => {
                let line = Line::open(course, &format!("{PATH}websocket"), "").await?;
                tokio::spawn(ends.goes(async |ends| ends.by_socket(line).await))
            }
            Transport::Polling | Transport::Moving => {
                let mut http = Http::open(course).await?;
                let open = fetch(&mut http, &format!("{PATH}polling")).await?;
                let secret = open.split(r#""sid":""#).nth(1).and_then(|rest| rest.split('"').next());
                let secret = secret.ok_or_else(|| io::Error::other(format!("no session: {open}")))?.to_owned();
                tokio::spawn(ends.goes(async move |ends| ends.by_requests(http, &secret, transport).await))
            }
        };
        Ok(Self { heard, said, carrying })
    }

    pub(super) fn says(&self, packet: String) {
        // When nobody carries it, that is heard next.
        let _ = self.said.send(Order::Say(packet));
    }

    /// Leaves everything open from now on, and reads and writes nothing more.
    pub(super) fn freezes(&self) {
        let _ = self.said.send(Order::Freeze);
    }
}

async fn fetch(http: &mut Http, path: &str) -> io::Result<String> {
    let answer = http.ask(&Request { method: "GET", path, headers: "", body: "" }).await?;
    if answer.status == 200 {
        Ok(answer.body)
    } else {
        Err(io::Error::other(format!("{}: {}", answer.status, answer.body)))
    }
}

/// The same, for one who goes on with the connection.
async fn fetch_on(mut http: Http, path: String) -> io::Result<(Http, String)> {
    let payload = fetch(&mut http, &path).await?;
    Ok((http, payload))
}

/// Brings a payload, and gives the connection back.
async fn bring(mut http: Http, path: String, body: String) -> io::Result<Http> {
    let headers = "Content-Type: text/plain;charset=UTF-8\r\n";
    let request = Request { method: "POST", path: &path, headers, body: &body };
    let answer = timeout(BRINGING, http.ask(&request)).await;
    let answer = answer.unwrap_or_else(|_| Err(io::Error::other("silent")))?;
    if answer.status == 200 { Ok(http) } else { Err(io::Error::other(format!("{}: {}", answer.status, answer.body))) }
}

/// What is under way, if something is.
async fn when<T>(under_way: &mut Option<impl Future<Output = T> + Unpin>) -> T {
    match under_way {
        Some(future) => future.await,
        None => std::future::pending().await,
    }
}

/// The far ends of what its owner has.
struct Ends {
    course: Course,
    saying: mpsc::UnboundedReceiver<Order>,
    tell: mpsc::UnboundedSender<Result<String, String>>,
}

impl Ends {
    /// Carries packets until that fails, and says why.
    async fn goes(mut self, carry: impl AsyncFnOnce(&mut Self) -> io::Result<()>) {
        let end = carry(&mut self).await;
        let _ = self.tell.send(Err(end.err().map_or_else(|| "closed".to_owned(), |error| error.to_string())));
    }

    /// Passes a packet on. Gives the answer to a ping.
    fn hears(&self, packet: &str) -> Option<String> {
        let _ = self.tell.send(Ok(packet.to_owned()));
        (packet == "2").then(|| "3".to_owned())
    }

    async fn by_socket(&mut self, mut line: Line) -> io::Result<()> {
        loop {
            while let Some(heard) = line.next() {
                match heard {
                    Heard::Text(packet) => {
                        if let Some(pong) = self.hears(&packet) {
                            line.says(&pong);
                        }
                    }
                    Heard::Close(code, words) => return Err(io::Error::other(format!("closed {code} {words}"))),
                    Heard::Ping(_) | Heard::Pong => {}
                }
            }
            tokio::select! {
                worked = line.works() => worked?,
                order = self.saying.recv() => match order {
                    Some(Order::Say(packet)) => line.says(&packet),
                    Some(Order::Freeze) => std::future::pending().await,
                    None => return Ok(()),
                },
            }
        }
    }

    async fn by_requests(&mut self, http: Http, sid: &str, transport: Transport) -> io::Result<()> {
        let path = format!("{PATH}polling&sid={sid}");
        let mut probing = matches!(transport, Transport::Moving).then(|| Box::pin(self.probes(sid)));
        // One request at a time fetches, and one brings.
        let mut fetching = Some(Box::pin(fetch_on(http, path.clone())));
        let mut bringing = None;
        let mut idle = Some(Http::open(&self.course).await?);
        let mut waiting: Vec<String> = Vec::new();
        let mut moved: Option<Line> = None;
        loop {
            if moved.is_none()
                && !waiting.is_empty()
                && let Some(http) = idle.take()
            {
                let body = std::mem::take(&mut waiting).join(&SEPARATOR.to_string());
                bringing = Some(Box::pin(bring(http, path.clone(), body)));
            }
            tokio::select! {
                fetched = when(&mut fetching) => {
                    fetching = None;
                    let (http, payload) = fetched?;
                    for packet in payload.split(SEPARATOR) {
                        waiting.extend(self.hears(packet));
                    }
                    if moved.is_none() {
                        fetching = Some(Box::pin(fetch_on(http, path.clone())));
                    }
                }
                brought = when(&mut bringing) => (bringing, idle) = (None, Some(brought?)),
                line = when(&mut probing) => (probing, moved) = (None, Some(line?)),
                order = self.saying.recv() => match order {
                    Some(Order::Say(packet)) => waiting.push(packet),
                    Some(Order::Freeze) => std::future::pending().await,
                    None => return Ok(()),
                },
            }
            if fetching.is_none()
                && bringing.is_none()
                && let Some(mut line) = moved.take()
            {
                // No request is under way any more: from here on the WebSocket carries it.
                line.says("5");
                for packet in &waiting {
                    line.says(packet);
                }
                return self.by_socket(line).await;
            }
        }
    }

    /// Asks over a WebSocket whether the way is open, and waits until it is.
    fn probes(&self, sid: &str) -> impl Future<Output = io::Result<Line>> + use<> {
        let (course, path) = (self.course.clone(), format!("{PATH}websocket&sid={sid}"));
        async move {
            let mut line = Line::open(&course, &path, "").await?;
            line.says("2probe");
            loop {
                match line.next() {
                    Some(Heard::Text(answer)) if answer == "3probe" => return Ok(line),
                    Some(other) => return Err(io::Error::other(format!("the probe is answered with {other:?}"))),
                    None => line.works().await?,
                }
            }
        }
    }
}

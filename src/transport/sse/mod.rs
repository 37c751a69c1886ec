//! Server-sent events: a stream down and requests up make one connection. `GET /api/rooms/{room}/events` reads a room,
//! `GET /api/events` several or none, and `POST /api/commands` says on the same connection what a WebSocket would. `POST
//! /api/rooms/{room}/messages` says one line, with or without a stream.
//!
//! A stream is a member like any other: it has a session, whose secret stands in its ids, so that a browser's `EventSource`
//! comes back as the same person and is told what it missed.

mod place;
mod say;
mod stream;
mod talk;

pub use place::{LastId, Stamp};
pub use say::Said;

use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Extension, Path, RawQuery, State};
use axum::routing::{get, post};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HOST};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};

use super::door::{self, Admission};
use super::http::refused;
use super::pipe::Brought;
use super::{Peer, http as interface};
use crate::names::{Name, RoomName};
use crate::protocol::{Code, Refusal, ServerFrame};
use crate::server::{App, Endless};
use crate::wire::Wire;
use talk::{Entering, Talk};

/// When a browser comes back whose stream broke, in milliseconds, unless the server says otherwise.
const RETRY_MS: u32 = 2000;

/// After which time a client may say more when much of what it said has not been read, in milliseconds.
const FULL_MS: u64 = 500;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// The routes, below `/api`.
pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/api/rooms/{room}/events", get(one_room))
        .route("/api/events", get(several_rooms))
        .route("/api/rooms/{room}/messages", post(say::post))
        .route("/api/commands", post(commands))
}

/// What a request for a stream asks.
struct Wanted {
    rooms: Vec<String>,
    name: Option<String>,
    /// Only what the answer would look like.
    is_head: bool,
}

impl Wanted {
    /// `name` claims a name; `rooms` are separated by commas.
    fn read(query: Option<&str>, method: &Method) -> Self {
        let mut wanted = Self { rooms: Vec::new(), name: None, is_head: *method == Method::HEAD };
        for (key, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            match &*key {
                "name" => wanted.name = Some(value.into_owned()),
                "rooms" => wanted.rooms = value.split(',').filter(|room| !room.is_empty()).map(Into::into).collect(),
                _ => {}
            }
        }
        wanted
    }
}

async fn one_room(
    State(app): State<Arc<App>>,
    (Extension(Peer(peer)), Extension(admission)): (Extension<Peer>, Extension<Admission>),
    Extension(endless): Extension<Endless>,
    Path(room): Path<String>,
    RawQuery(query): RawQuery,
    method: Method,
    headers: HeaderMap,
) -> Response<Body> {
    let wanted = Wanted { rooms: vec![room], ..Wanted::read(query.as_deref(), &method) };
    answer(&app, peer, endless, wanted, &headers, &admission).await
}

async fn several_rooms(
    State(app): State<Arc<App>>,
    Extension(Peer(peer)): Extension<Peer>,
    Extension(endless): Extension<Endless>,
    Extension(admission): Extension<Admission>,
    RawQuery(query): RawQuery,
    method: Method,
    headers: HeaderMap,
) -> Response<Body> {
    answer(&app, peer, endless, Wanted::read(query.as_deref(), &method), &headers, &admission).await
}

async fn answer(
    app: &Arc<App>,
    peer: IpAddr,
    endless: Endless,
    wanted: Wanted,
    headers: &HeaderMap,
    admission: &Admission,
) -> Response<Body> {
    if wanted.is_head {
        return events(Body::empty());
    }
    let last = headers.get(LAST_EVENT_ID).map(|id| LastId::read(id.to_str().unwrap_or_default()));
    match open(app, peer, endless, wanted, last, headers, admission).await {
        Ok(body) => events(body),
        // A browser gives up a stream for good that is answered with anything else, and this will pass.
        Err(refusal) if last.is_some() && refusal.code.may_retry() => events(Body::from(come_later(&refusal))),
        Err(refusal) => refused(&refusal),
    }
}

fn events(body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // nginx and those that follow it would wait for a buffer to be full.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

fn come_later(refusal: &Refusal) -> Vec<u8> {
    let wait = refusal.retry_after_ms.unwrap_or(RETRY_MS.into());
    let mut out = format!("retry: {wait}\n").into_bytes();
    Wire::Sse.answer(&ServerFrame::refusal(refusal, None, None), &mut out);
    out
}

/// Comes into the rooms, and gives the stream of what happens there.
async fn open(
    app: &Arc<App>,
    peer: IpAddr,
    endless: Endless,
    wanted: Wanted,
    last: Option<LastId<'_>>,
    headers: &HeaderMap,
    admission: &Admission,
) -> Result<Body, Refusal> {
    app.may_visit(peer)?;
    let mut rooms: Vec<RoomName> = Vec::with_capacity(wanted.rooms.len());
    for room in &wanted.rooms {
        let room = RoomName::parse(room).map_err(|problem| Refusal::because(Code::BadRoom, problem.to_string()))?;
        if !rooms.contains(&room) {
            rooms.push(room);
        }
        if rooms.len() > app.settings.rooms_per_connection {
            return Err(Code::TooManyRooms.into());
        }
    }
    let name = wanted.name.map(|name| Name::parse(&name, app.settings.name_chars)).transpose().map_err(Refusal::from);
    let offered = last.map(|last| last.secret).or_else(|| door::session_secret(app, headers));
    let preamble = preamble(headers.get(HOST), rooms.first(), app.asks_for_tokens());
    let (talk, secret) = Talk::begin(app, peer, offered, &preamble, last.is_some(), admission)?;
    let mut entered = 0;
    let is_reader = !rooms.is_empty();
    let mut refusals = Vec::new();
    let epochs: Vec<Option<u64>> = rooms.iter().map(|room| app.hub.epoch_of(room)).collect();
    let known: Vec<u64> = epochs.iter().copied().flatten().collect();
    for (room, epoch) in rooms.into_iter().zip(epochs) {
        let since = last.map(|last| last.place_in(epoch, &known));
        match talk.enter(Entering { room: room.clone(), name: name.clone(), since }).await {
            Ok(()) => entered += 1,
            Err(refusal) => refusals.push((room, refusal)),
        }
    }
    for (room, refusal) in refusals {
        if is_reader && entered == 0 {
            return Err(refusal);
        }
        talk.refuse(&room, &refusal);
    }
    let stamp = Stamp::new(&secret, last.filter(|last| last.secret == secret), entered);
    Ok(talk.stream(stamp, endless))
}

/// Says in a comment, for a person with `curl`, what can be said back.
fn preamble(host: Option<&HeaderValue>, room: Option<&RoomName>, asks_for_tokens: bool) -> String {
    let mut out = format!("retry: {RETRY_MS}\n");
    if let (Some(host), Some(room)) = (host.and_then(|host| host.to_str().ok()), room) {
        let room: String = form_urlencoded::byte_serialize(room.as_str().as_bytes()).collect();
        let room = room.replace('+', "%20");
        let shown = if asks_for_tokens {
            "-H 'Authorization: Bearer TOKEN' -H 'Charsu-Session: SESSION'"
        } else {
            "-H 'Authorization: Bearer SESSION'"
        };
        let say = format!("curl {shown} -d 'Hello' http://{host}/api/rooms/{room}/messages");
        out.extend([": To say something: ", &say, "\n"]);
    }
    out
}

/// Says on a stream's connection what stands in the body: frames of `charsu.v1`, one on each line. They are answered on the
/// stream.
async fn commands(
    State(app): State<Arc<App>>,
    Extension(admission): Extension<Admission>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    match take(&app, &admission, &headers, &body) {
        Ok(()) => interface::empty(StatusCode::ACCEPTED),
        Err(refusal) => refused(&refusal),
    }
}

fn take(app: &App, admission: &Admission, headers: &HeaderMap, body: &[u8]) -> Result<(), Refusal> {
    let unknown = || Refusal::from(Code::UnknownSession);
    let secret = door::session_secret(app, headers).ok_or_else(unknown)?;
    let reader = app.hub.speaker(secret, admission.owner()).ok_or_else(unknown)?;
    let pipe = reader.socket().pipe().ok_or_else(unknown)?;
    let words = |words: &str| Refusal::because(Code::BadRequest, words);
    let frames = std::str::from_utf8(body).map_err(|_| words("The body is not UTF-8."))?;
    if frames.lines().any(|frame| frame.len() > app.settings.frame_bytes) {
        return Err(words("A frame is longer than may be."));
    }
    match pipe.bring(&[frames.as_bytes(), b"\n"].concat()) {
        Brought::Taken => Ok(()),
        Brought::Full => Err(Refusal::rate_limited(FULL_MS)),
        Brought::Over => Err(unknown()),
    }
}

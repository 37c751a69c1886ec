//! Ordinary HTTP: make a room, look one up, page through what was said, and what the page asks about the server. Events come
//! over other wires.

mod bodies;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Extension, Path, RawQuery, State};
use axum::routing::{get, post};
use http::header::{CACHE_CONTROL, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use serde::Serialize;

use crate::lan;
use crate::names::RoomName;
use crate::permits::newcomers;
use crate::protocol::{Code, Event, MemberId, Page, Refusal, SAFE_INTEGER};
use crate::room::Line;
use crate::server::answers::Refused;
use crate::server::{App, answers};
use crate::transport::Peer;
use crate::transport::door::{self, Admission};
use crate::wire;
use bodies::{Asked, Kind};

pub(crate) use bodies::{About, FoundRoom, Kept, MadeRoom, PastPage};

/// The routes, below `/api`.
pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/api/rooms", post(make_room))
        .route("/api/rooms/{room}", get(look_up))
        .route("/api/rooms/{room}/messages", get(messages))
        .route("/api/about", get(about))
}

/// Makes a code. The room begins with its first member.
async fn make_room(
    State(app): State<Arc<App>>,
    Extension(Peer(peer)): Extension<Peer>,
    Extension(admission): Extension<Admission>,
) -> Response<Body> {
    // Who may enter some rooms alone could not enter this one.
    let is_confined = admission.admitted().is_some_and(|admitted| !admitted.may_enter_any());
    let permitted = if is_confined { Err(Code::RoomForbidden.into()) } else { app.may_make_room(peer) };
    let made = match permitted {
        Ok(()) => app.hub.make_code().await,
        Err(refusal) => Err(refusal),
    };
    match made {
        Ok(code) => {
            let code = code.to_string();
            answer(StatusCode::CREATED, &MadeRoom { path: format!("/r/{code}"), room: code.clone(), code })
        }
        Err(refusal) => refused(&refusal),
    }
}

/// Says whether a room can be joined. Wrong codes count against the address, as wrong joins do.
async fn look_up(
    State(app): State<Arc<App>>,
    Extension(Peer(peer)): Extension<Peer>,
    Extension(admission): Extension<Admission>,
    Path(room): Path<String>,
) -> Response<Body> {
    let name = match room_of(&app, peer, &admission, &room) {
        Ok(name) => name,
        Err(refusal) => return refused(&refusal),
    };
    if let Some(people) = app.hub.look_up(&name) {
        answer(StatusCode::OK, &FoundRoom { people, room: name.as_str() })
    } else {
        app.failed_join(peer);
        refused(&Code::RoomNotFound.into())
    }
}

/// A page of what was said: of everything that a newcomer may see; with a session's secret, of its own time.
async fn messages(
    State(app): State<Arc<App>>,
    Extension(Peer(peer)): Extension<Peer>,
    Extension(admission): Extension<Admission>,
    Path(room): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response<Body> {
    let name = match app.may_read_page(peer).and_then(|()| room_of(&app, peer, &admission, &room)) {
        Ok(name) => name,
        Err(refusal) => return refused(&refusal),
    };
    let page = match page_of(query.as_deref().unwrap_or_default()) {
        Ok(page) => page,
        Err(refusal) => return refused(&refusal),
    };
    let secret = door::session_secret(&app, &headers);
    match app.hub.public_history(&name, secret, admission.owner(), page).await {
        Ok((lines, more)) => {
            let events = lines.iter().map(|event| wire::snapshot_event(&name, event, viewer_of(event))).collect();
            answer(StatusCode::OK, &PastPage { events, more, room: name.as_str() })
        }
        Err(refusal) => {
            if refusal.code == Code::RoomNotFound {
                app.failed_join(peer);
            }
            refused(&refusal)
        }
    }
}

/// The store has left out what the asker may not see, so whoever a line concerns may read it.
fn viewer_of(event: &Event) -> Option<MemberId> {
    Line::of(&event.kind).and_then(|line| line.between).map(|[from, _]| from)
}

/// The room of a path, for somebody who may ask for it.
fn room_of(app: &App, peer: IpAddr, admission: &Admission, room: &str) -> Result<RoomName, Refusal> {
    let name = RoomName::parse(room).map_err(|problem| Refusal::because(Code::BadRoom, problem.to_string()))?;
    admission.may_enter(&name)?;
    if name.is_code() {
        app.may_guess(peer)?;
    }
    Ok(name)
}

/// Which page a query asks for: `before`, `after` and `limit` are whole numbers.
fn page_of(query: &str) -> Result<Page, Refusal> {
    let (mut before, mut after, mut limit) = (None, None, None);
    for (key, value) in form_urlencoded::parse(query.as_bytes()) {
        let number = || {
            let number: Option<u64> = value.parse().ok().filter(|number| *number <= SAFE_INTEGER);
            number.ok_or_else(|| Refusal::because(Code::BadRequest, format!("`{key}` is a whole number.")))
        };
        match &*key {
            "before" => before = Some(number()?),
            "after" => after = Some(number()?),
            "limit" => limit = Some(u32::try_from(number()?).unwrap_or(u32::MAX)),
            _ => {}
        }
    }
    Page::read(before, after, limit).map_err(|words| Refusal::because(Code::BadRequest, words))
}

/// What the page asks about the server.
async fn about(State(app): State<Arc<App>>, Extension(admission): Extension<Admission>) -> Response<Body> {
    let is_stored = app.settings.database().is_some();
    let idle = if is_stored { app.settings.stored_room_idle } else { app.settings.room_idle };
    let ms = |span: Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
    let admitted = admission.admitted();
    let about = About {
        name: admitted.as_ref().map(|admitted| admitted.name.as_str()),
        newcomers: newcomers(&app.settings),
        retention_ms: app.settings.retention_age.filter(|_| is_stored).map(ms),
        room_idle_ms: ms(idle),
        share_base: lan::share_base(&app.settings, app.listening),
        store: if is_stored { Kind::Sqlite } else { Kind::Memory },
        token: if app.asks_for_tokens() { Asked::Required } else { Asked::None },
        version: env!("CARGO_PKG_VERSION"),
    };
    answer(StatusCode::OK, &about)
}

/// A refusal as an answer.
pub(super) fn refused(refusal: &Refusal) -> Response<Body> {
    let status = StatusCode::from_u16(refusal.code.http_status()).unwrap_or(StatusCode::BAD_REQUEST);
    let mut response = answer(status, &Refused::from(refusal));
    if let Some(wait) = refusal.retry_after_ms {
        let seconds = HeaderValue::from(wait.div_ceil(1000));
        response.headers_mut().insert(RETRY_AFTER, seconds);
    }
    response
}

/// An answer without a body.
pub(super) fn empty(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// An answer in JSON.
pub(super) fn answer(status: StatusCode, body: &impl Serialize) -> Response<Body> {
    let mut response = answers::body(status, body);
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

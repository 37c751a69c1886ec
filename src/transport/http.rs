//! Ordinary HTTP: make a room, look one up, and what the page asks about the server. Events come over other wires.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Extension, Path, State};
use axum::routing::{get, post};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};
use serde_json::{Value, json};

use crate::config::Newcomers;
use crate::lan;
use crate::names::RoomName;
use crate::protocol::{Code, Refusal};
use crate::server::App;
use crate::transport::Peer;

/// The routes, below `/api`.
pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/api/rooms", post(make_room))
        .route("/api/rooms/{room}", get(look_up))
        .route("/api/about", get(about))
}

/// Makes a code. The room begins with its first member.
async fn make_room(State(app): State<Arc<App>>, Extension(Peer(peer)): Extension<Peer>) -> Response<Body> {
    let made = app.may_make_room(peer).and_then(|()| app.hub.make_code());
    match made {
        Ok(code) => {
            let code = code.to_string();
            answer(StatusCode::CREATED, &json!({ "code": code, "room": code, "path": format!("/r/{code}") }))
        }
        Err(refusal) => refused(&refusal),
    }
}

/// Says whether a room can be joined. Wrong codes count against the address, as wrong joins do.
async fn look_up(
    State(app): State<Arc<App>>,
    Extension(Peer(peer)): Extension<Peer>,
    Path(room): Path<String>,
) -> Response<Body> {
    let name = match RoomName::parse(&room) {
        Ok(name) => name,
        Err(problem) => return refused(&Refusal::because(Code::BadRoom, problem.to_string())),
    };
    if name.is_code()
        && let Err(refusal) = app.may_guess(peer)
    {
        return refused(&refusal);
    }
    if let Some(people) = app.hub.look_up(&name) {
        answer(StatusCode::OK, &json!({ "room": name.as_str(), "people": people }))
    } else {
        app.failed_join(peer);
        refused(&Code::RoomNotFound.into())
    }
}

/// What the page asks about the server: its version, the address under which others on the network reach it, and what it
/// must tell people truly: how long an empty room lives (milliseconds), and what newcomers see of the past.
async fn about(State(app): State<Arc<App>>) -> Response<Body> {
    let share_base = lan::share_base(&app.settings, app.listening);
    let newcomers = match app.settings.newcomers {
        Newcomers::None => "none",
        Newcomers::Recent => "recent",
    };
    let about = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "share_base": share_base,
        "newcomers": newcomers,
        "room_idle_ms": u64::try_from(app.settings.room_idle.as_millis()).unwrap_or(u64::MAX),
    });
    answer(StatusCode::OK, &about)
}

fn refused(refusal: &Refusal) -> Response<Body> {
    let status = StatusCode::from_u16(refusal.code.http_status()).unwrap_or(StatusCode::BAD_REQUEST);
    let mut body = json!({ "code": refusal.code.as_str(), "message": refusal.words() });
    if let Some(wait) = refusal.retry_after_ms {
        body["retry_after_ms"] = wait.into();
    }
    let mut response = answer(status, &body);
    if let Some(wait) = refusal.retry_after_ms {
        let seconds = HeaderValue::from(wait.div_ceil(1000));
        response.headers_mut().insert(RETRY_AFTER, seconds);
    }
    response
}

fn answer(status: StatusCode, body: &Value) -> Response<Body> {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

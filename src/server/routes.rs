//! Which path leads where. A WebSocket's is not here: its request is taken before the routes, see
//! [`upgrade`](crate::transport::upgrade).

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::routing::get;
use http::header::ALLOW;
use http::{HeaderValue, Method, Request, Response, StatusCode};

use super::answers;
use super::app::App;
use crate::pages::Pages;
use crate::transport::{http as interface, sse};
use crate::web;

/// Words for a path that leads nowhere.
const LOST: &str = "There is nothing here.\n\n\
    /                the chat page\n\
    /r/{room}        the chat page in a room\n\
    /ws/{room}       a WebSocket\n\
    /socket.io/      Socket.IO\n\
    /docs            all ways in, and documents of them for programs\n\
    POST /api/rooms  a new room\n\
    /api/rooms/{room}/events  what happens in a room, as server-sent events\n\
    /healthz         whether the server is well";

/// All routes, with what they share.
pub(super) fn all(app: &Arc<App>, pages: Option<Pages>) -> Router {
    let routes = Router::new()
        .route("/healthz", get(health))
        .route("/readyz", get(readiness))
        .merge(interface::routes())
        .merge(sse::routes())
        .fallback(page)
        .with_state(Arc::clone(app));
    match pages {
        Some(pages) => routes.merge(pages.routes()),
        None => routes,
    }
}

async fn health(State(app): State<Arc<App>>) -> Response<Body> {
    if app.health.accepts() {
        answers::plain(StatusCode::OK, "ok")
    } else {
        answers::plain(StatusCode::SERVICE_UNAVAILABLE, "no connection can be accepted: out of file descriptors")
    }
}

async fn readiness(State(app): State<Arc<App>>) -> Response<Body> {
    if app.health.is_draining() {
        answers::plain(StatusCode::SERVICE_UNAVAILABLE, "stopping")
    } else if !app.hub.keeps() {
        answers::plain(
            StatusCode::SERVICE_UNAVAILABLE,
            "nothing can be kept: look at the log, the disk and the file of --store",
        )
    } else {
        answers::plain(StatusCode::OK, "ready")
    }
}

/// The page, its assets, or directions for who is lost.
async fn page(request: Request<Body>) -> Response<Body> {
    let path = request.uri().path();
    let Some(found) = web::find(path) else {
        return match path.strip_prefix("/api") {
            Some("") => lost_in_the_interface(),
            Some(rest) if rest.starts_with('/') => lost_in_the_interface(),
            _ => answers::plain(StatusCode::NOT_FOUND, LOST),
        };
    };
    if request.method() != Method::GET && request.method() != Method::HEAD {
        let mut response = answers::plain(StatusCode::METHOD_NOT_ALLOWED, "This can be read, and nothing else.");
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    web::answer(found, request.headers())
}

fn lost_in_the_interface() -> Response<Body> {
    answers::json(
        StatusCode::NOT_FOUND,
        "not_found",
        "There is no such path. POST /api/rooms creates a room, GET /api/rooms/{room} looks it up, \
         GET /api/rooms/{room}/events reads it.",
    )
}

//! The door that every request passes before a route or a handshake sees it: where a token may stand, and what becomes of a
//! request without a good one. Judges no token itself and knows no wire's words.
//!
//! Whoever serves a request takes the [`Admission`] from its extensions.

use std::sync::Arc;

use axum::body::Body;
use http::header::{AUTHORIZATION, HeaderValue, SEC_WEBSOCKET_PROTOCOL, WWW_AUTHENTICATE};
use http::{HeaderMap, Method, Request, Response, StatusCode};

use crate::auth::{Admitted, Denied};
use crate::names::RoomName;
use crate::protocol::{Code, Refusal};
use crate::server::answers::Refused;
use crate::server::{App, answers};

/// What stands before a token among the subprotocols that a WebSocket offers: browsers can set no header, and an address is
/// logged. It is never chosen; offer `charsu.v1` beside it.
pub(crate) const BEARER_PROTOCOL: &str = "bearer.";
/// The name of a token in the query.
const IN_QUERY: &str = "token";
/// Where a session's secret stands once `Authorization` is the token's.
const SESSION: &str = "charsu-session";

/// As whom a request was let in.
#[derive(Clone, Debug)]
pub(crate) enum Admission {
    /// As anybody: the server asks for no token, or not here.
    Anybody,
    /// As the owner of a good token.
    Owner(Arc<Admitted>),
    /// Not yet: on this wire the token may come after the handshake, and nothing is to be done before [`App::present`] has
    /// found it good.
    Awaited,
}

impl Admission {
    /// The owner of the token, if there was one.
    pub(crate) fn admitted(&self) -> Option<Arc<Admitted>> {
        match self {
            Self::Owner(admitted) => Some(Arc::clone(admitted)),
            Self::Anybody | Self::Awaited => None,
        }
    }

    /// Whose sessions it may speak for.
    pub(crate) fn owner(&self) -> Option<&str> {
        match self {
            Self::Owner(admitted) => Some(&admitted.owner),
            Self::Anybody | Self::Awaited => None,
        }
    }

    /// Whether what concerns this room may be done.
    ///
    /// # Errors
    /// The token names other rooms, or is still to come.
    pub(crate) fn may_enter(&self, room: &RoomName) -> Result<(), Refusal> {
        match self {
            Self::Owner(admitted) if !admitted.may_enter(room) => Err(Code::RoomForbidden.into()),
            Self::Awaited => Err(Code::TokenRequired.into()),
            Self::Owner(_) | Self::Anybody => Ok(()),
        }
    }
}

/// What is asked on a path.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    /// Nothing is behind it that is anybody's.
    Nothing,
    /// A token that is given has to be good.
    IfGiven,
    /// The token may come later; one that is given now has to be good.
    Later,
    /// A token.
    Always,
}

fn asked(path: &str) -> Asked {
    let is_below = |root: &str| path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    if path == "/api/about" {
        // The page asks it whether it needs a token.
        return Asked::IfGiven;
    }
    if is_below("/socket.io") {
        return Asked::Later;
    }
    #[cfg(feature = "conformance")]
    if path == "/echo" {
        return Asked::Always;
    }
    if is_below("/api") || is_below("/ws") { Asked::Always } else { Asked::Nothing }
}

/// Lets a request in, and notes as whom; or gives the answer for one without a good token: 401.
pub(crate) fn pass(app: &App, request: &mut Request<Body>) -> Option<Response<Body>> {
    match judge(app, request) {
        Ok(admission) => {
            request.extensions_mut().insert(admission);
            None
        }
        Err(denied) => Some(unauthorized(denied)),
    }
}

fn judge(app: &App, request: &Request<Body>) -> Result<Admission, Denied> {
    let asked = asked(request.uri().path());
    // A browser that asks beforehand sends no token (Fetch standard, CORS preflight).
    if !app.asks_for_tokens() || asked == Asked::Nothing || request.method() == Method::OPTIONS {
        return Ok(Admission::Anybody);
    }
    match (offered(app, request)?, asked) {
        // Whoever shows an empty one asks whether that will do: a page learns in this way why its WebSocket did not open.
        (Some(token), _) if token.is_empty() => Err(Denied::Missing),
        (Some(token), _) => app.present(&token).map(Admission::Owner),
        (None, Asked::Always) => Err(Denied::Missing),
        (None, Asked::Later) => Ok(Admission::Awaited),
        (None, Asked::IfGiven | Asked::Nothing) => Ok(Admission::Anybody),
    }
}

/// The one token of a request. Two may name two people, and two readers may believe different ones.
fn offered(app: &App, request: &Request<Body>) -> Result<Option<String>, Denied> {
    let headers = request.headers();
    let texts = |name| headers.get_all(name).iter().map(|value: &HeaderValue| value.to_str().unwrap_or_default());
    let mut found = Vec::new();
    found.extend(texts(AUTHORIZATION).filter_map(bearer).map(str::to_owned));
    let protocols = texts(SEC_WEBSOCKET_PROTOCOL).flat_map(|list| list.split(',')).map(str::trim);
    found.extend(protocols.filter_map(|protocol| protocol.strip_prefix(BEARER_PROTOCOL)).map(str::to_owned));
    if app.settings.auth_in_query {
        let query = form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes());
        found.extend(query.filter(|(name, _)| name == IN_QUERY).map(|(_, token)| token.into_owned()));
    }
    let token = found.pop();
    if found.is_empty() { Ok(token) } else { Err(Denied::Several) }
}

/// The token of an `Authorization` header (RFC 6750 section 2.1). Of an empty one no space is left, either.
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The secret of a session that a request speaks for. Where tokens are asked for, `Authorization` is theirs.
pub(crate) fn session_secret<'h>(app: &App, headers: &'h HeaderMap) -> Option<&'h str> {
    let named = headers.get(SESSION).and_then(|value| value.to_str().ok());
    let shown = || headers.get(AUTHORIZATION).and_then(|value| bearer(value.to_str().ok()?));
    let unnamed = || shown().filter(|secret| !secret.is_empty());
    if app.asks_for_tokens() { named } else { named.or_else(unnamed) }
}

/// The answer to somebody who is not let in, with what RFC 6750 section 3 wants.
fn unauthorized(denied: Denied) -> Response<Body> {
    let refusal = Refusal::from(denied);
    let challenge = match denied {
        Denied::Missing => "Bearer realm=\"charsu\"".to_owned(),
        _ => format!("Bearer realm=\"charsu\", error=\"invalid_token\", error_description=\"{}\"", denied.words()),
    };
    let body = Refused { reason: Some(denied.reason()), ..Refused::from(&refusal) };
    let mut response = answers::body(StatusCode::UNAUTHORIZED, &body);
    let challenge = HeaderValue::from_str(&challenge).expect("our own words are printable ASCII");
    response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    response
}

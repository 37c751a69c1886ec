//! What a page of another site may do with the HTTP interface, and what its browser has to be told (the CORS protocol of the
//! Fetch standard). The rule is a WebSocket's. Knows no route but that the interface is below `/api`, and where sessions of Engine.IO are.

use std::time::Duration;

use axum::body::Body;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use http::{HeaderValue, Method, Request, Response, StatusCode};

use super::origin::{Gate, Verdict};
use super::socketio::Endpoint;
use crate::server::answers;

/// How long a browser may remember the answer to its preflight.
const REMEMBER_SECONDS: HeaderValue = HeaderValue::from_static("600");

/// What the origin of a request means for its answer.
#[derive(Debug)]
pub(crate) enum Permit {
    /// Nothing: no page of another site, or no path of the interface.
    Ordinary,
    /// A page of another site that may not talk to us.
    Foreign,
    /// A page of another site that may, whose browser has to be told so.
    Listed(HeaderValue),
}

impl Permit {
    pub(crate) fn of(gate: &Gate, request: &Request<Body>, now: Duration) -> Self {
        let path = request.uri().path();
        if path != "/api" && !path.starts_with("/api/") && Endpoint::of(path).is_none() {
            return Self::Ordinary;
        }
        match (gate.judge(request.headers(), now), request.headers().get(ORIGIN)) {
            (Verdict::Foreign, _) => Self::Foreign,
            (Verdict::Listed, Some(origin)) => Self::Listed(origin.clone()),
            (Verdict::Listed | Verdict::SameHost | Verdict::NotABrowser, _) => Self::Ordinary,
        }
    }

    /// The answer, if the request is not for a route: a page that may not talk to us, or a browser that asks beforehand.
    pub(crate) fn answer(&self, request: &Request<Body>) -> Option<Response<Body>> {
        match self {
            Self::Ordinary => None,
            Self::Foreign => Some(answers::foreign()),
            Self::Listed(origin) => {
                let asks = request.method() == Method::OPTIONS
                    && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
                asks.then(|| preflight(origin))
            }
        }
    }

    /// Adds to a route's answer what the browser has to be told.
    pub(crate) fn sign(self, mut response: Response<Body>) -> Response<Body> {
        if let Self::Listed(origin) = self {
            sign(&mut response, &origin);
        }
        response
    }
}

fn preflight(origin: &HeaderValue) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
    headers.insert(
        ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static("authorization, charsu-session, content-type, idempotency-key, last-event-id"),
    );
    headers.insert(ACCESS_CONTROL_MAX_AGE, REMEMBER_SECONDS);
    sign(&mut response, origin);
    response
}

fn sign(response: &mut Response<Body>, origin: &HeaderValue) {
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("retry-after, www-authenticate"));
    headers.append(VARY, HeaderValue::from_static("origin"));
}

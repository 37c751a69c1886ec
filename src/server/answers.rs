//! Answers that no route gives: refusals in words for people, or in JSON for programs.

use axum::body::Body;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};
use serde_json::{Value, json};

use crate::limits::Exceeded;
use crate::protocol::{Code, Refusal};

/// A short text.
pub(crate) fn plain(status: StatusCode, words: impl Into<String>) -> Response<Body> {
    typed(status, "text/plain; charset=utf-8", words.into() + "\n")
}

/// A refusal in the form of the HTTP interface: `{"code", "message"}`.
pub(crate) fn json(status: StatusCode, code: &str, message: &str) -> Response<Body> {
    body(status, &json!({"code": code, "message": message}))
}

/// A JSON object.
pub(crate) fn body(status: StatusCode, object: &Value) -> Response<Body> {
    typed(status, "application/json", object.to_string())
}

/// The answer to a page that may not talk to us.
pub(crate) fn foreign() -> Response<Body> {
    let code = Code::OriginForbidden;
    let advice = "The operator can let it in with --allow-origin.";
    json(StatusCode::FORBIDDEN, code.as_str(), &format!("{} {advice}", code.words()))
}

/// The answer to a request that is over a limit of its address.
pub(crate) fn refused(exceeded: &Exceeded) -> Response<Body> {
    let refusal = Refusal::from(*exceeded);
    let status = StatusCode::from_u16(refusal.code.http_status()).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    let mut response = json(status, refusal.code.as_str(), refusal.words());
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(exceeded.retry_after_seconds()));
    response
}

/// The whole answer to a connection that is not served at all.
pub(super) fn turned_away(exceeded: &Exceeded) -> String {
    let refusal = Refusal::from(*exceeded);
    let status = StatusCode::from_u16(refusal.code.http_status()).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    let body = json!({
        "code": refusal.code.as_str(),
        "message": refusal.words(),
        "retry_after_ms": refusal.retry_after_ms,
    })
    .to_string();
    format!(
        "HTTP/1.1 {status}\r\nRetry-After: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        exceeded.retry_after_seconds(),
        body.len(),
    )
}

/// The whole answer to somebody who speaks plain HTTP where TLS is spoken.
pub(super) fn speak_tls() -> String {
    let words = "This port speaks TLS: ask with https:// (or wss://) instead of http:// (or ws://).\n";
    format!(
        "HTTP/1.1 {}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{words}",
        StatusCode::BAD_REQUEST,
        words.len(),
    )
}

fn typed(status: StatusCode, content_type: &'static str, text: String) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

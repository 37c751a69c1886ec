//! Answers that no route gives: refusals in words for people, or in JSON for programs.

use axum::body::Body;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};
use serde::Serialize;

use crate::limits::Exceeded;
use crate::protocol::{Code, Refusal};

/// A short text.
pub(crate) fn plain(status: StatusCode, words: impl Into<String>) -> Response<Body> {
    typed(status, "text/plain; charset=utf-8", words.into() + "\n")
}

/// A request that was refused.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Refused<'a> {
    /// The stable name.
    pub(crate) code: &'a str,
    /// English words for a person.
    pub(crate) message: &'a str,
    /// What is wrong with the token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<&'static str>,
    /// Milliseconds after which to try again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) retry_after_ms: Option<u64>,
}

impl<'a> From<&'a Refusal> for Refused<'a> {
    fn from(refusal: &'a Refusal) -> Self {
        Self {
            code: refusal.code.as_str(),
            message: refusal.words(),
            reason: None,
            retry_after_ms: refusal.retry_after_ms,
        }
    }
}

/// A refusal in the form of the HTTP interface.
pub(crate) fn json(status: StatusCode, code: &str, message: &str) -> Response<Body> {
    body(status, &Refused { code, message, reason: None, retry_after_ms: None })
}

/// An answer in JSON.
pub(crate) fn body(status: StatusCode, object: &impl Serialize) -> Response<Body> {
    let text = serde_json::to_string(object).expect("an answer has string keys");
    typed(status, "application/json", text)
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
    let body = serde_json::to_string(&Refused::from(&refusal)).expect("an answer has string keys");
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

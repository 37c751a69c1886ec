//! What every request has to be like before a route sees it: sizes, one host, one length, and a body that has arrived.
//! Bodies are short here, so they are read in one place, with one limit and one patience, which no route can forget.

use std::time::Duration;

use axum::body::Body;
use http::header::{CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, StatusCode, Version};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};
use tokio::time::timeout;

use super::answers;
use crate::config::Settings;

/// Headers in a request, over which hyper answers 431.
pub(super) const MAX_HEADERS: usize = 100;
/// Bytes of a request's path and query.
const MAX_URI: usize = 8 * 1024;
/// Bytes of a request's headers.
const MAX_HEADER_BLOCK: usize = 16 * 1024;
/// Bytes of a request's head that are read at all, after which hyper answers 431. Whether the path or the headers are to
/// blame is told apart below it.
pub(super) const MAX_HEAD: usize = MAX_URI + MAX_HEADER_BLOCK;
/// Bytes in a header's line beside its name and value.
const HEADER_OVERHEAD: usize = 4;

/// Checks a request and reads its body.
///
/// # Errors
/// The answer for a request that goes no further. It closes the connection, for what follows on it cannot be trusted.
pub(super) async fn read(request: Request<Incoming>, settings: &Settings) -> Result<Request<Body>, Response<Body>> {
    let (parts, body) = request.into_parts();
    let refuse = |(status, words)| {
        let mut response = answers::plain(status, words);
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        response
    };
    check(&parts, settings.body_bytes).map_err(refuse)?;
    let body = if body.is_end_stream() {
        Body::empty()
    } else {
        gather(body, settings.body_bytes, settings.handshake_timeout).await.map_err(refuse)?
    };
    Ok(Request::from_parts(parts, body))
}

type Fault = (StatusCode, &'static str);

fn check(parts: &Parts, max_body: usize) -> Result<(), Fault> {
    let uri = parts.uri.path_and_query().map_or(0, |path| path.as_str().len());
    if uri > MAX_URI {
        return Err((StatusCode::URI_TOO_LONG, "This address is longer than 8 KiB."));
    }
    let block: usize =
        parts.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + HEADER_OVERHEAD).sum();
    if block > MAX_HEADER_BLOCK {
        return Err((StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "These headers are longer than 16 KiB."));
    }
    let hosts = parts.headers.get_all(HOST).iter().count();
    if hosts > 1 || (hosts == 0 && parts.version >= Version::HTTP_11) {
        return Err((StatusCode::BAD_REQUEST, "There has to be one Host."));
    }
    if parts.method == Method::CONNECT || parts.method == Method::TRACE {
        return Err((StatusCode::METHOD_NOT_ALLOWED, "This is no proxy."));
    }
    // Two lengths in one request are how requests are smuggled past a proxy, and hyper hides the second one.
    if parts.headers.contains_key(TRANSFER_ENCODING) {
        return Err((StatusCode::BAD_REQUEST, "Send a Content-Length and no Transfer-Encoding."));
    }
    let length = parts.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if length.is_some_and(|length| length > max_body) {
        return Err(TOO_LARGE);
    }
    Ok(())
}

const TOO_LARGE: Fault = (StatusCode::PAYLOAD_TOO_LARGE, "This body is longer than may be.");

async fn gather(body: Incoming, max: usize, patience: Duration) -> Result<Body, Fault> {
    match timeout(patience, Limited::new(body, max).collect()).await {
        Ok(Ok(body)) => Ok(Body::from(body.to_bytes())),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(TOO_LARGE),
        Ok(Err(_)) => Err((StatusCode::BAD_REQUEST, "This body broke off.")),
        Err(_) => Err((StatusCode::REQUEST_TIMEOUT, "This body took too long.")),
    }
}

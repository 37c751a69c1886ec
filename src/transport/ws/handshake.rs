//! The request that opens a WebSocket (RFC 6455 section 4.2): is it one, and what is the answer?
//!
//! Knows methods and headers only. Who may come in (origins, rates, rooms), which subprotocol is taken, and whether
//! compression is wanted is for others to say. Extensions that the client offers are ignored unless somebody asks, which
//! refuses them (section 9.1).

use base64::{Engine, prelude::BASE64_STANDARD};
use http::header::{
    ALLOW, CONNECTION, CONTENT_TYPE, HOST, HeaderName, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS,
    SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Version};
use sha1::{Digest, Sha1};

use super::extension::{self, Malformed, Terms};

/// The only version of the protocol that was ever final.
const VERSION: HeaderValue = HeaderValue::from_static("13");
const WEBSOCKET: HeaderValue = HeaderValue::from_static("websocket");
const UPGRADE_TOKEN: HeaderValue = HeaderValue::from_static("upgrade");

/// Proves that the server understood the handshake (section 1.3).
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// A request that may become a WebSocket.
#[derive(Debug, Clone)]
pub struct Accepted<'h> {
    accept: String,
    headers: &'h HeaderMap,
}

/// Why a request does not become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The method is not GET.
    Method,
    /// HTTP/1.0 cannot be upgraded.
    HttpVersion,
    /// `Upgrade` does not name `websocket`.
    NoUpgrade,
    /// `Connection` does not name `Upgrade`: most often a proxy that does not pass it on.
    NoConnectionUpgrade,
    /// `Sec-WebSocket-Version` is not 13.
    Version,
    /// There is no `Host`, or more than one.
    Host,
    /// `Sec-WebSocket-Key` is missing, doubled or not 16 bytes in base64.
    Key,
    /// `Sec-WebSocket-Protocol` is not a list of tokens.
    Protocols,
    /// `Sec-WebSocket-Extensions` is not a list of extensions.
    Extensions,
}

/// Judges an opening handshake.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn check<'h>(method: &Method, version: Version, headers: &'h HeaderMap) -> Result<Accepted<'h>, Refusal> {
    if method != Method::GET {
        return Err(Refusal::Method);
    }
    if version < Version::HTTP_11 {
        return Err(Refusal::HttpVersion);
    }
    if !names(headers, &UPGRADE, "websocket") {
        return Err(Refusal::NoUpgrade);
    }
    if !names(headers, &CONNECTION, "upgrade") {
        return Err(Refusal::NoConnectionUpgrade);
    }
    if only(headers, &SEC_WEBSOCKET_VERSION) != Some(VERSION.as_bytes()) {
        return Err(Refusal::Version);
    }
    if only(headers, &HOST).is_none() {
        return Err(Refusal::Host);
    }
    let key = only(headers, &SEC_WEBSOCKET_KEY).and_then(key).ok_or(Refusal::Key)?;
    if !list(headers, &SEC_WEBSOCKET_PROTOCOL).all(is_token) {
        return Err(Refusal::Protocols);
    }
    Ok(Accepted { accept: accept_key(key), headers })
}

impl Accepted<'_> {
    /// The value of `Sec-WebSocket-Accept`.
    pub fn accept(&self) -> &str {
        &self.accept
    }

    /// The subprotocols that the client offers, the most wanted first.
    pub fn protocols(&self) -> impl Iterator<Item = &str> {
        list(self.headers, &SEC_WEBSOCKET_PROTOCOL).filter_map(|token| str::from_utf8(token).ok())
    }

    /// The terms on which messages may be compressed, if the client offers some that can be kept.
    ///
    /// # Errors
    /// The header is not a list of extensions.
    pub fn compression(&self) -> Result<Option<Terms>, Refusal> {
        let lines = self.headers.get_all(SEC_WEBSOCKET_EXTENSIONS);
        extension::agree(lines.iter().map(HeaderValue::as_bytes)).map_err(|Malformed| Refusal::Extensions)
    }

    /// The answer: 101, with the subprotocol taken, which has to be one of those [offered](Self::protocols), or none, and
    /// the terms of [compression](Self::compression) if there is to be any.
    pub fn response(&self, protocol: Option<&'static str>, compression: Option<Terms>) -> Response<()> {
        let mut response = Response::new(());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = response.headers_mut();
        headers.insert(CONNECTION, UPGRADE_TOKEN);
        headers.insert(UPGRADE, WEBSOCKET);
        let accept = HeaderValue::from_str(&self.accept).expect("base64 is printable ASCII");
        headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
        if let Some(protocol) = protocol {
            headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(protocol));
        }
        if let Some(terms) = compression {
            headers.insert(SEC_WEBSOCKET_EXTENSIONS, terms.answer());
        }
        response
    }
}

impl Refusal {
    /// The status it is answered with, and the words.
    pub const fn status(self) -> (StatusCode, &'static str) {
        match self {
            Self::Method => (StatusCode::METHOD_NOT_ALLOWED, "a WebSocket is opened by GET"),
            Self::HttpVersion => (StatusCode::UPGRADE_REQUIRED, "a WebSocket needs HTTP/1.1"),
            Self::NoUpgrade => {
                (StatusCode::UPGRADE_REQUIRED, "this is a WebSocket: the header Upgrade: websocket is missing")
            }
            Self::NoConnectionUpgrade => (
                StatusCode::UPGRADE_REQUIRED,
                "the header Connection: Upgrade is missing; does a proxy in between pass it on?",
            ),
            Self::Version => (StatusCode::UPGRADE_REQUIRED, "Sec-WebSocket-Version has to be 13"),
            Self::Host => (StatusCode::BAD_REQUEST, "there has to be one Host"),
            Self::Key => (StatusCode::BAD_REQUEST, "Sec-WebSocket-Key has to be 16 bytes in base64, once"),
            Self::Protocols => (StatusCode::BAD_REQUEST, "Sec-WebSocket-Protocol has to be a list of tokens"),
            Self::Extensions => (StatusCode::BAD_REQUEST, "Sec-WebSocket-Extensions has to be a list of extensions"),
        }
    }

    /// The answer, with the headers that its status demands (RFC 6455 section 4.4, RFC 9110 sections 15.5.6 and
    /// 15.5.22).
    pub fn response(self) -> Response<&'static str> {
        let (status, words) = self.status();
        let mut response = Response::new(words);
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        if status == StatusCode::UPGRADE_REQUIRED {
            headers.insert(SEC_WEBSOCKET_VERSION, VERSION);
            headers.insert(CONNECTION, UPGRADE_TOKEN);
            headers.insert(UPGRADE, WEBSOCKET);
        }
        if status == StatusCode::METHOD_NOT_ALLOWED {
            headers.insert(ALLOW, HeaderValue::from_static("GET"));
        }
        response
    }
}

/// `Sec-WebSocket-Accept` for a `Sec-WebSocket-Key` (section 4.2.2).
pub fn accept_key(key: &str) -> String {
    BASE64_STANDARD.encode(Sha1::new().chain_update(key).chain_update(GUID).finalize())
}

/// The value of a header that is there exactly once.
fn only<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h [u8]> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none()).map(|value| value.as_bytes().trim_ascii())
}

/// The elements of a comma-separated list, over all the header's lines. Empty ones are left out (RFC 9110 section
/// 5.6.1).
fn list<'h>(headers: &'h HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'h [u8]> {
    let values = headers.get_all(name).into_iter();
    values
        .flat_map(|value| value.as_bytes().split(|&byte| byte == b','))
        .map(<[u8]>::trim_ascii)
        .filter(|element| !element.is_empty())
}

fn names(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    list(headers, name).any(|element| element.eq_ignore_ascii_case(token.as_bytes()))
}

/// A key is 16 bytes in base64, so 22 letters and two signs of padding. Spare bits in the last letter are let through,
/// as others do.
fn key(value: &[u8]) -> Option<&str> {
    let letters = value.strip_suffix(b"==")?;
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    (letters.len() == 22 && letters.iter().all(is_base64)).then(|| str::from_utf8(value).ok()).flatten()
}

fn is_token(value: &[u8]) -> bool {
    value.iter().all(|&byte| extension::is_token(byte))
}

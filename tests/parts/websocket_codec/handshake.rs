//! Opening handshakes: the RFC's, and those that are refused.

use charsu::transport::ws::handshake::{self, Refusal, accept_key};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version};
use proptest::prelude::*;

use super::remembering;

/// The headers of RFC 6455 section 1.2.
const RFC: [(&str, &str); 6] = [
    ("host", "server.example.com"),
    ("upgrade", "websocket"),
    ("connection", "Upgrade"),
    ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ("sec-websocket-protocol", "chat, superchat"),
    ("sec-websocket-version", "13"),
];

fn headers<'a>(lines: impl IntoIterator<Item = (&'static str, &'a [u8])>) -> HeaderMap {
    let lines = lines.into_iter();
    lines
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_bytes(value).expect("a header value")))
        .collect()
}

/// The RFC's request with the lines of `name` replaced by `values`.
pub(crate) fn with(name: &'static str, values: &[&[u8]]) -> HeaderMap {
    let others = RFC.iter().filter(|line| line.0 != name).map(|&(name, value)| (name, value.as_bytes()));
    headers(others.chain(values.iter().map(|&value| (name, value))))
}

pub(crate) fn check(headers: &HeaderMap) -> Result<handshake::Accepted<'_>, Refusal> {
    handshake::check(&Method::GET, Version::HTTP_11, headers)
}

fn offered(headers: &HeaderMap) -> Result<Vec<String>, Refusal> {
    check(headers).map(|accepted| accepted.protocols().map(str::to_owned).collect())
}

#[test]
fn the_handshake_of_the_rfc_is_accepted() {
    let request = with("x-other", &[]);
    let accepted = check(&request).expect("the RFC's own example");
    assert_eq!(accepted.accept(), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    assert_eq!(accepted.accept(), accept_key("dGhlIHNhbXBsZSBub25jZQ=="));
    assert_eq!(accepted.protocols().collect::<Vec<_>>(), ["chat", "superchat"]);

    let response = accepted.response(Some("chat"), None);
    assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
    let answer = [
        ("connection", "upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
        ("sec-websocket-protocol", "chat"),
    ];
    assert_eq!(*response.headers(), headers(answer.map(|(name, value)| (name, value.as_bytes()))));
    assert!(!accepted.response(None, None).headers().contains_key("sec-websocket-protocol"));
}

#[test]
fn tokens_are_found_in_lists_in_any_case() {
    for (name, values) in [
        ("connection", &[&b"keep-alive, UPGRADE"[..]][..]),
        ("connection", &[b"keep-alive", b",, upgrade ,"]),
        ("upgrade", &[b"h2c, WebSocket"]),
        ("sec-websocket-version", &[b" 13 "]),
    ] {
        assert!(check(&with(name, values)).is_ok(), "{name}: {values:?}");
    }
}

#[test]
fn a_request_that_is_no_handshake_is_refused() {
    for (name, values, refusal) in [
        ("upgrade", &[][..], Refusal::NoUpgrade),
        ("upgrade", &[&b"h2c"[..]], Refusal::NoUpgrade),
        ("upgrade", &[b"websockets"], Refusal::NoUpgrade),
        ("upgrade", &[b"web\xffsocket"], Refusal::NoUpgrade),
        ("connection", &[], Refusal::NoConnectionUpgrade),
        ("connection", &[b"keep-alive"], Refusal::NoConnectionUpgrade),
        ("sec-websocket-version", &[], Refusal::Version),
        ("sec-websocket-version", &[b"8"], Refusal::Version),
        ("sec-websocket-version", &[b"13, 8"], Refusal::Version),
        ("sec-websocket-version", &[b"13", b"13"], Refusal::Version),
        ("host", &[], Refusal::Host),
        ("host", &[b"a", b"b"], Refusal::Host),
        ("sec-websocket-key", &[], Refusal::Key),
        ("sec-websocket-key", &[b""], Refusal::Key),
        ("sec-websocket-key", &[b"AQIDBA=="], Refusal::Key),
        ("sec-websocket-key", &[b"SGVsbG8sIHdvcmxkIQ=="], Refusal::Key),
        ("sec-websocket-key", &[b"dGhlIHNhbXBsZSBub25jZSEh"], Refusal::Key),
        ("sec-websocket-key", &[b"dGhlIHNhbXBsZSBub25j-_=="], Refusal::Key),
        ("sec-websocket-key", &[b"dGhlIHNhbXBsZSBub25j\xff\xff=="], Refusal::Key),
        ("sec-websocket-key", &[b"dGhlIHNhbXBsZSBub25jZQ==", b"dGhlIHNhbXBsZSBub25jZQ=="], Refusal::Key),
    ] {
        assert_eq!(check(&with(name, values)).err(), Some(refusal), "{name}: {values:?}");
    }
    let request = with("x-other", &[]);
    let refused = |method, version| handshake::check(&method, version, &request).err();
    assert_eq!(refused(Method::POST, Version::HTTP_11), Some(Refusal::Method));
    assert_eq!(refused(Method::GET, Version::HTTP_10), Some(Refusal::HttpVersion));
}

#[test]
fn a_refusal_is_answered_with_what_its_status_demands() {
    for refusal in [Refusal::HttpVersion, Refusal::NoUpgrade, Refusal::NoConnectionUpgrade, Refusal::Version] {
        let response = refusal.response();
        assert_eq!(response.status(), StatusCode::UPGRADE_REQUIRED);
        assert_eq!(response.headers()["sec-websocket-version"], "13");
        assert_eq!(response.headers()["upgrade"], "websocket");
    }
    for refusal in [Refusal::Host, Refusal::Key, Refusal::Protocols] {
        assert_eq!(refusal.response().status(), StatusCode::BAD_REQUEST);
    }
    let response = Refusal::Method.response();
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(response.headers()["allow"], "GET");
}

#[test]
fn subprotocols_are_tokens_over_any_number_of_lines() {
    let name = "sec-websocket-protocol";
    assert_eq!(offered(&with(name, &[])), Ok(vec![]));
    assert_eq!(offered(&with(name, &[b"", b" , ,"])), Ok(vec![]));
    assert_eq!(offered(&with(name, &[b"charsu.v1,b", b"\tc "])), Ok(vec!["charsu.v1".into(), "b".into(), "c".into()]));
    for bad in [&b"a b"[..], b"a;q=1", b"\"a\"", b"a/b", b"caf\xc3\xa9", b"\xff", b"good, b\xe9d"] {
        assert_eq!(offered(&with(name, &[bad])), Err(Refusal::Protocols), "{bad:?}");
    }
}

#[test]
fn extensions_that_nobody_asks_for_are_ignored_even_malformed() {
    for value in [&b"permessage-deflate; client_max_window_bits"[..], b";;=,\"", b"\xff\xfe", b""] {
        assert!(check(&with("sec-websocket-extensions", &[value])).is_ok());
    }
}

proptest! {
    #![proptest_config(remembering(300))]

    #[test]
    fn any_header_value_is_accepted_or_refused(
        which in 0..RFC.len(),
        values in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..30), 0..3),
    ) {
        let values: Vec<&[u8]> =
            values.iter().map(Vec::as_slice).filter(|value| HeaderValue::from_bytes(value).is_ok()).collect();
        let request = with(RFC[which].0, &values);
        if let Ok(accepted) = check(&request) {
            prop_assert!(accepted.protocols().all(|token| !token.is_empty() && token.is_ascii()));
            prop_assert_eq!(accepted.response(None, None).status(), StatusCode::SWITCHING_PROTOCOLS);
        }
    }
}

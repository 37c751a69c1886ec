//! The chat page, embedded: answers for `/`, `/r/{room}` and the page's assets, from a table that `build.rs` made; and the
//! documents at `/docs`, from another. Nothing is compressed or hashed while the server runs, and nothing is copied but a
//! document for whoever does not take gzip. Knows nothing of what the page does, or of what the documents say.

use axum::body::Body;
use bytes::Bytes;
use http::header::{
    ACCEPT_ENCODING, ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY,
    CONTENT_TYPE, ETAG, HOST, IF_NONE_MATCH, REFERRER_POLICY, VARY,
};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use zlib_rs::{InflateConfig, decompress_slice};

use crate::transport::origin;

/// One file of the page.
#[derive(Debug)]
pub struct Asset {
    /// Its path, with a leading slash.
    path: &'static str,
    content_type: &'static str,
    /// A hash of the content.
    hash: &'static str,
    /// Its name changes with its content, so that it may be kept for ever.
    immutable: bool,
    plain: Plain,
    br: Option<&'static [u8]>,
    gz: Option<&'static [u8]>,
}

/// A file without any encoding.
#[derive(Debug)]
enum Plain {
    /// It lies here.
    #[cfg_attr(not(feature = "page"), allow(dead_code, reason = "all that is embedded beside the page is packed"))]
    Kept(&'static [u8]),
    /// It is inflated from its gzip when somebody asks who does not take that. The documents are read seldom, and nine tenths of
    /// what they would weigh in every binary is saved.
    Packed,
}

// `ASSETS: &[Asset]`, sorted by path; empty when the page was not built. `DOCUMENTS: &[Asset]` likewise, and never empty.
include!(concat!(env!("OUT_DIR"), "/page.rs"));

/// Nothing from elsewhere, no script or style in the HTML, no framing, and no string that becomes code.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; img-src 'self' data:; style-src 'self'; connect-src 'self' ws: wss:; object-src 'none'; \
     base-uri 'none'; frame-ancestors 'none'; form-action 'self'; require-trusted-types-for 'script'",
);
const CROSS_ORIGIN_OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// The largest window, in a wrapping of gzip, as zlib counts.
const GZIP: i32 = 15 + 16;

/// What is said in the place of the page when it was not built.
const NO_PAGE: &str = "Charsu is running. This server was built without its page.\n\
    To have it, install Node 20 or later and build with: cargo build --release\n\
    (without --no-default-features, which leaves the page out).\n";

/// What a path of the page leads to.
#[derive(Debug, Clone, Copy)]
pub enum Found {
    /// A file.
    Asset(&'static Asset),
    /// One of the documents.
    Document(&'static Asset),
    /// The page, if only it had been built.
    NoPage,
}

/// The file behind a path; nothing if the page has none.
pub fn find(path: &str) -> Option<Found> {
    let is_room = path.strip_prefix("/r/").is_some_and(|room| !room.is_empty() && !room.contains('/'));
    let is_page = path == "/" || is_room;
    if let Some(below) = path.strip_prefix("/docs") {
        let path = if below.is_empty() || below == "/" { "/index.html" } else { below };
        return among(DOCUMENTS, path).map(Found::Document);
    }
    match among(ASSETS, if is_page { "/index.html" } else { path }) {
        Some(asset) => Some(Found::Asset(asset)),
        None => is_page.then_some(Found::NoPage),
    }
}

fn among(files: &'static [Asset], path: &str) -> Option<&'static Asset> {
    files.binary_search_by(|asset| asset.path.cmp(path)).ok().map(|index| &files[index])
}

/// The file of the Socket.IO client with this name; nothing if there is none.
pub fn find_client(file: &str) -> Option<Found> {
    let is_file = !file.contains('/') && file.starts_with("socket.io.");
    is_file.then(|| find(&format!("/socket.io/{file}"))).flatten()
}

/// The answer with a file, in the best encoding that the client takes, or 304 if it has it.
pub fn answer(found: Found, request: &HeaderMap) -> Response<Body> {
    match found {
        Found::Asset(asset) => asset.answer(request),
        Found::Document(asset) => {
            let mut response = asset.answer(request);
            // The same on every server of this version, and nothing of this one: tools on other sites may read them.
            response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
            response
        }
        Found::NoPage => {
            let mut response = Response::new(Body::from(NO_PAGE));
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
            response
        }
    }
}

impl Asset {
    fn answer(&self, request: &HeaderMap) -> Response<Body> {
        let (encoding, packed) = self.encoded(request);
        let suffix = encoding.map(|encoding| format!("-{encoding}")).unwrap_or_default();
        let tag = format!("\"{}{suffix}\"", self.hash);
        let known = request.get_all(IF_NONE_MATCH).iter().any(|tags| has_tag(tags, &tag));
        let body = if known { Bytes::new() } else { packed.map_or_else(|| self.plain(), Bytes::from_static) };
        let mut response = Response::new(Body::from(body));
        if known {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        }
        let headers = response.headers_mut();
        headers.insert(ETAG, HeaderValue::try_from(tag).expect("a tag is printable ASCII"));
        headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
        let keep = if self.immutable { "public, max-age=31536000, immutable" } else { "no-cache" };
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(keep));
        if !known {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.content_type));
            if let Some(encoding) = encoding {
                headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
            }
        }
        if self.content_type.starts_with("text/html") {
            headers.insert(CONTENT_SECURITY_POLICY, POLICY);
            headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
            if is_secure_context(request) {
                headers.insert(CROSS_ORIGIN_OPENER_POLICY, HeaderValue::from_static("same-origin"));
            }
        }
        response
    }

    fn encoded(&self, request: &HeaderMap) -> (Option<&'static str>, Option<&'static [u8]>) {
        let offers = [("br", self.br), ("gzip", self.gz)];
        let best = offers.into_iter().find(|(encoding, bytes)| bytes.is_some() && accepts(request, encoding));
        best.map_or((None, None), |(encoding, bytes)| (Some(encoding), bytes))
    }

    fn plain(&self) -> Bytes {
        match (&self.plain, self.gz) {
            (Plain::Kept(bytes), _) => Bytes::from_static(bytes),
            (Plain::Packed, Some(gz)) => {
                // It ends with how long that is (RFC 1952 section 2.3.1).
                let length = gz.last_chunk().map_or(0, |length| u32::from_le_bytes(*length));
                let mut whole = vec![0; length as usize];
                decompress_slice(&mut whole, gz, InflateConfig { window_bits: GZIP });
                whole.into()
            }
            (Plain::Packed, None) => unreachable!("the build packs what it leaves out"),
        }
    }
}

/// Whether the client takes this encoding (RFC 9110 section 12.5.3). One that it names with a weight of zero it does not;
/// other weights are not compared, for the smaller answer is the better one.
fn accepts(request: &HeaderMap, encoding: &str) -> bool {
    let values = request.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|item| {
        let mut parts = item.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(encoding));
        let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        named && weight.is_none_or(|weight| weight.parse::<f32>().is_ok_and(|weight| weight > 0.0))
    })
}

/// Whether `If-None-Match` names this tag. Comparison is weak (RFC 9110 section 13.1.2), for a proxy may have weakened it.
fn has_tag(tags: &HeaderValue, tag: &str) -> bool {
    let tags = tags.to_str().unwrap_or_default();
    tags.trim() == "*" || tags.split(',').any(|known| known.trim().trim_start_matches("W/") == tag)
}

/// Browsers ignore some headers outside of a secure context, and complain of them: plain http on a LAN is none.
fn is_secure_context(request: &HeaderMap) -> bool {
    let host = request.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let https = request.get(X_FORWARDED_PROTO).is_some_and(|scheme| scheme.as_bytes().eq_ignore_ascii_case(b"https"));
    https || origin::Origin::parse(&format!("http://{host}")).is_some_and(|origin| origin.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    static SCRIPT: Asset = Asset {
        path: "/assets/app-1a2b3c4d.js",
        content_type: "text/javascript; charset=utf-8",
        hash: "abc",
        immutable: true,
        plain: Plain::Kept(b"raw"),
        br: Some(b"br"),
        gz: Some(b"gz"),
    };
    static HTML: Asset = Asset {
        path: "/index.html",
        content_type: "text/html; charset=utf-8",
        hash: "def",
        immutable: false,
        plain: Plain::Kept(b"<!doctype html>"),
        br: None,
        gz: None,
    };

    fn headers<const N: usize>(pairs: [(HeaderName, &str); N]) -> HeaderMap {
        pairs.into_iter().map(|(name, value)| (name, value.parse().expect("a value"))).collect()
    }

    fn header<'r>(response: &'r Response<Body>, name: &HeaderName) -> &'r str {
        response.headers().get(name).map_or("", |value| value.to_str().expect("text"))
    }

    #[test]
    fn the_smallest_encoding_that_the_client_takes_is_sent() {
        for (accepted, encoding, tag) in [
            ("gzip, deflate, br, zstd", "br", "\"abc-br\""),
            ("gzip", "gzip", "\"abc-gzip\""),
            ("br;q=0, GZIP;q=0.5", "gzip", "\"abc-gzip\""),
            ("identity", "", "\"abc\""),
            ("", "", "\"abc\""),
            ("brotli, br;q=x", "", "\"abc\""),
        ] {
            let response = SCRIPT.answer(&headers([(ACCEPT_ENCODING, accepted)]));
            assert_eq!((header(&response, &CONTENT_ENCODING), header(&response, &ETAG)), (encoding, tag), "{accepted}");
        }
    }

    #[test]
    fn who_has_it_is_told_so_in_the_encoding_that_they_have() {
        let asked = |tags| SCRIPT.answer(&headers([(ACCEPT_ENCODING, "br"), (IF_NONE_MATCH, tags)])).status();
        for tags in ["\"abc-br\"", "W/\"abc-br\"", "\"x\", \"abc-br\"", "*"] {
            assert_eq!(asked(tags), StatusCode::NOT_MODIFIED, "{tags}");
        }
        for tags in ["\"abc\"", "\"abc-gzip\"", "abc-br", ""] {
            assert_eq!(asked(tags), StatusCode::OK, "{tags}");
        }
    }

    #[test]
    fn a_named_by_content_file_is_kept_and_the_page_is_asked_for_again() {
        assert!(header(&SCRIPT.answer(&HeaderMap::new()), &CACHE_CONTROL).ends_with("immutable"));
        assert_eq!(header(&HTML.answer(&HeaderMap::new()), &CACHE_CONTROL), "no-cache");
        assert_eq!(header(&SCRIPT.answer(&HeaderMap::new()), &CONTENT_SECURITY_POLICY), "");
        assert!(header(&HTML.answer(&HeaderMap::new()), &CONTENT_SECURITY_POLICY).contains("default-src 'self'"));
    }

    #[test]
    fn the_opener_policy_is_sent_where_browsers_heed_it() {
        for (host, scheme, sent) in [
            ("127.0.0.1:8000", "", true),
            ("localhost:8000", "", true),
            ("192.168.1.5:8000", "", false),
            ("chat.example.com", "https", true),
            ("chat.example.com", "http", false),
        ] {
            let response = HTML.answer(&headers([(HOST, host), (X_FORWARDED_PROTO, scheme)]));
            assert_eq!(!header(&response, &CROSS_ORIGIN_OPENER_POLICY).is_empty(), sent, "{host} {scheme}");
        }
    }

    #[test]
    fn rooms_have_the_page_and_other_paths_do_not() {
        assert!(find("/").is_some() && find("/r/408213").is_some());
        for path in ["/r/", "/r", "/r/a/b", "/nothing", "", "*", "/../index.html", "/docs/nothing", "/docsx", "/docs//"]
        {
            assert!(find(path).is_none(), "{path}");
        }
    }

    #[test]
    fn the_documents_are_in_every_build() {
        for path in ["/docs", "/docs/", "/docs/docs.css", "/docs/asyncapi.json", "/docs/openapi.json"] {
            assert!(matches!(find(path), Some(Found::Document(_))), "{path}");
        }
    }

    #[test]
    fn the_table_is_sorted_so_that_every_file_is_found() {
        assert!(ASSETS.is_sorted_by(|a, b| a.path < b.path) && DOCUMENTS.is_sorted_by(|a, b| a.path < b.path));
        assert!(
            ASSETS
                .iter()
                .all(|asset| matches!(find(asset.path), Some(Found::Asset(found)) if found.path == asset.path))
        );
    }
}

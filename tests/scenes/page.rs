//! The embedded page as browsers get it: compressed, kept as long as it is right to, and locked down. Whatever page was
//! built in, these hold.
#![cfg(feature = "page")]

use crate::scene::{Reply, Scene};

/// The page's own script, which is named by its content.
fn script(html: &str) -> &str {
    let from = html.find("src=\"/assets/").expect("a script") + "src=\"".len();
    &html[from..from + html[from..].find('"').expect("an end")]
}

#[tokio::test]
async fn the_page_is_there_for_the_lobby_and_for_every_room() {
    let scene = Scene::start();
    let lobby = scene.get("/").await;
    assert_eq!((lobby.status, lobby.header("content-type")), (200, "text/html; charset=utf-8"));
    assert_eq!(scene.get("/r/408213").await.body, lobby.body);
    assert_eq!(scene.get("/r/%D8%B9%D9%84%DB%8C?name=x").await.body, lobby.body);
    assert!(lobby.text().to_lowercase().starts_with("<!doctype html>"));
}

#[tokio::test]
async fn the_page_may_load_nothing_from_elsewhere_and_is_not_kept_without_asking() {
    let scene = Scene::start();
    let page = scene.get("/").await;
    let policy = page.header("content-security-policy");
    for part in [
        "default-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "connect-src 'self' ws: wss:",
        "require-trusted-types-for 'script'",
    ] {
        assert!(policy.contains(part), "{part} is missing in {policy}");
    }
    assert!(!policy.contains("unsafe"));
    assert_eq!(page.header("cache-control"), "no-cache");
    assert_eq!(page.header("x-content-type-options"), "nosniff");
    assert_eq!(page.header("referrer-policy"), "no-referrer");
    assert_eq!(page.header("cross-origin-opener-policy"), "same-origin");
    assert!(
        !page.text().contains("<style") && !page.text().contains(" style="),
        "the policy forbids styles in the page"
    );
}

#[tokio::test]
async fn a_script_is_named_by_its_content_kept_for_ever_and_sent_compressed() {
    let scene = Scene::start();
    let page = scene.get("/").await;
    let path = script(page.text());
    let plain = scene.get(path).await;
    assert_eq!((plain.status, plain.header("content-type")), (200, "text/javascript; charset=utf-8"), "{path}");
    assert_eq!(plain.header("cache-control"), "public, max-age=31536000, immutable");
    let mut tags = vec![plain.header("etag").to_owned()];
    for (accepted, encoding) in [("gzip, deflate, br", "br"), ("gzip", "gzip")] {
        let small = scene.connect().await.get(path, &format!("Accept-Encoding: {accepted}\r\n")).await;
        assert_eq!((small.header("content-encoding"), small.header("vary")), (encoding, "accept-encoding"));
        assert!(small.body.len() < plain.body.len());
        tags.push(small.header("etag").to_owned());
    }
    tags.sort();
    tags.dedup();
    assert_eq!(tags.len(), 3, "each encoding is another representation: {tags:?}");
}

#[tokio::test]
async fn who_has_the_page_already_is_told_so_without_it() {
    let scene = Scene::start();
    let has = async |tag: &str| {
        let headers = format!("Accept-Encoding: br\r\nIf-None-Match: {tag}\r\n");
        scene.connect().await.get("/", &headers).await
    };
    let first = scene.connect().await.get("/", "Accept-Encoding: br\r\n").await;
    let again = has(first.header("etag")).await;
    assert_eq!((again.status, again.header("etag"), again.body.len()), (304, first.header("etag"), 0));
    assert_eq!(has("\"something else\"").await.status, 200);
}

#[tokio::test]
async fn a_head_is_answered_with_the_head_alone() {
    let scene = Scene::start();
    let page = scene.get("/").await;
    let mut raw = scene.connect().await;
    raw.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let head: Reply = raw.reply_to("HEAD").await;
    assert_eq!((head.status, head.header("content-length")), (200, page.header("content-length")));
    assert_eq!(head.header("etag"), page.header("etag"));
    assert_eq!(raw.get("/healthz", "").await.text(), "ok\n", "nothing came after the head");
}

#[tokio::test]
async fn pages_of_socketio_load_their_client_from_here() {
    let scene = Scene::start();
    for file in ["socket.io.js", "socket.io.min.js", "socket.io.esm.min.js", "socket.io.msgpack.min.js"] {
        let script = scene.get(&format!("/socket.io/{file}")).await;
        assert_eq!((script.status, script.header("content-type")), (200, "text/javascript; charset=utf-8"), "{file}");
        let map = scene.get(&format!("/socket.io/{file}.map")).await;
        assert_eq!((map.status, map.header("content-type")), (200, "application/json"), "{file}");
    }
    assert_eq!(scene.get("/socket.io/other.js").await.status, 404);
}

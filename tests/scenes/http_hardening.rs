//! Requests that nobody should send, and what the server makes of them. After each, it serves the next one as if nothing
//! had happened.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;

use crate::scene::{Scene, Socket, handshake, within};

/// Sends bytes and checks the answer's status; the connection must be over then, and the server well.
async fn refused(scene: &Scene, what: &str, bytes: impl AsRef<[u8]>, statuses: &[u16]) {
    let mut raw = scene.connect().await;
    raw.send(bytes).await;
    let reply = raw.last_reply().await;
    assert!(statuses.contains(&reply.status), "{what}: {} {}", reply.status, String::from_utf8_lossy(&reply.body));
    assert_eq!(scene.get("/healthz").await.status, 200, "after {what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_and_has_nothing_more_to_say_is_answered() {
    let scene = Scene::start();
    for _ in 0..20 {
        let mut raw = scene.connect().await;
        raw.send("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n").await;
        raw.says_no_more().await;
        assert_eq!(raw.last_reply().await.status, 200);
    }
    scene.connections(0).await;
}

#[tokio::test]
async fn a_request_that_breaks_http_is_refused_and_the_connection_ends() {
    let scene = Scene::start();
    let body = "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    let turned = "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n";
    for (what, request) in [
        ("no Host", "GET / HTTP/1.1\r\n\r\n".to_owned()),
        ("two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n".to_owned()),
        ("two lengths", format!("POST /api/rooms HTTP/1.1\r\nHost: a\r\n{body}")),
        ("two lengths the other way round", format!("POST /api/rooms HTTP/1.1\r\nHost: a\r\n{turned}")),
        ("two lengths on a WebSocket", format!("GET /ws HTTP/1.1\r\nHost: a\r\n{body}")),
        ("a length that is none", "POST /api/rooms HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n".to_owned()),
        (
            "lengths that differ",
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab".to_owned(),
        ),
        ("an unknown encoding", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: x\r\n\r\n".to_owned()),
        ("a space before the colon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n".to_owned()),
        ("NUL in a header", "GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n".to_owned()),
        ("a bare word", "hello\r\n\r\n".to_owned()),
    ] {
        refused(&scene, what, request, &[400]).await;
    }
    refused(&scene, "a proxy's method", "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", &[400, 405]).await;
}

#[tokio::test]
async fn what_is_no_http_is_refused_or_cut_off_at_once() {
    let scene = Scene::start();
    let tls_hello = [&[0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03][..], &[0xab; 500]].concat();
    let noise: Vec<u8> = (0..4096_u32).map(|n| u8::try_from((n * n + 7 * n) % 251).expect("a byte")).collect();
    for (what, bytes) in [
        ("a TLS hello", tls_hello),
        ("an HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec()),
        ("noise", noise),
        ("NUL bytes", vec![0; 2000]),
    ] {
        let mut raw = scene.connect().await;
        raw.send(bytes).await;
        let answer = raw.rest().await;
        assert!(
            answer.is_empty() || answer.starts_with(b"HTTP/1.1 400"),
            "{what}: {:?}",
            String::from_utf8_lossy(&answer)
        );
        assert_eq!(scene.get("/healthz").await.status, 200, "after {what}");
    }
}

#[tokio::test]
async fn sizes_over_the_limit_are_refused_before_the_rest_is_read() {
    let scene = Scene::start();
    let start = "GET / HTTP/1.1\r\nHost: a\r\n";
    let many: String = (0..120).map(|n| format!("X-{n}: y\r\n")).collect();
    refused(&scene, "120 headers", format!("{start}{many}\r\n"), &[431]).await;
    refused(&scene, "2000 headers", format!("{start}{}\r\n", "X: y\r\n".repeat(2000)), &[431]).await;
    refused(&scene, "a header of 17 KiB", format!("{start}X: {}\r\n\r\n", "y".repeat(17 * 1024)), &[431]).await;
    refused(&scene, "a header of 1 MiB", format!("{start}X: {}\r\n\r\n", "y".repeat(1024 * 1024)), &[431]).await;
    refused(&scene, "a header without end", format!("{start}X: {}", "y".repeat(64 * 1024)), &[431]).await;
    let path = |length: usize| format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "p".repeat(length));
    refused(&scene, "a path of 9 KiB", path(9 * 1024), &[414]).await;
    refused(&scene, "a path of 20 KiB", path(20 * 1024), &[414]).await;
    refused(&scene, "a path of 100 KiB", path(100 * 1024), &[414, 431]).await;
    refused(&scene, "a query of 9 KiB", format!("GET /?{} HTTP/1.1\r\nHost: a\r\n\r\n", "q".repeat(9 * 1024)), &[414])
        .await;
}

#[tokio::test]
async fn sizes_within_the_limit_are_served() {
    let scene = Scene::start();
    let many: String = (0..98).map(|n| format!("X-{n}: y\r\n")).collect();
    assert_eq!(scene.connect().await.get("/healthz", &many).await.status, 200);
    let long = format!("X: {}\r\n", "y".repeat(15 * 1024));
    assert_eq!(scene.connect().await.get("/healthz", &long).await.status, 200);
    let query = format!("/healthz?{}", "q".repeat(8000));
    assert_eq!(scene.connect().await.get(&query, &long).await.status, 200);
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_by_its_length_and_an_unfinished_one_in_time() {
    let scene = Scene::with(|settings| {
        settings.body_bytes = 1000;
        settings.handshake_timeout = Duration::from_millis(200);
    });
    let post = |length: u64, body: &str| {
        format!("POST /api/rooms HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n{body}")
    };
    refused(&scene, "a body of 1001 bytes", post(1001, ""), &[413]).await;
    refused(&scene, "a body of 1 TiB", post(1 << 40, "some"), &[413]).await;
    refused(&scene, "an unfinished body", post(1000, "some"), &[408]).await;
    assert_eq!(scene.connect().await.post("/api/rooms", "", &"b".repeat(1000)).await.status, 201);
}

#[tokio::test]
async fn half_a_request_is_not_waited_for_and_a_slow_but_live_one_passes() {
    let scene = Scene::with(|settings| settings.handshake_timeout = Duration::from_millis(400));
    for beginning in ["", "G", "GET / HTTP/1.1\r\nHost: a\r\nX-", &handshake("a", "/ws", "")[..100]] {
        let began = Instant::now();
        let mut raw = scene.connect().await;
        raw.send(beginning).await;
        let answer = raw.rest().await;
        assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 408"), "{:?}", String::from_utf8_lossy(&answer));
        assert!(began.elapsed() >= Duration::from_millis(400), "{beginning:?} was cut off early");
    }
    // With time for a busy machine to send it in.
    let scene = Scene::start();
    let mut raw = scene.connect().await;
    for piece in b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n".chunks(1) {
        raw.send(piece).await;
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(raw.reply().await.status, 200);
}

#[tokio::test]
async fn one_byte_after_the_other_for_ever_is_cut_off_all_the_same() {
    let scene = Scene::with(|settings| settings.handshake_timeout = Duration::from_millis(300));
    let began = Instant::now();
    let mut stream = tokio::net::TcpStream::connect(scene.address).await.expect("a connection");
    let (mut reading, mut writing) = stream.split();
    let dripping = async {
        let _ = writing.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nX: ").await;
        loop {
            let _ = writing.write_all(b"y").await;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let mut answer = Vec::new();
    let cut_off = within("the server to hang up", reading.read_to_end(&mut answer));
    tokio::select! {
        _ = cut_off => {}
        () = dripping => {}
    }
    assert!(began.elapsed() >= Duration::from_millis(300), "cut off early");
    scene.connections(0).await;
    assert_eq!(scene.get("/healthz").await.status, 200);
}

#[tokio::test]
async fn requests_follow_each_other_on_one_connection() {
    let scene = Scene::start();
    let mut raw = scene.connect().await;
    for _ in 0..3 {
        assert_eq!(raw.get("/healthz", "").await.status, 200);
    }
    raw.send("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\nGET /readyz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        .await;
    assert_eq!(raw.reply().await.text(), "ok\n");
    assert_eq!(raw.last_reply().await.text(), "ready\n");
}

#[tokio::test]
async fn a_handshake_that_is_none_is_answered_as_the_rfc_says() {
    let scene = Scene::start();
    let good = handshake("a", "/ws", "");
    let without = |header: &str| {
        good.lines().filter(|line| !line.starts_with(header)).map(|line| format!("{line}\r\n")).collect::<String>()
    };
    let with = |from: &str, to: &str| {
        assert!(good.contains(from));
        good.replace(from, to)
    };
    let rows: [(&str, String, u16); 12] = [
        ("no key", without("Sec-WebSocket-Key"), 400),
        ("a short key", with("dGhlIHNhbXBsZSBub25jZQ==", "c2hvcnQ="), 400),
        ("a key that is no base64", with("dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZ?=="), 400),
        ("no version", without("Sec-WebSocket-Version"), 426),
        ("version 8", with("Version: 13", "Version: 8"), 426),
        ("no upgrade", without("Upgrade"), 426),
        ("an upgrade to something else", with("Upgrade: websocket", "Upgrade: h2c"), 426),
        ("no connection upgrade", without("Connection"), 426),
        ("POST", with("GET /ws", "POST /ws"), 405),
        ("HEAD", with("GET /ws", "HEAD /ws"), 405),
        ("HTTP/1.0", with("HTTP/1.1", "HTTP/1.0"), 426),
        (
            "a protocol that is no token",
            with("Upgrade: websocket", "Sec-WebSocket-Protocol: \u{e9}, \"\r\nUpgrade: websocket"),
            400,
        ),
    ];
    for (what, request, status) in rows {
        let mut raw = scene.connect().await;
        let method = if what == "HEAD" { "HEAD" } else { "GET" };
        raw.send(request).await;
        let reply = raw.reply_to(method).await;
        assert_eq!(reply.status, status, "{what}");
        match status {
            426 => assert_eq!(reply.header("sec-websocket-version"), "13", "{what}"),
            405 => assert_eq!(reply.header("allow"), "GET", "{what}"),
            _ => {}
        }
        assert_eq!(scene.get("/healthz").await.status, 200, "after {what}");
    }
    let extensions = "Sec-WebSocket-Extensions: ;;=,\"permessage-deflate\r\n";
    let reply = Socket::ask(&mut scene.connect().await, "/ws", extensions).await;
    assert!(reply.status == 101 || reply.status == 400);
    assert_eq!(reply.header("sec-websocket-extensions"), "");
}

#[tokio::test]
async fn our_subprotocol_is_taken_when_it_is_offered_and_no_other() {
    let scene = Scene::start();
    for (offered, taken) in
        [("charsu.v1", "charsu.v1"), ("chat, charsu.v1", "charsu.v1"), ("chat", ""), ("charsu.v2", "")]
    {
        let reply =
            Socket::ask(&mut scene.connect().await, "/ws/general", &format!("Sec-WebSocket-Protocol: {offered}\r\n"))
                .await;
        assert_eq!((reply.status, reply.header("sec-websocket-protocol")), (101, taken), "{offered}");
    }
}

#[tokio::test]
async fn a_room_in_a_path_is_never_a_path() {
    let scene = Scene::start();
    for (path, status) in [
        ("/ws/%00", 400),
        ("/ws/general/a%00b", 400),
        ("/ws/%ff%fe", 400),
        ("/ws/%c0%af", 400),
        ("/ws/..", 404),
        ("/ws/%2e%2e/etc", 404),
        ("/ws/general/../../x", 404),
        ("/ws//x", 404),
        ("/wsx", 404),
    ] {
        let reply = Socket::ask(&mut scene.connect().await, path, "").await;
        assert_eq!(reply.status, status, "{path}");
    }
    for path in [
        "/ws/general/Ali%20Reza",
        "/ws/general/100%",
        "/ws/general/\u{639}\u{644}\u{6cc}",
        "/ws/general?name=%ff&&=%00",
    ] {
        assert_eq!(Socket::ask(&mut scene.connect().await, path, "").await.status, 101, "{path}");
    }
}

#[tokio::test]
async fn frames_that_come_with_the_handshake_are_not_lost() {
    let scene = Scene::start();
    let mut raw = scene.connect().await;
    let mut bytes = handshake("a", "/ws", "Sec-WebSocket-Protocol: charsu.v1\r\n").into_bytes();
    // {"type":"hello"}, masked with zeros.
    bytes.extend([0x81, 0x90, 0, 0, 0, 0]);
    bytes.extend(b"{\"type\":\"hello\"}");
    raw.send(bytes).await;
    assert_eq!(raw.reply().await.status, 101);
    let head = raw.take(2).await;
    assert_eq!(head[0], 0x81, "a text answers");
}

#[tokio::test]
async fn who_is_lost_is_told_the_way() {
    let scene = Scene::start();
    let lost = scene.get("/nowhere").await;
    assert_eq!((lost.status, lost.header("content-type")), (404, "text/plain; charset=utf-8"));
    assert!(lost.text().contains("/r/{room}"), "{}", lost.text());
    for path in ["/api", "/api/", "/api/nowhere"] {
        let lost = scene.get(path).await;
        assert_eq!((lost.status, lost.header("content-type")), (404, "application/json"), "{path}");
        assert!(lost.text().contains("POST /api/rooms"));
    }
    for path in ["/../etc/passwd", "/%2e%2e/etc/passwd", "//", "/r/a/b", "/index.html/.."] {
        assert_eq!(scene.get(path).await.status, 404, "{path}");
    }
    assert_eq!(scene.connect().await.post("/", "", "").await.status, 405);
}

#[tokio::test]
async fn one_address_gets_its_connections_and_others_theirs() {
    let scene = Scene::with(|settings| settings.connections_per_address = 3);
    let mut sockets = Vec::new();
    for _ in 0..3 {
        sockets.push(scene.socket("/ws", true).await);
    }
    let mut over = scene.connect().await;
    over.send(handshake("a", "/ws", "")).await;
    let refused = over.last_reply().await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, "5"));
    assert!(refused.text().contains("too_many_connections"), "{}", refused.text());
    let mut neighbour = scene.connect_from("127.0.0.2").await;
    assert_eq!(neighbour.get("/healthz", "").await.status, 200);
    sockets.pop().expect("a socket").close().await;
    scene.connections(3).await;
    assert_eq!(scene.get("/healthz").await.status, 200, "a seat is given back");
}

#[tokio::test]
async fn an_address_that_connects_too_fast_is_told_to_wait_and_those_inside_notice_nothing() {
    let scene = Scene::with(|settings| {
        settings.connects_per_second_per_address = 1;
        settings.connects_burst_per_address = 3;
    });
    let mut inside = scene.connect().await;
    assert_eq!(inside.get("/healthz", "").await.status, 200);
    let mut told = 0;
    for _ in 0..20 {
        let mut raw = scene.connect().await;
        let reply = raw.get("/healthz", "").await;
        told += usize::from(
            reply.status == 429 && reply.header("retry-after") == "1" && reply.text().contains("rate_limited"),
        );
    }
    assert!(told >= 15, "only {told} of 20 were told to wait");
    assert_eq!(inside.get("/healthz", "").await.status, 200);
    let mut neighbour = scene.connect_from("127.0.0.3").await;
    assert_eq!(neighbour.get("/healthz", "").await.status, 200);
}

#[tokio::test]
async fn a_full_server_says_so_and_has_room_again_later() {
    let scene = Scene::with(|settings| settings.connections = 2);
    let first = scene.connect().await;
    let second = scene.connect().await;
    scene.connections(2).await;
    let reply = scene.get("/healthz").await;
    assert_eq!((reply.status, reply.header("retry-after")), (503, "5"));
    assert!(reply.text().contains("server_full"), "{}", reply.text());
    drop((first, second));
    scene.connections(0).await;
    assert_eq!(scene.get("/healthz").await.status, 200);
}

#[tokio::test]
async fn a_stopping_server_parts_with_everybody_and_is_gone() {
    let scene = Scene::start();
    let mut idle = scene.connect().await;
    assert_eq!(idle.get("/healthz", "").await.status, 200);
    let mut socket = scene.socket("/ws", true).await;
    let address = scene.address;
    let (code, rest, ()) = tokio::join!(socket.closed(), idle.rest(), scene.stop());
    assert!(code == 1001 || code == 1012, "{code}");
    assert!(rest.is_empty());
    let again = within("an answer of the system", tokio::net::TcpStream::connect(address)).await;
    assert!(again.is_err(), "nobody listens any more");
}

//! Peers that do not do what they should: the server answers what can be answered, waits no longer than it must, and gives
//! the place to others.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::rustls::ClientConnection;

use super::{authority, connect, secure};
use crate::scene::{Raw, Scene, Socket, Stream, handshake, ms, within};

/// A fatal alert of TLS, by its number (RFC 8446, section 6).
fn alert(bytes: &[u8]) -> Option<u8> {
    match bytes {
        [21, 3, _, 0, 2, 2, what] => Some(*what),
        _ => None,
    }
}

/// The beginning of a real handshake.
fn hello(scene: &Scene) -> Vec<u8> {
    let name = "localhost".try_into().expect("a name");
    let mut client = ClientConnection::new(authority(scene).trust(), name).expect("a client");
    let mut hello = Vec::new();
    client.write_tls(&mut hello).expect("a Vec takes everything");
    hello
}

#[tokio::test]
async fn who_speaks_plain_http_is_told_to_speak_https() {
    let scene = secure(|_| ());
    let mut raw = Raw::connect(scene.address).await;
    raw.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let told = raw.last_reply().await;
    assert_eq!(told.status, 400);
    assert!(told.text().contains("https://") && told.header("content-type").starts_with("text/plain"), "{told:?}");
    // So is a WebSocket, and somebody who has much to say.
    let mut raw = Raw::connect(scene.address).await;
    raw.send(handshake("a", "/ws/general", "")).await;
    raw.send(vec![b'x'; 300_000]).await;
    assert_eq!(raw.last_reply().await.status, 400);
    scene.connections(0).await;
}

#[tokio::test]
async fn noise_instead_of_a_handshake_is_answered_with_an_alert() {
    const DECODE_ERROR: u8 = 50;
    const PROTOCOL_VERSION: u8 = 70;
    let scene = secure(|_| ());
    let record = |kind: u8, length: u16| [&[kind, 3, 1][..], &length.to_be_bytes(), &[0; 600]].concat();
    for (noise, wanted) in [
        (vec![0; 2000], DECODE_ERROR),
        (vec![0xff; 70_000], DECODE_ERROR),
        (b"\x16\x03\x01\xff\xff and more than a record holds".to_vec(), DECODE_ERROR),
        (b"ssh\r\n and much that nobody understands".to_vec(), DECODE_ERROR),
        // A hello in the words of 1995, of which the length is right.
        ([&[22, 3, 0, 0, 44, 1, 0, 0, 40, 3, 0][..], &[7; 32], &[0, 0, 2, 0, 4, 1, 0][..]].concat(), PROTOCOL_VERSION),
    ] {
        let mut raw = Raw::connect(scene.address).await;
        raw.send(&noise).await;
        let told = raw.rest().await;
        assert!(alert(&told).is_some(), "{:?} got {told:?} and not {wanted}", &noise[..8]);
    }
    for kind in [20, 21, 23, 24] {
        let mut raw = Raw::connect(scene.address).await;
        raw.send(record(kind, 500)).await;
        raw.rest().await;
    }
    scene.connections(0).await;
    assert_eq!(scene.get("/healthz").await.status, 200, "and others are served");
}

#[tokio::test]
async fn who_stops_in_the_middle_of_the_handshake_is_not_waited_for() {
    let scene = secure(|settings| settings.handshake_timeout = ms(300));
    let hello = hello(&scene);
    for begun in [&[][..], &hello[..1], &hello[..hello.len() / 2], &hello[..hello.len() - 1], &hello] {
        let mut raw = Raw::connect(scene.address).await;
        raw.send(begun).await;
        scene.connections(1).await;
        // What may come is our part of the handshake.
        raw.rest().await;
        scene.connections(0).await;
    }
    // Nor is somebody who never stops and never comes to an end.
    let mut raw = Raw::connect(scene.address).await;
    let drip = async {
        for byte in &hello[..hello.len() - 1] {
            raw.send([*byte]).await;
            tokio::time::sleep(ms(20)).await;
        }
    };
    tokio::join!(drip, async {
        scene.connections(1).await;
        scene.connections(0).await;
    });
}

#[tokio::test]
async fn who_hangs_up_in_the_middle_of_the_handshake_leaves_nothing_behind() {
    let scene = secure(|settings| settings.handshake_timeout = Duration::from_mins(5));
    let hello = hello(&scene);
    for begun in [&[][..], &hello[..hello.len() / 2], &hello] {
        let mut raw = Raw::connect(scene.address).await;
        raw.send(begun).await;
        scene.connections(1).await;
        drop(raw);
        scene.connections(0).await;
    }
}

#[tokio::test]
async fn a_hello_in_many_small_pieces_is_one_all_the_same() {
    let scene = secure(|_| ());
    let mut stream = TcpStream::connect(scene.address).await.expect("a connection");
    stream.set_nodelay(true).expect("an option");
    let name = "localhost".try_into().expect("a name");
    let mut client = ClientConnection::new(authority(&scene).trust(), name).expect("a client");
    within("a handshake", async {
        while client.is_handshaking() {
            let mut out = Vec::new();
            while client.wants_write() {
                client.write_tls(&mut out).expect("a Vec takes everything");
            }
            for piece in out.chunks(7) {
                stream.write_all(piece).await.expect("the server reads");
            }
            let mut bytes = [0; 300];
            let count = stream.read(&mut bytes).await.expect("the server writes");
            assert!(count > 0, "it hung up");
            client.read_tls(&mut &bytes[..count]).expect("a slice can be read");
            client.process_new_packets().expect("what is right");
        }
    })
    .await;
}

#[tokio::test]
async fn a_record_that_was_tampered_with_ends_the_connection() {
    let scene = secure(|_| ());
    let mut raw = connect(&scene, &authority(&scene).trust()).await;
    assert_eq!(raw.get("/healthz", "").await.status, 200);
    // A record of which nobody can know the key.
    let record = [&[23, 3, 3, 0, 40][..], &[0x5a; 40]].concat();
    let Stream::Tls(tls) = raw.stream() else { panic!("it is encrypted") };
    tls.get_mut().0.write_all(&record).await.expect("the server reads");
    raw.rest().await;
    scene.connections(0).await;
    // The same once it is a WebSocket.
    let raw = scene.connect().await;
    let mut socket = Socket::open(raw, "/ws/general", "").await;
    socket.text().await;
    let Stream::Tls(tls) = socket.raw().stream() else { panic!("it is encrypted") };
    tls.get_mut().0.write_all(&record).await.expect("the server reads");
    socket.rest().await;
    scene.connections(0).await;
}

#[tokio::test]
async fn who_has_said_goodbye_is_still_answered() {
    let scene = secure(|_| ());
    for _ in 0..20 {
        let mut raw = scene.connect().await;
        raw.send("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n").await;
        // In TLS, and then in TCP.
        raw.says_no_more().await;
        assert_eq!(raw.last_reply().await.status, 200);
    }
    scene.connections(0).await;
}

#[tokio::test]
async fn the_server_says_goodbye_in_tls_too_so_that_nobody_takes_a_cut_for_an_end() {
    let scene = secure(|_| ());
    let mut socket = Socket::open(scene.connect().await, "/ws/general", "").await;
    socket.text().await;
    socket.send(8, &1000_u16.to_be_bytes()).await;
    assert_eq!(socket.closed().await, 1000);
    // rustls tells an end without that from an end with it.
    let mut rest = [0; 1];
    let end = within("the end", socket.raw().stream().read(&mut rest)).await;
    assert_eq!(end.expect("an end with a goodbye"), 0);
    // And where only HTTP was spoken.
    let mut raw = scene.connect().await;
    raw.send("GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    assert_eq!(raw.reply().await.status, 200);
    let end = within("the end", raw.stream().read(&mut rest)).await;
    assert_eq!(end.expect("an end with a goodbye"), 0);
}

#[tokio::test]
async fn who_is_over_a_limit_is_turned_away_before_a_handshake_is_made() {
    const INTERNAL_ERROR: u8 = 80;
    let scene = secure(|settings| settings.connections_per_address = 1);
    let inside = scene.connect().await;
    let mut raw = Raw::connect(scene.address).await;
    raw.send(hello(&scene)).await;
    let told = raw.rest().await;
    assert_eq!(alert(&told), Some(INTERNAL_ERROR), "{told:?}");
    drop(inside);
    scene.connections(0).await;
    assert_eq!(scene.get("/healthz").await.status, 200);
}

#[tokio::test]
async fn a_server_that_stops_does_not_wait_for_handshakes() {
    let scene = secure(|settings| {
        settings.handshake_timeout = Duration::from_mins(5);
        settings.shutdown_timeout = Duration::from_mins(5);
    });
    let _silent = Raw::connect(scene.address).await;
    scene.connections(1).await;
    scene.stop().await;
}

//! The server speaks TLS itself: handshakes, what is said inside, peers that break the rules, and the program with its files.
//! What holds on every connection is played over TLS in the files of its own, `slow_reader.rs` and `resume.rs`.
#![cfg(feature = "tls")]

mod documented;
mod peers;
mod program;
mod reached;
mod talk;

use charsu::config::Settings;
use tokio_rustls::rustls::{HandshakeKind, ProtocolVersion, version};

use crate::scene::{Authority, Over, Raw, Scene, Stream, Trust};

/// A server that speaks TLS.
fn secure(change: impl FnOnce(&mut Settings)) -> Scene {
    Scene::over(Over::Tls, change)
}

fn authority(scene: &Scene) -> &Authority {
    scene.authority.as_ref().expect("it speaks TLS")
}

/// A connection of somebody who shakes hands like this.
async fn connect(scene: &Scene, trust: &Trust) -> Raw {
    Raw::connect(scene.address).await.secured(trust).await
}

/// What the handshake came to.
fn agreed(raw: &mut Raw) -> &mut tokio_rustls::rustls::ClientConnection {
    match raw.stream() {
        Stream::Tls(tls) => tls.get_mut().1,
        Stream::Plain(_) => panic!("it is not encrypted"),
    }
}

#[tokio::test]
async fn the_page_and_the_interface_are_there_over_https() {
    let scene = secure(|_| ());
    assert_eq!(scene.get("/healthz").await.text(), "ok\n");
    let page = scene.get("/").await;
    assert_eq!(page.status, if cfg!(feature = "page") { 200 } else { 404 });
    let mut raw = scene.connect().await;
    assert_eq!(raw.post("/api/rooms", "", "").await.status, 201);
    assert_eq!(raw.get("/api/about", "").await.status, 200, "a connection is good for more than one question");
}

#[tokio::test]
async fn both_versions_of_tls_are_spoken_and_http_1_inside() {
    let scene = secure(|_| ());
    for (spoken, agreed_on) in
        [(&version::TLS13, ProtocolVersion::TLSv1_3), (&version::TLS12, ProtocolVersion::TLSv1_2)]
    {
        let mut raw = connect(&scene, &authority(&scene).trust_with(&[spoken])).await;
        assert_eq!(raw.get("/healthz", "").await.status, 200);
        assert_eq!(agreed(&mut raw).protocol_version(), Some(agreed_on));
        assert_eq!(agreed(&mut raw).alpn_protocol(), Some(&b"http/1.1"[..]));
    }
}

#[tokio::test]
async fn who_comes_again_is_known_again() {
    let scene = secure(|_| ());
    let trust = authority(&scene).trust();
    for kind in [HandshakeKind::Full, HandshakeKind::Resumed] {
        let mut raw = connect(&scene, &trust).await;
        // The tickets come with the first answer.
        assert_eq!(raw.get("/healthz", "").await.status, 200);
        assert_eq!(agreed(&mut raw).handshake_kind(), Some(kind));
    }
}

#[tokio::test]
async fn a_crowd_that_comes_again_after_a_moment_is_known_again_each_of_them() {
    let scene = secure(|_| ());
    let crowd: Vec<Trust> = (0..160).map(|_| authority(&scene).trust()).collect();
    for kind in [HandshakeKind::Full, HandshakeKind::Resumed] {
        for (n, trust) in crowd.iter().enumerate() {
            let mut raw = connect(&scene, trust).await;
            assert_eq!(raw.get("/healthz", "").await.status, 200);
            assert_eq!(agreed(&mut raw).handshake_kind(), Some(kind), "{n}");
        }
    }
}

#[tokio::test]
async fn a_page_of_the_same_host_may_talk_to_us_over_https_and_another_may_not() {
    let scene = secure(|settings| settings.listen = ([127, 0, 0, 1], 0).into());
    let host = scene.address;
    let ask =
        async |origin: &str| scene.connect().await.get("/api/about", &format!("Origin: {origin}\r\n")).await.status;
    assert_eq!(ask(&format!("https://{host}")).await, 200);
    assert_eq!(ask("https://elsewhere.test").await, 403);
}

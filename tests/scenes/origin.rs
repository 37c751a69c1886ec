//! Whose pages may talk to the server: the same rule for WebSockets and for the HTTP interface.

use charsu::config::Settings;

use crate::scene::{Scene, Socket};

/// What a request with these header lines gets on every wire: a WebSocket, a GET and a POST of the interface.
async fn on_every_wire(scene: &Scene, headers: &str) -> [u16; 3] {
    let socket = Socket::ask(&mut scene.connect().await, "/ws/general", headers).await;
    let get = scene.connect().await.get("/api/about", headers).await;
    let post = scene.connect().await.post("/api/rooms", headers, "").await;
    [socket.status, get.status, post.status]
}

const LET_IN: [u16; 3] = [101, 200, 201];
const REFUSED: [u16; 3] = [403, 403, 403];

#[tokio::test]
async fn pages_of_this_host_and_programs_without_a_page_are_let_in() {
    let scene = Scene::start();
    assert_eq!(on_every_wire(&scene, "").await, LET_IN);
    let own = format!("Origin: http://{}\r\n", scene.address);
    assert_eq!(on_every_wire(&scene, &own).await, LET_IN);
}

#[tokio::test]
async fn pages_from_elsewhere_are_refused_before_anything_happens() {
    let scene = Scene::start();
    for origin in
        ["http://evil.test", "https://127.0.0.1.evil.test", "null", "file://", "", "http://evil.test http://localhost"]
    {
        assert_eq!(on_every_wire(&scene, &format!("Origin: {origin}\r\n")).await, REFUSED, "{origin}");
    }
    let two = format!("Origin: http://{}\r\nOrigin: http://evil.test\r\n", scene.address);
    assert_eq!(on_every_wire(&scene, &two).await, REFUSED, "two origins");
    let reply = scene.connect().await.get("/api/about", "Origin: http://evil.test\r\n").await;
    assert!(reply.text().contains("origin_forbidden") && reply.text().contains("--allow-origin"), "{}", reply.text());
    assert_eq!(reply.header("access-control-allow-origin"), "");
}

#[tokio::test]
async fn a_front_ends_own_server_on_this_machine_is_let_in_while_we_are_for_this_machine() {
    let scene = Scene::start();
    for origin in ["http://localhost:3000", "http://127.0.0.1:5173", "http://[::1]:8080"] {
        assert_eq!(on_every_wire(&scene, &format!("Origin: {origin}\r\n")).await, LET_IN, "{origin}");
    }
}

#[tokio::test]
async fn the_list_lets_in_exactly_what_it_names_and_can_be_changed() {
    let scene = Scene::with(|settings| settings.allow_origin = vec!["https://app.example.com".to_owned()]);
    assert_eq!(on_every_wire(&scene, "Origin: https://app.example.com\r\n").await, LET_IN);
    assert_eq!(on_every_wire(&scene, "Origin: http://app.example.com\r\n").await, REFUSED);
    assert_eq!(on_every_wire(&scene, "Origin: https://app.example.com:8443\r\n").await, REFUSED);
    scene
        .app
        .reload(&Settings { allow_origin: vec!["null".to_owned()], ..Settings::default() })
        .expect("a list that can be used");
    assert_eq!(on_every_wire(&scene, "Origin: https://app.example.com\r\n").await, REFUSED);
    assert_eq!(on_every_wire(&scene, "Origin: null\r\n").await, LET_IN);
    scene
        .app
        .reload(&Settings { allow_origin: vec!["*".to_owned()], ..Settings::default() })
        .expect("a list that can be used");
    assert_eq!(on_every_wire(&scene, "Origin: https://anything.test\r\n").await, LET_IN);
}

#[tokio::test]
async fn a_browser_of_a_listed_page_is_told_that_it_may_read_the_answer() {
    let scene = Scene::with(|settings| settings.allow_origin = vec!["https://app.example.com".to_owned()]);
    let origin = "Origin: https://app.example.com\r\n";
    for reply in [
        scene.connect().await.get("/api/about", origin).await,
        scene.connect().await.get("/api/nowhere", origin).await,
        scene.connect().await.post("/api/rooms", origin, "").await,
    ] {
        assert_eq!(reply.header("access-control-allow-origin"), "https://app.example.com");
        assert_eq!(reply.header("vary"), "origin");
    }
    let own = scene.get("/api/about").await;
    assert_eq!(own.header("access-control-allow-origin"), "");
}

#[tokio::test]
async fn a_browser_that_asks_beforehand_is_answered() {
    let scene = Scene::with(|settings| settings.allow_origin = vec!["https://app.example.com".to_owned()]);
    let asks = async |origin: &str| {
        let mut raw = scene.connect().await;
        raw.send(format!(
            "OPTIONS /api/rooms HTTP/1.1\r\nHost: a\r\nOrigin: {origin}\r\nAccess-Control-Request-Method: POST\r\n\r\n"
        ))
        .await;
        raw.reply().await
    };
    let reply = asks("https://app.example.com").await;
    assert_eq!((reply.status, reply.header("access-control-allow-methods")), (204, "GET, POST"));
    assert!(reply.header("access-control-allow-headers").contains("content-type"));
    assert_eq!(asks("https://evil.test").await.status, 403);
}

//! The door, on every wire: no token, no handshake and no answer.

use super::*;
use crate::scene::{CHARSU, Raw, Reply, Scene, Socket, TutorialPage};

fn asking() -> Scene {
    Scene::with(|settings| asks(settings, "HS256"))
}

fn bearer(token: &str) -> String {
    format!("Authorization: Bearer {token}\r\n")
}

/// What each wire answers to a request with these header lines, and this after its path.
async fn on_every_wire(scene: &Scene, query: &str, headers: &str) -> Vec<(&'static str, Reply)> {
    let path = |path: &str| format!("{path}{query}");
    let raw = || scene.connect();
    vec![
        ("charsu.v1", Socket::ask(&mut raw().await, &path("/ws"), &format!("{CHARSU}{headers}")).await),
        ("one segment", Socket::ask(&mut raw().await, &path("/ws/general"), headers).await),
        ("two segments", Socket::ask(&mut raw().await, &path("/ws/general/Ali"), headers).await),
        ("make a room", raw().await.post(&path("/api/rooms"), headers, "").await),
        ("look up", raw().await.get(&path("/api/rooms/general"), headers).await),
        ("past", raw().await.get(&path("/api/rooms/general/messages"), headers).await),
        ("events", raw().await.get(&path("/api/rooms/general/events"), headers).await),
        ("say", raw().await.post(&path("/api/rooms/general/messages"), headers, "{}").await),
        ("no such path", raw().await.get(&path("/api/nowhere"), headers).await),
    ]
}

fn is_refused(what: &str, reply: &Reply, code: &str, reason: &str) {
    assert_eq!(reply.status, 401, "{what}: {}", reply.text());
    let said: Value = serde_json::from_str(reply.text()).expect("JSON");
    assert_eq!((&said["code"], &said["reason"]), (&json!(code), &json!(reason)), "{what}");
    assert!(reply.header("www-authenticate").starts_with("Bearer realm=\"charsu\""), "{what}");
}

#[tokio::test]
async fn without_a_key_nothing_is_asked_and_a_token_is_of_no_account() {
    let scene = Scene::start();
    for headers in [String::new(), bearer("x.y.z"), bearer(&token_of("Ali"))] {
        for (what, reply) in on_every_wire(&scene, "?token=x", &headers).await {
            assert_ne!(reply.status, 401, "{what}: {}", reply.text());
        }
    }
    let reply = scene.get("/api/about").await;
    assert!(reply.text().contains(r#""token":"none""#), "{}", reply.text());
}

#[tokio::test]
async fn without_a_token_nobody_is_let_in_on_any_wire() {
    let scene = asking();
    for headers in ["", "Authorization: Basic YTpi\r\n", "Authorization: Bearer\r\n"] {
        for (what, reply) in on_every_wire(&scene, "", headers).await {
            is_refused(what, &reply, "token_required", "missing");
        }
    }
    assert_eq!(scene.app.hub.connections(), 0);
}

#[tokio::test]
async fn a_bad_token_is_refused_before_the_101_on_every_wire_and_says_why() {
    let scene = asking();
    let expired = claiming(&json!({ "sub": "Ali", "exp": unix_seconds() - 1 }));
    let nameless = claiming(&json!({ "exp": unix_seconds() + 60 }));
    let none = format!("{}.e30.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#));
    let foreign = signed("RS256", r#"{"alg":"RS256"}"#, r#"{"sub":"Ali","exp":9999999999}"#);
    let mut forged = token_of("Ali");
    let last = forged.pop().expect("a letter");
    forged.pop();
    forged.extend(['A', if last == 'A' { 'E' } else { 'A' }]);
    for (token, code, reason) in [
        (expired.as_str(), "token_expired", "expired"),
        (&nameless, "token_invalid", "no_name"),
        (&none, "token_invalid", "algorithm"),
        (&foreign, "token_invalid", "algorithm"),
        (&forged, "token_invalid", "signature"),
        ("x", "token_invalid", "malformed"),
        (&"x".repeat(9000), "token_invalid", "too_long"),
    ] {
        for (what, reply) in on_every_wire(&scene, "", &bearer(token)).await {
            is_refused(what, &reply, code, reason);
            assert!(reply.header("www-authenticate").contains("error=\"invalid_token\""), "{what}");
            assert!(!reply.text().contains(token) || token == "x", "{what} repeats the token");
        }
    }
}

#[tokio::test]
async fn a_good_token_lets_in_on_every_wire() {
    let scene = asking();
    for headers in [bearer(&token_of("Ali")), bearer(&token_of("Sara")).replace("Bearer", "bearer")] {
        for (what, reply) in on_every_wire(&scene, "", &headers).await {
            assert_ne!(reply.status, 401, "{what}: {}", reply.text());
        }
    }
}

#[tokio::test]
async fn what_is_nobodys_needs_no_token() {
    let scene = asking();
    for path in ["/", "/healthz", "/readyz", "/r/408213", "/api/about"] {
        assert_ne!(scene.get(path).await.status, 401, "{path}");
    }
    let about = scene.get("/api/about").await;
    assert!(about.text().contains(r#""token":"required""#), "{}", about.text());
    let bad = scene.connect().await.get("/api/about", &bearer("x")).await;
    is_refused("a page that asks whether its token is good", &bad, "token_invalid", "malformed");
}

#[tokio::test]
async fn an_empty_token_is_none_and_whoever_shows_it_is_told_that_one_is_needed() {
    let scene = asking();
    for headers in ["Authorization: Bearer \r\n", "Authorization: bearer\r\n"] {
        let reply = scene.connect().await.get("/api/about", headers).await;
        is_refused("a page that asks whether it may come without one", &reply, "token_required", "missing");
        for (what, reply) in on_every_wire(&scene, "", headers).await {
            is_refused(what, &reply, "token_required", "missing");
        }
        let open = Scene::start();
        assert_eq!(open.connect().await.get("/api/about", headers).await.status, 200, "nobody asks for one here");
        assert_eq!(open.connect().await.post("/api/rooms", headers, "").await.status, 201);
    }
}

#[tokio::test]
async fn a_browser_shows_its_token_as_a_subprotocol_and_is_answered_with_charsu_alone() {
    let scene = asking();
    let token = token_of("Ali");
    for offered in [format!("charsu.v1, bearer.{token}"), format!("bearer.{token},charsu.v1")] {
        let headers = format!("Sec-WebSocket-Protocol: {offered}\r\n");
        let socket = Socket::open(scene.connect().await, "/ws", &headers).await;
        assert_eq!(socket.protocol, "charsu.v1");
    }
    let bad = Socket::ask(&mut scene.connect().await, "/ws", "Sec-WebSocket-Protocol: charsu.v1, bearer.x\r\n").await;
    is_refused("a bad one", &bad, "token_invalid", "malformed");
}

#[tokio::test]
async fn a_token_in_the_address_counts_only_if_it_is_set_so() {
    let query = format!("?token={}", token_of("Ali"));
    let scene = asking();
    for (what, reply) in on_every_wire(&scene, &query, "").await {
        is_refused(what, &reply, "token_required", "missing");
    }
    let scene = Scene::with(|settings| {
        asks(settings, "HS256");
        settings.auth_in_query = true;
    });
    for (what, reply) in on_every_wire(&scene, &query, "").await {
        assert_ne!(reply.status, 401, "{what}: {}", reply.text());
    }
    let mut page = TutorialPage::open(scene.connect().await, &format!("/ws/general{query}")).await;
    assert_eq!(page.is_told().await, "A user joined the chat");
}

#[tokio::test]
async fn two_tokens_are_none() {
    let scene = Scene::with(|settings| {
        asks(settings, "HS256");
        settings.auth_in_query = true;
    });
    let (ali, sara) = (token_of("Ali"), token_of("Sara"));
    for (query, headers) in [
        (String::new(), format!("{}{}", bearer(&ali), bearer(&sara))),
        (format!("?token={sara}"), bearer(&ali)),
        (format!("?token={ali}&token={sara}"), String::new()),
        (String::new(), format!("{}Sec-WebSocket-Protocol: charsu.v1, bearer.{sara}\r\n", bearer(&ali))),
    ] {
        let reply = Socket::ask(&mut scene.connect().await, &format!("/ws/general{query}"), &headers).await;
        is_refused(&query, &reply, "token_invalid", "several");
    }
}

#[tokio::test]
async fn a_page_of_a_listed_site_may_send_its_token_and_read_the_refusal() {
    let scene = Scene::with(|settings| {
        asks(settings, "HS256");
        settings.allow_origin = vec!["https://app.example.com".to_owned()];
    });
    let origin = "Origin: https://app.example.com\r\n";
    let reply = scene.connect().await.post("/api/rooms", origin, "").await;
    is_refused("without a token", &reply, "token_required", "missing");
    assert_eq!(reply.header("access-control-allow-origin"), "https://app.example.com");
    let mut asks = scene.connect().await;
    asks.send(format!(
        "OPTIONS /api/rooms HTTP/1.1\r\nHost: a\r\n{origin}Access-Control-Request-Method: POST\r\n\
         Access-Control-Request-Headers: authorization\r\n\r\n"
    ))
    .await;
    let reply = asks.reply().await;
    assert_eq!(reply.status, 204);
    assert!(reply.header("access-control-allow-headers").contains("authorization"));
    let headers = format!("{}Origin: https://evil.test\r\n", bearer(&token_of("Ali")));
    for (what, reply) in on_every_wire(&scene, "", &headers).await {
        assert_eq!(reply.status, 403, "a token makes no page of another site ours: {what}");
    }
    let socket = Socket::ask(&mut scene.connect().await, "/ws", &format!("{}{origin}", bearer(&token_of("Ali")))).await;
    assert_eq!(socket.status, 101);
}

#[tokio::test]
async fn each_request_on_a_connection_is_asked_for_its_own_token() {
    let scene = asking();
    let mut raw: Raw = scene.connect().await;
    assert_eq!(raw.post("/api/rooms", &bearer(&token_of("Ali")), "").await.status, 201);
    assert_eq!(raw.post("/api/rooms", "", "").await.status, 401);
}

#[cfg(not(feature = "conformance"))]
#[tokio::test(flavor = "multi_thread")]
async fn socketio_takes_the_token_of_auth_and_nothing_before_it() {
    let scene = Scene::with(|settings| asks(settings, "HS256"));
    for (auth, code) in [
        (json!({}), "token_required"),
        (json!({ "token": 7 }), "token_required"),
        (json!({ "token": "no.such.token" }), "token_invalid"),
        (json!({ "token": claiming(&json!({ "sub": "Ali", "exp": 1000 })) }), "token_expired"),
        (
            json!({ "token": claiming(&json!({ "sub": "Ali", "exp": unix_seconds() + 60, "rooms": ["other"] })) }),
            "room_forbidden",
        ),
    ] {
        let mut page = scene.socketio_page().await;
        page.sends(&format!("40{auth}"));
        let answer = page.gets().await;
        let told: Value = serde_json::from_str(answer.strip_prefix("44").expect("a refusal")).expect("JSON");
        assert_eq!(told["data"]["code"], code, "{answer}");
    }
    let token = token_of("Ali");
    let connect = format!("40{}", json!({ "token": token, "name": "Somebody else" }));
    let (mut page, mut polling) = (scene.socketio_as(&connect).await, scene.polling().await);
    // Whoever has a token is called what it says.
    page.emits("chat message", json!("hi"));
    assert_eq!(page.hears().await, json!(["chat message", "Ali: hi"]));
    polling.brings(&format!("40{}", json!({ "token": token_of("Sara") }))).await;
    polling.fetches_all(1).await;
    page.emits("chat message", json!("hello"));
    assert_eq!(polling.fetches_all(1).await, [r#"42["chat message","Ali: hello"]"#]);
    // A bad one is refused at once where it stands in the handshake.
    let header = "Authorization: Bearer no.such.token\r\n";
    let reply = scene.connect().await.get("/socket.io/?EIO=4&transport=polling", header).await;
    assert_eq!(reply.status, 401);
}

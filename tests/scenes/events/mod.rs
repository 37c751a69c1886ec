//! Somebody takes part by plain HTTP: a stream of server-sent events down, requests up, and single lines without either.

mod returning;

use charsu::config::Settings;
use serde_json::{Value, json};
use std::time::Duration;

use crate::scene::{self, Events, Over, Reply, Scene, within};

async fn stream(scene: &Scene, path: &str, headers: &str) -> Events {
    match Events::open(scene.connect().await, path, headers).await {
        Ok(events) => events,
        Err(reply) => panic!("{path}: {} {}", reply.status, reply.text()),
    }
}

async fn refused(scene: &Scene, path: &str, headers: &str) -> Reply {
    match Events::open(scene.connect().await, path, headers).await {
        Ok(_) => panic!("{path} is let in"),
        Err(reply) => reply,
    }
}

/// Somebody whose stream has told it that it is in a room, and the secret of its session.
async fn listener(scene: &Scene, room: &str, name: &str) -> (Events, String) {
    let mut events = stream(scene, &format!("/api/rooms/{room}/events?name={name}"), "").await;
    let session = events.hears("welcome").await["session"].as_str().expect("a secret").to_owned();
    events.hears("joined").await;
    (events, session)
}

async fn post(scene: &Scene, path: &str, headers: &str, body: &str) -> (u16, Value) {
    let reply = scene.connect().await.post(path, headers, body).await;
    (reply.status, serde_json::from_str(reply.text()).unwrap_or(Value::Null))
}

async fn says(scene: &Scene, room: &str, session: &str, key: &str, text: &str) -> (u16, Value) {
    let key = if key.is_empty() { String::new() } else { format!("Idempotency-Key: {key}\r\n") };
    let headers = format!("Authorization: Bearer {session}\r\n{key}");
    post(scene, &format!("/api/rooms/{room}/messages"), &headers, text).await
}

/// Comes back as a browser's `EventSource` does.
async fn returns(scene: &Scene, room: &str, name: &str, id: &str) -> Events {
    stream(scene, &format!("/api/rooms/{room}/events?name={name}"), &format!("Last-Event-ID: {id}\r\n")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_and_requests_are_a_member_like_any_other() {
    let scene = Scene::start();
    let (mut sara, session) = listener(&scene, "general", "Sara").await;
    let mut ali = scene.person_in("general", "Ali").await;
    let join = sara.hears("join").await;
    assert_eq!((&join["seq"], &join["member"]["name"]), (&json!(2), &json!("Ali")));
    ali.says("general", "سلام").await;
    let line = sara.hears("message").await;
    assert_eq!((&line["name"], &line["text"], &line["seq"]), (&json!("Ali"), &json!("سلام"), &json!(3)));
    ali.sends(&json!({ "type": "typing", "room": "general", "on": true }));
    assert_eq!(sara.hears("typing").await["from"], 2);

    let (status, kept) = says(&scene, "general", &session, "", "Hello, Ali").await;
    assert_eq!((status, &kept["seq"]), (201, &json!(4)), "{kept}");
    let line = ali.hears_line("Hello, Ali").await;
    assert_eq!((&line["name"], &line["seq"], &line["from"]), (&json!("Sara"), &json!(4), &json!(1)));
    assert_eq!(sara.hears("message").await["seq"], 4);

    let headers = format!("Authorization: Bearer {session}\r\n");
    let typing = json!({ "type": "typing", "room": "general", "on": true }).to_string();
    assert_eq!(post(&scene, "/api/commands", &headers, &typing).await.0, 202);
    assert_eq!(ali.hears("typing").await["from"], 1);
    let frames = [
        json!({ "type": "private", "id": 1, "room": "general", "to": 2, "text": "between us" }),
        json!({ "type": "leave", "id": 2, "room": "general" }),
    ];
    let frames: Vec<String> = frames.iter().map(Value::to_string).collect();
    assert_eq!(post(&scene, "/api/commands", &headers, &frames.join("\n")).await.0, 202);
    assert_eq!(ali.hears("private").await["text"], "between us");
    assert_eq!(sara.hears("ack").await["id"], 1);
    assert_eq!(sara.hears("left").await["id"], 2);
    assert_eq!(ali.hears("leave").await["member"]["name"], "Sara");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_without_a_session_comes_says_and_goes() {
    let scene = Scene::start();
    let mut ali = scene.person_in("general", "Ali").await;
    let path = "/api/rooms/general/messages";
    assert_eq!(post(&scene, path, "", "hi").await.0, 201);
    for kind in ["join", "message", "leave"] {
        let event = ali.hears_next().await;
        assert_eq!(event["type"], kind, "{event}");
    }
    let json = "Content-Type: application/json\r\n";
    assert_eq!(post(&scene, path, json, r#"{"text":"from a bot","name":"bot"}"#).await.0, 201);
    let line = ali.hears_line("from a bot").await;
    assert_eq!((&line["name"], &line["guest"]), (&json!("bot"), &Value::Null));
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    assert_eq!(post(&scene, &format!("{path}?name=curl"), form, "1 + 1 = 2").await.0, 201);
    assert_eq!(ali.hears_line("1 + 1 = 2").await["name"], "curl");

    for (headers, body, status, code) in [
        ("", "", 400, "empty_text"),
        (json, "[]", 400, "bad_request"),
        (json, r#"{"text":"as Ali","name":"Ali"}"#, 409, "name_taken"),
        (json, r#"{"text":"x","name":"\u202e"}"#, 400, "name_empty"),
        ("", "/no such command", 400, "unknown_command"),
        ("Idempotency-Key: a\r\n", "hi", 400, "bad_request"),
        ("Authorization: Bearer AAAAAAAAAAAAAAAAAAAAAA\r\n", "hi", 403, "unknown_session"),
        ("Transfer-Encoding: chunked\r\n", "hi", 400, ""),
    ] {
        let (answered, answer) = post(&scene, path, headers, body).await;
        assert_eq!(answered, status, "{headers}{body}: {answer}");
        assert!(code.is_empty() || answer["code"] == code, "{headers}{body}: {answer}");
    }
    let long = "x".repeat(4001);
    assert_eq!(post(&scene, path, "", &long).await.0, 413);
    assert_eq!(post(&scene, "/api/rooms/123456/messages", "", "hi").await.0, 404);
    assert_eq!(post(&scene, "/api/commands", "", "{}").await.0, 403);
    ali.says("general", "still here").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_hangs_up_is_noticed_at_once() {
    let scene = Scene::with(|settings| settings.grace = Duration::ZERO);
    let mut ali = scene.person_in("general", "Ali").await;
    let (sara, _) = listener(&scene, "general", "Sara").await;
    assert_eq!(ali.hears_next().await["type"], "join");
    drop(sara);
    // Well before a heartbeat would find it out.
    assert_eq!(within("a leave", ali.hears("leave")).await["member"]["name"], "Sara");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quiet_stream_shows_that_it_lives_and_stays() {
    let scene = Scene::with(|settings| {
        settings.heartbeat_seconds = Duration::from_millis(100);
        settings.heartbeat_timeout_seconds = Duration::from_millis(200);
    });
    let (mut sara, session) = listener(&scene, "general", "Sara").await;
    let comments = sara.comments.len();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(says(&scene, "general", &session, "", "still here").await.0, 201);
    assert_eq!(sara.hears("message").await["text"], "still here");
    assert!(sara.comments.len() >= comments + 3, "{:?}", sara.comments);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_read_delays_nobody_and_is_told_what_it_missed() {
    let quick = |settings: &mut Settings| {
        (settings.messages_per_second, settings.messages_burst) = (u32::MAX, u32::MAX);
        settings.tail_bytes = 256 * 1024;
        settings.reader_lag_bytes = 512 * 1024;
    };
    // A narrow line is a plain one.
    let scene = Scene::over(Over::Plain, quick);
    let mut ali = scene.person_in("general", "Ali").await;
    let raw = scene::Raw::connect_narrow(scene.address).await;
    let mut sara = Events::open(raw, "/api/rooms/general/events?name=Sara", "")
        .await
        .unwrap_or_else(|reply| panic!("{}", reply.status));
    sara.hears("joined").await;
    let text = "x".repeat(3900);
    for number in 0..2500 {
        ali.says("general", &format!("{number} {text}")).await;
    }
    ali.says("general", "the end").await;
    let mut last = 0;
    let reset = loop {
        let event = sara.next().await.expect("it is not closed");
        match event.kind.as_str() {
            "message" => last = event.data.expect("data")["seq"].as_u64().expect("a number"),
            "reset" => break event.data.expect("data"),
            other => panic!("{other}"),
        }
    };
    assert_eq!(reset["reason"], "slow");
    let seqs: Vec<u64> =
        reset["history"].as_array().expect("lines").iter().filter_map(|line| line["seq"].as_u64()).collect();
    assert!(seqs.iter().all(|&seq| seq > last), "{last} {seqs:?}");
    if seqs.last() != Some(&2503) {
        while sara.hears("message").await["text"] != "the end" {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_passes_does_not_end_a_stream_for_good() {
    let scene = Scene::with(|settings| settings.members_per_room = 1);
    let (sara, _) = listener(&scene, "general", "Sara").await;
    let full = refused(&scene, "/api/rooms/general/events", "").await;
    assert_eq!(full.status, 503);
    let made_up = "Last-Event-ID: AAAAAAAAAAAAAAAAAAAAAA.0000000000000001-1\r\n";
    let reply = scene.connect().await.get("/api/rooms/general/events", made_up).await;
    assert_eq!((reply.status, reply.header("content-type")), (200, "text/event-stream"));
    assert!(reply.text().starts_with("retry: 2000\nevent: refusal\ndata: {"), "{}", reply.text());
    drop(sara);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_comes_only_so_often() {
    let scene = Scene::with(|settings| settings.visits_per_minute_per_address = 3);
    let (_sara, session) = listener(&scene, "general", "Sara").await;
    assert_eq!(post(&scene, "/api/rooms/general/messages", "", "hi").await.0, 201);
    assert_eq!(post(&scene, "/api/rooms/general/messages", "", "hi").await.0, 201);
    let reply = scene.connect().await.post("/api/rooms/general/messages", "", "hi").await;
    assert_eq!(reply.status, 429);
    assert!(!reply.header("retry-after").is_empty());
    assert_eq!(refused(&scene, "/api/rooms/general/events", "").await.status, 429);
    // Whoever has a session goes on at its own pace.
    let mut refusals = 0;
    for number in 0..100 {
        refusals += u32::from(says(&scene, "general", &session, "", &number.to_string()).await.0 == 429);
    }
    assert!(refusals > 0, "a session, too, has its rate");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_site_may_if_it_is_listed() {
    let scene = Scene::with(|settings| settings.allow_origin = vec!["https://app.example.com".to_owned()]);
    let (listed, foreign) = ("Origin: https://app.example.com\r\n", "Origin: https://evil.test\r\n");
    assert_eq!(refused(&scene, "/api/rooms/general/events", foreign).await.status, 403);
    assert_eq!(post(&scene, "/api/rooms/general/messages", foreign, "hi").await.0, 403);
    assert_eq!(post(&scene, "/api/commands", foreign, "hi").await.0, 403);
    let mut raw = scene.connect().await;
    let reply = raw.get("/api/rooms/general/events", listed).await;
    assert_eq!((reply.status, reply.header("access-control-allow-origin")), (200, "https://app.example.com"));
    let reply = scene.connect().await.post("/api/rooms/general/messages", listed, "hi").await;
    assert_eq!((reply.status, reply.header("access-control-allow-origin")), (201, "https://app.example.com"));
    let mut raw = scene.connect().await;
    let asks =
        "Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: authorization,idempotency-key\r\n";
    raw.send(format!("OPTIONS /api/rooms/general/messages HTTP/1.1\r\nHost: {}\r\n{listed}{asks}\r\n", raw.host()))
        .await;
    let reply = raw.reply().await;
    assert_eq!(reply.status, 204);
    assert!(reply.header("access-control-allow-headers").contains("idempotency-key"));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_of_those_who_came_by_http() {
    let scene = Scene::with(|settings| {
        settings.grace = Duration::ZERO;
        settings.tail_seconds = Duration::from_millis(50);
    });
    let mut ali = scene.person_in("general", "Ali").await;
    for round in 0..20 {
        let (sara, session) = listener(&scene, "general", &format!("Sara{round}")).await;
        assert_eq!(says(&scene, "general", &session, "k", "hi").await.0, 201);
        assert_eq!(post(&scene, "/api/rooms/general/messages", "", "hi").await.0, 201);
        drop(sara);
        while ali.hears("leave").await["member"]["name"] != format!("Sara{round}") {}
    }
    assert_eq!(scene.app.hub.connections(), 1, "Ali's");
    within("the sessions to be forgotten", async {
        while scene.app.hub.session_count() > 1 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}

//! Sessions of Engine.IO that requests carry: polling, moving to a WebSocket, and every way to do it wrong.
#![cfg(not(feature = "conformance"))]

use charsu::config::Settings;
use serde_json::{Value, json};

use crate::scene::{self, Line, Over, PATH, Raw, Scene, Socket, ms, until, within};

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_polls_talks_with_one_that_does_not() {
    let scene = Scene::start();
    let (mut polling, mut page) = (scene.polling().await, scene.socketio().await);
    assert_eq!(polling.brings("40").await, 200);
    let connected = polling.fetches().await.expect("a session");
    assert!(connected[0].starts_with(r#"40{"sid":""#), "{connected:?}");
    assert_eq!(polling.brings("42[\"chat message\",\"one\"]\u{1e}42[\"chat message\",\"two\"]").await, 200);
    for text in ["one", "two"] {
        assert_eq!(page.hears().await, json!(["chat message", text]));
    }
    let lines = [r#"42["chat message","one"]"#, r#"42["chat message","two"]"#];
    assert_eq!(polling.fetches_all(2).await, lines);
    page.emits("chat message", json!("three"));
    assert_eq!(polling.fetches_all(1).await, [r#"42["chat message","three"]"#]);
}

#[tokio::test(flavor = "multi_thread")]
async fn attachments_come_and_go_in_base64() {
    let scene = Scene::start();
    let (mut polling, mut page) = (scene.polling().await, scene.socketio().await);
    polling.brings("40").await;
    polling.fetches_all(1).await;
    let packet = r#"451-["chat message",{"_placeholder":true,"num":0}]"#;
    assert_eq!(polling.brings(&format!("{packet}\u{1e}bAQIDBA==")).await, 200);
    assert_eq!(page.gets().await, packet);
    assert_eq!(page.gets().await, "[1, 2, 3, 4]");
    page.sends(packet);
    page.sends_raw(scene::masked(2, &[4, 3, 2, 1]));
    assert_eq!(polling.fetches_all(2).await, [packet.to_owned(), "bBAMCAQ==".to_owned()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_is_fetched_whole_and_in_order_however_large() {
    let scene = Scene::with(scene::tireless);
    let (mut polling, mut ali) = (scene.polling().await, scene.person_in("general", "Ali").await);
    polling.brings("40").await;
    polling.fetches_all(1).await;
    let lines = 120;
    for n in 0..lines {
        ali.says("general", &format!("{n} {}", "x".repeat(3000))).await;
    }
    // More than a pipe holds: the rest waited in the room.
    let fetched = polling.fetches_all(lines).await;
    for (n, packet) in fetched.iter().enumerate() {
        assert!(packet.starts_with(&format!("42[\"chat message\",\"Ali: {n} xxx")), "{n}: {}", &packet[..60]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_moves_to_a_websocket_and_loses_nothing() {
    let scene = Scene::with(scene::tireless);
    for round in 0..8 {
        let room = format!("room {round}");
        let mut ali = scene.person_in(&room, "Ali").await;
        let mut polling = scene.polling().await;
        polling.brings(&format!("40{}", json!({ "room": room }))).await;
        polling.fetches_all(1).await;
        let mut said = 0;
        let mut say = async |count: usize| {
            for _ in 0..count {
                ali.says(&room, &format!("{said} {}", "y".repeat(1500))).await;
                said += 1;
            }
            said
        };
        // Enough to fill the pipe, so that a line is cut in two.
        say(70).await;
        let mut heard = if round % 2 == 0 { polling.fetches().await.expect("a session") } else { Vec::new() };
        let mut socket = Line::open_plain(scene.connect().await, &polling.upgrade_path(), "").await;
        socket.say("2probe");
        assert_eq!(text(&mut socket).await, "3probe");
        let total = say(20).await;
        // What the client says right behind belongs to the session.
        let own = r#"42["chat message","own"]"#;
        socket.say_at_once(["5".to_owned(), own.to_owned()]);
        while heard.len() < total + 1 {
            heard.push(text(&mut socket).await);
        }
        heard.retain(|packet| packet != "6");
        let own_at = heard.iter().position(|packet| packet == own).expect("the own line");
        heard.remove(own_at);
        for (n, packet) in heard.iter().enumerate() {
            assert!(packet.starts_with(&format!("42[\"chat message\",\"Ali: {n} yyy")), "{round}, {n}: {packet:.60}");
        }
        assert_eq!(polling.fetches().await, Err(400), "it is polled no more");
        assert_eq!(polling.brings("42[\"chat message\",\"no\"]").await, 400);
        let mut second = Line::open_plain(scene.connect().await, &polling.upgrade_path(), "").await;
        assert!(matches!(second.next().await, scene::Heard::Closed(1005, _)));
        socket.say(r#"42["chat message","still here"]"#);
        assert_eq!(text(&mut socket).await, r#"42["chat message","still here"]"#);
    }
}

/// The next text; pings are answered.
async fn text(line: &mut Line) -> String {
    loop {
        match line.next().await {
            scene::Heard::Text(ping) if ping == "2" => line.say("3"),
            scene::Heard::Text(text) => return text,
            other => panic!("instead of a text: {other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poll_that_waits_is_ended_by_the_probe() {
    let scene = Scene::start();
    let mut polling = scene.polling().await;
    polling.brings("40").await;
    polling.fetches_all(1).await;
    let path = polling.upgrade_path();
    let waiting = tokio::spawn(async move { polling.fetches().await });
    let mut socket = Line::open_plain(scene.connect().await, &path, "").await;
    socket.say("2probe");
    assert_eq!(text(&mut socket).await, "3probe");
    assert_eq!(within("the poll's end", waiting).await.expect("no panic"), Ok(vec!["6".to_owned()]));
}

/// The client may read the end of its poll before it reads that the probe was answered. It has polled again by then, and moves
/// only once that poll has ended, too.
#[tokio::test(flavor = "multi_thread")]
async fn each_poll_is_ended_until_the_client_has_moved() {
    let scene = Scene::start();
    let mut polling = scene.polling().await;
    polling.brings("40").await;
    polling.fetches_all(1).await;
    let mut socket = Line::open_plain(scene.connect().await, &polling.upgrade_path(), "").await;
    socket.say("2probe");
    assert_eq!(text(&mut socket).await, "3probe");
    polling.brings(r#"42["chat message","hi"]"#).await;
    let mut heard = Vec::new();
    for _ in 0..4 {
        heard.extend(within("the end of a poll", polling.fetches()).await.expect("a session"));
    }
    heard.retain(|packet| packet != "6");
    assert_eq!(heard, [r#"42["chat message","hi"]"#]);
    socket.say("5");
    socket.say(r#"42["chat message","moved"]"#);
    assert_eq!(text(&mut socket).await, r#"42["chat message","moved"]"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_probe_that_is_given_up_leaves_the_session_polling() {
    let scene = Scene::start();
    let mut polling = scene.polling().await;
    polling.brings("40").await;
    polling.fetches_all(1).await;
    for words in [&["2probe"][..], &["nonsense"], &["2probe", "4x"], &[]] {
        let mut socket = Line::open_plain(scene.connect().await, &polling.upgrade_path(), "").await;
        for word in words {
            socket.say(word);
        }
        if words.first() == Some(&"2probe") {
            assert_eq!(text(&mut socket).await, "3probe");
        }
        socket.cut().await;
        let line = format!(r#"42["chat message","{}"]"#, words.len());
        assert_eq!(polling.brings(&line).await, 200);
        assert_eq!(polling.fetches_all(1).await, [line]);
    }
}

/// The number and the words of a refusal.
async fn refused(raw: &mut Raw, method: &str, path: &str) -> (u16, u64, String) {
    raw.send(format!("{method} {path} HTTP/1.1\r\nHost: {}\r\nContent-Length: 0\r\n\r\n", raw.host())).await;
    let reply = raw.reply().await;
    let body: Value = serde_json::from_str(reply.text()).expect("JSON");
    (reply.status, body["code"].as_u64().expect("a number"), body["message"].as_str().expect("words").to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_requests_are_refused_in_the_known_words() {
    let scene = Scene::start();
    let mut raw = scene.connect().await;
    for (method, path, code, words) in [
        ("GET", "/socket.io/?EIO=4", 0, "Transport unknown"),
        ("GET", "/socket.io/?EIO=4&transport=smoke", 0, "Transport unknown"),
        ("GET", "/socket.io/?EIO=4&transport=polling&sid=AAAAAAAAAAAAAAAAAAAAAA", 1, "Session ID unknown"),
        ("POST", "/socket.io/?EIO=4&transport=polling&sid=nobody", 1, "Session ID unknown"),
        ("POST", "/socket.io/?EIO=4&transport=polling", 2, "Bad handshake method"),
        ("PUT", "/socket.io/?EIO=4&transport=polling", 2, "Bad handshake method"),
        ("GET", "/socket.io/?EIO=4&transport=websocket", 3, "Bad request"),
        ("GET", "/socket.io/?EIO=4&transport=polling&j=0", 3, "Bad request"),
        ("GET", "/socket.io/?transport=polling", 5, "Unsupported protocol version"),
        ("GET", "/socket.io/?EIO=3&transport=polling", 5, "Unsupported protocol version"),
        ("GET", "/socket.io/?EIO=5&transport=polling", 5, "Unsupported protocol version"),
    ] {
        assert_eq!(refused(&mut raw, method, path).await, (400, code, words.to_owned()), "{method} {path}");
    }
    let mut socket = scene.connect().await;
    let reply = Socket::ask(&mut socket, "/socket.io/?EIO=4&transport=websocket&sid=nobody", "").await;
    assert_eq!(reply.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_breaks_the_protocol_ends_the_session() {
    let scene = Scene::start();
    for payload in ["abc", "", "4", "42{}", "b!", "4garbage", &"4\u{1e}".repeat(2000), "2"] {
        let mut polling = scene.polling().await;
        polling.brings("40").await;
        polling.fetches_all(1).await;
        polling.brings(payload).await;
        loop {
            match polling.fetches().await {
                Ok(packets) => assert_eq!(packets, ["1"], "{payload:.40}"),
                Err(status) => break assert_eq!(status, 400),
            }
        }
    }
    let mut polling = scene.polling().await;
    assert_eq!(polling.brings(&"4".repeat(64 * 1024 + 1)).await, 413, "a body over its limit");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_polls_at_once_end_the_session() {
    let scene = Scene::start();
    let polling = scene.polling().await;
    // The first words are fetched, so a poll waits.
    let mut raw = scene.connect().await;
    raw.send(format!("GET {} HTTP/1.1\r\nHost: {}\r\n\r\n", polling.path, raw.host())).await;
    let mut second = scene.connect().await;
    // Which of both the server sees first is the network's business.
    let (one, other) = tokio::join!(raw.reply(), second.get(&polling.path, ""));
    let mut answers = [(one.status, one.text().to_owned()), (other.status, other.text().to_owned())];
    answers.sort();
    assert_eq!(answers[0], (200, "1".to_owned()));
    assert_eq!(answers[1].0, 400);
    assert_eq!(scene.connect().await.get(&polling.path, "").await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_payloads_at_once_end_the_session_and_lose_nothing_that_was_taken() {
    let scene = Scene::with(scene::tireless);
    let (mut polling, mut page) = (scene.polling().await, scene.socketio().await);
    polling.brings("40").await;
    polling.fetches_all(1).await;
    // So many refusals wait to be fetched that nothing more is read.
    let refused = (0..1000).map(|n| format!("42{n}[\"chat message\",\" \"]")).collect::<Vec<_>>().join("\u{1e}");
    assert_eq!(polling.brings(&refused).await, 200);
    assert_eq!(polling.brings(&refused).await, 200);
    let lines = ["one", "two"].map(|text| format!("42[\"chat message\",\"{text}\"]"));
    for line in &lines {
        assert_eq!(polling.brings(line).await, 200);
    }
    let (mut one, mut other) = (scene.connect().await, scene.connect().await);
    let lost = "42[\"chat message\",\"lost\"]";
    // Both are under way before either is whole.
    for raw in [&mut one, &mut other] {
        let head = format!("POST {} HTTP/1.1\r\nHost: {}\r\nContent-Length: {}", polling.path, raw.host(), lost.len());
        raw.send(head + "\r\n\r\n4").await;
    }
    until("the session's end", || scene.app.hub.connections() == 1).await;
    for raw in [&mut one, &mut other] {
        raw.send(&lost[1..]).await;
        let reply = raw.reply().await;
        assert_eq!(reply.status, 400);
        assert!([1, 3].map(|code| format!("{{\"code\":{code},")).iter().any(|begin| reply.text().starts_with(begin)));
    }
    assert_eq!(polling.fetches().await, Err(400), "the session is over");
    page.emits("chat message", json!("three"));
    for text in ["one", "two", "three"] {
        assert_eq!(page.hears().await, json!(["chat message", text]), "what was taken is said, and nothing else");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payload_that_breaks_off_ends_the_session() {
    let scene = Scene::start();
    let mut polling = scene.polling().await;
    polling.brings("40").await;
    polling.fetches_all(1).await;
    let mut raw = scene.connect().await;
    raw.send(format!("POST {} HTTP/1.1\r\nHost: {}\r\nContent-Length: 9\r\n\r\n42", polling.path, raw.host())).await;
    raw.says_no_more().await;
    drop(raw);
    until("the session's end", || scene.app.hub.connections() == 0).await;
    assert_eq!(polling.fetches().await, Err(400));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poll_that_is_cancelled_ends_the_session() {
    let scene = Scene::start();
    let mut polling = scene.polling().await;
    let mut other = scene.socketio().await;
    other.emits("add user", json!("Sara"));
    other.hears().await;
    polling.brings(r#"40{"name":"Ali"}"#).await;
    polling.fetches_all(1).await;
    assert_eq!(other.hears().await[0], "user joined");
    let mut raw = scene.connect().await;
    raw.send(format!("GET {} HTTP/1.1\r\nHost: {}\r\n\r\n", polling.path, raw.host())).await;
    raw.says_no_more().await;
    drop(raw);
    assert_eq!(other.hears().await, json!(["user left", { "username": "Ali", "numUsers": 1 }]));
    assert_eq!(polling.fetches().await, Err(400));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_says_goodbye_ends_its_poll_with_nothing() {
    let scene = Scene::start();
    let mut answers = Vec::new();
    // Which of both the server sees first is the network's business: one of many polls comes first.
    while !answers.contains(&(200, "6".to_owned())) {
        let mut polling = scene.polling().await;
        let mut waiting = scene.connect().await;
        waiting.send(format!("GET {} HTTP/1.1\r\nHost: {}\r\n\r\n", polling.path, waiting.host())).await;
        assert_eq!(polling.brings("1").await, 200);
        let reply = waiting.reply().await;
        answers.push((reply.status, reply.text().to_owned()));
        assert_eq!(polling.fetches().await, Err(400));
        assert!(answers.len() < 100, "{answers:?}");
    }
    assert!(answers.iter().all(|(status, text)| *status == 400 || text == "6"), "{answers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_site_polls_only_if_it_is_listed() {
    let scene = Scene::over(Over::Plain, |settings| {
        settings.listen = std::net::SocketAddr::from(([0, 0, 0, 0], 0));
        settings.allow_origin = vec!["https://chat.example.com".to_owned()];
    });
    let at = std::net::SocketAddr::from(([127, 0, 0, 1], scene.address.port()));
    let path = format!("{PATH}polling");
    let mut raw = Raw::connect(at).await;
    let foreign = raw.get(&path, "Origin: https://evil.example.com\r\n").await;
    assert_eq!(foreign.status, 403);
    let listed = raw.get(&path, "Origin: https://chat.example.com\r\n").await;
    assert_eq!((listed.status, listed.header("access-control-allow-origin")), (200, "https://chat.example.com"));
    raw.send(format!(
        "OPTIONS {path} HTTP/1.1\r\nHost: {}\r\nOrigin: https://chat.example.com\r\nAccess-Control-Request-Method: POST\r\n\r\n",
        raw.host()
    ))
    .await;
    assert_eq!(raw.reply().await.header("access-control-allow-origin"), "https://chat.example.com");
    let reply =
        Socket::ask(&mut Raw::connect(at).await, &format!("{PATH}websocket"), "Origin: https://evil.example.com\r\n")
            .await;
    assert_eq!(reply.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_stops_polling_is_missed() {
    let scene = Scene::with(hasty);
    let mut polling = scene.polling().await;
    polling.brings("40").await;
    polling.fetches_all(1).await;
    // One that answers pings stays.
    let began = std::time::Instant::now();
    while began.elapsed() < ms(1500) {
        for packet in polling.fetches().await.expect("a session") {
            assert_eq!(packet, "2");
            assert_eq!(polling.brings("3").await, 200);
        }
    }
    until("the session's end", || scene.app.hub.connections() == 0).await;
    // Who comes back soon is told that it is over.
    while let Ok(packets) = polling.fetches().await {
        assert_eq!(packets.last().map(String::as_str), Some("1"));
    }
}

fn hasty(settings: &mut Settings) {
    settings.heartbeat_seconds = ms(300);
    settings.heartbeat_timeout_seconds = ms(300);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_ends_polls_and_tells_their_clients() {
    let scene = Scene::start();
    let mut polling = scene.polling().await;
    polling.brings("40").await;
    polling.fetches_all(1).await;
    let waiting = tokio::spawn(async move { polling.fetches().await });
    until("the poll", || scene.app.held_polls() == 1).await;
    scene.stop().await;
    assert_eq!(within("the poll's end", waiting).await.expect("no panic"), Ok(vec!["1".to_owned()]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_has_so_many_sessions_and_no_more() {
    let scene = Scene::with(|settings| settings.connections_per_address = 6);
    let mut raw = scene.connect().await;
    let path = format!("{PATH}polling");
    let mut open = 0;
    let last = loop {
        let reply = raw.get(&path, "").await;
        if reply.status != 200 {
            break reply;
        }
        open += 1;
    };
    assert_eq!(open, 5, "one is the connection itself");
    assert_eq!(last.status, 429);
    let told: Value = serde_json::from_str(last.text()).expect("JSON");
    assert_eq!(told["code"], "too_many_connections");
}

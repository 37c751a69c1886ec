//! What Socket.IO's protocol asks for and forbids: acknowledgements, attachments, heartbeats, and packets that break it.

use serde_json::{Value, json};

use super::hears;
use crate::scene::{self, Scene, masked, within};

#[tokio::test(flavor = "multi_thread")]
async fn every_event_with_an_id_is_acknowledged_also_when_refused() {
    let scene = Scene::with(|settings| {
        settings.messages_per_second = 1;
        settings.messages_burst = 8;
    });
    let mut page = scene.socketio().await;
    for (id, (event, code)) in [
        (r#"["chat message"," "]"#, "empty_text"),
        (r#"["chat message"]"#, "bad_request"),
        (r#"["new message",1]"#, "bad_request"),
        (r#"["join"]"#, "bad_request"),
        (r#"["leave","nowhere"]"#, "not_in_room"),
        (r#"["nobody knows this"]"#, "unknown_command"),
    ]
    .into_iter()
    .enumerate()
    {
        page.sends(&format!("42{id}{event}"));
        let answer = page.gets().await;
        assert!(answer.starts_with(&format!(r#"43{id}[{{"code":"{code}""#)), "{event}: {answer}");
    }
    page.sends_at_once((10..30).map(|id| format!(r#"42{id}["chat message","fast"]"#)));
    let mut acknowledged = Vec::new();
    let mut refused = 0;
    while acknowledged.len() < 20 {
        let packet = page.gets().await;
        if let Some(answer) = packet.strip_prefix("43") {
            acknowledged.push(answer[..2].parse::<u32>().expect("an id"));
            refused += u32::from(answer.contains("rate_limited"));
        }
    }
    acknowledged.sort_unstable();
    assert_eq!(acknowledged, (10..30).collect::<Vec<_>>());
    assert!(refused > 10, "{refused}");
    // Without an id it is told in a line.
    page.emits("chat message", json!(""));
    while !page.hears().await[1].as_str().is_some_and(|words| words.starts_with("System: ")) {}
}

#[tokio::test(flavor = "multi_thread")]
async fn what_breaks_the_protocol_ends_the_session_without_a_word() {
    let scene = Scene::start();
    for packets in [
        &["garbage"][..],
        &["4garbage"],
        &["42{}"],
        &["42[]"],
        &["40"],
        &["42/admin,[\"a\"]"],
        &["2"],
        &["42[\"disconnect\"]"],
        &["451-[\"chat message\",{\"_placeholder\":true,\"num\":0}]", "42[\"chat message\",\"text\"]"],
        &["451-[\"chat message\",{\"_placeholder\":true,\"num\":5}]"],
        &["459999999999-[\"a\"]"],
    ] {
        let mut page = scene.socketio().await;
        for packet in packets {
            page.sends(packet);
        }
        assert_eq!(page.is_closed().await, 1005, "{packets:?}");
    }
    let mut page = scene.socketio().await;
    page.sends_raw(masked(2, b"nobody announced this"));
    assert_eq!(page.is_closed().await, 1005);
    let mut early = scene.socketio_page().await;
    early.sends(r#"42["chat message","hi"]"#);
    assert_eq!(early.is_closed().await, 1005);
    // Acknowledgements that nobody asked for are no offence.
    let mut page = scene.socketio().await;
    page.sends("431[]");
    page.emits("chat message", json!("here"));
    hears(&mut page, &json!(["chat message", "here"])).await;
}

/// JSON in a text in JSON, and so on, under the key by which `serde_json`'s raw values would read each anew.
fn nested_in_texts(levels: usize) -> String {
    let mut json = "1".to_owned();
    for _ in 0..levels {
        let deep = format!("{}{json}{}", "[".repeat(126), "]".repeat(126));
        json = format!("{{\"$serde_json::private::RawValue\":{}}}", Value::String(deep));
    }
    json
}

#[tokio::test(flavor = "multi_thread")]
async fn json_that_lies_in_texts_is_text() {
    let scene = Scene::start();
    let nested = nested_in_texts(13);
    let hidden = nested.replace("$serde", "\\u0024serde");
    for nested in [&nested, &hidden] {
        assert!(nested.len() < 64_000, "it fits into a packet: {}", nested.len());
        let mut page = scene.socketio_as(&format!("40{{\"room\":{nested}}}")).await;
        let mut other = scene.socketio_as(&format!("40{nested}")).await;
        page.sends(&format!("420[\"chat message\",{nested}]"));
        assert_eq!(page.gets().await, "430[]");
        assert_eq!(other.gets().await, format!("42[\"chat message\",{nested}]"));
        for event in ["room message", "join", "leave", "chat message"] {
            page.sends(&format!("421[\"{event}\",{{\"room\":\"nowhere\",\"name\":{nested}}}]"));
            assert!(page.gets().await.starts_with("431["));
        }
        page.sends(&format!("451-2[\"chat message\",{{\"_placeholder\":true,\"num\":0}},{nested}]"));
        page.sends_raw(masked(2, b"one"));
        assert_eq!(page.gets().await, "432[]");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_character_is_no_way_round_what_is_checked() {
    let scene = Scene::start();
    let _ali = scene.person_in("general", "Ali").await;
    let (mut page, mut other) = (scene.socketio().await, scene.socketio().await);
    for argument in [
        r#""\ud800""#,
        r#"{"user":"Ali","text":"it is me \udc00"}"#,
        r#"{"user":"Ali\ud800","text":"me"}"#,
        r#"{"\ud800":1}"#,
    ] {
        page.sends(&format!("420[\"chat message\",{argument}]"));
        let refused = page.gets().await;
        assert!(refused.starts_with(r#"430[{"code":"bad_request""#), "{argument}: {refused}");
    }
    // Where nobody looks it passes, and hides nothing.
    page.sends(r#"420["chat message",{"user":"Ali","text":"it is me","x":"\ud800"}]"#);
    let refused = page.gets().await;
    assert!(refused.starts_with(r#"430[{"code":"name_taken""#), "{refused}");
    page.sends(r#"42["chat message",{"text":"hi","x":"\ud800"}]"#);
    assert_eq!(other.gets().await, r#"42["chat message",{"text":"hi","x":"\ud800"}]"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn attachments_that_never_come_are_waited_for_as_any_message_is() {
    let scene = Scene::with(|settings| {
        settings.message_timeout = scene::ms(600);
        settings.heartbeat_seconds = scene::ms(100);
    });
    let mut page = scene.socketio().await;
    page.sends(r#"452-["chat message",{"_placeholder":true,"num":0}]"#);
    page.sends_raw(masked(2, b"one of two"));
    assert_eq!(within("the end", page.ends()).await, 1008);
    // Whoever goes on is waited for, however long it takes in all.
    let (page, mut other) = (scene.socketio().await, scene.socketio().await);
    let began = std::time::Instant::now();
    while began.elapsed() < scene::ms(1500) {
        page.sends(r#"451-["chat message",{"_placeholder":true,"num":0}]"#);
        page.sends_raw(masked(2, b"one"));
        other.gets().await;
        other.gets().await;
        page.sends("3");
        tokio::time::sleep(scene::ms(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_pinged_by_the_clock_is_not_pinged_at_once_and_is_missed_when_silent() {
    let scene = Scene::with(|settings| {
        settings.heartbeat_seconds = scene::ms(400);
        settings.heartbeat_timeout_seconds = scene::ms(300);
    });
    let mut raw = scene::Socket::open(scene.connect().await, &format!("{}websocket", scene::PATH), "").await;
    let began = std::time::Instant::now();
    assert!(matches!(raw.next().await, scene::Frame::Text(open) if open.starts_with('0')));
    raw.say("40").await;
    assert!(matches!(raw.next().await, scene::Frame::Text(connected) if connected.starts_with("40")));
    assert_eq!(within("a ping", raw.next()).await, scene::Frame::Text("2".to_owned()));
    assert!(began.elapsed() >= scene::ms(360), "{:?}", began.elapsed());
    // Talk is no answer.
    raw.say(r#"42["chat message","hi"]"#).await;
    assert!(matches!(raw.next().await, scene::Frame::Text(line) if line.contains("hi")));
    assert!(matches!(within("the end", raw.next()).await, scene::Frame::Close(..)));
}

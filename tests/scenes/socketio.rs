//! Pages of Socket.IO, unmodified, in the rooms of everybody else: the official chat example and its tutorial, pages that say
//! objects, the framework's own demo, rooms by name and by namespace.
#![cfg(not(feature = "conformance"))]

use charsu::config::Newcomers;
use serde_json::{Value, json};

use crate::scene::{self, Person, Scene, SocketIoPage, masked, within};

async fn hears(page: &mut SocketIoPage, event: &Value) {
    assert_eq!(&page.hears().await, event);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_chat_example_echoes_a_string_to_everybody() {
    let scene = Scene::start();
    let (mut first, mut second) = (scene.socketio().await, scene.socketio().await);
    first.emits("chat message", json!("hi"));
    for page in [&mut first, &mut second] {
        assert_eq!(page.gets().await, r#"42["chat message","hi"]"#);
    }
    first.sends(r#"42["nobody knows this",1]"#);
    second.emits("chat message", json!("\u{2028} سلام \" \\ </script>"));
    for page in [&mut first, &mut second] {
        hears(page, &json!(["chat message", "\u{2028} سلام \" \\ </script>"])).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wire_meets_in_one_room() {
    let scene = Scene::start();
    let mut page = scene.socketio().await;
    let mut ali = scene.person_in("general", "Ali").await;
    ali.says("general", "from Ali").await;
    hears(&mut page, &json!(["chat message", "Ali: from Ali"])).await;
    let mut tutorial = scene.one_segment("general").await;
    page.emits("chat message", json!({ "text": "from Bob", "user": "Bob", "more": [1] }));
    assert_eq!(tutorial.gets().await, json!({ "type": "message", "username": "Bob", "text": "from Bob" }));
    tutorial.says_as("Carol", "from Carol");
    // Whoever says objects is said objects.
    hears(&mut page, &json!(["chat message", { "text": "from Carol", "user": "Carol" }])).await;
    page.emits("chat message", json!("/msg Ali psst"));
    hears(&mut page, &json!(["chat message", "System: Private to Ali: psst"])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_goes_to_all_but_its_sender_as_it_was_written() {
    let scene = Scene::start();
    let (mut first, mut second) = (scene.socketio().await, scene.socketio().await);
    first.sends(r#"42["chat message",{"user" : "Ali","text":"hi","n":1.50,"deep":{"a":[null]}}]"#);
    first.emits("chat message", json!("and a string"));
    assert_eq!(second.gets().await, r#"42["chat message",{"user" : "Ali","text":"hi","n":1.50,"deep":{"a":[null]}}]"#);
    hears(&mut second, &json!(["chat message", "and a string"])).await;
    hears(&mut first, &json!(["chat message", "and a string"])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_no_text_passes_through_with_its_attachments() {
    let scene = Scene::start();
    let (mut first, mut second) = (scene.socketio().await, scene.socketio().await);
    let mut ali = scene.person_in("general", "Ali").await;
    first.sends(r#"42["chat message",{"image":"a.png"}]"#);
    first.sends(r#"42["chat message",7]"#);
    first.sends(r#"452-9["chat message",{"a":{"_placeholder":true,"num":1}},{"_placeholder":true,"num":0}]"#);
    first.sends_raw(masked(2, b"one"));
    first.sends_raw(masked(2, b"two"));
    assert_eq!(first.gets().await, "439[]");
    assert_eq!(second.gets().await, r#"42["chat message",{"image":"a.png"}]"#);
    assert_eq!(second.gets().await, r#"42["chat message",7]"#);
    assert_eq!(
        second.gets().await,
        r#"452-["chat message",{"a":{"_placeholder":true,"num":1}},{"_placeholder":true,"num":0}]"#
    );
    assert_eq!(second.gets().await, format!("{:?}", b"one"));
    assert_eq!(second.gets().await, format!("{:?}", b"two"));
    // Numbers have no holes for those who see none of it.
    ali.says("general", "done").await;
    hears(&mut second, &json!(["chat message", "Ali: done"])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tutorials_last_step_says_a_line_once_however_often_it_is_sent() {
    let scene = Scene::start();
    let mut page = scene.socketio_as(r#"40{"serverOffset":0}"#).await;
    let id = format!("{}-0", page.sid);
    let say = |n: u32, text: &str, id: &str| format!("42{n}{}", json!(["chat message", text, id]));
    page.sends(&say(0, "once", &id));
    let (ack, line) = (page.gets().await, page.hears().await);
    assert_eq!(ack, "430[]");
    assert_eq!(line[1], "once");
    assert!(line[2].is_u64(), "a row's number follows: {line}");
    page.sends(&say(1, "once", &id));
    assert_eq!(page.gets().await, "431[]");
    page.vanishes().await;
    // Over a new connection, where its sid is another one.
    let mut again = scene.socketio_as(r#"40{"serverOffset":0}"#).await;
    assert_ne!(format!("{}-0", again.sid), id);
    again.sends(&say(0, "once", &id));
    assert_eq!(again.gets().await, "430[]");
    again.sends(&say(1, "something else", &id));
    let refused = again.gets().await;
    assert!(refused.starts_with(r#"431[{"code":"id_conflict""#), "{refused}");
    again.sends(&say(2, "twice", "undefined-0"));
    assert_eq!(again.gets().await, "432[]");
    hears_text(&mut again, "twice").await;
    // An id of somebody's own is known within its connection, and nowhere else.
    again.sends(&say(3, "twice", "undefined-0"));
    assert_eq!(again.gets().await, "433[]");
    let mut other = scene.socketio().await;
    other.sends(&say(0, "twice", "undefined-0"));
    assert_eq!(other.gets().await, "430[]");
    hears_text(&mut again, "twice").await;
}

async fn hears_text(page: &mut SocketIoPage, text: &str) {
    assert_eq!(page.hears().await[1], text);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_counts_lines_gets_those_after_the_last_one() {
    let scene = Scene::with(|settings| settings.newcomers = Newcomers::Recent);
    let mut ali: Person = scene.person_in("general", "Ali").await;
    ali.says("general", "one").await;
    let mut page = scene.socketio_as(r#"40{"serverOffset":0}"#).await;
    let first = page.hears().await;
    assert_eq!(first[1], "Ali: one");
    ali.says("general", "two").await;
    let second = page.hears().await;
    assert_eq!(second[1], "Ali: two");
    page.vanishes().await;
    ali.says("general", "three").await;
    let mut back = scene.socketio_as(&format!("40{}", json!({ "serverOffset": second[2] }))).await;
    hears_text(&mut back, "Ali: three").await;
    // One that counts nothing begins empty, as the chat example does.
    let mut plain = scene.socketio().await;
    ali.says("general", "four").await;
    hears(&mut plain, &json!(["chat message", "Ali: four"])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_of_the_framework_runs_as_on_its_own_server() {
    let scene = Scene::start();
    let (mut ali, mut sara) = (scene.socketio().await, scene.socketio().await);
    ali.emits("add user", json!("Ali"));
    hears(&mut ali, &json!(["login", { "numUsers": 1 }])).await;
    sara.emits("add user", json!("Sara"));
    hears(&mut sara, &json!(["login", { "numUsers": 2 }])).await;
    hears(&mut ali, &json!(["user joined", { "username": "Sara", "numUsers": 2 }])).await;
    sara.sends(r#"42["typing"]"#);
    hears(&mut ali, &json!(["typing", { "username": "Sara" }])).await;
    sara.sends(r#"42["stop typing"]"#);
    hears(&mut ali, &json!(["stop typing", { "username": "Sara" }])).await;
    sara.emits("new message", json!("hello"));
    hears(&mut ali, &json!(["new message", { "username": "Sara", "message": "hello" }])).await;
    ali.emits("new message", json!("hello to you"));
    // Not its own line: the page has drawn that itself.
    hears(&mut sara, &json!(["new message", { "username": "Ali", "message": "hello to you" }])).await;
    let mut twin = scene.socketio().await;
    twin.emits("add user", json!("Ali"));
    hears(&mut twin, &json!(["login", { "numUsers": 3 }])).await;
    let told = twin.hears().await;
    assert_eq!(told[1]["username"], "System", "{told}");
    twin.vanishes().await;
    for page in [&mut ali, &mut sara] {
        let joined = page.hears().await;
        assert_eq!((joined[0].as_str(), joined[1]["numUsers"].as_u64()), (Some("user joined"), Some(3)));
        assert_ne!(joined[1]["username"], "Ali");
        assert_eq!(page.hears().await[0], "user left");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_is_chosen_by_auth_by_query_and_by_namespace() {
    let scene = Scene::start();
    let code = scene.opens_room().await;
    let mut by_auth = scene.socketio_as(&format!("40{}", json!({ "room": code, "name": "Ali" }))).await;
    let mut by_namespace = scene.socketio_page().await;
    by_namespace.connects(&format!("40/{code},")).await;
    let mut elsewhere = scene.socketio().await;
    by_namespace.sends(&format!(r#"42/{code},["chat message","hi"]"#));
    assert_eq!(by_namespace.gets().await, format!(r#"42/{code},["chat message","hi"]"#));
    assert_eq!(by_auth.gets().await, r#"42["chat message","hi"]"#);
    by_auth.emits("chat message", json!("hello"));
    assert_eq!(by_namespace.gets().await, format!(r#"42/{code},["chat message","Ali: hello"]"#));
    elsewhere.emits("chat message", json!("alone"));
    hears(&mut elsewhere, &json!(["chat message", "alone"])).await;
    // The main namespace of the same connection is another room.
    by_namespace.connects("40").await;
    elsewhere.emits("chat message", json!("together"));
    assert_eq!(by_namespace.gets().await, r#"42["chat message","together"]"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_namespace_that_is_no_existing_code_is_refused_in_the_known_words() {
    let scene = Scene::start();
    let mut page = scene.socketio_page().await;
    for (asked, namespace) in
        [("40/999999,", "/999999"), ("40/general,", "/general"), ("40/admin", "/admin"), ("40/1,", "/1")]
    {
        page.sends(asked);
        assert_eq!(page.gets().await, format!(r#"44{namespace},{{"message":"Invalid namespace"}}"#));
    }
    page.connects("40").await;
    let mut taken = scene.socketio_page().await;
    let _ali = scene.person_in("general", "Ali").await;
    taken.sends(r#"40{"name":"ali"}"#);
    let refused: Value = serde_json::from_str(taken.gets().await.strip_prefix("44").expect("a refusal")).expect("JSON");
    assert_eq!(refused["data"]["code"], "name_taken");
    assert!(refused["data"]["suggestion"].is_string(), "{refused}");
    taken.connects(r#"40{"name":"Bob"}"#).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rooms_are_joined_and_left_by_name() {
    let scene = Scene::start();
    let mut first = scene.socketio_as(r#"40{"name":"Ali"}"#).await;
    let mut second = scene.socketio().await;
    let mut sara = scene.person_in("side", "Sara").await;
    first.sends(r#"420["join","side"]"#);
    assert_eq!(first.gets().await, "430[]");
    second.sends(r#"420["join",{"room":"Side"}]"#);
    assert_eq!(second.gets().await, "430[]");
    first.sends(r#"42["room message",{"room":"side","text":"hi"}]"#);
    hears(&mut second, &json!(["room message", { "room": "side", "text": "hi" }])).await;
    sara.says("side", "from Sara").await;
    for page in [&mut first, &mut second] {
        hears(page, &json!(["room message", { "room": "side", "user": "Sara", "text": "from Sara" }])).await;
    }
    second.sends(r#"421["leave","side"]"#);
    assert_eq!(second.gets().await, "431[]");
    second.sends(r#"422["room message",{"room":"side","text":"too late"}]"#);
    let refused = second.gets().await;
    assert!(refused.starts_with(r#"432[{"code":"not_in_room""#), "{refused}");
    second.emits("chat message", json!("still here"));
    hears(&mut first, &json!(["chat message", "still here"])).await;
}

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
async fn a_namespace_is_left_and_the_session_goes_on() {
    let scene = Scene::start();
    let mut page = scene.socketio_as(r#"40{"name":"Ali"}"#).await;
    let mut other = scene.socketio().await;
    other.emits("add user", json!("Sara"));
    hears(&mut other, &json!(["login", { "numUsers": 2 }])).await;
    page.sends("41");
    hears(&mut other, &json!(["user left", { "username": "Ali", "numUsers": 1 }])).await;
    // The name is free at once.
    page.connects(r#"40{"name":"Ali"}"#).await;
    hears(&mut other, &json!(["user joined", { "username": "Ali", "numUsers": 2 }])).await;
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

/// Each kind of page hears a line of each other kind in the event that it listens to.
#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_page_hears_every_other() {
    let scene = Scene::start();
    let connect = r#"40{"room":"all"}"#;
    let mut plain = scene.socketio_as(connect).await;
    let mut object = scene.socketio_as(connect).await;
    object.sends(r#"420["chat message",{"text":"first","user":"Olga"}]"#);
    assert_eq!(object.gets().await, "430[]");
    assert_eq!(plain.gets().await, r#"42["chat message",{"text":"first","user":"Olga"}]"#);
    let mut demo = scene.socketio_as(connect).await;
    demo.emits("add user", json!("Dana"));
    hears(&mut demo, &json!(["login", { "numUsers": 1 }])).await;
    let mut rooms = scene.socketio().await;
    rooms.sends(r#"420["join","all"]"#);
    assert_eq!(rooms.gets().await, "430[]");
    plain.emits("chat message", json!("from plain"));
    hears(&mut plain, &json!(["chat message", "from plain"])).await;
    hears(&mut object, &json!(["chat message", "from plain"])).await;
    hears(&mut demo, &json!(["new message", { "username": "Guest", "message": "from plain" }])).await;
    hears(&mut rooms, &json!(["room message", { "room": "all", "user": "", "text": "from plain" }])).await;
    let said = json!({ "user": "Olga", "text": "from object" });
    object.emits("chat message", said.clone());
    // It has shown that it speaks in strings, and would draw an object as [object Object].
    hears(&mut plain, &json!(["chat message", "Olga: from object"])).await;
    hears(&mut demo, &json!(["new message", { "username": "Olga", "message": "from object" }])).await;
    hears(&mut rooms, &json!(["room message", { "room": "all", "user": "Olga", "text": "from object" }])).await;
    demo.emits("new message", json!("from demo"));
    hears(&mut plain, &json!(["chat message", "Dana: from demo"])).await;
    hears(&mut object, &json!(["chat message", { "text": "from demo", "user": "Dana" }])).await;
    hears(&mut rooms, &json!(["room message", { "room": "all", "user": "Dana", "text": "from demo" }])).await;
    let mut second = scene.socketio().await;
    second.sends(r#"420["join","all"]"#);
    assert_eq!(second.gets().await, "430[]");
    let said = json!({ "room": "all", "user": "Rosa", "text": "from rooms", "mood": "sunny" });
    rooms.emits("room message", said.clone());
    hears(&mut plain, &json!(["chat message", "Rosa: from rooms"])).await;
    hears(&mut object, &json!(["chat message", { "text": "from rooms", "user": "Rosa" }])).await;
    hears(&mut demo, &json!(["new message", { "username": "Rosa", "message": "from rooms" }])).await;
    hears(&mut second, &json!(["room message", said])).await;
    // What has no text goes to those who know its event, and to nobody else.
    object.emits("chat message", json!({ "picture": 1 }));
    hears(&mut plain, &json!(["chat message", { "picture": 1 }])).await;
    rooms.emits("room message", json!({ "room": "all", "picture": 2 }));
    hears(&mut second, &json!(["room message", { "room": "all", "picture": 2 }])).await;
    plain.emits("chat message", json!("done"));
    for page in [&mut plain, &mut object] {
        hears(page, &json!(["chat message", "done"])).await;
    }
    hears(&mut demo, &json!(["new message", { "username": "Guest", "message": "done" }])).await;
    for page in [&mut rooms, &mut second] {
        hears(page, &json!(["room message", { "room": "all", "user": "", "text": "done" }])).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_of_another_life_of_a_room_is_known_as_one() {
    let scene = Scene::in_memory(|settings| settings.newcomers = Newcomers::Recent);
    let mut page = scene.socketio_as(r#"40{"serverOffset":0}"#).await;
    let mut ali: Person = scene.person_in("general", "Ali").await;
    ali.says("general", "before").await;
    let seen = page.hears().await;
    assert_eq!(seen[1], "Ali: before");
    page.vanishes().await;
    let _memory = ali.vanishes().await;
    let scene = scene.starts_again(|_| ()).await;
    // The new life is soon longer than what the page saw of the old one.
    let mut ali: Person = scene.person_in("general", "Ali").await;
    for n in 0..20 {
        ali.says("general", &format!("after {n}")).await;
    }
    let connect = format!("40{}", json!({ "serverOffset": seen[2] }));
    let mut back = scene.socketio_as(&connect).await;
    let told = back.hears().await;
    assert!(told[1].as_str().is_some_and(|words| words.contains("began anew")), "{told}");
    for n in 0..20 {
        let line = back.hears().await;
        assert_eq!(line[1], format!("Ali: after {n}"));
        assert!(line[2].as_u64() > told[2].as_u64() && line[2].as_u64() < Some(1 << 53), "{line}");
    }
}

/// The tutorial's page takes the last argument of whatever comes for the number to go on from.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_server_itself_says_leaves_a_page_its_place() {
    let scene = Scene::with(|settings| settings.newcomers = Newcomers::None);
    let mut page = scene.socketio_as(r#"40{"serverOffset":0}"#).await;
    let mut ali: Person = scene.person_in("general", "Ali").await;
    ali.says("general", "one").await;
    let first = page.hears().await;
    page.emits("chat message", json!(" "));
    let refused = page.hears().await;
    assert!(refused[1].as_str().is_some_and(|words| words.starts_with("System: ")), "{refused}");
    assert_eq!(refused[2], first[2], "{refused}");
    page.vanishes().await;
    ali.says("general", "two").await;
    let mut back = scene.socketio_as(&format!("40{}", json!({ "serverOffset": first[2] }))).await;
    let gap = back.hears().await;
    assert!(gap[1].as_str().is_some_and(|words| words.contains("missing")), "{gap}");
    back.vanishes().await;
    // Nothing came after that, so nothing is missing.
    let mut again = scene.socketio_as(&format!("40{}", json!({ "serverOffset": gap[2] }))).await;
    ali.says("general", "three").await;
    assert_eq!(again.hears().await[1], "Ali: three");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_takes_a_name_stays_in_the_room_however_many_codes_were_guessed() {
    let scene = Scene::start();
    let code = scene.opens_room().await;
    let mut page = scene.socketio_as(&format!("40{}", json!({ "room": code }))).await;
    let mut raw = scene.connect().await;
    while raw.get("/api/rooms/999999", "").await.status != 429 {}
    page.emits("add user", json!("Ali"));
    hears(&mut page, &json!(["login", { "numUsers": 1 }])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_a_name_already_is_welcomed_as_a_page_of_the_demo() {
    let scene = Scene::start();
    let mut page = scene.socketio_as(r#"40{"name":"Ali"}"#).await;
    for id in 0..2 {
        page.sends(&format!(r#"42{id}["add user","Bob"]"#));
        if id == 0 {
            hears(&mut page, &json!(["login", { "numUsers": 1 }])).await;
        }
        assert_eq!(page.gets().await, format!("43{id}[]"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_refused_a_name_is_told_so_in_the_acknowledgement_and_may_try_again() {
    let scene = Scene::with(|settings| settings.members_per_room = 1);
    let code = scene.opens_room().await;
    let mut page = scene.socketio_as(&format!("40{}", json!({ "room": code }))).await;
    // Out of its room, and somebody else is in.
    page.sends(&format!(r#"420["leave","{code}"]"#));
    assert_eq!(page.gets().await, "430[]");
    let other = scene.socketio_as(&format!("40{}", json!({ "room": code }))).await;
    page.sends(r#"421["add user","Ali"]"#);
    let refused = page.gets().await;
    assert!(refused.starts_with(r#"431[{"code":"room_full""#), "{refused}");
    other.vanishes().await;
    scene::until("the other is gone", || scene.app.hub.connections() == 1).await;
    page.sends(r#"422["add user","Ali"]"#);
    assert_eq!(page.gets().await, "432[]");
    hears(&mut page, &json!(["login", { "numUsers": 1 }])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_leave_is_acknowledged_also_a_second_one() {
    let scene = Scene::start();
    let mut page = scene.socketio_as(r#"40{"room":"here"}"#).await;
    page.sends(r#"420["join","side"]"#);
    assert_eq!(page.gets().await, "430[]");
    page.sends_at_once(
        ["here", "side"]
            .into_iter()
            .enumerate()
            .flat_map(|(n, room)| (0..2).map(move |again| format!(r#"42{}["leave","{room}"]"#, 2 * n + again + 1))),
    );
    for id in 1..5 {
        let answer = page.gets().await;
        if id % 2 == 1 {
            assert_eq!(answer, format!("43{id}[]"));
        } else {
            assert!(answer.starts_with(&format!(r#"43{id}[{{"code":"not_in_room""#)), "{answer}");
        }
    }
}

/// Its lines would come in the main namespace, where nobody may be.
#[tokio::test(flavor = "multi_thread")]
async fn rooms_are_joined_by_name_in_the_main_namespace_only() {
    let scene = Scene::start();
    let code = scene.opens_room().await;
    let mut page = scene.socketio_page().await;
    page.connects(&format!("40/{code},")).await;
    page.sends(&format!(r#"42/{code},0["join","side"]"#));
    let refused = page.gets().await;
    assert!(refused.starts_with(&format!(r#"43/{code},0[{{"code":"bad_request""#)), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_was_said_is_known_again_when_no_more_can_be_remembered() {
    // Two for each connection that may be.
    let scene = Scene::with(|settings| settings.connections = 3);
    let page = scene.socketio().await;
    let mut other = scene.socketio().await;
    let id = format!("{}-0", page.sid);
    page.sends(&format!("420{}", json!(["chat message", "once", id])));
    hears(&mut other, &json!(["chat message", "once"])).await;
    page.vanishes().await;
    while scene.app.hub.session_count() < 6 {
        other.sends(&format!("420{}", json!(["chat message", "more", format!("{}-0", other.sid)])));
        let both = [other.gets().await, other.gets().await];
        assert!(both.contains(&"430[]".to_owned()), "{both:?}");
        other.sends("41");
        other.connects("40").await;
    }
    let mut again = scene.socketio().await;
    again.sends(&format!("420{}", json!(["chat message", "once", id])));
    assert_eq!(again.gets().await, "430[]");
    // Better unsaid than twice.
    for id in [format!("{}-0", again.sid), "my own".to_owned()] {
        again.sends(&format!("421{}", json!(["chat message", "new", id])));
        let refused = again.gets().await;
        assert!(refused.starts_with(r#"431[{"code":"server_full""#), "{refused}");
    }
    again.emits("chat message", json!("and on"));
    hears(&mut other, &json!(["chat message", "and on"])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_makes_few_sessions_however_many_ids_it_was_given() {
    let scene = Scene::start();
    let mut page = scene.socketio().await;
    for n in 0..12 {
        page.sends(&format!("42{n}{}", json!(["chat message", "hi", format!("{}-0", page.sid)])));
        let both = [page.gets().await, page.gets().await];
        assert!(both.contains(&format!("43{n}[]")), "{both:?}");
        page.sends("41");
        page.connects("40").await;
    }
    assert!(scene.app.hub.session_count() <= 9, "{}", scene.app.hub.session_count());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_line_that_is_sent_again_counts_though_its_receiver_is_gone() {
    let scene = Scene::start();
    let mut page = scene.socketio().await;
    let mut sara = scene.person_in("general", "Sara").await;
    let lines = [json!("/msg Sara psst"), json!({ "text": "/msg Sara psst" })];
    for (n, line) in lines.iter().enumerate() {
        page.sends(&format!("42{n}{}", json!(["chat message", line, format!("id {n}")])));
        // The answer and the line, in which order it is.
        let both = [page.gets().await, page.gets().await];
        assert!(
            both.contains(&format!("43{n}[]")) && both.iter().any(|one| one.contains("Private to Sara")),
            "{both:?}"
        );
        sara.hears("private").await;
    }
    sara.leaves("general").await;
    for (n, line) in lines.iter().enumerate() {
        page.sends(&format!("42{n}{}", json!(["chat message", line, format!("id {n}")])));
        assert_eq!(page.gets().await, format!("43{n}[]"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_line_in_an_object_reaches_one_person() {
    let scene = Scene::start();
    let (mut page, mut other) = (scene.socketio().await, scene.socketio().await);
    let mut sara = scene.person_in("general", "Sara").await;
    page.emits("chat message", json!({ "text": "/msg Sara secret" }));
    assert_eq!(sara.hears("private").await["text"], "secret");
    hears(&mut page, &json!(["chat message", { "text": "Private to Sara: secret", "user": "System" }])).await;
    page.sends(r#"420["chat message",{"text":"/nonsense"}]"#);
    assert!(page.gets().await.starts_with(r#"430[{"code":"unknown_command""#));
    page.emits("chat message", json!("for all"));
    hears(&mut other, &json!(["chat message", "for all"])).await;
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
async fn nobody_writes_under_a_claimed_name() {
    let scene = Scene::start();
    let _ali = scene.person_in("general", "Ali").await;
    let (mut page, mut other) = (scene.socketio_as(r#"40{"name":"Bob"}"#).await, scene.socketio().await);
    page.sends(r#"420["chat message",{"text":"it is me","user":"ALI"}]"#);
    let refused = page.gets().await;
    assert!(refused.starts_with(r#"430[{"code":"name_taken""#), "{refused}");
    page.sends(r#"42["chat message",{"text":"me","user":"Bob"}]"#);
    hears(&mut other, &json!(["chat message", { "text": "me", "user": "Bob" }])).await;
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

//! Pages that others wrote for their tutorials' servers, unmodified, in one room with each other and with people of our own.
//! What each may be sent is a closed list.

use std::time::Duration;

use serde_json::{Value, json};

use crate::scene::{Scene, TutorialPage, until};

const TAKEN: &str = "A person with the same name already exists in this room";

/// Joins by one line of the path, with whatever stands behind it.
async fn page_on(scene: &Scene, path: &str) -> TutorialPage {
    TutorialPage::open(scene.connect().await, path).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_one_segment_tutorial_runs_as_on_its_own_server() {
    let scene = Scene::start();
    let mut first = scene.one_segment_page("general").await;
    assert_eq!(first.gets().await, json!({ "type": "system", "message": "A user joined the chat" }), "the joiner too");
    let mut second = scene.one_segment_page("general").await;
    for page in [&mut first, &mut second] {
        assert_eq!(page.gets().await, json!({ "type": "system", "message": "A user joined the chat" }));
    }
    first.says_as("Alice", "Hi!");
    for page in [&mut first, &mut second] {
        assert_eq!(page.gets().await, json!({ "type": "message", "username": "Alice", "text": "Hi!" }));
    }
    second.sends(r#"{"text":"no name"}"#);
    for page in [&mut first, &mut second] {
        assert_eq!(page.gets().await, json!({ "type": "message", "username": "Anonymous", "text": "no name" }));
    }
    second.closes(None);
    assert_eq!(first.gets().await, json!({ "type": "system", "message": "A user left the chat" }));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_tutorial_tabs_that_both_call_themselves_user_hear_each_other() {
    let scene = Scene::start();
    let (mut first, mut second) = (scene.one_segment("general").await, scene.one_segment("general").await);
    first.says_as("User", "from the first");
    second.gets_until("from the first").await;
    second.says_as("User", "from the second");
    let line = json!({ "type": "message", "username": "User", "text": "from the second" });
    assert_eq!(first.gets_until("from the second").await.last(), Some(&line));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_two_segment_programs_run_as_on_their_own_servers() {
    let scene = Scene::start();
    // The page makes the code itself and just connects.
    let mut alice = scene.two_segment_page("408213", "Alice").await;
    let users =
        |names: &[&str]| json!({ "type": "users", "users": names, "online_users": names, "count": names.len() });
    assert_eq!(alice.gets().await, users(&["Alice"]), "no join notice to the joiner");
    let mut bob = scene.two_segment_page("408213", "Bob").await;
    assert_eq!(bob.gets().await, users(&["Alice", "Bob"]));
    assert_eq!(alice.gets().await, json!({ "type": "system", "message": "Bob joined the room" }));
    assert_eq!(alice.gets().await, users(&["Alice", "Bob"]));

    alice.says("hello");
    for page in [&mut alice, &mut bob] {
        let mut line = page.gets().await;
        let at = line.as_object_mut().and_then(|line| line.remove("timestamp")).expect("when");
        assert!(at.as_u64().is_some_and(|at| at > 1_700_000_000_000), "{at}");
        let wanted = json!({
            "type": "message", "name": "Alice", "username": "Alice", "client_id": "Alice", "sender": "Alice",
            "message": "hello", "text": "hello", "content": "hello", "room": "408213",
        });
        assert_eq!(line, wanted, "the fields of every such program at once");
    }
    bob.closes(None);
    assert_eq!(alice.gets().await, json!({ "type": "system", "message": "Bob left the room" }));
    assert_eq!(alice.gets().await, users(&["Alice"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_name_gets_the_exact_error_and_then_a_normal_close() {
    let scene = Scene::start();
    let mut alice = scene.two_segment("408213", "Alice").await;
    for name in ["Alice", "alice", "ALICE", "Αlice"] {
        let mut other = scene.two_segment_page("408213", name).await;
        assert_eq!(other.gets().await, json!({ "type": "error", "message": TAKEN }), "{name}");
        assert_eq!(other.is_closed().await.0, 1000);
    }
    // Nobody noticed.
    alice.says("done");
    assert_eq!(alice.gets().await["text"], "done");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_cannot_be_is_told_as_the_servers_own_words() {
    let scene = Scene::start();
    for (name, part) in [("System", "kept for the server"), (&"a".repeat(33), "too long"), ("\u{200b}", "visible")] {
        let mut page = scene.two_segment_page("general", name).await;
        let told = page.is_told().await;
        assert!(told.contains(part), "{name:?}: {told}");
        assert_eq!(page.is_closed().await.0, 4400);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_text_may_have_any_of_its_usual_names_or_none() {
    let scene = Scene::start();
    let mut alice = scene.two_segment("general", "Alice").await;
    for (n, frame) in [
        "raw text".to_owned(),
        r#"{"message":"in message"}"#.to_owned(),
        r#"{"text":"in text"}"#.to_owned(),
        r#"{"content":"in content"}"#.to_owned(),
        r#"{"msg":"in msg"}"#.to_owned(),
        r#"{"type":"message","client_id":"7","room":"general","text":"with more"}"#.to_owned(),
        r#" {"type":"chat","username":"Eve","message":"the path names the speaker"}"#.to_owned(),
        "[1,2]".to_owned(),
        "\"quoted\"".to_owned(),
        "12".to_owned(),
    ]
    .into_iter()
    .enumerate()
    {
        alice.sends(&frame);
        let line = alice.gets().await;
        assert_eq!(line["type"], "message", "{n} {frame}: {line}");
        assert_eq!(line["name"], "Alice", "{frame}");
        let said = line["text"].as_str().expect("a text");
        assert!(frame.contains(said), "{frame} became {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_of_other_types_are_ignored_as_those_programs_do() {
    let scene = Scene::start();
    let mut alice = scene.two_segment("general", "Alice").await;
    for kind in ["join", "leave", "ping", "system", "users", "error", "Message", ""] {
        alice.sends(&json!({ "type": kind, "message": "not said" }).to_string());
    }
    alice.says("done");
    assert_eq!(alice.gets().await["text"], "done");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_that_cannot_be_read_is_told_and_the_page_stays() {
    let scene = Scene::start();
    let (mut one, mut two) = (scene.one_segment("general").await, scene.two_segment("general", "Alice").await);
    for frame in ["{", r#"{"text":5}"#, r#"{"text":"a""#, r#"{"type":"message"}"#, r#"{"username":"x"}"#] {
        two.sends(frame);
        two.is_told().await;
    }
    assert_eq!(one.is_told().await, "A user joined the chat", "the other page");
    one.sends("not JSON at all");
    assert!(one.is_told().await.contains("not understood"));
    for frame in
        ["[]", "null", r#"{"username":"Alice"}"#, r#"{"username":5,"text":"x"}"#, r#"{"text":null}"#, "\u{feff}{}"]
    {
        one.sends(frame);
        assert!(one.gets().await["type"] == "system", "{frame}");
    }
    one.says_as("Visitor", "still here");
    two.gets_until("still here").await;
    one.gets_until("still here").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_sent_only_what_their_dialect_has() {
    let scene = Scene::with(|settings| settings.grace = Duration::from_millis(1));
    let (mut one, mut two) = (scene.one_segment("general").await, scene.two_segment("general", "Tutor").await);
    let (mut ali, mut sara) = (scene.person_in("general", "Ali").await, scene.person_in("general", "Sara").await);
    // Everything that can happen happens.
    ali.sends(&json!({ "type": "typing", "room": "general", "on": true }));
    sara.hears("typing").await;
    let to = sara.number("general");
    ali.asks(json!({ "type": "private", "room": "general", "to": to, "text": "secret" })).await;
    ali.says("general", "/msg Tutor for the page").await;
    two.says("/msg Sara from the page");
    two.says("/msg Nobody x");
    two.says("/shrug");
    two.says("\u{200b}");
    two.says(&"x".repeat(4001));
    two.says("that was all");
    sara.hears_line("that was all").await;
    sara.vanishes().await;
    ali.hears("leave").await;
    ali.says("general", "the end").await;

    let frames = one.gets_until("the end").await;
    for frame in &frames {
        let fields: Vec<&String> = frame.as_object().expect("an object").keys().collect();
        match frame["type"].as_str() {
            Some("message") => assert_eq!(fields, ["text", "type", "username"], "{frame}"),
            Some("system") => assert_eq!(fields, ["message", "type"], "{frame}"),
            other => panic!("a one-segment page got {other:?}"),
        }
        assert!(!frame.to_string().contains("secret") && !frame.to_string().contains("page"), "{frame}");
    }
    let frames = two.gets_until("the end").await;
    for frame in &frames {
        assert!(matches!(frame["type"].as_str(), Some("message" | "system" | "users")), "{frame}");
        assert!(!frame.to_string().contains("secret"), "{frame}");
    }
    let told: Vec<&str> =
        frames.iter().filter(|frame| frame["type"] == "system").filter_map(|frame| frame["message"].as_str()).collect();
    for words in [
        "Private from Ali: for the page",
        "Private to Sara: from the page",
        "Nobody called Nobody is in the room.",
        "There is no such command. To say a line that begins with a slash, write two.",
        "There is nothing to send.",
        "That is too long to send: at most 4000 characters. Split it.",
    ] {
        assert!(told.contains(&words), "{words:?} in {told:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn typing_reaches_a_one_segment_page_only_once_it_sent_typing_itself() {
    let scene = Scene::start();
    let mut page = scene.one_segment("general").await;
    let mut two = scene.two_segment("general", "Tutor").await;
    let mut ali = scene.person_in("general", "Ali").await;
    let typing = |on: bool| json!({ "type": "typing", "room": "general", "on": on });
    ali.sends(&typing(true));
    ali.says("general", "first").await;
    assert!(!page.gets_until("first").await.iter().any(|frame| frame["type"] == "typing"));

    page.sends(r#"{"type":"typing","username":"Visitor"}"#);
    let heard = ali.hears("typing").await;
    assert_eq!(heard["on"], true);
    ali.sends(&typing(true));
    assert_eq!(page.gets().await, json!({ "type": "typing", "username": "Ali" }), "in the tutorial's own shape");
    ali.sends(&typing(false));
    ali.says("general", "second").await;
    assert_eq!(page.gets_until("second").await.len(), 1, "the dialect has no end of typing");
    page.says_as("Visitor", "done");
    assert!(!two.gets_until("done").await.iter().any(|frame| frame["type"] == "typing"));
    // The page is listed by the name that it goes by.
    let people = ali.asks(json!({ "type": "people", "room": "general" })).await;
    assert_eq!(people["members"][0], json!({ "id": 1, "name": "Visitor", "guest": true }));
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_both_dialects_and_our_own_people_meet_in_one_room() {
    let scene = Scene::start();
    let code = scene.opens_room().await;
    let mut ali = scene.person_in(&code, "Ali").await;
    let mut one = scene.one_segment(&code).await;
    let mut two = scene.two_segment(&code, "Tutor").await;
    ali.says(&code, "from Ali").await;
    one.says_as("Visitor", "from one");
    two.says("from two");
    let mut lines = Vec::new();
    while lines.len() < 3 {
        let line = ali.hears("message").await;
        lines.push((line["name"].clone(), line["text"].clone(), line["guest"].clone()));
    }
    lines.sort_by_key(|(_, text, _)| text.to_string());
    let line = |name: &str, text: &str, guest: Value| (json!(name), json!(text), guest);
    assert_eq!(
        lines,
        [
            line("Ali", "from Ali", Value::Null),
            line("Visitor", "from one", json!(true)),
            line("Tutor", "from two", Value::Null)
        ]
    );
    one.gets_until("from Ali").await;
    two.gets_until("from Ali").await;
    // The list of people has them all.
    let people = ali.asks(json!({ "type": "people", "room": code })).await;
    assert_eq!(people["count"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_one_segment_page_may_claim_a_name_in_its_address() {
    let scene = Scene::start();
    let mut ali = scene.person_in("general", "Ali").await;
    let mut page = page_on(&scene, "/ws/general?name=Sara%20B").await;
    page.is_told().await;
    assert_eq!(ali.hears("join").await["member"], json!({ "id": 2, "name": "Sara B" }));
    page.says_as("Somebody else", "hello");
    let line = ali.hears_line("hello").await;
    assert_eq!((&line["name"], &line["guest"]), (&json!("Sara B"), &Value::Null), "the claimed name counts");
    assert_eq!(scene.person("sara b").await.tries_to_join("general").await["code"], "name_taken");

    let mut taken = page_on(&scene, "/ws/general?name=ali").await;
    assert!(taken.is_told().await.contains("Free: ali 2"));
    assert_eq!(taken.is_closed().await.0, 4409);
}

#[tokio::test(flavor = "multi_thread")]
async fn names_and_rooms_in_a_path_are_read_as_pages_write_them() {
    let scene = Scene::start();
    for (path, room, name) in [
        ("/ws/general/Ali%20Reza", "general", "Ali Reza"),
        ("/ws/general/%D8%B9%D9%84%DB%8C", "general", "علی"),
        ("/ws/%DA%A9%D9%84%D8%A7%D8%B3/100%", "کلاس", "100%"),
        ("/ws/General/and/or", "general", "and/or"),
        ("/ws/general/a+b", "general", "a+b"),
    ] {
        let mut page = page_on(&scene, path).await;
        let users = page.gets().await;
        assert_eq!(users["users"].as_array().and_then(|users| users.last()), Some(&json!(name)), "{path}: {users}");
        page.says("where am I");
        assert_eq!(page.gets_until("where am I").await[0]["room"], room, "{path}");
        page.closes(None);
        page.is_closed().await;
        scene.connections(0).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_is_no_room_is_told_and_closed() {
    let scene = Scene::start();
    for path in ["/ws/%E2%80%AEevil", "/ws/%00x", "/ws/a%2Fb", &format!("/ws/{}", "x".repeat(65))] {
        if path.contains("%00") {
            assert_eq!(scene.get(path).await.status, 400, "{path}");
            continue;
        }
        let mut page = page_on(&scene, path).await;
        page.is_told().await;
        assert_eq!(page.is_closed().await.0, 4400, "{path}");
    }
    // `/ws` alone is for our own wire.
    let mut nowhere = page_on(&scene, "/ws").await;
    assert_eq!(nowhere.is_closed().await.0, 4400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_opens_codes_only_as_many_as_its_address_may() {
    let scene = Scene::with(|settings| {
        settings.dialect_codes_per_address = 3;
        settings.room_idle = Duration::from_millis(1);
    });
    let mut pages = Vec::new();
    for n in 0..3 {
        pages.push(scene.two_segment(&format!("40000{n}"), "Alice").await);
    }
    let mut refused = scene.two_segment_page("400009", "Alice").await;
    assert!(refused.is_told().await.contains("opened too many rooms"));
    refused.is_closed().await;
    // To come into one that is open costs nothing, and another address has its own.
    let mut bob = scene.two_segment_page("400001", "Bob").await;
    assert_eq!(bob.gets().await["count"], 2);
    let elsewhere = scene.connect_from("127.0.0.9").await;
    let mut other = TutorialPage::open(elsewhere, "/ws/400009/Alice").await;
    assert_eq!(other.gets().await["type"], "users");
    // Free again when the room has ended.
    pages.pop().expect("three").vanishes().await;
    until("the room to end", || scene.app.hub.room_count() == 3).await;
    scene.two_segment("400008", "Alice").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_operator_refuses_it_a_page_opens_no_code() {
    let scene = Scene::with(|settings| settings.dialect_codes = false);
    let mut page = scene.two_segment_page("408213", "Alice").await;
    assert!(page.is_told().await.contains("No room has this code"));
    page.is_closed().await;
    let code = scene.opens_room().await;
    scene.two_segment(&code, "Alice").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_talks_too_fast_is_told_and_keeps_its_order() {
    let scene = Scene::start();
    let mut page = scene.one_segment("general").await;
    page.sends_at_once((0..60).map(|n| json!({ "username": "User", "text": format!("{n}") }).to_string()));
    let (mut said, mut told) = (Vec::new(), 0);
    while said.len() + told < 60 {
        let frame = page.gets().await;
        match frame["type"].as_str() {
            Some("message") => said.push(frame["text"].as_str().and_then(|text| text.parse().ok()).unwrap_or(0)),
            _ => told += 1,
        }
    }
    assert!((40..55).contains(&said.len()), "{} of 60 within a burst of 40", said.len());
    assert_eq!(said, (0..said.len()).collect::<Vec<_>>(), "the first ones, and none after a refused one");
}

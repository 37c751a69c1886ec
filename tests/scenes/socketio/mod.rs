//! Pages of Socket.IO, unmodified, in the rooms of everybody else: the official chat example and its tutorial, pages that say
//! objects, the framework's own demo, rooms by name and by namespace.
#![cfg(not(feature = "conformance"))]

mod entering;
mod once;
mod packets;

use serde_json::{Value, json};

use crate::scene::{Scene, SocketIoPage, masked};

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

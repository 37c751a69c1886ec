//! Where a page of Socket.IO is: the room that it asks for, rooms that it joins by name, and the namespaces of one connection.

use serde_json::{Value, json};

use super::hears;
use crate::scene::{self, Scene};

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

//! Pages of Socket.IO whose connection broke, in a namespace where it is recovered: the same member, and what was missed, once.
//! Or, where that cannot be said truly, somebody new.
#![cfg(not(feature = "conformance"))]

use charsu::config::{Newcomers, Settings};
use serde_json::{Value, json};

use crate::scene::{Person, Scene, SocketIoPage, masked, ms, until, within};

fn recovering(settings: &mut Settings) {
    settings.socketio_recovery = Some("/".to_owned());
    settings.newcomers = Newcomers::None;
}

/// What a page's library remembers.
#[derive(Debug, Clone, PartialEq)]
struct Memory {
    sid: String,
    pid: String,
    offset: Option<String>,
}

impl Memory {
    /// With what it asks for its namespace again.
    fn packet(&self) -> String {
        format!("40{}", json!({ "pid": self.pid, "offset": self.offset }))
    }

    /// Takes note of an event, as the library does.
    fn note(&mut self, event: &Value) {
        if let Some(Value::String(offset)) = event.as_array().expect("an event").last() {
            self.offset = Some(offset.clone());
        }
    }
}

/// A page that connects, and what it is told. It may be somebody new, or the one that it was.
async fn connects(scene: &Scene, packet: &str) -> (SocketIoPage, Memory) {
    let mut page = scene.socketio_page().await;
    page.sends(packet);
    let memory = welcome(&mut page).await;
    (page, memory)
}

async fn welcome(page: &mut SocketIoPage) -> Memory {
    let answer = page.gets().await;
    let told: Value = serde_json::from_str(&answer[answer.find('{').expect("an object")..]).expect("JSON");
    assert!(answer.starts_with("40"), "{answer}");
    let text = |name: &str| told[name].as_str().unwrap_or_else(|| panic!("no {name}: {answer}")).to_owned();
    Memory { sid: text("sid"), pid: text("pid"), offset: None }
}

/// The next line, which the page's library takes note of.
async fn hears(page: &mut SocketIoPage, memory: &mut Memory) -> Value {
    let mut event = page.hears().await;
    memory.note(&event);
    let offset = event.as_array_mut().and_then(Vec::pop);
    assert!(offset.is_some_and(|offset| offset.as_str().is_some_and(|offset| offset.contains('-'))), "{event}");
    event
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_comes_back_as_if_it_had_not_been_away() {
    let scene = Scene::with(recovering);
    let mut sara: Person = scene.person_in("general", "Sara").await;
    let (mut page, mut memory) = connects(&scene, r#"40{"name":"Ali"}"#).await;
    sara.hears("join").await;
    let began = memory.clone();
    sara.says("general", "one").await;
    assert_eq!(hears(&mut page, &mut memory).await, json!(["chat message", "Sara: one"]));
    for round in 0..3 {
        page.vanishes().await;
        let missed = [format!("two {round}"), format!("/msg Ali three {round}"), format!("four {round}")];
        for line in &missed {
            sara.says("general", line).await;
        }
        let again;
        (page, again) = connects(&scene, &memory.packet()).await;
        assert_eq!((&again.sid, &again.pid), (&began.sid, &began.pid), "it is the same");
        for words in [
            format!("Sara: two {round}"),
            format!("System: Private from Sara: three {round}"),
            format!("Sara: four {round}"),
        ] {
            assert_eq!(hears(&mut page, &mut memory).await, json!(["chat message", words]));
        }
        // What comes next is what is said next, under the name that it had.
        page.emits("chat message", json!("back"));
        assert_eq!(hears(&mut page, &mut memory).await, json!(["chat message", "Ali: back"]));
        let heard = sara.hears_until("back").await;
        assert!(!heard.iter().any(|event| event["type"] == "leave" || event["type"] == "join"), "{heard:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_told_nothing_yet_goes_on_from_where_it_came_in() {
    let scene = Scene::with(recovering);
    let mut sara: Person = scene.person_in("general", "Sara").await;
    sara.says("general", "before its time").await;
    let (page, memory) = connects(&scene, "40").await;
    page.vanishes().await;
    sara.says("general", "first").await;
    let (mut page, mut again) = connects(&scene, &format!("40{}", json!({ "pid": memory.pid }))).await;
    assert_eq!(again, memory);
    assert_eq!(hears(&mut page, &mut again).await, json!(["chat message", "Sara: first"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_server_says_itself_is_no_place_to_lose() {
    let scene = Scene::with(recovering);
    let mut sara: Person = scene.person_in("general", "Sara").await;
    let (mut page, mut memory) = connects(&scene, "40").await;
    sara.says("general", "one").await;
    hears(&mut page, &mut memory).await;
    page.emits("chat message", json!(" "));
    let refused = hears(&mut page, &mut memory).await;
    assert!(refused[1].as_str().is_some_and(|words| words.starts_with("System: ")), "{refused}");
    page.vanishes().await;
    sara.says("general", "two").await;
    let (mut page, again) = connects(&scene, &memory.packet()).await;
    assert_eq!(again.pid, memory.pid);
    assert_eq!(hears(&mut page, &mut memory).await, json!(["chat message", "Sara: two"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_comes_back_before_its_old_connection_is_missed_takes_its_place() {
    let scene = Scene::with(recovering);
    let mut sara: Person = scene.person_in("general", "Sara").await;
    let (mut old, mut memory) = connects(&scene, "40").await;
    sara.says("general", "one").await;
    hears(&mut old, &mut memory).await;
    let (mut page, again) = connects(&scene, &memory.packet()).await;
    assert_eq!((&again.sid, &again.pid), (&memory.sid, &memory.pid));
    assert_eq!(within("the end of the old one", old.is_closed()).await, 4000);
    sara.says("general", "two").await;
    assert_eq!(hears(&mut page, &mut memory).await, json!(["chat message", "Sara: two"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_the_demo_and_its_attachments_come_back_in_their_shape() {
    let scene = Scene::with(recovering);
    let (mut page, mut memory) = connects(&scene, "40").await;
    page.emits("add user", json!("Ali"));
    assert_eq!(hears(&mut page, &mut memory).await, json!(["login", { "numUsers": 1 }]));
    let (mut objects, mut kept) = connects(&scene, "40").await;
    objects.sends(r#"420["chat message",{"text":"hi","user":"Olga"}]"#);
    assert_eq!(objects.gets().await, "430[]");
    assert_eq!(hears(&mut page, &mut memory).await, json!(["new message", { "username": "Olga", "message": "hi" }]));
    page.emits("new message", json!("hello"));
    assert_eq!(hears(&mut objects, &mut kept).await, json!(["chat message", { "text": "hello", "user": "Ali" }]));
    page.vanishes().await;
    objects.vanishes().await;
    let (third, _) = connects(&scene, "40").await;
    third.sends(r#"451-["chat message",{"text":"look","picture":{"_placeholder":true,"num":0}}]"#);
    third.sends_raw(masked(2, b"picture"));
    let (mut page, again) = connects(&scene, &memory.packet()).await;
    assert_eq!(again.pid, memory.pid);
    assert_eq!(hears(&mut page, &mut memory).await, json!(["new message", { "username": "Guest", "message": "look" }]));
    let (mut objects, again) = connects(&scene, &kept.packet()).await;
    assert_eq!(again.pid, kept.pid);
    let form = objects.gets().await;
    assert!(
        form.starts_with(r#"451-["chat message",{"text":"look","picture":{"_placeholder":true,"num":0}},""#),
        "{form}"
    );
    assert_eq!(objects.gets().await, format!("{:?}", b"picture"));
    // The name is taken as it was.
    page.emits("new message", json!("here"));
    assert_eq!(hears(&mut objects, &mut kept).await, json!(["chat message", { "text": "here", "user": "Ali" }]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_namespace_of_a_code_can_be_the_one() {
    let scene = Scene::on_disk(|_| ());
    let code = scene.opens_room().await;
    let scene = scene.starts_again(|settings| settings.socketio_recovery = Some(format!("/{code}"))).await;
    let mut sara: Person = scene.person_in(&code, "Sara").await;
    let (page, mut memory) = connects(&scene, &format!("40/{code},")).await;
    page.vanishes().await;
    sara.says(&code, "one").await;
    let (mut page, again) = connects(&scene, &format!("40/{code},{}", json!({ "pid": memory.pid }))).await;
    assert_eq!(again, memory);
    let event = page.gets().await;
    let event: Value =
        serde_json::from_str(event.strip_prefix(&format!("42/{code},")).expect("an event")).expect("JSON");
    memory.note(&event);
    assert_eq!(event, json!(["chat message", "Sara: one", memory.offset]));
    // In no other namespace is there anything of it: this fails if there is.
    drop(scene.socketio().await);
}

/// Every way in which a place cannot be gone on from: it comes as somebody new, and is told nothing that it could take for all.
#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_cannot_be_gone_on_from_is_no_place() {
    let scene = Scene::with(recovering);
    let mut sara: Person = scene.person_in("general", "Sara").await;
    let (mut page, mut memory) = connects(&scene, r#"40{"name":"Ali"}"#).await;
    let ali = sara.hears("join").await["member"]["id"].clone();
    sara.says("general", "one").await;
    hears(&mut page, &mut memory).await;
    page.vanishes().await;
    let offset = memory.offset.clone().expect("an offset");
    let (epoch, rest) = offset.split_once('-').expect("two parts");
    let other = |offset: Value| format!("40{}", json!({ "pid": memory.pid, "offset": offset }));
    for packet in [
        format!("40{}", json!({ "pid": "nobody's", "offset": offset })),
        format!("40{}", json!({ "offset": offset })),
        format!("40{}", json!({ "pid": memory.pid, "offset": offset, "room": "elsewhere" })),
        other(json!(format!("{:x}-{rest}", u64::from_str_radix(epoch, 16).expect("a life") ^ 1))),
        other(json!(format!("{epoch}-999999-p"))),
        other(json!(format!("{epoch}-0-p"))),
        other(json!(format!("{epoch}-{}", &rest[..rest.len() - 1]))),
        other(json!("System: hi")),
        other(json!("")),
        other(json!([1])),
    ] {
        let (stranger, new) = connects(&scene, &packet).await;
        assert!(new.pid != memory.pid && new.sid != memory.sid, "{packet}");
        stranger.sends("41");
        stranger.vanishes().await;
    }
    // None of that has cost it its place.
    let (page, again) = connects(&scene, &memory.packet()).await;
    assert_eq!(again.pid, memory.pid);
    // Whoever says goodbye has left at once.
    page.sends("41");
    while sara.hears("leave").await["member"]["id"] != ali {}
    page.vanishes().await;
    let (_page, new) = connects(&scene, &memory.packet()).await;
    assert_ne!(new.pid, memory.pid);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_in_other_rooms_or_away_for_too_long_comes_as_somebody_new() {
    let scene = Scene::with(|settings| {
        recovering(settings);
        settings.grace = ms(300);
    });
    let mut sara: Person = scene.person_in("general", "Sara").await;
    let (mut page, mut memory) = connects(&scene, "40").await;
    sara.hears("join").await;
    page.sends(r#"420["join","side"]"#);
    assert_eq!(page.gets().await, "430[]");
    sara.says("general", "one").await;
    hears(&mut page, &mut memory).await;
    page.vanishes().await;
    sara.hears("leave").await;
    let (mut page, mut again) = connects(&scene, &memory.packet()).await;
    assert_ne!(again.pid, memory.pid);
    sara.says("general", "two").await;
    hears(&mut page, &mut again).await;
    page.vanishes().await;
    sara.hears("leave").await;
    let (_page, new) = connects(&scene, &again.packet()).await;
    assert_ne!(new.pid, again.pid, "its time was over");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_refused_first_may_still_come_back_later() {
    let scene = Scene::with(recovering);
    let mut sara: Person = scene.person_in("general", "Sara").await;
    let mut page = scene.socketio_page().await;
    page.sends(r#"40{"name":"Sara"}"#);
    assert!(page.gets().await.starts_with("44"));
    page.sends(r#"40{"name":"Ali"}"#);
    let mut memory = welcome(&mut page).await;
    sara.says("general", "one").await;
    hears(&mut page, &mut memory).await;
    page.vanishes().await;
    let (_page, again) = connects(&scene, &memory.packet()).await;
    assert_eq!(again.pid, memory.pid);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_comes_back_after_a_restart() {
    let scene = Scene::on_disk(recovering);
    let mut sara: Person = scene.person_in("general", "Sara").await;
    let (mut page, mut memory) = connects(&scene, r#"40{"name":"Ali"}"#).await;
    sara.says("general", "one").await;
    hears(&mut page, &mut memory).await;
    let id = format!("{}-0", memory.sid);
    page.sends(&format!("420{}", json!(["chat message", "mine", id])));
    let both = [page.gets().await, page.gets().await];
    assert!(both.contains(&"430[]".to_owned()), "{both:?}");
    drop(page);
    let scene = scene.starts_again(recovering).await;
    let mut bob: Person = scene.person_in("general", "Bob").await;
    bob.says("general", "two").await;
    let (mut page, again) = connects(&scene, &memory.packet()).await;
    assert_eq!((&again.sid, &again.pid), (&memory.sid, &memory.pid));
    for words in ["Ali: mine", "Bob: two"] {
        assert_eq!(hears(&mut page, &mut memory).await, json!(["chat message", words]));
    }
    // A line that is sent again is known under the same id.
    page.sends(&format!("421{}", json!(["chat message", "mine", id])));
    assert_eq!(page.gets().await, "431[]");
    page.emits("chat message", json!("back"));
    assert_eq!(hears(&mut page, &mut memory).await, json!(["chat message", "Ali: back"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_polls_comes_back_by_websocket() {
    let scene = Scene::with(recovering);
    let mut sara: Person = scene.person_in("general", "Sara").await;
    let mut polling = scene.polling().await;
    polling.brings("40").await;
    let connected = polling.fetches_all(1).await.remove(0);
    let told: Value = serde_json::from_str(connected.strip_prefix("40").expect("connected")).expect("JSON");
    sara.says("general", "one").await;
    let line = polling.fetches_all(1).await.remove(0);
    let line: Value = serde_json::from_str(line.strip_prefix("42").expect("an event")).expect("JSON");
    // Its library ends its engine in good order, which says nothing of its namespaces.
    assert_eq!(polling.brings("1").await, 200);
    until("the end of its session", || scene.app.hub.connections() == 1).await;
    sara.says("general", "two").await;
    let packet = format!("40{}", json!({ "pid": told["pid"], "offset": line[2] }));
    let (mut page, mut again) = connects(&scene, &packet).await;
    assert_eq!((told["sid"].as_str(), told["pid"].as_str()), (Some(&*again.sid), Some(&*again.pid)));
    assert_eq!(hears(&mut page, &mut again).await, json!(["chat message", "Sara: two"]));
}

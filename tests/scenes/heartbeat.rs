//! Who has fallen silent: a peer that is gone without a word is found, and everybody else is left in peace.

use std::time::{Duration, Instant};

use charsu::config::Settings;
use serde_json::json;

use crate::scene::{CHARSU, Frame, Scene, Socket, until};

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// Asked soon, given up late: a busy machine is to be no reason to lose anybody who answers.
fn quick(settings: &mut Settings) {
    settings.heartbeat_seconds = ms(150);
    settings.heartbeat_timeout_seconds = ms(1350);
    settings.grace = ms(100);
}

/// An open connection of our own wire that is in `general`, and reads and answers only when it is told to.
async fn member(scene: &Scene, name: &str) -> Socket {
    let mut socket = Socket::open(scene.connect().await, "/ws", CHARSU).await;
    socket.say(r#"{"type":"hello"}"#).await;
    socket.say(&json!({ "type": "join", "id": 1, "room": "general", "name": name }).to_string()).await;
    while socket.json().await["type"] != "joined" {}
    socket
}

#[tokio::test(flavor = "multi_thread")]
async fn a_half_open_peer_is_found_and_its_leave_announced_once() {
    let scene = Scene::with(quick);
    let mut sara = scene.person_in("general", "Sara").await;
    let mut ali = member(&scene, "Ali").await;
    let began = Instant::now();
    assert_eq!(sara.hears_next().await["type"], "join");
    let leave = sara.hears_next().await;
    assert_eq!((&leave["type"], &leave["member"]["name"]), (&json!("leave"), &json!("Ali")));
    let found = began.elapsed();
    // Spans are kept within a tenth.
    assert!(found >= ms(1350), "given up after {found:?}");
    assert!(found < ms(8000), "found only after {found:?}");
    sara.says("general", "done").await;
    assert_eq!(sara.hears_next().await["type"], "message", "announced once");
    // What the peer would find if it came to life: one ping, and why it was left.
    assert_eq!(ali.next().await, Frame::Ping(Vec::new()));
    assert_eq!(ali.next().await, Frame::Close(4010, "no answer to the heartbeat".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_half_open_page_of_a_tutorial_leaves_at_once_when_it_is_found() {
    let scene = Scene::with(|settings| {
        quick(settings);
        settings.grace = Duration::from_mins(5);
    });
    let mut sara = scene.person_in("general", "Sara").await;
    let _one = Socket::open(scene.connect().await, "/ws/general", "").await;
    let _two = Socket::open(scene.connect().await, "/ws/general/Page", "").await;
    let heard = [sara.hears_next().await, sara.hears_next().await, sara.hears_next().await, sara.hears_next().await];
    let kinds: Vec<_> = heard.iter().filter_map(|event| event["type"].as_str()).collect();
    assert_eq!(kinds, ["join", "join", "leave", "leave"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_answers_or_says_anything_stays() {
    let scene = Scene::with(quick);
    // Idle but alive; a page that cannot send pings of the protocol asks in JSON, and answers none here.
    let mut sara = scene.person_in("general", "Sara").await;
    let mut page = scene.one_segment("general").await;
    let mut asking = member(&scene, "Asking").await;
    let began = Instant::now();
    while began.elapsed() < ms(2500) {
        asking.say(r#"{"type":"ping"}"#).await;
        loop {
            match asking.next().await {
                Frame::Text(text) if text.contains("pong") => break,
                Frame::Text(_) | Frame::Ping(_) => {}
                other => panic!("{other:?}"),
            }
        }
        let asked = Instant::now();
        until("a moment to pass", || asked.elapsed() > ms(100)).await;
    }
    sara.says("general", "all here").await;
    page.gets_until("all here").await;
    let heard = sara.hears_until("all here").await;
    assert!(!heard.iter().any(|event| event["type"] == "leave"), "{heard:?}");
    assert_eq!(sara.welcome["heartbeat_ms"], 150);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_found_silent_comes_back_as_the_same_member() {
    let scene = Scene::with(|settings| {
        quick(settings);
        settings.grace = Duration::from_mins(5);
    });
    let mut sara = scene.person_in("general", "Sara").await;
    let mut ali = Socket::open(scene.connect().await, "/ws", CHARSU).await;
    ali.say(r#"{"type":"hello"}"#).await;
    let welcome = ali.json().await;
    ali.say(r#"{"type":"join","id":1,"room":"general","name":"Ali"}"#).await;
    let joined = ali.json().await;
    sara.hears("join").await;
    scene.connections(1).await;
    sara.says("general", "while Ali was silent").await;
    let mut again = Socket::open(scene.connect().await, "/ws", CHARSU).await;
    again.say(&json!({ "type": "hello", "session": welcome["session"] }).to_string()).await;
    assert_eq!(again.json().await["resumed"], true);
    let since = json!({ "epoch": joined["epoch"], "seq": joined["seq"] });
    again.say(&json!({ "type": "join", "id": 2, "room": "general", "name": "Ali", "since": since }).to_string()).await;
    assert_eq!(again.json().await["you"], joined["you"]);
    assert_eq!(again.json().await["text"], "while Ali was silent");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_joins_nothing_is_closed_after_a_while() {
    let scene = Scene::with(|settings| settings.join_timeout = ms(300));
    let mut ali = scene.person_in("general", "Ali").await;
    let began = Instant::now();
    let mut greeted = scene.person("Nobody").await;
    let mut silent = Socket::open(scene.connect().await, "/ws", CHARSU).await;
    assert_eq!(greeted.is_closed().await, (4408, "nothing was joined in time".to_owned()));
    assert_eq!(silent.closed().await, 4408);
    assert!(began.elapsed() >= ms(270), "closed after {:?}", began.elapsed());
    // Between two rooms one may take one's time.
    ali.leaves("general").await;
    let left = Instant::now();
    until("the time to pass", || left.elapsed() > ms(500)).await;
    ali.joins("general").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_told_to_wait_before_it_joins_has_its_time_to_join_anew() {
    let scene = Scene::with(|settings| {
        settings.join_timeout = ms(1000);
        settings.rooms_created_per_minute_per_address = 1;
    });
    scene.person_in("one", "Ali").await;
    let mut sara = scene.person("Sara").await;
    let began = Instant::now();
    while began.elapsed() < ms(2500) {
        let told = sara.tries_to_join("two").await;
        assert_eq!(told["code"], "rate_limited", "{told}");
        let asked = Instant::now();
        until("a moment", || asked.elapsed() > ms(300)).await;
    }
    sara.joins("one").await;
}

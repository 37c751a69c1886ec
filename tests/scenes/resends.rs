//! Commands that are sent again: answered as the first time, shown once, and never taken for another.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::scene::{Scene, until};

fn say(room: &str, id: u64, text: &str) -> Value {
    json!({ "type": "say", "id": id, "room": room, "text": text })
}

fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().filter_map(|event| event["type"].as_str()).collect()
}

fn texts(events: &[Value]) -> Vec<&str> {
    events.iter().filter_map(|event| event["text"].as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resend_is_answered_with_the_first_position_and_shown_once() {
    let scene = Scene::start();
    let (mut sara, mut ali) = (scene.person_in("general", "Sara").await, scene.person_in("general", "Ali").await);
    let line = say("general", 100, "once");
    ali.sends(&line);
    let ack = ali.answer_to(100).await;
    for _ in 0..5 {
        ali.sends(&line);
        assert_eq!(ali.answer_to(100).await, ack);
    }
    // The same over a new connection, which is what resends are for.
    let memory = ali.vanishes().await;
    let mut ali = scene.returning(&memory).await;
    assert_eq!(ali.joins_from("general", &memory.places["general"]).await["resumed"], true);
    ali.sends(&line);
    assert_eq!(ali.answer_to(100).await, ack);
    ali.last_id = 200;
    ali.says("general", "done").await;
    assert_eq!(texts(&sara.hears_until("done").await), ["once", "done"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whisper_resent_after_its_receiver_left_is_answered_like_the_first_time() {
    let scene = Scene::start();
    let mut ali = scene.person_in("general", "Ali").await;
    let mut sara = scene.person_in("general", "Sara").await;
    let to = sara.number("general");
    let by_name = say("general", 100, "/msg Sara psst");
    let by_number = json!({ "type": "private", "id": 101, "room": "general", "to": to, "text": "psst" });
    ali.sends(&by_name);
    ali.sends(&by_number);
    let acks = [ali.answer_to(100).await, ali.answer_to(101).await];
    assert_eq!(kinds(&acks), ["ack", "ack"]);
    sara.leaves("general").await;
    ali.hears("leave").await;
    ali.sends(&by_name);
    assert_eq!(ali.answer_to(100).await, acks[0]);
    ali.sends(&by_number);
    assert_eq!(ali.answer_to(101).await, acks[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_id_with_other_content_is_refused() {
    let scene = Scene::start();
    let mut ali = scene.person_in("general", "Ali").await;
    ali.joins("other").await;
    let (sara, bob) = (scene.person_in("general", "Sara").await, scene.person_in("general", "Bob").await);
    let (sara, bob) = (sara.number("general"), bob.number("general"));
    let private = |id: u64, to: u64, text: &str| json!({ "type": "private", "id": id, "room": "general", "to": to, "text": text });
    ali.sends(&say("general", 100, "one"));
    ali.sends(&private(101, sara, "psst"));
    assert_eq!(kinds(&[ali.answer_to(100).await, ali.answer_to(101).await]), ["ack", "ack"]);
    for other in [
        say("general", 100, "two"),
        say("general", 100, "one "),
        say("other", 100, "one"),
        private(100, sara, "one"),
        private(101, bob, "psst"),
        private(101, sara, "pssst"),
        say("general", 101, "psst"),
    ] {
        ali.sends(&other);
        let id = other["id"].as_u64().expect("a number");
        assert_eq!(ali.answer_to(id).await["code"], "id_conflict", "{other}");
    }
    ali.last_id = 200;
    ali.says("general", "done").await;
    let heard = ali.hears_until("done").await;
    assert_eq!(texts(&heard), ["one", "psst", "done"], "nothing was said twice, or to another");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_written_in_another_way_is_the_same_content() {
    let scene = Scene::start();
    let code = scene.opens_room().await;
    let mut ali = scene.person_in(&code, "Ali").await;
    let sara = scene.person_in(&code, "Sara").await.number(&code);
    let spaced = format!("{} {}", &code[..3], &code[3..]);
    for room in [&code, &spaced] {
        ali.sends(&say(room, 100, "one"));
        ali.sends(&json!({ "type": "private", "id": 101, "room": room, "to": sara, "text": "psst" }));
        let (first, second) = (ali.answer_to(100).await, ali.answer_to(101).await);
        assert_eq!(kinds(&[first, second]), ["ack", "ack"], "{room}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_too_old_to_be_told_apart_is_refused_and_not_said_again() {
    let scene = Scene::with(|settings| {
        settings.messages_per_second = u32::MAX;
        settings.messages_burst = u32::MAX;
    });
    let mut ali = scene.person_in("general", "Ali").await;
    for id in 100..200 {
        ali.sends(&say("general", id, &format!("line {id}")));
    }
    let answer = ali.answer_to(199).await;
    assert_eq!(answer["type"], "ack");
    ali.unread_answers();
    // The last 64 are known.
    for (id, wanted) in [(136, "ack"), (199, "ack"), (135, "error"), (100, "error"), (99, "error")] {
        ali.sends(&say("general", id, &format!("line {id}")));
        let answer = ali.answer_to(id).await;
        assert_eq!(answer["type"], wanted, "{id}: {answer}");
        if wanted == "error" {
            assert_eq!(answer["code"], "id_too_old", "{answer}");
        }
    }
    ali.last_id = 500;
    ali.says("general", "done").await;
    assert_eq!(texts(&ali.hears_until("done").await).len(), 101);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_was_refused_may_be_said_again_with_its_id() {
    let scene = Scene::with(|settings| {
        settings.messages_per_second = 10;
        settings.messages_burst = 1;
    });
    let mut ali = scene.person("Ali").await;
    until("room in the bucket", || scene.app.now() > Duration::from_millis(150)).await;
    ali.joins("general").await;
    let mut refusals = 0;
    loop {
        ali.sends(&say("general", 50, "at last"));
        let answer = ali.answer_to(50).await;
        if answer["type"] == "ack" {
            break;
        }
        assert_eq!(answer["code"], "rate_limited", "{answer}");
        let wait = answer["retry_after_ms"].as_u64().expect("a time to wait");
        assert!((1..=101).contains(&wait), "{answer}");
        refusals += 1;
        let asked = Instant::now();
        until("the time to wait", || asked.elapsed() >= Duration::from_millis(wait)).await;
    }
    assert_eq!(refusals, 1, "who waits as told is not refused again");
    assert_eq!(texts(&ali.hears_until("at last").await), ["at last"]);
}

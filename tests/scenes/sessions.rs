//! Somebody's line breaks and comes back: what is held back meanwhile, and whose place it is.

use std::time::{Duration, Instant};

use charsu::config::Settings;
use serde_json::{Value, json};

use crate::scene::{Memory, Person, Scene, until};

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// A grace that a scene can wait for, yet long enough for a busy machine to come back in.
fn short_grace(settings: &mut Settings) {
    settings.grace = ms(1500);
}

/// For scenes with much talk, which may take a busy machine longer than anybody is usually waited for.
fn no_rates(settings: &mut Settings) {
    settings.messages_per_second = u32::MAX;
    settings.messages_burst = u32::MAX;
    settings.grace = Duration::from_mins(5);
}

fn say(room: &str, id: u64, text: &str) -> Value {
    json!({ "type": "say", "id": id, "room": room, "text": text })
}

fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().filter_map(|event| event["type"].as_str()).collect()
}

fn texts(events: &[Value]) -> Vec<&str> {
    events.iter().filter_map(|event| event["text"].as_str()).collect()
}

/// Comes back into a room and goes on where it stood.
async fn back(scene: &Scene, memory: &Memory, room: &str) -> Person {
    let mut person = scene.returning(memory).await;
    assert_eq!(person.welcome["resumed"], true, "{}", person.welcome);
    let joined = person.joins_from(room, &memory.places[room]).await;
    assert_eq!((&joined["type"], &joined["resumed"]), (&json!("joined"), &json!(true)), "{joined}");
    person
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_connection_is_announced_once_and_only_after_the_grace() {
    let scene = Scene::with(short_grace);
    let (mut sara, ali) = (scene.person_in("general", "Sara").await, scene.person_in("general", "Ali").await);
    let cut = Instant::now();
    ali.vanishes().await;
    sara.hears("join").await;
    let next = sara.hears_next().await;
    assert_eq!((&next["type"], &next["member"]["name"]), (&json!("leave"), &json!("Ali")));
    assert!(cut.elapsed() >= ms(1500), "announced after {:?}", cut.elapsed());
    sara.says("general", "done").await;
    assert_eq!(kinds(&sara.hears_until("done").await), ["message"], "announced once");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_back_within_the_grace_was_never_away_for_the_others() {
    let scene = Scene::start();
    let (mut sara, ali) = (scene.person_in("general", "Sara").await, scene.person_in("general", "Ali").await);
    let number = ali.number("general");
    let mut memory = ali.vanishes().await;
    for round in 0..5 {
        // Its name is kept meanwhile.
        assert_eq!(scene.person("ALI").await.tries_to_join("general").await["code"], "name_taken");
        let mut ali = back(&scene, &memory, "general").await;
        assert_eq!(ali.number("general"), number, "the same member");
        ali.says("general", &format!("back {round}")).await;
        ali.hears_line(&format!("back {round}")).await;
        memory = ali.vanishes().await;
    }
    let heard = sara.hears_until("back 4").await;
    assert_eq!(kinds(&heard), [&["join"][..], &["message"; 5]].concat());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_loaded_again_resumes() {
    let scene = Scene::start();
    let (mut sara, ali) = (scene.person_in("general", "Sara").await, scene.person_in("general", "Ali").await);
    sara.hears("join").await;
    let memory = ali.memory();
    let mut ali = ali;
    ali.closes(Some(1001));
    assert_eq!(ali.is_closed().await.0, 1001);
    sara.says("general", "meanwhile").await;
    let mut ali = back(&scene, &memory, "general").await;
    assert_eq!(texts(&ali.hears_until("meanwhile").await), ["meanwhile"]);
    sara.says("general", "done").await;
    assert_eq!(kinds(&sara.hears_until("done").await), ["message", "message"], "nobody noticed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_absence_has_a_whole_grace_of_its_own() {
    let scene = Scene::with(short_grace);
    let (mut sara, ali) = (scene.person_in("general", "Sara").await, scene.person_in("general", "Ali").await);
    let memory = ali.vanishes().await;
    let first = Instant::now();
    let mut ali = back(&scene, &memory, "general").await;
    // Something that takes half a grace and is waited for.
    until("half a grace", || first.elapsed() > ms(800)).await;
    ali.says("general", "still here").await;
    ali.vanishes().await;
    let second = Instant::now();
    sara.hears("leave").await;
    assert!(second.elapsed() >= ms(1490), "announced {:?} after the second absence began", second.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restart_people_find_each_other_under_the_same_code() {
    let first = Scene::start();
    let code = first.opens_room().await;
    let (ali, sara) = (first.person_in(&code, "Ali").await, first.person_in(&code, "Sara").await);
    let (ali, sara) = (ali.memory(), sara.memory());
    first.stop().await;

    let second = Scene::start();
    let mut stranger = second.person("Bob").await;
    assert_eq!(stranger.tries_to_join(&code).await["code"], "room_not_found", "who was not there opens nothing");
    let mut ali_again = second.returning(&ali).await;
    assert_eq!(ali_again.joins_from(&code, &ali.places[&code]).await["type"], "reset");
    let mut sara_again = second.returning(&sara).await;
    assert_eq!(sara_again.joins_from(&code, &sara.places[&code]).await["count"], 2);
    ali_again.says(&code, "here again").await;
    sara_again.hears_line("here again").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_old_connection_of_a_session_is_fenced() {
    let scene = Scene::start();
    let (mut sara, mut old) = (scene.person_in("general", "Sara").await, scene.person_in("general", "Ali").await);
    old.says("general", "from the old one").await;
    old.hears_line("from the old one").await;
    let memory = old.memory();
    let mut new = back(&scene, &memory, "general").await;
    assert_eq!(old.is_closed().await, (4000, "this session is open somewhere else".to_owned()));
    old.sends(&say("general", 900, "from the grave"));
    new.says("general", "from the new one").await;
    assert_eq!(texts(&sara.hears_until("from the new one").await), ["from the old one", "from the new one"]);
    assert_eq!(kinds(&new.hears_until("from the new one").await), ["message"]);
    assert_eq!(old.unread_events(), Vec::<Value>::new(), "the old one hears no more");
    // The end of the old one is not the end of the person.
    old.vanishes().await;
    scene.connections(2).await;
    new.says("general", "still here").await;
    assert_eq!(kinds(&sara.hears_until("still here").await), ["message"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_takeover_at_the_moment_of_the_end_never_loses_the_place() {
    let scene = Scene::with(no_rates);
    let mut sara = scene.person_in("general", "Sara").await;
    let mut ali = scene.person_in("general", "Ali").await;
    let number = ali.number("general");
    for round in 0..150 {
        let memory = ali.memory();
        // The old connection ends in its own way while the new one says hello.
        let old = ali;
        let ending = tokio::spawn(async move {
            match round % 3 {
                0 => drop(old.vanishes().await),
                1 => old.closes(Some(1001)),
                _ => drop(old),
            }
        });
        ali = scene.returning(&memory).await;
        let joined = ali.joins_from("general", &memory.places["general"]).await;
        assert_eq!((&joined["type"], &joined["you"]), (&json!("joined"), &json!(number)), "round {round}: {joined}");
        ending.await.expect("it ended");
    }
    ali.says("general", "done").await;
    assert_eq!(kinds(&sara.hears_until("done").await), ["join", "message"], "nobody noticed anything");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leave_said_after_the_line_was_down_ends_the_held_place_at_once() {
    let scene = Scene::start();
    let (mut sara, ali) = (scene.person_in("general", "Sara").await, scene.person_in("general", "Ali").await);
    let memory = ali.vanishes().await;
    let mut ali = scene.returning(&memory).await;
    ali.leaves("general").await;
    assert_eq!(sara.hears("leave").await["member"]["name"], "Ali");
    scene.person_in("general", "Ali").await;
    assert_eq!(ali.asks(json!({ "type": "leave", "room": "general" })).await["code"], "not_in_room");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_in_each_room_is_kept() {
    let scene = Scene::start();
    let mut sara = scene.person_in("one", "Sara").await;
    let mut ali = scene.person_in("one", "Ali").await;
    ali.joins("two").await;
    ali.joins("three").await;
    let memory = ali.vanishes().await;
    let mut ali = scene.returning(&memory).await;
    for room in ["one", "two"] {
        assert_eq!(ali.joins_from(room, &memory.places[room]).await["resumed"], true, "{room}");
    }
    // Not asked for again, the third ends with the grace; leaving it is possible before.
    ali.leaves("three").await;
    sara.says("one", "done").await;
    assert_eq!(kinds(&sara.hears_until("done").await), ["join", "message"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_forgotten_after_its_time_and_its_secret_then_opens_nothing() {
    let scene = Scene::with(|settings| {
        settings.grace = ms(50);
        settings.tail_seconds = ms(50);
    });
    let ali = scene.person_in("general", "Ali").await;
    let memory = ali.vanishes().await;
    until("the session to be forgotten", || scene.app.hub.session_count() == 0).await;
    let ali = scene.returning(&memory).await;
    assert_eq!(ali.welcome["resumed"], false);
    assert_ne!(ali.session, memory.session);
    for secret in ["", "x", &"A".repeat(22), &"A".repeat(64), &"A".repeat(10_000)] {
        let guess = Person::on(scene.connect().await, "Eve", Some(secret)).await;
        assert_eq!(guess.welcome["resumed"], false, "{secret:.20}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_taken_up_while_it_is_forgotten_is_either_forgotten_or_not() {
    let scene = Scene::with(|settings| {
        settings.connects_per_second_per_address = u32::MAX;
        settings.rooms_created_per_minute_per_address = u32::MAX;
    });
    for round in 0..300 {
        // Nothing has to be kept of somebody who joined nothing, so its session goes with its connection.
        let nobody = scene.person("Ali").await;
        let memory = nobody.memory();
        let ending = tokio::spawn(nobody.vanishes());
        let mut ali = scene.returning(&memory).await;
        ending.await.expect("it ended");
        let session = ali.session.clone();
        assert_eq!(ali.welcome["resumed"].as_bool(), Some(session == memory.session), "round {round}");
        // Whatever it was told, the secret that it has now is good.
        let room = format!("room {round}");
        ali.joins(&room).await;
        let memory = ali.vanishes().await;
        let again = scene.returning(&memory).await;
        assert_eq!((&again.welcome["resumed"], &again.session), (&json!(true), &session), "round {round}");
        again.closes(Some(1000));
    }
}

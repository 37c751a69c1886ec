//! Rooms that are kept in a file: what is there after a restart, who is still who, and what happens when the file cannot be
//! written.

mod unkept;

use std::time::Duration;

use charsu::config::{Newcomers, Settings};
use charsu::names::RoomName;
use serde_json::{Value, json};

use crate::scene::{Memory, Person, Scene, until, within};

fn texts(events: &[Value]) -> Vec<&str> {
    events.iter().filter_map(|event| event["text"].as_str()).collect()
}

fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().filter_map(|event| event["type"].as_str()).collect()
}

fn no_rates(settings: &mut Settings) {
    settings.messages_per_second = u32::MAX;
    settings.messages_burst = u32::MAX;
}

/// Comes back into a room as the same member, where it stood.
async fn back(scene: &Scene, memory: &Memory, room: &str) -> Person {
    let mut person = scene.returning(memory).await;
    assert_eq!(person.welcome["resumed"], true, "{}", person.welcome);
    let joined = person.joins_from(room, &memory.places[room]).await;
    assert_eq!((&joined["type"], &joined["resumed"]), (&json!("joined"), &json!(true)), "{joined}");
    assert_eq!(joined["you"], memory.places[room].me, "{joined}");
    person
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_process_resumes_everybody_where_they_stood() {
    let scene = Scene::on_disk(|_| ());
    let code = scene.opens_room().await;
    let (mut ali, mut sara) = (scene.person_in(&code, "Ali").await, scene.person_in(&code, "Sara").await);
    ali.says(&code, "both heard this").await;
    sara.hears_line("both heard this").await;
    ali.hears_line("both heard this").await;
    let sara_then = sara.vanishes().await;
    let missed = ali.says(&code, "only Ali heard this").await;
    let ali_then = ali.memory();
    let scene = scene.starts_again(|_| ()).await;
    let (mut sara, mut ali) = (back(&scene, &sara_then, &code).await, back(&scene, &ali_then, &code).await);
    let heard = sara.hears_next().await;
    assert_eq!((&heard["text"], &heard["seq"]), (&json!("only Ali heard this"), &json!(missed)));
    // Nobody left and nobody came, and names are still taken.
    let mut other = scene.person("Ali").await;
    assert_eq!(other.tries_to_join(&code).await["code"], "name_taken");
    ali.says(&code, "and on").await;
    assert_eq!(kinds(&sara.hears_until("and on").await), ["message"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_sent_again_after_a_restart_is_answered_as_the_first_time() {
    let scene = Scene::on_disk(|_| ());
    let mut ali = scene.person_in("general", "Ali").await;
    let commands = [
        json!({ "type": "say", "id": 100, "room": "general", "text": "once" }),
        json!({ "type": "say", "id": 101, "room": "general", "text": "twice" }),
        json!({ "type": "edit", "id": 102, "room": "general", "seq": 3, "text": "two times" }),
        json!({ "type": "react", "id": 103, "room": "general", "seq": 2, "emoji": "👍", "on": true }),
        json!({ "type": "delete", "id": 104, "room": "general", "seq": 2 }),
    ];
    let mut acks = Vec::new();
    for command in &commands {
        ali.sends(command);
        acks.push(ali.answer_to(command["id"].as_u64().expect("a number")).await);
    }
    assert!(acks.iter().all(|ack| ack["type"] == "ack"), "{acks:?}");
    ali.unread_events();
    let then = ali.memory();
    let scene = scene.starts_again(|settings| settings.newcomers = Newcomers::Recent).await;
    let mut ali = back(&scene, &then, "general").await;
    for (command, ack) in commands.iter().zip(&acks) {
        ali.sends(command);
        assert_eq!(ali.answer_to(command["id"].as_u64().expect("a number")).await, *ack);
    }
    ali.sends(&json!({ "type": "say", "id": 101, "room": "general", "text": "something else" }));
    assert_eq!(ali.answer_to(101).await["code"], "id_conflict");
    let joined = scene.person("Sara").await.joins("general").await;
    let history = joined["history"].as_array().expect("lines").clone();
    assert_eq!(texts(&history), ["two times"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_come_back_after_a_restart_is_gone_in_the_end_and_pages_are_gone_at_once() {
    let scene = Scene::on_disk(|settings| settings.restart_grace = Duration::from_millis(400));
    let ali = scene.person_in("general", "Ali").await;
    let sara = scene.person_in("general", "Sara").await;
    let _page = scene.two_segment("general", "Page").await;
    let (ali_then, _) = (ali.vanishes().await, sara.vanishes().await);
    let scene = scene.starts_again(|_| ()).await;
    let mut ali = back(&scene, &ali_then, "general").await;
    let names: Vec<Value> = [ali.hears("leave").await, ali.hears("leave").await]
        .into_iter()
        .map(|leave| leave["member"]["name"].clone())
        .collect();
    assert_eq!(names, ["Page", "Sara"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_that_was_left_lies_in_the_file_and_opens_again_with_its_past() {
    let scene = Scene::on_disk(|settings| {
        no_rates(settings);
        settings.newcomers = Newcomers::Recent;
        settings.room_idle = Duration::from_millis(30);
    });
    let code = scene.opens_room().await;
    let mut ali = scene.person_in(&code, "Ali").await;
    for n in 0..150 {
        ali.says(&code, &format!("line {n}")).await;
    }
    ali.leaves(&code).await;
    until("the room to be put away", || scene.app.hub.room_count() == 0).await;
    // Several ask for it at once, and all find the same.
    let mut joins = Vec::new();
    for n in 0..8 {
        let mut person = scene.person(&format!("Guest {n}x")).await;
        let code = code.clone();
        joins.push(tokio::spawn(async move { (person.joins(&code).await, person) }));
    }
    let mut epochs = Vec::new();
    let mut people = Vec::new();
    for join in joins {
        let (joined, person) = within("a join", join).await.expect("no panic");
        let history = joined["history"].as_array().expect("lines").clone();
        assert_eq!(history.len(), 100, "the recent page");
        assert_eq!(texts(&history).last(), Some(&"line 149"));
        epochs.push(joined["epoch"].clone());
        people.push(person);
    }
    assert!(epochs.iter().all(|epoch| epoch == &epochs[0]));
    let mut guest = people.pop().expect("somebody");
    guest.says(&code, "hello").await;
    people[0].hears_line("hello").await;
    // And once more, in another process.
    drop((guest, people));
    let scene = scene.starts_again(|settings| settings.restart_grace = Duration::from_millis(30)).await;
    until("the room to be put away", || scene.app.hub.room_count() == 0).await;
    let joined = scene.person("Mina").await.joins(&code).await;
    assert_eq!(joined["epoch"], epochs[0]);
    assert_eq!(texts(joined["history"].as_array().expect("lines")).last(), Some(&"hello"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_waits_for_its_first_member_and_rests_after_its_room_through_restarts() {
    let scene = Scene::on_disk(|_| ());
    let (waiting, used) = (scene.opens_room().await, scene.opens_room().await);
    scene.person_in(&used, "Ali").await.leaves(&used).await;
    let scene = scene
        .starts_again(|settings| {
            settings.stored_room_idle = Duration::from_millis(50);
            settings.code_quarantine = Duration::from_hours(24);
        })
        .await;
    assert_eq!(scene.get(&format!("/api/rooms/{waiting}")).await.status, 200);
    until("the room to be wiped", || scene.app.hub.look_up(&RoomName::parse(&used).expect("a code")).is_none()).await;
    let scene = scene.starts_again(|settings| settings.stored_room_idle = Duration::from_hours(24)).await;
    assert_eq!(scene.get(&format!("/api/rooms/{waiting}")).await.status, 200);
    assert_eq!(scene.get(&format!("/api/rooms/{used}")).await.status, 404);
    assert_eq!(scene.person("Sara").await.tries_to_join(&used).await["code"], "room_not_found");
    scene.person_in(&waiting, "Sara").await.says(&waiting, "at last").await;
    // A page that makes its codes itself does not wake one that rests.
    let mut page = scene.two_segment_page(&used, "Page").await;
    assert!(page.is_told().await.contains("No room has this code"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_past_reaches_back_over_restarts_and_old_lines_can_still_be_changed() {
    let scene = Scene::on_disk(|settings| {
        no_rates(settings);
        settings.newcomers = Newcomers::All;
    });
    let mut ali = scene.person_in("general", "Ali").await;
    let mut lines = Vec::new();
    for n in 0..450 {
        lines.push(ali.says("general", &format!("line {n}")).await);
    }
    ali.unread_events();
    let then = ali.memory();
    let scene = scene.starts_again(|_| ()).await;
    let mut ali = back(&scene, &then, "general").await;
    let change = json!({ "type": "edit", "room": "general", "seq": lines[20], "text": "changed long after" });
    assert_eq!(ali.asks(change).await["type"], "ack");
    let taken_back = ali.asks(json!({ "type": "delete", "room": "general", "seq": lines[21] })).await;
    assert_eq!(taken_back["type"], "ack");
    let again = ali.asks(json!({ "type": "delete", "room": "general", "seq": lines[21] })).await;
    assert_eq!(again["code"], "no_such_line");
    let mut sara = scene.person("Sara").await;
    let joined = sara.joins("general").await;
    assert_eq!(joined["earlier"], true);
    assert_eq!(sara.asks(json!({ "type": "delete", "room": "general", "seq": lines[3] })).await["code"], "not_yours");
    let reaction = json!({ "type": "react", "room": "general", "seq": lines[20], "emoji": "👍", "on": true });
    assert_eq!(sara.asks(reaction).await["type"], "ack");
    let mut read: Vec<Value> = joined["history"].as_array().expect("lines").clone();
    loop {
        let before = read[0]["seq"].clone();
        let page = sara.asks(json!({ "type": "history", "room": "general", "before": before })).await;
        read.splice(0..0, page["events"].as_array().expect("lines").iter().cloned());
        if page["more"] == false {
            break;
        }
    }
    let wanted: Vec<u64> = lines.iter().copied().filter(|seq| *seq != lines[21]).collect();
    assert_eq!(read.iter().filter_map(|line| line["seq"].as_u64()).collect::<Vec<_>>(), wanted);
    assert_eq!(read[20]["text"], "changed long after");
    assert_eq!(read[20]["reactions"][0]["emoji"], "👍", "{}", read[20]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_server_on_the_same_file_is_refused() {
    let scene = Scene::on_disk(|_| ());
    let settings = Settings {
        listen: std::net::SocketAddr::from(([127, 0, 0, 1], 0)),
        store: format!("sqlite:{}", scene.database().display()),
        ..Settings::default()
    };
    let refused = charsu::server::Server::bind(settings).expect_err("one is enough");
    assert!(refused.to_string().contains("charsu.db"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_leaves_by_a_restart_however_short_grace_is() {
    for grace in [Duration::ZERO, Duration::from_millis(5)] {
        let scene = Scene::on_disk(|settings| settings.grace = grace);
        let mut ali = scene.person_in("general", "Ali").await;
        ali.says("general", "I stay").await;
        let then = ali.memory();
        let scene = scene.starts_again(|_| ()).await;
        back(&scene, &then, "general").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_in_which_nothing_was_said_does_not_lie_in_the_file_for_a_month() {
    let scene = Scene::on_disk(|settings| {
        settings.room_idle = Duration::from_millis(20);
        // Stored rooms are looked through often, though none of them is old.
        settings.stored_room_idle = Duration::from_secs(5);
    });
    let (silent, talkative) = (scene.opens_room().await, scene.opens_room().await);
    scene.person_in(&silent, "Ali").await.leaves(&silent).await;
    let mut ali = scene.person_in(&talkative, "Ali").await;
    ali.says(&talkative, "a line").await;
    ali.leaves(&talkative).await;
    let is_there = |code: &str| scene.app.hub.look_up(&RoomName::parse(code).expect("a code")).is_some();
    until("the silent room to end", || !is_there(&silent)).await;
    assert!(is_there(&talkative));
}

//! How much one connection, one address and one room may do, and how it is told. Whoever is within the limits notices
//! nothing of those who are not.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::scene::{self, Over, Scene, Socket, until};

fn say(id: u64, text: &str) -> Value {
    json!({ "type": "say", "id": id, "room": "general", "text": text })
}

#[tokio::test(flavor = "multi_thread")]
async fn too_fast_is_refused_with_the_time_to_wait_and_retrying_keeps_the_order() {
    const LINES: u64 = 80;
    let scene = Scene::start();
    let mut sara = scene.person_in("general", "Sara").await;
    let mut ali = scene.person_in("general", "Ali").await;
    // As a page does: everything goes out at once, and what was refused goes out again in its order when it may.
    let mut unsent: Vec<u64> = (2..2 + LINES).collect();
    let mut rounds = 0;
    while !unsent.is_empty() {
        ali.sends_at_once(unsent.iter().map(|id| say(*id, &format!("line {id}"))));
        let mut refused = Vec::new();
        for id in &unsent {
            let answer = ali.answer_to(*id).await;
            if answer["type"] == "ack" {
                assert!(refused.is_empty(), "line {id} overtook line {}", refused[0]);
                continue;
            }
            assert_eq!(answer["code"], "rate_limited", "{answer}");
            let wait = answer["retry_after_ms"].as_u64();
            // One permit in 50 ms; what follows a refused line waits until that has come or is given up.
            let most = if refused.is_empty() { 51 } else { 400 };
            assert!(wait.is_some_and(|wait| (1..=most).contains(&wait)), "{answer}");
            refused.push(*id);
        }
        if rounds == 0 {
            // All but a burst, and what was let through while they were looked at.
            assert!((20..=41).contains(&refused.len()), "{} of {LINES} refused", refused.len());
        }
        unsent = refused;
        rounds += 1;
        // Long enough for some more, so that the test is not the slowest of all.
        let asked = Instant::now();
        until("the time to wait", || asked.elapsed() >= Duration::from_millis(300)).await;
    }
    assert!(rounds > 2, "{rounds} rounds");
    let last = format!("line {}", 1 + LINES);
    let heard = sara.hears_until(&last).await;
    let lines: Vec<&str> = heard.iter().filter_map(|event| event["text"].as_str()).collect();
    let wanted: Vec<String> = (2..2 + LINES).map(|id| format!("line {id}")).collect();
    assert_eq!(lines, wanted);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_never_listens_is_parted_with_and_nobody_else_is_slowed_down() {
    let scene = Scene::start();
    let mut sara = scene.person_in("general", "Sara").await;
    let mut ali = scene.person_in("general", "Ali").await;
    let mut other = scene.person_in("other", "Sara").await;
    ali.sends_at_once((2..5002).map(|id| say(id, "flood")));
    for n in 0..20 {
        let asked = Instant::now();
        other.says("other", &format!("{n}")).await;
        other.hears_line(&format!("{n}")).await;
        assert!(asked.elapsed() < Duration::from_secs(2), "a neighbour waited {:?}", asked.elapsed());
    }
    assert_eq!(ali.is_closed().await, (4429, "too many frames: slow down".to_owned()));
    let answers = ali.unread_answers();
    let refused = answers.iter().filter(|answer| answer["code"] == "rate_limited").count();
    assert!((500..600).contains(&refused), "{refused} refusals before the end");
    sara.says("general", "done").await;
    let lines = sara.hears_until("done").await.iter().filter(|event| event["text"] == "flood").count();
    assert!((39..60).contains(&lines), "{lines} lines of the flood within the burst");
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_waits_when_told_may_be_told_any_number_of_times() {
    let scene = Scene::with(|settings| {
        settings.messages_per_second = 1000;
        settings.messages_burst = 1;
    });
    let mut ali = scene.person("Ali").await;
    ali.joins("general").await;
    let mut refusals = 0;
    // More refusals than somebody deaf gets at once; each one is heeded.
    while refusals < 600 {
        let mut unsent = vec![ali.next_id(), ali.next_id()];
        while !unsent.is_empty() {
            ali.sends_at_once(unsent.iter().map(|id| say(*id, "hello")));
            let (mut refused, mut wait) = (Vec::new(), None);
            for id in unsent {
                if let Some(told) = ali.answer_to(id).await["retry_after_ms"].as_u64() {
                    refused.push(id);
                    // The first one's: those behind it wait for it.
                    wait = wait.or(Some(told));
                }
            }
            refusals += refused.len();
            unsent = refused;
            let asked = Instant::now();
            until("the time to wait", || asked.elapsed() >= Duration::from_millis(wait.unwrap_or(0))).await;
        }
    }
    let waited = Instant::now();
    until("a permit", || waited.elapsed() >= Duration::from_millis(5)).await;
    ali.says("general", "still here").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_connection_is_in_so_many_rooms() {
    let scene = Scene::with(|settings| settings.rooms_per_connection = 3);
    let mut ali = scene.person("Ali").await;
    for room in ["one", "two", "three"] {
        ali.joins(room).await;
    }
    let answer = ali.tries_to_join("four").await;
    assert_eq!((&answer["code"], &answer["room"]), (&json!("too_many_rooms"), &json!("four")));
    assert_eq!(ali.welcome["limits"], json!({ "text_chars": 4000, "name_chars": 32, "rooms": 3 }));
    ali.leaves("two").await;
    ali.joins("four").await;
    // All of them are found again after a break.
    let memory = ali.vanishes().await;
    let mut ali = scene.returning(&memory).await;
    for room in ["one", "three", "four"] {
        assert_eq!(ali.joins_from(room, &memory.places[room]).await["resumed"], true);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_holds_so_many_members_whichever_wire_they_come_by() {
    let scene = Scene::with(|settings| settings.members_per_room = 3);
    let mut ali = scene.person_in("general", "Ali").await;
    let one = scene.one_segment("general").await;
    let _two = scene.two_segment("general", "Page").await;
    assert_eq!(scene.person("Sara").await.tries_to_join("general").await["code"], "room_full");
    for mut page in [scene.one_segment_page("general").await, scene.two_segment_page("general", "Page 2").await] {
        assert_eq!(page.is_told().await, "The room is full.");
        page.is_closed().await;
    }
    assert_eq!(scene.get("/api/rooms/general").await.text(), r#"{"people":3,"room":"general"}"#);
    one.vanishes().await;
    ali.hears("leave").await;
    scene.person_in("general", "Sara").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_holds_so_many_connections() {
    let scene = Scene::over(Over::Plain, |settings| settings.connections_per_address = 3);
    let mut people = Vec::new();
    for name in ["Ali", "Sara", "Bob"] {
        people.push(scene.person_in("general", name).await);
    }
    let mut raw = scene.connect().await;
    let reply = Socket::ask(&mut raw, "/ws", scene::CHARSU).await;
    assert_eq!((reply.status, reply.text().contains("too_many_connections")), (429, true), "{}", reply.text());
    assert!(reply.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds > 0));
    // Another address has its own, and a place that becomes free is free.
    let elsewhere = scene.connect_from("127.0.0.5").await;
    scene::Person::on(elsewhere, "Mina", None).await.joins("general").await;
    people.pop().expect("three").vanishes().await;
    scene.connections(2).await;
    scene.person("Reza").await.joins("general").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_connects_only_so_fast() {
    let scene = Scene::over(Over::Plain, |settings| {
        settings.connects_per_second_per_address = 1;
        settings.connects_burst_per_address = 2;
    });
    let mut ali = scene.person_in("general", "Ali").await;
    let _sara = scene.person_in("general", "Sara").await;
    // A busy machine may need so long that one more is let in.
    let mut reply = scene.get("/healthz").await;
    while reply.status == 200 {
        reply = scene.get("/healthz").await;
    }
    assert_eq!((reply.status, reply.text().contains("rate_limited")), (429, true));
    assert_eq!(reply.header("retry-after"), "1");
    ali.says("general", "who is in stays in").await;
    ali.hears_line("who is in stays in").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_limited_on_one_connection_is_not_on_another() {
    let scene = Scene::with(|settings| {
        settings.messages_per_second = 1;
        settings.messages_burst = 2;
    });
    let (mut ali, mut sara) = (scene.person_in("general", "Ali").await, scene.person_in("general", "Sara").await);
    while ali.tries_to_say("general", "more").await["code"] != "rate_limited" {}
    sara.says("general", "I may").await;
    // Pings, typing and going out are never too fast.
    ali.sends(&json!({ "type": "ping" }));
    assert_eq!(ali.answer().await["type"], "pong");
    ali.sends(&json!({ "type": "typing", "room": "general", "on": true }));
    sara.hears("typing").await;
    ali.leaves("general").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_gives_a_refused_line_up_goes_on_after_a_moment() {
    let scene = Scene::with(|settings| {
        settings.messages_per_second = 2;
        settings.messages_burst = 2;
    });
    let mut ali = scene.person("Ali").await;
    ali.joins("general").await;
    // One permit is left, and no other for half a second.
    let ids = [ali.next_id(), ali.next_id()];
    ali.sends_at_once([say(ids[0], "one"), say(ids[1], "given up")]);
    assert_eq!(ali.answer_to(ids[0]).await["type"], "ack");
    assert_eq!(ali.answer_to(ids[1]).await["code"], "rate_limited");
    // Another line, sent again whenever the server says that it may come.
    let began = Instant::now();
    let id = ali.next_id();
    let mut refusals = 0;
    loop {
        ali.sends(&say(id, "instead"));
        let answer = ali.answer_to(id).await;
        if answer["type"] == "ack" {
            break;
        }
        refusals += 1;
        let wait = answer["retry_after_ms"].as_u64().expect("a time to wait");
        let asked = Instant::now();
        until("the time to wait", || asked.elapsed() >= Duration::from_millis(wait)).await;
    }
    assert!(began.elapsed() < Duration::from_secs(6), "waited {:?}", began.elapsed());
    assert!(refusals < 100, "sent {refusals} times in vain, although each time the server had said when");
}

#[tokio::test(flavor = "multi_thread")]
async fn joining_has_a_rate_of_its_own_and_all_rooms_are_found_again_at_once() {
    let scene = Scene::with(|settings| {
        settings.messages_per_second = u32::MAX;
        settings.joins_per_second = 1;
        settings.joins_burst = 5;
    });
    let mut ali = scene.person("Ali").await;
    for n in 0..5 {
        ali.joins(&format!("room {n}")).await;
    }
    let (mut n, mut answer) = (5, Value::Null);
    while answer["code"] != "rate_limited" {
        answer = ali.tries_to_join(&format!("room {n}")).await;
        n += 1;
    }
    assert!(answer["retry_after_ms"].as_u64().is_some_and(|wait| (1..=1001).contains(&wait)), "{answer}");
    ali.says("room 0", "talking is not concerned").await;
    let memory = ali.vanishes().await;
    let mut ali = scene.returning(&memory).await;
    for n in 0..5 {
        let room = format!("room {n}");
        assert_eq!(ali.joins_from(&room, &memory.places[&room]).await["resumed"], true);
    }
}

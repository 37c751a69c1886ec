//! Somebody's line breaks and comes back: what is held back, what is made up for, and what is said twice but shown once.

mod scene;

use std::time::{Duration, Instant};

use charsu::config::{Newcomers, Settings};
use scene::{Memory, Person, Place, Scene, until};
use serde_json::{Value, json};

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
async fn a_returning_member_gets_exactly_what_it_missed_and_then_what_is_said_live() {
    let scene = Scene::with(no_rates);
    let code = scene.opens_room().await;
    let (mut sara, ali) = (scene.person_in(&code, "Sara").await, scene.person_in(&code, "Ali").await);
    let bob = scene.person_in(&code, "Bob").await;
    let to = ali.number(&code);
    let mut ali = ali;
    ali.hears("join").await;
    ali.says(&code, "the last that Ali saw").await;
    ali.hears_line("the last that Ali saw").await;
    let memory = ali.vanishes().await;

    for n in 0..200 {
        sara.says(&code, &format!("missed {n}")).await;
    }
    let private = sara.asks(json!({ "type": "private", "room": code, "to": to, "text": "for you" })).await;
    assert_eq!(private["type"], "ack", "one who is away can be written to");
    let other = bob.number(&code);
    sara.asks(json!({ "type": "private", "room": code, "to": other, "text": "for Bob" })).await;
    bob.closes(Some(1000));
    sara.hears("leave").await;

    // Live lines go on while Ali comes back.
    let talker = tokio::spawn(async move {
        for n in 0..200 {
            sara.says(&code, &format!("live {n}")).await;
        }
        (sara, code)
    });
    let room = memory.places.keys().next().expect("a room").clone();
    let mut ali = back(&scene, &memory, &room).await;
    assert_eq!(ali.place(&room), Place { seq: memory.places[&room].seq, ..ali.place(&room) });
    let heard = ali.hears_until("live 199").await;
    let missed: Vec<String> = (0..200).map(|n| format!("missed {n}")).collect();
    let live: Vec<String> = (0..200).map(|n| format!("live {n}")).collect();
    let wanted: Vec<&str> =
        missed.iter().map(String::as_str).chain(["for you"]).chain(live.iter().map(String::as_str)).collect();
    assert_eq!(texts(&heard), wanted);
    assert_eq!(heard.iter().filter(|event| event["type"] == "skip").count(), 1, "Bob's line is a number and no more");
    talker.await.expect("Sara spoke");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_back_from_the_edge_of_what_is_kept_gets_all_of_it_while_others_talk() {
    let scene = Scene::with(|settings| {
        no_rates(settings);
        settings.tail_bytes = 256 * 1024;
    });
    let (mut sara, mut ali) = (scene.person_in("general", "Sara").await, scene.person_in("general", "Ali").await);
    let mut resumed = 0;
    for round in 0..30 {
        let marker = format!("seen {round}");
        sara.says("general", &marker).await;
        ali.hears_line(&marker).await;
        let memory = ali.vanishes().await;
        // As much as is kept for one who is away, but a little.
        let text = "x".repeat(3000);
        let fill: Vec<Value> = (0..81).map(|n| say("general", sara.next_id(), &format!("{n} {text}"))).collect();
        sara.sends_at_once(fill);
        sara.answer_to(sara.last_id).await;
        let last = format!("live {round} done");
        let talk = (0..20).map(|n| format!("live {n} {text}")).chain([last.clone()]);
        let talk: Vec<Value> = talk.map(|text| say("general", sara.next_id(), &text)).collect();
        ali = scene.returning(&memory).await;
        let (id, place) = (ali.next_id(), &memory.places["general"]);
        ali.sends(&json!({ "type": "join", "id": id, "room": "general", "name": "Ali",
            "since": { "epoch": place.epoch, "seq": place.seq } }));
        sara.sends_at_once(talk);
        let answer = ali.answer_to(id).await;
        if answer["resumed"] != true {
            // The talk came first: then it is too old indeed, and is told so.
            assert_eq!(answer["reason"], "too_old", "{answer:.300}");
            let again = format!("again {round}");
            sara.says("general", &again).await;
            ali.hears_line(&again).await;
            continue;
        }
        resumed += 1;
        let mut heard = Vec::new();
        while heard.last().is_none_or(|event: &Value| event["text"] != last) {
            let event = ali.hears_next().await;
            assert_ne!(event["type"], "reset", "round {round}: reset although nothing was too old: {event:.300}");
            heard.push(event);
        }
        assert_eq!(texts(&heard).len(), 81 + 20 + 1);
        sara.hears_line(&last).await;
    }
    assert!(resumed > 0, "the talk always came first");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_position_too_old_gets_one_reset_with_what_is_left_of_its_own_time() {
    let scene = Scene::with(|settings| {
        no_rates(settings);
        settings.tail_bytes = 16 * 1024;
    });
    let mut sara = scene.person_in("general", "Sara").await;
    sara.says("general", "before Ali came").await;
    let ali = scene.person_in("general", "Ali").await;
    let memory = ali.vanishes().await;
    let mut head = 0;
    for n in 0..200 {
        head = sara.says("general", &format!("{n} {}", "x".repeat(100))).await;
    }
    let mut ali = scene.returning(&memory).await;
    let reset = ali.joins_from("general", &memory.places["general"]).await;
    assert_eq!(
        (&reset["type"], &reset["reason"], &reset["resumed"]),
        (&json!("reset"), &json!("too_old"), &json!(false))
    );
    assert_eq!(reset["you"], memory.places["general"].me, "still the same member");
    let history = reset["history"].as_array().expect("a list");
    assert!(!history.is_empty() && history.len() < 200, "{} events", history.len());
    let last = history.last().expect("some");
    assert_eq!((&last["seq"], &reset["seq"]), (&json!(head), &json!(head)));
    let seqs: Vec<u64> = history.iter().filter_map(|event| event["seq"].as_u64()).collect();
    assert!(seqs.windows(2).all(|pair| pair[1] == pair[0] + 1), "in order and without a hole: {seqs:?}");
    sara.says("general", "done").await;
    assert_eq!(kinds(&ali.hears_until("done").await), ["message"], "one reset, then what is live");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_position_of_another_life_or_ahead_of_this_one_gets_one_reset() {
    let scene = Scene::start();
    let (mut sara, mut ali) = (scene.person_in("general", "Sara").await, scene.person_in("general", "Ali").await);
    let head = ali.says("general", "one").await;
    ali.hears_line("one").await;
    let epoch = ali.place("general").epoch;
    for (epoch, seq, reason) in [
        ("0123456789abcdef", 1, "epoch"),
        ("", 1, "epoch"),
        ("not hexadecimal", 1, "epoch"),
        ("ffffffffffffffffff", 1, "epoch"),
        (epoch.as_str(), head + 1000, "future"),
        (epoch.as_str(), u64::MAX, "future"),
        (epoch.as_str(), 0, "too_old"),
    ] {
        let memory = ali.vanishes().await;
        ali = scene.returning(&memory).await;
        let place = Place { epoch: epoch.to_owned(), seq, me: 0 };
        let reset = ali.joins_from("general", &place).await;
        assert_eq!((&reset["type"], &reset["reason"]), (&json!("reset"), &json!(reason)), "{epoch:?} {seq}: {reset}");
        assert_eq!(texts(reset["history"].as_array().expect("a list")), ["one"], "its own time, in {reset}");
        assert_eq!(ali.unread_events(), Vec::<Value>::new());
    }
    let line = sara.says("general", "done").await;
    assert_eq!(ali.hears_next().await["seq"], line);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_back_too_late_is_somebody_new_and_is_told_so() {
    let scene = Scene::with(|settings| settings.grace = ms(50));
    let (mut sara, ali) = (scene.person_in("general", "Sara").await, scene.person_in("general", "Ali").await);
    let memory = ali.vanishes().await;
    sara.hears("leave").await;
    sara.says("general", "while Ali was away").await;

    // Meanwhile somebody else took the name.
    let other = scene.person_in("general", "ali").await;
    let mut ali = scene.returning(&memory).await;
    let answer = ali.joins_from("general", &memory.places["general"]).await;
    assert_eq!((&answer["code"], &answer["suggestion"]), (&json!("name_taken"), &json!("Ali 2")), "{answer}");
    other.closes(Some(1000));
    sara.hears("leave").await;
    let reset = ali.joins_from("general", &memory.places["general"]).await;
    assert_eq!((&reset["type"], &reset["reason"]), (&json!("reset"), &json!("left")), "{reset}");
    assert_eq!((&reset["you"], &reset["history"]), (&json!(4), &json!([])), "what it missed was not its time");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restart_everybody_is_told_once_that_the_room_began_anew() {
    let first = Scene::start();
    let mut ali = first.person_in("general", "Ali").await;
    ali.says("general", "lost").await;
    let memory = ali.memory();
    first.stop().await;

    let second = Scene::start();
    let mut ali = second.returning(&memory).await;
    assert_eq!(ali.welcome["resumed"], false);
    assert_ne!(ali.session, memory.session, "an unknown secret is not taken over");
    let reset = ali.joins_from("general", &memory.places["general"]).await;
    assert_eq!((&reset["type"], &reset["reason"], &reset["name"]), (&json!("reset"), &json!("epoch"), &json!("Ali")));
    assert_ne!(reset["epoch"], memory.places["general"].epoch);
    ali.says("general", "anew").await;
    ali.hears_line("anew").await;
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
async fn after_a_restart_the_people_of_a_code_find_each_other_under_it() {
    let first = Scene::start();
    let code = first.opens_room().await;
    let (ali, sara) = (first.person_in(&code, "Ali").await, first.person_in(&code, "Sara").await);
    let memories = [ali.memory(), sara.memory()];
    first.stop().await;

    let second = Scene::start();
    // The code alone opens nothing.
    assert_eq!(second.person("Eve").await.tries_to_join(&code).await["code"], "room_not_found");
    let mut people = Vec::new();
    for memory in &memories {
        let mut person = second.returning(memory).await;
        let reset = person.joins_from(&code, &memory.places[&code]).await;
        assert_eq!((&reset["type"], &reset["reason"]), (&json!("reset"), &json!("epoch")), "{reset}");
        people.push(person);
    }
    people[0].says(&code, "here again").await;
    people[1].hears_line("here again").await;
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
    let mut ali = back(&scene, &memory, "general").await;
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
    let scene = Scene::with(no_rates);
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
    until("room in the bucket", || scene.app.now() > ms(150)).await;
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
        until("the time to wait", || asked.elapsed() >= ms(wait)).await;
    }
    assert_eq!(refusals, 1, "who waits as told is not refused again");
    assert_eq!(texts(&ali.hears_until("at last").await), ["at last"]);
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

#[tokio::test(flavor = "multi_thread")]
async fn a_resume_shows_no_more_than_the_own_time_even_where_newcomers_see_the_past() {
    let scene = Scene::with(|settings| settings.newcomers = Newcomers::Recent);
    let mut sara = scene.person_in("general", "Sara").await;
    sara.says("general", "before").await;
    let ali = scene.person_in("general", "Ali").await;
    sara.says("general", "/msg Ali between").await;
    let memory = ali.vanishes().await;
    let mut ali = scene.returning(&memory).await;
    // Without a position: the same member, with its own past.
    let joined = ali.joins("general").await;
    assert_eq!((&joined["resumed"], &joined["you"]), (&json!(false), &json!(2)));
    assert_eq!(texts(joined["history"].as_array().expect("a list")), ["between"]);
}

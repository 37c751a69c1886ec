//! Somebody comes back and goes on where it stood: what it missed comes in order, or it is told why not.

use std::time::Duration;

use charsu::config::{Newcomers, Settings};
use serde_json::{Value, json};

use crate::plain_and_over_tls;
use crate::scene::{Memory, Over, Person, Place, Scene};

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
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

plain_and_over_tls! {
    a_returning_member_gets_exactly_what_it_missed_and_then_what_is_said_live
    who_comes_back_from_the_edge_of_what_is_kept_gets_all_of_it_while_others_talk
    a_position_too_old_gets_one_reset_with_what_is_left_of_its_own_time
    a_position_of_another_life_or_ahead_of_this_one_gets_one_reset
    who_comes_back_too_late_is_somebody_new_and_is_told_so
    after_a_restart_everybody_is_told_once_that_the_room_began_anew
    after_a_restart_the_people_of_a_code_find_each_other_under_it
    a_resume_shows_no_more_than_the_own_time_even_where_newcomers_see_the_past
}

async fn a_returning_member_gets_exactly_what_it_missed_and_then_what_is_said_live(over: Over) {
    let scene = Scene::over(over, no_rates);
    let code = scene.opens_room().await;
    let (mut sara, ali) = (scene.person_in(&code, "Sara").await, scene.person_in(&code, "Ali").await);
    let mut bob = scene.person_in(&code, "Bob").await;
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
    bob.leaves(&code).await;
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

async fn who_comes_back_from_the_edge_of_what_is_kept_gets_all_of_it_while_others_talk(over: Over) {
    let scene = Scene::over(over, |settings| {
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

async fn a_position_too_old_gets_one_reset_with_what_is_left_of_its_own_time(over: Over) {
    let scene = Scene::over(over, |settings| {
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

async fn a_position_of_another_life_or_ahead_of_this_one_gets_one_reset(over: Over) {
    let scene = Scene::over(over, |_| ());
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

async fn who_comes_back_too_late_is_somebody_new_and_is_told_so(over: Over) {
    let scene = Scene::over(over, |settings| settings.grace = ms(50));
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

async fn after_a_restart_everybody_is_told_once_that_the_room_began_anew(over: Over) {
    let first = Scene::over(over, |_| ());
    let mut ali = first.person_in("general", "Ali").await;
    ali.says("general", "lost").await;
    let memory = ali.memory();
    first.stop().await;

    let second = Scene::over(over, |_| ());
    let mut ali = second.returning(&memory).await;
    assert_eq!(ali.welcome["resumed"], false);
    assert_ne!(ali.session, memory.session, "an unknown secret is not taken over");
    let reset = ali.joins_from("general", &memory.places["general"]).await;
    assert_eq!((&reset["type"], &reset["reason"], &reset["name"]), (&json!("reset"), &json!("epoch"), &json!("Ali")));
    assert_ne!(reset["epoch"], memory.places["general"].epoch);
    ali.says("general", "anew").await;
    ali.hears_line("anew").await;
}

async fn after_a_restart_the_people_of_a_code_find_each_other_under_it(over: Over) {
    let first = Scene::over(over, |_| ());
    let code = first.opens_room().await;
    let (ali, sara) = (first.person_in(&code, "Ali").await, first.person_in(&code, "Sara").await);
    let memories = [ali.memory(), sara.memory()];
    first.stop().await;

    let second = Scene::over(over, |_| ());
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

async fn a_resume_shows_no_more_than_the_own_time_even_where_newcomers_see_the_past(over: Over) {
    let scene = Scene::over(over, |settings| settings.newcomers = Newcomers::Recent);
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

//! People talk: who hears what, in which order, and what answers a speaker gets.

use charsu::config::{Newcomers, Settings};
use serde_json::{Value, json};

use crate::scene::{Person, Scene, TutorialPage, within};

/// For scenes in which somebody says more than a person could.
fn without_rates(settings: &mut Settings) {
    settings.messages_per_second = u32::MAX;
    settings.messages_burst = u32::MAX;
}

fn say(room: &str, id: u64, text: &str) -> Value {
    json!({ "type": "say", "id": id, "room": room, "text": text })
}

fn texts(events: &[Value]) -> Vec<&str> {
    events.iter().filter(|event| event["type"] == "message").filter_map(|event| event["text"].as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_is_heard_by_everybody_and_its_speaker_knows_it_by_the_ack_before_it() {
    let scene = Scene::start();
    let code = scene.opens_room().await;
    let (mut ali, mut sara) = (scene.person_in(&code, "Ali").await, scene.person_in(&code, "Sara").await);
    let join = ali.hears_next().await;
    assert_eq!((&join["type"], &join["member"]["name"]), (&json!("join"), &json!("Sara")));

    let before = ali.place(&code).seq;
    let ack = ali.tries_to_say(&code, "سلام").await;
    assert_eq!(ack["type"], "ack", "{ack}");
    assert_eq!(ack["seq"], before + 1);
    assert_eq!(ack["epoch"], ali.place(&code).epoch);
    for person in [&mut ali, &mut sara] {
        let line = person.hears_next().await;
        assert_eq!(line["type"], "message");
        assert_eq!((&line["seq"], &line["room"], &line["text"]), (&ack["seq"], &json!(code), &json!("سلام")));
        assert_eq!((&line["from"], &line["name"]), (&json!(1), &json!("Ali")));
        assert!(line["guest"].is_null(), "a claimed name is no guest's: {line}");
        assert!(line["at"].as_u64().is_some_and(|at| at > 1_700_000_000_000), "Unix milliseconds: {line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ack_of_a_line_comes_before_the_line() {
    let scene = Scene::start();
    let mut ali = scene.socket("/ws", true).await;
    ali.say(r#"{"type":"hello"}"#).await;
    ali.say(r#"{"type":"join","id":1,"room":"general","name":"Ali"}"#).await;
    assert_eq!(ali.json().await["type"], "welcome");
    assert_eq!(ali.json().await["type"], "joined");
    for id in 2..30 {
        ali.say(&say("general", id, "one").to_string()).await;
        let (ack, line) = (ali.json().await, ali.json().await);
        assert_eq!((&ack["type"], &ack["id"]), (&json!("ack"), &json!(id)));
        assert_eq!((&line["type"], &line["seq"]), (&json!("message"), &ack["seq"]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_joiner_sees_nothing_of_the_past_by_default() {
    let scene = Scene::start();
    let mut ali = scene.person_in("general", "Ali").await;
    let said = ali.says("general", "before Sara came").await;

    let mut sara = scene.person("Sara").await;
    let joined = sara.joins("general").await;
    assert_eq!(joined["history"], json!([]));
    assert_eq!(joined["resumed"], false);
    assert_eq!(joined["seq"], said + 1, "the position after Sara's own join");
    assert_eq!(joined["count"], 2);
    assert_eq!(joined["members"], json!([{ "id": 1, "name": "Ali" }, { "id": 2, "name": "Sara" }]));
    ali.says("general", "now").await;
    assert_eq!(texts(&sara.hears_until("now").await), ["now"]);

    let mut page = scene.one_segment("general").await;
    ali.says("general", "later").await;
    assert_eq!(page.gets_until("later").await.len(), 1, "nothing of the past on the tutorials' wires either");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_position_that_was_heard_of_opens_no_past_to_a_stranger() {
    let scene = Scene::start();
    let mut ali = scene.person_in("general", "Ali").await;
    ali.says("general", "before Eve came").await;
    let mut place = ali.place("general");
    place.seq = 1;

    let mut eve = scene.person("Eve").await;
    let answer = eve.joins_from("general", &place).await;
    assert_eq!((&answer["type"], &answer["reason"]), (&json!("reset"), &json!("left")));
    assert_eq!(answer["history"], json!([]));
    ali.says("general", "now").await;
    assert_eq!(texts(&eve.hears_until("now").await), ["now"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_operator_shows_the_recent_past_a_newcomer_sees_it_without_private_lines() {
    let scene = Scene::with(|settings| settings.newcomers = Newcomers::Recent);
    let (mut ali, mut sara) = (scene.person_in("general", "Ali").await, scene.person_in("general", "Sara").await);
    ali.says("general", "first").await;
    ali.says("general", "/msg Sara a secret").await;
    sara.says("general", "second").await;

    let joined = scene.person("Bob").await.joins("general").await;
    let history = joined["history"].as_array().expect("a list");
    assert_eq!(texts(history), ["first", "second"]);
    assert!(!joined.to_string().contains("secret"), "{joined}");

    let mut page = scene.two_segment_page("general", "Page").await;
    assert_eq!(page.gets().await["text"], "first");
    assert_eq!(page.gets().await["text"], "second");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_line_is_seen_by_two_and_its_number_is_skipped_by_the_rest() {
    let scene = Scene::start();
    let code = scene.opens_room().await;
    let (mut ali, mut sara, mut bob) = (
        scene.person_in(&code, "Ali").await,
        scene.person_in(&code, "Sara").await,
        scene.person_in(&code, "Bob").await,
    );
    let mut one = scene.one_segment(&code).await;
    let mut two = scene.two_segment(&code, "Tutor").await;

    let to = sara.number(&code);
    let ack = ali.asks(json!({ "type": "private", "room": code, "to": to, "text": "only you" })).await;
    assert_eq!(ack["type"], "ack", "{ack}");
    ali.says(&code, "everybody").await;

    for person in [&mut ali, &mut sara] {
        let heard = person.hears_until("everybody").await;
        let line = heard.iter().find(|event| event["type"] == "private").expect("the private line");
        assert_eq!((&line["seq"], &line["text"]), (&ack["seq"], &json!("only you")));
        assert_eq!((&line["from"], &line["name"]), (&json!(1), &json!("Ali")));
        assert_eq!((&line["to"], &line["to_name"]), (&json!(to), &json!("Sara")));
    }
    let heard = bob.hears_until("everybody").await;
    let skip = heard.iter().find(|event| event["seq"] == ack["seq"]).expect("the number");
    assert_eq!(*skip, json!({ "type": "skip", "room": code, "seq": ack["seq"] }));
    for page in [&mut one, &mut two] {
        let frames = page.gets_until("everybody").await;
        assert!(!frames.iter().any(|frame| frame.to_string().contains("only you")), "{frames:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn private_lines_within_a_burst_reach_their_two_and_no_third() {
    let scene = Scene::with(without_rates);
    let (mut ali, mut sara, mut bob) = (
        scene.person_in("general", "Ali").await,
        scene.person_in("general", "Sara").await,
        scene.person_in("general", "Bob").await,
    );
    let to = sara.number("general");
    ali.sends_at_once((1..=300).map(|n| match n % 3 {
        0 => json!({ "type": "private", "id": n + 10, "room": "general", "to": to, "text": format!("p{n}") }),
        _ => say("general", n + 10, &format!("m{n}")),
    }));
    ali.sends(&say("general", 1000, "the end"));
    let kinds = |events: &[Value]| -> Vec<String> {
        let shown = events.iter().filter(|event| event["type"] != "join");
        shown.map(|event| event["text"].as_str().unwrap_or("skip").to_owned()).collect()
    };
    let all: Vec<String> = (1..=300)
        .map(|n| if n % 3 == 0 { format!("p{n}") } else { format!("m{n}") })
        .chain(["the end".into()])
        .collect();
    let bobs: Vec<String> =
        all.iter().map(|text| if text.starts_with('p') { "skip".into() } else { text.clone() }).collect();
    assert_eq!(kinds(&ali.hears_until("the end").await), all);
    assert_eq!(kinds(&sara.hears_until("the end").await), all);
    assert_eq!(kinds(&bob.hears_until("the end").await), bobs);
}

/// Reads a page's frames until so many lines were said.
async fn lines_of_page(mut page: TutorialPage, count: usize) -> Vec<String> {
    let mut lines = Vec::new();
    while lines.len() < count {
        let frame = page.gets().await;
        if frame["type"] == "message" {
            lines.push(frame["text"].as_str().expect("a text").to_owned());
        }
    }
    lines
}

async fn lines_of_person(mut person: Person, count: usize) -> Vec<String> {
    let mut lines = Vec::new();
    while lines.len() < count {
        lines.push(person.hears("message").await["text"].as_str().expect("a text").to_owned());
    }
    lines
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rooms_order_is_the_same_for_every_member_on_every_wire() {
    const EACH: usize = 80;
    const OF_EACH_WIRE: usize = 3;
    let scene = Scene::with(without_rates);
    let code = scene.opens_room().await;
    let mut readers = tokio::task::JoinSet::new();
    let (mut people, mut ones, mut twos) = (Vec::new(), Vec::new(), Vec::new());
    for n in 0..OF_EACH_WIRE {
        people.push(scene.person_in(&code, &format!("Person {n}")).await);
        ones.push(scene.one_segment(&code).await);
        twos.push(scene.two_segment(&code, &format!("Page {n}")).await);
    }
    // Everybody is in the room. Sent in turns, from nine connections, as fast as they go out.
    for n in 0..EACH {
        for (at, person) in people.iter_mut().enumerate() {
            let id = person.next_id();
            person.sends(&say(&code, id, &format!("person{at} {n}")));
        }
        for (at, page) in ones.iter().enumerate() {
            page.says_as("User", &format!("one{at} {n}"));
        }
        for (at, page) in twos.iter().enumerate() {
            page.says(&format!("two{at} {n}"));
        }
    }
    let all = EACH * OF_EACH_WIRE * 3;
    for person in people {
        readers.spawn(lines_of_person(person, all));
    }
    for page in ones.into_iter().chain(twos) {
        readers.spawn(lines_of_page(page, all));
    }
    let orders = within("everybody's lines", readers.join_all()).await;
    for order in &orders {
        assert_eq!(order, &orders[0], "two members saw two histories");
    }
    for kind in ["person", "one", "two"] {
        for at in 0..OF_EACH_WIRE {
            let speaker = format!("{kind}{at} ");
            let told: Vec<usize> =
                orders[0].iter().filter_map(|line| line.strip_prefix(&speaker)?.parse().ok()).collect();
            assert_eq!(told, (0..EACH).collect::<Vec<_>>(), "the lines of one speaker, in its order");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_thousand_lines_at_once_arrive_whole_and_in_order_at_all_members() {
    const LINES: u64 = 2000;
    let scene = Scene::with(without_rates);
    let mut people = Vec::new();
    for name in ["Ali", "Sara", "Bob", "Mina"] {
        people.push(scene.person_in("general", name).await);
    }
    let mut pages = [scene.one_segment("general").await, scene.two_segment("general", "Page").await];
    people[0].sends_at_once((1..=LINES).map(|n| say("general", n + 1, &format!("line {n}"))));

    let wanted: Vec<String> = (1..=LINES).map(|n| format!("line {n}")).collect();
    let last = wanted.last().expect("some");
    for person in &mut people {
        assert_eq!(texts(&person.hears_until(last).await), wanted, "{}", person.name);
    }
    for page in &mut pages {
        assert_eq!(texts(&page.gets_until(last).await), wanted);
    }
    let ids: Vec<u64> = {
        let answer = people[0].answer_to(LINES + 1).await;
        let mut ids: Vec<u64> = people[0]
            .unread_answers()
            .iter()
            .filter(|ack| ack["type"] == "ack")
            .filter_map(|ack| ack["id"].as_u64())
            .collect();
        ids.extend(answer["id"].as_u64());
        ids
    };
    assert_eq!(ids, (2..=LINES + 1).collect::<Vec<_>>(), "every line has its ack, in order");
}

#[tokio::test(flavor = "multi_thread")]
async fn large_lines_at_once_arrive_whole_at_a_member_that_reads() {
    let scene = Scene::with(without_rates);
    let (mut ali, mut sara) = (scene.person_in("general", "Ali").await, scene.person_in("general", "Sara").await);
    // More than twice what a room keeps for those who are away.
    let text = "ن".repeat(4000);
    ali.sends_at_once((1..=300).map(|n| say("general", n + 1, &format!("{}{n}", &text[..text.len() - 8]))));
    ali.sends(&say("general", 2000, "the end"));
    assert_eq!(texts(&sara.hears_until("the end").await).len(), 301);
    assert_eq!(texts(&ali.hears_until("the end").await).len(), 301);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_says_something_and_leaves_in_the_same_breath_gets_both_answers() {
    let scene = Scene::start();
    let mut sara = scene.person_in("general", "Sara").await;
    for n in 0..20 {
        let mut ali = scene.person_in("general", "Ali").await;
        ali.sends_at_once([
            say("general", 10, &format!("bye {n}")),
            json!({ "type": "leave", "id": 11, "room": "general" }),
        ]);
        assert_eq!(ali.answer_to(10).await["type"], "ack");
        assert_eq!(ali.answer_to(11).await["type"], "left");
        sara.hears_line(&format!("bye {n}")).await;
        assert_eq!(sara.hears_next().await["type"], "leave");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_behind_a_line_in_the_same_breath_is_not_left_lying() {
    let scene = Scene::with(without_rates);
    let mut ali = scene.person_in("general", "Ali").await;
    // Each round is one read of the server's, in which the line may be shown before the rest is looked at.
    for round in 0..60 {
        let id = 10 + round * 100;
        let many = (0..60).map(|n| say("general", id + n, "in between"));
        let refused = json!({ "type": "say", "id": id + 60, "room": "nowhere", "text": "x" });
        ali.sends_at_once(many.chain([refused, json!({ "type": "ping" })]));
        assert_eq!(ali.answer_to(id + 60).await["code"], "not_in_room");
        while ali.answer().await["type"] != "pong" {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_is_carried_unchanged() {
    let scene = Scene::start();
    let (mut ali, mut sara) = (scene.person_in("general", "Ali").await, scene.person_in("general", "Sara").await);
    let mut page = scene.one_segment("general").await;
    for text in [
        "<script>alert(1)</script> & \"quotes\" 'n' \\ back/slash",
        "\u{202e}right to left override",
        "می\u{200c}خواهم",
        " spaces around \n and\ttabs ",
        "NUL \0 and DEL \u{7f} and \u{1b}[31mred",
        "🙂👩‍👩‍👧‍👧🏳️‍🌈",
        "\u{2028}\u{2029}\u{feff}x",
        "</script><!--",
        "{\"type\":\"message\"}",
    ] {
        ali.says("general", text).await;
        sara.hears_line(text).await;
        page.gets_until(text).await;
    }
    let marks = format!("a{}", "\u{301}".repeat(3999));
    ali.says("general", &marks).await;
    sara.hears_line(&marks).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_rooms_live_side_by_side_on_one_connection() {
    let scene = Scene::start();
    let codes = [scene.opens_room().await, scene.opens_room().await, "general".to_owned()];
    let mut ali = scene.person("Ali").await;
    let mut sara = scene.person_in(&codes[1], "Sara").await;
    for code in &codes {
        ali.joins(code).await;
    }
    sara.hears("join").await;
    for (n, code) in codes.iter().enumerate() {
        ali.says(code, &format!("in {n}")).await;
        let line = ali.hears_line(&format!("in {n}")).await;
        assert_eq!(line["room"], *code);
    }
    assert_eq!(texts(&sara.hears_until("in 1").await), ["in 1"]);

    // Switching: out of one, and the others go on.
    ali.leaves(&codes[1]).await;
    assert_eq!(sara.hears_next().await["type"], "leave");
    assert_eq!(ali.tries_to_say(&codes[1], "still?").await["code"], "not_in_room");
    ali.says("general", "still here").await;
    ali.hears_line("still here").await;
    sara.says(&codes[1], "alone").await;
    ali.joins(&codes[1]).await;
    assert_eq!(ali.number(&codes[1]), 3, "a new member, not the old one");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_may_be_written_as_people_write_codes_in_every_command() {
    let scene = Scene::start();
    let code = scene.opens_room().await;
    let written = format!("{}-{}", &code[..3], &code[3..]);
    let mut ali = scene.person("Ali").await;
    assert_eq!(ali.joins(&written).await["room"], code, "a room is called by its proper name");
    ali.says(&written, "hello").await;
    assert_eq!(ali.hears_line("hello").await["room"], code);
    let people = ali.asks(json!({ "type": "people", "room": written })).await;
    assert_eq!((&people["room"], &people["count"], &people["more"]), (&json!(code), &json!(1), &json!(false)));
    assert_eq!(ali.tries_to_join(&code).await["code"], "already_in_room");
    ali.leaves(&written).await;
}

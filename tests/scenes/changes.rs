//! Lines that are changed, taken back or answered with an emoji: by whom they may be, what everybody sees of it, and that
//! nothing of the old words is shown any more, to nobody.

use charsu::config::Newcomers;
use serde_json::{Value, json};

use crate::scene::{Person, Scene};

fn texts(events: &[Value]) -> Vec<&str> {
    events.iter().filter_map(|event| event["text"].as_str()).collect()
}

impl Person {
    async fn edits(&mut self, room: &str, seq: u64, text: &str) -> Value {
        self.asks(json!({ "type": "edit", "room": room, "seq": seq, "text": text })).await
    }

    async fn takes_back(&mut self, room: &str, seq: u64) -> Value {
        self.asks(json!({ "type": "delete", "room": room, "seq": seq })).await
    }

    async fn reacts(&mut self, room: &str, seq: u64, emoji: &str, on: bool) -> Value {
        self.asks(json!({ "type": "react", "room": room, "seq": seq, "emoji": emoji, "on": on })).await
    }

    async fn reads(&mut self, page: Value) -> Value {
        let mut command = json!({ "type": "history", "room": "general" });
        command.as_object_mut().expect("an object").extend(page.as_object().expect("an object").clone());
        let page = self.asks(command).await;
        assert_eq!(page["type"], "history", "{page}");
        page
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_was_changed_has_its_new_words_for_everybody_and_its_old_ones_for_nobody() {
    let scene = Scene::with(|settings| settings.newcomers = Newcomers::Recent);
    let (mut ali, sara) = (scene.person_in("general", "Ali").await, scene.person_in("general", "Sara").await);
    let line = ali.says("general", "the kettel is on").await;
    let away = sara.vanishes().await;
    let ack = ali.edits("general", line, "the kettle is on").await;
    assert_eq!(ack["type"], "ack", "{ack}");
    ali.edits("general", line, "the kettle is off").await;
    ali.says("general", "done").await;
    // Everybody who reads on, comes back or comes newly sees the same.
    let heard = ali.hears_until("done").await;
    let edits: Vec<&Value> = heard.iter().filter(|event| event["type"] == "edit").collect();
    assert_eq!(edits.len(), 2);
    assert_eq!((&edits[1]["target"], &edits[1]["text"]), (&json!(line), &json!("the kettle is off")));
    let mut sara = scene.returning(&away).await;
    assert_eq!(sara.joins_from("general", &away.places["general"]).await["resumed"], true);
    let missed = sara.hears_until("done").await;
    assert_eq!(texts(&missed), ["the kettle is off", "the kettle is off", "done"], "{missed:?}");
    assert!(missed[0]["edited_at"].is_u64(), "{}", missed[0]);
    assert_eq!(missed[1]["type"], "skip", "words that were changed again are not shown");
    let mut bob = scene.person("Bob").await;
    let history = bob.joins("general").await["history"].clone();
    assert_eq!(texts(history.as_array().expect("lines")), ["the kettle is off", "done"]);
    let mut page = scene.one_segment_page("general").await;
    assert_eq!(page.gets_until("done").await[0]["text"], "the kettle is off");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_was_taken_back_is_a_number_and_no_more() {
    let scene = Scene::with(|settings| settings.newcomers = Newcomers::Recent);
    let (mut ali, sara) = (scene.person_in("general", "Ali").await, scene.person_in("general", "Sara").await);
    let away = sara.vanishes().await;
    let line = ali.says("general", "a secret that slipped out").await;
    ali.edits("general", line, "another secret").await;
    ali.reacts("general", line, "🙈", true).await;
    assert_eq!(ali.takes_back("general", line).await["type"], "ack");
    ali.says("general", "done").await;
    let mut sara = scene.returning(&away).await;
    assert_eq!(sara.joins_from("general", &away.places["general"]).await["resumed"], true);
    let missed = sara.hears_until("done").await;
    let kinds: Vec<&str> = missed.iter().filter_map(|event| event["type"].as_str()).collect();
    assert_eq!(kinds, ["skip", "skip", "react", "delete", "message"]);
    assert_eq!(missed[3]["target"], line);
    assert!(!format!("{missed:?}").contains("secret"));
    let mut bob = scene.person("Bob").await;
    let joined = bob.joins("general").await;
    assert_eq!(texts(joined["history"].as_array().expect("lines")), ["done"]);
    // It cannot be brought back, or be changed twice.
    for again in [ali.takes_back("general", line).await, ali.edits("general", line, "back").await] {
        assert_eq!(again["code"], "no_such_line", "{again}");
    }
    assert_eq!(bob.reacts("general", line, "👍", true).await["code"], "no_such_line");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_said_a_line_changes_it() {
    let scene = Scene::start();
    let (mut ali, mut sara) = (scene.person_in("general", "Ali").await, scene.person_in("general", "Sara").await);
    let line = ali.says("general", "mine").await;
    assert_eq!(sara.edits("general", line, "yours").await["code"], "not_yours");
    assert_eq!(sara.takes_back("general", line).await["code"], "not_yours");
    let nothing = sara.edits("general", 1, "a join is no line").await;
    assert_eq!(nothing["code"], "no_such_line", "{nothing}");
    assert_eq!(ali.edits("general", 4000, "not said yet").await["code"], "no_such_line");
    assert_eq!(ali.edits("general", line, " ").await["code"], "empty_text");
    assert_eq!(ali.edits("general", line, &"x".repeat(4001)).await["code"], "text_too_long");
    // Somebody who left and came again is another member.
    ali.leaves("general").await;
    ali.joins("general").await;
    assert_eq!(ali.takes_back("general", line).await["code"], "no_such_line", "it is from before its time");
    ali.says("general", "done").await;
    let heard = sara.hears_until("done").await;
    assert!(heard.iter().all(|event| event["type"] != "edit" && event["type"] != "delete"), "{heard:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_comes_again_is_done_once() {
    let scene = Scene::start();
    let (mut ali, mut sara) = (scene.person_in("general", "Ali").await, scene.person_in("general", "Sara").await);
    let line = ali.says("general", "one").await;
    let edit = json!({ "type": "edit", "id": 50, "room": "general", "seq": line, "text": "two" });
    let delete = json!({ "type": "delete", "id": 51, "room": "general", "seq": line });
    let mut acks = Vec::new();
    for command in [&edit, &edit, &delete, &edit, &delete] {
        ali.sends(command);
        acks.push(ali.answer_to(command["id"].as_u64().expect("a number")).await);
    }
    assert_eq!((&acks[1], &acks[3], &acks[4]), (&acks[0], &acks[0], &acks[2]));
    let mut other = edit.clone();
    other["text"] = "three".into();
    ali.sends(&other);
    assert_eq!(ali.answer_to(50).await["code"], "id_conflict");
    ali.last_id = 60;
    ali.says("general", "done").await;
    let heard = sara.hears_until("done").await;
    let kinds: Vec<&str> = heard.iter().filter_map(|event| event["type"].as_str()).collect();
    assert_eq!(kinds, ["message", "edit", "delete", "message"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_to_a_private_line_concerns_two() {
    let scene = Scene::start();
    let (mut ali, mut sara) = (scene.person_in("general", "Ali").await, scene.person_in("general", "Sara").await);
    let mut bob = scene.person_in("general", "Bob").await;
    let to = sara.number("general");
    let said = ali.asks(json!({ "type": "private", "room": "general", "to": to, "text": "psst" })).await;
    let line = said["seq"].as_u64().expect("a number");
    assert_eq!(bob.reacts("general", line, "👀", true).await["code"], "no_such_line");
    assert_eq!(bob.takes_back("general", line).await["code"], "no_such_line");
    assert_eq!(sara.takes_back("general", line).await["code"], "not_yours");
    assert_eq!(sara.reacts("general", line, "🤫", true).await["type"], "ack");
    assert_eq!(ali.edits("general", line, "pssst").await["type"], "ack");
    assert_eq!(ali.takes_back("general", line).await["type"], "ack");
    ali.says("general", "done").await;
    let kinds = |heard: &[Value]| -> Vec<String> {
        heard.iter().filter_map(|event| event["type"].as_str().map(str::to_owned)).collect()
    };
    assert_eq!(kinds(&bob.hears_until("done").await), ["skip", "skip", "skip", "skip", "message"]);
    let heard = sara.hears_until("done").await;
    assert_eq!(kinds(&heard), ["join", "private", "react", "edit", "delete", "message"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reaction_is_one_emoji_and_there_is_a_bound_to_them() {
    let scene = Scene::with(|settings| settings.reactions_per_line = 3);
    let mut ali = scene.person_in("general", "Ali").await;
    let line = ali.says("general", "look").await;
    for no_emoji in ["", "a", "ok", "good 👍", "👍👍👍👍👍👍👍👍👍👍👍", "\u{202e}", "س"] {
        let answer = ali.reacts("general", line, no_emoji, true).await;
        assert_eq!(answer["code"], "bad_reaction", "{no_emoji:?}: {answer}");
    }
    for emoji in ["👍", "❤️", "👨‍👩‍👧‍👦", "👍"] {
        assert_eq!(ali.reacts("general", line, emoji, true).await["type"], "ack", "{emoji}");
    }
    assert_eq!(ali.reacts("general", line, "1️⃣", true).await["code"], "too_many_reactions");
    assert_eq!(ali.reacts("general", line, "❤️", false).await["type"], "ack");
    assert_eq!(ali.reacts("general", line, "1️⃣", true).await["type"], "ack");
    let page = ali.reads(json!({})).await;
    let emojis: Vec<&str> =
        page["events"][0]["reactions"].as_array().expect("a list").iter().filter_map(|r| r["emoji"].as_str()).collect();
    assert_eq!(emojis, ["👨‍👩‍👧‍👦", "👍", "1️⃣"], "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_past_is_read_page_by_page_in_both_directions() {
    let scene = Scene::with(|settings| {
        settings.messages_per_second = u32::MAX;
        settings.messages_burst = u32::MAX;
    });
    let mut before = scene.person_in("general", "Before").await;
    before.says("general", "from before Ali's time").await;
    let mut ali = scene.person_in("general", "Ali").await;
    let lines: Vec<u64> = {
        let mut lines = Vec::new();
        for n in 0..450 {
            lines.push(ali.says("general", &format!("line {n}")).await);
        }
        lines
    };
    ali.takes_back("general", lines[440]).await;
    let numbers = |page: &Value| -> Vec<u64> {
        page["events"].as_array().expect("lines").iter().filter_map(|line| line["seq"].as_u64()).collect()
    };
    let mut read = Vec::new();
    let mut page = ali.reads(json!({})).await;
    let mut pages = 1;
    loop {
        let numbers = numbers(&page);
        assert!(numbers.len() <= 200);
        read.splice(0..0, numbers);
        if page["more"] == false {
            break;
        }
        page = ali.reads(json!({ "before": read[0] })).await;
        pages += 1;
    }
    assert_eq!(pages, 3);
    let wanted: Vec<u64> = lines.iter().copied().filter(|seq| *seq != lines[440]).collect();
    assert_eq!(read, wanted, "what was taken back is not in it, nor what is not of its time");
    let page = ali.reads(json!({ "after": lines[9], "limit": 3 })).await;
    assert_eq!((numbers(&page), &page["more"]), (lines[10..13].to_vec(), &json!(true)));
    let page = ali.reads(json!({ "after": lines[447], "limit": 3 })).await;
    assert_eq!((numbers(&page), &page["more"]), (lines[448..].to_vec(), &json!(false)));
    let both = ali.asks(json!({ "type": "history", "room": "general", "before": 9, "after": 2 })).await;
    assert_eq!(both["code"], "bad_request");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_long_lines_is_no_larger_than_what_may_wait_for_a_slow_reader() {
    let scene = Scene::with(|settings| {
        settings.tail_bytes = 4 * 1024 * 1024;
        // More is asked here than a person may in so short a time.
        (settings.messages_per_second, settings.messages_burst) = (u32::MAX, u32::MAX);
    });
    let mut ali = scene.person_in("general", "Ali").await;
    let mut lines = Vec::new();
    for n in 0..30 {
        lines.push(ali.says("general", &format!("{n} {}", "🙂".repeat(3900))).await);
    }
    let numbers = |page: &Value| -> Vec<u64> {
        page["events"].as_array().expect("lines").iter().filter_map(|line| line["seq"].as_u64()).collect()
    };
    let mut read = Vec::new();
    let mut page = ali.reads(json!({})).await;
    loop {
        assert!(page.to_string().len() < 60_000, "{} bytes", page.to_string().len());
        assert!(!numbers(&page).is_empty());
        read.splice(0..0, numbers(&page));
        if page["more"] == false {
            break;
        }
        page = ali.reads(json!({ "before": read[0] })).await;
    }
    assert_eq!(read, lines);
    let page = ali.reads(json!({ "after": lines[0] })).await;
    assert_eq!((numbers(&page), &page["more"]), (lines[1..4].to_vec(), &json!(true)));
}

#[tokio::test(flavor = "multi_thread")]
async fn over_http_everybody_reads_what_newcomers_may_see_and_members_their_own_time() {
    for (newcomers, strangers) in
        [(Newcomers::None, &[][..]), (Newcomers::Recent, &["one", "two"]), (Newcomers::All, &["one", "two"])]
    {
        let scene = Scene::with(|settings| settings.newcomers = newcomers);
        let mut ali = scene.person_in("general", "Ali").await;
        ali.says("general", "one").await;
        let mut sara = scene.person_in("general", "Sara").await;
        ali.says("general", "two").await;
        let to = sara.number("general");
        ali.asks(json!({ "type": "private", "room": "general", "to": to, "text": "psst" })).await;
        sara.hears("private").await;
        let read = async |secret: &str| -> Vec<String> {
            let header = if secret.is_empty() { String::new() } else { format!("Authorization: Bearer {secret}\r\n") };
            let reply = scene.connect().await.get("/api/rooms/general/messages?limit=50", &header).await;
            assert_eq!(reply.status, 200, "{}", reply.text());
            let page: Value = serde_json::from_str(reply.text()).expect("JSON");
            texts(page["events"].as_array().expect("lines")).into_iter().map(str::to_owned).collect()
        };
        assert_eq!(read("").await, strangers, "{newcomers:?}");
        assert_eq!(read("no-such-secret").await, strangers, "{newcomers:?}");
        let own = read(&sara.session).await;
        assert!(own.ends_with(&["two".to_owned(), "psst".to_owned()]), "{newcomers:?}: {own:?}");
        assert_eq!(own.len(), if newcomers == Newcomers::None { 2 } else { own.len() });
    }
    let scene = Scene::start();
    for (path, status) in [
        ("/api/rooms/100000/messages", 404),
        ("/api/rooms/general/messages?before=x", 400),
        ("/api/rooms/general/messages?before=1&after=2", 400),
    ] {
        let reply = scene.get(path).await;
        assert_eq!(reply.status, status, "{path}: {}", reply.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_sent_away_is_told_when_to_come_back() {
    let scene = Scene::start();
    let mut people = Vec::new();
    for n in 0..10 {
        people.push(scene.person_in("general", &format!("Guest {n}x")).await);
    }
    let mut page = scene.one_segment("general").await;
    scene.stop().await;
    for person in &mut people {
        let wait = person.hears("goaway").await["retry_after_ms"].as_u64().expect("a time");
        assert!(wait <= 30, "ten people wait {wait} ms");
        assert_eq!(person.is_closed().await.0, 1012);
    }
    assert_eq!(page.is_closed().await.0, 1012, "a page is told nothing that it would draw");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_comes_in_is_told_whether_there_is_more_of_the_past() {
    let scene = Scene::with(|settings| {
        settings.messages_per_second = u32::MAX;
        settings.messages_burst = u32::MAX;
        settings.newcomers = Newcomers::All;
    });
    let mut ali = scene.person_in("general", "Ali").await;
    let mut few = scene.person("Cem").await;
    ali.says("general", "one").await;
    assert!(few.joins("general").await["earlier"].is_null(), "all of it is shown");
    for n in 0..120 {
        ali.says("general", &format!("line {n}")).await;
    }
    assert_eq!(scene.person("Dara").await.joins("general").await["earlier"], true);
    // Who goes on where it stood has what came before only if it did not forget it, as a page does that is loaded again.
    let then = ali.vanishes().await;
    let mut ali = scene.returning(&then).await;
    let joined = ali.joins_from("general", &then.places["general"]).await;
    assert_eq!((&joined["resumed"], &joined["earlier"]), (&json!(true), &json!(true)));
}

//! People in a room: their names, who is here, private lines by name, and who types.

use charsu::config::Settings;
use serde_json::{Value, json};

use crate::scene::{Scene, until};

fn names(snapshot: &Value) -> Vec<&str> {
    let members = snapshot["members"].as_array().expect("a list");
    members.iter().filter_map(|member| member["name"].as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_can_take_the_name_of_a_member_who_claimed_it() {
    let scene = Scene::start();
    let mut ali = scene.person_in("general", "Ali").await;
    for name in ["Ali", "ali", "ALI ", "Ａｌｉ", "A\u{200b}li", "АLІ", "A1i"] {
        let answer = scene.person(name).await.tries_to_join("general").await;
        assert_eq!((&answer["type"], &answer["code"]), (&json!("error"), &json!("name_taken")), "{name}: {answer}");
        let free = answer["suggestion"].as_str().expect("a free name");
        let mut other = scene.person(free).await;
        other.joins("general").await;
        other.leaves("general").await;
    }
    // Nor can a page sign with it.
    let mut page = scene.one_segment("general").await;
    page.says_as("Ali", "I am Ali");
    let told = page.is_told().await;
    assert!(told.contains("Somebody in this room has that name") && told.contains("Ali 2"), "{told}");
    page.says_as("Visitor", "I am not");
    let heard = ali.hears_until("I am not").await;
    assert!(!heard.iter().any(|event| event["text"] == "I am Ali"), "{heard:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_want_a_name_at_once_one_gets_it() {
    const WANTING: usize = 40;
    let scene = Scene::start();
    let mut witness = scene.person_in("general", "Witness").await;
    let mut people = Vec::new();
    for _ in 0..WANTING {
        people.push(scene.person("Ali").await);
    }
    let mut trying = tokio::task::JoinSet::new();
    for mut person in people {
        trying.spawn(async move {
            let answer = person.tries_to_join("general").await;
            (person, answer)
        });
    }
    let tried = trying.join_all().await;
    let joined = tried.iter().filter(|(_, answer)| answer["type"] == "joined").count();
    let taken = tried.iter().filter(|(_, answer)| answer["code"] == "name_taken").count();
    assert_eq!((joined, taken), (1, WANTING - 1));
    witness.says("general", "done").await;
    let heard = witness.hears_until("done").await;
    assert_eq!(heard.iter().filter(|event| event["type"] == "join").count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_that_signed_with_a_name_speaks_for_nobody_who_claims_it_later() {
    let scene = Scene::start();
    let mut page = scene.one_segment("general").await;
    page.says_as("Ali", "a guest");
    page.gets_until("a guest").await;
    let mut ali = scene.person("Ali").await;
    let joined = ali.joins("general").await;
    assert_eq!(names(&joined), ["", "Ali"], "the guest shows no name that is somebody's: {joined}");

    // Without a name on the frame, the page used to go by its last one.
    page.sends(r#"{"text":"who am I"}"#);
    let line = ali.hears_line("who am I").await;
    assert_eq!((&line["name"], &line["guest"]), (&json!(""), &json!(true)));
    page.sends(r#"{"text":"/msg Ali psst"}"#);
    assert_eq!(ali.hears("private").await["name"], "");
    page.sends(r#"{"type":"typing","username":"Ali"}"#);
    page.sends(r#"{"text":"done"}"#);
    let heard = ali.hears_until("done").await;
    assert!(!heard.iter().any(|event| event["type"] == "typing"), "no typing under another's name: {heard:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_with_arabic_letters_is_the_same_as_with_persian_ones() {
    let scene = Scene::start();
    let _first = scene.person_in("general", "علی").await;
    for (name, free) in [("علي", "علي ٢"), ("عل\u{200c}ی", "عل\u{200c}ی ۲"), ("عَلی", "عَلی ۲")]
    {
        let answer = scene.person(name).await.tries_to_join("general").await;
        assert_eq!((&answer["code"], &answer["suggestion"]), (&json!("name_taken"), &json!(free)), "{name}");
    }
    let _second = scene.person_in("general", "کاوه ۱۲").await;
    assert_eq!(scene.person("كاوه ١٢").await.tries_to_join("general").await["code"], "name_taken");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_free_at_once_when_its_owner_leaves() {
    let scene = Scene::start();
    let mut sara = scene.person_in("general", "Sara").await;
    let mut ali = scene.person_in("general", "Ali").await;
    ali.leaves("general").await;
    let mut other = scene.person_in("general", "ali").await;
    other.says("general", "here").await;
    let heard = sara.hears_until("here").await;
    let kinds: Vec<&str> = heard.iter().filter_map(|event| event["type"].as_str()).collect();
    assert_eq!(kinds, ["join", "leave", "join", "message"]);

    // A goodbye on the wire is as good as a leave, and so is every end of a tutorial page.
    other.closes(Some(1000));
    assert_eq!(sara.hears_next().await["type"], "leave");
    let page = scene.two_segment("general", "Ali").await;
    assert_eq!(sara.hears_next().await["member"]["name"], "Ali");
    page.vanishes().await;
    assert_eq!(sara.hears_next().await["type"], "leave");
    scene.person_in("general", "Ali").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_cannot_be_are_refused_by_their_own_codes() {
    let scene = Scene::start();
    let mut person = scene.person("").await;
    let long = "a".repeat(33);
    let endless = "\u{301}".repeat(20_000);
    for (name, code) in [
        ("", "name_empty"),
        (" \u{200b}\u{202e}\n", "name_empty"),
        (long.as_str(), "name_too_long"),
        (endless.as_str(), "name_too_long"),
        ("a\u{fffd}", "name_invalid"),
        ("\u{e000}", "name_invalid"),
        ("System", "name_reserved"),
        ("ＣＨＡＲＳＵ", "name_reserved"),
        ("Admin 2", "name_reserved"),
    ] {
        name.clone_into(&mut person.name);
        let answer = person.tries_to_join("general").await;
        assert_eq!((&answer["type"], &answer["code"]), (&json!("error"), &json!(code)), "{name:?}: {answer}");
    }
    // The connection is as good as before, and what cannot be seen is left out of a name.
    person.name = " Ali\u{202e}  Reza\u{200b} ".to_owned();
    assert_eq!(person.joins("general").await["name"], "Ali Reza");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_counts_characters_as_people_see_them() {
    let scene = Scene::start();
    for name in ["م".repeat(32), "👩‍👩‍👧‍👧".repeat(5), "a\u{301}".repeat(32)] {
        let mut person = scene.person(&name).await;
        person.joins("general").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_of_people_comes_in_pages_and_is_kept_right_by_joins_and_leaves() {
    let scene = Scene::start();
    let mut members = Vec::new();
    for n in 1..=210 {
        members.push(scene.person_in("general", &format!("Person {n}x")).await);
    }
    let mut last = scene.person("Last").await;
    let joined = last.joins("general").await;
    assert_eq!((joined["count"].as_u64(), names(&joined).len()), (Some(211), 200));

    let page = last.asks(json!({ "type": "people", "room": "general" })).await;
    assert_eq!((names(&page).len(), &page["more"], &page["count"]), (200, &json!(true), &json!(211)));
    let after = page["members"][199]["id"].as_u64();
    let rest = last.asks(json!({ "type": "people", "room": "general", "after": after })).await;
    assert_eq!((names(&rest).len(), &rest["more"]), (11, &json!(false)));
    assert_eq!(names(&rest).last(), Some(&"Last"));
    let none = last.asks(json!({ "type": "people", "room": "general", "after": u32::MAX })).await;
    assert_eq!((names(&none).len(), &none["more"]), (0, &json!(false)));

    // A large room gathers joins and leaves, but numbers them all.
    let gone = members.swap_remove(7);
    let place = gone.place("general");
    drop(members.split_off(200));
    gone.closes(None);
    let leave = last.hears("leave").await;
    assert!(leave["member"]["id"].as_u64().is_some_and(|id| id == place.me || id > 200), "{leave}");
}

#[tokio::test(flavor = "multi_thread")]
async fn typing_is_shown_to_the_others_and_kept_nowhere() {
    let scene = Scene::start();
    let (mut ali, mut sara) = (scene.person_in("general", "Ali").await, scene.person_in("general", "Sara").await);
    let place = ali.place("general");
    ali.sends(&json!({ "type": "typing", "room": "general", "on": true }));
    assert_eq!(sara.hears_next().await, json!({ "type": "typing", "room": "general", "from": place.me, "on": true }));
    ali.sends(&json!({ "type": "typing", "room": "general", "on": false }));
    assert_eq!(sara.hears_next().await["on"], false);
    let seq = ali.says("general", "there").await;
    assert_eq!(seq, ali.place("general").seq.max(place.seq + 2), "typing has no number");
    let heard = ali.hears_until("there").await;
    assert!(!heard.iter().any(|event| event["type"] == "typing"), "not to the typist: {heard:?}");

    // Who comes back or comes later hears nothing of it.
    ali.sends(&json!({ "type": "typing", "room": "general", "on": true }));
    sara.hears("typing").await;
    let memory = sara.vanishes().await;
    let mut sara = scene.returning(&memory).await;
    sara.joins_from("general", &memory.places["general"]).await;
    ali.says("general", "done").await;
    assert!(!sara.hears_until("done").await.iter().any(|event| event["type"] == "typing"));
}

#[tokio::test(flavor = "multi_thread")]
async fn typing_in_a_flood_is_dropped_and_nothing_else_suffers() {
    let scene = Scene::start();
    let (mut ali, mut sara) = (scene.person_in("general", "Ali").await, scene.person_in("general", "Sara").await);
    ali.sends_at_once((0..500).map(|n| json!({ "type": "typing", "room": "general", "on": n % 2 == 0 })));
    ali.says("general", "done").await;
    let heard = sara.hears_until("done").await;
    let typing = heard.iter().filter(|event| event["type"] == "typing").count();
    assert!(typing <= 10, "{typing} typing frames");
    assert_eq!(ali.unread_answers(), Vec::<Value>::new(), "dropped without a word");
}

#[tokio::test(flavor = "multi_thread")]
async fn typing_where_one_is_no_member_is_shown_to_nobody() {
    let scene = Scene::start();
    let (mut ali, mut sara) = (scene.person_in("general", "Ali").await, scene.person_in("other", "Sara").await);
    ali.sends(&json!({ "type": "typing", "room": "other", "on": true }));
    ali.sends(&json!({ "type": "ping" }));
    assert_eq!(ali.answer().await["type"], "pong");
    sara.says("other", "done").await;
    assert_eq!(sara.hears_until("done").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_line_by_command_finds_its_person_as_people_write_names() {
    let scene = Scene::start();
    let mut sara = scene.person_in("general", "Sara").await;
    let mut people = Vec::new();
    for name in ["Ali", "Ali Reza", "مینا"] {
        people.push(scene.person_in("general", name).await);
    }
    for (line, at, text) in [
        ("/msg Ali hi", 0, "hi"),
        ("/msg ali  spaced  out", 0, "spaced  out"),
        ("/msg Ali Reza hello", 1, "hello"),
        ("/msg \"Ali Reza\" quoted", 1, "quoted"),
        ("/msg “Ali Reza” curly", 1, "curly"),
        ("/msg «مینا» سلام", 2, "سلام"),
        ("/msg مينا با یای عربی", 2, "با یای عربی"),
        ("/msg @Ali at", 0, "at"),
        ("/پیام Ali فارسی", 0, "فارسی"),
        ("/MSG Ali //not a command", 0, "//not a command"),
    ] {
        sara.says("general", line).await;
        let heard = people[at].hears("private").await;
        assert_eq!((&heard["text"], &heard["name"]), (&json!(text), &json!("Sara")), "{line}");
        assert_eq!(sara.hears("private").await["to_name"], *people[at].name, "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_line_to_nobody_is_refused_with_names_like_it() {
    let scene = Scene::start();
    let mut sara = scene.person_in("general", "Sara").await;
    let _others = [scene.person_in("general", "Mina").await, scene.person_in("general", "Minoo").await];
    let answer = sara.tries_to_say("general", "/msg Mona hi").await;
    assert_eq!(answer["code"], "no_such_person", "{answer}");
    assert_eq!(answer["near"], json!(["Mina"]), "{answer}");
    assert!(answer["message"].as_str().is_some_and(|words| words.contains("Mona")));
    for (line, code) in [
        ("/msg", "bad_request"),
        ("/msg Mina", "empty_text"),
        ("/msg Mina \u{200b}", "empty_text"),
        ("/msg Sara me", "to_yourself"),
        ("/shrug", "unknown_command"),
        ("/nick Bob", "unknown_command"),
    ] {
        let answer = sara.tries_to_say("general", line).await;
        assert_eq!(answer["code"], code, "{line}: {answer}");
    }
    let to = |to: u64| json!({ "type": "private", "room": "general", "to": to, "text": "x" });
    assert_eq!(sara.asks(to(99)).await["code"], "no_such_person");
    let me = sara.number("general");
    assert_eq!(sara.asks(to(me)).await["code"], "to_yourself");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slash_that_is_no_command_is_said() {
    let scene = Scene::start();
    let (mut ali, mut sara) = (scene.person_in("general", "Ali").await, scene.person_in("general", "Sara").await);
    for (written, said) in [
        ("//msg Sara is how one whispers", "/msg Sara is how one whispers"),
        ("//", "/"),
        ("/", "/"),
        ("/ 2", "/ 2"),
        ("/etc/hosts", "/etc/hosts"),
        (" /msg Sara not at the start", " /msg Sara not at the start"),
    ] {
        ali.says("general", written).await;
        sara.hears_line(said).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_can_be_written_to_by_the_name_on_its_lines() {
    let scene = Scene::start();
    let mut ali = scene.person_in("general", "Ali").await;
    let (mut first, mut second) = (scene.one_segment("general").await, scene.one_segment("general").await);
    first.says_as("Visitor", "one");
    first.gets_until("one").await;
    let frames = second.gets_until("one").await;
    assert_eq!(frames.last().expect("the line")["username"], "Visitor");
    ali.says("general", "/msg Visitor hello").await;
    assert_eq!(first.is_told().await, "Private from Ali: hello");
    first.says_as("Visitor", "/msg Ali back");
    assert_eq!(first.is_told().await, "Private to Ali: back");
    ali.hears_line("one").await;
    assert_eq!(ali.hears("private").await["text"], "hello");
    let back = ali.hears("private").await;
    assert_eq!((&back["text"], &back["name"]), (&json!("back"), &json!("Visitor")));

    second.says_as("Visitor", "two");
    ali.hears_line("two").await;
    assert_eq!(ali.tries_to_say("general", "/msg Visitor who?").await["code"], "ambiguous_person");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_person_may_be_in_two_rooms_under_two_names() {
    let scene = Scene::start();
    let mut ali = scene.person_in("general", "Ali").await;
    ali.name = "Reza".to_owned();
    assert_eq!(ali.joins("other").await["name"], "Reza");
    ali.says("general", "as Ali").await;
    ali.says("other", "as Reza").await;
    assert_eq!(ali.hears_line("as Ali").await["name"], "Ali");
    assert_eq!(ali.hears_line("as Reza").await["name"], "Reza");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_full_of_guests_and_names_gives_everybody_back() {
    let scene = Scene::with(|settings: &mut Settings| settings.grace = std::time::Duration::from_millis(1));
    let mut ali = scene.person_in("general", "Ali").await;
    for n in 0..20 {
        let page = scene.one_segment("general").await;
        let mut person = scene.person_in("general", &format!("Person {n}x")).await;
        page.says_as("User", "hello");
        person.hears_line("hello").await;
        person.vanishes().await;
        page.vanishes().await;
    }
    until("everybody else to be gone", || {
        scene.app.hub.look_up(&charsu::names::RoomName::parse("general").expect("fine")) == Some(1)
    })
    .await;
    let people = ali.asks(json!({ "type": "people", "room": "general" })).await;
    assert_eq!(names(&people), ["Ali"]);
}

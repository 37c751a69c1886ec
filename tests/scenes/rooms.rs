//! Rooms: their codes and names, how long they live, and what is left of them.

use std::collections::HashSet;
use std::time::Duration;

use serde_json::{Value, json};

use crate::scene::{self, Frame, Person, Scene, Socket, TutorialPage, until};

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

async fn look_up(scene: &Scene, room: &str) -> (u16, Value) {
    let reply = scene.get(&format!("/api/rooms/{room}")).await;
    (reply.status, serde_json::from_str(reply.text()).expect("JSON"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_room_has_a_code_of_six_digits_that_leads_there() {
    let scene = Scene::start();
    let mut codes = HashSet::new();
    for _ in 0..30 {
        let code = scene.opens_room().await;
        assert!(
            code.len() == 6 && code.bytes().all(|digit| digit.is_ascii_digit()) && !code.starts_with('0'),
            "{code}"
        );
        assert!(codes.insert(code), "given twice");
    }
    let code = codes.into_iter().next().expect("thirty");
    assert_eq!(look_up(&scene, &code).await, (200, json!({ "room": code, "people": 0 })));
    let _ali = scene.person_in(&code, "Ali").await;
    assert_eq!(look_up(&scene, &code).await, (200, json!({ "room": code, "people": 1 })));
    // One address makes only so many in a minute.
    let reply = scene.connect().await.post("/api/rooms", "", "").await;
    assert_eq!((reply.status, reply.text().contains("rate_limited")), (429, true));
    assert!(reply.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds > 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_accepted_with_persian_digits_spaces_and_dashes() {
    let scene = Scene::start();
    let code = scene.opens_room().await;
    let persian: String = code.bytes().filter_map(|digit| char::from_u32(0x6F0 + u32::from(digit - b'0'))).collect();
    let arabic: String = code.bytes().filter_map(|digit| char::from_u32(0x660 + u32::from(digit - b'0'))).collect();
    let mut ali = scene.person("Ali").await;
    for written in [
        persian.clone(),
        arabic.clone(),
        format!("{} {}", &code[..3], &code[3..]),
        format!("{}-{}", &code[..3], &code[3..]),
        format!(" \u{200e}{}–{}\u{202c} ", &code[..2], &code[2..]),
        persian.chars().flat_map(|digit| [digit, ' ']).collect(),
    ] {
        assert_eq!(ali.joins(&written).await["room"], code, "{written:?}");
        ali.leaves(&written).await;
    }
    ali.joins(&code).await;
    let mut page = scene.two_segment(&persian, "Page").await;
    page.says("hello");
    assert_eq!(page.gets_until("hello").await[0]["room"], code);
    ali.hears_line("hello").await;
    scene.one_segment(&arabic).await;
    let percent: String = persian.bytes().map(|byte| format!("%{byte:02X}")).collect();
    assert_eq!(look_up(&scene, &percent).await.1["room"], code);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_was_not_made_leads_nowhere_and_counts_against_the_address() {
    let scene = Scene::start();
    let code = scene.opens_room().await;
    let mut guesser = scene.person("Eve").await;
    for guess in 0..10 {
        let answer = guesser.tries_to_join(&format!("{}", 100_000 + guess)).await;
        assert_eq!(answer["code"], "room_not_found", "{answer}");
    }
    // From now on this address is not told anything about codes, true ones neither, on no wire.
    for wanted in ["100011", &code] {
        let answer = guesser.tries_to_join(wanted).await;
        assert_eq!(answer["code"], "rate_limited", "{answer}");
        assert!(answer["retry_after_ms"].as_u64().is_some_and(|wait| (1..=6000).contains(&wait)), "{answer}");
        let (status, answer) = look_up(&scene, wanted).await;
        assert_eq!((status, &answer["code"]), (429, &json!("rate_limited")));
        let mut page = scene.one_segment_page(wanted).await;
        assert!(page.is_told().await.contains("Too many codes that do not exist"));
        page.is_closed().await;
    }
    // Rooms with names are no secret, and others are not concerned.
    guesser.joins("general").await;
    assert_eq!(look_up(&scene, "general").await.0, 200);
    scene.one_segment("general").await;
    let elsewhere = scene.connect_from("127.0.0.7").await;
    Person::on(elsewhere, "Ali", None).await.joins(&code).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_codes_are_counted_together_whichever_way_they_are_tried() {
    let scene = Scene::start();
    let mut guesser = scene.person("Eve").await;
    for guess in 0..5 {
        assert_eq!(look_up(&scene, &format!("{}", 200_000 + guess)).await.0, 404);
        let answer = guesser.tries_to_join(&format!("{}", 300_000 + guess)).await;
        assert_eq!(answer["code"], "room_not_found", "{answer}");
    }
    assert_eq!(guesser.tries_to_join("400000").await["code"], "rate_limited");
    assert_eq!(look_up(&scene, "400001").await.0, 429);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_is_in_a_room_comes_back_whatever_its_neighbours_guessed() {
    let scene = Scene::start();
    let code = scene.opens_room().await;
    let ali = scene.person_in(&code, "Ali").await;
    let memory = ali.vanishes().await;
    let mut guesser = scene.person("Eve").await;
    while guesser.tries_to_join("100000").await["code"] == "room_not_found" {}
    let mut ali = scene.returning(&memory).await;
    assert_eq!(ali.joins_from(&code, &memory.places[&code]).await["resumed"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_with_a_name_opens_on_the_first_join() {
    let scene = Scene::start();
    assert_eq!(look_up(&scene, "general").await, (200, json!({ "room": "general", "people": 0 })));
    let mut ali = scene.person_in("general", "Ali").await;
    // Names that are written alike are one room.
    for name in ["General", " ｇｅｎｅｒａｌ "] {
        let mut other = scene.person("Sara").await;
        assert_eq!(other.joins(name).await["room"], "general", "{name:?}");
        other.leaves("general").await;
    }
    ali.joins("کلاس").await;
    let mut sara = scene.person("Sara").await;
    assert_eq!(sara.joins("كلاس").await["count"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_operator_closed_that_only_codes_are_rooms() {
    let scene = Scene::with(|settings| settings.named_rooms = false);
    let mut ali = scene.person("Ali").await;
    assert_eq!(ali.tries_to_join("general").await["code"], "room_not_found");
    assert_eq!(look_up(&scene, "general").await.0, 404);
    let mut page = scene.one_segment_page("general").await;
    page.is_told().await;
    page.is_closed().await;
    let code = scene.opens_room().await;
    ali.joins(&code).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_no_room_can_have_is_refused() {
    let scene = Scene::start();
    let mut ali = scene.person("Ali").await;
    for name in [
        "",
        " ",
        "..",
        ".",
        "../x",
        "a/b",
        "a\\b",
        "\u{202e}evil",
        "a\0b",
        "a\nb",
        "\u{200b}",
        "\u{301}",
        "\u{e000}",
        "\u{fffd}",
        &"x".repeat(65),
        &"x".repeat(10_000),
    ] {
        let answer = ali.tries_to_join(name).await;
        assert_eq!(
            (&answer["code"], &answer["room"]),
            (&json!("bad_room"), &json!(name)),
            "{name:.20?}: {answer:.200}"
        );
    }
    for (written, name) in
        [("x".repeat(64), "x".repeat(64)), ("cafe\u{301}".into(), "café".into()), ("a  b".into(), "a b".into())]
    {
        assert_eq!(ali.joins(&written).await["room"], name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_ends_some_time_after_its_last_member_and_its_code_rests() {
    let scene = Scene::in_memory(|settings| {
        settings.room_idle = ms(60);
        settings.grace = ms(60);
    });
    let code = scene.opens_room().await;
    let mut ali = scene.person_in(&code, "Ali").await;
    ali.joins("general").await;
    let epoch = ali.place("general").epoch;
    ali.vanishes().await;
    until("the rooms to end", || scene.app.hub.room_count() == 0).await;

    let mut sara = scene.person("Sara").await;
    assert_eq!(sara.tries_to_join(&code).await["code"], "room_not_found");
    assert_eq!(look_up(&scene, &code).await.0, 404);
    let mut page = scene.two_segment_page(&code, "Page").await;
    assert!(page.is_told().await.contains("No room has this code"), "nor may a page open it again so soon");
    assert_eq!(page.is_closed().await.0, 4400);
    let joined = sara.joins("general").await;
    assert_ne!(joined["epoch"], epoch, "a new life of the log");
    assert_eq!((&joined["seq"], &joined["you"]), (&json!(1), &json!(1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_that_is_entered_again_in_time_goes_on() {
    let scene = Scene::start();
    let code = scene.opens_room().await;
    let mut ali = scene.person_in(&code, "Ali").await;
    ali.says(&code, "one").await;
    let place = ali.place(&code);
    ali.leaves(&code).await;
    assert_eq!(scene.app.hub.room_count(), 1);
    let joined = scene.person("Sara").await.joins(&code).await;
    assert_eq!(
        (&joined["epoch"], &joined["you"]),
        (&json!(place.epoch), &json!(2)),
        "numbers of members are never given again"
    );
    assert_eq!(joined["seq"], 4, "Ali came, spoke and left; Sara came");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_waits_for_its_first_member_only_so_long() {
    let scene = Scene::with(|settings| settings.code_wait = ms(300));
    let (code, other) = (scene.opens_room().await, scene.opens_room().await);
    let mut ali = scene.person_in(&code, "Ali").await;
    let made = scene.app.now();
    until("the wait to be over", || scene.app.now() > made + ms(300)).await;
    assert_eq!(ali.tries_to_join(&other).await["code"], "room_not_found");
    // The one that was entered is a room like any other.
    scene.person_in(&code, "Sara").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_with_as_many_rooms_as_it_may_have_says_so_and_recovers() {
    let scene = Scene::in_memory(|settings| {
        settings.rooms = 3;
        settings.room_idle = ms(1);
    });
    let waiting = scene.opens_room().await;
    let mut ali = scene.person_in("one", "Ali").await;
    ali.joins("two").await;
    assert_eq!(ali.tries_to_join("three").await["code"], "server_full");
    let reply = scene.connect().await.post("/api/rooms", "", "").await;
    assert_eq!((reply.status, reply.text().contains("server_full")), (503, true));
    let mut page = scene.two_segment_page("408213", "Page").await;
    assert!(page.is_told().await.contains("The server is full"));
    page.is_closed().await;
    // A code that was made has its room.
    ali.joins(&waiting).await;
    ali.leaves("one").await;
    until("a room to end", || scene.app.hub.room_count() == 2).await;
    ali.joins("three").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_server_stops_everybody_is_told_to_come_back() {
    let scene = Scene::start();
    let mut ali = scene.person_in("general", "Ali").await;
    let mut silent = scene.person("Nobody").await;
    let (mut one, mut two) = (scene.one_segment("general").await, scene.two_segment("general", "Page").await);
    two.says("the last words");
    one.gets_until("the last words").await;
    two.gets_until("the last words").await;
    scene.stop().await;
    let goodbye = (1012, "the server restarts: come back".to_owned());
    assert_eq!(ali.is_closed().await, goodbye);
    assert_eq!(silent.is_closed().await, goodbye);
    for page in [&mut one, &mut two] {
        loop {
            // Leaves of the others may come first.
            match page.next_or_close().await {
                Ok(frame) => assert!(matches!(frame["type"].as_str(), Some("system" | "users")), "{frame}"),
                Err(close) => break assert_eq!(close, goodbye),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_people_and_rooms_is_left_when_all_are_gone() {
    let scene = Scene::with(|settings| {
        (settings.room_idle, settings.grace, settings.tail_seconds) = (ms(1), ms(1), ms(1));
    });
    for round in 0..10 {
        let code = scene.opens_room().await;
        let mut ali = scene.person_in(&code, "Ali").await;
        let (sara, one) = (scene.person_in(&code, "Sara").await, scene.one_segment(&code).await);
        let two = scene.two_segment(&format!("50000{round}"), "Page").await;
        ali.says(&code, "hello").await;
        match round % 3 {
            0 => drop((ali, sara, one, two)),
            1 => {
                ali.leaves(&code).await;
                sara.closes(Some(1001));
                one.closes(None);
                drop(two);
            }
            _ => {
                let mut fenced = ali;
                let again = scene.returning(&fenced.memory()).await;
                assert_eq!(fenced.is_closed().await.0, 4000);
                drop((again, fenced, sara, one, two));
            }
        }
    }
    let hub = &scene.app.hub;
    until("all to be gone", || (hub.connections(), hub.room_count(), hub.session_count()) == (0, 0, 0)).await;
    scene.connections(0).await;
    scene.app.addresses.sweep(scene.app.now() + Duration::from_mins(10));
    assert_eq!(scene.app.addresses.remembered(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_ends_without_a_word_is_gone_from_every_table() {
    // A reset in the middle of a frame, a half-closed line, data behind a close: every way out is the same way.
    let scene = Scene::with(|settings| settings.grace = ms(1));
    let mut ali = scene.person_in("general", "Ali").await;
    for (n, last_words) in
        [&[0x81, 0xfe, 0x01][..], &[0x81, 0x85, 1, 2, 3, 4, 5], &[0x88, 0x80, 0, 0, 0, 0, 0x81, 0x85], &[]]
            .into_iter()
            .enumerate()
    {
        let mut socket = Socket::open(scene.connect().await, "/ws", scene::CHARSU).await;
        socket.say(r#"{"type":"hello"}"#).await;
        socket
            .say(&json!({ "type": "join", "id": 1, "room": "general", "name": format!("Person {n}x") }).to_string())
            .await;
        while !matches!(socket.next().await, Frame::Text(text) if text.contains("joined")) {}
        socket.send_raw(last_words).await;
        drop(socket);
        assert_eq!(ali.hears_next().await["type"], "join");
        assert_eq!(ali.hears_next().await["type"], "leave", "{last_words:?}");
    }
    scene.connections(1).await;
    ali.says("general", "done").await;
    assert_eq!(ali.hears_next().await["text"], "done", "each leave once");
    let _page: TutorialPage = scene.one_segment("general").await;
}

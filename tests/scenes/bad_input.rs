//! Input that no client should send. Each is answered by its own name, or ends its own connection with its own code; the
//! neighbours notice nothing.

use std::time::Duration;

use serde_json::{Value, json};

use crate::scene::{CHARSU, Frame, Person, Scene, Socket, masked};

/// Somebody in `general` who notices if anything is not as it should be.
struct Neighbour(Person);

impl Neighbour {
    async fn of(scene: &Scene) -> Self {
        Self(scene.person_in("general", "Neighbour").await)
    }

    /// Nothing but joins and leaves of others came since it was asked last, and talking goes on.
    async fn noticed_nothing(&mut self, but: &[&str]) {
        self.0.says("general", "nothing?").await;
        let heard = self.0.hears_until("nothing?").await;
        for event in &heard[..heard.len() - 1] {
            assert!(but.contains(&event["type"].as_str().unwrap_or_default()), "the neighbour noticed {event}");
        }
        assert_eq!(self.0.unread_answers(), Vec::<Value>::new());
    }
}

/// An open connection of our own wire that is in `general`, for bytes that a proper client cannot send.
async fn member(scene: &Scene, name: &str) -> Socket {
    let mut socket = Socket::open(scene.connect().await, "/ws", CHARSU).await;
    socket.say(r#"{"type":"hello"}"#).await;
    socket.say(&json!({ "type": "join", "id": 1, "room": "general", "name": name }).to_string()).await;
    while socket.json().await["type"] != "joined" {}
    socket
}

/// A frame's header and payload, masked, of any kind.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = masked(1, payload);
    frame[0] = first;
    frame
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_command_is_answered_and_the_connection_stays() {
    let scene = Scene::with(|settings| settings.bad_requests_per_minute = 1000);
    let mut neighbour = Neighbour::of(&scene).await;
    let mut ali = scene.person_in("general", "Ali").await;
    let id = 9_007_199_254_740_992_u64; // 2^53
    for bad in [
        "",
        " ",
        "{",
        r#"{"type":"say","id":7,"room":"general","text":"cut"#,
        "[]",
        r#"["say",7,"general","array"]"#,
        "12",
        "null",
        "true",
        "\"say\"",
        "{}",
        r#"{"id":7}"#,
        "\u{feff}{\"type\":\"ping\"}",
        "{\"type\":\"ping\"}\0",
        "{\"type\":\"say\",\"id\":7,\"room\":\"general\",\"text\":\"raw NUL \0\"}",
        "{\"type\":\"say\",\"id\":7,\"room\":\"general\",\"text\":\"raw\nline\"}",
        r#"{"type":"ping"}{"type":"ping"}"#,
        r#"{"type":"say","type":"ping"}"#,
        r#"{"type":"say","id":7,"room":"general","text":"a","text":"b"}"#,
        r#"{"type":"say","id":7,"room":"general","text":"\ud800"}"#,
        r#"{"type":"say","id":1e999999,"room":"general","text":"a"}"#,
        r#"{"type":"say","id":1e3,"room":"general","text":"a"}"#,
        r#"{"type":"say","id":7.5,"room":"general","text":"a"}"#,
        r#"{"type":"say","id":-1,"room":"general","text":"a"}"#,
        r#"{"type":"say","id":0,"room":"general","text":"a"}"#,
        &format!(r#"{{"type":"say","id":{id},"room":"general","text":"a"}}"#),
        r#"{"type":"say","id":"7","room":"general","text":"a"}"#,
        &format!(r#"{{"type":"say","id":"{}","room":"general","text":"a"}}"#, "7".repeat(60_000)),
        r#"{"type":"say","room":"general","text":"a"}"#,
        r#"{"type":"say","id":7,"room":"general"}"#,
        r#"{"type":"say","id":7,"text":"a"}"#,
        r#"{"type":"say","id":7,"room":"general","text":null}"#,
        r#"{"type":"say","id":7,"room":"general","text":5}"#,
        r#"{"type":"say","id":7,"room":["general"],"text":"a"}"#,
        r#"{"type":"say","id":7,"room":{"a":1},"text":"a"}"#,
        r#"{"type":5}"#,
        r#"{"type":null}"#,
        r#"{"type":"private","id":7,"room":"general","to":"Ali","text":"a"}"#,
        r#"{"type":"private","id":7,"room":"general","to":-1,"text":"a"}"#,
        r#"{"type":"private","id":7,"room":"general","to":4294967296,"text":"a"}"#,
        r#"{"type":"private","id":7,"room":"general","text":"a"}"#,
        r#"{"type":"typing","room":"general"}"#,
        r#"{"type":"typing","room":"general","on":"yes"}"#,
        r#"{"type":"people","id":7,"room":"general","after":-1}"#,
        r#"{"type":"join","id":7,"room":"other"}"#,
        r#"{"type":"join","id":7,"room":"other","name":5}"#,
        r#"{"type":"join","id":7,"room":"other","name":"Ali","since":5}"#,
        r#"{"type":"join","id":7,"room":"other","name":"Ali","since":{"epoch":"1"}}"#,
        r#"{"type":"join","id":7,"room":"other","name":"Ali","since":{"epoch":1,"seq":1}}"#,
        r#"{"type":"join","id":7,"room":"other","name":"Ali","since":{"epoch":"1","seq":-1}}"#,
        r#"{"type":"hello"}"#,
        &"[".repeat(60_000),
        &format!(r#"{{"type":"say","id":7,"room":"general","text":{}"#, "{\"a\":".repeat(10_000)),
        &format!(r#"{{"type":{}1{}}}"#, "[".repeat(30_000), "]".repeat(30_000)),
    ] {
        ali.sends_text(bad);
        let answer = ali.answer().await;
        assert_eq!((&answer["type"], &answer["code"]), (&json!("error"), &json!("bad_request")), "{bad:.80}: {answer}");
        let words = answer["message"].as_str().expect("words");
        assert!(words.len() < 200, "the words repeat the input: {words}");
    }
    // With the number, where one could be read.
    ali.sends_text(r#"{"type":"say","id":77,"room":"general"}"#);
    assert_eq!(ali.answer_to(77).await["message"], "`text` is missing.");
    ali.sends_text(r#"{"type":"shout","id":78}"#);
    assert_eq!(ali.answer_to(78).await["code"], "unknown_command");
    ali.last_id = 100;
    neighbour.noticed_nothing(&["join"]).await;
    ali.says("general", "still here").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_odd_but_a_command_is_done() {
    let scene = Scene::start();
    let mut ali = scene.person_in("general", "Ali").await;
    let many: String = (0..3000).map(|n| format!(r#""key {n}":{n},"#)).collect();
    let deep = format!("{}1{}", "[".repeat(30_000), "]".repeat(30_000));
    for (id, odd) in [
        (10, r#" {"text":"escaped \ud83d\ude42 \u0000 \/","room":"gener\u0061l","id":10,"type":"say"} "#.to_owned()),
        (
            11,
            r#"{"type":"say","id":11,"room":"general","text":"unknown fields","__proto__":{"x":1},"constructor":[]}"#
                .to_owned(),
        ),
        (12, format!(r#"{{{many}"type":"say","id":12,"room":"general","text":"many keys"}}"#)),
        (13, format!(r#"{{"type":"say","id":13,"room":"general","text":"deep","x":{deep}}}"#)),
        (14, "{\"type\":\"say\",\n\t\"id\":14,\r\n\"room\":\"General\",\"text\":\"spaces\"}".to_owned()),
        (
            9_007_199_254_740_991,
            r#"{"type":"say","id":9007199254740991,"room":"general","text":"the last id"}"#.to_owned(),
        ),
    ] {
        ali.sends_text(&odd);
        let answer = ali.answer_to(id).await;
        assert_eq!(answer["type"], "ack", "{odd:.80}: {answer}");
    }
    ali.hears_line("escaped 🙂 \0 /").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_ten_bad_requests_in_a_minute_end_the_connection() {
    let scene = Scene::start();
    let mut neighbour = Neighbour::of(&scene).await;
    let mut ali = scene.person_in("general", "Ali").await;
    for _ in 0..10 {
        ali.sends_text("{");
        assert_eq!(ali.answer().await["code"], "bad_request");
    }
    ali.says("general", "still here").await;
    ali.sends_text("{");
    assert_eq!(ali.is_closed().await, (1008, "too many bad requests".to_owned()));
    neighbour.noticed_nothing(&["join", "message"]).await;

    let mut page = scene.one_segment("general").await;
    for _ in 0..10 {
        page.sends("{");
        page.is_told().await;
    }
    page.sends("{");
    page.is_told().await;
    assert_eq!(page.is_closed().await.0, 1008);
    neighbour.noticed_nothing(&["join", "leave"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_done_before_hello() {
    let scene = Scene::start();
    let mut neighbour = Neighbour::of(&scene).await;
    let mut socket = Socket::open(scene.connect().await, "/ws", CHARSU).await;
    for early in [
        r#"{"type":"join","id":1,"room":"general","name":"Ali"}"#,
        r#"{"type":"say","id":2,"room":"general","text":"x"}"#,
        r#"{"type":"leave","id":3,"room":"general"}"#,
        r#"{"type":"typing","room":"general","on":true}"#,
        r#"{"type":"ping"}"#,
    ] {
        socket.say(early).await;
        assert_eq!(socket.json().await["code"], "hello_first", "{early}");
    }
    socket.say(r#"{"type":"hello"}"#).await;
    assert_eq!(socket.json().await["type"], "welcome");
    neighbour.noticed_nothing(&[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_for_a_room_that_one_is_not_in_are_refused() {
    let scene = Scene::start();
    let mut neighbour = Neighbour::of(&scene).await;
    let mut ali = scene.person_in("other", "Ali").await;
    for room in ["general", "nowhere", "", "a/b", "100000", &"x".repeat(60_000)] {
        for command in [
            json!({ "type": "say", "room": room, "text": "x" }),
            json!({ "type": "private", "room": room, "to": 1, "text": "x" }),
            json!({ "type": "people", "room": room }),
            json!({ "type": "leave", "room": room }),
        ] {
            let answer = ali.asks(command).await;
            assert_eq!(answer["code"], "not_in_room", "{room:.20}");
        }
    }
    neighbour.noticed_nothing(&[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_is_neither_empty_nor_too_long() {
    let scene = Scene::start();
    let mut ali = scene.person_in("general", "Ali").await;
    let mut neighbour = Neighbour::of(&scene).await;
    for (text, code) in [
        (String::new(), "empty_text"),
        (" \n\t".into(), "empty_text"),
        ("\u{200b}\u{200c}\u{200d}\u{2060}\u{feff}".into(), "empty_text"),
        ("\u{202e}\u{2066}\u{200f}".into(), "empty_text"),
        ("\u{200b}".repeat(4000), "empty_text"),
        ("\0\u{7}\u{1b}".into(), "empty_text"),
        ("//".to_owned() + &"x".repeat(4000), "text_too_long"),
        ("x".repeat(4001), "text_too_long"),
        ("م".repeat(4001), "text_too_long"),
        ("🙂".repeat(4001), "text_too_long"),
        ("x".repeat(60_000), "text_too_long"),
    ] {
        assert_eq!(ali.tries_to_say("general", &text).await["code"], code, "{text:.10?} of {}", text.len());
        let to = neighbour.0.number("general");
        let private = json!({ "type": "private", "room": "general", "to": to, "text": text });
        if !text.starts_with("//") {
            assert_eq!(ali.asks(private).await["code"], code, "{text:.10?} of {}", text.len());
        }
    }
    neighbour.noticed_nothing(&[]).await;
    for text in ["x".repeat(4000), "🙂".repeat(4000)] {
        ali.says("general", &text).await;
        neighbour.0.hears_line(&text).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_over_the_limit_is_refused_on_its_length_before_it_is_sent() {
    let scene = Scene::with(|settings| settings.grace = Duration::from_millis(1));
    let mut neighbour = Neighbour::of(&scene).await;
    for length in [64 * 1024 + 1, 1 << 32, (1 << 63) - 1] {
        let mut socket = member(&scene, "Ali").await;
        let mut header = vec![0x81, 0x80 | 127];
        header.extend(u64::to_be_bytes(length));
        // Not one byte of what was announced.
        socket.send_raw(&header).await;
        assert_eq!(socket.closed().await, 1009, "{length}");
        assert_eq!(neighbour.0.hears("leave").await["member"]["name"], "Ali");
    }
    // What fits is a frame like any other.
    let mut ali = scene.person_in("general", "Ali").await;
    let line = r#"{"type":"say","id":10,"room":"general","text":"in a large frame"}"#;
    let fits = line.to_owned() + &" ".repeat(64 * 1024 - line.len());
    ali.sends_text(&fits);
    assert_eq!(ali.answer_to(10).await["type"], "ack");
    neighbour.0.hears_line("in a large frame").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fragments_make_a_message_and_are_bounded_together() {
    let scene = Scene::with(|settings| settings.grace = Duration::from_millis(1));
    let mut neighbour = Neighbour::of(&scene).await;
    let text = r#"{"type":"say","id":2,"room":"general","text":"در سه تکه"}"#.as_bytes();
    let mut socket = member(&scene, "Ali").await;
    // Cut inside a character, with a ping between.
    let (first, rest) = text.split_at(47);
    let (second, third) = rest.split_at(3);
    let whole = [frame(0x01, first), frame(0x00, second), frame(0x89, b"between"), frame(0x80, third)].concat();
    for byte in whole.chunks(1) {
        socket.send_raw(byte).await;
    }
    neighbour.0.hears_line("در سه تکه").await;

    socket.send_raw(&frame(0x01, &vec![b' '; 40_000])).await;
    socket.send_raw(&frame(0x00, &vec![b' '; 25_537])).await;
    assert_eq!(socket.closed().await, 1009);
    neighbour.0.hears("leave").await;

    let mut socket = member(&scene, "Ali").await;
    let empty = [frame(0x01, b""), frame(0x00, b"").repeat(200_000)].concat();
    socket.send_raw(&empty).await;
    assert_eq!(socket.closed().await, 1008);
    neighbour.0.hears("leave").await;
    neighbour.noticed_nothing(&[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_breaks_the_protocol_ends_the_connection_with_its_code() {
    let scene = Scene::with(|settings| settings.grace = Duration::from_millis(1));
    let mut neighbour = Neighbour::of(&scene).await;
    let text = |bytes: &[u8]| frame(0x81, bytes);
    for (what, bytes, code) in [
        ("a binary frame", frame(0x82, b"{\"type\":\"ping\"}"), 1003),
        ("an empty binary frame", frame(0x82, b""), 1003),
        ("an unmasked frame", vec![0x81, 0x02, b'{', b'}'], 1002),
        ("a reserved bit", frame(0xc1, b"{}"), 1002),
        ("a reserved opcode", frame(0x83, b"{}"), 1002),
        ("a continuation of nothing", frame(0x80, b"{}"), 1002),
        ("a text in a text", [frame(0x01, b"{"), frame(0x81, b"}")].concat(), 1002),
        ("a long ping", frame(0x89, &[0; 126]), 1002),
        ("half a ping", frame(0x09, b""), 1002),
        ("a close of one byte", frame(0x88, &[3]), 1002),
        ("a close that must not be sent", frame(0x88, &1005_u16.to_be_bytes()), 1002),
        ("an overlong slash", text(b"\xc0\xaf"), 1007),
        ("half a surrogate", text(b"\xed\xa0\x80"), 1007),
        ("a cut character", text(b"\xd8"), 1007),
        ("a wrong first fragment", frame(0x01, b"\xff"), 1007),
    ] {
        let mut socket = member(&scene, "Ali").await;
        socket.send_raw(&bytes).await;
        assert_eq!(socket.closed().await, code, "{what}");
        assert_eq!(neighbour.0.hears_next().await["type"], "join", "{what}");
        assert_eq!(neighbour.0.hears_next().await["type"], "leave", "{what}");

        // The tutorials' wires are no softer.
        let mut page = scene.one_segment("general").await;
        page.sends_raw(bytes);
        assert_eq!(page.is_closed().await.0, code, "{what}");
        assert_eq!(neighbour.0.hears_next().await["type"], "join", "{what}");
        assert_eq!(neighbour.0.hears_next().await["type"], "leave", "{what}");
    }
    neighbour.noticed_nothing(&[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_goodbye_is_answered_with_its_code_and_what_follows_it_is_dropped() {
    let scene = Scene::with(|settings| settings.grace = Duration::from_millis(1));
    let mut neighbour = Neighbour::of(&scene).await;
    for (goodbye, answer) in [
        (frame(0x88, &1000_u16.to_be_bytes()), 1000),
        (frame(0x88, &4999_u16.to_be_bytes()), 4999),
        (frame(0x88, b""), 1005),
        (frame(0x88, b"\x03\xe8bye"), 1000),
    ] {
        let mut socket = member(&scene, "Ali").await;
        let late = json!({ "type": "say", "id": 9, "room": "general", "text": "after the goodbye" }).to_string();
        socket.send_raw(&[goodbye, masked(1, late.as_bytes())].concat()).await;
        assert_eq!(socket.closed().await, answer);
        assert_eq!(socket.rest().await, b"", "nothing after the close");
        assert_eq!(neighbour.0.hears_next().await["type"], "join");
        assert_eq!(neighbour.0.hears_next().await["type"], "leave");
    }
    neighbour.noticed_nothing(&[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_never_finished_ends_the_connection() {
    let scene = Scene::with(|settings| {
        settings.message_timeout = Duration::from_millis(200);
        settings.grace = Duration::from_millis(1);
    });
    let mut neighbour = Neighbour::of(&scene).await;
    for (what, begun) in [
        ("a fragment", frame(0x01, b"{")),
        ("an empty fragment, then pings, which are no excuse", [frame(0x01, b""), masked(9, b"x")].concat()),
        ("half a frame", masked(1, &[b' '; 100])[..50].to_vec()),
        ("half a header", vec![0x81, 0xfe]),
        ("half a ping", vec![0x89, 0x84, 1, 2, 3, 4, 5]),
    ] {
        let mut socket = member(&scene, "Ali").await;
        socket.send_raw(&begun).await;
        assert_eq!(socket.closed().await, 1008, "{what}");
        assert_eq!(neighbour.0.hears("leave").await["member"]["name"], "Ali");
    }
    neighbour.noticed_nothing(&[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_pings_get_one_pong_and_a_flood_ends_the_connection() {
    let scene = Scene::start();
    let mut neighbour = Neighbour::of(&scene).await;
    let mut socket = member(&scene, "Ali").await;
    let pings: Vec<u8> = (1..=100_u8).flat_map(|n| masked(9, &[n])).collect();
    socket.send_raw(&pings).await;
    let mut answered = 0;
    loop {
        match socket.next().await {
            Frame::Pong(payload) => {
                answered += 1;
                if payload == [100] {
                    break;
                }
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(answered <= 10, "{answered} pongs for a hundred pings that came at once");

    let mut flooding = member(&scene, "Flood").await;
    flooding.send_raw(&masked(9, b"").repeat(5000)).await;
    assert_eq!(flooding.closed().await, 1008);
    let mut flooding = member(&scene, "Flood 2").await;
    flooding.send_raw(&masked(10, b"").repeat(5000)).await;
    assert_eq!(flooding.closed().await, 1008, "pongs that nobody asked for");
    neighbour.noticed_nothing(&["join"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_pings_in_json_ends_the_connection_too() {
    let scene = Scene::start();
    let mut ali = scene.person_in("general", "Ali").await;
    ali.sends_at_once((0..100).map(|_| json!({ "type": "ping" })));
    for _ in 0..100 {
        assert_eq!(ali.answer().await["type"], "pong");
    }
    ali.sends_at_once((0..5000).map(|_| json!({ "type": "ping" })));
    assert_eq!(ali.is_closed().await.0, 1008);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_bounded_is_not_slowed_down_by_long_input() {
    // 60 KiB of what costs most to look at: each is answered, and a hundred of them within the patience of a test.
    let scene = Scene::start();
    let mut ali = scene.person_in("general", "Ali").await;
    let names = ["\u{301}", "a\u{301}", "👩\u{200d}", "ﷺ", "\u{1f1e6}", "ى", "\u{fb2c}"];
    for (n, name) in names.into_iter().enumerate() {
        let long = name.repeat(60_000 / name.len());
        ali.name.clone_from(&long);
        let answer = ali.tries_to_join("other").await;
        assert!(answer["code"].as_str().is_some_and(|code| code.starts_with("name_")), "{n}: {answer:.200}");
        ali.name = "Ali".to_owned();
        assert_eq!(ali.tries_to_join(&long).await["code"], "bad_room", "{n}");
        let answer = ali.tries_to_say("general", &format!("/msg {}", name.repeat(3000 / name.chars().count()))).await;
        assert_eq!(answer["type"], "error", "{n}: {answer:.200}");
    }
}

//! Compression (permessage-deflate, RFC 7692): who offers it hears what others hear, in fewer bytes; who does not notices
//! nothing; and what is sent compressed is held to the same bounds.

use std::ops::Range;

use serde_json::{Value, json};

use crate::scene::{self, AGREED, CHARSU, Frame, OFFER, Person, Scene, Socket, deflated, masked, packed, tireless};

/// With compression, whatever other scenes are played with.
fn compressing() -> Scene {
    Scene::with(|settings| {
        tireless(settings);
        settings.websocket_compression = true;
    })
}

/// Somebody in a room whose client knows no compression.
async fn plain_person_in(scene: &Scene, room: &str, name: &str) -> Person {
    let mut person = Person::plain_on(scene.connect().await, name, None).await;
    person.joins(room).await;
    person
}

/// A line that is worth compressing.
fn long(n: usize) -> String {
    format!("{n}: {}", "this line is said again and again, and again, and again. ".repeat(3))
}

/// Asks for a WebSocket with these offers and gives what is answered to them.
async fn agreed(scene: &Scene, offers: &str) -> (u16, String) {
    let headers = format!("{CHARSU}{offers}");
    let reply = Socket::ask(&mut scene.connect().await, "/ws", &headers).await;
    (reply.status, reply.header("sec-websocket-extensions").to_owned())
}

/// A socket that is in a room.
async fn joined(scene: &Scene, room: &str, name: &str, offer: &str) -> Socket {
    let mut socket = Socket::open(scene.connect().await, "/ws", &[CHARSU, offer].concat()).await;
    socket.say(r#"{"type":"hello"}"#).await;
    socket.say(&json!({ "type": "join", "id": 1, "room": room, "name": name }).to_string()).await;
    assert_eq!(socket.json().await["type"], "welcome");
    assert_eq!(socket.json().await["type"], "joined");
    socket
}

#[tokio::test]
async fn compression_is_agreed_on_only_where_the_operator_wants_it_and_the_client_offers_it() {
    let scene = compressing();
    assert_eq!(agreed(&scene, OFFER).await, (101, AGREED.to_owned()));
    assert_eq!(agreed(&scene, "").await, (101, String::new()));
    let line = |value: &str| format!("Sec-WebSocket-Extensions: {value}\r\n");
    let window = line("permessage-deflate; server_max_window_bits=10");
    assert_eq!(agreed(&scene, &window).await, (101, format!("{AGREED}; server_max_window_bits=10")));
    let fallback = line("permessage-deflate; unheard_of") + &line("permessage-deflate; client_max_window_bits");
    assert_eq!(agreed(&scene, &fallback).await, (101, AGREED.to_owned()));
    assert_eq!(agreed(&scene, &line("permessage-deflate; unheard_of")).await, (101, String::new()));
    assert_eq!(agreed(&scene, &line("permessage-deflate; =")).await, (400, String::new()));

    let usual = Scene::with(|settings| settings.websocket_compression = false);
    assert_eq!(agreed(&usual, OFFER).await, (101, String::new()));
    assert_eq!(agreed(&usual, &line("permessage-deflate; =")).await, (101, String::new()));
    assert!(!charsu::config::Settings::default().websocket_compression, "off by default");
}

#[tokio::test(flavor = "multi_thread")]
async fn all_members_hear_one_order_compressed_or_not() {
    const LINES: usize = 60;
    let scene = compressing();
    let mut ali = scene.person_in("general", "Ali").await;
    let mut sara = scene.person_in("general", "Sara").await;
    let mut bob = plain_person_in(&scene, "general", "Bob").await;
    let mut page = scene.one_segment("general").await;
    // All speak at once, so that many lines come together in a batch.
    for (speaker, room) in [(&mut ali, "Ali"), (&mut sara, "Sara"), (&mut bob, "Bob")] {
        let says = |n| json!({ "type": "say", "id": 100 + n, "room": "general", "text": long(n) + room });
        let said: Vec<Value> = (0..LINES).map(says).collect();
        speaker.sends_at_once(said);
    }
    let mut heard = Vec::new();
    for person in [&mut ali, &mut sara, &mut bob] {
        let mut lines = Vec::new();
        while lines.len() < 3 * LINES {
            let event = person.hears("message").await;
            lines.push((event["seq"].clone(), event["name"].clone(), event["text"].clone()));
        }
        heard.push(lines);
    }
    assert!(heard.windows(2).all(|two| two[0] == two[1]), "the order differs");
    let mut drawn = Vec::new();
    while drawn.len() < 3 * LINES {
        let frame = page.gets().await;
        if frame["type"] == "message" {
            drawn.push((frame["username"].clone(), frame["text"].clone()));
        }
    }
    let of_charsu: Vec<_> = heard[0].iter().map(|(_, name, text)| (name.clone(), text.clone())).collect();
    assert_eq!(drawn, of_charsu);
    for (who, deflated) in [("Ali", ali.deflated()), ("Sara", sara.deflated()), ("the page", page.deflated())] {
        assert!(deflated >= 3 * LINES as u64, "{who} was sent {deflated} compressed messages");
    }
    assert_eq!(bob.deflated(), 0);
}

#[tokio::test]
async fn a_line_takes_fewer_bytes_compressed_and_a_short_one_is_sent_as_it_is() {
    let scene = compressing();
    let mut ali = joined(&scene, "general", "Ali", OFFER).await;
    let mut bob = joined(&scene, "general", "Bob", "").await;
    assert_eq!(ali.json().await["type"], "join");
    let before = ali.deflated;
    ali.say(&json!({ "type": "typing", "room": "general", "on": true }).to_string()).await;
    bob.say(&json!({ "type": "typing", "room": "general", "on": true }).to_string()).await;
    assert_eq!(ali.json().await["type"], "typing");
    assert_eq!(ali.deflated, before, "a short frame");
    bob.say(&json!({ "type": "say", "id": 2, "room": "general", "text": long(1) }).to_string()).await;
    assert_eq!(ali.json().await["text"], long(1));
    assert_eq!(ali.deflated, before + 1);
}

#[tokio::test]
async fn a_private_line_between_compressed_ones_is_heard_by_its_two_only() {
    let scene = compressing();
    let mut ali = scene.person_in("general", "Ali").await;
    let mut sara = scene.person_in("general", "Sara").await;
    let mut bob = scene.person_in("general", "Bob").await;
    let mut eve = plain_person_in(&scene, "general", "Eve").await;
    let to = sara.number("general");
    // In one piece: the three are shown in one batch.
    ali.sends_at_once([
        json!({ "type": "say", "id": 10, "room": "general", "text": long(1) }),
        json!({ "type": "private", "id": 11, "room": "general", "to": to, "text": format!("psst {}", long(2)) }),
        json!({ "type": "say", "id": 12, "room": "general", "text": long(3) }),
    ]);
    for (person, is_told) in [(&mut ali, true), (&mut sara, true), (&mut bob, false), (&mut eve, false)] {
        person.hears_line(&long(1)).await;
        let between = person.hears_next().await;
        if is_told {
            assert_eq!((&between["type"], &between["text"]), (&json!("private"), &json!(format!("psst {}", long(2)))));
        } else {
            assert_eq!(between["type"], "skip", "{between}");
        }
        person.hears_line(&long(3)).await;
    }
}

#[tokio::test]
async fn who_comes_back_catches_up_and_hears_on() {
    let scene = compressing();
    let mut ali = scene.person_in("general", "Ali").await;
    let sara = scene.person_in("general", "Sara").await;
    let memory = sara.vanishes().await;
    for n in 0..30 {
        ali.says("general", &long(n)).await;
    }
    let mut sara = scene.returning(&memory).await;
    let joined = sara.joins_from("general", &memory.places["general"]).await;
    assert_eq!((&joined["type"], &joined["resumed"]), (&json!("joined"), &json!(true)), "{joined}");
    for n in 0..30 {
        sara.hears_line(&long(n)).await;
    }
    let before = sara.deflated();
    ali.says("general", &long(30)).await;
    sara.hears_line(&long(30)).await;
    assert!(sara.deflated() > before, "what is new is compressed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_reader_is_sent_every_line_once_whatever_was_cut() {
    const LINES: Range<usize> = 0..300;
    let scene = compressing();
    let raw = scene::Raw::connect_narrow(scene.address).await;
    let mut slow = Socket::open(raw, "/ws", &[CHARSU, OFFER].concat()).await;
    slow.say(r#"{"type":"hello"}"#).await;
    slow.say(r#"{"type":"join","id":1,"room":"general","name":"Slow"}"#).await;
    assert_eq!(slow.json().await["type"], "welcome");
    assert_eq!(slow.json().await["type"], "joined");
    let mut ali = scene.person_in("general", "Ali").await;
    // Letters in no order: compressed it is still long, so that frames are cut.
    let mut chance = scene::Chance::for_one(7, 7);
    let lines: Vec<String> = LINES
        .map(|n| format!("{n} {}", (0..3000).map(|_| char::from(b'a' + chance.below(26) as u8)).collect::<String>()))
        .collect();
    for line in &lines {
        ali.says("general", line).await;
    }
    let mut seq = slow.json().await["seq"].as_u64().expect("Ali came");
    for line in &lines {
        let event = slow.json().await;
        assert_eq!((&event["text"], event["seq"].as_u64()), (&json!(line), Some(seq + 1)));
        seq += 1;
    }
    assert!(slow.deflated > 0, "none was compressed");
}

#[tokio::test]
async fn who_wants_a_smaller_window_than_ours_is_sent_plain_lines_and_may_compress_its_own() {
    let scene = compressing();
    let mut ali = scene.person_in("general", "Ali").await;
    let offer = "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=11\r\n";
    let mut small = joined(&scene, "general", "Small", offer).await;
    let offer = "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=12\r\n";
    let mut enough = joined(&scene, "general", "Enough", offer).await;
    small.json().await;
    ali.says("general", &long(1)).await;
    assert_eq!((small.json().await["text"].clone(), small.deflated), (json!(long(1)), 0));
    assert_eq!((enough.json().await["text"].clone(), enough.deflated), (json!(long(1)), 1));
    let say = json!({ "type": "say", "id": 2, "room": "general", "text": "from a small one" });
    small.send_raw(&packed(&say.to_string())).await;
    ali.hears_line("from a small one").await;
}

#[tokio::test]
async fn a_bomb_is_refused_as_too_large_and_nobody_else_notices() {
    let scene = compressing();
    let mut ali = scene.person_in("general", "Ali").await;
    let bomb = deflated(&vec![b'0'; 10_000_000]);
    assert!(bomb.len() < 10_500, "{} bytes", bomb.len());
    let mut eve = joined(&scene, "general", "Eve", OFFER).await;
    ali.hears("join").await;
    eve.send(0x41, &bomb).await;
    assert_eq!(eve.closed().await, 1009);
    let in_parts = [masked(0x41, &bomb[..5000]), masked(0, &bomb[5000..])].map(|mut frame| {
        frame[0] &= 0x7f;
        frame
    });
    let mut eve = joined(&scene, "other", "Eve", OFFER).await;
    eve.send_raw(&in_parts.concat()).await;
    eve.send(0, b"").await;
    assert_eq!(eve.closed().await, 1009, "in fragments");
    ali.says("general", "still here").await;
}

#[tokio::test]
async fn a_compressed_message_is_a_fault_where_it_was_not_agreed_on_and_a_broken_one_wherever_it_is() {
    let scene = compressing();
    let hello = deflated(br#"{"type":"hello"}"#);
    for (what, offer, first, payload, code) in [
        ("nothing was offered", "", 0x41, &hello[..], 1002),
        ("a compressed ping", OFFER, 0x49, b"", 1002),
        ("the bit of another extension", OFFER, 0x21, b"{}", 1002),
        ("a broken stream", OFFER, 0x41, b"\x06\x00", 1007),
        ("a stream that is cut", OFFER, 0x41, &hello[..hello.len() - 3], 1007),
        ("no stream at all", OFFER, 0x41, br#"{"type":"hello"}"#, 1007),
        ("text that is not UTF-8", OFFER, 0x41, &deflated(b"\"\xff\""), 1007),
        ("compressed bytes", OFFER, 0x42, &hello, 1003),
    ] {
        let mut socket = Socket::open(scene.connect().await, "/ws", &[CHARSU, offer].concat()).await;
        socket.send(first, payload).await;
        assert_eq!(socket.closed().await, code, "{what}");
    }
    let usual = Scene::with(|settings| settings.websocket_compression = false);
    let mut socket = Socket::open(usual.connect().await, "/ws", &[CHARSU, OFFER].concat()).await;
    socket.send(0x41, &hello).await;
    assert_eq!(socket.closed().await, 1002, "offered, and not taken up");
}

#[tokio::test]
async fn commands_come_compressed_in_fragments_with_a_ping_between() {
    let scene = compressing();
    let mut socket = Socket::open(scene.connect().await, "/ws", &[CHARSU, OFFER].concat()).await;
    let hello = deflated(br#"{"type":"hello"}"#);
    let mut begun = masked(0x41, &hello[..4]);
    begun[0] &= 0x7f;
    socket.send_raw(&begun).await;
    socket.send(9, b"between").await;
    assert_eq!(socket.next().await, Frame::Pong(b"between".to_vec()));
    socket.send(0, &hello[4..]).await;
    assert_eq!(socket.json().await["type"], "welcome");
}

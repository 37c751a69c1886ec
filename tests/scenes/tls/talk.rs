//! Conversations over TLS: everybody hears everybody, however long the line and however bad the connection.

use std::time::Duration;

use serde_json::json;

use super::{agreed, authority, connect, secure};
use charsu::config::{Newcomers, Settings};
use tokio_rustls::rustls::version;

use crate::proxy::{Faults, Proxy};
use crate::scene::{CHARSU, Person, Raw, Socket, ms};

fn no_rates(settings: &mut Settings) {
    settings.messages_per_second = u32::MAX;
    settings.messages_burst = u32::MAX;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_and_tutorial_pages_talk_over_both_versions() {
    let scene = secure(|_| ());
    let mut sara = Person::on(scene.connect().await, "Sara", None).await;
    sara.joins("general").await;
    let old = connect(&scene, &authority(&scene).trust_with(&[&version::TLS12])).await;
    let mut ali = Person::on(old, "Ali", None).await;
    ali.joins("general").await;
    let mut page = scene.one_segment("general").await;
    let named = scene.two_segment("general", "Nima").await;
    sara.says("general", "from Sara").await;
    ali.says("general", "from Ali").await;
    page.says_as("Page", "from a page");
    named.says("from Nima");
    for text in ["from Sara", "from Ali"] {
        page.gets_until(text).await;
    }
    for person in [&mut sara, &mut ali] {
        let mut texts = Vec::new();
        while texts.len() < 4 {
            texts.push(person.hears("message").await["text"].as_str().expect("a text").to_owned());
        }
        texts.sort();
        assert_eq!(texts, ["from Ali", "from Nima", "from Sara", "from a page"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_and_pages_longer_than_a_record_arrive_whole() {
    const LONG: usize = 60_000;
    let scene = secure(|settings| {
        no_rates(settings);
        settings.newcomers = Newcomers::Recent;
        settings.text_chars = LONG;
        settings.text_bytes = LONG;
        settings.frame_bytes = 2 * LONG;
    });
    let (mut sara, mut ali) = (scene.person_in("general", "Sara").await, scene.person_in("general", "Ali").await);
    // Around the length of a record, and of several.
    for length in [LONG, 49_152, 32_768, 16_385, 16_384, 1, 16_300, 16_000] {
        let text = "x".repeat(length);
        ali.says("general", &text).await;
        assert_eq!(sara.hears("message").await["text"], text);
    }
    // The newest of them in one frame, as many as a newcomer is shown.
    let joined = scene.person("Late").await.joins("general").await;
    assert!(joined.to_string().len() > 32_000, "{}", joined.to_string().len());
    // And over HTTP, many times on one connection.
    let mut raw = scene.connect().await;
    for _ in 0..10 {
        let page = raw.get("/api/rooms/general/messages", "").await;
        assert!(page.status == 200 && page.body.len() > 32_000, "{}", page.body.len());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn new_keys_that_a_client_wants_are_given_in_the_middle_of_a_conversation() {
    let scene = secure(no_rates);
    let mut sara = scene.person_in("general", "Sara").await;
    let mut socket = Socket::open(scene.connect().await, "/ws", CHARSU).await;
    socket.say(r#"{"type":"hello"}"#).await;
    socket.say(r#"{"type":"join","id":1,"room":"general","name":"Ali"}"#).await;
    for n in 0..200_u64 {
        let text = format!("under key {n}");
        // It asks the server for new keys, too, which the server tells with its next record.
        agreed(socket.raw()).refresh_traffic_keys().expect("there are keys");
        socket.say(&json!({ "type": "say", "id": n + 2, "room": "general", "text": text }).to_string()).await;
        sara.hears_line(&text).await;
        while !socket.text().await.contains(&text) {}
    }
    // Somebody who wants nothing else has had enough after a while, and costs nothing meanwhile.
    for _ in 0..100 {
        agreed(socket.raw()).refresh_traffic_keys().expect("there are keys");
        socket.send_raw(b"").await;
    }
    socket.rest().await;
    scene.connections(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_tears_every_record_carries_a_conversation() {
    let scene = secure(no_rates);
    let trust = authority(&scene).trust();
    let mut sara = scene.person_in("general", "Sara").await;
    for (seed, faults) in [
        Faults { piece: Some(1), ..Faults::default() },
        Faults { piece: Some(7), jitter: ms(1), ..Faults::default() },
        Faults { gather: Some((5000, ms(3))), ..Faults::default() },
    ]
    .into_iter()
    .enumerate()
    {
        let proxy = Proxy::to(scene.address, seed as u64, faults);
        let raw = Raw::connect(proxy.address).await.secured(&trust).await;
        let mut ali = Person::on(raw, &format!("Ali {seed}x"), None).await;
        ali.joins("general").await;
        for n in 0..20 {
            let text = format!("{seed}/{n} {}", "🙂".repeat(100));
            ali.says("general", &text).await;
            sara.hears_line(&text).await;
            sara.says("general", &format!("heard {seed}/{n}")).await;
            ali.hears_line(&format!("heard {seed}/{n}")).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn words_that_come_together_with_the_handshake_are_heard() {
    let scene = secure(|_| ());
    let mut sara = scene.person_in("general", "Sara").await;
    // TLS lets a client speak with its last message of the handshake; here the upgrade and a line come in one piece, too.
    let mut raw = scene.connect().await;
    let line = crate::scene::masked(1, r#"{"username":"Ali","text":"at once"}"#.as_bytes());
    let head = crate::scene::handshake(&raw.host(), "/ws/general", "");
    raw.send([head.as_bytes(), &line].concat()).await;
    sara.hears_line("at once").await;
    assert_eq!(raw.reply().await.status, 101);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_whose_line_is_cut_is_waited_for_as_on_any_connection() {
    let scene = secure(|settings| settings.grace = Duration::from_mins(5));
    let mut sara = scene.person_in("general", "Sara").await;
    let ali = scene.person_in("general", "Ali").await;
    sara.hears("join").await;
    let memory = ali.vanishes().await;
    scene.connections(1).await;
    sara.says("general", "while Ali is away").await;
    let mut again = scene.returning(&memory).await;
    assert_eq!(again.joins_from("general", &memory.places["general"]).await["resumed"], true);
    again.hears_line("while Ali is away").await;
    // Who says goodbye in TLS and not in the WebSocket has been cut off, as well.
    let mut page = Socket::open(scene.connect().await, "/ws", CHARSU).await;
    page.say(r#"{"type":"hello"}"#).await;
    page.say(r#"{"type":"join","id":1,"room":"general","name":"Bob"}"#).await;
    sara.hears("join").await;
    page.raw().says_no_more().await;
    page.rest().await;
    scene.connections(2).await;
    let taken = scene.person("Bob").await.tries_to_join("general").await;
    assert_eq!(taken["code"], "name_taken", "Bob is still waited for: {taken}");
}

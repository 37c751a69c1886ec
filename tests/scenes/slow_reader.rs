//! Readers that are slow or stop: they delay nobody, they cost a bounded amount of memory, and what they miss they are told.

use std::time::{Duration, Instant};

use charsu::config::Settings;
use serde_json::{Value, json};

use crate::plain_and_over_tls;
use crate::scene::{Authority, CHARSU, Frame, Over, Person, Program, Raw, Scene, Socket, masked};

/// The room keeps a little, so that somebody is too far behind soon. Still, the kernel holds some megabytes for a reader.
fn shallow(settings: &mut Settings) {
    settings.messages_per_second = u32::MAX;
    settings.messages_burst = u32::MAX;
    settings.tail_bytes = 128 * 1024;
    settings.reader_lag_bytes = 256 * 1024;
    // A busy machine needs its time for so much talk.
    settings.grace = Duration::from_mins(5);
    settings.heartbeat_timeout_seconds = Duration::from_mins(5);
}

/// Nearly the longest line that may be said, in bytes.
const LINE: usize = 15_900;

fn long_line(n: u64) -> String {
    format!("{n:06}{}", "🙂".repeat((LINE - 6) / 4))
}

fn number(line: &Value) -> Option<u64> {
    line["text"].as_str()?.get(..6)?.parse().ok()
}

/// Says many long lines, each once the one before is acknowledged, and gives the longest wait for an ack.
async fn talk(person: &mut Person, room: &str, lines: std::ops::Range<u64>) -> Duration {
    let mut longest = Duration::ZERO;
    for n in lines {
        let asked = Instant::now();
        person.says(room, &long_line(n)).await;
        longest = longest.max(asked.elapsed());
    }
    longest
}

/// A member of `general` with a small window, who reads only when it is told to.
async fn narrow_member(narrow: Raw, name: &str) -> Socket {
    let mut socket = Socket::open(narrow, "/ws", CHARSU).await;
    socket.say(r#"{"type":"hello"}"#).await;
    socket.say(&json!({ "type": "join", "id": 1, "room": "general", "name": name }).to_string()).await;
    while socket.json().await["type"] != "joined" {}
    socket
}

plain_and_over_tls! {
    a_burst_beyond_the_allowance_reaches_those_who_keep_up
    a_reader_that_stops_delays_nobody_and_is_reset_once_when_it_reads_again
    a_reader_within_its_allowance_gets_every_line_however_late
    who_resumes_over_a_narrow_line_gets_all_that_was_kept_while_others_talk
    a_reader_that_asks_but_never_reads_is_parted_with_as_slow
    a_burst_of_acks_is_no_reason_to_call_somebody_slow_who_reads
    a_reader_that_stopped_does_not_keep_the_server_from_stopping
    readers_that_stop_cost_a_bounded_amount_of_memory
}

async fn a_burst_beyond_the_allowance_reaches_those_who_keep_up(over: Over) {
    const LINES: u64 = 120;
    let scene = Scene::over(over, |settings| {
        shallow(settings);
        settings.tail_bytes = 32 * 1024;
        settings.reader_lag_bytes = 64 * 1024;
    });
    let mut sara = scene.person_in("general", "Sara").await;
    let ali = scene.person_in("general", "Ali").await;
    let line = |n| json!({ "type": "say", "id": 100 + n, "room": "general", "text": long_line(n) });
    ali.sends_at_once((0..LINES).map(line));
    for n in 0..LINES {
        let heard = sara.hears("message").await;
        assert_eq!(number(&heard), Some(n), "{:.200}", heard.to_string());
    }
}

async fn a_reader_that_stops_delays_nobody_and_is_reset_once_when_it_reads_again(over: Over) {
    const LINES: u64 = 400;
    let scene = Scene::over(over, shallow);
    let mut stuck = narrow_member(scene.connect_narrow().await, "Stuck").await;
    let mut page = Socket::open(scene.connect_narrow().await, "/ws/general", "").await;
    assert!(page.text().await.contains("joined"));
    let (mut sara, mut ali) = (scene.person_in("general", "Sara").await, scene.person_in("general", "Ali").await);
    let longest = talk(&mut ali, "general", 0..LINES).await;
    assert!(longest < Duration::from_secs(2), "somebody who reads waited {longest:?}");
    ali.says("general", "the end").await;
    let heard = sara.hears_until("the end").await;
    assert_eq!(heard.iter().filter_map(number).collect::<Vec<_>>(), (0..LINES).collect::<Vec<_>>());

    // Now the stuck one reads on: what was under way, one reset, and what is left; in order and without a silent gap.
    let (mut last, mut resets) = (None, 0);
    let mut position = 0;
    loop {
        let frame = stuck.json().await;
        match frame["type"].as_str() {
            Some("reset") => {
                assert_eq!((&frame["reason"], &frame["resumed"]), (&json!("slow"), &json!(false)));
                assert!(frame["id"].is_null(), "nobody asked: {frame:.200}");
                resets += 1;
            }
            Some("message" | "join") if position > 0 => assert_eq!(frame["seq"], position + 1, "a silent gap"),
            Some("message" | "join") => {}
            _ => panic!("{frame:.200}"),
        }
        position = frame["seq"].as_u64().expect("a position");
        last = number(&frame).or(last);
        let history_ends = frame["history"].as_array().and_then(|history| history.last()).map(|line| &line["text"]);
        if frame["text"] == "the end" || history_ends == Some(&json!("the end")) {
            break;
        }
    }
    assert_eq!(resets, 1, "the last line before it was {last:?}");
    // It takes part again.
    stuck.say(&json!({ "type": "say", "id": 2, "room": "general", "text": "back" }).to_string()).await;
    sara.hears_line("back").await;
    // A page is told in words.
    let mut told = String::new();
    while !told.contains("some lines are missing here") {
        told = page.text().await;
    }
    ali.says("general", "for the page").await;
    while !page.text().await.contains("for the page") {}
}

async fn a_reader_within_its_allowance_gets_every_line_however_late(over: Over) {
    let scene = Scene::over(over, |settings| {
        shallow(settings);
        settings.tail_bytes = 128 * 1024;
        settings.reader_lag_bytes = 16 * 1024 * 1024;
        settings.tail_seconds = Duration::from_millis(50);
    });
    let mut stuck = narrow_member(scene.connect_narrow().await, "Stuck").await;
    let mut ali = scene.person_in("general", "Ali").await;
    talk(&mut ali, "general", 0..400).await;
    for n in 0..400 {
        let frame = loop {
            let frame = stuck.json().await;
            if frame["type"] != "join" {
                break frame;
            }
        };
        assert_eq!(number(&frame), Some(n), "{frame:.200}");
    }
}

async fn who_resumes_over_a_narrow_line_gets_all_that_was_kept_while_others_talk(over: Over) {
    let scene = Scene::over(over, |settings| {
        shallow(settings);
        settings.tail_bytes = 6 * 1024 * 1024;
        settings.reader_lag_bytes = 12 * 1024 * 1024;
    });
    let (ali, mut sara) = (scene.person_in("general", "Ali").await, scene.person_in("general", "Sara").await);
    let memory = ali.vanishes().await;
    let place = &memory.places["general"];
    // As much as is kept for one who is away, but a little.
    talk(&mut sara, "general", 0..370).await;
    let mut again = Socket::open(scene.connect_narrow().await, "/ws", CHARSU).await;
    again.say(&json!({ "type": "hello", "session": memory.session }).to_string()).await;
    assert_eq!(again.json().await["resumed"], true);
    let since = json!({ "epoch": place.epoch, "seq": place.seq });
    again.say(&json!({ "type": "join", "id": 9, "room": "general", "name": "Ali", "since": since }).to_string()).await;
    assert_eq!(again.json().await["resumed"], true);
    // Its line is full by now; what it still has to read is kept while the room goes on.
    talk(&mut sara, "general", 370..400).await;
    let mut wanted = 0;
    while wanted < 400 {
        let frame = again.json().await;
        assert_ne!(frame["type"], "reset", "at line {wanted}, although nothing was too old");
        if frame["type"] == "message" {
            assert_eq!(number(&frame), Some(wanted));
            wanted += 1;
        }
    }
}

async fn a_reader_that_asks_but_never_reads_is_parted_with_as_slow(over: Over) {
    let scene = Scene::over(over, |settings| {
        shallow(settings);
        settings.reader_lag_bytes = 64 * 1024 * 1024;
        settings.outbox_bytes = 16 * 1024;
        settings.grace = Duration::from_millis(1);
        if over == Over::Tls {
            settings.heartbeat_seconds = Duration::from_millis(500);
            settings.heartbeat_timeout_seconds = Duration::from_secs(3);
        }
    });
    let mut sara = scene.person_in("general", "Sara").await;
    let mut stuck = Socket::open(scene.connect().await, "/ws", CHARSU).await;
    stuck.say(r#"{"type":"hello"}"#).await;
    stuck.say(r#"{"type":"join","id":1,"room":"general","name":"Stuck"}"#).await;
    sara.hears("join").await;
    // Every question has a long answer. That Sara hears of it shows that it was read. The server reads no further behind a
    // question whose answer is not taken, but the pong that is owed for what was read with it is one answer too many. Over TLS
    // the question may come in several pieces, and the pong before the last of them: then it is simply not read any more, until
    // a ping is one answer too many or is not answered in time.
    let question = json!({ "type": "leave", "id": 2, "room": "x".repeat(60_000) }).to_string();
    let mut asked = 0;
    loop {
        asked += 1;
        let line = json!({ "type": "say", "id": 2 + asked, "room": "general", "text": "asked" }).to_string();
        let frames = [masked(9, b""), masked(1, line.as_bytes()), masked(1, question.as_bytes())];
        stuck.send_raw(&frames.concat()).await;
        match sara.hears_next().await["type"].as_str() {
            Some("message") => {}
            Some("leave") => break,
            other => panic!("{other:?}"),
        }
        assert!(asked < 1000, "60 MB of answers lie somewhere");
    }
    // What it finds when it reads at last is the reason.
    let reason = loop {
        match stuck.next().await {
            Frame::Text(_) | Frame::Pong(_) | Frame::Ping(_) => {}
            Frame::Close(code, reason) => break (code, reason),
        }
    };
    let too_slow = reason == (4008, "too far behind: reconnect and resume".to_owned());
    let silent = over == Over::Tls && reason == (4010, "no answer to the heartbeat".to_owned());
    assert!(too_slow || silent, "{reason:?}");
}

async fn a_burst_of_acks_is_no_reason_to_call_somebody_slow_who_reads(over: Over) {
    let scene = Scene::over(over, shallow);
    let mut ali = scene.person_in("general", "Ali").await;
    // Resends are answered and shown to nobody: many answers in one read, and nothing that carries them out.
    let line = json!({ "type": "say", "id": 5, "room": "general", "text": "x" });
    ali.sends_at_once(std::iter::repeat_n(line, 3000));
    for _ in 0..3000 {
        assert_eq!(ali.answer_to(5).await["type"], "ack");
    }
    let mut page = scene.two_segment("general", "Page").await;
    page.sends_at_once((0..3000).map(|_| "/shrug".to_owned()));
    for _ in 0..3000 {
        page.is_told().await;
    }
}

async fn a_reader_that_stopped_does_not_keep_the_server_from_stopping(over: Over) {
    let scene = Scene::over(over, shallow);
    let _stuck = narrow_member(scene.connect_narrow().await, "Stuck").await;
    let mut ali = scene.person_in("general", "Ali").await;
    talk(&mut ali, "general", 0..300).await;
    let began = Instant::now();
    scene.stop().await;
    assert!(began.elapsed() < Duration::from_secs(4), "stopped after {:?}", began.elapsed());
    assert_eq!(ali.is_closed().await.0, 1012);
}

async fn readers_that_stop_cost_a_bounded_amount_of_memory(over: Over) {
    const STUCK: usize = 30;
    let authority = over.authority();
    let flags = authority.as_ref().map(Authority::flags).unwrap_or_default();
    let program = Program::start(&format!("--no-limits {flags}"));
    let connect = async || {
        let narrow = Raw::connect_narrow(program.address).await;
        match &authority {
            Some(authority) => narrow.secured(&authority.trust()).await,
            None => narrow,
        }
    };
    let mut talker = Socket::open(connect().await, "/ws", CHARSU).await;
    talker.say(r#"{"type":"hello"}"#).await;
    talker.say(r#"{"type":"join","id":1,"room":"general","name":"Talker"}"#).await;
    let mut stuck = Vec::new();
    for n in 0..STUCK {
        stuck.push(narrow_member(connect().await, &format!("Stuck {n}x")).await);
    }
    let before = program.resident().await;
    let mut highest = before;
    // More than twice what the kernel holds for a reader, and several times what the room keeps.
    for n in 0..400 {
        let line = json!({ "type": "say", "id": n + 2, "room": "general", "text": long_line(n) });
        talker.say(&line.to_string()).await;
        while !talker.text().await.contains(&format!(r#""text":"{n:06}"#)) {}
        highest = highest.max(program.resident_now());
    }
    println!("{before} KiB before, {highest} KiB with {STUCK} readers that stopped");
    assert!(highest < before + 8 * 1024, "{before} KiB before, {highest} KiB with {STUCK} readers that stopped");
}

//! What sessions of Socket.IO take, in a process of their own: those that were opened and abandoned give everything back, and
//! one that listens costs little.
#![cfg(not(feature = "conformance"))]

use std::time::Duration;

use crate::alone;
use crate::scene::{PATH, Program, Raw, Socket, within};

/// Sessions that are opened and never heard of again.
const ABANDONED: usize = 10_000;

/// Connections that listen.
const LISTENING: usize = 2000;

/// What one of those may take, in bytes.
const EACH: u64 = 2048;

/// Two rounds, for what the first takes once is kept: lists, threads, the allocator's own.
#[tokio::test(flavor = "multi_thread")]
async fn abandoned_sessions_give_their_memory_back() {
    let _alone = alone().await;
    let program = Program::start_with_allocator(
        "dirty_decay_ms:0,muzzy_decay_ms:0",
        "--no-limits --heartbeat-seconds 2s --heartbeat-timeout-seconds 1s",
    );
    let mut settled = Vec::new();
    for _ in 0..2 {
        let (mut raw, mut last) = (Raw::connect(program.address).await, String::new());
        for _ in 0..ABANDONED {
            let reply = raw.get(&format!("{PATH}polling"), "").await;
            assert_eq!(reply.status, 200, "{}", reply.text());
            reply.text().clone_into(&mut last);
        }
        let during = program.resident_now();
        // The watch parts with all of them in the order in which they came. A noop is no sign of life.
        let sid = last.split_once("\"sid\":\"").and_then(|(_, rest)| rest.split_once('"')).expect("a secret").0;
        let path = format!("{PATH}polling&sid={sid}");
        within("the end of the last one", async {
            while raw.post(&path, "Content-Type: text/plain\r\n", "6").await.status == 200 {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        })
        .await;
        let after = program.resident().await;
        println!("{during} KiB with {ABANDONED} sessions, {after} after them");
        settled.push(after);
    }
    assert!(settled[1] <= settled[0] + settled[0] / 10, "{settled:?}");
}

/// What each of many connections takes that `open` makes in a room.
async fn bytes_of_each(program: &Program, open: impl AsyncFn(&str) -> Socket) -> u64 {
    // What there is once is there before it is counted.
    let mut sockets = Vec::new();
    for n in 0..200 {
        sockets.push(open(&format!("warm{}", n / 20)).await);
    }
    let before = program.resident().await;
    for n in 0..LISTENING {
        sockets.push(open(&format!("room{}", n / 20)).await);
    }
    let after = program.resident().await;
    after.saturating_sub(before) * 1024 / LISTENING as u64
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_connection_takes_little() {
    let _alone = alone().await;
    for flags in ["--no-limits", "--no-limits --socketio-recovery /"] {
        let program = Program::start(flags);
        let each = bytes_of_each(&program, async |room| {
            let path = format!("{PATH}websocket&room={room}");
            let mut socket = Socket::open(Raw::connect(program.address).await, &path, "").await;
            let _ = socket.next().await;
            socket.say("40").await;
            let _ = socket.next().await;
            socket
        })
        .await;
        println!("{flags}: {each} bytes for each connection, twenty to a room");
        if cfg!(not(debug_assertions)) {
            assert!(each <= EACH, "{each} bytes");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_connection_that_began_by_polling_takes_little() {
    let _alone = alone().await;
    let program = Program::start("--no-limits");
    let each = bytes_of_each(&program, async |room| {
        let mut raw = Raw::connect(program.address).await;
        let open = raw.get(&format!("{PATH}polling&room={room}"), "").await;
        let open: serde_json::Value = serde_json::from_str(&open.text()[1..]).expect("JSON");
        let path = |transport: &str| format!("{PATH}{transport}&sid={}", open["sid"].as_str().expect("a secret"));
        assert_eq!(raw.post(&path("polling"), "Content-Type: text/plain\r\n", "40").await.status, 200);
        assert!(raw.get(&path("polling"), "").await.text().starts_with("40"));
        let mut socket = Socket::open(Raw::connect(program.address).await, &path("websocket"), "").await;
        socket.say("2probe").await;
        let _ = socket.next().await;
        socket.say("5").await;
        socket
    })
    .await;
    println!("{each} bytes for each connection that began by polling, twenty to a room");
    if cfg!(not(debug_assertions)) {
        assert!(each <= EACH, "{each} bytes");
    }
}

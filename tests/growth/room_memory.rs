//! A hundred thousand rooms made, joined, left, twice: the program is no larger after the second time than after the first.
//!
//! By default an eighth of them, which takes seconds; `CHARSU_FULL=1` plays the whole.

use std::net::SocketAddr;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::alone;
use crate::scene::{CHARSU, Program, Raw, Socket};

/// Connections that share the rooms.
const CLIENTS: usize = 4;
/// Rooms that one connection is in at once.
const AT_ONCE: usize = 250;

/// Makes so many codes over one connection, asking for all before reading the answers.
async fn make_codes(raw: &mut Raw, count: usize) -> Vec<String> {
    let request = format!("POST /api/rooms HTTP/1.1\r\nHost: {}\r\nContent-Length: 0\r\n\r\n", raw.host());
    raw.send(request.repeat(count)).await;
    let mut codes = Vec::new();
    for _ in 0..count {
        let reply = raw.reply().await;
        assert_eq!(reply.status, 201, "{}", reply.text());
        let made: Value = serde_json::from_str(reply.text()).expect("JSON");
        codes.push(made["code"].as_str().expect("a code").to_owned());
    }
    codes
}

/// Reads frames until so many of this type came.
async fn read(socket: &mut Socket, kind: &str, count: usize) {
    let mut seen = 0;
    while seen < count {
        let frame = socket.text().await;
        assert!(!frame.contains(r#""type":"error""#), "{frame}");
        seen += usize::from(frame.starts_with(&format!(r#"{{"type":"{kind}""#)));
    }
}

/// One client's share of the rooms.
async fn rooms(address: SocketAddr, count: usize) {
    let mut raw = Raw::connect(address).await;
    let mut socket = Socket::open(Raw::connect(address).await, "/ws", CHARSU).await;
    socket.say(r#"{"type":"hello"}"#).await;
    let mut id = 0;
    let mut left = count;
    while left > 0 {
        let now = left.min(AT_ONCE);
        left -= now;
        let codes = make_codes(&mut raw, now).await;
        for (kind, answer) in [("join", "joined"), ("say", "ack"), ("leave", "left")] {
            let commands = codes.iter().map(|code| {
                id += 1;
                json!({ "type": kind, "id": id, "room": code, "name": "Ali", "text": "hello" }).to_string()
            });
            socket.say_all(commands).await;
            read(&mut socket, answer, now).await;
        }
    }
    socket.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rooms_that_were_made_joined_and_left_leave_no_memory_behind() {
    let _alone = alone().await;
    let rooms_each = if std::env::var_os("CHARSU_FULL").is_some() { 25_000 } else { 3_000 };
    let program = Program::start("--no-limits --room-idle 1ms --code-quarantine 1ms --grace 1ms --tail-seconds 1s");
    let empty = program.resident().await;
    let mut after = Vec::new();
    for _ in 0..2 {
        let mut clients = JoinSet::new();
        for _ in 0..CLIENTS {
            clients.spawn(rooms(program.address, rooms_each));
        }
        clients.join_all().await;
        after.push(program.resident().await);
    }
    let [first, second] = after[..] else { unreachable!("two runs") };
    println!(
        "{} rooms, twice: {empty} KiB when empty, {first} KiB after the first, {second} KiB after the second",
        rooms_each * CLIENTS
    );
    assert!(second <= first + first / 10, "{first} KiB after the first run, {second} KiB after the second");
}

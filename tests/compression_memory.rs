//! What compression costs in memory, counted in the allocator over the whole process: nothing for a connection that is
//! idle, and a bounded amount for whatever is sent. Alone in its program, so that nobody else is counted.

mod scene;

use std::alloc::System;

use scene::{CHARSU, OFFER, Scene, Socket, deflated, packed, tireless, within};
use serde_json::json;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Connections of each kind that are compared.
const CONNECTIONS: isize = 200;

/// More that one with compression may cost than one without, in bytes: the client here remembers what was agreed on.
const MORE: isize = 128;

/// The server's threads.
const THREADS: usize = 2;

/// What each thread of the server may keep, in bytes: a compressor, and an inflater with a message of 64 KiB both ways.
const THREAD: isize = 400 * 1024;

fn live_bytes() -> isize {
    let stats = ALLOCATOR.stats();
    stats.bytes_allocated.cast_signed() - stats.bytes_deallocated.cast_signed()
}

/// The number of live bytes once it stands still: tasks that have ended are freed a moment later.
async fn settled() -> isize {
    let mut last = live_bytes();
    let mut same = 0;
    within("the memory to settle", async {
        while same < 20 {
            tokio::time::sleep(scene::ms(5)).await;
            let now = live_bytes();
            same = if now == last { same + 1 } else { 0 };
            last = now;
        }
    })
    .await;
    last
}

/// Somebody in a room of its own, who has said a line and heard it.
async fn member(scene: &Scene, room: &str, offer: &str) -> Socket {
    let mut socket = Socket::open(scene.connect().await, "/ws", &[CHARSU, offer].concat()).await;
    let text = "this line is long enough to be compressed, ".repeat(5);
    for (command, answer) in [
        (json!({ "type": "hello" }), "welcome"),
        (json!({ "type": "join", "id": 1, "room": room, "name": "Ali" }), "joined"),
        (json!({ "type": "say", "id": 2, "room": room, "text": text }), "message"),
    ] {
        let command = command.to_string();
        if offer.is_empty() {
            socket.say(&command).await;
        } else {
            socket.send_raw(&packed(&command)).await;
        }
        loop {
            let frame = socket.json().await;
            assert_ne!(frame["type"], "error", "{frame}");
            if frame["type"] == answer {
                break;
            }
        }
    }
    assert_eq!(socket.deflated > 0, !offer.is_empty());
    socket
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idle_connection_costs_no_more_with_compression_and_a_bomb_little() {
    let scene = Scene::in_memory(|settings| {
        tireless(settings);
        settings.no_limits = true;
        settings.websocket_compression = true;
        // The rooms keep nothing of what was said.
        settings.tail_seconds = scene::ms(1);
    });
    // What is made once is made.
    let mut first = Vec::new();
    for n in 0..20 {
        first.push(member(&scene, &format!("first{n}"), if n % 2 == 0 { OFFER } else { "" }).await);
    }
    // Each of the server's threads makes a compressor and an inflater when it first needs one, perhaps only now: that is in one
    // round's count, and not in the next ones.
    let mut cost = [isize::MAX; 2];
    for round in 0..=THREADS {
        for (offer, cost) in ["", OFFER].into_iter().zip(&mut cost) {
            let before = settled().await;
            let mut members = Vec::new();
            for n in 0..CONNECTIONS {
                members.push(member(&scene, &format!("room {n} of {round} {}", offer.len()), offer).await);
            }
            *cost = (settled().await - before).div_euclid(CONNECTIONS).min(*cost);
            drop(members);
            scene.connections(first.len()).await;
        }
    }
    let [plain, compressed] = cost;
    println!("{plain} bytes for a member without compression, {compressed} with it");
    assert!(compressed <= plain + MORE, "{compressed} bytes with compression, {plain} without");

    let bomb = deflated(&vec![b'0'; 10_000_000]);
    let before = settled().await;
    let allocated = ALLOCATOR.stats().bytes_allocated;
    for _ in 0..20 {
        let mut eve = Socket::open(scene.connect().await, "/ws", &[CHARSU, OFFER].concat()).await;
        eve.send(0x41, &bomb).await;
        assert_eq!(eve.closed().await, 1009);
    }
    let allocated = ALLOCATOR.stats().bytes_allocated - allocated;
    let kept = settled().await - before;
    println!("{allocated} bytes asked for, by 20 bombs and those who throw them; {kept} kept");
    assert!(allocated < 3_000_000, "{allocated} bytes for 20 bombs of 10 MB");
    assert!(kept < THREADS.cast_signed() * THREAD, "{kept} bytes kept after it");
}

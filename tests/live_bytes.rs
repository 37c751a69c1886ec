//! Every byte that people and rooms take is given back when they are gone: counted in the allocator, over the whole process.
//!
//! By default some hundred rooms; `CHARSU_FULL=1` plays two thousand.

mod scene;

use std::alloc::System;
use std::time::Duration;

use scene::{Scene, within};
use serde_json::json;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use tokio::task::JoinSet;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Rooms in a round; each has three connections.
const ROOMS: usize = 20;
/// Rounds that are counted, by default and in full; one more goes before, in which what is made once is made.
const ROUNDS: [usize; 2] = [10, 100];

/// Left for what is not of people and rooms: the runtime keeps a block of a queue now and then.
const SLACK: isize = 4 * 1024;

fn live_bytes() -> isize {
    let stats = ALLOCATOR.stats();
    // A reallocation is counted on its own, and nowhere else.
    stats.bytes_allocated.cast_signed() - stats.bytes_deallocated.cast_signed()
}

/// A room with talk, and every way to leave it.
async fn evening(scene: &Scene, n: usize) {
    let code = scene.opens_room().await;
    let (mut ali, mut sara) = (scene.person_in(&code, "Ali").await, scene.person_in(&code, "Sara").await);
    let page = scene.one_segment(&code).await;
    let other = scene.two_segment(&format!("general {n}"), "Page").await;
    ali.says(&code, &"hello ".repeat(100)).await;
    sara.says(&code, "/msg Ali psst").await;
    page.says_as("User", "hello");
    page.sends(r#"{"type":"typing","username":"User"}"#);
    ali.hears_line("hello").await;
    ali.asks(json!({ "type": "say", "room": "nowhere", "text": "x" })).await;
    match n % 4 {
        0 => {
            ali.leaves(&code).await;
            sara.leaves(&code).await;
            page.closes(None);
        }
        1 => {
            let memory = ali.vanishes().await;
            scene.returning(&memory).await.joins_from(&code, &memory.places[&code]).await;
            sara.closes(Some(1001));
        }
        2 => {
            sara.sends_text(&"{".repeat(60_000));
            sara.answer().await;
            ali.closes(Some(1000));
        }
        _ => drop(other),
    }
}

async fn round(scene: &std::sync::Arc<Scene>, number: usize) {
    let mut evenings = JoinSet::new();
    for n in 0..ROOMS {
        let scene = std::sync::Arc::clone(scene);
        evenings.spawn(async move { evening(&scene, number * ROOMS + n).await });
    }
    evenings.join_all().await;
    let hub = &scene.app.hub;
    scene::until("all to be gone", || (hub.connections(), hub.room_count(), hub.session_count()) == (0, 0, 0)).await;
    scene.connections(0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn as_many_bytes_are_live_when_all_is_over_as_before() {
    let scene = std::sync::Arc::new(Scene::with(|settings| {
        settings.connects_per_second_per_address = u32::MAX;
        settings.rooms_created_per_minute_per_address = u32::MAX;
        settings.dialect_codes_per_address = usize::MAX;
        let short = Duration::from_millis(1);
        (settings.grace, settings.room_idle, settings.tail_seconds) = (short, short, short);
    }));
    let rounds = ROUNDS[usize::from(std::env::var_os("CHARSU_FULL").is_some())];
    round(&scene, 0).await;
    let mut before = settled().await;
    let first = before;
    for number in 1..=rounds {
        round(&scene, number).await;
        let after = settled().await;
        println!("after {} rooms: {after} bytes live, {:+}", (number + 1) * ROOMS, after - before);
        before = after;
    }
    let grown = before - first;
    assert!(grown <= SLACK, "{grown} bytes more than after the first round, in {} rooms", rounds * ROOMS);
}

/// The number of live bytes once it stands still: tasks that have ended are freed a moment later.
async fn settled() -> isize {
    let mut last = live_bytes();
    let mut same = 0;
    within("the memory to settle", async {
        while same < 20 {
            tokio::time::sleep(Duration::from_millis(5)).await;
            let now = live_bytes();
            same = if now == last { same + 1 } else { 0 };
            last = now;
        }
    })
    .await;
    last
}

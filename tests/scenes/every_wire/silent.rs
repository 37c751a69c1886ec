//! Who does not read, and who does not answer, on every wire: nobody else waits for them.

use std::time::{Duration, Instant};

use serde_json::json;

use super::guest::Guest;
use super::ways::Way;
use crate::scene::{self, CHARSU, PATH, Polling, Raw, Scene, Socket, ms, until};

/// Somebody who came in and does nothing from then on, neither read nor answer.
enum Idle {
    Socket { _open: Socket },
    Stream { _open: Raw },
    Polling { _open: Polling },
}

impl Idle {
    /// Comes in over a line that holds little of what is not read.
    async fn enters(scene: &Scene, way: Way, room: &str, name: &str) -> Self {
        let mut raw = scene.connect_narrow().await;
        match way {
            Way::Charsu => {
                let mut socket = Socket::open(raw, "/ws", CHARSU).await;
                socket.say(r#"{"type":"hello"}"#).await;
                socket.say(&json!({ "type": "join", "id": 1, "room": room, "name": name }).to_string()).await;
                Self::Socket { _open: socket }
            }
            Way::Stream => {
                let host = raw.host();
                raw.send(format!("GET /api/rooms/{room}/events?name={name} HTTP/1.1\r\nHost: {host}\r\n\r\n")).await;
                Self::Stream { _open: raw }
            }
            Way::OneSegment => Self::Socket { _open: Socket::open(raw, &format!("/ws/{room}?name={name}"), "").await },
            Way::TwoSegment => Self::Socket { _open: Socket::open(raw, &format!("/ws/{room}/{name}"), "").await },
            Way::SocketIo => {
                let mut socket = Socket::open(raw, &format!("{PATH}websocket"), "").await;
                socket.say(&format!("40{}", json!({ "room": room, "name": name }))).await;
                Self::Socket { _open: socket }
            }
            Way::Polling => {
                let mut polling = scene.polling().await;
                polling.brings(&format!("40{}", json!({ "room": room, "name": name }))).await;
                Self::Polling { _open: polling }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_reads_nothing_delays_nobody_on_any_wire() {
    let scene = Scene::with(|settings| {
        scene::tireless(settings);
        settings.heartbeat_timeout_seconds = Duration::from_mins(5);
        (settings.tail_bytes, settings.reader_lag_bytes) = (128 * 1024, 256 * 1024);
    });
    let mut guests = Guest::all(&scene, "general").await;
    let mut idle = Vec::new();
    for (n, way) in Way::ALL.into_iter().enumerate() {
        idle.push(Idle::enters(&scene, way, "general", &format!("Idle{n}")).await);
        until("it to be in", || scene.app.hub.connections() == guests.len() + n + 1).await;
    }
    // Several times what a reader may be behind, and a connection holds.
    let long = "🙂".repeat(3_900);
    let mut longest = Duration::ZERO;
    for n in 0..200 {
        let (speaker, text) = (n % guests.len(), format!("{n} {long}"));
        let name = guests[speaker].name.clone();
        let asked = Instant::now();
        guests[speaker].says(&text).await;
        for guest in &mut guests {
            guest.hears_line(&name, &text).await;
        }
        longest = longest.max(asked.elapsed());
    }
    assert!(longest < Duration::from_secs(5), "somebody waited {longest:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_answers_no_heartbeat_is_found_on_every_wire_that_has_one() {
    let scene = Scene::with(|settings| {
        scene::tireless(settings);
        (settings.heartbeat_seconds, settings.heartbeat_timeout_seconds) = (ms(150), ms(1350));
        settings.grace = ms(100);
    });
    let mut witness = scene.person_in("general", "Witness").await;
    for (n, way) in Way::ALL.into_iter().enumerate() {
        // A stream is written and never answered: it is the kernel that finds its reader gone.
        if way == Way::Stream {
            continue;
        }
        let name = format!("Silent{n}");
        let _silent = Idle::enters(&scene, way, "general", &name).await;
        assert_eq!(witness.hears("join").await["member"]["name"], name, "{way:?}");
        assert_eq!(witness.hears("leave").await["member"]["name"], name, "{way:?}");
    }
}

//! Anything at all over a WebSocket, on the wires that are nothing but frames: `charsu.v1` and the tutorial dialects.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use charsu::protocol::Close;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value;

use super::stage::stage;
use super::{cases, nearly_a_command, text};
use crate::scene::{CHARSU, Frame, OFFER, Socket, TutorialPage, deflated, masked};

/// The ways in, by their number: a path and what its handshake says beside it. Whoever calls itself something has a name of its own, since
/// the one before it may not be gone yet.
fn way(number: usize) -> (String, &'static str) {
    static PAGES: AtomicUsize = AtomicUsize::new(0);
    match number {
        0 => ("/ws".to_owned(), CHARSU),
        1 => ("/ws/general".to_owned(), ""),
        _ => (format!("/ws/general/Page{}", PAGES.fetch_add(1, Ordering::Relaxed)), ""),
    }
}

const WAYS: std::ops::Range<usize> = 0..3;

/// Reads until the server ends the connection, which it does in a way that it has a name for.
async fn to_the_end(socket: &mut Socket) -> Option<u16> {
    loop {
        match socket.next().await {
            Frame::Close(code, _) => return Some(code),
            Frame::Text(text) => {
                assert!(serde_json::from_str::<Value>(&text).is_ok_and(|frame| frame["type"].is_string()));
            }
            Frame::Ping(_) | Frame::Pong(_) => {}
        }
    }
}

proptest! {
    #![proptest_config(cases(120))]

    #[test]
    fn any_bytes_behind_a_handshake_end_by_a_known_code(
        bytes in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..300),
            // Frames whose header is not far from one, masked or not.
            prop::collection::vec((any::<u8>(), prop::collection::vec(any::<u8>(), 0..130)), 1..6).prop_map(|frames| {
                frames.into_iter().flat_map(|(first, payload)| {
                    let mut frame = masked(1, &payload);
                    frame[0] = first;
                    frame
                }).collect()
            }),
        ],
        wire in WAYS,
    ) {
        let stage = stage();
        stage.play(async {
            let (path, headers) = way(wire);
            let mut socket = Socket::open(stage.scene.connect().await, &path, headers).await;
            socket.send_raw(&bytes).await;
            // Half a frame is no end, so it is cut short by a frame that can follow nothing, then by a goodbye.
            socket.send_raw(&[0x83, 0x80, 0, 0, 0, 0]).await;
            socket.send_raw(&vec![0x88; 131_100]).await;
            let code = to_the_end(&mut socket).await.expect("a close");
            let known = Close::ALL.iter().any(|close| close.code() == code);
            assert!(known || code == 1005 || (3000..5000).contains(&code) || (1000..1015).contains(&code), "{code}");
        });
    }

    #[test]
    fn any_compressed_bytes_are_answered_or_end_by_a_known_code(
        frames in prop::collection::vec(
            prop_oneof![
                // A command, whole or damaged.
                (nearly_a_command(), proptest::option::of((any::<Index>(), any::<u8>()))).prop_map(|(frame, damage)| {
                    let mut payload = deflated(frame.as_bytes());
                    if let Some((at, byte)) = damage {
                        let at = at.index(payload.len());
                        payload[at] = byte;
                    }
                    payload
                }),
                // Anything, and any number of times the same.
                prop::collection::vec(any::<u8>(), 0..100),
                (any::<u8>(), 0_usize..2_000_000).prop_map(|(byte, times)| deflated(&vec![byte; times])),
                (prop::collection::vec(any::<u8>(), 1..6), 0_usize..9_000).prop_map(|(part, times)| part.repeat(times)),
            ],
            1..8,
        ),
        first in prop::sample::select(vec![0x41_u8, 0x41, 0x41, 0x42]),
        wire in WAYS,
    ) {
        let stage = stage();
        stage.play(async {
            let (path, headers) = way(wire);
            let mut socket = Socket::open(stage.scene.connect().await, &path, &[headers, OFFER].concat()).await;
            for frame in &frames {
                socket.send(first, frame).await;
            }
            socket.send(8, &1000_u16.to_be_bytes()).await;
            let code = to_the_end(&mut socket).await.expect("a close");
            assert!(matches!(code, 1000 | 1003 | 1007..=1009), "{code}");
        });
    }

    #[test]
    fn any_frames_are_answered_and_everybody_goes_on(
        frames in prop::collection::vec(nearly_a_command(), 1..12),
        greeted in any::<bool>(),
    ) {
        let stage = stage();
        stage.play(async {
            let mut socket = Socket::open(stage.scene.connect().await, "/ws", CHARSU).await;
            if greeted {
                socket.say(r#"{"type":"hello"}"#).await;
                socket.say(r#"{"type":"join","id":1,"room":"general","name":"Ali"}"#).await;
            }
            for frame in &frames {
                socket.say(frame).await;
            }
            socket.send(9, b"the end").await;
            loop {
                match socket.next().await {
                    Frame::Pong(payload) if payload == b"the end" => break,
                    Frame::Text(text) => {
                        let frame: Value = serde_json::from_str(&text).expect("JSON");
                        assert!(frame["type"].is_string(), "{frame}");
                        if frame["type"] == "error" {
                            assert!(frame["code"].is_string() && frame["message"].is_string(), "{frame}");
                        }
                    }
                    Frame::Pong(_) | Frame::Ping(_) => {}
                    Frame::Close(code, reason) => panic!("closed: {code} {reason}, by {frames:?}"),
                }
            }
            socket.close().await;
        });
    }

    #[test]
    fn any_frames_of_a_page_are_answered_in_its_dialect(
        frames in prop::collection::vec(prop_oneof![2 => nearly_a_command(), 1 => text()], 1..12),
        two_segments in any::<bool>(),
    ) {
        let stage = stage();
        stage.play(async {
            let path = if two_segments { "/ws/pages/Page" } else { "/ws/pages" };
            let mut page = Socket::open(stage.scene.connect().await, path, "").await;
            for frame in &frames {
                page.say(frame).await;
            }
            page.send(9, b"the end").await;
            loop {
                match page.next().await {
                    Frame::Pong(payload) if payload == b"the end" => break,
                    Frame::Text(text) => {
                        let frame: Value = serde_json::from_str(&text).expect("JSON");
                        let kind = frame["type"].as_str().expect("a type");
                        let is_allowed = match kind {
                            "message" | "system" => true,
                            "users" => two_segments,
                            "typing" => !two_segments,
                            _ => false,
                        };
                        assert!(is_allowed, "{frame}");
                    }
                    Frame::Pong(_) | Frame::Ping(_) => {}
                    Frame::Close(code, reason) => panic!("closed: {code} {reason}, by {frames:?}"),
                }
            }
            page.close().await;
        });
    }
}

#[test]
fn the_corpus_of_the_codec_ends_real_connections_by_its_codes() {
    play_corpus("ws", "");
    play_corpus("deflate", OFFER);
}

/// Plays the streams of a folder to connections that were opened with these header lines.
fn play_corpus(folder: &str, offer: &str) {
    let stage = stage();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(folder);
    let mut played = 0;
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("it can be read").path();
        let name = path.file_stem().and_then(|name| name.to_str()).expect("plain names").to_owned();
        if path.extension().is_none_or(|extension| extension != "bin") {
            continue;
        }
        let bytes = std::fs::read(&path).expect("it can be read");
        for (path, headers) in WAYS.map(way) {
            stage.play(async {
                let mut socket = Socket::open(stage.scene.connect().await, &path, &[headers, offer].concat()).await;
                socket.send_raw(&bytes).await;
                // Limits of size are the decoder's in the corpus, and the server's here.
                if let Some(code @ (1002 | 1007)) = name.get(..4).and_then(|code| code.parse().ok()) {
                    // A dialect may have met something that it does not take before that.
                    let ended = to_the_end(&mut socket).await;
                    assert!(ended == Some(code) || ended == Some(1003), "{name} on {path}: {ended:?}");
                }
            });
        }
        played += 1;
    }
    assert!(played > 50, "only {played} files");
    let _still_open: TutorialPage = stage.runtime.block_on(stage.scene.one_segment("general"));
}

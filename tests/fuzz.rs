//! Anything at all, into everything that reads what strangers send: no input panics the server or ends anybody else's
//! connection. More cases: `PROPTEST_CASES=10000`.
//!
//! The codec by itself is fuzzed in `websocket_codec`.

mod scene;

use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use charsu::code::Code;
use charsu::config::Settings;
use charsu::names::{Name, RoomName, key_of, near, suggest, written};
use charsu::protocol::{Close, Command};
use charsu::slash::{self, Opened, Said};
use charsu::text::{self, TextLimits};
use proptest::prelude::*;
use proptest::sample::Index;
use scene::{CHARSU, Frame, OFFER, Person, Raw, Scene, Socket, TutorialPage, deflated, masked};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio::sync::Mutex;

/// Texts that people and attackers write: all of Unicode, and the corners of it that matter here.
fn text() -> impl Strategy<Value = String> {
    let corner = prop::sample::select(vec![
        "\u{200c}",
        "\u{200d}",
        "\u{202e}",
        "\u{feff}",
        "\u{301}",
        "ي",
        "ی",
        "ك",
        "ک",
        "۴",
        "٤",
        "👩",
        "\u{fe0f}",
        "\u{1f1ee}",
        "\u{1f1f7}",
        "\u{e0067}",
        "\u{20e3}",
        "\0",
        "\u{10ffff}",
        "/",
        "//",
        "/msg",
        "\"",
        "«",
        "»",
        "@",
        " ",
        "\u{3000}",
        "-",
        "4",
        "08213",
        "%2F",
        "..",
        "Ali",
        "System",
        "\u{fdd0}",
        "\u{e000}",
        "ﷺ",
        "ß",
        "İ",
        "\u{115f}",
        "\u{2800}",
    ]);
    prop_oneof![
        any::<String>(),
        prop::collection::vec(corner, 0..40).prop_map(|parts| parts.concat()),
        "[ -~]{0,60}",
        ("[/@\"«“]{0,3}", "[a-zا-ی ]{0,20}", any::<String>()).prop_map(|(a, b, c)| format!("{a}{b}{c}")),
    ]
}

/// Every example of a command, from the documentation.
fn examples() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/fixtures");
    let files =
        std::fs::read_dir(folder).expect("the folder is there").map(|entry| entry.expect("it can be read").path());
    let of_clients =
        files.filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("client-")));
    let examples: Vec<String> = of_clients.map(|path| std::fs::read_to_string(path).expect("text")).collect();
    assert!(examples.len() > 10, "only {} examples", examples.len());
    examples
}

/// Frames that are nearly commands.
fn nearly_a_command() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just(json!("general")),
        Just(json!("Ali")),
        Just(json!(1)),
        Just(json!(0)),
        Just(json!(-1)),
        Just(json!(9_007_199_254_740_992_u64)),
        Just(json!(u64::MAX)),
        Just(json!(1.5)),
        Just(json!(null)),
        Just(json!(true)),
        Just(json!("👍")),
        Just(json!([])),
        Just(json!({ "epoch": "0", "seq": 0 })),
        Just(json!({ "epoch": "ffffffffffffffff", "seq": u64::MAX })),
        text().prop_map(|text| json!(text)),
    ];
    let kinds = [
        "hello", "join", "say", "private", "edit", "delete", "react", "history", "typing", "people", "leave", "ping",
        "message", "chat", "x",
    ];
    let fields = [
        "type", "id", "room", "name", "text", "session", "since", "to", "after", "before", "limit", "seq", "emoji",
        "on", "username", "message", "content", "msg",
    ];
    let made = (
        prop::sample::select(kinds.to_vec()),
        prop::collection::vec((prop::sample::select(fields.to_vec()), word), 0..8),
    )
        .prop_map(|(kind, fields)| {
            let mut frame = json!({ "type": kind, "id": 7, "room": "general", "name": "Ali" });
            for (field, value) in fields {
                frame[field] = value;
            }
            frame.to_string()
        });
    let bent =
        (prop::sample::select(examples()), prop::collection::vec((any::<Index>(), 0..4_u8, any::<char>()), 1..6))
            .prop_map(|(example, changes)| {
                let mut chars: Vec<char> = example.chars().collect();
                for (at, change, c) in changes {
                    let at = at.index(chars.len().max(1));
                    match change {
                        0 => chars.insert(at.min(chars.len()), c),
                        1 if !chars.is_empty() => drop(chars.remove(at)),
                        2 => chars.truncate(at),
                        _ if !chars.is_empty() => chars[at] = c,
                        _ => {}
                    }
                }
                chars.into_iter().collect()
            });
    prop_oneof![3 => made, 2 => bent, 1 => text()]
}

/// So many cases, unless whoever runs this wants another number.
fn cases(few: u32) -> ProptestConfig {
    let config = ProptestConfig::default();
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { config.cases } else { few };
    ProptestConfig { cases, ..config }
}

proptest! {
    #![proptest_config(cases(700))]

    #[test]
    fn reading_a_command_always_ends_in_a_command_or_a_refusal(frame in nearly_a_command()) {
        match Command::read(&frame) {
            Ok(_) => {}
            Err(malformed) => {
                prop_assert!(malformed.id.is_none_or(|id| (1..=charsu::protocol::SAFE_INTEGER).contains(&id)));
                prop_assert!(malformed.refusal.words().len() < 200, "{}", malformed.refusal.words());
            }
        }
    }

    #[test]
    fn a_name_that_is_accepted_keeps_its_promises(typed in text(), chars in 1_usize..40) {
        let key = key_of(&typed);
        prop_assert_eq!(key_of(key.as_str()), key, "the key of a key is that key");
        prop_assert_eq!(written(&written(&typed)), written(&typed));
        if let Ok(name) = Name::parse(&typed, chars) {
            prop_assert!(!name.as_str().is_empty() && name.as_str().len() <= chars * 4);
            let again = Name::parse(name.as_str(), chars);
            prop_assert_eq!(again.as_ref().map(Name::as_str), Ok(name.as_str()), "shown as it is kept");
            let taken = name.key();
            let free = suggest(&name, |key| *key == taken, chars);
            prop_assert!(free.key() != taken || free == name);
        }
    }

    #[test]
    fn a_room_has_one_name_however_it_is_written(typed in text()) {
        if let Ok(room) = RoomName::parse(&typed) {
            let again = RoomName::parse(room.as_str());
            prop_assert_eq!(again.as_ref(), Ok(&room));
            prop_assert!(room.as_str().chars().count() <= 64 && !room.as_str().contains('/'));
        }
        if let Some(code) = Code::parse(&typed) {
            prop_assert_eq!(Code::parse(&code.to_string()), Some(code));
        }
        let _ = Code::find(&typed);
    }

    #[test]
    fn a_line_is_said_or_a_letter_or_refused(line in text(), names in prop::collection::vec(text(), 0..8)) {
        match slash::parse(&line) {
            Said::Text(said) => prop_assert!(line.ends_with(said)),
            Said::Private(letter) => match letter.open(names.iter().map(String::as_str)) {
                Opened::To { name, text } => prop_assert!(names.iter().any(|known| known == name) && line.ends_with(text)),
                Opened::MissingText { name } => prop_assert!(names.iter().any(|known| known == name)),
                Opened::Unknown { near, .. } => prop_assert!(near.len() <= 3),
            },
            Said::MissingName => {}
            Said::Unknown(word) => prop_assert!(word.chars().count() <= 32),
        }
        prop_assert!(near(&line, names.iter().map(String::as_str)).len() <= 3);
        let _ = text::check(&line, TextLimits { chars: 40, bytes: 160 });
    }
}

/// A server that everything is thrown at, and somebody in it who notices.
struct Stage {
    runtime: Runtime,
    scene: Scene,
    witness: Mutex<Person>,
}

/// Panics of any thread or task but the tests' own.
static PANICS: AtomicUsize = AtomicUsize::new(0);

fn stage() -> &'static Stage {
    static STAGE: OnceLock<Stage> = OnceLock::new();
    STAGE.get_or_init(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if panic.location().is_some_and(|place| place.file().starts_with("src/")) {
                PANICS.fetch_add(1, Ordering::SeqCst);
            }
            usual(panic);
        }));
        let runtime = Runtime::new().expect("a runtime");
        let (scene, witness) = runtime.block_on(async {
            let scene = Scene::with(|settings: &mut Settings| {
                settings.no_limits = true;
                settings.websocket_compression = true;
                (settings.messages_per_second, settings.bad_requests_per_minute) = (u32::MAX, u32::MAX);
                (settings.connects_per_second_per_address, settings.connections_per_address) = (u32::MAX, usize::MAX);
                settings.failed_joins_per_minute_per_address = u32::MAX;
            });
            let witness = scene.person_in("witness", "Witness").await;
            (scene, Mutex::new(witness))
        });
        Stage { runtime, scene, witness }
    })
}

impl Stage {
    /// Plays a case; afterwards everything is as before.
    fn play(&self, case: impl Future<Output = ()>) {
        self.runtime.block_on(async {
            case.await;
            let mut witness = self.witness.lock().await;
            witness.says("witness", "well").await;
            assert_eq!(witness.hears_next().await["text"], "well");
            assert_eq!(PANICS.load(Ordering::SeqCst), 0, "the server panicked");
        });
    }
}

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

    #[test]
    fn any_path_is_answered(path in "[!-~]{0,60}|(/ws/[!-~]{0,30}){1,3}", query in "[!-~]{0,20}") {
        let stage = stage();
        stage.play(async {
            let mut raw: Raw = stage.scene.connect().await;
            let reply = Socket::ask(&mut raw, &format!("/ws/{}?name={query}", path.trim_start_matches('/')), "").await;
            assert!(matches!(reply.status, 101 | 400 | 404), "{}", reply.status);
            let reply = stage.scene.connect().await.get(&format!("/api/rooms/{path}"), "").await;
            assert!((200..500).contains(&reply.status), "{}", reply.status);
        });
    }

    #[test]
    fn any_page_of_the_past_is_answered(
        query in prop_oneof![
            "[!-~]{0,40}",
            "(before|after|limit)=[0-9]{0,22}(&(before|after|limit)=-?[0-9]{0,22})?",
        ],
        secret in "[!-~]{0,80}",
    ) {
        let stage = stage();
        stage.play(async {
            let path = format!("/api/rooms/witness/messages?{}", query.replace('#', ""));
            let header = format!("Authorization: Bearer {secret}\r\n");
            let reply = stage.scene.connect().await.get(&path, &header).await;
            assert!(matches!(reply.status, 200 | 400), "{path}: {}", reply.status);
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

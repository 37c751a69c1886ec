//! Anything at all in requests: paths, streams of events and where they are said to go on, lines and what stands around them,
//! commands for a stream. Each is answered with a status that says what is wrong, and a stream begins as one.

use std::path::Path;
use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::stage::stage;
use super::{cases, nearly_a_command, text};
use crate::scene::{Events, Raw, Scene, Socket};

/// What a refusal may have for a status.
fn is_refusal(status: u16) -> bool {
    matches!(status, 400 | 401 | 403 | 404 | 405 | 409 | 411 | 413 | 414 | 415 | 422 | 429 | 431)
}

/// Header lines with these bytes, as far as a header can hold them.
fn header(name: &str, value: &str) -> String {
    let value: String = value.chars().filter(|c| !matches!(c, '\r' | '\n' | '\0')).collect();
    format!("{name}: {value}\r\n")
}

/// Ids that are nearly those of events.
fn nearly_an_id() -> impl Strategy<Value = String> {
    let place = prop_oneof![
        "[0-9a-f]{0,17}-[0-9]{0,21}",
        Just("0000000000000001-18446744073709551616".to_owned()),
        Just("-".to_owned()),
        Just(String::new()),
        "[!-~]{0,12}",
    ];
    prop_oneof![
        2 => ("[A-Za-z0-9_-]{0,66}", prop::collection::vec(place, 0..60))
            .prop_map(|(secret, places)| [vec![secret], places].concat().join(".")),
        1 => text(),
        1 => "[!-~]{0,300}",
    ]
}

/// A stream of its own, and the secret of its session.
async fn reads(scene: &Scene) -> (Events, String) {
    let path = "/api/rooms/general/events";
    let mut events = Events::open(scene.connect().await, path, "").await.expect("a stream");
    let welcome = events.hears("welcome").await;
    (events, welcome["session"].as_str().expect("a secret").to_owned())
}

/// A line that is said over a stream's session comes, whatever was said to it before.
async fn goes_on(scene: &Scene, mut events: Events, secret: &str) {
    let headers = format!("Authorization: Bearer {secret}\r\nContent-Type: text/plain\r\n");
    let path = "/api/rooms/general/messages";
    loop {
        let reply = scene.connect().await.post(path, &headers, "the end").await;
        match reply.status {
            201 => break,
            // What it was told to do may not be done yet, or it is out of the room by now.
            409 | 429 => tokio::time::sleep(Duration::from_millis(5)).await,
            403 | 404 if reply.text().contains("not_in_room") => return,
            status => panic!("{status}: {}", reply.text()),
        }
    }
    while events.hears("message").await["text"] != "the end" {}
}

proptest! {
    #![proptest_config(cases(100))]

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

    #[test]
    fn any_stream_begins_as_one_or_is_refused(
        query in prop_oneof![
            "[!-~]{0,40}",
            "(name|rooms|x)=[!-~]{0,40}(&(name|rooms)=[!-~]{0,20})?",
            Just(format!("rooms={}", vec!["r"; 300].join(","))),
            (0..300_u32).prop_map(|n| format!("rooms={}", (0..n).map(|n| format!("r{n}")).collect::<Vec<_>>().join(","))),
        ],
        id in prop::option::of(nearly_an_id()),
        secret in prop::option::of("[!-~]{0,80}"),
        one_room in any::<bool>(),
    ) {
        let stage = stage();
        stage.play(async {
            let path = if one_room { "/api/rooms/general/events" } else { "/api/events" };
            let path = format!("{path}?{}", query.replace('#', ""));
            let id = id.as_deref().map(|id| header("Last-Event-ID", id)).unwrap_or_default();
            let secret = secret.as_deref().map(|secret| header("Authorization", &format!("Bearer {secret}")));
            let headers = [&*id, &secret.unwrap_or_default()].concat();
            let mut raw = stage.scene.connect().await;
            let reply = raw.get(&path, &headers).await;
            if reply.status != 200 {
                assert!(is_refusal(reply.status), "{path}, {headers:?}: {} {}", reply.status, reply.text());
                return;
            }
            assert_eq!(reply.header("content-type"), "text/event-stream");
            let mut said = reply.text().to_owned();
            if reply.header("transfer-encoding") == "chunked" {
                while !said.contains("event: welcome\n") {
                    said.push(char::from(raw.take(1).await[0]));
                }
            } else {
                // Whoever comes back is told so in a stream, which a browser would not try again otherwise.
                assert!(said.contains("event: refusal\n") && id.contains("Last-Event-ID"), "{path}: {said}");
            }
        });
    }

    #[test]
    fn any_line_that_is_posted_is_answered_and_its_stream_goes_on(
        body in prop_oneof![
            text(),
            (text(), text()).prop_map(|(text, name)| json!({ "text": text, "name": name }).to_string()),
            (text(), any::<i64>()).prop_map(|(text, to)| json!({ "text": text, "to": to }).to_string()),
            nearly_a_command(),
            "(text|name|to|x)=[!-~]{0,20}(&(text|name|to)=[!-~]{0,20}){0,2}",
            Just(format!("{}1{}", "[".repeat(5000), "]".repeat(5000))),
            (0_usize..100_000).prop_map(|length| "x".repeat(length)),
        ],
        kind in prop::sample::select(vec![
            "application/json", "application/x-www-form-urlencoded", "text/plain", "multipart/form-data", "", ";", "a/b;c",
        ]),
        key in prop::option::of("[ -~]{0,300}"),
        query in "(name=)?[0-9A-Za-z%&=+._~*/?-]{0,20}",
        secret in prop::sample::select(vec!["own", "none", "made up"]),
    ) {
        let stage = stage();
        stage.play(async {
            let (events, own) = reads(&stage.scene).await;
            let path = format!("/api/rooms/general/messages?{}", query.replace('#', ""));
            let mut headers = header("Content-Type", kind);
            headers += &key.as_deref().map(|key| header("Idempotency-Key", key)).unwrap_or_default();
            headers += &match secret {
                "own" => header("Authorization", &format!("Bearer {own}")),
                "none" => String::new(),
                other => header("Authorization", &format!("Bearer {other}")),
            };
            let reply = stage.scene.connect().await.post(&path, &headers, &body).await;
            assert!(reply.status == 201 || is_refusal(reply.status), "{path}: {} {}", reply.status, reply.text());
            let told: Value = serde_json::from_str(reply.text()).unwrap_or_default();
            let says = if reply.status == 201 { &told["seq"] } else { &told["code"] };
            assert!(!says.is_null() || reply.status == 413, "{}: {}", reply.status, reply.text());
            goes_on(&stage.scene, events, &own).await;
        });
    }

    #[test]
    fn any_commands_for_a_stream_are_taken_or_refused_and_it_goes_on(
        frames in prop::collection::vec(prop_oneof![3 => nearly_a_command(), 1 => text()], 0..12),
        end in prop::sample::select(vec!["", "\n", "\r\n", "\n\n\n"]),
    ) {
        // Whoever leaves the room, or says hello as somebody else, is not there any more.
        let frames: Vec<String> =
            frames.into_iter().filter(|frame| !frame.contains("leave") && !frame.contains("hello")).collect();
        let stage = stage();
        stage.play(async {
            let (events, own) = reads(&stage.scene).await;
            let headers = format!("Authorization: Bearer {own}\r\nContent-Type: text/plain\r\n");
            let body = frames.join("\n") + end;
            let reply = stage.scene.connect().await.post("/api/commands", &headers, &body).await;
            assert!(reply.status == 202 || is_refusal(reply.status), "{}: {}", reply.status, reply.text());
            goes_on(&stage.scene, events, &own).await;
        });
    }
}

/// Each file is a request without the lines that every client adds; its name begins with the status of the answer.
#[test]
fn the_corpus_of_requests_is_answered_as_its_names_say() {
    let stage = stage();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/http");
    let mut played = 0;
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("it can be read").path();
        let name = path.file_stem().and_then(|name| name.to_str()).expect("plain names").to_owned();
        let Some(wanted) = name.get(..3).and_then(|status| status.parse::<u16>().ok()) else { continue };
        let bytes = std::fs::read(&path).expect("it can be read");
        let end = bytes.windows(2).position(|two| two == b"\n\n").unwrap_or(bytes.len());
        let body = bytes.get(end + 2..).unwrap_or_default();
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        stage.play(async {
            let mut raw: Raw = stage.scene.connect().await;
            let (host, length) = (raw.host(), body.len());
            let mut request: Vec<u8> = Vec::new();
            for line in
                head.lines().map(str::to_owned).chain([format!("Host: {host}"), format!("Content-Length: {length}")])
            {
                request.extend_from_slice(line.as_bytes());
                request.extend_from_slice(b"\r\n");
            }
            request.extend_from_slice(b"\r\n");
            request.extend_from_slice(body);
            raw.send(request).await;
            let reply = raw.reply().await;
            assert_eq!(reply.status, wanted, "{name}: {}", String::from_utf8_lossy(&reply.body));
        });
        played += 1;
    }
    assert!(played >= 20, "only {played} files");
}

//! Anything at all from a page of Socket.IO, over a WebSocket and by polling: each packet is answered, passed over, or ends
//! the session in a known way, and nobody else notices.

use std::path::Path;

use charsu::protocol::Close;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::stage::stage;
use super::{cases, text};
use crate::scene::{Frame, PATH, Scene, Socket, masked};

/// Between packets of a payload.
const SEPARATOR: &str = "\u{1e}";

/// An event that nobody knows, which is answered at once: whoever gets the answer is in the main namespace.
const ANYBODY: &str = r#"42999["nobody knows this"]"#;
const SOMEBODY: &str = "43999[";

/// What a page sends: a packet, or an attachment.
#[derive(Debug, Clone)]
enum Sent {
    Packet(String),
    Attachment(Vec<u8>),
}

impl Sent {
    fn frame(&self) -> Vec<u8> {
        match self {
            Self::Packet(packet) => masked(1, packet.as_bytes()),
            Self::Attachment(bytes) => masked(2, bytes),
        }
    }

    /// As a part of a payload.
    fn piece(&self) -> String {
        use base64::Engine as _;
        match self {
            Self::Packet(packet) => packet.clone(),
            Self::Attachment(bytes) => format!("b{}", base64::engine::general_purpose::STANDARD.encode(bytes)),
        }
    }

    /// A line of a corpus.
    fn of_line(line: &str) -> Self {
        match line.strip_prefix("binary: ") {
            Some(bytes) => Self::Attachment(bytes.as_bytes().to_vec()),
            None => Self::Packet(line.replace("\\n", "\n").replace("\\0", "\0")),
        }
    }
}

fn word() -> impl Strategy<Value = Value> {
    let placeholder = |num: i64| json!({ "_placeholder": true, "num": num });
    prop_oneof![
        text().prop_map(Value::from),
        prop::sample::select(vec![
            json!("general"),
            json!("Ali"),
            json!("/msg Ali psst"),
            json!("/msg"),
            json!({ "text": "hi", "user": "Ali" }),
            json!({ "room": "side", "name": "Ali", "text": "hi" }),
            json!({ "room": { "room": [] } }),
            json!({ "text": null, "message": 7, "name": [] }),
            json!(7),
            json!(-1.5e300),
            json!(null),
            json!(true),
            json!([[[[]]]]),
            placeholder(0),
            placeholder(1),
            placeholder(-1),
            json!({ "a": [placeholder(0), placeholder(u32::MAX.into())] }),
        ]),
        (text(), text()).prop_map(|(key, text)| json!({ key: text })),
        (1_usize..60).prop_map(|depth| {
            let nested = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
            serde_json::from_str(&nested).expect("JSON")
        }),
    ]
}

/// Packets that are nearly right.
fn nearly_a_packet() -> impl Strategy<Value = Sent> {
    let events = [
        "chat message",
        "new message",
        "room message",
        "add user",
        "typing",
        "stop typing",
        "join",
        "leave",
        "disconnect",
        "connect",
        "error",
        "nobody knows this",
        "",
    ];
    let event = (
        prop::sample::select(events.to_vec()),
        prop::collection::vec(word(), 0..4),
        prop::sample::select(vec!["", "0", "7", "18446744073709551615", "99999999999999999999", "-1"]),
        prop::sample::select(vec![
            "2",
            "2",
            "2",
            "2",
            "2/,",
            "2/408213,",
            "2/admin,",
            "51-",
            "52-",
            "50-",
            "599999999999-",
            "5",
        ]),
    )
        .prop_map(|(event, mut arguments, id, kind)| {
            arguments.insert(0, json!(event));
            format!("4{kind}{id}{}", Value::from(arguments))
        });
    let other = prop::sample::select(
        [
            "40",
            "40{}",
            r#"40{"name":"Ali"}"#,
            r#"40{"room":"side","serverOffset":-1}"#,
            r#"40{"serverOffset":1e400}"#,
            r#"40{"serverOffset":9007199254740993}"#,
            "40/408213,",
            "40/999999,{}",
            "40/,",
            "40/general",
            "41",
            "41/408213,",
            "430[]",
            "43[]",
            "44{}",
            "4",
            "",
            "0",
            "1",
            "2",
            "2probe",
            "3",
            "3x",
            "5",
            "6",
            "7",
            "46",
            "b",
            "4b",
        ]
        .map(str::to_owned)
        .to_vec(),
    );
    let packet = prop_oneof![6 => event, 3 => other, 1 => text(), 1 => text().prop_map(|text| format!("4{text}"))];
    let bent = (packet, prop::collection::vec((any::<Index>(), any::<char>()), 0..2)).prop_map(|(packet, changes)| {
        let mut chars: Vec<char> = packet.chars().collect();
        for (at, c) in changes {
            if !chars.is_empty() {
                let at = at.index(chars.len());
                chars[at] = c;
            }
        }
        Sent::Packet(chars.into_iter().collect())
    });
    prop_oneof![12 => bent, 1 => prop::collection::vec(any::<u8>(), 0..300).prop_map(Sent::Attachment)]
}

/// Whether a packet is one that a server sends.
fn check_packet(packet: &str) {
    let kind = packet.get(..1).unwrap_or_default();
    assert!(matches!(kind, "0" | "1" | "2" | "4" | "6" | "b"), "{packet}");
    if kind == "4" {
        assert!(matches!(&packet[1..2], "0" | "2" | "3" | "4" | "5"), "{packet}");
    }
}

/// They are all in one room under the same names, and hear what each other says: one of them at a time.
static ALONE: Mutex<()> = Mutex::const_new(());

/// Plays packets over a WebSocket. Gives the code with which the session ended, or nothing if it goes on.
async fn by_socket(scene: &Scene, packets: &[Sent]) -> Option<u16> {
    let _alone = ALONE.lock().await;
    let mut socket = Socket::open(scene.connect().await, &format!("{PATH}websocket"), "").await;
    let first = Sent::Packet("40".to_owned());
    let last = Sent::Packet(ANYBODY.to_owned());
    let bytes: Vec<u8> = [&first].into_iter().chain(packets).chain([&last]).flat_map(Sent::frame).collect();
    socket.send_raw(&bytes).await;
    // Whoever is in no namespace any more, or is waited for with an attachment, has its session ended by this.
    socket.send(8, &1000_u16.to_be_bytes()).await;
    let mut goes_on = false;
    loop {
        match socket.next().await {
            Frame::Close(code, _) => return (!goes_on).then_some(code),
            Frame::Text(packet) => {
                check_packet(&packet);
                goes_on |= packet.starts_with(SOMEBODY);
            }
            // The scene's socket takes no attachments: nobody else is there to send one.
            Frame::Ping(_) | Frame::Pong(_) => {}
        }
    }
}

/// The same by polling, in one payload. Whether the session goes on.
async fn by_polling(scene: &Scene, payload: &str) -> bool {
    let _alone = ALONE.lock().await;
    let reply = scene.connect().await.get(&format!("{PATH}polling"), "").await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let open: Value = serde_json::from_str(&reply.text()[1..]).expect("JSON");
    let path = format!("{PATH}polling&sid={}", open["sid"].as_str().expect("a secret"));
    let payload = [payload, ANYBODY].join(SEPARATOR);
    let brought = scene.connect().await.post(&path, "Content-Type: text/plain;charset=UTF-8\r\n", "40").await;
    assert_eq!(brought.status, 200, "{}", brought.text());
    let brought = scene.connect().await.post(&path, "Content-Type: text/plain;charset=UTF-8\r\n", &payload).await;
    assert!(matches!(brought.status, 200 | 400 | 413), "{}: {}", brought.status, brought.text());
    let goes_on = loop {
        let fetched = scene.connect().await.get(&path, "").await;
        if fetched.status != 200 {
            assert_eq!(fetched.status, 400, "{}", fetched.text());
            break false;
        }
        let mut packets = fetched.text().split(SEPARATOR).peekable();
        packets.clone().for_each(check_packet);
        let is_over = packets.clone().any(|packet| packet == "1");
        if packets.any(|packet| packet.starts_with(SOMEBODY)) {
            break true;
        }
        if is_over {
            break false;
        }
    };
    if goes_on {
        // It is gone before the next one comes, and its name is free.
        scene.connect().await.post(&path, "", "1").await;
    }
    goes_on
}

fn is_known(code: u16) -> bool {
    code == 1000 || code == 1005 || code == 1007 || Close::ALL.iter().any(|close| close.code() == code)
}

proptest! {
    #![proptest_config(cases(150))]

    #[test]
    fn any_packets_over_a_websocket_are_answered_or_end_by_a_known_code(
        packets in prop::collection::vec(nearly_a_packet(), 0..8),
    ) {
        let stage = stage();
        stage.play(async {
            let ended = by_socket(&stage.scene, &packets).await;
            assert!(ended.is_none_or(is_known), "{ended:?} by {packets:?}");
        });
    }

    #[test]
    fn any_payload_by_polling_is_answered_or_ends_the_session(
        packets in prop::collection::vec(nearly_a_packet(), 0..8),
        made_up in prop::option::weighted(0.2, text()),
    ) {
        let stage = stage();
        let packets: Vec<String> = packets.iter().map(Sent::piece).collect();
        let payload = made_up.unwrap_or_else(|| packets.join(SEPARATOR));
        stage.play(async {
            by_polling(&stage.scene, &payload).await;
        });
    }

    #[test]
    fn any_request_for_a_session_is_answered(
        query in prop_oneof![
            "[!-~]{0,40}",
            "EIO=[0-9]{0,3}&transport=(polling|websocket|x)?(&sid=[!-~]{0,40})?(&(j|b64|t)=[0-9]{0,3})?",
        ],
        method in prop::sample::select(vec!["GET", "POST", "PUT", "DELETE", "OPTIONS"]),
    ) {
        let stage = stage();
        stage.play(async {
            let mut raw = stage.scene.connect().await;
            let (host, query) = (raw.host(), query.replace('#', ""));
            raw.send(format!("{method} /socket.io/?{query} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\n\r\n")).await;
            let status = raw.reply().await.status;
            assert!(matches!(status, 200 | 204 | 400 | 403 | 404 | 405), "{method} {query}: {status}");
        });
    }
}

/// Each file holds packets, one on a line, that are said after the page has connected. Its name begins with what becomes of the
/// session: `ends`, or `goes-on`.
#[test]
fn the_corpus_of_packets_ends_sessions_as_its_names_say() {
    let stage = stage();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/socketio");
    let mut played = 0;
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("it can be read").path();
        let name = path.file_stem().and_then(|name| name.to_str()).expect("plain names").to_owned();
        if path.extension().is_none_or(|extension| extension != "txt") {
            continue;
        }
        let lines = std::fs::read_to_string(&path).expect("text");
        let packets: Vec<Sent> = lines.lines().map(Sent::of_line).collect();
        let payload = packets.iter().map(Sent::piece).collect::<Vec<_>>().join(SEPARATOR);
        stage.play(async {
            let ended = by_socket(&stage.scene, &packets).await;
            let goes_on = by_polling(&stage.scene, &payload).await;
            if name.starts_with("ends-") {
                assert!(ended.is_some_and(is_known), "{name}: {ended:?}");
                assert!(!goes_on, "{name} by polling");
            } else {
                assert_eq!(ended, None, "{name}");
                assert!(goes_on, "{name} by polling");
            }
        });
        played += 1;
    }
    assert!(played >= 30, "only {played} files");
}

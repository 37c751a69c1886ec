//! Anything at all, into everything that reads what strangers send: no input panics the server or ends anybody else's
//! connection. More cases: `PROPTEST_CASES=10000`.
//!
//! The codec by itself is fuzzed in `websocket_codec`. `tests/corpus/socketio/` and `tests/corpus/http/` hold cases by hand.

mod by_http;
mod socketio;
mod stage;
mod websocket;

use std::path::Path;

use charsu::code::Code;
use charsu::names::{Name, RoomName, key_of, near, suggest, written};
use charsu::protocol::Command;
use charsu::slash::{self, Opened, Said};
use charsu::text::{self, TextLimits};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::json;

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

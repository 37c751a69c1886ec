//! The schema of a command takes what the server takes, and refuses what it refuses: whatever reads them, the fast way or the
//! other.

use std::cell::Cell;

use charsu::protocol::Command;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};

use super::document::{Document, named};

const FIELDS: [&str; 13] =
    ["id", "room", "name", "text", "session", "since", "to", "after", "before", "limit", "seq", "emoji", "on"];

/// Whole numbers are written as such: JSON Schema takes 1.0 for one and the server does not.
fn anything() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => (1_u64..1000).prop_map(Value::from),
        4 => "[a-z سلام]{0,8}".prop_map(Value::from),
        2 => any::<bool>().prop_map(Value::from),
        // Where ranges end.
        5 => prop_oneof![
            Just(json!(0)),
            Just(json!(u32::MAX)),
            Just(json!(u64::from(u32::MAX) + 1)),
            Just(json!((1_u64 << 53) - 1)),
            Just(json!(1_u64 << 53)),
            Just(json!(u64::MAX)),
            Just(json!(-1)),
            Just(json!(1.5)),
        ],
        2 => prop_oneof![
            Just(json!({ "epoch": "9789f4feda133ca8", "seq": 7 })),
            Just(json!({ "epoch": "x", "seq": 7, "more": 1 })),
            Just(json!({ "epoch": 7, "seq": 7 })),
            Just(json!({ "epoch": "x" })),
            Just(json!({ "seq": -1, "epoch": "x" })),
        ],
        1 => prop_oneof![Just(Value::Null), Just(json!([])), Just(json!({}))],
    ]
}

/// What a field usually is.
fn usual(field: &str) -> BoxedStrategy<Value> {
    match field {
        "id" | "to" | "after" | "before" | "limit" | "seq" => (1_u64..1000).prop_map(Value::from).boxed(),
        "on" => any::<bool>().prop_map(Value::from).boxed(),
        "since" => Just(json!({ "epoch": "9789f4feda133ca8", "seq": 7 })).boxed(),
        _ => "[a-z سلام]{0,8}".prop_map(Value::from).boxed(),
    }
}

fn frame() -> impl Strategy<Value = Value> {
    const KINDS: [&str; 13] = [
        "hello", "join", "say", "private", "edit", "delete", "react", "history", "typing", "people", "leave", "ping",
        "weather",
    ];
    let fields: Vec<_> = FIELDS
        .iter()
        .map(|field| {
            prop_oneof![20 => usual(field).prop_map(Some), 12 => Just(None), 2 => anything().prop_map(Some)]
                .prop_map(move |value| value.map(|value| ((*field).to_owned(), value)))
        })
        .collect();
    let kind = prop_oneof![20 => proptest::sample::select(&KINDS[..]).prop_map(Value::from), 1 => anything()];
    (kind, fields, any::<bool>()).prop_map(|(kind, fields, other)| {
        let mut frame: Map<String, Value> = fields.into_iter().flatten().collect();
        frame.insert("type".to_owned(), kind);
        if other {
            frame.insert("other".to_owned(), json!([{ "deep": null }]));
        }
        Value::Object(frame)
    })
}

#[test]
fn what_is_taken_is_described_and_what_is_refused_is_not() {
    let document = Document::asyncapi();
    let command = named("Command");
    let (taken, refused) = (Cell::new(0), Cell::new(0));
    let mut runner = TestRunner::new(ProptestConfig::with_cases(8000));
    let run = runner.run(&frame(), |frame| {
        let text = frame.to_string();
        let read = Command::read(&text).map_err(|malformed| malformed.refusal);
        prop_assert!(
            document.takes(&command, &frame) == read.is_ok(),
            "the document: {:?}, the server: {:?}, of {}",
            document.judge(&command, &frame),
            read,
            frame
        );
        let counted = if read.is_ok() { &taken } else { &refused };
        counted.set(counted.get() + 1);
        Ok(())
    });
    run.unwrap_or_else(|error| panic!("{error}"));
    // Both happen often enough for that to mean something.
    assert!(taken.get() >= 400 && refused.get() >= 400, "{} taken, {} refused", taken.get(), refused.get());
}

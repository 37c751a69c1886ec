//! `charsu.v1` and its document: the examples, the closed sets, and a conversation in which everything happens.

use std::collections::BTreeSet;
use std::fs;

use charsu::protocol::{Close, Code};
use serde_json::{Value, json};

use super::document::{Document, in_project, named};
use crate::scene::{Frame, Scene, Socket, within};

/// The names of the schemas of the frames that go in a direction, by `type`.
fn message<'d>(document: &'d Document, from_client: bool, kind: &str) -> Option<&'d str> {
    let messages = document.value["components"]["messages"].as_object().expect("messages");
    let mut found =
        messages.iter().filter(|(name, message)| name.ends_with("Command") == from_client && message["name"] == kind);
    let (name, _) = found.next()?;
    assert!(found.next().is_none(), "{kind} is described twice");
    Some(name)
}

fn fixtures() -> Vec<(String, Value)> {
    let entries = fs::read_dir(in_project("docs/fixtures")).expect("the folder is there");
    let read = |entry: fs::DirEntry| {
        let text = fs::read_to_string(entry.path()).expect("a text");
        (entry.file_name().into_string().expect("plain names"), serde_json::from_str(&text).expect("JSON"))
    };
    entries.map(|entry| read(entry.expect("it can be read"))).collect()
}

/// Every value in a value, by its place.
fn places(value: &Value, place: &str, found: &mut Vec<String>) {
    let parts: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(field, value)| (format!("{place}/{field}"), value)).collect(),
        Value::Array(items) => {
            items.iter().enumerate().map(|(index, value)| (format!("{place}/{index}"), value)).collect()
        }
        _ => Vec::new(),
    };
    for (place, part) in parts {
        places(part, &place, found);
        found.push(place);
    }
}

#[test]
fn every_example_is_what_its_schema_says_and_none_is_once_a_field_is_of_another_kind() {
    let document = Document::asyncapi();
    let (mut seen, mut spoilt) = (0, 0);
    for (file, frame) in fixtures() {
        let kind = frame["type"].as_str().expect("a type");
        let name =
            message(&document, file.starts_with("client-"), kind).unwrap_or_else(|| panic!("{file} is not described"));
        document.is(name, &frame);
        let mut all = Vec::new();
        places(&frame, "", &mut all);
        for place in all {
            let mut wrong = frame.clone();
            let value = wrong.pointer_mut(&place).expect("it was found there");
            *value = match value {
                Value::Bool(_) | Value::Number(_) | Value::Null => json!("x"),
                Value::String(_) | Value::Array(_) => json!(7),
                Value::Object(_) => json!([]),
            };
            assert!(document.judge(&named(name), &wrong).is_err(), "{file}: {wrong} is taken for a {name}");
            spoilt += 1;
        }
        for field in document.value["components"]["schemas"][name]["required"].as_array().expect("a type is needed") {
            let mut less = frame.clone();
            less.as_object_mut().expect("an object").remove(field.as_str().expect("a name"));
            assert!(document.judge(&named(name), &less).is_err(), "{file}: {less} is taken for a {name}");
        }
        seen += 1;
    }
    assert!(seen >= 50 && spoilt >= 300, "{seen} examples and {spoilt} changes");
}

#[test]
fn every_command_event_refusal_and_close_code_is_described_and_nothing_else_is() {
    let document = Document::asyncapi();
    // Made from the Rust types by another tool.
    let types = fs::read_to_string(in_project("web/client/src/protocol.ts")).expect("the TypeScript types");
    let declared = |name: &str| -> BTreeSet<String> {
        let from = types.find(&format!("type {name} =")).expect("it is declared");
        let declaration = types[from..].split(";\n").next().unwrap_or_default();
        declaration.split("\"type\": \"").skip(1).filter_map(|rest| Some(rest.split('"').next()?.to_owned())).collect()
    };
    let messages = document.value["components"]["messages"].as_object().expect("messages");
    let described = |from_client: bool| -> BTreeSet<String> {
        let those = messages.iter().filter(|(name, _)| name.ends_with("Command") == from_client);
        those.map(|(_, message)| message["name"].as_str().expect("a name").to_owned()).collect()
    };
    for (from_client, name, count) in [(true, "ClientFrame", 12), (false, "ServerFrame", 19)] {
        assert_eq!(described(from_client), declared(name));
        assert!(declared(name).len() >= count, "{:?}", declared(name));
    }
    let codes = &document.value["components"]["schemas"]["Code"];
    let table: Vec<Value> = Code::ALL
        .iter()
        .map(|code| {
            let (retry, status) = (code.may_retry(), code.http_status());
            json!({ "code": code.as_str(), "message": code.words(), "may_retry": retry, "http_status": status })
        })
        .collect();
    assert_eq!(codes["x-refusals"], Value::Array(table));
    assert_eq!(codes["enum"], json!(Code::ALL.map(Code::as_str).to_vec()));
    let closes: Vec<Value> = Close::ALL
        .iter()
        .map(|close| json!({ "code": close.code(), "reason": close.reason(), "may_return": close.may_return() }))
        .collect();
    assert_eq!(document.value["channels"]["charsu"]["x-close-codes"], Value::Array(closes));
}

#[test]
fn every_message_has_its_place_in_an_operation() {
    let document = Document::asyncapi();
    let channel = &document.value["channels"]["charsu"];
    let mut used = BTreeSet::new();
    for operation in document.value["operations"].as_object().expect("operations").values() {
        assert_eq!(document.resolved(&operation["channel"]), channel);
        let replies = operation["reply"]["messages"].as_array();
        for message in operation["messages"].as_array().expect("messages").iter().chain(replies.into_iter().flatten()) {
            let message = document.resolved(document.resolved(message));
            used.insert(message["payload"]["$ref"].as_str().expect("a schema").to_owned());
        }
    }
    let all: BTreeSet<String> = document.value["components"]["messages"]
        .as_object()
        .expect("messages")
        .values()
        .map(|message| message["payload"]["$ref"].as_str().expect("a schema").to_owned())
        .collect();
    assert_eq!(used, all);
}

/// Somebody whose every word and every answer is held against the document.
struct Speaker<'d> {
    document: &'d Document,
    socket: Socket,
    heard: BTreeSet<String>,
    last_id: u64,
}

impl<'d> Speaker<'d> {
    async fn enter(scene: &Scene, document: &'d Document, room: &str, name: &str) -> (Self, Value) {
        let address = document.value["channels"]["charsu"]["address"].as_str().expect("an address");
        let socket = scene.socket(address, true).await;
        assert_eq!(socket.protocol, "charsu.v1");
        let mut speaker = Self { document, socket, heard: BTreeSet::new(), last_id: 0 };
        speaker.asks(json!({ "type": "hello" })).await;
        let joined = speaker.asks(json!({ "type": "join", "room": room, "name": name })).await;
        (speaker, joined)
    }

    /// Sends a command and waits for what the document says is its answer.
    async fn asks(&mut self, mut command: Value) -> Value {
        let kind = command["type"].as_str().expect("a type").to_owned();
        let name = message(self.document, true, &kind).expect("a command");
        let needs_id = self.document.value["components"]["schemas"][name]["properties"].get("id").is_some();
        if needs_id {
            self.last_id += 1;
            command["id"] = json!(self.last_id);
        }
        self.document.is(name, &command);
        self.socket.say(&command.to_string()).await;
        let answers: Vec<&str> = self.document.value["operations"][&kind]["reply"]["messages"]
            .as_array()
            .expect("it is answered")
            .iter()
            .map(|answer| answer["$ref"].as_str().and_then(|place| place.rsplit('/').next()).expect("a message"))
            .collect();
        loop {
            let frame = self.hears().await;
            let name = message(self.document, false, frame["type"].as_str().expect("a type")).expect("a frame");
            if answers.contains(&name) && (!needs_id || frame["id"] == command["id"]) {
                return frame;
            }
            assert_ne!(frame["id"], command["id"], "{frame} is no answer to {command}");
        }
    }

    /// The next frame, which is what the document says.
    async fn hears(&mut self) -> Value {
        let frame = self.socket.json().await;
        self.note(&frame);
        frame
    }

    async fn hears_a(&mut self, kind: &str) {
        while self.hears().await["type"] != kind {}
    }

    fn note(&mut self, frame: &Value) {
        let kind = frame["type"].as_str().expect("a type");
        let name = message(self.document, false, kind).unwrap_or_else(|| panic!("{frame} is not described"));
        self.document.is(name, frame);
        self.heard.insert(kind.to_owned());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_in_which_everything_happens_is_what_the_document_says() {
    let document = Document::asyncapi();
    let scene = Scene::with(|settings| settings.newcomers = charsu::config::Newcomers::Recent);
    let (mut ali, _) = Speaker::enter(&scene, &document, "general", "Ali").await;
    let seq = ali.asks(json!({ "type": "say", "room": "general", "text": "Salaam" })).await["seq"].clone();
    ali.asks(json!({ "type": "edit", "room": "general", "seq": seq, "text": "سلام" })).await;
    ali.asks(json!({ "type": "react", "room": "general", "seq": seq, "emoji": "👍", "on": true })).await;
    let (mut sara, joined) = Speaker::enter(&scene, &document, "general", "Sara").await;
    assert_eq!(joined["history"][0]["reactions"][0]["emoji"], "👍", "{joined}");
    let (mut mina, _) = Speaker::enter(&scene, &document, "general", "Mina").await;
    // A guest of a tutorial page, whose name stands on the line.
    let mut page = scene.socket("/ws/general", false).await;
    page.say(r#"{"username":"Omid","text":"Hi"}"#).await;
    ali.asks(json!({ "type": "private", "room": "general", "to": joined["you"], "text": "between us" })).await;
    ali.asks(json!({ "type": "delete", "room": "general", "seq": seq })).await;
    sara.hears_a("delete").await;
    mina.hears_a("skip").await;
    sara.socket.say(r#"{"type":"typing","room":"general","on":true}"#).await;
    ali.hears_a("typing").await;
    let page = sara.asks(json!({ "type": "history", "room": "general", "limit": 200 })).await;
    assert_eq!(page["events"].as_array().map(Vec::len), Some(2), "{page}");
    assert_eq!(sara.asks(json!({ "type": "people", "room": "general" })).await["count"], 4);
    sara.asks(json!({ "type": "ping" })).await;
    let since = json!({ "epoch": "no-such-life", "seq": 7 });
    let reset = sara.asks(json!({ "type": "join", "room": "other", "name": "Sara", "since": since })).await;
    assert_eq!(reset["type"], "reset");
    // Each of these is refused in another way.
    for (command, code) in [
        (json!({ "type": "join", "room": "third", "name": "" }), "name_empty"),
        (json!({ "type": "join", "room": "a/b", "name": "Sara" }), "bad_room"),
        (json!({ "type": "say", "room": "general", "text": "/nonsense" }), "unknown_command"),
        (json!({ "type": "say", "room": "general", "text": "/msg Sarah hello" }), "no_such_person"),
        (json!({ "type": "edit", "room": "general", "seq": 4000, "text": "x" }), "no_such_line"),
        (json!({ "type": "react", "room": "general", "seq": 1, "emoji": "x", "on": true }), "bad_reaction"),
    ] {
        assert_eq!(ali.asks(command).await["code"], code);
    }
    let (mut other, joined) = Speaker::enter(&scene, &document, "general", "sara").await;
    assert_eq!((&joined["code"], joined["suggestion"].is_string()), (&json!("name_taken"), true), "{joined}");
    other.socket.say("[]").await;
    assert_eq!(other.hears().await["code"], "bad_request");
    mina.asks(json!({ "type": "leave", "room": "general" })).await;
    ali.hears_a("leave").await;
    let address = scene.address;
    let stopped = tokio::spawn(scene.stop());
    let close = loop {
        match within("the end", ali.socket.next()).await {
            Frame::Text(text) => ali.note(&serde_json::from_str(&text).expect("JSON")),
            Frame::Close(code, reason) => break (code, reason),
            Frame::Ping(_) | Frame::Pong(_) => {}
        }
    };
    let closes = document.value["channels"]["charsu"]["x-close-codes"].as_array().expect("close codes");
    assert!(closes.iter().any(|it| it["code"] == close.0 && it["reason"] == close.1), "{close:?} on {address}");
    stopped.await.expect("the server ends");
    let heard: BTreeSet<String> = [ali, sara, mina, other].into_iter().flat_map(|speaker| speaker.heard).collect();
    let messages = document.value["components"]["messages"].as_object().expect("messages");
    let all: BTreeSet<String> = messages
        .iter()
        .filter(|(name, _)| !name.ends_with("Command"))
        .map(|(_, message)| message["name"].as_str().expect("a name").to_owned())
        .collect();
    assert_eq!(heard, all, "everything that can be told was told");
}

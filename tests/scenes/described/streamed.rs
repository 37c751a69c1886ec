//! A stream of events and the document of HTTP: every event has a name that stands in it, and data of the schema beside it.

use std::collections::BTreeSet;

use charsu::config::Newcomers;
use serde_json::{Value, json};

use super::document::Document;
use crate::scene::{Event, Events, Scene};

/// The name of each event and the schema of its data.
fn described(document: &Document) -> Vec<(String, Value)> {
    let events = document.value["components"]["schemas"]["StreamEvent"]["oneOf"].as_array().expect("events");
    let text = |value: &Value| value.as_str().expect("a name").to_owned();
    events
        .iter()
        .map(|event| {
            let fields = &event["properties"];
            (text(&fields["event"]["const"]), fields["data"]["contentSchema"].clone())
        })
        .collect()
}

/// Somebody whose every event is held against the document.
struct Listener<'d> {
    document: &'d Document,
    described: Vec<(String, Value)>,
    events: Events,
    heard: BTreeSet<String>,
}

impl<'d> Listener<'d> {
    async fn on(scene: &Scene, document: &'d Document, path: &str, headers: &str) -> Self {
        let events = Events::open(scene.connect().await, path, headers).await;
        let events = events.unwrap_or_else(|reply| panic!("{path}: {} {}", reply.status, reply.text()));
        Self { document, described: described(document), events, heard: BTreeSet::new() }
    }

    async fn next(&mut self) -> Option<Event> {
        let event = self.events.next().await?;
        let data = event.data.as_ref().expect("an event has data");
        self.document.is("StreamEvent", &json!({ "event": event.kind, "data": data.to_string(), "id": event.id }));
        let (_, schema) =
            self.described.iter().find(|(name, _)| *name == event.kind).expect("a name that is described");
        if let Err(wrong) = self.document.judge(schema, data) {
            panic!("{data} is not what {} brings: {wrong}", event.kind);
        }
        self.heard.insert(event.kind.clone());
        Some(event)
    }

    async fn hears(&mut self, kind: &str) -> Value {
        loop {
            let event = self.next().await.unwrap_or_else(|| panic!("the stream ends before {kind}"));
            if event.kind == kind {
                return event.data.expect("an event has data");
            }
        }
    }
}

/// Says commands on a stream's connection, each of them as the document has it.
async fn says(scene: &Scene, document: &Document, session: &str, commands: &[Value]) {
    for command in commands {
        document.is("StreamCommand", command);
    }
    let body: Vec<String> = commands.iter().map(Value::to_string).collect();
    let headers = format!("Authorization: Bearer {session}\r\nContent-Type: application/x-ndjson\r\n");
    let reply = scene.connect().await.post("/api/commands", &headers, &body.join("\n")).await;
    assert_eq!(reply.status, 202, "{}", reply.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_on_which_everything_happens_is_what_the_document_says() {
    let document = Document::openapi();
    let scene = Scene::with(|settings| settings.newcomers = Newcomers::Recent);
    let mut ali = scene.person_in("general", "Ali").await;
    let mut sara = Listener::on(&scene, &document, "/api/rooms/general/events?name=Sara", "").await;
    let session = sara.hears("welcome").await["session"].as_str().expect("a secret").to_owned();
    let you = sara.hears("joined").await["you"].clone();
    let mut mina = scene.person_in("general", "Mina").await;
    let seq = ali.says("general", "Salaam").await;
    ali.asks(json!({ "type": "edit", "room": "general", "seq": seq, "text": "سلام" })).await;
    ali.asks(json!({ "type": "react", "room": "general", "seq": seq, "emoji": "👍", "on": true })).await;
    ali.asks(json!({ "type": "private", "room": "general", "to": you, "text": "between us" })).await;
    ali.asks(json!({ "type": "private", "room": "general", "to": mina.number("general"), "text": "not for Sara" }))
        .await;
    ali.asks(json!({ "type": "delete", "room": "general", "seq": seq })).await;
    mina.leaves("general").await;
    sara.hears("leave").await;
    ali.sends(&json!({ "type": "typing", "room": "general", "on": true }));
    sara.hears("typing").await;
    let commands = [
        json!({ "type": "say", "id": 1, "room": "general", "text": "Hello" }),
        json!({ "type": "people", "id": 2, "room": "general" }),
        json!({ "type": "history", "id": 3, "room": "general" }),
        json!({ "type": "ping" }),
        json!({ "type": "join", "id": 4, "room": "a/b", "name": "Sara" }),
        json!({ "type": "join", "id": 5, "room": "other", "name": "Sara", "since": { "epoch": "x", "seq": 1 } }),
        json!({ "type": "leave", "id": 6, "room": "other" }),
    ];
    says(&scene, &document, &session, &commands).await;
    sara.hears("left").await;
    let stopped = tokio::spawn(scene.stop());
    assert_eq!(sara.hears("close").await["code"], 1012);
    stopped.await.expect("the server ends");
    let all: BTreeSet<String> = described(&document).into_iter().map(|(name, _)| name).collect();
    assert_eq!(sara.heard, all, "everything that can be told was told");
}

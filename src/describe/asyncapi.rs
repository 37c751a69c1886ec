//! `charsu.v1` as a document of [AsyncAPI 3.0](https://www.asyncapi.com/docs/reference/specification/v3.0.0): one channel,
//! one message for each kind of frame, and what is answered to which command. As the specification wants it, `receive` and
//! `send` are the server's.

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Map, Value, json};

use super::in_project;
use super::schema::{Frame, Part, Schemas};
use crate::protocol::{ClientFrame, Close};

const ABOUT: &str = "JSON text frames over one WebSocket, chosen by the subprotocol `charsu.v1` in the handshake. One \
    connection joins many rooms, and each frame names its room.\n\n\
    A room is a numbered log. After `joined` or `reset` you are at the position `(epoch, seq)` that the frame names, and \
    every later event of the room has the next number. `hello` comes first; a command's `id` rises with each command of a \
    session and comes back in the answer.\n\n\
    Fields that you do not know are to be ignored, and so is a `type` from the server that you do not know. A field stands \
    once in a frame. `docs/protocol.md` in the repository says the same in prose.\n\n\
    Where the operator lets in only whom they invite, a token goes along as a second subprotocol, `bearer.` and the token, \
    or in the `Authorization` header.";

/// The whole document.
pub(super) fn document(schemas: &Schemas) -> Value {
    let messages: Map<String, Value> =
        schemas.frames.iter().map(|frame| (frame.schema.clone(), message(frame, &examples()))).collect();
    let named: Map<String, Value> = schemas
        .frames
        .iter()
        .map(|frame| (frame.schema.clone(), json!({ "$ref": format!("#/components/messages/{}", frame.schema) })))
        .collect();
    let mut document = json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Charsu over WebSocket: charsu.v1",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": { "name": "MIT" },
        },
        "defaultContentType": "application/json",
        "servers": { "plain": server("ws", ""), "tls": server("wss", ", over TLS") },
        "channels": { "charsu": {
            "address": "/ws",
            "title": "charsu.v1",
            "description": "Also at `/ws/{room}`; the room in the path means nothing on this wire. The connection ends with \
                one of `x-close-codes`.",
            "messages": named,
            "bindings": { "ws": {
                "method": "GET",
                "headers": {
                    "type": "object",
                    "properties": { "Sec-WebSocket-Protocol": {
                        "type": "string",
                        "description": "Names charsu.v1, and beside it `bearer.` with a token where one is asked for.",
                        "examples": ["charsu.v1"],
                    } },
                    "required": ["Sec-WebSocket-Protocol"],
                },
                "bindingVersion": "0.1.0",
            } },
            "x-close-codes": Close::ALL.map(|close| json!({
                "code": close.code(),
                "reason": close.reason(),
                "may_return": close.may_return(),
            })),
        } },
        "operations": operations(schemas),
    });
    document["components"] = json!({
        "messages": messages,
        "schemas": schemas.reached_from(&json!([messages, super::schema::to("Command"), super::schema::to("Event")])),
        "securitySchemes": { "token": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "Only where the operator asks for tokens: docs/auth.md in the repository.",
        } },
    });
    document
}

fn server(protocol: &str, how: &str) -> Value {
    json!({
        "host": "{host}",
        "protocol": protocol,
        "description": format!("Wherever this document was read{how}."),
        "variables": { "host": { "default": "127.0.0.1:8000", "description": "Host and port." } },
    })
}

fn message(frame: &Frame, examples: &BTreeMap<String, Vec<Value>>) -> Value {
    let direction = if frame.part == Part::Command { "client" } else { "server" };
    let examples = examples.get(&format!("{direction}-{}", frame.kind));
    json!({
        "name": frame.kind,
        "title": frame.kind,
        "summary": frame.words,
        "payload": super::schema::to(&frame.schema),
        "examples": examples.unwrap_or_else(|| panic!("docs/fixtures has no {}", frame.kind)),
    })
}

/// The examples in docs/fixtures by direction and type; each is named by what its file's name says beside that.
fn examples() -> BTreeMap<String, Vec<Value>> {
    let mut paths: Vec<_> = fs::read_dir(in_project("docs/fixtures"))
        .expect("the folder is there")
        .map(|entry| entry.expect("it can be read").path())
        .collect();
    // The plainest first.
    paths.sort_by_key(|path| (path.as_os_str().len(), path.clone()));
    let mut examples: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for path in paths {
        let name = path.file_stem().and_then(|name| name.to_str()).expect("plain names");
        let payload: Value = serde_json::from_str(&fs::read_to_string(&path).expect("a text")).expect("JSON");
        let kind = payload["type"].as_str().expect("a frame has a type");
        let direction = name.split('-').next().expect("a direction");
        let rest = name[direction.len() + 1..].strip_prefix(kind).expect("a file is named after its frame");
        let name = if rest.is_empty() { kind } else { &rest[1..] };
        examples.entry(format!("{direction}-{kind}")).or_default().push(json!({ "name": name, "payload": payload }));
    }
    examples
}

/// What a command is answered with, beside an `error`.
fn answers(command: &ClientFrame<'_>) -> &'static [&'static str] {
    match command {
        ClientFrame::Hello { .. } => &["welcome"],
        ClientFrame::Join { .. } => &["joined", "reset"],
        ClientFrame::Say { .. }
        | ClientFrame::Private { .. }
        | ClientFrame::Edit { .. }
        | ClientFrame::Delete { .. }
        | ClientFrame::React { .. } => &["ack"],
        ClientFrame::History { .. } => &["history"],
        ClientFrame::People { .. } => &["people"],
        ClientFrame::Leave { .. } => &["left"],
        ClientFrame::Ping => &["pong"],
        ClientFrame::Typing { .. } => &[],
    }
}

fn operations(schemas: &Schemas) -> Map<String, Value> {
    let channel = json!({ "$ref": "#/channels/charsu" });
    let of = |frame: &Frame| json!({ "$ref": format!("#/channels/charsu/messages/{}", frame.schema) });
    let mut operations = Map::new();
    let examples = examples();
    for frame in schemas.that_are(Part::Command) {
        let example = &examples[&format!("client-{}", frame.kind)][0]["payload"];
        let example = example.to_string();
        let answers = answers(&serde_json::from_str(&example).expect("an example is a command"));
        let mut operation = json!({
            "action": "receive",
            "channel": channel,
            "title": frame.kind,
            "summary": frame.words,
            "messages": [of(frame)],
        });
        if !answers.is_empty() {
            let is_one = |answer: &&Frame| answers.contains(&&*answer.kind) || answer.kind == "error";
            let messages: Vec<Value> = schemas.that_are(Part::Answer).filter(is_one).map(of).collect();
            operation["reply"] = json!({ "channel": channel, "messages": messages });
        }
        operations.insert(frame.kind.clone(), operation);
    }
    for (name, part, words) in [
        ("events", Part::Event, "What happens in your rooms, in one order for everybody and without a gap."),
        ("signals", Part::Signal, "Loose: without a number, and perhaps lost."),
    ] {
        let messages: Vec<Value> = schemas.that_are(part).map(of).collect();
        operations.insert(
            name.to_owned(),
            json!({ "action": "send", "channel": channel, "title": name, "summary": words, "messages": messages }),
        );
    }
    let told = ["reset", "goaway", "error"];
    let messages: Vec<Value> =
        schemas.that_are(Part::Answer).filter(|frame| told.contains(&&*frame.kind)).map(of).collect();
    operations.insert(
        "told".to_owned(),
        json!({
            "action": "send",
            "channel": channel,
            "title": "told unasked",
            "summary": "You fell too far behind, the server stops, or a frame could not be read.",
            "messages": messages,
        }),
    );
    operations
}

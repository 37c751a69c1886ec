//! Every path of the server that is not one of its page's own files: what is asked, what is answered, and what is refused.

use serde_json::{Map, Value, json};

use super::openapi::refusals;
use super::schema::to;
use crate::protocol::Code;

/// What every path below `/api` may refuse: a page from elsewhere, and somebody without a good token.
const AT_THE_DOOR: [Code; 4] = [Code::OriginForbidden, Code::TokenRequired, Code::TokenInvalid, Code::TokenExpired];

/// What a room's name in a path may be refused for.
const BY_NAME: [Code; 4] = [Code::BadRoom, Code::RoomForbidden, Code::RoomNotFound, Code::RateLimited];

/// What coming into a room may be refused for, beside that.
const COMING_IN: [Code; 9] = [
    Code::NameEmpty,
    Code::NameTooLong,
    Code::NameInvalid,
    Code::NameReserved,
    Code::NameTaken,
    Code::TooManyRooms,
    Code::RoomFull,
    Code::ServerFull,
    Code::Unavailable,
];

/// What saying a line may be refused for, beside that.
const SAYING: [Code; 12] = [
    Code::BadRequest,
    Code::UnknownCommand,
    Code::EmptyText,
    Code::TextTooLong,
    Code::NotInRoom,
    Code::NoSuchPerson,
    Code::AmbiguousPerson,
    Code::ToYourself,
    Code::IdConflict,
    Code::IdTooOld,
    Code::UnknownSession,
    Code::RateLimited,
];

/// All paths.
pub(super) fn all() -> Value {
    let room = [parameter("room")];
    json!({
        "/api/rooms": { "post": make_room() },
        "/api/rooms/{room}": { "parameters": room, "get": look_up() },
        "/api/rooms/{room}/messages": { "parameters": room, "get": messages(), "post": say() },
        "/api/rooms/{room}/events": { "parameters": room, "get": one_room() },
        "/api/events": { "get": several_rooms() },
        "/api/commands": { "post": commands() },
        "/api/about": { "get": about() },
        "/healthz": { "get": health(
            "health",
            "Whether connections can be accepted.",
            "The system has no file descriptor left for one.",
        ) },
        "/readyz": { "get": health(
            "readiness",
            "Whether the server does its work.",
            "It stops, or nothing can be kept.",
        ) },
        "/": { "get": read("page", "The chat page.", "text/html") },
        "/r/{room}": { "parameters": room, "get": read("pageOfRoom", "The chat page in a room.", "text/html") },
        "/docs": { "get": read("docs", "These documents, for people.", "text/html") },
        "/docs/docs.css": { "get": read("docsStyle", "How that page looks.", "text/css") },
        "/docs/openapi.json": { "get": read("openapi", "This document.", "application/json") },
        "/docs/asyncapi.json": { "get": read("asyncapi", "The wire charsu.v1 as a document of AsyncAPI.", "application/json") },
        "/pages": { "get": pages_folder() },
        "/pages/": { "get": pages("pagesList", "A list of the pages that the operator serves, with --pages.", &[]) },
        "/pages/{path}": {
            "parameters": [{
                "name": "path",
                "in": "path",
                "required": true,
                "description": "A file in the operator's folder; it may hold slashes.",
                "schema": { "type": "string" },
            }],
            "get": pages("pagesFile", "A page that the operator serves, or a file of one, with --pages.", &[
                ("403", "It is larger than 16 MiB."),
                ("404", "There is no such page."),
            ]),
        },
        "/socket.io/": {
            "summary": "Socket.IO",
            "description": "Engine.IO 4 and above it Socket.IO 5, by polling and WebSocket, with protocols of their own: \
                docs/socketio.md in the repository. The files of its client are below this path.",
        },
        "/ws": { "get": websocket(
            "webSocket",
            "Opens a WebSocket for charsu.v1, which /docs/asyncapi.json describes.",
            false,
        ) },
        "/ws/{room}": { "parameters": room, "get": websocket(
            "webSocketInRoom",
            "The same with the subprotocol charsu.v1; without it the tutorial dialect of one segment: docs/dialects.md in the \
             repository.",
            true,
        ) },
        "/ws/{room}/{name}": {
            "parameters": [parameter("room"), {
                "name": "name",
                "in": "path",
                "required": true,
                "description": "The name to claim.",
                "schema": { "type": "string", "minLength": 1 },
            }],
            "get": websocket(
                "webSocketWithName",
                "The tutorial dialect of two segments: docs/dialects.md in the repository.",
                true,
            ),
        },
    })
}

fn parameter(name: &str) -> Value {
    json!({ "$ref": format!("#/components/parameters/{name}") })
}

fn in_json(words: &str, schema: Value, example: Value) -> Value {
    json!({ "description": words, "content": { "application/json": { "schema": schema, "example": example } } })
}

/// The answers of an operation: its own, its refusals, and what is refused before.
fn answers<const N: usize>(own: [(&str, Value); N], codes: &[&[Code]]) -> Value {
    let mut all: Map<String, Value> = refusals(&codes.concat());
    all.extend(own.map(|(status, answer)| (status.to_owned(), answer)));
    all.insert("default".to_owned(), json!({ "$ref": "#/components/responses/BeforeAnyPath" }));
    Value::Object(all)
}

/// Whose the request is: anybody's; with a session that one's; a token's owner's where one is asked for.
fn anybody() -> Value {
    json!([{}, { "token": [] }])
}

fn with_session_or_without() -> Value {
    json!([{}, { "session": [] }, { "sessionAsBearer": [] }, { "token": [] }, { "token": [], "session": [] }])
}

fn with_session() -> Value {
    json!([{ "session": [] }, { "sessionAsBearer": [] }, { "token": [], "session": [] }])
}

fn make_room() -> Value {
    let made = json!({ "code": "408213", "path": "/r/408213", "room": "408213" });
    let codes = [Code::RoomForbidden, Code::RateLimited, Code::ServerFull, Code::Unavailable];
    json!({
        "operationId": "makeRoom",
        "tags": ["rooms"],
        "summary": "Makes a room with a code.",
        "description": "The room begins with its first member, who has a day to come.",
        "security": anybody(),
        "responses": answers([("201", in_json("A code that leads to the room.", to("MadeRoom"), made))], &[&AT_THE_DOOR, &codes]),
    })
}

fn look_up() -> Value {
    let found = json!({ "people": 2, "room": "408213" });
    json!({
        "operationId": "lookUpRoom",
        "tags": ["rooms"],
        "summary": "Says whether a room can be joined, and how many are in it.",
        "description": "A code that leads nowhere counts against the address that asks.",
        "security": anybody(),
        "responses": answers([("200", in_json("It can.", to("FoundRoom"), found))], &[&AT_THE_DOOR, &BY_NAME]),
    })
}

fn messages() -> Value {
    let line = json!({
        "type": "message", "room": "408213", "seq": 49, "at": 1_764_000_000_123_u64, "from": 3, "name": "Arash",
        "text": "The kettle is on.",
    });
    let page = json!({ "events": [line], "more": false, "room": "408213" });
    let codes = [Code::BadRequest, Code::Unavailable];
    json!({
        "operationId": "readPast",
        "tags": ["rooms"],
        "summary": "A page of what was said.",
        "description": "What a newcomer may see; with a session what that member may.",
        "security": with_session_or_without(),
        "parameters": [parameter("before"), parameter("after"), parameter("limit")],
        "responses": answers([("200", in_json("The page.", to("PastPage"), page))], &[&AT_THE_DOOR, &BY_NAME, &codes]),
    })
}

fn say() -> Value {
    let kept = json!({ "epoch": "9789f4feda133ca8", "room": "408213", "seq": 50 });
    let mut answers = answers(
        [("201", in_json("It is kept, under this number.", to("Kept"), kept))],
        &[&AT_THE_DOOR, &BY_NAME, &COMING_IN, &SAYING],
    );
    answers["413"]["content"]["text/plain"] = json!({ "schema": { "type": "string" } });
    json!({
        "operationId": "say",
        "tags": ["rooms"],
        "summary": "Says a line.",
        "description": "With a session as that member, also while its stream is away; without one you come in, say it and go. \
            `/msg NAME TEXT` is a private line.",
        "security": with_session_or_without(),
        "parameters": [parameter("name"), parameter("idempotencyKey")],
        "requestBody": {
            "required": true,
            "description": "JSON, or a form with `text`. A body of any other type, and a form without `text`, is the text itself.",
            "content": {
                "application/json": { "schema": to("Said"), "example": { "text": "Hello!" } },
                "application/x-www-form-urlencoded": { "schema": to("Said") },
                "text/plain": { "schema": { "type": "string", "minLength": 1 }, "example": "Hello!" },
            },
        },
        "responses": answers,
    })
}

fn stream(id: &str, words: &str, parameters: Value) -> Value {
    let stream = json!({
        "description": "Events without an end: `welcome` first, `joined` or `reset` for each room, then what happens. `close` \
            is the last one. A comment comes at least every --heartbeat-seconds.",
        "headers": { "X-Accel-Buffering": { "schema": { "const": "no" }, "description": "For proxies that would wait." } },
        "content": { "text/event-stream": {
            "schema": { "type": "string" },
            "x-itemSchema": to("StreamEvent"),
            "example": "event: message\nid: gYvKJc0cUyPi7h3b0oWb2Q.9789f4feda133ca8-3\ndata: {\"type\":\"message\",\
                \"room\":\"general\",\"seq\":3,\"at\":1795677243535,\"from\":2,\"name\":\"Ali\",\"text\":\"Hi\"}\n\n",
        } },
    });
    json!({
        "operationId": id,
        "tags": ["stream"],
        "summary": words,
        "description": "You are a member like any other. A refusal on a stream is the event `refusal`; where no room can be read \
            the request itself is refused.",
        "security": with_session_or_without(),
        "parameters": parameters,
        "responses": answers([("200", stream)], &[&AT_THE_DOOR, &BY_NAME, &COMING_IN]),
    })
}

fn one_room() -> Value {
    stream("readRoom", "A room as it happens.", json!([parameter("name"), parameter("lastEventId")]))
}

fn several_rooms() -> Value {
    let parameters = json!([parameter("rooms"), parameter("name"), parameter("lastEventId")]);
    stream("readRooms", "Several rooms as they happen, on one stream.", parameters)
}

fn commands() -> Value {
    let codes = [Code::BadRequest, Code::UnknownSession, Code::RateLimited];
    let mut answers = answers(
        [("202", json!({ "description": "The commands lie there; each is answered on the stream." }))],
        &[&AT_THE_DOOR, &codes],
    );
    answers["413"] = json!({
        "description": "More than --body-bytes.",
        "content": { "text/plain": { "schema": { "type": "string" } } },
    });
    json!({
        "operationId": "command",
        "tags": ["stream"],
        "summary": "Says on the stream's connection what a WebSocket would.",
        "security": with_session(),
        "requestBody": {
            "required": true,
            "description": "Frames of charsu.v1, one on each line, without the hello. The type of the body is not looked at.",
            "content": { "application/x-ndjson": {
                "schema": { "type": "string" },
                "x-itemSchema": to("StreamCommand"),
                "example": "{\"type\":\"say\",\"id\":1,\"room\":\"general\",\"text\":\"Hi\"}\n",
            } },
        },
        "responses": answers,
    })
}

fn about() -> Value {
    let about = json!({
        "name": null, "newcomers": "none", "retention_ms": null, "room_idle_ms": 600_000, "share_base": null,
        "store": "memory", "token": "none", "version": env!("CARGO_PKG_VERSION"),
    });
    let codes = [Code::OriginForbidden, Code::TokenInvalid, Code::TokenExpired];
    json!({
        "operationId": "about",
        "tags": ["server"],
        "summary": "What the page must tell people truly.",
        "security": anybody(),
        "responses": answers([("200", in_json("The server as it is set.", to("About"), about))], &[&codes]),
    })
}

fn in_words(words: &str) -> Value {
    json!({ "description": words, "content": { "text/plain": { "schema": { "type": "string" } } } })
}

fn health(id: &str, words: &str, not: &str) -> Value {
    json!({
        "operationId": id,
        "tags": ["server"],
        "summary": words,
        "security": [{}],
        "responses": answers([("200", in_words("Yes.")), ("503", in_words(not))], &[]),
    })
}

fn read(id: &str, words: &str, kind: &str) -> Value {
    let mut found = json!({
        "description": "The file.",
        "headers": { "ETag": { "schema": { "type": "string" }, "description": "Changes with the content." } },
        "content": { kind: { "schema": { "type": "string" } } },
    });
    if kind == "application/json" {
        found["content"][kind]["schema"] = json!({ "type": "object" });
    }
    if id.starts_with("page") {
        // A server that was built without its page says so.
        found["content"]["text/plain"] = json!({ "schema": { "type": "string" } });
    } else {
        found["headers"]["Access-Control-Allow-Origin"] =
            json!({ "schema": { "const": "*" }, "description": "Anybody may read it." });
    }
    json!({
        "operationId": id,
        "tags": ["pages"],
        "summary": words,
        "security": [{}],
        "responses": answers([("200", found), ("304", json!({ "description": "You have it (`If-None-Match`)." }))], &[]),
    })
}

fn pages_folder() -> Value {
    let mut elsewhere = in_words("The address with a slash at its end.");
    elsewhere["headers"] = json!({ "Location": { "schema": { "type": "string" }, "description": "That address." } });
    json!({
        "operationId": "pagesFolder",
        "tags": ["pages"],
        "summary": "Leads to /pages/, with --pages.",
        "security": [{}],
        "responses": answers([("308", elsewhere)], &[]),
    })
}

fn pages(id: &str, words: &str, not: &[(&str, &str)]) -> Value {
    let file = json!({ "description": "The file.", "content": { "*/*": { "schema": {} } } });
    let mut answers = answers([("200", file)], &[]);
    for (status, words) in not {
        answers[status] = in_words(words);
    }
    json!({ "operationId": id, "tags": ["pages"], "summary": words, "security": [{}], "responses": answers })
}

fn websocket(id: &str, words: &str, names_a_room: bool) -> Value {
    let mut operation = json!({
        "operationId": id,
        "tags": ["elsewhere"],
        "summary": words,
        "security": anybody(),
        "responses": answers([
            ("101", json!({ "description": "From here on it is a WebSocket." })),
            ("400", in_words("A header of the handshake, or the path, cannot be read.")),
            ("426", in_words("No WebSocket was asked for, or not version 13.")),
        ], &[&AT_THE_DOOR]),
    });
    if names_a_room {
        operation["responses"]["404"] = in_words("There can be no room of that name.");
    }
    operation
}

//! Every operation of the document of HTTP, asked of a real server: each answer that it describes is given, and is what it
//! says; and no answer is given that it does not describe.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;

use charsu::config::Settings;
use serde_json::{Value, json};

use super::document::{Document, in_project};
use crate::scene::{Folder, Reply, Scene, tireless};

/// Answers that take a fault of the machine, or the moment of a stop; other tests see to them.
const NOT_PLAYED: [(&str, &str); 3] = [("health", "503"), ("readiness", "503"), ("readPast", "503")];

/// All that an operation may be asked by.
pub(crate) const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

const FOREIGN: &str = "Origin: http://elsewhere.example\r\n";
const UPGRADE: &str = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n";
const KEY: &str = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
const JSON: &str = "Content-Type: application/json\r\n";

pub(crate) struct Operation<'d> {
    pub(crate) method: &'d str,
    pub(crate) path: &'d str,
    pub(crate) value: &'d Value,
}

pub(crate) fn operations(document: &Document) -> Vec<Operation<'_>> {
    let paths = document.value["paths"].as_object().expect("paths");
    paths
        .iter()
        .flat_map(|(path, item)| {
            item.as_object().expect("operations").iter().map(move |(method, value)| (path, method, value))
        })
        .filter(|(_, method, _)| METHODS.contains(&method.as_str()))
        .map(|(path, method, value)| Operation { method, path, value })
        .collect()
}

/// Asks, and holds the answers against the document.
struct Asker {
    document: Document,
    seen: RefCell<BTreeSet<(String, String)>>,
}

impl Asker {
    /// The answer, which has to have this status.
    async fn asks(&self, scene: &Scene, id: &str, path: &str, headers: &str, body: &[u8], status: u16) -> Reply {
        let reply = self.asks_anything(scene, id, path, headers, body).await;
        assert_eq!(reply.status, status, "{id} {path}: {}", String::from_utf8_lossy(&reply.body));
        reply
    }

    /// The answer, whichever of those that are described.
    async fn asks_anything(&self, scene: &Scene, id: &str, path: &str, headers: &str, body: &[u8]) -> Reply {
        let operations = operations(&self.document);
        let Operation { method, path: template, value } = operations
            .iter()
            .find(|operation| operation.value["operationId"] == id)
            .unwrap_or_else(|| panic!("no {id}"));
        let segments = |path: &str| path.split('?').next().unwrap_or_default().split('/').count();
        assert!(template.starts_with("/pages") || segments(path) == segments(template), "{path} is no {template}");
        if headers.contains(JSON) {
            let kind = &value["requestBody"]["content"]["application/json"]["schema"];
            let said: Value = serde_json::from_slice(body).expect("JSON");
            self.document.judge(kind, &said).unwrap_or_else(|wrong| panic!("{said}: {wrong}"));
        }
        let mut raw = scene.connect().await;
        let (host, method) = (raw.host(), method.to_uppercase());
        let length = if method == "POST" { format!("Content-Length: {}\r\n", body.len()) } else { String::new() };
        let head = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\n{length}{headers}\r\n");
        raw.send([head.as_bytes(), body].concat()).await;
        let reply = raw.reply_to(&method).await;
        self.judge(id, value, &reply);
        self.seen.borrow_mut().insert((id.to_owned(), reply.status.to_string()));
        reply
    }

    fn judge(&self, id: &str, operation: &Value, reply: &Reply) {
        let status = reply.status.to_string();
        let answer = operation["responses"].get(&status).unwrap_or_else(|| panic!("{id} has no {status}"));
        let answer = self.document.resolved(answer);
        for header in answer["headers"].as_object().into_iter().flat_map(|headers| headers.keys()) {
            // How long to wait is told where it is known.
            let is_due = header != "Retry-After" || String::from_utf8_lossy(&reply.body).contains("retry_after_ms");
            assert!(!is_due || !reply.header(&header.to_lowercase()).is_empty(), "{id} {status} has no {header}");
        }
        let Some(contents) = answer["content"].as_object() else {
            assert!(reply.body.is_empty(), "{id} {status}: {}", String::from_utf8_lossy(&reply.body));
            return;
        };
        let kind = reply.header("content-type").split(';').next().unwrap_or_default();
        let content = contents.get(kind).or_else(|| contents.get("*/*"));
        let content = content.unwrap_or_else(|| panic!("{id} {status} is {kind}, and that is not described"));
        if kind == "application/json" {
            let value: Value = serde_json::from_str(reply.text()).expect("JSON");
            let judged = self.document.judge(&content["schema"], &value);
            judged.unwrap_or_else(|wrong| panic!("{id} {status} {value}: {wrong}"));
            assert!(self.document.judge(&content["schema"], &json!([value])).is_err(), "{id} {status} takes anything");
        }
    }
}

/// A path of this form: to the room `general`, by the name Ali.
pub(crate) fn filled(path: &str) -> String {
    path.replace("{room}", "general").replace("{name}", "Ali").replace("{path}", "page.html")
}

fn bearer(secret: &str) -> String {
    format!("Authorization: Bearer {secret}\r\n")
}

/// Whoever asks from elsewhere, or without a token where one is asked for, is refused alike on every path that has an owner.
async fn at_the_door(asker: &Asker) {
    let scene = Scene::start();
    let asking = Scene::with(|settings| settings.auth_secret_file = Some(in_project("tests/auth/keys/secret.txt")));
    let guarded: Vec<(String, String)> = operations(&asker.document)
        .iter()
        .filter(|operation| operation.path.starts_with("/api") || operation.path.starts_with("/ws"))
        .map(|operation| (operation.value["operationId"].as_str().expect("an id").to_owned(), filled(operation.path)))
        .collect();
    assert!(guarded.len() >= 11, "{guarded:?}");
    for (id, path) in guarded {
        let reply = asker.asks(&scene, &id, &path, FOREIGN, b"", 403).await;
        assert!(reply.text().contains("origin_forbidden"), "{id}: {}", reply.text());
        asker.asks(&asking, &id, &path, &bearer("no-token"), b"", 401).await;
        if id != "about" {
            asker.asks(&asking, &id, &path, "", b"", 401).await;
        }
    }
}

async fn rooms(asker: &Asker) {
    let scene = Scene::start();
    let made = asker.asks(&scene, "makeRoom", "/api/rooms", "", b"", 201).await;
    let code = serde_json::from_str::<Value>(made.text()).expect("JSON")["code"].as_str().expect("a code").to_owned();
    let wrong = if code == "999999" { "999998" } else { "999999" };
    asker.asks(&scene, "lookUpRoom", &format!("/api/rooms/{code}"), "", b"", 200).await;
    asker.asks(&scene, "lookUpRoom", "/api/rooms/a%2Fb", "", b"", 400).await;
    asker.asks(&scene, "lookUpRoom", &format!("/api/rooms/{wrong}"), "", b"", 404).await;
    asker.asks(&scene, "about", "/api/about", "", b"", 200).await;
    let messages = |room: &str| format!("/api/rooms/{room}/messages");
    asker.asks(&scene, "readPast", &messages(&code), "", b"", 200).await;
    asker.asks(&scene, "readPast", &format!("{}?before=1&after=1", messages(&code)), "", b"", 400).await;
    asker.asks(&scene, "readPast", &messages(wrong), "", b"", 404).await;
    let _ali = scene.person_in("general", "Ali").await;
    asker.asks(&scene, "say", &(messages("general") + "?name=Ali"), "", b"Hi", 409).await;
    asker.asks(&scene, "say", &messages("general"), "", b"   ", 400).await;
    asker.asks(&scene, "say", &messages("general"), "", &vec![b'x'; 5000], 413).await;
    // One that is too long as a body is refused before it is read.
    let reply = asker.asks(&scene, "say", &messages("general"), "", &vec![b'x'; 80_000], 413).await;
    assert!(reply.header("content-type").starts_with("text/plain"));
    asker.asks(&scene, "say", &messages(wrong), "", b"Hi", 404).await;
    asker.asks(&scene, "say", &messages(&code), JSON, br#"{"text":"Hi","name":"Sara"}"#, 201).await;
    asker.asks(&scene, "say", &messages(&code), &bearer("not-a-session"), b"Hi", 403).await;

    let scene = Scene::with(|settings| {
        settings.failed_joins_per_minute_per_address = 1;
        settings.pages_read_per_minute_per_address = 1;
        settings.rooms_created_per_minute_per_address = 2;
        settings.rooms = 1;
    });
    for status in [201, 503, 429] {
        asker.asks(&scene, "makeRoom", "/api/rooms", "", b"", status).await;
    }
    asker.asks(&scene, "readPast", &messages("general"), "", b"", 200).await;
    asker.asks(&scene, "readPast", &messages("general"), "", b"", 429).await;
    for status in [404, 429] {
        asker.asks(&scene, "lookUpRoom", &format!("/api/rooms/{wrong}"), "", b"", status).await;
    }
}

async fn streams(asker: &Asker) {
    let scene = Scene::with(|settings| settings.members_per_room = 1);
    let _ali = scene.person_in("general", "Ali").await;
    let paths = |room: &str, query: &str| {
        [
            ("readRoom", format!("/api/rooms/{room}/events?{query}")),
            ("readRooms", format!("/api/events?rooms={room}&{query}")),
        ]
    };
    let full = Scene::with(|settings| settings.visits_per_minute_per_address = 1);
    for (room, query, status) in
        [("a%2Fb", "", 400), ("other", "name=", 400), ("999999", "", 404), ("general", "name=Sara", 503)]
    {
        for (id, path) in paths(room, query) {
            asker.asks(&scene, id, &path, "", b"", status).await;
        }
    }
    asker.asks(&scene, "readRoom", "/api/rooms/one/events?name=Sara", "", b"", 200).await;
    asker.asks(&scene, "readRooms", "/api/events?rooms=two&name=Sara", "", b"", 200).await;
    asker.asks(&scene, "say", "/api/rooms/general/messages", "", b"Hi", 503).await;
    asker.asks(&full, "say", "/api/rooms/general/messages", "", b"Hi", 201).await;
    asker.asks(&full, "say", "/api/rooms/general/messages", "", b"Hi", 429).await;
    for (id, path) in paths("general", "") {
        asker.asks(&full, id, &path, "", b"", 429).await;
    }
    let scene = Scene::start();
    let _ali = scene.person_in("general", "Ali").await;
    for (id, path) in paths("general", "name=Ali") {
        asker.asks(&scene, id, &path, "", b"", 409).await;
    }
}

async fn commands(asker: &Asker) {
    let scene = Scene::with(tireless);
    let mut stream = scene.connect_narrow().await;
    let reply = stream.get("/api/rooms/general/events?name=Sara", "").await;
    assert_eq!(reply.status, 200);
    let mut secret = String::new();
    while !secret.contains("\"resumed\"") {
        secret.push_str(&String::from_utf8(stream.take(1).await).expect("ASCII so far"));
    }
    let secret =
        secret.split("\"session\":\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a secret").to_owned();
    let say = async |headers: &str, body: &[u8], status| {
        asker.asks(&scene, "command", "/api/commands", headers, body, status).await;
    };
    say(&bearer(&secret), br#"{"type":"ping"}"#, 202).await;
    say(&bearer(&secret), &[0xff], 400).await;
    say(&bearer("not-a-session"), b"", 403).await;
    say(&bearer(&secret), &vec![b'\n'; 80_000], 413).await;
    // It reads nothing, so at some point what it asks waits, and at some point there is no room for more.
    let many = r#"{"type":"people","id":1,"room":"general"}
"#
    .repeat(1400);
    for _ in 0..200 {
        let reply = asker.asks_anything(&scene, "command", "/api/commands", &bearer(&secret), many.as_bytes()).await;
        if reply.status == 429 {
            return;
        }
        assert_eq!(reply.status, 202, "{}", reply.text());
    }
    panic!("there was always room for more");
}

async fn files(asker: &Asker) {
    let folder = Folder::new();
    std::fs::write(folder.join("page.html"), "<!doctype html>").expect("a file");
    // As long as it says, and nearly nothing on the disk.
    File::create(folder.join("long.bin")).and_then(|file| file.set_len(17 << 20)).expect("a long file");
    let pages = |settings: &mut Settings| settings.pages = Some(Path::new(folder.path()).to_owned());
    let scene = Scene::with(pages);
    for (id, path, status) in [
        ("pagesFolder", "/pages", 308),
        ("pagesList", "/pages/", 200),
        ("pagesFile", "/pages/page.html", 200),
        ("pagesFile", "/pages/long.bin", 403),
        ("pagesFile", "/pages/none.html", 404),
        ("health", "/healthz", 200),
        ("readiness", "/readyz", 200),
    ] {
        asker.asks(&scene, id, path, "", b"", status).await;
    }
    for (id, path) in [
        ("page", "/"),
        ("pageOfRoom", "/r/general"),
        ("docs", "/docs"),
        ("docsStyle", "/docs/docs.css"),
        ("openapi", "/docs/openapi.json"),
        ("asyncapi", "/docs/asyncapi.json"),
    ] {
        let has_tag = path.starts_with("/docs") || cfg!(feature = "page");
        let reply = asker.asks_for_file(&scene, id, path, has_tag).await;
        if has_tag {
            let known = format!("If-None-Match: {}\r\n", reply.header("etag"));
            asker.asks(&scene, id, path, &known, b"", 304).await;
        }
    }
}

impl Asker {
    /// A server without its page has no file there, and says so.
    async fn asks_for_file(&self, scene: &Scene, id: &str, path: &str, is_there: bool) -> Reply {
        if is_there {
            return self.asks(scene, id, path, "", b"", 200).await;
        }
        let reply = scene.get(path).await;
        assert_eq!((reply.status, reply.header("content-type")), (200, "text/plain; charset=utf-8"));
        self.seen.borrow_mut().extend(["200", "304"].map(|status| (id.to_owned(), status.to_owned())));
        reply
    }
}

async fn websockets(asker: &Asker) {
    let scene = Scene::start();
    let whole = format!("{UPGRADE}{KEY}");
    for (id, path) in
        [("webSocket", "/ws"), ("webSocketInRoom", "/ws/general"), ("webSocketWithName", "/ws/general/Ali")]
    {
        asker.asks(&scene, id, path, &whole, b"", 101).await;
        asker.asks(&scene, id, path, "", b"", 426).await;
        asker.asks(&scene, id, path, UPGRADE, b"", 400).await;
    }
    asker.asks(&scene, "webSocketInRoom", "/ws/%2e%2e", &whole, b"", 404).await;
    asker.asks(&scene, "webSocketWithName", "/ws/%2e%2e/Ali", &whole, b"", 404).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_that_is_described_is_given_and_is_what_it_says() {
    let asker = Asker { document: Document::openapi(), seen: RefCell::default() };
    at_the_door(&asker).await;
    rooms(&asker).await;
    streams(&asker).await;
    commands(&asker).await;
    files(&asker).await;
    websockets(&asker).await;
    let mut missing: BTreeSet<(String, String)> = BTreeSet::new();
    for operation in operations(&asker.document) {
        let id = operation.value["operationId"].as_str().expect("an id");
        for status in
            operation.value["responses"].as_object().expect("answers").keys().filter(|status| *status != "default")
        {
            missing.insert((id.to_owned(), status.clone()));
        }
    }
    for (id, status) in NOT_PLAYED {
        assert!(missing.remove(&(id.to_owned(), status.to_owned())), "{id} {status} is not described");
    }
    let seen = asker.seen.borrow();
    missing.retain(|answer| !seen.contains(answer));
    assert!(missing.is_empty(), "described and never given: {missing:?}");
}

#[test]
fn every_example_of_the_document_is_what_its_schema_says() {
    let document = Document::openapi();
    let mut seen = 0;
    for operation in operations(&document) {
        let answers = operation.value["responses"].as_object().expect("answers").values();
        for content in
            answers.chain([&operation.value["requestBody"]]).filter_map(|answer| answer["content"].as_object())
        {
            for content in content.values().filter(|content| content.get("example").is_some()) {
                let (schema, example) = (&content["schema"], &content["example"]);
                document.judge(schema, example).unwrap_or_else(|wrong| panic!("{example}: {wrong}"));
                seen += 1;
            }
        }
    }
    assert!(seen >= 8, "only {seen} examples");
}

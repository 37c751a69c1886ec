//! HTTP as a document of [OpenAPI 3.1](https://spec.openapis.org/oas/v3.1.1.html). A stream of events has a schema for each
//! event under `x-itemSchema`, which is 3.2's `itemSchema` by a name that 3.1 allows.

use serde_json::{Map, Value, json};

use super::paths;
use super::schema::{Part, Schemas, to};
use crate::protocol::Code;

const ABOUT: &str = "Make a room, look one up, read it as a stream of server-sent events, say a line, page through the past. \
    Every answer but a page is in JSON, or a line of text; `HEAD` is answered wherever `GET` is.\n\n\
    A refusal is `Refused`, with a stable `code`. What a connection, a head or a body has to be like at all is looked at \
    before any path is, and is refused as `default` says.\n\n\
    Pages of other sites are answered below `/api` if the operator lets that site in (`--allow-origin`), and get a 403 \
    otherwise; these documents anybody may read. Where the operator lets in only whom they invite, everything below `/api` \
    and `/ws` needs a token, but for `/api/about`. `docs/http.md` in the repository says the same in prose.";

/// What stands after a 401's challenge is for programs; the header is there for browsers and RFC 6750.
const CHALLENGE: &str = "What was wrong, after RFC 6750.";

/// The whole document.
pub(super) fn document(mut schemas: Schemas) -> Value {
    let (event, command) = (stream_event(&schemas), stream_command(&schemas));
    schemas.all.extend([("StreamEvent".to_owned(), event), ("StreamCommand".to_owned(), command)]);
    let mut document = json!({
        "openapi": "3.1.1",
        "info": {
            "title": "Charsu over HTTP",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": { "name": "MIT", "identifier": "MIT" },
        },
        "servers": [{ "url": "/", "description": "Wherever this document was read." }],
        "tags": [
            { "name": "rooms", "description": "Rooms, and what is said in them." },
            { "name": "stream", "description": "A room as it happens, and what its reader says." },
            { "name": "server", "description": "How the server is." },
            { "name": "pages", "description": "What is read in a browser." },
            { "name": "elsewhere", "description": "Where other wires begin." },
        ],
        "paths": paths::all(),
    });
    document["components"] = json!({
        "schemas": schemas.reached_from(&json!([document, to("Refused")])),
        "responses": { "BeforeAnyPath": before_any_path() },
        "parameters": parameters(),
        "securitySchemes": {
            "token": {
                "type": "http",
                "scheme": "bearer",
                "bearerFormat": "JWT",
                "description": "Where the operator asks for tokens. With --auth-in-query it may stand in the address instead, \
                    as `?token=`.",
            },
            "session": {
                "type": "apiKey",
                "in": "header",
                "name": "Charsu-Session",
                "description": "The secret that a stream's `welcome` gave: speaks as that member.",
            },
            "sessionAsBearer": {
                "type": "http",
                "scheme": "bearer",
                "description": "The same secret. Only where the operator asks for no tokens.",
            },
        },
    });
    document
}

/// Everything that a stream brings, one schema for each name of an event.
fn stream_event(schemas: &Schemas) -> Value {
    let event = |name: &str, schema: &str| {
        json!({
            "title": name,
            "properties": {
                "event": { "const": name },
                "data": { "type": "string", "contentMediaType": "application/json", "contentSchema": to(schema) },
            },
        })
    };
    let mut events: Vec<Value> = schemas
        .frames
        .iter()
        .filter(|frame| frame.part != Part::Command)
        .map(|frame| event(if frame.kind == "error" { crate::wire::REFUSAL_EVENT } else { &frame.kind }, &frame.schema))
        .collect();
    events.push(event("close", "LastWords"));
    json!({
        "description": "An event of a stream, as WHATWG HTML section 9.2 has it.",
        "type": "object",
        "properties": {
            "event": { "type": "string" },
            "data": { "type": "string", "description": "A frame of charsu.v1." },
            "id": { "type": "string", "description": "Your session's secret and where you stand: keep it to yourself." },
            "retry": { "type": "integer", "minimum": 0, "description": "Milliseconds." },
        },
        "required": ["event", "data"],
        "oneOf": events,
    })
}

/// What may be said on a stream's connection: everything but the hello, which its opening was.
fn stream_command(schemas: &Schemas) -> Value {
    let commands: Vec<Value> =
        schemas.that_are(Part::Command).filter(|frame| frame.kind != "hello").map(|frame| to(&frame.schema)).collect();
    json!({ "description": "A command that is said on a stream's connection.", "oneOf": commands })
}

fn before_any_path() -> Value {
    json!({
        "description": "Refused before the path was looked at: a head or a body that is too large (413, 414, 431) or took too \
            long (408), a `Host` or a length that is missing or stands twice (400), a method that the path does not have \
            (405), too many connections or requests (429), no room for more (503).",
        "headers": { "Retry-After": { "schema": { "type": "integer" }, "description": "Seconds." } },
        "content": {
            "text/plain": { "schema": { "type": "string" } },
            "application/json": { "schema": to("Refused") },
        },
    })
}

fn parameters() -> Value {
    let header = |name: &str, words: &str, schema: Value| json!({ "name": name, "in": "header", "description": words, "schema": schema });
    let query = |name: &str, words: &str, schema: Value| json!({ "name": name, "in": "query", "description": words, "schema": schema });
    let number = |most: u64| json!({ "type": "integer", "minimum": 0, "maximum": most });
    json!({
        "room": {
            "name": "room",
            "in": "path",
            "required": true,
            "description": "A code of six digits, or a room's name.",
            "schema": { "type": "string", "minLength": 1 },
            "examples": { "code": { "value": "408213" }, "name": { "value": "general" } },
        },
        "name": query("name", "The name to claim; without one you are a guest.", json!({ "type": "string" })),
        "rooms": {
            "name": "rooms",
            "in": "query",
            "description": "Which rooms to read, separated by commas; none until you join one.",
            "style": "form",
            "explode": false,
            "schema": { "type": "array", "items": { "type": "string" } },
        },
        "before": query("before", "Only lines before this number, the nearest ones.", number(crate::protocol::SAFE_INTEGER)),
        "after": query(
            "after",
            "Only lines after this number, the nearest ones. Not together with `before`.",
            number(crate::protocol::SAFE_INTEGER),
        ),
        "limit": query("limit", "How many lines: 200 at most, which is also what you get without.", number(crate::protocol::SAFE_INTEGER)),
        "lastEventId": header(
            "Last-Event-ID",
            "The last `id` that you had: you are the same member, and what you missed follows. Browsers send it by themselves.",
            json!({ "type": "string" }),
        ),
        "idempotencyKey": header(
            "Idempotency-Key",
            "Of your own, with a session: the same key with the same content is said once, and answered as the first time.",
            json!({ "type": "string", "maxLength": 255, "pattern": "^[\\x20-\\x7E]*$" }),
        ),
    })
}

/// The answers with these refusals, by status: what each code says is in the table of codes.
pub(super) fn refusals(codes: &[Code]) -> Map<String, Value> {
    let mut statuses: Vec<u16> = codes.iter().map(|code| code.http_status()).collect();
    statuses.sort_unstable();
    statuses.dedup();
    statuses
        .into_iter()
        .map(|status| {
            // Whoever may be refused for being too fast or too much may be so for their connection as well.
            let always = [Code::RateLimited, Code::TooManyConnections, Code::ServerFull];
            let those: Vec<Code> = Code::ALL
                .into_iter()
                .filter(|code| code.http_status() == status && (codes.contains(code) || always.contains(code)))
                .collect();
            let names: Vec<&str> = those.iter().map(|code| code.as_str()).collect();
            let mut answer = json!({
                "description": format!("Refused: `{}`. What each says is with the schema `Code`.", names.join("`, `")),
                "content": { "application/json": { "schema": {
                    "allOf": [to("Refused"), { "properties": { "code": { "enum": names } } }],
                } } },
            });
            if those.iter().any(|code| code.may_retry()) {
                answer["headers"] = json!({ "Retry-After": {
                    "schema": { "type": "integer" },
                    "description": "Seconds after which to try again.",
                } });
            }
            if status == 401 {
                answer["headers"] = json!({ "WWW-Authenticate": {
                    "schema": { "type": "string" },
                    "description": CHALLENGE,
                } });
            }
            (status.to_string(), answer)
        })
        .collect()
}

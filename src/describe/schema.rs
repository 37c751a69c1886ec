//! The schemas of frames and answers: as their types make them, with what a type does not say. Knows no path and no document.

use std::collections::BTreeSet;

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::config::Settings;
use crate::names::MAX_ROOM_CHARS;
use crate::protocol::{ClientFrame, Code, Flat, SAFE_INTEGER, ServerFrame};
use crate::server::answers::Refused;
use crate::text::EMOJI;
use crate::transport::http::{About, FoundRoom, Kept, MadeRoom, PastPage};
use crate::transport::sse::Said;
use crate::wire::LastWords;

/// Where a document keeps its schemas.
const PLACE: &str = "#/components/schemas/";

/// A reference to one of them.
pub(super) fn to(name: &str) -> Value {
    json!({ "$ref": format!("{PLACE}{name}") })
}

/// A kind of frame.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    /// Its `type`.
    pub(super) kind: String,
    /// What it is, in words.
    pub(super) words: String,
    /// The name of its schema.
    pub(super) schema: String,
    pub(super) part: Part,
}

/// Which part a frame has in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Somebody asks for something.
    Command,
    /// One client is told something.
    Answer,
    /// Something happened in a room, under a number.
    Event,
    /// It may be lost.
    Signal,
}

impl Part {
    fn word(self) -> &'static str {
        match self {
            Self::Command => "Command",
            Self::Answer => "Answer",
            Self::Event => "Event",
            Self::Signal => "Signal",
        }
    }

    /// What a numbered frame is known by: it has a number, and is nobody's answer.
    fn of(kind: &str, schema: &Value) -> Self {
        let has = |field: &str| schema["properties"].get(field).is_some();
        match kind {
            "typing" => Self::Signal,
            _ if has("seq") && !has("epoch") => Self::Event,
            _ => Self::Answer,
        }
    }
}

/// All frames, in the order of their types, and all schemas by name.
pub(super) struct Schemas {
    pub(super) frames: Vec<Frame>,
    pub(super) all: Map<String, Value>,
}

impl Schemas {
    pub(super) fn new() -> Self {
        let mut sent = generator(true);
        for schema in [
            sent.subschema_for::<ServerFrame<'_>>(),
            sent.subschema_for::<About<'_>>(),
            sent.subschema_for::<FoundRoom<'_>>(),
            sent.subschema_for::<Kept<'_>>(),
            sent.subschema_for::<LastWords>(),
            sent.subschema_for::<MadeRoom>(),
            sent.subschema_for::<PastPage<'_>>(),
            sent.subschema_for::<Refused<'_>>(),
        ] {
            assert!(schema.get("$ref").is_some(), "each of them has a name");
        }
        let mut all = sent.take_definitions(true);
        all.values_mut().for_each(never_null);
        all.values_mut().for_each(sent_numbers);
        // It is called after its `type`.
        let last = all.remove("close").expect("the last words are described");
        all.insert("LastWords".to_owned(), last);
        let answered = apart(&mut all, "ServerFrame");

        let mut taken = generator(false);
        taken.subschema_for::<ClientFrame<'_>>();
        taken.subschema_for::<Flat<'_>>();
        taken.subschema_for::<Said<'_>>();
        let mut asked = taken.take_definitions(true);
        asked.values_mut().for_each(read_numbers);
        let commands = apart(&mut asked, "ClientFrame");
        let fields = asked.remove("Flat").expect("it was asked for");
        // What a position is, the command that needs one says in words.
        asked.remove("FlatSince");
        all.extend(asked);

        let mut schemas = Self { frames: Vec::new(), all };
        for (part, frames) in [(Some(Part::Command), commands), (None, answered)] {
            for schema in frames {
                schemas.add(part, schema);
            }
        }
        schemas.relate(fields);
        schemas.limit();
        schemas
    }

    fn add(&mut self, part: Option<Part>, schema: Value) {
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let kind = text(&schema["properties"]["type"]["const"]);
        let part = part.unwrap_or_else(|| Part::of(&kind, &schema));
        let name = format!("{}{}{}", kind[..1].to_uppercase(), &kind[1..], part.word());
        self.frames.push(Frame { kind, words: text(&schema["description"]), schema: name.clone(), part });
        assert!(self.all.insert(name, schema).is_none(), "each kind of frame is one");
    }

    /// The frames that have this part.
    pub(super) fn that_are(&self, part: Part) -> impl Iterator<Item = &Frame> {
        self.frames.iter().filter(move |frame| frame.part == part)
    }

    /// What schemas have to do with each other.
    fn relate(&mut self, mut fields: Value) {
        fields["description"] =
            json!("Fields are of these kinds in every command, also in one that does not need them.");
        for (field, schema) in fields["properties"].as_object_mut().expect("it has fields") {
            let schema = schema.as_object_mut().expect("a schema");
            schema.retain(|key, _| key != "description" && key != "default");
            if field == "since" {
                schema.insert("anyOf".to_owned(), json!([to("Position"), { "type": "null" }]));
            }
        }
        self.all.insert("Fields".to_owned(), fields);
        self.all.insert("Code".to_owned(), codes());
        let one_of = |frames: Vec<&Frame>, words: &str| {
            let frames: Vec<Value> = frames.iter().map(|frame| to(&frame.schema)).collect();
            json!({ "description": words, "oneOf": frames })
        };
        let mut command = one_of(self.that_are(Part::Command).collect(), "What a client sends.");
        command["allOf"] = json!([to("Fields")]);
        let event = one_of(self.that_are(Part::Event).collect(), "What happened in a room, under its number.");
        let lines = self.that_are(Part::Event).filter(|frame| ["message", "private"].contains(&&*frame.kind));
        let line = one_of(lines.collect(), "A line that somebody said and that still stands.");
        self.all
            .extend([("Command", command), ("Event", event), ("Line", line)].map(|(name, it)| (name.to_owned(), it)));
        for (name, field, item) in [
            ("JoinedAnswer", "history", "Event"),
            ("ResetAnswer", "history", "Event"),
            ("HistoryAnswer", "events", "Line"),
            ("PastPage", "events", "Line"),
        ] {
            self.field(name, field)["items"] = to(item);
        }
        *self.field("ErrorAnswer", "code") = to("Code");
        let words = self.field("Refused", "code")["description"].take();
        *self.field("Refused", "code") = json!({
            "description": words,
            "anyOf": [to("Code"), { "const": "not_found", "description": "No such path." }],
        });
        let number = json!({ "type": "integer" });
        self.all["HistoryCommand"]["not"] = json!({
            "description": "Only one end may be given.",
            "properties": { "before": number, "after": number },
            "required": ["before", "after"],
        });
    }

    /// How long texts may be. What a setting decides is told as a word, not as a bound: it may be another on the next server.
    fn limit(&mut self) {
        let settings = Settings::default();
        let text = [
            json!({ "of": "characters", "setting": "--text-chars", "default": settings.text_chars }),
            json!({ "of": "bytes", "setting": "--text-bytes", "default": settings.text_bytes }),
        ];
        let name = [json!({ "of": "visible characters", "setting": "--name-chars", "default": settings.name_chars })];
        let asked = self.that_are(Part::Command).map(|frame| frame.schema.clone()).chain(["Said".to_owned()]);
        for schema in asked.collect::<Vec<_>>() {
            for (field, limits) in [("text", &text[..]), ("name", &name[..])] {
                if self.all[&schema]["properties"].get(field).is_some() {
                    limited(self.field(&schema, field), limits);
                }
            }
            if self.all[&schema]["properties"].get("emoji").is_some() {
                self.field(&schema, "emoji")["maxLength"] = json!(EMOJI.chars);
            }
            if self.all[&schema]["properties"].get("room").is_some() {
                let room = self.field(&schema, "room");
                let words = room["description"].as_str().expect("each field is described");
                room["description"] = json!(format!(
                    "{words} At most {MAX_ROOM_CHARS} characters once case, width and look-alikes are folded."
                ));
            }
        }
    }

    fn field(&mut self, schema: &str, field: &str) -> &mut Value {
        let found = self.all.get_mut(schema).and_then(|schema| schema["properties"].get_mut(field));
        found.unwrap_or_else(|| panic!("{schema} has no {field}"))
    }

    /// Those that these lead to, themselves included.
    pub(super) fn reached_from(&self, document: &Value) -> Map<String, Value> {
        let mut reached = BTreeSet::new();
        let mut to_look_at = references(document);
        while let Some(name) = to_look_at.pop() {
            if reached.insert(name.clone()) {
                let schema = self.all.get(&name).unwrap_or_else(|| panic!("there is no schema {name}"));
                to_look_at.extend(references(schema));
            }
        }
        self.all
            .iter()
            .filter(|(name, _)| reached.contains(*name))
            .map(|(name, it)| (name.clone(), it.clone()))
            .collect()
    }
}

fn generator(sent: bool) -> schemars::SchemaGenerator {
    // Draft 7 is what AsyncAPI knows without being told, and what is written so means the same in OpenAPI 3.1.
    let settings = SchemaSettings::draft07().with(|settings| settings.definitions_path = "/components/schemas".into());
    if sent { settings.for_serialize().into_generator() } else { settings.for_deserialize().into_generator() }
}

/// Takes the variants of an enum out of it, as schemas of their own.
fn apart(schemas: &mut Map<String, Value>, name: &str) -> Vec<Value> {
    let Some(Value::Object(mut schema)) = schemas.remove(name) else { panic!("there is no {name}") };
    let Some(Value::Array(variants)) = schema.remove("oneOf") else { panic!("{name} is no choice") };
    variants
}

/// A field that need not be there is left out by the server, and never null.
fn never_null(schema: &mut Value) {
    let needed = schema["required"].clone();
    let is_needed = |field: &str| needed.as_array().is_some_and(|needed| needed.iter().any(|it| it == field));
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        for (_, property) in properties.iter_mut().filter(|(field, _)| !is_needed(field)) {
            if let Some(kind) = property["type"].as_array().and_then(|kinds| kinds.first()).cloned() {
                property["type"] = kind;
            }
        }
    }
    variants(schema).for_each(never_null);
}

/// What is known everywhere of a whole number that is sent: Rust's own names for their sizes are known to few.
fn sent_numbers(schema: &mut Value) {
    for (_, property) in numbers(schema) {
        property["format"] = json!("int64");
    }
    variants(schema).for_each(sent_numbers);
}

/// How large a whole number may be that is read: as its type can be, and an id as every client can count.
fn read_numbers(schema: &mut Value) {
    for (field, property) in numbers(schema) {
        let size = property.as_object_mut().and_then(|property| property.remove("format"));
        if field == "id" {
            (property["minimum"], property["maximum"]) = (json!(1), json!(SAFE_INTEGER));
            property["format"] = json!("int64");
        } else if size.is_some_and(|size| size == "uint32") {
            property["maximum"] = json!(u32::MAX);
            property["format"] = json!("int64");
        } else {
            property["maximum"] = json!(u64::MAX);
        }
    }
    variants(schema).for_each(read_numbers);
}

fn numbers(schema: &mut Value) -> impl Iterator<Item = (&String, &mut Value)> {
    let properties = schema.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten();
    properties.filter(|(_, property)| property.get("format").is_some())
}

fn variants(schema: &mut Value) -> impl Iterator<Item = &mut Value> {
    schema.get_mut("oneOf").and_then(Value::as_array_mut).into_iter().flatten()
}

fn limited(field: &mut Value, limits: &[Value]) {
    let words: Vec<String> =
        limits.iter().map(|limit| format!("{} {}", limit["default"], limit["of"].as_str().expect("a word"))).collect();
    let settings: Vec<String> =
        limits.iter().map(|limit| format!("`{}`", limit["setting"].as_str().expect("a flag"))).collect();
    let said = field["description"].as_str().expect("each field is described");
    field["description"] = json!(format!(
        "{said} At most {}, unless the operator wants it otherwise ({}).",
        words.join(" and "),
        settings.join(", "),
    ));
    field["x-limits"] = json!(limits);
}

/// The table of refusals as a schema.
fn codes() -> Value {
    let table: Vec<Value> = Code::ALL
        .iter()
        .map(|code| {
            json!({
                "code": code.as_str(),
                "message": code.words(),
                "may_retry": code.may_retry(),
                "http_status": code.http_status(),
            })
        })
        .collect();
    json!({
        "description": "The stable name of a refusal. `x-refusals` has for each its words, whether the same may be sent \
            again later, and its status over HTTP.",
        "type": "string",
        "enum": Code::ALL.iter().map(|code| code.as_str()).collect::<Vec<_>>(),
        "x-refusals": table,
    })
}

/// The names of the schemas that a value refers to.
fn references(value: &Value) -> Vec<String> {
    match value {
        Value::Object(fields) => fields
            .iter()
            .flat_map(|(key, value)| match value.as_str().and_then(|value| value.strip_prefix(PLACE)) {
                Some(name) if key == "$ref" => vec![name.to_owned()],
                _ => references(value),
            })
            .collect(),
        Value::Array(items) => items.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}

//! What people are told on each wire, brought into one form.

use std::collections::HashMap;

use charsu::protocol::{Code, Refusal};
use serde_json::Value;

use super::ways::Way;

/// What somebody is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Told {
    /// A line of somebody's.
    Line { from: String, text: String },
    /// A private line that it said or was said: `with` is the other one.
    Private { with: String, text: String },
    /// Somebody came, and who, where that is told.
    Came(Option<String>),
    /// Somebody went.
    Went(Option<String>),
    /// Somebody types.
    Types(String),
    /// A line of the server's own.
    Words(String),
}

/// Why something was refused, as far as a wire says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refused {
    /// The stable code, on wires that have it.
    pub(crate) code: Option<String>,
    /// What a person reads.
    pub(crate) words: String,
}

impl Refused {
    /// What a frame says.
    pub(crate) fn of(frame: &Value) -> Self {
        Self {
            code: frame["code"].as_str().map(str::to_owned),
            words: frame["message"].as_str().expect("words").to_owned(),
        }
    }

    /// Holds it to be this refusal, by all that the way tells.
    pub(crate) fn is(&self, code: Code, way: Way) {
        assert_eq!(self.code.is_some(), way.tells_codes(), "{way:?}: {self:?}");
        assert!(self.code.as_deref().is_none_or(|told| told == code.as_str()), "{way:?}: {self:?}");
        // Words may say more than those of the table, but no others.
        let words = Refusal::from(code).in_one_line();
        assert!(self.words.starts_with(&words) || code == Code::TextTooLong, "{way:?}: {self:?}, not {words:?}");
    }
}

/// What comes next: an answer to what was asked, or something that others did.
pub(crate) enum Next {
    Answer(Result<(), Refused>),
    Told(Told),
}

/// What every page of one segment is told of a comer, and a goer.
pub(crate) const JOINED: &str = "A user joined the chat";
const LEFT: &str = "A user left the chat";

pub(crate) fn text_of(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

/// Learns names from a frame of `charsu.v1`.
pub(crate) fn learn(names: &mut HashMap<u64, String>, frame: &Value) {
    let members = frame["members"].as_array().into_iter().flatten().chain([&frame["member"]]);
    names.extend(members.filter_map(|member| Some((member["id"].as_u64()?, text_of(&member["name"])))));
}

pub(crate) fn of_charsu(event: &Value, own: &str, names: &HashMap<u64, String>) -> Option<Told> {
    Some(match event["type"].as_str().expect("a type") {
        "message" => Told::Line { from: text_of(&event["name"]), text: text_of(&event["text"]) },
        "private" => {
            let others = if event["name"] == own { &event["to_name"] } else { &event["name"] };
            Told::Private { with: text_of(others), text: text_of(&event["text"]) }
        }
        "join" => Told::Came(Some(text_of(&event["member"]["name"]))),
        "leave" => Told::Went(Some(text_of(&event["member"]["name"]))),
        "typing" if event["on"] == true => Told::Types(names[&event["from"].as_u64().expect("a number")].clone()),
        // Part of the order, and nothing to see.
        "typing" | "skip" => return None,
        other => panic!("what is {other}? {event}"),
    })
}

pub(crate) fn of_page(frame: &Value) -> Option<Told> {
    Some(match frame["type"].as_str().expect("a type") {
        "message" => Told::Line { from: text_of(&frame["username"]), text: text_of(&frame["text"]) },
        "typing" => Told::Types(text_of(&frame["username"])),
        "system" => of_words(&text_of(&frame["message"])),
        "users" => return None,
        other => panic!("what is {other}? {frame}"),
    })
}

fn of_words(words: &str) -> Told {
    let private = words.strip_prefix("Private to ").or_else(|| words.strip_prefix("Private from "));
    if let Some((with, text)) = private.and_then(|rest| rest.split_once(": ")) {
        return Told::Private { with: with.to_owned(), text: text.to_owned() };
    }
    let named = |suffix| words.strip_suffix(suffix).map(|name: &str| Some(name.to_owned()));
    match words {
        JOINED => Told::Came(None),
        LEFT => Told::Went(None),
        _ => named(" joined the room")
            .map(Told::Came)
            .or_else(|| named(" left the room").map(Told::Went))
            .unwrap_or_else(|| Told::Words(words.to_owned())),
    }
}

pub(crate) fn connected(packet: &str) -> Result<(), Refused> {
    if packet.starts_with("40") {
        return Ok(());
    }
    let refused: Value = serde_json::from_str(packet.strip_prefix("44").expect("an answer")).expect("JSON");
    Err(Refused::of(&refused["data"]))
}

pub(crate) fn of_socketio(packet: &str, counted: &mut u64) -> Next {
    if let Some(answer) = packet.strip_prefix("43") {
        let arguments: Value =
            serde_json::from_str(answer.trim_start_matches(|c: char| c.is_ascii_digit())).expect("JSON");
        return Next::Answer(arguments.get(0).map_or(Ok(()), |refusal| Err(Refused::of(refusal))));
    }
    let event: Value = serde_json::from_str(packet.strip_prefix("42").expect("an event")).expect("JSON");
    *counted = event[2].as_u64().unwrap_or(*counted);
    Next::Told(match event[0].as_str().expect("a name") {
        "chat message" => {
            let written = text_of(&event[1]);
            match written.split_once(": ") {
                Some(("System", words)) => of_words(words),
                Some((from, text)) => Told::Line { from: from.to_owned(), text: text.to_owned() },
                None => Told::Line { from: String::new(), text: written },
            }
        }
        "typing" => Told::Types(text_of(&event[1]["username"])),
        other => panic!("what is {other}? {packet}"),
    })
}

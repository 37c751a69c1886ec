//! Words of the documents as HTML: escaped, with code between backticks, and what a schema takes as a person would say it.

use serde_json::Value;

use crate::protocol::SAFE_INTEGER;

/// A text, so that it is nothing but text.
pub(super) fn text(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Prose in which code stands between backticks.
pub(super) fn said(prose: &str) -> String {
    let mut out = String::new();
    for (index, part) in prose.split('`').enumerate() {
        let part = text(part);
        if index % 2 == 0 {
            out.push_str(&part);
        } else {
            out.extend(["<code>", &part, "</code>"]);
        }
    }
    out
}

/// What a schema takes.
pub(super) fn kind_of(schema: &Value) -> String {
    if let Some(place) = schema["$ref"].as_str() {
        let name = place.rsplit('/').next().unwrap_or_default();
        // Where the page shows it.
        let place = match name {
            "Code" => "refusals",
            "Event" | "Line" => "events",
            shown => shown,
        };
        return format!("<a href=\"#{}\">{}</a>", text(place), text(name));
    }
    for group in ["anyOf", "allOf", "oneOf"] {
        if let Some(choices) = schema[group].as_array() {
            if choices.iter().all(|choice| choice.get("const").is_some()) {
                let values: Vec<String> =
                    choices.iter().map(|choice| format!("<code>{}</code>", text(&plain(&choice["const"])))).collect();
                return values.join(", ");
            }
            let kinds: Vec<String> = choices.iter().filter(|choice| choice["type"] != "null").map(kind_of).collect();
            return kinds.join(" or ");
        }
    }
    if let Some(value) = schema.get("const") {
        return format!("<code>{}</code>", text(&plain(value)));
    }
    let kind = schema["type"].as_str().or_else(|| schema["type"][0].as_str()).unwrap_or("anything");
    match kind {
        "array" => format!("list of {}", kind_of(&schema["items"])),
        "integer" if schema["maximum"] == SAFE_INTEGER => "whole number, 1 to 2<sup>53</sup>\u{2212}1".to_owned(),
        "integer" => "whole number".to_owned(),
        "boolean" => "true or false".to_owned(),
        "string" => "text".to_owned(),
        other => text(other),
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

//! docs/protocol.md says of each frame what its schema says: the same fields, and which of them may be left out.

use std::collections::BTreeMap;
use std::fs;

use super::document::{Document, in_project};

#[test]
fn the_prose_has_every_field_of_every_frame_and_whether_it_may_be_left_out() {
    let document = Document::asyncapi();
    let prose = fs::read_to_string(in_project("docs/protocol.md")).expect("a text");
    let schema = |name: &str| &document.value["components"]["schemas"][name];
    let mut seen = 0;
    for (name, message) in document.value["components"]["messages"].as_object().expect("messages") {
        let kind = message["name"].as_str().expect("a name");
        if kind == "typing" && !name.ends_with("Command") {
            // It stands in a sentence.
            continue;
        }
        let heading = if name.ends_with("Command") { "## You send" } else { "## You are sent" };
        let part = prose.split(heading).nth(1).and_then(|rest| rest.split("\n## ").next()).expect("a part");
        let row = part.lines().find_map(|line| line.strip_prefix(&format!("| `{kind}` | ")));
        let row = row.unwrap_or_else(|| panic!("{kind} has no row under {heading}"));
        let cell = row.split(" | ").next().unwrap_or_default();
        let fields: BTreeMap<&str, bool> = cell
            .split('`')
            .skip(1)
            .step_by(2)
            .map(|code| code.split(':').next().unwrap_or_default())
            .map(|field| (field.trim_end_matches('?'), field.ends_with('?')))
            .collect();
        let needed = schema(name)["required"].as_array().expect("a type is needed");
        for field in schema(name)["properties"].as_object().expect("fields").keys().filter(|field| *field != "type") {
            let is_told_before =
                row.starts_with("as `joined`") && schema("JoinedAnswer")["properties"].get(field).is_some();
            if !is_told_before {
                let is_optional = !needed.iter().any(|needed| needed == field);
                assert_eq!(fields.get(field.as_str()), Some(&is_optional), "{field} of {kind} under {heading}");
            }
            seen += 1;
        }
    }
    assert!(seen >= 100, "only {seen} fields");
}

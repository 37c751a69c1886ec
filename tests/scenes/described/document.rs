//! A document, and what it says of a value.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use jsonschema::{Draft, Validator};
use serde_json::{Value, json};

pub(crate) fn in_project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

pub(crate) fn read(path: &str) -> Value {
    let text = fs::read_to_string(in_project(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

pub(crate) struct Document {
    pub(crate) value: Value,
    draft: Draft,
    /// Read once each.
    validators: RefCell<HashMap<String, Validator>>,
}

impl Document {
    pub(crate) fn asyncapi() -> Self {
        Self::new("docs/api/asyncapi.json", Draft::Draft7)
    }

    pub(crate) fn openapi() -> Self {
        Self::new("docs/api/openapi.json", Draft::Draft202012)
    }

    fn new(path: &str, draft: Draft) -> Self {
        Self { value: read(path), draft, validators: RefCell::default() }
    }

    /// What is wrong with a value that should be what this schema says.
    pub(crate) fn judge(&self, schema: &Value, value: &Value) -> Result<(), String> {
        self.with(schema, |validator| {
            validator.validate(value).map_err(|error| format!("{} at {}", error, error.instance_path()))
        })
    }

    /// Whether a value is what this schema says.
    pub(crate) fn takes(&self, schema: &Value, value: &Value) -> bool {
        self.with(schema, |validator| validator.is_valid(value))
    }

    fn with<T>(&self, schema: &Value, judge: impl FnOnce(&Validator) -> T) -> T {
        let mut validators = self.validators.borrow_mut();
        judge(validators.entry(schema.to_string()).or_insert_with(|| {
            // References lead into the document.
            let whole = json!({ "allOf": [schema], "components": self.value["components"] });
            let read = jsonschema::options().with_draft(self.draft).build(&whole);
            read.unwrap_or_else(|error| panic!("{schema}: {error}"))
        }))
    }

    /// Fails where a value is not what the schema of this name says.
    #[track_caller]
    pub(crate) fn is(&self, name: &str, value: &Value) {
        if let Err(wrong) = self.judge(&named(name), value) {
            panic!("{value} is no {name}: {wrong}");
        }
    }

    /// The value behind a reference, or the value itself.
    pub(crate) fn resolved<'d>(&'d self, value: &'d Value) -> &'d Value {
        match value["$ref"].as_str() {
            Some(place) => {
                self.value.pointer(place.trim_start_matches('#')).unwrap_or_else(|| panic!("{place} is nowhere"))
            }
            None => value,
        }
    }
}

pub(crate) fn named(schema: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{schema}") })
}

//! Writes the documents at `/docs` from the types, and holds those that are committed in docs/api against them. Only tests
//! know it: what it wrote is embedded, so the program needs nothing of this.
//!
//! `CHARSU_WRITE_DOCS=1 cargo test --lib describe` writes them anew.

mod asyncapi;
mod openapi;
mod page;
mod paths;
mod schema;
mod ways;
mod words;

use std::fs;
use std::path::{Path, PathBuf};

/// Set it to write the documents anew instead of comparing them.
const WRITE: &str = "CHARSU_WRITE_DOCS";

fn in_project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn is_as_committed(path: &str, wanted: &str) {
    let file = in_project(path);
    if std::env::var_os(WRITE).is_some() {
        fs::write(&file, wanted).expect("the document can be written");
    }
    let committed = fs::read_to_string(&file).expect("the document is there");
    assert!(committed == wanted, "{path} is stale: {WRITE}=1 cargo test --lib describe writes it");
}

#[test]
fn every_way_in_is_described_in_a_file_that_is_there() {
    for way in ways::WAYS {
        assert!(in_project(way.prose).is_file(), "{} names {}, which is not there", way.name, way.prose);
    }
}

#[test]
fn the_documents_are_those_of_the_types() {
    let schemas = schema::Schemas::new();
    let written = |document: &serde_json::Value| serde_json::to_string_pretty(document).expect("JSON") + "\n";
    let wire = asyncapi::document(&schemas);
    is_as_committed("docs/api/asyncapi.json", &written(&wire));
    let frames = schemas.frames.clone();
    let http = openapi::document(schemas);
    is_as_committed("docs/api/openapi.json", &written(&http));
    is_as_committed("docs/api/index.html", &page::written(&frames, &wire, &http));
}

//! The frames are what is written elsewhere: the TypeScript types, and an example of each.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use ts_rs::{Config, TS};

use super::*;

fn in_project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Set it to write the file anew instead of comparing it.
const WRITE: &str = "CHARSU_WRITE_TYPES";

#[test]
fn the_typescript_types_are_those_of_the_rust_ones() {
    let config = Config::default();
    let mut generated = String::from(
        "// The frames of `charsu.v1`: generated from src/protocol/frame/, not to be edited.\n\
         // CHARSU_WRITE_TYPES=1 cargo test --lib typescript writes it anew.\n",
    );
    for declaration in [
        ClientFrame::decl(&config),
        ServerFrame::decl(&config),
        Snapshot::decl(&config),
        MemberCard::decl(&config),
        ReactionCard::decl(&config),
        Since::decl(&config),
        Limits::decl(&config),
        ResetReason::decl(&config),
    ] {
        write!(generated, "\nexport {declaration}\n").expect("a String takes everything");
    }
    let path = in_project("web/client/src/protocol.ts");
    if std::env::var_os(WRITE).is_some() {
        fs::write(&path, &generated).expect("the file can be written");
    }
    let committed = fs::read_to_string(&path).expect("the file is there");
    assert!(committed == generated, "web/client/src/protocol.ts is stale: run with {WRITE}=1");
}

#[test]
fn every_fixture_is_a_frame_and_comes_out_as_it_went_in() {
    let mut seen = 0;
    for entry in fs::read_dir(in_project("docs/fixtures")).expect("the folder is there") {
        let path = entry.expect("it can be read").path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("plain names").to_owned();
        let text = fs::read_to_string(&path).expect("it can be read");
        let value: serde_json::Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let again = if name.starts_with("client-") {
            let frame: ClientFrame<'_> = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
            crate::protocol::Command::read(&text).unwrap_or_else(|malformed| panic!("{name}: {malformed:?}"));
            serde_json::to_value(frame)
        } else {
            let frame: ServerFrame<'_> = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
            serde_json::to_value(frame)
        };
        assert_eq!(again.expect("frames are JSON"), value, "{name}");
        seen += 1;
    }
    assert!(seen >= 20, "only {seen} fixtures");
}

#[test]
fn every_kind_of_frame_has_a_fixture() {
    let config = Config::default();
    for (direction, declaration) in [("client", ClientFrame::decl(&config)), ("server", ServerFrame::decl(&config))] {
        for kind in declaration.split("\"type\": \"").skip(1).filter_map(|rest| rest.split('"').next()) {
            let path = in_project("docs/fixtures").join(format!("{direction}-{kind}.json"));
            assert!(path.exists(), "{} is missing", path.display());
        }
    }
}

//! The streams in `tests/corpus/ws`: each `.bin` is what one client sends, `INDEX` says what is heard.
//!
//! They are the seeds for a fuzzer too. A new one needs its line in `INDEX`.

use std::{collections::BTreeMap, fs, path::Path};

use super::*;

/// Small, so that the files are.
const LIMITS: Limits = Limits { max_message: 1024, max_fragments: 8 };

/// File name, bytes, what is heard.
fn corpus() -> Vec<(String, Vec<u8>, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/ws");
    let index = fs::read_to_string(folder.join("INDEX")).expect("INDEX is committed");
    let lines = index.lines().filter(|line| !line.starts_with('#'));
    let mut expected: BTreeMap<_, _> = lines
        .map(|line| line.split_once(": ").expect("FILE: WHAT IS HEARD"))
        .map(|(file, heard)| (file.to_owned(), heard))
        .collect();
    let files =
        fs::read_dir(&folder).expect("the folder is committed").map(|entry| entry.expect("a readable folder").path());
    let mut corpus = Vec::new();
    for path in files.filter(|path| path.extension().is_some_and(|extension| extension == "bin")) {
        let file = path.file_name().expect("a file").to_string_lossy().into_owned();
        let heard = expected.remove(&file).unwrap_or_else(|| panic!("{file} is not in INDEX")).to_owned();
        corpus.push((file, fs::read(&path).expect("a readable file"), heard));
    }
    assert!(expected.is_empty(), "in INDEX, but not there: {expected:?}");
    assert!(!corpus.is_empty());
    corpus
}

#[test]
fn each_stream_is_heard_as_the_index_says() {
    for (file, bytes, expected) in corpus() {
        let heard: Vec<String> = hear(LIMITS, [&*bytes]).iter().map(|heard| format!("{heard:?}")).collect();
        assert_eq!(heard.join(" "), expected, "{file}");
    }
}

#[test]
fn each_stream_is_heard_the_same_wherever_it_is_cut() {
    for (file, bytes, _) in corpus() {
        let whole = hear(LIMITS, [&*bytes]);
        assert_eq!(hear(LIMITS, bytes.chunks(1)), whole, "{file}, byte by byte");
        for at in 0..=bytes.len() {
            let (one, two) = bytes.split_at(at);
            assert_eq!(hear(LIMITS, [one, two]), whole, "{file}, cut at {at}");
        }
    }
}

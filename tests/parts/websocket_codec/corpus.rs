//! The streams in `tests/corpus/ws` and, of clients with which compression was agreed on, `tests/corpus/deflate`: each
//! `.bin` is what one client sends, `INDEX` says what is heard.
//!
//! They are the seeds for fuzzing too: here each is also damaged. A new one needs its line in `INDEX`.

use std::{collections::BTreeMap, fs, path::Path, sync::LazyLock};

use proptest::prelude::*;
use proptest::sample::Index;

use super::streams::{cut, cuts};
use super::*;

/// Small, so that the files are.
const LIMITS: Limits = Limits { max_message: 1024, max_fragments: 8 };

/// The folders, and whether compression was agreed on.
const FOLDERS: [(&str, bool); 2] = [("ws", false), ("deflate", true)];

fn decoder(deflates: bool) -> Decoder {
    Decoder::inflating(LIMITS, deflates)
}

/// File name, bytes, what is heard.
fn corpus(folder: &str) -> Vec<(String, Vec<u8>, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(folder);
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
    for (folder, deflates) in FOLDERS {
        for (file, bytes, expected) in corpus(folder) {
            let heard = hear_by(decoder(deflates), [&*bytes]);
            let closes = heard.iter().find_map(|heard| match heard {
                Heard::Refused(violation) => Some(violation.code().to_string()),
                _ => None,
            });
            assert!(
                closes.is_none_or(|code| file.starts_with(&code) || file.starts_with("noise")),
                "{file}: {heard:?}"
            );
            let heard: Vec<String> = heard.iter().map(|heard| format!("{heard:?}")).collect();
            assert_eq!(heard.join(" "), expected, "{file}");
        }
    }
}

#[test]
fn each_stream_is_heard_the_same_wherever_it_is_cut() {
    for (folder, deflates) in FOLDERS {
        for (file, bytes, _) in corpus(folder) {
            let whole = hear_by(decoder(deflates), [&*bytes]);
            assert_eq!(hear_by(decoder(deflates), bytes.chunks(1)), whole, "{file}, byte by byte");
            for at in 0..=bytes.len() {
                let (one, two) = bytes.split_at(at);
                assert_eq!(hear_by(decoder(deflates), [one, two]), whole, "{file}, cut at {at}");
            }
        }
    }
}

/// What is damaged.
static COMPRESSED: LazyLock<Vec<(String, Vec<u8>, String)>> = LazyLock::new(|| corpus("deflate"));

proptest! {
    #![proptest_config(remembering(1000))]

    #[test]
    fn a_damaged_stream_is_heard_the_same_however_it_is_cut(
        file in any::<Index>(),
        damage in prop::collection::vec((any::<Index>(), any::<u8>()), 1..4),
        at in cuts(),
    ) {
        let mut bytes = file.get(&COMPRESSED).1.clone();
        for (place, byte) in damage {
            // Mostly of what is compressed, seldom of its frame.
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        let whole = hear_by(decoder(true), [&*bytes]);
        prop_assert_eq!(&hear_by(decoder(true), cut(&bytes, &at)), &whole);
        for heard in whole {
            let length = match heard {
                Heard::Text(text) => text.len(),
                Heard::Binary(bytes) => bytes.len(),
                _ => 0,
            };
            prop_assert!(length <= LIMITS.max_message as usize);
        }
    }
}

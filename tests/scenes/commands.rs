//! The program's sub-commands, run as an operator runs them.

use std::process::{Command, Output};

use serde_json::Value;

use crate::scene::{Folder, Scene};

/// Runs the program to its end.
fn charsu(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_charsu"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("CHARSU_")) {
        command.env_remove(name);
    }
    command.args(arguments).output().expect("the program runs")
}

fn words(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("UTF-8")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_is_exported_in_three_forms_while_the_server_runs() {
    let scene = Scene::on_disk(|_| ());
    let mut ali = scene.person_in("general", "Ali").await;
    let mut sara = scene.person_in("general", "سارا").await;
    ali.says("general", "Hello <b>there</b>").await;
    let line = ali.says("general", "a slip").await;
    ali.asks(serde_json::json!({ "type": "delete", "room": "general", "seq": line })).await;
    ali.says("general", "/msg سارا between us").await;
    sara.says("general", "سلام علی").await;
    let store = format!("sqlite:{}", scene.database().display());
    let export = |form| {
        let output = charsu(&["export", "general", "--store", &store, "--format", form]);
        assert!(output.status.success(), "{form}: {}", words(&output.stderr));
        words(&output.stdout).to_owned()
    };
    let (text, json, html) = (export("text"), export("json"), export("html"));
    assert!(text.contains("Hello <b>there</b>") && text.contains("سلام علی"), "{text}");
    assert!(html.contains("Hello &lt;b&gt;there&lt;/b&gt;") && !html.contains("<b>there"), "{html}");
    let value: Value = serde_json::from_str(&json).expect("JSON");
    assert!(value.is_object() || value.is_array());
    for form in [&text, &json, &html] {
        assert!(!form.contains("a slip") && !form.contains("between us"), "{form}");
    }
    let folder = Folder::new();
    let file = folder.join("room.html");
    let output = charsu(&[
        "export",
        "general",
        "--store",
        &store,
        "--format",
        "html",
        "--output",
        file.to_str().expect("UTF-8"),
    ]);
    assert!(output.status.success(), "{}", words(&output.stderr));
    assert_eq!(std::fs::read_to_string(file).expect("it was written"), html);
    let unknown = charsu(&["export", "nowhere", "--store", &store]);
    assert_eq!((unknown.status.code(), words(&unknown.stderr)), (Some(1), "charsu: the file has no room nowhere\n"));
    let nowhere = charsu(&["export", "general"]);
    assert!(words(&nowhere.stderr).contains("--store sqlite:"), "{}", words(&nowhere.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_is_wiped_only_while_no_server_runs_and_leaves_no_word_in_the_file() {
    let scene = Scene::on_disk(|_| ());
    let mut ali = scene.person_in("general", "Ali").await;
    ali.says("general", "a word that nobody is to find again").await;
    scene.person_in("other", "Ali").await.says("other", "a word that stays").await;
    let store = format!("sqlite:{}", scene.database().display());
    let refused = charsu(&["wipe", "general", "--store", &store]);
    assert_eq!(refused.status.code(), Some(1), "{}", words(&refused.stdout));
    let (folder, database) = scene.stops_and_leaves_its_files().await;
    let wiped = charsu(&["wipe", "general", "--store", &store]);
    assert!(wiped.status.success(), "{}", words(&wiped.stderr));
    let mut bytes = Vec::new();
    for entry in std::fs::read_dir(folder.path()).expect("the folder") {
        bytes.extend(std::fs::read(entry.expect("an entry").path()).expect("a file"));
    }
    let has = |word: &[u8]| bytes.windows(word.len()).any(|window| window == word);
    assert!(!has(b"nobody is to find") && has(b"a word that stays"));
    let export = charsu(&["export", "other", "--store", &format!("sqlite:{}", database.display())]);
    assert!(words(&export.stdout).contains("a word that stays"));
    assert_eq!(charsu(&["wipe", "general", "--store", &store]).status.code(), Some(1), "there is none any more");
}

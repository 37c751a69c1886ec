//! What docs/terminal.md shows is what happens.

use std::process::Stdio;

use tokio::process::Command;

use crate::scene::{Scene, ms, tireless, within};

/// Commands with what is printed below them, in the order of the document.
fn examples() -> Vec<(String, Vec<String>)> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/terminal.md");
    let text = std::fs::read_to_string(path).expect("the document is there");
    let mut examples: Vec<(String, Vec<String>)> = Vec::new();
    for block in text.split("```console\n").skip(1).filter_map(|rest| rest.split("\n```").next()) {
        for line in block.lines() {
            match (line.strip_prefix("$ "), examples.last_mut()) {
                (Some(command), _) => examples.push((command.to_owned(), Vec::new())),
                (None, Some((_, printed))) => printed.push(line.to_owned()),
                (None, None) => panic!("a block begins with {line}"),
            }
        }
    }
    examples
}

#[tokio::test(flavor = "multi_thread")]
async fn every_script_of_the_document_prints_what_stands_below_it() {
    let examples = examples();
    assert!(examples.len() >= 7, "only {} examples", examples.len());
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_charsu"));
    let folder = program.parent().expect("a folder").display();
    for (command, wanted) in examples {
        let scene = Scene::in_memory(tireless);
        let mut sara = scene.person_in("general", "Sara").await;
        let server = format!("charsu join --server http://{}", scene.address);
        let script = format!("PATH='{folder}':$PATH; exec 2>&1; {}", command.replace("charsu join", &server));
        let shell = Command::new("sh").args(["-c", &script]).stdin(Stdio::null()).stdout(Stdio::piped()).output();
        // She says the same again until it has been heard enough of, where it is.
        let is_heard = command.contains("--stay");
        let talks = async {
            loop {
                if is_heard {
                    sara.says("general", "The kettle is on.").await;
                }
                tokio::time::sleep(ms(20)).await;
            }
        };
        let output = tokio::select! {
            output = within(&command, shell) => output.expect("a shell"),
            () = talks => unreachable!("she goes on"),
        };
        let printed = String::from_utf8(output.stdout).expect("text");
        assert_eq!(printed.lines().collect::<Vec<_>>(), wanted, "{command}");
    }
}

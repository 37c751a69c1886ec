//! Every example of docs/auth.md, from top to bottom, as somebody would type it: what it prints is what stands below it, where
//! `…` stands for anything.

use std::path::Path;
use std::process::Command;

use crate::scene::{Folder, Program};

/// Where the document's server listens.
const WRITTEN: &str = "127.0.0.1:8000";

#[tokio::test]
async fn the_examples_of_the_document_do_what_it_says() {
    let document =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/auth.md")).expect("a document");
    let folder = Folder::new();
    let charsu = Path::new(env!("CARGO_BIN_EXE_charsu")).parent().expect("a folder");
    let path = format!("{}:{}", charsu.display(), std::env::var("PATH").unwrap_or_default());
    // Variables that were set, and the server that was started.
    let (mut set, mut server) = (String::new(), None::<Program>);
    let mut seen = 0;
    for block in document.split("```console\n").skip(1).filter_map(|rest| rest.split("\n```").next()) {
        for example in block.split("$ ").filter(|example| !example.is_empty()) {
            let (command, printed) = example.split_once('\n').unwrap_or((example, ""));
            seen += 1;
            if let Some(flags) = command.strip_prefix("charsu --") {
                let place = |name: &str| format!(" {}", folder.join(name).display());
                let flags = format!("--{flags}").replace(" secret.txt", &place("secret.txt"));
                let flags = flags.replace(" public.pem", &place("public.pem"));
                server = Some(Program::start(&flags));
                continue;
            }
            let address = server.as_ref().map_or(WRITTEN.to_owned(), |server| server.address.to_string());
            let typed = command.replace(WRITTEN, &address);
            if typed.split_once('=').is_some_and(|(name, _)| name.bytes().all(|byte| byte.is_ascii_uppercase())) {
                set.push_str(&typed);
                set.push('\n');
                continue;
            }
            let output = Command::new("sh")
                .args(["-c", &format!("{set}{typed}")])
                .current_dir(folder.path())
                .env("PATH", &path)
                .output()
                .expect("a shell");
            let said = String::from_utf8(output.stdout).expect("text");
            assert!(is_like(said.trim_end(), printed.trim_end()), "{command}\nprints\n{said}\nand not\n{printed}");
        }
    }
    assert!(seen >= 8, "only {seen} examples were found: are they still written like this?");
}

/// Whether a text is what is written, where `…` stands for anything.
fn is_like(said: &str, written: &str) -> bool {
    let mut rest = said;
    let mut parts = written.split('…');
    let first = parts.next().unwrap_or_default();
    let Some(after) = rest.strip_prefix(first) else { return false };
    rest = after;
    let mut last = first;
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
        last = part;
    }
    rest.is_empty() || (last.is_empty() && written.ends_with('…'))
}

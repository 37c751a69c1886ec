//! A document's examples, typed from top to bottom as somebody would: what each prints is what stands below it, where `…` stands
//! for anything.

use std::path::Path;
use std::process::{Command, Stdio};

use super::{Folder, Program};

/// Where a document's server listens.
const WRITTEN: [&str; 2] = ["127.0.0.1:8000", "localhost:8000"];

/// Types the blocks of `console` of a document, in a folder that is empty at first. Gives how many examples there were.
pub(crate) fn types(document: &str) -> usize {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(document);
    let document = std::fs::read_to_string(path).expect("a document");
    let folder = Folder::new();
    let charsu = Path::new(env!("CARGO_BIN_EXE_charsu")).parent().expect("a folder");
    let path = format!("{}:{}", charsu.display(), std::env::var("PATH").unwrap_or_default());
    // Variables that were set, and the server that was started.
    let (mut set, mut server) = (String::new(), None::<Program>);
    let mut seen = 0;
    for block in document.split("```console\n").skip(1).filter_map(|rest| rest.split("\n```").next()) {
        for example in block.split("$ ").filter(|example| !example.is_empty()) {
            let example = example.replace("\\\n", "");
            let (command, printed) = example.split_once('\n').unwrap_or((&example, ""));
            seen += 1;
            if command.starts_with("charsu --") {
                let is_file = |word: &str| Path::new(word).extension().is_some_and(|end| end == "pem" || end == "txt");
                let place = |word: &str| {
                    if is_file(word) { folder.join(word).display().to_string() } else { word.to_owned() }
                };
                let flags: Vec<String> = command.split_whitespace().skip(1).map(place).collect();
                server = Some(Program::start(&flags.join(" ")));
                continue;
            }
            let mut typed = command.to_owned();
            if let Some(server) = &server {
                for written in WRITTEN {
                    let (host, _) = written.split_once(':').expect("a port");
                    typed = typed.replace(written, &format!("{host}:{}", server.address.port()));
                }
            }
            if typed.split_once('=').is_some_and(|(name, _)| name.bytes().all(|byte| byte.is_ascii_uppercase())) {
                set.push_str(&typed);
                set.push('\n');
                continue;
            }
            let output = Command::new("sh")
                .args(["-c", &format!("exec 2>&1\n{set}{typed}")])
                .current_dir(folder.path())
                .env("PATH", &path)
                .stdin(Stdio::null())
                .output()
                .expect("a shell");
            assert!(printed.trim_end() != "…" || output.status.success(), "{command} fails");
            let mut said = String::from_utf8(output.stdout).expect("text");
            if let Some(server) = &server {
                for written in WRITTEN {
                    let (host, _) = written.split_once(':').expect("a port");
                    said = said.replace(&format!("{host}:{}", server.address.port()), written);
                }
            }
            assert!(is_like(said.trim_end(), printed.trim_end()), "{command}\nprints\n{said}\nand not\n{printed}");
        }
    }
    seen
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

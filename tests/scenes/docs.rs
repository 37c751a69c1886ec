//! The documents say what is so: tables come from the code, files and flags that are named exist, and what is shown on a
//! wire is played against the server.
//!
//! `CHARSU_WRITE_DOCS=1 cargo test --test scenes docs::` writes the tables anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use charsu::auth::Denied;
use charsu::cli;
use charsu::protocol::{Close, Code};

use crate::scene::{Events, Frame, Scene, Socket};

/// Set it to write the generated parts instead of comparing them.
const WRITE: &str = "CHARSU_WRITE_DOCS";

/// Flags of other programs that the documents name.
const OTHERS_FLAGS: [&str; 16] = [
    "--test-threads",
    "--nocapture",
    "--bench",
    "--all-targets",
    "--check",
    "--features",
    "--lib",
    "--locked",
    "--no-default-features",
    "--release",
    "--test",
    "--version",
    "--help",
    "--project",
    "--quick",
    "--cacert",
];

fn in_project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn read(path: &str) -> String {
    fs::read_to_string(in_project(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every document, by its path from the project's root.
fn documents() -> BTreeMap<String, String> {
    let mut paths: Vec<String> = ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"]
        .map(str::to_owned)
        .into_iter()
        .collect();
    for entry in fs::read_dir(in_project("docs")).expect("the folder is there") {
        let name = entry.expect("it can be read").file_name().into_string().expect("plain names");
        if Path::new(&name).extension().is_some_and(|extension| extension == "md") {
            paths.push(format!("docs/{name}"));
        }
    }
    paths.into_iter().map(|path| (path.clone(), read(&path))).collect()
}

/// Holds what stands between `<!-- NAME: begin … -->` and `<!-- NAME: end -->` against what the code says.
fn generated(path: &str, name: &str, wanted: &str) {
    let text = read(path);
    let (begin, end) = (format!("<!-- {name}: begin"), format!("<!-- {name}: end -->"));
    let from = text.find(&begin).unwrap_or_else(|| panic!("{path} has no {begin}"));
    let from = from + text[from..].find("-->\n").expect("the marker ends with its line") + "-->\n".len();
    let to = from + text[from..].find(&end).unwrap_or_else(|| panic!("{path} has no {end}"));
    if std::env::var_os(WRITE).is_some() {
        let written = format!("{}{wanted}{}", &text[..from], &text[to..]);
        fs::write(in_project(path), written).expect("the document can be written");
    } else {
        assert_eq!(&text[from..to], wanted, "{path} is stale: {WRITE}=1 cargo test --test scenes docs:: writes it");
    }
}

#[test]
fn the_table_of_errors_is_that_of_the_code() {
    let mut table = "| code | words | may the same be sent again later | HTTP |\n|---|---|---|---|\n".to_owned();
    for code in Code::ALL {
        let retry = if code.may_retry() { "yes" } else { "no" };
        let _ = writeln!(table, "| `{}` | {} | {retry} | {} |", code.as_str(), code.words(), code.http_status());
    }
    generated("docs/protocol.md", "errors", &table);
}

#[cfg(feature = "terminal")]
#[test]
fn the_table_of_keys_is_that_of_the_program() {
    let mut table = "| | |\n|---|---|\n".to_owned();
    for (keys, what) in charsu::terminal::view::HELP {
        let _ = writeln!(table, "| `{}` | {what} |", keys.replace(", ", "`, `"));
    }
    generated("docs/terminal.md", "keys", &table);
}

#[test]
fn the_table_of_close_codes_is_that_of_the_code() {
    let mut table = "| code | words | may the client return by itself |\n|---|---|---|\n".to_owned();
    for close in Close::ALL {
        let returns = if close.may_return() { "yes" } else { "no" };
        let words = if close.reason().is_empty() { "(none: the work is done)" } else { close.reason() };
        let _ = writeln!(table, "| {} | {words} | {returns} |", close.code());
    }
    generated("docs/protocol.md", "closes", &table);
}

#[test]
fn the_table_of_what_is_wrong_with_a_token_is_that_of_the_code() {
    let mut table = "| reason | code | words |\n|---|---|---|\n".to_owned();
    for denied in Denied::ALL {
        let _ = writeln!(table, "| `{}` | `{}` | {} |", denied.reason(), denied.code().as_str(), denied.words());
    }
    generated("docs/auth.md", "reasons", &table);
}

#[test]
fn both_languages_of_the_page_have_words_for_every_refusal() {
    let worded = ["en", "fa"].map(|language| {
        let dictionary = read(&format!("web/app/src/i18n/{language}.ts"));
        let keys = dictionary.split("'error.").skip(1).filter_map(|rest| rest.split_once("': '"));
        keys.filter(|(_, words)| !words.starts_with('\'')).map(|(key, _)| key.to_owned()).collect::<BTreeSet<_>>()
    });
    for code in Code::ALL {
        assert!(worded.iter().all(|codes| codes.contains(code.as_str())), "{} has no words", code.as_str());
    }
    assert_eq!(worded[0], worded[1], "the page's own refusals, too, are worded in both languages");
}

#[test]
fn every_link_leads_to_a_file() {
    let mut seen = 0;
    for (document, text) in documents() {
        let folder = in_project(&document).parent().expect("a folder").to_owned();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let path = link.split('#').next().unwrap_or_default();
            if path.is_empty() || link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            assert!(folder.join(path).exists(), "{document} links to {link}, which is not there");
            seen += 1;
        }
    }
    assert!(seen >= 20, "only {seen} links were found: are they still written like this?");
}

/// What stands between backticks, and in blocks between fences.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

#[test]
fn every_path_of_the_project_that_is_named_exists() {
    let mut seen = 0;
    for (document, text) in documents() {
        let words = code(&text).flat_map(str::split_whitespace);
        for word in words.map(|word| word.trim_end_matches(['.', ',', ':', ';'])) {
            let is_here = ["src/", "tests/", "web/", "docs/", "bin/", "examples/", ".ci/", "fuzz/"]
                .iter()
                .any(|folder| word.starts_with(folder));
            if is_here && !word.contains(['{', '*', '<']) {
                assert!(in_project(word).exists(), "{document} names {word}, which is not there");
                seen += 1;
            }
        }
    }
    assert!(seen >= 30, "only {seen} paths were found: are they still written like this?");
}

#[test]
fn every_flag_that_is_named_is_one() {
    let help = cli::help() + &cli::load_help() + &cli::join_help() + &cli::token_help();
    let is_flag = |flag: &str| help.split([' ', '\n', ',', '[', ']']).any(|word| word == flag);
    for (document, text) in documents() {
        for word in code(&text).flat_map(|code| code.split([' ', '\n', '[', ']', '(', ')', '=', '"'])) {
            let word = word.trim_end_matches(['.', ',', ';', ':']);
            let is_long = word.starts_with("--") && word.len() > 2 && !word.starts_with("---");
            assert!(!is_long || is_flag(word) || OTHERS_FLAGS.contains(&word), "{document} names {word}");
        }
    }
}

#[test]
fn every_npm_script_that_is_named_is_one() {
    let package: serde_json::Value = serde_json::from_str(&read("web/package.json")).expect("JSON");
    for (document, text) in documents() {
        for named in text.split("npm run ").skip(1).filter_map(|rest| rest.split(['`', ' ', '\n', ',']).next()) {
            assert!(package["scripts"][named].is_string(), "{document} names npm run {named}");
        }
    }
}

/// The lines of the fenced blocks of one kind, block by block.
fn blocks<'t>(text: &'t str, kind: &str) -> Vec<Vec<&'t str>> {
    let fence = format!("```{kind}\n");
    let bodies = text.split(fence.as_str()).skip(1).filter_map(|rest| rest.split("\n```").next());
    bodies.map(|body| body.lines().collect()).collect()
}

/// Every `curl` of the README with the answer that stands below it.
#[tokio::test]
async fn the_readme_shows_what_curl_is_answered() {
    /// The code that the README has.
    const WRITTEN: &str = "408213";
    let readme = read("README.md");
    let scene = Scene::start();
    let mut given = WRITTEN.to_owned();
    let mut seen = 0;
    for block in blocks(&readme, "console") {
        for pair in block.windows(2) {
            let Some(command) = pair[0].strip_prefix("$ curl ") else { continue };
            let (_, path) = command.split_once("http://127.0.0.1:8000").expect("it asks this server");
            let path = path.trim_end_matches(['\'', '"']).replace(WRITTEN, &given);
            let mut raw = scene.connect().await;
            let is_post = command.starts_with("-X POST ");
            let reply = if is_post { raw.post(&path, "", "").await } else { raw.get(&path, "").await };
            assert!(reply.status < 300, "{command}: {}", reply.text());
            let answer: serde_json::Value = serde_json::from_str(reply.text()).expect("JSON");
            if let Some(code) = answer["code"].as_str() {
                code.clone_into(&mut given);
            }
            assert_eq!(reply.text().replace(&given, WRITTEN), pair[1], "{command}");
            seen += 1;
        }
    }
    assert!(seen >= 2, "only {seen} lines of curl were found: are they still written like this?");
}

/// Every `curl` of docs/http.md with what stands below it, as far as that does not differ from time to time. A block without
/// a command is what the stream shows then.
#[tokio::test]
async fn plain_http_is_as_it_is_written_down() {
    let document = read("docs/http.md");
    let scene = Scene::start();
    let mut stream: Option<Events> = None;
    let (mut written, mut asked, mut expected) = (String::new(), 0, 0);
    for block in blocks(&document, "console") {
        let mut lines = block.into_iter().peekable();
        while let Some(line) = lines.next() {
            let Some(command) = line.strip_prefix("$ curl ") else {
                // What the stream shows, in this order, whatever else it shows in between.
                let events = stream.as_mut().expect("a stream was opened");
                expected += 1;
                while !is_in_order(&mut written, &same(&events.seen), line) {
                    events.next().await.unwrap_or_else(|| panic!("{line}"));
                }
                continue;
            };
            asked += 1;
            let (path, headers, body) = curl(command);
            let headers = match &stream {
                Some(events) => headers.replace(&secret_in(&headers), events.id.split('.').next().expect("a secret")),
                None => headers,
            };
            let Some(body) = body else {
                stream = Some(Events::open(scene.connect().await, &path, &headers).await.expect("a stream"));
                continue;
            };
            let reply = scene.connect().await.post(&path, &headers, &body).await;
            let answer = lines.next().expect("an answer");
            let given = if command.starts_with("-i ") {
                format!("HTTP/1.1 {} Accepted", reply.status)
            } else {
                reply.text().to_owned()
            };
            assert_eq!(same(&given), same(answer), "{command}");
        }
    }
    assert!(asked >= 4 && expected >= 18, "only {asked} commands and {expected} lines were found");
}

/// Whether a line of the document stands in what was seen after all lines before it; `written` is all up to there.
fn is_in_order(written: &mut String, seen: &str, line: &str) -> bool {
    let line = same(line) + "\n";
    let rest = seen.strip_prefix(written.as_str()).expect("it only grows");
    let Some(at) = rest.find(&line) else { return false };
    written.push_str(&rest[..at + line.len()]);
    true
}

/// A command's path, its header lines and its body.
fn curl(command: &str) -> (String, String, Option<String>) {
    let mut words = Vec::new();
    for (index, part) in command.split('\'').enumerate() {
        if index % 2 == 1 {
            words.push(part);
        } else {
            words.extend(part.split_whitespace());
        }
    }
    let (mut path, mut headers, mut body) = (String::new(), String::new(), None);
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        match word {
            "-N" | "-i" => {}
            "-H" => headers.extend([words.next().expect("a header"), "\r\n"]),
            "-d" => {
                headers += "Content-Type: application/x-www-form-urlencoded\r\n";
                body = words.next().map(str::to_owned);
            }
            url => {
                let below = url.strip_prefix("http://127.0.0.1:8000").unwrap_or_else(|| panic!("{url}"));
                below.clone_into(&mut path);
            }
        }
    }
    (path, headers, body)
}

/// The secret that stands in header lines, or words that do not.
fn secret_in(headers: &str) -> String {
    let secret = headers.split("Bearer ").nth(1).and_then(|rest| rest.split("\r\n").next());
    secret.unwrap_or("nothing to replace").to_owned()
}

/// A text without what differs from time to time: secrets, epochs, moments, and the server's port.
fn same(text: &str) -> String {
    let mut out = String::new();
    let mut word = String::new();
    let finish = |word: &mut String, out: &mut String| {
        if word.len() == 22 {
            "SECRET".clone_into(word);
        }
        let parts = word.split('-').map(|part| match part.len() {
            16 if part.bytes().all(|byte| byte.is_ascii_hexdigit()) => "EPOCH",
            13 if part.bytes().all(|byte| byte.is_ascii_digit()) => "MOMENT",
            _ => part,
        });
        out.push_str(&parts.collect::<Vec<_>>().join("-"));
        word.clear();
    };
    for c in text.chars() {
        if c.is_ascii_alphanumeric() || c == '-' || c == '_' {
            word.push(c);
        } else {
            finish(&mut word, &mut out);
            out.push(c);
        }
    }
    finish(&mut word, &mut out);
    let ports = out.split("127.0.0.1:").enumerate().map(|(index, part)| match index {
        0 => part,
        _ => part.trim_start_matches(|c: char| c.is_ascii_digit()),
    });
    ports.collect::<Vec<_>>().join("127.0.0.1:")
}

/// Every `text` block of docs/dialects.md, line by line, each on a server of its own.
#[tokio::test]
async fn the_dialects_are_as_they_are_written_down() {
    let document = read("docs/dialects.md");
    let blocks = blocks(&document, "text");
    assert!(blocks.len() >= 5, "only {} conversations were found", blocks.len());
    for block in blocks {
        let scene = Scene::start();
        let mut clients = BTreeMap::new();
        for line in &block {
            play(line, &scene, &mut clients).await;
        }
        for (name, mut client) in clients {
            client.send(9, b"").await;
            assert_eq!(client.next().await, Frame::Pong(Vec::new()), "{name} got more than is written in {block:#?}");
        }
    }
}

/// Every `text` block of docs/socketio.md, likewise. What an ellipsis stands for changes; what a name in angle brackets stands
/// for is the same throughout a block. A block may begin with the setting that it is about.
#[cfg(not(feature = "conformance"))]
#[tokio::test(flavor = "multi_thread")]
async fn socketio_is_as_it_is_written_down() {
    let document = read("docs/socketio.md");
    let blocks = blocks(&document, "text");
    assert!(blocks.len() >= 4, "only {} conversations were found", blocks.len());
    for block in blocks {
        let recovers = block[0].strip_prefix("charsu --socketio-recovery ").map(str::to_owned);
        let lines = &block[usize::from(recovers.is_some())..];
        let scene = Scene::with(|settings| settings.socketio_recovery = recovers);
        let (mut pages, mut named) = (BTreeMap::new(), BTreeMap::new());
        for line in lines {
            let (who, what) = line.split_once(' ').unwrap_or_else(|| panic!("{line}"));
            let what = what.trim_start();
            if what == "connects" {
                pages.insert(who, scene.socketio_page().await);
                continue;
            }
            if what == "breaks off" {
                pages.remove(who).unwrap_or_else(|| panic!("{who} is not connected: {line}")).vanishes().await;
                continue;
            }
            let page = pages.get_mut(who).unwrap_or_else(|| panic!("{who} is not connected: {line}"));
            match what.split_once(' ') {
                Some((">", packet)) => {
                    let known = named.iter().fold(packet.to_owned(), |packet, (name, is): (&String, &String)| {
                        packet.replace(&format!("<{name}>"), is)
                    });
                    assert!(!known.contains('<'), "something in it was never heard: {line}");
                    page.sends(&known);
                }
                Some(("<", wanted)) => {
                    let packet = page.gets().await;
                    assert!(is_as_written(&packet, wanted, &mut named), "{line}: {packet} with {named:?}");
                }
                _ => panic!("neither > nor < nor a word that is known: {line}"),
            }
        }
    }
}

/// Whether a packet is what the document has. What has a name there is remembered under it, and differs from what has another.
#[cfg(not(feature = "conformance"))]
fn is_as_written(packet: &str, wanted: &str, named: &mut BTreeMap<String, String>) -> bool {
    let Some(at) = wanted.find(['…', '<']) else { return packet == wanted };
    let Some(rest) = packet.strip_prefix(&wanted[..at]) else { return false };
    let (name, after) = match wanted[at..].strip_prefix('<') {
        Some(rest) => rest.split_once('>').expect("a name ends"),
        None => ("", &wanted[at + '…'.len_utf8()..]),
    };
    let length = after.chars().next().map_or(Some(rest.len()), |next| rest.find(next));
    let Some((is, rest)) = length.map(|length| rest.split_at(length)) else { return false };
    if !name.is_empty() {
        let is_new = named.values().all(|known| known != is);
        let known = named.entry(name.to_owned()).or_insert_with(|| if is_new { is.to_owned() } else { String::new() });
        if known != is {
            return false;
        }
    }
    !is.is_empty() && is_as_written(rest, after, named)
}

async fn play<'t>(line: &'t str, scene: &Scene, clients: &mut BTreeMap<&'t str, Socket>) {
    let (who, what) = line.split_once(' ').unwrap_or_else(|| panic!("{line}"));
    let what = what.trim_start();
    if let Some(path) = what.strip_prefix("connects to ") {
        let (path, charsu) = path.strip_suffix(" with charsu.v1").map_or((path, false), |path| (path, true));
        clients.insert(who, scene.socket(path, charsu).await);
        return;
    }
    let mut client = clients.remove(who).unwrap_or_else(|| panic!("{who} is not connected: {line}"));
    if what == "closes" {
        client.close().await;
        return;
    }
    if let Some(close) = what.strip_prefix("is closed with ") {
        let (code, reason) = close.split_once(' ').unwrap_or((close, ""));
        assert_eq!(client.next().await, Frame::Close(code.parse().expect("a code"), reason.to_owned()), "{line}");
        return;
    }
    match what.split_once(' ') {
        Some((">", text)) => client.say(text).await,
        Some(("<", text)) => assert_eq!(timeless(&client.text().await), timeless(text), "{line}"),
        _ => panic!("neither > nor < nor a word that is known: {line}"),
    }
    clients.insert(who, client);
}

/// A frame with its time left out: that one changes.
fn timeless(frame: &str) -> String {
    let Some((before, after)) = frame.split_once("\"timestamp\":") else { return frame.to_owned() };
    format!("{before}\"timestamp\":{}", after.trim_start_matches(|c: char| c.is_ascii_digit()))
}

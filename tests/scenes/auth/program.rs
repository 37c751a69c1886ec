//! `charsu token`, and what the program says of keys that cannot be used.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use super::*;
use crate::scene::Folder;

fn charsu(arguments: &[&str], input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_charsu"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("CHARSU_")) {
        command.env_remove(name);
    }
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program runs");
    // It may end without reading.
    let _ = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
    child.wait_with_output().expect("it ends")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("text")
}

#[test]
fn a_minted_token_is_what_was_asked_for_and_is_shown_with_what_the_server_would_say() {
    for (algorithm, private, public) in PAIRS {
        let (private, public) = (key(private), key(public));
        let [private, public] = [&private, &public].map(|path| path.to_str().expect("a plain path"));
        let [sign, check] =
            if algorithm == "HS256" { ["--auth-secret-file"; 2] } else { ["--signing-key", "--auth-key"] };
        let minted = charsu(
            &[
                "token",
                "mint",
                "--name",
                "Ali",
                "--room",
                "408213",
                "--expires",
                "90s",
                "--issuer",
                "me",
                sign,
                private,
            ],
            "",
        );
        assert!(minted.status.success(), "{}", text(&minted.stderr));
        let token = text(&minted.stdout);
        assert_eq!(token.lines().count(), 1);
        let shown = charsu(&["token", "inspect", check, public, "--auth-issuer", "me"], token);
        assert!(shown.status.success(), "{}", text(&shown.stderr));
        let said = text(&shown.stdout);
        assert!(said.starts_with(algorithm), "{said}");
        for part in ["\"name\": \"Ali\"", "\"rooms\"", "\"iss\": \"me\"", "Let in as Ali to 408213 for "] {
            assert!(said.contains(part), "{part} is not in {said}");
        }
        let other = charsu(&["token", "inspect", token.trim(), check, public, "--auth-issuer", "you"], "");
        assert_eq!(other.status.code(), Some(1));
        assert!(text(&other.stderr).contains("(issuer)"), "{}", text(&other.stderr));
    }
}

#[test]
fn what_cannot_be_done_is_said_in_one_line() {
    let folder = Folder::new();
    std::fs::write(folder.join("short"), "short").expect("a file");
    let short = folder.join("short");
    let short = short.to_str().expect("a plain path");
    let public = key("rsa.pub.pem");
    let public = public.to_str().expect("a plain path");
    for (arguments, words) in [
        (&["--check", "--auth-secret-file", short][..], "at least 32 bytes"),
        (&["--check", "--auth-secret-file", public], "--auth-key"),
        (&["--check", "--auth-key", short], "BEGIN PUBLIC KEY"),
        (&["--check", "--auth-key", public, "--auth-secret-file", short], "auth_key does not go with auth_secret_file"),
        (&["--check", "--auth-key", public, "--auth-algorithm", "HS256"], "auth_algorithm is HS256"),
        (&["--check", "--auth-key", public, "--auth-algorithm", "none"], "auto or HS256"),
        (&["--check", "--auth-in-query"], "is of no use without a key"),
        (&["--check", "--auth-audience", "charsu"], "is of no use without a key"),
        (&["token", "mint", "--name", "Ali"], "--auth-secret-file or --signing-key"),
        (&["token", "mint", "--name", "Ali", "--signing-key", public], "BEGIN PRIVATE KEY"),
        (&["token", "inspect", "x"], "no token"),
    ] {
        let output = charsu(arguments, "");
        let said = text(&output.stderr);
        assert!(!output.status.success() && said.contains(words), "{arguments:?}: {said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}

#[test]
fn no_key_is_printed_with_the_settings() {
    let secret = key("secret.txt");
    let output = charsu(&["--print-config", "--auth-secret-file", secret.to_str().expect("a plain path")], "");
    let said = text(&output.stdout);
    assert!(said.contains("secret.txt") && !said.contains("the secret of tests"), "{said}");
}

//! The whole screen, in a terminal.

use std::process::Command;

use super::pty::Terminal;
use crate::scene::{Folder, Over, Program, Scene, by_token, token};

fn join(scene: &Scene, columns: u16, rows: u16, more: &[&str]) -> Terminal {
    let server = format!("http://{}", scene.address);
    Terminal::of(columns, rows, &[&["general", "--server", &server], more].concat())
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_chats_in_two_scripts_in_a_terminal_that_changes_its_size() {
    let scene = Scene::start();
    let mut ali = join(&scene, 80, 24, &["--name", "Ali"]);
    ali.shows("only you").await;
    let mut sara = scene.person_in("general", "سارا").await;
    sara.says("general", "سلام علی، بله. دقیقاً همین است (HTTP) که گفتی").await;
    sara.says("general", "And in English, with a \u{1b}[31mcolour\u{7} that stays out.").await;
    ali.shows("سلام علی، بله. دقیقا").await;
    ali.shows("(HTTP)").await;
    ali.shows("with a [31mcolour that").await;
    ali.shows("2 people").await;
    sara.sends(&serde_json::json!({ "type": "typing", "room": "general", "on": true }));
    ali.shows("types").await;
    ali.types("خوبم\r");
    let line = sara.hears_line("خوبم").await;
    assert_eq!(line["name"], "Ali");
    ali.shows("خوبم").await;
    ali.types("two words\r");
    sara.hears_line("two words").await;
    for (columns, rows) in [(40, 15), (100, 30), (24, 8), (80, 24)] {
        ali.resizes(columns, rows);
        ali.shows(&"─".repeat(columns.into())).await;
        ali.shows("two words").await;
        ali.shows("خوبم").await;
    }
    ali.shows("سلام علی، بله. دقیقا").await;
    println!("{}", ali.rows().join("\n"));
    ali.types("\u{3}");
    assert_eq!(ali.ends().await.code(), Some(0));
    sara.hears("leave").await;
    ali.is_given_back().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_gives_no_name_is_asked_for_one_and_for_another_if_it_is_taken() {
    let scene = Scene::start();
    let mut sara = scene.person_in("general", "Sara").await;
    let mut other = join(&scene, 60, 20, &[]);
    other.shows("Who are you?").await;
    other.types("Sara\r");
    other.shows("Somebody in this room has that name.").await;
    other.shows("Sara 2").await;
    other.types("\r");
    other.shows("2 people").await;
    assert_eq!(sara.hears("join").await["member"]["name"], "Sara 2");
    other.types("\u{4}");
    assert_eq!(other.ends().await.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_pasted_waits_for_enter_and_goes_out_as_one_line() {
    let scene = Scene::start();
    let mut sara = scene.person_in("general", "Sara").await;
    let mut ali = join(&scene, 60, 20, &["--name", "Ali"]);
    ali.shows("2 people").await;
    ali.types("\u{1b}[200~first\rsecond\nthird\u{1b}[201~");
    ali.shows("third").await;
    ali.types("!\r");
    let heard = sara.hears("message").await;
    assert_eq!(heard["text"], "first\nsecond\nthird!");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_goes_and_comes_back_is_waited_for() {
    let folder = Folder::new();
    let mut program = Program::start_to_be_restarted(&format!("--store sqlite:{}", folder.join("charsu.db").display()));
    let server = program.address.to_string();
    let mut ali = Terminal::of(80, 24, &["general", "--name", "Ali", "--server", &server]);
    ali.shows("only you").await;
    ali.types("before\r");
    ali.shows("Ali").await;
    program.is_killed();
    ali.shows("Ctrl-R: now").await;
    ali.types("meanwhile\r");
    ali.shows("1 line waits").await;
    program.starts_again();
    ali.types("\u{12}");
    ali.shows("only you").await;
    ali.shows_no_more("waits").await;
    assert!(ali.has("before") && ali.has("meanwhile"), "{:#?}", ali.rows());
}

#[cfg(feature = "tls")]
#[tokio::test(flavor = "multi_thread")]
async fn over_tls_a_token_that_runs_out_is_told_and_the_next_one_goes_on() {
    let (scene, folder) = (Scene::over(Over::Tls, by_token), Folder::new());
    let authority = scene.authority.as_ref().expect("it speaks TLS");
    let file = folder.join("token");
    std::fs::write(&file, token("Ali", 3)).expect("a file can be written");
    let (root, server) = (authority.root().display().to_string(), format!("https://{}", scene.address));
    let shown = file.display().to_string();
    // The token has the name.
    let flags = ["general", "--server", &server, "--tls-root", &root, "--token-file", &shown];
    let mut ali = Terminal::of(100, 24, &flags);
    ali.shows("only you").await;
    ali.types("before\r");
    ali.shows("Ali").await;
    ali.shows("Waiting for another token").await;
    ali.types("meanwhile\r");
    ali.shows("1 line waits").await;
    std::fs::write(&file, token("Ali", 600)).expect("a file can be written");
    ali.shows("only you").await;
    ali.shows_no_more("waits").await;
    assert!(ali.has("before") && ali.has("meanwhile"), "{:#?}", ali.rows());
    ali.types("\u{3}");
    assert_eq!(ali.ends().await.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_no_token_is_told_what_to_do() {
    let scene = Scene::in_memory(by_token);
    let mut ali = join(&scene, 100, 20, &["--name", "Ali"]);
    ali.shows("Not let in · You need an invitation to enter here. Name the file of your token").await;
    ali.types("\u{3}");
    ali.is_given_back().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_ends_it_the_terminal_is_as_it_was() {
    let scene = Scene::start();
    for signal in ["TERM", "HUP", "INT"] {
        let mut ali = join(&scene, 60, 20, &["--name", "Ali"]);
        ali.shows("only you").await;
        assert!(!ali.is_as_it_was());
        let killed = Command::new("kill").args([&format!("-{signal}"), &ali.id().to_string()]).status();
        assert!(killed.expect("kill runs").success());
        assert_eq!(ali.ends().await.code(), Some(0), "{signal}");
        ali.is_given_back().await;
    }
    let server = format!("http://{}/r/999999", scene.address);
    let mut lost = Terminal::of(60, 20, &[&server, "--name", "Ali"]);
    assert_eq!(lost.ends().await.code(), Some(4));
    lost.is_given_back().await;
    lost.shows("charsu: No room has this code.").await;
}

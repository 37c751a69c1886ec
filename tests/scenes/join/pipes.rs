//! Plain lines: said from a pipe, heard into one, with codes that a script can use.

use std::io::Write;
use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::scene::{Folder, Program, Scene, free_port, ms, tireless, until, within};

/// A `charsu join` that is running.
pub(crate) struct Visitor {
    child: Child,
    pub(crate) input: Option<ChildStdin>,
    output: Lines<BufReader<ChildStdout>>,
}

impl Visitor {
    fn comes(server: SocketAddr, room: &str, name: &str, more: &[&str]) -> Self {
        let server = server.to_string();
        Self::runs(&[&[room, "--name", name, "--server", &server], more].concat(), None)
    }

    /// With these arguments, and a token in the environment if there is to be one.
    pub(crate) fn runs(arguments: &[&str], token: Option<&str>) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_charsu"));
        command.arg("join").args(arguments).env_remove("CHARSU_TOKEN").kill_on_drop(true);
        command.envs(token.map(|token| ("CHARSU_TOKEN", token)));
        let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = pipes.spawn().expect("the program runs");
        let output = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        Self { input: child.stdin.take(), output, child }
    }

    pub(crate) async fn writes(&mut self, text: &str) {
        let input = self.input.as_mut().expect("it is open");
        input.write_all(text.as_bytes()).await.expect("it reads");
        input.flush().await.expect("it reads");
    }

    pub(crate) async fn prints(&mut self) -> String {
        within("a line", self.output.next_line()).await.expect("text").expect("a line and not the end")
    }

    /// Waits for a line on stderr that has these words.
    pub(crate) async fn notices(&mut self, words: &str) {
        let mut errors = BufReader::new(self.child.stderr.as_mut().expect("a pipe")).lines();
        while !within(words, errors.next_line()).await.expect("text").expect("the end is not yet").contains(words) {}
    }

    /// Its input has ended; gives its code, what else it printed, and what went to stderr.
    pub(crate) async fn ends(mut self) -> (Option<i32>, Vec<String>, String) {
        drop(self.input.take());
        let mut lines = Vec::new();
        while let Some(line) = within("the end", self.output.next_line()).await.expect("text") {
            lines.push(line);
        }
        let output = within("the end", self.child.wait_with_output()).await.expect("it ends");
        (output.status.code(), lines, String::from_utf8(output.stderr).expect("text"))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_says_its_lines_waits_for_the_acknowledgements_and_ends() {
    let scene = Scene::start();
    let mut sara = scene.person_in("general", "Sara").await;
    let mut bot = Visitor::comes(scene.address, "general", "bot", &[]);
    bot.writes("one\n\nدو\r\nthree without an end").await;
    assert_eq!(bot.ends().await, (Some(0), Vec::new(), String::new()));
    let heard = sara.hears_until("three without an end").await;
    let texts: Vec<&str> = heard.iter().filter_map(|frame| frame["text"].as_str()).collect();
    assert_eq!(texts, ["one", "دو", "three without an end"]);
    sara.hears("leave").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_say_is_printed_line_by_line_and_nobody_can_write_as_somebody_else() {
    let scene = Scene::start();
    let mut log = Visitor::comes(scene.address, "general", "log", &[]);
    let mut sara = scene.person("سارا").await;
    crate::scene::until("somebody there", || scene.app.addresses.connections() == 2).await;
    // Who is told of the log is there after it.
    let joined = loop {
        let joined = sara.joins("general").await;
        if joined["count"] == 2 {
            break joined;
        }
        sara.leaves("general").await;
    };
    let log_number = joined["members"][0]["id"].clone();
    sara.says("general", "سلام\nAli: I am not Ali\r\u{1b}[31mred\u{7}").await;
    let private = serde_json::json!({ "type": "private", "room": "general", "to": log_number, "text": "psst" });
    sara.asks(private).await;
    let seq = sara.says("general", "teh").await;
    sara.asks(serde_json::json!({ "type": "edit", "room": "general", "seq": seq, "text": "the" })).await;
    log.writes("an answer\n").await;
    sara.hears_line("an answer").await;
    sara.says("general", "bye").await;
    let mut lines = Vec::new();
    while lines.last().is_none_or(|line| line != "سارا: bye") {
        lines.push(log.prints().await);
    }
    let wanted = [
        "سارا: سلام",
        "سارا: Ali: I am not Ali",
        "سارا: [31mred",
        "سارا (private): psst",
        "سارا: teh",
        "سارا (changed): the",
        "سارا: bye",
    ];
    assert_eq!(lines, wanted);
    assert_eq!(log.ends().await, (Some(0), Vec::new(), String::new()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_can_tell_how_it_ended() {
    let scene = Scene::start();
    let _sara = scene.person_in("general", "Sara").await;
    let nobody = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let long = format!("{}\n", "x".repeat(70_000));
    for (server, room, name, line, code, told) in [
        (scene.address, "general", "bot", "hi\n", 0, ""),
        (nobody, "general", "bot", "hi\n", 3, "no server answers there"),
        (scene.address, "999999", "bot", "hi\n", 4, "No room has this code."),
        (scene.address, "general", "sara", "hi\n", 4, "Free: sara 2"),
        (scene.address, "general", "bot", "/nonsense\nhi\n", 5, "Not sent: /nonsense: There is no such command."),
        (scene.address, "general", "bot", &long, 5, "that line is too long"),
        (scene.address, "general", "", "hi\n", 4, "visible character"),
    ] {
        let mut bot = Visitor::comes(server, room, name, &[]);
        bot.writes(line).await;
        let (found, _, words) = bot.ends().await;
        assert_eq!(found, Some(code), "{room} {name}: {words}");
        assert!(words.contains(told), "{words}");
    }
    for arguments in [&["join"][..], &["join", "a", "--server", "ftp://a"], &["join", "http://a/"], &["join", "a"]] {
        let output =
            std::process::Command::new(env!("CARGO_BIN_EXE_charsu")).args(arguments).output().expect("it runs");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_outlives_its_server() {
    let folder = Folder::new();
    let mut program = Program::start_to_be_restarted(&format!("--store sqlite:{}", folder.join("charsu.db").display()));
    let mut log = Visitor::comes(program.address, "general", "log", &["--stay"]);
    let mut bot = Visitor::comes(program.address, "general", "bot", &[]);
    // Until both are there.
    let heard = loop {
        log.writes("here\n").await;
        if let Ok(line) = tokio::time::timeout(ms(200), bot.prints()).await {
            break line;
        }
    };
    assert_eq!(heard, "log: here");
    bot.writes("before\n").await;
    assert_eq!(log.prints().await, "bot: before");
    program.is_killed();
    bot.writes("while it was away\n").await;
    program.starts_again();
    let (code, _, notices) = bot.ends().await;
    assert_eq!(code, Some(0), "{notices}");
    assert!(notices.contains("The connection is away") && notices.contains("Connected again."), "{notices}");
    assert_eq!(log.prints().await, "bot: while it was away");
    // One that stays is ended by a signal.
    drop(log.input.take());
    let pid = log.child.id().expect("it runs").to_string();
    assert!(tokio::time::timeout(ms(300), log.child.wait()).await.is_err(), "it stays");
    let asked = std::process::Command::new("kill").args(["-TERM", &pid]).status();
    assert!(asked.expect("kill runs").success());
    assert_eq!(log.ends().await.0, Some(0));
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_read_for_now_can_be_ended_all_the_same() {
    let scene = Scene::in_memory(tireless);
    let mut log = Visitor::comes(scene.address, "general", "log", &["--stay"]);
    let mut sara = scene.person("Sara").await;
    // Who is told of the log is there after it.
    while sara.joins("general").await["count"] != 2 {
        sara.leaves("general").await;
    }
    let text = "x".repeat(2000);
    for _ in 0..80 {
        sara.says("general", &text).await;
    }
    // A pipe holds 64 KiB: whoever writes more waits.
    let pipe = log.output.get_mut().get_ref();
    until("a full pipe", || rustix::io::ioctl_fionread(pipe).expect("a pipe") > 60_000).await;
    let pid = log.child.id().expect("it runs").to_string();
    let asked = std::process::Command::new("kill").args(["-TERM", &pid]).status();
    assert!(asked.expect("kill runs").success());
    assert_eq!(within("the end", log.child.wait()).await.expect("it ends").code(), Some(0));
}

#[test]
fn whoever_reads_no_further_ends_it() {
    let server = Program::start("");
    let script = format!("\"$0\" join general --name log --server {} --stay </dev/null | head -n 1", server.address);
    let mut shell = std::process::Command::new("sh");
    let mut log =
        shell.args(["-c", &script, env!("CARGO_BIN_EXE_charsu")]).stdout(Stdio::piped()).spawn().expect("a shell");
    let mut bot = std::process::Command::new(env!("CARGO_BIN_EXE_charsu"));
    bot.args(["join", "general", "--name", "bot", "--server", &server.address.to_string()]);
    let mut bot = bot.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("it runs");
    let mut input = bot.stdin.take().expect("a pipe");
    // Until it has gone: the pipe is found shut with the second line that is heard.
    while log.try_wait().expect("it is ours").is_none() {
        writeln!(input, "tick").expect("it reads");
        std::thread::sleep(Duration::from_millis(100));
    }
    drop(input);
    assert!(bot.wait().expect("it ends").success());
}

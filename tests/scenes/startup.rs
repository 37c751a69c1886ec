//! The real program: what it prints, how it starts, reloads and stops, and where its settings come from.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use crate::scene::{Raw, Socket, WITHIN, until};

/// The program, without settings from whoever runs the tests.
fn charsu(arguments: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_charsu"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("CHARSU_")) {
        command.env_remove(name);
    }
    command.args(arguments.split_whitespace());
    command
}

fn run(command: &mut Command) -> Output {
    command.output().expect("the program runs")
}

fn said(output: &[u8]) -> String {
    String::from_utf8(output.to_vec()).expect("text")
}

/// A server in a process of its own, killed if the test forgets it.
struct Running {
    child: Child,
    ready: String,
    address: SocketAddr,
}

impl Running {
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program runs");
        let mut ready = String::new();
        let stdout = child.stdout.as_mut().expect("a pipe");
        BufReader::new(stdout).read_line(&mut ready).expect("a line");
        let address = ready.trim_end().rsplit_once("http://").and_then(|(_, address)| address.parse().ok());
        let address = address.unwrap_or_else(|| panic!("no address in {ready:?}"));
        Self { child, ready, address }
    }

    async fn get(&self, path: &str, headers: &str) -> u16 {
        Raw::connect(self.address).await.get(path, headers).await.status
    }

    fn signal(&self, name: &str) {
        let status = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status();
        assert!(status.expect("kill runs").success());
    }

    /// Waits for the end and gives what was logged.
    async fn ended(&mut self) -> (ExitStatus, String) {
        let began = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("a child") {
                break status;
            }
            assert!(began.elapsed() < WITHIN, "it does not end");
            tokio::time::sleep(Duration::from_millis(5)).await;
        };
        let mut log = String::new();
        self.child.stderr.take().expect("a pipe").read_to_string(&mut log).expect("text");
        (status, log)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A file of its own for one test, gone with it.
struct TempFile(PathBuf);

impl TempFile {
    fn with(name: &str, text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("charsu-{name}-{}.toml", std::process::id()));
        std::fs::write(&path, text).expect("written");
        Self(path)
    }

    fn flag(&self) -> String {
        format!("--config {}", self.0.display())
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[tokio::test]
async fn it_says_where_it_is_ready_and_is_ready_there() {
    let running = Running::start(&mut charsu("--listen 127.0.0.1:0"));
    assert_eq!(running.ready, format!("Charsu is ready: http://{}\n", running.address));
    assert_ne!(running.address.port(), 0);
    assert_eq!(running.get("/healthz", "").await, 200);
    assert_eq!(running.get("/readyz", "").await, 200);
}

#[tokio::test]
async fn a_place_that_is_taken_is_named_in_one_line() {
    let running = Running::start(&mut charsu("--listen 127.0.0.1:0"));
    let second = run(&mut charsu(&format!("--listen {}", running.address)));
    assert_eq!(second.status.code(), Some(1));
    assert_eq!(said(&second.stdout), "");
    let words = said(&second.stderr);
    assert!(words.starts_with(&format!("charsu: {} is in use: ", running.address)), "{words}");
    assert_eq!(words.lines().count(), 1, "{words}");
}

#[tokio::test]
async fn a_place_that_is_not_here_is_named_in_one_line() {
    let output = run(&mut charsu("--listen 192.0.2.1:8000"));
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output.stderr).starts_with("charsu: 192.0.2.1:8000 is no address of this machine"));
}

#[cfg(unix)]
#[tokio::test]
async fn asked_to_stop_it_tells_everybody_and_ends_well() {
    for signal in ["TERM", "INT"] {
        let mut running = Running::start(&mut charsu("--listen 127.0.0.1:0"));
        let mut socket =
            Socket::open(Raw::connect(running.address).await, "/ws", "Sec-WebSocket-Protocol: charsu.v1\r\n").await;
        running.signal(signal);
        let code = socket.closed().await;
        assert!(code == 1001 || code == 1012, "{code}");
        drop(socket);
        let (status, log) = running.ended().await;
        assert_eq!(status.code(), Some(0), "{log}");
        assert!(log.contains("stopping") && !log.contains("panicked"), "{log}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_peer_that_does_not_let_go_delays_the_end_no_longer_than_is_allowed() {
    let mut running = Running::start(&mut charsu("--listen 127.0.0.1:0 --shutdown-timeout 300ms"));
    let mut stuck = Raw::connect(running.address).await;
    stuck.send("POST /api/rooms HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf").await;
    assert_eq!(running.get("/healthz", "").await, 200);
    running.signal("TERM");
    let (status, log) = running.ended().await;
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(log.contains("not every connection ended in time"), "{log}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_reload_takes_the_list_of_origins_and_keeps_the_old_one_if_it_cannot() {
    let file = TempFile::with("reload", "allow_origin = [\"https://old.test\"]");
    let mut running = Running::start(&mut charsu(&format!("--listen 127.0.0.1:0 {}", file.flag())));
    let mut log = BufReader::new(running.child.stderr.take().expect("a pipe")).lines();
    let mut logged = |what: &str| assert!(log.any(|line| line.expect("text").contains(what)), "{what} was not logged");
    let old = "Origin: https://old.test\r\n";
    let new = "Origin: https://new.test\r\n";
    assert_eq!((running.get("/api/about", old).await, running.get("/api/about", new).await), (200, 403));
    std::fs::write(&file.0, "allow_origin = [\"https://new.test\"]").expect("written");
    running.signal("HUP");
    logged("were read anew");
    assert_eq!((running.get("/api/about", old).await, running.get("/api/about", new).await), (403, 200));
    std::fs::write(&file.0, "allow_origin = 5 5").expect("written");
    running.signal("HUP");
    logged("nothing was read anew");
    assert_eq!((running.get("/api/about", old).await, running.get("/api/about", new).await), (403, 200));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn without_file_descriptors_it_waits_says_so_and_goes_on() {
    let mut shell = Command::new("sh");
    let program = env!("CARGO_BIN_EXE_charsu");
    shell.args(["-c", &format!("ulimit -n 40 && exec '{program}' --listen 127.0.0.1:0")]);
    let running = Running::start(&mut shell);
    let mut inside = Raw::connect(running.address).await;
    assert_eq!(inside.get("/healthz", "").await.status, 200);
    let mut crowd = Vec::new();
    let began = Instant::now();
    while inside.get("/healthz", "").await.status == 200 {
        crowd.push(Raw::connect(running.address).await);
        assert!(began.elapsed() < WITHIN, "{} connections and still well", crowd.len());
    }
    let before = cpu_time(running.child.id());
    let pause = Instant::now();
    until("half a second", || pause.elapsed() >= Duration::from_millis(500)).await;
    let spent = cpu_time(running.child.id()) - before;
    assert!(spent < 10, "it spins: {spent} hundredths of a second in half a second");
    drop(crowd);
    let began = Instant::now();
    while inside.get("/healthz", "").await.status != 200 {
        // Only a connection that is accepted shows that connections are accepted.
        let _ = tokio::net::TcpStream::connect(running.address).await;
        assert!(began.elapsed() < WITHIN, "it does not get well");
    }
}

/// User and system time of a process so far, in hundredths of a second.
#[cfg(target_os = "linux")]
fn cpu_time(process: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).expect("a process");
    let fields: Vec<&str> = stat.rsplit_once(") ").expect("a name").1.split(' ').collect();
    [11, 12].into_iter().map(|field| fields[field].parse::<u64>().expect("a number")).sum()
}

#[test]
fn check_says_whether_settings_can_be_used() {
    let good = run(&mut charsu("--check --text-chars 500"));
    assert_eq!((good.status.code(), said(&good.stderr).as_str()), (Some(0), ""));
    for (arguments, words) in [
        ("--text-chars many", "charsu: --text-chars: \"many\" is no such number"),
        ("--listen 0.0.0.0:0 --no-limits", "charsu: the setting no_limits is for load tests on this machine"),
        ("--pages /no/such/folder", "charsu: the setting pages names no folder"),
        ("--config /no/such/file.toml", "charsu: /no/such/file.toml: No such file"),
        ("--allow-origin example.com", "charsu: --allow-origin: \"example.com\" is no origin"),
    ] {
        let bad = run(&mut charsu(&format!("--check {arguments}")));
        assert_eq!(bad.status.code(), Some(1), "{arguments}");
        assert!(said(&bad.stderr).starts_with(words), "{}", said(&bad.stderr));
    }
}

#[test]
fn what_print_config_prints_is_a_file_that_says_the_same() {
    let arguments = "--print-config --listen [::1]:0 --grace 250ms --allow-origin https://a.test --allow-origin null --newcomers recent";
    let values = |output: Output| {
        assert!(output.status.success(), "{}", said(&output.stderr));
        let text = said(&output.stdout);
        let value = |line: &str| line.split("  #").next().unwrap_or_default().to_owned();
        (text.lines().filter(|line| !line.starts_with('#')).map(value).collect::<Vec<_>>(), text)
    };
    let (first, text) = values(run(&mut charsu(arguments)));
    let file = TempFile::with("printed", &text);
    let (second, _) = values(run(&mut charsu(&format!("--print-config {}", file.flag()))));
    assert_eq!(first, second);
    assert!(first.contains(&"grace = \"250ms\"".to_owned()), "{text}");
}

#[test]
fn a_flag_goes_over_the_environment_over_the_file() {
    let file = TempFile::with("precedence", "rooms = 1\nname_chars = 10\nlarge_room = 10");
    let mut command = charsu(&format!("--print-config --rooms 3 {}", file.flag()));
    let text = said(&run(command.env("CHARSU_ROOMS", "2").env("CHARSU_NAME_CHARS", "20")).stdout);
    let from_file = format!("large_room = 10  # from {}", file.0.display());
    for line in [
        "rooms = 3  # from --rooms",
        "name_chars = 20  # from CHARSU_NAME_CHARS",
        &from_file,
        "grace = \"10s\"  # default",
    ] {
        assert!(text.lines().any(|known| known == line), "{line} is missing in\n{text}");
    }
}

#[test]
fn the_file_may_be_named_in_the_environment() {
    let file = TempFile::with("named", "rooms = 7");
    let text = said(&run(charsu("--print-config").env("CHARSU_CONFIG", &file.0)).stdout);
    assert!(text.contains("rooms = 7"), "{text}");
}

#[test]
fn help_and_version_are_no_errors_and_a_wrong_flag_is() {
    let help = run(&mut charsu("--help"));
    assert!(help.status.success() && said(&help.stdout).contains("--allow-origin"));
    assert!(said(&run(&mut charsu("--version")).stdout).starts_with("charsu 0."));
    let wrong = run(&mut charsu("--lisen 1"));
    assert_eq!(wrong.status.code(), Some(2));
    assert!(said(&wrong.stderr).contains("--listen"), "{}", said(&wrong.stderr));
}

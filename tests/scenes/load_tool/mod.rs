//! `charsu load`, run as somebody runs it: against the real server on both of its wires, and against a little server
//! that does one thing wrong.

mod faulty;

use std::process::{Command, Output};

use faulty::{Fault, Faulty};
use serde_json::Value;

use crate::scene::{self, Authority, Folder, Program};

const TUTORIAL: &str = "/ws/{room}?name={name}";

/// Runs it to its end.
fn load(arguments: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_charsu"));
    command.arg("load").args(arguments.split_whitespace()).output().expect("the program runs")
}

fn words(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("UTF-8")
}

/// What a load that finds no fault has found.
fn found(arguments: &str) -> Value {
    let output = load(&format!("{arguments} --json --warm-up 0"));
    assert!(output.status.success(), "{arguments}: {}{}", words(&output.stdout), words(&output.stderr));
    json(&output)
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", words(&output.stderr)))
}

fn number(of: &Value) -> f64 {
    of.as_f64().unwrap_or_else(|| panic!("no number: {of}"))
}

/// The URL and the flags of both wires.
fn wires(server: &Program) -> [String; 2] {
    let address = server.address;
    [format!("--url ws://{address}{TUTORIAL}"), format!("--url ws://{address}/ws --protocol charsu.v1")]
}

#[cfg(feature = "tls")]
#[test]
fn over_tls_it_is_the_same_on_both_wires() {
    let authority = Authority::new();
    let server = Program::start(&format!("--no-limits {}", authority.flags()));
    let root = format!("--tls-root {}", authority.root().display());
    for wire in wires(&server).map(|wire| wire.replace("ws://", "wss://")) {
        let found = found(&format!("{wire} {root} --rooms 2 --members 10 --rounds 20 --chars 3900"));
        assert_eq!(found["deliveries"], 2 * 10 * 10 * 20, "{found}");
    }
    let refused = |flags: &str| {
        let output = load(&format!("--url wss://{}/ws --protocol charsu.v1 --rounds 1 {flags}", server.address));
        assert_eq!(output.status.code(), Some(1), "{flags}");
        words(&output.stderr).to_owned()
    };
    let told = refused("");
    assert!(told.contains("--tls-root"), "{told}");
    assert!(refused(&format!("--tls-root {}", authority.key().display())).contains("no certificate in it"));
    let stranger = Authority::new();
    let told = refused(&format!("--tls-root {}", stranger.root().display()));
    assert!(told.contains("nobody who is trusted here vouches for its certificate"), "{told}");
}

#[test]
fn a_server_that_asks_for_tokens_is_loaded_with_one_for_each_member() {
    let secret = scene::secret().display().to_string();
    let server = Program::start(&format!("--no-limits --auth-secret-file {secret} --auth-audience charsu"));
    let shape = "--rooms 2 --members 10 --rounds 5";
    for wire in wires(&server) {
        let found = found(&format!("{wire} {shape} --auth-secret-file {secret} --audience charsu"));
        assert_eq!(found["deliveries"], 2 * 10 * 10 * 5, "{found}");
    }
    let [_, charsu] = wires(&server);
    let folder = Folder::new();
    let file = |name: &str, text: String| {
        std::fs::write(folder.join(name), text).expect("a file can be written");
        folder.join(name).display().to_string()
    };
    let minted = |name: &str| {
        let arguments = ["token", "mint", "--name", name, "--audience", "charsu", "--auth-secret-file", &secret];
        let output = Command::new(env!("CARGO_BIN_EXE_charsu")).args(arguments).output().expect("the program runs");
        words(&output.stdout).to_owned()
    };
    let three = file("three", ["Ali", "Sara", "Mina"].map(minted).join("\n"));
    let found = found(&format!("{charsu} --rooms 2 --members 3 --rounds 5 --token-file {three}"));
    assert_eq!(found["deliveries"], 2 * 3 * 3 * 5, "{found}");
    let one = file("one", minted("Ali"));
    let (empty, garbled) = (file("empty", "\n".to_owned()), file("garbled", "a.b.c\ntwo words\n".to_owned()));
    for (flags, told) in [
        (String::new(), "token_required"),
        (String::new(), "--auth-secret-file"),
        (format!("--auth-secret-file {secret}"), "(aud)"),
        (format!("--token-file {one}"), "A token is for one name"),
        (format!("--token-file {empty}"), "there is no token in it"),
        (format!("--token-file {garbled}"), "line 2: what is in it is no token"),
        (format!("--auth-secret-file {empty}"), "at least 32 bytes"),
        (format!("--token-file {one} --auth-secret-file {secret}"), "cannot be used with"),
    ] {
        let output = load(&format!("{charsu} --members 2 --rounds 1 {flags}"));
        assert!(!output.status.success(), "{flags}");
        assert!(words(&output.stderr).contains(told), "{flags}: {}", words(&output.stderr));
    }
    let elsewhere = load(&format!("--url ws://192.0.2.1/ws --anywhere --token-file {one}"));
    assert!(words(&elsewhere.stderr).contains("use wss://"), "{}", words(&elsewhere.stderr));
}

#[test]
fn every_line_of_every_round_reaches_everybody_on_both_wires() {
    let server = Program::start("--no-limits");
    for wire in wires(&server) {
        // Rooms, members, senders, depth, rounds.
        for [rooms, members, senders, depth, rounds] in [[1, 8, 8, 1, 5], [3, 4, 4, 16, 3], [1, 20, 1, 1, 25]] {
            let shape = format!("--rooms {rooms} --members {members} --senders {senders} --depth {depth}");
            let found = found(&format!("{wire} {shape} --rounds {rounds}"));
            let sent = rooms * senders * depth * rounds;
            assert_eq!(found["sent"], sent, "{found}");
            assert_eq!(found["deliveries"], sent * members, "{found}");
            let faults = found["faults"].as_object().expect("faults");
            assert!(faults.len() == 6 && faults.values().all(|count| count == 0), "{found}");
            assert!(found["latency_ms"].is_null() && found["cpu"].is_null() && found["broken"].is_null(), "{found}");
        }
    }
}

#[test]
fn an_open_loop_tells_how_long_lines_took_and_what_the_server_spent() {
    let server = Program::start("--no-limits");
    for wire in wires(&server) {
        let pid = server.id();
        let found = found(&format!("{wire} --rooms 4 --members 5 --rate 500 --seconds 1 --pid {pid}"));
        let sent = found["sent"].as_u64().expect("a count");
        assert!((350..650).contains(&sent), "{found}");
        assert_eq!(found["deliveries"], sent * 5, "{found}");
        let times = ["p50", "p90", "p99", "p999", "max"].map(|name| number(&found["latency_ms"][name]));
        assert!(times[0] > 0.0 && times.is_sorted(), "{found}");
        let [user, system, total] = ["user_us", "system_us", "total_us"].map(|name| number(&found["cpu"][name]));
        assert!(total > 0.0 && (user + system - total).abs() < 1e-6, "{found}");
    }
}

#[test]
fn the_memory_of_idle_connections_is_measured() {
    let server = Program::start("--no-limits");
    for wire in wires(&server) {
        let found = found(&format!("{wire} --rooms 10 --members 20 --idle 0.2 --pid {}", server.id()));
        assert!(number(&found["memory"]["full"]) > 1e6, "{found}");
        assert!(number(&found["memory"]["per_connection"]) < 100e3, "{found}");
        assert!(found["sent"] == 0 && found["deliveries"] == 0, "{found}");
    }
}

#[test]
fn people_read_a_table() {
    let server = Program::start("--no-limits");
    let [tutorial, _] = wires(&server);
    let output = load(&format!("{tutorial} --members 4 --rounds 10 --pid {}", server.id()));
    let table = words(&output.stdout);
    for row in [
        "1 x 4, all send",
        "deliveries                160\n",
        "server CPU a delivery",
        "faults                    none",
    ] {
        assert!(table.contains(row), "{row}: {table}");
    }
    assert!(words(&output.stderr).contains("warming up"), "{}", words(&output.stderr));
}

#[test]
fn a_delivery_that_is_dropped_doubled_swapped_or_misled_is_found() {
    for (fault, name) in [
        (Fault::None, ""),
        (Fault::Drop, "lost"),
        (Fault::Double, "doubled"),
        (Fault::Swap, "reordered"),
        (Fault::Invent, "misrouted"),
    ] {
        let server = Faulty::start(fault);
        let shape = "--members 4 --senders 1 --depth 8 --rounds 10 --warm-up 0 --patience 1 --json";
        let output = load(&format!("--url ws://{} {shape}", server.address));
        let found = json(&output);
        let faults = found["faults"].as_object().expect("faults");
        let wrong: Vec<&str> = faults.iter().filter(|(_, count)| **count != 0).map(|(name, _)| name.as_str()).collect();
        if name.is_empty() {
            assert!(output.status.success() && wrong.is_empty(), "{found}");
            continue;
        }
        assert_eq!((wrong, &faults[name]), (vec![name], &Value::from(1)), "{found}");
        assert_eq!(output.status.code(), Some(1), "{name}");
        assert!(words(&output.stderr).contains(&format!("1 {name}")), "{}", words(&output.stderr));
    }
}

#[test]
fn a_server_that_hangs_up_is_told_and_ends_the_load_at_once() {
    let server = Faulty::start(Fault::HangUp);
    let output =
        load(&format!("--url ws://{} --members 4 --senders 1 --warm-up 0 --patience 600 --json", server.address));
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(json(&output)["faults"]["closed"], 1, "{}", words(&output.stdout));
}

#[test]
fn a_load_that_cannot_be_says_what_to_do() {
    let server = Program::start("--messages-per-second 1 --messages-burst 1");
    let [_, charsu] = wires(&server);
    let nobody = scene::free_port();
    for (arguments, told) in [
        ("--url ws://192.0.2.1/ws".to_owned(), "--anywhere"),
        ("--url http://127.0.0.1/ws".to_owned(), "ws://127.0.0.1:8000"),
        (format!("--url ws://127.0.0.1:{nobody}/"), "Is the server running?"),
        (format!("--url ws://{}/nowhere", server.address), "404"),
        (format!("--url ws://{} --rooms 2", server.address), "{room}"),
        (format!("{charsu} --members 2 --depth 100"), "--no-limits"),
        (format!("{charsu} --members 2 --pid 4194305"), "process 4194305 cannot be watched"),
    ] {
        let output = load(&arguments);
        assert!(!output.status.success(), "{arguments}");
        assert!(words(&output.stderr).contains(told), "{arguments}: {}", words(&output.stderr));
    }
    let mut shell = Command::new("sh");
    shell.args(["-c", "ulimit -n 100; exec \"$0\" load --url ws://127.0.0.1:8000/ws --members 300"]);
    let output = shell.arg(env!("CARGO_BIN_EXE_charsu")).output().expect("a shell");
    assert!(words(&output.stderr).contains("`ulimit -n 364`"), "{}", words(&output.stderr));
}

//! The flags of `charsu load`, and the plan that they make.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use super::{Wish, entry};
use crate::load::{Pace, Passes, Plan, Refused, Signer, Target, Template, Wire};

pub(super) const LOAD: &str = "load";

/// What a tutorial's server understands.
const LINE: &str = r#"{"username":"{name}","text":"{text}"}"#;
const CHARSU: &str = "charsu.v1";

/// Rounds, if nothing says how long.
const ROUNDS: u64 = 100;
/// The longest that rounds go on, if nothing says so.
const LONG: Duration = Duration::from_hours(1);
/// How long an open loop is measured, if nothing says so.
const SPAN: Duration = Duration::from_secs(10);

/// Every flag that has a value, and what it is for.
const FLAGS: [(&str, &str, &str); 22] = [
    ("url", "URL", "The server: ws://127.0.0.1:8000/ws/{room}?name={name}. {n} is the connection's number"),
    (
        "tls-root",
        "FILE",
        "For wss://, trust whoever has their certificate in this PEM file, and nobody else [whom the system trusts]",
    ),
    (
        "auth-secret-file",
        "FILE",
        "For a server that asks for tokens: its secret, with which one is minted for each client under its name",
    ),
    ("signing-key", "FILE", "The same with a private key, in PEM form"),
    ("audience", "TEXT", "For whom those are (aud)"),
    ("issuer", "TEXT", "From whom (iss)"),
    ("token-file", "FILE", "Tokens that there are already, one on each line; the clients take them in turn"),
    (
        "protocol",
        "NAME",
        "The subprotocol to ask for. With charsu.v1 clients join and number their lines, and wait for acknowledgements",
    ),
    (
        "template",
        "TEXT",
        "A line, on any other wire. {room} and {n}, the line's number, may stand in it, too [{\"username\":\"{name}\",\"text\":\"{text}\"}]",
    ),
    ("first", "TEXT", "What each client says once it is connected; may be given several times"),
    ("rooms", "N", "Rooms [1]"),
    ("members", "N", "Members of each room [32]"),
    ("rounds", "N", "Closed loop: members send, and the next round begins when everybody has everything [100]"),
    ("senders", "N", "Members of a room that send in a round; they take turns [all]"),
    ("depth", "N", "Lines that each of them sends at once [1]"),
    ("rate", "N", "Open loop: so many lines a second in all, at random moments, and how long they take"),
    ("idle", "SECONDS", "Say nothing, and measure memory"),
    ("seconds", "SECONDS", "How long it is measured; in closed loop no round begins after that [10 with --rate]"),
    ("warm-up", "SECONDS", "How long they talk before that [0.5]"),
    ("patience", "SECONDS", "How long nothing may arrive before what is missing counts as lost [10]"),
    ("chars", "N", "Characters of a line, at least [60]"),
    ("pid", "PID", "The server's process: measure its processor time and memory"),
];

const SWITCHES: [(&str, &str); 3] = [
    ("anywhere", "Load a server on another machine. Do that to your own only"),
    ("no-echo", "A sender does not hear its own lines"),
    ("json", "Print JSON and not a table"),
];

pub(super) fn command() -> Command {
    let flags = FLAGS.map(|(name, value, _)| {
        let flag = Arg::new(name).long(name).value_name(value);
        match (name, value) {
            ("first", _) => flag.action(ArgAction::Append),
            ("url", _) => flag.required(true),
            (_, "N" | "PID") => flag.value_parser(value_parser!(u32)),
            (_, "SECONDS") => flag.value_parser(seconds),
            (_, "FILE") => flag.value_parser(value_parser!(PathBuf)),
            _ => flag,
        }
    });
    let switches = SWITCHES.map(|(name, _)| Arg::new(name).long(name).action(ArgAction::SetTrue));
    Command::new(LOAD)
        .about("Load a chat server, and check that nothing is lost, doubled or reordered")
        .override_help(help())
        .args(flags)
        .args(switches)
        .group(clap::ArgGroup::new("pace").args(["rounds", "rate", "idle"]))
        .group(clap::ArgGroup::new("tokens").args(["auth-secret-file", "signing-key", "token-file"]))
        .group(clap::ArgGroup::new("signer").args(["auth-secret-file", "signing-key"]))
        .mut_arg("audience", |arg| arg.requires("signer"))
        .mut_arg("issuer", |arg| arg.requires("signer"))
        .mut_arg("senders", |arg| arg.conflicts_with_all(["rate", "idle"]))
        .mut_arg("depth", |arg| arg.conflicts_with_all(["rate", "idle"]))
        .mut_arg("seconds", |arg| arg.conflicts_with("idle"))
}

fn seconds(written: &str) -> Result<Duration, String> {
    let seconds: f64 = written.parse().map_err(|_| "that is no number of seconds".to_owned())?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

/// The whole text of `charsu load --help`.
pub fn help() -> String {
    let mut text = "Load a chat server with many clients, and check that each line reaches everybody once and\n\
        in order.\n\n\
        Usage: charsu load --url URL [OPTIONS]\n\n\
        Ends with 1 if anything was lost, doubled or reordered. Only servers on this machine are\n\
        loaded, unless --anywhere is given. Progress goes to stderr, what was found to stdout.\n\n"
        .to_owned();
    for (name, value, what) in FLAGS {
        entry(&mut text, &format!("--{name} {value}"), what);
    }
    for (name, what) in SWITCHES {
        entry(&mut text, &format!("--{name}"), what);
    }
    text.push_str(
        "\nCharsu itself, for a load: charsu --no-limits\n\
         \x20 charsu load --url ws://127.0.0.1:8000/ws --protocol charsu.v1 --rooms 100 --members 10\n\
         \x20 charsu load --url 'ws://127.0.0.1:8000/ws/{room}?name={name}' --rate 1000 --seconds 10\n",
    );
    text
}

/// What was asked for.
pub(super) fn wish(matches: &ArgMatches) -> Result<Wish, Refused> {
    let text = |name| matches.get_one::<String>(name).map(String::as_str);
    let number = |name| matches.get_one::<u32>(name).copied();
    let count = |name, default: usize| number(name).map_or(default, |number| number as usize);
    let span = |name| matches.get_one::<Duration>(name).copied();
    let members = count("members", 32);
    let pace = match (number("rate"), span("idle")) {
        (Some(per_second), _) => Pace::Rate { per_second, span: span("seconds").unwrap_or(SPAN) },
        (None, Some(span)) => Pace::Idle { span },
        (None, None) => {
            let unsaid = if span("seconds").is_some() { u64::from(u32::MAX) } else { ROUNDS };
            let rounds = number("rounds").map_or(unsaid, u64::from);
            let (senders, depth) = (count("senders", members), count("depth", 1));
            Pace::Rounds { rounds, within: span("seconds").unwrap_or(LONG), senders, depth }
        }
    };
    let first: Vec<Template> =
        matches.get_many::<String>("first").into_iter().flatten().map(|text| Template::parse(text)).collect();
    let wire = match (text("protocol"), text("template")) {
        (Some(CHARSU), None) if first.is_empty() => Wire::Charsu,
        (protocol, line) => {
            Wire::Frames { protocol: protocol.map(str::to_owned), first, line: Template::parse(line.unwrap_or(LINE)) }
        }
    };
    let file = |name| matches.get_one::<PathBuf>(name).cloned();
    let signer = file("auth-secret-file").map(Signer::Secret).or_else(|| file("signing-key").map(Signer::Key));
    let passes = match (signer, file("token-file")) {
        (Some(by), _) => {
            let [audience, issuer] = ["audience", "issuer"].map(|name| text(name).map(str::to_owned));
            Passes::Minted { by, audience, issuer }
        }
        (None, Some(file)) => Passes::File(file),
        (None, None) => Passes::None,
    };
    let plan = Plan {
        target: Target::parse(text("url").unwrap_or_default())?,
        tls_root: file("tls-root"),
        passes,
        anywhere: matches.get_flag("anywhere"),
        wire,
        rooms: count("rooms", 1),
        members,
        pace,
        warm_up: span("warm-up").unwrap_or(Duration::from_millis(500)),
        patience: span("patience").unwrap_or(Duration::from_secs(10)),
        chars: count("chars", 60),
        echo: !matches.get_flag("no-echo"),
        pid: number("pid"),
    };
    Ok(Wish::Load { plan: Box::new(plan), json: matches.get_flag("json") })
}

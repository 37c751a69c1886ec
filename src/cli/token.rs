//! The flags of `charsu token`: a token that is to be minted, or one that is to be looked at.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use super::{Wish, entry};
use crate::auth::Wanted;
use crate::config::read_span;

pub(super) const TOKEN: &str = "token";
const MINT: &str = "mint";
const INSPECT: &str = "inspect";

/// How long a token is good for, if nobody says.
const EXPIRES: &str = "1h";

/// Every flag that has a value: where it belongs, its name, its value's and what it is for.
const FLAGS: [(&[&str], &str, &str, &str); 12] = [
    (&[MINT], "name", "NAME", "The name that its owner has in every room"),
    (&[MINT], "subject", "TEXT", "Who that is to you (sub) [the name]"),
    (&[MINT], "room", "ROOM", "A room that may be entered; may be given several times [all]"),
    (&[MINT], "expires", "TIME", "For how long it is good: 90s, 10m, 24h [1h]"),
    (&[MINT], "signing-key", "FILE", "The private key to sign with, in PEM form; without it the secret signs"),
    (&[MINT], "audience", "TEXT", "Who it is for (aud) [the server's auth_audience]"),
    (&[MINT], "issuer", "TEXT", "Who it is from (iss) [the server's auth_issuer]"),
    (&[MINT, INSPECT], "auth-secret-file", "FILE", "The secret, as the server has it"),
    (&[INSPECT], "auth-key", "FILE", "The public key, as the server has it"),
    (&[INSPECT], "auth-audience", "TEXT", "Who it is for (aud), as the server has it"),
    (&[INSPECT], "auth-issuer", "TEXT", "Who it is from (iss), as the server has it"),
    (&[MINT, INSPECT], "config", "FILE", "The server's file of settings, in place of its flags"),
];

pub(super) fn command() -> Command {
    let flags = |of: &'static str| {
        FLAGS.iter().filter(move |(commands, ..)| commands.contains(&of)).map(|(_, name, value, _)| {
            // A setting is found by its own name.
            let is_setting = name.starts_with("auth-");
            let id = if is_setting { name.replace('-', "_") } else { (*name).to_owned() };
            let flag = Arg::new(id).long(*name).value_name(*value);
            match (*name, *value) {
                ("name", _) => flag.required(true),
                ("room" | "auth-audience" | "auth-issuer", _) => flag.action(ArgAction::Append),
                ("expires", _) => flag.value_parser(read_span).default_value(EXPIRES),
                (_, "FILE") if !is_setting => flag.value_parser(value_parser!(PathBuf)),
                _ => flag,
            }
        })
    };
    Command::new(TOKEN)
        .about("Mint a token, or look at one")
        .override_help(help())
        .subcommand_required(true)
        .disable_help_subcommand(true)
        .subcommand(Command::new(MINT).override_help(help()).args(flags(MINT)))
        .subcommand(Command::new(INSPECT).override_help(help()).args(flags(INSPECT)).arg(Arg::new("token")))
}

/// The whole text of `charsu token --help`.
pub fn help() -> String {
    let mut text = "Mint a token for a server that asks for them, or look at one.\n\n\
        Usage: charsu token mint --name NAME [OPTIONS]\n\
        \x20      charsu token inspect [TOKEN] [OPTIONS]\n\n\
        `mint` prints a token. `inspect` shows what a token says, read from stdin if none is given,\n\
        and, with a key, whether its owner would be let in: it ends with 1 if not.\n"
        .to_owned();
    for (command, title) in [(MINT, "To mint"), (INSPECT, "To inspect")] {
        let _ = write!(text, "\n{title}:\n");
        for (_, name, value, what) in FLAGS.iter().filter(|(commands, ..)| commands.contains(&command)) {
            entry(&mut text, &format!("--{name} {value}"), what);
        }
    }
    text.push_str(
        "\nA secret: openssl rand -base64 48 > secret.txt\n\
         \x20 charsu --auth-secret-file secret.txt\n\
         \x20 charsu token mint --name Ali --room 408213 --auth-secret-file secret.txt\n",
    );
    text
}

/// What was asked for, and the flags of whom.
pub(super) fn wish(matches: &ArgMatches) -> (Wish, &ArgMatches) {
    let (command, of) = matches.subcommand().expect("clap asks for one");
    let text = |name: &str| of.get_one::<String>(name).cloned();
    if command == INSPECT {
        return (Wish::InspectToken { token: text("token") }, of);
    }
    let wanted = Wanted {
        name: text("name").unwrap_or_default(),
        subject: text("subject"),
        rooms: of.get_many("room").into_iter().flatten().cloned().collect(),
        audience: text("audience"),
        issuer: text("issuer"),
        seconds: of.get_one::<Duration>("expires").map_or(0, Duration::as_secs),
    };
    (Wish::MintToken { wanted, signing_key: of.get_one("signing-key").cloned() }, of)
}

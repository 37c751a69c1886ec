//! The command line: which flags there are, what `--help` says, and what was asked for. Flags come from the table of
//! settings. Reads and prints nothing.

mod join;
mod load;
mod token;

use std::ffi::OsString;
use std::fmt::Write;
use std::path::PathBuf;

use clap::builder::TypedValueParser;
use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::auth::Wanted;
use crate::config::load::Flags;
use crate::config::{SETTINGS, Setting, show};
use crate::load::Plan;
use crate::store::sqlite::Form;

pub use join::{Surroundings, Visit, help as join_help, visit};
pub use load::help as load_help;
pub use token::help as token_help;

const EXPORT: &str = "export";
const WIPE: &str = "wipe";

/// How a conversation can be written down.
const FORMS: [(&str, Form); 3] = [("text", Form::Text), ("json", Form::Json), ("html", Form::Html)];

/// What the operator wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// To serve.
    Serve,
    /// To see the settings in force.
    PrintConfig,
    /// To know whether the settings can be used.
    Check,
    /// To read what was said in a room.
    Export {
        /// Which, as it was written.
        room: String,
        /// In which form.
        form: Form,
        /// Into which file; to stdout without one.
        output: Option<PathBuf>,
    },
    /// To have nothing left of a room.
    Wipe {
        /// Which, as it was written.
        room: String,
    },
    /// To make a token.
    MintToken {
        /// For whom.
        wanted: Wanted,
        /// The file of the private key that signs it; without one the secret does.
        signing_key: Option<PathBuf>,
    },
    /// To look at a token.
    InspectToken {
        /// Which; from stdin without one.
        token: Option<String>,
    },
    /// To put load on a server.
    Load {
        /// How.
        plan: Box<Plan>,
        /// Whether what was found is wanted as JSON.
        json: bool,
    },
    /// To be in a room.
    Join(Visit),
}

/// A command line, as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandLine {
    /// What is wanted.
    pub wish: Wish,
    /// The file of settings, if one was named.
    pub config: Option<PathBuf>,
    /// The settings that were given as flags.
    pub flags: Flags,
}

/// Reads a command line, with the program's name in front.
///
/// # Errors
/// What clap says of it; that includes `--help` and `--version`.
pub fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<CommandLine, clap::Error> {
    let matches = command().try_get_matches_from(arguments)?;
    let (wish, of) = match matches.subcommand() {
        None => (Wish::of(&matches), &matches),
        Some((load::LOAD, of)) => {
            let refused = |refused| clap::Error::raw(clap::error::ErrorKind::ValueValidation, format!("{refused}\n"));
            return Ok(CommandLine { wish: load::wish(of).map_err(refused)?, config: None, flags: Vec::new() });
        }
        Some((join::JOIN, of)) => {
            let refused = |bad| clap::Error::raw(clap::error::ErrorKind::ValueValidation, format!("{bad}\n"));
            return Ok(CommandLine { wish: join::wish(of).map_err(refused)?, config: None, flags: Vec::new() });
        }
        Some((token::TOKEN, of)) => token::wish(of),
        Some((command, of)) => (Wish::of_command(command, of), of),
    };
    let is_known = |setting: &&Setting| of.try_contains_id(setting.name).is_ok();
    let flags =
        SETTINGS.iter().filter(is_known).filter_map(|setting| Some((setting.name, given(of, setting)?))).collect();
    Ok(CommandLine { wish, config: of.get_one("config").cloned(), flags })
}

impl Wish {
    fn of(matches: &ArgMatches) -> Self {
        match (matches.get_flag("check"), matches.get_flag("print-config")) {
            (true, _) => Self::Check,
            (false, true) => Self::PrintConfig,
            (false, false) => Self::Serve,
        }
    }

    fn of_command(command: &str, of: &ArgMatches) -> Self {
        let room = of.get_one::<String>("room").cloned().unwrap_or_default();
        if command == WIPE {
            return Self::Wipe { room };
        }
        let form = of.get_one("format").copied().unwrap_or(Form::Text);
        Self::Export { room, form, output: of.get_one("output").cloned() }
    }
}

fn given(matches: &ArgMatches, setting: &Setting) -> Option<Vec<String>> {
    let values = matches.get_many::<String>(setting.name)?;
    Some(values.cloned().collect())
}

fn command() -> Command {
    let settings = SETTINGS.iter().map(|setting| {
        let flag = Arg::new(setting.name).long(setting.flag());
        match (setting.is_list, setting.placeholder) {
            (true, _) => flag.action(ArgAction::Append),
            // `--named-rooms false`, and `--no-limits` alone.
            (false, "") => flag.num_args(0..=1).default_missing_value("true"),
            (false, _) => flag,
        }
    });
    let room = || Arg::new("room").value_name("ROOM").required(true).help("A code or a room's name");
    let of_store = || {
        [
            Arg::new("store").long("store").value_name("URL").help("Where rooms live: sqlite:charsu.db"),
            Arg::new("config")
                .long("config")
                .value_name("FILE")
                .value_parser(clap::value_parser!(PathBuf))
                .help("A TOML file of settings"),
        ]
    };
    let form = clap::builder::PossibleValuesParser::new(FORMS.map(|(word, _)| word))
        .map(|word| FORMS.iter().find(|(other, _)| *other == word).map_or(Form::Text, |(_, form)| *form));
    let export = Command::new(EXPORT)
        .about("Print what was said in a stored room, private lines left out; a server may be running")
        .arg(room())
        .arg(Arg::new("format").long("format").value_name("FORM").value_parser(form).default_value("text").help("How"))
        .arg(
            Arg::new("output")
                .long("output")
                .value_name("FILE")
                .value_parser(clap::value_parser!(PathBuf))
                .help("Where to; stdout without it"),
        )
        .args(of_store());
    let wipe = Command::new(WIPE)
        .about("Wipe a stored room, so that nothing of it is left in the file; no server may be running")
        .arg(room())
        .args(of_store());
    Command::new("charsu")
        .subcommands([join::command(), export, wipe, load::command(), token::command()])
        .args_conflicts_with_subcommands(true)
        .disable_help_subcommand(true)
        .version(env!("CARGO_PKG_VERSION"))
        .about(env!("CARGO_PKG_DESCRIPTION"))
        .override_help(help())
        .arg(Arg::new("config").long("config").value_parser(clap::value_parser!(PathBuf)))
        .arg(Arg::new("check").long("check").action(ArgAction::SetTrue))
        .arg(Arg::new("print-config").long("print-config").action(ArgAction::SetTrue).conflicts_with("check"))
        .args(settings)
}

/// Where the explanations begin, and where lines end.
const COLUMN: usize = 32;
const WIDTH: usize = 92;

/// The whole text of `--help`.
pub fn help() -> String {
    let mut text = format!(
        "{}\n\nUsage: charsu [OPTIONS]\n\
         \x20      charsu join ROOM [--name NAME] [--server URL]\n\
         \x20      charsu export ROOM --store URL [--format text|json|html] [--output FILE]\n\
         \x20      charsu wipe ROOM --store URL\n\
         \x20      charsu token mint --name NAME [--room ROOM] [--expires TIME] …\n\
         \x20      charsu token inspect [TOKEN] …\n\
         \x20      charsu load --url URL [--rooms N] [--members N] …\n\n\
         Without options it serves http://127.0.0.1:8000 and keeps nothing.\n\
         `join` chats from a terminal, or from a script: charsu join --help.\n\
         `export` prints what was said in a stored room, private lines left out.\n\
         `wipe` leaves nothing of a room in the file; no server may be running on it.\n\
         `token` makes and shows what a server asks for that lets not everybody in: charsu token --help.\n\
         `load` loads a chat server, this or another, and checks what comes back: charsu load --help.\n",
        env!("CARGO_PKG_DESCRIPTION")
    );
    let mut group = "";
    for setting in SETTINGS {
        if setting.group != group {
            group = setting.group;
            let _ = write!(text, "\n{group}:\n");
        }
        let default = show::default(setting.name);
        let default = if default.is_empty() || setting.placeholder.is_empty() && default == "false" {
            String::new()
        } else {
            format!(" [{default}]")
        };
        let switch = if setting.placeholder.is_empty() && !default.is_empty() { " true|false" } else { "" };
        let lifted = if setting.lifted { " *" } else { "" };
        let flag = format!("--{}{switch} {}", setting.flag(), setting.placeholder);
        entry(&mut text, flag.trim_end(), &format!("{}{default}{lifted}", setting.help));
    }
    text.push_str("\nSettings:\n");
    for (flag, what) in [
        ("--config FILE", "A TOML file of settings; also CHARSU_CONFIG"),
        ("--print-config", "Print the settings in force, and where each came from, as such a file"),
        ("--check", "Say whether the settings can be used, and end"),
        ("-h, --help", "Print this"),
        ("-V, --version", "Print the version"),
    ] {
        entry(&mut text, flag, what);
    }
    text.push_str(
        "\nEach setting may also be given in the environment (CHARSU_TEXT_CHARS=500) or in the file\n\
         (text_chars = 500). A flag goes over the environment, which goes over the file.\n\
         A time is 25s, 300ms, 10m, 24h or a number of seconds; a size is 65536, 64 KiB or 1 MiB.\n\
         * is lifted by --no-limits.\n\n\
         Signals: SIGTERM or Ctrl-C stops after telling everybody; SIGHUP reads the\n\
         certificate, the keys of tokens, allow_origin and log anew.\n",
    );
    text
}

/// One flag and its explanation, wrapped.
fn entry(text: &mut String, flag: &str, what: &str) {
    let mut line = format!("  {flag}");
    if line.len() + 2 > COLUMN {
        text.push_str(&line);
        text.push('\n');
        line.clear();
    }
    let mut width = COLUMN;
    let _ = write!(text, "{line:COLUMN$}");
    // A default is not torn apart: `[64 KiB]` is one word.
    let (what, default) = what.split_at(what.find(" [").unwrap_or(what.len()));
    let words = what.split(' ').chain(Some(default.trim_start()).filter(|default| !default.is_empty()));
    for (n, word) in words.enumerate() {
        let length = word.chars().count();
        if n > 0 && width + 1 + length > WIDTH {
            let _ = write!(text, "\n{:COLUMN$}", "");
            width = COLUMN;
        } else if n > 0 {
            text.push(' ');
            width += 1;
        }
        text.push_str(word);
        width += length;
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::load::{Pace, Wire};

    fn read_line(line: &str) -> Result<CommandLine, clap::Error> {
        read(std::iter::once("charsu").chain(line.split(' ').filter(|word| !word.is_empty())).map(OsString::from))
    }

    #[test]
    fn without_arguments_it_serves_with_the_defaults() {
        assert_eq!(read_line("").expect("fine"), CommandLine { wish: Wish::Serve, config: None, flags: Vec::new() });
    }

    #[test]
    fn every_setting_is_a_flag() {
        let flag = |name: &'static str, values: &[&str]| {
            (name, values.iter().map(|&value| value.to_owned()).collect::<Vec<_>>())
        };
        let line = read_line("--listen 0.0.0.0:80 --no-limits --named-rooms false --allow-origin http://a.test --allow-origin null --text-chars=500").expect("fine");
        let wanted = vec![
            flag("listen", &["0.0.0.0:80"]),
            flag("no_limits", &["true"]),
            flag("allow_origin", &["http://a.test", "null"]),
            flag("named_rooms", &["false"]),
            flag("text_chars", &["500"]),
        ];
        assert_eq!(line.flags, wanted);
    }

    #[test]
    fn a_wish_is_told_from_serving() {
        assert_eq!(read_line("--check --config a.toml").expect("fine").wish, Wish::Check);
        assert_eq!(read_line("--print-config").expect("fine").wish, Wish::PrintConfig);
        assert!(read_line("--check --print-config").is_err());
    }

    #[test]
    fn a_room_is_exported_or_wiped_by_a_command_of_its_own() {
        let line = read_line("export 408213 --store sqlite:a.db --format html --output a.html").expect("fine");
        let wanted = Wish::Export { room: "408213".to_owned(), form: Form::Html, output: Some("a.html".into()) };
        assert_eq!((line.wish, line.flags), (wanted, vec![("store", vec!["sqlite:a.db".to_owned()])]));
        let line = read_line("wipe general --config a.toml").expect("fine");
        assert_eq!(line.wish, Wish::Wipe { room: "general".to_owned() });
        for line in ["export", "wipe", "export a --format pdf", "wipe a --listen 0", "--check export a"] {
            assert!(read_line(line).is_err(), "{line}");
        }
    }

    #[test]
    fn a_token_is_minted_or_looked_at_by_a_command_of_its_own() {
        let line =
            read_line("token mint --name Ali --room 408213 --room general --expires 90s --auth-secret-file s.txt");
        let line = line.expect("fine");
        let rooms = vec!["408213".to_owned(), "general".to_owned()];
        let wanted = Wanted { name: "Ali".to_owned(), rooms, seconds: 90, ..Wanted::default() };
        assert_eq!(line.wish, Wish::MintToken { wanted, signing_key: None });
        assert_eq!(line.flags, vec![("auth_secret_file", vec!["s.txt".to_owned()])]);
        let line = read_line("token inspect a.b.c --auth-key k.pem --config a.toml").expect("fine");
        assert_eq!(line.wish, Wish::InspectToken { token: Some("a.b.c".to_owned()) });
        assert_eq!((line.config, line.flags.len()), (Some("a.toml".into()), 1));
        for line in ["token", "token mint", "token mint --name A --expires soon", "token mint --name A --listen 0"] {
            assert!(read_line(line).is_err(), "{line}");
        }
    }

    #[test]
    fn a_load_is_planned_by_flags_of_its_own() {
        let wish = |line| read_line(line).map(|line| line.wish);
        let wish = wish("load --url ws://127.0.0.1/ws --protocol charsu.v1 --rate 5 --json").expect("fine");
        let Wish::Load { plan, json } = wish else { panic!("{wish:?}") };
        assert_eq!((json, plan.rooms, plan.members, &plan.wire), (true, 1, 32, &Wire::Charsu));
        assert_eq!(plan.pace, Pace::Rate { per_second: 5, span: Duration::from_secs(10) });
        for line in [
            "",
            "--url http://a/",
            "--url ws://a/ --rate 1 --idle 1",
            "--url ws://a/ --seconds x",
            "--url ws://a/ --listen 0",
        ] {
            assert!(read_line(&format!("load {line}")).is_err(), "{line}");
        }
    }

    #[test]
    fn a_visit_names_its_room_and_its_server_in_many_ways() {
        let visit = |line: &str| match read_line(&format!("join {line}")).map(|line| line.wish) {
            Ok(Wish::Join(visit)) => visit,
            other => panic!("{line}: {other:?}"),
        };
        for (line, server, room) in [
            ("408213", "http://127.0.0.1:8000", "408213"),
            ("general --server chat.example", "http://chat.example:80", "general"),
            ("408213 --server wss://chat.example/ws", "https://chat.example:443", "408213"),
            ("http://192.168.1.20:8000/r/408213", "http://192.168.1.20:8000", "408213"),
            ("http://a/r/408213 --server http://b:1", "http://b:1", "408213"),
        ] {
            let visit = visit(line);
            assert_eq!((&*visit.server.to_string(), &*visit.room), (server, room), "{line}");
        }
        let given = visit("general --name Ali --plain --stay --bidi terminal");
        assert_eq!(
            (given.name.as_deref(), given.plain, given.stay, given.orders),
            (Some("Ali"), true, true, Some(false))
        );
        for line in ["", "a --server ftp://b", "http://a/", "a --bidi nobody", "a b", "a --listen 0"] {
            assert!(read_line(&format!("join {line}")).is_err(), "{line}");
        }
    }

    #[test]
    fn a_mistyped_flag_is_refused_with_the_likely_one() {
        let error = read_line("--alow-origin x").expect_err("no such flag").to_string();
        assert!(error.contains("--allow-origin"), "{error}");
        for line in ["serve", "--listen", "--listen a --listen b"] {
            assert!(read_line(line).is_err(), "{line}");
        }
    }

    #[test]
    fn help_names_every_setting_and_fits_a_terminal() {
        let help = help();
        for setting in SETTINGS {
            assert!(help.contains(&format!("--{}", setting.flag())), "{}", setting.name);
        }
        for help in [help, load_help(), join_help(), token_help()] {
            assert!(help.lines().all(|line| line.chars().count() <= 100), "{help}");
        }
    }
}

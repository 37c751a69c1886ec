//! The flags of `charsu join`, and the visit that they make. `plain` and `screen` carry it out.

mod plain;
mod printer;
#[cfg(feature = "terminal")]
mod screen;
mod stop;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use super::{Wish, entry};
use crate::client::{Address, BadAddress, BadToken, Client, Token, TokenSource, Trust};
use crate::terminal::pass::Pass;
use crate::terminal::plain::Ending;

pub(super) const JOIN: &str = "join";

const SERVER: &str = "http://127.0.0.1:8000";
const HERE: &str = "here";

/// Everything that has a value, and what it is for.
const FLAGS: [(&str, &str, &str); 5] = [
    ("name", "NAME", "Who you are. On the whole screen you are asked for it"),
    ("server", "URL", "The server: http://HOST:PORT; https, ws and wss are understood, too [http://127.0.0.1:8000]"),
    (
        "tls-root",
        "FILE",
        "Over TLS, trust whoever has their certificate in this PEM file, and nobody else [whom the system trusts]",
    ),
    (
        "token-file",
        "FILE",
        "A token, for servers that ask for one; read anew at each connection. Or put it into CHARSU_TOKEN",
    ),
    ("bidi", "WHO", "Who puts Persian and Arabic in order: here, or terminal if yours insists on doing it [here]"),
];

const SWITCHES: [(&str, &str); 3] = [
    ("plain", "Plain lines, and not the whole screen; by itself when input or output is no terminal"),
    ("token-in-clear", "Send the token to another machine without TLS, for everybody on the way to read"),
    ("stay", "Listen on when the input has ended"),
];

/// How it ends, for scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Exit {
    /// All that was to be said was said.
    Left = 0,
    /// Something of this machine failed.
    Failed = 1,
    /// It was asked for what cannot be.
    Usage = 2,
    /// The server could not be reached, or not any more.
    Unreachable = 3,
    /// One was not let into the room.
    Barred = 4,
    /// Something was not said, or nobody can tell.
    Unsaid = 5,
    /// The server asks for a token, and has none that is good, or is good any more.
    Denied = 6,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// A visit to a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    /// The server.
    pub server: Address,
    /// A code or a room's name, as it was written.
    pub room: String,
    /// Who visits.
    pub name: Option<String>,
    /// The file of those whose word is taken for who the server is; without one that of the system's.
    pub tls_root: Option<PathBuf>,
    /// The file of the token.
    pub token_file: Option<PathBuf>,
    /// The token may be sent for others to read.
    pub token_in_clear: bool,
    /// Plain lines are wanted.
    pub plain: bool,
    /// It does not end with its input.
    pub stay: bool,
    /// Right-to-left text is put in order by this program (true) or by the terminal, if somebody said so.
    pub orders: Option<bool>,
}

/// What a visit has to know of where it happens.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// Somebody sits before it: input and output are a terminal that can be drawn on.
    pub is_screen: bool,
    /// Whether colours are welcome.
    pub has_colour: bool,
    /// Whether the terminal puts right-to-left text in order whatever it is told.
    pub reorders: bool,
    /// A token, or what is wrong with the one that is there.
    pub token: Option<Result<Token, BadToken>>,
    /// The time zone, as the `TZ` variable has it; nothing for that of the machine.
    pub zone: Option<String>,
}

pub(super) fn command() -> Command {
    let flags = FLAGS.map(|(name, value, _)| {
        let flag = Arg::new(name).long(name).value_name(value);
        match (name, value) {
            ("bidi", _) => flag.value_parser([HERE, "terminal"]),
            (_, "FILE") => flag.value_parser(value_parser!(PathBuf)),
            _ => flag,
        }
    });
    let switches = SWITCHES.map(|(name, _)| Arg::new(name).long(name).action(ArgAction::SetTrue));
    Command::new(JOIN)
        .about("Chat from a terminal, or say and hear lines in a script")
        .override_help(help())
        .arg(Arg::new("room").value_name("ROOM").required(true))
        .args(flags)
        .args(switches)
}

/// The whole text of `charsu join --help`.
pub fn help() -> String {
    let mut text = "Chat from a terminal, or say and hear lines in a script.\n\n\
        Usage: charsu join ROOM [--name NAME] [--server URL]\n\n\
        ROOM is a code, a room's name, or a link: http://HOST/r/408213.\n\n"
        .to_owned();
    for (name, value, what) in FLAGS {
        entry(&mut text, &format!("--{name} {value}"), what);
    }
    for (name, what) in SWITCHES {
        entry(&mut text, &format!("--{name}"), what);
    }
    text.push_str(
        "\nIn a script lines of the input are said, each once, and it ends when the last one is\n\
         acknowledged; what others say is printed as NAME: TEXT.\n\
         \x20 echo 'The build is done.' | charsu join 408213 --name builder\n\
         \x20 charsu join 408213 --name log --stay </dev/null | grep --line-buffered -i urgent\n\n\
         Ends with 3 if the server cannot be reached, 4 if you are not let into the room, 5 if a line\n\
         was not sent or nobody can tell, 6 if you have no token that is good, 2 if the flags make no\n\
         sense.\n",
    );
    text
}

/// What was asked for.
pub(super) fn wish(matches: &ArgMatches) -> Result<Wish, BadAddress> {
    let text = |name| matches.get_one::<String>(name).cloned();
    let written = text("room").unwrap_or_default();
    let (linked, room) = if written.contains("://") {
        match Address::parse(&written)? {
            (server, Some(room)) => (Some(server), room),
            (_, None) => return Err(BadAddress(written)),
        }
    } else {
        (None, written)
    };
    let server = match (text("server"), linked) {
        (Some(written), _) => Address::parse(&written)?.0,
        (None, Some(server)) => server,
        (None, None) => Address::parse(SERVER)?.0,
    };
    let orders = matches.get_one::<String>("bidi").map(|who| who == HERE);
    let file = |name| matches.get_one::<PathBuf>(name).cloned();
    Ok(Wish::Join(Visit {
        server,
        room,
        name: text("name"),
        tls_root: file("tls-root"),
        token_file: file("token-file"),
        token_in_clear: matches.get_flag("token-in-clear"),
        plain: matches.get_flag("plain"),
        stay: matches.get_flag("stay"),
        orders,
    }))
}

impl Visit {
    /// Who visits, as far as that is known. Whoever has a token is called what it says.
    fn person(&self, pass: Pass) -> Option<&str> {
        self.name.as_deref().or((pass != Pass::None).then_some(""))
    }

    /// A client that believes and shows what it is to.
    ///
    /// # Errors
    /// A file cannot be used, or the token would be read by others.
    fn client(&self, token: Option<Result<Token, BadToken>>) -> Result<(Client, Pass), Box<dyn std::error::Error>> {
        let mut client = Client::new(self.server.clone());
        if let Some(file) = &self.tls_root {
            client = client.trusting(Trust::only(file)?);
        }
        let source = match (&self.token_file, token) {
            (Some(file), _) => TokenSource::File(file.clone()),
            (None, Some(token)) => TokenSource::Given(token.map_err(|bad| format!("CHARSU_TOKEN: {bad}"))?),
            (None, None) => return Ok((client, Pass::None)),
        };
        let pass = if source.may_change() { Pass::Renewed } else { Pass::Given };
        let client = if self.token_in_clear { client.showing_in_clear(source) } else { client.showing(source) };
        Ok((client?, pass))
    }
}

/// Carries a visit out.
///
/// # Errors
/// What went wrong, for stderr. The code is for the system either way.
pub fn visit(visit: Visit, surroundings: Surroundings) -> (ExitCode, Result<(), String>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let (exit, words) = match runtime {
        Ok(runtime) => {
            let ended = runtime.block_on(carry_out(visit, surroundings));
            // The thread that reads may wait for a key for ever.
            runtime.shutdown_background();
            ended
        }
        Err(error) => (Exit::Failed, Err(error.to_string())),
    };
    (exit.into(), words)
}

async fn carry_out(visit: Visit, mut surroundings: Surroundings) -> (Exit, Result<(), String>) {
    let (client, pass) = match visit.client(surroundings.token.take()) {
        Ok(client) => client,
        Err(error) => return (Exit::Failed, Err(error.to_string())),
    };
    #[cfg(feature = "terminal")]
    if surroundings.is_screen && !visit.plain {
        return match screen::run(client, &visit, pass, &surroundings).await {
            Ok((exit, unsent)) => (exit, unsent.map_or(Ok(()), Err)),
            Err(screen::Trouble::Io(error)) => (Exit::Failed, Err(format!("the terminal failed: {error}"))),
            Err(screen::Trouble::Ending(ending)) => ends(ending),
        };
    }
    // Plain lines look the same everywhere.
    drop(surroundings);
    let Some(name) = visit.person(pass) else {
        return (Exit::Usage, Err("say who you are: --name NAME".to_owned()));
    };
    match plain::run(client, &visit, name, pass).await {
        Ok(exit) => (exit, Ok(())),
        Err(ending) => ends(ending),
    }
}

fn ends(ending: Ending) -> (Exit, Result<(), String>) {
    let exit = match ending {
        Ending::Unreachable(_) => Exit::Unreachable,
        Ending::Barred(_) => Exit::Barred,
        Ending::Denied(_) => Exit::Denied,
    };
    (exit, Err(ending.to_string()))
}

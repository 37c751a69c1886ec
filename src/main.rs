//! Translates: the command line, the environment and a file into settings, errors into exit codes, signals into a stop.
//! Nothing else reads the environment, prints or exits.

use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use charsu::auth::{self, SigningKey, Verifier, Wanted};
use charsu::cli::{self, CommandLine, Surroundings, Wish};
use charsu::client::Token;
use charsu::config::load::{File as SettingsFile, Loaded, PREFIX, Source};
use charsu::config::{Settings, show};
use charsu::lan;
use charsu::load::{self, Plan, Progress};
use charsu::logs::{self, LogLevel};
use charsu::names::RoomName;
use charsu::server::{self, App, Server};
use charsu::store::sqlite;

/// Small objects of one size lie close together, and memory of a storm goes back to the system.
#[cfg(unix)]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

#[cfg(unix)]
/// Descriptors that are not connections: the listener, the runtime's, files.
const OTHER_FILES: u64 = 64;

fn main() -> ExitCode {
    let line = match cli::read(std::env::args_os()) {
        Ok(line) => line,
        // clap knows what goes to stdout and what is an error.
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(1));
        }
    };
    if let Wish::Join(visit) = line.wish {
        let (code, ended) = cli::visit(visit, surroundings());
        if let Err(words) = ended {
            let _ = writeln!(io::stderr(), "charsu: {words}");
        }
        return code;
    }
    match obey(line) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "charsu: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Where somebody sits who visits a room.
fn surroundings() -> Surroundings {
    let named = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let term = named("TERM");
    let is_dumb = term.as_deref().map_or(cfg!(unix), |term| term == "dumb");
    // These put right-to-left text in order, and cannot be told otherwise.
    let reorders = named("KONSOLE_VERSION").is_some()
        || named("TERM_PROGRAM").is_some_and(|program| program == "Apple_Terminal")
        || term.is_some_and(|term| term.starts_with("mlterm"));
    Surroundings {
        is_screen: io::stdin().is_terminal() && io::stdout().is_terminal() && !is_dumb,
        has_colour: named("NO_COLOR").is_none(),
        reorders,
        token: named("CHARSU_TOKEN").map(|written| Token::parse(&written)),
        zone: named("TZ"),
    }
}

fn obey(line: CommandLine) -> Result<(), Box<dyn std::error::Error>> {
    if let Wish::Load { plan, json } = line.wish {
        return put_load(*plan, json);
    }
    let given = Given::new(line);
    let loaded = given.load()?;
    match given.line.wish.clone() {
        Wish::PrintConfig => print(&show::file(&loaded, given.file().as_deref())),
        Wish::Check => {
            server::check(&loaded.settings)?;
            print("The settings can be used.\n");
        }
        Wish::Serve => serve(given, loaded)?,
        Wish::Export { room, form, output } => {
            let (file, room) = (database(&loaded.settings)?, room_name(&room)?);
            let found = match output {
                None => sqlite::export(file, room.as_str(), form, &mut io::stdout().lock()),
                Some(path) => {
                    let mut output = io::BufWriter::new(File::create(&path).map_err(|error| named(&path, &error))?);
                    let found = sqlite::export(file, room.as_str(), form, &mut output);
                    output.flush().map_err(|error| named(&path, &error))?;
                    found
                }
            };
            found?.then_some(()).ok_or_else(|| no_such_room(&room))?;
        }
        Wish::Wipe { room } => {
            let (file, room) = (database(&loaded.settings)?, room_name(&room)?);
            sqlite::wipe(file, room.as_str())?.then_some(()).ok_or_else(|| no_such_room(&room))?;
            print("Nothing of the room is left.\n");
        }
        Wish::MintToken { wanted, signing_key } => mint(wanted, signing_key.as_deref(), &loaded.settings)?,
        Wish::InspectToken { token } => inspect(token, &loaded.settings)?,
        // They have no settings.
        Wish::Load { .. } | Wish::Join(_) => {}
    }
    Ok(())
}

/// Prints a token for the server that has these settings.
fn mint(wanted: Wanted, key: Option<&Path>, settings: &Settings) -> Result<(), Box<dyn std::error::Error>> {
    let key = match (key, &settings.auth_secret_file) {
        (Some(file), _) => SigningKey::private_in(file)?,
        (None, Some(file)) => SigningKey::secret_in(file)?,
        (None, None) => return Err("name what to sign with: --auth-secret-file or --signing-key".into()),
    };
    let audience = wanted.audience.or_else(|| settings.auth_audience.first().cloned());
    let issuer = wanted.issuer.or_else(|| settings.auth_issuer.first().cloned());
    let token = auth::mint(&Wanted { audience, issuer, ..wanted }, &key, auth::unix_seconds());
    print(&format!("{}\n", token.map_err(|_| "the system has no randomness to sign with")?));
    Ok(())
}

/// Shows what a token says, and whether the server that has these settings would let its owner in.
fn inspect(token: Option<String>, settings: &Settings) -> Result<(), Box<dyn std::error::Error>> {
    let token = match token {
        Some(token) => token,
        None => io::read_to_string(io::stdin().lock().take(auth::MAX_TOKEN as u64 + 2))?,
    };
    let token = token.trim();
    let shown = auth::inspect(token).map_err(auth::Denied::words)?;
    print(&format!("{}\n{:#}\n", shown.algorithm.as_deref().unwrap_or("no algorithm"), shown.claims));
    let Some(verifier) = Verifier::open(settings)? else { return Ok(()) };
    let now = auth::unix_seconds();
    let admitted = verifier.judge(token, now).map_err(|denied| format!("{} ({})", denied.words(), denied.reason()))?;
    let rooms = admitted.rooms.as_ref().map_or_else(
        || "every room".to_owned(),
        |rooms| rooms.iter().map(RoomName::as_str).collect::<Vec<_>>().join(", "),
    );
    print(&format!("Let in as {} to {rooms} for {} s.\n", admitted.name.as_str(), admitted.until - now));
    Ok(())
}

/// Carries out a load. Faults of the server that was loaded are an error of ours, so that a script notices.
fn put_load(plan: Plan, json: bool) -> Result<(), Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let is_terminal = io::stderr().is_terminal();
    let (end, mut step) = (if is_terminal { "\r" } else { "\n" }, "");
    let mut tell = |progress: Progress| {
        // A file is told each step once, a person how it goes on.
        if is_terminal || progress.step != step {
            step = progress.step;
            let Progress { step, connections, deliveries } = progress;
            let line = format!("{step}: {connections} connections, {deliveries} deliveries");
            let _ = write!(io::stderr(), "{line:<70}{end}");
        }
    };
    let report = runtime.block_on(load::run(plan, open_files(), &mut tell))?;
    if is_terminal {
        let _ = write!(io::stderr(), "{:<70}\r", "");
    }
    print(&if json { report.json() } else { report.table() });
    report.fault().map_or(Ok(()), |fault| Err(fault.into()))
}

/// As many open files as the system gives.
#[cfg(unix)]
fn open_files() -> u64 {
    rlimit::increase_nofile_limit(u64::MAX).unwrap_or(u64::MAX)
}

#[cfg(not(unix))]
fn open_files() -> u64 {
    u64::MAX
}

/// The file that the settings name.
fn database(settings: &Settings) -> Result<&Path, String> {
    settings.database().ok_or_else(|| "name the file: --store sqlite:charsu.db".to_owned())
}

fn room_name(written: &str) -> Result<RoomName, String> {
    RoomName::parse(written).map_err(|problem| format!("{written}: {problem}"))
}

fn no_such_room(room: &RoomName) -> String {
    format!("the file has no room {}", room.as_str())
}

fn named(path: &Path, error: &io::Error) -> String {
    format!("{}: {error}", path.display())
}

/// Whoever started us may have closed its end; that is no reason to stop.
fn print(text: &str) {
    let mut stdout = io::stdout().lock();
    let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
}

/// Everything that settings are made from.
struct Given {
    line: CommandLine,
    environment: Vec<(String, String)>,
}

impl Given {
    fn new(line: CommandLine) -> Self {
        let variables = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
        let environment = variables
            .filter(|(name, _)| name.starts_with(PREFIX))
            .map(|(name, value)| (name, value.to_string_lossy().into_owned()))
            .collect();
        Self { line, environment }
    }

    fn file(&self) -> Option<PathBuf> {
        let variable = self.environment.iter().find(|(name, value)| name == "CHARSU_CONFIG" && !value.is_empty());
        self.line.config.clone().or_else(|| variable.map(|(_, path)| PathBuf::from(path)))
    }

    /// Reads the file anew each time, for a reload.
    fn load(&self) -> Result<Loaded, Box<dyn std::error::Error>> {
        let read = |path: PathBuf| match std::fs::read_to_string(&path) {
            Ok(text) => Ok(SettingsFile { path, text }),
            Err(error) => Err(format!("{}: {error}", path.display())),
        };
        let file = self.file().map(read).transpose()?;
        Ok(Settings::load(&self.line.flags, &self.environment, file.as_ref())?)
    }
}

fn serve(given: Given, loaded: Loaded) -> Result<(), Box<dyn std::error::Error>> {
    let level = logs::start(&loaded.settings.log);
    #[cfg(feature = "failpoints")]
    choose_failpoint()?;
    for name in &loaded.strangers {
        tracing::warn!("{name} is no setting");
    }
    raise_open_files(&loaded);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        // Before the port is open, so that no signal finds us unprepared.
        let signals = Signals::listen()?;
        let scheme = loaded.settings.scheme();
        let server = Server::bind(loaded.settings)?;
        print(&lan::ready_lines(scheme, server.local_addr()));
        let app = Arc::clone(server.app());
        Ok(server.run(signals.stop(given, app, level)).await?)
    })
}

/// Chooses where the process ends: `FAILPOINT=after_commit:37` is the 37th passing of that step.
#[cfg(feature = "failpoints")]
fn choose_failpoint() -> Result<(), String> {
    use charsu::store::sqlite::failpoints;
    let Ok(chosen) = std::env::var("FAILPOINT") else { return Ok(()) };
    let (step, nth) = chosen.split_once(':').ok_or("FAILPOINT is a step, a colon and a number")?;
    let nth = nth.parse().map_err(|error| format!("FAILPOINT: {error}"))?;
    failpoints::arm(step.parse()?, nth);
    Ok(())
}

/// Takes as many open files as the system gives, and says so when that is less than somebody asked for.
#[cfg(unix)]
fn raise_open_files(loaded: &Loaded) {
    let Ok(files) = rlimit::increase_nofile_limit(u64::MAX) else { return };
    let connections = loaded.settings.connections;
    let wanted = u64::try_from(connections).unwrap_or(u64::MAX).saturating_add(OTHER_FILES);
    if files < wanted && loaded.source_of("connections") != Some(Source::Default) {
        tracing::warn!(
            files,
            connections,
            "the system allows fewer open files than connections: raise ulimit -n or lower --connections"
        );
    }
}

#[cfg(not(unix))]
fn raise_open_files(_loaded: &Loaded) {}

/// The signals that we heed.
struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    hangup: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// Over when we are asked to stop. Reloads meanwhile when asked to.
    async fn stop(mut self, given: Given, app: Arc<App>, level: LogLevel) {
        loop {
            tokio::select! {
                _ = self.interrupt.recv() => break,
                _ = self.terminate.recv() => break,
                _ = self.hangup.recv() => reload(&given, &app, &level),
            }
        }
        tracing::info!("stopping");
    }
}

#[cfg(not(unix))]
impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self {})
    }

    async fn stop(self, _given: Given, _app: Arc<App>, _level: LogLevel) {
        let _ = tokio::signal::ctrl_c().await;
        tracing::info!("stopping");
    }
}

/// A reload that cannot be done changes nothing.
#[cfg(unix)]
fn reload(given: &Given, app: &App, level: &LogLevel) {
    let read = || -> Result<(), Box<dyn std::error::Error>> {
        let loaded = given.load()?;
        app.reload(&loaded.settings)?;
        level.change(&loaded.settings.log);
        Ok(())
    };
    match read() {
        Ok(()) => tracing::info!("certificate, keys, allow_origin and log were read anew"),
        Err(error) => tracing::error!("nothing was read anew: {error}"),
    }
}

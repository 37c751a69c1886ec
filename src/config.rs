//! Every setting once: its name, kind, default and what it is for. Flags, `CHARSU_…` names, keys of the TOML file,
//! `--print-config`, `--help` and the table in the docs all come from [`SETTINGS`].
//! Knows nothing of where settings come from: [`load`] merges what [`crate::cli`] has read.

mod kinds;
pub mod load;
pub mod show;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::auth::Algorithm;
use kinds::{
    Address, Choice, Count, File, Folder, Kind, LogFilter, OrNever, Origins, RecoveredNamespace, Room, Size, Span,
    StoreUrl, Switch, Texts, Times,
};

pub use kinds::{Fsync, Newcomers};

/// One row of the table of settings.
#[derive(Debug)]
pub struct Setting {
    /// The name: `text_chars` is the flag `--text-chars`, the variable `CHARSU_TEXT_CHARS` and the key `text_chars`.
    pub name: &'static str,
    /// The heading under which it stands.
    pub group: &'static str,
    /// What it is for, in one line.
    pub help: &'static str,
    /// What its value looks like in `--help`; empty for a switch.
    pub placeholder: &'static str,
    /// It may be given several times.
    pub is_list: bool,
    /// `--no-limits` lifts it: it is a rate or a count, not a size.
    pub lifted: bool,
}

impl Setting {
    /// The flag, without the leading dashes.
    pub fn flag(&self) -> String {
        self.name.replace('_', "-")
    }

    /// The name of the environment variable.
    pub fn variable(&self) -> String {
        format!("CHARSU_{}", self.name.to_uppercase())
    }
}

macro_rules! settings {
    ($($group:literal { $(#[doc = $help:literal] $(#[$lifted:ident])? $name:ident: $value:ty as $kind:ty = $default:expr;)+ })+) => {
        /// Everything that an operator can choose. `Settings::default()` is what `charsu` alone serves with.
        #[derive(Debug, Clone, PartialEq)]
        pub struct Settings {
            $($(#[doc = $help] pub $name: $value,)+)+
        }

        impl Default for Settings {
            fn default() -> Self {
                Self { $($($name: $default,)+)+ }
            }
        }

        /// The table of all settings, in the order of `--help`.
        pub static SETTINGS: &[Setting] = &[
            $($(Setting {
                name: stringify!($name),
                group: $group,
                help: $help.trim_ascii(),
                placeholder: <$kind as Kind>::PLACEHOLDER,
                is_list: <$kind as Kind>::IS_LIST,
                lifted: $(settings!(@$lifted) |)? false,
            },)+)+
        ];

        impl Settings {
            /// Takes a setting's value as it was written.
            fn read(&mut self, name: &str, written: &[String]) -> Result<(), String> {
                match name {
                    $($(stringify!($name) => self.$name = <$kind as Kind>::read(written)?,)+)+
                    _ => return Err("is not a setting".to_owned()),
                }
                Ok(())
            }

            /// A setting's value as TOML, or nothing if it has none.
            fn written(&self, name: &str) -> Option<String> {
                match name {
                    $($(stringify!($name) => <$kind as Kind>::write(&self.$name),)+)+
                    _ => None,
                }
            }

            /// Lifts every rate and count, as `no_limits` asks.
            fn lift(&mut self) {
                $($($(settings!(@$lifted self.$name, $value);)?)+)+
            }
        }
    };
    (@lifted) => { true };
    (@lifted $field:expr, $value:ty) => { $field = <$value>::MAX };
}

settings! {
    "Serving" {
        /// Where to listen. Port 0 takes a free port; 0.0.0.0:8000 is the whole network
        listen: SocketAddr as Address = SocketAddr::from(([127, 0, 0, 1], 8000));
        /// The server's certificate and those that vouch for it, in PEM form: the port speaks TLS then
        tls_cert: Option<PathBuf> as File = None;
        /// The private key of the certificate, in PEM form. SIGHUP reads both anew
        tls_key: Option<PathBuf> as File = None;
        /// Where rooms live. memory: keeps them until the server stops, sqlite:charsu.db in a file
        store: String as StoreUrl = "memory:".to_owned();
        /// A folder of other people's pages, to be served under /pages/
        pages: Option<PathBuf> as Folder = None;
        /// Compress WebSocket messages for clients that offer it: fewer bytes, more processor time
        websocket_compression: bool as Switch = false;
        /// What to log on stderr: error, warn, info, debug, or target=level,…
        log: String as LogFilter = "info".to_owned();
        /// Lift rates and counts, never sizes. For load tests, on loopback only
        no_limits: bool as Switch = false;
    }
    "Origins" {
        /// A site whose pages may connect: scheme, host and port, or null, or *. Repeatable
        allow_origin: Vec<String> as Origins = Vec::new();
    }
    "Who may enter, if not everybody" {
        /// Ask everybody for a token (JWT) signed with HS256 by the secret in this file. SIGHUP reads it anew
        auth_secret_file: Option<PathBuf> as File = None;
        /// Or for one signed by the private half of the public key in this file, in PEM form. SIGHUP reads it anew
        auth_key: Option<PathBuf> as File = None;
        /// How tokens have to be signed, as their header names it, or auto: as the key's kind says
        auth_algorithm: Option<Algorithm> as Choice<Option<Algorithm>> = None;
        /// Who the tokens have to be for (aud). Repeatable; without it they must name nobody
        auth_audience: Vec<String> as Texts = Vec::new();
        /// Who the tokens have to be from (iss). Repeatable
        auth_issuer: Vec<String> as Texts = Vec::new();
        /// Whether a token may stand in the address, as ?token=…, where proxies log it
        auth_in_query: bool as Switch = false;
    }
    "What is stored, with sqlite:" {
        /// What the disk must have said before a line counts as kept: normal or full (power cuts)
        fsync: Fsync as Choice<Fsync> = Fsync::Normal;
        /// How long lines are kept: a time, or never to forget none for its age
        retention_age: Option<Duration> as OrNever<Span> = None;
        /// How many lines of a room are kept, or never to forget none for their number
        retention_lines: Option<usize> as OrNever<Count> = None;
        /// How large the file may be before the oldest lines go, or never
        retention_bytes: Option<usize> as OrNever<Size> = None;
        /// How long a stored room lives in which nothing happens
        stored_room_idle: Duration as Span = Duration::from_hours(30 * 24);
        /// How long the place of a member is kept after the server was started again
        restart_grace: Duration as Span = Duration::from_mins(1);
        /// Lines that may wait for the disk at once; more are refused
        store_queue: usize as Count = 10_000;
    }
    "Rooms" {
        /// What a newcomer sees of the past: none, recent, all, or auto: recent where it is stored
        newcomers: Newcomers as Choice<Newcomers> = Newcomers::Auto;
        /// Whether a named room (general) opens when somebody joins it
        named_rooms: bool as Switch = true;
        /// Whether a tutorial page on /ws/{code}/{name} opens a code that nobody created
        dialect_codes: bool as Switch = true;
        /// The room of Socket.IO pages that name none
        socketio_room: String as Room = "general".to_owned();
        /// In which namespace of Socket.IO a broken connection is recovered: / or the code of a room
        socketio_recovery: Option<String> as RecoveredNamespace = None;
        /// Whether people who come back after a restart open the code of their lost room again
        reopen_codes: bool as Switch = true;
        /// How long the place of a member is kept after the connection broke
        grace: Duration as Span = Duration::from_secs(10);
        /// How long an empty room lives in memory after its last member's grace
        room_idle: Duration as Span = Duration::from_mins(10);
        /// How long a created code waits for its first member
        code_wait: Duration as Span = Duration::from_hours(24);
        /// How long a code is not given again after its room ended
        code_quarantine: Duration as Span = Duration::from_hours(24);
        /// How much of a room is kept for those who come back
        tail_seconds: Duration as Span = Duration::from_mins(2);
        /// How much of a room is kept, in encoded bytes
        tail_bytes: usize as Size = 1024 * 1024;
        /// How much of all rooms together is kept, in encoded bytes
        tail_total_bytes: usize as Size = 256 * 1024 * 1024;
        /// From this many members on, joins and leaves are gathered before they are sent
        large_room: usize as Count = 200;
        /// How long they are gathered at most
        large_room_flush: Duration as Span = Duration::from_millis(500);
    }
    "Heartbeat and patience" {
        /// Silence after which a connection is asked whether it is alive
        heartbeat_seconds: Duration as Span = Duration::from_secs(25);
        /// How long it has to answer
        heartbeat_timeout_seconds: Duration as Span = Duration::from_secs(10);
        /// How long a TLS handshake, then a request's head, and then its body may take
        handshake_timeout: Duration as Span = Duration::from_secs(10);
        /// How long a connection may be open without joining a room
        join_timeout: Duration as Span = Duration::from_secs(10);
        /// How long a message in fragments may take
        message_timeout: Duration as Span = Duration::from_secs(30);
        /// Within which time people are told to come back when the server stops, at most
        drain_window: Duration as Span = Duration::from_secs(5);
        /// How long a stopping server waits for its connections to end
        shutdown_timeout: Duration as Span = Duration::from_secs(5);
    }
    "Sizes" {
        /// Characters in a line
        text_chars: usize as Count = 4000;
        /// Bytes in a line
        text_bytes: usize as Size = 16 * 1024;
        /// Bytes in a frame, and in a message of several frames
        frame_bytes: usize as Size = 64 * 1024;
        /// Frames in a message
        max_fragments: usize as Count = 1024;
        /// Bytes in the body of a request
        body_bytes: usize as Size = 64 * 1024;
        /// Visible characters in a name
        name_chars: usize as Count = 32;
        /// How far a connected reader may fall behind before it is reset
        reader_lag_bytes: usize as Size = 2 * 1024 * 1024;
        /// Unsent answers to one connection, over which it is closed as slow
        outbox_bytes: usize as Size = 64 * 1024;
    }
    "Counts" {
        /// Connections to this server; bounded by the open files that the system allows, too
        #[lifted] connections: usize as Count = 100_000;
        /// Connections from one address (an IPv4 address or an IPv6 /64)
        #[lifted] connections_per_address: usize as Count = 1000;
        /// Addresses of which something is remembered
        #[lifted] addresses: usize as Count = 100_000;
        /// Rooms, live or waiting for their first member
        #[lifted] rooms: usize as Count = 100_000;
        /// Rooms in the file of sqlite:
        #[lifted] stored_rooms: usize as Count = 500_000;
        /// Members in a room
        #[lifted] members_per_room: usize as Count = 10_000;
        /// Rooms that one connection is in
        #[lifted] rooms_per_connection: usize as Count = 50;
        /// Reactions that one line may bear
        #[lifted] reactions_per_line: usize as Count = 100;
        /// Codes that tutorial pages at one address have opened
        #[lifted] dialect_codes_per_address: usize as Count = 20;
    }
    "Rates" {
        /// Commands from one connection
        #[lifted] messages_per_second: u32 as Times = 20;
        /// Commands that it may send at once
        #[lifted] messages_burst: u32 as Times = 40;
        /// Joins from one connection
        #[lifted] joins_per_second: u32 as Times = 2;
        /// Joins that it may send at once, such as all its rooms after a reconnect
        #[lifted] joins_burst: u32 as Times = 60;
        /// Malformed messages from one connection, over which it is closed
        #[lifted] bad_requests_per_minute: u32 as Times = 10;
        /// New connections from one address
        #[lifted] connects_per_second_per_address: u32 as Times = 50;
        /// New connections that it may open at once
        #[lifted] connects_burst_per_address: u32 as Times = 500;
        /// Rooms created by one address
        #[lifted] rooms_created_per_minute_per_address: u32 as Times = 30;
        /// Pages of the past, read over HTTP by one address
        #[lifted] pages_read_per_minute_per_address: u32 as Times = 120;
        /// Streams of events opened over HTTP, and lines said without one, by one address
        #[lifted] visits_per_minute_per_address: u32 as Times = 600;
        /// Codes that do not exist, asked for by one address
        #[lifted] failed_joins_per_minute_per_address: u32 as Times = 10;
    }
}

impl Settings {
    /// The file in which rooms are stored, if they are.
    pub fn database(&self) -> Option<&Path> {
        self.store.strip_prefix("sqlite:").map(Path::new)
    }

    /// The files of certificate and key, if the port is to speak TLS.
    pub fn tls_files(&self) -> Option<(&Path, &Path)> {
        self.tls_cert.as_deref().zip(self.tls_key.as_deref())
    }

    /// What stands before the server's address in a link.
    pub fn scheme(&self) -> &'static str {
        if self.tls_files().is_some() { "https" } else { "http" }
    }

    /// Whether nobody enters without a token.
    pub fn asks_for_tokens(&self) -> bool {
        self.auth_secret_file.is_some() || self.auth_key.is_some()
    }

    /// Whether only this machine can connect.
    pub fn is_loopback_only(&self) -> bool {
        self.listen.ip().to_canonical().is_loopback()
    }

    /// Whether these settings make sense together.
    ///
    /// # Errors
    /// Says which setting does not, and what to do.
    pub fn check(&self) -> Result<(), load::SettingsError> {
        let wrong = |name: &'static str, advice: String| Err(load::SettingsError::Unfit { name, advice });
        if self.no_limits && !self.is_loopback_only() {
            return wrong(
                "no_limits",
                format!(
                    "is for load tests on this machine: listen on 127.0.0.1 instead of {}, or leave it out",
                    self.listen.ip()
                ),
            );
        }
        if self.text_bytes > self.frame_bytes {
            return wrong(
                "text_bytes",
                format!("is more than a frame can carry: give at most frame_bytes, which is {}", self.frame_bytes),
            );
        }
        if self.frame_bytes > MAX_FRAME {
            return wrong("frame_bytes", "is more than any line needs: give at most 16 MiB".to_owned());
        }
        if self.outbox_bytes > MAX_OUTBOX {
            return wrong("outbox_bytes", "is more than is counted for one connection: give at most 32 MiB".to_owned());
        }
        if self.outbox_bytes < MIN_OUTBOX {
            return wrong("outbox_bytes", "does not hold one welcome: give at least 16 KiB".to_owned());
        }
        if self.tail_total_bytes < self.tail_bytes {
            return wrong(
                "tail_total_bytes",
                format!("is less than one room's: give at least tail_bytes, which is {}", self.tail_bytes),
            );
        }
        match (&self.tls_cert, &self.tls_key) {
            (Some(_), None) => {
                return wrong("tls_cert", "is of no use without its key: give --tls-key, too".to_owned());
            }
            (None, Some(_)) => {
                return wrong("tls_key", "is of no use without its certificate: give --tls-cert, too".to_owned());
            }
            (Some(_), Some(_)) | (None, None) => {}
        }
        if let (Some(_), Some(_)) = (&self.auth_secret_file, &self.auth_key) {
            return wrong("auth_key", "does not go with auth_secret_file: tokens are signed in one way".to_owned());
        }
        let rest = [
            ("auth_algorithm", self.auth_algorithm.is_some()),
            ("auth_audience", !self.auth_audience.is_empty()),
            ("auth_issuer", !self.auth_issuer.is_empty()),
            ("auth_in_query", self.auth_in_query),
        ];
        if let Some((name, _)) = rest.into_iter().find(|(_, is_given)| *is_given && !self.asks_for_tokens()) {
            return wrong(name, "is of no use without a key: give --auth-secret-file or --auth-key, too".to_owned());
        }
        if let Some(folder) = self.pages.as_ref().filter(|folder| !folder.is_dir()) {
            return wrong("pages", format!("names no folder: make {} or name another", folder.display()));
        }
        Ok(())
    }
}

/// A span of time as settings have it: `90s`, `10m`, `24h`.
///
/// # Errors
/// What is wrong with it, and what would be right.
pub(crate) fn read_span(text: &str) -> Result<Duration, String> {
    Span::read(&[text.to_owned()])
}

/// The largest message of the Autobahn suite; more is never wanted.
const MAX_FRAME: usize = 16 * 1024 * 1024;
/// A `joined` with a page of 200 members fits.
const MIN_OUTBOX: usize = 16 * 1024;

/// The most, which fits into what a connection has for counting it.
const MAX_OUTBOX: usize = 32 * 1024 * 1024;

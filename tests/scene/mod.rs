//! What every scene needs: the real server on a free port of loopback, made by the same constructor as `charsu` itself, and
//! clients that say exactly what they are told to. Everything that waits is bounded by [`WITHIN`].
#![allow(dead_code, unused_imports, reason = "each program of the tests uses its own part of it")]

mod authority;
mod by_http;
mod chance;
mod deflating;
mod folder;
mod invited;
mod line;
mod page;
mod person;
mod program;
mod raw;
mod socket;
mod socketio;
mod stream;
mod typed;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use charsu::config::{Newcomers, Settings};
use charsu::server::{App, Failed, Server};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub(crate) use authority::{Authority, Over, Trust, here};
pub(crate) use by_http::{Event, Events};
pub(crate) use chance::{Chance, seed};
pub(crate) use deflating::{AGREED, OFFER, deflated, inflated, packed};
pub(crate) use folder::Folder;
pub(crate) use invited::{by_token, secret, token};
pub(crate) use line::{Heard, Line, by_http};
pub(crate) use page::TutorialPage;
pub(crate) use person::{CHARSU, Memory, Person, Place};
pub(crate) use program::Program;
pub(crate) use raw::{Raw, Reply};
pub(crate) use socket::{Frame, Socket, handshake, masked};
pub(crate) use socketio::{PATH, Polling, SocketIoPage};
pub(crate) use stream::Stream;
pub(crate) use typed::types;

/// How long anything that should happen may take. Long, for a machine that does other things beside; no test waits for it
/// to pass.
pub(crate) const WITHIN: Duration = Duration::from_secs(10);

/// A server that is running, and stops when this is dropped.
pub(crate) struct Scene {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// What its connections share.
    pub(crate) app: Arc<App>,
    stop: Option<oneshot::Sender<()>>,
    running: JoinHandle<Result<(), Failed>>,
    /// Where its store lies, if it has one.
    folder: Option<Folder>,
    /// Who certifies it, if it speaks TLS.
    pub(crate) authority: Option<Authority>,
    settings: Settings,
}

/// Names the store on which scenes are played that do not say otherwise: `sqlite`, or nothing for memory.
const STORE: &str = "CHARSU_SCENES_ON";

/// Plays all scenes with compression, if it is set: their people offer it, as browsers do.
const COMPRESSED: &str = "CHARSU_SCENES_COMPRESSED";

impl Scene {
    /// A server with the defaults, on a free port.
    pub(crate) fn start() -> Self {
        Self::with(|_| ())
    }

    /// A server with other settings, on a free port unless they say otherwise.
    pub(crate) fn with(change: impl FnOnce(&mut Settings)) -> Self {
        Self::over(Over::wanted(), change)
    }

    /// The same, with connections of this kind.
    pub(crate) fn over(over: Over, change: impl FnOnce(&mut Settings)) -> Self {
        let folder = match std::env::var(STORE).as_deref() {
            Err(_) | Ok("" | "memory") => None,
            Ok("sqlite") => Some(Folder::new()),
            Ok(other) => panic!("{STORE}={other} names no store"),
        };
        Self::opened(folder, over.authority(), change)
    }

    /// A server that keeps nothing, whatever store the others are played on.
    pub(crate) fn in_memory(change: impl FnOnce(&mut Settings)) -> Self {
        Self::opened(None, Over::wanted().authority(), change)
    }

    /// A server that keeps everything in a file of its own.
    pub(crate) fn on_disk(change: impl FnOnce(&mut Settings)) -> Self {
        Self::opened(Some(Folder::new()), Over::wanted().authority(), change)
    }

    fn opened(folder: Option<Folder>, authority: Option<Authority>, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings { listen: SocketAddr::from(([127, 0, 0, 1], 0)), ..Settings::default() };
        if let Some(folder) = &folder {
            settings.store = format!("sqlite:{}", folder.join("charsu.db").display());
        }
        if let Some(authority) = &authority {
            authority.certifies(&mut settings);
        }
        // A scene is the same on every store unless it says otherwise.
        settings.newcomers = Newcomers::None;
        settings.websocket_compression = std::env::var_os(COMPRESSED).is_some();
        if by_http() {
            settings.visits_per_minute_per_address = u32::MAX;
        }
        change(&mut settings);
        settings.check().expect("settings that fit each other");
        let server = Server::bind(settings.clone()).expect("a free port and a store that can be opened");
        let (stop, stopped) = oneshot::channel();
        settings.listen = server.local_addr();
        Self {
            address: server.local_addr(),
            app: Arc::clone(server.app()),
            stop: Some(stop),
            running: tokio::spawn(server.run(async {
                let _ = stopped.await;
            })),
            folder,
            authority,
            settings,
        }
    }

    /// Stops the server as a signal does, and starts it again on the same port with the same store.
    pub(crate) async fn starts_again(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        let (folder, authority, settings) = (self.folder.take(), self.authority.take(), self.settings.clone());
        self.stop().await;
        Self::opened(folder, authority, |new| {
            *new = settings;
            change(new);
        })
    }

    /// Stops the server as a signal does, and gives what it leaves: the folder, and the file of its store in it.
    pub(crate) async fn stops_and_leaves_its_files(mut self) -> (Folder, std::path::PathBuf) {
        let (folder, database) =
            (self.folder.take().expect("a store on disk"), self.settings.database().map(Into::into));
        self.stop().await;
        (folder, database.expect("a store on disk"))
    }

    /// The file of its store.
    pub(crate) fn database(&self) -> std::path::PathBuf {
        self.folder.as_ref().expect("a store on disk").join("charsu.db")
    }

    /// A connection that says nothing yet.
    pub(crate) async fn connect(&self) -> Raw {
        self.secured(Raw::connect(self.address).await).await
    }

    /// A connection that holds little of what comes and is not read.
    pub(crate) async fn connect_narrow(&self) -> Raw {
        self.secured(Raw::connect_narrow(self.address).await).await
    }

    /// A connection from another address of loopback.
    pub(crate) async fn connect_from(&self, from: &str) -> Raw {
        self.secured(Raw::connect_from(from, self.address).await).await
    }

    async fn secured(&self, raw: Raw) -> Raw {
        match &self.authority {
            Some(authority) => raw.secured(&authority.trust()).await,
            None => raw,
        }
    }

    /// One request on a connection of its own.
    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.connect().await.get(path, "").await
    }

    /// A WebSocket on this path, with the subprotocol `charsu.v1` or as a tutorial's page.
    pub(crate) async fn socket(&self, path: &str, charsu: bool) -> Socket {
        let protocol = if charsu { "Sec-WebSocket-Protocol: charsu.v1\r\n" } else { "" };
        Socket::open(self.connect().await, path, protocol).await
    }

    /// A new room's code.
    pub(crate) async fn opens_room(&self) -> String {
        let reply = self.connect().await.post("/api/rooms", "", "").await;
        assert_eq!(reply.status, 201, "{}", reply.text());
        let made: serde_json::Value = serde_json::from_str(reply.text()).expect("JSON");
        made["code"].as_str().expect("a code").to_owned()
    }

    /// Waits until so many connections are open.
    pub(crate) async fn connections(&self, count: usize) {
        until("the number of connections", || self.app.addresses.connections() == count).await;
    }

    /// Stops the server as a signal does, and waits until it has ended.
    pub(crate) async fn stop(mut self) {
        drop(self.stop.take());
        within("the end of the server", &mut self.running)
            .await
            .expect("no panic in the server")
            .expect("no fault in the rooms");
    }
}

/// Whether scenes are to be played at full length: `CHARSU_FULL=1`.
pub(crate) fn full() -> bool {
    std::env::var_os("CHARSU_FULL").is_some_and(|full| full == "1")
}

/// Milliseconds.
pub(crate) fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// Settings for scenes with much talk and many connections, which may take a busy machine longer than anybody is usually
/// waited for.
pub(crate) fn tireless(settings: &mut Settings) {
    settings.messages_per_second = u32::MAX;
    settings.messages_burst = u32::MAX;
    settings.joins_per_second = u32::MAX;
    settings.joins_burst = u32::MAX;
    settings.connects_per_second_per_address = u32::MAX;
    settings.connects_burst_per_address = u32::MAX;
    settings.connections_per_address = settings.connections;
    settings.rooms_created_per_minute_per_address = u32::MAX;
    settings.grace = Duration::from_mins(5);
}

/// A port that is free, outside of those that the system gives to clients: whoever calls a server that is down might
/// otherwise be given that very port, and be connected to itself.
pub(crate) fn free_port() -> u16 {
    static ASKED: AtomicU64 = AtomicU64::new(0);
    let asked = ASKED.fetch_add(1, Ordering::Relaxed);
    let mut chance = Chance::for_one(u64::from(std::process::id()), asked);
    let mut ports = std::iter::repeat_with(|| 10_000 + chance.below(20_000) as u16);
    let is_free = |port: &u16| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok();
    ports.find(is_free).expect("some port is free")
}

/// Waits for something that has to come.
pub(crate) async fn within<F: IntoFuture>(what: &str, future: F) -> F::Output {
    let Ok(output) = tokio::time::timeout(WITHIN, future.into_future()).await else {
        panic!("waited in vain for {what}")
    };
    output
}

/// Waits for a condition that nobody announces, by looking again whenever others have had their turn.
pub(crate) async fn until(what: &str, condition: impl Fn() -> bool) {
    let look = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    within(what, look).await;
}

//! Start-up, the accept loop and the graceful stop. Knows nothing of what is said in rooms.
//!
//! The loop is our own, because a chat server meets its limits here: too many connections, no file descriptors left, peers
//! that speak something else. `axum` is the router behind it and nothing more.

pub(crate) mod answers;
mod app;
mod connection;
mod entry;
mod guard;
mod linger;
mod routes;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::watch;

pub use app::{App, Health, ReloadError};
pub(crate) use connection::Caller;
pub(crate) use linger::{Endless, Lingering};

use crate::auth::{AuthError, Verifier};
use crate::config::Settings;
use crate::pages::Pages;
use crate::store::StoreError;
use crate::transport::tls::Identity;

pub use crate::transport::tls::TlsError;

/// Connections that the kernel holds until we accept them.
const BACKLOG: u32 = 1024;
/// How often addresses of which nothing is remembered are forgotten.
const SWEEP: Duration = Duration::from_secs(10);

/// A server that listens and does not answer yet.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    app: Arc<App>,
    routes: axum::Router,
}

/// Why a server cannot start. One line that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Somebody listens there already.
    #[error("{0} is in use: stop the program that listens there, or choose another place with --listen")]
    InUse(SocketAddr),
    /// The system does not let us.
    #[error("{0} may not be listened on by this user: choose a port from 1024 on with --listen")]
    NotAllowed(SocketAddr),
    /// This machine does not have the address.
    #[error("{0} is no address of this machine: choose another with --listen")]
    NotHere(SocketAddr),
    /// Anything else that the system says about listening.
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, io::Error),
    /// The folder of `--pages` cannot be used.
    #[error("the folder of --pages cannot be read: {0}")]
    Pages(io::Error),
    /// Certificate or key cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The key by which tokens are checked cannot be used.
    #[error(transparent)]
    Auth(#[from] AuthError),
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The rooms came to an end by themselves.
#[derive(Debug, thiserror::Error)]
#[error("a fault stopped the rooms: this is a defect of Charsu, and the lines above say where")]
pub struct Failed;

impl Server {
    /// Listens where the settings say. From here on peers can connect; they are answered once [`run`](Self::run) is awaited.
    ///
    /// # Errors
    /// The place cannot be listened on, or what the settings name is not there.
    pub fn bind(settings: Settings) -> Result<Self, StartError> {
        let place = settings.listen;
        let listener = listen(place).map_err(|error| match error.kind() {
            io::ErrorKind::AddrInUse => StartError::InUse(place),
            io::ErrorKind::PermissionDenied => StartError::NotAllowed(place),
            io::ErrorKind::AddrNotAvailable => StartError::NotHere(place),
            _ => StartError::Listen(place, error),
        })?;
        let listening = listener.local_addr().map_err(|error| StartError::Listen(place, error))?;
        let pages = settings.pages.as_deref().map(Pages::open).transpose().map_err(StartError::Pages)?;
        let (identity, verifier) = (identity(&settings)?, Verifier::open(&settings)?);
        let app = App::new(settings, listening, identity, verifier)?;
        let routes = routes::all(&app, pages);
        Ok(Self { listener, app, routes })
    }

    /// Where it listens, with the port that was really taken.
    pub fn local_addr(&self) -> SocketAddr {
        self.app.listening
    }

    /// What all connections share.
    pub fn app(&self) -> &Arc<App> {
        &self.app
    }

    /// Serves until `stop` is over; then accepts nobody any more, closes every connection and waits for them to end, for
    /// `shutdown_timeout` at most.
    ///
    /// # Errors
    /// [`Failed`] when the rooms came to an end by themselves, which only a fault of ours can do: a server that accepts
    /// people and shows nothing would be worse than none.
    pub async fn run(self, stop: impl Future<Output = ()>) -> Result<(), Failed> {
        let Self { listener, app, routes } = self;
        let (stopping, stopped) = watch::channel(());
        let mut rooms = tokio::spawn(Arc::clone(&app.hub).run());
        let sweeping = async {
            let mut sweep = tokio::time::interval(SWEEP);
            loop {
                sweep.tick().await;
                app.addresses.sweep(app.now());
            }
        };
        let mut outcome = Ok(());
        tokio::select! {
            () = stop => {}
            () = sweeping => {}
            _ = &mut rooms => outcome = Err(Failed),
            () = entry::admit_all(&listener, &app, &routes, &stopped) => {}
        }
        drop(listener);
        app.health.drain();
        // Idle connections of HTTP end at once, busy ones after their answer.
        drop(stopping);
        let ended = async {
            app.shutdown().await;
            app.addresses.emptied().await;
        };
        if tokio::time::timeout(app.settings.shutdown_timeout, ended).await.is_err() {
            tracing::warn!(connections = app.addresses.connections(), "not every connection ended in time");
        }
        // What was still on its way to the store is kept; nobody is left to be told.
        app.hub.close_store().await;
        rooms.abort();
        outcome
    }
}

/// Reads what the settings name, as far as that can be done without a server.
///
/// # Errors
/// Certificate or key cannot be used, or not the key by which tokens are checked.
pub fn check(settings: &Settings) -> Result<(), StartError> {
    identity(settings)?;
    Verifier::open(settings)?;
    Ok(())
}

fn identity(settings: &Settings) -> Result<Option<Identity>, TlsError> {
    settings.tls_files().map(|(cert, key)| Identity::open(cert, key)).transpose()
}

fn listen(place: SocketAddr) -> io::Result<TcpListener> {
    let socket = if place.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A restart does not have to wait for connections of the server before it. On Windows the option means something else.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(place)?;
    socket.listen(BACKLOG)
}

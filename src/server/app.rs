//! What all connections of one server share. No route and no wire is known here.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::time::Instant;

use crate::auth::{Admitted, AuthError, Denied, Verifier, unix_seconds};
use crate::config::Settings;
use crate::hub::{Hub, Rules};
use crate::limits::Addresses;
use crate::pace::Rates;
use crate::store::{Store, StoreError};
use crate::transport::origin::Gate;
use crate::transport::socketio::Sessions;
use crate::transport::tls::{Identity, TlsError};

/// One server: its settings, its rooms, and who is connected.
#[derive(Debug)]
pub struct App {
    /// As they were at the start.
    pub settings: Settings,
    /// Where the server listens, with the port that was really taken.
    pub listening: SocketAddr,
    /// What each address may do.
    pub addresses: Arc<Addresses>,
    /// Whose pages may talk to us.
    pub gate: Gate,
    /// The certificate and key, if the port speaks TLS.
    pub(crate) identity: Option<Identity>,
    /// What is asked of the tokens by which people are let in; without it everybody is.
    // std: an `Arc` is copied or replaced; never across an await.
    verifier: Option<RwLock<Arc<Verifier>>>,
    /// Whether the server can do its work.
    pub health: Health,
    /// The rooms and who is in them.
    pub hub: Arc<Hub>,
    /// Sessions of Engine.IO that began with polling.
    pub(crate) engines: Arc<Sessions>,
    /// How fast one connection may go on.
    pub rates: Rates,
    began: Instant,
}

impl App {
    /// A server that nobody knows of yet, with what its store has kept.
    ///
    /// # Errors
    /// The store cannot be used.
    pub(super) fn new(
        settings: Settings,
        listening: SocketAddr,
        identity: Option<Identity>,
        verifier: Option<Verifier>,
    ) -> Result<Arc<Self>, StoreError> {
        let hub = Hub::open(Rules::from(&settings), Store::open(&settings)?)?;
        Ok(Arc::new(Self {
            hub,
            engines: Arc::default(),
            rates: Rates::from(&settings),
            addresses: Addresses::new(&settings),
            gate: Gate::new(&settings),
            identity,
            verifier: verifier.map(|verifier| RwLock::new(Arc::new(verifier))),
            health: Health::default(),
            began: Instant::now(),
            listening,
            settings,
        }))
    }

    /// The time since the server began, for everything that counts time and takes it as an argument.
    pub fn now(&self) -> Duration {
        self.began.elapsed()
    }

    /// Whether nobody enters without a token.
    pub fn asks_for_tokens(&self) -> bool {
        self.verifier.is_some()
    }

    /// How many requests of Socket.IO's polling are held back until there is something to fetch. Counted when it is asked: it
    /// looks at every session.
    pub fn held_polls(&self) -> usize {
        self.engines.held()
    }

    /// Judges a token, however it came.
    ///
    /// # Errors
    /// What is wrong with it. A server that asks for no token finds none good, for it has nothing to tell one by.
    pub fn present(&self, token: &str) -> Result<Arc<Admitted>, Denied> {
        let verifier = self.verifier.as_ref().ok_or(Denied::Signature)?;
        let verifier = Arc::clone(&verifier.read().unwrap_or_else(PoisonError::into_inner));
        verifier.judge(token, unix_seconds()).map(Arc::new)
    }

    /// Takes over what can change while the server runs: certificate and key, what is asked of tokens, and the list of origins.
    /// Whoever is in stays in: their token was good when they came, and ends when it said.
    ///
    /// # Errors
    /// Something cannot be used. Then nothing has changed.
    pub fn reload(&self, settings: &Settings) -> Result<(), ReloadError> {
        // How long a name may be is decided at the start.
        let asked = Settings { name_chars: self.settings.name_chars, ..settings.clone() };
        let verifier = match (&self.verifier, Verifier::open(&asked)?) {
            (Some(old), Some(new)) => Some((old, new)),
            (None, None) => None,
            (Some(_), None) | (None, Some(_)) => return Err(ReloadError::Tokens),
        };
        match (&self.identity, settings.tls_files()) {
            (Some(identity), Some((cert, key))) => identity.change(cert, key)?,
            (None, None) => {}
            (Some(_), None) | (None, Some(_)) => return Err(TlsError::NotNow.into()),
        }
        if let Some((old, new)) = verifier {
            *old.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(new);
        }
        self.gate.change(settings);
        Ok(())
    }

    /// Parts with everybody, because the server stops, and waits until they are gone.
    pub async fn shutdown(&self) {
        self.hub.stop();
        self.hub.emptied().await;
    }
}

/// Why nothing was taken over. One line that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    /// Certificate or key cannot be used, or TLS would be switched on or off.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The key by which tokens are checked cannot be used.
    #[error(transparent)]
    Auth(#[from] AuthError),
    /// Tokens would be asked for, or not any more.
    #[error("whether tokens are asked for is decided at the start: restart the server")]
    Tokens,
}

/// Whether the server can do its work, as `/healthz` and `/readyz` tell it.
#[derive(Debug, Default)]
pub struct Health {
    cannot_accept: AtomicBool,
    draining: AtomicBool,
}

impl Health {
    /// New connections are accepted; they are not while the system has no file descriptor for them.
    pub fn accepts(&self) -> bool {
        !self.cannot_accept.load(Ordering::Relaxed)
    }

    /// The server stops.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// Notes whether connections can be accepted, and tells whether that is news.
    pub(super) fn set_accepts(&self, accepts: bool) -> bool {
        self.cannot_accept.swap(!accepts, Ordering::Relaxed) == accepts
    }

    pub(super) fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }
}

//! Certificate and key: read from PEM files, and in force until they are read anew.

use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{Error, InconsistentKeys, ServerConfig};

use super::TlsError;

/// What is spoken inside, offered to those who ask (RFC 7301).
const INSIDE: &[u8] = b"http/1.1";

/// The certificate and key in force.
#[derive(Debug)]
pub(crate) struct Identity {
    // std: an `Arc` is copied; never across an await.
    config: RwLock<super::ServerConfig>,
}

impl Identity {
    /// Reads both files.
    ///
    /// # Errors
    /// They cannot be read, or not be used together.
    pub(crate) fn open(cert: &Path, key: &Path) -> Result<Self, TlsError> {
        Ok(Self { config: RwLock::new(read(cert, key)?) })
    }

    /// Reads both files anew. Connections go on under the certificate with which they began.
    ///
    /// # Errors
    /// As for [`Identity::open`]; then the old ones stay in force.
    pub(crate) fn change(&self, cert: &Path, key: &Path) -> Result<(), TlsError> {
        let new = read(cert, key)?;
        *self.config.write().unwrap_or_else(PoisonError::into_inner) = new;
        Ok(())
    }

    /// How a handshake that begins now is made.
    pub(crate) fn config(&self) -> super::ServerConfig {
        Arc::clone(&self.config.read().unwrap_or_else(PoisonError::into_inner))
    }
}

fn read(cert: &Path, key: &Path) -> Result<super::ServerConfig, TlsError> {
    let chain = certificates(cert)?;
    let secret = private_key(key)?;
    let unfit = |path: &Path, error: Error| TlsError::Unfit { path: path.to_owned(), reason: error.to_string() };
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider has suites for both versions");
    let mut config = builder.with_no_client_auth().with_single_cert(chain, secret).map_err(|error| match error {
        Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
            TlsError::Mismatch { cert: cert.to_owned(), key: key.to_owned() }
        }
        Error::InvalidCertificate(_) => unfit(cert, error),
        other => unfit(key, other),
    })?;
    config.alpn_protocols = vec![INSIDE.to_vec()];
    // Sessions that are resumed lie with the clients, sealed with keys that change every six hours: rustls by itself remembers
    // so few that a crowd that comes again after a restart of its network would shake hands in full. Where there is no
    // randomness for keys, that is what it does.
    if let Ok(ticketer) = ring::Ticketer::new() {
        config.ticketer = ticketer;
    }
    Ok(Arc::new(config))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    const FLAG: &str = "tls-cert";
    let text = bytes(FLAG, path)?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    match chain {
        Ok(chain) if chain.is_empty() => Err(TlsError::NoCertificate(path.to_owned())),
        Ok(chain) => Ok(chain),
        Err(error) => Err(not_pem(FLAG, path, &error)),
    }
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    const FLAG: &str = "tls-key";
    PrivateKeyDer::from_pem_slice(&bytes(FLAG, path)?).map_err(|error| match error {
        pem::Error::NoItemsFound => TlsError::NoKey(path.to_owned()),
        error => not_pem(FLAG, path, &error),
    })
}

fn bytes(flag: &'static str, path: &Path) -> Result<Vec<u8>, TlsError> {
    std::fs::read(path).map_err(|error| TlsError::Unreadable { flag, path: path.to_owned(), error })
}

fn not_pem(flag: &'static str, path: &Path, error: &pem::Error) -> TlsError {
    TlsError::NotPem { flag, path: path.to_owned(), reason: error.to_string() }
}

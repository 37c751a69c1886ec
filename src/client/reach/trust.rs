//! Whose word is taken for who a server is: the authorities that the system knows, or one's own.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use rustls::client::Resumption;
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use super::Untrusting;

/// What is spoken inside, offered to the server (RFC 7301).
const INSIDE: &[u8] = b"http/1.1";

/// Whose word is taken for who a server is. Copies share what was read, and the sessions that servers remember.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    /// Made when it is needed first: the system's list is long.
    config: Arc<OnceLock<Arc<ClientConfig>>>,
}

impl Trust {
    /// The system's authorities. What `SSL_CERT_FILE` and `SSL_CERT_DIR` name goes over them, as with other programs.
    pub fn system() -> Self {
        Self::default()
    }

    /// Those whose certificates are in this file, in PEM form, and nobody else.
    ///
    /// # Errors
    /// The file cannot be read, or has no certificate in it that can be used.
    pub fn only(file: &Path) -> Result<Self, Untrusting> {
        let roots = in_file(file).map_err(|reason| Untrusting::File { path: file.to_owned(), reason })?;
        Ok(Self { config: Arc::new(OnceLock::from(believing(roots))) })
    }

    /// The same, for clients who are each somebody else, whom a server has not seen before.
    ///
    /// # Errors
    /// The system has no list of authorities.
    pub fn each_anew(self) -> Result<Self, Untrusting> {
        let mut config = ClientConfig::clone(&*self.config()?);
        config.resumption = Resumption::disabled();
        Ok(Self { config: Arc::new(OnceLock::from(Arc::new(config))) })
    }

    /// How handshakes are made.
    pub(super) fn config(&self) -> Result<Arc<ClientConfig>, Untrusting> {
        if let Some(config) = self.config.get() {
            return Ok(Arc::clone(config));
        }
        let config = believing(of_system()?);
        Ok(Arc::clone(self.config.get_or_init(|| config)))
    }
}

fn believing(roots: RootCertStore) -> Arc<ClientConfig> {
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the provider has suites for both versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![INSIDE.to_vec()];
    Arc::new(config)
}

fn of_system() -> Result<RootCertStore, Untrusting> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    // A list of hundreds has some that nobody can read; those who have to be trusted are missed when they are needed.
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let why = found.errors.first().map(|error| format!(", for {error}")).unwrap_or_default();
        return Err(Untrusting::NoSystem(why));
    }
    Ok(roots)
}

fn in_file(path: &Path) -> Result<RootCertStore, String> {
    let text = std::fs::read(path).map_err(|error| error.to_string())?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&text) {
        let certificate = certificate.map_err(|error| error.to_string())?;
        roots.add(certificate).map_err(|error| error.to_string())?;
    }
    if roots.is_empty() { Err("there is no certificate in it".to_owned()) } else { Ok(roots) }
}

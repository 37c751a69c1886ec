//! An authority of a scene's own that certifies servers on this machine, and clients who trust it and nobody else.

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;

use charsu::config::Settings;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion, version};

use super::Folder;

/// Under which names a server is certified.
const NAMES: [&str; 2] = ["localhost", "127.0.0.1"];

/// How a client shakes hands.
pub(crate) type Trust = Arc<ClientConfig>;

/// An authority.
pub(crate) struct Authority {
    folder: Folder,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    /// A new one, with a certificate for a server in `cert.pem` and its key in `key.pem`.
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "an authority for tests");
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("a certificate");
        let authority = Self { folder: Folder::new(), issuer };
        std::fs::write(authority.root(), authority.issuer.pem()).expect("a file can be written");
        authority.certifies_anew();
        authority
    }

    /// Writes another certificate and key into the same files.
    pub(crate) fn certifies_anew(&self) {
        self.certifies_like(&NAMES, |_| ());
    }

    /// The same for other names, and with what else is to be different.
    pub(crate) fn certifies_like(&self, names: &[&str], change: impl FnOnce(&mut CertificateParams)) {
        let key = KeyPair::generate().expect("a key");
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let mut params = CertificateParams::new(names).expect("names");
        change(&mut params);
        let cert = params.signed_by(&key, &self.issuer).expect("a certificate");
        std::fs::write(self.cert(), cert.pem() + &self.issuer.pem()).expect("a file can be written");
        std::fs::write(self.key(), key.serialize_pem()).expect("a file can be written");
    }

    /// The file of the authority's own certificate.
    pub(crate) fn root(&self) -> PathBuf {
        self.folder.join("root.pem")
    }

    /// The file of the server's certificate.
    pub(crate) fn cert(&self) -> PathBuf {
        self.folder.join("cert.pem")
    }

    /// The file of the server's key.
    pub(crate) fn key(&self) -> PathBuf {
        self.folder.join("key.pem")
    }

    /// Settings with which a server speaks TLS.
    pub(crate) fn certifies(&self, settings: &mut Settings) {
        settings.tls_cert = Some(self.cert());
        settings.tls_key = Some(self.key());
    }

    /// The same as flags of the program.
    pub(crate) fn flags(&self) -> String {
        format!("--tls-cert {} --tls-key {}", self.cert().display(), self.key().display())
    }

    /// Somebody who trusts it.
    pub(crate) fn trust(&self) -> Trust {
        self.trust_with(&[&version::TLS13, &version::TLS12])
    }

    /// Somebody who trusts it and speaks these versions only.
    pub(crate) fn trust_with(&self, versions: &[&'static SupportedProtocolVersion]) -> Trust {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(self.root()).expect("a certificate")).expect("a root");
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(versions)
            .expect("versions that we have")
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Arc::new(config)
    }
}

/// What a server on this machine is called.
pub(crate) fn here() -> ServerName<'static> {
    ServerName::from(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST))
}

/// How connections of a scene are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Over {
    Plain,
    Tls,
}

impl Over {
    /// `CHARSU_SCENES_OVER` names it for scenes that do not say otherwise: `tls`, or nothing.
    pub(crate) fn wanted() -> Self {
        match std::env::var("CHARSU_SCENES_OVER").as_deref() {
            Err(_) | Ok("" | "plain") => Self::Plain,
            Ok("tls") => Self::Tls,
            Ok(other) => panic!("CHARSU_SCENES_OVER={other} is neither plain nor tls"),
        }
    }

    /// The authority of such a scene.
    pub(crate) fn authority(self) -> Option<Authority> {
        match self {
            Self::Plain => None,
            Self::Tls => Some(Authority::new()),
        }
    }
}

/// Plays each scene of a file on plain connections and over TLS.
#[macro_export]
macro_rules! plain_and_over_tls {
    ($($scene:ident)+) => {
        mod plain {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $scene() {
                super::$scene($crate::scene::Over::Plain).await;
            })+
        }

        #[cfg(feature = "tls")]
        mod over_tls {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $scene() {
                super::$scene($crate::scene::Over::Tls).await;
            })+
        }
    };
}

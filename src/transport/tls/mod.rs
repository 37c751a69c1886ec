//! TLS on the server's own port: the certificate and key that are in force, and the layer between a connection's socket and its
//! bytes. Knows no HTTP and no frame. Without the cargo feature `tls` there is nothing here but the refusal to have it.
//!
//! rustls is driven without buffers of its own (`rustls::unbuffered`): a connection on which nothing is half sent or half
//! received holds its keys and no buffer.

#[cfg(not(feature = "tls"))]
mod absent;
#[cfg(feature = "tls")]
mod files;
#[cfg(feature = "tls")]
mod layer;
#[cfg(feature = "tls")]
mod machine;

use std::io;
use std::path::PathBuf;

#[cfg(not(feature = "tls"))]
pub(crate) use absent::{Identity, ServerConfig, Tls};
#[cfg(feature = "tls")]
pub(crate) use files::Identity;
#[cfg(feature = "tls")]
pub(crate) use layer::Tls;

/// How handshakes are made, shared by all that began under it.
#[cfg(feature = "tls")]
pub(crate) type ServerConfig = std::sync::Arc<rustls::ServerConfig>;

/// Why certificate and key cannot be used. One line that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("{}: {error}: give with --{flag} a PEM file that this user may read", path.display())]
    Unreadable {
        /// The flag that names it.
        flag: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// A file is no PEM.
    #[error("{}: {reason}: give with --{flag} a file in PEM form, with lines of BEGIN and END", path.display())]
    NotPem {
        /// The flag that names it.
        flag: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A file without a certificate.
    #[error("{} has no certificate in it: give with --tls-cert the server's certificate, and after it those that vouch for it", .0.display())]
    NoCertificate(PathBuf),
    /// A file without a key that can be read.
    #[error("{} has no private key in it that can be read: give with --tls-key one without a passphrase (openssl pkey -in FILE -out NEW)", .0.display())]
    NoKey(PathBuf),
    /// A certificate or a key that means nothing to us.
    #[error("{} cannot be used: {reason}: get a certificate and key of a kind that browsers take, such as ECDSA P-256 or RSA 2048", path.display())]
    Unfit {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The key is another certificate's.
    #[error("the key in {} is not that of the first certificate in {}: name files that were made together", key.display(), cert.display())]
    Mismatch {
        /// The certificate's file.
        cert: PathBuf,
        /// The key's file.
        key: PathBuf,
    },
    /// A reload would switch TLS on or off.
    #[error("whether the port speaks TLS is decided at the start: restart the server")]
    NotNow,
    /// A program without TLS.
    #[error(
        "this charsu was built without TLS: build it with the cargo feature tls, or leave out --tls-cert and --tls-key"
    )]
    NotBuilt,
}

/// Why there was no handshake.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    /// The peer ended before it was over.
    #[error("the peer hung up")]
    HungUp,
    /// It was not over when it had to be.
    #[error("it took longer than handshake_timeout")]
    TooSlow,
    /// The peer broke the rules, or wants what we do not have.
    #[error("{0}")]
    Broken(#[from] io::Error),
}

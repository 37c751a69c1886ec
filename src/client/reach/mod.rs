//! From an address to a stream of bytes: the one place that knows how a server is reached, and whose word is taken for who it
//! is. Knows no HTTP.

#[cfg_attr(not(feature = "tls"), path = "unsecured.rs")]
mod secured;
mod stream;
#[cfg_attr(not(feature = "tls"), path = "untrusting.rs")]
mod trust;

use std::io;
use std::path::PathBuf;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::address::Address;

pub(crate) use stream::Stream;
pub use trust::Trust;

/// Bytes to and from a server.
pub trait Line: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Line for T {}

/// Why a server is not reached. One line that says what to do, if that is known.
#[derive(Debug, thiserror::Error)]
pub enum Unreached {
    /// The system says so, or the connection broke.
    #[error("{}", words(.0))]
    Io(#[from] io::Error),
    /// Nobody who is trusted vouches for the server's certificate.
    #[error(
        "nobody who is trusted here vouches for its certificate: if it is a server of your own, name the file of whoever does with --tls-root"
    )]
    UnknownIssuer,
    /// The certificate is for other names: this may be another server.
    #[error("its certificate is not for {wanted}{}: use a name for which it is", others(.held))]
    OtherName {
        /// Whom one wanted to reach.
        wanted: String,
        /// The names that stand in it.
        held: Vec<String>,
    },
    /// The certificate has run out, or is of no use yet.
    #[error("its certificate {0} by this machine's clock: look at the clock, or have the server's operator renew it")]
    OutOfTime(&'static str),
    /// Something else is wrong with the certificate.
    #[error("its certificate is not good: {0}")]
    Certificate(String),
    /// What answers there speaks something else.
    #[error("it does not speak TLS on this port: try http:// in place of https://, or look at the port")]
    NotTls,
    /// The server gave the handshake up, without words: TLS has none for limits.
    #[error("it broke the handshake off ({0}): it may have too many visitors, so try again later")]
    TurnedAway(String),
    /// Server and client cannot agree, or one of them breaks the rules.
    #[error("there is no TLS with it: {0}")]
    Tls(String),
    /// There is nobody to trust.
    #[error(transparent)]
    Untrusting(#[from] Untrusting),
}

/// Why nobody can be trusted to say who a server is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Untrusting {
    /// The file cannot be used.
    #[error("--tls-root {}: {reason}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The system names nobody.
    #[error(
        "this system has no list of authorities (ca-certificates){0}: install it, or name the file of one with --tls-root"
    )]
    NoSystem(String),
    /// A program without TLS.
    #[error(
        "this charsu was built without TLS: build it with the cargo feature tls, or name a server with http:// or ws://"
    )]
    NotBuilt,
}

fn others(names: &[String]) -> String {
    if names.is_empty() { String::new() } else { format!(", but for {}", names.join(", ")) }
}

/// The system's words, but for those that a person would not understand.
pub(super) fn words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "no server answers there".to_owned(),
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
            "the connection broke".to_owned()
        }
        _ => error.to_string(),
    }
}

/// Connects, and shakes hands if the server is to be had over TLS. Every address that the name has is tried.
///
/// # Errors
/// Why it cannot be reached, or is not who it should be.
pub async fn reach(server: &Address, trust: &Trust) -> Result<Box<dyn Line>, Unreached> {
    let host = &server.authority.host;
    let tcp = TcpStream::connect((&**host, server.authority.port)).await?;
    let stream = if server.secure { Stream::secured(tcp, trust, host).await? } else { Stream::plain(tcp)? };
    Ok(Box::new(stream))
}

//! A client's side of TLS. Shares nothing with the server's, so that what both do wrong does not go unnoticed.

use std::cell::RefCell;
use std::io::{self, Read, Write};

use rustls::pki_types::ServerName;
use rustls::{CertificateError, ClientConnection, Error, InvalidMessage};
use tokio::net::TcpStream;

use super::{Trust, Unreached};

/// One connection's side.
pub(super) struct Secured(RefCell<ClientConnection>);

impl Secured {
    /// Shakes hands on a connection that has just been made.
    pub(super) async fn shake_hands(tcp: &TcpStream, trust: &Trust, host: &str) -> Result<Self, Unreached> {
        let config = trust.config()?;
        let name = ServerName::try_from(host.to_owned()).map_err(|_| Unreached::Tls(format!("{host} is no name")))?;
        let secured = Self(RefCell::new(ClientConnection::new(config, name).map_err(|error| why(error, host))?));
        loop {
            while !secured.flush(tcp)? {
                tcp.writable().await?;
            }
            if !secured.0.borrow().is_handshaking() {
                return Ok(secured);
            }
            tcp.readable().await?;
            match secured.receive(tcp) {
                Ok(0) => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
                Ok(_) => {}
                Err(Broken::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(Broken::Io(error)) => return Err(error.into()),
                Err(Broken::Tls(error)) => {
                    // The server is told why, if it still listens.
                    let _ = secured.flush(tcp);
                    return Err(why(error, host));
                }
            }
        }
    }

    pub(super) fn try_read(&self, tcp: &TcpStream, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            // 0 is an end with a goodbye; one without is an error.
            let read = self.0.borrow_mut().reader().read(buffer);
            match read {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.receive(tcp)?,
                read => return read,
            };
        }
    }

    fn receive(&self, tcp: &TcpStream) -> Result<usize, Broken> {
        let mut client = self.0.borrow_mut();
        let count = client.read_tls(&mut Pipe(tcp))?;
        client.process_new_packets()?;
        Ok(count)
    }

    /// Tells the server that nothing more will come. It leaves with the next flush.
    pub(super) fn says_goodbye(&self) {
        self.0.borrow_mut().send_close_notify();
    }

    pub(super) fn try_write(&self, tcp: &TcpStream, bytes: &[u8]) -> io::Result<usize> {
        if !self.flush(tcp)? {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let written = self.0.borrow_mut().writer().write(bytes)?;
        self.flush(tcp)?;
        Ok(written)
    }

    /// Whether all that was taken has left.
    pub(super) fn flush(&self, tcp: &TcpStream) -> io::Result<bool> {
        let mut client = self.0.borrow_mut();
        while client.wants_write() {
            match client.write_tls(&mut Pipe(tcp)) {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }
}

/// What went wrong with a connection.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Tls(#[from] Error),
}

impl From<Broken> for io::Error {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Io(error) => error,
            Broken::Tls(error) => Self::other(error),
        }
    }
}

/// What a failed handshake says of the server.
fn why(error: Error, host: &str) -> Unreached {
    let wanted = host.to_owned();
    match error {
        Error::InvalidCertificate(found) => match found {
            // Somebody else of an authority's name signed it.
            CertificateError::UnknownIssuer
            | CertificateError::BadSignature
            | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => Unreached::UnknownIssuer,
            CertificateError::NotValidForName => Unreached::OtherName { wanted, held: Vec::new() },
            CertificateError::NotValidForNameContext { presented, .. } => {
                Unreached::OtherName { wanted, held: presented.iter().map(|name| plain(name)).collect() }
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => Unreached::OutOfTime("has run out"),
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                Unreached::OutOfTime("is not valid yet")
            }
            other => Unreached::Certificate(other.to_string()),
        },
        // What it sent is no record of TLS.
        Error::InvalidMessage(InvalidMessage::InvalidContentType) => Unreached::NotTls,
        Error::AlertReceived(alert) => Unreached::TurnedAway(format!("{alert:?}")),
        other => Unreached::Tls(other.to_string()),
    }
}

/// `DnsName("a.example")` is how a name of a certificate is shown to programmers.
fn plain(name: &str) -> String {
    let inside = name.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')')).unwrap_or(name);
    inside.trim_matches('"').to_owned()
}

/// A socket for who reads and writes it at once or not at all.
struct Pipe<'s>(&'s TcpStream);

impl Read for Pipe<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.try_read(buffer)
    }
}

impl Write for Pipe<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_write(bytes)
    }

    fn write_vectored(&mut self, slices: &[io::IoSlice<'_>]) -> io::Result<usize> {
        self.0.try_write_vectored(slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

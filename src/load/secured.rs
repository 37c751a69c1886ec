//! A client's side of TLS. Shares nothing with the server's, so that what both do wrong does not go unnoticed.

use std::cell::RefCell;
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore};
use tokio::net::TcpStream;

use super::{Plan, Refused};

/// Whom the clients trust, and as whom they know the server.
pub(super) struct Trust {
    config: Arc<ClientConfig>,
    server: ServerName<'static>,
}

impl Trust {
    /// What the plan says of it; nothing if the server is reached without TLS.
    ///
    /// # Errors
    /// There is nobody to trust.
    pub(super) fn of(plan: &Plan) -> Result<Option<Self>, Refused> {
        if !plan.target.tls {
            return Ok(None);
        }
        let path = plan.tls_root.as_deref().ok_or(Refused::NoRoot)?;
        let wrong = |reason: String| Refused::Root { path: path.to_owned(), reason };
        let roots = roots(path).map_err(wrong)?;
        let server =
            ServerName::try_from(plan.target.authority.host.clone()).map_err(|error| wrong(error.to_string()))?;
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("the provider has suites for both versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        // Each client is somebody else, whom the server has not seen before.
        config.resumption = Resumption::disabled();
        Ok(Some(Self { config: Arc::new(config), server }))
    }
}

fn roots(path: &Path) -> Result<RootCertStore, String> {
    let text = std::fs::read(path).map_err(|error| error.to_string())?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&text) {
        let certificate = certificate.map_err(|error| error.to_string())?;
        roots.add(certificate).map_err(|error| error.to_string())?;
    }
    if roots.is_empty() { Err("there is no certificate in it".to_owned()) } else { Ok(roots) }
}

/// One connection's side.
pub(super) struct Secured(RefCell<ClientConnection>);

impl Secured {
    /// Shakes hands on a connection that has just been made.
    pub(super) async fn shake_hands(tcp: &TcpStream, trust: &Trust) -> io::Result<Self> {
        let client =
            ClientConnection::new(Arc::clone(&trust.config), trust.server.clone()).map_err(io::Error::other)?;
        let secured = Self(RefCell::new(client));
        loop {
            while !secured.flush(tcp)? {
                tcp.writable().await?;
            }
            if !secured.0.borrow().is_handshaking() {
                return Ok(secured);
            }
            tcp.readable().await?;
            match secured.receive(tcp) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
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

    fn receive(&self, tcp: &TcpStream) -> io::Result<usize> {
        let mut client = self.0.borrow_mut();
        let count = client.read_tls(&mut Pipe(tcp))?;
        client.process_new_packets().map_err(io::Error::other)?;
        Ok(count)
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

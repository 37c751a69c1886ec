//! What stands for a client's TLS in a program that was built without it. None of it can exist.

use std::convert::Infallible;
use std::io;

use tokio::net::TcpStream;

use super::{Trust, Unreached, Untrusting};

pub(super) struct Secured(Infallible);

impl Secured {
    #[expect(clippy::unused_async, reason = "it stands for what waits")]
    pub(super) async fn shake_hands(_tcp: &TcpStream, _trust: &Trust, _host: &str) -> Result<Self, Unreached> {
        Err(Untrusting::NotBuilt.into())
    }

    pub(super) fn says_goodbye(&self) {
        match self.0 {}
    }

    pub(super) fn try_read(&self, _tcp: &TcpStream, _buffer: &mut [u8]) -> io::Result<usize> {
        match self.0 {}
    }

    pub(super) fn try_write(&self, _tcp: &TcpStream, _bytes: &[u8]) -> io::Result<usize> {
        match self.0 {}
    }

    pub(super) fn flush(&self, _tcp: &TcpStream) -> io::Result<bool> {
        match self.0 {}
    }
}

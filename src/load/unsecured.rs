//! What stands for a client's TLS in a program that was built without it. None of it can exist.

use std::convert::Infallible;
use std::io;

use tokio::net::TcpStream;

use super::{Plan, Refused};

pub(super) struct Trust(Infallible);

impl Trust {
    pub(super) fn of(plan: &Plan) -> Result<Option<Self>, Refused> {
        if plan.target.tls { Err(Refused::NotBuilt) } else { Ok(None) }
    }
}

pub(super) struct Secured(Infallible);

#[expect(clippy::unused_async, reason = "it stands for what waits")]
impl Secured {
    pub(super) async fn shake_hands(_tcp: &TcpStream, trust: &Trust) -> io::Result<Self> {
        match trust.0 {}
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

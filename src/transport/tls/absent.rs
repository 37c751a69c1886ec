//! What stands for TLS in a program that was built without it. None of it can exist.

use std::convert::Infallible;
use std::io::{self, IoSlice};
use std::path::Path;
use std::task::{Context, Poll};

use super::{Refused, TlsError};
use crate::transport::tcp::Tcp;

/// How handshakes would be made.
#[derive(Debug)]
pub(crate) struct ServerConfig(Infallible);

/// A certificate and its key, of which there are none.
#[derive(Debug)]
pub(crate) struct Identity(Infallible);

impl Identity {
    pub(crate) fn open(_cert: &Path, _key: &Path) -> Result<Self, TlsError> {
        Err(TlsError::NotBuilt)
    }

    pub(crate) fn change(&self, _cert: &Path, _key: &Path) -> Result<(), TlsError> {
        match self.0 {}
    }

    pub(crate) fn config(&self) -> ServerConfig {
        match self.0 {}
    }
}

/// The layer over a socket.
#[derive(Debug)]
pub(crate) struct Tls(Infallible);

impl Tls {
    pub(in crate::transport) fn new(_tcp: Tcp, config: ServerConfig) -> Self {
        match config.0 {}
    }

    pub(in crate::transport) fn tcp(&self) -> &Tcp {
        match self.0 {}
    }

    pub(in crate::transport) fn poll_handshake(&self, _cx: &mut Context<'_>) -> Poll<Result<(), Refused>> {
        match self.0 {}
    }

    pub(in crate::transport) fn poll_read(&self, _cx: &mut Context<'_>, _buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        match self.0 {}
    }

    pub(in crate::transport) fn write(&self, _slices: &[IoSlice<'_>]) -> io::Result<usize> {
        match self.0 {}
    }

    pub(in crate::transport) fn owes(&self) -> bool {
        match self.0 {}
    }

    pub(in crate::transport) fn poll_goodbye(&self, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.0 {}
    }
}

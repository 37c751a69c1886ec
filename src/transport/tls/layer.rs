//! The TLS layer over one connection's socket. Like the socket it is used through a shared reference: the connection's task
//! reads while somebody else writes.
//!
//! Plaintext is taken a record at a time, and only while the socket takes ciphertext. So of what was taken no more than the rest
//! of one record is owed, and that rest is written before anything else.

use std::cell::RefCell;
use std::io::{self, IoSlice};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use super::machine::{KEPT_BYTES, Machine, RECORD_BYTES};
use super::{Refused, ServerConfig};
use crate::transport::tcp::Tcp;

/// Ciphertext that one read takes at most, in bytes.
const READ_BYTES: usize = 32 * 1024;
/// Over so much unwritten ciphertext nothing is read, in bytes: what rustls answers by itself must not pile up.
const MAX_OWED: usize = 2 * RECORD_BYTES;

thread_local! {
    /// Where this thread's connections read ciphertext into, with room for what each has kept before it.
    static INCOMING: RefCell<Vec<u8>> = RefCell::new(vec![0; KEPT_BYTES + READ_BYTES]);
    /// Where they lay plaintext that comes in several pieces together, and encrypt it.
    static OUTGOING: RefCell<(Vec<u8>, Vec<u8>)> = RefCell::default();
}

/// The layer.
#[derive(Debug)]
pub(crate) struct Tls {
    tcp: Tcp,
    // std: held while a read's records are decrypted, or a write's are encrypted and handed to the kernel; never across an await.
    // Taken under the desk's lock; nothing is taken under it.
    machine: Mutex<Machine>,
}

impl Tls {
    /// The layer of a connection that has just been accepted.
    pub(in crate::transport) fn new(tcp: Tcp, config: ServerConfig) -> Self {
        Self { tcp, machine: Mutex::new(Machine::new(config)) }
    }

    /// The socket below.
    pub(in crate::transport) fn tcp(&self) -> &Tcp {
        &self.tcp
    }

    /// Shakes hands. Ready once both sides may speak and what that takes is written.
    pub(in crate::transport) fn poll_handshake(&self, cx: &mut Context<'_>) -> Poll<Result<(), Refused>> {
        loop {
            while !self.machine().flush(&self.tcp)? {
                ready!(self.tcp.poll_writable(cx))?;
            }
            let machine = self.machine();
            if !machine.is_handshaking() {
                return Poll::Ready(Ok(()));
            }
            if machine.has_ended {
                return Poll::Ready(Err(Refused::HungUp));
            }
            drop(machine);
            // Words that come with the end of the handshake are kept.
            if let Err(error) = ready!(self.poll_take_in(cx, &mut [])) {
                // The alert, as far as the socket takes it at once.
                let _ = self.machine().flush(&self.tcp);
                return Poll::Ready(Err(error.into()));
            }
        }
    }

    /// Reads plaintext. 0 bytes are the end, with a word or without one: a conversation says itself whether it is over.
    pub(in crate::transport) fn poll_read(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        loop {
            let mut machine = self.machine();
            let count = machine.take_plaintext(buffer);
            if count > 0 || machine.has_ended {
                return Poll::Ready(Ok(count));
            }
            // What TLS has to say by itself has nobody else to write it.
            while !machine.flush(&self.tcp)? {
                if self.tcp.poll_writable(cx)?.is_pending() {
                    if machine.outgoing.len() > MAX_OWED {
                        return Poll::Pending;
                    }
                    break;
                }
            }
            drop(machine);
            let taken = ready!(self.poll_take_in(cx, buffer));
            if !matches!(taken, Ok(0)) {
                if taken.is_err() {
                    let _ = self.machine().flush(&self.tcp);
                }
                return Poll::Ready(taken);
            }
        }
    }

    /// Reads once from the socket, and decrypts.
    fn poll_take_in(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        INCOMING.with_borrow_mut(|scratch| {
            let count = ready!(self.tcp.poll_read(cx, &mut scratch[KEPT_BYTES..]))?;
            let mut machine = self.machine();
            if count == 0 {
                machine.has_ended = true;
                return Poll::Ready(Ok(0));
            }
            Poll::Ready(machine.take_in(&mut scratch[..KEPT_BYTES + count], buffer))
        })
    }

    /// Writes what is owed, and then as much of the pieces as the socket takes.
    pub(in crate::transport) fn write(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut machine = self.machine();
        if !machine.flush(&self.tcp)? {
            return Ok(0);
        }
        OUTGOING.with_borrow_mut(|(gathered, sealed)| {
            let mut taken = 0;
            loop {
                let piece = piece_after(taken, slices, gathered);
                if piece.is_empty() {
                    return Ok(taken);
                }
                sealed.clear();
                machine.seal(piece, sealed)?;
                taken += piece.len();
                let sent = self.tcp.write(sealed)?;
                if sent < sealed.len() {
                    machine.outgoing.extend_from_slice(&sealed[sent..]);
                    return Ok(taken);
                }
            }
        })
    }

    /// Whether ciphertext of what was taken is not written yet.
    pub(in crate::transport) fn owes(&self) -> bool {
        !self.machine().outgoing.is_empty()
    }

    /// Tells the peer that nothing more comes (RFC 8446, section 6.1), and writes all that is owed.
    pub(in crate::transport) fn poll_goodbye(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Where it cannot be said, an alert may still be owed.
        let _ = self.machine().say_goodbye();
        while !self.machine().flush(&self.tcp)? {
            ready!(self.tcp.poll_writable(cx))?;
        }
        Poll::Ready(Ok(()))
    }

    fn machine(&self) -> MutexGuard<'_, Machine> {
        self.machine.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Machine {
    /// Writes what is owed. Whether that was all of it.
    fn flush(&mut self, tcp: &Tcp) -> io::Result<bool> {
        if self.outgoing.is_empty() {
            return Ok(true);
        }
        let sent = tcp.write(&self.outgoing)?;
        if sent == self.outgoing.len() {
            self.outgoing = Vec::new();
            return Ok(true);
        }
        self.outgoing.drain(..sent);
        Ok(false)
    }
}

/// What stands in all slices together after so many bytes, at most a record of it. Copied only where it is in several.
fn piece_after<'p>(taken: usize, slices: &'p [IoSlice<'_>], gathered: &'p mut Vec<u8>) -> &'p [u8] {
    let mut before = taken;
    let mut rests = slices.iter().filter_map(|slice| {
        let skipped = before.min(slice.len());
        before -= skipped;
        Some(&slice[skipped..]).filter(|rest| !rest.is_empty())
    });
    let first = rests.next().unwrap_or_default();
    let second = if first.len() < RECORD_BYTES { rests.next() } else { None };
    let Some(second) = second else { return &first[..first.len().min(RECORD_BYTES)] };
    gathered.clear();
    for rest in [first, second].into_iter().chain(rests) {
        let room = RECORD_BYTES - gathered.len();
        gathered.extend_from_slice(&rest[..rest.len().min(room)]);
    }
    gathered
}

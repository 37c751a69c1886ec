//! The server's half of one TLS connection, apart from any socket: ciphertext in, plaintext out, and the other way round. Holds
//! its keys, and of the bytes only what is half received or not taken yet. Knows no clock and no lock.

use std::{fmt, io};

use rustls::server::UnbufferedServerConnection;
use rustls::unbuffered::{ConnectionState, EncodeError, EncodeTlsData, EncryptError, UnbufferedStatus, WriteTraffic};

use super::ServerConfig;

/// What one record carries at most, in bytes (RFC 8446, section 5.1).
pub(super) const RECORD_BYTES: usize = 16 * 1024;
/// Ciphertext that is kept because it is not whole yet, in bytes at most: a record (RFC 5246, section 6.2.3: 18 KiB with its
/// head), or a handshake message in several. A `ClientHello` with all that browsers put into it has 2 KiB.
pub(super) const KEPT_BYTES: usize = 24 * 1024;
/// By how much a record may be longer than what it carries, with a message or two of TLS's own before it.
const MARGIN: usize = 512;

/// The server's half of a connection.
pub(super) struct Machine {
    rustls: UnbufferedServerConnection,
    /// Ciphertext that has come and is not whole yet. Where a handshake message is in several records, those that came are
    /// decrypted already.
    incoming: Vec<u8>,
    /// Plaintext for which the last reader had no room.
    plaintext: Vec<u8>,
    /// Ciphertext that the socket has not taken, to be written before anything else.
    pub(super) outgoing: Vec<u8>,
    /// The peer has said that nothing more comes, or its connection ended.
    pub(super) has_ended: bool,
    has_said_goodbye: bool,
    /// The rules were broken: nothing is said any more but what is in `outgoing`.
    is_broken: bool,
}

/// Of the keys nothing is ever shown.
impl fmt::Debug for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Machine").finish_non_exhaustive()
    }
}

/// What is to be said as soon as it may be.
enum Say<'b> {
    Nothing,
    /// At most [`RECORD_BYTES`].
    Piece(&'b [u8]),
    Goodbye,
}

impl Machine {
    /// A connection that begins.
    pub(super) fn new(config: ServerConfig) -> Self {
        Self {
            rustls: UnbufferedServerConnection::new(config)
                .expect("only a limit on records, which we do not set, is refused"),
            incoming: Vec::new(),
            plaintext: Vec::new(),
            outgoing: Vec::new(),
            has_ended: false,
            has_said_goodbye: false,
            is_broken: false,
        }
    }

    /// Whether nothing can be said or heard yet.
    pub(super) fn is_handshaking(&self) -> bool {
        self.rustls.is_handshaking()
    }

    /// Takes ciphertext that has come, and gives how much plaintext was put into `into`; what has no room there waits for
    /// [`Machine::take_plaintext`]. The ciphertext lies in `scratch` from [`KEPT_BYTES`] on; the room before it is for what
    /// came earlier. What is to be answered is added to `outgoing`.
    ///
    /// # Errors
    /// The peer breaks the rules. The alert that says so is added to `outgoing`; the connection is of no use any more.
    pub(super) fn take_in(&mut self, scratch: &mut [u8], into: &mut [u8]) -> io::Result<usize> {
        let begin = KEPT_BYTES - self.incoming.len();
        scratch[begin..KEPT_BYTES].copy_from_slice(&self.incoming);
        let bytes = &mut scratch[begin..];
        let Self { rustls, plaintext, outgoing, .. } = self;
        let mut filled = 0;
        let mut hear = |heard: &[u8]| {
            let count = heard.len().min(into.len() - filled);
            into[filled..filled + count].copy_from_slice(&heard[..count]);
            filled += count;
            plaintext.extend_from_slice(&heard[count..]);
        };
        let (done, went) = go_on(rustls, bytes, &Say::Nothing, &mut hear, outgoing);
        self.is_broken |= went.is_err();
        self.has_ended |= went?;
        let rest = if self.has_ended { &[][..] } else { &bytes[done..] };
        if rest.len() > KEPT_BYTES {
            self.is_broken = true;
            return Err(broken("a handshake message is longer than any should be"));
        }
        self.incoming = rest.to_vec();
        Ok(filled)
    }

    /// Gives plaintext for which there was no room before.
    pub(super) fn take_plaintext(&mut self, into: &mut [u8]) -> usize {
        let count = self.plaintext.len().min(into.len());
        into[..count].copy_from_slice(&self.plaintext[..count]);
        if count == self.plaintext.len() {
            self.plaintext = Vec::new();
        } else {
            self.plaintext.drain(..count);
        }
        count
    }

    /// Adds a record with a piece of at most [`RECORD_BYTES`] in it to `out`, after messages of TLS's own that are due.
    ///
    /// # Errors
    /// Nothing can be said on this connection any more.
    pub(super) fn seal(&mut self, piece: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
        self.says(&Say::Piece(piece), out)
    }

    /// Adds to `outgoing` that nothing more comes, once.
    ///
    /// # Errors
    /// As for [`Machine::seal`].
    pub(super) fn say_goodbye(&mut self) -> io::Result<()> {
        if self.has_said_goodbye {
            return Ok(());
        }
        self.has_said_goodbye = true;
        let mut out = std::mem::take(&mut self.outgoing);
        let said = self.says(&Say::Goodbye, &mut out);
        self.outgoing = out;
        said
    }

    fn says(&mut self, what: &Say<'_>, out: &mut Vec<u8>) -> io::Result<()> {
        if self.is_broken {
            return Err(broken("the rules of TLS were broken"));
        }
        let Self { rustls, incoming, plaintext, .. } = self;
        // Half a record lies there: rustls is shown it each time, and counts from its beginning.
        let (done, went) = go_on(rustls, incoming, what, &mut |heard| plaintext.extend_from_slice(heard), out);
        incoming.drain(..done);
        self.is_broken |= went.is_err();
        self.has_ended |= went?;
        Ok(())
    }
}

/// Has rustls go on until it waits for the peer. Gives how many of `bytes` are done with, and whether the peer has ended.
fn go_on(
    rustls: &mut UnbufferedServerConnection,
    bytes: &mut [u8],
    what: &Say<'_>,
    hear: &mut dyn FnMut(&[u8]),
    out: &mut Vec<u8>,
) -> (usize, io::Result<bool>) {
    let mut done = 0;
    let mut has_ended = false;
    loop {
        let UnbufferedStatus { mut discard, state } = rustls.process_tls_records(&mut bytes[done..]);
        match state {
            Ok(ConnectionState::ReadTraffic(mut traffic)) => {
                while let Some(record) = traffic.next_record() {
                    match record {
                        Ok(record) => {
                            hear(record.payload);
                            discard += record.discard;
                        }
                        Err(error) => return (done + discard, Err(broken(error))),
                    }
                }
            }
            Ok(ConnectionState::EncodeTlsData(mut message)) => push(&mut message, out),
            // It lies in `out`, which nothing overtakes.
            Ok(ConnectionState::TransmitTlsData(message)) => message.done(),
            Ok(ConnectionState::PeerClosed) => has_ended = true,
            Ok(ConnectionState::WriteTraffic(mut traffic)) => {
                let said = say(&mut traffic, what, out).map_err(broken);
                return (done + discard, said.map(|()| has_ended));
            }
            Ok(ConnectionState::BlockedHandshake | ConnectionState::Closed) if matches!(what, Say::Nothing) => {
                return (done + discard, Ok(has_ended));
            }
            Ok(_) => return (done + discard, Err(broken("nothing can be said now"))),
            Err(error) => {
                done += discard;
                // The alert that tells the peer, and nothing but what is queued already.
                while rustls.wants_write() {
                    let UnbufferedStatus { discard, state } = rustls.process_tls_records(&mut bytes[done..]);
                    let Ok(ConnectionState::EncodeTlsData(mut message)) = state else { break };
                    push(&mut message, out);
                    done += discard;
                }
                return (done, Err(broken(error)));
            }
        }
        done += discard;
    }
}

/// Adds a message of TLS's own.
fn push<Side>(message: &mut EncodeTlsData<'_, Side>, out: &mut Vec<u8>) {
    let begin = out.len();
    out.resize(begin + MARGIN, 0);
    let written = message.encode(&mut out[begin..]).or_else(|error| match error {
        EncodeError::InsufficientSize(wanted) => {
            out.resize(begin + wanted.required_size, 0);
            message.encode(&mut out[begin..])
        }
        error @ EncodeError::AlreadyEncoded => Err(error),
    });
    out.truncate(begin + written.unwrap_or_default());
}

fn say<Side>(traffic: &mut WriteTraffic<'_, Side>, what: &Say<'_>, out: &mut Vec<u8>) -> Result<(), EncryptError> {
    let begin = out.len();
    let carried = if let Say::Piece(piece) = what { piece.len() } else { 0 };
    let mut write = |out: &mut [u8]| match what {
        Say::Nothing => Ok(0),
        Say::Piece(piece) => traffic.encrypt(piece, out),
        Say::Goodbye => traffic.queue_close_notify(out),
    };
    if matches!(what, Say::Nothing) {
        return Ok(());
    }
    out.resize(begin + carried + MARGIN, 0);
    let written = write(&mut out[begin..]).or_else(|error| match error {
        EncryptError::InsufficientSize(wanted) => {
            out.resize(begin + wanted.required_size, 0);
            write(&mut out[begin..])
        }
        error @ EncryptError::EncryptExhausted => Err(error),
    });
    out.truncate(begin + *written.as_ref().unwrap_or(&0));
    written.map(drop)
}

fn broken(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

#[cfg(test)]
mod tests;

//! The door: accepts connections, turns away those over a limit with an answer they can read, and waits when the system
//! has no file descriptor left. Never ends by itself and never spins.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::{sleep, timeout};

use super::answers;
use super::app::App;
use super::connection;
use crate::config::Settings;
use crate::protocol::Refusal;

/// How long the door stays shut when the system cannot give us a connection. Long enough not to spin, short enough not to
/// be noticed.
const PAUSE: Duration = Duration::from_millis(100);
/// How many peers are told at once why they are turned away. Further ones are cut off: answers must not become the load.
const TOLD_AT_ONCE: usize = 256;
/// How long somebody who is turned away may take to ask and to read the answer.
const FAREWELL: Duration = Duration::from_secs(2);
/// How much of a request is read and thrown away meanwhile.
const FAREWELL_BYTES: usize = 32 * 1024;

/// What is said instead where TLS is spoken: a fatal `internal_error` (RFC 8446, section 6.2), for which no handshake is needed.
/// The limits are there to save handshakes, too.
const ALERT: [u8; 7] = [21, 3, 3, 0, 2, 2, 80];

/// The kernel is never less patient than this, for a network may well be away for some seconds.
#[cfg(any(target_os = "linux", target_os = "android"))]
const LEAST_PATIENCE: Duration = Duration::from_secs(20);

/// A permit is held while a peer is being told why it is turned away.
static TELLING: Semaphore = Semaphore::const_new(TOLD_AT_ONCE);

/// Accepts connections for ever.
pub(super) async fn admit_all(listener: &TcpListener, app: &Arc<App>, routes: &Router, stopped: &watch::Receiver<()>) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                if app.health.set_accepts(true) {
                    tracing::info!("accepting connections again");
                }
                admit(stream, peer, app, routes, stopped);
            }
            Err(error) if is_of_the_peer(&error) => {}
            Err(error) => {
                if app.health.set_accepts(false) {
                    tracing::error!(%error, "no connection can be accepted; raise the limit of open files (ulimit -n)");
                }
                sleep(PAUSE).await;
            }
        }
    }
}

/// The peer was gone before it was accepted: nothing is wrong with us.
fn is_of_the_peer(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

fn admit(stream: TcpStream, peer: SocketAddr, app: &Arc<App>, routes: &Router, stopped: &watch::Receiver<()>) {
    // Frames are written when they are whole; waiting for more of them is the flusher's business, not the kernel's.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    forget_unacknowledged(&stream, &app.settings);
    let peer = peer.ip().to_canonical();
    match app.addresses.seat(peer, app.now()) {
        Ok(seat) => {
            tokio::spawn(connection::attend(stream, seat, Arc::clone(app), routes.clone(), stopped.clone()));
        }
        Err(exceeded) => {
            let words = if app.identity.is_some() {
                // An alert has no words, so the reason stands here alone.
                tracing::debug!(code = Refusal::from(exceeded).code.as_str(), "turned away before a TLS handshake");
                ALERT.to_vec()
            } else {
                answers::turned_away(&exceeded).into_bytes()
            };
            turn_away(stream, words);
        }
    }
}

/// Has the kernel give up a peer that takes nothing any more, a little after the heartbeat would: otherwise it would keep
/// unsent bytes for a quarter of an hour.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn forget_unacknowledged(stream: &TcpStream, settings: &Settings) {
    let patience = settings.heartbeat_seconds + settings.heartbeat_timeout_seconds;
    // Where it cannot be set, the heartbeat still ends the connection.
    let _ = socket2::SockRef::from(stream).set_tcp_user_timeout(Some(patience.max(LEAST_PATIENCE)));
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn forget_unacknowledged(_stream: &TcpStream, _settings: &Settings) {}

/// Tells a peer why it cannot come in, if not too many are being told already.
fn turn_away(stream: TcpStream, words: Vec<u8>) {
    let Ok(permit) = TELLING.try_acquire() else { return };
    tokio::spawn(async move {
        let _ = timeout(FAREWELL, tell(stream, &words)).await;
        drop(permit);
    });
}

/// Waits for the question, answers whatever it is, and reads until the peer has gone: a connection closed with unread bytes
/// would take the answer with it.
async fn tell(mut stream: TcpStream, words: &[u8]) -> io::Result<()> {
    let mut unread = [0; 2048];
    let mut left = FAREWELL_BYTES;
    if stream.read(&mut unread).await? == 0 {
        return Ok(());
    }
    stream.write_all(words).await?;
    stream.shutdown().await?;
    while left > 0 {
        let read = stream.read(&mut unread).await?;
        if read == 0 {
            break;
        }
        left = left.saturating_sub(read);
    }
    Ok(())
}

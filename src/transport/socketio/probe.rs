//! The WebSocket that a polled session may move to, until it does: a probe, its answer, and the word that the client has
//! stopped polling. Knows nothing of what is said in the session.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{MissedTickBehavior, interval};

use super::engine::Packet;
use super::polling::Polled;
use crate::limits::Seat;
use crate::server::App;
use crate::transport::socket::Socket;
use crate::transport::ws::frame::{self, Opcode};
use crate::transport::ws::{Decoder, Item, Limits};

/// How long a client may take to move.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a poll may wait while the client is on its way: it stops polling only once its last poll has ended, and may have
/// begun that one after the first was ended for it.
const POLL: Duration = Duration::from_millis(100);

/// What a probe is read in.
const BYTES: usize = 4096;

/// How far a client is.
enum Step {
    /// It has asked whether the way is open.
    Probed,
    /// It comes over this way from now on. What follows is the session's.
    Moved,
    /// It does something else.
    Wrong,
}

/// Tries a WebSocket until the session moves to it, or not.
pub(super) async fn run(app: Arc<App>, session: Arc<Polled>, mut stream: Socket, early: Bytes, seat: Seat) {
    if !session.begin_probe() {
        // As the framework's own server: the connection is opened, and closed.
        let mut close = Vec::new();
        frame::push(&mut close, Opcode::Close, b"");
        let _ = stream.write_all(&close).await;
        let _ = stream.shutdown().await;
        return;
    }
    let moved = tokio::time::timeout(PATIENCE, until_moved(&app, &session, &mut stream, early)).await;
    match moved {
        Ok(Some(rest)) => session.upgrade(stream, &rest),
        Ok(None) | Err(_) => session.end_probe(),
    }
    // The session has a seat of its own.
    drop(seat);
}

/// Reads until the client has moved, and gives what it sent behind that word.
async fn until_moved(app: &App, session: &Polled, stream: &mut Socket, early: Bytes) -> Option<Vec<u8>> {
    let limits =
        Limits { max_message: 64, max_fragments: u32::try_from(app.settings.max_fragments).unwrap_or(u32::MAX) };
    let mut decoder = Decoder::new(limits);
    let mut bytes = early.to_vec();
    let mut polls = interval(POLL);
    polls.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut is_probed = false;
    loop {
        let mut rest = &mut bytes[..];
        while !rest.is_empty() {
            let mut step = None;
            let taken = decoder.feed(rest, |item| {
                step = Some(match item {
                    Item::Text(text) => match Packet::read(text) {
                        Ok(Packet::Ping("probe")) => Step::Probed,
                        Ok(Packet::Upgrade) => Step::Moved,
                        _ => Step::Wrong,
                    },
                    Item::Ping(_) | Item::Pong(_) => return ControlFlow::Continue(()),
                    Item::Binary(_) | Item::Close(_) => Step::Wrong,
                });
                ControlFlow::Break(())
            });
            rest = &mut rest[taken.ok()?..];
            match step {
                None => {}
                Some(Step::Probed) => {
                    let mut answer = Vec::new();
                    frame::push(&mut answer, Opcode::Text, b"3probe");
                    stream.write_all(&answer).await.ok()?;
                    session.answer_fetch();
                    is_probed = true;
                }
                Some(Step::Moved) => return Some(rest.to_vec()),
                Some(Step::Wrong) => return None,
            }
        }
        bytes = vec![0; BYTES];
        let count = loop {
            tokio::select! {
                count = stream.read(&mut bytes) => break count.ok().filter(|count| *count > 0)?,
                _ = polls.tick(), if is_probed => session.answer_fetch(),
            }
        };
        bytes.truncate(count);
    }
}

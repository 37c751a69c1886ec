//! One WebSocket connection after the handshake: bytes in, frames to whoever speaks for it, and the end, which is always the
//! same end.
//!
//! The task holds no buffer while nothing comes: it reads into its thread's scratch buffer, and what is half said lies in
//! the decoder. It has no timer: the hub's watch looks after heartbeats. It knows no wire's words.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use super::extension::Terms;
use super::{Decoder, Item, Limits, close, deflate, frame};
use crate::auth::Admitted;
use crate::hub::{End, Reader};
use crate::limits::Seat;
use crate::pace::Pace;
use crate::server::App;
use crate::session::{Outcome, Turn};
use crate::transport::Upgraded;
use crate::transport::socket::Socket;
use crate::transport::socketio;
use crate::transport::speaker::Speaker;
use crate::transport::upgrade::Path;
use crate::wire::{Carrier, Wire};

/// What one read takes at most, in bytes.
const SCRATCH_BYTES: usize = 64 * 1024;

/// How often a connection is read in one go before others get their turn.
const READS_IN_A_ROW: usize = 4;

/// How long a peer gets to take the close frame and answer it.
const PARTING: Duration = Duration::from_secs(1);

thread_local! {
    /// Where this thread's connections read into. What is half said is copied out before the next connection's turn.
    static SCRATCH: RefCell<Vec<u8>> = RefCell::new(vec![0; SCRATCH_BYTES]);
}

/// Serves one connection to its end.
pub(crate) fn serve(app: Arc<App>, upgraded: Upgraded, seat: Seat) {
    #[cfg(feature = "conformance")]
    if upgraded.path == crate::transport::upgrade::Path::Echo {
        tokio::spawn(async move {
            super::echo::serve(upgraded.socket, &upgraded.early, upgraded.compression).await;
            drop(seat);
        });
        return;
    }
    let Upgraded { socket, early, path, query, charsu, admitted, compression } = upgraded;
    let request = Request { path, query, charsu, admitted, compression };
    serve_on(app, socket, &request, early.to_vec(), seat);
}

/// What a connection was asked for with.
pub(crate) struct Request {
    /// Which path.
    pub(crate) path: Path,
    /// What stands after the `?`.
    pub(crate) query: Option<String>,
    /// It speaks `charsu.v1`.
    pub(crate) charsu: bool,
    /// Whose token let it in, if one did already.
    pub(crate) admitted: Option<Arc<Admitted>>,
    /// The terms of compression, if that was agreed on.
    pub(crate) compression: Option<Terms>,
}

/// Serves a connection to its end, whatever carries it. `early` is what was read of it already.
pub(crate) fn serve_on(app: Arc<App>, socket: Socket, request: &Request, early: Vec<u8>, seat: Seat) -> Arc<Reader> {
    let Request { path, query, charsu, admitted, compression } = request;
    let wire = Wire::of(path, *charsu);
    // Who wants a window smaller than that of the shared frames is sent what is not compressed.
    let deflated = compression.is_some_and(|terms| terms.server_window() >= deflate::WINDOW);
    let max_message = match wire {
        Wire::SocketIo(_) => socketio::Terms::of(&app.settings).max_payload,
        Wire::Charsu | Wire::OneSegment | Wire::TwoSegment | Wire::Sse => app.settings.frame_bytes,
    };
    let limits = Limits {
        max_message: u32::try_from(max_message).unwrap_or(u32::MAX),
        max_fragments: u32::try_from(app.settings.max_fragments).unwrap_or(u32::MAX),
    };
    let mut connection = Connection {
        reader: app.hub.enter(Carrier::new(wire, deflated), socket, admitted.clone()),
        app,
        seat,
        decoder: Decoder::inflating(limits, compression.is_some()),
        rest: Box::default(),
        speaker: Speaker::new(wire, path),
        pace: Pace::default(),
        phase: Phase::Talking,
    };
    let reader = connection.reader.clone();
    if let ControlFlow::Break(end) = connection.begin(path, query.as_deref(), early) {
        connection.finish(end);
    }
    tokio::spawn(connection);
    reader
}

/// One connection. It is the task itself: with thousands of them, what lies here is what an idle one costs.
struct Connection {
    app: Arc<App>,
    reader: Arc<Reader>,
    seat: Seat,
    decoder: Decoder,
    /// Frames that were read and have to wait until the client has taken its answers; mostly empty.
    rest: Box<[u8]>,
    speaker: Speaker,
    pace: Pace,
    phase: Phase,
}

/// How far a connection is.
enum Phase {
    /// It is served.
    Talking,
    /// It has left its rooms, and takes its last frames. Boxed: only a connection that ends pays for a timer. Twice, for a
    /// pointer to a trait object is two words, of which every connection would keep the second.
    Parting(Box<Pin<Box<dyn Future<Output = ()> + Send>>>),
}

impl Future for Connection {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if matches!(self.phase, Phase::Talking) {
            let end = ready!(self.talk(cx));
            self.finish(end);
        }
        match &mut self.phase {
            Phase::Parting(parting) => (**parting).as_mut().poll(cx),
            Phase::Talking => unreachable!("it is finished"),
        }
    }
}

/// Every way out of a connection is the same way.
impl Drop for Connection {
    fn drop(&mut self) {
        self.finish(End::Unclean);
    }
}

impl Connection {
    /// Has it leave its rooms, once.
    fn finish(&mut self, end: End) {
        if matches!(self.phase, Phase::Talking) {
            // Before anything can panic: a second panic while the first one unwinds would end the process.
            self.phase = Phase::Parting(Box::new(Box::pin(part(self.reader.clone()))));
            self.speaker.end(&self.app.hub);
            self.app.hub.disconnect(&self.reader, end);
        }
    }

    /// Joins where the path says so, and takes what came together with the handshake.
    fn begin(&mut self, path: &Path, query: Option<&str>, mut early: Vec<u8>) -> ControlFlow<End> {
        let Self { app, reader, seat, speaker, pace, .. } = self;
        let mut turn = Turn { app, reader, peer: seat.peer(), pace, now: app.hub.moment() };
        if let Outcome::Close(why) = speaker.begin(path, query, &mut turn) {
            reader.close(why);
        }
        self.reader.write_answers();
        if self.reader.is_held() {
            self.rest = early.into();
            return ControlFlow::Continue(());
        }
        if early.is_empty() { ControlFlow::Continue(()) } else { self.take(&mut early) }
    }

    /// Reads and writes until the connection ends, and says how.
    fn talk(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        while self.reader.poll_called(cx).is_ready() {
            if self.reader.is_closing() {
                return Poll::Ready(End::Unclean);
            }
            self.reader.read_on();
        }
        if self.speaker.has_more_to_do() && !self.reader.is_held() {
            let Self { app, reader, seat, speaker, pace, .. } = &mut *self;
            let mut turn = Turn { app, reader, peer: seat.peer(), pace, now: app.hub.moment() };
            if let Outcome::Close(why) = speaker.go_on(&mut turn) {
                self.reader.close(why);
                return Poll::Ready(End::Unclean);
            }
            self.reader.write_answers();
        }
        while !self.rest.is_empty() {
            if self.reader.is_pausing() {
                // Woken when the socket takes more. Until then nothing is read either: the client is held back by TCP.
                return Poll::Pending;
            }
            let mut rest = std::mem::take(&mut self.rest);
            if let ControlFlow::Break(end) = self.take(&mut rest) {
                return Poll::Ready(end);
            }
        }
        if self.reader.is_held() {
            // A command is under way that decides on the next ones. Woken when it is answered.
            return Poll::Pending;
        }
        SCRATCH.with_borrow_mut(|scratch| {
            for _ in 0..READS_IN_A_ROW {
                let count = match ready!(self.reader.socket().poll_read(cx, scratch)) {
                    Ok(0) | Err(_) => return Poll::Ready(End::Unclean),
                    Ok(count) => count,
                };
                self.app.hub.note_read();
                if let ControlFlow::Break(end) = self.take(&mut scratch[..count]) {
                    return Poll::Ready(end);
                }
                if !self.rest.is_empty() || self.reader.is_held() {
                    break;
                }
            }
            // More may be there; others come first.
            cx.waker().wake_by_ref();
            Poll::Pending
        })
    }

    /// Takes what was read. A break says how the connection ends; the close frame lies on the desk then.
    fn take(&mut self, bytes: &mut [u8]) -> ControlFlow<End> {
        let Self { app, reader, seat, decoder, rest, speaker, pace, .. } = self;
        let mut turn = Turn { app, reader, peer: seat.peer(), pace, now: app.hub.moment() };
        let mut owed = Owed::default();
        let mut is_flushed = false;
        let mut made_whole = false;
        let mut end = None;
        let fed = decoder.feed(bytes, |item| {
            // A control frame may stand between the parts of a message and does not finish it.
            let is_message = matches!(item, Item::Text(_) | Item::Binary(_));
            let why = match item {
                Item::Text(text) => match speaker.take(text, &mut turn) {
                    Outcome::Said => {
                        is_flushed = true;
                        None
                    }
                    Outcome::Answered => {
                        // The flusher may have come before this answer, or find that the room was left.
                        is_flushed = false;
                        None
                    }
                    Outcome::Close(why) => Some(why),
                },
                Item::Binary(data) => match speaker.take_binary(data, &mut turn) {
                    Outcome::Said | Outcome::Answered => {
                        is_flushed = false;
                        None
                    }
                    Outcome::Close(why) => Some(why),
                },
                Item::Ping(payload) => {
                    owed.set(payload);
                    turn.pace.control(&app.rates, turn.now.elapsed)
                }
                Item::Pong(_) => turn.pace.control(&app.rates, turn.now.elapsed),
                Item::Close(received) => {
                    // 1000, or nothing at all, says that somebody has finished. With 1001 a page goes away, perhaps to be
                    // loaded again, and with a code of its own it gives up a connection that it no longer trusts.
                    end = Some(match received {
                        Some((1000, _)) | None if speaker.is_done_by_a_close() => End::Clean,
                        _ => End::Unclean,
                    });
                    reader.part(|out| close::push_answer(out, received));
                    return ControlFlow::Break(());
                }
            };
            made_whole |= is_message && !speaker.is_midway();
            match why {
                Some(why) => {
                    end = Some(End::Unclean);
                    reader.close(why);
                    ControlFlow::Break(())
                }
                None if reader.is_pausing() => ControlFlow::Break(()),
                None => ControlFlow::Continue(()),
            }
        });
        match fed {
            Ok(taken) => *rest = bytes[taken..].into(),
            Err(violation) => {
                end = Some(End::Unclean);
                reader.part(|out| violation.push(out));
            }
        }
        reader.heard(app.hub.tick(), made_whole, !decoder.is_idle() || speaker.is_midway());
        if let Some(payload) = owed.get() {
            is_flushed = false;
            reader.answer(|out| frame::push(out, frame::Opcode::Pong, payload));
        }
        if let Some(end) = end {
            return ControlFlow::Break(end);
        }
        if !is_flushed {
            reader.write_answers();
        }
        ControlFlow::Continue(())
    }
}

/// Hands the close frame over and waits for the peer to end, so that the close frame is not lost to a reset; bounded.
async fn part(reader: Arc<Reader>) {
    let parting = async {
        while !reader.is_drained() {
            if poll_fn(|cx| reader.socket().poll_writable(cx)).await.is_err() {
                return;
            }
            reader.write_rest();
        }
        poll_fn(|cx| reader.socket().poll_shut_down(cx)).await;
        let mut rest = [0; 512];
        loop {
            match poll_fn(|cx| reader.socket().poll_discard(cx, &mut rest)).await {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return,
            }
        }
    };
    // A peer that does not answer in time is left without more words.
    let _ = tokio::time::timeout(PARTING, parting).await;
}

/// The pong that is owed: the last ping's, since RFC 6455 section 5.5.3 lets earlier ones go unanswered.
#[derive(Default)]
struct Owed(Option<([u8; frame::MAX_CONTROL], usize)>);

impl Owed {
    fn set(&mut self, payload: &[u8]) {
        let mut kept = [0; frame::MAX_CONTROL];
        kept[..payload.len()].copy_from_slice(payload);
        self.0 = Some((kept, payload.len()));
    }

    fn get(&self) -> Option<&[u8]> {
        self.0.as_ref().map(|(kept, length)| &kept[..*length])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_task_of_an_idle_connection_fits_into_two_blocks_of_128_bytes() {
        // A task is a multiple of 128 bytes on x86-64, and tokio's own part leaves this much of two.
        assert!(size_of::<Connection>() <= 152, "{} bytes", size_of::<Connection>());
    }
}

//! Sessions that are carried by requests: one fetches what is said to the client, others bring what it says.
//!
//! Behind a session is a WebSocket connection in memory, like any other. What requests bring is made into frames of a
//! WebSocket, and what they fetch is taken out of such frames; so the connection does not know that it is being polled, and
//! when it moves to a WebSocket what is on its way needs no translation.

use std::collections::HashMap;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use atomic_waker::AtomicWaker;
use axum::body::Body;
use bytes::Bytes;
use http::Response;

use super::Terms;
use super::engine::{self, Packet, Piece};
use super::requests::{self, Fault};
use crate::auth::Admitted;
use crate::hub::Reader;
use crate::limits::Seat;
use crate::server::{App, Endless};
use crate::transport::pipe::{Brought, Pipe};
use crate::transport::socket::Socket;
use crate::transport::upgrade::{Engine, Path};
use crate::transport::ws::connection::{self, Request};
use crate::transport::ws::frame::{self, Opcode};

/// Every session that began with polling, by its secret.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    /// std's hasher with random keys, though the keys are ours. A look-up, never across an await.
    by_sid: Mutex<HashMap<Arc<str>, Arc<Polled>>>,
}

impl Sessions {
    /// The session of this secret.
    pub(crate) fn find(&self, sid: &str) -> Option<Arc<Polled>> {
        self.by_sid().get(sid).cloned()
    }

    /// How many of them are being fetched from.
    pub(crate) fn held(&self) -> usize {
        self.by_sid().values().filter(|session| session.state().is_fetching).count()
    }

    fn forget(&self, sid: &str) {
        let mut by_sid = self.by_sid();
        by_sid.remove(sid);
        if by_sid.is_empty() {
            *by_sid = HashMap::new();
        } else if by_sid.capacity() > 64 && by_sid.len() < by_sid.capacity() / 8 {
            let room = by_sid.len() * 2;
            by_sid.shrink_to(room);
        }
    }

    fn by_sid(&self) -> MutexGuard<'_, HashMap<Arc<str>, Arc<Polled>>> {
        self.by_sid.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes a session out of the list when its connection ends.
struct Listed {
    sessions: Arc<Sessions>,
    sid: Arc<str>,
}

impl Drop for Listed {
    fn drop(&mut self) {
        self.sessions.forget(&self.sid);
    }
}

/// A session that began with polling.
#[derive(Debug)]
pub(crate) struct Polled {
    sid: Arc<str>,
    sessions: Weak<Sessions>,
    pipe: Arc<Pipe>,
    reader: OnceLock<Weak<Reader>>,
    /// After how much silence its client is dead.
    patience: Duration,
    /// std: a few fields and a copy of what is fetched. Taken before a reader's desk and the pipe's contents.
    state: Mutex<State>,
    /// Wakes the request that fetches, for other reasons than something to fetch.
    fetcher: AtomicWaker,
}

#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
struct State {
    /// A request is waiting for something to fetch.
    is_fetching: bool,
    /// A request is bringing something.
    is_bringing: bool,
    /// A request that fetches is to end with nothing.
    owes_noop: bool,
    /// Why no request is served any more.
    end: Option<End>,
    /// Another transport is being tried.
    is_probed: bool,
    /// Another transport carries it.
    is_upgraded: bool,
    /// Fetched bytes of a frame that is not whole.
    begun: Vec<u8>,
    /// When its client last gave a sign of life.
    heard: Instant,
}

/// How a session ends, as the request that fetches at that moment is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// The client said so.
    ByClient,
    /// It was ended here.
    ByServer,
}

/// Marks a request as under way; what ends without an answer ends the session.
#[derive(Debug)]
pub(crate) struct Turn {
    session: Arc<Polled>,
    done: fn(&mut State),
    is_answered: bool,
}

/// The answer to a request is held back.
struct Held<'e>(&'e Endless);

impl<'e> Held<'e> {
    fn begin(endless: &'e Endless) -> Self {
        endless.set(true);
        Self(endless)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

impl Turn {
    fn answered(mut self) {
        self.is_answered = true;
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        (self.done)(&mut self.session.state());
        if !self.is_answered {
            self.session.end(End::ByServer);
        }
    }
}

impl Polled {
    /// Begins a session. Its first words wait to be fetched.
    pub(super) fn open(
        app: &Arc<App>,
        engine: Engine,
        query: Option<String>,
        admitted: Option<Arc<Admitted>>,
        seat: Seat,
    ) -> Arc<Self> {
        let terms = Terms::of(&app.settings);
        let sid: Arc<str> = engine.sid.as_str().into();
        let pipe = Arc::<Pipe>::default();
        let session = Arc::new(Self {
            sid: sid.clone(),
            sessions: Arc::downgrade(&app.engines),
            pipe: pipe.clone(),
            reader: OnceLock::new(),
            patience: terms.ping_interval + terms.ping_timeout,
            state: Mutex::new(State {
                is_fetching: false,
                is_bringing: false,
                owes_noop: false,
                end: None,
                is_probed: false,
                is_upgraded: false,
                begun: Vec::new(),
                heard: Instant::now(),
            }),
            fetcher: AtomicWaker::new(),
        });
        app.engines.by_sid().insert(sid.clone(), session.clone());
        let socket = Socket::moving(pipe, Listed { sessions: app.engines.clone(), sid });
        let request = Request { path: Path::SocketIo(engine), query, charsu: false, admitted, compression: None };
        let reader = connection::serve_on(app.clone(), socket, &request, Vec::new(), seat);
        // Nobody else sets it.
        let _ = session.reader.set(Arc::downgrade(&reader));
        session
    }

    /// Answers a request that fetches, once there is something.
    pub(super) async fn fetch(self: &Arc<Self>, endless: Option<&Endless>) -> Result<Response<Body>, Fault> {
        let turn = {
            let mut state = self.state();
            self.check(&mut state)?;
            if state.is_fetching {
                drop(state);
                self.end(End::ByServer);
                return Err(Fault::Request);
            }
            state.is_fetching = true;
            Turn { session: self.clone(), done: |state| state.is_fetching = false, is_answered: false }
        };
        // A client that hangs up meanwhile is noticed, and then this is dropped: it has cancelled its poll, which is no way to
        // poll, for whatever is fetched from here on would be lost.
        let held = endless.map(Held::begin);
        let fetched = poll_fn(|cx| self.poll_fetch(cx)).await;
        drop(held);
        turn.answered();
        Ok(requests::payload(fetched))
    }

    /// Notes that a request brings a payload, from its head on. Two at once have no order that anybody knows: the second one
    /// ends the session, and neither is taken.
    pub(super) fn begin_bringing(self: &Arc<Self>) -> Result<Turn, Fault> {
        let mut state = self.state();
        self.check(&mut state)?;
        if state.is_bringing {
            drop(state);
            self.end(End::ByServer);
            return Err(Fault::Request);
        }
        state.is_bringing = true;
        Ok(Turn { session: self.clone(), done: |state| state.is_bringing = false, is_answered: false })
    }

    /// Answers a request that brings a payload, once it was taken.
    pub(super) async fn post(&self, turn: Turn, body: Bytes, app: &App) -> Result<Response<Body>, Fault> {
        let limit = Terms::of(&app.settings).max_payload;
        let text = str::from_utf8(&body).ok().filter(|text| text.len() <= limit).ok_or(Fault::Request)?;
        let mut frames = Vec::with_capacity(body.len() + 16);
        let mut is_over = false;
        for piece in engine::payload(text) {
            match piece {
                Ok(Piece::Text(Packet::Close)) => {
                    is_over = true;
                    break;
                }
                Ok(Piece::Text(packet)) => {
                    if matches!(packet, Packet::Pong(_)) {
                        self.state().heard = Instant::now();
                    }
                    let mut written = Vec::new();
                    packet.push(&mut written);
                    frame::push_from_client(&mut frames, Opcode::Text, &written);
                }
                Ok(Piece::Binary(data)) => frame::push_from_client(&mut frames, Opcode::Binary, &data),
                Err(_) => return Err(Fault::Request),
            }
        }
        if is_over {
            frame::push_from_client(&mut frames, Opcode::Close, b"");
        }
        // A session that is held back, or whose answers pile up, is not read: its client waits with us.
        let brought = tokio::time::timeout(self.patience, poll_fn(|cx| self.pipe.poll_bring(cx, &frames))).await;
        if brought != Ok(Brought::Taken) {
            return Err(Fault::Request);
        }
        turn.answered();
        if is_over {
            self.end_gently(End::ByClient);
        }
        Ok(requests::taken())
    }

    /// Whether a request may be served now.
    fn check(&self, state: &mut State) -> Result<(), Fault> {
        if state.end.is_some() {
            return Err(Fault::Session);
        }
        if state.is_upgraded {
            return Err(Fault::Request);
        }
        if state.heard.elapsed() >= self.patience {
            // The watch makes its rounds and has not come by yet.
            state.end = Some(End::ByServer);
            self.pipe.hang_up();
            return Err(Fault::Session);
        }
        Ok(())
    }

    /// Fetches whole packets, as a payload.
    fn poll_fetch(&self, cx: &mut Context<'_>) -> Poll<String> {
        self.fetcher.register(cx.waker());
        let mut state = self.state();
        let state = &mut *state;
        match state.end {
            Some(End::ByClient) => return Poll::Ready("6".to_owned()),
            Some(End::ByServer) => return Poll::Ready("1".to_owned()),
            None => {}
        }
        if state.is_upgraded {
            return Poll::Ready("6".to_owned());
        }
        loop {
            let is_over = match self.pipe.poll_fetch(cx) {
                Poll::Ready(Some(bytes)) => {
                    state.begun.extend_from_slice(&bytes);
                    false
                }
                Poll::Ready(None) => true,
                Poll::Pending => {
                    if !std::mem::take(&mut state.owes_noop) {
                        return Poll::Pending;
                    }
                    return Poll::Ready("6".to_owned());
                }
            };
            let mut payload = String::new();
            let mut taken = 0;
            let mut is_closed = is_over;
            while let Some((opcode, data, rest)) = frame::split_first(&state.begun[taken..]) {
                taken = state.begun.len() - rest.len();
                match opcode {
                    Some(Opcode::Text) => engine::push_text(&mut payload, &String::from_utf8_lossy(data)),
                    Some(Opcode::Binary) => engine::push_binary(&mut payload, data),
                    _ => is_closed = true,
                }
            }
            state.begun.drain(..taken);
            if state.begun.is_empty() {
                state.begun = Vec::new();
            }
            if is_closed {
                engine::push_text(&mut payload, "1");
                state.end = Some(End::ByServer);
                self.pipe.hang_up();
            }
            if !payload.is_empty() {
                return Poll::Ready(payload);
            }
        }
    }

    /// Another transport is tried. Whether it may be.
    pub(super) fn begin_probe(&self) -> bool {
        let mut state = self.state();
        let may = state.end.is_none() && !state.is_probed && !state.is_upgraded;
        state.is_probed |= may;
        may
    }

    /// The other transport works: whoever fetches, now or next, is answered, to come back over it.
    pub(super) fn answer_fetch(&self) {
        self.state().owes_noop = true;
        self.fetcher.wake();
    }

    /// The other transport is given up.
    pub(super) fn end_probe(&self) {
        let mut state = self.state();
        state.is_probed = false;
        state.owes_noop = false;
    }

    /// Moves to the other transport, which has been read as far as `rest`. What was said and not fetched goes first.
    pub(super) fn upgrade(&self, socket: Socket, rest: &[u8]) {
        let mut state = self.state();
        if state.end.is_some() || state.is_upgraded {
            return;
        }
        let Some(reader) = self.reader.get().and_then(Weak::upgrade) else { return };
        state.is_upgraded = true;
        self.pipe.bring_last(rest);
        let begun = std::mem::take(&mut state.begun);
        reader.move_to(socket, || {
            let mut unsent = begun;
            if let Poll::Ready(Some(bytes)) = self.pipe.poll_fetch(&mut Context::from_waker(std::task::Waker::noop())) {
                unsent.extend_from_slice(&bytes);
            }
            unsent
        });
        drop(state);
        self.fetcher.wake();
    }

    /// Ends the session, whatever is on its way to the client. What the client was told that it was taken is still read.
    fn end(&self, end: End) {
        let is_carried_elsewhere = {
            let mut state = self.state();
            state.end.get_or_insert(end);
            state.is_upgraded
        };
        if !is_carried_elsewhere {
            self.pipe.leave();
        }
        self.end_gently(end);
    }

    /// Serves no request any more; its connection ends by itself.
    fn end_gently(&self, end: End) {
        self.state().end.get_or_insert(end);
        self.fetcher.wake();
        if let Some(sessions) = self.sessions.upgrade() {
            sessions.forget(&self.sid);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

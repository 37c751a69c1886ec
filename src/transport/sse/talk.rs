//! The connection behind a stream: it writes into the pipe like any other reader, takes the frames that requests bring, and
//! ends like every connection, once.

use std::future::poll_fn;
use std::net::IpAddr;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use axum::body::Body;
use tokio::sync::oneshot;

use super::Stamp;
use super::stream::Stream;
use crate::hub::{End, Join, Joined, Opening, Reader};
use crate::names::{Name, RoomName};
use crate::pace::Pace;
use crate::protocol::{Code, Position, Refusal};
use crate::server::{App, Endless};
use crate::session::{Conversation, Outcome, Turn, join_answer, welcome};
use crate::transport::door::Admission;
use crate::transport::pipe::Pipe;
use crate::transport::socket::Socket;
use crate::wire::{Carrier, Mark, ReplyTo, Wire};

/// How long a client gets to fetch the last words.
const PARTING: Duration = Duration::from_secs(1);

/// What one read takes at most, in bytes.
const READ_BYTES: usize = 8 * 1024;

/// The command number of what the address asked, which no client can use.
const BY_ADDRESS: u64 = 0;

/// A room that a stream is to read.
pub(super) struct Entering {
    pub(super) room: RoomName,
    pub(super) name: Result<Option<Name>, Refusal>,
    pub(super) since: Option<Position>,
}

/// A connection whose client comes by HTTP.
pub(super) struct Talk {
    app: Arc<App>,
    reader: Arc<Reader>,
    pipe: Arc<Pipe>,
    peer: IpAddr,
    pace: Pace,
    conversation: Conversation,
    /// Frames that were read and have to wait, and one that is half read.
    rest: Vec<u8>,
    is_over: bool,
}

/// Every way out of a connection is the same way.
impl Drop for Talk {
    fn drop(&mut self) {
        self.finish(End::Unclean);
        // A pipe ends at once.
        let _ = self.reader.socket().poll_shut_down(&mut Context::from_waker(Waker::noop()));
    }
}

impl Talk {
    /// A new connection, and the secret of its session: the one that was offered, if it is known. `has_id` says whether the
    /// client came with the id of an event.
    pub(super) fn begin(
        app: &Arc<App>,
        peer: IpAddr,
        offered: Option<&str>,
        preamble: &str,
        has_id: bool,
        admission: &Admission,
    ) -> Result<(Self, String), Refusal> {
        let pipe = Arc::<Pipe>::default();
        let talk = Self {
            app: app.clone(),
            reader: app.hub.enter(Carrier::new(Wire::Sse, false), Socket::piped(pipe.clone()), admission.admitted()),
            pipe,
            peer,
            pace: Pace::default(),
            conversation: Conversation::greeted(),
            rest: Vec::new(),
            is_over: false,
        };
        let (secret, resumed) = app.hub.hello(&talk.reader, offered)?;
        talk.reader.answer(|out| {
            out.extend_from_slice(preamble.replace("SESSION", &secret).as_bytes());
            if !(resumed && has_id) {
                // Whoever comes back keeps the id that it has, which knows more.
                Mark::Secret.push(out);
            }
            Wire::Sse.answer(&welcome(&app.settings, &secret, resumed), out);
        });
        Ok((talk, secret))
    }

    /// Comes into a room, and waits until that is kept.
    pub(super) async fn enter(&self, entering: Entering) -> Result<(), Refusal> {
        enter(&self.app, &self.reader, self.peer, entering).await
    }

    /// Tells the client that one of its rooms cannot be read.
    pub(super) fn refuse(&self, room: &RoomName, refusal: &Refusal) {
        self.reader.answer(|out| Wire::Sse.refuse(refusal, ReplyTo::Nobody, room, None, out));
    }

    /// Goes on by itself, and gives what the client reads.
    pub(super) fn stream(self, stamp: Stamp, endless: Endless) -> Body {
        endless.set(true);
        let stream =
            Stream { app: self.app.clone(), reader: self.reader.clone(), pipe: self.pipe.clone(), stamp, endless };
        self.reader.write_answers();
        tokio::spawn(self.run());
        Body::new(stream)
    }

    async fn run(mut self) {
        let end = poll_fn(|cx| self.talk(cx)).await;
        self.finish(end);
        let parting = async {
            while !self.reader.is_drained() {
                if poll_fn(|cx| self.reader.socket().poll_writable(cx)).await.is_err() {
                    return;
                }
                self.reader.write_rest();
            }
        };
        // A client that fetches nothing is left without more words.
        let _ = tokio::time::timeout(PARTING, parting).await;
    }

    fn finish(&mut self, end: End) {
        if !std::mem::replace(&mut self.is_over, true) {
            self.app.hub.disconnect(&self.reader, end);
        }
    }

    /// Reads and writes until the connection ends, and says how.
    fn talk(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        loop {
            while self.reader.poll_called(cx).is_ready() {
                if self.reader.is_closing() {
                    return Poll::Ready(End::Unclean);
                }
                self.reader.read_on();
            }
            if self.take_lines() {
                // Once more: what was said may have closed the connection.
                continue;
            }
            if self.reader.is_pausing() {
                // Woken when the client fetches, or when what it asked is answered. Until then nothing more is read.
                return Poll::Pending;
            }
            let mut bytes = [0; READ_BYTES];
            match ready!(self.reader.socket().poll_read(cx, &mut bytes)) {
                Ok(0) | Err(_) => return Poll::Ready(End::Unclean),
                Ok(count) => self.rest.extend_from_slice(&bytes[..count]),
            }
            self.app.hub.note_read();
        }
    }

    /// Takes the whole frames that were read, as far as they may be taken now. Returns whether there was one.
    fn take_lines(&mut self) -> bool {
        let mut taken = 0;
        let mut is_flushed = false;
        let mut was_one = false;
        while !self.reader.is_pausing()
            && let Some(length) = self.rest[taken..].iter().position(|&byte| byte == b'\n')
        {
            let line = &self.rest[taken..taken + length];
            taken += length + 1;
            // Whole bodies were looked at before they came here.
            let Some(frame) = std::str::from_utf8(line).ok().filter(|frame| !frame.trim_ascii().is_empty()) else {
                continue;
            };
            was_one = true;
            let Self { app, reader, peer, pace, conversation, .. } = self;
            let mut turn = Turn { app, reader, peer: *peer, pace, now: app.hub.moment() };
            match conversation.take(frame, &mut turn) {
                Outcome::Said => is_flushed = true,
                Outcome::Answered => is_flushed = false,
                Outcome::Close(why) => self.reader.close(why),
            }
        }
        if taken > 0 {
            self.rest.drain(..taken);
            if self.rest.is_empty() {
                self.rest = Vec::new();
            }
        }
        if was_one {
            self.reader.heard(self.app.hub.tick(), true, false);
            if !is_flushed {
                self.reader.write_answers();
            }
        }
        was_one
    }
}

/// Has a connection come into a room, and waits until that is kept.
pub(super) async fn enter(
    app: &Arc<App>,
    reader: &Arc<Reader>,
    peer: IpAddr,
    entering: Entering,
) -> Result<(), Refusal> {
    let Entering { room, name, since } = entering;
    let is_back = reader.session().is_some_and(|session| session.is_away_from(room.as_str()));
    let reopens = since.is_some_and(|since| since.epoch.is_some()) && app.settings.reopen_codes;
    let (opening, hold) = if is_back { (Opening::Made, None) } else { app.opening(peer, &room, reopens)? };
    let (told, answer) = oneshot::channel();
    let answer_join = Box::new(move |joined: Result<&Joined<'_>, &Refusal>, out: &mut Vec<u8>| {
        // Nobody waits any more when the client went away meanwhile.
        let _ = match joined {
            Ok(joined) => {
                Wire::Sse.answer(&join_answer(BY_ADDRESS, joined), out);
                told.send(Ok(()))
            }
            Err(refusal) => told.send(Err(refusal.clone())),
        };
        None
    });
    let carrier = reader.carrier();
    let join = Join { room, name, since, opening, hold, sees_own_join: false, carrier, answer: answer_join };
    let result = match app.hub.join(reader, join) {
        Ok(()) => answer.await.unwrap_or_else(|_| Err(Code::Unavailable.into())),
        Err(refusal) => Err(refusal),
    };
    if result.as_ref().is_err_and(|refusal| refusal.code == Code::RoomNotFound) {
        app.failed_join(peer);
    }
    result
}

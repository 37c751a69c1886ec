//! Lines that are said by requests of their own, each of which waits for its answer: over the connection of their session, or
//! over one that lasts as long as the request. Knows no HTTP.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::commands::repeats;
use super::live_room::LiveRoom;
use super::reader::Reader;
use super::sessions::Session;
use super::{Asked, End, Hub, Numbered};
use crate::auth::Admitted;
use crate::limits::Rate;
use crate::protocol::{Refusal, Seq};
use crate::room::{Draft, Epoch};
use crate::transport::socket::Socket;
use crate::wire::{Carrier, Wire};

/// A line to be said once.
#[derive(Debug)]
pub struct Post<'a> {
    /// The line, or why there can be none, which does not matter if it was said before.
    pub draft: Result<Draft, Refusal>,
    /// What the client calls it, to recognise it when it comes again.
    pub key: Option<&'a str>,
    /// A hash of what it asks, from [`Hub::content_hash`].
    pub content: u64,
}

/// Comes when the line is kept, or is not.
pub type Posted = oneshot::Receiver<Result<(Epoch, Seq), Refusal>>;

/// Somebody who is here for as long as a request takes. When it is dropped, they go: for good, or as somebody whose line
/// broke.
#[derive(Debug)]
pub struct Visit {
    hub: Arc<Hub>,
    reader: Arc<Reader>,
    end: End,
}

impl Visit {
    /// The connection.
    pub fn reader(&self) -> &Arc<Reader> {
        &self.reader
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        self.hub.disconnect(&self.reader, self.end);
    }
}

impl Hub {
    /// The session that this secret opens for this owner.
    pub fn session(&self, secret: &str, owner: Option<&str>) -> Option<Arc<Session>> {
        self.sessions.find(secret, owner)
    }

    /// Takes a permit of a session to say something.
    ///
    /// # Errors
    /// [`crate::protocol::Code::RateLimited`] with the time to wait.
    pub fn may_post(&self, session: &Session, rate: Rate) -> Result<(), Refusal> {
        let taken = session.may_post(rate, self.began.elapsed());
        taken.map_err(|wait| Refusal::rate_limited(wait.as_millis() as u64 + 1))
    }

    /// Somebody without a session, let in as somebody if that took a token.
    pub fn visit(self: &Arc<Self>, admitted: Option<Arc<Admitted>>) -> Visit {
        // What is written to it nobody fetches: the pipe is full at some point, and then it is a reader that keeps up with
        // nothing, for the moment that it lives.
        let reader = self.enter(Carrier::new(Wire::Sse, false), Socket::piped(Arc::default()), admitted);
        Visit { hub: self.clone(), reader, end: End::Clean }
    }

    /// Somebody with a session that has no connection; nothing if it has one.
    pub fn visit_as(self: &Arc<Self>, session: &Arc<Session>, admitted: Option<Arc<Admitted>>) -> Option<Visit> {
        let mut visit = self.visit(admitted);
        visit.end = End::Unclean;
        visit.reader.set_session(session.clone());
        if !session.lend(&visit.reader) {
            return None;
        }
        self.sessions.keep(session);
        Some(visit)
    }

    /// Says a line once, for whoever waits for the answer. A line that comes again under its key is answered as it was the
    /// first time, or together with it.
    ///
    /// # Errors
    /// As [`Hub::say`], and the draft's.
    pub fn post(
        self: &Arc<Self>,
        reader: &Arc<Reader>,
        room: &Arc<LiveRoom>,
        post: Post<'_>,
    ) -> Result<Posted, Refusal> {
        let (waiting, posted) = oneshot::channel();
        let mut waiting = Some(waiting);
        let now = self.moment();
        let mut state = room.lock();
        // Under the room's lock: what comes twice at once gets one number.
        let numbered = post.key.zip(reader.session()).map(|(key, session)| Numbered {
            n: session.number_of_key(self.content_hash(&["key", key])),
            content: post.content,
        });
        let asked = numbered.map(Asked::from).unwrap_or_default();
        if repeats(reader, room, &mut state, &asked, now.ms(), &mut waiting)? {
            return Ok(posted);
        }
        self.append(reader, room, state, post.draft?, asked, now, waiting)?;
        Ok(posted)
    }
}

//! Sessions: what makes somebody the same person over several connections. A session is known by a secret that only its
//! client has; the server keeps the secret's hash.
//!
//! Knows no wire. A session's memberships lie with its reader while it is connected, and here while it is away.

use std::collections::hash_map::RandomState;
use std::collections::{HashMap, VecDeque};
use std::hash::BuildHasher;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::live_room::LiveRoom;
use super::reader::Reader;
use crate::protocol::{Code, MemberId, Refusal, Seq};
use crate::room::Epoch;

/// Bytes of a secret: 128 bits cannot be guessed.
const SECRET_BYTES: usize = 16;

/// How many of a session's last commands are remembered, to recognise a resend.
const REMEMBERED: usize = 64;

/// The hash under which a session is kept: the first half of SHA-256 over its secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SessionKey([u8; 16]);

/// Somebody who may come back.
#[derive(Debug)]
pub struct Session {
    key: SessionKey,
    /// std: a few fields, never across an await.
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// The connection that speaks for it now.
    reader: Weak<Reader>,
    /// Memberships whose connection ended uncleanly.
    away: Vec<Held>,
    /// The last commands that changed a room, oldest first.
    recent: VecDeque<Remembered>,
    /// Counts connections, so that a timer of an earlier absence does not end a later one.
    visits: u32,
}

/// A membership that waits for its person.
#[derive(Clone, Debug)]
pub(super) struct Held {
    /// Where.
    pub(super) room: Arc<LiveRoom>,
    /// As whom.
    pub(super) member: MemberId,
    /// Until when, in milliseconds of the hub's clock. A timer of an earlier absence does not end a later one.
    pub(super) until: u64,
}

/// A command that changed a room.
#[derive(Clone, Copy, Debug)]
struct Remembered {
    n: u64,
    content: u64,
    epoch: Epoch,
    seq: Seq,
}

impl Session {
    /// Under which hash it is kept.
    pub fn key(&self) -> SessionKey {
        self.key
    }

    /// Whether a membership of this room waits for its person.
    pub fn is_away_from(&self, room: &str) -> bool {
        self.inner().away.iter().any(|held| held.room.name().as_str() == room)
    }

    /// Looks whether command `n` was done before. `content` is a hash of what it asks.
    ///
    /// # Errors
    /// [`Code::IdConflict`] when the same number asked something else, [`Code::IdTooOld`] when the number is below all
    /// that are remembered.
    pub fn recall(&self, n: u64, content: u64) -> Result<Option<(Epoch, Seq)>, Refusal> {
        let inner = self.inner();
        if let Some(done) = inner.recent.iter().rev().find(|done| done.n == n) {
            return if done.content == content {
                Ok(Some((done.epoch, done.seq)))
            } else {
                Err(Code::IdConflict.into())
            };
        }
        let is_full = inner.recent.len() == REMEMBERED;
        if is_full && inner.recent.iter().all(|done| n < done.n) {
            return Err(Code::IdTooOld.into());
        }
        Ok(None)
    }

    /// Remembers that command `n` was done, and as which event.
    pub fn remember(&self, n: u64, content: u64, epoch: Epoch, seq: Seq) {
        let mut inner = self.inner();
        if inner.recent.len() == REMEMBERED {
            // The lowest number goes, which is the oldest when numbers rise as they should.
            let lowest = inner.recent.iter().enumerate().min_by_key(|(_, done)| done.n).map_or(0, |(index, _)| index);
            inner.recent.remove(lowest);
        }
        inner.recent.push_back(Remembered { n, content, epoch, seq });
    }

    /// Binds it to a new connection. Returns the one that spoke for it before, and what that one was in: from now on these
    /// memberships wait here.
    pub(super) fn attach(&self, reader: &Arc<Reader>, until: u64) -> Option<(Arc<Reader>, Vec<Held>)> {
        let mut inner = self.inner();
        inner.visits += 1;
        let before = std::mem::replace(&mut inner.reader, Arc::downgrade(reader)).upgrade()?;
        let held = inner.hold_all_of(&before, until);
        Some((before, held))
    }

    /// Keeps the memberships of a connection that broke off. One step with [`Session::attach`]: whichever comes first, the
    /// next connection finds them here.
    pub(super) fn hold_all_of(&self, reader: &Reader, until: u64) -> Vec<Held> {
        self.inner().hold_all_of(reader, until)
    }

    /// Gives a connection its place, if it still speaks for the session; else the place waits here for the one that does.
    /// One step with [`Session::attach`].
    pub(super) fn seat(&self, reader: &Arc<Reader>, held: Held, position: Seq) -> Result<(), Held> {
        let mut inner = self.inner();
        if inner.is_attached_to(reader) {
            reader.seat(held.room, held.member, position);
            return Ok(());
        }
        inner.away.push(held.clone());
        Err(held)
    }

    /// This connection speaks for it no longer. Returns the number of the visit that ended, if it was the last one.
    pub(super) fn detach(&self, reader: &Arc<Reader>) -> Option<u32> {
        let mut inner = self.inner();
        if !inner.is_attached_to(reader) {
            return None;
        }
        inner.reader = Weak::new();
        Some(inner.visits)
    }

    /// Whether there is nothing that a later visit could need: no place is kept and no command is remembered.
    pub(super) fn is_blank(&self) -> bool {
        let inner = self.inner();
        inner.away.is_empty() && inner.recent.is_empty()
    }

    /// Takes back the membership of a room, for the connection that speaks for the session; any other gets nothing.
    pub(super) fn reclaim(&self, room: &str, reader: &Arc<Reader>) -> Option<Held> {
        let mut inner = self.inner();
        if !inner.is_attached_to(reader) {
            return None;
        }
        let index = inner.away.iter().position(|held| held.room.name().as_str() == room)?;
        Some(inner.away.swap_remove(index))
    }

    /// Gives up one membership that is still waiting.
    pub(super) fn give_up(&self, given_up: &Held) -> bool {
        let mut inner = self.inner();
        let before = inner.away.len();
        inner.away.retain(|held| {
            !(Arc::ptr_eq(&held.room, &given_up.room) && held.member == given_up.member && held.until == given_up.until)
        });
        before != inner.away.len()
    }

    /// Whether nobody came back since that visit.
    fn is_gone_since(&self, visit: u32) -> bool {
        let inner = self.inner();
        inner.visits == visit && inner.away.is_empty()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn is_attached_to(&self, reader: &Arc<Reader>) -> bool {
        std::ptr::eq(self.reader.as_ptr(), Arc::as_ptr(reader))
    }

    fn hold_all_of(&mut self, reader: &Reader, until: u64) -> Vec<Held> {
        let held: Vec<Held> = reader
            .unseat_all()
            .into_iter()
            .map(|cursor| Held { room: cursor.room, member: cursor.member, until })
            .collect();
        self.away.extend(held.iter().cloned());
        held
    }
}

/// All sessions of the server.
#[derive(Debug, Default)]
pub struct Sessions {
    /// std's hasher with random keys, though the keys are hashes already.
    by_key: Mutex<HashMap<SessionKey, Arc<Session>>>,
    content: RandomState,
}

impl Sessions {
    /// Makes a session. Returns the secret for its client, which is kept nowhere here.
    pub(super) fn open(&self) -> (Arc<Session>, String) {
        let mut secret = [0; SECRET_BYTES];
        getrandom::fill(&mut secret).expect("the system's random source works, else nothing here is safe");
        let secret = URL_SAFE_NO_PAD.encode(secret);
        let session = Arc::new(Session { key: SessionKey::of(&secret), inner: Mutex::default() });
        self.by_key().insert(session.key, session.clone());
        (session, secret)
    }

    /// The session that this secret opens.
    pub(super) fn find(&self, secret: &str) -> Option<Arc<Session>> {
        self.by_key().get(&SessionKey::of(secret)).cloned()
    }

    /// Keeps a session that its connection speaks for, even if it was to be forgotten between look-up and attachment.
    pub(super) fn keep(&self, session: &Arc<Session>) {
        self.by_key().entry(session.key).or_insert_with(|| session.clone());
    }

    /// Forgets a session, unless somebody came back to it since that visit. Decided with the list locked, so that with
    /// [`Sessions::keep`] after each attachment nobody holds a secret that opens nothing.
    pub(super) fn forget(&self, session: &Session, visit: u32) {
        let mut by_key = self.by_key();
        if !session.is_gone_since(visit) {
            return;
        }
        by_key.remove(&session.key);
        if by_key.capacity() > 64 && by_key.len() < by_key.capacity() / 8 {
            let room = by_key.len() * 2;
            by_key.shrink_to(room);
        }
        if by_key.is_empty() {
            *by_key = HashMap::new();
        }
    }

    /// How many are known.
    pub fn len(&self) -> usize {
        self.by_key().len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A hash of what a command asks, to tell a resend from another command with the same number. Keyed: nobody outside
    /// can make two texts meet.
    pub fn content_hash(&self, parts: &[&str]) -> u64 {
        self.content.hash_one(parts)
    }

    fn by_key(&self) -> MutexGuard<'_, HashMap<SessionKey, Arc<Session>>> {
        self.by_key.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SessionKey {
    fn of(secret: &str) -> Self {
        let digest = Sha256::digest(secret.as_bytes());
        let mut key = [0; 16];
        key.copy_from_slice(&digest[..16]);
        Self(key)
    }
}

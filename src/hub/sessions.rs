//! Sessions: what makes somebody the same person over several connections. A session is known by a secret that only its
//! client has; the server keeps the secret's hash.
//!
//! Knows no wire. A session's memberships lie with its reader while it is connected, and here while it is away.

use std::borrow::Borrow;
use std::collections::HashSet;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use siphasher::sip::SipHasher13;

use super::Numbered;
use super::live_room::LiveRoom;
use super::reader::Reader;
use super::resends::{Recalled, Resends};
use crate::limits::{Bucket, Rate};
use crate::protocol::{Code, MemberId, Refusal, Seq};
use crate::room::Epoch;
use crate::store::{KeptSession, SessionHash};
use crate::wire::Carrier;

/// Bytes of a secret: 128 bits cannot be guessed.
const SECRET_BYTES: usize = 16;

/// Bytes of a public id, and how many of them are drawn. 15 are 20 characters, as long as clients know theirs.
const ISSUED: usize = 15;
const DRAWN: usize = 8;

/// In the place of a command's number: look at what is remembered. Higher numbers are looked up each time.
const LOOK: u32 = u32::MAX;

fn bounded(n: u64) -> u32 {
    u32::try_from(n).unwrap_or(LOOK)
}

/// Somebody who may come back.
#[derive(Debug)]
pub struct Session {
    /// The first half of SHA-256 over its secret.
    hash: SessionHash,
    /// std: a few fields, never across an await.
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// The connection that speaks for it now.
    reader: Weak<Reader>,
    /// Counts connections, so that a timer of an earlier absence does not end a later one.
    visits: u32,
    /// The store has a row of it.
    is_stored: bool,
    /// The highest command that is remembered: whatever is above it is new, without a look at the others, which lie elsewhere
    /// in memory. [`LOOK`] when that is not known.
    newest: u32,
    /// What only those have who were away or said something: of thousands who listen, few.
    trace: Option<Box<Trace>>,
}

/// What somebody left behind.
#[derive(Debug, Default)]
struct Trace {
    /// Memberships whose connection ended uncleanly.
    away: Vec<Held>,
    /// The last commands that changed a room.
    resends: Resends,
    /// How fast it says something by requests of their own.
    posts: Bucket,
}

/// A membership that waits for its person.
#[derive(Clone, Debug)]
pub(super) struct Held {
    /// Where.
    pub(super) room: Arc<LiveRoom>,
    /// As whom.
    pub(super) member: MemberId,
    /// How the room was sent there.
    pub(super) carrier: Carrier,
    /// Until when, in milliseconds of the hub's clock. A timer of an earlier absence does not end a later one.
    pub(super) until: u64,
}

impl Session {
    /// Under which hash a store keeps it.
    pub fn hash(&self) -> SessionHash {
        self.hash
    }

    /// The connection that speaks for it now.
    pub fn speaker(&self) -> Option<Arc<Reader>> {
        self.inner().reader.upgrade()
    }

    /// Whether a membership of this room waits for its person.
    pub fn is_away_from(&self, room: &str) -> bool {
        self.inner().away().iter().any(|held| held.room.name().as_str() == room)
    }

    /// As whom its person is in a room, or was a moment ago.
    pub(super) fn member_of(&self, room: &Arc<LiveRoom>) -> Option<MemberId> {
        let inner = self.inner();
        let seated = inner.reader.upgrade().and_then(|reader| reader.membership(room.name().as_str()));
        let is_here = |held: &&Held| Arc::ptr_eq(&held.room, room);
        seated.map(|(_, member)| member).or_else(|| inner.away().iter().find(is_here).map(|held| held.member))
    }

    /// As whom its person is in this room and nowhere else, or was a moment ago.
    pub(super) fn only_member_of(&self, room: &Arc<LiveRoom>) -> Option<MemberId> {
        let inner = self.inner();
        match (inner.reader.upgrade(), inner.away()) {
            (Some(reader), []) if reader.room_count() == 1 => {
                reader.first_membership().filter(|(seated, _)| Arc::ptr_eq(seated, room)).map(|(_, member)| member)
            }
            (_, [held]) if Arc::ptr_eq(&held.room, room) => Some(held.member),
            _ => None,
        }
    }

    /// Looks whether a command was done before. `speaker` is the connection that has to speak for the session, if it matters.
    ///
    /// # Errors
    /// Those of [`Resends::recall`]; [`Code::NotInRoom`] once another connection speaks for the session, which then sends
    /// again what it wants to.
    pub(super) fn recall(
        &self,
        speaker: Option<&Arc<Reader>>,
        command: Numbered,
        now: u64,
    ) -> Result<Recalled, Refusal> {
        let mut inner = self.inner();
        if speaker.is_some_and(|reader| !inner.is_attached_to(reader)) {
            return Err(Code::NotInRoom.into());
        }
        if inner.newest != LOOK && command.n > inner.newest.into() {
            return Ok(Recalled::New);
        }
        let Some(trace) = &mut inner.trace else { return Ok(Recalled::New) };
        let recalled = trace.resends.recall(command.n, command.content, now)?;
        if recalled == Recalled::New {
            let newest = trace.resends.newest().map_or(0, bounded);
            inner.newest = if trace.resends.awaits() { LOOK } else { newest };
        }
        Ok(recalled)
    }

    /// The number of the command that is sent under a key; see [`Resends::number_of_key`].
    pub(super) fn number_of_key(&self, key: u64) -> u64 {
        self.inner().trace().resends.number_of_key(key)
    }

    /// Takes a permit to say something by a request of its own.
    pub(super) fn may_post(&self, rate: Rate, now: Duration) -> Result<(), Duration> {
        self.inner().trace().posts.take(rate, now)
    }

    /// Binds it to a request that speaks for it meanwhile, unless a connection does.
    pub(super) fn lend(&self, reader: &Arc<Reader>) -> bool {
        let mut inner = self.inner();
        if inner.reader.upgrade().is_some() {
            return false;
        }
        inner.visits += 1;
        inner.reader = Arc::downgrade(reader);
        true
    }

    /// Remembers a command that is new; see [`Resends::note`].
    pub(super) fn note(&self, command: Numbered, epoch: Epoch, seq: Seq) -> Option<u64> {
        let mut inner = self.inner();
        inner.newest = inner.newest.max(bounded(command.n));
        inner.trace().resends.note(command.n, command.content, epoch, seq)
    }

    /// The store has command `n`.
    pub(super) fn confirm(&self, n: u64) {
        self.inner().trace().resends.confirm(n);
    }

    /// The store has not kept command `n`.
    pub(super) fn withdraw(&self, n: u64, now: u64) {
        let mut inner = self.inner();
        inner.newest = LOOK;
        inner.trace().resends.withdraw(n, now);
    }

    /// Its row is written with the next join.
    pub(super) fn note_stored(&self) {
        self.inner().is_stored = true;
    }

    pub(super) fn is_stored(&self) -> bool {
        self.inner().is_stored
    }

    /// A membership waits for its person from now on.
    pub(super) fn keep_place(&self, held: Held) {
        self.inner().trace().away.push(held);
    }

    /// Binds it to a new connection. Returns the one that spoke for it before, and what that one was in: from now on these
    /// memberships wait here.
    pub(super) fn attach(&self, reader: &Arc<Reader>, until: u64) -> Option<(Arc<Reader>, Vec<Held>)> {
        let mut inner = self.inner();
        inner.visits += 1;
        if let Some(trace) = &mut inner.trace {
            trace.resends.begin_anew();
        }
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
        if inner.is_attached_to(reader) && reader.seat(held.room.clone(), held.member, held.carrier, position) {
            return Ok(());
        }
        inner.trace().away.push(held.clone());
        Err(held)
    }

    /// Somebody numbers commands in it who does not speak for it. Returns the number of this visit.
    pub(super) fn visit(&self) -> u32 {
        let mut inner = self.inner();
        inner.visits += 1;
        inner.visits
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
        inner.trace.as_ref().is_none_or(|trace| trace.is_empty())
    }

    /// Takes back the membership of a room, for the connection that speaks for the session; any other gets nothing.
    pub(super) fn reclaim(&self, room: &str, reader: &Arc<Reader>) -> Option<Held> {
        let mut inner = self.inner();
        if !inner.is_attached_to(reader) {
            return None;
        }
        let index = inner.away().iter().position(|held| held.room.name().as_str() == room)?;
        let held = inner.trace().away.swap_remove(index);
        inner.trace.take_if(|trace| trace.is_empty());
        Some(held)
    }

    /// Gives up one membership that is still waiting.
    pub(super) fn give_up(&self, given_up: &Held) -> bool {
        let mut inner = self.inner();
        let Some(trace) = &mut inner.trace else { return false };
        let before = trace.away.len();
        trace.away.retain(|held| {
            !(Arc::ptr_eq(&held.room, &given_up.room) && held.member == given_up.member && held.until == given_up.until)
        });
        before != trace.away.len()
    }

    /// Whether nobody came back since that visit.
    fn is_gone_since(&self, visit: u32) -> bool {
        let inner = self.inner();
        inner.visits == visit && inner.away().is_empty()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Trace {
    fn is_empty(&self) -> bool {
        self.away.is_empty() && self.resends.is_empty()
    }
}

impl Inner {
    fn away(&self) -> &[Held] {
        self.trace.as_ref().map_or(&[], |trace| &trace.away)
    }

    fn trace(&mut self) -> &mut Trace {
        self.trace.get_or_insert_default()
    }

    fn is_attached_to(&self, reader: &Arc<Reader>) -> bool {
        std::ptr::eq(self.reader.as_ptr(), Arc::as_ptr(reader))
    }

    fn hold_all_of(&mut self, reader: &Reader, until: u64) -> Vec<Held> {
        let held: Vec<Held> = reader
            .unseat_all()
            .into_iter()
            .map(|cursor| Held { room: cursor.room, member: cursor.member, carrier: cursor.carrier, until })
            .collect();
        if !held.is_empty() {
            self.trace().away.extend(held.iter().cloned());
        }
        held
    }
}

/// A session in the list of all: found by its hash, which it holds itself.
#[derive(Debug)]
struct Listed(Arc<Session>);

impl Borrow<SessionHash> for Listed {
    fn borrow(&self) -> &SessionHash {
        &self.0.hash
    }
}

impl Hash for Listed {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash.hash(state);
    }
}

impl PartialEq for Listed {
    fn eq(&self, other: &Self) -> bool {
        self.0.hash == other.0.hash
    }
}

impl Eq for Listed {}

/// All sessions of the server.
#[derive(Debug)]
pub struct Sessions {
    /// std's hasher with random keys, though the keys are hashes already.
    by_hash: Mutex<HashSet<Listed>>,
    /// What commands ask is hashed with a key that lives as long as what is remembered of them.
    content: SipHasher13,
}

impl Sessions {
    /// Those that a store has kept, and their commands.
    pub(super) fn restored(kept: Vec<KeptSession>, hash_key: &[u8; 16]) -> Self {
        let session = |kept: KeptSession| {
            let resends = Resends::restored(kept.commands);
            let trace = (!resends.is_empty()).then(|| Box::new(Trace { resends, ..Trace::default() }));
            let inner = Inner { trace, newest: LOOK, is_stored: true, ..Inner::default() };
            Listed(Arc::new(Session { hash: kept.hash, inner: Mutex::new(inner) }))
        };
        Self {
            by_hash: Mutex::new(kept.into_iter().map(session).collect()),
            content: SipHasher13::new_with_key(hash_key),
        }
    }

    /// A public id for somebody who has no secret, which is known again as one of ours without being remembered: half of it
    /// is drawn, and half vouches for that.
    pub(super) fn issue(&self) -> String {
        let mut drawn = [0; DRAWN];
        getrandom::fill(&mut drawn).expect("the system's random source works, else nothing here is safe");
        URL_SAFE_NO_PAD.encode(self.vouched(drawn))
    }

    /// The same for a session's secret: the same one each time, which does not tell the secret.
    pub(super) fn issue_for(&self, secret: &str) -> String {
        URL_SAFE_NO_PAD.encode(self.vouched(self.content_hash(&["issued for", secret]).to_le_bytes()))
    }

    /// The session under which commands count that are numbered after an id of ours; nothing for another id.
    ///
    /// # Errors
    /// [`Code::ServerFull`] if it has to be made and there are `most` already.
    pub(super) fn of_issued(&self, id: &str, most: usize) -> Result<Option<Arc<Session>>, Refusal> {
        let Ok(bytes) = URL_SAFE_NO_PAD.decode(id) else { return Ok(None) };
        if bytes.first_chunk::<DRAWN>().is_none_or(|drawn| bytes != self.vouched(*drawn)) {
            return Ok(None);
        }
        let session = Arc::new(Session { hash: hash_of(id, None), inner: Mutex::default() });
        let mut by_hash = self.by_hash();
        if let Some(known) = by_hash.get(&session.hash) {
            return Ok(Some(known.0.clone()));
        }
        if by_hash.len() >= most {
            return Err(Code::ServerFull.into());
        }
        by_hash.insert(Listed(session.clone()));
        Ok(Some(session))
    }

    fn vouched(&self, drawn: [u8; DRAWN]) -> [u8; ISSUED] {
        let mut hasher = self.content;
        hasher.write(b"issued");
        hasher.write(&drawn);
        let mut id = [0; ISSUED];
        id[..DRAWN].copy_from_slice(&drawn);
        id[DRAWN..].copy_from_slice(&hasher.finish().to_le_bytes()[..ISSUED - DRAWN]);
        id
    }

    /// All of them.
    pub(super) fn all(&self) -> Vec<Arc<Session>> {
        self.by_hash().iter().map(|listed| listed.0.clone()).collect()
    }

    /// The one that a store knows by this hash.
    pub(super) fn of(&self, hash: &SessionHash) -> Option<Arc<Session>> {
        self.by_hash().get(hash).map(|listed| listed.0.clone())
    }

    /// Makes a session, for whoever was let in by a token for them alone. Returns the secret for its client, which is kept
    /// nowhere here.
    pub(super) fn open(&self, owner: Option<&str>) -> (Arc<Session>, String) {
        let mut secret = [0; SECRET_BYTES];
        getrandom::fill(&mut secret).expect("the system's random source works, else nothing here is safe");
        let secret = URL_SAFE_NO_PAD.encode(secret);
        let session = Arc::new(Session { hash: hash_of(&secret, owner), inner: Mutex::default() });
        self.by_hash().insert(Listed(session.clone()));
        (session, secret)
    }

    /// The session that this secret opens for this owner.
    pub(super) fn find(&self, secret: &str, owner: Option<&str>) -> Option<Arc<Session>> {
        self.of(&hash_of(secret, owner))
    }

    /// Keeps a session that its connection speaks for, even if it was to be forgotten between look-up and attachment.
    pub(super) fn keep(&self, session: &Arc<Session>) {
        let mut by_hash = self.by_hash();
        if !by_hash.contains(&session.hash) {
            by_hash.insert(Listed(session.clone()));
        }
    }

    /// Forgets a session, unless somebody came back to it since that visit. Returns whether it did. Decided with the list
    /// locked, so that with [`Sessions::keep`] after each attachment nobody holds a secret that opens nothing.
    pub(super) fn forget(&self, session: &Session, visit: u32) -> bool {
        let mut by_hash = self.by_hash();
        if !session.is_gone_since(visit) {
            return false;
        }
        by_hash.remove(&session.hash);
        if by_hash.capacity() > 64 && by_hash.len() < by_hash.capacity() / 8 {
            let room = by_hash.len() * 2;
            by_hash.shrink_to(room);
        }
        if by_hash.is_empty() {
            *by_hash = HashSet::new();
        }
        true
    }

    /// How many are known.
    pub fn len(&self) -> usize {
        self.by_hash().len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A hash of what a command asks, to tell a resend from another command with the same number. Keyed: nobody outside
    /// can make two texts meet.
    pub fn content_hash(&self, parts: &[&str]) -> u64 {
        let mut hasher = self.content;
        for part in parts {
            hasher.write_usize(part.len());
            hasher.write(part.as_bytes());
        }
        hasher.finish()
    }

    fn by_hash(&self) -> MutexGuard<'_, HashSet<Listed>> {
        self.by_hash.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whose a session is goes into the hash: who else has the secret finds nothing, and nothing more is kept.
fn hash_of(secret: &str, owner: Option<&str>) -> SessionHash {
    let mut digest = Sha256::new_with_prefix(secret.as_bytes());
    if let Some(owner) = owner {
        digest.update([0]);
        digest.update(owner.as_bytes());
    }
    let digest = digest.finalize();
    let mut hash = [0; 16];
    hash.copy_from_slice(&digest[..16]);
    hash
}

#[cfg(test)]
mod tests;

//! Sessions: what makes somebody the same person over several connections. A session is known by a secret that only its
//! client has; the server keeps the secret's hash.
//!
//! Here are all of them, and the secrets and ids by which they are found. Knows no wire, and not what is in a session.

mod session;

pub(super) use session::Held;
pub use session::Session;

use std::borrow::Borrow;
use std::collections::HashSet;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use siphasher::sip::SipHasher13;

use crate::protocol::{Code, Refusal};
use crate::store::{KeptSession, SessionHash};

/// Bytes of a secret: 128 bits cannot be guessed.
const SECRET_BYTES: usize = 16;

/// Bytes of a public id, and how many of them are drawn. 15 are 20 characters, as long as clients know theirs.
const ISSUED: usize = 15;
const DRAWN: usize = 8;

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
        Self {
            by_hash: Mutex::new(kept.into_iter().map(|kept| Listed(Session::restored(kept))).collect()),
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
        let session = Session::new(hash_of(id, None));
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
        let session = Session::new(hash_of(&secret, owner));
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

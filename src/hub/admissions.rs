//! Whom the connections were let in as, on a server that asks for tokens. Apart from the readers, so that without tokens no
//! connection pays for it.
//!
//! What a token decides is decided here for every wire: the name, the rooms, whose a session is, and when it ends.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::joining::Join;
use super::{Hub, Present, Reader};
use crate::auth::Admitted;
use crate::protocol::{Code, Refusal};

/// The connections that were let in by a token.
#[derive(Debug, Default)]
pub(super) struct Admissions {
    /// Somebody ever was: else nothing is looked up.
    in_use: AtomicBool,
    /// std: an insertion, a look-up or a removal, or one pass of the watch. A leaf: nothing else is taken under it.
    list: Mutex<HashMap<Present, Arc<Admitted>>>,
}

impl Admissions {
    pub(super) fn note(&self, reader: &Arc<Reader>, admitted: Arc<Admitted>) {
        self.in_use.store(true, Ordering::Release);
        self.list().insert(Present(reader.clone()), admitted);
    }

    pub(super) fn of(&self, reader: &Arc<Reader>) -> Option<Arc<Admitted>> {
        if !self.in_use.load(Ordering::Acquire) {
            return None;
        }
        self.list().get(&Present(reader.clone())).cloned()
    }

    pub(super) fn forget(&self, reader: &Arc<Reader>) {
        if !self.in_use.load(Ordering::Acquire) {
            return;
        }
        let mut list = self.list();
        list.remove(&Present(reader.clone()));
        if list.is_empty() {
            *list = HashMap::new();
        } else if list.capacity() > 64 && list.len() < list.capacity() / 8 {
            let room = list.len() * 2;
            list.shrink_to(room);
        }
    }

    /// Those whose token has run out at this moment, in Unix seconds.
    pub(super) fn over(&self, now: u64) -> Vec<Arc<Reader>> {
        if !self.in_use.load(Ordering::Acquire) {
            return Vec::new();
        }
        let is_over = |(_, admitted): &(&Present, &Arc<Admitted>)| admitted.until <= now;
        self.list().iter().filter(is_over).map(|(Present(reader), _)| reader.clone()).collect()
    }

    fn list(&self) -> MutexGuard<'_, HashMap<Present, Arc<Admitted>>> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Hub {
    /// Lets a connection in as somebody; before it asks for anything. A wire whose token comes after the handshake says it
    /// once it has it.
    pub fn admit(&self, reader: &Arc<Reader>, admitted: Arc<Admitted>) {
        self.admissions.note(reader, admitted);
    }

    /// Whom a connection was let in as, if that took a token.
    pub fn admitted(&self, reader: &Arc<Reader>) -> Option<Arc<Admitted>> {
        self.admissions.of(reader)
    }

    /// How many connections a token let in.
    pub fn admissions(&self) -> usize {
        self.admissions.list().len()
    }

    /// What its token makes of a wish to join: its own name, and no other rooms than its own.
    pub(super) fn as_admitted(&self, reader: &Arc<Reader>, join: &mut Join) -> Result<(), Refusal> {
        let Some(admitted) = self.admitted(reader) else { return Ok(()) };
        if !admitted.may_enter(&join.room) {
            return Err(Code::RoomForbidden.into());
        }
        join.name = Ok(Some(admitted.name.clone()));
        Ok(())
    }
}

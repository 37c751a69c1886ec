//! What is due later: one ordered list for the whole server, looked after by one task. No connection and no room has a
//! timer of its own.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::live_room::LiveRoom;
use super::sessions::{Held, Session};
use crate::protocol::MemberId;

/// Something to do when its time comes. Each looks again whether it is still to be done.
#[derive(Debug)]
pub(super) enum Due {
    /// A member's grace is over.
    Grace {
        /// Whose.
        session: Arc<Session>,
        /// Which membership.
        held: Held,
    },
    /// A room has been empty for its time.
    RoomEnd(Weak<LiveRoom>),
    /// Nobody came back to a session.
    SessionEnd {
        /// Which.
        session: Weak<Session>,
        /// After which visit.
        visit: u32,
    },
    /// Somebody is gone whose leave could not be kept yet.
    Leave {
        /// Where.
        room: Weak<LiveRoom>,
        /// Who.
        member: MemberId,
    },
    /// A large room's held-back joins and leaves are to be shown.
    Flush(Weak<LiveRoom>),
}

/// The list. Time is milliseconds of the hub's clock.
#[derive(Debug, Default)]
pub(super) struct Timers {
    /// std: one insertion or removal, never across an await.
    list: Mutex<List>,
}

#[derive(Debug, Default)]
struct List {
    by_time: BTreeMap<(u64, u64), Due>,
    next: u64,
}

impl Timers {
    /// Adds something. Returns whether it is now the first to come, so that the task must be woken.
    pub(super) fn add(&self, at: u64, due: Due) -> bool {
        let mut list = self.list();
        let order = list.next;
        list.next += 1;
        list.by_time.insert((at, order), due);
        list.by_time.first_key_value().is_some_and(|(&(_, first), _)| first == order)
    }

    /// When the next thing is due.
    pub(super) fn next(&self) -> Option<u64> {
        self.list().by_time.first_key_value().map(|(&(at, _), _)| at)
    }

    /// Takes one thing whose time has come.
    pub(super) fn take(&self, now: u64) -> Option<Due> {
        let mut list = self.list();
        let first = list.by_time.first_entry()?;
        (first.key().0 <= now).then(|| first.remove())
    }

    fn list(&self) -> MutexGuard<'_, List> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn things_come_in_the_order_of_their_time_and_not_before() {
        let timers = Timers::default();
        assert!(timers.add(20, Due::RoomEnd(Weak::new())), "the first of all");
        assert!(timers.add(10, Due::Flush(Weak::new())), "earlier than the first");
        assert!(!timers.add(15, Due::RoomEnd(Weak::new())));
        assert_eq!(timers.next(), Some(10));
        assert!(timers.take(9).is_none());
        assert!(matches!(timers.take(10), Some(Due::Flush(_))));
        assert!(matches!(timers.take(20), Some(Due::RoomEnd(_))));
        assert!(matches!(timers.take(20), Some(Due::RoomEnd(_))));
        assert_eq!(timers.next(), None);
    }
}

//! The store of "just chat, nothing is kept": the room's own tail is all there is, so an event is as durable as it will
//! ever be the moment it is numbered.

use crate::room::{Draft, Room, RoomLimits};

use super::Appended;

/// The store that keeps nothing beyond the room's tail.
#[derive(Debug)]
pub struct Memory;

impl Memory {
    #[expect(clippy::unused_self, reason = "the form that every store has")]
    pub(super) fn append<R>(&self, room: &Room, draft: Draft, at: u64, limits: RoomLimits, receipt: R) -> Appended<R> {
        Appended::Now(room.number(draft, at, limits), receipt)
    }
}

//! What lies between a room and a socket: a cursor for each room, and what the socket has not taken.

use std::sync::Arc;

use smallvec::SmallVec;

use crate::hub::live_room::LiveRoom;
use crate::protocol::{MemberId, Seq};
use crate::wire::Carrier;

/// What a member of a room stands for in its reader.
#[derive(Debug)]
pub(in crate::hub) struct Cursor {
    /// Which room.
    pub(in crate::hub) room: Arc<LiveRoom>,
    /// As whom.
    pub(in crate::hub) member: MemberId,
    /// How it is sent this room.
    pub(in crate::hub) carrier: Carrier,
    /// The last event whose frames the socket took, or has begun to take.
    pub(super) position: Seq,
}

/// What lies on the desk: everything that only the one writer touches.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own; no two exclude each other")]
pub(super) struct Desk {
    /// Most connections are in one room, whose cursor lies here.
    pub(super) cursors: SmallVec<[Cursor; 1]>,
    /// Which cursor reads on next, so that a busy room does not keep the others waiting.
    pub(super) turn: u32,
    /// The unsent rest of a frame, and answers meant for this client alone. Takes no memory while empty.
    pub(super) pending: Vec<u8>,
    /// The socket took less than it was given, or still owes of what it took: wait until it is writable.
    pub(super) full: bool,
    /// The close frame is in `pending` or sent; nothing follows it.
    pub(super) closing: bool,
    /// The socket is dead.
    pub(super) broken: bool,
    /// The connection is over: nothing is read by it any more.
    pub(super) gone: bool,
}

impl Desk {
    /// The next cursor that is behind its room, in turn.
    pub(super) fn next_late(&mut self) -> Option<(Arc<LiveRoom>, MemberId, Carrier, Seq)> {
        let count = self.cursors.len();
        let index = (0..count)
            .map(|step| (self.turn as usize + step) % count)
            .find(|&index| self.cursors[index].position < self.cursors[index].room.head())?;
        self.turn = index as u32 + 1;
        let cursor = &self.cursors[index];
        Some((cursor.room.clone(), cursor.member, cursor.carrier, cursor.position))
    }
}

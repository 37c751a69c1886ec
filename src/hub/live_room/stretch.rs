//! What a reader that is behind reads next: a stretch of the log, or where it has to begin anew. Knows a reader only by its wire and
//! its position.

use std::sync::Arc;

use super::LiveRoom;
use crate::hub::Newcomers;
use crate::hub::snapshot::Past;
use crate::protocol::{Event, MemberId, ResetReason, Seq, ServerFrame};
use crate::room::Missed;
use crate::wire::{self, Batch, Wire, socketio};

/// What a reader gets that reads on from its cursor.
#[derive(Debug)]
pub(in crate::hub) enum Stretch {
    /// What comes next.
    Batch(Batch),
    /// What comes next is no longer kept: the room as it is, and the position after it.
    Reset {
        /// The encoded frame, or a line of words on wires without numbers.
        frame: Vec<u8>,
        /// Where to go on.
        position: Seq,
    },
}

/// Said on wires without numbers when lines were missed.
const GAP: &str = "Your connection was too slow: some lines are missing here.";

impl LiveRoom {
    /// What a reader at `position` reads next, or why it must begin anew.
    pub(in crate::hub) fn stretch(&self, wire: Wire, member: MemberId, position: Seq, bytes: usize) -> Stretch {
        let state = self.lock();
        let mut left = bytes;
        let named = state.room.roster().named();
        let events: Result<Vec<Arc<Event>>, Missed> = state.room.log().since(position).map(|events| {
            events
                .take_while(|event| {
                    let is_wanted = left > 0;
                    left = left.saturating_sub(event.kind.weight());
                    is_wanted
                })
                .collect()
        });
        if let Ok(events) = events {
            let users = if wire == Wire::TwoSegment { state.users_if_changed(&events) } else { Vec::new() };
            drop(state);
            // Right at the end of the log; in a long stretch before that, the last known.
            return Stretch::Batch(Batch::encode(wire, &events, self.view(Some(member), Some(named)), &users));
        }
        let mut frame = Vec::new();
        match wire {
            Wire::Charsu | Wire::Sse => {
                let (snapshot, events) = state.snapshot_parts(member, Past::OwnTime, Newcomers::None);
                let snapshot = snapshot.build(self.name(), &events);
                wire.answer(&ServerFrame::Reset { id: None, reason: ResetReason::Slow, snapshot }, &mut frame);
            }
            Wire::OneSegment => wire::one_segment_notice(GAP, &mut frame),
            Wire::TwoSegment => {
                wire::two_segment_notice(GAP, &mut frame);
                state.push_users(&mut frame);
            }
            Wire::SocketIo(flavour) => {
                let place = socketio::Place { epoch: self.epoch, seq: state.room.log().head() };
                socketio::notice(flavour, &self.name, Some(place), GAP, &mut frame);
            }
        }
        Stretch::Reset { frame, position: state.room.log().head() }
    }
}

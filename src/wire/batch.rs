//! A burst of events as a room's readers share it: encoded once for a wire, cut where each reader's cursor stands, and made anew
//! only for who sees something else. Knows no reader and no socket, and of the wires only what [`Wire`] answers.

use std::sync::Arc;

use super::{View, Wire};
use crate::names::RoomName;
use crate::protocol::{Event, Kind, MemberId, Seq};
use crate::room::Epoch;
use crate::transport::ws::deflate;

/// The frames of consecutive events on one wire, one after the other, so that a burst is one write.
#[derive(Debug)]
pub struct Batch {
    wire: Wire,
    epoch: Epoch,
    first: Seq,
    bytes: Vec<u8>,
    /// Where the frames of each event end.
    ends: Vec<u32>,
    /// Events of which some members see something else than the shared frames.
    personal: Vec<Arc<Event>>,
}

impl Batch {
    /// Encodes consecutive events. The view is that of the room after all of them. The trailer, on a wire that has one, is the
    /// frame that lists who is here, and goes with the last event that somebody came or went by.
    pub fn encode(wire: Wire, events: &[Arc<Event>], view: View<'_>, trailer: &[u8]) -> Self {
        let first = events.first().map_or(1, |event| event.seq);
        let mut bytes =
            Vec::with_capacity(events.iter().map(|event| event.kind.weight()).sum::<usize>() + trailer.len());
        let mut ends = Vec::with_capacity(events.len());
        let mut personal = Vec::new();
        let last_change = events.iter().rposition(|event| event.kind.changes_members());
        // How many there were before all of these, from how many there are after them.
        let mut named = view
            .named
            .map(|after| events.iter().fold(after.cast_signed(), |named, event| named - change_of_named(&event.kind)));
        for (index, event) in events.iter().enumerate() {
            named = named.map(|before| before + change_of_named(&event.kind));
            let view = View { named: named.map(|named| named.max(0).cast_unsigned()), ..view };
            wire.encode(event, view, &mut bytes);
            if Some(index) == last_change {
                bytes.extend_from_slice(trailer);
            }
            ends.push(bytes.len() as u32);
            if view.viewer.is_none() && wire.may_differ(&event.kind) {
                personal.push(event.clone());
            }
        }
        Self { wire, epoch: view.epoch, first, bytes, ends, personal }
    }

    /// The number of its first event.
    pub fn first(&self) -> Seq {
        self.first
    }

    /// The number of its last event.
    pub fn last(&self) -> Seq {
        self.first + self.ends.len() as Seq - 1
    }

    /// Whether one of its events after `position` looks different to this member.
    pub fn is_personal_to(&self, viewer: MemberId, position: Seq) -> bool {
        self.personal.iter().any(|event| event.seq > position && self.wire.differs_for(&event.kind, viewer))
    }

    /// The same batch as one member may see it.
    #[must_use]
    pub fn personal_to(&self, viewer: MemberId, room: &RoomName) -> Self {
        // Who comes or goes is shown to all alike, so nothing that is made anew counts people.
        let view = View { room, epoch: self.epoch, viewer: Some(viewer), named: None };
        let mut bytes = Vec::with_capacity(self.bytes.len() + 256);
        let mut ends = Vec::with_capacity(self.ends.len());
        let mut start = 0;
        let mut personal = self.personal.iter().peekable();
        for (seq, &end) in (self.first..).zip(&self.ends) {
            let differs = |event: &&Arc<Event>| self.wire.differs_for(&event.kind, viewer);
            match personal.next_if(|event| event.seq == seq).filter(differs) {
                Some(event) => self.wire.encode(event, view, &mut bytes),
                None => bytes.extend_from_slice(&self.bytes[start as usize..end as usize]),
            }
            ends.push(bytes.len() as u32);
            start = end;
        }
        Self { wire: self.wire, epoch: self.epoch, first: self.first, bytes, ends, personal: Vec::new() }
    }

    /// The same batch with its messages compressed, each by itself, where that makes them shorter.
    #[must_use]
    pub fn deflated(&self) -> Self {
        let mut bytes = Vec::with_capacity(self.bytes.len());
        let mut ends = Vec::with_capacity(self.ends.len());
        let mut start = 0;
        for &end in &self.ends {
            deflate::push_all_deflated(&mut bytes, &self.bytes[start as usize..end as usize]);
            ends.push(bytes.len() as u32);
            start = end;
        }
        Self { wire: self.wire, epoch: self.epoch, first: self.first, bytes, ends, personal: self.personal.clone() }
    }

    /// The bytes for a reader at `position`, which is in the batch or directly before it.
    pub fn after(&self, position: Seq) -> &[u8] {
        &self.bytes[self.offset_after(position)..]
    }

    /// Where a reader stands that has taken `taken` bytes after `position`: the number of the event whose frames it has
    /// begun or finished, and what is unsent of them.
    pub fn stand(&self, position: Seq, taken: usize) -> (Seq, &[u8]) {
        if taken == 0 {
            return (position, &[]);
        }
        let reached = self.offset_after(position) + taken;
        let index = self.ends.partition_point(|&end| (end as usize) < reached);
        (self.first + index as Seq, &self.bytes[reached..self.ends[index] as usize])
    }

    fn offset_after(&self, position: Seq) -> usize {
        let done = (position + 1 - self.first) as usize;
        done.checked_sub(1).map_or(0, |index| self.ends[index] as usize)
    }
}

fn change_of_named(kind: &Kind) -> isize {
    match kind {
        Kind::Join { member } if member.name.is_some() => 1,
        Kind::Leave { member } if member.name.is_some() => -1,
        _ => 0,
    }
}

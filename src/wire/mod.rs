//! How events look on each wire: one encoding per wire, shared by all its members. Pure translation from [`Event`] to
//! WebSocket text frames; no wire knows another, and none knows who is connected.

mod charsu;
mod one_segment;
mod two_segment;

pub use charsu::{answer, card, snapshot_event};
pub use one_segment::notice as one_segment_notice;
pub use two_segment::{error as two_segment_error, notice as two_segment_notice, users as two_segment_users};

use std::sync::Arc;

use crate::names::RoomName;
use crate::protocol::{Event, MemberId, Seq};

/// The encodings, a closed set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wire {
    /// `charsu.v1`.
    Charsu,
    /// Pages of the tutorial that connects to `/ws/{room}`.
    OneSegment,
    /// Pages of the programs that connect to `/ws/{room}/{name}`.
    TwoSegment,
}

impl Wire {
    /// Every wire, in the order of [`Wire::index`].
    pub const ALL: [Self; 3] = [Self::Charsu, Self::OneSegment, Self::TwoSegment];

    /// A small number, for tables.
    pub const fn index(self) -> usize {
        match self {
            Self::Charsu => 0,
            Self::OneSegment => 1,
            Self::TwoSegment => 2,
        }
    }

    /// Appends the frames of one event as this viewer may see it; without a viewer, as somebody whom a private line does
    /// not concern. May append nothing on a wire without numbers.
    pub fn encode(self, room: &RoomName, event: &Event, viewer: Option<MemberId>, out: &mut Vec<u8>) {
        match self {
            Self::Charsu => charsu::event(room, event, viewer, out),
            Self::OneSegment => one_segment::event(event, viewer, out),
            Self::TwoSegment => two_segment::event(room, event, viewer, out),
        }
    }

    /// Appends a frame which says that somebody types or stopped.
    pub fn encode_typing(self, room: &RoomName, from: MemberId, name: &str, on: bool, out: &mut Vec<u8>) {
        match self {
            Self::Charsu => charsu::typing(room, from, on, out),
            Self::OneSegment => one_segment::typing(name, on, out),
            // The programs of this path know no typing: their pages would ignore it at best.
            Self::TwoSegment => {}
        }
    }
}

/// The frames of consecutive events on one wire, one after the other, so that a burst is one write.
#[derive(Debug)]
pub struct Batch {
    first: Seq,
    bytes: Vec<u8>,
    /// Where the frames of each event end.
    ends: Vec<u32>,
    /// Events of which some members see something else than the shared frames.
    personal: Vec<Arc<Event>>,
}

impl Batch {
    /// Encodes consecutive events; `trailer` goes with the last one (a list that the events changed).
    pub fn encode(wire: Wire, room: &RoomName, events: &[Arc<Event>], viewer: Option<MemberId>, trailer: &[u8]) -> Self {
        let first = events.first().map_or(1, |event| event.seq);
        let mut bytes = Vec::with_capacity(events.len() * 160 + trailer.len());
        let mut ends = Vec::with_capacity(events.len());
        let mut personal = Vec::new();
        for (index, event) in events.iter().enumerate() {
            wire.encode(room, event, viewer, &mut bytes);
            if index + 1 == events.len() {
                bytes.extend_from_slice(trailer);
            }
            ends.push(bytes.len() as u32);
            if viewer.is_none() && !event.kind.is_for_all() {
                personal.push(event.clone());
            }
        }
        Self { first, bytes, ends, personal }
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
        self.personal.iter().any(|event| event.seq > position && event.kind.is_for(viewer))
    }

    /// The same batch as one member may see it.
    pub fn personal_to(&self, viewer: MemberId, wire: Wire, room: &RoomName) -> Self {
        let mut bytes = Vec::with_capacity(self.bytes.len() + 256);
        let mut ends = Vec::with_capacity(self.ends.len());
        let mut start = 0;
        let mut seq = self.first;
        for &end in &self.ends {
            let special = self.personal.iter().find(|event| event.seq == seq && event.kind.is_for(viewer));
            if let Some(event) = special {
                wire.encode(room, event, Some(viewer), &mut bytes);
                // What follows the shared form of the last event (a list) is for everybody.
                let mut shared = Vec::new();
                wire.encode(room, event, None, &mut shared);
                bytes.extend_from_slice(&self.bytes[start as usize + shared.len()..end as usize]);
            } else {
                bytes.extend_from_slice(&self.bytes[start as usize..end as usize]);
            }
            ends.push(bytes.len() as u32);
            start = end;
            seq += 1;
        }
        Self { first: self.first, bytes, ends, personal: Vec::new() }
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

//! Who reads a room: the list of readers, on which wires they read, and how far behind the slowest is. Knows not what they are
//! shown, but for the one frame that lists who is here.

use std::sync::Arc;

use smallvec::SmallVec;

use super::State;
use crate::hub::reader::Reader;
use crate::protocol::{Event, Seq};
use crate::room::Person;
use crate::wire::{self, Carrier, Wire};

/// How many members one frame lists.
pub const MEMBERS_LISTED: usize = 200;

/// How many read a room by which carrier. Few rooms are read by more than two.
pub(super) type Carriers = SmallVec<[(Carrier, u32); 2]>;

impl State {
    /// Somebody was given a place, and still has to read from this number on, if it is behind.
    pub(in crate::hub) fn note_seat(&mut self, needs: Option<Seq>) {
        self.seats += 1;
        self.needed = self.needed.into_iter().chain(needs).min();
    }

    /// Whether some reader was behind at the last flush.
    pub(in crate::hub) fn has_laggards(&self) -> bool {
        self.needed.is_some()
    }

    /// Somebody reads the room from now on.
    pub(in crate::hub) fn add_reader(&mut self, reader: &Arc<Reader>, carrier: Carrier) {
        if self.audience.is_empty() {
            // Nothing was offered to nobody: the first reader begins at its own cursor, and batches after it.
            self.flushed = self.room.log().head();
        }
        Arc::make_mut(&mut self.audience).push(reader.clone());
        self.count_carrier(carrier);
    }

    /// Somebody who reads it is sent it in another form from now on.
    pub(in crate::hub) fn change_carrier(&mut self, from: Carrier, to: Carrier) {
        self.discount_carrier(from);
        self.count_carrier(to);
    }

    fn count_carrier(&mut self, carrier: Carrier) {
        match self.carriers.iter_mut().find(|(known, _)| *known == carrier) {
            Some((_, count)) => *count += 1,
            None => self.carriers.push((carrier, 1)),
        }
    }

    fn discount_carrier(&mut self, carrier: Carrier) {
        let Some(index) = self.carriers.iter().position(|(known, _)| *known == carrier) else { return };
        self.carriers[index].1 -= 1;
        if self.carriers[index].1 == 0 {
            self.carriers.swap_remove(index);
        }
    }

    /// Somebody reads it no longer.
    pub(in crate::hub) fn remove_reader(&mut self, reader: &Arc<Reader>, carrier: Carrier) {
        let Some(index) = self.audience.iter().position(|other| Arc::ptr_eq(other, reader)) else { return };
        let audience = Arc::make_mut(&mut self.audience);
        audience.swap_remove(index);
        if audience.is_empty() {
            self.audience = Arc::default();
        } else if audience.capacity() > 64 && audience.len() < audience.capacity() / 8 {
            let room = audience.len() * 2;
            audience.shrink_to(room);
        }
        self.discount_carrier(carrier);
    }

    /// How many connections read it.
    pub(in crate::hub) fn readers(&self) -> usize {
        self.audience.len()
    }

    /// The two-segment wire's online list, if these events changed it.
    pub(super) fn users_if_changed(&self, events: &[Arc<Event>]) -> Vec<u8> {
        let mut frame = Vec::new();
        let has_changed = events.iter().any(|event| event.kind.changes_members());
        let is_read = || self.carriers.iter().any(|(carrier, _)| carrier.wire() == Wire::TwoSegment);
        if has_changed && is_read() {
            self.push_users(&mut frame);
        }
        frame
    }

    /// Appends the two-segment wire's online list.
    pub(in crate::hub) fn push_users(&self, out: &mut Vec<u8>) {
        let names: Vec<Arc<str>> = self.room.roster().iter().take(MEMBERS_LISTED).map(Person::shown_name).collect();
        wire::two_segment_users(names.iter().map(|name| &**name), self.room.roster().len(), out);
    }
}

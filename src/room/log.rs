//! The numbered past of a room that is still kept: a bounded tail, read forward from a position.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use crate::protocol::{Event, Kind, Seq};

/// One life of a log. Two logs with the same epoch are the same log, so a lost one is never mistaken for it.
#[derive(Default, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Epoch(pub u64);

impl Epoch {
    /// The sixteen hexadecimal digits that it is shown by.
    pub fn digits(self) -> [u8; 16] {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        std::array::from_fn(|index| DIGITS[(self.0 >> (60 - 4 * index)) as usize & 15])
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// How much of the past is kept.
#[derive(Clone, Copy, Debug)]
pub struct TailLimits {
    /// Milliseconds.
    pub age_ms: u64,
    /// Bytes, about as encoded.
    pub bytes: usize,
    /// Bytes that are kept at most while a connected reader still has to read them.
    pub lag_bytes: usize,
}

/// What those who are connected have yet to read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Needs {
    /// From here on some reader that fell behind still reads. Kept as far as [`TailLimits::lag_bytes`] goes.
    pub read: Option<Seq>,
    /// From here on nothing was offered to anybody. Kept whatever the limits are: whoever appends sees to it that this is
    /// never much.
    pub unshown: Option<Seq>,
}

/// Why a position cannot be read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missed {
    /// What came next is no longer kept.
    TooOld,
    /// The position is ahead of the log.
    Future,
}

/// The tail of a room's events.
#[derive(Debug)]
pub struct Log {
    epoch: Epoch,
    /// The last number that was given; 0 before the first.
    head: Seq,
    /// The events from `head - tail.len() + 1` to `head`, each with the moment it was kept, in milliseconds of a clock that
    /// never jumps (an event's own time is a wall clock's).
    tail: VecDeque<(Slot, u64)>,
    /// The sum of their weights.
    bytes: usize,
    /// Everything before this number that can be folded is.
    folded_to: Seq,
}

/// A number's place in the tail.
#[derive(Clone, Debug)]
enum Slot {
    /// What happened.
    Event(Arc<Event>),
    /// Somebody came or went. Whoever comes back sees it by the list of who is here.
    Folded,
}

/// What a folded event weighs: its place.
const FOLDED: usize = size_of::<(Slot, u64)>();

impl Slot {
    fn weight(&self) -> usize {
        match self {
            Self::Event(event) => event.kind.weight(),
            Self::Folded => FOLDED,
        }
    }

    fn event(&self) -> Option<&Arc<Event>> {
        match self {
            Self::Event(event) => Some(event),
            Self::Folded => None,
        }
    }
}

impl Log {
    /// A log before its first event.
    pub fn new(epoch: Epoch) -> Self {
        Self { epoch, head: 0, tail: VecDeque::new(), bytes: 0, folded_to: 0 }
    }

    /// A log that goes on after its last number. `tail` are its newest events without a hole, kept as of `now`.
    pub(super) fn restored(epoch: Epoch, head: Seq, tail: Vec<Arc<Event>>, now: u64) -> Self {
        let bytes = tail.iter().map(|event| event.kind.weight()).sum();
        debug_assert!(
            tail.iter().rev().zip((1..=head).rev()).all(|(event, seq)| event.seq == seq),
            "a hole in the tail"
        );
        let tail = tail.into_iter().map(|event| (Slot::Event(event), now)).collect();
        Self { epoch, head, tail, bytes, folded_to: 0 }
    }

    /// Which life this is.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The last number given.
    pub fn head(&self) -> Seq {
        self.head
    }

    /// About how many bytes the tail takes.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The oldest number that is still kept, or the next one to come if none is.
    pub fn first(&self) -> Seq {
        self.head + 1 - self.tail.len() as Seq
    }

    /// The events after a position, oldest first. Empty at the head. One that was folded is a number and no more.
    ///
    /// # Errors
    /// Says why nothing can be read from there: there is never a partial answer.
    pub fn since(&self, position: Seq) -> Result<impl DoubleEndedIterator<Item = Arc<Event>>, Missed> {
        if position > self.head {
            return Err(Missed::Future);
        }
        let Some(skip) = (position + 1).checked_sub(self.first()) else { return Err(Missed::TooOld) };
        let first = self.first();
        let whole = move |(index, (slot, _)): (usize, &(Slot, u64))| match slot {
            Slot::Event(event) => event.clone(),
            Slot::Folded => Arc::new(Event { seq: first + (skip as usize + index) as Seq, at: 0, kind: Kind::Removed }),
        };
        Ok(self.tail.range(skip as usize..).enumerate().map(whole))
    }

    /// The lines that are still kept, oldest first.
    pub fn lines(&self) -> impl DoubleEndedIterator<Item = &Arc<Event>> {
        self.tail.iter().filter_map(|(slot, _)| slot.event()).filter(|event| event.kind.is_line())
    }

    /// An event that is still kept.
    pub fn get(&self, seq: Seq) -> Option<&Arc<Event>> {
        let index = seq.checked_sub(self.first())?;
        self.tail.get(index as usize).and_then(|(slot, _)| slot.event())
    }

    /// Keeps the next event.
    pub(super) fn push(&mut self, event: Arc<Event>, now: u64) {
        assert_eq!(event.seq, self.head + 1, "a store must hand events over in the order of their numbers");
        self.head = event.seq;
        self.bytes += event.kind.weight();
        self.tail.push_back((Slot::Event(event), now));
    }

    /// Puts a changed event in the place of the one with its number, if that is still kept.
    pub(super) fn replace(&mut self, changed: &Arc<Event>) {
        let Some(index) = changed.seq.checked_sub(self.first()) else { return };
        self.put(index as usize, Slot::Event(changed.clone()));
    }

    fn put(&mut self, index: usize, new: Slot) {
        let Some((slot, _)) = self.tail.get_mut(index) else { return };
        self.bytes = self.bytes + new.weight() - slot.weight();
        *slot = new;
    }

    /// Takes the words out of every change of this line: they are not its words any more.
    pub(super) fn supersede_edits(&mut self, line: Seq) {
        for index in 0..self.tail.len() {
            let Slot::Event(event) = &self.tail[index].0 else { continue };
            let Kind::Edit { target, from, between, text: Some(_) } = &event.kind else { continue };
            if *target == line {
                let kind = Kind::Edit { target: line, from: *from, between: *between, text: None };
                let changed = Arc::new(Event { seq: event.seq, at: event.at, kind });
                self.put(index, Slot::Event(changed));
            }
        }
    }

    /// Forgets from the old end what is over the limits. While a connected reader still needs an event, age does not
    /// count and the bytes may reach its allowance. Comings and goings are folded before anything is forgotten for its
    /// size, so that people who come and go do not push out what others said.
    pub(super) fn trim(&mut self, now: u64, limits: TailLimits, needs: Needs) {
        if self.bytes > limits.bytes {
            let end = needs.read.into_iter().chain(needs.unshown).min();
            self.fold(limits.bytes, end.unwrap_or(self.head + 1));
        }
        while let Some((oldest, since)) = self.tail.front() {
            if needs.unshown.is_some_and(|unshown| self.first() >= unshown) {
                break;
            }
            let is_needed = needs.read.is_some_and(|needed| self.first() >= needed);
            let over = if is_needed {
                self.bytes > limits.lag_bytes.max(limits.bytes)
            } else {
                self.bytes > limits.bytes || now.saturating_sub(*since) > limits.age_ms
            };
            if !over {
                break;
            }
            self.bytes -= oldest.weight();
            self.tail.pop_front();
        }
        // An idle room gives its memory back; a busy one keeps its room to grow.
        if self.tail.capacity() > 64 && self.tail.len() < self.tail.capacity() / 8 {
            self.tail.shrink_to(self.tail.len() * 2);
        } else if self.tail.is_empty() {
            self.tail = VecDeque::new();
        }
    }

    /// Folds comings and goings from the old end, up to but without `end`, until the rest fits.
    fn fold(&mut self, bytes: usize, end: Seq) {
        self.folded_to = self.folded_to.max(self.first());
        while self.bytes > bytes && self.folded_to < end {
            let index = (self.folded_to - self.first()) as usize;
            let changes_members = self.tail.get(index).and_then(|(slot, _)| slot.event());
            if changes_members.is_some_and(|event| event.kind.changes_members()) {
                self.put(index, Slot::Folded);
            }
            self.folded_to += 1;
        }
    }
}

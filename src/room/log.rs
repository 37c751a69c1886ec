//! The numbered past of a room that is still kept: a bounded tail, read forward from a position.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use crate::protocol::{Event, Seq};

/// One life of a log. Two logs with the same epoch are the same log, so a lost one is never mistaken for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Epoch(pub u64);

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
    tail: VecDeque<(Arc<Event>, u64)>,
    /// The sum of their weights.
    bytes: usize,
}

impl Log {
    /// A log before its first event.
    pub fn new(epoch: Epoch) -> Self {
        Self { epoch, head: 0, tail: VecDeque::new(), bytes: 0 }
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

    /// The events after a position, oldest first. Empty at the head.
    ///
    /// # Errors
    /// Says why nothing can be read from there: there is never a partial answer.
    pub fn since(&self, position: Seq) -> Result<impl DoubleEndedIterator<Item = &Arc<Event>>, Missed> {
        if position > self.head {
            return Err(Missed::Future);
        }
        let Some(skip) = (position + 1).checked_sub(self.first()) else { return Err(Missed::TooOld) };
        Ok(self.tail.range(skip as usize..).map(|(event, _)| event))
    }

    /// Keeps the next event.
    pub(super) fn push(&mut self, event: Event, now: u64) -> Arc<Event> {
        assert_eq!(event.seq, self.head + 1, "a store must hand events over in the order of their numbers");
        self.head = event.seq;
        self.bytes += event.kind.weight();
        let event = Arc::new(event);
        self.tail.push_back((event.clone(), now));
        event
    }

    /// Forgets from the old end what is over the limits. While a connected reader still needs an event, age does not
    /// count and the bytes may reach its allowance.
    pub(super) fn trim(&mut self, now: u64, limits: TailLimits, needed: Option<Seq>) {
        while let Some((oldest, since)) = self.tail.front() {
            let is_needed = needed.is_some_and(|first| oldest.seq >= first);
            let over = if is_needed {
                self.bytes > limits.lag_bytes.max(limits.bytes)
            } else {
                self.bytes > limits.bytes || now.saturating_sub(*since) > limits.age_ms
            };
            if !over {
                break;
            }
            self.bytes -= oldest.kind.weight();
            self.tail.pop_front();
        }
        // An idle room gives its memory back; a busy one keeps its room to grow.
        if self.tail.capacity() > 64 && self.tail.len() < self.tail.capacity() / 8 {
            self.tail.shrink_to(self.tail.len() * 2);
        } else if self.tail.is_empty() {
            self.tail = VecDeque::new();
        }
    }
}

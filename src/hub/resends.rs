//! What a session remembers of its last commands, to recognise one that comes again. Pure: it knows no session, no store
//! and no clock.

use std::collections::VecDeque;

use crate::protocol::{Code, Refusal, Seq};
use crate::room::Epoch;
use crate::store::KeptCommand;

/// How many of a session's last commands are remembered.
const REMEMBERED: usize = 64;

/// A session's last commands that changed a room.
#[derive(Debug, Default)]
pub struct Resends {
    /// As they were noted.
    recent: VecDeque<Remembered>,
    /// Counts commands, to let the store forget old ones once in a while.
    noted: u32,
}

/// A command that changed a room.
#[derive(Clone, Copy, Debug)]
struct Remembered {
    n: u64,
    content: u64,
    epoch: Epoch,
    seq: Seq,
    /// The store has it; until then nobody is told.
    is_kept: bool,
}

/// What is known of a command that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recalled {
    /// It is new.
    New,
    /// It was done, as this event.
    Done(Epoch, Seq),
    /// It has this number, and the store has not answered yet.
    Underway(Seq),
}

impl Resends {
    /// Those that a store has kept.
    pub fn restored(mut commands: Vec<KeptCommand>) -> Self {
        commands.sort_unstable_by_key(|command| command.n);
        let first = commands.len().saturating_sub(REMEMBERED);
        let remembered = |command: &KeptCommand| Remembered {
            n: command.n,
            content: command.content,
            epoch: command.epoch,
            seq: command.seq,
            is_kept: true,
        };
        Self { recent: commands[first..].iter().map(remembered).collect(), noted: 0 }
    }

    /// Whether no command is remembered.
    pub fn is_empty(&self) -> bool {
        self.recent.is_empty()
    }

    /// Looks whether command `n` was done before. `content` is a hash of what it asks.
    ///
    /// # Errors
    /// [`Code::IdConflict`] when the same number asked something else, [`Code::IdTooOld`] when the number is below all
    /// that are remembered.
    pub fn recall(&self, n: u64, content: u64) -> Result<Recalled, Refusal> {
        if let Some(done) = self.recent.iter().rev().find(|done| done.n == n) {
            return if done.content != content {
                Err(Code::IdConflict.into())
            } else if done.is_kept {
                Ok(Recalled::Done(done.epoch, done.seq))
            } else {
                Ok(Recalled::Underway(done.seq))
            };
        }
        // Those under way count, too: they came after all that are kept.
        let is_full = self.recent.len() >= REMEMBERED;
        if is_full && self.recent.iter().all(|done| n < done.n) {
            return Err(Code::IdTooOld.into());
        }
        Ok(Recalled::New)
    }

    /// Notes that command `n` has a number, which the store is to keep. Returns below which number the store may forget this
    /// session's commands, once in a while.
    pub fn note(&mut self, n: u64, content: u64, epoch: Epoch, seq: Seq) -> Option<u64> {
        self.recent.push_back(Remembered { n, content, epoch, seq, is_kept: false });
        self.noted = self.noted.wrapping_add(1);
        let is_time = self.noted.is_multiple_of(REMEMBERED as u32) && self.recent.len() > REMEMBERED;
        is_time.then(|| self.lowest_of_last())
    }

    /// The store has command `n`.
    pub fn confirm(&mut self, n: u64) {
        if let Some(done) = self.recent.iter_mut().rev().find(|done| done.n == n) {
            done.is_kept = true;
        }
        while self.recent.len() > REMEMBERED {
            // The lowest number goes, which is the oldest when numbers rise as they should. What is under way stays.
            let kept = self.recent.iter().enumerate().filter(|(_, done)| done.is_kept);
            let Some((lowest, _)) = kept.min_by_key(|(_, done)| done.n) else { break };
            self.recent.remove(lowest);
        }
    }

    /// The store has not kept command `n`: it may come again.
    pub fn withdraw(&mut self, n: u64) {
        self.recent.retain(|done| done.is_kept || done.n != n);
    }

    /// The lowest number that is remembered once all that are noted are kept.
    fn lowest_of_last(&self) -> u64 {
        let mut numbers: Vec<u64> = self.recent.iter().map(|done| done.n).collect();
        numbers.sort_unstable();
        numbers.get(numbers.len().saturating_sub(REMEMBERED)).copied().unwrap_or(0)
    }
}

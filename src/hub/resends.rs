//! What a session remembers of its last commands, to recognise one that comes again. Pure: it knows no session, no store
//! and no clock.

use std::collections::VecDeque;

use crate::protocol::{Code, Refusal, Seq};
use crate::room::Epoch;
use crate::store::KeptCommand;

/// How many of a session's last commands are remembered.
const REMEMBERED: usize = 64;

/// How many commands that were not kept are told apart.
const AWAITED: usize = 1024;

/// By how many commands the memory for them grows.
const STEP: usize = 8;

/// For how long commands that were not kept are waited for, in milliseconds: what was under way when they were refused has
/// arrived by then, over a slow line too.
const AWAITED_MS: u64 = 2000;

/// Set in the numbers of commands that came with a key instead. A store keeps 63 bits.
const OF_KEYS: u64 = 1 << 62;

/// What of such a number is a hash of the key. Among the commands that are remembered two are taken for one another once in
/// more than ten thousand million times.
const KEY_BITS: u64 = (1 << 40) - 1;

/// A session's last commands that changed a room.
#[derive(Debug, Default)]
pub struct Resends {
    /// By their numbers, which rise as a rule: so what is looked for, added and forgotten stands at an end.
    recent: VecDeque<Remembered>,
    /// How many of them the store has.
    kept: u32,
    /// Counts commands, to let the store forget old ones once in a while.
    noted: u32,
    /// What was not kept. What follows it does not overtake it. Boxed: few have it.
    awaited: Option<Box<Awaited>>,
}

/// Commands that were not kept, and those that had to wait for them.
#[derive(Debug)]
struct Awaited {
    /// Their numbers, rising; of more than [`AWAITED`] the lowest, behind which the others wait too.
    numbers: Vec<u64>,
    until: u64,
}

impl Awaited {
    fn add(&mut self, index: usize, n: u64) {
        self.numbers.insert(index, n);
        self.numbers.truncate(AWAITED);
    }
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
        let recent: VecDeque<_> = commands[first..].iter().map(remembered).collect();
        Self { kept: recent.len() as u32, recent, noted: 0, awaited: None }
    }

    /// The highest number that is remembered.
    pub fn newest(&self) -> Option<u64> {
        self.recent.back().map(|done| done.n)
    }

    /// The number of the command that was sent under this key, or of the next one, which is sent under it now. Numbers of keys
    /// are above all that clients choose themselves, and rise in the order in which their keys are first seen.
    pub fn number_of_key(&self, key: u64) -> u64 {
        let key = key & KEY_BITS;
        let of_keys = self.recent.iter().filter(|done| done.n & OF_KEYS != 0);
        if let Some(known) = of_keys.clone().find(|done| done.n & KEY_BITS == key) {
            return known.n;
        }
        let highest = of_keys.map(|done| done.n).max().unwrap_or(OF_KEYS);
        // The last numbers are never reached: it would take four million lines of one session.
        ((highest & !KEY_BITS) + KEY_BITS + 1).min(i64::MAX.cast_unsigned() & !KEY_BITS) | key
    }

    /// Whether something that was not kept is waited for.
    pub fn awaits(&self) -> bool {
        self.awaited.is_some()
    }

    /// Whether nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.recent.is_empty() && self.awaited.is_none()
    }

    /// Looks whether command `n` was done before. `content` is a hash of what it asks. `now` is in milliseconds by any clock
    /// that does not jump.
    ///
    /// # Errors
    /// [`Code::IdConflict`] when the same number asked something else, [`Code::IdTooOld`] when the number is below all
    /// that are remembered, [`Code::Unavailable`] while a lower one that was not kept is waited for: a sender's lines keep
    /// their order, however many are under way when the store fails.
    pub fn recall(&mut self, n: u64, content: u64, now: u64) -> Result<Recalled, Refusal> {
        if let Ok(index) = self.find(n) {
            let done = self.recent[index];
            return if done.content != content {
                Err(Code::IdConflict.into())
            } else if done.is_kept {
                Ok(Recalled::Done(done.epoch, done.seq))
            } else {
                Ok(Recalled::Underway(done.seq))
            };
        }
        if self.kept as usize >= REMEMBERED && self.lowest_kept().is_some_and(|index| n < self.recent[index].n) {
            return Err(Code::IdTooOld.into());
        }
        self.wait_for_those_before(n, now)?;
        Ok(Recalled::New)
    }

    /// Notes that command `n`, which is new, has a number, which the store is to keep. Returns below which number the store may
    /// forget this session's commands, once in a while.
    pub fn note(&mut self, n: u64, content: u64, epoch: Epoch, seq: Seq) -> Option<u64> {
        self.remember(Remembered { n, content, epoch, seq, is_kept: false });
        self.noted = self.noted.wrapping_add(1);
        let is_time = self.noted.is_multiple_of(REMEMBERED as u32);
        is_time.then(|| Some(self.recent[self.lowest_kept()?].n)).flatten()
    }

    /// The store has command `n`.
    pub fn confirm(&mut self, n: u64) {
        if let Ok(index) = self.find(n)
            && !std::mem::replace(&mut self.recent[index].is_kept, true)
        {
            self.kept += 1;
        }
        self.forget_lowest();
    }

    /// Notes command `n`, which is new, where the store has it at once: it is noted and confirmed in one step.
    pub fn keep(&mut self, n: u64, content: u64, epoch: Epoch, seq: Seq) {
        self.remember(Remembered { n, content, epoch, seq, is_kept: true });
        self.kept += 1;
        self.forget_lowest();
    }

    fn remember(&mut self, command: Remembered) {
        if self.recent.len() == self.recent.capacity() {
            // In small steps: thousands of sessions have one of these, and most of them say little.
            self.recent.reserve_exact(STEP.max(self.recent.len() / 4));
        }
        let index = self.find(command.n).unwrap_or_else(|index| index);
        self.recent.insert(index, command);
    }

    /// Forgets the lowest number once more are kept than are remembered: the oldest, when numbers rise as they should. What
    /// is under way does not count: it may fail, and what was kept must be known then.
    fn forget_lowest(&mut self) {
        if self.kept as usize > REMEMBERED
            && let Some(lowest) = self.lowest_kept()
        {
            self.recent.remove(lowest);
            self.kept -= 1;
        }
    }

    /// The store has not kept command `n`: it may come again, and those after it wait for that.
    pub fn withdraw(&mut self, n: u64, now: u64) {
        if let Ok(index) = self.find(n)
            && !self.recent[index].is_kept
        {
            self.recent.remove(index);
        }
        let others = self.awaited.take().filter(|awaited| now < awaited.until);
        let mut awaited = others.unwrap_or_else(|| Box::new(Awaited { numbers: Vec::new(), until: 0 }));
        awaited.until = now + AWAITED_MS;
        if let Err(index) = awaited.numbers.binary_search(&n) {
            awaited.add(index, n);
        }
        self.awaited = Some(awaited);
    }

    /// Has a new command wait while lower ones that were not kept are waited for.
    fn wait_for_those_before(&mut self, n: u64, now: u64) -> Result<(), Refusal> {
        let Some(awaited) = self.awaited.as_mut().filter(|awaited| now < awaited.until) else {
            self.awaited = None;
            return Ok(());
        };
        match awaited.numbers.binary_search(&n) {
            Ok(0) => {
                awaited.numbers.remove(0);
                self.awaited.take_if(|awaited| awaited.numbers.is_empty());
                Ok(())
            }
            Err(0) => Ok(()),
            found => {
                // It is waited for too, but for no longer than the others: who gives up what failed goes on after a moment.
                if let Err(index) = found {
                    awaited.add(index, n);
                }
                let words = "What you sent before could not be kept. Send that again first.";
                Err(Refusal::because(Code::Unavailable, words))
            }
        }
    }

    /// Its client is on a new line, with nothing under way, and sends again what it wants to.
    pub fn begin_anew(&mut self) {
        self.awaited = None;
    }

    /// Where command `n` is, or would be.
    fn find(&self, n: u64) -> Result<usize, usize> {
        match self.recent.back() {
            Some(last) if last.n == n => Ok(self.recent.len() - 1),
            Some(last) if last.n > n => self.recent.binary_search_by_key(&n, |done| done.n),
            _ => Err(self.recent.len()),
        }
    }

    /// Where the lowest of those is that the store has.
    fn lowest_kept(&self) -> Option<usize> {
        self.recent.iter().position(|done| done.is_kept)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_kept_at_once_is_remembered_as_what_is_kept_later(
            numbers in proptest::collection::vec(1_u64..200, 1..150),
        ) {
            let (mut at_once, mut later) = (Resends::default(), Resends::default());
            for (seq, n) in (1..).zip(numbers) {
                let known = at_once.recall(n, n, 0);
                prop_assert_eq!(&known, &later.recall(n, n, 0));
                if known == Ok(Recalled::New) {
                    at_once.keep(n, n, Epoch(1), seq);
                    later.note(n, n, Epoch(1), seq);
                    later.confirm(n);
                }
            }
            for n in 1..200 {
                prop_assert_eq!(at_once.recall(n, n, 0), later.recall(n, n, 0));
                prop_assert_eq!(at_once.recall(n, n + 1, 0), later.recall(n, n + 1, 0));
            }
        }
    }
}

//! A room's newest lines, whatever their age: what newcomers may see where the past outlives the tail, and lines that can
//! still be changed without asking the store.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::protocol::{Event, Seq};

/// How many lines are kept.
pub const RECENT_LINES: usize = 100;

/// How many bytes of them are kept, about as encoded.
pub const RECENT_BYTES: usize = 48 * 1024;

/// The newest lines, oldest first.
#[derive(Debug, Default)]
pub(super) struct Recent {
    lines: VecDeque<Arc<Event>>,
    bytes: usize,
    /// There were lines before these.
    is_cut: bool,
}

impl Recent {
    /// The newest lines of a stored room; `is_cut` says whether the store has older ones.
    pub(super) fn restored(lines: Vec<Arc<Event>>, is_cut: bool) -> Self {
        let mut recent = Self { is_cut, ..Self::default() };
        for line in lines {
            recent.push(line);
        }
        recent
    }

    pub(super) fn lines(&self) -> impl DoubleEndedIterator<Item = &Arc<Event>> {
        self.lines.iter()
    }

    pub(super) fn is_cut(&self) -> bool {
        self.is_cut
    }

    pub(super) fn get(&self, seq: Seq) -> Option<&Arc<Event>> {
        let index = self.lines.binary_search_by_key(&seq, |line| line.seq).ok()?;
        self.lines.get(index)
    }

    pub(super) fn push(&mut self, line: Arc<Event>) {
        self.bytes += line.kind.weight();
        self.lines.push_back(line);
        while self.lines.len() > RECENT_LINES || (self.bytes > RECENT_BYTES && self.lines.len() > 1) {
            if let Some(oldest) = self.lines.pop_front() {
                self.bytes -= oldest.kind.weight();
            }
            self.is_cut = true;
        }
    }

    /// Forgets lines that were said before then, in Unix milliseconds, and all but the newest so many.
    pub(super) fn retain(&mut self, since: u64, most: usize) {
        let mut over = self.lines.len().saturating_sub(most);
        while let Some(oldest) = self.lines.pop_front_if(|line| line.at < since || over > 0) {
            self.bytes -= oldest.kind.weight();
            over = over.saturating_sub(1);
        }
    }

    /// Puts a changed line in the place of the one with its number; one that is no line any more goes.
    pub(super) fn replace(&mut self, changed: &Arc<Event>) {
        let Ok(index) = self.lines.binary_search_by_key(&changed.seq, |line| line.seq) else { return };
        self.bytes -= self.lines[index].kind.weight();
        if changed.kind.is_line() {
            self.bytes += changed.kind.weight();
            self.lines[index] = changed.clone();
        } else {
            self.lines.remove(index);
        }
    }
}

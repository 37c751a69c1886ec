//! A room's newest lines, whatever their age: what newcomers may see where the past outlives the tail, and lines that can
//! still be changed without asking the store.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::protocol::{Event, Kind, Seq};

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
        let line = lean(line);
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
            let changed = lean(changed.clone());
            self.bytes += changed.kind.weight();
            self.lines[index] = changed;
        } else {
            self.lines.remove(index);
        }
    }
}

/// A line without the form in which a page wrote it, which is for those who are there when it is said and would push out many
/// lines.
fn lean(line: Arc<Event>) -> Arc<Event> {
    match &line.kind {
        Kind::Message { from, name, guest, text, marks, form: Some(_) } => {
            let (from, name, guest, text, marks) = (*from, name.clone(), *guest, text.clone(), marks.clone());
            Arc::new(Event { kind: Kind::Message { from, name, guest, text, marks, form: None }, ..*line })
        }
        _ => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{Form, Marks, MemberId};

    #[test]
    fn what_a_line_was_written_in_pushes_no_lines_out() {
        let said = |seq, attached: usize| {
            let form =
                Form { event: "chat message".into(), arguments: "{}".into(), attachments: [vec![0; attached]].into() };
            let (name, text, marks) = ("Ali".into(), "hi".into(), Marks::default());
            let kind = Kind::Message { from: MemberId(1), name, guest: true, text, marks, form: Some(Box::new(form)) };
            Arc::new(Event { seq, at: 0, kind })
        };
        let mut recent = Recent::default();
        for seq in 1..=RECENT_LINES as Seq {
            recent.push(said(seq, RECENT_BYTES));
        }
        recent.replace(&said(7, RECENT_BYTES));
        assert_eq!(recent.lines().count(), RECENT_LINES);
        assert!(!recent.is_cut() && recent.bytes < RECENT_BYTES);
    }
}

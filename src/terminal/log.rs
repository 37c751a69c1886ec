//! What a room's log shows, item by item: lines, comings and goings, and where something is missing. Items stand in the
//! order of their numbers; a number means something only within its life of the log.

use crate::client::{Ask, Happening, How, Person, Position, Said, What};

/// Items that are kept. More only while somebody reads back.
const KEPT: usize = 2000;

/// What an item is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// A line, and whether it is one's own.
    Line(Said, bool),
    /// Somebody came.
    Came(Person),
    /// Somebody went.
    Went(Person),
    /// Something lies here that one does not have.
    Missing,
    /// The server has forgotten the room, and it began anew.
    Anew,
}

/// An item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its name, which no other item has.
    pub id: u64,
    /// Its number; that of its neighbour for what has none.
    pub seq: u64,
    /// When, in Unix milliseconds; 0 if nobody knows.
    pub at: u64,
    /// What.
    pub shown: Shown,
}

/// Whether there may be lines before the first ones.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Earlier {
    /// There are none.
    #[default]
    No,
    /// They can be asked for.
    Some,
    /// They were.
    Loading,
}

/// The items of a room.
#[derive(Debug, Default)]
pub struct Log {
    items: Vec<Item>,
    /// How many there ever were; makes the ids.
    count: u64,
    /// Where the present life of the log begins: an index.
    born: usize,
    earlier: Earlier,
}

impl Log {
    /// Oldest first.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// Whether there may be lines before the first ones.
    pub fn earlier(&self) -> Earlier {
        self.earlier
    }

    /// One came into the room, at `seq`.
    pub(super) fn enters(
        &mut self,
        how: How,
        history: &[Happening],
        passed: &[(Position, Ask)],
        earlier: bool,
        name: &str,
        is_own: impl Fn(u32) -> bool,
    ) {
        let earlier = if earlier { Earlier::Some } else { Earlier::No };
        match how {
            How::Resumed => {
                if self.items.is_empty() {
                    self.earlier = earlier;
                }
                return;
            }
            How::First => self.earlier = earlier,
            How::Reset { same_life: true, missing, .. } => {
                // What is told again is told as it is now.
                if let Some(oldest) = history.first() {
                    let born = self.born;
                    let mut at = 0;
                    self.items.retain(|item| {
                        at += 1;
                        at <= born || item.seq < oldest.seq
                    });
                }
                self.puts_passed(passed, name);
                if missing && self.items.len() > self.born {
                    let seq = self.items.last().map_or(0, |item| item.seq);
                    self.push(seq, 0, Shown::Missing);
                }
                if missing {
                    self.earlier = earlier;
                }
            }
            How::Reset { same_life: false, .. } => {
                self.puts_passed(passed, name);
                if !self.items.is_empty() {
                    self.push(0, 0, Shown::Anew);
                }
                (self.born, self.earlier) = (self.items.len(), earlier);
            }
        }
        for happening in history {
            self.takes(happening, &is_own);
        }
    }

    /// Own lines that are told no other way.
    fn puts_passed(&mut self, passed: &[(Position, Ask)], name: &str) {
        for (at, ask) in passed {
            let Ask::Say { text, to } = ask else { continue };
            let to = to.as_ref().map(|to| (to.id, to.name.clone()));
            let (name, text, reactions) = (name.to_owned(), text.clone(), Vec::new());
            let said = Said { from: 0, name, guest: false, to, text, edited_at: None, reactions };
            self.push(at.seq, 0, Shown::Line(said, true));
        }
    }

    fn push(&mut self, seq: u64, at: u64, shown: Shown) -> u64 {
        self.count += 1;
        self.items.push(Item { id: self.count, seq, at, shown });
        self.count
    }

    /// Something happened. Gives the item, if it made one.
    pub(super) fn takes(&mut self, happening: &Happening, is_own: &impl Fn(u32) -> bool) -> Option<u64> {
        let Happening { seq, at, what } = happening;
        match what {
            What::Said(said) => Some(self.push(*seq, *at, Shown::Line(said.clone(), is_own(said.from) && !said.guest))),
            What::Join(person) => Some(self.push(*seq, *at, Shown::Came(person.clone()))),
            What::Leave(person) => Some(self.push(*seq, *at, Shown::Went(person.clone()))),
            What::Edit { target, text, .. } => {
                self.line(*target, |said| {
                    text.clone_into(&mut said.text);
                    said.edited_at = Some(*at);
                });
                None
            }
            What::React { target, reaction, on, .. } => {
                self.line(*target, |said| {
                    said.reactions.retain(|other| other.from != reaction.from || other.emoji != reaction.emoji);
                    said.reactions.extend(on.then(|| reaction.clone()));
                });
                None
            }
            What::Delete { target, .. } => {
                let is_it = |item: &Item| item.seq == *target && matches!(item.shown, Shown::Line(..));
                if let Some(at) = self.items[self.born..].iter().position(is_it) {
                    self.items.remove(self.born + at);
                }
                None
            }
            What::Skip => None,
        }
    }

    fn line(&mut self, seq: u64, change: impl FnOnce(&mut Said)) {
        let lines = self.items[self.born..].iter_mut().rev();
        for item in lines.filter(|item| item.seq == seq) {
            if let Shown::Line(said, _) = &mut item.shown {
                return change(said);
            }
        }
    }

    /// Something could not be had, and what follows is told all the same.
    pub(super) fn tears(&mut self) {
        let seq = self.items.last().map_or(0, |item| item.seq);
        self.push(seq, 0, Shown::Missing);
    }

    /// From where on everything is known: behind the last gap. An index.
    fn frontier(&self) -> usize {
        let gap = self.items.iter().rposition(|item| matches!(item.shown, Shown::Missing | Shown::Anew));
        gap.map_or(0, |gap| gap + 1).max(self.born)
    }

    /// Before which number to ask for more. `last`: where one stands.
    pub(super) fn asks_before(&self, last: u64) -> u64 {
        self.items[self.frontier()..].first().map_or(last + 1, |item| item.seq)
    }

    /// Earlier lines are asked for, or cannot be had now.
    pub(super) fn is_loading(&mut self, is_loading: bool) {
        match (self.earlier, is_loading) {
            (Earlier::Some, true) => self.earlier = Earlier::Loading,
            (Earlier::Loading, false) => self.earlier = Earlier::Some,
            (Earlier::No | Earlier::Some | Earlier::Loading, _) => {}
        }
    }

    /// A page of what was before.
    pub(super) fn reads_back(
        &mut self,
        before: u64,
        last: u64,
        lines: &[Happening],
        more: bool,
        is_own: impl Fn(u32) -> bool,
    ) {
        self.earlier = if more { Earlier::Some } else { Earlier::No };
        // Meanwhile it began elsewhere: the page would not join it.
        if self.asks_before(last) != before {
            self.earlier = Earlier::Some;
            return;
        }
        let frontier = self.frontier();
        let gap = frontier.checked_sub(1).filter(|at| matches!(self.items[*at].shown, Shown::Missing));
        let top = gap.and_then(|gap| self.items[self.born..gap].last()).map(|item| item.seq);
        let mut page: Vec<Item> = Vec::new();
        for happening in lines.iter().filter(|line| line.seq < before && top.is_none_or(|top| line.seq > top)) {
            if let What::Said(said) = &happening.what {
                self.count += 1;
                let shown = Shown::Line(said.clone(), is_own(said.from) && !said.guest);
                page.push(Item { id: self.count, seq: happening.seq, at: happening.at, shown });
            }
        }
        let reaches = !more || lines.first().is_none_or(|line| top.is_some_and(|top| line.seq <= top));
        match gap {
            Some(gap) if reaches => {
                self.items.splice(gap..frontier, page);
                // What is before the lines above was asked for long ago, or never.
                self.earlier = Earlier::Some;
            }
            _ => drop(self.items.splice(frontier..frontier, page)),
        }
    }

    /// Lets the oldest items go, beyond what is kept.
    pub(super) fn trims(&mut self) {
        let over = self.items.len().saturating_sub(KEPT);
        if over > 0 {
            self.items.drain(..over);
            self.born = self.born.saturating_sub(over);
            self.earlier = Earlier::Some;
        }
    }

    /// The newest line of one's own that can still be changed.
    pub fn own_last(&self) -> Option<(u64, &Said)> {
        self.items[self.born..].iter().rev().find_map(|item| match &item.shown {
            Shown::Line(said, true) if said.from != 0 => Some((item.seq, said)),
            _ => None,
        })
    }

    /// The newest line of somebody else.
    pub fn others_last(&self) -> Option<(u64, &Said)> {
        self.items[self.born..].iter().rev().find_map(|item| match &item.shown {
            Shown::Line(said, false) => Some((item.seq, said)),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Reaction;
    use crate::protocol::ResetReason;

    fn said(seq: u64, text: &str) -> Happening {
        let (name, text) = ("Sara".to_owned(), text.to_owned());
        let said = Said { from: 2, name, guest: false, to: None, text, edited_at: None, reactions: Vec::new() };
        Happening { seq, at: seq * 1000, what: What::Said(said) }
    }

    fn nobody(_: u32) -> bool {
        false
    }

    fn shown(log: &Log) -> Vec<String> {
        let words = |item: &Item| match &item.shown {
            Shown::Line(said, _) => said.text.clone(),
            Shown::Came(person) => format!("+{}", person.name),
            Shown::Went(person) => format!("-{}", person.name),
            Shown::Missing => "...".to_owned(),
            Shown::Anew => "===".to_owned(),
        };
        log.items().iter().map(words).collect()
    }

    fn reset(same_life: bool, missing: bool) -> How {
        How::Reset { reason: ResetReason::TooOld, same_life, missing }
    }

    #[test]
    fn lines_are_changed_where_they_stand() {
        let mut log = Log::default();
        log.enters(How::First, &[said(3, "a"), said(4, "b")], &[], false, "Ali", nobody);
        log.takes(&said(5, "c"), &nobody);
        let reaction = Reaction { from: 3, name: "Mina".to_owned(), emoji: "👍".to_owned() };
        for what in [
            What::Edit { target: 4, from: 2, text: "B".to_owned() },
            What::React { target: 4, reaction: reaction.clone(), on: true },
            What::React { target: 4, reaction, on: true },
            What::Delete { target: 3, from: 2 },
            What::Edit { target: 99, from: 2, text: "?".to_owned() },
            What::Skip,
        ] {
            log.takes(&Happening { seq: 6, at: 1, what }, &nobody);
        }
        assert_eq!(shown(&log), ["B", "c"]);
        let Shown::Line(said, _) = &log.items()[0].shown else { panic!("a line") };
        assert_eq!((said.edited_at, said.reactions.len()), (Some(1), 1));
    }

    #[test]
    fn a_gap_is_shown_until_it_is_filled() {
        let mut log = Log::default();
        log.enters(How::First, &[], &[], false, "Ali", nobody);
        for seq in 1..=3 {
            log.takes(&said(seq, &format!("{seq}")), &nobody);
        }
        let newest: Vec<Happening> = (8..=9).map(|seq| said(seq, &format!("{seq}"))).collect();
        log.enters(reset(true, true), &newest, &[], true, "Ali", nobody);
        assert_eq!(shown(&log), ["1", "2", "3", "...", "8", "9"]);
        assert_eq!((log.asks_before(9), log.earlier()), (8, Earlier::Some));
        log.is_loading(true);
        log.reads_back(8, 9, &[said(6, "6"), said(7, "7")], true, nobody);
        assert_eq!(shown(&log), ["1", "2", "3", "...", "6", "7", "8", "9"]);
        log.reads_back(6, 9, &[said(2, "2"), said(3, "3"), said(5, "5")], true, nobody);
        assert_eq!(shown(&log), ["1", "2", "3", "5", "6", "7", "8", "9"]);
        log.reads_back(42, 9, &[said(0, "x")], true, nobody);
        assert_eq!(shown(&log).len(), 8, "a page that joins nothing is passed over");
    }

    #[test]
    fn what_is_told_again_is_not_shown_twice_and_what_was_taken_back_meanwhile_is_gone() {
        let mut log = Log::default();
        log.enters(How::First, &[said(1, "a"), said(2, "b"), said(3, "c")], &[], false, "Ali", nobody);
        log.enters(reset(true, false), &[said(2, "B"), said(4, "d")], &[], false, "Ali", nobody);
        assert_eq!(shown(&log), ["a", "B", "d"]);
    }

    #[test]
    fn a_new_life_leaves_the_old_lines_and_their_numbers_alone() {
        let mut log = Log::default();
        log.enters(How::First, &[said(1, "a")], &[], true, "Ali", nobody);
        let passed = (Position { epoch: "e".into(), seq: 2 }, Ask::Say { text: "mine".to_owned(), to: None });
        log.enters(reset(false, true), &[said(1, "new")], &[passed], false, "Ali", nobody);
        assert_eq!(shown(&log), ["a", "mine", "===", "new"]);
        log.takes(&Happening { seq: 2, at: 1, what: What::Delete { target: 1, from: 2 } }, &nobody);
        assert_eq!(shown(&log), ["a", "mine", "==="]);
        assert_eq!((log.own_last(), log.earlier()), (None, Earlier::No));
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut log = Log::default();
        for seq in 1..=KEPT as u64 + 50 {
            log.takes(&said(seq, "x"), &nobody);
        }
        log.trims();
        assert_eq!((log.items().len(), log.asks_before(0), log.earlier()), (KEPT, 51, Earlier::Some));
    }
}

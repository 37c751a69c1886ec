//! Who has had what: each member of a room is to have each line of each other once, and those of one sender in the order
//! in which they were sent. Knows numbers only.

use std::collections::HashSet;

/// What a delivery is to the one who got it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// The next of its sender.
    InOrder,
    /// One that was passed over before.
    Late,
    /// One that it has had already.
    Again,
    /// Nobody here said that.
    Never,
}

/// The account of one room.
#[derive(Debug)]
pub struct Tally {
    members: usize,
    hearers: usize,
    /// By sender: how many lines it has said.
    said: Vec<u32>,
    /// By hearer and sender: the number that is to come next.
    next: Vec<u32>,
    /// What was passed over: hearer, sender, number.
    holes: HashSet<(u32, u32, u32)>,
    /// Deliveries that are to come, and those that came, each counted once.
    due: u64,
    had: u64,
}

impl Tally {
    /// Of a room with so many members, of whom so many hear each line.
    pub fn new(members: usize, hearers: usize) -> Self {
        Self {
            members,
            hearers,
            said: vec![0; members],
            next: vec![0; members * members],
            holes: HashSet::new(),
            due: 0,
            had: 0,
        }
    }

    /// The number of what a member says now.
    pub fn says(&mut self, sender: u32) -> u32 {
        let n = &mut self.said[sender as usize];
        *n += 1;
        self.due += self.hearers as u64;
        *n - 1
    }

    /// A line came.
    pub fn hears(&mut self, hearer: u32, sender: u32, n: u32) -> Heard {
        if self.said.get(sender as usize).is_none_or(|&said| n >= said) {
            return Heard::Never;
        }
        let next = &mut self.next[hearer as usize * self.members + sender as usize];
        if n < *next {
            if !self.holes.remove(&(hearer, sender, n)) {
                return Heard::Again;
            }
            self.had += 1;
            return Heard::Late;
        }
        self.holes.extend((*next..n).map(|hole| (hearer, sender, hole)));
        *next = n + 1;
        self.had += 1;
        Heard::InOrder
    }

    /// Whether everything that was said has reached everybody.
    pub fn is_complete(&self) -> bool {
        self.had == self.due
    }

    /// Deliveries that are still to come.
    pub fn missing(&self) -> u64 {
        self.due.saturating_sub(self.had)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_is_complete_when_everybody_has_everything() {
        let mut tally = Tally::new(2, 2);
        let (first, second) = (tally.says(0), tally.says(0));
        for hearer in [0, 1] {
            assert!(!tally.is_complete());
            assert_eq!(tally.hears(hearer, 0, first), Heard::InOrder);
            assert_eq!(tally.hears(hearer, 0, second), Heard::InOrder);
        }
        assert!(tally.is_complete());
    }

    #[test]
    fn a_sender_that_does_not_hear_itself_is_not_waited_for() {
        let mut tally = Tally::new(2, 1);
        let line = tally.says(0);
        assert_eq!((tally.missing(), tally.hears(1, 0, line)), (1, Heard::InOrder));
        assert!(tally.is_complete());
    }

    #[test]
    fn what_is_late_doubled_or_made_up_is_told_apart_and_what_is_missing_is_counted() {
        let mut tally = Tally::new(2, 2);
        for n in 0..4 {
            assert_eq!(tally.says(1), n);
        }
        let heard: Vec<Heard> = [0, 2, 1, 1, 2, 3].into_iter().map(|n| tally.hears(0, 1, n)).collect();
        let wanted = [Heard::InOrder, Heard::InOrder, Heard::Late, Heard::Again, Heard::Again, Heard::InOrder];
        assert_eq!(heard, wanted);
        assert_eq!((tally.hears(0, 1, 4), tally.hears(0, 2, 0)), (Heard::Never, Heard::Never));
        assert_eq!(tally.missing(), 4);
        assert_eq!(tally.hears(1, 1, 3), Heard::InOrder);
        assert_eq!(tally.missing(), 3);
    }
}

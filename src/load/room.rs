//! A room under load: its members, what they have had of each other, and its rounds.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::Tally;
use super::crew::Crew;
use super::member::Member;

/// A room.
pub(super) struct Room {
    pub(super) tally: RefCell<Tally>,
    pub(super) members: RefCell<Vec<Rc<Member>>>,
    /// Commands that are to be acknowledged, and that were.
    pub(super) acks_due: Cell<u64>,
    pub(super) acks_had: Cell<u64>,
    /// Rounds that may still begin, while it is at it.
    rounds: Cell<Option<u64>>,
    /// Who is the first to send in the next round.
    turn: Cell<usize>,
}

impl Room {
    pub(super) fn new(tally: Tally) -> Self {
        Self {
            tally: RefCell::new(tally),
            members: RefCell::default(),
            acks_due: Cell::new(0),
            acks_had: Cell::new(0),
            rounds: Cell::new(None),
            turn: Cell::new(0),
        }
    }

    /// Makes one member say so many lines.
    pub(super) fn says(&self, crew: &Crew, member: usize, lines: usize) {
        let members = self.members.borrow();
        members[member].says(crew, lines);
        crew.note_said(lines as u64);
        if crew.is_acknowledged() {
            self.acks_due.set(self.acks_due.get() + lines as u64);
        }
    }

    /// Whether nothing is on the way.
    pub(super) fn is_complete(&self) -> bool {
        self.tally.borrow().is_complete() && self.acks_due == self.acks_had
    }

    /// Begins with its rounds.
    pub(super) fn begins(&self, crew: &Crew, rounds: u64) {
        self.rounds.set(Some(rounds));
        self.goes_on(crew);
    }

    /// Begins the next round if this one is over, or is done.
    pub(super) fn goes_on(&self, crew: &Crew) {
        let Some(left) = self.rounds.get() else { return };
        if !self.is_complete() {
            return;
        }
        let Some((senders, depth)) = crew.round() else {
            self.rounds.set(None);
            return crew.room_is_done();
        };
        if left == 0 {
            self.rounds.set(None);
            return crew.room_is_done();
        }
        self.rounds.set(Some(left - 1));
        let members = self.members.borrow().len();
        let turn = self.turn.get();
        for n in 0..senders {
            self.says(crew, (turn + n) % members, depth);
        }
        self.turn.set((turn + senders) % members);
    }
}

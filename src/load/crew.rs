//! What all clients share: the rooms, what has come, and what went wrong. One thread, so that none of it needs a lock.

use std::cell::{Cell, RefCell};
use std::time::Instant;

use tokio::sync::Notify;

use super::member::Member;
use super::opening::{Told, refusal};
use super::report::Measured;
use super::room::Room;
use super::{Heard, Mark, Pace, Plan, Tally, Wire};

/// How much of a frame is kept that is not ours, to be shown.
const SHOWN: usize = 200;

/// What all clients share.
pub(super) struct Crew {
    pub(super) plan: Plan,
    pub(super) rooms: Vec<Room>,
    /// Where everybody reads into, and writes from.
    pub(super) scratch: RefCell<Vec<u8>>,
    pub(super) out: RefCell<Vec<u8>>,
    began: Instant,
    pub(super) said: Cell<u64>,
    pub(super) reads: Cell<u64>,
    pub(super) connections: Cell<usize>,
    pub(super) measured: RefCell<Measured>,
    /// Rooms that are at their rounds, and until when rounds begin.
    pub(super) busy: Cell<usize>,
    pub(super) until: Cell<Instant>,
    pub(super) is_leaving: Cell<bool>,
    /// What ended it before its time.
    pub(super) broken: RefCell<Option<String>>,
    /// The last frame that carried none of our lines.
    pub(super) other: RefCell<Vec<u8>>,
    pub(super) changed: Notify,
}

impl Crew {
    pub(super) fn new(plan: Plan) -> Self {
        let is_silent = matches!(plan.pace, Pace::Idle { .. });
        let (members, hearers) = if is_silent { (0, 0) } else { (plan.members, plan.hearers()) };
        Self {
            rooms: (0..plan.rooms).map(|_| Room::new(Tally::new(members, hearers))).collect(),
            plan,
            scratch: RefCell::default(),
            out: RefCell::default(),
            began: Instant::now(),
            said: Cell::new(0),
            reads: Cell::new(0),
            connections: Cell::new(0),
            measured: RefCell::default(),
            busy: Cell::new(0),
            until: Cell::new(Instant::now()),
            is_leaving: Cell::new(false),
            broken: RefCell::default(),
            other: RefCell::default(),
            changed: Notify::new(),
        }
    }

    /// The load's own clock.
    pub(super) fn micros(&self) -> u64 {
        self.began.elapsed().as_micros() as u64
    }

    /// A line came to somebody.
    pub(super) fn hears(&self, member: &Member, mark: Mark) {
        let mut measured = self.measured.borrow_mut();
        if mark.room != member.room {
            measured.faults.misrouted += 1;
            return;
        }
        match self.rooms[member.room as usize].tally.borrow_mut().hears(member.index, mark.member, mark.n) {
            Heard::InOrder => {}
            Heard::Late => measured.faults.reordered += 1,
            Heard::Again => {
                measured.faults.doubled += 1;
                return;
            }
            Heard::Never => {
                measured.faults.misrouted += 1;
                return;
            }
        }
        measured.deliveries += 1;
        if matches!(self.plan.pace, Pace::Rate { .. }) {
            measured.latencies.note(self.micros().saturating_sub(mark.micros));
        }
    }

    /// Something else came to somebody.
    pub(super) fn hears_other(&self, member: &Member, message: &[u8]) {
        let mut other = self.other.borrow_mut();
        other.clear();
        other.extend_from_slice(&message[..message.len().min(SHOWN)]);
        if !self.is_acknowledged() {
            return;
        }
        let Ok(told) = serde_json::from_slice::<Told<'_>>(message) else { return };
        match &*told.kind {
            "ack" => {
                let room = &self.rooms[member.room as usize];
                let wanted = member.acknowledged.get() + 1;
                if told.id == Some(wanted) {
                    member.acknowledged.set(wanted);
                    room.acks_had.set(room.acks_had.get() + 1);
                }
            }
            "error" => self.breaks(refusal(&told)),
            "reset" => self.breaks(format!("it could not go on: {}", told.reason.unwrap_or_default())),
            "goaway" => self.breaks("the server stops".to_owned()),
            _ => {}
        }
    }

    /// Whether lines are acknowledged one by one.
    pub(super) fn is_acknowledged(&self) -> bool {
        self.plan.wire == Wire::Charsu
    }

    pub(super) fn note_said(&self, lines: u64) {
        self.said.set(self.said.get() + lines);
    }

    pub(super) fn note_read(&self) {
        self.reads.set(self.reads.get() + 1);
    }

    /// Who sends how much in a round that begins now, if one may.
    pub(super) fn round(&self) -> Option<(usize, usize)> {
        let Pace::Rounds { senders, depth, .. } = self.plan.pace else { return None };
        (Instant::now() < self.until.get() && self.broken.borrow().is_none()).then_some((senders, depth))
    }

    pub(super) fn room_is_done(&self) {
        self.busy.set(self.busy.get() - 1);
        if self.busy.get() == 0 {
            self.changed.notify_one();
        }
    }

    /// Nothing more can be measured. The first reason counts.
    pub(super) fn breaks(&self, reason: String) {
        self.broken.borrow_mut().get_or_insert(reason);
        self.changed.notify_one();
    }

    /// A client's connection ended.
    pub(super) fn ends(&self, how: &str) {
        self.connections.set(self.connections.get() - 1);
        if self.is_leaving.get() {
            self.changed.notify_one();
        } else {
            self.measured.borrow_mut().faults.closed += 1;
            self.breaks(format!("the server ended a connection: {how}"));
        }
    }
}

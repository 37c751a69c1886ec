//! One room: a numbered log and who is here. Pure: it takes time and randomness as arguments, so that a test can run a
//! million steps without a runtime. It knows no transport, no store and no clock.
//!
//! Three steps change it. [`Room::number`] decides whether a draft may happen and gives it the next number (`decide.rs`);
//! [`Room::accept`] applies a numbered event. A store that takes its time answers between the two: until then the event is
//! [reserved](Room::reserve), which later decisions count and nobody sees, and [given up](Room::give_up) if the store fails.

mod decide;
mod draft;
mod log;
mod pending;
mod recent;
mod roster;

pub use decide::RoomLimits;
pub use draft::{Draft, Line, StoredLine, Target};
pub use log::{Epoch, Log, Missed, Needs, TailLimits};
pub use recent::{RECENT_BYTES, RECENT_LINES};
pub use roster::{Person, Roster};

use std::sync::Arc;

use crate::names::Name;
use crate::protocol::{Event, Kind, Member, MemberId, Seq};
use pending::Pending;
use recent::Recent;

/// A room as a store kept it.
#[derive(Debug)]
pub struct Kept {
    /// The life of its log.
    pub epoch: Epoch,
    /// The last number that was given.
    pub head: Seq,
    /// The highest member number that was given.
    pub last_member: u32,
    /// Who is in it, with the number of each one's join.
    pub members: Vec<(Member, Seq)>,
    /// The newest events, without a hole up to `head`.
    pub tail: Vec<Arc<Event>>,
    /// The newest lines.
    pub recent: Vec<Arc<Event>>,
    /// There are lines before these.
    pub has_older: bool,
}

/// A room's whole state.
#[derive(Debug)]
pub struct Room {
    log: Log,
    roster: Roster,
    pending: Pending,
    /// The newest lines, where the past outlives the tail.
    recent: Option<Recent>,
}

impl Room {
    /// An empty room in a new life of its log, of which only the tail is kept.
    pub fn new(epoch: Epoch) -> Self {
        Self { log: Log::new(epoch), roster: Roster::default(), pending: Pending::default(), recent: None }
    }

    /// An empty room in a new life of its log, whose past outlives the tail.
    pub fn lasting(epoch: Epoch) -> Self {
        Self { recent: Some(Recent::default()), ..Self::new(epoch) }
    }

    /// A room as a store kept it. `now` is in milliseconds of a clock that never jumps.
    pub fn restored(kept: Kept, now: u64) -> Self {
        let mut roster = Roster::default();
        for (member, joined_at) in kept.members {
            roster.enter(member, joined_at);
        }
        roster.go_on_after(kept.last_member);
        Self {
            log: Log::restored(kept.epoch, kept.head, kept.tail, now),
            roster,
            pending: Pending::default(),
            recent: Some(Recent::restored(kept.recent, kept.has_older)),
        }
    }

    /// The numbered past that is still kept.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Who is here.
    pub fn roster(&self) -> &Roster {
        &self.roster
    }

    /// The newest lines, oldest first, and whether there are older ones, where the past outlives the tail.
    pub fn recent(&self) -> Option<(impl DoubleEndedIterator<Item = &Arc<Event>>, bool)> {
        self.recent.as_ref().map(|recent| (recent.lines(), recent.is_cut()))
    }

    /// A line that the room still remembers.
    pub fn line(&self, seq: Seq) -> Option<&Arc<Event>> {
        let kept = self.log.get(seq).or_else(|| self.recent.as_ref()?.get(seq))?;
        kept.kind.is_line().then_some(kept)
    }

    /// Whether events wait for the store's answer.
    pub fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Counts a numbered event in, which the store has yet to keep.
    pub fn reserve(&mut self, event: Arc<Event>) {
        self.pending.push(event);
    }

    /// Forgets every event that the store has not kept: it failed, and what was numbered after an event that failed would
    /// leave a hole.
    pub fn give_up(&mut self) {
        self.pending = Pending::default();
    }

    /// Applies a numbered event and keeps it. `now` is in milliseconds of a clock that never jumps.
    ///
    /// # Panics
    /// If the event is not the next one: the store broke its promise of order, and going on would show two histories.
    pub fn accept(&mut self, event: Arc<Event>, now: u64) {
        self.pending.settle(event.seq);
        match &event.kind {
            Kind::Join { member } => self.roster.enter(member.clone(), event.seq),
            Kind::Leave { member } => self.roster.remove(member.id),
            // A name in an event that is passed on stands on that event, and is not what its sender goes by.
            Kind::Message { from, name, guest: true, form: None, .. } => self.roster.sign(*from, name),
            Kind::Edit { target, text: Some(text), .. } => {
                self.log.supersede_edits(*target);
                self.change(*target, |line| match line {
                    Kind::Message { from, name, guest, marks, .. } => Kind::Message {
                        from: *from,
                        name: name.clone(),
                        guest: *guest,
                        text: text.clone(),
                        marks: marks.edited(event.at),
                        form: None,
                    },
                    Kind::Private { from, name, to, to_name, marks, .. } => Kind::Private {
                        from: *from,
                        name: name.clone(),
                        to: *to,
                        to_name: to_name.clone(),
                        text: text.clone(),
                        marks: marks.edited(event.at),
                    },
                    other => other.clone(),
                });
            }
            Kind::Delete { target, .. } => {
                self.log.supersede_edits(*target);
                self.change(*target, |_| Kind::Removed);
            }
            Kind::React { target, reaction, on, .. } => self.change(*target, |line| {
                let mut changed = line.clone();
                if let Kind::Message { marks, .. } | Kind::Private { marks, .. } = &mut changed {
                    *marks = marks.reacted(reaction, *on);
                }
                changed
            }),
            Kind::Message { .. }
            | Kind::Passed { .. }
            | Kind::Private { .. }
            | Kind::Removed
            | Kind::Edit { text: None, .. } => {}
        }
        if let Some(recent) = self.recent.as_mut().filter(|_| event.kind.is_line()) {
            recent.push(event.clone());
        }
        self.log.push(event, now);
    }

    /// Puts something else in the place of a line, wherever it is remembered.
    fn change(&mut self, seq: Seq, change: impl FnOnce(&Kind) -> Kind) {
        let Some(line) = self.line(seq) else { return };
        let changed = Arc::new(Event { seq, at: line.at, kind: change(&line.kind) });
        self.log.replace(&changed);
        if let Some(recent) = &mut self.recent {
            recent.replace(&changed);
        }
    }

    /// Notes the name that a guest writes before it has said anything. Not an event. Returns whether nobody else has
    /// claimed it.
    pub fn sign_guest(&mut self, member: MemberId, name: &Name) -> bool {
        if self.roster.holder(name).is_some_and(|holder| holder != member) {
            return false;
        }
        self.roster.sign(member, &name.shared());
        true
    }

    /// Forgets what the limits do not keep. `needed` is the first number that some connected reader still has to read.
    pub fn trim(&mut self, now: u64, limits: TailLimits, needs: Needs) {
        self.log.trim(now, limits, needs);
    }

    /// Forgets lines that were said before then, in Unix milliseconds, and all but so many, beyond what the tail keeps for
    /// those who come back.
    pub fn retain_lines(&mut self, since: Option<u64>, most: Option<usize>) {
        if let Some(recent) = &mut self.recent {
            recent.retain(since.unwrap_or(0), most.unwrap_or(usize::MAX));
        }
    }

    /// Whether this name is claimed by a join that the store has not answered for.
    pub fn is_being_claimed(&self, name: &Name) -> bool {
        self.pending.holder_of(&name.key()).is_some()
    }

    /// Whether nothing that was said stands any more, as far as more than the tail is kept.
    pub fn is_blank(&self) -> bool {
        self.recent.as_ref().is_none_or(|recent| recent.lines().next().is_none() && !recent.is_cut())
    }
}

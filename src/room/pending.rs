//! Numbered events for which the store has not answered yet. Whoever decides on the next draft counts them; nobody is shown
//! them, and if the store says no, forgetting them is all there is to do.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use crate::names::NameKey;
use crate::protocol::{Event, Kind, MemberId, Seq};

/// What was numbered and not answered for, oldest first. No memory while empty.
#[derive(Debug, Default)]
pub(super) struct Pending {
    events: VecDeque<Arc<Event>>,
    /// Names that somebody claims by it, and does not give up by it. std's hasher with random keys: people choose them.
    claimed: HashMap<NameKey, MemberId>,
    leaving: HashSet<MemberId>,
    joining: usize,
    last_id: u32,
}

impl Pending {
    pub(super) fn len(&self) -> usize {
        self.events.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Whom a name is about to belong to.
    pub(super) fn holder_of(&self, key: &NameKey) -> Option<MemberId> {
        self.claimed.get(key).copied()
    }

    pub(super) fn is_leaving(&self, member: MemberId) -> bool {
        self.leaving.contains(&member)
    }

    /// By how many members the room grows, and by how many it shrinks.
    pub(super) fn growth(&self) -> (usize, usize) {
        (self.joining, self.leaving.len())
    }

    /// The highest member number in it, or 0.
    pub(super) fn last_id(&self) -> u32 {
        self.last_id
    }

    /// Whether a line is about to be taken back.
    pub(super) fn takes_back(&self, line: Seq) -> bool {
        self.events.iter().any(|event| matches!(event.kind, Kind::Delete { target, .. } if target == line))
    }

    /// How many reactions a line is about to be given.
    pub(super) fn reactions_on(&self, line: Seq) -> usize {
        let is_one = |event: &&Arc<Event>| matches!(event.kind, Kind::React { target, on: true, .. } if target == line);
        self.events.iter().filter(is_one).count()
    }

    pub(super) fn push(&mut self, event: Arc<Event>) {
        match &event.kind {
            Kind::Join { member } => {
                self.joining += 1;
                self.last_id = self.last_id.max(member.id.0);
                if let Some(name) = &member.name {
                    self.claimed.insert(name.key(), member.id);
                }
            }
            Kind::Leave { member } => {
                self.leaving.insert(member.id);
            }
            Kind::Message { .. }
            | Kind::Passed { .. }
            | Kind::Private { .. }
            | Kind::Removed
            | Kind::Edit { .. }
            | Kind::Delete { .. }
            | Kind::React { .. } => {}
        }
        self.events.push_back(event);
    }

    /// The store has the oldest one, if it is this.
    pub(super) fn settle(&mut self, seq: Seq) {
        let Some(event) = self.events.pop_front_if(|event| event.seq == seq) else { return };
        if self.events.is_empty() {
            *self = Self::default();
            return;
        }
        match &event.kind {
            Kind::Join { member } => {
                self.joining -= 1;
                if let Some(name) = &member.name
                    && self.claimed.get(&name.key()) == Some(&member.id)
                {
                    self.claimed.remove(&name.key());
                }
            }
            Kind::Leave { member } => {
                self.leaving.remove(&member.id);
            }
            Kind::Message { .. }
            | Kind::Passed { .. }
            | Kind::Private { .. }
            | Kind::Removed
            | Kind::Edit { .. }
            | Kind::Delete { .. }
            | Kind::React { .. } => {}
        }
    }
}

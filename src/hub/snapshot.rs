//! What somebody is shown of a room: the room as it is when they come in, and pages of the lines that are remembered here.
//! Decides who may see which part of the past; knows no wire.

use std::sync::Arc;

use super::Newcomers;
use super::live_room::{MEMBERS_LISTED, State};
use crate::names::RoomName;
use crate::protocol::{Edge, Event, MemberCard, MemberId, Seq, Snapshot};
use crate::room::{Person, RECENT_BYTES, RECENT_LINES};
use crate::wire;

/// Which past a snapshot may show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Past {
    /// Nothing.
    None,
    /// What everybody who comes newly may see.
    Newcomers,
    /// What happened since this member joined.
    OwnTime,
}

/// A snapshot's own data, taken under the lock and encoded after it.
#[derive(Debug)]
pub struct SnapshotParts {
    epoch: String,
    seq: Seq,
    you: MemberId,
    name: Arc<str>,
    resumed: bool,
    members: Vec<(MemberId, Arc<str>, bool)>,
    count: usize,
    earlier: bool,
}

impl SnapshotParts {
    /// Whom it is for.
    pub(super) fn you(&self) -> MemberId {
        self.you
    }

    /// The snapshot as a part of a frame.
    pub fn build<'a>(&'a self, room: &'a RoomName, history: &'a [Arc<Event>]) -> Snapshot<'a> {
        Snapshot {
            room: room.as_str().into(),
            epoch: (&*self.epoch).into(),
            seq: self.seq,
            you: self.you.0,
            name: (&*self.name).into(),
            resumed: self.resumed,
            members: self
                .members
                .iter()
                .map(|(id, name, guest)| MemberCard { id: id.0, name: (&**name).into(), guest: *guest })
                .collect(),
            count: self.count as u32,
            history: history.iter().map(|event| wire::snapshot_event(room, event, Some(self.you))).collect(),
            earlier: self.earlier,
        }
    }

    /// For a member that goes on from an earlier position; `earlier` says whether it may ask for lines up to there.
    pub(super) fn resumed_at(mut self, seq: Seq, earlier: bool) -> Self {
        self.seq = seq;
        self.resumed = true;
        self.earlier = earlier;
        self
    }
}

impl State {
    /// The room as a member may see it, at the head.
    pub(super) fn snapshot_parts(
        &self,
        you: MemberId,
        past: Past,
        newcomers: Newcomers,
    ) -> (SnapshotParts, Vec<Arc<Event>>) {
        let log = self.room.log();
        let roster = self.room.roster();
        let (history, earlier) = match past {
            Past::None => (Vec::new(), false),
            Past::Newcomers => self.newest_lines(you, 0, self.pages_from(you, newcomers)),
            Past::OwnTime => self.newest_lines(you, self.joined_at(you), self.pages_from(you, newcomers)),
        };
        let parts = SnapshotParts {
            epoch: log.epoch().to_string(),
            seq: log.head(),
            you,
            name: roster.get(you).map_or_else(|| "".into(), Person::shown_name),
            resumed: false,
            members: roster
                .iter()
                .take(MEMBERS_LISTED)
                .map(|person| (person.id(), person.shown_name(), person.claimed().is_none()))
                .collect(),
            count: roster.len(),
            earlier,
        };
        (parts, history)
    }

    /// The newest lines from a number on that are remembered here and that a member may see, oldest first, and whether there
    /// are older ones for which it may ask, from `pages_from` on.
    fn newest_lines(&self, you: MemberId, first: Seq, pages_from: Seq) -> (Vec<Arc<Event>>, bool) {
        let mut bytes = 0;
        let mut lines: Vec<Arc<Event>> = self
            .lines()
            .rev()
            .filter(|line| line.seq >= first && line.kind.is_for(you))
            .take(RECENT_LINES)
            .take_while(|line| {
                bytes += line.kind.weight();
                bytes <= RECENT_BYTES
            })
            .cloned()
            .collect();
        lines.reverse();
        let oldest = lines.first().map_or(self.room.log().head() + 1, |line| line.seq);
        (lines, self.has_lines_between(you, pages_from, oldest))
    }

    /// Whether there may be lines from this number on and before that one which a member may see.
    pub(super) fn has_lines_between(&self, you: MemberId, from: Seq, before: Seq) -> bool {
        let is_stored = self.room.recent().is_some_and(|(_, is_cut)| is_cut) && before > from;
        is_stored || self.lines().any(|line| line.seq < before && line.seq >= from && line.kind.is_for(you))
    }

    /// The lines that are remembered here, oldest first.
    fn lines(&self) -> Box<dyn DoubleEndedIterator<Item = &Arc<Event>> + '_> {
        if let Some((recent, _)) = self.room.recent() {
            return Box::new(recent);
        }
        Box::new(self.room.log().lines())
    }

    /// The number of a member's join.
    pub(super) fn joined_at(&self, member: MemberId) -> Seq {
        self.room.roster().get(member).map_or(Seq::MAX, Person::joined_at)
    }

    /// From which number on a member may page through the past.
    pub(super) fn pages_from(&self, member: MemberId, newcomers: Newcomers) -> Seq {
        match newcomers {
            Newcomers::All => 0,
            // All that is kept in memory is recent.
            Newcomers::Recent if self.room.recent().is_none() => 0,
            Newcomers::None | Newcomers::Recent => self.joined_at(member),
        }
    }

    /// A page of the lines that are remembered here, from a number on. Without a viewer nothing private is in it.
    pub(super) fn page(
        &self,
        viewer: Option<MemberId>,
        first: Seq,
        from: Edge,
        limit: usize,
    ) -> (Vec<Arc<Event>>, bool) {
        let is_visible = |line: &Arc<Event>| {
            let kind = &line.kind;
            kind.is_for_all() || viewer.is_some_and(|viewer| kind.is_for(viewer))
        };
        let mut lines: Vec<Arc<Event>> = self
            .lines()
            .filter(|line| line.seq >= first && is_visible(line))
            .filter(|line| match from {
                Edge::Newest => true,
                Edge::Before(seq) => line.seq < seq,
                Edge::After(seq) => line.seq > seq,
            })
            .cloned()
            .collect();
        let has_more = lines.len() > limit;
        match from {
            Edge::After(_) => lines.truncate(limit),
            Edge::Newest | Edge::Before(_) => drop(lines.drain(..lines.len().saturating_sub(limit))),
        }
        (lines, has_more)
    }
}

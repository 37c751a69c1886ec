//! One room as this client has it: where it stands in the log, who is there, and what was asked of the server on the present
//! connection. Sends nothing and knows no outbox.

use std::time::Duration;

use super::event::{Arrival, Happening, Person, Position, Refused, What};
use super::outbox::Door;
use super::roster::Roster;
use super::typing::{Keys, Typists};
use crate::protocol::ResetReason;

/// Member numbers of one's own that are remembered.
const SELVES: usize = 16;
/// People of a large room who are fetched without being asked for.
const FETCHED_UNASKED: usize = 1000;

/// Whether one is in a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// One wants in; the answer is not there yet, or the connection is away.
    Joining,
    /// In it. While the connection is away one's place is kept for a while.
    In,
    /// Not let in.
    Refused(Refused),
    /// Out of it.
    Left,
}

/// How one came into a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// For the first time.
    First,
    /// One was a member all the time, and what was missed follows.
    Resumed,
    /// The old position could not be continued.
    Reset {
        /// Why.
        reason: ResetReason,
        /// The numbers go on; otherwise those from before mean nothing any more.
        same_life: bool,
        /// Something lies between what one had and what follows.
        missing: bool,
    },
}

/// Under way on the present connection.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// The join, and the name that was asked for.
    pub(super) join: Option<(u64, String)>,
    /// When to ask for it again.
    pub(super) join_at: Option<Duration>,
    /// The page of people.
    pub(super) people: Option<u64>,
    pub(super) people_at: Option<Duration>,
    /// The page of the past, and before which number.
    pub(super) past: Option<(u64, u64)>,
    /// When to ask for it again, and before which number.
    pub(super) past_at: Option<(Duration, u64)>,
}

/// A room.
#[derive(Debug)]
pub struct Seat {
    pub(super) name: String,
    /// The room as it was asked for.
    pub(super) written: String,
    /// The name that one wants.
    pub(super) wanted: String,
    pub(super) status: Status,
    /// Joined on the present connection.
    pub(super) attached: bool,
    pub(super) asked: Asked,
    pub(super) position: Option<Position>,
    you: u32,
    selves: Vec<u32>,
    your_name: String,
    pub(super) roster: Roster,
    pub(super) keys: Keys,
    pub(super) typists: Typists,
    /// Before which number the server left a hole, the last time.
    pub(super) torn_at: Option<Position>,
}

/// Whether a numbered event is the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    Next,
    /// It was taken already.
    Repeat,
    /// The server left a hole before it without a word.
    Hole,
}

impl Seat {
    pub(super) fn new(name: &str, person: &str) -> Self {
        Self {
            name: name.to_owned(),
            written: name.to_owned(),
            wanted: person.to_owned(),
            status: Status::Joining,
            attached: false,
            asked: Asked::default(),
            position: None,
            you: 0,
            selves: Vec::new(),
            your_name: person.to_owned(),
            roster: Roster::default(),
            keys: Keys::default(),
            typists: Typists::default(),
            torn_at: None,
        }
    }

    /// The server's name for the room; before one was let in, the one that was asked for.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// One's name as it stands.
    pub fn your_name(&self) -> &str {
        &self.your_name
    }

    /// One's member number; 0 before one was let in.
    pub fn you(&self) -> u32 {
        self.you
    }

    /// Whether this is or was one's own number in the present life of the log.
    pub fn is_own(&self, member: u32) -> bool {
        self.selves.contains(&member)
    }

    /// Whether one is in it.
    pub fn status(&self) -> &Status {
        &self.status
    }

    /// Whether it is joined on the present connection, so that lines go out at once.
    pub fn is_attached(&self) -> bool {
        self.attached
    }

    /// Where one stands: everything up to here was told. Nothing before one was let in.
    pub fn position(&self) -> Option<&Position> {
        self.position.as_ref()
    }

    /// Who is there.
    pub fn roster(&self) -> &Roster {
        &self.roster
    }

    /// The numbers of those who type.
    pub fn typists(&self) -> impl Iterator<Item = u32> + '_ {
        self.typists.iter()
    }

    /// Whether a page of the past is under way.
    pub fn is_reading_back(&self) -> bool {
        self.asked.past.is_some() || self.asked.past_at.is_some()
    }

    pub(super) fn door(&self) -> Door {
        match (self.attached, &self.status) {
            (true, _) => Door::Open,
            (false, Status::Refused(_) | Status::Left) => Door::Shut,
            (false, Status::Joining | Status::In) => Door::Soon,
        }
    }

    pub(super) fn epoch(&self) -> Option<&str> {
        self.position.as_ref().map(|position| &*position.epoch)
    }

    /// A member by number and name, in whatever life of the log.
    pub(super) fn has(&self, id: u32, name: &str) -> bool {
        self.roster.person(id).is_some_and(|person| person.name == name)
    }

    /// The connection is gone, and with it what was asked on it. Gives whether a page of the past was among that.
    pub(super) fn cut(&mut self) -> bool {
        self.attached = false;
        let asked = std::mem::take(&mut self.asked);
        self.keys = Keys::default();
        self.typists.clear();
        asked.past.is_some() || asked.past_at.is_some()
    }

    /// Whether this is what was asked for, or a `reset` that nobody asked for.
    pub(super) fn awaits(&self, arrival: &Arrival) -> bool {
        match arrival.id {
            Some(id) => self.asked.join.as_ref().is_some_and(|(asked, _)| *asked == id),
            None => self.attached && arrival.room == self.name,
        }
    }

    /// Takes in where the server says that one stands.
    pub(super) fn arrives(&mut self, arrival: &mut Arrival) -> How {
        let before = self.position.take();
        let same_life = before.as_ref().is_some_and(|before| before.epoch == arrival.position.epoch);
        if !same_life {
            self.selves.clear();
        }
        if !self.selves.contains(&arrival.you) {
            self.selves.push(arrival.you);
            self.selves.drain(..self.selves.len().saturating_sub(SELVES));
        }
        self.asked = Asked::default();
        (self.attached, self.status, self.you) = (true, Status::In, arrival.you);
        self.name.clone_from(&arrival.room);
        self.your_name.clone_from(&arrival.name);
        self.wanted.clone_from(&arrival.name);
        self.roster = Roster::of(std::mem::take(&mut arrival.members), arrival.count);
        let Some(before) = before else {
            self.position = Some(arrival.position.clone());
            return How::First;
        };
        let goes_on = arrival.reason.is_none() && arrival.resumed && same_life;
        if goes_on && arrival.position.seq <= before.seq {
            self.position = Some(before);
            return How::Resumed;
        }
        let missing = match arrival.history.first() {
            _ if !same_life => true,
            Some(oldest) => oldest.seq > before.seq + 1,
            None => arrival.position.seq > before.seq,
        };
        self.position = Some(arrival.position.clone());
        How::Reset { reason: arrival.reason.unwrap_or(ResetReason::Left), same_life, missing }
    }

    /// Whether an event is the next.
    pub(super) fn turn(&self, seq: u64) -> Turn {
        let next = self.position.as_ref().map_or(1, |position| position.seq + 1);
        match seq.cmp(&next) {
            std::cmp::Ordering::Less => Turn::Repeat,
            std::cmp::Ordering::Equal => Turn::Next,
            std::cmp::Ordering::Greater => Turn::Hole,
        }
    }

    /// Takes an event in. Gives whether somebody stopped typing thereby.
    pub(super) fn takes(&mut self, happening: &Happening) -> bool {
        if let Some(position) = &mut self.position {
            position.seq = happening.seq;
        }
        match &happening.what {
            What::Said(said) => self.typists.hears(said.from, false, Duration::ZERO),
            What::Join(person) => {
                self.roster.enters(person.clone());
                false
            }
            What::Leave(Person { id, .. }) => {
                self.roster.goes(*id);
                self.typists.hears(*id, false, Duration::ZERO)
            }
            What::Edit { .. } | What::Delete { .. } | What::React { .. } | What::Skip => false,
        }
    }

    /// After whom to ask for more people without being asked, if at all.
    pub(super) fn wants_people(&self) -> Option<u32> {
        (self.roster.known() < FETCHED_UNASKED).then(|| self.roster.listed_to()).flatten()
    }
}

//! One room: a numbered log and who is here. Pure: it takes time and randomness as arguments, so that a test can run a
//! million steps without a runtime. It knows no transport, no store and no clock.
//!
//! Two steps change it. [`Room::number`] decides whether a draft may happen and gives it the next number;
//! [`Room::accept`] applies a numbered event. A store may put its own work between the two, or make the decision
//! elsewhere and only have the room accept.

mod log;
mod roster;

pub use log::{Epoch, Log, Missed, TailLimits};
pub use roster::{Person, Roster};

use std::sync::Arc;

use crate::names::{self, Name};
use crate::protocol::{Code, Event, Kind, Member, MemberId, Refusal, Seq};

/// What somebody wants to happen, before it has a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Draft {
    /// Come in, under a claimed name or as a guest.
    Join {
        /// The name to claim; `None` for a guest.
        name: Option<Name>,
    },
    /// Go out.
    Leave {
        /// Who.
        member: MemberId,
    },
    /// Say something to all.
    Message {
        /// Who.
        from: MemberId,
        /// The name that a guest wrote on it.
        signed: Option<Name>,
        /// What.
        text: Box<str>,
    },
    /// Say something to one.
    Private {
        /// Who.
        from: MemberId,
        /// To whom.
        to: MemberId,
        /// What.
        text: Box<str>,
    },
}

/// What a room allows.
#[derive(Clone, Copy, Debug)]
pub struct RoomLimits {
    /// Members at once.
    pub members: usize,
    /// Visible characters of a suggested name.
    pub name_chars: usize,
}

/// A room's whole state.
#[derive(Debug)]
pub struct Room {
    log: Log,
    roster: Roster,
}

impl Room {
    /// An empty room in a new life of its log.
    pub fn new(epoch: Epoch) -> Self {
        Self { log: Log::new(epoch), roster: Roster::default() }
    }

    /// The numbered past that is still kept.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Who is here.
    pub fn roster(&self) -> &Roster {
        &self.roster
    }

    /// Decides on a draft and gives it the next number. Changes nothing: the event is to be [accepted](Self::accept)
    /// next, before another is numbered.
    ///
    /// # Errors
    /// [`Code::RoomFull`], [`Code::NameTaken`] with a free name, [`Code::NotInRoom`], [`Code::NoSuchPerson`],
    /// [`Code::ToYourself`].
    pub fn number(&self, draft: Draft, at: u64, limits: RoomLimits) -> Result<Event, Refusal> {
        let kind = match draft {
            Draft::Join { name } => {
                if self.roster.len() >= limits.members {
                    return Err(Code::RoomFull.into());
                }
                if let Some(name) = &name
                    && self.roster.holder(name).is_some()
                {
                    let free = names::suggest(name, |key| self.roster.holds(key), limits.name_chars);
                    return Err(Refusal::name_taken(free.as_str()));
                }
                Kind::Join { member: Member { id: self.roster.next_id(), name } }
            }
            Draft::Leave { member } => Kind::Leave { member: self.person(member)?.member() },
            Draft::Message { from, signed, text } => {
                let person = self.person(from)?;
                let (name, guest) = match person.claimed() {
                    Some(claimed) => (claimed.shared(), false),
                    None => (self.signature(from, signed, limits)?, true),
                };
                Kind::Message { from, name, guest, text }
            }
            Draft::Private { from, to, text } => {
                if from == to {
                    return Err(Code::ToYourself.into());
                }
                let name = self.person(from)?.shown_name();
                let Some(receiver) = self.roster.get(to) else { return Err(Code::NoSuchPerson.into()) };
                Kind::Private { from, name, to, to_name: receiver.shown_name(), text }
            }
        };
        Ok(Event { seq: self.log.head() + 1, at, kind })
    }

    /// Applies a numbered event and keeps it. Returns it as it is shared from now on. `now` is in milliseconds of a clock
    /// that never jumps.
    ///
    /// # Panics
    /// If the event is not the next one: the store broke its promise of order, and going on would show two histories.
    pub fn accept(&mut self, event: Event, now: u64) -> Arc<Event> {
        match &event.kind {
            Kind::Join { member } => self.roster.enter(member.clone(), event.seq),
            Kind::Leave { member } => {
                self.roster.remove(member.id);
            }
            Kind::Message { from, name, guest: true, .. } => self.roster.sign(*from, name),
            Kind::Message { guest: false, .. } | Kind::Private { .. } => {}
        }
        self.log.push(event, now)
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
    pub fn trim(&mut self, now: u64, limits: TailLimits, needed: Option<Seq>) {
        self.log.trim(now, limits, needed);
    }

    fn person(&self, id: MemberId) -> Result<&Person, Refusal> {
        self.roster.get(id).ok_or_else(|| Code::NotInRoom.into())
    }

    /// The name that a guest may put on a message: nobody else's claimed one.
    fn signature(&self, from: MemberId, signed: Option<Name>, limits: RoomLimits) -> Result<Arc<str>, Refusal> {
        let Some(name) = signed else {
            return Ok(self.roster.get(from).map_or_else(|| "".into(), Person::shown_name));
        };
        match self.roster.holder(&name) {
            Some(holder) if holder != from => {
                let free = names::suggest(&name, |key| self.roster.holds(key), limits.name_chars);
                Err(Refusal::name_taken(free.as_str()))
            }
            _ => Ok(name.shared()),
        }
    }
}

//! Whether a draft may happen: who is here, whose a name is, which line may be seen and changed, all with what the store has yet
//! to keep. Changes nothing, and does not know what an event does to the room.

use std::sync::Arc;

use super::draft::{Draft, Line, Target};
use super::{Person, Room};
use crate::names::{self, Name, NameKey};
use crate::protocol::{Code, Event, Kind, Marks, Member, MemberId, Reaction, Refusal, Seq};

/// What a room allows.
#[derive(Clone, Copy, Debug)]
pub struct RoomLimits {
    /// Members at once.
    pub members: usize,
    /// Visible characters of a suggested name.
    pub name_chars: usize,
    /// Reactions that one line may bear.
    pub reactions: usize,
    /// Whether members may see, and so react to, what was said before they came.
    pub sees_past: bool,
}

impl Room {
    /// Decides on a draft and gives it the next number. Changes nothing: the event is to be [accepted](Self::accept) or
    /// [reserved](Self::reserve) next, before another is numbered.
    ///
    /// # Errors
    /// [`Code::RoomFull`], [`Code::NameTaken`] with a free name, [`Code::NotInRoom`], [`Code::NoSuchPerson`],
    /// [`Code::ToYourself`], [`Code::NoSuchLine`], [`Code::NotYours`], [`Code::TooManyReactions`].
    pub fn number(&self, draft: Draft, at: u64, limits: RoomLimits) -> Result<Event, Refusal> {
        let kind = match draft {
            Draft::Join { name } => {
                let (joining, leaving) = self.pending.growth();
                if self.roster.len() + joining - leaving.min(self.roster.len()) >= limits.members {
                    return Err(Code::RoomFull.into());
                }
                if let Some(name) = &name
                    && self.holder_of(&name.key()).is_some()
                {
                    return Err(self.name_taken(name, limits));
                }
                let id = MemberId(self.roster.last_id().max(self.pending.last_id()) + 1);
                Kind::Join { member: Member { id, name } }
            }
            Draft::Leave { member } => Kind::Leave { member: self.person(member)?.member() },
            Draft::Message { from, signed, text } => {
                let person = self.person(from)?;
                let (name, guest) = match person.claimed() {
                    Some(claimed) => (claimed.shared(), false),
                    None => (self.signature(from, signed, limits)?, true),
                };
                Kind::Message { from, name, guest, text, marks: Marks::default(), form: None }
            }
            Draft::Pass { from, signed, text, form } => {
                let person = self.person(from)?;
                // What is written in it is shown as it is, so nobody else's claimed name may be, whoever writes it.
                let written = self.signature(from, signed, limits)?;
                match text {
                    Some(text) => {
                        let (name, guest) =
                            person.claimed().map_or((written, true), |claimed| (claimed.shared(), false));
                        Kind::Message { from, name, guest, text, marks: Marks::default(), form: Some(form) }
                    }
                    None => Kind::Passed { from, form: Some(form) },
                }
            }
            Draft::Private { from, to, text } => {
                if from == to {
                    return Err(Code::ToYourself.into());
                }
                let name = self.person(from)?.shown_name();
                let receiver = self.person(to).map_err(|_| Code::NoSuchPerson)?;
                Kind::Private { from, name, to, to_name: receiver.shown_name(), text, marks: Marks::default() }
            }
            Draft::Edit { from, target, text } => {
                let line = self.own_line(from, target, limits)?;
                Kind::Edit { target: target.seq, from, between: line.between, text: Some(text) }
            }
            Draft::Delete { from, target } => {
                let line = self.own_line(from, target, limits)?;
                Kind::Delete { target: target.seq, from, between: line.between }
            }
            Draft::React { from, target, emoji, on } => {
                let line = self.visible_line(from, target, limits)?;
                let reaction = Reaction { from, name: self.person(from)?.shown_name(), emoji };
                let count = line.reactions + self.pending.reactions_on(target.seq);
                if on && count >= limits.reactions && !self.bears(target.seq, &reaction) {
                    return Err(Code::TooManyReactions.into());
                }
                Kind::React { target: target.seq, reaction, on, between: line.between }
            }
        };
        Ok(Event { seq: self.log.head() + self.pending.len() as Seq + 1, at, kind })
    }

    /// Somebody who is here and not about to go.
    fn person(&self, id: MemberId) -> Result<&Person, Refusal> {
        let person = self.roster.get(id).filter(|_| !self.pending.is_leaving(id));
        person.ok_or_else(|| Code::NotInRoom.into())
    }

    /// Whether somebody is in the room and not about to go.
    pub fn is_here(&self, member: MemberId) -> bool {
        self.person(member).is_ok()
    }

    /// Who has claimed a name, or is about to, and is not about to give it up.
    fn holder_of(&self, key: &NameKey) -> Option<MemberId> {
        let holder = self.roster.holder_of(key).filter(|holder| !self.pending.is_leaving(*holder));
        let coming = || self.pending.holder_of(key).filter(|holder| !self.pending.is_leaving(*holder));
        holder.or_else(coming)
    }

    fn name_taken(&self, name: &Name, limits: RoomLimits) -> Refusal {
        let free = names::suggest(name, |key| self.holder_of(key).is_some(), limits.name_chars);
        Refusal::name_taken(free.as_str())
    }

    /// The name that a guest may put on a message: nobody else's claimed one.
    fn signature(&self, from: MemberId, signed: Option<Name>, limits: RoomLimits) -> Result<Arc<str>, Refusal> {
        let Some(name) = signed else {
            return Ok(self.roster.get(from).map_or_else(|| "".into(), Person::shown_name));
        };
        match self.holder_of(&name.key()) {
            Some(holder) if holder != from => Err(self.name_taken(&name, limits)),
            _ => Ok(name.shared()),
        }
    }

    /// A line that a member may see.
    fn visible_line(&self, viewer: MemberId, target: Target, limits: RoomLimits) -> Result<Line, Refusal> {
        let person = self.person(viewer)?;
        let kept = self.line(target.seq).and_then(|event| Line::of(&event.kind));
        let is_hidden = !limits.sees_past && target.seq < person.joined_at();
        let stored = target.stored.filter(|stored| !self.may_be_taken_back_since(target.seq, stored.asked_at));
        kept.or(stored.map(|stored| stored.line))
            .filter(|line| line.between.is_none_or(|pair| pair.contains(&viewer)))
            .filter(|_| !is_hidden && !self.pending.takes_back(target.seq))
            .ok_or_else(|| Code::NoSuchLine.into())
    }

    /// Whether a line was taken back after this number, as far as that is known here.
    fn may_be_taken_back_since(&self, line: Seq, asked_at: Seq) -> bool {
        let Ok(mut events) = self.log.since(asked_at) else { return true };
        events.any(|event| matches!(event.kind, Kind::Delete { target, .. } if target == line))
    }

    fn own_line(&self, from: MemberId, target: Target, limits: RoomLimits) -> Result<Line, Refusal> {
        let line = self.visible_line(from, target, limits)?;
        if line.from == from { Ok(line) } else { Err(Code::NotYours.into()) }
    }

    /// Whether a line that is remembered bears this reaction.
    fn bears(&self, line: Seq, reaction: &Reaction) -> bool {
        let Some(event) = self.line(line) else { return false };
        let (Kind::Message { marks, .. } | Kind::Private { marks, .. }) = &event.kind else { return false };
        marks.reactions().iter().any(|other| other.from == reaction.from && other.emoji == reaction.emoji)
    }
}

//! One room: a numbered log and who is here. Pure: it takes time and randomness as arguments, so that a test can run a
//! million steps without a runtime. It knows no transport, no store and no clock.
//!
//! Three steps change it. [`Room::number`] decides whether a draft may happen and gives it the next number;
//! [`Room::accept`] applies a numbered event. A store that takes its time answers between the two: until then the event is
//! [reserved](Room::reserve), which later decisions count and nobody sees, and [given up](Room::give_up) if the store fails.

mod log;
mod pending;
mod recent;
mod roster;

pub use log::{Epoch, Log, Missed, Needs, TailLimits};
pub use recent::{RECENT_BYTES, RECENT_LINES};
pub use roster::{Person, Roster};

use std::sync::Arc;

use crate::names::{self, Name, NameKey};
use crate::protocol::{Code, Event, Form, Kind, Marks, Member, MemberId, Pair, Reaction, Refusal, Seq};
use pending::Pending;
use recent::Recent;

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
    /// Pass an event on to other pages of Socket.IO, in the form in which it was emitted.
    Pass {
        /// Who.
        from: MemberId,
        /// The name that was written on it.
        signed: Option<Name>,
        /// What it says to all others; without a text they see nothing.
        text: Option<Box<str>>,
        /// The event.
        form: Box<Form>,
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
    /// Change a line of one's own.
    Edit {
        /// Who.
        from: MemberId,
        /// Which line.
        target: Target,
        /// What it is to say.
        text: Box<str>,
    },
    /// Take a line of one's own back.
    Delete {
        /// Who.
        from: MemberId,
        /// Which line.
        target: Target,
    },
    /// Put a reaction on a line, or take it off.
    React {
        /// Who.
        from: MemberId,
        /// Which line.
        target: Target,
        /// The emoji.
        emoji: Box<str>,
        /// Whether it is to be there.
        on: bool,
    },
}

/// A line that is to be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// Its number.
    pub seq: Seq,
    /// What the store says of it, when the room itself does not remember it any more.
    pub stored: Option<StoredLine>,
}

/// A line that the store was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredLine {
    /// What it said.
    pub line: Line,
    /// The room's last number before it was asked: what happened since is not in its answer.
    pub asked_at: Seq,
}

/// A line, as far as a change of it has to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// Who said it.
    pub from: MemberId,
    /// The two whom it concerns, if it is private.
    pub between: Option<Pair>,
    /// How many reactions it bears.
    pub reactions: usize,
}

impl Line {
    /// What a change has to know of this event, if it is a line.
    pub fn of(kind: &Kind) -> Option<Self> {
        match kind {
            Kind::Message { from, marks, .. } => {
                Some(Self { from: *from, between: None, reactions: marks.reactions().len() })
            }
            Kind::Private { from, to, marks, .. } => {
                Some(Self { from: *from, between: Some([*from, *to]), reactions: marks.reactions().len() })
            }
            Kind::Passed { .. }
            | Kind::Removed
            | Kind::Edit { .. }
            | Kind::Delete { .. }
            | Kind::React { .. }
            | Kind::Join { .. }
            | Kind::Leave { .. } => None,
        }
    }
}

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

    /// Somebody who is here and not about to go.
    fn person(&self, id: MemberId) -> Result<&Person, Refusal> {
        let person = self.roster.get(id).filter(|_| !self.pending.is_leaving(id));
        person.ok_or_else(|| Code::NotInRoom.into())
    }

    /// Who has claimed a name, or is about to, and is not about to give it up.
    fn holder_of(&self, key: &NameKey) -> Option<MemberId> {
        let holder = self.roster.holder_of(key).filter(|holder| !self.pending.is_leaving(*holder));
        let coming = || self.pending.holder_of(key).filter(|holder| !self.pending.is_leaving(*holder));
        holder.or_else(coming)
    }

    /// Whether this name is claimed by a join that the store has not answered for.
    pub fn is_being_claimed(&self, name: &Name) -> bool {
        self.pending.holder_of(&name.key()).is_some()
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

    /// Whether somebody is in the room and not about to go.
    pub fn is_here(&self, member: MemberId) -> bool {
        self.person(member).is_ok()
    }

    /// Whether nothing that was said stands any more, as far as more than the tail is kept.
    pub fn is_blank(&self) -> bool {
        self.recent.as_ref().is_none_or(|recent| recent.lines().next().is_none() && !recent.is_cut())
    }

    /// Whether a line that is remembered bears this reaction.
    fn bears(&self, line: Seq, reaction: &Reaction) -> bool {
        let Some(event) = self.line(line) else { return false };
        let (Kind::Message { marks, .. } | Kind::Private { marks, .. }) = &event.kind else { return false };
        marks.reactions().iter().any(|other| other.from == reaction.from && other.emoji == reaction.emoji)
    }

    fn own_line(&self, from: MemberId, target: Target, limits: RoomLimits) -> Result<Line, Refusal> {
        let line = self.visible_line(from, target, limits)?;
        if line.from == from { Ok(line) } else { Err(Code::NotYours.into()) }
    }
}

//! From a numbered event to one that is kept, and to everything that hangs on it. With the memory store that is one step,
//! under one lock. A store that takes its time answers later, in the order of the numbers: until then the event is reserved
//! in its room, and what is to be done lies here, as a receipt.
//!
//! When the store fails, nothing that was numbered in that room and not yet kept can be: it would leave a hole. So all of
//! it is given up at once, everybody who waits is told, and the next draft is numbered after what is kept.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::oneshot;

use super::Hub;
use super::commands::{Asked, Numbered};
use super::joining::{Entrance, Join};
use super::live_room::{LiveRoom, State};
use super::reader::Reader;
use super::sessions::{Held, Session};
use super::timers::Due;
use crate::protocol::{Code, Event, Kind, Refusal, Seq};
use crate::room::Epoch;
use crate::store::{Appended, Command, Entry, Opening, Outcome, SessionHash, Trouble};
use crate::wire::ReplyTo;

/// How long after a failure of the store a leave that nobody waits for is tried again, in milliseconds.
const LEAVE_AGAIN_MS: u64 = 1000;

/// After how many of the store's answers others get their turn.
const OUTCOMES_IN_A_ROW: usize = 128;

/// What the store hands back with its answer.
#[derive(Debug)]
pub(crate) struct Ticket {
    room: Arc<LiveRoom>,
    /// Of which time of the room: answers to what was given up meanwhile are of an earlier one.
    era: u32,
}

/// How a request is answered that waits for it: where the event stands, or why it was not kept. Nobody is told when the
/// request was given up meanwhile.
pub(super) type Reply = oneshot::Sender<Result<(Epoch, Seq), Refusal>>;

/// What is to be done once an event is kept, or is not.
#[derive(Debug)]
pub(super) enum Receipt {
    /// Let somebody in.
    Enter(Box<Entrance>),
    /// Let somebody out who asked for it.
    Leave {
        /// Who asked.
        reader: Arc<Reader>,
        /// How the answer finds them.
        reply: ReplyTo,
        /// The place that waited for them, if the connection was not in the room.
        held: Option<Held>,
    },
    /// Acknowledge a command.
    Acknowledge {
        /// Who asked.
        reader: Arc<Reader>,
        /// How the answer finds them.
        asked: Asked,
        /// Who waits for the answer, if it is not to be told on the wire.
        waiting: Option<Reply>,
    },
    /// Nobody waits for it: somebody is gone.
    Gone,
}

/// What is to be done after that, by those who came meanwhile.
#[derive(Debug)]
pub(super) enum After {
    /// The same command came again.
    Repeat {
        /// Over which connection.
        reader: Arc<Reader>,
        /// Which.
        asked: Asked,
        /// Who waits for the answer, if it is not to be told on the wire.
        waiting: Option<Reply>,
    },
    /// Somebody wants a name that is being claimed, perhaps by themselves over another connection.
    Join {
        /// Who.
        reader: Arc<Reader>,
        /// What they asked.
        join: Box<Join>,
    },
}

/// A reserved event and its receipt.
#[derive(Debug)]
pub(super) struct Waiting {
    event: Arc<Event>,
    receipt: Receipt,
    after: Vec<After>,
}

impl Waiting {
    /// The store has it: a command that asked for it is answered from now on when it comes again.
    fn confirm(&self) {
        if let Receipt::Acknowledge { reader, asked, .. } = &self.receipt
            && let (Some(numbered), Some(session)) = (asked.numbered, asked.session(reader))
        {
            session.confirm(numbered.n);
        }
    }
}

/// Whose an event is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Origin<'a> {
    /// Whose membership begins.
    pub(super) member: Option<SessionHash>,
    /// Whose command asked for it.
    pub(super) command: Option<(&'a Session, Numbered)>,
}

impl State {
    /// Puts something behind the event of this number, which the store has yet to keep. Gives it back if there is none.
    pub(super) fn after(&mut self, seq: Seq, after: After) -> Result<(), After> {
        let first = self.room.log().head() + 1;
        let index = seq.checked_sub(first).and_then(|index| usize::try_from(index).ok());
        match index.and_then(|index| self.waiting.get_mut(index)) {
            Some(waiting) => {
                waiting.after.push(after);
                Ok(())
            }
            None => Err(after),
        }
    }
}

impl Hub {
    /// Has the store keep an event that the room has just numbered. Called with the room's lock held. `now` is in
    /// milliseconds of the hub's clock.
    pub(super) fn keep(
        self: &Arc<Self>,
        room: &Arc<LiveRoom>,
        state: &mut State,
        event: Event,
        origin: Origin<'_>,
        receipt: Receipt,
        now: u64,
    ) {
        let event = Arc::new(event);
        let epoch = room.epoch();
        let entry = || {
            // Until it is kept it is known as under way. Where it is not taken, or given up, that is withdrawn.
            let command = origin.command.map(|(session, numbered)| {
                let forget_below = session.note(numbered, epoch, event.seq);
                Command { session: session.hash(), n: numbered.n, content: numbered.content, forget_below }
            });
            let opens = (!state.is_stored).then(|| Opening {
                name: room.name().as_str().to_owned(),
                epoch,
                code: room.name().code().map(crate::code::Code::number),
            });
            let ticket = Ticket { room: room.clone(), era: state.era };
            Entry { room: room.key, opens, event: event.clone(), session: origin.member, command, receipt: ticket }
        };
        match self.store.append(entry) {
            Appended::Now => {
                self.accept(room, state, &event, now);
                if let Some((session, numbered)) = origin.command {
                    session.keep(numbered, epoch, event.seq);
                }
                self.settle(room, state, Waiting { event, receipt, after: Vec::new() });
            }
            Appended::Later => {
                state.is_stored = true;
                state.room.reserve(event.clone());
                state.waiting.push_back(Waiting { event, receipt, after: Vec::new() });
            }
            Appended::Full => {
                let waiting = Waiting { event, receipt, after: Vec::new() };
                let refusal = Refusal::because(Code::Unavailable, "Too much waits for the disk. Nothing was sent.");
                self.refuse(room, waiting, &refusal);
                if state.room.roster().is_empty() && !state.room.has_pending() {
                    self.emptied_room(room, state);
                }
            }
        }
    }

    /// Does what hangs on the store's answers, in their order. Ends only if the store does, unasked.
    pub(super) async fn run_outcomes(self: &Arc<Self>) {
        let outcomes = self.outcomes.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        let Some(mut outcomes) = outcomes else {
            return std::future::pending::<()>().await;
        };
        while let Some(group) = outcomes.recv().await {
            for (done, outcome) in group.into_iter().enumerate() {
                self.take_outcome(outcome);
                if done % OUTCOMES_IN_A_ROW == OUTCOMES_IN_A_ROW - 1 {
                    // Whoever was answered much takes it in between.
                    tokio::task::yield_now().await;
                }
            }
            // Those who are read next are numbered into the group after the one that is being written.
            tokio::task::yield_now().await;
        }
        if self.is_closing.load(Ordering::Acquire) {
            std::future::pending::<()>().await;
        }
        // The writer is gone, and nobody asked it to go: what waits for it would wait for ever.
    }

    fn take_outcome(self: &Arc<Self>, outcome: Outcome<Ticket>) {
        let Ticket { room, era } = outcome.receipt;
        let mut state = room.lock();
        if era != state.era {
            // It was given up, and everybody was told, when an event before it failed.
            return;
        }
        match outcome.result {
            Ok(()) => {
                let waiting = state.waiting.pop_front().expect("the store answers for what it was given");
                assert_eq!(waiting.event.seq, outcome.event.seq, "the store answers in the order of the numbers");
                if state.waiting.is_empty() {
                    state.waiting = VecDeque::new();
                }
                self.accept(&room, &mut state, &waiting.event, self.now());
                waiting.confirm();
                self.settle(&room, &mut state, waiting);
            }
            Err(trouble) => self.give_up(&room, &mut state, &trouble),
        }
        let is_pressed = state.is_pressed();
        drop(state);
        if is_pressed {
            room.flush();
        }
    }

    /// An event is kept: the room accepts it.
    fn accept(&self, room: &LiveRoom, state: &mut State, event: &Arc<Event>, now: u64) {
        let before = state.room.log().bytes();
        room.accept(state, event.clone(), now, self.tail_limits());
        self.count_tail(before, state.room.log().bytes());
    }

    /// An event is accepted: whoever asked is told, and it will be shown.
    fn settle(self: &Arc<Self>, room: &Arc<LiveRoom>, state: &mut State, waiting: Waiting) {
        let Waiting { event, receipt, after } = waiting;
        let epoch = room.epoch();
        match receipt {
            Receipt::Enter(entrance) => self.enter_room(room, state, &event, *entrance),
            Receipt::Leave { reader, reply, .. } => {
                if let Some(cursor) = reader.unseat(room) {
                    state.remove_reader(&reader, cursor.carrier);
                }
                self.moved.notify_waiters();
                reader.lay(|out| reader.wire().leave(reply, room.name(), out));
                reader.release();
            }
            Receipt::Acknowledge { waiting: Some(waiting), .. } => drop(waiting.send(Ok((epoch, event.seq)))),
            Receipt::Acknowledge { reader, asked, waiting: None } => {
                if asked.reply != ReplyTo::Nobody {
                    reader.lay(|out| reader.wire().acknowledge(asked.reply, room.name(), epoch, event.seq, out));
                }
            }
            Receipt::Gone => {}
        }
        if matches!(event.kind, Kind::Leave { .. }) && state.room.roster().is_empty() {
            self.emptied_room(room, state);
        }
        self.show(room, state, &event);
        for after in after {
            match after {
                After::Repeat { waiting: Some(waiting), .. } => drop(waiting.send(Ok((epoch, event.seq)))),
                After::Repeat { reader, asked, waiting: None } => {
                    reader.lay(|out| reader.wire().acknowledge(asked.reply, room.name(), epoch, event.seq, out));
                    reader.call();
                }
                After::Join { reader, join } => self.join_later(reader, *join),
            }
        }
    }

    /// The store failed: gives up what was numbered in this room and not kept.
    fn give_up(self: &Arc<Self>, room: &Arc<LiveRoom>, state: &mut State, trouble: &Trouble) {
        state.era = state.era.wrapping_add(1);
        state.room.give_up();
        if state.room.log().head() == 0 {
            // Its row was to come with the first event.
            state.is_stored = false;
        }
        let refusal = Refusal::because(Code::Unavailable, format!("{trouble} Nothing was sent."));
        for waiting in std::mem::take(&mut state.waiting) {
            self.refuse(room, waiting, &refusal);
        }
        if state.room.roster().is_empty() {
            self.emptied_room(room, state);
        }
    }

    /// An event is not kept: whoever asked for it is told. Called with the room's lock held.
    fn refuse(self: &Arc<Self>, room: &Arc<LiveRoom>, waiting: Waiting, refusal: &Refusal) {
        let Waiting { event, receipt, after } = waiting;
        let tell = |reader: &Arc<Reader>, reply| reader.lay_refusal(refusal, reply, room.name());
        match receipt {
            Receipt::Enter(entrance) => entrance.join.refuse(&entrance.reader, refusal),
            Receipt::Leave { reader, reply, held } => {
                if let Some(held) = held
                    && let Some(session) = reader.session()
                {
                    session.keep_place(held.clone());
                    self.moved.notify_waiters();
                    self.later(held.until, Due::Grace { session: session.clone(), held });
                } else if let Kind::Leave { member } = &event.kind
                    && reader.membership(room.name().as_str()).is_none()
                    && reader.session().is_none_or(|session| session.member_of(room) != Some(member.id))
                {
                    // The connection is over, and its place was not taken up again because it was being left.
                    self.leave_again(room, &event);
                }
                tell(&reader, reply);
                reader.release();
            }
            Receipt::Acknowledge { reader, asked, waiting } => {
                if let (Some(numbered), Some(session)) = (asked.numbered, asked.session(&reader)) {
                    session.withdraw(numbered.n, self.now());
                }
                if let Some(waiting) = waiting {
                    drop(waiting.send(Err(refusal.clone())));
                } else {
                    tell(&reader, asked.reply);
                    reader.call();
                }
            }
            Receipt::Gone => self.leave_again(room, &event),
        }
        for after in after {
            match after {
                After::Repeat { waiting: Some(waiting), .. } => drop(waiting.send(Err(refusal.clone()))),
                After::Repeat { reader, asked, waiting: None } => {
                    tell(&reader, asked.reply);
                    reader.call();
                }
                After::Join { reader, join } => self.join_later(reader, *join),
            }
        }
    }

    /// Has a leave that was not kept be tried again.
    fn leave_again(&self, room: &Arc<LiveRoom>, leave: &Event) {
        if let Kind::Leave { member } = &leave.kind {
            let (room, member) = (Arc::downgrade(room), member.id);
            self.later(self.now() + LEAVE_AGAIN_MS, Due::Leave { room, member });
        }
    }

    /// Sees to it that what happened is shown.
    fn show(&self, room: &Arc<LiveRoom>, state: &mut State, event: &Event) {
        if state.readers() == 0 {
            return;
        }
        let may_wait =
            event.kind.changes_members() && state.room.roster().len() > self.rules.large_room && !state.is_pressed();
        if !may_wait {
            self.flusher.mark(room);
        } else if !state.flush_is_timed {
            state.flush_is_timed = true;
            let at = self.now() + self.rules.large_room_flush_ms;
            self.later(at, Due::Flush(Arc::downgrade(room)));
        }
    }

    /// Asks again what was asked before, once no lock is held.
    fn join_later(self: &Arc<Self>, reader: Arc<Reader>, join: Join) {
        let hub = self.clone();
        tokio::spawn(async move { hub.join_again(&reader, join) });
    }

    /// Keeps what was given to the store, and ends it. From here on nothing is kept.
    pub async fn close_store(self: &Arc<Self>) {
        self.is_closing.store(true, Ordering::Release);
        let hub = self.clone();
        if tokio::task::spawn_blocking(move || hub.store.close()).await.is_err() {
            tracing::error!("the store could not be closed");
        }
    }
}

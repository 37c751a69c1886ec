//! What the clients do together, one step after the other: they come in, warm up, talk while it is measured, and go.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::net::lookup_host;
use tokio::task::LocalSet;

use super::crew::Crew;
use super::member::{Ear, Member};
use super::opening::Newcomer;
use super::passes::Tokens;
use super::report::Moment;
use super::room::Room;
use super::target::is_loopback;
use super::{Blank, Pace, Passes, Plan, Process, Refused, Report, Template, Trouble, Wire};
use crate::client::Trust;

/// How often progress is told.
const TICK: Duration = Duration::from_millis(250);
/// How often it is looked whether all has arrived, where nobody says so.
const LOOK: Duration = Duration::from_millis(2);
/// After so much silence nothing more is thought to be on the way.
const SILENCE: Duration = Duration::from_millis(300);
/// How long clients wait for the server to close, once they have said that they go.
const FAREWELL: Duration = Duration::from_secs(1);

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub step: &'static str,
    /// Clients that are in.
    pub connections: usize,
    /// Lines that arrived, counted for each who got them.
    pub deliveries: u64,
}

/// Carries a plan out. Bounded by the plan's own times.
///
/// # Errors
/// If it cannot be carried out at all. What goes wrong with a server that was reached stands in the report.
pub async fn run(plan: Plan, open_files: u64, tell: &mut dyn FnMut(Progress)) -> Result<Report, Trouble> {
    plan.check(open_files)?;
    let target = &plan.target;
    let found: Vec<SocketAddr> = match lookup_host((target.authority.host.as_str(), target.authority.port)).await {
        Ok(found) => found.collect(),
        Err(_) => Vec::new(),
    };
    if found.is_empty() {
        return Err(Refused::Unknown(target.authority.host.clone()).into());
    }
    let to = target.choose(&found, plan.anywhere)?;
    if plan.passes != Passes::None && !target.tls && !is_loopback(to.ip()) {
        return Err(Refused::InClear(target.authority.to_string()).into());
    }
    let (trust, tokens) = (plan.trust()?, Tokens::open(&plan.passes)?);
    let local = LocalSet::new();
    let crew = Rc::new(Crew::new(plan));
    local.run_until(crew.load(to, trust, tokens, tell)).await
}

impl Crew {
    /// From the first connection to the last.
    async fn load(
        self: Rc<Self>,
        to: SocketAddr,
        trust: Option<Trust>,
        tokens: Tokens,
        tell: &mut dyn FnMut(Progress),
    ) -> Result<Report, Trouble> {
        let process = self.plan.pid.map(|pid| (pid, Process::with_id(pid)));
        let now = |crew: &Self| Moment::now(crew.said.get(), process.as_ref());
        let empty = now(&self)?;
        self.gathers(to, trust.as_ref(), &tokens, tell).await?;
        self.waits_for_silence("settling", tell).await;
        let warm_up = self.plan.warm_up;
        match self.plan.pace {
            Pace::Rounds { .. } if !warm_up.is_zero() => self.talks("warming up", u64::MAX, warm_up, tell).await,
            Pace::Rate { per_second, .. } => self.talks_at("warming up", per_second, warm_up, tell).await,
            Pace::Rounds { .. } | Pace::Idle { .. } => {}
        }
        self.measured.borrow_mut().begins();
        let begin = now(&self)?;
        match self.plan.pace {
            Pace::Rounds { rounds, within, .. } => self.talks("measuring", rounds, within, tell).await,
            Pace::Rate { per_second, span } => self.talks_at("measuring", per_second, span, tell).await,
            Pace::Idle { span } => self.is_idle(span, tell).await,
        }
        let end = now(&self)?;
        // What comes twice may come late.
        self.waits_for_silence("listening for more", tell).await;
        let mut measured = self.measured.take();
        for room in &self.rooms {
            measured.faults.lost += room.tally.borrow().missing();
            measured.faults.unacknowledged += room.acks_due.get() - room.acks_had.get();
        }
        let mut broken = self.broken.borrow().clone();
        if broken.is_none() && measured.faults.lost > 0 {
            let other = String::from_utf8_lossy(&self.other.borrow()).into_owned();
            broken = (!other.is_empty()).then(|| format!("the last that came besides lines was {other}"));
        }
        self.goes().await;
        Ok(Report::new(&self.plan, &measured, [empty, begin, end], broken))
    }

    /// Everybody comes in, one after the other.
    async fn gathers(
        self: &Rc<Self>,
        to: SocketAddr,
        trust: Option<&Trust>,
        tokens: &Tokens,
        tell: &mut dyn FnMut(Progress),
    ) -> Result<(), Trouble> {
        let (plan, of) = (&self.plan, self.plan.connections());
        // Rooms of an earlier load are not to be met. Where the wire repeats a room's name in every line, that is about as
        // long as a code.
        let tag = getrandom::u32().unwrap_or_default() >> 16;
        let mut told = Instant::now();
        for number in 0..of {
            let (room, index) = (number / plan.members, number % plan.members);
            let (room_name, name) = (format!("l{tag:04x}-{room}"), format!("m{number:05}"));
            let fill = |template: &Template| {
                template.with(|blank| match blank {
                    Blank::Room => Some(room_name.clone()),
                    Blank::Name => Some(name.clone()),
                    Blank::N | Blank::Text => None,
                })
            };
            let whole = |template: &Template| {
                let mut bytes = Vec::new();
                fill(template).write(&mut bytes, |blank, bytes| {
                    if blank == Blank::N {
                        bytes.extend_from_slice(number.to_string().as_bytes());
                    }
                });
                String::from_utf8_lossy(&bytes).into_owned()
            };
            let (line, first) = match &plan.wire {
                Wire::Charsu => {
                    let say = format!(r#"{{"type":"say","id":{{n}},"room":"{room_name}","text":"{{text}}"}}"#);
                    (Template::parse(&say), Vec::new())
                }
                Wire::Frames { line, first, .. } => (fill(line), first.iter().map(whole).collect()),
            };
            let mask = tag.rotate_left(7) ^ (number as u32).wrapping_mul(0x9e37_79b9);
            let path = whole(&plan.target.path);
            let connect = |reason| Trouble::Connect { number: number + 1, of, reason };
            let token = tokens.of(number, &name).map_err(connect)?;
            let (room_name, name, mask_bytes) = (&*room_name, &*name, mask.to_be_bytes());
            let newcomer = Newcomer { plan, trust, token, room: room_name, name, path, first, mask: mask_bytes };
            let opened = newcomer.comes(to).await.map_err(connect)?;
            let member = Rc::new(Member::new(room as u32, index as u32, opened.link, line, mask));
            self.rooms[room].members.borrow_mut().push(Rc::clone(&member));
            self.connections.set(self.connections.get() + 1);
            tokio::task::spawn_local(Ear::new(member, opened.rest).listens(Rc::clone(self)));
            if told.elapsed() >= TICK {
                told = Instant::now();
                tell(self.progress("connecting"));
            }
            if let Some(reason) = self.broken.borrow().clone() {
                return Err(connect(reason));
            }
        }
        Ok(())
    }

    /// Rounds in every room, until they are over.
    async fn talks(&self, step: &'static str, rounds: u64, within: Duration, tell: &mut dyn FnMut(Progress)) {
        if self.broken.borrow().is_some() {
            return;
        }
        let now = Instant::now();
        self.until.set(now.checked_add(within).unwrap_or(now));
        self.busy.set(self.rooms.len());
        for room in &self.rooms {
            room.begins(self, rounds);
        }
        self.waits_until(step, tell, || self.busy.get() == 0).await;
    }

    /// Lines at random moments, so many a second; over when all have arrived.
    async fn talks_at(&self, step: &'static str, per_second: u32, span: Duration, tell: &mut dyn FnMut(Progress)) {
        let (began, mut told) = (Instant::now(), Instant::now());
        let mut chance = Chance(0x2545_f491_4f6c_dd1d);
        let mut due = Duration::ZERO;
        loop {
            due += chance.gap(per_second);
            if due >= span || self.broken.borrow().is_some() {
                break;
            }
            let ahead = due.saturating_sub(began.elapsed());
            if ahead.is_zero() {
                // The readers are to have their turn even if we are behind.
                tokio::task::yield_now().await;
            } else {
                tokio::time::sleep(ahead).await;
            }
            let late = began.elapsed().saturating_sub(due);
            self.measured.borrow_mut().lateness.note(late.as_micros() as u64);
            let member = chance.below(self.plan.connections());
            self.rooms[member / self.plan.members].says(self, member % self.plan.members, 1);
            if told.elapsed() >= TICK {
                told = Instant::now();
                tell(self.progress(step));
            }
        }
        self.waits_until(step, tell, || self.rooms.iter().all(Room::is_complete)).await;
    }

    fn progress(&self, step: &'static str) -> Progress {
        let deliveries = self.measured.borrow().deliveries;
        Progress { step, connections: self.connections.get(), deliveries }
    }

    async fn is_idle(&self, span: Duration, tell: &mut dyn FnMut(Progress)) {
        let began = Instant::now();
        while began.elapsed() < span && self.broken.borrow().is_none() {
            tell(self.progress("idle"));
            tokio::time::sleep(TICK.min(span.saturating_sub(began.elapsed()))).await;
        }
    }

    /// Until it is so, or it cannot be any more: something broke, or nothing has arrived for too long.
    async fn waits_until(&self, step: &'static str, tell: &mut dyn FnMut(Progress), is_so: impl Fn() -> bool) {
        let (mut reads, mut moved, mut told) = (self.reads.get(), Instant::now(), Instant::now());
        let look = if matches!(self.plan.pace, Pace::Rate { .. }) { LOOK } else { TICK };
        while !is_so() && self.broken.borrow().is_none() {
            // Either way it is looked at again.
            let _ = tokio::time::timeout(look, self.changed.notified()).await;
            if told.elapsed() >= TICK {
                told = Instant::now();
                tell(self.progress(step));
            }
            if self.reads.get() != reads {
                (reads, moved) = (self.reads.get(), Instant::now());
            } else if moved.elapsed() >= self.plan.patience {
                return;
            }
        }
    }

    /// Until nothing has come for a while: joins are announced, and whatever else there is has been said.
    async fn waits_for_silence(&self, step: &'static str, tell: &mut dyn FnMut(Progress)) {
        let began = Instant::now();
        while self.broken.borrow().is_none() && began.elapsed() < self.plan.patience.max(SILENCE) * 10 {
            let before = self.reads.get();
            tokio::time::sleep(SILENCE).await;
            if self.reads.get() == before {
                return;
            }
            tell(self.progress(step));
        }
    }

    /// Everybody says that it goes, and most are gone when this is over.
    async fn goes(&self) {
        self.is_leaving.set(true);
        for member in self.rooms.iter().flat_map(|room| room.members.borrow().clone()) {
            member.leaves(self);
        }
        let gone = async {
            while self.connections.get() > 0 {
                self.changed.notified().await;
            }
        };
        let _ = tokio::time::timeout(FAREWELL, gone).await;
    }
}

/// Chance that is the same in every run (xorshift).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, count: usize) -> usize {
        (self.next() % count as u64) as usize
    }

    /// Until the next of many events that do not know of each other.
    fn gap(&mut self, per_second: u32) -> Duration {
        let share = f64::from((self.next() >> 32) as u32 | 1) / f64::from(u32::MAX);
        Duration::from_secs_f64(-share.ln() / f64::from(per_second))
    }
}

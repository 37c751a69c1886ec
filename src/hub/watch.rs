//! Looks after what would otherwise need a timer for each connection: heartbeats, messages that never end, connections
//! that join nothing; and does what is due.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::timers::Due;
use super::{Hub, Present, Reader};
use crate::auth::unix_seconds;
use crate::protocol::Close;

/// The shortest and the longest time between two rounds. A round passes over all connections, so it is not to be more
/// frequent than its spans need.
const ROUND: [Duration; 2] = [Duration::from_millis(10), Duration::from_secs(1)];

/// How many rounds a span is divided into at least, so that it is kept within a tenth.
const ROUNDS_PER_SPAN: u32 = 10;

/// After how many things that were due others get their turn.
const DUES_IN_A_ROW: usize = 128;

/// How often tails, codes and stored rooms are looked through, at least.
const SWEEP: Duration = Duration::from_secs(10);

impl Hub {
    pub(super) async fn run_timers(self: &Arc<Self>) {
        loop {
            let mut done = 0;
            while let Some(due) = self.timers.take(self.now()) {
                self.do_due(due);
                done += 1;
                if done % DUES_IN_A_ROW == 0 {
                    // Thousands may leave at one moment: what they did is shown in between.
                    tokio::task::yield_now().await;
                }
            }
            let added = self.timer_added.notified();
            match self.timers.next() {
                Some(at) => {
                    let wait = Duration::from_millis(at.saturating_sub(self.now()).max(1));
                    tokio::select! {
                        () = tokio::time::sleep(wait) => {}
                        () = added => {}
                    }
                }
                None => added.await,
            }
        }
    }

    fn do_due(self: &Arc<Self>, due: Due) {
        match due {
            // The next process gives everybody their time.
            Due::Grace { .. } | Due::SessionEnd { .. } if self.keeps_places() => {}
            Due::Grace { session, held } => {
                if session.give_up(&held) {
                    self.leave_now(&held.room, held.member, None);
                }
            }
            Due::RoomEnd(room) => {
                if let Some(room) = room.upgrade() {
                    self.end_if_idle(&room);
                }
            }
            Due::SessionEnd { session, visit } => {
                if let Some(session) = session.upgrade() {
                    self.forget(&session, visit);
                }
            }
            Due::Leave { room, member } => {
                if let Some(room) = room.upgrade()
                    && !room.is_seated(member)
                {
                    self.leave_now(&room, member, None);
                }
            }
            Due::Flush(room) => {
                if let Some(room) = room.upgrade() {
                    self.flusher.mark(&room);
                }
            }
        }
    }

    pub(super) async fn run_watch(self: &Arc<Self>) {
        let rules = &self.rules;
        let (by_silence, by_the_clock) = (&rules.by_silence, &rules.by_the_clock);
        let shortest = [by_silence, by_the_clock]
            .into_iter()
            .flat_map(|beats| [beats.interval, beats.timeout, beats.join])
            .chain([rules.message_timeout])
            .min()
            .unwrap_or(ROUND[1]);
        let round = (shortest / ROUNDS_PER_SPAN).clamp(ROUND[0], ROUND[1]);
        let rounds = |span: Duration| u32::try_from(span.as_nanos().div_ceil(round.as_nanos())).unwrap_or(u32::MAX);
        let spans = [by_silence, by_the_clock].map(|beats| Spans {
            ping: rounds(beats.interval),
            dead: rounds(beats.interval).saturating_add(rounds(beats.timeout)),
            join: rounds(beats.join),
            message: rounds(rules.message_timeout),
        });
        let sweep = rounds(SWEEP.min(Duration::from_millis(rules.stored_room_idle_ms) / ROUNDS_PER_SPAN)).max(1);
        let mut rounds_to_sweep = sweep;
        let mut interval = tokio::time::interval(round);
        interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            interval.tick().await;
            let tick = self.tick.fetch_add(1, Ordering::Relaxed) + 1;
            self.watch(tick, &spans);
            rounds_to_sweep -= 1;
            if rounds_to_sweep == 0 {
                rounds_to_sweep = sweep;
                self.sweep_rooms();
            }
        }
    }

    /// One round over all connections.
    fn watch(&self, tick: u32, [by_silence, by_the_clock]: &[Spans; 2]) {
        let mut concerned: Vec<(Arc<Reader>, Option<Close>)> = Vec::new();
        for Present(reader) in self.readers().iter() {
            let spans = if reader.wire().pings_by_the_clock() { by_the_clock } else { by_silence };
            let silent = tick.saturating_sub(reader.last_heard());
            let verdict = if reader.is_held() {
                // It is not being read while its command is kept.
                None
            } else if silent >= spans.dead {
                Some(Close::Silent)
            } else if reader.message_begun().is_some_and(|begun| tick.saturating_sub(begun) >= spans.message) {
                Some(Close::PolicyViolation)
            } else if !reader.was_seated() && tick.saturating_sub(reader.entered()) >= spans.join {
                Some(Close::NothingJoined)
            } else {
                None
            };
            if verdict.is_some() || silent >= spans.ping {
                concerned.push((reader.clone(), verdict));
            }
        }
        for reader in self.admissions.over(unix_seconds()) {
            concerned.push((reader, Some(Close::TokenExpired)));
        }
        // Written to after the list is free again.
        for (reader, verdict) in concerned {
            match verdict {
                Some(why) => reader.close(why),
                None => reader.ping(),
            }
        }
    }
}

/// Spans in rounds of the watch.
struct Spans {
    ping: u32,
    dead: u32,
    join: u32,
    message: u32,
}

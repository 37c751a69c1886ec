//! When to connect, when to wait, when to give up: a pure machine. It opens no socket and has no clock; whoever has both
//! does what [`Link::state`] says.

use std::time::Duration;

use crate::protocol::Close;

/// Upper bounds of the wait before each try in a row. The wait is drawn between nothing and the bound, so that clients do
/// not return in step.
const DELAYS: [Duration; 6] = [
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
    Duration::from_secs(15),
];
/// So many tries in a row that did not get through, and a person is asked.
const FAILURES_UNTIL_STOP: u32 = 10;
/// A connection that lived shorter than this is flapping, and waits a little longer each time.
const STEADY: Duration = Duration::from_secs(5);
/// Flapping alone never waits longer than this entry of [`DELAYS`]: the server does let us in.
const FLAPPING_STEP: usize = 3;
/// What a server may ask for at most.
const LONGEST_WAIT: Duration = Duration::from_mins(5);
/// Kept for being shut out of a room.
const SHUT_OUT: u16 = 4403;

/// How a connection ended, or did not come about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ended {
    /// The server's close code; 0 if it was cut, given up, or never there. Whoever is turned away at the handshake for want of
    /// a good token (401) has the code of a token that ran out, 4401: the same is to be done.
    pub code: u16,
    /// Words for a person; they may be a server's.
    pub reason: String,
    /// The server asked to be left alone for so long.
    pub retry_after: Option<Duration>,
}

/// How the connection stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkState {
    /// No room is wanted.
    Idle,
    /// Under way: how many tries there were since the last welcome, with this one.
    Connecting {
        /// From 1.
        attempt: u32,
    },
    /// Welcomed.
    Live,
    /// To be tried again.
    Waiting {
        /// How many tries there were, with the next one.
        attempt: u32,
        /// When.
        until: Duration,
        /// Why it is not live.
        reason: String,
        /// The server said that it stops and comes back.
        restarts: bool,
    },
    /// Tried too often without success. [`Chat::reconnect`](super::Chat::reconnect) goes on.
    Stopped {
        /// So often.
        attempts: u32,
        /// Why the last one failed.
        reason: String,
    },
    /// The server lets nobody in without a token, and has none of ours that is good, or good any more. With another one
    /// [`Chat::reconnect`](super::Chat::reconnect) goes on where it ended.
    Denied {
        /// The server's words.
        reason: String,
    },
    /// The server said not to come back by oneself.
    Closed {
        /// The close code.
        code: u16,
        /// The server's words.
        reason: String,
    },
}

/// The machine.
#[derive(Debug)]
pub(super) struct Link {
    state: LinkState,
    /// Tries since the last welcome that failed.
    failures: u32,
    /// Index into [`DELAYS`] of the next wait.
    step: usize,
    welcomed_at: Duration,
    /// The server said that it stops and comes back, and it has not been reached since.
    restarts: bool,
}

impl Link {
    pub(super) const fn new() -> Self {
        Self { state: LinkState::Idle, failures: 0, step: 0, welcomed_at: Duration::ZERO, restarts: false }
    }

    pub(super) fn state(&self) -> &LinkState {
        &self.state
    }

    pub(super) fn is_live(&self) -> bool {
        self.state == LinkState::Live
    }

    pub(super) fn is_connecting(&self) -> bool {
        matches!(self.state, LinkState::Connecting { .. })
    }

    /// When the wait is over.
    pub(super) fn due(&self) -> Option<Duration> {
        match self.state {
            LinkState::Waiting { until, .. } => Some(until),
            LinkState::Idle
            | LinkState::Connecting { .. }
            | LinkState::Live
            | LinkState::Stopped { .. }
            | LinkState::Denied { .. }
            | LinkState::Closed { .. } => None,
        }
    }

    /// There is something to be connected for. Is it to be done now?
    pub(super) fn wanted(&mut self) -> bool {
        if self.state != LinkState::Idle {
            return false;
        }
        (self.failures, self.step) = (0, 0);
        self.tries()
    }

    /// There is nothing more to be connected for.
    pub(super) fn unwanted(&mut self) {
        *self = Self::new();
    }

    pub(super) fn welcomed(&mut self, now: Duration) {
        (self.state, self.failures, self.welcomed_at, self.restarts) = (LinkState::Live, 0, now, false);
    }

    /// The wait is over. Is it to be tried now?
    pub(super) fn is_due(&mut self, now: Duration) -> bool {
        self.due().is_some_and(|until| now >= until) && self.tries()
    }

    /// A person asks for it. Is it to be tried now?
    pub(super) fn now(&mut self) -> bool {
        match self.state {
            LinkState::Waiting { .. } => self.tries(),
            LinkState::Stopped { .. } | LinkState::Denied { .. } | LinkState::Closed { .. } => {
                (self.failures, self.step) = (0, 0);
                self.tries()
            }
            LinkState::Idle | LinkState::Connecting { .. } | LinkState::Live => false,
        }
    }

    fn tries(&mut self) -> bool {
        self.state = LinkState::Connecting { attempt: self.failures + 1 };
        true
    }

    /// The connection ended. `asked`: what a `goaway` (`restarts`: then for this client alone) or an `error` asked for.
    /// `chance`: between 0 and 1.
    pub(super) fn lost(
        &mut self,
        ended: Ended,
        asked: Option<Duration>,
        restarts: bool,
        now: Duration,
        chance: &mut impl FnMut() -> f64,
    ) {
        let was_live = self.is_live();
        if !was_live && !self.is_connecting() {
            return;
        }
        let Ended { code, reason, retry_after } = ended;
        if code == Close::TokenExpired.code() {
            self.state = LinkState::Denied { reason };
            return;
        }
        let known = Close::ALL.into_iter().find(|close| close.code() == code);
        if code == SHUT_OUT || known.is_some_and(|close| !close.may_return()) {
            self.state = LinkState::Closed { code, reason };
            return;
        }
        let asked = asked.or(retry_after).or_else(|| least(code)).unwrap_or_default().min(LONGEST_WAIT);
        let is_steady = was_live && now.saturating_sub(self.welcomed_at) >= STEADY;
        let step = match (is_steady, was_live) {
            (true, _) => 0,
            (false, true) => self.step.min(FLAPPING_STEP),
            (false, false) => self.step.min(DELAYS.len() - 1),
        };
        self.step = step + 1;
        self.failures = if was_live { 0 } else { self.failures + 1 };
        if self.failures >= FAILURES_UNTIL_STOP {
            self.state = LinkState::Stopped { attempts: self.failures, reason };
            return;
        }
        let wait = if restarts {
            // Everybody was given another time, so that nothing is to be added.
            asked
        } else {
            // Everybody was told the same: up to a fifth is added by chance.
            asked.mul_f64(1.0 + chance() / 5.0).max(DELAYS[step].mul_f64(chance()))
        };
        self.restarts |= restarts;
        let (attempt, until, restarts) = (self.failures + 1, now + wait, self.restarts);
        self.state = LinkState::Waiting { attempt, until, reason, restarts };
    }
}

/// The least wait after a close that says "later" without saying when.
fn least(code: u16) -> Option<Duration> {
    match code {
        1013 => Some(Duration::from_secs(5)),
        4429 => Some(Duration::from_secs(15)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut() -> Ended {
        Ended { reason: "cut".to_owned(), ..Ended::default() }
    }

    /// How long it waits.
    fn waits(link: &Link, now: Duration) -> Duration {
        link.due().unwrap_or_else(|| panic!("{:?}", link.state())).saturating_sub(now)
    }

    #[test]
    fn waits_grow_until_a_person_is_asked_and_begin_anew_after_a_steady_connection() {
        let (mut link, mut now) = (Link::new(), Duration::ZERO);
        assert!(link.wanted() && !link.wanted());
        for n in 0..9 {
            link.lost(cut(), None, false, now, &mut || 1.0);
            assert_eq!(waits(&link, now), DELAYS[n.min(5)]);
            now = link.due().expect("a wait");
            assert!(!link.is_due(now.saturating_sub(Duration::from_millis(1))) && link.is_due(now));
        }
        link.lost(cut(), None, false, now, &mut || 1.0);
        assert!(matches!(link.state(), LinkState::Stopped { attempts: 10, .. }));
        assert!(!link.is_due(now * 2) && link.now());
        link.welcomed(now);
        link.lost(cut(), None, false, now + STEADY, &mut || 1.0);
        assert_eq!(waits(&link, now + STEADY), DELAYS[0]);
    }

    #[test]
    fn a_connection_that_flaps_waits_longer_but_never_gives_up() {
        let mut link = Link::new();
        link.wanted();
        let mut longest = Duration::ZERO;
        for n in 0..50 {
            let now = Duration::from_mins(n);
            link.welcomed(now);
            link.lost(cut(), None, false, now, &mut || 1.0);
            longest = longest.max(waits(&link, now));
            assert!(link.now());
        }
        assert_eq!(longest, DELAYS[FLAPPING_STEP]);
    }

    #[test]
    fn the_servers_wish_is_the_least() {
        let second = Duration::from_secs(1);
        for (code, asked, restarts, chance, wanted) in [
            (1012, Some(second * 7), true, 1.0, second * 7),
            (1012, Some(second * 10), false, 1.0, second * 12),
            (1013, None, false, 0.0, second * 5),
            (4429, None, false, 0.0, second * 15),
            (0, Some(second * 1_000_000), false, 0.0, LONGEST_WAIT),
        ] {
            let mut link = Link::new();
            link.wanted();
            link.welcomed(Duration::ZERO);
            link.lost(Ended { code, ..cut() }, asked, restarts, second, &mut || chance);
            assert_eq!(waits(&link, second), wanted, "{code}");
        }
    }

    #[test]
    fn who_is_told_not_to_come_back_stays_away_until_a_person_says_otherwise() {
        for close in Close::ALL {
            let mut link = Link::new();
            link.wanted();
            link.welcomed(Duration::ZERO);
            link.lost(Ended { code: close.code(), ..cut() }, None, false, Duration::ZERO, &mut || 0.5);
            let stays_away = matches!(link.state(), LinkState::Closed { .. } | LinkState::Denied { .. });
            assert_eq!(matches!(link.state(), LinkState::Denied { .. }), close == Close::TokenExpired);
            assert_eq!(stays_away, !close.may_return(), "{close:?}");
            assert!(link.now());
        }
    }
}

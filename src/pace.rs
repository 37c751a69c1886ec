//! How fast one connection may go on, and when its patience with refusals ends. Time is passed in.

use std::time::Duration;

use crate::limits::{Bucket, Rate};
use crate::protocol::{Close, Code, Refusal};

/// Refusals for speed at once, after which a connection is closed: it does not listen. Somebody who waits when told is
/// refused about as often as served, and never gets there.
pub const DEAF_AFTER: u32 = 500;

/// The rates of one connection, made from the settings once.
#[derive(Clone, Copy, Debug)]
pub struct Rates {
    /// Commands that cost something.
    pub commands: Rate,
    /// Refusals for speed.
    pub refusals: Rate,
    /// Frames that are no command.
    pub bad_requests: Rate,
    /// Pings and pongs.
    pub controls: Rate,
    /// Typing signals.
    pub typing: Rate,
}

/// One connection's pace.
#[derive(Debug, Default)]
pub struct Pace {
    commands: Bucket,
    refusals: Bucket,
    bad_requests: Bucket,
    controls: Bucket,
    /// Until then everything is refused, so that what follows a refused line does not overtake it.
    held_until: Duration,
}

impl Pace {
    /// Takes a permit for a command.
    ///
    /// # Errors
    /// [`Code::RateLimited`] with the time to wait. Until that time every command is refused: a sender's lines keep
    /// their order when it sends the refused ones again.
    pub fn command(&mut self, rates: &Rates, now: Duration) -> Result<(), Refusal> {
        if let Some(wait) = self.held_until.checked_sub(now).filter(|wait| !wait.is_zero()) {
            return Err(too_fast(wait));
        }
        self.commands.take(rates.commands, now).map_err(|wait| {
            self.held_until = now + wait;
            too_fast(wait)
        })
    }

    /// Counts a refusal. Says why to part when there were too many for speed.
    pub fn refused(&mut self, refusal: &Refusal, rates: &Rates, now: Duration) -> Option<Close> {
        if refusal.code != Code::RateLimited {
            return None;
        }
        self.refusals.take(rates.refusals, now).is_err().then_some(Close::TooFast)
    }

    /// Counts a frame that is no command. Says why to part when there were too many.
    pub fn bad_request(&mut self, rates: &Rates, now: Duration) -> Option<Close> {
        self.bad_requests.take(rates.bad_requests, now).is_err().then_some(Close::PolicyViolation)
    }

    /// Counts a ping or pong. Says why to part when there were too many.
    pub fn control(&mut self, rates: &Rates, now: Duration) -> Option<Close> {
        self.controls.take(rates.controls, now).is_err().then_some(Close::PolicyViolation)
    }
}

fn too_fast(wait: Duration) -> Refusal {
    // Rounded up: who comes back then is not refused again for a fraction.
    Refusal::rate_limited(wait.as_millis() as u64 + 1)
}

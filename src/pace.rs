//! How fast one connection may go on, and when its patience with refusals ends. Time is passed in.

use std::time::Duration;

use crate::limits::{Bucket, Rate};
use crate::protocol::{Close, Code, Refusal};

/// Refusals for speed at once, after which a connection is closed: it does not listen. Somebody who waits when told is
/// refused about as often as served, and never gets there.
pub const DEAF_AFTER: u32 = 500;

/// How long after it could have come a refused command counts as given up: the way there and back over a slow line. Who
/// sends it again under a new number waits as long.
const GIVEN_UP: Duration = Duration::from_millis(300);

/// The rates of one connection, made from the settings once.
#[derive(Clone, Copy, Debug)]
pub struct Rates {
    /// Commands that cost something.
    pub commands: Rate,
    /// Joins, beside what every command costs.
    pub joins: Rate,
    /// Refusals for speed.
    pub refusals: Rate,
    /// Frames that are no command.
    pub bad_requests: Rate,
    /// Pings and pongs.
    pub controls: Rate,
    /// Typing signals.
    pub typing: Rate,
}

/// One connection's pace. Small while its client behaves: thousands of connections have one each.
#[derive(Debug, Default)]
pub struct Pace {
    commands: Bucket,
    joins: Bucket,
    controls: Bucket,
    typing: Bucket,
    record: Option<Box<Record>>,
}

/// What is known of a client that was refused something.
#[derive(Debug, Default)]
struct Record {
    refusals: Bucket,
    bad_requests: Bucket,
    /// The lowest numbered command that was refused for speed, and until when it is waited for. What follows it does not
    /// overtake it.
    awaited: Option<(u64, Duration)>,
}

impl Pace {
    /// Takes a permit for a command. `n` is its number, on wires that number commands.
    ///
    /// # Errors
    /// [`Code::RateLimited`] with the time to wait. Until the refused command comes again, or is given up, those numbered
    /// higher are refused too: a sender's lines keep their order, however many are under way.
    pub fn command(&mut self, rates: &Rates, now: Duration, n: Option<u64>) -> Result<(), Refusal> {
        let awaited = self.record.as_ref().and_then(|record| record.awaited).filter(|&(_, until)| now < until);
        if let (Some((first, until)), Some(n)) = (awaited, n)
            && n > first
        {
            return Err(too_fast(until.saturating_sub(now)));
        }
        match self.commands.take(rates.commands, now) {
            Ok(()) => {
                if let Some(record) = &mut self.record {
                    record.awaited = None;
                }
                Ok(())
            }
            Err(wait) => {
                self.record().awaited =
                    n.map(|n| (awaited.map_or(n, |(first, _)| first.min(n)), now + wait + GIVEN_UP));
                Err(too_fast(wait))
            }
        }
    }

    /// Takes a permit for a join, which costs everybody in the room something.
    ///
    /// # Errors
    /// [`Code::RateLimited`] with the time to wait.
    pub fn join(&mut self, rates: &Rates, now: Duration) -> Result<(), Refusal> {
        self.joins.take(rates.joins, now).map_err(too_fast)
    }

    /// Counts a refusal. Says why to part when there were too many for speed.
    pub fn refused(&mut self, refusal: &Refusal, rates: &Rates, now: Duration) -> Option<Close> {
        if refusal.code != Code::RateLimited {
            return None;
        }
        self.record().refusals.take(rates.refusals, now).is_err().then_some(Close::TooFast)
    }

    /// Counts a frame that is no command. Says why to part when there were too many.
    pub fn bad_request(&mut self, rates: &Rates, now: Duration) -> Option<Close> {
        self.record().bad_requests.take(rates.bad_requests, now).is_err().then_some(Close::PolicyViolation)
    }

    /// Takes a permit for a typing signal; what is too fast is dropped without a word.
    pub fn may_type(&mut self, rates: &Rates, now: Duration) -> bool {
        self.typing.take(rates.typing, now).is_ok()
    }

    fn record(&mut self) -> &mut Record {
        self.record.get_or_insert_default()
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

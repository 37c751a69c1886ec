//! Numbers that are the same for the same seed, so that what happened by chance can be played again.

use std::ops::Range;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A generator of numbers (splitmix64).
#[derive(Debug, Clone)]
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn of(seed: u64) -> Self {
        Self(seed)
    }

    /// Another one, for one of many who each have their own.
    pub(crate) fn for_one(seed: u64, one: u64) -> Self {
        let mut chance = Self(seed ^ one.wrapping_mul(0xd6e8_feb8_6659_fd93));
        chance.next();
        chance
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    /// One of these many.
    pub(crate) fn index(&mut self, count: usize) -> usize {
        self.below(count as u64) as usize
    }

    /// Somewhere in this span.
    pub(crate) fn span(&mut self, span: &Range<Duration>) -> Duration {
        let width = span.end.saturating_sub(span.start).as_micros() as u64;
        span.start + Duration::from_micros(self.below(width))
    }
}

/// The seed in `CHARSU_SEED`, or one by the clock.
pub(crate) fn seed() -> u64 {
    let given = std::env::var("CHARSU_SEED").ok().and_then(|seed| seed.parse().ok());
    given.unwrap_or_else(|| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        (now.as_nanos() % 1_000_000) as u64
    })
}

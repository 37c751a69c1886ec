//! How late lines come: a count for each step of about 6 %, in whole numbers.

use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Steps from one power of two to the next, and how many bits they take.
const STEPS: u64 = 16;
const BITS: u32 = STEPS.ilog2();

/// Which step a time belongs to.
fn step(micros: u64) -> usize {
    let power = micros.max(STEPS).ilog2() - BITS;
    (u64::from(power) * STEPS + (micros >> power)) as usize
}

/// The time at which a step ends.
fn end(step: usize) -> u64 {
    let (power, rest) = ((step as u64 / STEPS).saturating_sub(1), step as u64 % STEPS);
    if step as u64 >= STEPS { (STEPS + rest + 1) << power } else { rest + 1 }
}

/// Many times, without keeping each.
#[derive(Debug)]
pub(crate) struct Meter(Vec<AtomicU64>);

impl Default for Meter {
    fn default() -> Self {
        Self(std::iter::repeat_with(AtomicU64::default).take(step(u64::from(u32::MAX)) + 1).collect())
    }
}

/// Microseconds since this process began to count: what a line carries from whoever says it.
pub(crate) fn now() -> u64 {
    static BEGAN: OnceLock<Instant> = OnceLock::new();
    BEGAN.get_or_init(Instant::now).elapsed().as_micros() as u64
}

impl Meter {
    pub(crate) fn notes(&self, micros: u64) {
        let step = step(micros.min(u64::from(u32::MAX)));
        self.0[step].fetch_add(1, Ordering::Relaxed);
    }

    /// Begins anew.
    pub(crate) fn clear(&self) {
        for count in &self.0 {
            count.store(0, Ordering::Relaxed);
        }
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.iter().map(|count| count.load(Ordering::Relaxed)).sum()
    }

    /// The time that so many in a thousand stay under.
    pub(crate) fn per_mille(&self, share: u64) -> Duration {
        let wanted = self.count() * share / 1000;
        let mut seen = 0;
        let step = self.0.iter().position(|count| {
            seen += count.load(Ordering::Relaxed);
            seen > wanted
        });
        Duration::from_micros(step.map_or(0, end))
    }
}

impl fmt::Display for Meter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (half, most, all) = (self.per_mille(500), self.per_mille(990), self.per_mille(999));
        write!(f, "{} deliveries, p50 {half:?}, p99 {most:?}, p99.9 {all:?}", self.count())
    }
}

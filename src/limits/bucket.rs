//! How often something may happen, in eight bytes for each one of whom it is counted. Time is passed in, as the span since
//! the process began to serve; no clock is known here.

use std::time::Duration;

/// A rate with a burst, for [`Bucket`]. `Rate::UNLIMITED` lets everything through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Nanoseconds that one permit costs.
    interval: u64,
    /// Nanoseconds a bucket may be ahead of the clock: the burst, less the permit that is being taken.
    tolerance: u64,
}

impl Rate {
    /// Never refuses.
    pub const UNLIMITED: Self = Self { interval: 0, tolerance: u64::MAX };

    /// `count` permits in each `period`, of which `burst` (at least 1) may be taken at once.
    /// A count of `u32::MAX` means no limit.
    pub fn new(count: u32, period: Duration, burst: u32) -> Self {
        if count == u32::MAX {
            return Self::UNLIMITED;
        }
        let period = u64::try_from(period.as_nanos()).unwrap_or(u64::MAX);
        let interval = (period / u64::from(count.max(1))).max(1);
        let tolerance = interval.saturating_mul(u64::from(burst.max(1)) - 1);
        Self { interval, tolerance }
    }

    /// `count` permits per second.
    pub fn per_second(count: u32, burst: u32) -> Self {
        Self::new(count, Duration::from_secs(1), burst)
    }

    /// `count` permits per minute, all of which may be taken at once.
    pub fn per_minute(count: u32) -> Self {
        Self::new(count, Duration::from_mins(1), count)
    }
}

/// One token bucket in 8 bytes, by the generic cell rate algorithm: it stores the moment at which the bucket is full again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bucket {
    full_at: u64,
}

impl Bucket {
    /// Takes one permit, or tells how long to wait for one. A refusal costs nothing.
    ///
    /// # Errors
    /// The time until the next permit, when none is left.
    pub fn take(&mut self, rate: Rate, now: Duration) -> Result<(), Duration> {
        let now = nanoseconds(now);
        let ahead = self.full_at.saturating_sub(now);
        if ahead > rate.tolerance {
            return Err(Duration::from_nanos(ahead - rate.tolerance));
        }
        self.full_at = now.max(self.full_at).saturating_add(rate.interval);
        Ok(())
    }

    /// How long to wait for the next permit; zero when there is one. Takes nothing.
    pub fn wait(&self, rate: Rate, now: Duration) -> Duration {
        let ahead = self.full_at.saturating_sub(nanoseconds(now));
        Duration::from_nanos(ahead.saturating_sub(rate.tolerance))
    }

    /// Nothing has to be remembered of this bucket any more.
    pub fn is_full(&self, now: Duration) -> bool {
        self.full_at <= nanoseconds(now)
    }
}

fn nanoseconds(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Duration = Duration::from_hours(12);

    fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    #[test]
    fn a_bucket_lets_the_burst_through_and_then_the_rate() {
        let rate = Rate::per_second(20, 40);
        let mut bucket = Bucket::default();
        for _ in 0..40 {
            assert_eq!(bucket.take(rate, NOON), Ok(()));
        }
        assert_eq!(bucket.take(rate, NOON), Err(ms(50)));
        assert_eq!(bucket.take(rate, NOON + ms(49)), Err(ms(1)), "a refusal costs nothing");
        assert_eq!(bucket.take(rate, NOON + ms(50)), Ok(()));
        assert_eq!(bucket.wait(rate, NOON + ms(50)), ms(50));
        assert!(!bucket.is_full(NOON + ms(2049)));
        assert!(bucket.is_full(NOON + ms(2050)));
    }

    #[test]
    fn over_ten_minutes_a_bucket_gives_the_rate_and_one_burst() {
        let rate = Rate::per_minute(30);
        let mut bucket = Bucket::default();
        let granted = (0..600_000).step_by(10).filter(|&t| bucket.take(rate, NOON + ms(t)).is_ok()).count();
        assert_eq!(granted, 30 + 299);
    }

    #[test]
    fn a_rate_without_limit_never_refuses() {
        let rate = Rate::per_second(u32::MAX, u32::MAX);
        let mut bucket = Bucket::default();
        assert!((0..1000).all(|_| bucket.take(rate, NOON).is_ok()));
        assert!(bucket.is_full(NOON));
    }

    #[test]
    fn a_clock_that_stands_still_or_starts_at_zero_is_no_trouble() {
        let rate = Rate::per_minute(1);
        let mut bucket = Bucket::default();
        assert_eq!(bucket.take(rate, Duration::ZERO), Ok(()));
        assert_eq!(bucket.take(rate, Duration::ZERO), Err(Duration::from_mins(1)));
        assert_eq!(bucket.take(rate, Duration::MAX), Ok(()));
    }

    #[test]
    fn a_bucket_takes_eight_bytes() {
        assert_eq!(size_of::<Bucket>(), 8);
    }
}

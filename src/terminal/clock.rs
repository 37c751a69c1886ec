//! The server's times as the people before this terminal read them.

use tz::{DateTime, TimeZone};

/// The end of the year 9999, in Unix seconds: no chat is later.
const END: i64 = 253_402_300_800;

/// A time zone.
#[derive(Debug, Clone)]
pub struct Clock(TimeZone);

/// A day: year, month and day of the month.
pub type Day = (i32, u8, u8);

impl Clock {
    /// Of a zone.
    pub fn of(zone: TimeZone) -> Self {
        Self(zone)
    }

    /// Without a zone.
    pub fn utc() -> Self {
        Self(TimeZone::utc())
    }

    fn at(&self, at: u64) -> Option<DateTime> {
        let seconds = i64::try_from(at / 1000).ok().filter(|seconds| (1..END).contains(seconds))?;
        DateTime::from_timespec(seconds, 0, self.0.as_ref()).ok()
    }

    /// The time of day, as `9:43`; empty where there is none. `at`: Unix milliseconds.
    pub fn time(&self, at: u64) -> String {
        self.at(at).map(|time| format!("{}:{:02}", time.hour(), time.minute())).unwrap_or_default()
    }

    /// The day.
    pub fn day(&self, at: u64) -> Option<Day> {
        self.at(at).map(|time| (time.year(), time.month(), time.month_day()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_that_of_the_zone() {
        let at = 1_764_000_000_123;
        assert_eq!((Clock::utc().time(at), Clock::utc().day(at)), ("16:00".to_owned(), Some((2025, 11, 24))));
        let tehran = Clock::of(TimeZone::fixed(12_600).expect("a zone"));
        assert_eq!(tehran.time(at + 18_000_000), "0:30");
        assert_eq!(tehran.day(at + 18_000_000), Some((2025, 11, 25)));
        assert_eq!((tehran.time(0), tehran.day(1 << 60)), (String::new(), None));
    }
}

//! Typing signals, both ways. They have no number, may be lost, and mean nothing after a while. Times are those of the
//! caller.

use std::time::Duration;

/// A signal is sent at most this often.
const EVERY: Duration = Duration::from_secs(1);
/// So long after the last key one has stopped.
const STOPPED: Duration = Duration::from_secs(2);
/// So long a signal of others holds.
const HOLDS: Duration = Duration::from_secs(3);

/// What one has told a room of one's own typing.
#[derive(Debug, Default)]
pub(super) struct Keys {
    told_at: Option<Duration>,
    /// The last key, while others think that one types.
    key_at: Option<Duration>,
}

impl Keys {
    /// A key was pressed. Is that to be told now?
    pub(super) fn pressed(&mut self, now: Duration) -> bool {
        let is_told = self.key_at.is_some();
        if self.told_at.is_some_and(|at| now.saturating_sub(at) < EVERY) {
            // Told a moment ago: it still holds, or it is too soon to begin again.
            self.key_at = is_told.then_some(now);
            return false;
        }
        (self.told_at, self.key_at) = (Some(now), Some(now));
        true
    }

    /// When one will have stopped.
    pub(super) fn stops_at(&self) -> Option<Duration> {
        self.key_at.map(|at| at + STOPPED)
    }

    /// One has stopped, or said it. Is that to be told?
    pub(super) fn stops(&mut self) -> bool {
        self.key_at.take().is_some()
    }
}

/// Others who type: until when, by member number.
#[derive(Debug, Default)]
pub(super) struct Typists(Vec<(u32, Duration)>);

impl Typists {
    /// Somebody types, or stopped. Is that news?
    pub(super) fn hears(&mut self, from: u32, on: bool, now: Duration) -> bool {
        let before = self.0.len();
        self.0.retain(|(id, _)| *id != from);
        let was_typing = self.0.len() < before;
        if on {
            self.0.push((from, now + HOLDS));
        }
        was_typing != on
    }

    /// Lets those go whose signal no longer holds. Are there any?
    pub(super) fn fade(&mut self, now: Duration) -> bool {
        let before = self.0.len();
        self.0.retain(|(_, until)| *until > now);
        self.0.len() < before
    }

    pub(super) fn fades_at(&self) -> Option<Duration> {
        self.0.iter().map(|(_, until)| *until).min()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.0.iter().map(|(id, _)| *id)
    }

    /// Nobody types that one would hear of. Is that news?
    pub(super) fn clear(&mut self) -> bool {
        let was_somebody = !self.0.is_empty();
        self.0.clear();
        was_somebody
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn keys_are_told_once_a_second_and_their_end_once() {
        let mut keys = Keys::default();
        let told: Vec<bool> = [0, 300, 900, 1000, 1500].map(|at| keys.pressed(ms(at))).to_vec();
        assert_eq!(told, [true, false, false, true, false]);
        assert_eq!(keys.stops_at(), Some(ms(3500)));
        assert!(keys.stops() && !keys.stops());
        assert!(!keys.pressed(ms(1600)) && keys.stops_at().is_none());
        assert!(keys.pressed(ms(2100)));
    }

    #[test]
    fn who_is_not_heard_of_again_does_not_type() {
        let mut typists = Typists::default();
        assert!(typists.hears(1, true, ms(0)) && !typists.hears(1, true, ms(1000)) && typists.hears(2, true, ms(500)));
        assert_eq!(typists.fades_at(), Some(ms(3500)));
        assert!(typists.fade(ms(3500)) && !typists.fade(ms(3999)));
        assert_eq!(typists.iter().collect::<Vec<_>>(), [1]);
        assert!(typists.hears(1, false, ms(3999)) && !typists.hears(1, false, ms(3999)));
    }
}

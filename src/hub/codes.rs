//! Which six-digit codes are given out and wait for their first member, and which rest in quarantine after their room.

use std::collections::HashMap;

use crate::code::Code;

/// All codes there can be.
const CODES: usize = 1_000_000;

/// How many random codes are tried before the server says that it is full. With a tenth of all codes free, one try in
/// 10^46 runs out.
const TRIES: usize = 1000;

/// The book of codes. Time is milliseconds of the hub's clock.
#[derive(Debug)]
pub struct Codes {
    /// Given out, not joined yet; until when.
    waiting: HashMap<u32, u64>,
    /// Codes of ended rooms: this period's and the one's before. A code is free when it is in neither, so it rests for one
    /// to two periods.
    resting: [Bitmap; 2],
    /// When the current period began.
    period_began: u64,
    wait_ms: u64,
    quarantine_ms: u64,
}

#[derive(Debug)]
struct Bitmap(Box<[u64]>);

impl Codes {
    /// Periods in milliseconds; a quarantine of 0 frees a code at once.
    pub fn new(wait_ms: u64, quarantine_ms: u64) -> Self {
        Self {
            waiting: HashMap::new(),
            resting: [Bitmap::new(), Bitmap::new()],
            period_began: 0,
            wait_ms,
            quarantine_ms,
        }
    }

    /// Gives out a code that is free: nobody waits for it, it does not rest, and `is_live` says no.
    /// `None` if none was found.
    pub fn give(
        &mut self,
        now: u64,
        mut random: impl FnMut(&mut [u8]),
        is_live: impl Fn(Code) -> bool,
    ) -> Option<Code> {
        self.turn(now);
        for _ in 0..TRIES {
            let code = Code::random(&mut random);
            if !self.is_waiting(code, now) && !self.is_resting(code) && !is_live(code) {
                self.waiting.insert(code.number(), now + self.wait_ms);
                return Some(code);
            }
        }
        None
    }

    /// Whether it was given out and waits for its first member.
    pub fn is_waiting(&self, code: Code, now: u64) -> bool {
        self.waiting.get(&code.number()).is_some_and(|&until| until > now)
    }

    /// Whether it rests after its room.
    pub fn is_resting(&self, code: Code) -> bool {
        self.resting.iter().any(|period| period.has(code))
    }

    /// It waits for its first member, until then.
    pub fn wait(&mut self, code: Code, until: u64) {
        self.waiting.insert(code.number(), until);
    }

    /// Its first member came: it is a room now.
    pub fn take(&mut self, code: Code, now: u64) -> bool {
        let is_waiting = self.is_waiting(code, now);
        self.waiting.remove(&code.number());
        self.give_memory_back();
        is_waiting
    }

    /// Its room ended.
    pub fn rest(&mut self, code: Code, now: u64) {
        self.turn(now);
        if self.quarantine_ms > 0 {
            self.resting[0].set(code);
        }
    }

    /// How many wait for their first member.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Forgets codes that waited in vain, and says which.
    pub fn sweep(&mut self, now: u64) -> Vec<u32> {
        self.turn(now);
        let expired: Vec<u32> =
            self.waiting.iter().filter(|(_, until)| **until <= now).map(|(&code, _)| code).collect();
        for code in &expired {
            self.waiting.remove(code);
        }
        self.give_memory_back();
        expired
    }

    /// Begins a new period of quarantine when it is time.
    fn turn(&mut self, now: u64) {
        if self.quarantine_ms == 0 || now < self.period_began + self.quarantine_ms {
            return;
        }
        if now >= self.period_began + 2 * self.quarantine_ms {
            self.resting[0].clear();
        }
        self.resting.swap(0, 1);
        self.resting[0].clear();
        self.period_began = now;
    }

    fn give_memory_back(&mut self) {
        if self.waiting.is_empty() {
            self.waiting = HashMap::new();
        } else if self.waiting.capacity() > 64 && self.waiting.len() < self.waiting.capacity() / 8 {
            self.waiting.shrink_to(self.waiting.len() * 2);
        }
    }
}

impl Bitmap {
    fn new() -> Self {
        Self(vec![0; CODES.div_ceil(64)].into())
    }

    fn set(&mut self, code: Code) {
        self.0[code.number() as usize / 64] |= 1 << (code.number() % 64);
    }

    fn has(&self, code: Code) -> bool {
        self.0[code.number() as usize / 64] & (1 << (code.number() % 64)) != 0
    }

    fn clear(&mut self) {
        self.0.fill(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3_600_000;

    fn counting() -> impl FnMut(&mut [u8]) {
        let mut state = 1_u64;
        move |bytes| {
            for byte in bytes {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                *byte = (state >> 33) as u8;
            }
        }
    }

    #[test]
    fn a_code_waits_for_its_first_member_only_so_long() {
        let mut codes = Codes::new(24 * HOUR, 24 * HOUR);
        let code = codes.give(0, counting(), |_| false).expect("all are free");
        assert!(codes.is_waiting(code, 23 * HOUR));
        assert!(!codes.is_waiting(code, 24 * HOUR));
        codes.sweep(24 * HOUR);
        assert_eq!(codes.waiting(), 0);
    }

    #[test]
    fn an_ended_code_is_not_given_again_before_a_day() {
        let mut codes = Codes::new(24 * HOUR, 24 * HOUR);
        let code = codes.give(0, counting(), |_| false).expect("all are free");
        assert!(codes.take(code, HOUR));
        codes.rest(code, 20 * HOUR);
        for hour in 20..44 {
            codes.sweep(hour * HOUR);
            assert!(codes.is_resting(code), "after {hour} h");
            assert_ne!(codes.give(hour * HOUR, counting(), |_| false), Some(code), "the same random numbers");
        }
        codes.sweep(72 * HOUR);
        assert!(!codes.is_resting(code));
    }

    #[test]
    fn a_live_code_is_never_given() {
        let mut codes = Codes::new(HOUR, HOUR);
        let first = codes.give(0, counting(), |_| false).expect("all are free");
        let mut codes = Codes::new(HOUR, HOUR);
        assert_ne!(codes.give(0, counting(), |code| code == first), Some(first));
        assert_eq!(codes.give(0, counting(), |_| true), None, "it gives up rather than search for ever");
    }
}

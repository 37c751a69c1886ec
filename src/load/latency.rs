//! How long deliveries took: a count for each step of about 3 %, so that millions cost no memory.

/// Steps from one power of two to the next, and how many bits they take.
const STEPS: u64 = 32;
const BITS: u32 = STEPS.ilog2();
/// Longer times count as this: over an hour.
const LONGEST: u64 = u32::MAX as u64;

/// Many times, in microseconds.
#[derive(Debug, Clone)]
pub struct Latencies {
    counts: Vec<u64>,
    count: u64,
    longest: u64,
}

impl Default for Latencies {
    fn default() -> Self {
        Self { counts: vec![0; step(LONGEST) + 1], count: 0, longest: 0 }
    }
}

/// Which step a time belongs to.
fn step(micros: u64) -> usize {
    let power = micros.max(STEPS).ilog2() - BITS;
    (u64::from(power) * STEPS + (micros >> power)) as usize
}

/// The longest time of a step.
fn end(step: usize) -> u64 {
    let (power, rest) = ((step as u64 / STEPS).saturating_sub(1), step as u64 % STEPS);
    if step as u64 >= STEPS { ((STEPS + rest + 1) << power) - 1 } else { rest }
}

impl Latencies {
    /// One more.
    pub fn note(&mut self, micros: u64) {
        self.counts[step(micros.min(LONGEST))] += 1;
        self.count += 1;
        self.longest = self.longest.max(micros);
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The longest of all.
    pub fn longest(&self) -> u64 {
        self.longest
    }

    /// The time within which so many in a thousand came; 0 if there are none.
    pub fn per_mille(&self, share: u64) -> u64 {
        let wanted = (self.count * share).div_ceil(1000).max(1);
        let mut seen = 0;
        let step = self.counts.iter().position(|count| {
            seen += count;
            seen >= wanted
        });
        step.map_or(0, |step| end(step).min(self.longest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_right_within_three_per_cent() {
        let mut latencies = Latencies::default();
        assert_eq!(latencies.per_mille(500), 0);
        for micros in 1..=100_000 {
            latencies.note(micros);
        }
        for (share, wanted) in [(500, 50_000), (990, 99_000), (999, 99_900)] {
            let found = latencies.per_mille(share);
            assert!((wanted..=wanted + wanted / 30).contains(&found), "{share}: {found}");
        }
        assert_eq!((latencies.longest(), latencies.count()), (100_000, 100_000));
        latencies.note(u64::MAX);
        assert_eq!(latencies.per_mille(1000), LONGEST);
    }

    #[test]
    fn every_time_lies_in_its_step() {
        for micros in (0..4096).chain([1 << 20, (1 << 20) + 1, LONGEST]) {
            let step = step(micros);
            assert!(end(step) >= micros && (step == 0 || end(step - 1) < micros), "{micros}");
        }
    }
}

//! Ends the process at a chosen step of a write, so that a test can look at what is left. Without the feature
//! `failpoints` every step passes.

/// A step of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Before an event's rows are written.
    BeforeInsert,
    /// The whole group is written and not committed.
    BeforeCommit,
    /// It is committed and nobody knows.
    AfterCommit,
    /// Some of those who are in the room were told, the sender perhaps among them.
    AfterAck,
}

/// Passes a step.
#[cfg(not(feature = "failpoints"))]
#[inline]
pub fn pass(_: Step) {}

#[cfg(feature = "failpoints")]
pub use armed::{arm, pass};

#[cfg(feature = "failpoints")]
mod armed {
    use std::str::FromStr;
    use std::sync::{Mutex, PoisonError};

    use super::Step;

    /// Where to end, and how many passings before that.
    static CHOSEN: Mutex<Option<(Step, u64)>> = Mutex::new(None);

    /// Chooses a step: the process ends at its `nth` passing, counted from 1.
    pub fn arm(step: Step, nth: u64) {
        *CHOSEN.lock().unwrap_or_else(PoisonError::into_inner) = Some((step, nth));
    }

    /// Passes a step, or ends the process there.
    pub fn pass(step: Step) {
        let mut chosen = CHOSEN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((chosen, left)) = chosen.as_mut().filter(|(chosen, _)| *chosen == step) {
            *left = left.saturating_sub(1);
            if *left == 0 {
                tracing::warn!(step = ?chosen, "the process ends here, as it was asked to");
                std::process::abort();
            }
        }
    }

    impl FromStr for Step {
        type Err = String;

        /// `before_insert`, `before_commit`, `after_commit`, `after_ack`.
        fn from_str(name: &str) -> Result<Self, Self::Err> {
            match name {
                "before_insert" => Ok(Self::BeforeInsert),
                "before_commit" => Ok(Self::BeforeCommit),
                "after_commit" => Ok(Self::AfterCommit),
                "after_ack" => Ok(Self::AfterAck),
                other => Err(format!("{other} is not a step of a write")),
            }
        }
    }
}

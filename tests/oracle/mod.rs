//! The oracle: reads what every client wrote down and says everything that is wrong with it. It holds the server to the
//! promises about delivery, whatever was done to the lines and the server meanwhile:
//!
//! - the numbers of a room follow each other, or a `reset` says otherwise;
//! - one number is the same event for everybody, and a line has one number;
//! - what was acknowledged is where the acknowledgement says, for everybody whose numbers go past it, and nobody who is
//!   there at the end stops short of it;
//! - each sender's lines keep their order; nothing is heard that was not said; what was refused is not heard;
//! - a private line is read by its two, and for everybody else its number is a skip.
//!
//! Who comes by a wire that shows no numbers is held to what the others have seen: `wire.rs` has what each wire promises.
//! In its rooms there has to be somebody all the time who sees numbers.
//!
//! It knows nothing of connections and of the server. `tests/storms/oracle_itself/` holds it to finding what is wrong.
#![allow(dead_code, unused_imports, reason = "each program of the tests uses its own part of it")]

mod judge;
mod log;
mod verdict;
mod wire;

use std::path::Path;

pub(crate) use judge::{Terms, judge, judge_among};
pub(crate) use log::{Content, Entry, How, Log, Seen, Stands, Word};
pub(crate) use verdict::{Fault, Tally, Verdict, Wrong};
pub(crate) use wire::{Resends, Wire};

/// How many faults are printed: the first ones explain the others.
const SHOWN: usize = 40;

/// Holds the server to its promises. Keeps the logs of a run that breaks them, and panics with where they are.
pub(crate) fn hold(run: &str, logs: &[Log], terms: Terms) -> Tally {
    hold_among(run, &[], logs, terms)
}

/// The same where others were there who wrote nothing down, and said nothing.
pub(crate) fn hold_among(run: &str, others: &[&str], logs: &[Log], terms: Terms) -> Tally {
    let verdict = judge_among(others, logs, terms);
    println!("{run}: {}", verdict.tally);
    if verdict.faults.is_empty() {
        return verdict.tally;
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(run.replace([' ', ','], "-"));
    Log::keep_all(logs, &folder).expect("the logs can be kept");
    let shown: String = verdict.faults.iter().take(SHOWN).map(|fault| format!("\n  {fault}")).collect();
    panic!(
        "{run}: {} faults, of which the first are{shown}\nThe logs are in {}; CHARSU_LOGS=… cargo test --test \
         storms oracle_itself:: -- --ignored judges them again.",
        verdict.faults.len(),
        folder.display(),
    );
}

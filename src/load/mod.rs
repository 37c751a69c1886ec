//! A load on a chat server, from outside: many clients over real sockets who number what they send and check what comes
//! back. Any server whose WebSocket carries text can be loaded; of Charsu only the frames of `charsu.v1` are known here.
//!
//! Apart from sockets are what to do ([`Plan`]), whom to reach ([`Target`]), what to send ([`Template`]), the mark by
//! which a line is known again ([`Mark`]), who has had what ([`Tally`]) and how long it took ([`Latencies`]). Reads no
//! environment and prints nothing: progress goes to whoever asked, and what was found is a [`Report`].

mod crew;
mod latency;
mod mark;
mod member;
mod opening;
mod passes;
mod plan;
mod process;
mod report;
mod room;
mod steps;
mod tally;
mod target;
mod template;

pub use latency::Latencies;
pub use mark::Mark;
pub use passes::{Passes, Signer};
pub use plan::{Pace, Plan, Refused, Wire};
pub use process::{Cpu, Process};
pub use report::{CpuPerDelivery, Faults, Memory, Percentiles, Report};
pub use steps::{Progress, run};
pub use tally::{Heard, Tally};
pub use target::Target;
pub use template::{Blank, Template};

/// Why nothing could be measured, or not to the end.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// The plan cannot be carried out.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// A connection did not come about.
    #[error("connection {number} of {of} failed: {reason}")]
    Connect {
        /// Which, from 1.
        number: usize,
        /// How many were wanted.
        of: usize,
        /// What happened, and what to do if that is known.
        reason: String,
    },
    /// The server's process cannot be watched.
    #[error("process {pid} cannot be watched: {error}")]
    Process {
        /// Its id.
        pid: u32,
        /// What the system says.
        error: std::io::Error,
    },
}

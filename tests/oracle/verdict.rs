//! What the oracle says: every fault with where it stands, and what was looked at.

use std::collections::BTreeMap;
use std::fmt;

use super::{Wire, Word};

/// What can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Wrong {
    /// Numbers are missing, and no `reset` said so.
    Gap,
    /// A number came again, or an older one.
    Again,
    /// One number is two things.
    Differs,
    /// A line has two numbers.
    Twice,
    /// What was acknowledged is not there.
    Lost,
    /// Somebody who is there stopped short of what was acknowledged.
    Short,
    /// A line that nobody said, or a member that nobody is.
    Forged,
    /// A sender's lines changed their order.
    Disordered,
    /// A refused line was heard.
    RefusedHeard,
    /// A command was acknowledged in two ways, or one that was never given.
    Acknowledged,
    /// A line came to its sender before its acknowledgement.
    EchoFirst,
    /// A private line reached somebody whom it does not concern.
    Leaked,
    /// Somebody came or went twice, or went without having come.
    Roster,
    /// A position that nobody asked for, or no `reset` where there had to be one.
    Misplaced,
    /// A number on a connection that is not the client's, or in a room in which it is not.
    Stray,
    /// A room that had to live on began anew.
    NewLife,
    /// Somebody did not come back.
    Gone,
    /// The client broke its own rules: nothing that follows from it is the server's fault.
    Client,
}

/// One fault: at which line of whose log, and what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) wrong: Wrong,
    pub(crate) client: Word,
    /// From 1, as an editor counts.
    pub(crate) line: usize,
    pub(crate) words: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}, line {}: {}", self.wrong, self.client, self.line, self.words)
    }
}

/// How much was looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) clients: usize,
    /// Lines that clients said, each counted once.
    pub(crate) said: usize,
    pub(crate) acknowledged: usize,
    /// The same by their speakers' wires.
    pub(crate) acknowledged_by: BTreeMap<Wire, usize>,
    pub(crate) refused: usize,
    /// Numbers that came to clients.
    pub(crate) received: usize,
    pub(crate) connections: usize,
    pub(crate) resumes: usize,
    /// By their reason.
    pub(crate) resets: BTreeMap<String, usize>,
    /// Lives of rooms.
    pub(crate) lives: usize,
}

impl Tally {
    /// How many lines of those who speak by this wire were acknowledged.
    pub(crate) fn acknowledged_by(&self, wire: Wire) -> usize {
        self.acknowledged_by.get(&wire).copied().unwrap_or_default()
    }

    /// How many resets there were, for whatever reason.
    pub(crate) fn all_resets(&self) -> usize {
        self.resets.values().sum()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { clients, said, acknowledged, refused, received, connections, resumes, resets, lives, .. } = self;
        write!(
            f,
            "{clients} clients on {connections} connections said {said} lines; {acknowledged} acknowledged, {refused} \
             refused, {received} received; {resumes} resumes, resets {resets:?}, {lives} lives of rooms"
        )
    }
}

/// Everything that is wrong, and how much was looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) faults: Vec<Fault>,
    pub(crate) tally: Tally,
}

impl Verdict {
    /// Whether this is among what is wrong.
    pub(crate) fn finds(&self, wrong: Wrong) -> bool {
        self.faults.iter().any(|fault| fault.wrong == wrong)
    }
}

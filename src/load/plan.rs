//! What is to be done: how many clients, in how many rooms, how they talk and for how long. Everything has a bound, so
//! that a slip of the finger neither fills the memory nor runs for ever.

use std::path::PathBuf;
use std::time::Duration;

use super::{Blank, Passes, Target, Template};
use crate::client::{Trust, Untrusting};

/// Connections in all. One address has fewer ports than this to connect from.
const MAX_CONNECTIONS: usize = 60_000;
/// Numbers of what each has had from each, 4 bytes each: 400 MB.
const MAX_PAIRS: usize = 100_000_000;
/// Files that are open besides the connections.
const OTHER_FILES: u64 = 64;
/// Lines on the way from one sender, about 100 bytes each.
const MAX_DEPTH: usize = 10_000;
const MAX_SPAN: Duration = Duration::from_hours(24);
/// Lines a second in all. A line a microsecond is more than one process can write.
const MAX_RATE: u32 = 1_000_000;
/// Characters of a line.
const MAX_CHARS: usize = 60_000;

/// What the clients speak.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wire {
    /// `charsu.v1`: they join by a frame, number their commands, and wait for acknowledgements.
    Charsu,
    /// Whatever the server understands.
    Frames {
        /// The subprotocol to ask for.
        protocol: Option<String>,
        /// What each client sends first, in this order.
        first: Vec<Template>,
        /// A line.
        line: Template,
    },
}

/// How they talk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// Closed loop: in each round some members of a room send, and the next begins when all members have all of it.
    Rounds {
        /// How many in each room, if time does not end it before.
        rounds: u64,
        /// After this time no round begins.
        within: Duration,
        /// Members of each room that send in a round; they take turns.
        senders: usize,
        /// Lines that each of them sends at once.
        depth: usize,
    },
    /// Open loop: lines go out at random moments, whether those before have arrived or not.
    Rate {
        /// Lines a second, over all rooms.
        per_second: u32,
        /// How long.
        span: Duration,
    },
    /// They are there and say nothing.
    Idle {
        /// How long.
        span: Duration,
    },
}

/// Everything that is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Where the server is.
    pub target: Target,
    /// The file of those whose word is taken for who the server is, for `wss:`; without one that of the system's.
    pub tls_root: Option<PathBuf>,
    /// What the clients show to a server that asks for tokens.
    pub passes: Passes,
    /// Whether it may be another machine.
    pub anywhere: bool,
    /// What is spoken.
    pub wire: Wire,
    /// How many rooms.
    pub rooms: usize,
    /// Members of each.
    pub members: usize,
    /// How they talk.
    pub pace: Pace,
    /// For how long they talk before anything is measured.
    pub warm_up: Duration,
    /// How long nothing may arrive before what is missing counts as lost.
    pub patience: Duration,
    /// Characters of a line, at least.
    pub chars: usize,
    /// Whether a sender hears its own lines.
    pub echo: bool,
    /// The server's process, to be watched.
    pub pid: Option<u32>,
}

/// Why a plan cannot be carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The address cannot be read.
    #[error("{0}: an address looks like ws://127.0.0.1:8000/ws/{{room}}")]
    Url(String),
    /// Nobody can be trusted to say who the server is.
    #[error(transparent)]
    Untrusting(#[from] Untrusting),
    /// There are no tokens to show.
    #[error("{0}")]
    Tokens(String),
    /// They would be there for all to read on their way.
    #[error("tokens are not sent to {0} without TLS, where anybody on the way could read them: use wss://")]
    InClear(String),
    /// It is another machine.
    #[error("{0} is not this machine. Put load on servers of your own only; --anywhere says that this is one")]
    NotLoopback(String),
    /// Its name means nothing.
    #[error("{0} cannot be found")]
    Unknown(String),
    /// Rooms that cannot be told apart.
    #[error("{0} rooms need {{room}} in --url, in --template or in --first")]
    OneRoom(usize),
    /// A line without what makes it known again.
    #[error("--template needs {{text}}")]
    NoText,
    /// Something is zero or too much.
    #[error("{what} is {given}; it may be {least} to {most}")]
    Bound {
        /// The flag.
        what: &'static str,
        /// What was asked for.
        given: u64,
        /// The least.
        least: u64,
        /// The most.
        most: u64,
    },
    /// Who hears whom would fill the memory.
    #[error("{rooms} rooms of {members} are too many pairs of members to keep account of; --idle keeps none")]
    Pairs {
        /// Rooms.
        rooms: usize,
        /// Members of each.
        members: usize,
    },
    /// The system does not allow so many open files.
    #[error("too many open files: {wanted} are needed and {allowed} allowed. Say `ulimit -n {wanted}` first")]
    OpenFiles {
        /// What is needed.
        wanted: u64,
        /// What there may be.
        allowed: u64,
    },
}

impl Plan {
    /// Clients in all.
    pub fn connections(&self) -> usize {
        self.rooms.saturating_mul(self.members)
    }

    /// Members of a room that a line reaches.
    pub fn hearers(&self) -> usize {
        if self.echo { self.members } else { self.members - 1 }
    }

    /// Whom the clients trust; nobody if the server is reached without TLS. Each client is somebody else, whom the server has
    /// not seen before.
    ///
    /// # Errors
    /// There is nobody.
    pub(super) fn trust(&self) -> Result<Option<Trust>, Refused> {
        if !self.target.tls {
            return Ok(None);
        }
        let trust = self.tls_root.as_deref().map_or_else(|| Ok(Trust::system()), Trust::only)?;
        Ok(Some(trust.each_anew()?))
    }

    /// Whether it can be carried out where so many files may be open.
    ///
    /// # Errors
    /// The first reason against it.
    pub fn check(&self, open_files: u64) -> Result<(), Refused> {
        let within = |what, given: usize, least: usize, most: usize| {
            let [given, least, most] = [given, least, most].map(|count| count as u64);
            if (least..=most).contains(&given) { Ok(()) } else { Err(Refused::Bound { what, given, least, most }) }
        };
        within("--rooms", self.rooms, 1, MAX_CONNECTIONS)?;
        within("--members", self.members, if self.echo { 1 } else { 2 }, MAX_CONNECTIONS)?;
        within("--rooms times --members", self.connections(), 1, MAX_CONNECTIONS)?;
        within("--chars", self.chars, 1, MAX_CHARS)?;
        let in_time = |what, span: Duration| within(what, span.as_secs() as usize, 0, MAX_SPAN.as_secs() as usize);
        in_time("--patience", self.patience)?;
        in_time("--warm-up", self.warm_up)?;
        match self.pace {
            Pace::Rounds { rounds, within: span, senders, depth } => {
                within("--rounds", usize::try_from(rounds).unwrap_or(usize::MAX), 1, usize::MAX)?;
                within("--senders", senders, 1, self.members)?;
                within("--depth", depth, 1, MAX_DEPTH)?;
                in_time("--seconds", span)?;
            }
            Pace::Rate { per_second, span } => {
                within("--rate", per_second as usize, 1, MAX_RATE as usize)?;
                in_time("--seconds", span)?;
            }
            Pace::Idle { span } => in_time("--idle", span)?,
        }
        self.check_rooms()?;
        let wanted = self.connections() as u64 + OTHER_FILES;
        if wanted > open_files {
            return Err(Refused::OpenFiles { wanted, allowed: open_files });
        }
        Ok(())
    }

    fn check_rooms(&self) -> Result<(), Refused> {
        let in_frames = match &self.wire {
            Wire::Charsu => true,
            Wire::Frames { first, line, .. } => {
                if !line.has(Blank::Text) {
                    return Err(Refused::NoText);
                }
                first.iter().chain([line]).any(|template| template.has(Blank::Room))
            }
        };
        if self.rooms > 1 && !in_frames && !self.target.path.has(Blank::Room) {
            return Err(Refused::OneRoom(self.rooms));
        }
        let is_silent = matches!(self.pace, Pace::Idle { .. });
        if !is_silent && self.connections().saturating_mul(self.members) > MAX_PAIRS {
            return Err(Refused::Pairs { rooms: self.rooms, members: self.members });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> Plan {
        Plan {
            target: Target::parse("ws://127.0.0.1:8000/ws/{room}").expect("fine"),
            tls_root: None,
            passes: Passes::None,
            anywhere: false,
            wire: Wire::Charsu,
            rooms: 2,
            members: 10,
            pace: Pace::Rounds { rounds: 1, within: Duration::from_secs(1), senders: 10, depth: 1 },
            warm_up: Duration::ZERO,
            patience: Duration::from_secs(1),
            chars: 10,
            echo: true,
            pid: None,
        }
    }

    #[test]
    fn too_few_open_files_are_told_with_the_number_that_is_needed() {
        assert_eq!(plan().check(84), Ok(()));
        let refused = plan().check(83).expect_err("too few").to_string();
        assert!(refused.contains("`ulimit -n 84`"), "{refused}");
    }

    #[test]
    fn what_is_too_much_is_told_with_its_bounds() {
        let mut large = plan();
        large.rooms = 10_000;
        assert!(large.check(u64::MAX).expect_err("too many").to_string().contains("1 to 60000"));
        let mut wide = plan();
        (wide.rooms, wide.members) = (1, 50_000);
        assert!(matches!(wide.check(u64::MAX), Err(Refused::Pairs { .. })));
        wide.pace = Pace::Idle { span: Duration::from_secs(1) };
        assert_eq!(wide.check(u64::MAX), Ok(()));
    }

    #[test]
    fn rooms_that_cannot_be_told_apart_are_refused() {
        let mut blind = plan();
        blind.target = Target::parse("ws://127.0.0.1:8000/chat").expect("fine");
        assert_eq!(blind.check(u64::MAX), Ok(()));
        let line = Template::parse(r#"{"text":"{text}"}"#);
        blind.wire = Wire::Frames { protocol: None, first: Vec::new(), line };
        assert_eq!(blind.check(u64::MAX), Err(Refused::OneRoom(2)));
        blind.rooms = 1;
        assert_eq!(blind.check(u64::MAX), Ok(()));
    }
}

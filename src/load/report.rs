//! What was found, as a table and as JSON.
#![allow(clippy::cast_precision_loss, clippy::cast_sign_loss, reason = "counts and times, rounded for people anyway")]

use std::fmt::Write;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::process::machine;
use super::{Cpu, Latencies, Pace, Plan, Process, Trouble};

/// What is counted while it goes on.
#[derive(Debug, Default)]
pub(super) struct Measured {
    pub(super) deliveries: u64,
    pub(super) latencies: Latencies,
    /// How late we ourselves were.
    pub(super) lateness: Latencies,
    pub(super) faults: Faults,
}

impl Measured {
    /// Forgets what was before, but no fault.
    pub(super) fn begins(&mut self) {
        *self = Self { faults: self.faults, ..Self::default() };
    }
}

/// What is read at the beginning and at the end.
pub(super) struct Moment {
    at: Instant,
    said: u64,
    own: Option<Cpu>,
    machine: Option<Duration>,
    server: Option<(Cpu, u64)>,
}

impl Moment {
    pub(super) fn now(said: u64, process: Option<&(u32, Process)>) -> Result<Self, Trouble> {
        let server = process.map(|(pid, process)| {
            let read = process.cpu().and_then(|cpu| Ok((cpu, process.memory()?)));
            read.map_err(|error| Trouble::Process { pid: *pid, error })
        });
        let own = Process::own().cpu().ok();
        Ok(Self { at: Instant::now(), said, own, machine: machine().ok(), server: server.transpose()? })
    }
}

/// What is not as it should be, counted for each who should have had a line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Faults {
    /// Never came.
    pub lost: u64,
    /// Came again.
    pub doubled: u64,
    /// Came after a later one of the same sender.
    pub reordered: u64,
    /// Came to somebody whom it does not concern, or was never said.
    pub misrouted: u64,
    /// Was not acknowledged, on a wire that acknowledges.
    pub unacknowledged: u64,
    /// Connections that the server ended.
    pub closed: u64,
}

impl Faults {
    /// Each with its name.
    pub fn named(self) -> [(&'static str, u64); 6] {
        [
            ("lost", self.lost),
            ("doubled", self.doubled),
            ("reordered", self.reordered),
            ("misrouted", self.misrouted),
            ("unacknowledged", self.unacknowledged),
            ("closed", self.closed),
        ]
    }
}

/// Times in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Percentiles {
    /// Half are within.
    pub p50: f64,
    /// Nine of ten.
    pub p90: f64,
    /// All but one in a hundred.
    pub p99: f64,
    /// All but one in a thousand.
    pub p999: f64,
    /// The longest.
    pub max: f64,
}

impl Percentiles {
    fn of(latencies: &Latencies) -> Option<Self> {
        let ms = |micros: u64| micros as f64 / 1e3;
        let at = |share| ms(latencies.per_mille(share));
        (latencies.count() > 0).then(|| Self {
            p50: at(500),
            p90: at(900),
            p99: at(990),
            p999: at(999),
            max: ms(latencies.longest()),
        })
    }
}

/// The server's processor time, in microseconds for each delivery.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CpuPerDelivery {
    /// In the program.
    pub user_us: f64,
    /// In the kernel, for it.
    pub system_us: f64,
    /// Both.
    pub total_us: f64,
    /// Of the time that passed, how much the server was at work; 1 is one core.
    pub share: f64,
}

/// The server's memory, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Memory {
    /// Before anybody came.
    pub empty: u64,
    /// At the end.
    pub full: u64,
    /// For each connection, if all are idle; not what the kernel keeps for it.
    pub per_connection: Option<f64>,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// How many rooms.
    pub rooms: usize,
    /// Members of each.
    pub members: usize,
    /// What they did.
    pub shape: String,
    /// How long it was measured.
    pub seconds: f64,
    /// Lines that were said.
    pub sent: u64,
    /// Lines that arrived, counted for each who got them.
    pub deliveries: u64,
    /// Of these in a second.
    pub deliveries_per_second: f64,
    /// From saying to hearing, in open loop: with how long the line waited to be written.
    pub latency_ms: Option<Percentiles>,
    /// How much later than planned lines were said, because this program was not given the processor.
    pub lateness_ms: Option<Percentiles>,
    /// If the server's process was named.
    pub cpu: Option<CpuPerDelivery>,
    /// If the server's process was named.
    pub memory: Option<Memory>,
    /// How busy this program was; near 1 it was the bottleneck.
    pub own_share: Option<f64>,
    /// How busy all other programs were, if the server's process was named; 1 is one core.
    pub others_share: Option<f64>,
    /// What was wrong.
    pub faults: Faults,
    /// What ended it before its time, or may explain a fault.
    pub broken: Option<String>,
}

impl Report {
    pub(super) fn new(plan: &Plan, measured: &Measured, moments: [Moment; 3], broken: Option<String>) -> Self {
        let [empty, begin, end] = moments;
        let seconds = (end.at - begin.at).as_secs_f64();
        let deliveries = measured.deliveries;
        let per_delivery = |time: Duration| time.as_secs_f64() * 1e6 / deliveries as f64;
        let cpu = begin.server.zip(end.server).filter(|_| deliveries > 0).map(|((before, _), (after, _))| {
            let spent = after - before;
            CpuPerDelivery {
                user_us: per_delivery(spent.user),
                system_us: per_delivery(spent.system),
                total_us: per_delivery(spent.total()),
                share: spent.total().as_secs_f64() / seconds,
            }
        });
        let memory = empty.server.zip(end.server).map(|((_, empty), (_, full))| {
            let is_idle = matches!(plan.pace, Pace::Idle { .. });
            let per_connection = full.saturating_sub(empty) as f64 / plan.connections() as f64;
            Memory { empty, full, per_connection: is_idle.then_some(per_connection) }
        });
        let own = begin.own.zip(end.own).map(|(before, after)| (after - before).total().as_secs_f64() / seconds);
        let all =
            begin.machine.zip(end.machine).map(|(before, after)| after.saturating_sub(before).as_secs_f64() / seconds);
        let watched = begin.server.zip(end.server);
        let served = watched.map(|((before, _), (after, _))| (after - before).total().as_secs_f64() / seconds);
        let others = all.zip(own).zip(served).map(|((all, own), served)| (all - own - served).max(0.0));
        Self {
            rooms: plan.rooms,
            members: plan.members,
            shape: shape(plan),
            seconds,
            sent: end.said - begin.said,
            deliveries,
            deliveries_per_second: deliveries as f64 / seconds,
            latency_ms: Percentiles::of(&measured.latencies),
            lateness_ms: Percentiles::of(&measured.lateness),
            cpu,
            memory,
            own_share: own,
            others_share: others,
            faults: measured.faults,
            broken,
        }
    }

    /// What is wrong, in words.
    pub fn fault(&self) -> Option<String> {
        let named = self.faults.named().into_iter().filter(|(_, count)| *count > 0);
        let words: Vec<String> = named.map(|(name, count)| format!("{count} {name}")).collect();
        match (words.is_empty(), &self.broken) {
            (true, None) => None,
            (true, Some(broken)) => Some(broken.clone()),
            (false, None) => Some(words.join(", ")),
            (false, Some(broken)) => Some(format!("{} ({broken})", words.join(", "))),
        }
    }

    /// As JSON, in one line.
    pub fn json(&self) -> String {
        let mut json = serde_json::to_string(self).unwrap_or_default();
        json.push('\n');
        json
    }

    /// As a table for people.
    pub fn table(&self) -> String {
        let mut table = String::new();
        let mut row = |name: &str, value: String| {
            let _ = writeln!(table, "{name:<26}{value}");
        };
        row("shape", format!("{} x {}, {}", self.rooms, self.members, self.shape));
        row("measured", format!("{:.2} s", self.seconds));
        if self.sent > 0 {
            row("lines sent", grouped(self.sent));
            row("deliveries", grouped(self.deliveries));
            row("deliveries a second", grouped(self.deliveries_per_second as u64));
        }
        let times = |of: Percentiles| {
            let Percentiles { p50, p90, p99, p999, max } = of;
            format!("p50 {p50:.2}  p90 {p90:.2}  p99 {p99:.2}  p99.9 {p999:.2}  max {max:.2} ms")
        };
        if let Some(latency) = self.latency_ms {
            row("latency", times(latency));
        }
        if let Some(lateness) = self.lateness_ms {
            row("sent late by", times(lateness));
        }
        if let Some(CpuPerDelivery { user_us, system_us, total_us, share }) = self.cpu {
            let parts = format!("{total_us:.3} us (user {user_us:.3}, system {system_us:.3})");
            row("server CPU a delivery", parts);
            row("server busy", format!("{:.0} %", share * 100.0));
        }
        if let Some(share) = self.own_share {
            row("this program busy", format!("{:.0} %", share * 100.0));
        }
        if let Some(share) = self.others_share {
            row("other programs busy", format!("{:.0} %", share * 100.0));
        }
        if let Some(memory) = self.memory {
            let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
            let (empty, full) = (mib(memory.empty), mib(memory.full));
            row("server memory", format!("{empty:.1} MiB empty, {full:.1} MiB full"));
            if let Some(bytes) = memory.per_connection {
                row("server bytes a connection", grouped(bytes as u64));
            }
        }
        row("faults", self.fault().unwrap_or_else(|| "none".to_owned()));
        table
    }
}

fn shape(plan: &Plan) -> String {
    match plan.pace {
        Pace::Rounds { senders, depth, .. } => {
            let who = if senders == plan.members { "all send".to_owned() } else { format!("{senders} at a time") };
            if depth == 1 { who } else { format!("{who}, {depth} deep") }
        }
        Pace::Rate { per_second, .. } => format!("{per_second} lines/s"),
        Pace::Idle { .. } => "idle".to_owned(),
    }
}

/// Digits in threes.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_numbers_can_be_read() {
        let of = |numbers: [u64; 4]| numbers.map(grouped);
        assert_eq!(of([0, 999, 1_000, 1_234_567]), ["0", "999", "1,000", "1,234,567"]);
    }
}

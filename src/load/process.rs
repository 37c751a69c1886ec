//! What a process takes, as the system tells in `/proc`: processor time and memory.

use std::fs;
use std::io;
use std::ops::Sub;
use std::time::Duration;

/// What a unit of time in `/proc` is: a hundredth of a second on every Linux.
const TICK: Duration = Duration::from_millis(10);

/// A process to be watched.
#[derive(Debug, Clone)]
pub struct Process(String);

/// Processor time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cpu {
    /// In the program.
    pub user: Duration,
    /// In the kernel, for it.
    pub system: Duration,
}

impl Cpu {
    /// Both.
    pub fn total(self) -> Duration {
        self.user + self.system
    }
}

impl Sub for Cpu {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self { user: self.user.saturating_sub(before.user), system: self.system.saturating_sub(before.system) }
    }
}

impl Process {
    /// One of which the id is known.
    pub fn with_id(pid: u32) -> Self {
        Self(format!("/proc/{pid}"))
    }

    /// This one.
    pub fn own() -> Self {
        Self("/proc/self".to_owned())
    }

    /// The processor time of all its threads so far.
    ///
    /// # Errors
    /// If it is gone, or there is no `/proc`.
    pub fn cpu(&self) -> io::Result<Cpu> {
        let stat = fs::read_to_string(format!("{}/stat", self.0))?;
        cpu(&stat).ok_or_else(|| io::Error::other("its processor time is not told"))
    }

    /// The memory that it has, in bytes.
    ///
    /// # Errors
    /// If it is gone, or there is no `/proc`.
    pub fn memory(&self) -> io::Result<u64> {
        let status = fs::read_to_string(format!("{}/status", self.0))?;
        memory(&status).ok_or_else(|| io::Error::other("its memory is not told"))
    }
}

/// The processor time of all programs of this machine so far.
pub(super) fn machine() -> io::Result<Duration> {
    let stat = fs::read_to_string("/proc/stat")?;
    busy(&stat).ok_or_else(|| io::Error::other("the machine's processor time is not told"))
}

/// Time at work, of all cores: all but idle (fourth) and waiting for disks (fifth). What guests take is in the first.
fn busy(stat: &str) -> Option<Duration> {
    let line = stat.lines().next()?.strip_prefix("cpu ")?;
    let fields: Vec<u64> = line.split_ascii_whitespace().take(8).map_while(|field| field.parse().ok()).collect();
    let [user, nice, system, _, _, irq, softirq, steal] = fields.try_into().ok()?;
    Some(Duration::from_millis((user + nice + system + irq + softirq + steal) * TICK.as_millis() as u64))
}

/// Fields 14 and 15. The second is a name in brackets, in which anything may stand.
fn cpu(stat: &str) -> Option<Cpu> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace().skip(11);
    let mut next = || Some(TICK * fields.next()?.parse::<u32>().ok()?);
    Some(Cpu { user: next()?, system: next()? })
}

fn memory(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_tells_is_read_whatever_the_program_is_called() {
        let stat = "7 (a) (b 1 2) S 1 7 7 0 -1 4194560 100 0 0 0 123 45 0 0 20 0 1 0 99 1000 10";
        let wanted = Cpu { user: Duration::from_millis(1230), system: Duration::from_millis(450) };
        assert_eq!(cpu(stat), Some(wanted));
        assert_eq!(memory("Name:\tx\nVmRSS:\t    5120 kB\n"), Some(5120 * 1024));
        let stat = "cpu  100 10 20 9000 800 3 4 5 70 8\ncpu0 1 2 3 4 5 6 7 8 9 10\n";
        assert_eq!(busy(stat), Some(Duration::from_millis(1420)));
        assert_eq!((cpu("7 (a) S"), memory(""), busy("cpu  1")), (None, None, None));
    }
}

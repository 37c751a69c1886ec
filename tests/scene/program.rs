//! The program in a process of its own, for what only a process can show: the memory that it takes.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::{free_port, within};

/// A running program, killed at the end.
pub(crate) struct Program {
    child: Child,
    pub(crate) address: SocketAddr,
    arguments: String,
}

impl Program {
    /// Starts it on a free port, without settings from whoever runs the tests.
    pub(crate) fn start(arguments: &str) -> Self {
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], 0)), arguments)
    }

    /// Starts it on a free port, with its allocator told something: what jemalloc reads under this name.
    pub(crate) fn start_with_allocator(told: &str, arguments: &str) -> Self {
        let listen = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut command = Command::new(env!("CARGO_BIN_EXE_charsu"));
        Self::start_in(command.env("_RJEM_MALLOC_CONF", told), listen, arguments)
    }

    /// Starts it on a port that it can be started on again, with a step of a write at which it ends by itself. For a program
    /// that was built with such steps.
    pub(crate) fn start_to_die(failpoint: &str, arguments: &str) -> Self {
        let listen = SocketAddr::from(([127, 0, 0, 1], free_port()));
        Self::start_in(Command::new(env!("CARGO_BIN_EXE_charsu")).env("FAILPOINT", failpoint), listen, arguments)
    }

    /// Starts it on a port that it can be started on again, allowed to write files of so many KiB and no larger ones.
    pub(crate) fn start_with_little_room(kib: u64, arguments: &str) -> Self {
        let listen = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let mut shell = Command::new("sh");
        // The signal that comes with a file that is too large would end the program; a full disk sends none.
        let script = format!("trap '' XFSZ; ulimit -S -f {}; exec \"$0\" \"$@\"", kib * 2);
        shell.args(["-c", &script, env!("CARGO_BIN_EXE_charsu")]);
        Self::start_in(&mut shell, listen, arguments)
    }

    /// Gives it room again.
    pub(crate) fn is_given_room(&self) {
        let pid = self.child.id().to_string();
        let given = Command::new("prlimit").args(["--pid", &pid, "--fsize=unlimited"]).status();
        assert!(given.expect("prlimit runs").success());
    }

    /// The process's number.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until it has ended by itself.
    pub(crate) async fn dies(&mut self) {
        let ended = async {
            while self.child.try_wait().expect("it is ours").is_none() {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        within("the program to die", ended).await;
    }

    /// Whether it still runs.
    pub(crate) fn lives(&mut self) -> bool {
        self.child.try_wait().expect("it is ours").is_none()
    }

    /// Starts it on a port that it can be started on again.
    pub(crate) fn start_to_be_restarted(arguments: &str) -> Self {
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], free_port())), arguments)
    }

    fn start_at(listen: SocketAddr, arguments: &str) -> Self {
        Self::start_in(&mut Command::new(env!("CARGO_BIN_EXE_charsu")), listen, arguments)
    }

    fn start_in(command: &mut Command, listen: SocketAddr, arguments: &str) -> Self {
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("CHARSU_")) {
            command.env_remove(name);
        }
        command.args(["--listen", &listen.to_string(), "--log", "warn"]).args(arguments.split_whitespace());
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the program runs");
        let mut ready = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut ready).expect("a line");
        let address = ready.trim_end().rsplit_once("://").and_then(|(_, address)| address.parse().ok());
        let address = address.unwrap_or_else(|| panic!("no address in {ready:?}"));
        Self { child, address, arguments: arguments.to_owned() }
    }

    /// Ends it at once, as the machine might, and waits until it is gone.
    pub(crate) fn is_killed(&mut self) {
        self.child.kill().expect("it is ours");
        self.child.wait().expect("it ends");
    }

    /// Asks it to stop, as an operator does, and waits until it has. Gives how long that took.
    pub(crate) async fn is_stopped(&mut self) -> Duration {
        let began = Instant::now();
        let asked = Command::new("kill").arg("-TERM").arg(self.child.id().to_string()).status();
        assert!(asked.expect("kill runs").success());
        let ended = async {
            while self.child.try_wait().expect("it is ours").is_none() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        within("the program to stop", ended).await;
        began.elapsed()
    }

    /// Starts it again in the same place, after it has ended.
    pub(crate) fn starts_again(&mut self) {
        *self = Self::start_at(self.address, &self.arguments);
    }

    /// The memory that it has, in KiB, once that no longer falls.
    pub(crate) async fn resident(&self) -> u64 {
        let settle = async {
            let (mut lowest, mut same) = (self.resident_now(), 0);
            while same < 20 {
                tokio::time::sleep(Duration::from_millis(20)).await;
                let now = self.resident_now();
                same = if now < lowest { 0 } else { same + 1 };
                lowest = lowest.min(now);
            }
            lowest
        };
        within("the memory to settle", settle).await
    }

    /// The memory that it has at this moment, in KiB.
    pub(crate) fn resident_now(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("the process runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

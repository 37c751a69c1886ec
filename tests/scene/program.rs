//! The program in a process of its own, for what only a process can show: the memory that it takes.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::within;

/// A running program, killed at the end.
pub(crate) struct Program {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Program {
    /// Starts it on a free port, without settings from whoever runs the tests.
    pub(crate) fn start(arguments: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_charsu"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("CHARSU_")) {
            command.env_remove(name);
        }
        command.args(["--listen", "127.0.0.1:0", "--log", "warn"]).args(arguments.split_whitespace());
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the program runs");
        let mut ready = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut ready).expect("a line");
        let address = ready.trim_end().rsplit_once("http://").and_then(|(_, address)| address.parse().ok());
        Self { child, address: address.unwrap_or_else(|| panic!("no address in {ready:?}")) }
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

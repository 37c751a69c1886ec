//! A terminal for a program: a pseudo-terminal, and a screen that understands what is written to it.

use std::fs::File;
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustix::fs::{Mode, OFlags, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

use crate::scene::until;

/// A program in a terminal of its own.
pub(crate) struct Terminal {
    master: File,
    screen: Arc<Mutex<vt100::Parser>>,
    child: Child,
}

fn winsize(columns: u16, rows: u16) -> Winsize {
    Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }
}

fn cells(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).expect("a screen")
}

impl Terminal {
    /// Starts `charsu join` with these arguments in a terminal of this size.
    pub(crate) fn of(columns: u16, rows: u16, arguments: &[&str]) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a pseudo-terminal");
        grantpt(&master).and_then(|()| unlockpt(&master)).expect("it is ours");
        tcsetwinsize(&master, winsize(columns, rows)).expect("a size");
        let name = ptsname(&master, Vec::new()).expect("a name");
        let end = || open(&*name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).expect("its other end");
        // A session of its own, so that this is its terminal: sizes and signals come from it.
        let mut command = Command::new("setsid");
        command.args(["--ctty", "--wait", env!("CARGO_BIN_EXE_charsu"), "join"]).args(arguments);
        command.env("TERM", "xterm-256color").env("TZ", "UTC").env_remove("NO_COLOR");
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("CHARSU_")) {
            command.env_remove(name);
        }
        let ends = command.stdin(Stdio::from(end())).stdout(Stdio::from(end())).stderr(Stdio::from(end()));
        let child = ends.spawn().expect("setsid and the program run");
        let master = File::from(master);
        let screen = Arc::new(Mutex::new(vt100::Parser::new(cells(rows), cells(columns), 0)));
        let (mut output, shown) = (master.try_clone().expect("a second handle"), Arc::clone(&screen));
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            // The other end is gone with the program.
            while let Ok(count @ 1..) = output.read(&mut bytes) {
                shown.lock().expect("no panic").process(&bytes[..count]);
            }
        });
        Self { master, screen, child }
    }

    pub(crate) fn types(&mut self, text: &str) {
        self.master.write_all(text.as_bytes()).expect("it is there");
    }

    pub(crate) fn resizes(&mut self, columns: u16, rows: u16) {
        self.screen.lock().expect("no panic").screen_mut().set_size(cells(rows), cells(columns));
        tcsetwinsize(&self.master, winsize(columns, rows)).expect("a size");
    }

    pub(crate) fn rows(&self) -> Vec<String> {
        self.screen.lock().expect("no panic").screen().contents().lines().map(str::to_owned).collect()
    }

    /// Whether a row has these words, as they are seen or as they are read from the right.
    pub(crate) fn has(&self, words: &str) -> bool {
        self.rows().iter().any(|row| row.contains(words) || read(row).contains(words))
    }

    pub(crate) async fn shows(&self, words: &str) {
        let shows = tokio::time::timeout(Duration::from_secs(10), async {
            while !self.has(words) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        assert!(shows.await.is_ok(), "{words} is not shown:\n{}", self.rows().join("\n"));
    }

    pub(crate) async fn shows_no_more(&self, words: &str) {
        until(words, || !self.has(words)).await;
    }

    /// Waits until all that was written is read, and everything is as before.
    pub(crate) async fn is_given_back(&self) {
        until("the usual screen", || self.is_on_the_usual_screen()).await;
        assert!(self.is_as_it_was());
    }

    fn is_on_the_usual_screen(&self) -> bool {
        let screen = self.screen.lock().expect("no panic");
        !screen.screen().alternate_screen() && !screen.screen().hide_cursor() && !screen.screen().bracketed_paste()
    }

    /// Whether what is typed is shown and handed over line by line, as before.
    pub(crate) fn is_as_it_was(&self) -> bool {
        let modes = tcgetattr(&self.master).expect("a terminal").local_modes;
        modes.contains(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG)
    }

    pub(crate) fn id(&self) -> u32 {
        // setsid became the program, as it leads no group.
        self.child.id()
    }

    pub(crate) async fn ends(&mut self) -> ExitStatus {
        let mut status = None;
        let ended = async {
            while status.is_none() {
                status = self.child.try_wait().expect("it is ours");
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        crate::scene::within("the end", ended).await;
        status.expect("it has ended")
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A row as it is read from its right, with its letters apart.
fn read(row: &str) -> String {
    let apart: String = row.nfkc().collect();
    apart.graphemes(true).rev().collect()
}

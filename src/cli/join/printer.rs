//! What a visit in plain lines prints. Written in a thread of its own: whoever reads it may take their time, and the visit
//! can be ended all the same. Knows no room and no connection.

use std::io::{self, Write};

use tokio::sync::{mpsc, oneshot};

use super::stop::Stop;
use crate::terminal::plain::Told;

/// What waits to be written. When there is more, the server's lines wait where they are.
const AHEAD: usize = 16;

/// To stdout and stderr.
pub(super) struct Printer {
    to: mpsc::Sender<Told>,
    /// Over when the thread is.
    ended: oneshot::Receiver<()>,
}

impl Printer {
    pub(super) fn start() -> Self {
        let (to, mut from) = mpsc::channel(AHEAD);
        let (ends, ended) = oneshot::channel::<()>();
        std::thread::spawn(move || {
            let _ends = ends;
            // It ends as well when whoever reads has gone.
            while from.blocking_recv().is_some_and(|told| print(&told).is_ok()) {}
        });
        Self { to, ended }
    }

    /// Has something printed. False if nobody reads any more, or the visit is to end before there is room for it.
    pub(super) async fn prints(&self, told: Told, stop: &mut Stop) -> bool {
        if told.lines.is_empty() && told.notices.is_empty() {
            return true;
        }
        tokio::select! {
            taken = self.to.send(told) => taken.is_ok(),
            () = stop.asked() => false,
        }
    }

    /// Over when nobody reads any more.
    pub(super) async fn is_unread(&self) {
        self.to.closed().await;
    }

    /// Waits until all is written, or until it is to end.
    pub(super) async fn finishes(self, stop: &mut Stop) {
        let Self { to, ended } = self;
        drop(to);
        tokio::select! {
            _ = ended => {}
            () = stop.asked() => {}
        }
    }
}

fn print(told: &Told) -> io::Result<()> {
    for notice in &told.notices {
        // Where nobody reads what went wrong, nothing is to be done about it.
        let _ = writeln!(io::stderr(), "charsu: {notice}");
    }
    let mut stdout = io::stdout().lock();
    for line in &told.lines {
        writeln!(stdout, "{line}")?;
    }
    stdout.flush()
}

//! A visit in plain lines: what the input has is said, what others say goes to stdout, and what went wrong to stderr.

use std::io::{self, BufRead, Read};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::printer::Printer;
use super::stop::Stop;
use super::{Exit, Visit};
use crate::client::{Client, LinkState, News, RoomKey};
use crate::terminal::pass::Pass;
use crate::terminal::plain::{Ending, Plain, Told};

/// The longest line that is read, in bytes. Servers take far shorter ones.
const MAX_LINE: u64 = 64 * 1024;

/// How long another token is waited for when one has run out: whoever is to write it may be late, or not be there at all.
const FOR_A_TOKEN: Duration = Duration::from_mins(1);

/// What the input has.
enum Input {
    Line(String),
    TooLong,
}

/// Visits, until the input has ended and all of it is acknowledged, or somebody ends it.
pub(super) async fn run(mut client: Client, visit: &Visit, name: &str, pass: Pass) -> Result<Exit, Ending> {
    let (mut stop, printer) = (Stop::listen(), Printer::start());
    let room = client.chat().join(&visit.room, name);
    let mut plain = Plain::new(room, visit.server.to_string(), pass);
    let mut input = Some(read());
    let mut has_failed = false;
    let mut denied_at = None;
    let ended = loop {
        let is_idle = client.view().room(room).is_attached() && !client.view().is_busy();
        if input.is_none() && is_idle && !visit.stay {
            break Ok(());
        }
        let denied = match client.view().link() {
            LinkState::Denied { reason } => Some(reason.clone()),
            _ => None,
        };
        denied_at = denied.as_ref().map(|_| denied_at.unwrap_or_else(Instant::now));
        tokio::select! {
            news = client.next() => match plain.hears(&news, client.view()) {
                Ok(told) => {
                    has_failed |= told.has_failed;
                    if let News::Failed { key, .. } | News::Unconfirmed { key } = news {
                        client.chat().discard(key);
                    }
                    if !printer.prints(told, &mut stop).await {
                        break Ok(());
                    }
                }
                Err(ending) => break Err(ending),
            },
            // One line at a time, so that what is not sent yet stays where it comes from.
            line = next(&mut input), if input.is_some() && is_idle => match line {
                Some(Input::Line(line)) => say(&mut client, room, &line),
                Some(Input::TooLong) => {
                    has_failed = true;
                    let notices = vec!["Not sent: that line is too long.".to_owned()];
                    printer.prints(Told { notices, ..Told::default() }, &mut stop).await;
                }
                None => input = None,
            },
            // Whoever read it has gone, and so do we.
            () = printer.is_unread() => break Ok(()),
            () = stop.asked() => break Ok(()),
            () = until(denied_at.map(|at| at + FOR_A_TOKEN)) => break Err(plain.denied(&denied.unwrap_or_default())),
        }
    };
    let is_unsaid = has_failed || client.view().is_busy();
    client.close().await;
    printer.finishes(&mut stop).await;
    ended.map(|()| if is_unsaid { Exit::Unsaid } else { Exit::Left })
}

async fn next(input: &mut Option<mpsc::Receiver<Input>>) -> Option<Input> {
    input.as_mut()?.recv().await
}

async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

fn say(client: &mut Client, room: RoomKey, line: &str) {
    if !line.trim().is_empty() {
        // The outbox holds more than one.
        let _ = client.chat().say(room, line);
    }
}

/// Reads the input in a thread of its own, a line ahead.
fn read() -> mpsc::Receiver<Input> {
    let (to, from) = mpsc::channel(1);
    std::thread::spawn(move || {
        let mut stdin = io::stdin().lock();
        loop {
            let mut bytes = Vec::new();
            match stdin.by_ref().take(MAX_LINE).read_until(b'\n', &mut bytes) {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
            let is_whole = bytes.ends_with(b"\n") || (bytes.len() as u64) < MAX_LINE;
            let line = if is_whole {
                let line = String::from_utf8_lossy(&bytes);
                Input::Line(line.trim_end_matches(['\r', '\n']).to_owned())
            } else {
                // The rest of it is no line of its own.
                if stdin.skip_until(b'\n').is_err() {
                    return;
                }
                Input::TooLong
            };
            if to.blocking_send(line).is_err() {
                return;
            }
        }
    });
    from
}

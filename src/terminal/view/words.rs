//! The words of the screen that are not somebody's.

use std::time::Duration;

use crate::client::{Chat, LinkState, OwnLine, Seat};
use crate::terminal::app::{App, Stage};
use crate::terminal::pass::Pass;
use crate::terminal::safe;
use crate::terminal::text::isolated;

/// What keys and commands do, what is needed most first: a small screen has not room for all.
pub const HELP: [(&str, &str); 16] = [
    ("Enter", "send"),
    ("Alt-Enter, Ctrl-J", "new line"),
    ("PageUp, PageDown", "read back"),
    ("End", "to the newest line"),
    ("Tab", "who is here"),
    ("Up", "change what you said"),
    ("/msg NAME TEXT", "for one person"),
    ("/edit TEXT", "change your last line"),
    ("/delete", "take it back"),
    ("/retry, /drop", "what was not sent"),
    ("Ctrl-C, Ctrl-D", "leave"),
    ("/react EMOJI", "to the last line of others"),
    ("//TEXT", "a line that begins with /"),
    ("Ctrl-R", "connect now"),
    ("Shift-Up, Shift-Down", "read back row by row"),
    ("/quit", "leave"),
];

pub(super) fn placeholder(app: &App) -> &'static str {
    match app.stage {
        Stage::Naming(_) => "Your name",
        Stage::Talking | Stage::Out(_) => "Write a message, or /help",
    }
}

/// What is wrong with the connection, if anything is. What matters most comes first: it may be cut.
pub(super) fn banner(app: &App, chat: &Chat) -> Option<String> {
    if let Stage::Out(why) = &app.stage {
        return Some(why.clone());
    }
    let room = app.room?;
    let waiting = chat.own(room).filter(|line| line.is_open()).count();
    let wait = match waiting {
        0 => String::new(),
        1 => " · 1 line waits".to_owned(),
        count => format!(" · {count} lines wait"),
    };
    let because = |reason: &str| {
        let reason = safe::one_line(reason);
        if reason.is_empty() { reason } else { format!(" · {reason}") }
    };
    match chat.link() {
        LinkState::Live | LinkState::Idle => None,
        LinkState::Connecting { attempt: 1 } if app.log.items().is_empty() => {
            Some(format!("Connecting to {}", app.server))
        }
        LinkState::Connecting { .. } => Some(format!("Connecting again{wait}")),
        LinkState::Waiting { until, reason, restarts, .. } => {
            let seconds = seconds(until.saturating_sub(app.now()));
            let what = if *restarts { "The server restarts" } else { "Away" };
            let because = if *restarts { String::new() } else { because(reason) };
            Some(format!("{what}, again in {seconds} s{wait} · Ctrl-R: now{because}"))
        }
        LinkState::Stopped { reason, .. } => Some(format!("Given up{wait} · Ctrl-R: try again{}", because(reason))),
        LinkState::Denied { reason } => {
            let (reason, remedy) = (because(reason), app.pass.remedy());
            let what = if app.pass == Pass::Renewed { "Waiting for another token" } else { "Not let in" };
            Some(format!("{what}{wait}{reason}{remedy} · Ctrl-R: try again"))
        }
        LinkState::Closed { reason, .. } => Some(format!("Closed{wait} · Ctrl-R: come back{}", because(reason))),
    }
}

/// Seconds that have begun.
fn seconds(left: Duration) -> u64 {
    left.as_secs() + u64::from(left.subsec_nanos() > 0)
}

/// How many are here.
pub(super) fn people(seat: &Seat) -> String {
    match seat.roster().count() {
        0 => String::new(),
        1 => "only you".to_owned(),
        count => format!("{count} people"),
    }
}

/// Who types.
pub(super) fn typists(seat: &Seat) -> String {
    let names: Vec<String> = seat
        .typists()
        .filter(|id| !seat.is_own(*id))
        .filter_map(|id| seat.roster().person(id))
        .map(|person| isolated(&name(&person.name)))
        .collect();
    match &names[..] {
        [] => String::new(),
        [one] => format!("{one} types"),
        [one, other] => format!("{one} and {other} type"),
        _ => format!("{} people type", names.len()),
    }
}

/// A name as it is shown.
pub(super) fn name(name: &str) -> String {
    let safe = safe::one_line(name);
    if safe.trim().is_empty() { "guest".to_owned() } else { safe }
}

/// How something that one asked for stands, if that is worth a word.
pub(super) fn state(line: &OwnLine) -> Option<(Worth, String)> {
    use crate::client::LineState;
    match &line.state {
        LineState::Queued | LineState::Doubtful => Some((Worth::Little, "waits".to_owned())),
        LineState::Sending => Some((Worth::Little, "…".to_owned())),
        LineState::Acked(_) => None,
        LineState::Failed(why) => Some((Worth::Much, format!("not sent: {}", safe::one_line(&why.in_one_line())))),
        LineState::Unconfirmed => Some((Worth::Much, "not confirmed: nobody can tell whether it arrived".to_owned())),
    }
}

/// How much a word is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Worth {
    Little,
    Much,
}

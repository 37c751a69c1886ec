//! A room as plain lines, for pipes and scripts: `name: text`. Every line of a text has the name before it, so that nobody
//! can write a line that looks like another's.
//!
//! Pure: told the news, it says what goes to stdout, what to stderr, and whether it is over.

use super::pass::Pass;
use super::safe;
use crate::client::{Ask, Chat, Happening, How, LinkState, News, OwnLine, Refused, RoomKey, Said, What};

/// How much of a line is shown in a message about it, in characters.
const SHOWN: usize = 40;

/// Why it is over, or over before its time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Ending {
    /// The server could not be reached, or not any more.
    #[error("{0}")]
    Unreachable(String),
    /// One was not let into the room, or sent out of it.
    #[error("{0}")]
    Barred(String),
    /// The server lets nobody in without a token, and has none of ours that is good.
    #[error("{0}")]
    Denied(String),
}

/// What is to be done about news.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Lines for stdout.
    pub lines: Vec<String>,
    /// Lines for stderr.
    pub notices: Vec<String>,
    /// Whether something that was to be said was not, or nobody can tell.
    pub has_failed: bool,
}

/// One visit to a room.
#[derive(Debug)]
pub struct Plain {
    room: RoomKey,
    /// The server, in words.
    server: String,
    pass: Pass,
    was_live: bool,
    is_away: bool,
    /// The last number that was told.
    last: u64,
}

impl Plain {
    /// A visit that begins.
    pub fn new(room: RoomKey, server: String, pass: Pass) -> Self {
        Self { room, server, pass, was_live: false, is_away: false, last: 0 }
    }

    /// Takes news in.
    ///
    /// # Errors
    /// When it is over thereby.
    pub fn hears(&mut self, news: &News, chat: &Chat) -> Result<Told, Ending> {
        let mut told = Told::default();
        match news {
            News::Link => self.link(chat.link(), &mut told)?,
            News::Entered { how, history, .. } => {
                if let How::Reset { same_life, missing, .. } = *how {
                    if missing {
                        told.notices.push("Some lines are missing here.".to_owned());
                    }
                    // Of another life of the log nobody can tell what was told already.
                    let missed = history.iter().filter(|happening| same_life && happening.seq > self.last);
                    told.lines.extend(missed.flat_map(|happening| self.lines(happening, chat)));
                }
                self.last = chat.room(self.room).position().map_or(0, |position| position.seq);
            }
            News::Happened { happening, .. } => {
                self.last = happening.seq;
                told.lines = self.lines(happening, chat);
            }
            News::Torn { .. } => told.notices.push("Some lines are missing here.".to_owned()),
            News::Barred { why, .. } => return Err(Ending::Barred(refusal(why))),
            News::Left { .. } => return Err(Ending::Barred("You are not in the room any more.".to_owned())),
            News::Failed { key, why } => {
                let line = chat.line(*key).map(shown).unwrap_or_default();
                told.notices.push(format!("Not sent: {line}: {}", refusal(why)));
                told.has_failed = true;
            }
            News::Unconfirmed { key } => {
                let line = chat.line(*key).map(shown).unwrap_or_default();
                told.notices.push(format!("Not confirmed, and not sent again: {line}"));
                told.has_failed = true;
            }
            News::Notice { why, .. } => told.notices.push(refusal(why)),
            News::Done { .. } | News::Past { .. } | News::NoPast { .. } | News::People { .. } => {}
        }
        Ok(told)
    }

    fn link(&mut self, link: &LinkState, told: &mut Told) -> Result<(), Ending> {
        let lost = |reason: &str| Ending::Unreachable(format!("{}: {}", self.server, safe::one_line(reason)));
        match link {
            LinkState::Live => {
                if std::mem::take(&mut self.is_away) {
                    told.notices.push("Connected again.".to_owned());
                }
                self.was_live = true;
            }
            // Whoever was never there is not waited for: a script wants to know.
            LinkState::Waiting { reason, .. } if !self.was_live => return Err(lost(reason)),
            LinkState::Waiting { reason, .. } => {
                if !std::mem::replace(&mut self.is_away, true) {
                    told.notices.push(format!("The connection is away: {}.", safe::one_line(reason)));
                }
            }
            LinkState::Denied { reason } if self.was_live && self.pass == Pass::Renewed => {
                self.is_away = true;
                told.notices.push(format!("Waiting for another token: {}", safe::one_line(reason)));
            }
            LinkState::Denied { reason } => return Err(self.denied(reason)),
            LinkState::Stopped { reason, .. } | LinkState::Closed { reason, .. } => return Err(lost(reason)),
            LinkState::Idle | LinkState::Connecting { .. } => {}
        }
        Ok(())
    }

    /// How it ends when no token comes that is good.
    pub fn denied(&self, reason: &str) -> Ending {
        Ending::Denied(format!("{}: {}{}", self.server, safe::one_line(reason), self.pass.remedy()))
    }

    fn lines(&self, happening: &Happening, chat: &Chat) -> Vec<String> {
        let seat = chat.room(self.room);
        let of = |name: &str, note: &str, text: &str| -> Vec<String> {
            let name = safe::one_line(name);
            safe::lines(text).map(|line| format!("{name}{note}: {line}")).collect()
        };
        match &happening.what {
            // One knows what one said oneself, and a program that answers is not to answer itself.
            What::Said(Said { from, guest: false, .. }) | What::Edit { from, .. } if seat.is_own(*from) => Vec::new(),
            What::Said(Said { name, to: None, text, .. }) => of(name, "", text),
            What::Said(Said { name, to: Some(_), text, .. }) => of(name, " (private)", text),
            What::Edit { from, text, .. } => {
                let name = seat.roster().person(*from).map_or("", |person| &*person.name);
                of(name, " (changed)", text)
            }
            What::Delete { .. } | What::React { .. } | What::Join(_) | What::Leave(_) | What::Skip => Vec::new(),
        }
    }
}

fn refusal(why: &Refused) -> String {
    safe::one_line(&why.in_one_line())
}

/// The beginning of what was to be said.
fn shown(line: &OwnLine) -> String {
    let text = match &line.ask {
        Ask::Say { text, .. } | Ask::Edit { text, .. } => text.as_str(),
        Ask::Delete { .. } | Ask::React { .. } => "",
    };
    let safe = safe::one_line(text);
    match safe.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &safe[..end]),
        None => safe,
    }
}

//! The whole screen's state: what one is told and what one does with keys change it, and what is to be done comes out of
//! that. Draws nothing ([`view`](super::view) does), sends nothing, and asks no clock.

mod commands;
mod keys;

use std::time::Duration;

use super::clock::Clock;
use super::composer::Composer;
use super::log::{Log, Shown};
use super::pass::Pass;
use super::safe;
use super::text::Order;
use crate::client::{Ask, Chat, LineKey, News, Refused, RoomKey, Status};
use crate::protocol::Code;

/// How long a word of ours is shown.
const NOTICE: Duration = Duration::from_secs(8);

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// Join the room under this name.
    Join(String),
    /// Say a line.
    Say(String),
    /// Give a line of one's own other words.
    Edit(u64, String),
    /// Take a line of one's own back.
    Delete(u64),
    /// Put a reaction on a line.
    React(u64, String),
    /// Ask for the lines before this number.
    ReadBack(u64),
    /// A key was pressed in a text that may be said.
    Types,
    /// The text is empty again.
    StopsTyping,
    /// Send what failed once more.
    Retry(LineKey),
    /// Give up what failed.
    Discard(LineKey),
    /// Do not wait for the connection.
    Reconnect,
    /// Draw everything anew.
    Redraw,
    /// End.
    Quit,
}

/// Where somebody is in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scroll {
    /// At the newest line, wherever that is.
    Bottom,
    /// The lowest row on the screen is this row of this item.
    At {
        /// The item's id.
        item: u64,
        /// From its top, from 0.
        row: usize,
    },
}

/// What the screen is for now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// A name is asked for; why, if an earlier one was refused.
    Naming(Option<String>),
    /// In the room, or on the way.
    Talking,
    /// Not in the room any more, and why.
    Out(String),
}

/// What lies over the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// Nothing.
    Nothing,
    /// Who is here.
    People,
    /// What keys and commands do.
    Help,
}

/// The state.
#[derive(Debug)]
pub struct App {
    /// The room as it was asked for.
    pub written: String,
    /// The server, in words.
    pub server: String,
    /// By what one is let in.
    pub pass: Pass,
    /// What the screen is for.
    pub stage: Stage,
    /// The room, once it was asked for.
    pub room: Option<RoomKey>,
    /// What it shows.
    pub log: Log,
    /// What one writes.
    pub composer: Composer,
    /// The line that is being changed, by its number.
    pub editing: Option<u64>,
    /// Where one is.
    pub scroll: Scroll,
    /// Lines that nobody has looked at.
    pub unread: usize,
    /// The first of them, also after they were looked at.
    pub mark: Option<u64>,
    /// What lies over the log.
    pub over: Over,
    /// Columns and rows of the screen.
    pub size: (u16, u16),
    /// Whose time.
    pub clock: Clock,
    /// Who puts right-to-left text in order.
    pub order: Order,
    /// Whether there are colours.
    pub has_colour: bool,
    /// Why one was not let in, if that is the end.
    pub refused: Option<Refused>,
    notice: Option<(String, Duration)>,
    is_focused: bool,
    now: Duration,
}

impl App {
    /// Before anything was told. `name`: who one is, if that is known.
    pub fn new(written: &str, server: &str, name: Option<&str>, clock: Clock, order: Order, has_colour: bool) -> Self {
        Self {
            written: safe::one_line(written),
            server: safe::one_line(server),
            pass: Pass::None,
            stage: if name.is_some() { Stage::Talking } else { Stage::Naming(None) },
            room: None,
            log: Log::default(),
            composer: Composer::default(),
            editing: None,
            scroll: Scroll::Bottom,
            unread: 0,
            mark: None,
            over: Over::Nothing,
            size: (80, 24),
            clock,
            order,
            has_colour,
            refused: None,
            notice: None,
            is_focused: true,
            now: Duration::ZERO,
        }
    }

    /// Tells the time: that of [`Chat::now`].
    pub fn at(&mut self, now: Duration) {
        self.now = now;
        self.notice.take_if(|(_, until)| *until <= now);
    }

    /// The time, as it was told.
    pub fn now(&self) -> Duration {
        self.now
    }

    /// When the screen changes by itself: a word of ours goes, or a countdown counts.
    pub fn due(&self, chat: &Chat) -> Option<Duration> {
        let counts = super::view::next_second(chat, self.now);
        self.notice.as_ref().map(|(_, until)| *until).into_iter().chain(counts).min()
    }

    /// The screen has another size.
    pub fn resizes(&mut self, width: u16, height: u16) {
        self.size = (width, height);
    }

    /// Whether somebody looks.
    pub fn focuses(&mut self, is_focused: bool) {
        self.is_focused = is_focused;
        self.looks();
    }

    /// The word of ours that is shown.
    pub fn notice(&self) -> Option<&str> {
        self.notice.as_ref().map(|(words, _)| &**words)
    }

    fn notes(&mut self, words: impl Into<String>) {
        self.notice = Some((safe::one_line(&words.into()), self.now + NOTICE));
    }

    /// More waits to be sent than is kept: what one wrote is given back.
    pub fn is_full(&mut self, text: Option<&str>) {
        if let Some(text) = text.filter(|_| self.composer.is_empty()) {
            self.composer.set(text);
        }
        self.notes("Too many lines wait to be sent. Wait until some are through.");
    }

    /// What is before somebody's eyes is read.
    fn looks(&mut self) {
        if self.is_seen() {
            self.unread = 0;
        }
    }

    fn is_seen(&self) -> bool {
        self.is_focused && self.scroll == Scroll::Bottom && self.stage == Stage::Talking
    }

    /// Takes news in. The chat is as it is after them.
    pub fn hears(&mut self, news: &News, chat: &Chat) {
        match news {
            News::Entered { room, how, history, earlier, passed } if Some(*room) == self.room => {
                let seat = chat.room(*room);
                let before = self.log.items().len();
                self.log.enters(*how, history, passed, *earlier, seat.your_name(), |from| seat.is_own(from));
                // What one missed is unread; what was there before one came is not.
                if before > 0 && self.log.items().len() > before {
                    self.counts(self.log.items()[before].id);
                }
                (self.stage, self.refused) = (Stage::Talking, None);
                self.settles();
            }
            News::Happened { room, happening, .. } if Some(*room) == self.room => {
                let seat = chat.room(*room);
                if let Some(id) = self.log.takes(happening, &|from| seat.is_own(from)) {
                    self.counts(id);
                }
                self.settles();
            }
            News::Torn { room } if Some(*room) == self.room => self.log.tears(),
            News::Past { room, before, lines, more } if Some(*room) == self.room => {
                let seat = chat.room(*room);
                let last = seat.position().map_or(0, |position| position.seq);
                self.log.reads_back(*before, last, lines, *more, |from| seat.is_own(from));
            }
            News::NoPast { .. } => self.log.is_loading(false),
            News::Barred { room, why } if Some(*room) == self.room => self.is_barred(why),
            News::Left { room } if Some(*room) == self.room => {
                self.stage = Stage::Out("You are not in the room any more.".to_owned());
            }
            News::Failed { key, why } => {
                let is_change = chat.line(*key).is_some_and(|line| !matches!(line.ask, Ask::Say { .. }));
                let what = if is_change { "Not changed" } else { "Not sent" };
                self.notes(format!("{what}: {} /retry or /drop", why.in_one_line()));
            }
            News::Unconfirmed { .. } => self.notes("Nobody can tell whether that arrived. /retry or /drop"),
            News::Notice { why, .. } => self.notes(why.in_one_line()),
            News::Entered { .. }
            | News::Happened { .. }
            | News::Torn { .. }
            | News::Past { .. }
            | News::Barred { .. }
            | News::Left { .. }
            | News::Link
            | News::Done { .. }
            | News::People { .. } => {}
        }
    }

    /// A new item: a line of somebody else that nobody sees is unread.
    fn counts(&mut self, id: u64) {
        if self.is_seen() {
            return;
        }
        let new = self.log.items().iter().filter(|item| item.id >= id);
        let lines = new.filter(|item| matches!(item.shown, Shown::Line(_, false))).count();
        if lines > 0 && self.unread == 0 {
            self.mark = Some(id);
        }
        self.unread += lines;
    }

    fn settles(&mut self) {
        if self.scroll == Scroll::Bottom {
            self.log.trims();
        }
        self.looks();
    }

    fn is_barred(&mut self, why: &Refused) {
        let words = why.in_one_line();
        let is_of_name = matches!(
            why.known(),
            Some(Code::NameEmpty | Code::NameTooLong | Code::NameInvalid | Code::NameReserved | Code::NameTaken)
        );
        if is_of_name {
            if let Some(free) = &why.suggestion {
                self.composer.set(free);
            }
            self.stage = Stage::Naming(Some(safe::one_line(&why.message)));
        } else if self.log.items().is_empty() {
            self.refused = Some(why.clone());
        } else {
            self.stage = Stage::Out(safe::one_line(&words));
        }
    }

    /// Whether the room is joined on the present connection.
    pub fn is_attached(&self, chat: &Chat) -> bool {
        self.room.is_some_and(|room| chat.room(room).is_attached() && *chat.room(room).status() == Status::In)
    }
}

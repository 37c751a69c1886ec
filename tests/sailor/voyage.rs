//! One sailor's voyage, from line to line: what is the same on every wire.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::{Course, Ending, Order, Standing};
use crate::oracle::{Content, Entry, Log, Word};
use crate::scene::Chance;

/// How long a connection and its handshake may take before it is tried anew.
const OPENING: Duration = Duration::from_secs(5);
/// After how long something that was refused is tried again when nobody says how long.
pub(super) const AGAIN: Duration = Duration::from_millis(200);
/// How a line begins that is to be the last one.
pub(super) const END: &str = "end ";
/// How long a line that was left open is kept.
const ABANDONED: Duration = Duration::from_mins(1);

pub(super) struct Voyage {
    pub(super) name: Word,
    /// What stands on its lines: nothing for a guest whose wire has no place for it.
    pub(super) signature: Word,
    pub(super) course: Course,
    pub(super) chance: Chance,
    pub(super) orders: mpsc::UnboundedReceiver<Order>,
    tell: watch::Sender<Standing>,
    pub(super) standing: Standing,
    log: Log,
    last_id: u64,
    pub(super) outbox: VecDeque<Line>,
    pub(super) connection: u32,
    /// How often it could not connect or come in since it last could.
    pub(super) failures: u32,
    /// A server that goes away said when to come back.
    pub(super) not_before: Option<Instant>,
    /// It was told to wait with its lines.
    pub(super) hold_until: Option<Instant>,
    away_since: Option<Instant>,
    is_over: bool,
}

/// A line that is not over.
pub(super) struct Line {
    /// Given when it is sent for the first time.
    pub(super) id: Option<u64>,
    pub(super) room: Word,
    to: Option<Word>,
    text: String,
    copies: usize,
    pub(super) is_on_the_way: bool,
}

impl Line {
    /// As it is written where `/msg` makes it private.
    pub(super) fn written(&self) -> String {
        match &self.to {
            Some(to) => format!("/msg \"{to}\" {}", self.text),
            None => self.text.clone(),
        }
    }
}

/// What becomes of a connection.
pub(super) enum End {
    /// It is gone, or given up.
    Lost(String),
    Own(Ending),
    /// The voyage is over.
    Ashore,
}

/// How somebody sails by one wire, and what it keeps from line to line.
pub(super) trait Rig: Send {
    /// A connection.
    type Wire: Send + 'static;

    /// Makes a connection, whose number is the next one from then on.
    fn connect(&mut self, voyage: &mut Voyage) -> impl Future<Output = io::Result<Self::Wire>> + Send;

    /// On one connection, until it ends.
    fn sail_on(&mut self, voyage: &mut Voyage, wire: &mut Self::Wire) -> impl Future<Output = End> + Send;

    /// Says goodbye as a page does that is loaded again.
    fn reload(wire: &mut Self::Wire) -> impl Future<Output = ()> + Send;

    /// Does nothing more for a connection that is left open.
    fn freeze(_wire: &Self::Wire) {}
}

impl Voyage {
    pub(super) fn new(
        name: &str,
        course: Course,
        chance: Chance,
        orders: mpsc::UnboundedReceiver<Order>,
        tell: watch::Sender<Standing>,
    ) -> Self {
        Self {
            name: name.into(),
            signature: name.into(),
            log: Log::by(name, course.by.wire()),
            course,
            chance,
            orders,
            tell,
            standing: Standing::default(),
            last_id: 0,
            outbox: VecDeque::new(),
            connection: 0,
            failures: 0,
            not_before: None,
            hold_until: None,
            away_since: None,
            is_over: false,
        }
    }

    /// Sails until it is called ashore.
    pub(super) async fn sails(mut self, mut rig: impl Rig) -> Log {
        while !self.is_over {
            match timeout(OPENING, rig.connect(&mut self)).await {
                Ok(Ok(wire)) => self.sails_once(&mut rig, wire).await,
                Ok(Err(error)) => self.has_failed(error.to_string()),
                Err(_) => self.has_failed("slow".to_owned()),
            }
            self.wait().await;
        }
        self.log
    }

    fn has_failed(&mut self, why: String) {
        self.failures += 1;
        self.standing.trouble = Some(why);
        self.tells();
    }

    /// Waits before it connects again; at first not at all. Orders are taken meanwhile.
    async fn wait(&mut self) {
        let mut until = self.not_before.take().unwrap_or_else(Instant::now);
        if self.failures > 0 {
            let most = self.course.backoff.end;
            let span = self.course.backoff.start.saturating_mul(1 << self.failures.min(10)).min(most);
            // Not all at once, after something that befell all at once.
            until = until.max(Instant::now() + self.chance.span(&(span / 2..span)));
        }
        while !self.is_over {
            tokio::select! {
                biased;
                () = sleep_until(until) => return,
                order = self.orders.recv() => match order {
                    Some(Order::Say { room, to, text }) => self.keep(room, to, text),
                    Some(Order::Move(from)) => {
                        self.course.from = from;
                        return;
                    }
                    Some(Order::Sleep) => self.sleep().await,
                    Some(Order::End(_) | Order::Wake) => {}
                    Some(Order::GoAshore) | None => self.is_over = true,
                },
            }
        }
    }

    fn keep(&mut self, room: Word, to: Option<Word>, text: String) {
        self.outbox.push_back(Line { id: None, room, to, text, copies: 0, is_on_the_way: false });
    }

    /// Takes no notice of anything until it is woken.
    async fn sleep(&mut self) {
        loop {
            match self.orders.recv().await {
                Some(Order::Say { room, to, text }) => self.keep(room, to, text),
                Some(Order::Wake) => return,
                Some(Order::GoAshore) | None => {
                    self.is_over = true;
                    return;
                }
                Some(Order::End(_) | Order::Move(_) | Order::Sleep) => {}
            }
        }
    }

    /// Does what it is told to while it has a line. Whether that is the end of the line.
    pub(super) async fn obeys(&mut self, order: Option<Order>) -> Option<End> {
        match order {
            Some(Order::Say { room, to, text }) => self.keep(room, to, text),
            Some(Order::End(how)) => return Some(End::Own(how)),
            Some(Order::Move(from)) => {
                self.course.from = from;
                return Some(End::Own(Ending::Abandon));
            }
            Some(Order::Sleep) => {
                self.sleep().await;
                if self.is_over {
                    return Some(End::Ashore);
                }
            }
            Some(Order::Wake) => {}
            Some(Order::GoAshore) | None => return Some(End::Ashore),
        }
        None
    }

    /// On one line, until it ends.
    async fn sails_once<R: Rig>(&mut self, rig: &mut R, mut wire: R::Wire) {
        let end = rig.sail_on(self, &mut wire).await;
        self.hold_until = None;
        self.away_since.get_or_insert_with(Instant::now);
        let why = match end {
            End::Ashore => {
                self.is_over = true;
                return;
            }
            End::Lost(why) => why,
            End::Own(Ending::Vanish) => "vanished".to_owned(),
            End::Own(Ending::Reload) => {
                let _ = timeout(OPENING, R::reload(&mut wire)).await;
                "reloaded".to_owned()
            }
            End::Own(Ending::Abandon) => {
                R::freeze(&wire);
                tokio::spawn(async move {
                    sleep(ABANDONED).await;
                    drop(wire);
                });
                "abandoned".to_owned()
            }
        };
        // Before a welcome there was nothing to lose.
        if self.has_opened() {
            self.writes(Entry::Cut { connection: self.connection, why: why.as_str().into() });
        } else {
            self.connection = self.standing.connections as u32;
            self.failures += 1;
        }
        self.standing.is_there = false;
        self.standing.endings.push(why);
        self.tells();
    }

    /// Whether the connection that it has was taken up by the server.
    pub(super) fn has_opened(&self) -> bool {
        self.standing.connections == self.connection as usize
    }

    /// The server has taken up its connection. `known` says whether it is known from before.
    pub(super) fn is_open(&mut self, known: bool) {
        self.writes(Entry::Opened { connection: self.connection, known });
        self.standing.connections = self.connection as usize;
    }

    /// It is in all its rooms again.
    pub(super) fn is_there(&mut self) {
        self.standing.is_there = true;
        if let Some(since) = self.away_since.take() {
            self.standing.longest_away = self.standing.longest_away.max(since.elapsed());
        }
    }

    /// It may not come in for now.
    pub(super) fn is_kept_out(&mut self, why: &str) {
        self.standing.trouble = Some(why.to_owned());
    }

    pub(super) fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// Sends a line of the outbox now. Gives its command.
    pub(super) fn sends(&mut self, index: usize) -> u64 {
        let id = match self.outbox[index].id {
            Some(id) => id,
            None => self.next_id(),
        };
        let line = &mut self.outbox[index];
        (line.id, line.is_on_the_way, line.copies) = (Some(id), true, line.copies + 1);
        let to = line.to.as_ref().map(Word::as_str);
        let content = Content::of(line.room.as_str(), self.signature.as_str(), to, &line.text);
        let words = Box::new((line.room.clone(), line.to.clone(), line.text.clone()));
        self.writes(Entry::Sent { connection: self.connection, id, content, line: words });
        id
    }

    /// A command was not kept. Whether it is to be sent again, after a while.
    pub(super) fn is_refused(&mut self, id: u64, code: &str, wait: Option<Duration>) {
        self.writes(Entry::Refused { connection: self.connection, id, code: code.into() });
        if !matches!(code, "rate_limited" | "unavailable" | "server_full") {
            self.is_done(id);
            return;
        }
        self.holds(id, wait.unwrap_or(AGAIN));
    }

    /// A line is to be sent again, and no line before this time is over.
    pub(super) fn holds(&mut self, id: u64, wait: Duration) {
        if let Some(line) = self.outbox.iter_mut().find(|line| line.id == Some(id)) {
            line.is_on_the_way = false;
            let until = Instant::now() + wait;
            self.hold_until = Some(self.hold_until.map_or(until, |before| before.max(until)));
        }
    }

    /// Whether it was told to wait with its lines, and still has to.
    pub(super) fn is_held(&mut self) -> bool {
        self.hold_until = self.hold_until.filter(|until| *until > Instant::now());
        self.hold_until.is_some()
    }

    /// A line is over. A resend and its first copy are both answered; the first answer counts.
    pub(super) fn is_done(&mut self, id: u64) {
        if let Some(at) = self.outbox.iter().position(|line| line.id == Some(id)) {
            let line = self.outbox.remove(at).expect("it is there");
            self.standing.most_copies = self.standing.most_copies.max(line.copies);
            self.standing.done += 1;
        }
    }

    /// Of lines that were sent it is not known what became of them, nor will be.
    pub(super) fn gives_up_what_was_sent(&mut self) {
        let before = self.outbox.len();
        self.outbox.retain(|line| line.id.is_none());
        self.standing.unconfirmed += before - self.outbox.len();
        self.standing.done += before - self.outbox.len();
    }

    /// The command under which it has sent a line of this text that is not over.
    pub(super) fn sent_as(&self, text: &str) -> Option<u64> {
        self.outbox.iter().find(|line| line.is_on_the_way && line.text == text)?.id
    }

    /// It heard a line, which may be the one that is to be the last.
    pub(super) fn hears_an_end(&mut self, text: &str) {
        if text.starts_with(END) {
            self.standing.heard_end = Some(text.to_owned());
        }
    }

    pub(super) fn writes(&mut self, entry: Entry) {
        self.log.entries.push(entry);
    }

    /// Lets those who wait know how it stands.
    pub(super) fn tells(&mut self) {
        self.tell.send_if_modified(|told| {
            let is_news = *told != self.standing;
            if is_news {
                told.clone_from(&self.standing);
            }
            is_news
        });
    }
}

//! What one asks for on its way: into the outbox, to the server one at a time, and out again when that has answered.

use std::time::Duration;

use super::Chat;
use crate::client::event::{Happening, LineKey, Position, Refused, RoomKey, What};
use crate::client::news::News;
use crate::client::outbox::{Ask, Full, LineState, OwnLine};
use crate::client::seat::How;
use crate::protocol::{ClientFrame, Code};

/// Refusals that say nothing of the line, only of the moment: the least wait before it is sent again.
const TOO_FAST: Duration = Duration::from_secs(1);
const UNAVAILABLE: Duration = Duration::from_secs(5);
/// The close code of a message that is larger than the server reads.
const TOO_BIG: u16 = 1009;

impl Chat {
    pub(super) fn ask(&mut self, room: RoomKey, ask: Ask) -> Result<LineKey, Full> {
        self.stops_typing(room);
        let key = self.outbox.put(room, ask)?;
        self.pump();
        Ok(key)
    }

    /// Sends what failed or is unconfirmed as a new one; what waits because the server asked for it, at once.
    pub fn retry(&mut self, key: LineKey) {
        if self.outbox.get(key).is_some_and(|line| line.state == LineState::Queued) {
            self.paused_until = None;
        }
        self.outbox.retry(key);
        self.pump();
    }

    /// Gives up what failed, is unconfirmed, or was never handed over. What may be on its way cannot be taken back.
    pub fn discard(&mut self, key: LineKey) -> Option<OwnLine> {
        let may_go = |line: &OwnLine| match line.state {
            LineState::Queued => line.id().is_none(),
            LineState::Failed(_) | LineState::Unconfirmed => true,
            LineState::Sending | LineState::Doubtful | LineState::Acked(_) => false,
        };
        self.outbox.get(key).is_some_and(may_go).then(|| self.outbox.remove(key)).flatten()
    }

    /// Hands over what can be handed over now.
    pub(super) fn pump(&mut self) {
        while self.is_open && self.link.is_live() && self.paused_until.is_none() {
            let Some(line) = self.outbox.next(|room| self.seats[room.0].door()).cloned() else { return };
            let OwnLine { key, room, .. } = line;
            let Some(position) = self.seats[room.0].position.clone() else { return };
            if !self.reaches(&line) {
                self.turn_back(&line);
                continue;
            }
            let id = line.id().unwrap_or_else(|| self.next_id());
            self.outbox.hand(key, id, &position);
            self.hand(&line, id);
        }
    }

    fn hand(&mut self, line: &OwnLine, id: u64) {
        let name = self.seats[line.room.0].name.clone();
        let room = (&*name).into();
        let frame = match &line.ask {
            Ask::Say { text, to: None } => ClientFrame::Say { id, room, text: text.into() },
            Ask::Say { text, to: Some(to) } => ClientFrame::Private { id, room, to: to.id, text: text.into() },
            Ask::Edit { target, text } => ClientFrame::Edit { id, room, seq: target.seq, text: text.into() },
            Ask::Delete { target } => ClientFrame::Delete { id, room, seq: target.seq },
            Ask::React { target, emoji, on } => {
                ClientFrame::React { id, room, seq: target.seq, emoji: emoji.into(), on: *on }
            }
        };
        self.command(id, &frame);
    }

    /// Whether the number still means the member, or the line, that was meant. In another life of the log it may be
    /// another's.
    fn reaches(&self, line: &OwnLine) -> bool {
        let seat = &self.seats[line.room.0];
        match &line.ask {
            Ask::Say { to: None, .. } => true,
            Ask::Say { to: Some(to), .. } => {
                seat.epoch() == Some(&*to.epoch) || (!line.in_doubt() && seat.has(to.id, &to.name))
            }
            Ask::Edit { target, .. } | Ask::Delete { target } | Ask::React { target, .. } => {
                seat.epoch() == Some(&*target.epoch)
            }
        }
    }

    fn turn_back(&mut self, line: &OwnLine) {
        if line.in_doubt() {
            return self.unconfirm(line.key);
        }
        let why = match &line.ask {
            Ask::Say { to, .. } => {
                let name = to.as_ref().map(|to| &*to.name).unwrap_or_default();
                Refused::own("recipient_gone", format!("{name} is not here any more."))
            }
            Ask::Edit { .. } | Ask::Delete { .. } | Ask::React { .. } => {
                Refused::own(Code::NoSuchLine.as_str(), Code::NoSuchLine.words())
            }
        };
        self.fail(line.key, why);
    }

    pub(super) fn fail(&mut self, key: LineKey, why: Refused) {
        self.outbox.fail(key, why.clone());
        self.news.push_back(News::Failed { key, why });
    }

    fn unconfirm(&mut self, key: LineKey) {
        // What came back from the room did arrive.
        if let Some(at) = self.outbox.get(key).and_then(|line| line.echo.clone()) {
            self.outbox.remove(key);
            self.news.push_back(News::Done { key, at });
            return;
        }
        self.outbox.unconfirm(key);
        self.news.push_back(News::Unconfirmed { key });
    }

    pub(super) fn acknowledged(&mut self, id: u64, room: &str, at: Position) {
        let Some(line) = self.outbox.of_command(id) else { return };
        let (key, seat) = (line.key, &self.seats[line.room.0]);
        if seat.name != room {
            return;
        }
        // Its event is to come yet; until then nobody is to see it gone.
        let is_to_come = matches!(line.ask, Ask::Say { .. })
            && line.echo.is_none()
            && seat.position.as_ref().is_some_and(|now| now.epoch == at.epoch && now.seq < at.seq);
        self.news.push_back(News::Done { key, at: at.clone() });
        if is_to_come {
            self.outbox.change(key, |line| line.state = LineState::Acked(at));
        } else {
            self.outbox.remove(key);
        }
        self.pump();
    }

    /// A refusal of a line. False if the command was none.
    pub(super) fn line_refused(&mut self, id: u64, why: &Refused) -> bool {
        let Some((key, room)) = self.outbox.of_command(id).map(|line| (line.key, line.room)) else { return false };
        match why.known() {
            Some(code @ (Code::RateLimited | Code::Unavailable)) => {
                let is_too_fast = code == Code::RateLimited;
                let wait = why.retry_after.unwrap_or(if is_too_fast { TOO_FAST } else { UNAVAILABLE });
                self.paused_until = Some(self.now + wait);
                self.outbox.postpone(key);
                // That one is too fast passes by itself; that nothing can be kept is worth a word.
                if !is_too_fast {
                    self.news.push_back(News::Notice { room: Some(room), why: why.clone() });
                }
            }
            Some(Code::IdTooOld) => self.unconfirm(key),
            _ => self.fail(key, why.clone()),
        }
        self.pump();
        true
    }

    /// The connection is gone, with this close code.
    pub(super) fn cut(&mut self, code: u16) {
        let sent = self.outbox.lines().iter().find(|line| line.state == LineState::Sending).map(|line| line.key);
        if let (Some(key), TOO_BIG) = (sent, code) {
            // Sent again it would end the next connection, too.
            self.fail(key, Refused::own(Code::TextTooLong.as_str(), Code::TextTooLong.words()));
        }
        self.outbox.cut();
    }

    /// The server does not know the session any more, so that it would not recognise a second sending.
    pub(super) fn forgotten(&mut self) {
        for key in self.outbox.doubtful(None) {
            self.unconfirm(key);
        }
    }

    /// A room is not to be had again for this session.
    pub(super) fn barred(&mut self, room: RoomKey) {
        for key in self.outbox.doubtful(Some(room)) {
            self.unconfirm(key);
        }
        self.pump();
    }

    /// Notices that an event is something that was asked for here, and gives what.
    pub(super) fn recognise(&mut self, room: RoomKey, happening: &Happening) -> Option<LineKey> {
        // Whatever its number stands for by now: somebody may have taken it back before it came.
        let is_acked = |line: &&OwnLine| matches!(&line.state, LineState::Acked(at) if at.seq == happening.seq);
        let acked = self.own(room).find(is_acked).map(|line| line.key);
        if let Some(key) = acked {
            self.outbox.remove(key);
            return Some(key);
        }
        let seat = &self.seats[room.0];
        let What::Said(said) = &happening.what else { return None };
        if !seat.is_own(said.from) || said.guest {
            return None;
        }
        let is_before = |at: &Position| Some(&*at.epoch) != seat.epoch() || at.seq < happening.seq;
        let is_it = |line: &&OwnLine| {
            let is_sent = line.in_doubt() || line.state == LineState::Sending;
            is_sent
                && line.echo.is_none()
                && line.after().is_none_or(is_before)
                && is_echo(&said.text, said.to.is_some(), &line.ask)
        };
        let key = self.own(room).find(is_it).map(|line| line.key)?;
        let at = Position { epoch: seat.epoch().unwrap_or_default().into(), seq: happening.seq };
        self.outbox.change(key, |line| line.echo = Some(at));
        Some(key)
    }

    /// Takes out the acknowledged lines of a room that are not told as events any more, and gives those of them that the
    /// history does not have.
    pub(super) fn passed(&mut self, room: RoomKey, how: How, history: &[Happening]) -> Vec<(Position, Ask)> {
        if how == How::Resumed {
            return Vec::new();
        }
        let now = self.seats[room.0].position.clone();
        let is_over = |at: &Position| now.as_ref().is_none_or(|now| now.epoch != at.epoch || now.seq >= at.seq);
        let acked = |line: &OwnLine| match &line.state {
            LineState::Acked(at) if is_over(at) => Some((line.key, at.clone())),
            _ => None,
        };
        let over: Vec<(LineKey, Position)> = self.own(room).filter_map(acked).collect();
        let mut passed = Vec::new();
        for (key, at) in over {
            let Some(line) = self.outbox.remove(key) else { continue };
            let is_told = now.as_ref().is_some_and(|now| now.epoch == at.epoch)
                && history.iter().any(|happening| happening.seq == at.seq);
            if !is_told {
                passed.push((at, line.ask));
            }
        }
        passed
    }
}

/// Whether an event is what becomes of a line: the server takes commands off its beginning.
fn is_echo(said: &str, is_private: bool, ask: &Ask) -> bool {
    let Ask::Say { text, to } = ask else { return false };
    let (said, typed) = (said.trim(), text.trim());
    if is_private {
        return if to.is_some() { typed == said } else { typed.starts_with('/') && typed.ends_with(said) };
    }
    to.is_none() && (typed == said || typed.strip_prefix('/').is_some_and(|rest| rest.starts_with('/') && rest == said))
}

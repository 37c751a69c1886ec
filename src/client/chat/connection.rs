//! The connection's life: when there is one, when it is given up, and what ends with it.

use std::time::Duration;

use super::{Chat, FINISHED};
use crate::client::event::RoomKey;
use crate::client::link::{Ended, LinkState};
use crate::client::news::{Act, News};
use crate::client::seat::Status;
use crate::protocol::ClientFrame;

/// From the first packet to the welcome.
const WELCOME: Duration = Duration::from_secs(15);
/// A ping that nothing follows for so long means a dead connection.
const PONG: Duration = Duration::from_secs(10);
/// A command that is not answered for so long was lost. Sent again on a new connection it is recognised.
const ANSWER: Duration = Duration::from_secs(30);
/// Our own close code. Not 1000, which says that one has finished: the same person comes back.
const COMING_BACK: u16 = 4900;

impl Chat {
    /// Tries now instead of waiting; also when it had been given up.
    pub fn reconnect(&mut self) {
        if !self.is_over && self.link.now() {
            self.connect();
        }
    }

    /// Tells the time, which rises, and does what is due. To be called before anything else, and at [`due`](Self::due).
    pub fn at(&mut self, now: Duration) {
        self.now = self.now.max(now);
        if self.is_over {
            return;
        }
        if self.link.is_due(self.now) {
            self.connect();
        }
        self.watch();
        for at in 0..self.seats.len() {
            self.tick_seat(RoomKey(at));
        }
        if self.paused_until.is_some_and(|until| until <= self.now) {
            self.paused_until = None;
            self.pump();
        }
    }

    /// When time has to be told again at the latest.
    pub fn due(&self) -> Option<Duration> {
        if self.is_over {
            return None;
        }
        let seats = self.seats.iter().flat_map(|seat| {
            let asked = &seat.asked;
            let past = asked.past_at.map(|(at, _)| at);
            [seat.keys.stops_at(), seat.typists.fades_at(), asked.join_at, asked.people_at, past].into_iter().flatten()
        });
        seats.chain(self.link.due()).chain(self.paused_until).chain(self.watched_until()).min()
    }

    /// The connection ended, or did not come about.
    pub fn ended(&mut self, ended: Ended) {
        if self.began.is_none() {
            return;
        }
        self.unplug(ended.code);
        let asked = self.asked_until.take().map(|until| until.saturating_sub(self.now));
        let (restarts, now) = (self.restarts, self.now);
        let asked = if restarts { Some(asked.unwrap_or_default()) } else { asked };
        let chance = &mut self.chance;
        self.link.lost(ended, asked, restarts, now, &mut || draw(chance));
        self.news.push_back(News::Link);
        // Where every room was refused it is a person's turn, and the server may have hung up for that.
        if self.seats.iter().all(|seat| matches!(seat.status, Status::Refused(_) | Status::Left)) {
            self.link.unwanted();
        }
    }

    pub(super) fn connect(&mut self) {
        self.began = Some(self.now);
        (self.is_open, self.asked_until, self.restarts) = (false, None, false);
        (self.heartbeat, self.heard_at, self.pinged_at) = (None, self.now, None);
        self.acts.push_back(Act::Connect);
        self.news.push_back(News::Link);
    }

    /// Forgets the connection and all that was under way on it.
    fn unplug(&mut self, code: u16) {
        (self.began, self.is_open, self.paused_until) = (None, false, None);
        self.asked.clear();
        self.goodbyes.clear();
        for at in 0..self.seats.len() {
            if self.seats[at].cut() {
                self.news.push_back(News::NoPast { room: RoomKey(at) });
            }
        }
        self.cut(code);
    }

    /// Gives the connection up.
    pub(super) fn drop_link(&mut self, reason: &str) {
        self.acts.push_back(Act::HangUp(COMING_BACK));
        self.ended(Ended { reason: reason.to_owned(), ..Ended::default() });
    }

    /// Without a room there is nothing to be connected for.
    pub(super) fn rest_if_alone(&mut self) {
        let is_alone = self.seats.iter().all(|seat| seat.status == Status::Left);
        if !is_alone || !self.goodbyes.is_empty() || *self.link.state() == LinkState::Idle {
            return;
        }
        if self.began.is_some() {
            self.acts.push_back(Act::HangUp(FINISHED));
            self.unplug(0);
        }
        self.link.unwanted();
        self.news.push_back(News::Link);
    }

    /// Looks whether the server is still there.
    fn watch(&mut self) {
        if self.watched_until().is_none_or(|until| until > self.now) {
            return;
        }
        let answered = self.asked.first().is_none_or(|(_, at)| *at + ANSWER > self.now);
        match (self.heartbeat, self.pinged_at) {
            _ if !answered => self.drop_link("the server did not answer"),
            (None, _) => self.drop_link("the server did not answer"),
            (Some(_), Some(_)) => self.drop_link("the server is not heard any more"),
            (Some(_), None) => {
                self.pinged_at = Some(self.now);
                self.send(&ClientFrame::Ping);
            }
        }
    }

    /// Until when that is not to be looked at.
    fn watched_until(&self) -> Option<Duration> {
        let began = self.began?;
        let answer = self.asked.first().map(|(_, at)| *at + ANSWER);
        let sign = match (self.heartbeat, self.pinged_at) {
            (None, _) => began + WELCOME,
            (Some(_), Some(at)) => at + PONG,
            (Some(heartbeat), None) => self.heard_at + heartbeat,
        };
        Some(answer.map_or(sign, |answer| answer.min(sign)))
    }
}

/// A number from 0 to 1 (xorshift).
fn draw(state: &mut u64) -> f64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    f64::from((*state >> 32) as u32) / f64::from(u32::MAX)
}

//! What comes from the server, frame by frame, and what is asked of it that changes no room.

use std::borrow::Cow;
use std::time::Duration;

use super::Chat;
use crate::client::event::{Arrival, Happening, Position, Refused, RoomKey, history, numbered, people};
use crate::client::frames;
use crate::client::news::{Act, News};
use crate::client::seat::{Status, Turn};
use crate::protocol::{ClientFrame, Code, MemberCard, ResetReason, SAFE_INTEGER, ServerFrame, Since, Snapshot};

/// Where the server asks for patience without saying how much.
const PATIENCE: Duration = Duration::from_secs(1);
/// Where the server cannot let somebody back in who was there, for now.
const LATER: Duration = Duration::from_secs(5);
/// A server that wants to be asked more often than this is not obeyed.
const LEAST_HEARTBEAT: Duration = Duration::from_secs(1);
/// What a server may mean by a span.
const LONGEST: Duration = Duration::from_hours(24);
/// Lines of the past in a page.
const PAGE: u32 = 100;

impl Chat {
    /// The connection is open: a WebSocket with the subprotocol taken.
    pub fn opened(&mut self) {
        if self.began.is_none() || self.is_open {
            return;
        }
        (self.is_open, self.heard_at) = (true, self.now);
        let session = self.session.clone();
        self.send(&ClientFrame::Hello { session: session.as_deref().map(Cow::Borrowed) });
        self.ask_in_everywhere();
    }

    /// Anything came, even if it says nothing: a pong, a part of a message.
    pub fn sensed(&mut self) {
        (self.heard_at, self.pinged_at) = (self.now, None);
    }

    /// A text message came. What cannot be read is passed over, as what a later server may have to say; if it was a number,
    /// the next one shows that.
    pub fn hears(&mut self, text: &str) {
        if !self.is_open {
            return;
        }
        self.sensed();
        let Some(frame) = frames::read(text) else { return };
        let frame = match numbered(frame) {
            Ok((room, happening)) if happening.seq <= SAFE_INTEGER => return self.happens(&room, happening),
            Ok(_) => return,
            Err(frame) => *frame,
        };
        match frame {
            ServerFrame::Welcome { session, resumed, heartbeat_ms, limits } => {
                self.limits = Some(limits);
                self.heartbeat = Some(millis(heartbeat_ms).max(LEAST_HEARTBEAT));
                self.welcomed(session.into_owned(), resumed);
            }
            ServerFrame::Joined { id, snapshot } => self.arrives(arrival(Some(id), None, snapshot)),
            ServerFrame::Reset { id, reason, snapshot } => self.arrives(arrival(id, Some(reason), snapshot)),
            ServerFrame::Ack { id, room, epoch, seq } => {
                self.is_answered(id);
                self.acknowledged(id, &room, Position { epoch: epoch.into(), seq });
            }
            ServerFrame::People { id, room, members, count, more } => self.listed(id, &room, members, count, more),
            ServerFrame::History { id, room, events, more } => self.past(id, &room, history(events), more),
            ServerFrame::Goaway { retry_after_ms } => {
                self.asked_until = Some(self.now + millis(retry_after_ms));
                self.restarts = true;
            }
            ServerFrame::Left { id, room } => self.left(id, &room),
            ServerFrame::Error { code, message, id, room, retry_after_ms, suggestion, near } => {
                let why = Refused {
                    code: code.into_owned(),
                    message: message.into_owned(),
                    retry_after: retry_after_ms.map(millis),
                    suggestion: suggestion.map(Cow::into_owned),
                    near: near.into_iter().map(Cow::into_owned).collect(),
                };
                self.refused(id, room.as_deref(), why);
            }
            ServerFrame::Typing { room, from, on } => {
                let now = self.now;
                if let Some(room) = self.attached(&room)
                    && self.seats[room.0].typists.hears(from, on, now)
                {
                    self.news.push_back(News::People { room });
                }
            }
            // Numbered frames were taken above.
            ServerFrame::Pong
            | ServerFrame::Message { .. }
            | ServerFrame::Private { .. }
            | ServerFrame::Edit { .. }
            | ServerFrame::Delete { .. }
            | ServerFrame::React { .. }
            | ServerFrame::Join { .. }
            | ServerFrame::Leave { .. }
            | ServerFrame::Skip { .. } => {}
        }
    }

    /// Hands a frame to the connection, if there is one.
    pub(super) fn send(&mut self, frame: &ClientFrame<'_>) -> bool {
        if self.is_open {
            self.acts.push_back(Act::Send(serde_json::to_string(frame).expect("frames have string keys")));
        }
        self.is_open
    }

    /// The same for a command that is to be answered.
    pub(super) fn command(&mut self, id: u64, frame: &ClientFrame<'_>) -> bool {
        let is_sent = self.send(frame);
        if is_sent {
            self.asked.push((id, self.now));
        }
        is_sent
    }

    fn is_answered(&mut self, id: u64) {
        self.asked.retain(|(asked, _)| *asked != id);
    }

    /// The room of this name, if it is joined on this connection.
    fn attached(&self, name: &str) -> Option<RoomKey> {
        self.seats.iter().position(|seat| seat.attached && seat.name == name).map(RoomKey)
    }

    fn welcomed(&mut self, session: String, resumed: bool) {
        if !self.link.is_connecting() {
            return;
        }
        self.session = Some(session);
        self.link.welcomed(self.now);
        let to_leave = std::mem::take(&mut self.to_leave);
        if resumed {
            for room in to_leave {
                self.tell_leaving(room);
            }
        } else {
            self.forgotten();
        }
        self.news.push_back(News::Link);
        self.ask_in_everywhere();
    }

    fn ask_in_everywhere(&mut self) {
        for at in 0..self.seats.len() {
            self.ask_in(RoomKey(at));
        }
    }

    /// Asks to be let into a room, unless that is under way.
    pub(super) fn ask_in(&mut self, room: RoomKey) {
        let seat = &self.seats[room.0];
        let is_wanted = matches!(seat.status, Status::Joining | Status::In);
        let is_asked = seat.attached || seat.asked.join.is_some() || seat.asked.join_at.is_some();
        // A stranger waits for the welcome: if it were let in and the secret lost on the way, its own ghost would hold its
        // name.
        let is_admitted = self.is_open && (self.session.is_some() || self.link.is_live());
        if !is_wanted || is_asked || !is_admitted {
            return;
        }
        let id = self.next_id();
        let seat = &self.seats[room.0];
        let (name, person, position) = (seat.name.clone(), seat.wanted.clone(), seat.position.clone());
        let since = position.as_ref().map(|at| Since { epoch: (&*at.epoch).into(), seq: at.seq });
        self.command(id, &ClientFrame::Join { id, room: (&*name).into(), name: (&*person).into(), since });
        self.seats[room.0].asked.join = Some((id, person));
    }

    fn arrives(&mut self, mut arrival: Arrival) {
        if arrival.position.seq > SAFE_INTEGER {
            return;
        }
        if let Some(id) = arrival.id {
            self.is_answered(id);
        }
        let Some(at) = self.seats.iter().position(|seat| seat.awaits(&arrival)) else {
            // Let in where one no longer wants to be: the answer came after one had left.
            if !self.seats.iter().any(|seat| seat.name == arrival.room && seat.status != Status::Left) {
                self.tell_leaving(arrival.room);
            }
            return;
        };
        let room = RoomKey(at);
        if self.seats[at].cut() {
            self.news.push_back(News::NoPast { room });
        }
        let how = self.seats[at].arrives(&mut arrival);
        let passed = self.passed(room, how, &arrival.history);
        let (history, earlier) = (arrival.history, arrival.earlier);
        for happening in &history {
            self.recognise(room, happening);
        }
        self.news.push_back(News::Entered { room, how, history, earlier, passed });
        self.fetch_people(room);
        self.pump();
    }

    fn happens(&mut self, room: &str, happening: Happening) {
        let Some(room) = self.attached(room) else { return };
        let seat = &mut self.seats[room.0];
        match seat.turn(happening.seq) {
            Turn::Repeat => return,
            Turn::Next => {}
            Turn::Hole if seat.torn_at == seat.position => self.news.push_back(News::Torn { room }),
            Turn::Hole => {
                // A new connection may fill it. If it does not, it is told.
                seat.torn_at.clone_from(&seat.position);
                return self.drop_link("the server left something out");
            }
        }
        let own = self.recognise(room, &happening);
        if self.seats[room.0].takes(&happening) {
            self.news.push_back(News::People { room });
        }
        self.news.push_back(News::Happened { room, happening, own });
    }

    fn listed(&mut self, id: u64, room: &str, members: Vec<MemberCard<'_>>, count: u32, more: bool) {
        self.is_answered(id);
        let Some(room) = self.attached(room) else { return };
        let seat = &mut self.seats[room.0];
        if seat.asked.people != Some(id) {
            return;
        }
        seat.asked.people = None;
        let before = seat.roster.listed_to();
        seat.roster.lists(people(members), count, more);
        let leads_on = seat.roster.listed_to() != before;
        self.news.push_back(News::People { room });
        if leads_on {
            self.fetch_people(room);
        }
    }

    fn fetch_people(&mut self, room: RoomKey) {
        if let Some(after) = self.seats[room.0].wants_people() {
            self.ask_for_people(room, after);
        }
    }

    pub(super) fn ask_for_people(&mut self, room: RoomKey, after: u32) {
        let id = self.next_id();
        let name = self.seats[room.0].name.clone();
        self.command(id, &ClientFrame::People { id, room: name.into(), after: Some(after) });
        self.seats[room.0].asked.people = Some(id);
    }

    pub(super) fn ask_for_the_past(&mut self, room: RoomKey, before: u64) {
        let id = self.next_id();
        let name = self.seats[room.0].name.clone();
        let page = ClientFrame::History { id, room: name.into(), before: Some(before), after: None, limit: Some(PAGE) };
        self.command(id, &page);
        self.seats[room.0].asked.past = Some((id, before));
    }

    fn past(&mut self, id: u64, room: &str, lines: Vec<Happening>, more: bool) {
        self.is_answered(id);
        let Some(room) = self.attached(room) else { return };
        if let Some((_, before)) = self.seats[room.0].asked.past.take_if(|(asked, _)| *asked == id) {
            self.news.push_back(News::Past { room, before, lines, more });
        }
    }

    fn left(&mut self, id: u64, room: &str) {
        self.is_answered(id);
        let goodbye = self.goodbyes.iter().position(|goodbye| *goodbye == id);
        if let Some(at) = goodbye {
            self.goodbyes.remove(at);
        } else if let Some(room) = self.attached(room) {
            let seat = &mut self.seats[room.0];
            seat.cut();
            seat.status = Status::Left;
            self.news.push_back(News::Left { room });
        }
        self.rest_if_alone();
    }

    pub(super) fn tell_leaving(&mut self, room: String) {
        let id = self.next_id();
        if self.command(id, &ClientFrame::Leave { id, room: room.into() }) {
            self.goodbyes.push(id);
        }
    }

    pub(super) fn tell_typing(&mut self, room: RoomKey, on: bool) {
        let name = self.seats[room.0].name.clone();
        self.send(&ClientFrame::Typing { room: name.into(), on });
    }

    fn refused(&mut self, id: Option<u64>, room: Option<&str>, why: Refused) {
        if let Some(id) = id {
            self.is_answered(id);
            if self.line_refused(id, &why) || self.asking_refused(id, &why) {
                return;
            }
            if let Some(at) = self.goodbyes.iter().position(|goodbye| *goodbye == id) {
                // A room that cannot be left is left.
                self.goodbyes.remove(at);
                return self.rest_if_alone();
            }
        } else if let Some(wait) = why.retry_after {
            // A close may follow.
            self.asked_until = Some(self.now + wait);
        }
        let room = room.and_then(|name| self.seats.iter().position(|seat| seat.name == name)).map(RoomKey);
        self.news.push_back(News::Notice { room, why });
    }

    /// A refusal of what was asked for a seat. False if it was nothing of that kind.
    fn asking_refused(&mut self, id: u64, why: &Refused) -> bool {
        let is_too_fast = why.known() == Some(Code::RateLimited);
        let again = self.now + why.retry_after.unwrap_or(PATIENCE);
        for at in 0..self.seats.len() {
            let (room, seat) = (RoomKey(at), &mut self.seats[at]);
            if seat.asked.people == Some(id) {
                seat.asked.people = None;
                seat.asked.people_at = is_too_fast.then_some(again);
                return true;
            }
            if let Some((_, before)) = seat.asked.past.take_if(|(asked, _)| *asked == id) {
                if is_too_fast {
                    seat.asked.past_at = Some((again, before));
                } else {
                    self.news.push_back(News::NoPast { room });
                }
                return true;
            }
            if let Some((_, name)) = seat.asked.join.take_if(|(asked, _)| *asked == id) {
                self.join_refused(room, &name, why.clone());
                return true;
            }
        }
        false
    }

    fn join_refused(&mut self, room: RoomKey, name: &str, why: Refused) {
        let (now, seat) = (self.now, &mut self.seats[room.0]);
        let code = why.known();
        let was_there = seat.position.is_some();
        if code == Some(Code::RateLimited) {
            seat.asked.join_at = Some(now + why.retry_after.unwrap_or(PATIENCE));
        } else if was_there && code.is_some_and(Code::may_retry) {
            // Who was there is not sent away by what passes.
            seat.asked.join_at = Some(now + why.retry_after.unwrap_or(LATER));
            self.news.push_back(News::Notice { room: Some(room), why });
        } else if seat.wanted != name {
            // Meanwhile another name was chosen.
            self.ask_in(room);
        } else if matches!(seat.status, Status::Joining | Status::In) {
            seat.status = Status::Refused(why.clone());
            self.barred(room);
            self.news.push_back(News::Barred { room, why });
        }
    }

    /// Does what is due for a room.
    pub(super) fn tick_seat(&mut self, room: RoomKey) {
        let now = self.now;
        let seat = &mut self.seats[room.0];
        let is_due = |at: &mut Duration| *at <= now;
        if seat.typists.fade(now) {
            self.news.push_back(News::People { room });
        }
        if seat.keys.stops_at().is_some_and(|at| at <= now) {
            seat.keys.stops();
            self.tell_typing(room, false);
        }
        let asked = &mut self.seats[room.0].asked;
        let (join, people) = (asked.join_at.take_if(is_due), asked.people_at.take_if(is_due));
        let past = asked.past_at.take_if(|(at, _)| *at <= now);
        if join.is_some() {
            self.ask_in(room);
        }
        if people.is_some() {
            self.fetch_people(room);
        }
        if let Some((_, before)) = past {
            self.ask_for_the_past(room, before);
        }
    }
}

/// A span that a server names. It is not believed to be longer than a day.
fn millis(ms: u64) -> Duration {
    Duration::from_millis(ms).min(LONGEST)
}

fn arrival(id: Option<u64>, reason: Option<ResetReason>, snapshot: Snapshot<'_>) -> Arrival {
    Arrival {
        id,
        reason,
        room: snapshot.room.into_owned(),
        position: Position { epoch: snapshot.epoch.into(), seq: snapshot.seq },
        you: snapshot.you,
        name: snapshot.name.into_owned(),
        resumed: snapshot.resumed,
        members: people(snapshot.members),
        count: snapshot.count,
        history: history(snapshot.history),
        earlier: snapshot.earlier,
    }
}

//! The whole of a client without its socket: rooms, outbox and connection put together behind one face. Pure: the caller
//! tells the time, says what came, and does what [`Chat::act`] gives.
//!
//! What holds, whatever the network does: each room's events are told once, in the order of their numbers, and where some
//! are missing that is told; a line goes out once, however often it is sent; and what nobody can vouch for is called so.

mod connection;
mod hearing;
mod sending;

use std::collections::VecDeque;
use std::time::Duration;

use super::event::{LineKey, Position, Refused, RoomKey};
use super::link::{Link, LinkState};
use super::news::{Act, News};
use super::outbox::{Ask, Full, Outbox, OwnLine, Receiver};
use super::seat::{Seat, Status};
use crate::protocol::Limits;

/// The code of a connection with which one has finished.
const FINISHED: u16 = 1000;

/// A client. See the module.
pub struct Chat {
    now: Duration,
    chance: u64,
    link: Link,
    /// When the present try began, while there is one or a connection.
    began: Option<Duration>,
    /// Whether frames can be sent.
    is_open: bool,
    session: Option<String>,
    last_id: u64,
    limits: Option<Limits>,
    seats: Vec<Seat>,
    outbox: Outbox,
    /// The server asked to send nothing before this.
    paused_until: Option<Duration>,
    /// Commands that are not answered, and when they were sent, in that order.
    asked: Vec<(u64, Duration)>,
    /// The numbers of `leave` commands on the present connection.
    goodbyes: Vec<u64>,
    /// Rooms that were left while there was no connection.
    to_leave: Vec<String>,
    heartbeat: Option<Duration>,
    heard_at: Duration,
    pinged_at: Option<Duration>,
    /// What the server asked for, for when the connection has ended; and whether it restarts.
    asked_until: Option<Duration>,
    restarts: bool,
    is_over: bool,
    acts: VecDeque<Act>,
    news: VecDeque<News>,
}

impl Chat {
    /// A client that wants nothing yet. `seed` decides about its waits: another one for each client.
    pub fn new(seed: u64) -> Self {
        Self {
            now: Duration::ZERO,
            chance: seed | 1,
            link: Link::new(),
            began: None,
            is_open: false,
            session: None,
            last_id: 0,
            limits: None,
            seats: Vec::new(),
            outbox: Outbox::default(),
            paused_until: None,
            asked: Vec::new(),
            goodbyes: Vec::new(),
            to_leave: Vec::new(),
            heartbeat: None,
            heard_at: Duration::ZERO,
            pinged_at: None,
            asked_until: None,
            restarts: false,
            is_over: false,
            acts: VecDeque::new(),
            news: VecDeque::new(),
        }
    }

    /// What is to be done next.
    pub fn act(&mut self) -> Option<Act> {
        self.acts.pop_front()
    }

    /// What one is told next.
    pub fn news(&mut self) -> Option<News> {
        self.news.pop_front()
    }

    /// How the connection stands.
    pub fn link(&self) -> &LinkState {
        self.link.state()
    }

    /// The time, as it was told last.
    pub fn now(&self) -> Duration {
        self.now
    }

    /// What the server allows, once it has said so.
    pub fn limits(&self) -> Option<Limits> {
        self.limits
    }

    /// A room.
    ///
    /// # Panics
    /// If the key is of another client.
    pub fn room(&self, room: RoomKey) -> &Seat {
        &self.seats[room.0]
    }

    /// What one has asked for in a room and is not told as an event yet, in the order in which it was asked.
    pub fn own(&self, room: RoomKey) -> impl DoubleEndedIterator<Item = &OwnLine> {
        self.outbox.lines().iter().filter(move |line| line.room == room)
    }

    /// One of those, by its key.
    pub fn line(&self, key: LineKey) -> Option<&OwnLine> {
        self.outbox.get(key)
    }

    /// Whether anything waits to be sent, or for its acknowledgement.
    pub fn is_busy(&self) -> bool {
        self.outbox.lines().iter().any(OwnLine::is_open)
    }

    /// Wants to be in a room under a name, through all reconnects. After a refusal: tries again. Nothing changes if one is
    /// in it.
    pub fn join(&mut self, room: &str, name: &str) -> RoomKey {
        let known = self.seats.iter().position(|seat| seat.name == room || seat.written == room);
        let at = known.unwrap_or_else(|| {
            self.seats.push(Seat::new(room, name));
            self.seats.len() - 1
        });
        self.to_leave.retain(|left| left != room);
        let seat = &mut self.seats[at];
        match seat.status {
            Status::In => return RoomKey(at),
            // Who comes again comes anew: what happened meanwhile is not for them.
            Status::Left => *seat = Seat::new(room, name),
            Status::Joining | Status::Refused(_) => {
                name.clone_into(&mut seat.wanted);
                seat.status = Status::Joining;
            }
        }
        self.ask_in(RoomKey(at));
        if self.link.wanted() {
            self.connect();
        } else {
            self.reconnect();
        }
        RoomKey(at)
    }

    /// Leaves a room. What waits there is given up.
    pub fn leave(&mut self, room: RoomKey) {
        if self.seats[room.0].status == Status::Left {
            return;
        }
        let waiting: Vec<LineKey> = self.own(room).filter(|line| line.is_open()).map(|line| line.key).collect();
        for key in waiting {
            self.fail(key, Refused::own("left", "The room was left before this was sent."));
        }
        let seat = &mut self.seats[room.0];
        let name = seat.name.clone();
        seat.cut();
        seat.status = Status::Left;
        if self.link.is_live() {
            self.tell_leaving(name);
        } else if self.session.is_some() {
            self.to_leave.push(name);
        }
        self.rest_if_alone();
        self.pump();
    }

    /// Says a line to all. A slash at its beginning means what it means to the server.
    ///
    /// # Errors
    /// If too much waits already.
    pub fn say(&mut self, room: RoomKey, text: &str) -> Result<LineKey, Full> {
        self.ask(room, Ask::Say { text: text.to_owned(), to: None })
    }

    /// Says a line to one member.
    ///
    /// # Errors
    /// If too much waits already.
    pub fn say_to(&mut self, room: RoomKey, member: u32, text: &str) -> Result<LineKey, Full> {
        let seat = &self.seats[room.0];
        let name = seat.roster.person(member).map(|person| person.name.clone()).unwrap_or_default();
        let to = Receiver { id: member, name, epoch: seat.epoch().unwrap_or_default().into() };
        self.ask(room, Ask::Say { text: text.to_owned(), to: Some(to) })
    }

    /// Gives a line of one's own other words. `seq`: a number of the present life of the log, as in the two below.
    ///
    /// # Errors
    /// If too much waits already.
    pub fn edit(&mut self, room: RoomKey, seq: u64, text: &str) -> Result<LineKey, Full> {
        let target = self.target(room, seq);
        self.ask(room, Ask::Edit { target, text: text.to_owned() })
    }

    /// Takes a line of one's own back.
    ///
    /// # Errors
    /// If too much waits already.
    pub fn delete(&mut self, room: RoomKey, seq: u64) -> Result<LineKey, Full> {
        let target = self.target(room, seq);
        self.ask(room, Ask::Delete { target })
    }

    /// Puts a reaction on a line, or takes it off.
    ///
    /// # Errors
    /// If too much waits already.
    pub fn react(&mut self, room: RoomKey, seq: u64, emoji: &str, on: bool) -> Result<LineKey, Full> {
        let target = self.target(room, seq);
        self.ask(room, Ask::React { target, emoji: emoji.to_owned(), on })
    }

    fn target(&self, room: RoomKey, seq: u64) -> Position {
        Position { epoch: self.seats[room.0].epoch().unwrap_or_default().into(), seq }
    }

    /// A key was pressed.
    pub fn types(&mut self, room: RoomKey) {
        let (seat, now) = (&mut self.seats[room.0], self.now);
        if seat.attached && seat.keys.pressed(now) {
            self.tell_typing(room, true);
        }
    }

    /// One has stopped typing.
    pub fn stops_typing(&mut self, room: RoomKey) {
        if self.seats[room.0].keys.stops() {
            self.tell_typing(room, false);
        }
    }

    /// Asks for the page of lines before this number; told as [`News::Past`] or [`News::NoPast`]. Nothing happens while one
    /// is under way.
    pub fn read_back(&mut self, room: RoomKey, before: u64) {
        let seat = &self.seats[room.0];
        if seat.is_reading_back() {
            return;
        }
        if seat.attached {
            self.ask_for_the_past(room, before);
        } else {
            self.news.push_back(News::NoPast { room });
        }
    }

    /// Asks for the next page of a large room's people.
    pub fn more_people(&mut self, room: RoomKey) {
        let seat = &self.seats[room.0];
        if let (true, None, Some(after)) = (seat.attached, seat.asked.people, seat.roster.listed_to()) {
            self.ask_for_people(room, after);
        }
    }

    /// Leaves everything: others see one go at once. Nothing more is told or done after what is to be done now.
    pub fn close(&mut self) {
        self.is_over = true;
        self.acts.push_back(Act::HangUp(FINISHED));
        self.is_open = false;
        self.began = None;
    }

    fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }
}

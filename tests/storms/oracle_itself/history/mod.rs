//! Histories as they ought to be: what clients of a perfect server write down, through every kind of trouble.

mod numberless;

use std::collections::BTreeMap;

use proptest::prelude::*;

use numberless::Numberless;

use crate::oracle::{Content, Entry, How, Log, Seen, Stands, Wire, Word};

const CLIENTS: [&str; 4] = ["Ali", "Sara", "Bob", "Mina"];
const ROOMS: [&str; 2] = ["sea", "shore"];

/// One thing that happens.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step {
    Say {
        client: usize,
        room: usize,
        to: Option<usize>,
        ack_is_lost: bool,
    },
    /// Said, and cut off before the server had it.
    SayInVain {
        client: usize,
        room: usize,
    },
    BeRefused {
        client: usize,
        room: usize,
    },
    Read {
        client: usize,
        room: usize,
        count: usize,
    },
    Cut {
        client: usize,
    },
    Return {
        client: usize,
        too_late: bool,
    },
    Leave {
        client: usize,
        room: usize,
    },
    Join {
        client: usize,
        room: usize,
    },
    Restart,
    /// Somebody does something who sees no numbers.
    Other(usize, numberless::Deed),
}

pub(crate) fn step() -> impl Strategy<Value = Step> {
    let (client, room) = (0..CLIENTS.len(), 0..ROOMS.len());
    let both = (client.clone(), room);
    prop_oneof![
        12 => (both.clone(), prop::option::weighted(0.2, client.clone()), prop::bool::weighted(0.2)).prop_map(
            |((client, room), to, ack_is_lost)| Step::Say { client, room, to: to.filter(|to| *to != client), ack_is_lost }
        ),
        2 => both.clone().prop_map(|(client, room)| Step::SayInVain { client, room }),
        3 => both.clone().prop_map(|(client, room)| Step::BeRefused { client, room }),
        12 => (both.clone(), 1..9_usize).prop_map(|((client, room), count)| Step::Read { client, room, count }),
        2 => client.clone().prop_map(|client| Step::Cut { client }),
        6 => (client, prop::bool::weighted(0.3)).prop_map(|(client, too_late)| Step::Return { client, too_late }),
        1 => both.clone().prop_map(|(client, room)| Step::Leave { client, room }),
        6 => both.prop_map(|(client, room)| Step::Join { client, room }),
        1 => Just(Step::Restart),
    ]
}

/// The same where others are there who see no numbers.
pub(crate) fn step_on_every_wire() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => step(),
        2 => (0..numberless::COUNT, numberless::deed()).prop_map(|(who, deed)| Step::Other(who, deed)),
    ]
}

/// An event, and for whom it is if it is private.
#[derive(Debug, Clone, Copy)]
struct Event {
    seen: Seen,
    only: Option<[usize; 2]>,
}

#[derive(Debug, Default)]
struct Room {
    epoch: u32,
    events: Vec<Event>,
    members: u32,
}

#[derive(Debug, Clone, Copy)]
struct Seat {
    epoch: u32,
    seq: usize,
    me: u32,
}

/// A line that its client has no answer for.
#[derive(Debug, Clone)]
struct Unanswered {
    id: u64,
    room: usize,
    to: Option<usize>,
    text: String,
    kept: Option<(u32, usize)>,
}

#[derive(Debug)]
struct Client {
    log: Log,
    connection: u32,
    is_up: bool,
    session: u32,
    last_id: u64,
    seats: BTreeMap<usize, Seat>,
    unanswered: Vec<Unanswered>,
}

#[derive(Debug)]
struct World {
    rooms: Vec<Room>,
    /// What became of rooms when the server was started anew, by room.
    lost: Vec<(usize, Room)>,
    clients: Vec<Client>,
    others: Vec<Numberless>,
    /// How often the server was started anew.
    starts: u32,
}

fn word(index: usize, words: &[&str]) -> Word {
    words[index].into()
}

fn epoch(epoch: u32) -> Word {
    format!("e{epoch}").into()
}

impl World {
    fn new(clients: usize) -> Self {
        let client = |name: &&str| Client {
            log: Log::of(name),
            connection: 0,
            is_up: false,
            session: 0,
            last_id: 0,
            seats: BTreeMap::new(),
            unanswered: Vec::new(),
        };
        let clients = CLIENTS[..clients].iter().map(client).collect();
        let rooms = ROOMS.iter().map(|_| Room::default()).collect();
        let mut world = Self { rooms, lost: Vec::new(), clients, others: Vec::new(), starts: 0 };
        for client in 0..world.clients.len() {
            world.open(client, false);
        }
        world
    }

    fn writes(&mut self, client: usize, entry: Entry) {
        self.clients[client].log.entries.push(entry);
    }

    fn open(&mut self, client: usize, known: bool) {
        let person = &mut self.clients[client];
        (person.connection, person.is_up, person.session) = (person.connection + 1, true, self.starts);
        let connection = person.connection;
        self.writes(client, Entry::Opened { connection, known });
    }

    fn cut(&mut self, client: usize) {
        let connection = self.clients[client].connection;
        self.clients[client].is_up = false;
        self.writes(client, Entry::Cut { connection, why: "cut".into() });
    }

    fn event(&self, client: usize, room: usize, seq: usize) -> Seen {
        let Event { seen, only } = self.rooms[room].events[seq - 1];
        if only.is_some_and(|two| !two.contains(&client)) { Seen::Skip } else { seen }
    }

    /// The server numbers a line.
    fn number(&mut self, client: usize, line: &mut Unanswered) {
        let content = content(client, line);
        let from = self.clients[client].seats[&line.room].me;
        let seen = match line.to {
            Some(_) => Seen::Private { from, content },
            None => Seen::Message { from, content },
        };
        let room = &mut self.rooms[line.room];
        room.events.push(Event { seen, only: line.to.map(|to| [client, to]) });
        line.kept = Some((room.epoch, room.events.len()));
    }

    fn writes_sent(&mut self, client: usize, line: &Unanswered) {
        let (connection, content) = (self.clients[client].connection, content(client, line));
        let words = (word(line.room, &ROOMS), line.to.map(|to| word(to, &CLIENTS)), line.text.clone());
        self.writes(client, Entry::Sent { connection, id: line.id, content, line: Box::new(words) });
    }

    fn writes_acked(&mut self, client: usize, line: &Unanswered) {
        let (kept_in, seq) = line.kept.expect("it was numbered");
        let place = Box::new((word(line.room, &ROOMS), epoch(kept_in), seq as u64));
        let connection = self.clients[client].connection;
        self.writes(client, Entry::Acked { connection, id: line.id, place });
    }

    /// The next line of somebody who is in the room and can be heard there.
    fn line(&mut self, client: usize, room: usize, to: Option<usize>) -> Option<Unanswered> {
        let person = &mut self.clients[client];
        if !person.is_up || !person.seats.contains_key(&room) {
            return None;
        }
        person.last_id += 1;
        let (id, name) = (person.last_id, person.log.client.clone());
        Some(Unanswered { id, room, to, text: format!("{name} {id}"), kept: None })
    }

    fn read(&mut self, client: usize, room: usize, count: usize) {
        for _ in 0..count {
            let person = &mut self.clients[client];
            let Some(seat) = person.seats.get_mut(&room) else { return };
            if !person.is_up || seat.seq == self.rooms[room].events.len() {
                return;
            }
            seat.seq += 1;
            let (seq, connection) = (seat.seq, person.connection);
            let (room_name, seen) = (word(room, &ROOMS), self.event(client, room, seq));
            self.writes(client, Entry::Numbered { connection, room: room_name, seq: seq as u64, seen });
        }
    }

    fn join(&mut self, client: usize, room: usize, how: How) {
        let state = &mut self.rooms[room];
        state.members += 1;
        let (me, name) = (state.members, Content::of_name(CLIENTS[client]));
        state.events.push(Event { seen: Seen::Join { member: me, name }, only: None });
        let seat = Seat { epoch: state.epoch, seq: state.events.len(), me };
        self.sit(client, room, seat, how, Vec::new());
    }

    fn sit(&mut self, client: usize, room: usize, seat: Seat, how: How, history: Vec<(u64, Seen)>) {
        self.clients[client].seats.insert(room, seat);
        let (epoch, seq) = (epoch(seat.epoch), seat.seq as u64);
        let stands = Stands { room: word(room, &ROOMS), epoch, seq, me: seat.me, how, history };
        let connection = self.clients[client].connection;
        self.writes(client, Entry::Stands { connection, stands: Box::new(stands) });
    }

    fn comes_back(&mut self, client: usize, too_late: bool) {
        let known = self.clients[client].session == self.starts;
        self.open(client, known);
        for (room, seat) in self.clients[client].seats.clone() {
            let head = self.rooms[room].events.len();
            if seat.epoch != self.rooms[room].epoch {
                self.join(client, room, How::Reset("epoch".to_owned()));
            } else if too_late && head > seat.seq {
                let last = (head as u64, self.event(client, room, head));
                self.sit(client, room, Seat { seq: head, ..seat }, How::Reset("too_old".to_owned()), vec![last]);
            } else {
                self.sit(client, room, seat, How::Resumed, Vec::new());
            }
        }
        for mut line in std::mem::take(&mut self.clients[client].unanswered) {
            // What a session that is forgotten leaves open is not sent again.
            if known && self.clients[client].seats.contains_key(&line.room) {
                self.writes_sent(client, &line);
                if line.kept.is_none() {
                    self.number(client, &mut line);
                }
                self.writes_acked(client, &line);
            }
        }
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Say { client, room, to, ack_is_lost } => {
                let is_there = |to: &usize| self.clients[*to].seats.get(&room).map(|seat| seat.epoch);
                let to = to.filter(|to| *to < self.clients.len() && is_there(to) == Some(self.rooms[room].epoch));
                let Some(mut line) = self.line(client, room, to) else { return };
                self.writes_sent(client, &line);
                self.number(client, &mut line);
                if ack_is_lost {
                    self.clients[client].unanswered.push(line);
                    self.cut(client);
                } else {
                    self.writes_acked(client, &line);
                }
            }
            Step::SayInVain { client, room } => {
                let Some(line) = self.line(client, room, None) else { return };
                self.writes_sent(client, &line);
                self.clients[client].unanswered.push(line);
                self.cut(client);
            }
            Step::BeRefused { client, room } => {
                let Some(line) = self.line(client, room, None) else { return };
                self.writes_sent(client, &line);
                let connection = self.clients[client].connection;
                self.writes(client, Entry::Refused { connection, id: line.id, code: "text_too_long".into() });
            }
            Step::Read { client, room, count } => self.read(client, room, count),
            Step::Cut { client } => {
                if self.clients[client].is_up {
                    self.cut(client);
                }
            }
            Step::Return { client, too_late } => {
                if !self.clients[client].is_up {
                    self.comes_back(client, too_late);
                }
            }
            Step::Leave { client, room } => {
                if self.clients[client].is_up
                    && let Some(seat) = self.clients[client].seats.remove(&room)
                {
                    let name = Content::of_name(CLIENTS[client]);
                    let seen = Seen::Leave { member: seat.me, name };
                    self.rooms[room].events.push(Event { seen, only: None });
                    let connection = self.clients[client].connection;
                    self.writes(client, Entry::Left { connection, room: word(room, &ROOMS) });
                }
            }
            Step::Join { client, room } => {
                if self.clients[client].is_up && !self.clients[client].seats.contains_key(&room) {
                    self.join(client, room, How::Joined);
                }
            }
            Step::Restart => self.restart(),
            Step::Other(who, deed) => self.does(who, deed),
        }
    }

    fn restart(&mut self) {
        self.starts += 1;
        for who in 0..self.others.len() {
            self.loses_its_line(who);
        }
        for (index, room) in self.rooms.iter_mut().enumerate() {
            let lost = std::mem::replace(room, Room { epoch: self.starts, ..Room::default() });
            self.lost.push((index, lost));
        }
        for client in 0..self.clients.len() {
            if self.clients[client].is_up {
                self.cut(client);
            }
        }
    }

    /// Everybody comes back and reads to the end.
    fn end(mut self) -> Vec<Log> {
        for client in 0..self.clients.len() {
            if !self.clients[client].is_up {
                self.comes_back(client, false);
            }
        }
        self.others_come_back();
        for client in 0..self.clients.len() {
            for room in 0..ROOMS.len() {
                self.read(client, room, usize::MAX);
            }
        }
        self.others_read_to_the_end();
        let recorder = (!self.others.is_empty()).then(|| self.recorder());
        let clients = self.clients.into_iter().map(|client| client.log);
        clients.chain(self.others.into_iter().map(Numberless::log)).chain(recorder).collect()
    }
}

fn content(client: usize, line: &Unanswered) -> Content {
    Content::of(ROOMS[line.room], CLIENTS[client], line.to.map(|to| CLIENTS[to]), &line.text)
}

/// What everybody writes down while these things happen, and at the end come back and read everything.
pub(crate) fn play(steps: Vec<Step>) -> Vec<Log> {
    let mut world = World::new(CLIENTS.len());
    for step in steps {
        world.take(step);
    }
    world.end()
}

/// The same with people on every wire, and somebody who sees every number of every room.
pub(crate) fn play_on_every_wire(steps: Vec<Step>) -> Vec<Log> {
    let mut world = World::new(CLIENTS.len());
    // What comes by events is written down alike.
    let last = world.clients.len() - 1;
    world.clients[last].log.wire = Wire::Events;
    world.others = numberless::all();
    for step in steps {
        world.take(step);
    }
    world.end()
}

const EACH_SAYS_ONE: [Step; 4] = [
    Step::Join { client: 0, room: 0 },
    Step::Join { client: 1, room: 0 },
    Step::Say { client: 0, room: 0, to: None, ack_is_lost: false },
    Step::Say { client: 1, room: 0, to: None, ack_is_lost: false },
];

/// Two who each say one line.
pub(crate) fn small() -> Vec<Log> {
    let mut world = World::new(2);
    for step in EACH_SAYS_ONE {
        world.take(step);
    }
    world.end()
}

/// The same, and then the server is lost.
pub(crate) fn restarted() -> Vec<Log> {
    play(EACH_SAYS_ONE.into_iter().chain([Step::Restart]).collect())
}

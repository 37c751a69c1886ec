//! Those of a history who see no numbers: a page of Socket.IO and pages of tutorials, each in one room. And somebody who sees
//! every number, to whom they are held.

use proptest::prelude::*;

use super::{Event, ROOMS, World, epoch, word};
use crate::oracle::{Content, Entry, How, Log, Seen, Stands, Wire, Word};

const NAMES: [(&str, Wire); COUNT] = [("Kim", Wire::SocketIo), ("Zoe", Wire::Page), ("Leo", Wire::Page)];

/// How many they are.
pub(crate) const COUNT: usize = 3;

/// The room that all of them are in.
const ROOM: usize = 0;

/// As which member somebody sees everything, in every life of a room.
const RECORDER: u32 = 1_000_000;

/// One thing that one of them does.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Deed {
    Say,
    Read(usize),
    BeCut,
    Return,
    /// It is so slow that it is told that lines are missing.
    FallBehind,
}

pub(crate) fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        4 => Just(Deed::Say),
        6 => (1..9_usize).prop_map(Deed::Read),
        1 => Just(Deed::BeCut),
        4 => Just(Deed::Return),
        1 => Just(Deed::FallBehind),
    ]
}

#[derive(Debug)]
pub(super) struct Numberless {
    log: Log,
    name: &'static str,
    connection: u32,
    is_up: bool,
    member: u32,
    /// Up to which number it has read.
    seq: usize,
    /// The last line that it had: of which epoch, and its number.
    last: Option<(u32, usize)>,
    last_id: u64,
    /// Lines that were not echoed: the command, and the content.
    open: Vec<(u64, Content)>,
}

pub(super) fn all() -> Vec<Numberless> {
    let one = |(name, wire): &(&'static str, Wire)| Numberless {
        log: Log::by(name, *wire),
        name,
        connection: 0,
        is_up: false,
        member: 0,
        seq: 0,
        last: None,
        last_id: 0,
        open: Vec::new(),
    };
    NAMES.iter().map(one).collect()
}

impl Numberless {
    pub(super) fn log(self) -> Log {
        self.log
    }

    fn writes(&mut self, entry: Entry) {
        self.log.entries.push(entry);
    }
}

impl World {
    pub(super) fn does(&mut self, who: usize, deed: Deed) {
        let Some(one) = self.others.get(who) else { return };
        match deed {
            Deed::Return if !one.is_up => self.enters(who),
            Deed::Say if one.is_up => self.says_something(who),
            Deed::Read(count) if one.is_up => self.hears(who, count),
            Deed::BeCut => self.loses_its_line(who),
            Deed::FallBehind if one.is_up && one.seq + 3 < self.rooms[ROOM].events.len() => {
                let (epoch, head) = (self.rooms[ROOM].epoch, self.rooms[ROOM].events.len());
                let one = &mut self.others[who];
                let (connection, room) = (one.connection, word(ROOM, &ROOMS));
                // Where numbers are shown, it is told up to which one.
                let up_to = (one.log.wire == Wire::SocketIo && one.last.is_some()).then_some(head as u64);
                one.writes(Entry::Missed { connection, room, up_to });
                one.seq = head;
                if up_to.is_some() {
                    one.last = Some((epoch, head));
                }
                // Its echoes were among them.
                one.open.clear();
            }
            Deed::Return | Deed::Say | Deed::Read(_) | Deed::FallBehind => {}
        }
    }

    fn enters(&mut self, who: usize) {
        let state = &mut self.rooms[ROOM];
        state.members += 1;
        let member = state.members;
        let one = &mut self.others[who];
        let name = Content::of_name(one.name);
        state.events.push(Event { seen: Seen::Join { member, name }, only: None });
        one.connection += 1;
        (one.is_up, one.member, one.seq) = (true, member, state.events.len());
        let (connection, room) = (one.connection, word(ROOM, &ROOMS));
        one.writes(Entry::Opened { connection, known: false });
        let after = (one.log.wire == Wire::SocketIo).then(|| one.last.map_or(0, |(_, seq)| seq as u64));
        one.writes(Entry::Enters { connection, room, after });
        if let Some((epoch, last)) = one.last
            && after.is_some()
            && epoch == state.epoch
        {
            // What it missed is brought.
            one.seq = last;
        }
        if one.log.wire == Wire::SocketIo {
            for (id, content) in std::mem::take(&mut one.open) {
                let line = Box::new((word(ROOM, &ROOMS), None, format!("{} {id}", one.name)));
                one.writes(Entry::Sent { connection, id, content, line });
                one.writes(Entry::Kept { connection, id });
            }
        }
    }

    fn says_something(&mut self, who: usize) {
        let one = &mut self.others[who];
        one.last_id += 1;
        let (id, connection, from) = (one.last_id, one.connection, one.member);
        let text = format!("{} {id}", one.name);
        let content = Content::of(ROOMS[ROOM], one.name, None, &text);
        one.writes(Entry::Sent { connection, id, content, line: Box::new((word(ROOM, &ROOMS), None, text)) });
        self.rooms[ROOM].events.push(Event { seen: Seen::Message { from, content }, only: None });
        if one.log.wire == Wire::Page {
            one.open.push((id, content));
        } else if id.is_multiple_of(5) {
            // Its acknowledgement is lost with its line.
            one.open.push((id, content));
            self.loses_its_line(who);
        } else {
            one.writes(Entry::Kept { connection, id });
        }
    }

    fn hears(&mut self, who: usize, count: usize) {
        let (state, one) = (&self.rooms[ROOM], &mut self.others[who]);
        for (index, event) in state.events.iter().enumerate().skip(one.seq).take(count) {
            one.seq = index + 1;
            let Seen::Message { content, .. } = event.seen else { continue };
            let (connection, room) = (one.connection, word(ROOM, &ROOMS));
            let seq = (one.log.wire == Wire::SocketIo).then_some(one.seq as u64);
            one.writes(Entry::Heard { connection, room, content, is_private: false, seq });
            one.last = Some((state.epoch, one.seq));
            if let Some(at) = one.open.iter().position(|(_, open)| *open == content) {
                let (id, _) = one.open.remove(at);
                one.writes(Entry::Kept { connection, id });
            }
        }
    }

    pub(super) fn loses_its_line(&mut self, who: usize) {
        let one = &mut self.others[who];
        if !std::mem::replace(&mut one.is_up, false) {
            return;
        }
        let (member, name) = (one.member, Content::of_name(one.name));
        self.rooms[ROOM].events.push(Event { seen: Seen::Leave { member, name }, only: None });
        let connection = one.connection;
        if one.log.wire == Wire::Page {
            one.open.clear();
        }
        one.writes(Entry::Cut { connection, why: "cut".into() });
    }

    pub(super) fn others_come_back(&mut self) {
        (0..self.others.len()).for_each(|who| self.does(who, Deed::Return));
    }

    pub(super) fn others_read_to_the_end(&mut self) {
        (0..self.others.len()).for_each(|who| self.does(who, Deed::Read(usize::MAX)));
    }

    /// Somebody who has seen every number of every life.
    pub(super) fn recorder(&self) -> Log {
        let mut log = Log::of("Recorder");
        let lives = self.lost.iter().map(|(room, life)| (*room, life));
        let lives = lives.chain(self.rooms.iter().enumerate());
        let (mut connection, mut times) = (0, [0; ROOMS.len()]);
        for (index, life) in lives {
            // Each start of the server is a connection of its own.
            if times[index] == connection {
                if connection > 0 {
                    log.entries.push(Entry::Cut { connection, why: "restart".into() });
                }
                connection += 1;
                log.entries.push(Entry::Opened { connection, known: false });
            }
            times[index] += 1;
            let room: Word = word(index, &ROOMS);
            let how = if connection == 1 { How::Joined } else { How::Reset("epoch".to_owned()) };
            let (epoch, history) = (epoch(life.epoch), Vec::new());
            let stands = Stands { room: room.clone(), epoch, seq: 0, me: RECORDER, how, history };
            log.entries.push(Entry::Stands { connection, stands: Box::new(stands) });
            for (event, seq) in life.events.iter().zip(1..) {
                let seen = if event.only.is_some() { Seen::Skip } else { event.seen };
                log.entries.push(Entry::Numbered { connection, room: room.clone(), seq, seen });
            }
        }
        log
    }
}

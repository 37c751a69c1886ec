//! Where somebody stands in its rooms, on a wire that says so: what `welcome`, `joined`, `reset`, numbered frames and
//! acknowledgements change in that.

use tokio::time::Instant;

use super::frames::Told;
use super::voyage::Voyage;
use super::{Position, meter};
use crate::oracle::{Entry, How, Seen, Stands, Word};

/// What it keeps over all its lines.
pub(super) struct Places {
    /// The secret of its session.
    pub(super) session: Option<String>,
    pub(super) rooms: Vec<Berth>,
}

/// A room that it is in, or comes into.
pub(super) struct Berth {
    pub(super) room: Word,
    /// Where it stood last.
    pub(super) since: Option<(Word, u64)>,
    acked: u64,
    pub(super) joining: Joining,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Joining {
    /// The command under way.
    Asked(u64),
    There,
    /// Refused; to be asked again then.
    Again(Instant),
}

impl Places {
    pub(super) fn new(rooms: &[Word]) -> Self {
        let berth = |room: &Word| Berth { room: room.clone(), since: None, acked: 0, joining: Joining::Asked(0) };
        Self { session: None, rooms: rooms.iter().map(berth).collect() }
    }

    /// Whether it is in this room, on the line that it has now.
    pub(super) fn is_in(&self, room: &Word) -> bool {
        self.rooms.iter().any(|berth| berth.room == *room && berth.joining == Joining::There)
    }

    pub(super) fn is_welcome(&mut self, voyage: &mut Voyage, told: &Told<'_>) {
        let known = told.resumed == Some(true);
        self.session = told.session.as_deref().map(str::to_owned);
        voyage.is_open(known);
        voyage.failures = 0;
        for line in &mut voyage.outbox {
            line.is_on_the_way = false;
        }
        if !known {
            // Nobody knows what became of these. A person would be asked.
            voyage.gives_up_what_was_sent();
        }
    }

    pub(super) fn follows(&mut self, voyage: &mut Voyage, told: &Told<'_>, room: &str, seq: u64, seen: Seen) {
        let connection = voyage.connection;
        let Some(berth) = self.rooms.iter_mut().find(|berth| berth.room.as_str() == room) else {
            panic!("{} was never in {room}", voyage.name)
        };
        if let Some((_, last)) = &mut berth.since {
            *last = seq;
        }
        let room = berth.room.clone();
        if let Some(meter) = &voyage.course.meter
            && let Some(said_at) = told.text.as_deref().and_then(|text| text.rsplit_once('@')?.1.parse().ok())
        {
            meter.notes(meter::now().saturating_sub(said_at));
        }
        voyage.writes(Entry::Numbered { connection, room, seq, seen });
    }

    pub(super) fn stands(&mut self, voyage: &mut Voyage, told: &Told<'_>, text: &str) {
        let (Some(room), Some(epoch), Some(seq), Some(me)) = (&told.room, &told.epoch, told.seq, told.you) else {
            panic!("{}: a place without its fields: {text}", voyage.name)
        };
        let how = match (&*told.kind, told.resumed, &told.reason) {
            ("joined", Some(true), _) => How::Resumed,
            ("joined", ..) => How::Joined,
            (_, _, Some(reason)) => How::Reset(reason.to_string()),
            _ => panic!("{}: a reset without a reason: {text}", voyage.name),
        };
        let connection = voyage.connection;
        let Some(berth) = self.rooms.iter_mut().find(|berth| berth.room.as_str() == *room) else {
            panic!("{} did not ask for {room}", voyage.name)
        };
        let epoch = match &berth.since {
            Some((known, _)) if known.as_str() == *epoch => known.clone(),
            _ => Word::from(&**epoch),
        };
        if berth.since.as_ref().is_none_or(|(known, _)| *known != epoch) {
            berth.acked = 0;
        }
        berth.since = Some((epoch.clone(), seq));
        if told.id.is_some() {
            berth.joining = Joining::There;
        }
        match &how {
            How::Joined => {}
            How::Resumed => voyage.standing.resumes += 1,
            How::Reset(reason) => voyage.standing.resets.push(reason.clone()),
        }
        let history = told.history.iter().filter_map(Told::numbered).map(|(_, seq, seen)| (seq, seen)).collect();
        let stands = Stands { room: berth.room.clone(), epoch, seq, me, how, history };
        if self.rooms.iter().all(|berth| berth.joining == Joining::There) {
            voyage.is_there();
        }
        voyage.writes(Entry::Stands { connection, stands: Box::new(stands) });
    }

    /// One of its lines has a number.
    pub(super) fn is_acknowledged(&mut self, voyage: &mut Voyage, id: u64, told: &Told<'_>, text: &str) {
        let (Some(room), Some(epoch), Some(seq)) = (&told.room, &told.epoch, told.seq) else {
            panic!("{}: an acknowledgement without its fields: {text}", voyage.name)
        };
        let connection = voyage.connection;
        let place = Box::new((Word::from(&**room), Word::from(&**epoch), seq));
        voyage.writes(Entry::Acked { connection, id, place });
        let is_here = |berth: &&mut Berth| {
            berth.room.as_str() == *room && berth.since.as_ref().is_some_and(|(known, _)| known.as_str() == *epoch)
        };
        if let Some(berth) = self.rooms.iter_mut().find(is_here) {
            berth.acked = berth.acked.max(seq);
        }
        voyage.is_done(id);
    }

    /// Lets those who wait know where it stands.
    pub(super) fn tells(&self, voyage: &mut Voyage) {
        let position = |berth: &Berth| {
            let (epoch, seq) = berth.since.clone()?;
            Some(Position { room: berth.room.clone(), epoch, seq, acked: berth.acked })
        };
        voyage.standing.rooms = self.rooms.iter().filter_map(position).collect();
        voyage.tells();
    }
}

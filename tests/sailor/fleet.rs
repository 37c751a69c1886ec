//! Many sailors, who talk at a steady pace, settle, and go ashore.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval};

use super::voyage::END;
use super::{By, Course, Position, Sailor, Standing, meter};
use crate::oracle::{Log, Word};
use crate::scene::Chance;

/// How often talk is given out.
const TICK: Duration = Duration::from_millis(10);

/// Who are under way together.
pub(crate) struct Fleet {
    pub(crate) sailors: Vec<Sailor>,
    chance: Chance,
    /// Lines that were given out, so that no two are alike.
    lines: usize,
}

/// How a fleet talks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Talk {
    pub(crate) per_second: u32,
    pub(crate) span: Duration,
    /// The least characters of a line, and with what it is filled.
    pub(crate) chars: usize,
    pub(crate) padding: char,
    /// One in so many lines is for one only.
    pub(crate) whispers: Option<u64>,
}

impl Talk {
    /// Short lines of everybody, some of them for one only.
    pub(crate) fn of_all(per_second: u32, span: Duration) -> Self {
        Self { per_second, span, chars: 40, padding: '~', whispers: Some(7) }
    }
}

impl Fleet {
    /// So many set out.
    pub(crate) fn sails(count: usize, seed: u64, course: impl Fn(usize) -> Course) -> Self {
        Self::called("Sailor", count, seed, course)
    }

    /// So many set out under such names.
    pub(crate) fn called(name: &str, count: usize, seed: u64, course: impl Fn(usize) -> Course) -> Self {
        let mut fleet = Self { sailors: Vec::new(), chance: Chance::for_one(seed, u64::MAX), lines: 0 };
        fleet.grows(name, count, seed, course);
        fleet
    }

    /// So many more set out under such names.
    pub(crate) fn grows(&mut self, name: &str, count: usize, seed: u64, course: impl Fn(usize) -> Course) {
        for n in 0..count {
            let chance = Chance::for_one(seed, 1_000_000 + self.sailors.len() as u64);
            self.sailors.push(Sailor::sails(&format!("{name} {n}x"), course(n), chance));
        }
    }

    /// The others sail with these from now on.
    pub(crate) fn takes_in(&mut self, others: Self) {
        self.sailors.extend(others.sailors);
        self.lines += others.lines;
    }

    /// Waits until everybody stands as wanted.
    pub(crate) async fn stand(&mut self, what: &str, limit: Duration, wanted: impl Fn(&Standing) -> bool) {
        let until = Instant::now() + limit;
        for sailor in &mut self.sailors {
            sailor.stands(what, until.saturating_duration_since(Instant::now()), &wanted).await;
        }
    }

    /// Waits until everybody is in its rooms.
    pub(crate) async fn are_there(&mut self, limit: Duration) {
        self.stand("its rooms", limit, |standing| standing.is_there).await;
    }

    /// How many lines each has had.
    pub(crate) fn connections(&self) -> Vec<usize> {
        self.sailors.iter().map(|sailor| sailor.standing().connections).collect()
    }

    /// Waits until everybody has another line than before, and is in its rooms.
    pub(crate) async fn are_back(&mut self, begun: &[usize], limit: Duration) {
        self.are_back_of(begun.len(), begun, limit).await;
    }

    /// The same for the first so many.
    pub(crate) async fn are_back_of(&mut self, count: usize, begun: &[usize], limit: Duration) {
        let until = Instant::now() + limit;
        for (sailor, before) in self.sailors.iter_mut().zip(begun).take(count) {
            let left = until.saturating_duration_since(Instant::now());
            sailor
                .stands("its rooms again", left, |standing| standing.is_there && standing.connections > *before)
                .await;
        }
    }

    /// Somebody says something, or whispers it to somebody who is in the same room.
    pub(crate) fn says_one(&mut self, talk: &Talk) {
        let speaker = self.chance.index(self.sailors.len());
        self.says(speaker, talk);
    }

    fn says(&mut self, speaker: usize, talk: &Talk) {
        let rooms = &self.sailors[speaker].rooms;
        let room = rooms[self.chance.index(rooms.len())].clone();
        let whispers = talk.whispers.is_some_and(|one_in| self.chance.below(one_in) == 0);
        let other = &self.sailors[self.chance.index(self.sailors.len())];
        let is_other = other.name != self.sailors[speaker].name && other.rooms.contains(&room);
        // Who claims no name cannot be addressed, and a page says what it says to all.
        let may = other.by.claims_its_name() && !matches!(self.sailors[speaker].by, By::Page(_));
        let to = (whispers && is_other && may).then(|| other.name.clone());
        self.lines += 1;
        let padding: String = std::iter::repeat_n(talk.padding, talk.chars.saturating_sub(20)).collect();
        let text = format!("line {} {padding}@{}", self.lines, meter::now());
        self.sailors[speaker].says(&room, to.as_ref(), text);
    }

    /// Talks at a steady pace, whether what was said before has arrived or not.
    pub(crate) async fn talks(&mut self, talk: Talk) {
        let all: Vec<usize> = (0..self.sailors.len()).collect();
        self.talks_among(&all, talk).await;
    }

    /// The same, by these.
    pub(crate) async fn talks_among(&mut self, talkers: &[usize], talk: Talk) {
        let began = Instant::now();
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut said = 0;
        while began.elapsed() < talk.span {
            ticks.tick().await;
            let due = began.elapsed().min(talk.span).as_micros() as u64 * u64::from(talk.per_second) / 1_000_000;
            while said < due {
                said += 1;
                let speaker = talkers[self.chance.index(talkers.len())];
                self.says(speaker, &talk);
            }
        }
    }

    /// Everybody says a last line, which shows that its line holds. Waits until everybody is in its rooms, has an answer to
    /// all that it said, and has read all that was acknowledged.
    pub(crate) async fn settles(&mut self, limit: Duration) {
        let last_words = Talk { whispers: None, ..Talk::of_all(0, Duration::ZERO) };
        (0..self.sailors.len()).for_each(|speaker| self.says(speaker, &last_words));
        let until = Instant::now() + limit;
        let left = || until.saturating_duration_since(Instant::now());
        for sailor in &mut self.sailors {
            loop {
                let (given, unconfirmed) = (sailor.given(), sailor.standing().unconfirmed);
                sailor.stands("answers", left(), |standing| standing.is_there && standing.done == given).await;
                if sailor.by.wire().shows_places() || sailor.standing().unconfirmed == unconfirmed {
                    break;
                }
                // A page that gave its line up has not shown that its line holds.
                self.lines += 1;
                let (room, text) = (sailor.rooms[0].clone(), format!("line {} again", self.lines));
                sailor.says(&room, None, text);
            }
        }
        self.says_the_end(until).await;
        loop {
            let mut heads: HashMap<(Word, Word), u64> = HashMap::new();
            for Position { room, epoch, seq, acked } in self.sailors.iter().flat_map(|sailor| sailor.standing().rooms) {
                let head = heads.entry((room, epoch)).or_default();
                *head = (*head).max(seq).max(acked);
            }
            let reads_on = |standing: &Standing| {
                standing.rooms.iter().all(|place| heads[&(place.room.clone(), place.epoch.clone())] <= place.seq)
            };
            if self.sailors.iter().all(|sailor| reads_on(&sailor.standing())) {
                return;
            }
            let knows = |place: &Position| heads.contains_key(&(place.room.clone(), place.epoch.clone()));
            for sailor in &mut self.sailors {
                let has_read = |standing: &Standing| !standing.rooms.iter().all(knows) || reads_on(standing);
                sailor.stands("the end of what was said", left(), has_read).await;
            }
        }
    }

    /// Where not everybody sees numbers, somebody who does says a line in each room that is to be the last one. Waits until all
    /// who see none have heard it.
    async fn says_the_end(&mut self, until: Instant) {
        let left = || until.saturating_duration_since(Instant::now());
        let (placed, others): (Vec<usize>, Vec<usize>) =
            (0..self.sailors.len()).partition(|&sailor| self.sailors[sailor].by.wire().shows_places());
        let rooms: HashSet<Word> = others.iter().flat_map(|&sailor| self.sailors[sailor].rooms.clone()).collect();
        for room in rooms {
            let speaker = placed.iter().find(|&&sailor| self.sailors[sailor].rooms.contains(&room));
            let speaker = &mut self.sailors[*speaker.expect("somebody who sees numbers in each room")];
            self.lines += 1;
            let end = format!("{END}{} of {room}", self.lines);
            speaker.says(&room, None, end.clone());
            let given = speaker.given();
            speaker.stands("the last answer", left(), |standing| standing.done == given).await;
            for &sailor in &others {
                let sailor = &mut self.sailors[sailor];
                if sailor.rooms.contains(&room) {
                    sailor.stands(&end, left(), |standing| standing.heard_end.as_ref() == Some(&end)).await;
                }
            }
        }
    }

    /// How often each of them lost its line or gave it up, all in all.
    pub(crate) fn endings(&self) -> HashMap<String, usize> {
        let mut endings = HashMap::new();
        for ending in self.sailors.iter().flat_map(|sailor| sailor.standing().endings) {
            *endings.entry(ending).or_default() += 1;
        }
        endings
    }

    /// The longest that anybody needed until it was in its rooms again.
    pub(crate) fn longest_away(&self) -> Duration {
        self.sailors.iter().map(|sailor| sailor.standing().longest_away).max().unwrap_or_default()
    }

    /// The most copies of a line until it was acknowledged.
    pub(crate) fn most_copies(&self) -> usize {
        self.sailors.iter().map(|sailor| sailor.standing().most_copies).max().unwrap_or_default()
    }

    /// Lines that are over: acknowledged, refused, or given up.
    pub(crate) fn over(&self) -> usize {
        self.sailors.iter().map(|sailor| sailor.standing().done).sum()
    }

    /// Lines that were given up because a session was forgotten.
    pub(crate) fn unconfirmed(&self) -> usize {
        self.sailors.iter().map(|sailor| sailor.standing().unconfirmed).sum()
    }

    /// Ends, and gives what everybody wrote down.
    pub(crate) async fn goes_ashore(self) -> Vec<Log> {
        let mut logs = Vec::with_capacity(self.sailors.len());
        for sailor in self.sailors {
            logs.push(sailor.goes_ashore().await);
        }
        logs
    }
}

//! What came to a client whose wire shows lines and no places: held to the lives of the rooms as all those saw them who were
//! shown numbers.

use std::collections::{HashMap, HashSet};

use super::{At, Court, LifeNumber, numbers_at};
use crate::oracle::{Content, Entry, Seen, Wire, Word, Wrong};

/// How far somebody has heard a room, on the connection that it has now.
#[derive(Default)]
struct Ear {
    /// The last line, or the number up to which it had all before it came.
    last: Option<(LifeNumber, u64)>,
    /// It is in the room: what is said now it has to hear.
    is_in: bool,
    /// It has heard nothing since it came in.
    is_of_the_past: bool,
    /// It was told that lines are missing after the last one.
    is_warned: bool,
    /// Private lines that it heard whose numbers nobody was told.
    whispers: HashSet<Content>,
}

/// A line that came.
struct Line<'a> {
    room: &'a Word,
    content: Content,
    is_private: bool,
    seq: Option<u64>,
}

impl Court<'_> {
    /// The lines that came to a client, in their order.
    pub(super) fn listen(&mut self, client: usize) {
        let logs = self.logs;
        let mut line_is_up = None;
        let mut ears: HashMap<&Word, Ear> = HashMap::new();
        // Up to where it has heard all that was said, on any connection.
        let mut heard_to: HashMap<&Word, (LifeNumber, u64)> = HashMap::new();
        for (line, entry) in logs[client].entries.iter().enumerate() {
            let at = (client, line);
            match entry {
                Entry::Opened { connection, .. } => {
                    line_is_up = Some(*connection);
                    ears.clear();
                }
                Entry::Cut { connection, .. } => line_is_up = line_is_up.filter(|current| current != connection),
                Entry::Enters { connection, room, after } => {
                    if line_is_up != Some(*connection) {
                        self.blame(Wrong::Stray, at, format!("is in {room} on connection {connection}, not its own"));
                    }
                    let before = heard_to.get(room).copied();
                    let ear = ears.entry(room).or_default();
                    ear.is_in = true;
                    if after.is_some_and(|after| after > 0) {
                        if before.map(|(_, seq)| seq) != *after {
                            let words = format!("says that it has {room} up to {after:?}, and has it up to {before:?}");
                            self.blame(Wrong::Client, at, words);
                        }
                        ear.last = before;
                    }
                    ear.is_of_the_past = true;
                }
                Entry::Missed { room, up_to, .. } => {
                    let ear = ears.entry(room).or_default();
                    let life = ear.last.map(|(life, _)| life);
                    // From a number that it is told all has to follow again.
                    if let Some(place) = life.zip(*up_to) {
                        ear.last = Some(place);
                        heard_to.insert(room, place);
                    } else {
                        ear.is_warned = true;
                    }
                }
                Entry::Heard { connection, room, content, is_private, seq } => {
                    self.verdict.tally.received += 1;
                    if line_is_up != Some(*connection) {
                        self.blame(
                            Wrong::Stray,
                            at,
                            format!("{room} on connection {connection}, which is not its own"),
                        );
                    }
                    let heard = Line { room, content: *content, is_private: *is_private, seq: *seq };
                    if let Some(place) = self.hear(at, &heard, ears.entry(room).or_default()) {
                        heard_to.insert(room, place);
                    }
                }
                Entry::Sent { .. } | Entry::Refused { .. } | Entry::Kept { .. } => {}
                Entry::Acked { .. } | Entry::Stands { .. } | Entry::Numbered { .. } | Entry::Left { .. } => {
                    self.blame(Wrong::Client, at, "written down as on a wire that shows places".to_owned());
                }
            }
        }
        let end = (client, logs[client].entries.len().saturating_sub(1));
        if line_is_up.is_none() || ears.values().all(|ear| !ear.is_in) {
            self.blame(Wrong::Gone, end, "did not come back".to_owned());
        }
        for (room, ear) in ears {
            self.check_that_it_heard_the_end(end, room, &ear);
        }
    }

    /// Somebody heard a line. Gives where that is.
    fn hear(&mut self, at: At, heard: &Line<'_>, ear: &mut Ear) -> Option<(LifeNumber, u64)> {
        let (from, content) = (0, heard.content);
        let seen = if heard.is_private { Seen::Private { from, content } } else { Seen::Message { from, content } };
        let (words, room) = (self.words_of(seen), heard.room);
        let Some(said) = self.said.get(&content) else {
            self.blame(Wrong::Forged, at, format!("{room}: {words}"));
            return None;
        };
        let reader = &self.logs[at.0].client;
        let concerns_it = said.client == at.0 || said.to.as_ref() == Some(reader);
        if heard.is_private != said.to.is_some() || (heard.is_private && !concerns_it) {
            self.blame(Wrong::Leaked, at, format!("{room}: {words}, read by {reader}"));
        }
        if self.is_between_numberless(content) && !self.places.contains_key(&content) {
            self.place_by_its_readers(at, heard, ear);
        }
        let Some(&(life, seq, _)) = self.places.get(&content) else {
            if self.is_between_numberless(content) {
                if !ear.whispers.insert(content) {
                    self.blame(Wrong::Again, at, format!("{room}: {words} comes again"));
                }
                return None;
            }
            self.blame(Wrong::Lost, at, format!("{room}: {words} is heard here, and nobody has a number of it"));
            return None;
        };
        let place = self.place(life, seq);
        if &self.lives[life].room != room || heard.seq.is_some_and(|shown| shown != seq) {
            let shown = heard.seq;
            self.blame(Wrong::Differs, at, format!("{room}, number {shown:?}, is {words}, which is {place}"));
        }
        match ear.last {
            Some((before, last)) if before == life && last >= seq => {
                let wrong = if last == seq { Wrong::Again } else { Wrong::Disordered };
                self.blame(wrong, at, format!("{place}, {words}, comes after {last}"));
            }
            Some((before, last)) if before == life => self.check_that_it_heard_all(at, (life, last, seq), ear),
            Some((before, last)) if !ear.is_of_the_past => {
                let before = self.place(before, last);
                self.blame(Wrong::Differs, at, format!("{place}, {words}, comes after {before} on one connection"));
            }
            _ => {
                if let Some(join) = self.join_before(at.0, life, Some(seq)).filter(|_| ear.is_in) {
                    self.check_that_it_heard_all(at, (life, join, seq), ear);
                }
            }
        }
        (ear.last, ear.is_warned, ear.is_of_the_past) = (Some((life, seq)), false, false);
        ear.last
    }

    /// Whether a line is private to two who both see no numbers: then others have a skip in its place.
    pub(super) fn is_between_numberless(&self, content: Content) -> bool {
        let Some(said) = self.said.get(&content) else { return false };
        let Some(to) = &said.to else { return false };
        let mut two = self.logs.iter().filter(|log| log.client == *to || log.client == self.logs[said.client].client);
        two.all(|log| !log.wire.shows_places())
    }

    /// Such a line stands where the first of the two is told that it does, and there only.
    fn place_by_its_readers(&mut self, at: At, heard: &Line<'_>, ear: &Ear) {
        let Some(seq) = heard.seq else { return };
        let last_life = self.lives.iter().rposition(|life| life.room == *heard.room);
        let Some(life) = ear.last.map(|(life, _)| life).or(last_life) else { return };
        if let Some((known, _)) = numbers_at(&self.lives[life], seq) {
            let (place, known) = (self.place(life, seq), self.words_of(known));
            let words = self.words_of(Seen::Private { from: 0, content: heard.content });
            self.blame(Wrong::Differs, at, format!("{place} is {words}; for others it is {known}"));
        }
        self.places.insert(heard.content, (life, seq, at));
    }

    /// Whether there is no line for everybody between two numbers.
    fn check_that_it_heard_all(&mut self, at: At, (life, after, before): (LifeNumber, u64, u64), ear: &Ear) {
        if ear.is_warned {
            return;
        }
        for seq in after + 1..before {
            if let Some((seen @ Seen::Message { .. }, _)) = numbers_at(&self.lives[life], seq) {
                let (place, words) = (self.place(life, seq), self.words_of(seen));
                self.blame(
                    Wrong::Gap,
                    at,
                    format!("{place} is {words}, which did not come between {after} and {before}"),
                );
                return;
            }
        }
    }

    /// The number with which a tutorial page came in for the last time before another number: known of those who have a name.
    /// Of others nobody can tell what they are shown of the past from what was said while they were there.
    fn join_before(&self, client: usize, life: LifeNumber, before: Option<u64>) -> Option<u64> {
        if self.logs[client].wire != Wire::Page {
            return None;
        }
        let own = Content::of_name(self.logs[client].client.as_str());
        let numbers = &self.lives[life].numbers;
        let before = before.and_then(|before| usize::try_from(before).ok()).unwrap_or(numbers.len());
        let is_join =
            |number: &Option<(Seen, At)>| matches!(number, Some((Seen::Join { name, .. }, _)) if *name == own);
        numbers.iter().take(before).rposition(is_join).map(|seq| seq as u64)
    }

    fn check_that_it_heard_the_end(&mut self, at: At, room: &Word, ear: &Ear) {
        // Where the room has had several lives, nobody says in which one somebody is who has heard nothing yet.
        let mut lives = (0..self.lives.len()).filter(|life| self.lives[*life].room == *room);
        let only = lives.next().filter(|_| lives.next().is_none());
        let in_this_life = ear.last.filter(|(life, _)| !ear.is_of_the_past || only == Some(*life));
        let heard = in_this_life.or_else(|| Some((only?, self.join_before(at.0, only?, None)?)));
        let Some((life, heard)) = heard.filter(|_| ear.is_in && !ear.is_warned) else { return };
        let is_public = |content: &Content| self.said.get(content).is_some_and(|said| said.to.is_none());
        let mut acked = self.lives[life].acked.iter().rev();
        let Some((&last, &(content, _))) = acked.find(|(_, (content, _))| is_public(content)) else { return };
        if heard < last {
            let what = self.words_of(Seen::Message { from: 0, content });
            let (place, until) = (self.place(life, last), self.place(life, heard));
            self.blame(
                Wrong::Short,
                at,
                format!("has heard up to {until} in the end; {what} was acknowledged as {place}"),
            );
        }
    }
}

//! The numbers that came to a client, where its wire shows them: they follow each other, and from all clients together the
//! lives of the rooms are put together.

use std::collections::HashMap;

use super::{At, Court, LifeNumber, Stretch, numbers_at};
use crate::oracle::{Entry, How, Seen, Stands, Word, Wrong};

impl Court<'_> {
    /// The numbers that came to a client, in their order.
    pub(super) fn follow(&mut self, client: usize) {
        let logs = self.logs;
        let mut stretches: HashMap<Word, Stretch> = HashMap::new();
        let mut line_is_up = None;
        for (line, entry) in logs[client].entries.iter().enumerate() {
            let at = (client, line);
            match entry {
                Entry::Opened { connection, .. } => line_is_up = Some(*connection),
                Entry::Cut { connection, .. } => line_is_up = line_is_up.filter(|current| current != connection),
                Entry::Sent { .. } | Entry::Acked { .. } | Entry::Refused { .. } => {}
                Entry::Enters { .. } | Entry::Heard { .. } | Entry::Missed { .. } | Entry::Kept { .. } => {
                    self.blame(Wrong::Client, at, "written down as on a wire that shows no places".to_owned());
                }
                Entry::Left { room, .. } => {
                    stretches.remove(room);
                }
                Entry::Stands { connection, stands } => {
                    if line_is_up != Some(*connection) {
                        let words = format!("placed in {} on connection {connection}, not its own", stands.room);
                        self.blame(Wrong::Stray, at, words);
                    }
                    let life = self.life(&stands.room, &stands.epoch);
                    self.stand(at, stands, life, stretches.get(&stands.room));
                    let stretch = Stretch { life, seq: stands.seq, connection: *connection };
                    stretches.insert(stands.room.clone(), stretch);
                }
                Entry::Numbered { connection, room, seq, seen } => {
                    self.verdict.tally.received += 1;
                    let Some(stretch) = stretches.get_mut(room) else {
                        self.blame(Wrong::Stray, at, format!("{room}, number {seq}, although it is not there"));
                        continue;
                    };
                    if stretch.connection != *connection || line_is_up != Some(*connection) {
                        let words = format!("{room}, number {seq} on connection {connection}, which is not its own");
                        self.blame(Wrong::Stray, at, words);
                    }
                    let (life, last) = (stretch.life, stretch.seq);
                    if *seq > last {
                        stretch.seq = *seq;
                    }
                    if *seq != last + 1 {
                        let wrong = if *seq > last { Wrong::Gap } else { Wrong::Again };
                        let words = format!("{}, {}, comes after {last}", self.place(life, *seq), self.words_of(*seen));
                        self.blame(wrong, at, words);
                    }
                    self.witness(at, life, *seq, *seen);
                }
            }
        }
        let end = (client, logs[client].entries.len().saturating_sub(1));
        if line_is_up.is_none() && !stretches.is_empty() {
            let rooms = stretches.len();
            self.blame(Wrong::Gone, end, format!("did not come back, and was in {rooms} rooms"));
        }
        for stretch in stretches.into_values() {
            self.lives[stretch.life].there.push((stretch.seq, end));
        }
    }

    fn stand(&mut self, at: At, stands: &Stands, life: LifeNumber, before: Option<&Stretch>) {
        let (client, seq) = (at.0, stands.seq);
        self.lives[life].members.insert((stands.me, client));
        let place = self.place(life, seq);
        let stood = before.map(|before| self.place(before.life, before.seq));
        let stood = stood.as_deref().unwrap_or("nowhere");
        match &stands.how {
            How::Joined => {
                if before.is_some() {
                    let words = format!("joined as somebody new at {place}, and no reset; it stood at {stood}");
                    self.blame(Wrong::Misplaced, at, words);
                }
            }
            How::Resumed => {
                self.verdict.tally.resumes += 1;
                if before.is_none_or(|before| (before.life, before.seq) != (life, seq)) {
                    self.blame(Wrong::Misplaced, at, format!("resumed at {place}, and stood at {stood}"));
                }
            }
            How::Reset(reason) => {
                *self.verdict.tally.resets.entry(reason.clone()).or_default() += 1;
                let is_new_life = before.is_some_and(|before| before.life != life);
                if before.is_some() && is_new_life != (reason == "epoch") {
                    let words = format!("reset to {place} because of {reason:?}; it stood at {stood}");
                    self.blame(Wrong::Misplaced, at, words);
                }
                if before.is_some_and(|before| before.life == life && before.seq > seq) {
                    self.blame(Wrong::Misplaced, at, format!("reset back to {place}; it stood at {stood}"));
                }
            }
        }
        let mut last = 0;
        for &(past, seen) in &stands.history {
            if past <= last || past > seq {
                let words = format!("history holds {} after {last}", self.place(life, past));
                self.blame(Wrong::Again, at, words);
            }
            last = past;
            self.witness(at, life, past, seen);
        }
    }

    /// Somebody saw what a number is.
    pub(super) fn witness(&mut self, at: At, life: LifeNumber, seq: u64, seen: Seen) {
        let index = usize::try_from(seq).expect("a number that fits");
        let numbers = &mut self.lives[life].numbers;
        if numbers.len() <= index {
            numbers.resize(index + 1, None);
        }
        if seen == Seen::Skip {
            self.lives[life].skips.push((seq, at));
            return;
        }
        self.check_privacy(at, life, seq, seen);
        match numbers_at(&self.lives[life], seq) {
            Some((known, _)) if known == seen => {}
            Some((known, witness)) => {
                let (place, first) = (self.place(life, seq), &self.logs[witness.0].client);
                let (here, there) = (self.words_of(seen), self.words_of(known));
                let entry = witness.1 + 1;
                self.blame(Wrong::Differs, at, format!("{place} is {here}; for {first}, line {entry}, it is {there}"));
            }
            None => {
                self.lives[life].numbers[index] = Some((seen, at));
                self.check_origin(at, life, seq, seen);
            }
        }
    }

    fn check_privacy(&mut self, at: At, life: LifeNumber, seq: u64, seen: Seen) {
        let Some((_, content)) = seen.said() else { return };
        let Some(said) = self.said.get(&content) else { return };
        let is_private = matches!(seen, Seen::Private { .. });
        let reader = &self.logs[at.0].client;
        let concerns_it = said.client == at.0 || said.to.as_ref() == Some(reader);
        if is_private != said.to.is_some() || (is_private && !concerns_it) {
            let words = format!("{} is {}, read by {reader}", self.place(life, seq), self.words_of(seen));
            self.blame(Wrong::Leaked, at, words);
        }
    }

    /// A number that nobody saw before: did somebody say that, and does it stand only here?
    fn check_origin(&mut self, at: At, life: LifeNumber, seq: u64, seen: Seen) {
        match seen {
            Seen::Message { content, .. } | Seen::Private { content, .. } => {
                if !self.said.contains_key(&content) {
                    let words = format!("{} is {}", self.place(life, seq), self.words_of(seen));
                    self.blame(Wrong::Forged, at, words);
                }
                if let Some((other_life, other_seq, _)) = self.places.insert(content, (life, seq, at)) {
                    let (place, other) = (self.place(life, seq), self.place(other_life, other_seq));
                    self.blame(Wrong::Twice, at, format!("{place} is {}; so is {other}", self.words_of(seen)));
                }
            }
            Seen::Join { name, .. } | Seen::Leave { name, .. } => {
                if !self.names.contains(&name) {
                    let words = format!("{} is {}", self.place(life, seq), self.words_of(seen));
                    self.blame(Wrong::Forged, at, words);
                }
            }
            Seen::Skip => {}
        }
    }
}

//! The judgement: first every log by itself, while the lives of the rooms are put together from all of them; then each life
//! against what was said and acknowledged.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{Content, Entry, Fault, How, Log, Seen, Stands, Tally, Verdict, Word, Wrong};

/// What the server has promised beyond what it always promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Terms {
    /// A room lives on, whatever becomes of the server.
    pub(crate) rooms_live_on: bool,
}

/// Says everything that is wrong.
pub(crate) fn judge(logs: &[Log], terms: Terms) -> Verdict {
    judge_among(&[], logs, terms)
}

/// The same where others were there who wrote nothing down, and said nothing.
pub(crate) fn judge_among(others: &[&str], logs: &[Log], terms: Terms) -> Verdict {
    let mut court = Court::new(logs, terms);
    court.names.extend(others.iter().map(|name| Content::of_name(name)));
    for client in 0..logs.len() {
        court.hear_what_was_said(client);
    }
    for client in 0..logs.len() {
        court.follow(client);
    }
    court.compare();
    court.verdict.tally.clients = logs.len();
    court.verdict.tally.lives = court.lives.len();
    court.verdict
}

/// Where something is written: whose log, and the index of the entry.
type At = (usize, usize);
/// A life of a room, by its index.
type LifeNumber = usize;

/// A line, from first being said to what became of it.
struct Said {
    client: usize,
    id: u64,
    to: Option<Word>,
    text: String,
    copies: usize,
    refusals: usize,
    acked: Option<(LifeNumber, u64, At)>,
}

/// One life of a room, put together from what everybody saw of it.
struct Life {
    room: Word,
    epoch: Word,
    /// By number, from 1: what it is, and who saw it first.
    numbers: Vec<Option<(Seen, At)>>,
    acked: BTreeMap<u64, (Content, At)>,
    /// Numbers that somebody was told to be nothing for it.
    skips: Vec<(u64, At)>,
    /// Who is which member.
    members: HashSet<(u32, usize)>,
    /// Who was there at the end, and its last number.
    there: Vec<(u64, At)>,
}

/// Where a client stands in a room.
struct Stretch {
    life: LifeNumber,
    seq: u64,
    connection: u32,
}

struct Court<'a> {
    logs: &'a [Log],
    terms: Terms,
    verdict: Verdict,
    said: HashMap<Content, Said>,
    by_id: HashMap<(usize, u64), Content>,
    lives: Vec<Life>,
    life_numbers: HashMap<(Word, Word), LifeNumber>,
    /// The number that each line was first seen with.
    places: HashMap<Content, (LifeNumber, u64, At)>,
    names: HashSet<Content>,
}

impl<'a> Court<'a> {
    fn new(logs: &'a [Log], terms: Terms) -> Self {
        Self {
            logs,
            terms,
            verdict: Verdict::default(),
            said: HashMap::new(),
            by_id: HashMap::new(),
            lives: Vec::new(),
            life_numbers: HashMap::new(),
            places: HashMap::new(),
            names: logs.iter().map(|log| Content::of_name(log.client.as_str())).collect(),
        }
    }

    fn blame(&mut self, wrong: Wrong, (client, line): At, words: String) {
        let client = self.logs[client].client.clone();
        self.verdict.faults.push(Fault { wrong, client, line: line + 1, words });
    }

    fn life(&mut self, room: &Word, epoch: &Word) -> LifeNumber {
        *self.life_numbers.entry((room.clone(), epoch.clone())).or_insert_with(|| {
            self.lives.push(Life {
                room: room.clone(),
                epoch: epoch.clone(),
                numbers: Vec::new(),
                acked: BTreeMap::new(),
                skips: Vec::new(),
                members: HashSet::new(),
                there: Vec::new(),
            });
            self.lives.len() - 1
        })
    }

    /// `general at 0f3a, number 5`.
    fn place(&self, life: LifeNumber, seq: u64) -> String {
        format!("{} at {}, number {seq}", self.lives[life].room, self.lives[life].epoch)
    }

    fn words_of(&self, seen: Seen) -> String {
        let name = |name: Content| {
            let known = self.logs.iter().find(|log| Content::of_name(log.client.as_str()) == name);
            known.map_or_else(|| format!("somebody unknown ({name:?})"), |log| log.client.to_string())
        };
        match seen {
            Seen::Skip => "nothing for it".to_owned(),
            Seen::Join { member, name: who } => format!("the join of {} as member {member}", name(who)),
            Seen::Leave { member, name: who } => format!("the leave of {} as member {member}", name(who)),
            Seen::Message { from, content } | Seen::Private { from, content } => match self.said.get(&content) {
                Some(said) => {
                    let whisper = if said.to.is_some() { "private " } else { "" };
                    let speaker = &self.logs[said.client].client;
                    format!("the {whisper}line {:.60?} ({} of {speaker}), by member {from}", said.text, said.id)
                }
                None => format!("an unknown line ({content:?}), by member {from}"),
            },
        }
    }

    /// What a client said, and what it was answered.
    fn hear_what_was_said(&mut self, client: usize) {
        let logs = self.logs;
        // How often its session was new; a resend belongs to the session of the first copy.
        let mut sessions = 0;
        let mut said_in: HashMap<u64, u32> = HashMap::new();
        // Lines said on the connection that it has now, not acknowledged there.
        let mut unanswered: HashMap<Content, u32> = HashMap::new();
        for (line, entry) in logs[client].entries.iter().enumerate() {
            let at = (client, line);
            match entry {
                Entry::Opened { known, .. } => {
                    self.verdict.tally.connections += 1;
                    sessions += u32::from(!known);
                }
                Entry::Cut { .. } => unanswered.clear(),
                Entry::Sent { connection, id, content, line } => {
                    let (_, to, text) = &**line;
                    if let Some(before) = self.by_id.insert((client, *id), *content) {
                        if before != *content {
                            self.blame(Wrong::Client, at, format!("command {id} was another line before"));
                        }
                        if said_in.get(id) != Some(&sessions) {
                            self.blame(Wrong::Client, at, format!("command {id} is sent again in another session"));
                        }
                        if let Some(said) = self.said.get_mut(content) {
                            said.copies += 1;
                        }
                        continue;
                    }
                    said_in.insert(*id, sessions);
                    unanswered.insert(*content, *connection);
                    self.verdict.tally.said += 1;
                    let (to, text) = (to.clone(), text.clone());
                    let said = Said { client, id: *id, to, text, copies: 1, refusals: 0, acked: None };
                    if self.said.insert(*content, said).is_some() {
                        self.blame(Wrong::Client, at, format!("{line:?} was said before"));
                    }
                }
                Entry::Acked { id, place, .. } => {
                    let (room, epoch, seq) = &**place;
                    if let Some(content) = self.acknowledge(at, *id, room, epoch, *seq) {
                        unanswered.remove(&content);
                    }
                }
                Entry::Refused { id, .. } => {
                    self.verdict.tally.refused += 1;
                    if let Some(said) = self.by_id.get(&(client, *id)).and_then(|content| self.said.get_mut(content)) {
                        unanswered.remove(&self.by_id[&(client, *id)]);
                        said.refusals += 1;
                    } else {
                        self.blame(Wrong::Acknowledged, at, format!("command {id} is refused, and was never given"));
                    }
                }
                Entry::Numbered { connection, room, seq, seen } => {
                    if let Some((_, content)) = seen.said()
                        && unanswered.get(&content) == Some(connection)
                    {
                        let words = self.words_of(*seen);
                        let words = format!("{room}, number {seq}: {words} comes before its acknowledgement");
                        self.blame(Wrong::EchoFirst, at, words);
                    }
                }
                Entry::Stands { .. } | Entry::Left { .. } => {}
            }
        }
    }

    fn acknowledge(&mut self, at: At, id: u64, room: &Word, epoch: &Word, seq: u64) -> Option<Content> {
        let Some(content) = self.by_id.get(&(at.0, id)).copied() else {
            self.blame(Wrong::Acknowledged, at, format!("command {id} is acknowledged, and was never given"));
            return None;
        };
        let life = self.life(room, epoch);
        let place = self.place(life, seq);
        let said = self.said.get_mut(&content)?;
        match said.acked {
            Some((other_life, other_seq, _)) if (other_life, other_seq) != (life, seq) => {
                let before = self.place(other_life, other_seq);
                self.blame(Wrong::Acknowledged, at, format!("command {id} is {place}, and was {before} before"));
            }
            Some(_) => {}
            None => {
                said.acked = Some((life, seq, at));
                self.verdict.tally.acknowledged += 1;
                if let Some((other, _)) = self.lives[life].acked.insert(seq, (content, at)) {
                    let other = self.words_of(Seen::Message { from: 0, content: other });
                    self.blame(Wrong::Acknowledged, at, format!("command {id} is {place}, and so is {other}"));
                }
            }
        }
        Some(content)
    }

    /// The numbers that came to a client, in their order.
    fn follow(&mut self, client: usize) {
        let logs = self.logs;
        let mut stretches: HashMap<Word, Stretch> = HashMap::new();
        let mut line_is_up = None;
        for (line, entry) in logs[client].entries.iter().enumerate() {
            let at = (client, line);
            match entry {
                Entry::Opened { connection, .. } => line_is_up = Some(*connection),
                Entry::Cut { connection, .. } => line_is_up = line_is_up.filter(|current| current != connection),
                Entry::Sent { .. } | Entry::Acked { .. } | Entry::Refused { .. } => {}
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
    fn witness(&mut self, at: At, life: LifeNumber, seq: u64, seen: Seen) {
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

    /// Everything that only all logs together can show.
    fn compare(&mut self) {
        for life in 0..self.lives.len() {
            self.compare_acknowledged(life);
            self.compare_skips(life);
            self.compare_order(life);
            self.compare_roster(life);
            self.compare_ends(life);
        }
        self.compare_refused();
        if self.terms.rooms_live_on {
            self.compare_lives();
        }
    }

    fn compare_acknowledged(&mut self, life: LifeNumber) {
        for (seq, (content, at)) in self.lives[life].acked.clone() {
            let what = |court: &Self| court.words_of(Seen::Message { from: 0, content });
            if let Some((known, _)) = numbers_at(&self.lives[life], seq)
                && known.said().is_none_or(|(_, there)| there != content)
            {
                let (what, place, there) = (what(self), self.place(life, seq), self.words_of(known));
                self.blame(Wrong::Lost, at, format!("{what} was acknowledged as {place}, which is {there}"));
            } else if let Some(&(other_life, other_seq, _)) = self.places.get(&content)
                && (other_life, other_seq) != (life, seq)
            {
                let (what, place, other) = (what(self), self.place(life, seq), self.place(other_life, other_seq));
                self.blame(Wrong::Acknowledged, at, format!("{what} was acknowledged as {place}, and is {other}"));
            }
        }
    }

    fn compare_skips(&mut self, life: LifeNumber) {
        let skips = std::mem::take(&mut self.lives[life].skips);
        for (seq, at) in skips {
            let known = numbers_at(&self.lives[life], seq).map(|(known, _)| known);
            let acked = || {
                let (content, _) = self.lives[life].acked.get(&seq)?;
                let is_private = self.said[content].to.is_some();
                let (from, content) = (0, *content);
                Some(if is_private { Seen::Private { from, content } } else { Seen::Message { from, content } })
            };
            let Some(there) = known.or_else(acked) else { continue };
            let said = there.said().and_then(|(_, content)| self.said.get(&content));
            let concerns_it = said.is_none_or(|said| {
                said.to.is_none() || said.client == at.0 || said.to.as_ref() == Some(&self.logs[at.0].client)
            });
            if concerns_it {
                let (place, there) = (self.place(life, seq), self.words_of(there));
                self.blame(Wrong::Lost, at, format!("{place} is {there}, and was skipped"));
            }
        }
    }

    fn compare_order(&mut self, life: LifeNumber) {
        let mut last: HashMap<usize, (u64, u64)> = HashMap::new();
        for seq in 1..self.lives[life].numbers.len() as u64 {
            let Some((seen, at)) = numbers_at(&self.lives[life], seq) else { continue };
            let Some((from, content)) = seen.said() else { continue };
            let Some(said) = self.said.get(&content) else { continue };
            let (client, id) = (said.client, said.id);
            if !self.lives[life].members.contains(&(from, client)) {
                let words = format!("{} is {}, who is not that member", self.place(life, seq), self.words_of(seen));
                self.blame(Wrong::Forged, at, words);
            }
            if let Some((before, before_seq)) = last.insert(client, (id, seq))
                && before > id
            {
                let (place, what) = (self.place(life, seq), self.words_of(seen));
                let words = format!("{place} is {what}; its command {before} is number {before_seq} already");
                self.blame(Wrong::Disordered, at, words);
            }
        }
    }

    fn compare_roster(&mut self, life: LifeNumber) {
        let (mut came, mut went) = (HashMap::new(), HashSet::new());
        for seq in 1..self.lives[life].numbers.len() as u64 {
            let Some((seen, at)) = numbers_at(&self.lives[life], seq) else { continue };
            let is_right = match seen {
                Seen::Join { member, name } => came.insert(member, name).is_none() && !went.contains(&member),
                // Whoever saw the leave may have come after the join, and nobody else need have seen that.
                Seen::Leave { member, name } => {
                    went.insert(member) && came.get(&member).is_none_or(|joined| *joined == name)
                }
                Seen::Message { from, .. } | Seen::Private { from, .. } => !went.contains(&from),
                Seen::Skip => true,
            };
            if !is_right {
                let words = format!("{} is {}: not as it came or went", self.place(life, seq), self.words_of(seen));
                self.blame(Wrong::Roster, at, words);
            }
        }
    }

    fn compare_ends(&mut self, life: LifeNumber) {
        let Some((&last, &(content, _))) = self.lives[life].acked.last_key_value() else { return };
        for (seq, at) in self.lives[life].there.clone() {
            if seq < last {
                let what = self.words_of(Seen::Message { from: 0, content });
                let (place, until) = (self.place(life, last), self.place(life, seq));
                self.blame(
                    Wrong::Short,
                    at,
                    format!("stands at {until} in the end; {what} was acknowledged as {place}"),
                );
            }
        }
    }

    fn compare_refused(&mut self) {
        let refused = self.said.iter().filter(|(_, said)| said.acked.is_none() && said.refusals >= said.copies);
        let heard: Vec<_> = refused.filter_map(|(content, _)| self.places.get(content).copied()).collect();
        for (life, seq, at) in heard {
            let Some((seen, _)) = numbers_at(&self.lives[life], seq) else { continue };
            let words = format!("{} is {}, which was refused", self.place(life, seq), self.words_of(seen));
            self.blame(Wrong::RefusedHeard, at, words);
        }
    }

    fn compare_lives(&mut self) {
        let mut first: HashMap<Word, Word> = HashMap::new();
        for life in 0..self.lives.len() {
            let (room, epoch) = (self.lives[life].room.clone(), self.lives[life].epoch.clone());
            if let Some(before) = first.insert(room.clone(), epoch.clone()) {
                let at = self.lives[life].there.first().map_or((0, 0), |(_, at)| *at);
                self.blame(Wrong::NewLife, at, format!("{room} began anew as {epoch}; it was {before}"));
            }
        }
    }
}

/// What a number is, as far as anybody saw it.
fn numbers_at(life: &Life, seq: u64) -> Option<(Seen, At)> {
    life.numbers.get(usize::try_from(seq).ok()?).copied().flatten()
}

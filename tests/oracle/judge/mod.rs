//! The judgement: first every log by itself, while the lives of the rooms are put together from all of them; then each life
//! against what was said and acknowledged.

mod compared;
mod heard;
mod placed;
mod said;

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{Content, Fault, Log, Seen, Verdict, Word, Wrong};

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
    let (placed, others): (Vec<_>, Vec<_>) = (0..logs.len()).partition(|client| logs[*client].wire.shows_places());
    for client in placed {
        court.follow(client);
    }
    court.place_what_was_kept();
    for client in others {
        court.listen(client);
    }
    court.compare();
    court.verdict.tally.clients = logs.len();
    court.verdict.tally.lives = court.lives.len();
    court.verdict
}

/// What a guest is called who comes or goes.
const NAMELESS: &str = "";

/// Where something is written: whose log, and the index of the entry.
type At = (usize, usize);
/// A life of a room, by its index.
type LifeNumber = usize;

/// A line, from first being said to what became of it.
struct Said {
    client: usize,
    id: u64,
    /// On which it was said first.
    connection: u32,
    to: Option<Word>,
    text: String,
    copies: usize,
    refusals: usize,
    acked: Option<(LifeNumber, u64, At)>,
    /// It was acknowledged, and nobody said as which number.
    kept: Option<At>,
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
            names: names_of(logs),
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
}

/// Everybody's, and the nameless name of those who may be guests.
fn names_of(logs: &[Log]) -> HashSet<Content> {
    let is_guest = |log: &&Log| !log.wire.shows_places();
    let guests = logs.iter().find(is_guest).map(|_| Content::of_name(NAMELESS));
    logs.iter().map(|log| Content::of_name(log.client.as_str())).chain(guests).collect()
}

/// What a number is, as far as anybody saw it.
fn numbers_at(life: &Life, seq: u64) -> Option<(Seen, At)> {
    life.numbers.get(usize::try_from(seq).ok()?).copied().flatten()
}

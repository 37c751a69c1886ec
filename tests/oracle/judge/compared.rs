//! Everything that only all logs together can show: each life of a room against what was said and acknowledged.

use std::collections::{HashMap, HashSet};

use super::{Court, LifeNumber, NAMELESS, numbers_at};
use crate::oracle::{Content, Seen, Word, Wrong};

impl Court<'_> {
    /// Everything that only all logs together can show.
    pub(super) fn compare(&mut self) {
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
        let mut last: HashMap<(usize, Option<u32>), (u64, u64)> = HashMap::new();
        let joins = self.joins(life);
        for seq in 1..self.lives[life].numbers.len() as u64 {
            let Some((seen, at)) = numbers_at(&self.lives[life], seq) else { continue };
            let Some((from, content)) = seen.said() else { continue };
            let Some(said) = self.said.get(&content) else { continue };
            let (client, id, connection) = (said.client, said.id, said.connection);
            let wire = self.logs[client].wire;
            let is_that_member = if wire.shows_places() {
                self.lives[life].members.contains(&(from, client))
            } else {
                let own = Content::of_name(self.logs[client].client.as_str());
                joins.get(&from).is_none_or(|name| [own, Content::of_name(NAMELESS)].contains(name))
            };
            if !is_that_member {
                let words = format!("{} is {}, who is not that member", self.place(life, seq), self.words_of(seen));
                self.blame(Wrong::Forged, at, words);
            }
            let speaker = (client, (!wire.keeps_order_over_connections()).then_some(connection));
            if let Some((before, before_seq)) = last.insert(speaker, (id, seq))
                && before > id
            {
                let (place, what) = (self.place(life, seq), self.words_of(seen));
                let words = format!("{place} is {what}; its command {before} is number {before_seq} already");
                self.blame(Wrong::Disordered, at, words);
            }
        }
    }

    /// Who came as which member, as far as anybody saw it.
    fn joins(&self, life: LifeNumber) -> HashMap<u32, Content> {
        let seen = self.lives[life].numbers.iter().flatten();
        let join = |(seen, _): &(Seen, _)| match *seen {
            Seen::Join { member, name } => Some((member, name)),
            _ => None,
        };
        seen.filter_map(join).collect()
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

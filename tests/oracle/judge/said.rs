//! What each client said, how often, and what it was answered.

use std::collections::HashMap;

use super::{At, Court, Said};
use crate::oracle::{Content, Entry, Resends, Seen, Word, Wrong};

impl Court<'_> {
    /// What a client said, and what it was answered.
    pub(super) fn hear_what_was_said(&mut self, client: usize) {
        let (logs, wire) = (self.logs, self.logs[client].wire);
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
                        let may = match wire.resends() {
                            Resends::InItsSession => said_in.get(id) == Some(&sessions),
                            Resends::Always => true,
                            Resends::Never => false,
                        };
                        if !may {
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
                    let connection = *connection;
                    let said =
                        Said { client, id: *id, connection, to, text, copies: 1, refusals: 0, acked: None, kept: None };
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
                Entry::Kept { id, .. } => {
                    if let Some(content) = self.keep(at, *id) {
                        unanswered.remove(&content);
                    }
                }
                Entry::Heard { connection, room, content, .. } => {
                    if wire.acknowledges_first() && unanswered.get(content) == Some(connection) {
                        let words = self.words_of(Seen::Message { from: 0, content: *content });
                        self.blame(Wrong::EchoFirst, at, format!("{room}: {words} comes before its acknowledgement"));
                    }
                }
                Entry::Numbered { connection, room, seq, seen } => {
                    if let Some((_, content)) = seen.said()
                        && wire.acknowledges_first()
                        && unanswered.get(&content) == Some(connection)
                    {
                        let words = self.words_of(*seen);
                        let words = format!("{room}, number {seq}: {words} comes before its acknowledgement");
                        self.blame(Wrong::EchoFirst, at, words);
                    }
                }
                Entry::Stands { .. } | Entry::Left { .. } | Entry::Enters { .. } | Entry::Missed { .. } => {}
            }
        }
    }

    pub(super) fn acknowledge(&mut self, at: At, id: u64, room: &Word, epoch: &Word, seq: u64) -> Option<Content> {
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
                self.count_acknowledged(at.0);
                if let Some((other, _)) = self.lives[life].acked.insert(seq, (content, at)) {
                    let other = self.words_of(Seen::Message { from: 0, content: other });
                    self.blame(Wrong::Acknowledged, at, format!("command {id} is {place}, and so is {other}"));
                }
            }
        }
        Some(content)
    }

    /// A line was kept, on a wire that does not say where.
    fn keep(&mut self, at: At, id: u64) -> Option<Content> {
        let content = self.by_id.get(&(at.0, id)).copied();
        let Some(said) = content.and_then(|content| self.said.get_mut(&content)) else {
            self.blame(Wrong::Acknowledged, at, format!("command {id} is acknowledged, and was never given"));
            return None;
        };
        if said.kept.replace(at).is_none() {
            self.count_acknowledged(at.0);
        }
        content
    }

    /// Lines that were acknowledged without a number stand where those who see numbers have seen them.
    pub(super) fn place_what_was_kept(&mut self) {
        let mut kept: Vec<(Content, At)> =
            self.said.iter().filter_map(|(content, said)| Some((*content, said.kept?))).collect();
        kept.sort_unstable_by_key(|(_, at)| *at);
        for (content, at) in kept {
            if let Some(&(life, seq, _)) = self.places.get(&content) {
                self.lives[life].acked.entry(seq).or_insert((content, at));
            } else if !self.is_between_numberless(content) {
                let words = self.words_of(Seen::Message { from: 0, content });
                self.blame(Wrong::Lost, at, format!("{words} was acknowledged, and is nowhere"));
            }
        }
    }

    fn count_acknowledged(&mut self, client: usize) {
        self.verdict.tally.acknowledged += 1;
        *self.verdict.tally.acknowledged_by.entry(self.logs[client].wire).or_default() += 1;
    }
}

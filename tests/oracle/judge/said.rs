//! What each client said, how often, and what it was answered.

use std::collections::HashMap;

use super::{At, Court, Said};
use crate::oracle::{Content, Entry, Seen, Word, Wrong};

impl Court<'_> {
    /// What a client said, and what it was answered.
    pub(super) fn hear_what_was_said(&mut self, client: usize) {
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
                self.verdict.tally.acknowledged += 1;
                if let Some((other, _)) = self.lives[life].acked.insert(seq, (content, at)) {
                    let other = self.words_of(Seen::Message { from: 0, content: other });
                    self.blame(Wrong::Acknowledged, at, format!("command {id} is {place}, and so is {other}"));
                }
            }
        }
        Some(content)
    }
}

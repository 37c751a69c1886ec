//! What one says with a key called Enter: lines, and the few commands that are this program's own. All others are the
//! server's, such as `/msg`.

use super::{App, Over, Scroll, Stage, Wish};
use crate::client::{Chat, LineKey, LineState, OwnLine};

/// What becomes of a command.
enum Command {
    /// It asks for this.
    Done(Vec<Wish>),
    /// It cannot be done now, and stays where it was written.
    NotNow,
    /// It is none of ours.
    None,
}

impl App {
    /// What is written is to be said, or done.
    pub(super) fn enters(&mut self, chat: &Chat) -> Vec<Wish> {
        if let Stage::Naming(_) = self.stage {
            let name = self.composer.text().trim().to_owned();
            if name.is_empty() {
                return Vec::new();
            }
            self.composer.take();
            self.stage = Stage::Talking;
            return vec![Wish::Join(name)];
        }
        let text = self.composer.text().to_owned();
        if text.trim().is_empty() {
            return Vec::new();
        }
        let wishes = match self.editing.take() {
            Some(seq) => Some(vec![Wish::Edit(seq, text.clone())]),
            None => match self.command(&text, chat) {
                Command::Done(wishes) => Some(wishes),
                Command::NotNow => None,
                Command::None => self.says(text.clone(), chat),
            },
        };
        let Some(wishes) = wishes else { return Vec::new() };
        // Unless a command put something in its place.
        if self.composer.text() == text {
            self.composer.take();
        }
        (self.scroll, self.mark) = (Scroll::Bottom, None);
        self.looks();
        wishes
    }

    /// A line, unless it cannot be one.
    fn says(&mut self, text: String, chat: &Chat) -> Option<Vec<Wish>> {
        if let Stage::Out(_) = self.stage {
            self.notes("You are not in the room. /name NAME tries again.");
            return None;
        }
        let count = text.chars().count();
        if let Some(most) = chat.limits().map(|limits| limits.text_chars as usize).filter(|most| count > *most) {
            self.notes(format!("That is too long: {count} of {most} characters. Split it."));
            return None;
        }
        Some(vec![Wish::Say(text)])
    }

    fn command(&mut self, text: &str, chat: &Chat) -> Command {
        let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let rest = rest.trim();
        let now = |wish: Option<Wish>| wish.map_or(Command::NotNow, |wish| Command::Done(vec![wish]));
        match word {
            "/quit" | "/exit" => now(Some(Wish::Quit)),
            "/help" => {
                self.lays_over(Over::Help);
                Command::Done(Vec::new())
            }
            "/people" => {
                self.lays_over(Over::People);
                Command::Done(Vec::new())
            }
            "/edit" if rest.is_empty() => {
                self.composer.take();
                Command::Done(self.edits_last())
            }
            "/edit" => now(self.last_own().map(|seq| Wish::Edit(seq, rest.to_owned()))),
            "/delete" => now(self.last_own().map(Wish::Delete)),
            "/react" if !rest.is_empty() => {
                now(self.log.others_last().map(|(seq, _)| Wish::React(seq, rest.to_owned())))
            }
            "/retry" => Command::Done(self.failed(chat).into_iter().map(Wish::Retry).collect()),
            "/drop" => Command::Done(self.failed(chat).into_iter().map(Wish::Discard).collect()),
            "/name" if !rest.is_empty() && matches!(self.stage, Stage::Out(_)) => {
                self.stage = Stage::Talking;
                now(Some(Wish::Join(rest.to_owned())))
            }
            "/name" => {
                self.notes("A name is chosen when one comes in.");
                Command::NotNow
            }
            _ => Command::None,
        }
    }

    /// What failed or is in doubt for good.
    fn failed(&self, chat: &Chat) -> Vec<LineKey> {
        let Some(room) = self.room else { return Vec::new() };
        let is_it = |line: &&OwnLine| matches!(line.state, LineState::Failed(_) | LineState::Unconfirmed);
        chat.own(room).filter(is_it).map(|line| line.key).collect()
    }

    fn last_own(&mut self) -> Option<u64> {
        let last = self.log.own_last().map(|(seq, _)| seq);
        if last.is_none() {
            self.notes("There is no line of yours that could be changed.");
        }
        last
    }

    /// Takes the last line of one's own back into the composer.
    pub(super) fn edits_last(&mut self) -> Vec<Wish> {
        let last = self.log.own_last().map(|(seq, said)| (seq, said.text.clone()));
        match last {
            Some((seq, text)) if self.stage == Stage::Talking => {
                self.editing = Some(seq);
                self.composer.set(&text);
            }
            _ => self.notes("There is no line of yours that could be changed."),
        }
        Vec::new()
    }
}

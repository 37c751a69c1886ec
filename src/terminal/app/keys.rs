//! What keys do.

use ratatui_crossterm::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::{App, Over, Scroll, Stage, Wish};
use crate::client::{Chat, LinkState};
use crate::terminal::log::Earlier;
use crate::terminal::view;

impl App {
    /// A key was pressed.
    pub fn presses(&mut self, key: KeyEvent, chat: &Chat) -> Vec<Wish> {
        if key.kind == KeyEventKind::Release {
            return Vec::new();
        }
        // A key is a sign that somebody looks, also where the terminal does not tell.
        self.is_focused = true;
        self.looks();
        let (ctrl, alt) = (key.modifiers.contains(KeyModifiers::CONTROL), key.modifiers.contains(KeyModifiers::ALT));
        let shift = key.modifiers.contains(KeyModifiers::SHIFT);
        match key.code {
            KeyCode::Char(c) if ctrl && !alt => self.control(c, chat),
            KeyCode::Char(c) if !alt => self.writes(|composer| composer.insert(c.encode_utf8(&mut [0; 4])), chat),
            KeyCode::Enter if (alt || shift) && self.stage == Stage::Talking => {
                self.writes(|composer| composer.insert("\n"), chat)
            }
            KeyCode::Enter => self.enters(chat),
            KeyCode::Backspace if alt || ctrl => self.writes(super::Composer::back_word, chat),
            KeyCode::Backspace => self.writes(super::Composer::back, chat),
            KeyCode::Delete => self.writes(super::Composer::delete, chat),
            KeyCode::Left if ctrl || alt => self.moves(super::Composer::word_left),
            KeyCode::Right if ctrl || alt => self.moves(super::Composer::word_right),
            KeyCode::Left => self.moves(super::Composer::left),
            KeyCode::Right => self.moves(super::Composer::right),
            KeyCode::Home if !ctrl => self.moves(super::Composer::home),
            KeyCode::End if !ctrl && !self.composer.is_empty() => self.moves(super::Composer::end),
            KeyCode::End => self.scrolls(isize::MAX, chat),
            KeyCode::Home => self.scrolls(isize::MIN, chat),
            KeyCode::PageUp => self.scrolls(-self.page(chat), chat),
            KeyCode::PageDown => self.scrolls(self.page(chat), chat),
            KeyCode::Up if shift || ctrl || alt => self.scrolls(-1, chat),
            KeyCode::Down if shift || ctrl || alt => self.scrolls(1, chat),
            KeyCode::Up if self.composer.is_empty() => self.edits_last(),
            KeyCode::Up => self.moves(|composer| _ = composer.up()),
            KeyCode::Down => self.moves(|composer| _ = composer.down()),
            KeyCode::Tab => {
                self.lays_over(Over::People);
                Vec::new()
            }
            KeyCode::Esc => self.escapes(chat),
            _ => Vec::new(),
        }
    }

    /// Text was pasted. It is put in as it is; none of its line ends sends anything.
    pub fn pastes(&mut self, text: &str, chat: &Chat) -> Vec<Wish> {
        if matches!(self.stage, Stage::Naming(_)) {
            let one_line = crate::terminal::safe::one_line(text.trim());
            return self.writes(|composer| composer.insert(&one_line), chat);
        }
        self.writes(|composer| composer.insert(text), chat)
    }

    /// Lays something over the log, or takes it away.
    pub(super) fn lays_over(&mut self, what: Over) {
        self.over = if self.over == what { Over::Nothing } else { what };
    }

    fn control(&mut self, c: char, chat: &Chat) -> Vec<Wish> {
        match c {
            'c' => return vec![Wish::Quit],
            'd' if self.composer.is_empty() => return vec![Wish::Quit],
            'd' => return self.writes(super::Composer::delete, chat),
            'j' if self.stage == Stage::Talking => return self.writes(|composer| composer.insert("\n"), chat),
            'w' | 'h' => return self.writes(super::Composer::back_word, chat),
            'u' => return self.writes(super::Composer::back_line, chat),
            'a' => self.composer.home(),
            'e' => self.composer.end(),
            'l' => return vec![Wish::Redraw],
            'r' => return Self::reconnects(chat),
            _ => {}
        }
        Vec::new()
    }

    fn reconnects(chat: &Chat) -> Vec<Wish> {
        match chat.link() {
            LinkState::Waiting { .. }
            | LinkState::Stopped { .. }
            | LinkState::Denied { .. }
            | LinkState::Closed { .. } => vec![Wish::Reconnect],
            LinkState::Idle | LinkState::Connecting { .. } | LinkState::Live => Vec::new(),
        }
    }

    /// Changes what is written, and has others told.
    fn writes(&mut self, change: impl FnOnce(&mut super::Composer), chat: &Chat) -> Vec<Wish> {
        let was_empty = self.composer.is_empty();
        change(&mut self.composer);
        let is_said = self.stage == Stage::Talking && self.is_attached(chat) && self.editing.is_none();
        match (self.composer.is_empty(), was_empty) {
            _ if !is_said => Vec::new(),
            (true, true) => Vec::new(),
            (true, false) => vec![Wish::StopsTyping],
            // Commands are nobody's business.
            (false, _) if self.composer.text().starts_with('/') => Vec::new(),
            (false, _) => vec![Wish::Types],
        }
    }

    fn moves(&mut self, how: impl FnOnce(&mut super::Composer)) -> Vec<Wish> {
        how(&mut self.composer);
        Vec::new()
    }

    /// Rows by which a page moves: what was at the edge stays in sight.
    fn page(&self, chat: &Chat) -> isize {
        isize::try_from(view::log_height(self, chat).saturating_sub(1).max(1)).unwrap_or(isize::MAX)
    }

    /// Moves by so many rows. At the top earlier lines are asked for.
    fn scrolls(&mut self, rows: isize, chat: &Chat) -> Vec<Wish> {
        let (scroll, is_at_top) = view::scrolled(self, chat, rows);
        self.scroll = scroll;
        self.looks();
        if rows < 0 && is_at_top && self.log.earlier() == Earlier::Some && self.is_attached(chat) {
            let last = self.room.and_then(|room| chat.room(room).position()).map_or(0, |position| position.seq);
            self.log.is_loading(true);
            return vec![Wish::ReadBack(self.log.asks_before(last))];
        }
        Vec::new()
    }

    fn escapes(&mut self, chat: &Chat) -> Vec<Wish> {
        if self.editing.take().is_some() {
            self.composer.take();
        } else if self.over != Over::Nothing {
            self.over = Over::Nothing;
        } else if self.scroll != Scroll::Bottom {
            return self.scrolls(isize::MAX, chat);
        }
        Vec::new()
    }
}

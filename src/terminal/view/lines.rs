//! The log as rows: each item makes some, and the screen shows as many as it has room for, from where one is upwards. Only
//! what is seen is laid out.

use ratatui_core::buffer::Buffer;
use ratatui_core::style::Style;

use super::look::Look;
use super::words::{self, Worth};
use crate::client::{Ask, Chat, OwnLine, Person, Said};
use crate::terminal::app::{App, Scroll};
use crate::terminal::log::{Earlier, Item, Shown};
use crate::terminal::safe;
use crate::terminal::text::{Row, fitted, is_rtl, isolated, rows};

/// Columns by which what is said stands in from the name.
const INDENT: u16 = 2;
/// Lines of one person stand together if they follow each other within so many milliseconds.
const TOGETHER: u64 = 5 * 60 * 1000;
/// Ids of what is no item: what stands above all, and what is not sent yet.
const TOP: u64 = 0;
const OWN: u64 = u64::MAX;

/// A row of the screen.
#[derive(Debug, Default)]
pub(super) struct Painted {
    x: u16,
    parts: Vec<(String, Style)>,
}

impl Painted {
    pub(super) fn put(&self, x: u16, y: u16, buffer: &mut Buffer) {
        let mut x = x + self.x;
        for (text, style) in &self.parts {
            (x, _) = buffer.set_stringn(x, y, text, usize::MAX, *style);
        }
    }
}

/// A row among all: of which block, and which of its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) block: usize,
    pub(super) row: usize,
}

/// Lays out what is asked for.
pub(super) struct Painter<'a> {
    app: &'a App,
    chat: &'a Chat,
    look: Look,
    width: u16,
}

impl<'a> Painter<'a> {
    pub(super) fn new(app: &'a App, chat: &'a Chat, width: u16) -> Self {
        Self { app, chat, look: Look::of(app), width: width.max(INDENT + 4) }
    }

    fn items(&self) -> &'a [Item] {
        self.app.log.items()
    }

    /// Blocks: what stands above all, the items, and what is not sent yet.
    fn count(&self) -> usize {
        self.items().len() + 2
    }

    pub(super) fn id(&self, block: usize) -> u64 {
        match block.checked_sub(1) {
            None => TOP,
            Some(at) => self.items().get(at).map_or(OWN, |item| item.id),
        }
    }

    /// The lowest row that is seen; nothing if the item is gone.
    pub(super) fn place(&self, scroll: Scroll) -> Option<Place> {
        let Scroll::At { item, row } = scroll else { return None };
        let block = match item {
            TOP => 0,
            OWN => self.count() - 1,
            id => 1 + self.items().iter().position(|item| item.id == id)?,
        };
        let rows = self.block(block).len();
        match row.min(rows.saturating_sub(1)) {
            _ if rows == 0 => self.before(Place { block, row: 0 }),
            row => Some(Place { block, row }),
        }
    }

    /// The last row of all.
    pub(super) fn end(&self) -> Option<Place> {
        self.before(Place { block: self.count(), row: 0 })
    }

    pub(super) fn before(&self, place: Place) -> Option<Place> {
        if let Some(row) = place.row.checked_sub(1) {
            return Some(Place { row, ..place });
        }
        let blocks = (0..place.block.min(self.count())).rev();
        blocks
            .map(|block| (block, self.block(block).len()))
            .find_map(|(block, rows)| rows.checked_sub(1).map(|row| Place { block, row }))
    }

    pub(super) fn after(&self, place: Place) -> Option<Place> {
        if place.row + 1 < self.block(place.block).len() {
            return Some(Place { row: place.row + 1, ..place });
        }
        let mut blocks = place.block + 1..self.count();
        blocks.find(|block| !self.block(*block).is_empty()).map(|block| Place { block, row: 0 })
    }

    /// Rows from this one upwards, the lowest first, so many at most.
    pub(super) fn rows_to(&self, place: Option<Place>, most: usize) -> Vec<Painted> {
        let Some(place) = place else { return Vec::new() };
        let mut rows: Vec<Painted> = Vec::new();
        let mut lowest = place.row + 1;
        for block in (0..=place.block).rev() {
            let mut of_block = self.block(block);
            of_block.truncate(lowest);
            lowest = usize::MAX;
            rows.extend(of_block.into_iter().rev());
            if rows.len() >= most {
                break;
            }
        }
        rows.truncate(most);
        rows
    }

    /// Whether the very first row is among so many from this one upwards.
    pub(super) fn is_first_in(&self, place: Place, most: usize) -> bool {
        self.rows_to(Some(place), most + 1).len() <= most
    }

    fn block(&self, block: usize) -> Vec<Painted> {
        match block.checked_sub(1) {
            None => self.top(),
            Some(at) if at < self.items().len() => self.item(at),
            Some(_) => self.own(),
        }
    }

    /// What stands above the first line.
    fn top(&self) -> Vec<Painted> {
        match self.app.log.earlier() {
            Earlier::Some => vec![self.centred("PageUp: earlier lines", Look::DIM)],
            Earlier::Loading => vec![self.centred("earlier lines are on their way", Look::DIM)],
            Earlier::No => Vec::new(),
        }
    }

    fn item(&self, at: usize) -> Vec<Painted> {
        let item = &self.items()[at];
        let before = at.checked_sub(1).map(|at| &self.items()[at]);
        let mut painted = self.separators(before, item);
        match &item.shown {
            Shown::Line(said, own) => self.said(&mut painted, before, item, said, *own),
            Shown::Came(_) | Shown::Went(_) => painted.extend(self.moved(at)),
            Shown::Missing => painted.push(self.ruled("some lines are missing here", self.look.notable())),
            Shown::Anew => {
                painted.push(self.ruled("the server began anew: what is above is gone there", self.look.notable()));
            }
        }
        painted
    }

    /// A new day, and where one has not read yet.
    fn separators(&self, before: Option<&Item>, item: &Item) -> Vec<Painted> {
        let mut painted = Vec::new();
        let day = |item: &Item| self.app.clock.day(item.at);
        if let Some((year, month, date)) = day(item)
            && before.and_then(day).is_some_and(|before| before != (year, month, date))
        {
            painted.push(self.ruled(&format!("{year}-{month:02}-{date:02}"), Look::DIM));
        }
        if self.app.mark == Some(item.id) {
            painted.push(self.ruled("new", self.look.notable()));
        }
        painted
    }

    fn said(&self, painted: &mut Vec<Painted>, before: Option<&Item>, item: &Item, said: &Said, own: bool) {
        let turned = is_rtl(&said.text);
        let goes_on = before.is_some_and(|before| match &before.shown {
            Shown::Line(other, other_own) => {
                (other.from, &other.name, &other.to, *other_own) == (said.from, &said.name, &said.to, own)
                    && is_rtl(&other.text) == turned
                    && item.at.saturating_sub(before.at) < TOGETHER
            }
            Shown::Came(_) | Shown::Went(_) | Shown::Missing | Shown::Anew => false,
        });
        if !goes_on || !painted.is_empty() {
            let to = said.to.as_ref().map(|(_, name)| &**name);
            let note = if said.guest { " (guest)" } else { "" };
            painted.push(self.heading(&said.name, note, to, &self.app.clock.time(item.at), turned));
        }
        let style = if said.to.is_some() { self.look.private() } else { Look::PLAIN };
        let note = said.edited_at.map(|_| ("(changed)".to_owned(), Look::DIM));
        self.text(painted, &said.text, style, note);
        if !said.reactions.is_empty() {
            let reactions = reactions(said);
            let row = fitted(&reactions, self.width - INDENT, self.app.order);
            painted.push(self.aligned(&row, turned, Look::DIM));
        }
    }

    /// Who says it, to whom, and when.
    fn heading(&self, name: &str, note: &str, to: Option<&str>, time: &str, turned: bool) -> Painted {
        let most = (self.width / 2).saturating_sub(4).max(4);
        let shown = |name: &str| fitted(&words::name(name), most, self.app.order);
        let name_row = shown(name);
        let mut parts = vec![(name_row.text(), self.look.name(name))];
        let mut width = name_row.width();
        if let Some(to) = to {
            let row = shown(to);
            let arrow = if turned { " ← " } else { " → " };
            width += row.width() + 3;
            parts.push((arrow.to_owned(), Look::DIM));
            parts.push((row.text(), self.look.name(to)));
        }
        for (text, style) in [(note.to_owned(), Look::DIM), (format!(" {time}"), Look::DIM)] {
            if text.len() > 1 {
                width += text.chars().count() as u16;
                parts.push((text, style));
            }
        }
        if turned {
            parts.reverse();
            // A space stands between two parts on either side.
            for (text, _) in &mut parts {
                if let Some(word) = text.strip_prefix(' ').filter(|word| !word.ends_with(' ')) {
                    *text = format!("{word} ");
                }
            }
        }
        let x = if turned { self.width.saturating_sub(width) } else { 0 };
        Painted { x, parts }
    }

    /// What is said, with a note behind its last row.
    fn text(&self, painted: &mut Vec<Painted>, text: &str, style: Style, note: Option<(String, Style)>) {
        let width = self.width - INDENT;
        let mut last = None;
        for line in safe::lines(text) {
            for row in rows(&line, width, self.app.order) {
                painted.push(self.aligned(&row, row.is_rtl, style));
                last = Some(row);
            }
        }
        let (Some(row), Some((note, style))) = (last, note) else { return };
        let cells = note.chars().count() as u16;
        let (fits, Some(painted_row)) = (row.width() + cells < width, painted.last_mut()) else { return };
        if !fits {
            painted.extend(rows(&note, width, self.app.order).iter().map(|note| self.aligned(note, row.is_rtl, style)));
        } else if row.is_rtl {
            painted_row.x -= cells + 1;
            painted_row.parts.insert(0, (format!("{note} "), style));
        } else {
            painted_row.parts.push((format!(" {note}"), style));
        }
    }

    fn aligned(&self, row: &Row, turned: bool, style: Style) -> Painted {
        let x = if turned { (self.width - INDENT).saturating_sub(row.width()) } else { INDENT };
        Painted { x, parts: vec![(row.text(), style)] }
    }

    fn centred(&self, words: &str, style: Style) -> Painted {
        let row = fitted(words, self.width, self.app.order);
        Painted { x: (self.width - row.width()) / 2, parts: vec![(row.text(), style)] }
    }

    /// Words in a line across.
    fn ruled(&self, words: &str, style: Style) -> Painted {
        let row = fitted(words, self.width.saturating_sub(8), self.app.order);
        let left = (self.width - row.width()).saturating_sub(2) / 2;
        let right = (self.width - row.width()).saturating_sub(2 + left);
        let [left, right] = [left, right].map(|count| "─".repeat(count.into()));
        Painted { x: 0, parts: vec![(format!("{left} {} {right}", row.text()), style)] }
    }

    /// Comings and goings that follow each other, as one sentence at the last of them.
    fn moved(&self, at: usize) -> Vec<Painted> {
        let is_move = |item: &Item| matches!(item.shown, Shown::Came(_) | Shown::Went(_));
        let is_marked = |item: &Item| self.app.mark == Some(item.id);
        let items = self.items();
        if items.get(at + 1).is_some_and(|next| is_move(next) && !is_marked(next)) {
            return Vec::new();
        }
        let first = items[..=at].iter().rposition(|item| !is_move(item)).map_or(0, |before| before + 1);
        let first = items[first..=at].iter().rposition(is_marked).map_or(first, |marked| first + marked);
        let (mut came, mut went): (Vec<&Person>, Vec<&Person>) = (Vec::new(), Vec::new());
        for item in &items[first..=at] {
            match &item.shown {
                Shown::Came(person) => came.push(person),
                Shown::Went(person) => went.push(person),
                Shown::Line(..) | Shown::Missing | Shown::Anew => {}
            }
        }
        // Whoever came and went, or went and came, is where it was.
        let is_in = |people: &[&Person], person: &Person| people.iter().any(|other| other.name == person.name);
        let stays: Vec<&Person> = came.iter().copied().filter(|person| !is_in(&went, person)).collect();
        let gone: Vec<&Person> = went.iter().copied().filter(|person| !is_in(&came, person)).collect();
        [(stays, "came"), (gone, "went")]
            .into_iter()
            .filter(|(people, _)| !people.is_empty())
            .map(|(people, what)| self.centred(&sentence(&people, what), Look::DIM))
            .collect()
    }

    /// What one has asked for and the room does not show yet.
    fn own(&self) -> Vec<Painted> {
        let mut painted = Vec::new();
        let Some(room) = self.app.room else { return painted };
        let mut last = match self.items().last() {
            Some(Item { shown: Shown::Line(said, true), .. }) if said.to.is_none() => Some(is_rtl(&said.text)),
            _ => None,
        };
        for line in self.chat.own(room).filter(|line| !line.is_shown()) {
            let note = words::state(line)
                .map(|(worth, words)| (words, if worth == Worth::Much { self.look.wrong() } else { Look::DIM }));
            let (text, to) = asked(line);
            let turned = is_rtl(&text);
            if last != Some(turned) || to.is_some() {
                let name = self.chat.room(room).your_name();
                painted.push(self.heading(name, "", to, "", turned));
            }
            last = to.is_none().then_some(turned);
            self.text(&mut painted, &text, Look::DIM, note);
        }
        painted
    }
}

/// What was asked for, in words, and for whom.
fn asked(line: &OwnLine) -> (String, Option<&str>) {
    match &line.ask {
        Ask::Say { text, to } => (text.clone(), to.as_ref().map(|to| &*to.name)),
        Ask::Edit { text, .. } => (format!("[to be changed into] {text}"), None),
        Ask::Delete { .. } => ("[a line to be taken back]".to_owned(), None),
        Ask::React { emoji, on: true, .. } => (format!("[to react with] {emoji}"), None),
        Ask::React { emoji, on: false, .. } => (format!("[to take off] {emoji}"), None),
    }
}

/// Each emoji once, with how many there are.
fn reactions(said: &Said) -> String {
    let mut counted: Vec<(&str, usize)> = Vec::new();
    for reaction in &said.reactions {
        match counted.iter_mut().find(|(emoji, _)| *emoji == reaction.emoji) {
            Some((_, count)) => *count += 1,
            None => counted.push((&reaction.emoji, 1)),
        }
    }
    let words = counted.into_iter().map(|(emoji, count)| {
        let emoji = safe::one_line(emoji);
        if count == 1 { emoji } else { format!("{emoji} {count}") }
    });
    words.collect::<Vec<_>>().join("  ")
}

/// Some names, and what they did.
fn sentence(people: &[&Person], what: &str) -> String {
    const NAMED: usize = 3;
    let mut names: Vec<String> = people.iter().take(NAMED).map(|person| isolated(&words::name(&person.name))).collect();
    if people.len() > NAMED {
        names.push(format!("{} more", people.len() - NAMED));
    }
    format!("{} {what}", names.join(", "))
}

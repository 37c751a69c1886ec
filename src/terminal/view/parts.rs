//! What stands round the log.

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use ratatui_core::style::Style;

use super::look::Look;
use super::words;
use crate::client::{Chat, LinkState};
use crate::terminal::app::{App, Stage};
use crate::terminal::text::{Row, fitted, rows};

/// Puts a text at the left of an area's first row, or at the right, and gives the columns that it took.
fn put(text: &str, area: Rect, at_right: bool, style: Style, app: &App, buffer: &mut Buffer) -> u16 {
    if area.is_empty() || text.is_empty() {
        return 0;
    }
    let row = fitted(text, area.width, app.order);
    let x = if at_right { area.right().saturating_sub(row.width()).max(area.x) } else { area.x };
    buffer.set_stringn(x, area.y, row.text(), area.width.into(), style);
    row.width()
}

fn row_of(area: Rect, n: u16) -> Rect {
    if n >= area.height {
        return Rect { height: 0, ..area };
    }
    Rect { y: area.y + n, height: 1, ..area }
}

/// The room, and who is there.
pub(super) fn header(app: &App, chat: &Chat, area: Rect, look: Look, buffer: &mut Buffer) {
    let seat = app.room.map(|room| chat.room(room));
    let name = seat.map_or(app.written.clone(), |seat| words::name(seat.name()));
    let count = seat.map(words::people).unwrap_or_default();
    let right = match (chat.link(), &app.stage) {
        (LinkState::Live, Stage::Talking) if app.is_attached(chat) => count,
        (_, Stage::Naming(_) | Stage::Talking | Stage::Out(_)) => String::new(),
    };
    let taken = put(&right, area, true, Look::DIM, app, buffer);
    let left = Rect { width: area.width.saturating_sub(taken + 1), ..area };
    let brand = put("Charsu ", left, false, look.accent(), app, buffer);
    let left = Rect { x: left.x + brand, width: left.width.saturating_sub(brand), ..left };
    put(&name, left, false, Look::BOLD, app, buffer);
}

/// What is wrong with the connection.
pub(super) fn banner(app: &App, chat: &Chat, area: Rect, look: Look, buffer: &mut Buffer) {
    let words = words::banner(app, chat).unwrap_or_default();
    put(&words, area, false, look.notable(), app, buffer);
}

/// Who is here.
pub(super) fn people(app: &App, chat: &Chat, area: Rect, look: Look, buffer: &mut Buffer) {
    let Some(seat) = app.room.map(|room| chat.room(room)) else { return };
    let is_beside = area.x > 0;
    if is_beside {
        for y in area.top()..area.bottom() {
            buffer.set_string(area.x, y, "│", Look::DIM);
        }
    }
    let indent = if is_beside { 2 } else { 0 };
    let area = Rect { x: area.x + indent, width: area.width.saturating_sub(indent), ..area };
    put("In this room", row_of(area, 0), false, Look::DIM, app, buffer);
    let typing: Vec<u32> = seat.typists().collect();
    let rows = usize::from(area.height.saturating_sub(1));
    let all = seat.roster().count() as usize;
    let shown = if all > rows { rows.saturating_sub(1) } else { rows };
    for (person, n) in seat.roster().people().take(shown).zip(1..) {
        let row = row_of(area, n);
        let note = match () {
            () if person.id == seat.you() => " (you)",
            () if typing.contains(&person.id) => " types",
            () => "",
        };
        let width = area.width.saturating_sub(note.len() as u16);
        let name = Rect { width, ..row };
        let taken = put(&words::name(&person.name), name, false, look.name(&person.name), app, buffer);
        let rest = Rect { x: row.x + taken, width: row.width - taken, ..row };
        put(note, rest, false, Look::DIM, app, buffer);
    }
    if all > shown {
        let more = format!("and {} more", all - shown.min(seat.roster().known()));
        put(&more, row_of(area, shown as u16 + 1), false, Look::DIM, app, buffer);
    }
}

/// A word of ours, or who types; and what one has not seen.
pub(super) fn status(app: &App, chat: &Chat, area: Rect, look: Look, buffer: &mut Buffer) {
    let unread = match app.unread {
        0 if app.scroll == crate::terminal::app::Scroll::Bottom => String::new(),
        0 => "↓ End".to_owned(),
        count => format!("↓ {count} new"),
    };
    let taken = put(&unread, area, true, look.notable(), app, buffer);
    let left = Rect { width: area.width.saturating_sub(taken + u16::from(taken > 0)), ..area };
    let (words, style) = match (app.notice(), app.room) {
        (Some(notice), _) => (notice.to_owned(), look.notable()),
        (None, Some(room)) => (words::typists(chat.room(room)), Look::DIM),
        (None, None) => return,
    };
    put(&words, left, false, style, app, buffer);
}

/// The line above what is written, with what that is for.
pub(super) fn line(app: &App, area: Rect, look: Look, buffer: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    buffer.set_string(area.x, area.y, "─".repeat(area.width.into()), Look::DIM);
    if app.editing.is_some() {
        let words = Rect { x: area.x + 2, width: area.width.saturating_sub(2), ..area };
        put(" changing your last line · Esc: leave it ", words, false, look.notable(), app, buffer);
    }
}

/// What is shown to somebody who is asked for a name.
pub(super) fn welcome(app: &App, area: Rect, look: Look, buffer: &mut Buffer) {
    let why = if let Stage::Naming(Some(why)) = &app.stage { &**why } else { "" };
    let lines = [
        (format!("Room {}", app.written), Look::BOLD),
        (format!("on {}", app.server), Look::DIM),
        (String::new(), Look::PLAIN),
        ("Who are you? Everyone in the room sees this name.".to_owned(), Look::PLAIN),
        (why.to_owned(), look.wrong()),
    ];
    let laid: Vec<(Row, Style)> = lines
        .iter()
        .flat_map(|(text, style)| {
            rows(text, area.width.saturating_sub(2), app.order).into_iter().map(|row| (row, *style))
        })
        .collect();
    let first = area.height.saturating_sub(laid.len() as u16);
    for ((row, style), n) in laid.into_iter().zip(first..) {
        let row_area = row_of(area, n);
        if !row_area.is_empty() {
            buffer.set_string(area.x + 2, row_area.y, row.text(), style);
        }
    }
}

/// What keys and commands do.
pub(super) fn help(app: &App, area: Rect, buffer: &mut Buffer) {
    let column = words::HELP.iter().map(|(keys, _)| keys.len() as u16).max().unwrap_or(0) + 2;
    for ((keys, what), n) in words::HELP.iter().zip(0..) {
        let row = row_of(area, n);
        put(keys, row, false, Look::BOLD, app, buffer);
        let rest = Rect { x: row.x + column, width: row.width.saturating_sub(column), ..row };
        put(what, rest, false, Look::PLAIN, app, buffer);
    }
}

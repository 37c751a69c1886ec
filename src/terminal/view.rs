//! The screen, drawn from the state: pure, into a buffer of cells. Where keys need to know what stands where, they ask here,
//! too.

mod lines;
mod look;
mod parts;
mod words;

use std::time::Duration;

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;

use self::lines::{Painter, Place};
use self::look::Look;
pub use self::words::HELP;
use super::app::{App, Over, Scroll, Stage};
use super::text::{Row, rows};
use crate::client::{Chat, LinkState};

/// From so many columns on the people stand beside the log.
const WIDE: u16 = 72;
/// What they take, with the line between.
const PEOPLE: u16 = 22;
/// Columns of a log at most: longer lines are hard to read.
const MOST: u16 = 96;
/// Columns before what is written.
const PROMPT: u16 = 2;
/// Rows of what is written that are seen at once.
const WRITTEN: u16 = 6;

/// What stands where.
struct Areas {
    header: Rect,
    banner: Rect,
    log: Rect,
    people: Rect,
    status: Rect,
    line: Rect,
    composer: Rect,
}

/// Draws the whole screen, and gives where the cursor is. Nothing is drawn on a buffer that is smaller than the screen.
pub fn draw(app: &App, chat: &Chat, buffer: &mut Buffer) -> Option<(u16, u16)> {
    if buffer.area.width < app.size.0 || buffer.area.height < app.size.1 {
        return None;
    }
    let areas = areas(app, chat);
    let look = Look::of(app);
    parts::header(app, chat, areas.header, look, buffer);
    parts::banner(app, chat, areas.banner, look, buffer);
    match app.over {
        Over::Help => parts::help(app, areas.log, buffer),
        Over::People if areas.people.is_empty() => parts::people(app, chat, areas.log, look, buffer),
        Over::Nothing | Over::People => {
            if matches!(app.stage, Stage::Naming(_)) {
                parts::welcome(app, areas.log, look, buffer);
            } else {
                log(app, chat, areas.log, buffer);
            }
        }
    }
    if !areas.people.is_empty() {
        parts::people(app, chat, areas.people, look, buffer);
    }
    parts::status(app, chat, areas.status, look, buffer);
    parts::line(app, areas.line, look, buffer);
    composer(app, areas.composer, look, buffer)
}

/// When the countdown counts next.
pub fn next_second(chat: &Chat, now: Duration) -> Option<Duration> {
    let LinkState::Waiting { until, .. } = chat.link() else { return None };
    let left = until.saturating_sub(now);
    // Between two seconds it says how many have begun.
    let begun = left.as_secs() + u64::from(left.subsec_nanos() > 0);
    Some(until.saturating_sub(Duration::from_secs(begun.checked_sub(1)?)))
}

/// Rows of the log that are seen at once.
pub fn log_height(app: &App, chat: &Chat) -> u16 {
    areas(app, chat).log.height
}

/// Where one is after so many rows down (or up, if negative), and whether the first row is in sight then.
pub fn scrolled(app: &App, chat: &Chat, by: isize) -> (Scroll, bool) {
    let area = areas(app, chat).log;
    let painter = Painter::new(app, chat, area.width);
    let height = usize::from(area.height);
    let end = painter.end();
    let mut place = painter.place(app.scroll).or(end);
    for _ in 0..by.unsigned_abs() {
        let next = place.and_then(|place| if by < 0 { painter.before(place) } else { painter.after(place) });
        if next.is_none() {
            break;
        }
        place = next;
    }
    // The first row is not to stand below the top while there is something below.
    let mut above = painter.rows_to(place, height).len();
    while above < height {
        let Some(next) = place.and_then(|place| painter.after(place)) else { break };
        place = Some(next);
        above += 1;
    }
    let is_at_top = place.is_none_or(|place| painter.is_first_in(place, height));
    let scroll = match place {
        Some(Place { block, row }) if place != end => Scroll::At { item: painter.id(block), row },
        _ => Scroll::Bottom,
    };
    (scroll, is_at_top)
}

fn areas(app: &App, chat: &Chat) -> Areas {
    let (width, height) = app.size;
    let whole = Rect::new(0, 0, width, height);
    let written = (written(app).len() as u16).clamp(1, WRITTEN.min(height / 3).max(1));
    let mut left = whole;
    let mut top = |rows: u16| {
        let rows = rows.min(left.height);
        let area = Rect { height: rows, ..left };
        left = Rect { y: left.y + rows, height: left.height - rows, ..left };
        area
    };
    let header = top(1);
    let banner = top(u16::from(words::banner(app, chat).is_some()));
    let body = top(height.saturating_sub(header.height + banner.height + 2 + written));
    let (status, line, composer) = (top(1), top(1), top(written));
    let has_people = width >= WIDE && matches!(app.stage, Stage::Talking | Stage::Out(_));
    let beside = if has_people { PEOPLE } else { 0 };
    let log = Rect { width: (width - beside).min(MOST), ..body };
    let people = Rect { x: log.right(), width: beside, ..body };
    // What stands at the right does not touch what is beside it.
    let log = Rect { width: log.width.saturating_sub(u16::from(has_people)), ..log };
    Areas { header, banner, log, people, status, line, composer }
}

fn log(app: &App, chat: &Chat, area: Rect, buffer: &mut Buffer) {
    let painter = Painter::new(app, chat, area.width);
    let height = usize::from(area.height);
    let rows = painter.rows_to(painter.place(app.scroll).or(painter.end()), height);
    for (row, y) in rows.into_iter().zip((area.top()..area.bottom()).rev()) {
        row.put(area.x, y, buffer);
    }
}

/// What is written, line by line as it is seen, with where each line begins in the text.
fn written(app: &App) -> Vec<(usize, Row)> {
    // One more column for the cursor behind the last character.
    let width = app.size.0.saturating_sub(PROMPT + 1);
    let mut begin = 0;
    let mut all = Vec::new();
    for line in app.composer.text().split('\n') {
        all.extend(rows(line, width, app.order).into_iter().map(|row| (begin, row)));
        begin += line.len() + 1;
    }
    all
}

fn composer(app: &App, area: Rect, look: Look, buffer: &mut Buffer) -> Option<(u16, u16)> {
    if area.is_empty() {
        return None;
    }
    let rows = written(app);
    let cursor = app.composer.cursor();
    // The last row that begins before the cursor, or at it.
    let at = rows.iter().rposition(|(begin, row)| begin + row.range.start <= cursor).unwrap_or(0);
    let height = usize::from(area.height);
    let first = at.saturating_sub(height - 1).min(rows.len().saturating_sub(height));
    buffer.set_string(area.x, area.y, "›", look.accent());
    if app.composer.is_empty() {
        let words = words::placeholder(app);
        buffer.set_stringn(area.x + PROMPT, area.y, words, usize::from(area.width.saturating_sub(PROMPT)), Look::DIM);
    }
    let mut found = None;
    for (n, (begin, row)) in rows.iter().enumerate().skip(first).take(height) {
        let y = area.y + (n - first) as u16;
        let mut x = area.x + PROMPT;
        if row.is_rtl {
            x = area.right().saturating_sub(row.width()).max(x);
        }
        let start = x;
        for glyph in &row.glyphs {
            if n == at && begin + glyph.from == cursor {
                found = Some((x, y));
            }
            buffer.set_string(x, y, &glyph.symbol, Look::PLAIN);
            x += glyph.width;
        }
        if n == at && found.is_none() {
            found = Some((if row.is_rtl { start.saturating_sub(1) } else { x }, y));
        }
    }
    found.map(|(x, y)| (x.min(area.right().saturating_sub(1)), y))
}

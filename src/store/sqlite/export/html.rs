//! A room as one page: no script, nothing from elsewhere, each line in its own direction, light and dark.

use std::io;

use super::Document;
use super::date::Date;
use crate::protocol::{Event, Kind, Member};
use crate::room::Epoch;

/// Everything before the room's name.
const HEAD: &str = r#"<!DOCTYPE html>
<html lang="mul">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<style>
:root { --ink: #1d2430; --quiet: #667085; --paper: #fbfaf7; --rule: #e4e0d8; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e6e1; --quiet: #98a2b3; --paper: #14171c; --rule: #2b313a; } }
body { margin: 0 auto; padding: 1.5rem 1rem; max-inline-size: 44rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.6 system-ui, sans-serif; }
ol { list-style: none; margin: 0; padding: 0; }
li { padding-block: .5rem; border-block-end: 1px solid var(--rule); overflow-wrap: anywhere; }
p { margin: 0; white-space: pre-wrap; }
time, small, .quiet { color: var(--quiet); font-size: .85rem; }
</style>
"#;

/// A buffer for what is escaped.
#[derive(Default)]
pub(super) struct Html {
    line: String,
}

impl Document for Html {
    fn begin(&mut self, room: &str, _: Epoch, out: &mut dyn io::Write) -> io::Result<()> {
        let room = self.escape(room);
        write!(out, "{HEAD}<title>{room}</title>\n</head>\n<body>\n<h1 dir=\"auto\">{room}</h1>\n<ol>\n")
    }

    fn event(&mut self, event: &Event, out: &mut dyn io::Write) -> io::Result<()> {
        let date = Date(event.at);
        match &event.kind {
            Kind::Message { name, text, marks, guest, .. } => {
                let guest = if *guest { " <small>(guest)</small>" } else { "" };
                write!(out, "<li><b dir=\"auto\">{}</b>{guest} <time>{date} UTC</time>", self.escape(name))?;
                if marks.edited_at().is_some() {
                    write!(out, " <small>(edited)</small>")?;
                }
                write!(out, "<p dir=\"auto\">{}</p>", self.escape(text))?;
                for reaction in marks.reactions() {
                    write!(out, "<small>{} ", self.escape(&reaction.emoji))?;
                    write!(out, "<bdi>{}</bdi></small> ", self.escape(&reaction.name))?;
                }
                writeln!(out, "</li>")
            }
            Kind::Removed => {
                writeln!(out, "<li class=\"quiet\">A line was taken back <time>{date} UTC</time></li>")
            }
            Kind::Join { member } => self.visit(member, "came in", &date, out),
            Kind::Leave { member } => self.visit(member, "left", &date, out),
            // Lines are shown as these made them.
            Kind::Edit { .. }
            | Kind::Delete { .. }
            | Kind::React { .. }
            | Kind::Passed { .. }
            | Kind::Private { .. } => Ok(()),
        }
    }

    fn end(&mut self, out: &mut dyn io::Write) -> io::Result<()> {
        writeln!(out, "</ol>\n</body>\n</html>")
    }
}

impl Html {
    fn visit(&mut self, member: &Member, what: &str, date: &Date, out: &mut dyn io::Write) -> io::Result<()> {
        let name = member.name.as_ref().map_or_else(|| format!("guest {}", member.id.0), ToString::to_string);
        let name = self.escape(&name);
        writeln!(out, "<li class=\"quiet\"><bdi>{name}</bdi> {what} <time>{date} UTC</time></li>")
    }

    /// Text as text, wherever it stands.
    fn escape(&mut self, text: &str) -> &str {
        self.line.clear();
        for c in text.chars() {
            match c {
                '&' => self.line.push_str("&amp;"),
                '<' => self.line.push_str("&lt;"),
                '>' => self.line.push_str("&gt;"),
                '"' => self.line.push_str("&quot;"),
                '\'' => self.line.push_str("&#39;"),
                // No form of HTML can carry these.
                c if c.is_control() && !matches!(c, '\n' | '\t') => self.line.push('\u{fffd}'),
                c => self.line.push(c),
            }
        }
        &self.line
    }
}

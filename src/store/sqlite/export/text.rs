//! A room as lines to read: one for each thing that people saw, further lines of a long one indented.

use std::io;

use super::Document;
use super::date::Date;
use crate::protocol::{Event, Kind, Member};
use crate::room::Epoch;

pub(super) struct Text;

impl Document for Text {
    fn begin(&mut self, room: &str, _: Epoch, out: &mut dyn io::Write) -> io::Result<()> {
        writeln!(out, "{} (times are UTC)\n", plain(room))
    }

    fn event(&mut self, event: &Event, out: &mut dyn io::Write) -> io::Result<()> {
        let date = Date(event.at);
        match &event.kind {
            Kind::Message { name, text, marks, guest, .. } => {
                let name = if name.is_empty() { "somebody" } else { name };
                let guest = if *guest { " (guest)" } else { "" };
                write!(out, "{date}  {}{guest}: {}", plain(name), plain(text))?;
                if marks.edited_at().is_some() {
                    write!(out, " (edited)")?;
                }
                for reaction in marks.reactions() {
                    write!(out, " [{} {}]", plain(&reaction.emoji), plain(&reaction.name))?;
                }
                writeln!(out)
            }
            Kind::Removed => writeln!(out, "{date}  - a line was taken back"),
            Kind::Join { member } => writeln!(out, "{date}  * {} came in", visitor(member)),
            Kind::Leave { member } => writeln!(out, "{date}  * {} left", visitor(member)),
            // Lines are shown as these made them.
            Kind::Edit { .. }
            | Kind::Delete { .. }
            | Kind::React { .. }
            | Kind::Passed { .. }
            | Kind::Private { .. } => Ok(()),
        }
    }

    fn end(&mut self, _: &mut dyn io::Write) -> io::Result<()> {
        Ok(())
    }
}

fn visitor(member: &Member) -> String {
    member.name.as_ref().map_or_else(|| format!("guest {}", member.id.0), |name| plain(name.as_str()))
}

/// Without what would steer a terminal.
fn plain(text: &str) -> String {
    let lines = text.lines().map(|line| line.replace(|c: char| c.is_control() && c != '\t', "\u{fffd}"));
    lines.collect::<Vec<_>>().join("\n    ")
}

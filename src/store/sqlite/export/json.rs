//! A room as JSON: `{"room":…,"epoch":…,"events":[…]}`, an event to a line, with the fields that it has in `charsu.v1`.
//! A line that was taken back is `removed`.

use std::io;

use serde::Serialize;

use super::Document;
use crate::protocol::{Event, Kind};
use crate::room::Epoch;

#[derive(Default)]
pub(super) struct Json {
    has_events: bool,
}

#[derive(Serialize)]
struct Exported<'e> {
    seq: u64,
    at: u64,
    #[serde(flatten)]
    what: What<'e>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum What<'e> {
    Message {
        from: u32,
        name: &'e str,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        guest: bool,
        text: &'e str,
        #[serde(skip_serializing_if = "Option::is_none")]
        edited_at: Option<u64>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        reactions: Vec<Reacted<'e>>,
    },
    Removed,
    Edit {
        target: u64,
        from: u32,
        #[serde(skip_serializing_if = "Option::is_none")]
        text: Option<&'e str>,
    },
    Delete {
        target: u64,
        from: u32,
    },
    React {
        target: u64,
        from: u32,
        name: &'e str,
        emoji: &'e str,
        on: bool,
    },
    Join {
        member: u32,
        name: Option<&'e str>,
    },
    Leave {
        member: u32,
        name: Option<&'e str>,
    },
}

#[derive(Serialize)]
struct Reacted<'e> {
    from: u32,
    name: &'e str,
    emoji: &'e str,
}

impl Document for Json {
    fn begin(&mut self, room: &str, epoch: Epoch, out: &mut dyn io::Write) -> io::Result<()> {
        write!(out, r#"{{"room":{},"epoch":"{epoch}","events":["#, serde_json::to_string(room)?)
    }

    fn event(&mut self, event: &Event, out: &mut dyn io::Write) -> io::Result<()> {
        let Some(what) = What::of(&event.kind) else { return Ok(()) };
        let separator = if std::mem::replace(&mut self.has_events, true) { ",\n" } else { "\n" };
        let exported = Exported { seq: event.seq, at: event.at, what };
        write!(out, "{separator}{}", serde_json::to_string(&exported)?)
    }

    fn end(&mut self, out: &mut dyn io::Write) -> io::Result<()> {
        writeln!(out, "\n]}}")
    }
}

impl<'e> What<'e> {
    fn of(kind: &'e Kind) -> Option<Self> {
        Some(match kind {
            Kind::Message { from, name, guest, text, marks, .. } => Self::Message {
                from: from.0,
                name,
                guest: *guest,
                text,
                edited_at: marks.edited_at(),
                reactions: marks
                    .reactions()
                    .iter()
                    .map(|reaction| Reacted { from: reaction.from.0, name: &reaction.name, emoji: &reaction.emoji })
                    .collect(),
            },
            Kind::Private { .. } | Kind::Passed { .. } => return None,
            Kind::Removed => Self::Removed,
            Kind::Edit { target, from, text, .. } => {
                Self::Edit { target: *target, from: from.0, text: text.as_deref() }
            }
            Kind::Delete { target, from, .. } => Self::Delete { target: *target, from: from.0 },
            Kind::React { target, reaction, on, .. } => Self::React {
                target: *target,
                from: reaction.from.0,
                name: &reaction.name,
                emoji: &reaction.emoji,
                on: *on,
            },
            Kind::Join { member } => Self::Join { member: member.id.0, name: member.name.as_ref().map(AsRef::as_ref) },
            Kind::Leave { member } => {
                Self::Leave { member: member.id.0, name: member.name.as_ref().map(AsRef::as_ref) }
            }
        })
    }
}

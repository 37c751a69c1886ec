//! An event as a row of the table `events`, and back. Knows no statement.
//!
//! | kind | uses |
//! |---|---|
//! | 0 line, 1 line of a guest | member, name, text, `edited_at` |
//! | 2 private line | member, name, receiver, `receiver_name`, text, `edited_at` |
//! | 3 line that was taken back | nothing |
//! | 4 edit | target, member, text until the next change of that line |
//! | 5 delete | target, member |
//! | 6 reaction put on, 7 taken off | target, member, name, text (the emoji) |
//! | 8 join, 9 leave | member, name if it was claimed |
//! | 10 something without a text was passed on | member |
//!
//! What changes a private line has its sender and receiver, too.

use rusqlite::Row as Stored;
use rusqlite::types::{FromSqlError, Type};

use crate::names::Name;
use crate::protocol::{Event, Kind, Marks, Member, MemberId, Pair, Reaction};

const LINE: u8 = 0;
const GUEST_LINE: u8 = 1;
const PRIVATE: u8 = 2;
const REMOVED: u8 = 3;
const EDIT: u8 = 4;
const DELETE: u8 = 5;
const REACT: u8 = 6;
const UNREACT: u8 = 7;
const JOIN: u8 = 8;
const LEAVE: u8 = 9;
const PASSED: u8 = 10;

/// What an event puts into its row, beside its number and time.
#[derive(Debug, Default)]
pub(super) struct Row<'e> {
    pub(super) kind: u8,
    pub(super) member: Option<u32>,
    pub(super) name: Option<&'e str>,
    pub(super) sender: Option<u32>,
    pub(super) receiver: Option<u32>,
    pub(super) receiver_name: Option<&'e str>,
    pub(super) target: Option<i64>,
    pub(super) text: Option<&'e str>,
}

impl<'e> Row<'e> {
    pub(super) fn of(kind: &'e Kind) -> Self {
        match kind {
            Kind::Message { from, name, guest, text, .. } => Self {
                kind: if *guest { GUEST_LINE } else { LINE },
                member: Some(from.0),
                name: Some(name),
                text: Some(text),
                ..Self::default()
            },
            Kind::Private { from, name, to, to_name, text, .. } => Self {
                kind: PRIVATE,
                member: Some(from.0),
                name: Some(name),
                receiver: Some(to.0),
                receiver_name: Some(to_name),
                text: Some(text),
                ..Self::default()
            },
            Kind::Passed { from, .. } => Self { kind: PASSED, member: Some(from.0), ..Self::default() },
            Kind::Removed => Self { kind: REMOVED, ..Self::default() },
            Kind::Edit { target, from, between, text } => {
                Self { text: text.as_deref(), ..Self::change(EDIT, *target, *from, *between) }
            }
            Kind::Delete { target, from, between } => Self::change(DELETE, *target, *from, *between),
            Kind::React { target, reaction, on, between } => Self {
                name: Some(&reaction.name),
                text: Some(&reaction.emoji),
                ..Self::change(if *on { REACT } else { UNREACT }, *target, reaction.from, *between)
            },
            Kind::Join { member } => Self::visit(JOIN, member),
            Kind::Leave { member } => Self::visit(LEAVE, member),
        }
    }

    fn change(kind: u8, target: u64, from: MemberId, between: Option<Pair>) -> Self {
        Self {
            kind,
            member: Some(from.0),
            sender: between.map(|[sender, _]| sender.0),
            receiver: between.map(|[_, receiver]| receiver.0),
            target: Some(target.cast_signed()),
            ..Self::default()
        }
    }

    fn visit(kind: u8, member: &'e Member) -> Self {
        Self { kind, member: Some(member.id.0), name: member.name.as_ref().map(Name::as_str), ..Self::default() }
    }
}

/// Reads an event, without the reactions of a line: they are rows of their own.
pub(super) fn read(row: &Stored<'_>) -> rusqlite::Result<Event> {
    let member = |column| Ok::<_, rusqlite::Error>(MemberId(row.get(column)?));
    let text = |column| row.get_ref(column)?.as_str().map_err(|error| wrong(column, error));
    let marks = || Ok::<_, rusqlite::Error>(Marks::new(row.get::<_, Option<i64>>(10)?.map(i64::cast_unsigned), vec![]));
    let target = || Ok::<_, rusqlite::Error>(row.get::<_, i64>(8)?.cast_unsigned());
    let between = || {
        let pair: (Option<u32>, Option<u32>) = (row.get(5)?, row.get(6)?);
        Ok::<_, rusqlite::Error>(pair.0.zip(pair.1).map(|(sender, receiver)| [MemberId(sender), MemberId(receiver)]))
    };
    let visitor = || {
        let claimed = row.get_ref(4)?.as_str_or_null().map_err(|error| wrong(4, error))?;
        Ok::<_, rusqlite::Error>(Member { id: member(3)?, name: claimed.and_then(restore_name) })
    };
    let kind = match row.get(2)? {
        kind @ (LINE | GUEST_LINE) => Kind::Message {
            from: member(3)?,
            name: text(4)?.into(),
            guest: kind == GUEST_LINE,
            text: text(9)?.into(),
            marks: marks()?,
            form: None,
        },
        PASSED => Kind::Passed { from: member(3)?, form: None },
        PRIVATE => Kind::Private {
            from: member(3)?,
            name: text(4)?.into(),
            to: member(6)?,
            to_name: text(7)?.into(),
            text: text(9)?.into(),
            marks: marks()?,
        },
        REMOVED => Kind::Removed,
        EDIT => Kind::Edit {
            target: target()?,
            from: member(3)?,
            between: between()?,
            text: row.get_ref(9)?.as_str_or_null().map_err(|error| wrong(9, error))?.map(Into::into),
        },
        DELETE => Kind::Delete { target: target()?, from: member(3)?, between: between()? },
        kind @ (REACT | UNREACT) => Kind::React {
            target: target()?,
            reaction: Reaction { from: member(3)?, name: text(4)?.into(), emoji: text(9)?.into() },
            on: kind == REACT,
            between: between()?,
        },
        JOIN => Kind::Join { member: visitor()? },
        LEAVE => Kind::Leave { member: visitor()? },
        other => return Err(rusqlite::Error::IntegralValueOutOfRange(2, other.into())),
    };
    Ok(Event { seq: row.get::<_, i64>(0)?.cast_unsigned(), at: row.get::<_, i64>(1)?.cast_unsigned(), kind })
}

/// A claimed name as it was. How long names may be was decided when it was claimed; one that is no name any more (a
/// word that was reserved since) is nobody's.
pub(super) fn restore_name(kept: &str) -> Option<Name> {
    Name::parse(kept, usize::MAX).ok()
}

fn wrong(column: usize, error: FromSqlError) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, error.into())
}

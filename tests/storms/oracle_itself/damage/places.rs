//! Where in a history there is something to damage, and what is said about it elsewhere in there.

use proptest::sample::Index;

use crate::oracle::{Content, Entry, How, Log, Seen, Word};

/// Of whom, and which entry.
pub(super) type At = (usize, usize);

/// A line that somebody said: who, its command, its content, where, and whether it is for one only.
pub(super) struct Line {
    pub(super) client: usize,
    pub(super) id: u64,
    pub(super) content: Content,
    pub(super) room: Word,
    pub(super) is_private: bool,
}

pub(crate) fn pick<T: Clone>(among: &[T], pick: Index) -> Option<T> {
    (!among.is_empty()).then(|| pick.get(among).clone())
}

/// Every entry, with where it stands.
pub(super) fn entries(logs: &[Log]) -> impl Iterator<Item = (At, &Entry)> {
    logs.iter()
        .enumerate()
        .flat_map(|(client, log)| log.entries.iter().enumerate().map(move |(line, entry)| ((client, line), entry)))
}

pub(super) fn numbered(entry: &Entry) -> Option<(&Word, u64, Seen)> {
    match entry {
        Entry::Numbered { room, seq, seen, .. } => Some((room, *seq, *seen)),
        _ => None,
    }
}

/// Numbers that fit.
pub(super) fn numbers_where(logs: &[Log], fits: impl Fn(At, &Word, Seen) -> bool) -> Vec<At> {
    let all = entries(logs).filter_map(|(at, entry)| numbered(entry).map(|(room, _, seen)| (at, room, seen)));
    all.filter(|(at, room, seen)| fits(*at, room, *seen)).map(|(at, ..)| at).collect()
}

/// The next entry of the same log that concerns the room's numbers.
pub(super) fn next_in_room<'a>(logs: &'a [Log], (client, line): At, room: &Word) -> Option<(usize, &'a Entry)> {
    let after = logs[client].entries.iter().enumerate().skip(line + 1);
    after.into_iter().find(|(_, entry)| match entry {
        Entry::Numbered { room: there, .. } | Entry::Left { room: there, .. } => there == room,
        Entry::Stands { stands, .. } => stands.room == *room,
        _ => false,
    })
}

/// Whether what follows shows that this number was there.
pub(super) fn is_pinned(logs: &[Log], at: At, room: &Word) -> bool {
    match next_in_room(logs, at, room) {
        Some((_, Entry::Numbered { .. })) => true,
        Some((_, Entry::Stands { stands, .. })) => stands.how == How::Resumed,
        _ => false,
    }
}

/// In which life of the room somebody reads at an entry.
pub(super) fn epoch_at(logs: &[Log], (client, line): At, room: &Word) -> Word {
    let before = logs[client].entries[..=line].iter().rev();
    let mut stands = before.filter_map(|entry| match entry {
        Entry::Stands { stands, .. } if stands.room == *room => Some(stands.epoch.clone()),
        _ => None,
    });
    stands.next().expect("whoever reads stands somewhere")
}

/// Who is in the room at the end, in which life, at which number, and as which member.
pub(super) fn there(logs: &[Log], room: &Word) -> Vec<(usize, Word, u64, u32)> {
    let mut all = Vec::new();
    for (client, log) in logs.iter().enumerate() {
        let mut place = None;
        for entry in &log.entries {
            match entry {
                Entry::Stands { stands, .. } if stands.room == *room => {
                    place = Some((client, stands.epoch.clone(), stands.seq, stands.me));
                }
                Entry::Numbered { room: there, seq: now, .. } if there == room => {
                    if let Some((.., seq, _)) = &mut place {
                        *seq = *now;
                    }
                }
                Entry::Left { room: there, .. } if there == room => place = None,
                _ => {}
            }
        }
        all.extend(place);
    }
    all
}

pub(super) fn connection_at_the_end(log: &Log) -> u32 {
    let mut opened = log.entries.iter().filter_map(|entry| match entry {
        Entry::Opened { connection, .. } => Some(*connection),
        _ => None,
    });
    opened.next_back().expect("everybody opens something")
}

/// Everybody who is there sees one more number.
pub(super) fn see_one_more(logs: &mut [Log], room: &Word, seen: impl Fn(usize) -> Seen) -> bool {
    let people = there(logs, room);
    for (client, _, seq, _) in &people {
        let connection = connection_at_the_end(&logs[*client]);
        let entry = Entry::Numbered { connection, room: room.clone(), seq: seq + 1, seen: seen(*client) };
        logs[*client].entries.push(entry);
    }
    !people.is_empty()
}

pub(super) fn lines(logs: &[Log]) -> Vec<Line> {
    let said = entries(logs).filter_map(|((client, _), entry)| match entry {
        Entry::Sent { id, content, line, .. } => {
            let (room, to, _) = &**line;
            Some(Line { client, id: *id, content: *content, room: room.clone(), is_private: to.is_some() })
        }
        _ => None,
    });
    said.collect()
}

pub(super) fn acked(logs: &[Log], client: usize, id: u64) -> Option<(Word, Word, u64)> {
    logs[client].entries.iter().find_map(|entry| match entry {
        Entry::Acked { id: there, place, .. } if *there == id => Some((**place).clone()),
        _ => None,
    })
}

/// The number of a private line, for somebody.
pub(super) fn private_number(logs: &[Log], index: Index) -> Option<(At, Word, u64, Word, Seen)> {
    let private = numbers_where(logs, |_, _, seen| matches!(seen, Seen::Private { .. }));
    let at = pick(&private, index)?;
    let (room, seq, seen) = numbered(&logs[at.0].entries[at.1]).expect("it is a number");
    Some((at, room.clone(), seq, epoch_at(logs, at, room), seen))
}

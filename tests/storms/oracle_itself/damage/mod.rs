//! Ways to damage a history, each of which breaks one promise. Each gives whether the history had a place for it.

mod places;

pub(crate) use places::pick;

use places::{
    At, acked, connection_at_the_end, entries, epoch_at, is_pinned, lines, next_in_room, numbered, numbers_where,
    private_number, see_one_more, there,
};
use proptest::sample::Index;

use crate::oracle::{Content, Entry, How, Log, Seen, Word};

pub(crate) fn drop_one(logs: &mut [Log], index: Index) -> bool {
    let Some((client, line)) = pick(&numbers_where(logs, |at, room, _| is_pinned(logs, at, room)), index) else {
        return false;
    };
    logs[client].entries.remove(line);
    true
}

pub(crate) fn double_one(logs: &mut [Log], index: Index) -> bool {
    let Some((client, line)) = pick(&numbers_where(logs, |_, _, _| true), index) else { return false };
    let again = logs[client].entries[line].clone();
    logs[client].entries.insert(line, again);
    true
}

pub(crate) fn swap_two(logs: &mut [Log], index: Index) -> bool {
    let before_another =
        numbers_where(logs, |at, room, _| matches!(next_in_room(logs, at, room), Some((_, Entry::Numbered { .. }))));
    let Some((client, line)) = pick(&before_another, index) else { return false };
    let (room, _, _) = numbered(&logs[client].entries[line]).expect("it is a number");
    let (other, _) = next_in_room(logs, (client, line), room).expect("it has a next");
    logs[client].entries.swap(line, other);
    true
}

pub(crate) fn alter_one(logs: &mut [Log], index: Index) -> bool {
    let Some((client, line)) = pick(&numbers_where(logs, |_, _, seen| seen.said().is_some()), index) else {
        return false;
    };
    if let Entry::Numbered { seen: Seen::Message { content, .. } | Seen::Private { content, .. }, .. } =
        &mut logs[client].entries[line]
    {
        content.0 ^= 1;
    }
    true
}

pub(crate) fn renumber_one(logs: &mut [Log], index: Index) -> bool {
    let Some((client, line)) = pick(&numbers_where(logs, |_, _, _| true), index) else { return false };
    if let Entry::Numbered { seq, .. } = &mut logs[client].entries[line] {
        *seq += 1;
    }
    true
}

pub(crate) fn forge_one(logs: &mut [Log], index: Index) -> bool {
    let Some(line) = pick(&numbers_where(logs, |_, _, seen| seen.said().is_some()), index) else { return false };
    let (room, _, seen) = numbered(&logs[line.0].entries[line.1]).expect("it is a number");
    let (room, (from, Content(content))) = (room.clone(), seen.said().expect("it is a line"));
    see_one_more(logs, &room, |_| Seen::Message { from, content: Content(!content) })
}

pub(crate) fn lose_one_everywhere(logs: &mut [Log], index: Index) -> bool {
    let is_acked =
        |content| lines(logs).iter().any(|line| line.content == content && acked(logs, line.client, line.id).is_some());
    let kept = numbers_where(logs, |_, _, seen| seen.said().is_some_and(|(_, content)| is_acked(content)));
    let Some((client, line)) = pick(&kept, index) else { return false };
    let lost = numbered(&logs[client].entries[line]).expect("it is a number").2;
    for entry in logs.iter_mut().flat_map(|log| &mut log.entries) {
        match entry {
            Entry::Numbered { seen, .. } if *seen == lost => *seen = Seen::Skip,
            Entry::Stands { stands, .. } => {
                for (_, seen) in stands.history.iter_mut().filter(|(_, seen)| *seen == lost) {
                    *seen = Seen::Skip;
                }
            }
            _ => {}
        }
    }
    true
}

/// As a server that forgets a line and numbers on as if it had never been.
pub(crate) fn erase_one_everywhere(logs: &mut [Log], index: Index) -> bool {
    let all = lines(logs);
    let places = all.iter().filter_map(|line| acked(logs, line.client, line.id));
    // Somebody has read past it and on to the end. Nobody could tell a log in which it stood behind all that was read
    // from one that was shorter.
    let is_missed = |(room, epoch, erased): &(Word, Word, u64)| {
        let is_it = |at: At, there: &Word| {
            there == room
                && numbered(&logs[at.0].entries[at.1]).is_some_and(|(_, seq, _)| seq == *erased)
                && epoch_at(logs, at, there) == *epoch
        };
        let mut read = numbers_where(logs, |at, there, _| is_it(at, there)).into_iter();
        read.any(|(client, line)| {
            logs[client].entries[line..].iter().all(|entry| match entry {
                Entry::Stands { stands, .. } => stands.room != *room || stands.how == How::Resumed,
                Entry::Left { room: there, .. } => there != room,
                _ => true,
            })
        })
    };
    let missed = places.filter(is_missed);
    let Some((room, epoch, erased)) = pick(&missed.collect::<Vec<_>>(), index) else { return false };
    for log in logs.iter_mut() {
        let mut reads_it = false;
        log.entries.retain_mut(|entry| {
            match entry {
                Entry::Stands { stands, .. } if stands.room == room => {
                    reads_it = stands.epoch == epoch;
                    if reads_it && stands.seq >= erased {
                        stands.seq -= 1;
                    }
                    if reads_it {
                        stands.history.retain(|(seq, _)| *seq != erased);
                        stands.history.iter_mut().filter(|(seq, _)| *seq > erased).for_each(|(seq, _)| *seq -= 1);
                    }
                }
                Entry::Numbered { room: there, seq, .. } if *there == room && reads_it => {
                    if *seq == erased {
                        return false;
                    }
                    *seq -= u64::from(*seq > erased);
                }
                Entry::Acked { place, .. } if (&place.0, &place.1) == (&room, &epoch) && place.2 > erased => {
                    place.2 -= 1;
                }
                _ => {}
            }
            true
        });
    }
    true
}

pub(crate) fn say_one_twice(logs: &mut [Log], index: Index) -> bool {
    let public = numbers_where(logs, |_, _, seen| matches!(seen, Seen::Message { .. }));
    let Some((client, line)) = pick(&public, index) else { return false };
    let (room, _, seen) = numbered(&logs[client].entries[line]).expect("it is a number");
    let room = room.clone();
    see_one_more(logs, &room, |_| seen)
}

pub(crate) fn change_places(logs: &mut [Log], index: Index) -> bool {
    let all = lines(logs);
    let mut pairs = Vec::new();
    for one in all.iter().filter(|line| !line.is_private) {
        let Some(place) = acked(logs, one.client, one.id) else { continue };
        for other in all.iter().filter(|line| !line.is_private && line.client == one.client && line.id > one.id) {
            let other_place = acked(logs, other.client, other.id);
            if other_place.is_some_and(|(room, epoch, _)| (&room, &epoch) == (&place.0, &place.1)) {
                pairs.push((one.client, (one.id, one.content), (other.id, other.content)));
                break;
            }
        }
    }
    let is_seen = |content: Content| {
        !numbers_where(logs, |_, _, seen| seen.said().is_some_and(|(_, there)| there == content)).is_empty()
    };
    pairs.retain(|(_, (_, one), (_, other))| is_seen(*one) && is_seen(*other));
    let Some((client, (id, one), (other_id, other))) = pick(&pairs, index) else { return false };
    let exchange = |seen: &mut Seen| {
        if let Seen::Message { content, .. } = seen {
            if *content == one {
                *content = other;
            } else if *content == other {
                *content = one;
            }
        }
    };
    for (owner, log) in logs.iter_mut().enumerate() {
        for entry in &mut log.entries {
            match entry {
                Entry::Numbered { seen, .. } => exchange(seen),
                Entry::Stands { stands, .. } => stands.history.iter_mut().for_each(|(_, seen)| exchange(seen)),
                Entry::Acked { id: there, .. } if owner == client && *there == id => *there = other_id,
                Entry::Acked { id: there, .. } if owner == client && *there == other_id => *there = id,
                _ => {}
            }
        }
    }
    true
}

pub(crate) fn hear_a_refused_one(logs: &mut [Log], index: Index) -> bool {
    let refused: Vec<(usize, u64)> = entries(logs)
        .filter_map(|((client, _), entry)| match entry {
            Entry::Refused { id, .. } => Some((client, *id)),
            _ => None,
        })
        .collect();
    let all = lines(logs);
    let heard = all.iter().filter(|line| refused.contains(&(line.client, line.id)));
    let heard = heard.filter_map(|line| {
        let me = there(logs, &line.room).into_iter().find(|(client, ..)| *client == line.client)?.3;
        Some((line.room.clone(), Seen::Message { from: me, content: line.content }))
    });
    let Some((room, seen)) = pick(&heard.collect::<Vec<_>>(), index) else { return false };
    see_one_more(logs, &room, |_| seen)
}

pub(crate) fn leak_one(logs: &mut [Log], index: Index) -> bool {
    let Some((_, room, seq, epoch, seen)) = private_number(logs, index) else { return false };
    let skipped = numbers_where(logs, |at, there, other| {
        other == Seen::Skip
            && *there == room
            && numbered(&logs[at.0].entries[at.1]).is_some_and(|(_, other_seq, _)| other_seq == seq)
            && epoch_at(logs, at, there) == epoch
    });
    let Some((client, line)) = pick(&skipped, index) else { return false };
    if let Entry::Numbered { seen: there, .. } = &mut logs[client].entries[line] {
        *there = seen;
    }
    true
}

pub(crate) fn skip_one(logs: &mut [Log], index: Index) -> bool {
    let Some(((client, line), ..)) = private_number(logs, index) else { return false };
    // That it was numbered at all must be known from somewhere: from its acknowledgement, or from the other of the two.
    let Entry::Numbered { seen, .. } = &mut logs[client].entries[line] else { return false };
    let (_, content) = seen.said().expect("it is a line");
    *seen = Seen::Skip;
    let is_acked =
        lines(logs).iter().any(|line| line.content == content && acked(logs, line.client, line.id).is_some());
    is_acked || !numbers_where(logs, |_, _, seen| seen.said().is_some_and(|(_, there)| there == content)).is_empty()
}

pub(crate) fn stop_short(logs: &mut [Log], index: Index) -> bool {
    let contents: Vec<Content> = lines(logs)
        .iter()
        .filter(|line| acked(logs, line.client, line.id).is_some())
        .map(|line| line.content)
        .collect();
    let last = numbers_where(logs, |at, room, seen| {
        next_in_room(logs, at, room).is_none() && seen.said().is_some_and(|(_, content)| contents.contains(&content))
    });
    let Some((client, line)) = pick(&last, index) else { return false };
    logs[client].entries.remove(line);
    true
}

pub(crate) fn move_an_acknowledgement(logs: &mut [Log], index: Index) -> bool {
    let seen: Vec<Content> = entries(logs)
        .filter_map(|(_, entry)| numbered(entry).and_then(|(_, _, seen)| seen.said()))
        .map(|(_, content)| content)
        .collect();
    let all: Vec<(usize, u64)> = lines(logs)
        .iter()
        .filter(|line| seen.contains(&line.content) && acked(logs, line.client, line.id).is_some())
        .map(|line| (line.client, line.id))
        .collect();
    let Some((client, id)) = pick(&all, index) else { return false };
    for entry in &mut logs[client].entries {
        if let Entry::Acked { id: there, place, .. } = entry
            && *there == id
        {
            place.2 += 1;
        }
    }
    true
}

pub(crate) fn hide_a_reset(logs: &mut [Log], index: Index) -> bool {
    let resets: Vec<At> = entries(logs)
        .filter(|(_, entry)| matches!(entry, Entry::Stands { stands, .. } if matches!(stands.how, How::Reset(_))))
        .map(|(at, _)| at)
        .collect();
    let Some((client, line)) = pick(&resets, index) else { return false };
    if let Entry::Stands { stands, .. } = &mut logs[client].entries[line] {
        stands.how = How::Resumed;
    }
    true
}

pub(crate) fn stay_away(logs: &mut [Log], index: Index) -> bool {
    let rooms: Vec<Word> = lines(logs).iter().map(|line| line.room.clone()).collect();
    let people: Vec<usize> = rooms.iter().flat_map(|room| there(logs, room)).map(|(client, ..)| client).collect();
    let Some(client) = pick(&people, index) else { return false };
    let connection = connection_at_the_end(&logs[client]);
    logs[client].entries.push(Entry::Cut { connection, why: "cut".into() });
    true
}

pub(crate) fn echo_first(logs: &mut [Log], index: Index) -> bool {
    let mut echoes = Vec::new();
    for ((client, line), entry) in entries(logs) {
        let Entry::Sent { connection, id, content, .. } = entry else { continue };
        let is_first = !logs[client].entries[..line]
            .iter()
            .any(|entry| matches!(entry, Entry::Sent { id: there, .. } if there == id));
        let acked_at = logs[client].entries.iter().position(
            |entry| matches!(entry, Entry::Acked { id: there, connection: on, .. } if (there, on) == (id, connection)),
        );
        let heard_at = logs[client].entries.iter().position(|entry| {
            matches!(entry, Entry::Numbered { connection: on, seen, .. }
                if on == connection && seen.said().is_some_and(|(_, there)| there == *content))
        });
        if let (true, Some(acked_at), Some(heard_at)) = (is_first, acked_at, heard_at) {
            echoes.push((client, acked_at, heard_at));
        }
    }
    let Some((client, acked_at, heard_at)) = pick(&echoes, index) else { return false };
    let ack = logs[client].entries.remove(acked_at);
    logs[client].entries.insert(heard_at, ack);
    true
}

pub(crate) fn leave_twice(logs: &mut [Log], index: Index) -> bool {
    let leaves = numbers_where(logs, |at, room, seen| {
        matches!(seen, Seen::Leave { .. })
            && there(logs, room).iter().any(|(_, epoch, ..)| *epoch == epoch_at(logs, at, room))
    });
    let Some((client, line)) = pick(&leaves, index) else { return false };
    let (room, _, seen) = numbered(&logs[client].entries[line]).expect("it is a number");
    let room = room.clone();
    see_one_more(logs, &room, |_| seen)
}

pub(crate) fn stray_one(logs: &mut [Log], index: Index) -> bool {
    let Some((client, line)) = pick(&numbers_where(logs, |_, _, _| true), index) else { return false };
    if let Entry::Numbered { connection, .. } = &mut logs[client].entries[line] {
        *connection -= 1;
    }
    true
}

pub(crate) fn resend_as_another(logs: &mut [Log], index: Index) -> bool {
    let open: Vec<(usize, Entry)> = lines(logs)
        .iter()
        .filter(|line| acked(logs, line.client, line.id).is_none())
        .filter_map(|line| {
            let is_it = |entry: &&Entry| matches!(entry, Entry::Sent { id, .. } if *id == line.id);
            let at = logs[line.client].entries.iter().position(|entry| is_it(&entry))?;
            let is_in_another_session =
                logs[line.client].entries[at..].iter().any(|entry| matches!(entry, Entry::Opened { known: false, .. }));
            is_in_another_session.then(|| (line.client, logs[line.client].entries[at].clone()))
        })
        .collect();
    let Some((client, again)) = pick(&open, index) else { return false };
    logs[client].entries.push(again);
    true
}

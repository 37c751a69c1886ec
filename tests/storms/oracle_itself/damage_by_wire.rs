//! Ways to damage what one wire's clients wrote down, each of which breaks a promise of that wire. Each gives whether the
//! history had a place for it.

use proptest::sample::Index;

use super::damage::pick;
use crate::oracle::{Content, Entry, Log, Seen, Wire};

type At = (usize, usize);

/// Lines that came to those of a wire, each with the next line on the same connection.
fn pairs(logs: &[Log], wire: Wire) -> Vec<(At, At)> {
    let mut pairs = Vec::new();
    for (client, log) in logs.iter().enumerate().filter(|(_, log)| log.wire == wire) {
        let mut last = None;
        for (line, entry) in log.entries.iter().enumerate() {
            match entry {
                Entry::Heard { .. } => pairs.extend(last.replace((client, line)).map(|last| (last, (client, line)))),
                Entry::Numbered { .. } => {
                    let before = last.replace((client, line));
                    let is_next = |before: &At| {
                        matches!((&log.entries[before.1], entry),
                            (Entry::Numbered { room: one, .. }, Entry::Numbered { room: other, .. }) if one == other)
                    };
                    pairs.extend(before.filter(is_next).map(|before| (before, (client, line))));
                }
                // What is missing may be missing.
                Entry::Cut { .. } | Entry::Missed { .. } | Entry::Stands { .. } | Entry::Enters { .. } => last = None,
                _ => {}
            }
        }
    }
    pairs
}

fn heard(logs: &[Log], wire: Wire) -> Vec<At> {
    let of_wire = logs.iter().enumerate().filter(|(_, log)| log.wire == wire);
    let lines = of_wire
        .flat_map(|(client, log)| log.entries.iter().enumerate().map(move |(line, entry)| (client, line, entry)));
    let heard = lines.filter(|(_, _, entry)| matches!(entry, Entry::Heard { .. } | Entry::Numbered { .. }));
    heard.map(|(client, line, _)| (client, line)).collect()
}

fn content(entry: &Entry) -> Option<Content> {
    match entry {
        Entry::Heard { content, .. } => Some(*content),
        Entry::Numbered { seen, .. } => seen.said().map(|(_, content)| content),
        _ => None,
    }
}

/// One that stands between two others does not come.
pub(crate) fn miss_one(logs: &mut [Log], wire: Wire, index: Index) -> bool {
    let pairs = pairs(logs, wire);
    let firsts: Vec<At> = pairs.iter().map(|(first, _)| *first).collect();
    let between: Vec<At> = pairs.iter().map(|(_, second)| *second).filter(|at| firsts.contains(at)).collect();
    let Some((client, line)) = pick(&between, index) else { return false };
    logs[client].entries.remove(line);
    true
}

pub(crate) fn double_one(logs: &mut [Log], wire: Wire, index: Index) -> bool {
    let Some((client, line)) = pick(&heard(logs, wire), index) else { return false };
    let again = logs[client].entries[line].clone();
    logs[client].entries.insert(line, again);
    true
}

pub(crate) fn swap_two(logs: &mut [Log], wire: Wire, index: Index) -> bool {
    let Some(((client, first), (_, second))) = pick(&pairs(logs, wire), index) else { return false };
    logs[client].entries.swap(first, second);
    true
}

pub(crate) fn alter_one(logs: &mut [Log], wire: Wire, index: Index) -> bool {
    let lines: Vec<At> =
        heard(logs, wire).into_iter().filter(|at| content(&logs[at.0].entries[at.1]).is_some()).collect();
    let Some((client, line)) = pick(&lines, index) else { return false };
    match &mut logs[client].entries[line] {
        Entry::Heard { content, .. }
        | Entry::Numbered { seen: Seen::Message { content, .. } | Seen::Private { content, .. }, .. } => content.0 ^= 1,
        _ => return false,
    }
    true
}

/// Lines of a wire's clients that were acknowledged, and in which log.
fn kept(logs: &[Log], wire: Wire) -> Vec<(usize, Content)> {
    let mut kept = Vec::new();
    for (client, log) in logs.iter().enumerate().filter(|(_, log)| log.wire == wire) {
        for entry in &log.entries {
            let (Entry::Kept { id, .. } | Entry::Acked { id, .. }) = entry else { continue };
            let sent = log.entries.iter().find_map(|entry| match entry {
                Entry::Sent { id: there, content, .. } if there == id => Some(*content),
                _ => None,
            });
            kept.extend(sent.map(|content| (client, content)));
        }
    }
    kept
}

/// The server forgets a line that it acknowledged, before anybody is shown it. Its number is nothing.
pub(crate) fn lose_one(logs: &mut [Log], wire: Wire, index: Index) -> bool {
    let seen: Vec<Content> = logs.iter().flat_map(|log| log.entries.iter().filter_map(content)).collect();
    let kept: Vec<_> = kept(logs, wire).into_iter().filter(|(_, content)| seen.contains(content)).collect();
    let Some((_, lost)) = pick(&kept, index) else { return false };
    for log in logs.iter_mut() {
        log.entries.retain(|entry| !matches!(entry, Entry::Heard { content, .. } if *content == lost));
        for entry in &mut log.entries {
            match entry {
                Entry::Numbered { seen, .. } if seen.said().is_some_and(|(_, there)| there == lost) => {
                    *seen = Seen::Skip;
                }
                Entry::Stands { stands, .. } => {
                    stands.history.retain(|(_, seen)| seen.said().is_none_or(|(_, there)| there != lost));
                }
                _ => {}
            }
        }
    }
    true
}

/// The server keeps a line twice: a resend gets a number of its own.
pub(crate) fn keep_one_twice(logs: &mut [Log], wire: Wire, index: Index) -> bool {
    let Some((_, twice)) = pick(&kept(logs, wire), index) else { return false };
    let mut is_kept_again = false;
    for log in logs.iter_mut().filter(|log| log.wire.shows_places()) {
        // Whoever reads to the end reads it there once more.
        let said = log.entries.iter().find_map(|entry| match entry {
            Entry::Numbered { seen, room, .. } if seen.said().is_some_and(|(_, there)| there == twice) => {
                Some((*seen, room.clone()))
            }
            _ => None,
        });
        let Some((seen, room)) = said else { continue };
        let last = log.entries.iter().rev().find_map(|entry| match entry {
            Entry::Numbered { connection, room: there, seq, .. } if *there == room => Some((*connection, *seq)),
            _ => None,
        });
        if let Some((connection, seq)) = last.filter(|_| log.client.as_str() == "Recorder") {
            log.entries.push(Entry::Numbered { connection, room, seq: seq + 1, seen });
            is_kept_again = true;
        }
    }
    is_kept_again
}

/// The last line that somebody heard does not come, although it was acknowledged to its speaker.
pub(crate) fn stop_short(logs: &mut [Log], wire: Wire, index: Index) -> bool {
    let all = [Wire::Charsu, Wire::Events, Wire::SocketIo, Wire::Page];
    let kept: Vec<Content> =
        all.into_iter().flat_map(|wire| self::kept(logs, wire)).map(|(_, content)| content).collect();
    let mut ends = Vec::new();
    for (_, (client, line)) in pairs(logs, wire) {
        let after = &logs[client].entries[line + 1..];
        let is_last = !after.iter().any(|entry| {
            matches!(
                entry,
                Entry::Heard { .. }
                    | Entry::Numbered { .. }
                    | Entry::Opened { .. }
                    | Entry::Missed { .. }
                    | Entry::Left { .. }
            )
        });
        if is_last && content(&logs[client].entries[line]).is_some_and(|content| kept.contains(&content)) {
            ends.push((client, line));
        }
    }
    let Some((client, line)) = pick(&ends, index) else { return false };
    logs[client].entries.remove(line);
    true
}

/// Somebody reads a private line of others.
pub(crate) fn leak_one(logs: &mut [Log], wire: Wire, index: Index) -> bool {
    let private: Vec<Content> = logs
        .iter()
        .flat_map(|log| &log.entries)
        .filter_map(|entry| match entry {
            Entry::Numbered { seen: Seen::Private { content, .. }, .. } => Some(*content),
            _ => None,
        })
        .collect();
    let (Some(leaked), Some((client, line))) = (pick(&private, index), pick(&heard(logs, wire), index)) else {
        return false;
    };
    match &mut logs[client].entries[line] {
        Entry::Heard { content, is_private, .. } => (*content, *is_private) = (leaked, true),
        _ => return false,
    }
    true
}

pub(crate) fn renumber_one(logs: &mut [Log], wire: Wire, index: Index) -> bool {
    let Some((client, line)) = pick(&heard(logs, wire), index) else { return false };
    match &mut logs[client].entries[line] {
        Entry::Heard { seq: Some(seq), .. } | Entry::Numbered { seq, .. } => *seq += 1,
        _ => return false,
    }
    true
}

/// A line comes to its own speaker before its acknowledgement.
pub(crate) fn echo_first(logs: &mut [Log], wire: Wire, index: Index) -> bool {
    let mut echoes = Vec::new();
    for (client, log) in logs.iter().enumerate().filter(|(_, log)| log.wire == wire) {
        for (line, entry) in log.entries.iter().enumerate() {
            let Entry::Kept { connection, id } = entry else { continue };
            let sent = log.entries[..line].iter().rev().find_map(|entry| match entry {
                Entry::Sent { id: there, connection: on, content, .. } if (there, on) == (id, connection) => {
                    Some(*content)
                }
                _ => None,
            });
            let copies =
                log.entries.iter().filter(|entry| matches!(entry, Entry::Sent { id: there, .. } if there == id));
            let echo = log.entries.iter().position(|entry| {
                matches!(entry, Entry::Heard { connection: on, content, .. } if on == connection && sent == Some(*content))
            });
            if copies.count() == 1 {
                echoes.extend(echo.filter(|echo| *echo > line).map(|echo| (client, line, echo)));
            }
        }
    }
    let Some((client, line, echo)) = pick(&echoes, index) else { return false };
    let kept = logs[client].entries.remove(line);
    logs[client].entries.insert(echo, kept);
    true
}

/// A line is sent again by somebody who may not.
pub(crate) fn send_one_again(logs: &mut [Log], wire: Wire, index: Index) -> bool {
    let sent: Vec<(usize, Entry)> = logs
        .iter()
        .enumerate()
        .filter(|(_, log)| log.wire == wire)
        .flat_map(|(client, log)| log.entries.iter().map(move |entry| (client, entry)))
        .filter(|(_, entry)| matches!(entry, Entry::Sent { .. }))
        .map(|(client, entry)| (client, entry.clone()))
        .collect();
    let Some((client, again)) = pick(&sent, index) else { return false };
    logs[client].entries.push(again);
    true
}

pub(crate) fn stay_away(logs: &mut [Log], wire: Wire, index: Index) -> bool {
    let of_wire: Vec<usize> = (0..logs.len()).filter(|client| logs[*client].wire == wire).collect();
    let Some(client) = pick(&of_wire, index) else { return false };
    let opened = logs[client].entries.iter().rev().find_map(|entry| match entry {
        Entry::Opened { connection, .. } => Some(*connection),
        _ => None,
    });
    let is_in = logs[client].entries.iter().any(|entry| matches!(entry, Entry::Enters { .. }));
    let Some(connection) = opened.filter(|_| is_in) else { return false };
    logs[client].entries.push(Entry::Cut { connection, why: "cut".into() });
    true
}

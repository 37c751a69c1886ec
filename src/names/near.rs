//! Names that are like the one somebody wrote.

use std::borrow::Cow;

use super::written;

/// How many are offered.
const OFFERED: usize = 3;

/// Longest written form that is compared, in characters.
const COMPARED: usize = 64;

/// The names most like `wanted`, best first, at most three: the same but for case and spelling, then those that
/// begin so, then those with one or two letters mistyped, left out, added or exchanged.
///
/// Takes a few milliseconds for 5,000 names.
pub fn near<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let wanted = letters(wanted);
    if wanted.is_empty() {
        return Vec::new();
    }
    let mut best: Vec<(Likeness, &str)> = Vec::with_capacity(OFFERED + 1);
    for name in names {
        if let Some(likeness) = likeness(&wanted, &letters(name)) {
            // Equally like ones keep their order.
            let at = best.partition_point(|(other, _)| *other <= likeness);
            best.insert(at, (likeness, name));
            best.truncate(OFFERED);
        }
    }
    best.into_iter().map(|(_, name)| name).collect()
}

/// Less is more alike.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Likeness {
    Same,
    Begins { missing: usize },
    Mistyped { letters: usize },
}

fn likeness(wanted: &[char], name: &[char]) -> Option<Likeness> {
    if wanted == name {
        return Some(Likeness::Same);
    }
    let mistakes = match wanted.len() {
        0..=2 => 0,
        3..=4 => 1,
        _ => 2,
    };
    if wanted.len() > 1 && name.starts_with(wanted) {
        return Some(Likeness::Begins { missing: name.len() - wanted.len() });
    }
    distance(wanted, name, mistakes).map(|letters| Likeness::Mistyped { letters })
}

/// Letters to change, add, drop or exchange with their neighbour (optimal string alignment), if no more than `most`.
fn distance(one: &[char], other: &[char], most: usize) -> Option<usize> {
    if one.len().abs_diff(other.len()) > most {
        return None;
    }
    // Three rows of the table: of two letters ago, of the last letter, of this letter.
    let mut rows = [[0; COMPARED + 1]; 3];
    for (at, cell) in rows[1].iter_mut().enumerate() {
        *cell = at;
    }
    for (i, &a) in one.iter().enumerate() {
        let [second_last, last, this] = &mut rows;
        this[0] = i + 1;
        let mut cheapest = this[0];
        for (j, &b) in other.iter().enumerate() {
            let mut cost = (last[j] + usize::from(a != b)).min(last[j + 1] + 1).min(this[j] + 1);
            if i > 0 && j > 0 && a == other[j - 1] && one[i - 1] == b {
                cost = cost.min(second_last[j - 1] + 1);
            }
            this[j + 1] = cost;
            cheapest = cheapest.min(cost);
        }
        if cheapest > most {
            return None;
        }
        rows.rotate_left(1);
    }
    Some(rows[1][other.len()]).filter(|distance| *distance <= most)
}

fn letters(name: &str) -> Vec<char> {
    // Cut before it is folded, so that the time does not depend on what somebody sends.
    let end = name.char_indices().nth(COMPARED).map_or(name.len(), |(at, _)| at);
    let short: Cow<'_, str> = name[..end].into();
    written(&short).chars().take(COMPARED).collect()
}

//! Where the reader of a stream stands, as the id of an event: the secret of its session, and for each room the epoch and the
//! number. The client sends the last one back, so it has to say everything that is needed to go on. Pure.

use crate::protocol::{Position, Seq};
use crate::room::Epoch;
use crate::wire::{MARK, Mark};

/// The longest secret that is looked at, in bytes.
const SECRET_BYTES: usize = 64;

/// An id, as a client sends it back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastId<'a> {
    /// The session's secret.
    pub secret: &'a str,
    places: &'a str,
}

impl<'a> LastId<'a> {
    /// Reads `secret[.epoch-seq]…`. Anything else is as good as a secret that opens nothing.
    pub fn read(id: &'a str) -> Self {
        let (secret, places) = id.split_once('.').unwrap_or((id, ""));
        let is_secret = secret.len() <= SECRET_BYTES;
        Self { secret: if is_secret { secret } else { "" }, places }
    }

    /// Everywhere that its client stood.
    fn places(&self) -> impl Iterator<Item = (Epoch, Seq)> + use<'a> {
        self.places.split('.').filter_map(|place| {
            let (epoch, seq) = place.split_once('-')?;
            Some((Epoch(u64::from_str_radix(epoch, 16).ok()?), seq.parse().ok()?))
        })
    }

    /// Where its client stood in a room whose log lives in this epoch. Of a room that nobody has read since the server was
    /// started the epoch is not known: it is then one that is none of the `others`, which are known. A position that no room
    /// could have given when there is none: the client has been told something, and will hear that it begins anew.
    pub fn place_in(&self, epoch: Option<u64>, others: &[u64]) -> Position {
        let is_it = |place: &(Epoch, Seq)| match epoch {
            Some(epoch) => place.0.0 == epoch,
            None => !others.contains(&place.0.0),
        };
        let place = self.places().find(is_it);
        place.map_or(Position { epoch: None, seq: 0 }, |(epoch, seq)| Position { epoch: Some(epoch.0), seq })
    }
}

/// Completes the marks in a stream, whatever pieces it comes in.
#[derive(Debug)]
pub struct Stamp {
    secret: Box<str>,
    /// Where the client stands in each of its rooms.
    places: Vec<(Box<str>, Epoch, Seq)>,
    /// Where it says that it stood, in rooms of which it has not been told yet: a stream that breaks before that must not
    /// lose its client's place.
    before: Vec<(Epoch, Seq)>,
    /// Of how many rooms it is told first.
    rooms: usize,
    /// A mark whose end has not come yet.
    begun: Option<Vec<u8>>,
}

impl Stamp {
    /// For the client that has this secret, and came with this id to read so many rooms.
    pub fn new(secret: &str, last: Option<LastId<'_>>, rooms: usize) -> Self {
        let before = last.map(|last| last.places().take(rooms).collect()).unwrap_or_default();
        Self { secret: secret.into(), places: Vec::new(), before, rooms, begun: None }
    }

    /// The same bytes with ids in the places of marks.
    pub fn complete(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(bytes.len() + 128);
        let mut left = bytes;
        loop {
            if let Some(mark) = &mut self.begun {
                let Some(end) = left.iter().position(|&byte| byte == b'\n') else {
                    mark.extend_from_slice(left);
                    return out;
                };
                mark.extend_from_slice(&left[..end]);
                left = &left[end + 1..];
                let mark = std::mem::take(mark);
                self.begun = None;
                self.stamp(&mark, &mut out);
            }
            let Some(at) = left.iter().position(|&byte| byte == MARK) else {
                out.extend_from_slice(left);
                return out;
            };
            out.extend_from_slice(&left[..at]);
            left = &left[at + 1..];
            self.begun = Some(Vec::new());
        }
    }

    fn stamp(&mut self, mark: &[u8], out: &mut Vec<u8>) {
        match std::str::from_utf8(mark).ok().and_then(Mark::read) {
            None | Some(Mark::Secret) => {}
            Some(Mark::Gone(room)) => self.places.retain(|(known, ..)| **known != *room),
            Some(Mark::At(seq, epoch, room)) => {
                match (self.places.iter_mut().find(|(known, ..)| **known == *room), epoch) {
                    (Some(place), epoch) => (place.1, place.2) = (epoch.unwrap_or(place.1), seq),
                    (None, Some(epoch)) => {
                        self.places.push((room.into(), epoch, seq));
                        self.before.retain(|(known, _)| *known != epoch);
                        if self.places.len() >= self.rooms {
                            self.before = Vec::new();
                        }
                    }
                    // No room is read before it was joined.
                    (None, None) => {}
                }
            }
        }
        out.extend_from_slice(b"id: ");
        out.extend_from_slice(self.secret.as_bytes());
        let places = self.places.iter().map(|(_, epoch, seq)| (epoch, seq));
        for (epoch, seq) in places.chain(self.before.iter().map(|(epoch, seq)| (epoch, seq))) {
            out.push(b'.');
            out.extend_from_slice(&epoch.digits());
            out.extend_from_slice(format!("-{seq}").as_bytes());
        }
        out.push(b'\n');
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn marked(mark: Mark<'_>) -> Vec<u8> {
        let mut out = b"event: x\n".to_vec();
        mark.push(&mut out);
        out.extend_from_slice(b"data: {}\n\n");
        out
    }

    #[test]
    fn an_id_says_where_its_client_stands_in_all_its_rooms() {
        let mut stamp = Stamp::new("secret", None, 1);
        let told = |stamp: &mut Stamp, mark| String::from_utf8(stamp.complete(&marked(mark))).expect("text");
        assert!(told(&mut stamp, Mark::Secret).contains("\nid: secret\n"));
        let told_a = told(&mut stamp, Mark::At(7, Some(Epoch(1)), "a room"));
        assert!(told_a.contains("\nid: secret.0000000000000001-7\n"), "{told_a}");
        told(&mut stamp, Mark::At(1, Some(Epoch(0xff)), "b"));
        let told_b = told(&mut stamp, Mark::At(8, None, "a room"));
        let id = told_b.lines().find_map(|line| line.strip_prefix("id: ")).expect("an id");
        let last = LastId::read(id);
        assert_eq!(last.secret, "secret");
        assert_eq!(last.place_in(Some(1), &[]), Position { epoch: Some(1), seq: 8 });
        assert_eq!(last.place_in(Some(0xff), &[]), Position { epoch: Some(0xff), seq: 1 });
        assert_eq!(last.place_in(Some(2), &[]).epoch, None);
        assert_eq!(last.place_in(None, &[]).epoch, Some(1));
        assert_eq!(last.place_in(None, &[1]).epoch, Some(0xff));
        assert_eq!(last.place_in(None, &[1, 0xff]).epoch, None);
        assert_eq!(LastId::read("secret").place_in(None, &[]).epoch, None);
        assert!(told(&mut stamp, Mark::Gone("a room")).contains("\nid: secret.00000000000000ff-1\n"));
        // The log of the room began anew.
        assert!(told(&mut stamp, Mark::At(3, Some(Epoch(5)), "b")).contains("\nid: secret.0000000000000005-3\n"));
    }

    #[test]
    fn a_stream_that_breaks_before_all_rooms_were_told_loses_no_place() {
        let last = LastId::read("secret.0000000000000001-7.0000000000000002-9.0000000000000003-4");
        let mut stamp = Stamp::new("secret", Some(last), 3);
        let told = |stamp: &mut Stamp, mark| String::from_utf8(stamp.complete(&marked(mark))).expect("text");
        let first = told(&mut stamp, Mark::At(9, Some(Epoch(2)), "b"));
        assert!(first.contains("\nid: secret.0000000000000002-9.0000000000000001-7.0000000000000003-4\n"), "{first}");
        told(&mut stamp, Mark::At(1, Some(Epoch(8)), "a"));
        let third = told(&mut stamp, Mark::At(5, Some(Epoch(3)), "c"));
        assert!(third.contains("\nid: secret.0000000000000002-9.0000000000000008-1.0000000000000003-5\n"), "{third}");
    }

    proptest! {
        #[test]
        fn a_mark_is_read_as_it_was_written(seq in any::<u64>(), epoch in proptest::option::of(any::<u64>()), room in "[^\n\u{1a}]{1,40}") {
            for mark in [Mark::Secret, Mark::At(seq, epoch.map(Epoch), &room), Mark::Gone(&room)] {
                let mut out = Vec::new();
                mark.push(&mut out);
                prop_assert_eq!(out[0], MARK);
                let line = std::str::from_utf8(&out[1..out.len() - 1]).expect("text");
                prop_assert_eq!(Mark::read(line), Some(mark));
            }
        }

        #[test]
        fn a_stream_is_the_same_in_whatever_pieces_it_comes(
            events in prop::collection::vec((0_usize..3, any::<u64>(), any::<bool>()), 1..20),
            pieces in prop::collection::vec(1_usize..60, 1..20),
        ) {
            let rooms = ["a", "چارسو", "c c"];
            let stream: Vec<u8> = events
                .iter()
                .flat_map(|&(room, seq, fresh)| marked(Mark::At(seq, fresh.then_some(Epoch(seq)), rooms[room])))
                .collect();
            let whole = Stamp::new("secret", None, 1).complete(&stream);
            let mut stamp = Stamp::new("secret", None, 1);
            let (mut left, mut joined) = (&stream[..], Vec::new());
            for &piece in pieces.iter().cycle() {
                if left.is_empty() {
                    break;
                }
                let (now, later) = left.split_at(piece.min(left.len()));
                joined.extend(stamp.complete(now));
                left = later;
            }
            prop_assert_eq!(&joined, &whole);
            prop_assert!(!joined.contains(&MARK));
        }

        #[test]
        fn an_id_that_somebody_made_up_is_read_without_harm(id in any::<String>(), bytes in any::<Vec<u8>>(), epoch in any::<u64>()) {
            let _ = LastId::read(&id).place_in(Some(epoch), &[]);
            let _ = LastId::read(&format!("s.{id}.{epoch:x}-{id}")).place_in(Some(epoch), &[]);
            let _ = Stamp::new("s", None, 1).complete(&bytes);
        }
    }
}

//! What happened in a room since the last time, encoded once for each wire and offered to everybody who reads it. Decides neither
//! when that is done nor whether a reader can take it; who cannot reads on in `stretch.rs`.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use smallvec::SmallVec;

use super::LiveRoom;
use super::audience::Carriers;
use crate::hub::reader::{Loose, Offered, Reader};
use crate::protocol::{Event, MemberId, Seq};
use crate::store::sqlite::failpoints::{self, Step};
use crate::wire::{Batch, Carrier, Wire};

/// A flush as one wire shows it.
#[derive(Debug)]
pub(in crate::hub) struct Shown {
    wire: Wire,
    plain: Option<Batch>,
    deflated: Option<Batch>,
    loose: Loose,
}

impl Shown {
    /// What a carrier's readers are offered of a flush.
    pub(in crate::hub) fn of(shown: &[Self], carrier: Carrier) -> (Option<&Batch>, Option<&Loose>) {
        let Some(shown) = shown.iter().find(|shown| shown.wire == carrier.wire()) else { return (None, None) };
        let batch = if carrier.is_deflated() { &shown.deflated } else { &shown.plain };
        (batch.as_ref(), Some(&shown.loose))
    }
}

/// What a flush shows.
struct News {
    events: Vec<Arc<Event>>,
    /// Every event since the last flush is still kept.
    is_whole: bool,
    typing: Vec<(MemberId, Arc<str>, bool)>,
    audience: Arc<Vec<Arc<Reader>>>,
    carriers: Carriers,
    /// The two-segment wire's online list, if it changed.
    users: Vec<u8>,
    /// How many have claimed a name.
    named: usize,
    seats: u64,
}

impl LiveRoom {
    /// Takes everything that was appended since the last flush and offers it to everybody who keeps up. Returns to how many
    /// readers it was offered.
    pub(in crate::hub) fn flush(self: &Arc<Self>) -> usize {
        let _one_at_a_time = self.flushing.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(News { events, is_whole, typing, audience, carriers, users, named, seats }) = self.news() else {
            return 0;
        };
        let mut shown: SmallVec<[Shown; 2]> = SmallVec::new();
        for (carrier, _) in &carriers {
            let wire = carrier.wire();
            if shown.iter().any(|shown| shown.wire == wire) {
                continue;
            }
            let mut once = Shown { wire, plain: None, deflated: None, loose: Loose::default() };
            if !events.is_empty() {
                let trailer: &[u8] = if wire == Wire::TwoSegment { &users } else { &[] };
                let batch = Batch::encode(wire, &events, self.view(None, Some(named)), trailer);
                if carriers.iter().any(|(other, _)| other.wire() == wire && other.is_deflated()) {
                    once.deflated = Some(batch.deflated());
                }
                once.plain = Some(batch);
            }
            for (member, name, on) in &typing {
                let mut frame = Vec::new();
                wire.encode_typing(&self.name, *member, name, *on, &mut frame);
                once.loose.add(*member, frame);
            }
            shown.push(once);
        }
        let mut needed: Option<Seq> = None;
        for reader in audience.iter() {
            match reader.offer(self, &shown, !events.is_empty()) {
                Offered::Behind(seq) => needed = Some(needed.map_or(seq, |slowest| slowest.min(seq))),
                Offered::Taken | Offered::Absent => {}
            }
            if !is_whole {
                reader.call();
            }
            // Some have it now, with their acknowledgements, and some do not.
            failpoints::pass(Step::AfterAck);
        }
        let mut state = self.lock();
        state.needed = if state.seats == seats {
            needed
        } else {
            // Somebody came in behind during this flush, and was not asked.
            state.needed.into_iter().chain(needed).min()
        };
        audience.len()
    }

    /// What there is to show, taken out of the room; nothing if nobody has anything to hear.
    fn news(&self) -> Option<News> {
        let mut state = self.lock();
        self.dirty.store(false, Ordering::Release);
        let state = &mut *state;
        // Nothing can be read when more came at once than is kept; everybody reads on from the cursor, and is told.
        let events: Option<Vec<Arc<Event>>> = state.room.log().since(state.flushed).ok().map(Iterator::collect);
        let is_whole = events.is_some();
        let events = events.unwrap_or_default();
        let offered_from = state.flushed + 1;
        state.flushed = state.room.log().head();
        state.unflushed = 0;
        state.flush_is_timed = false;
        let typing: Vec<_> = std::mem::take(&mut state.typing)
            .into_iter()
            .filter_map(|(member, on)| Some((member, state.room.roster().get(member)?.shown_name(), on)))
            .collect();
        if events.is_empty() && is_whole && typing.is_empty() && state.needed.is_none() {
            return None;
        }
        if !events.is_empty() {
            // Until the offers are over it is not known who still needs these.
            state.needed = state.needed.into_iter().chain([offered_from]).min();
        }
        let users = state.users_if_changed(&events);
        let (audience, carriers, seats) = (state.audience.clone(), state.carriers.clone(), state.seats);
        let named = state.room.roster().named();
        Some(News { events, is_whole, typing, audience, carriers, users, named, seats })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::live_room::Stretch;
    use crate::names::RoomName;
    use crate::protocol::{Kind, Marks, Member};
    use crate::room::{Epoch, Room, TailLimits};
    use crate::transport::socket::Socket;

    #[tokio::test]
    async fn what_a_flush_is_offering_is_not_folded_under_it() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let stream = tokio::net::TcpStream::connect(listener.local_addr().expect("bound")).await.expect("connected");
        let socket = Socket::new(stream);
        let reader = Reader::new(Carrier::new(Wire::Charsu, false), socket, 65_536, 1);
        let room = LiveRoom::new(RoomName::parse("general").expect("a name"), 1, Room::new(Epoch(1)), 0);
        let limits = TailLimits { age_ms: 120_000, bytes: 4096, lag_bytes: 2_000_000 };
        let comes = |seq, id| {
            Arc::new(Event { seq, at: 0, kind: Kind::Join { member: Member { id: MemberId(id), name: None } } })
        };
        {
            let mut state = room.lock();
            room.accept(&mut state, comes(1, 1), 0, limits);
            assert!(reader.seat(room.clone(), MemberId(1), reader.carrier(), 1));
            state.add_reader(&reader, reader.carrier());
            state.note_seat(None);
            room.accept(&mut state, comes(2, 2), 0, limits);
        }
        // A flush has taken the join, and has not come to this reader, whose socket turns out to be full.
        let news = room.news().expect("somebody came");
        assert_eq!(news.events.len(), 1);
        // Meanwhile somebody says more than the room keeps.
        let (text, marks) = ("x".repeat(3800).into(), Marks::default());
        let said = Kind::Message { from: MemberId(1), name: "Ali".into(), guest: false, text, marks, form: None };
        room.accept(&mut room.lock(), Arc::new(Event { seq: 3, at: 0, kind: said }), 0, limits);
        let Stretch::Batch(batch) = room.stretch(Wire::Charsu, MemberId(1), 1, usize::MAX) else {
            panic!("nothing is too old")
        };
        assert!(String::from_utf8_lossy(batch.after(1)).contains(r#""type":"join""#), "the join was swallowed");
    }
}

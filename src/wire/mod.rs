//! How events look on each wire: one encoding per wire, shared by all its members. Pure translation from [`Event`] to
//! WebSocket text frames or server-sent events; no wire knows another's words but those of `charsu.v1`, and none knows who is
//! connected.

mod charsu;
mod one_segment;
pub mod socketio;
mod sse;
mod two_segment;

pub use charsu::{card, snapshot_event};
pub use one_segment::notice as one_segment_notice;
#[cfg(test)]
pub(crate) use sse::{LastWords, REFUSAL_EVENT};
pub use sse::{MARK, Mark};
pub use two_segment::{error as two_segment_error, notice as two_segment_notice, users as two_segment_users};

use std::sync::Arc;

use crate::names::RoomName;
use crate::protocol::{Close, Event, Kind, MemberId, Refusal, Seq, ServerFrame};
use crate::room::Epoch;
use crate::transport::ws::frame::{self, Opcode};
use crate::transport::ws::{close, deflate};
use socketio::{Flavour, Namespace, Place};

/// The encodings, a closed set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wire {
    /// `charsu.v1`.
    Charsu,
    /// Pages of the tutorial that connects to `/ws/{room}`.
    OneSegment,
    /// Pages of the programs that connect to `/ws/{room}/{name}`.
    TwoSegment,
    /// Server-sent events over HTTP.
    Sse,
    /// Pages of Socket.IO.
    SocketIo(Flavour),
}

/// How an event is seen: what its frames say beside the event itself.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// Where it happened.
    pub room: &'a RoomName,
    /// In which life the room's log is.
    pub epoch: Epoch,
    /// By whom it is seen; without a viewer, by somebody whom a private line does not concern.
    pub viewer: Option<MemberId>,
    /// How many people with a claimed name are in the room after it, where that is known. Nothing but who comes and goes is told
    /// with it, so lines of the past are seen without.
    pub named: Option<usize>,
}

/// How the answer to a command finds the one that waits for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReplyTo {
    /// Nobody waits for it.
    #[default]
    Nobody,
    /// By the command's number, on wires that carry frames.
    Number(u64),
    /// By an acknowledgement id, on Socket.IO.
    Acknowledgement {
        /// In which namespace.
        namespace: Namespace,
        /// The client's own number.
        id: u64,
    },
}

impl ReplyTo {
    /// The number, on wires that number commands.
    fn number(self) -> Option<u64> {
        match self {
            Self::Number(n) => Some(n),
            Self::Nobody | Self::Acknowledgement { .. } => None,
        }
    }
}

impl Wire {
    /// Every wire; of Socket.IO some flavours.
    pub fn all() -> impl Iterator<Item = Self> {
        let others = [Self::Charsu, Self::OneSegment, Self::TwoSegment, Self::Sse];
        others.into_iter().chain(Flavour::SAMPLES.map(Self::SocketIo))
    }

    /// Whether some members may see something else of an event than the others do.
    fn may_differ(self, kind: &Kind) -> bool {
        match self {
            Self::Charsu | Self::OneSegment | Self::TwoSegment | Self::Sse => !kind.is_for_all(),
            Self::SocketIo(flavour) => flavour.may_differ(kind),
        }
    }

    /// Whether this member sees something else of such an event.
    fn differs_for(self, kind: &Kind, viewer: MemberId) -> bool {
        match self {
            Self::Charsu | Self::OneSegment | Self::TwoSegment | Self::Sse => kind.is_for(viewer),
            Self::SocketIo(flavour) => flavour.differs_for(kind, viewer),
        }
    }

    /// Appends the frames of one event in this view. May append nothing on a wire without numbers.
    pub fn encode(self, event: &Event, view: View<'_>, out: &mut Vec<u8>) {
        match self {
            Self::Charsu => charsu::event(view.room, event, view.viewer, out),
            Self::OneSegment => one_segment::event(event, view.viewer, out),
            Self::TwoSegment => two_segment::event(view.room, event, view.viewer, out),
            Self::Sse => sse::event(view.room, event, view.viewer, out),
            Self::SocketIo(flavour) => socketio::event(flavour, event, view, out),
        }
    }

    /// Whether it carries the frames of `charsu.v1`, as its own messages or as the data of events.
    pub const fn has_frames(self) -> bool {
        match self {
            Self::Charsu | Self::Sse => true,
            Self::OneSegment | Self::TwoSegment | Self::SocketIo(_) => false,
        }
    }

    /// Appends an answer for one client, on wires that carry frames.
    pub fn answer(self, frame: &ServerFrame<'_>, out: &mut Vec<u8>) {
        match self {
            Self::Charsu => charsu::answer(frame, out),
            Self::Sse => sse::answer(frame, out),
            Self::OneSegment | Self::TwoSegment | Self::SocketIo(_) => {}
        }
    }

    /// Appends what shows that the line lives, and asks a peer that can answer to do so.
    pub fn ping(self, out: &mut Vec<u8>) {
        match self {
            Self::Charsu | Self::OneSegment | Self::TwoSegment => frame::push(out, Opcode::Ping, b""),
            Self::Sse => sse::ping(out),
            Self::SocketIo(_) => frame::push(out, Opcode::Text, b"2"),
        }
    }

    /// Whether a peer wants a ping after each interval, and not only when it was silent.
    pub fn pings_by_the_clock(self) -> bool {
        match self {
            Self::Charsu | Self::OneSegment | Self::TwoSegment | Self::Sse => false,
            Self::SocketIo(_) => true,
        }
    }

    /// Appends the last words, which say why the connection ends.
    pub fn close(self, why: Close, out: &mut Vec<u8>) {
        match self {
            Self::Charsu | Self::OneSegment | Self::TwoSegment | Self::SocketIo(_) => {
                close::push(out, why.code(), why.reason());
            }
            Self::Sse => sse::close(why, out),
        }
    }

    /// Appends the answer to a command that changed a room. In a tutorial dialect the echo is the answer.
    pub fn acknowledge(self, reply: ReplyTo, room: &RoomName, epoch: Epoch, seq: Seq, out: &mut Vec<u8>) {
        match (self, reply) {
            (Self::Charsu, ReplyTo::Number(id)) => charsu::acknowledge(id, room, epoch, seq, out),
            (Self::Sse, ReplyTo::Number(id)) => sse::acknowledge(id, room, epoch, seq, out),
            (Self::SocketIo(_), ReplyTo::Acknowledgement { namespace, id }) => {
                socketio::acknowledge(namespace, id, out);
            }
            (Self::Charsu | Self::OneSegment | Self::TwoSegment | Self::Sse | Self::SocketIo(_), _) => {}
        }
    }

    /// Appends the words that a command was refused. `at` is where in the room they stand, for who counts by that: after the
    /// event of this number.
    pub fn refuse(self, refusal: &Refusal, reply: ReplyTo, room: &RoomName, at: Option<Place>, out: &mut Vec<u8>) {
        match (self, reply) {
            (Self::Charsu, _) => {
                charsu::answer(&ServerFrame::refusal(refusal, reply.number(), Some(room.as_str())), out);
            }
            (Self::OneSegment, _) => one_segment::notice(&refusal.in_one_line(), out),
            (Self::TwoSegment, _) => two_segment::notice(&refusal.in_one_line(), out),
            (Self::Sse, _) => sse::refuse(refusal, reply.number(), room, out),
            (Self::SocketIo(_), ReplyTo::Acknowledgement { namespace, id }) => {
                socketio::acknowledge_refused(namespace, id, refusal, out);
            }
            (Self::SocketIo(flavour), _) => socketio::notice(flavour, room, at, &refusal.in_one_line(), out),
        }
    }

    /// Appends the answer to a leave.
    pub fn leave(self, reply: ReplyTo, room: &RoomName, out: &mut Vec<u8>) {
        match (self, reply) {
            (Self::SocketIo(_), ReplyTo::Acknowledgement { namespace, id }) => {
                socketio::acknowledge(namespace, id, out);
            }
            (_, ReplyTo::Number(id)) => self.answer(&ServerFrame::Left { id, room: room.as_str().into() }, out),
            (_, ReplyTo::Nobody | ReplyTo::Acknowledgement { .. }) => {}
        }
    }

    /// Appends the news that the server stops, and when to come back.
    pub fn goaway(self, retry_after_ms: u64, out: &mut Vec<u8>) {
        self.answer(&ServerFrame::Goaway { retry_after_ms }, out);
    }

    /// Appends a frame which says that somebody types or stopped.
    pub fn encode_typing(self, room: &RoomName, from: MemberId, name: &str, on: bool, out: &mut Vec<u8>) {
        match self {
            Self::Charsu => charsu::typing(room, from, on, out),
            Self::OneSegment => one_segment::typing(name, on, out),
            // The programs of this path know no typing: their pages would ignore it at best.
            Self::TwoSegment => {}
            Self::Sse => sse::typing(room, from, on, out),
            Self::SocketIo(flavour) => socketio::typing(flavour, room, name, on, out),
        }
    }
}

/// How a reader is sent what a room's members share: on which wire, and whether compressed. What is for one reader alone is
/// never compressed: that work would be done for each of them.
///
/// Two bytes, for every reader has one, and one for each room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Carrier(u16);

impl Carrier {
    /// How many bits tell the wires apart. The others are the flavour, on Socket.IO, or whether it is compressed.
    const WIRE_BITS: u8 = 3;

    /// The one of this wire, compressed or plain. Socket.IO is never compressed: its clients do not ask for it by themselves.
    pub const fn new(wire: Wire, deflated: bool) -> Self {
        let (wire, rest) = match wire {
            Wire::Charsu => (0, deflated as u8),
            Wire::OneSegment => (1, deflated as u8),
            Wire::TwoSegment => (2, deflated as u8),
            Wire::SocketIo(flavour) => (3, flavour.bits()),
            Wire::Sse => (4, deflated as u8),
        };
        Self(wire | (rest as u16) << Self::WIRE_BITS)
    }

    /// The encoding.
    pub const fn wire(self) -> Wire {
        match self.0 & ((1 << Self::WIRE_BITS) - 1) {
            0 => Wire::Charsu,
            1 => Wire::OneSegment,
            2 => Wire::TwoSegment,
            4 => Wire::Sse,
            _ => Wire::SocketIo(Flavour::from_bits((self.0 >> Self::WIRE_BITS) as u8)),
        }
    }

    /// Whether it is compressed.
    pub const fn is_deflated(self) -> bool {
        !matches!(self.wire(), Wire::SocketIo(_)) && self.0 >> Self::WIRE_BITS != 0
    }
}

fn change_of_named(kind: &Kind) -> isize {
    match kind {
        Kind::Join { member } if member.name.is_some() => 1,
        Kind::Leave { member } if member.name.is_some() => -1,
        _ => 0,
    }
}

/// The frames of consecutive events on one wire, one after the other, so that a burst is one write.
#[derive(Debug)]
pub struct Batch {
    wire: Wire,
    epoch: Epoch,
    first: Seq,
    bytes: Vec<u8>,
    /// Where the frames of each event end.
    ends: Vec<u32>,
    /// Events of which some members see something else than the shared frames.
    personal: Vec<Arc<Event>>,
}

impl Batch {
    /// Encodes consecutive events. The view is that of the room after all of them. The trailer, on a wire that has one, is the
    /// frame that lists who is here, and goes with the last event that somebody came or went by.
    pub fn encode(wire: Wire, events: &[Arc<Event>], view: View<'_>, trailer: &[u8]) -> Self {
        let first = events.first().map_or(1, |event| event.seq);
        let mut bytes =
            Vec::with_capacity(events.iter().map(|event| event.kind.weight()).sum::<usize>() + trailer.len());
        let mut ends = Vec::with_capacity(events.len());
        let mut personal = Vec::new();
        let last_change = events.iter().rposition(|event| event.kind.changes_members());
        // How many there were before all of these, from how many there are after them.
        let mut named = view
            .named
            .map(|after| events.iter().fold(after.cast_signed(), |named, event| named - change_of_named(&event.kind)));
        for (index, event) in events.iter().enumerate() {
            named = named.map(|before| before + change_of_named(&event.kind));
            let view = View { named: named.map(|named| named.max(0).cast_unsigned()), ..view };
            wire.encode(event, view, &mut bytes);
            if Some(index) == last_change {
                bytes.extend_from_slice(trailer);
            }
            ends.push(bytes.len() as u32);
            if view.viewer.is_none() && wire.may_differ(&event.kind) {
                personal.push(event.clone());
            }
        }
        Self { wire, epoch: view.epoch, first, bytes, ends, personal }
    }

    /// The number of its first event.
    pub fn first(&self) -> Seq {
        self.first
    }

    /// The number of its last event.
    pub fn last(&self) -> Seq {
        self.first + self.ends.len() as Seq - 1
    }

    /// Whether one of its events after `position` looks different to this member.
    pub fn is_personal_to(&self, viewer: MemberId, position: Seq) -> bool {
        self.personal.iter().any(|event| event.seq > position && self.wire.differs_for(&event.kind, viewer))
    }

    /// The same batch as one member may see it.
    #[must_use]
    pub fn personal_to(&self, viewer: MemberId, room: &RoomName) -> Self {
        // Who comes or goes is shown to all alike, so nothing that is made anew counts people.
        let view = View { room, epoch: self.epoch, viewer: Some(viewer), named: None };
        let mut bytes = Vec::with_capacity(self.bytes.len() + 256);
        let mut ends = Vec::with_capacity(self.ends.len());
        let mut start = 0;
        let mut personal = self.personal.iter().peekable();
        for (seq, &end) in (self.first..).zip(&self.ends) {
            let differs = |event: &&Arc<Event>| self.wire.differs_for(&event.kind, viewer);
            match personal.next_if(|event| event.seq == seq).filter(differs) {
                Some(event) => self.wire.encode(event, view, &mut bytes),
                None => bytes.extend_from_slice(&self.bytes[start as usize..end as usize]),
            }
            ends.push(bytes.len() as u32);
            start = end;
        }
        Self { wire: self.wire, epoch: self.epoch, first: self.first, bytes, ends, personal: Vec::new() }
    }

    /// The same batch with its messages compressed, each by itself, where that makes them shorter.
    #[must_use]
    pub fn deflated(&self) -> Self {
        let mut bytes = Vec::with_capacity(self.bytes.len());
        let mut ends = Vec::with_capacity(self.ends.len());
        let mut start = 0;
        for &end in &self.ends {
            deflate::push_all_deflated(&mut bytes, &self.bytes[start as usize..end as usize]);
            ends.push(bytes.len() as u32);
            start = end;
        }
        Self { wire: self.wire, epoch: self.epoch, first: self.first, bytes, ends, personal: self.personal.clone() }
    }

    /// The bytes for a reader at `position`, which is in the batch or directly before it.
    pub fn after(&self, position: Seq) -> &[u8] {
        &self.bytes[self.offset_after(position)..]
    }

    /// Where a reader stands that has taken `taken` bytes after `position`: the number of the event whose frames it has
    /// begun or finished, and what is unsent of them.
    pub fn stand(&self, position: Seq, taken: usize) -> (Seq, &[u8]) {
        if taken == 0 {
            return (position, &[]);
        }
        let reached = self.offset_after(position) + taken;
        let index = self.ends.partition_point(|&end| (end as usize) < reached);
        (self.first + index as Seq, &self.bytes[reached..self.ends[index] as usize])
    }

    fn offset_after(&self, position: Seq) -> usize {
        let done = (position + 1 - self.first) as usize;
        done.checked_sub(1).map_or(0, |index| self.ends[index] as usize)
    }
}

#[cfg(test)]
mod tests {
    use miniz_oxide::inflate;
    use proptest::prelude::*;

    use super::*;
    use crate::names::Name;
    use crate::protocol::{Marks, Member, Pair, Reaction, ServerFrame};

    const ALI: MemberId = MemberId(1);
    const SARA: MemberId = MemberId(2);
    const BOB: MemberId = MemberId(3);

    fn room() -> RoomName {
        RoomName::parse("408213").expect("a code")
    }

    fn reaction(from: MemberId, seed: u32) -> Reaction {
        Reaction { from, name: "d\"".into(), emoji: format!("🙂{seed}").into() }
    }

    fn pair() -> impl Strategy<Value = Option<Pair>> {
        prop_oneof![Just(None), Just(Some([ALI, SARA])), Just(Some([SARA, BOB]))]
    }

    fn kind() -> impl Strategy<Value = Kind> {
        let member = || prop_oneof![Just(ALI), Just(SARA), Just(BOB)];
        prop_oneof![
            (member(), any::<String>(), any::<String>(), any::<bool>()).prop_map(|(from, name, text, guest)| {
                Kind::Message { from, name: name.into(), guest, text: text.into(), marks: Marks::default(), form: None }
            }),
            (member(), any::<String>(), any::<u32>(), proptest::option::of(any::<u32>())).prop_map(
                |(from, text, seed, edited)| Kind::Message {
                    from,
                    name: "c".into(),
                    guest: false,
                    text: text.into(),
                    marks: Marks::new(edited.map(u64::from), vec![reaction(from, seed); (seed % 3) as usize]),
                    form: None,
                }
            ),
            (member(), member(), "[a-z]{0,200}").prop_map(|(from, to, text)| Kind::Private {
                from,
                name: "a".into(),
                to,
                to_name: "b".into(),
                text: text.into(),
                marks: Marks::default(),
            }),
            Just(Kind::Removed),
            (member(), pair(), proptest::option::of("[a-z]{0,200}")).prop_map(|(from, between, text)| Kind::Edit {
                target: 3,
                from,
                between,
                text: text.map(Into::into),
            }),
            (member(), pair()).prop_map(|(from, between)| Kind::Delete { target: 3, from, between }),
            (member(), pair(), any::<u32>(), any::<bool>()).prop_map(|(from, between, seed, on)| Kind::React {
                target: 3,
                reaction: reaction(from, seed),
                on,
                between,
            }),
            member().prop_map(|id| Kind::Join { member: Member { id, name: None } }),
            member().prop_map(|id| Kind::Leave { member: Member { id, name: Name::parse("Ali", 32).ok() } }),
        ]
    }

    fn events(first: Seq) -> impl Strategy<Value = Vec<Arc<Event>>> {
        prop::collection::vec(kind(), 1..12).prop_map(move |kinds| {
            (first..).zip(kinds).map(|(seq, kind)| Arc::new(Event { seq, at: 1_700_000_000_000, kind })).collect()
        })
    }

    /// What follows a compressed message before it is inflated, and an end.
    const TAIL: [u8; 9] = [0, 0, 0xff, 0xff, 1, 0, 0, 0xff, 0xff];

    /// The payloads of whole server frames, inflated if they are compressed.
    fn payloads(mut bytes: &[u8]) -> Vec<String> {
        let mut payloads = Vec::new();
        while let [first, length, rest @ ..] = bytes {
            let (length, rest) = match length {
                126 => (usize::from(u16::from_be_bytes([rest[0], rest[1]])), &rest[2..]),
                127 => (u64::from_be_bytes(rest[..8].try_into().expect("eight")) as usize, &rest[8..]),
                short => (usize::from(*short), rest),
            };
            let payload = match first {
                0x81 => rest[..length].to_vec(),
                0xc1 => inflate::decompress_to_vec(&[&rest[..length], &TAIL].concat()).expect("what can be inflated"),
                other => panic!("no text frame: {other:#x}"),
            };
            payloads.push(String::from_utf8(payload).expect("text frames are UTF-8"));
            bytes = &rest[length..];
        }
        payloads
    }

    /// How many have claimed a name after all events.
    const NAMED: usize = 20;

    fn view(room: &RoomName, viewer: Option<MemberId>) -> View<'_> {
        View { room, epoch: Epoch(0xfeed), viewer, named: Some(NAMED) }
    }

    fn shared(wire: Wire, events: &[Arc<Event>]) -> Batch {
        Batch::encode(wire, events, view(&room(), None), &[])
    }

    /// Each event by itself.
    fn alone(wire: Wire, events: &[Arc<Event>], viewer: MemberId) -> Vec<Vec<u8>> {
        let room = room();
        let went = |events: &[Arc<Event>]| {
            events.iter().filter(|event| matches!(&event.kind, Kind::Leave { member } if member.name.is_some())).count()
        };
        (1..=events.len())
            .map(|done| {
                let (mut out, named) = (Vec::new(), Some(NAMED + went(&events[done..])));
                wire.encode(&events[done - 1], View { named, ..view(&room, Some(viewer)) }, &mut out);
                out
            })
            .collect()
    }

    proptest! {
        #[test]
        fn the_hand_written_encoding_is_the_one_of_the_types(kind in kind()) {
            let (room, event) = (room(), Event { seq: 7, at: 1, kind });
            for viewer in [None, Some(ALI), Some(BOB)] {
                let mut by_hand = Vec::new();
                Wire::Charsu.encode(&event, view(&room, viewer), &mut by_hand);
                let by_hand = payloads(&by_hand);
                let by_types = serde_json::to_string(&snapshot_event(&room, &event, viewer)).expect("JSON");
                prop_assert_eq!(&by_hand[..], std::slice::from_ref(&by_types));
                serde_json::from_str::<ServerFrame<'_>>(&by_types).expect("what we write can be read");
            }
        }

        #[test]
        fn the_hand_written_acknowledgement_is_the_one_of_the_types(id in any::<u64>(), seq in any::<u64>(), epoch in any::<u64>()) {
            let (room, epoch, mut out) = (room(), Epoch(epoch), Vec::new());
            Wire::Charsu.acknowledge(ReplyTo::Number(id), &room, epoch, seq, &mut out);
            let frame = ServerFrame::Ack { id, room: room.as_str().into(), epoch: epoch.to_string().into(), seq };
            prop_assert_eq!(&payloads(&out)[..], &[serde_json::to_string(&frame).expect("JSON")]);
        }

        #[test]
        fn a_member_reads_from_a_shared_batch_what_it_may_see(events in events(5), from in 0_usize..12, viewer in 1_u32..4) {
            let (room, viewer) = (room(), MemberId(viewer));
            let position = 4 + (from % events.len()) as Seq;
            for wire in Wire::all() {
                let shared = shared(wire, &events);
                let wanted = alone(wire, &events, viewer)[(position - 4) as usize..].concat();
                let personal = shared.is_personal_to(viewer, position).then(|| shared.personal_to(viewer, &room));
                prop_assert_eq!(personal.as_ref().unwrap_or(&shared).after(position), &wanted);

                if wire == Wire::Sse {
                    continue;
                }
                let deflated = shared.deflated();
                let personal =
                    deflated.is_personal_to(viewer, position).then(|| deflated.personal_to(viewer, &room));
                let sent = personal.as_ref().unwrap_or(&deflated).after(position);
                prop_assert_eq!(payloads(sent), payloads(&wanted));
                prop_assert!(sent.len() <= wanted.len());
            }
        }

        #[test]
        fn a_cut_write_goes_on_where_it_was_cut(events in events(1), from in 0_usize..12, cut in 0_usize..4000) {
            let position = (from % events.len()) as Seq;
            let plain: Vec<Batch> = Wire::all().map(|wire| shared(wire, &events)).collect();
            let deflated: Vec<Batch> = plain.iter().map(Batch::deflated).collect();
            for batch in plain.iter().chain(&deflated) {
                let whole = batch.after(position);
                let taken = cut % (whole.len() + 1);
                let (reached, rest) = batch.stand(position, taken);
                let mut sent = whole[..taken].to_vec();
                sent.extend_from_slice(rest);
                prop_assert!(reached >= position && reached <= batch.last());
                if reached < batch.last() {
                    sent.extend_from_slice(batch.after(reached));
                }
                prop_assert_eq!(sent, whole);
            }
        }
    }
}

//! What is written by hand is what the types write, and a batch that is shared, cut, compressed or made anew says what its events
//! say one by one.

use std::sync::Arc;

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

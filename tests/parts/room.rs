//! The pure room under random steps, held against a model that keeps everything and is obviously right.

use std::collections::BTreeMap;
use std::sync::Arc;

use charsu::names::Name;
use charsu::protocol::{Code, Kind, Marks, MemberId};
use charsu::room::{Draft, Epoch, Missed, Needs, Room, RoomLimits, TailLimits};
use proptest::prelude::*;

const LIMITS: RoomLimits = RoomLimits { members: 5, name_chars: 32, reactions: 3, sees_past: true };

/// Small, so that trimming happens all the time.
const TAIL: TailLimits = TailLimits { age_ms: 50, bytes: 2_000, lag_bytes: 4_000 };

#[derive(Clone, Debug)]
enum Step {
    Join(Option<usize>),
    Leave(u32),
    Say(u32, Option<usize>),
    Whisper(u32, u32),
    Wait(u64),
    Trim(Option<u64>),
}

const NAMES: [&str; 5] = ["Ali", "علی", "Sara", "АLI", "Bob"];

/// Which of the names look alike: "АLI" begins with a Cyrillic letter.
fn alike(name: usize) -> usize {
    if NAMES[name] == "АLI" { 0 } else { name }
}

fn step() -> impl Strategy<Value = Step> {
    let member = 0_u32..9;
    prop_oneof![
        3 => prop::option::of(0..NAMES.len()).prop_map(Step::Join),
        2 => member.clone().prop_map(Step::Leave),
        6 => (member.clone(), prop::option::of(0..NAMES.len())).prop_map(|(from, signed)| Step::Say(from, signed)),
        2 => (member.clone(), member).prop_map(|(from, to)| Step::Whisper(from, to)),
        2 => (0_u64..40).prop_map(Step::Wait),
        1 => prop::option::of(0_u64..60).prop_map(Step::Trim),
    ]
}

fn name(index: usize) -> Name {
    Name::parse(NAMES[index], 32).expect("a good name")
}

#[derive(Default)]
struct Model {
    /// Claimed name by member, `None` for a guest.
    members: BTreeMap<u32, Option<usize>>,
    joined: u32,
    events: u64,
}

impl Model {
    fn holds(&self, wanted: usize) -> Option<u32> {
        self.members
            .iter()
            .find(|(_, held)| held.is_some_and(|held| alike(held) == alike(wanted)))
            .map(|(member, _)| *member)
    }

    /// What should become of a draft.
    fn verdict(&self, step: &Step) -> Result<(), Code> {
        match *step {
            Step::Join(_) if self.members.len() >= LIMITS.members => Err(Code::RoomFull),
            Step::Join(Some(wanted)) if self.holds(wanted).is_some() => Err(Code::NameTaken),
            Step::Leave(from) | Step::Say(from, _) if !self.members.contains_key(&from) => Err(Code::NotInRoom),
            Step::Say(from, Some(signed)) if self.members[&from].is_none() && self.holds(signed).is_some() => {
                Err(Code::NameTaken)
            }
            Step::Whisper(from, to) if from == to => Err(Code::ToYourself),
            Step::Whisper(from, _) if !self.members.contains_key(&from) => Err(Code::NotInRoom),
            Step::Whisper(_, to) if !self.members.contains_key(&to) => Err(Code::NoSuchPerson),
            _ => Ok(()),
        }
    }

    fn apply(&mut self, step: &Step) {
        self.events += 1;
        match *step {
            Step::Join(name) => {
                self.joined += 1;
                self.members.insert(self.joined, name);
            }
            Step::Leave(member) => {
                self.members.remove(&member);
            }
            Step::Say(..) | Step::Whisper(..) | Step::Wait(_) | Step::Trim(_) => {}
        }
    }
}

fn draft(step: &Step) -> Option<Draft> {
    Some(match *step {
        Step::Join(index) => Draft::Join { name: index.map(name) },
        Step::Leave(member) => Draft::Leave { member: MemberId(member) },
        Step::Say(from, signed) => {
            Draft::Message { from: MemberId(from), signed: signed.map(name), text: "hello there".into() }
        }
        Step::Whisper(from, to) => Draft::Private { from: MemberId(from), to: MemberId(to), text: "psst".into() },
        Step::Wait(_) | Step::Trim(_) => return None,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_room_is_what_its_events_make_of_it(steps in prop::collection::vec(step(), 1..120)) {
        let mut room = Room::new(Epoch(1));
        let mut model = Model::default();
        let mut everything = Vec::new();
        let mut now = 0;
        for step in steps {
            match &step {
                Step::Wait(span) => now += span,
                Step::Trim(needed) => room.trim(now, TAIL, Needs { read: *needed, unshown: None }),
                _ => {}
            }
            let Some(draft) = draft(&step) else { continue };
            let before = room.log().head();
            match room.number(draft, now, LIMITS) {
                Err(refusal) => {
                    prop_assert_eq!(Err(refusal.code), model.verdict(&step));
                    prop_assert_eq!(room.log().head(), before, "a refusal takes no number");
                    if refusal.code == Code::NameTaken {
                        let free = refusal.suggestion.expect("a taken name comes with a free one");
                        let free = Name::parse(&free, 32).expect("which is a name");
                        prop_assert!(room.roster().holder(&free).is_none(), "{:?} is taken too", free);
                    }
                }
                Ok(event) => {
                    prop_assert_eq!(model.verdict(&step), Ok(()));
                    let event = Arc::new(event);
                    room.accept(event.clone(), now);
                    everything.push(event);
                    model.apply(&step);
                }
            }
            prop_assert_eq!(room.log().head(), model.events, "numbers have no holes");
            let here: Vec<u32> = room.roster().iter().map(|person| person.id().0).collect();
            let wanted: Vec<u32> = model.members.keys().copied().collect();
            prop_assert_eq!(here, wanted);
            prop_assert_eq!(room.roster().len(), model.members.len());
        }

        // Every position reads exactly what came after it, or says why it cannot.
        let head = room.log().head();
        for position in 0..=head + 2 {
            let wanted = position as usize;
            match room.log().since(position) {
                Ok(events) => {
                    let read: Vec<_> = events.collect();
                    prop_assert_eq!(read.len(), everything.len() - wanted);
                    for (read, happened) in read.iter().zip(&everything[wanted..]) {
                        // Who came and went may be folded, and is a number then.
                        let is_folded = read.kind == Kind::Removed && happened.kind.changes_members();
                        prop_assert!(is_folded && read.seq == happened.seq || read == happened, "{:?}", read);
                    }
                    prop_assert!(position + 1 >= room.log().first());
                }
                Err(Missed::TooOld) => prop_assert!(position + 1 < room.log().first()),
                Err(Missed::Future) => prop_assert!(position > head),
            }
        }
    }

    #[test]
    fn what_a_connected_reader_needs_is_kept_up_to_its_allowance(
        lengths in prop::collection::vec(0_usize..400, 1..80),
        needed in 1_u64..80,
    ) {
        let mut room = Room::new(Epoch(1));
        let join = room.number(Draft::Join { name: None }, 0, LIMITS).expect("room for one");
        room.accept(Arc::new(join), 0);
        for length in &lengths {
            let said = Draft::Message { from: MemberId(1), signed: None, text: "x".repeat(*length).into() };
            let event = room.number(said, 0, LIMITS).expect("a member may speak");
            room.accept(Arc::new(event), 0);
        }
        room.trim(10_000, TAIL, Needs { read: Some(needed), unshown: None });
        prop_assert!(room.log().bytes() <= TAIL.lag_bytes);
        let is_kept = room.log().first() <= needed;
        let weight_needed: usize = lengths.iter().skip(needed.saturating_sub(2) as usize).map(|length| length + 160).sum();
        if weight_needed + 400 <= TAIL.lag_bytes {
            prop_assert!(is_kept, "first {} though {} is needed", room.log().first(), needed);
        }
        // With nobody reading, age alone empties it.
        room.trim(10_000, TAIL, Needs::default());
        prop_assert_eq!(room.log().bytes(), 0);
        prop_assert_eq!(room.log().first(), room.log().head() + 1);
    }
}

#[test]
fn who_comes_and_goes_does_not_push_out_what_was_said() {
    let mut room = Room::new(Epoch(1));
    let happens = |room: &mut Room, draft: Draft| {
        let event = room.number(draft, 0, LIMITS).expect("it may");
        room.accept(Arc::new(event), 0);
        room.trim(0, TAIL, Needs::default());
    };
    happens(&mut room, Draft::Join { name: Some(name(0)) });
    happens(&mut room, Draft::Message { from: MemberId(1), signed: None, text: "kept".into() });
    for guest in 2..40 {
        happens(&mut room, Draft::Join { name: None });
        happens(&mut room, Draft::Leave { member: MemberId(guest) });
    }
    let read: Vec<_> = room.log().since(1).expect("nothing is too old").collect();
    assert!(matches!(&read[0].kind, Kind::Message { text, .. } if &**text == "kept"));
    assert!((2..).zip(&read).all(|(seq, event)| event.seq == seq), "every number is there");
    assert!(read[1..].iter().any(|event| event.kind == Kind::Removed), "some were folded");
    assert!(matches!(read.last().expect("many").kind, Kind::Leave { .. }), "the newest were not");
    // While a reader still needs them, none are.
    let mut room = Room::new(Epoch(1));
    for guest in 1..20 {
        for draft in [Draft::Join { name: None }, Draft::Leave { member: MemberId(guest) }] {
            let event = room.number(draft, 0, LIMITS).expect("it may");
            room.accept(Arc::new(event), 0);
            room.trim(0, TAIL, Needs { read: Some(10), unshown: None });
        }
    }
    assert!(
        room.log()
            .since(room.log().first() - 1)
            .expect("the tail")
            .all(|event| event.seq < 10 || event.kind != Kind::Removed)
    );
}

#[test]
fn a_private_line_concerns_two() {
    let kind = Kind::Private {
        from: MemberId(1),
        name: "Ali".into(),
        to: MemberId(2),
        to_name: "Sara".into(),
        text: "psst".into(),
        marks: Marks::default(),
    };
    assert!(kind.is_for(MemberId(1)) && kind.is_for(MemberId(2)));
    assert!(!kind.is_for(MemberId(3)) && !kind.is_for_all());
}

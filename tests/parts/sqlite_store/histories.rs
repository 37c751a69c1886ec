//! Random valid histories, with failures and stops at random points: what is kept is what the room in memory is.

use charsu::names::Name;
use charsu::protocol::MemberId;
use charsu::room::{Draft, Kept, Room};
use charsu::store::sqlite::Trouble;
use proptest::prelude::*;
use rusqlite::Connection;

use super::disk::{ALL, Disk, Folder, LIMITS, Live, line};

#[derive(Clone, Debug)]
enum Step {
    /// In one of two rooms.
    Happen(usize, What),
    /// Another program locks the file, or lets it go.
    Lock(bool),
    /// All outcomes are waited for.
    Settle,
    /// The store is closed and opened again.
    Reopen,
}

#[derive(Clone, Debug)]
enum What {
    Join(Option<&'static str>),
    Leave(u32),
    Say(u32, String),
    Whisper(u32, u32, String),
    Edit(u32, u64, String),
    Delete(u32, u64),
    React(u32, u64, bool),
}

fn what() -> impl Strategy<Value = What> {
    let member = 1_u32..6;
    let seq = 1_u64..40;
    let text = "[a-z ]{0,30}|[آ-ی]{1,20}|x{900,3000}";
    prop_oneof![
        3 => prop::option::of(prop::sample::select(vec!["Ali", "سارا", "Bob"])).prop_map(What::Join),
        1 => member.clone().prop_map(What::Leave),
        6 => (member.clone(), text).prop_map(|(from, text)| What::Say(from, text)),
        2 => (member.clone(), member.clone(), text).prop_map(|(from, to, text)| What::Whisper(from, to, text)),
        3 => (member.clone(), seq.clone(), text).prop_map(|(from, seq, text)| What::Edit(from, seq, text)),
        2 => (member.clone(), seq.clone()).prop_map(|(from, seq)| What::Delete(from, seq)),
        3 => (member, seq, any::<bool>()).prop_map(|(from, seq, on)| What::React(from, seq, on)),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        30 => (0..2_usize, what()).prop_map(|(room, what)| Step::Happen(room, what)),
        1 => any::<bool>().prop_map(Step::Lock),
        3 => Just(Step::Settle),
        1 => Just(Step::Reopen),
    ]
}

fn draft(what: What) -> Draft {
    let emoji = "👍".into();
    match what {
        What::Join(name) => Draft::Join { name: name.map(|name| Name::parse(name, 32).expect("a good name")) },
        What::Leave(member) => Draft::Leave { member: MemberId(member) },
        What::Say(from, text) => Draft::Message { from: MemberId(from), signed: None, text: text.into() },
        What::Whisper(from, to, text) => Draft::Private { from: MemberId(from), to: MemberId(to), text: text.into() },
        What::Edit(from, seq, text) => Draft::Edit { from: MemberId(from), target: line(seq), text: text.into() },
        What::Delete(from, seq) => Draft::Delete { from: MemberId(from), target: line(seq) },
        What::React(from, seq, on) => Draft::React { from: MemberId(from), target: line(seq), emoji, on },
    }
}

/// Two rooms, and how many of their events wait for an answer.
struct Played {
    rooms: [Live; 2],
    waiting: usize,
    foreign: Option<Connection>,
}

impl Played {
    fn new(disk: &Disk) -> Self {
        let rooms = ["one", "two"].map(|name| Live::new(disk, name));
        Self { rooms, waiting: 0, foreign: None }
    }

    fn happen(&mut self, disk: &Disk, room: usize, what: What) {
        let room = &mut self.rooms[room];
        match room.room.number(draft(what), room.at, LIMITS) {
            Ok(_) if self.waiting > 500 => {}
            Ok(event) => {
                room.at += 1;
                let event = std::sync::Arc::new(event);
                room.room.reserve(event.clone());
                let mut entry = room.entry_of(event);
                entry.receipt = room.key.cast_unsigned();
                disk.store.append(entry).expect("room in the queue");
                self.waiting += 1;
            }
            // Not here, not theirs, taken: such a draft does not happen.
            Err(_) => {}
        }
    }

    /// What the hub does with outcomes: accept, or give up what was numbered since.
    fn settle(&mut self, disk: &mut Disk) {
        for outcome in disk.outcomes(self.waiting) {
            let room = self.rooms.iter_mut().find(|room| room.key.cast_unsigned() == outcome.receipt).expect("a room");
            match outcome.result {
                Ok(()) => room.room.accept(outcome.event, 0),
                Err(Trouble::Busy | Trouble::OutOfOrder) => room.room.give_up(),
                Err(other) => panic!("{other}"),
            }
        }
        self.waiting = 0;
    }

    fn assert_kept(&self, disk: &Disk) {
        for room in &self.rooms {
            if room.room.log().head() == 0 {
                assert!(disk.store.load(room.key, ALL).expect("readable").is_none());
            } else {
                room.assert_kept(disk);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_kept_is_what_is_live(steps in prop::collection::vec(step(), 1..150)) {
        let folder = Folder::new();
        let mut options = folder.options();
        options.busy = std::time::Duration::from_millis(5);
        let mut disk = Disk::open(options.clone());
        let mut played = Played::new(&disk);
        for step in steps {
            match step {
                Step::Happen(room, what) => played.happen(&disk, room, what),
                Step::Lock(true) if played.foreign.is_none() => {
                    let foreign = Connection::open(folder.file()).expect("the file");
                    foreign.busy_timeout(std::time::Duration::from_secs(5)).expect("patience");
                    foreign.execute_batch("BEGIN EXCLUSIVE").expect("the lock");
                    played.foreign = Some(foreign);
                }
                Step::Lock(_) => played.foreign = None,
                Step::Settle => {
                    played.settle(&mut disk);
                    played.assert_kept(&disk);
                }
                Step::Reopen => {
                    played.foreign = None;
                    played.settle(&mut disk);
                    disk.store.close();
                    disk = Disk::open(options.clone());
                    played.assert_kept(&disk);
                    // The rooms go on as they were kept, as after any start.
                    for room in &mut played.rooms {
                        if let Some(loaded) = disk.store.load(room.key, ALL).expect("readable") {
                            room.room = Room::restored(loaded.kept, 0);
                        }
                    }
                }
            }
        }
        played.foreign = None;
        played.settle(&mut disk);
        played.assert_kept(&disk);
    }

    #[test]
    fn a_tail_is_what_fits_from_the_newest_on(
        lengths in prop::collection::vec(0..300_usize, 1..40),
        bytes in 0..20_000_usize,
        age_ms in 0..50_u64,
        recent_lines in 1..20_usize,
        recent_bytes in 0..8_000_usize,
    ) {
        let folder = Folder::new();
        let mut disk = folder.open();
        let mut room = Live::new(&disk, "general");
        room.join(&mut disk, "Ali");
        for length in &lengths {
            room.queue(&disk, Draft::Message { from: MemberId(1), signed: None, text: "x".repeat(*length).into() });
        }
        disk.outcomes(lengths.len());
        let wanted = charsu::store::sqlite::TailWanted { bytes, age_ms, recent_lines, recent_bytes };
        let Kept { tail, recent, has_older, .. } =
            disk.store.load(room.key, wanted).expect("readable").expect("a room").kept;
        let weight = |events: &[std::sync::Arc<charsu::protocol::Event>]| {
            events.iter().map(|event| event.kind.weight()).sum::<usize>()
        };
        let all = disk.load(room.key).kept.tail;
        prop_assert!(all.ends_with(&tail) && all.ends_with(&recent));
        prop_assert!(weight(&tail) <= bytes && tail.iter().all(|event| room.at - event.at <= age_ms));
        if let Some(next) = all.len().checked_sub(tail.len() + 1) {
            prop_assert!(weight(&all[next..]) > bytes || room.at - all[next].at > age_ms, "one more would have fit");
        }
        prop_assert!(recent.len() == 1 || (recent.len() <= recent_lines && weight(&recent) <= recent_bytes));
        prop_assert_eq!(has_older, recent.len() < lengths.len());
    }
}

//! The room, the positions of those who read it and the memory of commands, under every interleaving of a store that takes
//! its time, fails, and a process that ends at any moment; held against a model that is a list of what was kept.
//!
//! Everything here is the product's own pure parts; only the disk is a list. What the model demands is the promise: what is
//! acknowledged was kept and stays, once; who reads on sees every number once, in order; nobody sees what was not kept; and
//! what somebody says keeps its order, however much of it was under way when the store failed.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use charsu::hub::{Recalled, Resends};
use charsu::names::Name;
use charsu::protocol::{Code, Event, Kind, Member, MemberId, Seq};
use charsu::room::{Draft, Epoch, Kept, Missed, Needs, RECENT_LINES, Room, RoomLimits, TailLimits, Target};
use charsu::store::KeptCommand;
use proptest::prelude::*;

const LIMITS: RoomLimits = RoomLimits { members: 10, name_chars: 32, reactions: 4, sees_past: true };
const TAIL: TailLimits = TailLimits { age_ms: 1_000_000, bytes: 6_000, lag_bytes: 6_000 };
const EPOCH: Epoch = Epoch(7);
const PEOPLE: usize = 3;

#[derive(Clone, Debug)]
enum Step {
    /// Somebody asks for something new.
    Ask(usize, Wish),
    /// Somebody sends all again that is not acknowledged, as after a reconnect.
    AskAgain(usize),
    /// Somebody asks for something else under a number that it has used.
    Lie(usize),
    /// The store answers for the oldest events that wait.
    Keep(usize),
    /// The store cannot keep what waits.
    Fail,
    /// So many answers on their way to somebody arrive, or all of them are lost with the line.
    Answers(usize, Option<usize>),
    /// Somebody reads on, as far as this.
    Read(usize, usize),
    /// The process ends without a word, and begins anew.
    Crash,
}

#[derive(Clone, Debug)]
enum Wish {
    Say,
    Edit(u64),
    Delete(u64),
    React(u64, bool),
}

fn step() -> impl Strategy<Value = Step> {
    let who = 0..PEOPLE;
    let wish = prop_oneof![
        5 => Just(Wish::Say),
        2 => (1_u64..40).prop_map(Wish::Edit),
        1 => (1_u64..40).prop_map(Wish::Delete),
        1 => (1_u64..40, any::<bool>()).prop_map(|(line, on)| Wish::React(line, on)),
    ];
    prop_oneof![
        12 => (who.clone(), wish).prop_map(|(who, wish)| Step::Ask(who, wish)),
        3 => who.clone().prop_map(Step::AskAgain),
        1 => who.clone().prop_map(Step::Lie),
        8 => (1_usize..6).prop_map(Step::Keep),
        1 => Just(Step::Fail),
        6 => (who.clone(), prop::option::of(1_usize..6)).prop_map(|(who, count)| Step::Answers(who, count)),
        6 => (who, 1_usize..8).prop_map(|(who, count)| Step::Read(who, count)),
        1 => Just(Step::Crash),
    ]
}

/// A command as its client remembers it.
#[derive(Clone, Debug)]
struct Asked {
    n: u64,
    content: u64,
    wish: Wish,
    text: String,
}

/// Somebody's device.
#[derive(Default)]
struct Client {
    next: u64,
    unanswered: VecDeque<Asked>,
    /// What the server has said and the line may still lose: the command, and its number or a refusal.
    answers: VecDeque<(u64, Result<Seq, Code>)>,
    acknowledged: BTreeMap<u64, Seq>,
    /// It knows that something has to be sent again, and does so before anything else.
    owes: bool,
    position: Seq,
}

/// What survives the process.
#[derive(Default)]
struct Disk {
    /// Every event as it was kept.
    events: Vec<Arc<Event>>,
    /// Whose command each was.
    askers: Vec<Option<(usize, u64)>>,
    commands: BTreeMap<(usize, u64), (u64, Seq)>,
}

/// An event that the store has not answered for.
struct Waiting {
    event: Arc<Event>,
    who: usize,
    /// The command that asked for it, and how often it came.
    asked: Asked,
    times: usize,
}

struct Process {
    room: Room,
    waiting: VecDeque<Waiting>,
    resends: Vec<Resends>,
}

impl Disk {
    /// The next process: everything that was kept, and nothing else.
    fn start(&self) -> Process {
        // What a store keeps of the events, as its own tests hold it to: the same that a room that never stopped remembers.
        let mut shadow = Room::lasting(EPOCH);
        for event in &self.events {
            shadow.accept(event.clone(), 0);
            shadow.trim(0, TAIL, Needs::default());
        }
        let members = shadow.roster().iter().map(|person| (person.member(), person.joined_at())).collect();
        let (recent, has_older) = shadow.recent().expect("it lasts");
        let room = Room::restored(
            Kept {
                epoch: EPOCH,
                head: shadow.log().head(),
                last_member: PEOPLE as u32,
                members,
                tail: shadow.log().since(shadow.log().first() - 1).expect("its own tail").collect(),
                recent: recent.cloned().collect(),
                has_older,
            },
            0,
        );
        let resends = (0..PEOPLE)
            .map(|who| {
                let of = |(&(whose, n), &(content, seq)): (&(usize, u64), &(u64, Seq))| {
                    (whose == who).then_some(KeptCommand { n, content, epoch: EPOCH, seq })
                };
                Resends::restored(self.commands.iter().filter_map(of).collect())
            })
            .collect();
        Process { room, waiting: VecDeque::new(), resends }
    }
}

impl Process {
    /// Takes a command, as the hub does.
    fn take(&mut self, who: usize, client: &mut Client, asked: &Asked) {
        match self.resends[who].recall(asked.n, asked.content, 0) {
            Ok(Recalled::Done(epoch, seq)) => {
                assert_eq!(epoch, EPOCH);
                client.answers.push_back((asked.n, Ok(seq)));
                return;
            }
            Ok(Recalled::Underway(seq)) => {
                let index = (seq - self.room.log().head() - 1) as usize;
                self.waiting[index].times += 1;
                return;
            }
            Ok(Recalled::New) => {}
            Err(refusal) => {
                client.answers.push_back((asked.n, Err(refusal.code)));
                return;
            }
        }
        let from = MemberId(who as u32 + 1);
        let target = |seq: u64| Target { seq, stored: None };
        let draft = match &asked.wish {
            Wish::Say => Draft::Message { from, signed: None, text: asked.text.as_str().into() },
            Wish::Edit(line) => Draft::Edit { from, target: target(*line), text: asked.text.as_str().into() },
            Wish::Delete(line) => Draft::Delete { from, target: target(*line) },
            Wish::React(line, on) => Draft::React { from, target: target(*line), emoji: "👍".into(), on: *on },
        };
        match self.room.number(draft, 0, LIMITS) {
            Err(refusal) => client.answers.push_back((asked.n, Err(refusal.code))),
            Ok(event) => {
                let event = Arc::new(event);
                self.resends[who].note(asked.n, asked.content, EPOCH, event.seq);
                self.room.reserve(event.clone());
                self.waiting.push_back(Waiting { event, who, asked: asked.clone(), times: 1 });
            }
        }
    }
}

/// The command's content, as far as this test tells it.
fn content(n: u64, text: &str) -> u64 {
    n * 1000 + text.len() as u64
}

/// One run of everything.
struct Play {
    disk: Disk,
    process: Process,
    clients: Vec<Client>,
}

impl Play {
    fn new() -> Self {
        let mut disk = Disk::default();
        for (seq, name) in (1..).zip(["Ali", "Sara", "Bob"]) {
            let member = Member { id: MemberId(seq), name: Name::parse(name, 32).ok() };
            disk.events.push(Arc::new(Event { seq: seq.into(), at: 0, kind: Kind::Join { member } }));
            disk.askers.push(None);
        }
        let clients = (0..PEOPLE).map(|_| Client { position: 3, ..Client::default() }).collect();
        Self { process: disk.start(), disk, clients }
    }

    fn take(&mut self, step: Step) -> Result<(), TestCaseError> {
        match step {
            Step::Ask(who, wish) => self.ask(who, wish),
            Step::AskAgain(who) => self.ask_again(who),
            Step::Lie(who) => self.lie(who)?,
            Step::Keep(count) => self.keep(count)?,
            Step::Fail => self.fail(),
            Step::Answers(who, count) => self.answers(who, count)?,
            Step::Read(who, count) => self.read(who, count)?,
            Step::Crash => {
                self.process = self.disk.start();
                // The lines went with it.
                for client in &mut self.clients {
                    client.answers.clear();
                    client.owes = true;
                }
            }
        }
        Ok(())
    }

    fn ask(&mut self, who: usize, wish: Wish) {
        if self.clients[who].owes {
            self.ask_again(who);
        }
        let client = &mut self.clients[who];
        client.next += 1;
        let (n, text) = (client.next, format!("{who} says {}", client.next));
        let asked = Asked { n, content: content(n, &text), wish, text };
        client.unanswered.push_back(asked.clone());
        self.process.take(who, client, &asked);
    }

    fn ask_again(&mut self, who: usize) {
        self.clients[who].owes = false;
        for asked in self.clients[who].unanswered.clone() {
            self.process.take(who, &mut self.clients[who], &asked);
        }
    }

    fn lie(&mut self, who: usize) -> Result<(), TestCaseError> {
        let Some((&n, _)) = self.clients[who].acknowledged.last_key_value() else { return Ok(()) };
        let before = self.process.waiting.len();
        let lie = Asked { n, content: 1, wish: Wish::Say, text: "something else".to_owned() };
        self.process.take(who, &mut self.clients[who], &lie);
        let (_, answer) = self.clients[who].answers.pop_back().expect("it is answered at once");
        prop_assert_eq!((answer, self.process.waiting.len()), (Err(Code::IdConflict), before));
        Ok(())
    }

    fn keep(&mut self, count: usize) -> Result<(), TestCaseError> {
        for _ in 0..count {
            let Some(Waiting { event, who, asked, times }) = self.process.waiting.pop_front() else { break };
            self.disk.events.push(event.clone());
            self.disk.askers.push(Some((who, asked.n)));
            let doubled = self.disk.commands.insert((who, asked.n), (asked.content, event.seq));
            prop_assert!(doubled.is_none(), "command {} of {} was kept twice", asked.n, who);
            self.process.resends[who].confirm(asked.n);
            self.process.room.accept(event.clone(), 0);
            self.process.room.trim(0, TAIL, Needs::default());
            self.clients[who].answers.extend(std::iter::repeat_n((asked.n, Ok(event.seq)), times));
        }
        Ok(())
    }

    fn fail(&mut self) {
        self.process.room.give_up();
        for Waiting { who, asked, .. } in std::mem::take(&mut self.process.waiting) {
            self.process.resends[who].withdraw(asked.n, 0);
            self.clients[who].answers.push_back((asked.n, Err(Code::Unavailable)));
        }
    }

    fn answers(&mut self, who: usize, count: Option<usize>) -> Result<(), TestCaseError> {
        let client = &mut self.clients[who];
        let Some(count) = count else {
            client.answers.clear();
            client.owes = true;
            self.process.resends[who].begin_anew();
            return Ok(());
        };
        let mut again = Vec::new();
        for (n, answer) in client.answers.drain(..count.min(client.answers.len())) {
            match answer {
                Ok(seq) => {
                    let before = client.acknowledged.insert(n, seq);
                    prop_assert!(before.is_none_or(|before| before == seq), "{} was acknowledged as two", n);
                    client.unanswered.retain(|asked| asked.n != n);
                }
                // What cannot be kept now is sent again, by itself, though more such answers may be on their way.
                Err(Code::Unavailable) => again.extend(client.unanswered.iter().find(|asked| asked.n == n).cloned()),
                Err(_) => client.unanswered.retain(|asked| asked.n != n),
            }
        }
        for asked in again {
            self.process.take(who, client, &asked);
        }
        Ok(())
    }

    fn read(&mut self, who: usize, count: usize) -> Result<(), TestCaseError> {
        let client = &mut self.clients[who];
        match self.process.room.log().since(client.position) {
            Ok(events) => {
                for event in events.take(count) {
                    prop_assert_eq!(event.seq, client.position + 1, "a hole");
                    client.position = event.seq;
                }
            }
            // Told, and begun anew with the room as it is.
            Err(Missed::TooOld) => client.position = self.process.room.log().head(),
            Err(Missed::Future) => prop_assert!(false, "{} read what was not kept", who),
        }
        Ok(())
    }

    /// Nobody knows of anything that would not survive.
    fn check(&self) -> Result<(), TestCaseError> {
        let head = self.disk.events.len() as Seq;
        prop_assert_eq!(self.process.room.log().head(), head);
        prop_assert!(self.disk.events.iter().zip(1..).all(|(event, seq)| event.seq == seq));
        for (who, client) in self.clients.iter().enumerate() {
            prop_assert!(client.position <= head);
            // Changes may be refused for good, and the refusal lost: what is asked again then is a new wish.
            let lines = self.disk.events.iter().zip(&self.disk.askers);
            let lines = lines.filter(|(event, _)| matches!(event.kind, Kind::Message { .. }));
            let own = lines.filter_map(|(_, asker)| asker.filter(|(asker, _)| *asker == who).map(|(_, n)| n));
            prop_assert!(own.is_sorted(), "{} was overtaken by itself", who);
            for (n, seq) in &client.acknowledged {
                let asker = self.disk.askers[*seq as usize - 1];
                prop_assert_eq!(asker, Some((who, *n)), "acknowledged and not kept");
            }
        }
        Ok(())
    }

    /// Everybody sends again what was never acknowledged, and everything is there once.
    fn end(mut self) -> Result<(), TestCaseError> {
        for who in 0..PEOPLE {
            self.ask_again(who);
        }
        let mut times: BTreeMap<(usize, u64), usize> = BTreeMap::new();
        let waiting = self.process.waiting.iter().map(|waiting| (waiting.who, waiting.asked.n));
        for asker in self.disk.askers.iter().filter_map(|asker| *asker).chain(waiting) {
            *times.entry(asker).or_default() += 1;
        }
        prop_assert!(times.values().all(|&times| times == 1), "a command was done twice: {:?}", times);
        // What is remembered of a line in two places says the same.
        let (recent, _) = self.process.room.recent().expect("it lasts");
        let recent: Vec<&Arc<Event>> = recent.collect();
        prop_assert!(recent.len() <= RECENT_LINES);
        for line in recent {
            if let Some(kept) = self.process.room.log().get(line.seq) {
                prop_assert_eq!(kept, line);
            }
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_acknowledged_stays_and_who_reads_on_sees_every_number_once(steps in prop::collection::vec(step(), 1..160)) {
        let mut play = Play::new();
        for step in steps.into_iter().chain([Step::Keep(usize::MAX)]) {
            play.take(step)?;
            play.check()?;
        }
        play.end()?;
    }
}

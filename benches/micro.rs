//! What the smallest steps of a delivery cost, in nanoseconds: frames in and out, commands read, events written, batches
//! made. Sockets, locks and the kernel are not in it.
//!
//! `cargo bench --bench micro` prints a table, within seconds. It fails when a step costs more than the one beside it that it
//! exists to beat. That holds on a busy machine too: all take turns, in rounds so short that most of them are not
//! interrupted, and the median counts.

use std::hint::black_box;
use std::ops::ControlFlow;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use charsu::client::socket;
use charsu::names::RoomName;
use charsu::protocol::{Command, Event, Kind, Marks, MemberId};
use charsu::room::Epoch;
use charsu::transport::ws::frame::{self, Opcode};
use charsu::transport::ws::{Decoder, Limits};
use charsu::wire::{self, Batch, ReplyTo, View, Wire};

/// The server's.
#[cfg(unix)]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// How long a step is repeated in one round, and how many rounds there are.
const ROUND: Duration = Duration::from_micros(250);
const ROUNDS: usize = 301;

/// How often a number of turns is tried before it counts as filling a round: one may be interrupted.
const TRIES: usize = 3;

const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
const LINE: &str = "as long as what people say to each other usually is";
const PERSIAN: &str = "سلام، امروز ساعت چند کلاس داریم؟ کتاب را هم بیاورم؟";

/// Something to be measured.
struct Step {
    name: String,
    /// Of how many things one turn consists, frames or events.
    of: u32,
    does: Box<dyn FnMut()>,
    /// Turns in a round.
    turns: u32,
    /// Nanoseconds for one thing, of each round.
    took: Vec<f64>,
}

impl Step {
    fn new(name: impl Into<String>, of: u32, does: impl FnMut() + 'static) -> Self {
        Self { name: name.into(), of, does: Box::new(does), turns: 1, took: Vec::new() }
    }

    /// Finds out how many turns fill a round.
    fn tries(&mut self) {
        while (0..TRIES).any(|_| self.time() < ROUND) {
            self.turns *= 2;
        }
    }

    fn time(&mut self) -> Duration {
        let began = Instant::now();
        for _ in 0..self.turns {
            (self.does)();
        }
        began.elapsed()
    }

    fn measures(&mut self) {
        let took = self.time();
        self.took.push(took.as_secs_f64() * 1e9 / f64::from(self.turns) / f64::from(self.of));
    }

    /// The median.
    fn ns(&self) -> f64 {
        let mut sorted = self.took.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        sorted[sorted.len() / 2]
    }
}

fn main() -> ExitCode {
    let mut steps = [decoding(), encoding(), reading(), writing(), batches()].into_iter().flatten().collect::<Vec<_>>();
    for step in &mut steps {
        step.tries();
    }
    for _ in 0..ROUNDS {
        for step in &mut steps {
            step.measures();
        }
    }
    println!("{:<58}{:>10}{:>14}", "", "ns", "a second");
    for step in &steps {
        println!("{:<58}{:>10.1}{:>14.0}", step.name, step.ns(), 1e9 / step.ns());
    }
    let ns = |name: &str| {
        let step = steps.iter().find(|step| step.name == name);
        step.unwrap_or_else(|| panic!("no step is called {name}")).ns()
    };
    let mut is_met = true;
    for (what, beaten) in [
        ("write a message, by hand", "write a message, by serde"),
        ("batch of 1000 on Charsu, each", "batch of 1 on Charsu, each"),
        ("batch of 32 on Charsu, each", "batch of 1 on Charsu, each"),
    ] {
        if ns(what) > ns(beaten) {
            println!("MISSED: {what} is slower than {beaten}");
            is_met = false;
        }
    }
    if is_met { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// So many bytes of text, or a few less.
fn text(bytes: usize, of: &str) -> String {
    let mut text = [of, " "].concat().repeat(bytes / of.len() + 1);
    text.truncate(text.floor_char_boundary(bytes));
    text
}

/// A client's frame, from the bytes that a read brought to the text that is handed out. The copy that a read is, too,
/// because the frame is unmasked where it lies.
fn decoding() -> Vec<Step> {
    let frames = [("16 bytes", text(16, LINE)), ("110 bytes", text(110, LINE)), ("4 KiB", text(4096, LINE))];
    let persian = [("110 bytes of Persian", text(110, PERSIAN)), ("4 KiB of Persian", text(4096, PERSIAN))];
    let steps = frames.into_iter().chain(persian).map(|(name, text)| {
        let mut frame = Vec::new();
        socket::put(&mut frame, socket::Kind::Text, MASK, |frame| frame.extend_from_slice(text.as_bytes()));
        let mut read = frame.clone();
        let mut decoder = Decoder::new(Limits::default());
        Step::new(format!("decode a frame of {name}"), 1, move || {
            read.copy_from_slice(black_box(&frame));
            let fed = decoder.feed(&mut read, |item| {
                black_box(item);
                ControlFlow::Continue(())
            });
            assert_eq!(black_box(fed).ok(), Some(frame.len()));
        })
    });
    steps.collect()
}

/// A server's frame, with its payload copied into it.
fn encoding() -> Vec<Step> {
    let steps = [("16 bytes", 16), ("110 bytes", 110), ("4 KiB", 4096)].map(|(name, bytes)| {
        let (text, mut out) = (text(bytes, LINE), Vec::new());
        Step::new(format!("encode a frame of {name}"), 1, move || {
            out.clear();
            frame::push(&mut out, Opcode::Text, black_box(text.as_bytes()));
            black_box(&out);
        })
    });
    steps.into()
}

/// A command, from a frame's text.
fn reading() -> Vec<Step> {
    let say = |text: &str| format!(r#"{{"type":"say","id":123,"room":"408213","text":"{text}"}}"#);
    let escaped = say(r#"she said \"hello\" and then\nnothing for a while, as people do"#);
    let long = say(&text(4096, LINE));
    let lines = [("", say(LINE)), (" in Persian", say(PERSIAN)), (" of 4 KiB", long), (" with escapes", escaped)];
    let steps = lines.map(|(name, line)| {
        Step::new(format!("read a line to be said{name}"), 1, move || {
            black_box(Command::read(black_box(&line))).expect("a command");
        })
    });
    steps.into()
}

fn room() -> RoomName {
    RoomName::parse("408213").expect("a code")
}

/// As all members see it.
fn view(room: &RoomName) -> View<'_> {
    View { room, epoch: Epoch(0x1234_5678_9abc_def0), viewer: None, named: Some(1) }
}

fn event(seq: u64, text: &str) -> Event {
    let (name, text, marks) = ("Somebody".into(), text.into(), Marks::default());
    Event {
        seq,
        at: 1_780_000_000_000 + seq,
        kind: Kind::Message { from: MemberId(7), name, guest: false, text, marks, form: None },
    }
}

/// A message and an acknowledgement, as frames.
fn writing() -> Vec<Step> {
    let mut steps = Vec::new();
    let long = text(4096, LINE);
    for (name, text) in [("", LINE), (" in Persian", PERSIAN), (" of 4 KiB", &long)] {
        let (room, event, mut out) = (room(), event(42, text), Vec::new());
        steps.push(Step::new(format!("write a message{name}, by hand"), 1, move || {
            out.clear();
            Wire::Charsu.encode(black_box(&event), view(black_box(&room)), &mut out);
            black_box(&out);
        }));
    }
    let (charsu, message, mut out) = (room(), event(42, LINE), Vec::new());
    steps.push(Step::new("write a message, by serde", 1, move || {
        out.clear();
        Wire::Charsu.answer(&wire::snapshot_event(black_box(&charsu), black_box(&message), None), &mut out);
        black_box(&out);
    }));
    let (charsu, mut out) = (room(), Vec::new());
    steps.push(Step::new("write an acknowledgement", 1, move || {
        out.clear();
        Wire::Charsu.acknowledge(
            ReplyTo::Number(black_box(123)),
            black_box(&charsu),
            Epoch(0x1234_5678_9abc_def0),
            42,
            &mut out,
        );
        black_box(&out);
    }));
    steps
}

/// What a burst becomes: once for all members on a wire.
fn batches() -> Vec<Step> {
    let mut steps = Vec::new();
    for wire in Wire::all() {
        for count in [1, 32, 1000] {
            let events: Vec<Arc<Event>> = (1..=count.into()).map(|seq| Arc::new(event(seq, LINE))).collect();
            let room = room();
            steps.push(Step::new(format!("batch of {count} on {wire:?}, each"), count, move || {
                black_box(Batch::encode(wire, black_box(&events), view(black_box(&room)), &[]));
            }));
        }
    }
    steps
}

//! Thousands of connections: how long it takes until all are in, what each weighs while it says nothing, and that nothing
//! of them stays.

use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::alone;
use crate::scene::{Program, Raw, full};
use crate::visitor::{Had, Settled, Visitor, all, until};

/// Members of each room.
const ROOM: usize = 20;

/// Within what time all are to be in, in the full form.
const WITHIN: Duration = Duration::from_secs(10);

/// A server on which nothing of who left is kept on purpose.
const FORGETFUL: &str = "--no-limits --room-idle 1ms --grace 1ms --tail-seconds 1s";

/// Once the memory has not fallen for so long, what is free is given back.
const GIVEN_BACK: Duration = Duration::from_secs(11);

/// To how many members the straight line is drawn on.
const FAR: f64 = 100_000.0;

/// What a connection that is in a room may weigh, with its session, member and name, and what a member who is away may, in
/// bytes. With what the allocator adds, and without the kernel's share.
const CONNECTION_BYTES: f64 = 1300.0;
const AWAY_BYTES: f64 = 900.0;

/// How much more a short form allows: what the program takes at random, some hundred KiB, is a share of what its few
/// thousand connections weigh.
const SHORT: f64 = 1.3;

/// How far from the line a measured point may lie, as a share of it. Maps grow by doubling, so there are steps.
const OFF: f64 = 0.05;

/// How many files the server has open.
fn files(program: &Program) -> usize {
    fs::read_dir(format!("/proc/{}/fd", program.id())).expect("it runs").count()
}

/// So many come, and are all in rooms of 20.
async fn come(program: &Program, people: impl ExactSizeIterator<Item = usize> + Clone) -> Vec<Settled> {
    let address = program.address;
    let had = Arc::new(Had::default());
    let first = people.clone().next().unwrap_or_default();
    all(people.len(), |n| {
        let (n, had) = (first + n, Arc::clone(&had));
        async move {
            let mut visitor = Visitor::comes(n, address, had).await;
            visitor.joins(&format!("room-{}", n / ROOM), &format!("m{n:06}")).await;
            visitor.listens()
        }
    })
    .await
}

/// Waits until the server has closed what its clients have.
async fn are_gone(program: &Program, files_before: usize) {
    until("all to be gone", || files(program) <= files_before).await;
}

/// A storm: how long it took until all were in, and the memory with all and after they left, in KiB.
async fn storm(program: &Program, people: usize) -> (Duration, u64, u64) {
    let files_before = files(program);
    let began = Instant::now();
    let there = come(program, 0..people).await;
    let took = began.elapsed();
    let held = program.resident_now();
    for one in there {
        one.goes().await;
    }
    are_gone(program, files_before).await;
    (took, held, program.resident().await)
}

#[tokio::test(flavor = "multi_thread")]
async fn thousands_who_come_at_once_are_soon_in_and_leave_no_memory_behind() {
    let _alone = alone().await;
    let people = if full() { 15_000 } else { 1500 };
    // What is freed goes back to the system at once: what is left is in use, or lies between what is.
    let program = Program::start_with_allocator("dirty_decay_ms:0,muzzy_decay_ms:0", FORGETFUL);
    let empty = program.resident().await;
    let mut stays = Vec::new();
    for _ in 0..3 {
        let (took, held, after) = storm(&program, people).await;
        println!(
            "{people} into rooms of {ROOM}: in after {took:.2?}; {empty} KiB empty, {held} with all, {after} afterwards"
        );
        stays.push(after.saturating_sub(empty));
        assert!(!full() || took < WITHIN, "{took:?}");
    }
    // What the program itself takes is not to hide what grows. What is made once for all is there after the first time.
    assert!(stays[1..].iter().all(|&again| again <= stays[0] * 13 / 10), "{stays:?} KiB stayed after each time");
    if full() {
        as_it_comes(people).await;
    }
}

/// The same with the allocator as it is, which gives back in the course of ten seconds what a thread has freed, when that
/// thread asks it for something: so a few people come and go meanwhile.
async fn as_it_comes(people: usize) {
    let program = Program::start(FORGETFUL);
    let mut after = Vec::new();
    for _ in 0..2 {
        let (_, held, at_once) = storm(&program, people).await;
        let (mut lowest, mut since) = (at_once, Instant::now());
        while since.elapsed() < GIVEN_BACK {
            for one in come(&program, 0..2 * ROOM).await {
                one.goes().await;
            }
            let now = program.resident_now();
            if now < lowest {
                (lowest, since) = (now, Instant::now());
            }
        }
        println!("as it comes: {held} KiB with all, {at_once} when they left, {lowest} some seconds later");
        after.push(lowest);
    }
    assert!(after[1] <= after[0] * 6 / 5, "{} KiB after the first time, {} after the second", after[0], after[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_connection_weighs_the_same_however_many_there_are() {
    let _alone = alone().await;
    let sizes: &[usize] = if full() { &[2500, 5000, 7500, 10_000, 12_500, 15_000] } else { &[2000, 4000, 6000] };
    let mut points = Vec::new();
    for &people in sizes {
        // A new one for each, so that the points know nothing of each other.
        let program = Program::start("--no-limits");
        let there = come(&program, 0..people).await;
        points.push((people as f64, program.resident().await as f64 * 1024.0));
        drop(there);
    }
    Line::through(&points).holds("connection", &points, CONNECTION_BYTES);
}

/// The connections of a server are bounded by its open files, and its members are not: whose line breaks is a member until
/// grace is over.
#[tokio::test(flavor = "multi_thread")]
async fn each_member_who_is_away_weighs_the_same_however_many_there_are() {
    let _alone = alone().await;
    let (step, steps) = if full() { (10_000, 10) } else { (3000, 3) };
    let program = Program::start("--no-limits --grace 10h");
    let files_before = files(&program);
    let mut points = Vec::new();
    for n in 0..steps {
        drop(come(&program, n * step..(n + 1) * step).await);
        are_gone(&program, files_before).await;
        points.push((((n + 1) * step) as f64, program.resident().await as f64 * 1024.0));
    }
    for room in [0, (step * steps - 1) / ROOM] {
        let reply = Raw::connect(program.address).await.get(&format!("/api/rooms/room-{room}"), "").await;
        assert!(reply.text().contains(r#""people":20"#), "{}", reply.text());
    }
    Line::through(&points).holds("member who is away", &points, AWAY_BYTES);
}

/// A straight line through points: as near to all of them as one can be, by the squares of the distances.
struct Line {
    empty: f64,
    each: f64,
}

impl Line {
    fn through(points: &[(f64, f64)]) -> Self {
        let count = points.len() as f64;
        let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
        let (x, y) = (mean(|point| point.0), mean(|point| point.1));
        let both: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
        let each = both / points.iter().map(|point| (point.0 - x).powi(2)).sum::<f64>();
        Self { empty: y - each * x, each }
    }

    fn at(&self, x: f64) -> f64 {
        self.empty + self.each * x
    }

    /// Tells what it says, and holds it to its bounds.
    fn holds(&self, what: &str, points: &[(f64, f64)], most_each: f64) {
        let mib = |bytes: f64| bytes / f64::from(1 << 20);
        println!("{:.0} bytes for each {what}, beside {:.1} MiB", self.each, mib(self.empty));
        let off = |&(x, y): &(f64, f64)| y / self.at(x) - 1.0;
        for point in points {
            println!("{:>8}: {:>7.2} MiB, {:+.2} % off the line", point.0, mib(point.1), off(point) * 100.0);
        }
        println!("by the line {FAR} are {:.0} MiB", mib(self.at(FAR)));
        let most_each = if full() { most_each } else { most_each * SHORT };
        assert!(self.each <= most_each, "{:.0} bytes for each {what}", self.each);
        assert!(points.iter().all(|point| off(point).abs() <= OFF), "a {what} weighs more or less among many");
    }
}

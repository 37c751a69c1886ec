//! A room of thousands: what it costs to come in, and what everybody is sent while it fills.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use charsu::load::Process;
use serde_json::Value;

use crate::scene::{Program, full};
use crate::visitor::{Had, Settled, Visitor, WAVE, all, until};
use crate::{alone, median};

/// Names that an answer lists at most.
const LISTED: usize = 200;

/// Up to so many members each who comes is told of at once, and above that twice a second, or when so many bytes wait: the
/// defaults.
const LARGE: usize = 200;
const FLUSH: Duration = Duration::from_millis(500);
const PRESSED_BYTES: usize = 256 * 1024;

/// The largest that a list of [`LISTED`] short names and the rest of the answer are, and the notice that one came, in bytes.
const LIST_BYTES: usize = LISTED * 40 + 400;
const NOTICE_BYTES: u64 = 120;

/// What a join may take before others are told of it, from the request to the answer.
const JOIN: Duration = Duration::from_millis(1);

/// A name of so many as there may be.
fn name(n: usize) -> String {
    format!("m{n:05}")
}

/// Somebody who came in, and what was shown to it.
struct Arrived {
    member: Settled,
    /// Names in the answer, and its bytes.
    listed: usize,
    shown: usize,
    /// People in the room, as the answer says.
    count: usize,
}

/// People come into a room.
async fn fills(program: &Program, room: &'static str, people: usize) -> Vec<Arrived> {
    let address = program.address;
    all(people, move |n| async move {
        let mut visitor = Visitor::comes(n, address, Arc::new(Had::default())).await;
        let answer = visitor.joins(room, &name(n)).await;
        let shown: Value = serde_json::from_str(&answer).expect("JSON");
        Arrived {
            listed: shown["members"].as_array().expect("a list").len(),
            shown: answer.len(),
            count: shown["count"].as_u64().expect("a count") as usize,
            member: visitor.listens(),
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_that_fills_shows_newcomers_a_page_of_names_and_tells_of_them_in_few_writes() {
    let _alone = alone().await;
    let people = if full() { 5000 } else { 1000 };
    let program = Program::start("--no-limits");
    let process = Process::with_id(program.id());
    let (began, before) = (Instant::now(), process.cpu().expect("it runs"));
    let arrived = fills(&program, "square", people).await;
    let filled = began.elapsed();
    let sum = |of: fn(&Had) -> u64| arrived.iter().map(|one| of(&one.member.had)).sum::<u64>();
    let joins = || sum(|had| had.joins.load(Ordering::Relaxed));
    // Each hears of those who came after it, once.
    let wanted = (people * (people - 1) / 2) as u64;
    until("all to have heard of all who came after them", || joins() >= wanted).await;
    let settled = began.elapsed();
    let cpu = process.cpu().expect("it runs") - before;
    let heard_of = joins();

    let each = |of: fn(&Had) -> u64| arrived.iter().map(|one| of(&one.member.had)).collect::<Vec<u64>>();
    let (bytes, reads) = (each(|had| had.bytes.load(Ordering::Relaxed)), each(|had| had.reads.load(Ordering::Relaxed)));
    let (all_bytes, all_reads) = (bytes.iter().sum::<u64>(), reads.iter().sum::<u64>());
    let most = |of: &[u64]| of.iter().copied().max().expect("somebody");
    let (listed, shown): (Vec<usize>, Vec<usize>) = arrived.iter().map(|one| (one.listed, one.shown)).unzip();
    let all_listed: usize = listed.iter().sum();
    println!(
        "{people} came in {filled:.1?}, and had heard of each other after {settled:.1?}; server CPU {:.1?}",
        cpu.total()
    );
    println!("bytes to a member: median {}, most {}; to all {all_bytes}", median(&bytes), most(&bytes));
    println!("reads of a member: median {}, most {}; of all {all_reads}", median(&reads), most(&reads));
    println!(
        "names: {all_listed} in lists of at most {LISTED}, {heard_of} in notices; all to all would be {}",
        people * people
    );

    assert_eq!(heard_of, wanted, "somebody heard twice of somebody");
    for one in &arrived {
        assert!(one.listed == one.count.min(LISTED), "{} names of {} people", one.listed, one.count);
    }
    assert_eq!(arrived.iter().map(|one| one.count).max(), Some(people));
    assert!(shown.iter().all(|&shown| shown <= LIST_BYTES), "somebody was shown {:?} bytes", shown.iter().max());
    // Nothing but that: no list for each who comes.
    let answers: usize = shown.iter().sum();
    let rest = (all_bytes - answers as u64).saturating_sub(people as u64 * 500);
    assert!(rest <= heard_of * NOTICE_BYTES, "{rest} bytes for {heard_of} notices");
    // Whoever comes when the room is large already has three answers, and then what two writes a second bring, and a write
    // for whatever is too much to wait. The same again for what is cut on its way.
    let writes =
        3 + settled.as_millis().div_ceil(FLUSH.as_millis()) + (people * NOTICE_BYTES as usize / PRESSED_BYTES) as u128;
    let late = arrived.iter().filter(|one| one.count > LARGE + WAVE);
    let most_reads = late.map(|one| one.member.had.reads.load(Ordering::Relaxed)).max().expect("a large room");
    assert!(u128::from(most_reads) <= writes * 2, "{most_reads} reads: notices are not gathered");
}

#[tokio::test(flavor = "multi_thread")]
async fn coming_into_a_room_of_thousands_takes_no_longer_than_into_one_of_hundreds() {
    let _alone = alone().await;
    let (people, times) = if full() { (5000, 300) } else { (1000, 40) };
    // Nobody is told meanwhile, so that what is measured is what comes before that.
    let program = Program::start("--no-limits --large-room-flush 1h");
    let few = fills(&program, "lane", LARGE + 50).await;
    let mut many = fills(&program, "square", people).await;
    let sum = |many: &[Arrived], of: fn(&Had) -> u64| many.iter().map(|one| of(&one.member.had)).sum::<u64>();
    let joins = |many: &[Arrived]| sum(many, |had| had.joins.load(Ordering::Relaxed));
    // Whoever is given a place reads on to the end of what there is by then: those who came in with it, and no more.
    let late: Vec<&Arrived> = many.iter().filter(|one| one.count > LARGE + WAVE).collect();
    let told: u64 = late.iter().map(|one| one.member.had.joins.load(Ordering::Relaxed)).sum();
    let may_be_pressed = people * NOTICE_BYTES as usize > PRESSED_BYTES;
    assert!(may_be_pressed || told <= (late.len() * WAVE) as u64, "{told} notices went out by themselves");
    // What waits goes with the next line, and is in nobody's way from then on.
    many[0].member.says("square");
    let all_joins = (people * (people - 1) / 2) as u64;
    until("the line", || sum(&many, Had::messages) == people as u64).await;
    assert_eq!(joins(&many), all_joins, "the line came without what was before it");

    let mut visitor = Visitor::comes(0, program.address, Arc::default()).await;
    let mut took = [Vec::new(), Vec::new()];
    for _ in 0..times {
        for (room, took) in ["lane", "square"].into_iter().zip(&mut took) {
            let began = Instant::now();
            visitor.joins(room, "Newcomer").await;
            took.push(began.elapsed());
            visitor.leaves(room).await;
        }
    }
    let process = Process::with_id(program.id());
    let before = process.cpu().expect("it runs");
    for _ in 0..times {
        visitor.joins("square", "Newcomer").await;
        visitor.leaves("square").await;
    }
    let cpu = (process.cpu().expect("it runs") - before).total() / times;
    let [into_few, into_many] = took.map(|mut took| {
        took.sort_unstable();
        [50, 90].map(|per_cent| took[took.len() * per_cent / 100])
    });
    for (people, [half, most]) in [(few.len(), into_few), (people, into_many)] {
        println!("a join into a room of {people}: half within {half:.1?}, nine of ten within {most:.1?}");
    }
    println!("server CPU of a join and a leave among {people}: {cpu:.1?}");
    assert_eq!(joins(&many), all_joins, "somebody was told meanwhile");
    // Both list the same number of names.
    let [among_few, among_many] = [into_few[0], into_many[0]];
    assert!(among_many <= among_few * 2, "{among_many:?} among many, {among_few:?} among few");
    assert!(!full() || among_many <= JOIN, "{among_many:?}");
}

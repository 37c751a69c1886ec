//! The server is killed or stopped under load, again and again, and started again in the same place. Everybody comes back by
//! itself, and in the end the oracle finds nothing wrong: nothing that was acknowledged is lost where the store keeps it, and
//! where it does not, everybody is told once.
//!
//! `CHARSU_FULL=1 cargo test --release --test storms restarts:: -- --test-threads 1 --nocapture` does it 20 times with 500 people who
//! say 200 lines in a second.

use std::time::{Duration, Instant};

use crate::oracle::{self, Tally, Terms};
use crate::sailor::{Course, Fleet, Talk};
use crate::scene::{Chance, Folder, Program, full, ms, seed};

/// How long people may take who are only slowed down by a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// How the server comes to an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// At once, in the middle of whatever it does.
    Kill,
    /// As an operator asks it to.
    Stop,
}

/// A store that is to be put to the test.
struct Store<'a> {
    url: &'a str,
    /// What was acknowledged outlives the process.
    lasts: bool,
    /// Looks at it while nobody has it open.
    check: fn(&str),
}

const MEMORY: Store<'_> = Store { url: "memory:", lasts: false, check: |_| () };

/// Ends the server under load many times, each time at another moment, and gives what the oracle counted.
async fn outlives(end: End, store: Store<'_>) -> Tally {
    let seed = seed();
    // A noisy machine is given longer than the promise.
    let (people, rooms, per_second, ends, limit) =
        if full() { (500, 20, 200, 20, ms(3000)) } else { (60, 4, 60, 4, ms(10_000)) };
    rlimit::increase_nofile_limit(10_000).expect("the limit of open files can be raised");
    let mut program = Program::start_to_be_restarted(&format!("--no-limits --grace 5m --store {}", store.url));
    let mut fleet = Fleet::sails(people, seed, |n| Course::to(program.address, &format!("hall-{}", n % rooms)));
    fleet.are_there(PATIENCE).await;
    let (mut chance, mut longest) = (Chance::of(seed), Duration::ZERO);
    for _ in 0..ends {
        let begun = fleet.connections();
        fleet.talks(Talk::of_all(per_second, chance.span(&(ms(300)..ms(1200))))).await;
        // Much is under way in the moment of the end, and people talk on while nobody hears them.
        (0..people).for_each(|_| fleet.says_one(&Talk::of_all(per_second, ms(0))));
        tokio::time::sleep(chance.span(&(ms(0)..ms(8)))).await;
        match end {
            End::Kill => program.is_killed(),
            End::Stop => drop(program.is_stopped().await),
        }
        fleet.talks(Talk::of_all(per_second, ms(300))).await;
        (store.check)(store.url);
        program.starts_again();
        let up = Instant::now();
        fleet.are_back(&begun, PATIENCE).await;
        longest = longest.max(up.elapsed());
    }
    fleet.settles(PATIENCE).await;
    let (unconfirmed, endings) = (fleet.unconfirmed(), fleet.endings());
    println!("seed {seed}: {ends} times {end:?}; all were back {longest:?} after the server at the latest");
    println!(
        "{unconfirmed} lines were not confirmed; {endings:?}; nobody was away longer than {:?}",
        fleet.longest_away()
    );
    assert!(longest <= limit, "all were back only after {longest:?}");
    let terms = Terms { rooms_live_on: store.lasts };
    let run = format!("{end:?} {} {seed}", store.url.split(':').next().unwrap_or_default());
    let tally = oracle::hold(&run, &fleet.goes_ashore().await, terms);
    if store.lasts {
        assert_eq!((tally.all_resets(), unconfirmed), (0, 0), "nobody was to notice");
        assert_eq!(tally.resumes, people * ends, "one return for each end");
    } else {
        assert_eq!(tally.resets.get("epoch"), Some(&(people * ends)), "one word to everybody for each end");
        assert_eq!((tally.all_resets(), tally.resumes), (people * ends, 0));
    }
    assert_eq!(tally.connections, people * (ends + 1));
    assert_eq!(tally.acknowledged + tally.refused + unconfirmed, tally.said, "every line has an end");
    tally
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_kill_everybody_is_told_that_memory_was_lost_and_goes_on() {
    outlives(End::Kill, MEMORY).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_stop_everybody_is_told_that_memory_was_lost_and_goes_on() {
    outlives(End::Stop, MEMORY).await;
}

/// A file that keeps what was acknowledged, and is whole whenever nobody has it open.
async fn in_a_file(end: End) {
    let folder = Folder::new();
    let url = format!("sqlite:{}", folder.join("charsu.db").display());
    outlives(end, Store { url: &url, lasts: true, check: is_whole }).await;
}

/// Has `SQLite` look through the whole file.
fn is_whole(url: &str) {
    let file = url.strip_prefix("sqlite:").expect("a file");
    let checked = rusqlite::Connection::open(file)
        .and_then(|file| file.query_row("PRAGMA integrity_check", [], |row| row.get::<_, String>(0)));
    assert_eq!(checked.expect("the file can be read"), "ok");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_kill_everybody_goes_on_where_it_stood_and_nothing_acknowledged_is_lost_in_a_file() {
    in_a_file(End::Kill).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_stop_everybody_goes_on_where_it_stood_and_nothing_acknowledged_is_lost_in_a_file() {
    in_a_file(End::Stop).await;
}

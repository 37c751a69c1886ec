//! The process ends at each step of a write: before an event is written, before its group is committed, after that and before
//! anybody knows, and when some have been told and others not. Then it is started again, and nothing is torn.
//!
//! `cargo test --features failpoints --test write_steps`: the steps are built in for this only.

#[path = "../parts/sqlite_store/disk.rs"]
#[allow(dead_code, reason = "most of it is for the store's other proofs")]
mod disk;
mod ending;
#[path = "../oracle/mod.rs"]
mod oracle;
#[path = "../sailor/mod.rs"]
mod sailor;
#[path = "../scene/mod.rs"]
mod scene;

use std::time::Duration;

use oracle::Terms;
use sailor::{Course, Fleet, Talk};
use scene::{Folder, Program, full, ms, seed};

const PATIENCE: Duration = Duration::from_mins(1);

/// How many people talk in how many rooms.
const PEOPLE: usize = 16;
const ROOMS: usize = 3;

/// Ends the process at some passings of a step, and has the oracle judge what came of it.
async fn ends_at(step: &str) {
    let seed = seed();
    // All are in by then, and the later ones meet larger groups.
    let passings: &[u64] = if full() { &[60, 61, 75, 90, 120, 200, 350] } else { &[60, 120] };
    for &nth in passings {
        let folder = Folder::new();
        let file = folder.join("charsu.db");
        let arguments = format!("--no-limits --grace 5m --store sqlite:{}", file.display());
        let mut program = Program::start_to_die(&format!("{step}:{nth}"), &arguments);
        let mut fleet = Fleet::sails(PEOPLE, seed, |n| Course::to(program.address, &format!("hall-{}", n % ROOMS)));
        fleet.are_there(PATIENCE).await;
        let begun = fleet.connections();
        while program.lives() {
            fleet.talks(Talk::of_all(400, ms(50))).await;
        }
        let integrity = rusqlite::Connection::open(&file)
            .and_then(|file| file.query_row("PRAGMA integrity_check", [], |row| row.get::<_, String>(0)));
        assert_eq!(integrity.expect("the file can be read"), "ok");
        program.starts_again();
        fleet.are_back(&begun, PATIENCE).await;
        fleet.settles(PATIENCE).await;
        assert_eq!(fleet.unconfirmed(), 0, "everybody is known again");
        let run = format!("{step} {nth} {seed}");
        let tally = oracle::hold(&run, &fleet.goes_ashore().await, Terms { rooms_live_on: true });
        assert_eq!((tally.acknowledged, tally.all_resets()), (tally.said, 0), "{run}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn before_an_event_is_written() {
    ends_at("before_insert").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn before_its_group_is_committed() {
    ends_at("before_commit").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_commit_and_before_anybody_knows() {
    ends_at("after_commit").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_some_were_told_and_others_not() {
    ends_at("after_ack").await;
}

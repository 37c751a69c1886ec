//! The disk is full, or the file cannot be written: nothing that is refused is shown or kept, nothing that is acknowledged is
//! lost, the process lives, and goes on by itself once it can. Under load, judged by the oracle.

use std::time::Duration;

use crate::oracle::{self, Terms};
use crate::sailor::{Course, Fleet, Talk};
use crate::scene::{self, Folder, Program, Scene, ms, seed, until};

const PATIENCE: Duration = Duration::from_mins(1);
const PEOPLE: usize = 20;
const ROOMS: usize = 3;
/// For how many rounds of talk in a row nothing is to be kept before the disk counts as full for good.
const FULL_ROUNDS: usize = 3;

/// Lines long enough to fill a small disk soon.
fn much() -> Talk {
    Talk { chars: 1500, ..Talk::of_all(300, ms(250)) }
}

async fn status(address: std::net::SocketAddr, path: &str) -> u16 {
    scene::Raw::connect(address).await.get(path, "").await.status
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_refuses_lines_and_loses_none_and_all_goes_on_once_there_is_room() {
    let seed = seed();
    let folder = Folder::new();
    let arguments = format!("--no-limits --grace 5m --store sqlite:{}", folder.join("charsu.db").display());
    let mut program = Program::start_with_little_room(1500, &arguments);
    let mut fleet = Fleet::sails(PEOPLE, seed, |n| Course::to(program.address, &format!("hall-{}", n % ROOMS)));
    fleet.are_there(PATIENCE).await;
    // The log and the database beside it are full one after the other: as long as there is room in one of them, the store
    // may go on after a refusal.
    let mut full_since = 0;
    for _ in 0..200 {
        fleet.talks(much()).await;
        full_since = if status(program.address, "/readyz").await == 503 { full_since + 1 } else { 0 };
        if full_since == FULL_ROUNDS {
            break;
        }
    }
    assert_eq!(full_since, FULL_ROUNDS, "the disk was never full");
    // People talk on into it.
    fleet.talks(much()).await;
    assert!(program.lives());
    assert_eq!(status(program.address, "/healthz").await, 200);
    program.is_given_room();
    fleet.talks(much()).await;
    fleet.settles(PATIENCE).await;
    assert_eq!(status(program.address, "/readyz").await, 200);
    // What the file holds is what was acknowledged: the next process knows everybody and everything.
    let begun = fleet.connections();
    program.is_killed();
    program.starts_again();
    fleet.are_back(&begun, PATIENCE).await;
    fleet.settles(PATIENCE).await;
    let tally = oracle::hold(&format!("full disk {seed}"), &fleet.goes_ashore().await, Terms { rooms_live_on: true });
    assert!(tally.refused > 0 && tally.acknowledged > 0, "{tally}");
    assert_eq!(
        (tally.acknowledged, tally.all_resets()),
        (tally.said, 0),
        "what was refused was said again, and kept once"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_another_program_locks_now_and_then_refuses_lines_and_loses_none() {
    let seed = seed();
    let scene = Scene::on_disk(|settings| {
        settings.messages_per_second = u32::MAX;
        settings.messages_burst = u32::MAX;
        settings.connects_burst_per_address = u32::MAX;
    });
    let mut fleet = Fleet::sails(PEOPLE, seed, |n| Course::to(scene.address, &format!("hall-{}", n % ROOMS)));
    fleet.are_there(PATIENCE).await;
    for _ in 0..3 {
        fleet.talks(much()).await;
        let other = rusqlite::Connection::open(scene.database()).expect("the file can be opened");
        other.busy_timeout(Duration::from_secs(10)).expect("it takes a time");
        other.execute_batch("BEGIN IMMEDIATE").expect("the lock");
        fleet.talks(much()).await;
        until("the store to notice", || !scene.app.hub.keeps()).await;
        drop(other);
    }
    fleet.settles(PATIENCE).await;
    let tally = oracle::hold(&format!("locked {seed}"), &fleet.goes_ashore().await, Terms { rooms_live_on: true });
    assert!(tally.refused > 0 && tally.acknowledged > 0, "{tally}");
    assert_eq!(
        (tally.acknowledged, tally.all_resets()),
        (tally.said, 0),
        "what was refused was said again, and kept once"
    );
}

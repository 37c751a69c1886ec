//! Much of everything: many people in many rooms, many in one room, and some of them too slow. The server is a process of
//! its own. What is measured is printed; what is promised is asserted.
//!
//! `CHARSU_FULL=1 cargo test --release --test storms load:: -- --nocapture` plays the full forms, which need 10,000 connections and half
//! an hour. The short forms run in a debug build beside other tests: their bounds are those that only a server which makes
//! people wait for each other breaks, and not those of the promise.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, MutexGuard};

use crate::oracle::{self, Terms};
use crate::proxy::{Faults, Proxy, Ways};
use crate::sailor::{self, Course, Fleet, Meter, Talk};
use crate::scene::{Program, full, ms, seed};

/// How long people may take who are only slowed down by a busy machine.
const PATIENCE: Duration = Duration::from_mins(2);
/// People who set out at once.
const WAVE: usize = 250;

/// One load at a time: they would measure each other.
async fn alone() -> MutexGuard<'static, ()> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());
    rlimit::increase_nofile_limit(25_000).expect("the limit of open files can be raised");
    ONE_AT_A_TIME.lock().await
}

/// Eight addresses, so that there are ports for everybody.
fn from(n: usize) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(127, 0, 0, 1 + (n % 8) as u8))
}

/// What a session takes for each command that it remembers, with what the allocator adds, in bytes.
const REMEMBERED_BYTES: u64 = 64;

/// So many people, who come in waves.
async fn fleet_of(people: usize, seed: u64, course: impl Fn(usize) -> Course) -> Fleet {
    let mut fleet = Fleet::sails(0, seed, &course);
    for first in (0..people).step_by(WAVE) {
        let count = WAVE.min(people - first);
        fleet.grows(&format!("Wave {} of", first / WAVE), count, seed, |n| course(first + n));
        fleet.are_there(PATIENCE).await;
    }
    fleet
}

#[tokio::test(flavor = "multi_thread")]
async fn many_people_in_many_rooms_hear_each_other_in_time_and_memory_stays() {
    let _alone = alone().await;
    let seed = seed();
    let (people, rooms, per_second, minute, minutes) =
        if full() { (10_000, 200, 500, Duration::from_mins(1), 10) } else { (1000, 20, 50, ms(2000), 3) };
    let program = Program::start("--no-limits");
    let meter = Arc::new(Meter::default());
    let mut fleet = fleet_of(people, seed, |n| Course {
        from: from(n),
        meter: Some(Arc::clone(&meter)),
        patience: Duration::from_mins(1),
        ..Course::to(program.address, &format!("hall-{}", n % rooms))
    })
    .await;
    let mut resident = vec![program.resident_now()];
    meter.clear();
    for _ in 0..minutes {
        fleet.talks(Talk { whispers: None, ..Talk::of_all(per_second, minute) }).await;
        resident.push(program.resident_now());
    }
    println!("seed {seed}: {meter}; KiB of memory after each {minute:?}: {resident:?}");
    let late = meter.per_mille(990);
    fleet.settles(PATIENCE).await;
    let tally = oracle::hold(&format!("many rooms {seed}"), &fleet.goes_ashore().await, Terms::default());
    assert_eq!((tally.acknowledged, tally.connections), (tally.said, people));
    assert!(late <= if full() { ms(100) } else { ms(10_000) }, "one in a hundred lines came after {late:?}");
    let (second, last) = (resident[2], resident[resident.len() - 1]);
    // What a room keeps for those who come back grows for two minutes; and each session remembers its last 64 commands.
    let said_since = u64::from(per_second) * (minutes - 2) * minute.as_secs();
    let remembered = said_since.min(64 * people as u64) * REMEMBERED_BYTES / 1024;
    let allowed = if full() { second / 20 + remembered } else { 16 * 1024 };
    assert!(last <= second + allowed, "{second} KiB, and {last} KiB in the end");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_people_in_one_room_hear_each_other_in_time() {
    let _alone = alone().await;
    let seed = seed();
    let (people, per_second, span) = if full() { (2000, 20, Duration::from_mins(5)) } else { (250, 10, ms(4000)) };
    let program = Program::start("--no-limits");
    let meter = Arc::new(Meter::default());
    let mut fleet = fleet_of(people, seed, |n| Course {
        from: from(n),
        meter: Some(Arc::clone(&meter)),
        patience: Duration::from_mins(1),
        ..Course::to(program.address, "square")
    })
    .await;
    meter.clear();
    fleet.talks(Talk { whispers: None, ..Talk::of_all(per_second, span) }).await;
    println!("seed {seed}: {meter}; {} KiB of memory", program.resident_now());
    let late = meter.per_mille(990);
    fleet.settles(PATIENCE).await;
    let tally = oracle::hold(&format!("one room {seed}"), &fleet.goes_ashore().await, Terms::default());
    assert_eq!((tally.acknowledged, tally.connections), (tally.said, people));
    assert!(late <= if full() { ms(250) } else { ms(10_000) }, "one in a hundred lines came after {late:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_readers_delay_nobody_cost_little_and_recover_in_full() {
    let _alone = alone().await;
    let seed = seed();
    let (people, slow, stuck, span) = if full() { (200, 10, 2, Duration::from_mins(1)) } else { (40, 2, 1, ms(6000)) };
    let talk = Talk { chars: 2000, whispers: None, ..Talk::of_all(60, span) };
    // Little is kept, so that a slow reader is soon too far behind; and nobody is given up meanwhile.
    let program = Program::start(
        "--no-limits --reader-lag-bytes 256KiB --tail-bytes 128KiB --heartbeat-timeout-seconds 5m --grace 5m",
    );
    let proxy = Proxy::to(program.address, seed, Faults { narrow: true, ..Faults::default() });
    let meter = Arc::new(Meter::default());
    let mut fleet = Fleet::sails(people, seed, |n| Course {
        from: from(n),
        meter: Some(Arc::clone(&meter)),
        ..Course::to(program.address, "square")
    });
    fleet.are_there(PATIENCE).await;
    // As things are while everybody reads.
    fleet.talks(Talk { span: span / 2, ..talk }).await;
    meter.clear();
    fleet.talks(talk).await;
    let base = meter.per_mille(990);
    println!("seed {seed}: while all read, {meter}");
    let mut late = Fleet::called("Late", slow + stuck, seed, |_| Course {
        patience: Duration::from_mins(5),
        ..Course::to(proxy.address, "square")
    });
    late.are_there(PATIENCE).await;
    let before = program.resident_now();
    meter.clear();
    for (n, link) in proxy.links().into_iter().enumerate() {
        let how = if n < slow {
            Faults { rate: Some(1000), ..link.faults() }
        } else {
            Faults { stalled: Ways::ToClient, ..link.faults() }
        };
        link.set(how);
    }
    fleet.talks(talk).await;
    let (now, after) = (meter.per_mille(990), program.resident_now());
    println!("with {slow} slow and {stuck} stuck, {meter}; {before} KiB of memory before, {after} KiB with them");
    // A reader that made others wait would make them wait for as long as it is slow. A machine that does other things
    // beside is given two seconds of six in the short form.
    let bound = base * 6 / 5 + if full() { ms(5) } else { ms(2000) };
    assert!(now <= bound, "others waited {now:?}, and {base:?} before");
    assert!(after.saturating_sub(before) <= 2048 * (slow + stuck) as u64, "{before} KiB before, {after} KiB with them");

    proxy.set(Faults { narrow: true, ..Faults::default() });
    let mut all = fleet;
    all.takes_in(late);
    all.settles(PATIENCE).await;
    let fell_behind = |standing: &sailor::Standing| {
        standing.resets.iter().any(|reason| reason == "slow" || reason == "too_old")
            || standing.endings.iter().any(|ending| ending == "closed 4008")
    };
    for sailor in &all.sailors[people..] {
        let standing = sailor.standing();
        assert!(fell_behind(&standing), "{} missed lines and was not told: {standing:?}", sailor.name);
    }
    let tally = oracle::hold(&format!("slow readers {seed}"), &all.goes_ashore().await, Terms::default());
    assert_eq!(tally.acknowledged, tally.said);
}

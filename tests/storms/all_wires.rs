//! People on all wires in the same rooms, through lines that break all the time and a server that is killed: `charsu.v1`,
//! server-sent events and requests, Socket.IO over WebSocket and by polling, and pages of both tutorial dialects. In the end
//! the oracle finds nothing wrong: all have seen the same in the same order, as far as each wire shows it.
//!
//! `CHARSU_SEED=n` plays one storm again, as far as the timing of threads allows; `CHARSU_FULL=1` plays each for minutes, with
//! more people.

use std::time::{Duration, Instant};

use charsu::config::{Newcomers, Settings};

use crate::oracle::{self, Tally, Terms, Wire};
use crate::plain_and_over_tls;
use crate::proxy::{Faults, Proxy, Ways};
use crate::sailor::{By, Called, Course, Dialect, Ending, Fleet, Talk, Transport};
use crate::scene::{self, Chance, Folder, Over, Program, Scene, full, ms, seed, tireless};

/// How long people may take who are only slowed down by a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// Everybody in one room, and how they come. The first ones see numbers.
const CREW: [By; 13] = [
    By::Charsu,
    By::Charsu,
    By::Charsu,
    By::Events,
    By::Events,
    By::SocketIo(Transport::Socket, Called::Guest),
    By::SocketIo(Transport::Socket, Called::ByName),
    By::SocketIo(Transport::Polling, Called::Guest),
    By::SocketIo(Transport::Polling, Called::ByName),
    By::SocketIo(Transport::Moving, Called::ByName),
    By::Page(Dialect::OneSegment(Called::Guest)),
    By::Page(Dialect::OneSegment(Called::ByName)),
    By::Page(Dialect::TwoSegments),
];

const ROOMS: [&str; 2] = ["bay", "sea"];

/// How many of these crews are in each room.
fn crews() -> usize {
    if full() { 8 } else { 1 }
}

fn people() -> usize {
    ROOMS.len() * crews() * CREW.len()
}

/// How somebody comes. Whoever can be in several rooms at once sometimes is.
fn course(n: usize, to: &Course) -> Course {
    let (by, room) = (CREW[n % CREW.len()], ROOMS[n / CREW.len() % ROOMS.len()]);
    let is_in_both = matches!(n % CREW.len(), 2 | 4);
    let rooms = if is_in_both { ROOMS.map(Into::into).to_vec() } else { vec![room.into()] };
    Course { by, rooms, ..to.clone() }
}

/// A server that notices soon who is gone, so that names are free again soon, and shows those who come back what they missed.
fn watchful(settings: &mut Settings) {
    tireless(settings);
    settings.visits_per_minute_per_address = u32::MAX;
    settings.newcomers = Newcomers::Recent;
    settings.heartbeat_seconds = ms(700);
    settings.heartbeat_timeout_seconds = ms(700);
}

/// What holds for everybody's lines in the end.
fn all_have_an_end(tally: &Tally, unconfirmed: usize, over: usize) {
    assert_eq!(tally.all_resets(), 0, "nobody was away for too long");
    assert_eq!(over, tally.said, "every line has an end");
    let by_wire = [Wire::Charsu, Wire::Events, Wire::SocketIo, Wire::Page].map(|wire| tally.acknowledged_by(wire));
    println!("acknowledged by charsu.v1, events, Socket.IO and pages: {by_wire:?}; {unconfirmed} not confirmed");
    assert!(by_wire.iter().all(|count| *count > 0), "somebody said nothing: {by_wire:?}");
}

async fn through_every_cut(over: Over) {
    let (life, span) =
        if full() { (ms(1000)..ms(5000), Duration::from_mins(3)) } else { (ms(150)..ms(1200), ms(6000)) };
    let seed = seed();
    println!("seed {seed}");
    let scene = Scene::over(over, watchful);
    let proxy = Proxy::to(scene.address, seed, Faults::default());
    let trust = scene.authority.as_ref().map(scene::Authority::trust);
    let all = Course { patience: ms(1000), trust, ..Course::to(proxy.address, "") };
    let mut fleet = Fleet::sails(people(), seed, |n| course(n, &all));
    fleet.are_there(PATIENCE).await;
    proxy.set(Faults { life: Some(life.clone()), ..Faults::default() });
    let (mut chance, began) = (Chance::of(seed), Instant::now());
    while began.elapsed() < span {
        fleet.talks(Talk::of_all(80, ms(60))).await;
        let how = [Ending::Vanish, Ending::Reload, Ending::Abandon][chance.index(3)];
        let people = fleet.sailors.len();
        fleet.sailors[chance.index(people)].ends(how);
        // Some lines hold everything back for a moment, or lose what is on them and say nothing.
        let links = proxy.links();
        if !links.is_empty() {
            let link = &links[chance.index(links.len())];
            let now = link.faults();
            link.set(match chance.index(4) {
                0 => Faults { stalled: Ways::Both, ..now },
                1 => Faults { swallowed: Ways::ToServer, ..now },
                2 => Faults { swallowed: Ways::ToClient, ..now },
                _ => Faults { stalled: Ways::Neither, piece: Some(7), ..now },
            });
        }
    }
    proxy.set(Faults::default());
    fleet.talks(Talk::of_all(80, ms(200))).await;
    fleet.settles(PATIENCE).await;
    println!("{:?}", fleet.endings());
    let (unconfirmed, ended) = (fleet.unconfirmed(), fleet.over());
    let tally = oracle::hold(&format!("every wire {over:?} {seed}"), &fleet.goes_ashore().await, Terms::default());
    assert!(tally.connections > 3 * people(), "hardly anything broke");
    all_have_an_end(&tally, unconfirmed, ended);
}

plain_and_over_tls! {
    through_every_cut
}

#[tokio::test(flavor = "multi_thread")]
async fn after_every_kill_all_go_on_with_the_lines_that_a_file_has_kept() {
    let seed = seed();
    let (ends, per_second) = if full() { (20, 200) } else { (3, 80) };
    rlimit::increase_nofile_limit(10_000).expect("the limit of open files can be raised");
    let folder = Folder::new();
    let store = folder.join("charsu.db");
    let mut program = Program::start_to_be_restarted(&format!(
        "--no-limits --grace 5m --newcomers recent --heartbeat-seconds 1 --heartbeat-timeout-seconds 2 --store sqlite:{}",
        store.display()
    ));
    let all = Course { patience: ms(2000), ..Course::to(program.address, "") };
    let mut fleet = Fleet::sails(people(), seed, |n| course(n, &all));
    fleet.are_there(PATIENCE).await;
    let mut chance = Chance::of(seed);
    for _ in 0..ends {
        let begun = fleet.connections();
        fleet.talks(Talk::of_all(per_second, chance.span(&(ms(300)..ms(900))))).await;
        // Much is under way in the moment of the end, and people talk on while nobody hears them.
        (0..people()).for_each(|_| fleet.says_one(&Talk::of_all(per_second, ms(0))));
        tokio::time::sleep(chance.span(&(ms(0)..ms(8)))).await;
        program.is_killed();
        fleet.talks(Talk::of_all(per_second, ms(200))).await;
        program.starts_again();
        fleet.are_back(&begun, PATIENCE).await;
    }
    fleet.settles(PATIENCE).await;
    println!("seed {seed}: {ends} kills; {:?}", fleet.endings());
    let (unconfirmed, ended) = (fleet.unconfirmed(), fleet.over());
    let terms = Terms { rooms_live_on: true };
    let tally = oracle::hold(&format!("every wire killed {seed}"), &fleet.goes_ashore().await, terms);
    all_have_an_end(&tally, unconfirmed, ended);
}

//! Bad lines, one kind at a time: half open, moved to another network, asleep, slow, torn, and all cut at once. In the end
//! the oracle finds nothing wrong.
//!
//! `CHARSU_FULL=1 cargo test --release --test storms bad_lines:: -- --test-threads 1 --nocapture` plays every scene at its full length.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::oracle::{self, Terms};
use crate::proxy::{Cut, Faults, Proxy, Ways};
use crate::sailor::{Course, Fleet, Meter, Sailor, Talk};
use crate::scene::{CHARSU, Chance, Frame, Program, Raw, Scene, Socket, full, ms, seed, tireless};

/// How long a fleet may take for what it does at once on a good day.
const PATIENCE: Duration = Duration::from_mins(1);

fn half_open(ways: Ways) -> Faults {
    Faults { stalled: ways, ..Faults::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_back_elsewhere_gets_nothing_twice_over_the_line_that_still_looks_alive() {
    let scene = Scene::with(tireless);
    let proxy = Proxy::to(scene.address, 1, Faults::default());
    let mut sara = scene.person_in("general", "Sara").await;
    let mut old = Socket::open(Raw::connect(proxy.address).await, "/ws", CHARSU).await;
    old.say(r#"{"type":"hello"}"#).await;
    let welcome = old.json().await;
    old.say(r#"{"type":"join","id":1,"room":"general","name":"Ali"}"#).await;
    let joined = old.json().await;
    // From here on nothing comes through, and neither end can know.
    proxy.set(half_open(Ways::Both));
    let before = sara.says("general", "before").await;

    let mut new = Socket::open(scene.connect().await, "/ws", CHARSU).await;
    new.say(&json!({ "type": "hello", "session": welcome["session"] }).to_string()).await;
    assert_eq!(new.json().await["resumed"], true);
    let since = json!({ "epoch": joined["epoch"], "seq": joined["seq"] });
    new.say(&json!({ "type": "join", "id": 2, "room": "general", "name": "Ali", "since": since }).to_string()).await;
    assert_eq!(new.json().await["resumed"], true);
    assert_eq!(new.json().await["seq"], before);
    let after = sara.says("general", "after").await;
    assert_eq!(new.json().await["seq"], after);

    // The network is back, and hands over what it had kept: that, and why there is no more.
    proxy.set(Faults::default());
    assert_eq!(old.json().await["seq"], before);
    assert_eq!(old.next().await, Frame::Close(4000, "this session is open somewhere else".to_owned()));
    let left = sara.unread_events();
    assert!(!left.iter().any(|event| event["type"] == "leave"), "{left:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn half_open_lines_are_found_and_whoever_lost_them_is_back_without_loss() {
    let seed = seed();
    let (people, rounds) = if full() { (100, 100) } else { (12, 3) };
    let scene = Scene::with(|settings| {
        tireless(settings);
        settings.heartbeat_seconds = ms(200);
        settings.heartbeat_timeout_seconds = ms(800);
    });
    let proxy = Proxy::to(scene.address, seed, Faults::default());
    let address = |n: usize| IpAddr::V4(Ipv4Addr::new(127, 3, 0, n as u8 + 1));
    let mut fleet = Fleet::sails(people, seed, |n| Course {
        from: address(n),
        patience: ms(1000),
        ..Course::to(proxy.address, "general")
    });
    fleet.are_there(PATIENCE).await;
    let mut found = Duration::ZERO;
    for round in 0..rounds {
        let (begun, lost) = (fleet.connections(), people / 3);
        let swallowed = [Ways::Both, Ways::ToServer, Ways::ToClient][round % 3];
        for link in (0..lost).flat_map(|n| proxy.links_from(address(n))) {
            link.set(Faults { swallowed, ..Faults::default() });
        }
        let talk = Talk::of_all(50, ms(1000));
        if swallowed == Ways::Both {
            // Who is found must not come back before.
            fleet.sailors[..lost].iter().for_each(Sailor::sleeps);
            let cut = Instant::now();
            let found_by_server = async {
                scene.connections(people - lost).await;
                cut.elapsed()
            };
            let (after, ()) = tokio::join!(found_by_server, fleet.talks(talk));
            found = found.max(after);
            fleet.sailors[..lost].iter().for_each(Sailor::wakes);
        } else {
            fleet.talks(talk).await;
        }
        fleet.are_back_of(lost, &begun, PATIENCE).await;
        scene.connections(people).await;
    }
    fleet.settles(PATIENCE).await;
    println!("seed {seed}: the server found all half-open lines within {found:?}; {:?}", fleet.endings());
    // The settings say one second; then it says goodbye for another, to nobody. A noisy machine is given more.
    assert!(found <= if full() { ms(2500) } else { ms(5000) }, "found only after {found:?}");
    let tally = oracle::hold(&format!("half open {seed}"), &fleet.goes_ashore().await, Terms::default());
    assert_eq!((tally.acknowledged, tally.all_resets()), (tally.said, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_network_costs_a_moment_and_no_line() {
    let seed = seed();
    // A noisy machine is given longer than anybody should have to wait.
    let (people, changes, limit) = if full() { (20, 100, ms(1000)) } else { (5, 12, ms(4000)) };
    let scene = Scene::with(tireless);
    let proxy = Proxy::to(scene.address, seed, Faults::default());
    let mut fleet = Fleet::sails(people, seed, |_| Course::to(proxy.address, "general"));
    fleet.are_there(PATIENCE).await;
    let mut chance = Chance::of(seed);
    for change in 0..changes {
        let begun = fleet.connections();
        for (n, sailor) in fleet.sailors.iter().enumerate() {
            let network = |change: u8| IpAddr::V4(Ipv4Addr::new(127, 2 + n as u8, change, 1));
            let was_at = if change == 0 { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { network(change - 1) };
            // The old network is gone at once, with all that was under way; the new one takes a new connection.
            for link in proxy.links_from(was_at) {
                if change > 0 || chance.below(2) == 0 {
                    link.cut(Cut::Silence);
                }
            }
            sailor.moves(network(change));
        }
        fleet.talks(Talk::of_all(100, ms(200))).await;
        fleet.are_back(&begun, PATIENCE).await;
    }
    fleet.settles(PATIENCE).await;
    let longest = fleet.longest_away();
    println!("seed {seed}: {changes} changes of network each, the longest took {longest:?}");
    assert!(longest <= limit, "somebody was away for {longest:?}");
    let tally = oracle::hold(&format!("networks {seed}"), &fleet.goes_ashore().await, Terms::default());
    assert_eq!((tally.resumes, tally.all_resets()), (people * usize::from(changes), 0));
    assert_eq!(tally.acknowledged, tally.said);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_slept_for_less_than_its_grace_goes_on_where_it_stood() {
    const SLEEPERS: usize = 6;
    let seed = seed();
    let scene = Scene::with(|settings| {
        tireless(settings);
        settings.heartbeat_seconds = ms(200);
        settings.heartbeat_timeout_seconds = ms(400);
    });
    let proxy = Proxy::to(scene.address, seed, Faults::default());
    let mut fleet = Fleet::sails(2 * SLEEPERS, seed, |n| {
        Course::to(if n < SLEEPERS { proxy.address } else { scene.address }, "general")
    });
    fleet.are_there(PATIENCE).await;
    let begun = fleet.connections();
    proxy.set(half_open(Ways::Both));
    fleet.sailors[..SLEEPERS].iter().for_each(Sailor::sleeps);
    let awake = Talk::of_all(50, ms(500));
    // Long enough for the server to give their lines up.
    let ((), ()) = tokio::join!(fleet.talks(awake), scene.connections(SLEEPERS));
    proxy.set(Faults::default());
    fleet.sailors[..SLEEPERS].iter().for_each(Sailor::wakes);
    fleet.are_back_of(SLEEPERS, &begun, PATIENCE).await;
    fleet.settles(PATIENCE).await;
    println!("seed {seed}: {:?}", fleet.endings());
    let tally = oracle::hold(&format!("sleep {seed}"), &fleet.goes_ashore().await, Terms::default());
    assert_eq!((tally.resumes, tally.all_resets(), tally.connections), (SLEEPERS, 0, 3 * SLEEPERS), "one return each");
    assert_eq!(tally.acknowledged, tally.said);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_slept_for_longer_is_told_that_it_had_left() {
    const SLEEPERS: usize = 6;
    let seed = seed();
    let scene = Scene::with(|settings| {
        tireless(settings);
        settings.heartbeat_seconds = ms(200);
        settings.heartbeat_timeout_seconds = ms(400);
        settings.grace = ms(100);
    });
    let proxy = Proxy::to(scene.address, seed, Faults::default());
    let mut sara = scene.person_in("general", "Sara").await;
    let mut fleet = Fleet::sails(SLEEPERS, seed, |_| Course::to(proxy.address, "general"));
    fleet.are_there(PATIENCE).await;
    let begun = fleet.connections();
    proxy.set(half_open(Ways::Both));
    fleet.sailors.iter().for_each(Sailor::sleeps);
    for _ in 0..SLEEPERS {
        sara.hears("leave").await;
    }
    // Nothing is whispered: there is nobody to whisper to until the others are back, too.
    fleet.talks(Talk { whispers: None, ..Talk::of_all(50, ms(300)) }).await;
    proxy.set(Faults::default());
    fleet.sailors.iter().for_each(Sailor::wakes);
    fleet.are_back(&begun, PATIENCE).await;
    fleet.settles(PATIENCE).await;
    let logs = fleet.goes_ashore().await;
    let tally = oracle::hold_among(&format!("long sleep {seed}"), &["Sara"], &logs, Terms::default());
    assert_eq!(tally.resets.get("left"), Some(&SLEEPERS), "{tally}");
    assert_eq!((tally.all_resets(), tally.acknowledged), (SLEEPERS, tally.said));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_and_unsteady_line_is_not_taken_for_a_dead_one() {
    let seed = seed();
    let (people, span) = if full() { (100, Duration::from_mins(5)) } else { (15, ms(9000)) };
    let scene = Scene::with(|settings| {
        tireless(settings);
        settings.heartbeat_seconds = ms(1000);
        settings.heartbeat_timeout_seconds = ms(2000);
    });
    // There and back in 200 ms, give or take 100.
    let far = Faults { delay: ms(100), jitter: ms(50), ..Faults::default() };
    let proxy = Proxy::to(scene.address, seed, far);
    // Some have nothing to hear but heartbeats.
    let mut fleet = Fleet::sails(people, seed, |n| Course {
        patience: ms(1500),
        ..Course::to(proxy.address, if n % 5 == 0 { "quiet" } else { "general" })
    });
    fleet.are_there(PATIENCE).await;
    let talkers: Vec<usize> = (0..people).filter(|n| n % 5 != 0).collect();
    let (mut chance, began) = (Chance::of(seed), Instant::now());
    while began.elapsed() < span {
        fleet.talks_among(&talkers, Talk::of_all(30, ms(300))).await;
        let links = proxy.links();
        if !links.is_empty() {
            links[chance.index(links.len())].cut([Cut::Reset, Cut::End][chance.index(2)]);
        }
    }
    fleet.talks_among(&talkers, Talk::of_all(30, ms(1000))).await;
    fleet.settles(PATIENCE).await;
    let endings = fleet.endings();
    println!("seed {seed}: {endings:?}");
    assert!(!endings.contains_key("silent") && !endings.contains_key("closed 4010"), "given up: {endings:?}");
    let tally = oracle::hold(&format!("far {seed}"), &fleet.goes_ashore().await, Terms::default());
    assert_eq!((tally.acknowledged, tally.all_resets()), (tally.said, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn torn_and_gathered_writes_carry_the_same_words() {
    let seed = seed();
    let span = if full() { Duration::from_mins(1) } else { ms(3000) };
    let scene = Scene::with(tireless);
    let torn = Proxy::to(scene.address, seed, Faults { piece: Some(1), ..Faults::default() });
    let gathered = Proxy::to(scene.address, seed, Faults { gather: Some((64 * 1024, ms(100))), ..Faults::default() });
    let mut fleet = Fleet::sails(9, seed, |n| Course {
        // Enough at once to fill what is gathered.
        on_the_way: 60,
        ..Course::to([torn.address, gathered.address, scene.address][n % 3], "general")
    });
    fleet.are_there(PATIENCE).await;
    // Characters of four bytes, which are torn, too.
    fleet.talks(Talk { padding: '🫖', chars: 80, ..Talk::of_all(30, span) }).await;
    // Each piece costs a write: much is said in larger ones, which are never whole characters or frames either.
    torn.set(Faults { piece: Some(7), ..Faults::default() });
    let burst = Talk { padding: '🫖', chars: 1000, ..Talk::of_all(0, span) };
    (0..40).for_each(|_| fleet.says_one(&burst));
    fleet.settles(PATIENCE).await;
    let tally = oracle::hold(&format!("torn {seed}"), &fleet.goes_ashore().await, Terms::default());
    assert_eq!((tally.acknowledged, tally.connections, tally.all_resets()), (tally.said, 9, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn all_are_back_soon_after_every_line_was_cut_at_once() {
    let seed = seed();
    let people = if full() { 5000 } else { 500 };
    let limit = Duration::from_secs(15);
    // Three open files for each of them are ours; those of the server are its own.
    rlimit::increase_nofile_limit(20_000).expect("the limit of open files can be raised");
    let program = Program::start("--no-limits --grace 5m --reader-lag-bytes 16MiB");
    let proxy = Proxy::to(program.address, seed, Faults::default());
    let meter = Arc::new(Meter::default());
    // Thirty whose lines hold, and who talk all the time.
    let mut steady = Fleet::sails(30, seed, |_| Course {
        meter: Some(Arc::clone(&meter)),
        ..Course::to(program.address, "general")
    });
    let mut fleet = Fleet::called("Swimmer", people, seed, |n| Course::to(proxy.address, &format!("bay-{}", n / 25)));
    steady.are_there(PATIENCE).await;
    fleet.are_there(PATIENCE).await;
    meter.clear();
    steady.talks(Talk::of_all(50, ms(2000))).await;
    let base = meter.per_mille(990);
    println!("seed {seed}: before, {meter}");
    meter.clear();
    // Lines that are under way when they are cut.
    let last_words = Talk::of_all(0, ms(0));
    (0..people).for_each(|_| fleet.says_one(&last_words));
    let begun = fleet.connections();
    let cut = Instant::now();
    proxy.cut_all(Cut::Reset);
    let back = async {
        fleet.are_back(&begun, PATIENCE).await;
        cut.elapsed()
    };
    let (back, ()) = tokio::join!(back, steady.talks(Talk::of_all(50, ms(3000))));
    println!("{people} were back after {back:?}; meanwhile, {meter}");
    assert!(back <= limit, "{people} needed {back:?}");
    // Two times the base, or what it takes while the server, the proxy and everybody else's page share two cores: as long
    // as so many shake hands, nobody has a core to itself.
    let bound = (2 * base).max(if full() { ms(1500) } else { ms(10_000) });
    assert!(meter.per_mille(990) <= bound, "others waited: {meter}, and {base:?} before");
    fleet.settles(PATIENCE).await;
    steady.settles(PATIENCE).await;
    let steady = oracle::hold(&format!("steady {seed}"), &steady.goes_ashore().await, Terms::default());
    let tally = oracle::hold(&format!("all cut {seed}"), &fleet.goes_ashore().await, Terms::default());
    assert_eq!((steady.acknowledged, steady.connections), (steady.said, 30));
    assert_eq!((tally.acknowledged, tally.all_resets(), tally.resumes), (tally.said, 0, people));
}

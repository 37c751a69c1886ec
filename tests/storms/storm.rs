//! Lines that break all the time: everybody loses its connection in every way, comes back and sends again what was not
//! acknowledged, and in the end the oracle finds nothing wrong.
//!
//! `CHARSU_SEED=n` plays one storm again, as far as the timing of threads allows. `CHARSU_FULL=1` plays it for five minutes
//! with 200 people whose lines are cut every 1 to 5 s.

use std::time::{Duration, Instant};

use crate::oracle::{self, Terms};
use crate::proxy::{Faults, Proxy};
use crate::sailor::{Course, Ending, Fleet, Talk};
use crate::scene::{Chance, Scene, full, ms, seed, tireless};

#[tokio::test(flavor = "multi_thread")]
async fn through_every_cut_all_see_the_same_and_every_line_once() {
    let (people, life, span) =
        if full() { (200, ms(1000)..ms(5000), Duration::from_mins(5)) } else { (40, ms(100)..ms(800), ms(8000)) };
    let seed = seed();
    println!("seed {seed}");
    let scene = Scene::with(tireless);
    let proxy = Proxy::to(scene.address, seed, Faults::default());
    let mut fleet = Fleet::sails(people, seed, |n| Course {
        patience: ms(1000),
        ..Course::to(proxy.address, if n % 4 == 0 { "bay" } else { "sea" })
    });
    // Whoever loses its first line before it has heard the secret of its session cannot take its own place back before
    // the grace is over: so all are in before it begins.
    fleet.are_there(Duration::from_secs(30)).await;
    proxy.set(Faults { life: Some(life), ..Faults::default() });
    // Some end their lines themselves, or leave them open behind them, which is only found when they are back.
    let (mut chance, began) = (Chance::of(seed), Instant::now());
    while began.elapsed() < span {
        fleet.talks(Talk::of_all(100, ms(50))).await;
        let how = [Ending::Vanish, Ending::Reload, Ending::Abandon][chance.index(3)];
        fleet.sailors[chance.index(people)].ends(how);
    }
    proxy.set(Faults::default());
    fleet.talks(Talk::of_all(100, ms(200))).await;
    fleet.settles(Duration::from_secs(30)).await;
    let copies = fleet.most_copies();
    println!("{:?}; {copies} copies of a line at most", fleet.endings());
    let tally = oracle::hold(&format!("storm {seed}"), &fleet.goes_ashore().await, Terms::default());
    assert!(tally.connections > 3 * people, "hardly anything broke");
    assert!(!full() || copies <= 4, "a line needed {copies} copies: more than three reconnects");
    assert_eq!((tally.acknowledged, tally.all_resets()), (tally.said, 0));
}

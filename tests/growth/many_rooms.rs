//! The same talk in servers with 10 to 10,000 rooms: what a delivery costs them.
//!
//! All rooms have two members, and each pair of connections shares two rooms: 10,000 rooms with a connection for each
//! member would need more files than a process may have open. So there are as many connections as rooms, and no connection
//! is in more rooms here than there.
//!
//! There are two talks, at the same rate. In the first, ten rooms on ten connections talk in every server, spread over all
//! that are there: what differs is how much the server holds, and nothing else. This is what the promise is about. In the
//! second, all rooms take turns. Then what a delivery touches has left the processor's caches where there are many, the
//! kernel's sockets included, and that costs something, whoever wrote the server.
//!
//! Heartbeats are switched off: they cost by the connection and the second, and not by the delivery.

use std::sync::Arc;
use std::time::Duration;

use charsu::load::{Cpu, Process};

use crate::scene::{Program, full};
use crate::visitor::{Had, Settled, Visitor, all, until};
use crate::{alone, median};

/// Rooms that talk in the first talk.
const TALKING: usize = 10;

/// Every so often a few lines are said, each in another room and by another pair: 4,000 a second, which keeps no machine
/// busy.
const BEAT: Duration = Duration::from_millis(1);
const LINES_A_BEAT: usize = 4;

/// How much dearer a delivery may be where it is dearest than where it is cheapest, in each talk. Short forms are played
/// where others work, with little to count: they find what looks at every room.
const BOUND: [f64; 2] = [1.15, 1.5];
const SHORT_BOUND: [f64; 2] = [1.5, 1.75];

/// A server with its rooms.
struct Town {
    program: Program,
    rooms: usize,
    /// Two for each two rooms.
    people: Vec<Settled>,
    had: Arc<Had>,
    /// Counts the lines, so that everybody has a turn.
    turn: usize,
}

impl Town {
    async fn with_rooms(rooms: usize) -> Self {
        let program = Program::start("--no-limits --heartbeat-seconds 10h");
        let (address, had) = (program.address, Arc::new(Had::default()));
        let people = all(rooms, |n| {
            let had = Arc::clone(&had);
            async move {
                let mut visitor = Visitor::comes(n, address, had).await;
                for room in [n / 2 * 2, n / 2 * 2 + 1] {
                    visitor.joins(&name(room), &format!("m{n:05}")).await;
                }
                visitor.listens()
            }
        })
        .await;
        Self { program, rooms, people, had, turn: 0 }
    }

    /// Says so many lines at the steady pace, in so many rooms that lie far apart, and waits until both members of the room
    /// have each. Gives the processor time that the server took.
    async fn talks(&mut self, lines: usize, talking: usize) -> Cpu {
        let process = Process::with_id(self.program.id());
        let (before, heard) = (process.cpu().expect("it runs"), self.had.messages());
        let mut beat = tokio::time::interval(BEAT);
        beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        for line in 0..lines {
            if line % LINES_A_BEAT == 0 {
                beat.tick().await;
            }
            let turn = self.turn;
            self.turn += 1;
            // Pairs after each other, so that those who talk at one moment have nothing in common.
            let pairs = talking / 2;
            let (pair, second, by) = (turn % pairs, turn / pairs % 2, turn / talking % 2);
            let pair = pair * (self.rooms / 2) / pairs;
            self.people[pair * 2 + by].says(&name(pair * 2 + second));
        }
        let wanted = heard + 2 * lines as u64;
        until("all lines to arrive", || self.had.messages() >= wanted).await;
        let spent = process.cpu().expect("it runs") - before;
        assert_eq!(self.had.messages(), wanted, "something came twice");
        spent
    }
}

fn name(room: usize) -> String {
    format!("room-{room}")
}

/// The processor time of one delivery, in microseconds.
#[derive(Clone, Copy)]
struct Cost {
    user: f64,
    system: f64,
}

impl Cost {
    /// Each line is delivered to two.
    fn of(spent: Cpu, lines: usize) -> Self {
        let each = |time: Duration| time.as_secs_f64() * 1e6 / (2 * lines) as f64;
        Self { user: each(spent.user), system: each(spent.system) }
    }

    fn total(self) -> f64 {
        self.user + self.system
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_costs_the_same_among_many_rooms_as_among_few() {
    let _alone = alone().await;
    let (sizes, rounds, lines): (&[usize], _, _) =
        if full() { (&[10, 100, 1000, 10_000], 11, 12_000) } else { (&[10, 3000], 3, 2000) };
    let mut towns = Vec::new();
    for &rooms in sizes {
        towns.push(Town::with_rooms(rooms).await);
    }
    let bounds = if full() { BOUND } else { SHORT_BOUND };
    let mut missed = Vec::new();
    for (is_first, bound) in [true, false].into_iter().zip(bounds) {
        let mut costs: Vec<Vec<Cost>> = vec![Vec::new(); towns.len()];
        // One round first that does not count.
        for round in 0..=rounds {
            // Each server in turn, so that whatever else the machine does meets all.
            for (town, costs) in towns.iter_mut().zip(&mut costs) {
                let talking = if is_first { TALKING } else { town.rooms };
                let spent = town.talks(lines, talking).await;
                if round > 0 {
                    costs.push(Cost::of(spent, lines));
                }
            }
        }
        let who = if is_first { "ten rooms talk" } else { "all rooms talk" };
        println!("{who}: server CPU of a delivery in us, median of {rounds} rounds of {lines} lines");
        // To what a delivery cost in the same round over all servers: the machine is not equally fast in every round.
        let in_round = |round: usize| costs.iter().map(|costs| costs[round].total()).sum::<f64>() / costs.len() as f64;
        let mut shares = Vec::new();
        for (rooms, costs) in sizes.iter().zip(&costs) {
            let of = |part: fn(&Cost) -> f64| median(&costs.iter().map(part).collect::<Vec<f64>>());
            let (user, system, total) = (of(|cost| cost.user), of(|cost| cost.system), of(|cost| cost.total()));
            let each_share: Vec<f64> = (0..rounds).map(|round| costs[round].total() / in_round(round)).collect();
            let share = median(&each_share);
            println!(
                "{rooms:>8} rooms {total:>8.2} (user {user:.2}, system {system:.2}), {share:.3} of the round's mean"
            );
            shares.push(share);
        }
        let (least, most) =
            (shares.iter().copied().fold(f64::MAX, f64::min), shares.iter().copied().fold(0.0, f64::max));
        println!("dearest to cheapest: {:.2}, may be {bound}", most / least);
        if most > least * bound {
            missed.push(format!("{who}: a delivery costs {shares:.3?} of the mean among {sizes:?} rooms"));
        }
    }
    assert!(missed.is_empty(), "{missed:?}");
}

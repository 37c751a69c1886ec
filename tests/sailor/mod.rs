//! Somebody who stays in its rooms whatever becomes of its line: it keeps the secret of its session, where it stood and what
//! it said, comes back, goes on from there, and sends again what was not acknowledged as long as its session is known. It
//! writes down everything that happens to it, for the oracle.
//!
//! Some come by other wires than `charsu.v1` over a WebSocket, and do what their wire lets them: `events.rs`, `socketio.rs` and
//! `page.rs`.
//!
//! It is lean, so that thousands fit into one process, and judges nothing by itself.
#![allow(dead_code, unused_imports, reason = "each program of the tests uses its own part of it")]

mod charsu;
mod engine;
mod events;
mod fleet;
mod frames;
mod http;
mod line;
mod meter;
mod page;
mod places;
mod socketio;
mod voyage;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

pub(crate) use fleet::{Fleet, Talk};
pub(crate) use meter::Meter;

use crate::oracle::{Log, Wire, Word};
use crate::scene::{Chance, Trust};

/// By which wire somebody sails, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum By {
    #[default]
    Charsu,
    Events,
    SocketIo(Transport, Called),
    Page(Dialect),
}

/// What carries a session of Socket.IO.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    Socket,
    Polling,
    /// It begins with polling and moves to a WebSocket, as the framework's client does.
    Moving,
}

/// Whether somebody claims its name, or is a guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Called {
    ByName,
    Guest,
}

/// Whose tutorial a page was written after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// `/ws/{room}`, as a guest or with `?name=`.
    OneSegment(Called),
    /// `/ws/{room}/{name}`.
    TwoSegments,
}

impl By {
    pub(crate) fn wire(self) -> Wire {
        match self {
            Self::Charsu => Wire::Charsu,
            Self::Events => Wire::Events,
            Self::SocketIo(..) => Wire::SocketIo,
            Self::Page(_) => Wire::Page,
        }
    }

    /// Whether its name is claimed while it is there.
    pub(crate) fn claims_its_name(self) -> bool {
        !matches!(self, Self::SocketIo(_, Called::Guest) | Self::Page(Dialect::OneSegment(Called::Guest)))
    }
}

/// How somebody sails.
#[derive(Clone)]
pub(crate) struct Course {
    /// The server, or a proxy before it.
    pub(crate) to: SocketAddr,
    pub(crate) by: By,
    /// How it shakes hands with a server that speaks TLS.
    pub(crate) trust: Option<Trust>,
    pub(crate) from: IpAddr,
    pub(crate) rooms: Vec<Word>,
    /// After so much silence it asks whether the server is there, if its wire can, and after as much again it gives the
    /// line up.
    pub(crate) patience: Duration,
    /// Lines that it has on the way at once. By events and Socket.IO it is one, whose order would not be certain otherwise.
    pub(crate) on_the_way: usize,
    /// How long it waits after the first failure to connect, and after many.
    pub(crate) backoff: Range<Duration>,
    /// Where it notes how late lines come.
    pub(crate) meter: Option<Arc<Meter>>,
}

impl Course {
    /// Straight to one room.
    pub(crate) fn to(to: SocketAddr, room: &str) -> Self {
        Self {
            to,
            by: By::Charsu,
            trust: None,
            from: IpAddr::V4(Ipv4Addr::LOCALHOST),
            rooms: vec![room.into()],
            patience: Duration::from_secs(10),
            on_the_way: 8,
            backoff: Duration::from_millis(20)..Duration::from_millis(500),
            meter: None,
        }
    }
}

/// How somebody ends its own line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Without a word.
    Vanish,
    /// As a page that is loaded again.
    Reload,
    /// Not at all: it is left open, and nobody reads it any more.
    Abandon,
}

enum Order {
    Say {
        room: Word,
        to: Option<Word>,
        text: String,
    },
    End(Ending),
    /// From now on it connects from another address; the line that it had is left as it is.
    Move(IpAddr),
    /// Neither reads nor writes.
    Sleep,
    Wake,
    GoAshore,
}

/// Where it stands, for those who wait for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    /// It is in all its rooms, on the line that it has now.
    pub(crate) is_there: bool,
    /// Lines that are over: acknowledged, refused, or given up.
    pub(crate) done: usize,
    /// Lines that it gave up: its session was forgotten, or its wire knows no resends.
    pub(crate) unconfirmed: usize,
    pub(crate) connections: usize,
    pub(crate) resumes: usize,
    /// With their reasons.
    pub(crate) resets: Vec<String>,
    /// How each of its lines ended.
    pub(crate) endings: Vec<String>,
    /// The longest time from losing its line until it was in all rooms again.
    pub(crate) longest_away: Duration,
    /// The most lines that one of its lines needed until it was acknowledged.
    pub(crate) most_copies: usize,
    /// Where its wire says so.
    pub(crate) rooms: Vec<Position>,
    /// Elsewhere: the last of the lines that it heard which are to be the last ones.
    pub(crate) heard_end: Option<String>,
    /// Why it could not connect or come in, the last time that it could not.
    pub(crate) trouble: Option<String>,
}

/// Where it stands in a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) room: Word,
    pub(crate) epoch: Word,
    pub(crate) seq: u64,
    /// The highest number of its own in this life of the room.
    pub(crate) acked: u64,
}

/// Somebody under way.
pub(crate) struct Sailor {
    pub(crate) name: Word,
    pub(crate) rooms: Vec<Word>,
    pub(crate) by: By,
    orders: mpsc::UnboundedSender<Order>,
    standing: watch::Receiver<Standing>,
    voyage: JoinHandle<Log>,
    /// Lines that it was given to say.
    given: usize,
}

impl Sailor {
    /// Sets out.
    pub(crate) fn sails(name: &str, course: Course, chance: Chance) -> Self {
        let (orders, taken) = mpsc::unbounded_channel();
        let (tell, standing) = watch::channel(Standing::default());
        let (rooms, by) = (course.rooms.clone(), course.by);
        let voyage = voyage::Voyage::new(name, course, chance, taken, tell);
        let voyage = match by {
            By::Charsu => tokio::spawn(voyage.sails(charsu::Charsu::new(&rooms))),
            By::Events => tokio::spawn(voyage.sails(events::Events::new(&rooms))),
            By::SocketIo(transport, called) => {
                tokio::spawn(voyage.sails(socketio::SocketIo::new(&rooms, transport, called)))
            }
            By::Page(dialect) => tokio::spawn(voyage.sails(page::Page::new(&rooms, dialect))),
        };
        Self { name: name.into(), rooms, by, orders, standing, voyage, given: 0 }
    }

    /// Has it say a line that it has not said before, as soon as it can.
    pub(crate) fn says(&mut self, room: &Word, to: Option<&Word>, text: String) {
        self.given += 1;
        self.order(Order::Say { room: room.clone(), to: to.cloned(), text });
    }

    pub(crate) fn ends(&self, how: Ending) {
        self.order(Order::End(how));
    }

    pub(crate) fn moves(&self, to: IpAddr) {
        self.order(Order::Move(to));
    }

    pub(crate) fn sleeps(&self) {
        self.order(Order::Sleep);
    }

    pub(crate) fn wakes(&self) {
        self.order(Order::Wake);
    }

    fn order(&self, order: Order) {
        // Somebody who broke down tells so when it is waited for.
        let _ = self.orders.send(order);
    }

    /// Where it stands now.
    pub(crate) fn standing(&self) -> Standing {
        self.standing.borrow().clone()
    }

    /// Lines that it was given to say.
    pub(crate) fn given(&self) -> usize {
        self.given
    }

    /// Waits until it stands as wanted.
    pub(crate) async fn stands(&mut self, what: &str, limit: Duration, wanted: impl Fn(&Standing) -> bool) {
        let standing = self.standing.wait_for(|standing| wanted(standing));
        let outcome = tokio::time::timeout(limit, standing).await.ok().map(|standing| standing.is_ok());
        match outcome {
            Some(true) => {}
            Some(false) => panic!("{} broke down; why stands above", self.name),
            None => panic!("{} waited {limit:?} in vain for {what}: {:?}", self.name, self.standing.borrow()),
        }
    }

    /// Ends, and gives what it wrote down.
    pub(crate) async fn goes_ashore(self) -> Log {
        self.order(Order::GoAshore);
        self.voyage.await.unwrap_or_else(|panic| panic!("{} broke down: {panic}", self.name))
    }
}

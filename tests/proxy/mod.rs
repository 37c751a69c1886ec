//! A bad line between clients and the server: a proxy that knows nothing of what goes through it, and delays, tears, gathers,
//! holds, swallows or cuts it. Faults can be changed while connections are open, for all of them or for one.
//!
//! The server sees each client's own address, so that somebody who changes its network is seen to.
#![allow(dead_code, unused_imports, reason = "each program of the tests uses its own part of it")]

mod link;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

pub(crate) use link::Link;

use crate::scene::{Chance, free_port, within};

/// Connections that the kernel holds until they are accepted.
const BACKLOG: u32 = 4096;

/// A way along a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    ToServer,
    ToClient,
}

/// Which ways.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Ways {
    #[default]
    Neither,
    ToServer,
    ToClient,
    Both,
}

impl Ways {
    pub(crate) fn has(self, way: Way) -> bool {
        match self {
            Self::Neither => false,
            Self::ToServer => way == Way::ToServer,
            Self::ToClient => way == Way::ToClient,
            Self::Both => true,
        }
    }
}

/// What is wrong with a line. The default is nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Faults {
    /// How long bytes are under way, each way.
    pub(crate) delay: Duration,
    /// By how much that is more or less, by chance. Bytes never overtake each other.
    pub(crate) jitter: Duration,
    /// Bytes in a second, each way.
    pub(crate) rate: Option<u32>,
    /// The most bytes that one write hands on.
    pub(crate) piece: Option<usize>,
    /// Bytes are gathered until there are so many, or for so long at most, and leave in one write.
    pub(crate) gather: Option<(usize, Duration)>,
    /// What is sent is neither read nor lost: it comes when this is over, as from a network that was away.
    pub(crate) stalled: Ways,
    /// What is sent is read and lost. Nobody is told; such a connection is never whole again.
    pub(crate) swallowed: Ways,
    /// Each connection is cut after a time in this span, in one of all ways.
    pub(crate) life: Option<Range<Duration>>,
    /// Little is held on the way to the client, as by a telephone. Only for connections that come after it was said.
    pub(crate) narrow: bool,
}

/// How a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Both ends get a reset, and what was under way is lost.
    Reset,
    /// Both ends are told that nothing more comes, and what was under way is lost.
    End,
    /// What was under way to one end is lost, and that end is told that nothing more comes. The other way goes on for a
    /// while, whole.
    HalfEnd(Way),
    /// Nobody is told anything.
    Silence,
}

/// A proxy that listens, until this is dropped.
pub(crate) struct Proxy {
    /// Where it listens. Outside of the ports that the system gives to clients: who connects to a port on which nobody
    /// listens might otherwise be given just that port, and be connected to itself.
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

struct Shared {
    server: SocketAddr,
    seed: u64,
    faults: Mutex<Faults>,
    links: Mutex<BTreeMap<u64, Arc<Link>>>,
    is_open: watch::Sender<bool>,
    count: AtomicU64,
}

impl Shared {
    fn links(&self) -> MutexGuard<'_, BTreeMap<u64, Arc<Link>>> {
        self.links.lock().expect("no panic under the lock")
    }

    fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().expect("no panic under the lock")
    }
}

impl Proxy {
    /// A line to this server that has these faults.
    pub(crate) fn to(server: SocketAddr, seed: u64, faults: Faults) -> Self {
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let shared = Arc::new(Shared {
            server,
            seed,
            faults: Mutex::new(faults),
            links: Mutex::default(),
            is_open: watch::Sender::new(true),
            count: AtomicU64::new(0),
        });
        let listener = listen(address);
        let accepting = tokio::spawn(accept(Arc::clone(&shared), address, listener));
        Self { address, shared, accepting }
    }

    /// Changes what is wrong, for all connections and those to come.
    pub(crate) fn set(&self, faults: Faults) {
        *self.shared.faults() = faults.clone();
        for link in self.links() {
            link.set(faults.clone());
        }
    }

    /// Changes what is wrong for connections to come.
    pub(crate) fn set_next(&self, faults: Faults) {
        *self.shared.faults() = faults;
    }

    /// The connections, the oldest first.
    pub(crate) fn links(&self) -> Vec<Arc<Link>> {
        self.shared.links().values().cloned().collect()
    }

    /// The connections from this address, the oldest first.
    pub(crate) fn links_from(&self, client: IpAddr) -> Vec<Arc<Link>> {
        self.links().into_iter().filter(|link| link.client.ip() == client).collect()
    }

    /// Cuts every connection.
    pub(crate) fn cut_all(&self, how: Cut) {
        for link in self.links() {
            link.cut(how);
        }
    }

    /// From now on connections are refused.
    pub(crate) async fn refuses(&self) {
        self.shared.is_open.send_replace(false);
        let refused = async { while TcpStream::connect(self.address).await.is_ok() {} };
        within("connections to be refused", refused).await;
    }

    /// From now on connections are taken again.
    pub(crate) fn takes(&self) {
        self.shared.is_open.send_replace(true);
    }

    /// How many connections there were.
    pub(crate) fn count(&self) -> u64 {
        self.shared.count.load(Ordering::Relaxed)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

fn listen(address: SocketAddr) -> TcpListener {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_reuseaddr(true).expect("an option");
    socket.bind(address).expect("a port that was free a moment ago");
    socket.listen(BACKLOG).expect("a listener")
}

async fn accept(shared: Arc<Shared>, address: SocketAddr, listener: TcpListener) {
    let mut is_open = shared.is_open.subscribe();
    let mut running = JoinSet::new();
    let mut listener = Some(listener);
    loop {
        if !*is_open.borrow_and_update() {
            // Once nobody listens, the kernel refuses.
            listener = None;
        } else if listener.is_none() {
            listener = Some(listen(address));
        }
        let accepted = async {
            match &listener {
                Some(listener) => listener.accept().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            changed = is_open.changed() => changed.expect("the sender is ours"),
            Ok((client, peer)) = accepted => {
                let number = shared.count.fetch_add(1, Ordering::Relaxed);
                let link = Link::new(peer, shared.faults().clone());
                shared.links().insert(number, Arc::clone(&link));
                let shared = Arc::clone(&shared);
                running.spawn(async move {
                    let chance = Chance::for_one(shared.seed, number);
                    if let Some(server) = reach(shared.server, peer.ip(), link.faults().narrow).await {
                        link.carry(client, server, chance).await;
                    }
                    shared.links().remove(&number);
                });
            }
            Some(ended) = running.join_next() => ended.expect("no panic in a line"),
        }
    }
}

/// Connects to the server from the client's own address. What cannot be reached is a line that ends.
async fn reach(server: SocketAddr, client: IpAddr, narrow: bool) -> Option<TcpStream> {
    /// As on Ethernet. The kernel keeps much more for a peer on loopback than for one that takes small segments.
    const SEGMENT: u32 = 1460;
    let socket = TcpSocket::new_v4().ok()?;
    if narrow {
        socket.set_recv_buffer_size(4 * 1024).ok()?;
        socket2::SockRef::from(&socket).set_tcp_mss(SEGMENT).ok()?;
    }
    if client != IpAddr::V4(Ipv4Addr::LOCALHOST) {
        socket.bind(SocketAddr::new(client, 0)).ok()?;
    }
    socket.connect(server).await.ok()
}

//! One connection through the proxy: two ways, each read by one half and written by another, with what is under way between.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::{Cut, Faults, Way};
use crate::scene::Chance;

/// Bytes that are read at once.
const READ: usize = 16 * 1024;
/// Reads that are under way at most.
const UNDER_WAY: usize = 64;
/// How long the two ends have to end after they were told that nothing more comes.
const LINGER: Duration = Duration::from_secs(2);
/// How long a connection that nobody was told of is kept as if it were alive.
const GHOST: Duration = Duration::from_secs(30);

/// A connection.
#[derive(Debug)]
pub(crate) struct Link {
    /// The client's end.
    pub(crate) client: SocketAddr,
    faults: watch::Sender<Faults>,
    cut: watch::Sender<Option<Cut>>,
    /// Bytes were lost on a way, so that it can never be whole again.
    torn: [AtomicBool; 2],
}

impl Link {
    pub(super) fn new(client: SocketAddr, faults: Faults) -> Arc<Self> {
        Arc::new(Self {
            client,
            faults: watch::Sender::new(faults),
            cut: watch::Sender::new(None),
            torn: [const { AtomicBool::new(false) }; 2],
        })
    }

    /// What is wrong with it now.
    pub(crate) fn faults(&self) -> Faults {
        self.faults.borrow().clone()
    }

    /// Changes what is wrong with this one.
    pub(crate) fn set(&self, faults: Faults) {
        self.faults.send_replace(faults);
    }

    /// Ends this one.
    pub(crate) fn cut(&self, how: Cut) {
        self.cut.send_replace(Some(how));
    }

    fn torn(&self, way: Way) -> &AtomicBool {
        &self.torn[usize::from(way == Way::ToClient)]
    }

    /// Carries bytes both ways until one end resets, both have ended, or it is cut.
    pub(super) async fn carry(&self, mut client: TcpStream, mut server: TcpStream, mut chance: Chance) {
        // Pieces are to leave as they are.
        let _ = (client.set_nodelay(true), server.set_nodelay(true));
        let how = {
            let (from_client, to_client) = client.split();
            let (from_server, to_server) = server.split();
            let up = self.one_way(Way::ToServer, from_client, to_server, chance.clone());
            let down = self.one_way(Way::ToClient, from_server, to_client, Chance::of(chance.below(u64::MAX)));
            tokio::select! {
                both = async { tokio::try_join!(up, down) } => if both.is_ok() { return } else { Cut::Reset },
                how = self.is_cut() => how,
                () = self.lives(&mut chance) => unreachable!("a life ends by being cut"),
            }
        };
        match how {
            Cut::Reset | Cut::HalfEnd(_) => {}
            Cut::End => {
                shut_down(&client);
                shut_down(&server);
                let _ = timeout(LINGER, async { tokio::join!(drain(&mut client), drain(&mut server)) }).await;
            }
            Cut::Silence => {
                // Whatever comes is read and lost, until both ends have given up or long after they should have.
                let _ = timeout(GHOST, async { tokio::join!(drain(&mut client), drain(&mut server)) }).await;
            }
        }
        reset(&client, &server);
    }

    async fn is_cut(&self) -> Cut {
        let mut cut = self.cut.subscribe();
        let told = cut.wait_for(Option::is_some).await;
        let how = told.ok().and_then(|how| *how).unwrap_or(Cut::Reset);
        if let Cut::HalfEnd(_) = how {
            // The way sees to its own end; the other goes on for so long.
            sleep(LINGER).await;
        }
        how
    }

    async fn ends(&self, way: Way) {
        let mut cut = self.cut.subscribe();
        let _ = cut.wait_for(|how| *how == Some(Cut::HalfEnd(way))).await;
    }

    /// Cuts it at the end of its life, if it has one, by whatever its faults say at the time.
    async fn lives(&self, chance: &mut Chance) {
        let mut faults = self.faults.subscribe();
        loop {
            let life = faults.borrow_and_update().life.clone();
            let over = async {
                match &life {
                    Some(span) => sleep(chance.span(span)).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = over => break,
                _ = faults.changed() => {}
            }
        }
        self.cut(match chance.below(10) {
            0..4 => Cut::Reset,
            4..7 => Cut::End,
            7 => Cut::HalfEnd(Way::ToClient),
            8 => Cut::HalfEnd(Way::ToServer),
            _ => Cut::Silence,
        });
        std::future::pending::<()>().await;
    }

    /// Carries one way to its end, and passes the end on. Fails when an end is reset.
    async fn one_way(&self, way: Way, mut from: ReadHalf<'_>, mut to: WriteHalf<'_>, chance: Chance) -> io::Result<()> {
        let (under_way, arriving) = mpsc::channel(UNDER_WAY);
        let whole = async {
            tokio::try_join!(self.take_in(way, &mut from, under_way, chance), self.hand_on(way, &mut to, arriving))
        };
        let is_whole = tokio::select! {
            whole = whole => whole.map(|_| true)?,
            () = self.ends(way) => false,
        };
        to.shutdown().await?;
        if !is_whole {
            let mut bytes = vec![0; READ];
            while from.read(&mut bytes).await? > 0 {}
        }
        Ok(())
    }

    async fn take_in(
        &self,
        way: Way,
        from: &mut ReadHalf<'_>,
        under_way: mpsc::Sender<(Instant, Vec<u8>)>,
        mut chance: Chance,
    ) -> io::Result<()> {
        let mut faults = self.faults.subscribe();
        let mut last = Instant::now();
        loop {
            let _ = faults.wait_for(|faults| !faults.stalled.has(way)).await;
            let now = self.faults();
            // Who reads slowly does not read ahead.
            let most = now.rate.map_or(READ, |rate| (rate as usize / 50).clamp(1, READ));
            let mut bytes = vec![0; most];
            let count = tokio::select! {
                read = from.read(&mut bytes) => read?,
                _ = faults.changed() => continue,
            };
            if self.faults().swallowed.has(way) {
                self.torn(way).store(true, Ordering::Relaxed);
            }
            if count == 0 {
                if self.torn(way).load(Ordering::Relaxed) {
                    // The other end is not told of this either.
                    std::future::pending::<()>().await;
                }
                return Ok(());
            }
            if self.torn(way).load(Ordering::Relaxed) {
                continue;
            }
            bytes.truncate(count);
            let spread = now.jitter.as_micros() as u64;
            let delay = (now.delay + Duration::from_micros(chance.below(2 * spread + 1))).saturating_sub(now.jitter);
            last = last.max(Instant::now() + delay);
            if under_way.send((last, bytes)).await.is_err() {
                return Ok(());
            }
        }
    }

    async fn hand_on(
        &self,
        way: Way,
        to: &mut WriteHalf<'_>,
        mut arriving: mpsc::Receiver<(Instant, Vec<u8>)>,
    ) -> io::Result<()> {
        let mut faults = self.faults.subscribe();
        while let Some((due, mut bytes)) = arriving.recv().await {
            sleep_until(due).await;
            if let Some((most, longest)) = self.faults().gather {
                let until = Instant::now() + longest;
                while bytes.len() < most {
                    let Ok(Some((_, more))) = tokio::time::timeout_at(until, arriving.recv()).await else { break };
                    bytes.extend(more);
                }
            }
            let mut rest = &bytes[..];
            while !rest.is_empty() {
                let _ = faults.wait_for(|faults| !faults.stalled.has(way)).await;
                let now = self.faults();
                if now.swallowed.has(way) || self.torn(way).load(Ordering::Relaxed) {
                    self.torn(way).store(true, Ordering::Relaxed);
                    break;
                }
                let (piece, after) = rest.split_at(now.piece.unwrap_or(rest.len()).clamp(1, rest.len()));
                to.write_all(piece).await?;
                if let Some(rate) = now.rate {
                    sleep(Duration::from_micros(piece.len() as u64 * 1_000_000 / u64::from(rate))).await;
                } else if now.piece.is_some() {
                    tokio::task::yield_now().await;
                }
                rest = after;
            }
        }
        Ok(())
    }
}

fn shut_down(stream: &TcpStream) {
    // An error means that the end is gone already, which is what is wanted.
    let _ = SockRef::from(stream).shutdown(std::net::Shutdown::Write);
}

/// Both are reset when they are dropped next.
fn reset(client: &TcpStream, server: &TcpStream) {
    for stream in [client, server] {
        let _ = SockRef::from(stream).set_linger(Some(Duration::ZERO));
    }
}

async fn drain(from: &mut TcpStream) {
    let mut bytes = vec![0; READ];
    while matches!(from.read(&mut bytes).await, Ok(1..)) {}
}

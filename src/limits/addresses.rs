//! How much one address may do: connections it holds, codes it opened, and how fast it connects, creates rooms and guesses codes.
//! Knows nothing of HTTP, rooms or settings' names; time is passed in as the span since the process began to serve.
//!
//! An address is one IPv4 address or one IPv6 /64, the smallest block a single customer gets. An address of which nothing
//! is remembered any more (no connection, no code, every bucket full again) has no entry.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::{Bucket, Exceeded, Limit, Rate};
use crate::config::Settings;

/// How long somebody should wait who met a limit on a count, which no clock can predict.
const RETRY_COUNT: Duration = Duration::from_secs(5);
/// A table with room for this many times its entries gives memory back when swept.
const SLACK: usize = 4;
/// A table of this capacity is small enough to keep.
const SMALL: usize = 64;

/// The rates and counts that hold for each address.
#[derive(Debug, Clone, Copy)]
struct Allowed {
    connections: usize,
    connections_per_address: usize,
    dialect_codes: usize,
    addresses: usize,
    connects: Rate,
    rooms_created: Rate,
    failed_joins: Rate,
    pages_read: Rate,
    visits: Rate,
}

#[derive(Debug, Default, Clone, Copy)]
struct Entry {
    connections: u32,
    dialect_codes: u32,
    connects: Bucket,
    rooms_created: Bucket,
    failed_joins: Bucket,
    pages_read: Bucket,
    visits: Bucket,
}

impl Entry {
    fn is_forgettable(&self, now: Duration) -> bool {
        self.connections == 0
            && self.dialect_codes == 0
            && [self.connects, self.rooms_created, self.failed_joins, self.pages_read, self.visits]
                .iter()
                .all(|bucket| bucket.is_full(now))
    }
}

#[derive(Debug, Default)]
struct Known {
    // The std hasher with random keys: whoever has many addresses chooses the keys of this map.
    entries: HashMap<IpAddr, Entry>,
    connections: usize,
}

/// All addresses of which something has to be remembered. Cheap to share: everybody holds it in an `Arc`.
#[derive(Debug)]
pub struct Addresses {
    // A std lock: each use is a few lookups without an await.
    known: Mutex<Known>,
    allowed: Allowed,
    emptied: Notify,
}

impl Addresses {
    /// An empty table with the limits of these settings.
    pub fn new(settings: &Settings) -> Arc<Self> {
        let allowed = Allowed {
            connections: settings.connections,
            connections_per_address: settings.connections_per_address,
            dialect_codes: settings.dialect_codes_per_address,
            addresses: settings.addresses,
            connects: Rate::per_second(settings.connects_per_second_per_address, settings.connects_burst_per_address),
            rooms_created: Rate::per_minute(settings.rooms_created_per_minute_per_address),
            failed_joins: Rate::per_minute(settings.failed_joins_per_minute_per_address),
            pages_read: Rate::per_minute(settings.pages_read_per_minute_per_address),
            visits: Rate::per_minute(settings.visits_per_minute_per_address),
        };
        Arc::new(Self { known: Mutex::default(), allowed, emptied: Notify::new() })
    }

    /// Takes a seat for a new connection from this address.
    ///
    /// # Errors
    /// The server or the address holds enough connections, or the address connects too fast.
    pub fn seat(self: &Arc<Self>, peer: IpAddr, now: Duration) -> Result<Seat, Exceeded> {
        let allowed = self.allowed;
        let mut known = self.lock();
        if known.connections >= allowed.connections {
            return Err(Exceeded { limit: Limit::Connections, retry_after: RETRY_COUNT });
        }
        known.change(peer, now, allowed.addresses, |entry| {
            entry
                .connects
                .take(allowed.connects, now)
                .map_err(|retry_after| Exceeded { limit: Limit::Connects, retry_after })?;
            count_one(&mut entry.connections, allowed.connections_per_address, Limit::ConnectionsPerAddress)
        })?;
        known.connections += 1;
        Ok(Seat { addresses: Arc::clone(self), peer })
    }

    /// Notes that this address creates a room.
    ///
    /// # Errors
    /// It does so too fast.
    pub fn create_room(&self, peer: IpAddr, now: Duration) -> Result<(), Exceeded> {
        let rate = self.allowed.rooms_created;
        self.lock().change(peer, now, self.allowed.addresses, |entry| {
            let taken = entry.rooms_created.take(rate, now);
            taken.map_err(|retry_after| Exceeded { limit: Limit::RoomsCreated, retry_after })
        })
    }

    /// Takes a permit to read a page of the past over HTTP.
    ///
    /// # Errors
    /// The address reads too fast.
    pub fn read_page(&self, peer: IpAddr, now: Duration) -> Result<(), Exceeded> {
        let rate = self.allowed.pages_read;
        self.lock().change(peer, now, self.allowed.addresses, |entry| {
            let taken = entry.pages_read.take(rate, now);
            taken.map_err(|retry_after| Exceeded { limit: Limit::PagesRead, retry_after })
        })
    }

    /// Takes a permit to come into rooms over HTTP: to open a stream of events, or to say a line without one.
    ///
    /// # Errors
    /// The address comes too often.
    pub fn visit(&self, peer: IpAddr, now: Duration) -> Result<(), Exceeded> {
        let rate = self.allowed.visits;
        self.lock().change(peer, now, self.allowed.addresses, |entry| {
            let taken = entry.visits.take(rate, now);
            taken.map_err(|retry_after| Exceeded { limit: Limit::Visits, retry_after })
        })
    }

    /// Whether this address may still ask for a code. Asked before looking, so that codes cannot be guessed faster than allowed.
    ///
    /// # Errors
    /// It has asked for too many codes that do not exist.
    pub fn may_guess(&self, peer: IpAddr, now: Duration) -> Result<(), Exceeded> {
        let known = self.lock();
        let wait = known
            .entries
            .get(&block(peer))
            .map_or(Duration::ZERO, |entry| entry.failed_joins.wait(self.allowed.failed_joins, now));
        if wait.is_zero() { Ok(()) } else { Err(Exceeded { limit: Limit::FailedJoins, retry_after: wait }) }
    }

    /// Notes that this address asked for a code that does not exist.
    ///
    /// # Errors
    /// It has done so too often.
    pub fn failed_join(&self, peer: IpAddr, now: Duration) -> Result<(), Exceeded> {
        let rate = self.allowed.failed_joins;
        self.lock().change(peer, now, self.allowed.addresses, |entry| {
            let taken = entry.failed_joins.take(rate, now);
            taken.map_err(|retry_after| Exceeded { limit: Limit::FailedJoins, retry_after })
        })
    }

    /// Counts a code that this address opens by joining it through a dialect, for as long as the hold lives (the room keeps it).
    ///
    /// # Errors
    /// It has opened enough.
    pub fn open_code(self: &Arc<Self>, peer: IpAddr, now: Duration) -> Result<CodeHold, Exceeded> {
        let max = self.allowed.dialect_codes;
        self.lock().change(peer, now, self.allowed.addresses, |entry| {
            count_one(&mut entry.dialect_codes, max, Limit::DialectCodes)
        })?;
        Ok(CodeHold { addresses: Arc::clone(self), peer })
    }

    /// Connections that are open now, over all addresses.
    pub fn connections(&self) -> usize {
        self.lock().connections
    }

    /// Addresses of which something is remembered now.
    pub fn remembered(&self) -> usize {
        self.lock().entries.len()
    }

    /// Forgets every address of which nothing has to be remembered, and gives spare memory back. To be called every few seconds.
    pub fn sweep(&self, now: Duration) {
        self.lock().sweep(now);
    }

    /// Waits until no connection is open.
    pub async fn emptied(&self) {
        loop {
            let emptied = self.emptied.notified();
            if self.connections() == 0 {
                return;
            }
            emptied.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// Applies `change` to the address's entry. A new entry is kept only if the change succeeds and the table has room.
    fn change(
        &mut self,
        peer: IpAddr,
        now: Duration,
        max: usize,
        change: impl FnOnce(&mut Entry) -> Result<(), Exceeded>,
    ) -> Result<(), Exceeded> {
        let block = block(peer);
        if self.entries.len() >= max && !self.entries.contains_key(&block) {
            self.sweep(now);
            if self.entries.len() >= max {
                return Err(Exceeded { limit: Limit::Addresses, retry_after: RETRY_COUNT });
            }
        }
        match self.entries.entry(block) {
            Slot::Occupied(mut entry) => change(entry.get_mut()),
            Slot::Vacant(vacant) => {
                let mut entry = Entry::default();
                change(&mut entry)?;
                vacant.insert(entry);
                Ok(())
            }
        }
    }

    fn sweep(&mut self, now: Duration) {
        self.entries.retain(|_, entry| !entry.is_forgettable(now));
        if self.entries.capacity() > SMALL.max(self.entries.len() * SLACK) {
            self.entries.shrink_to(self.entries.len() * 2);
        }
    }
}

fn count_one(count: &mut u32, max: usize, limit: Limit) -> Result<(), Exceeded> {
    if usize::try_from(*count).unwrap_or(usize::MAX) >= max {
        return Err(Exceeded { limit, retry_after: RETRY_COUNT });
    }
    *count += 1;
    Ok(())
}

/// The part of an address that stands for one customer: an IPv4 address (also when it is written as IPv6) or an IPv6 /64.
fn block(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64))),
    }
}

/// The right to one connection. Dropping it gives the count back, whatever the way out was.
#[derive(Debug)]
pub struct Seat {
    addresses: Arc<Addresses>,
    peer: IpAddr,
}

impl Seat {
    /// Who sits here.
    pub fn peer(&self) -> IpAddr {
        self.peer
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut known = self.addresses.lock();
        known.connections -= 1;
        if let Some(entry) = known.entries.get_mut(&block(self.peer)) {
            entry.connections -= 1;
        }
        if known.connections == 0 {
            self.addresses.emptied.notify_waiters();
        }
    }
}

/// The right to one code that was opened by joining it. Dropping it gives the count back.
#[derive(Debug)]
pub struct CodeHold {
    addresses: Arc<Addresses>,
    peer: IpAddr,
}

impl Drop for CodeHold {
    fn drop(&mut self) {
        if let Some(entry) = self.addresses.lock().entries.get_mut(&block(self.peer)) {
            entry.dialect_codes -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Duration = Duration::from_hours(12);

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    fn addresses(change: impl FnOnce(&mut Settings)) -> Arc<Addresses> {
        let mut settings = Settings::default();
        change(&mut settings);
        Addresses::new(&settings)
    }

    #[test]
    fn an_address_gets_its_seats_and_gets_them_back() {
        let addresses = addresses(|settings| settings.connections_per_address = 2);
        let (ali, sara) = (address("192.0.2.1"), address("192.0.2.2"));
        let first = addresses.seat(ali, NOON).expect("the first seat");
        let _second = addresses.seat(ali, NOON).expect("the second seat");
        assert_eq!(addresses.seat(ali, NOON).expect_err("the third").limit, Limit::ConnectionsPerAddress);
        let _other = addresses.seat(sara, NOON).expect("somebody else's seat");
        drop(first);
        assert!(addresses.seat(ali, NOON).is_ok());
    }

    #[test]
    fn the_server_has_a_last_seat() {
        let addresses = addresses(|settings| settings.connections = 1);
        let only = addresses.seat(address("192.0.2.1"), NOON).expect("a seat");
        let refused = addresses.seat(address("192.0.2.2"), NOON).expect_err("the house is full");
        assert_eq!((refused.limit, refused.retry_after_seconds()), (Limit::Connections, 5));
        drop(only);
        assert_eq!(addresses.connections(), 0);
        assert!(addresses.seat(address("192.0.2.2"), NOON).is_ok());
    }

    #[test]
    fn neighbours_in_one_ipv6_block_share_and_ipv4_written_as_ipv6_is_ipv4() {
        let addresses = addresses(|settings| settings.connections_per_address = 1);
        let _seat = addresses.seat(address("2001:db8:1:2::1"), NOON).expect("a seat");
        assert!(addresses.seat(address("2001:db8:1:2:ffff::9"), NOON).is_err());
        assert!(addresses.seat(address("2001:db8:1:3::1"), NOON).is_ok());
        let _seat = addresses.seat(address("::ffff:192.0.2.1"), NOON).expect("a seat");
        assert!(addresses.seat(address("192.0.2.1"), NOON).is_err());
    }

    #[test]
    fn connecting_too_fast_is_refused_with_the_time_to_wait() {
        let addresses = addresses(|settings| {
            settings.connects_per_second_per_address = 10;
            settings.connects_burst_per_address = 3;
        });
        let peer = address("192.0.2.1");
        for _ in 0..3 {
            addresses.seat(peer, NOON).expect("within the burst");
        }
        let refused = addresses.seat(peer, NOON).expect_err("over the burst");
        assert_eq!(refused, Exceeded { limit: Limit::Connects, retry_after: ms(100) });
        assert_eq!(refused.retry_after_seconds(), 1);
        assert!(addresses.seat(address("192.0.2.9"), NOON).is_ok());
        assert!(addresses.seat(peer, NOON + ms(100)).is_ok());
    }

    #[test]
    fn a_guesser_of_codes_is_stopped_before_the_answer() {
        let addresses = addresses(|settings| settings.failed_joins_per_minute_per_address = 3);
        let peer = address("192.0.2.1");
        for _ in 0..3 {
            assert_eq!(addresses.may_guess(peer, NOON), Ok(()));
            assert_eq!(addresses.failed_join(peer, NOON), Ok(()));
        }
        assert_eq!(
            addresses.may_guess(peer, NOON),
            Err(Exceeded { limit: Limit::FailedJoins, retry_after: Duration::from_secs(20) })
        );
        assert_eq!(addresses.may_guess(peer, NOON + Duration::from_secs(20)), Ok(()));
    }

    #[test]
    fn codes_opened_through_a_dialect_are_counted_while_they_live() {
        let addresses = addresses(|settings| settings.dialect_codes_per_address = 1);
        let peer = address("192.0.2.1");
        let hold = addresses.open_code(peer, NOON).expect("the first code");
        assert_eq!(addresses.open_code(peer, NOON).expect_err("the second").limit, Limit::DialectCodes);
        drop(hold);
        assert!(addresses.open_code(peer, NOON).is_ok());
    }

    #[test]
    fn an_address_is_forgotten_when_nothing_is_left_to_remember_and_memory_comes_back() {
        let addresses = addresses(|settings| settings.connections_per_address = 1);
        let peer = |n: u32| IpAddr::V4(std::net::Ipv4Addr::from_bits(0x0a00_0000 + n));
        let seats: Vec<_> = (0..10_000).map(|n| addresses.seat(peer(n), NOON).expect("a seat")).collect();
        addresses.sweep(NOON + Duration::from_mins(1));
        assert_eq!(addresses.remembered(), 10_000, "somebody sits there");
        drop(seats);
        addresses.sweep(NOON);
        assert_eq!(addresses.remembered(), 10_000, "the buckets are not full yet");
        addresses.sweep(NOON + Duration::from_mins(1));
        assert_eq!(addresses.remembered(), 0);
        assert!(addresses.lock().entries.capacity() <= SMALL);
    }

    #[test]
    fn the_table_is_bounded_and_makes_room_by_forgetting() {
        let addresses = addresses(|settings| settings.addresses = 2);
        let _seat = addresses.seat(address("192.0.2.1"), NOON).expect("a seat");
        drop(addresses.seat(address("192.0.2.2"), NOON).expect("a seat"));
        assert_eq!(addresses.seat(address("192.0.2.3"), NOON).expect_err("no room").limit, Limit::Addresses);
        assert!(addresses.seat(address("192.0.2.3"), NOON + Duration::from_mins(1)).is_ok());
    }

    #[tokio::test]
    async fn whoever_waits_for_the_last_connection_is_woken() {
        let addresses = addresses(|_| ());
        let seat = addresses.seat(address("192.0.2.1"), NOON).expect("a seat");
        let waiting = tokio::spawn({
            let addresses = Arc::clone(&addresses);
            async move { addresses.emptied().await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(seat);
        waiting.await.expect("woken");
    }
}

//! One connection's reading side: a cursor for each of its rooms, one small buffer, and the socket. It holds no queue of
//! other people's events. Whoever holds the desk's lock is the one writer of the socket.
//!
//! Two write: the flusher, which offers each room's newest batch to every reader that keeps up ([`Reader::offer`]), and the
//! connection's own task, which reads on from its cursors when the socket was full ([`Reader::read_on`]). Both look at the
//! cursor under the lock and move it by what the socket took, so nothing is sent twice or left out, whoever comes first.
//!
//! Here is who reads what, and whether it lives; what is put on the desk for it alone is in `answers`, and what goes from there
//! to its socket in `sending`. Knows no command and no wire's details.

mod answers;
mod desk;
mod sending;

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll};

use atomic_waker::AtomicWaker;
use smallvec::SmallVec;

use super::live_room::LiveRoom;
use super::sessions::Session;
use crate::protocol::{MemberId, Seq};
use crate::transport::socket::Socket;
use crate::wire::{Carrier, Wire};

pub(super) use desk::Cursor;
use desk::Desk;
pub(super) use sending::{Loose, Offered};

/// One connection's reading side. In this order, because a flush comes to a thousand of these one after the other, and what
/// it needs of each should lie in as few lines of the cache as possible: what it needs stands first.
#[derive(Debug)]
#[repr(C)]
pub struct Reader {
    carrier: Carrier,
    /// Its tutorial page has sent typing itself, so it may be sent typing.
    knows_typing: AtomicBool,
    /// The most that may wait in `pending`, in KiB.
    pending_limit: u16,
    /// A command of its is under way whose answer decides on the next: nothing more is taken from it for now.
    held: AtomicBool,
    /// It is being parted with, or its socket is dead: nothing more is taken from it.
    ended: AtomicBool,
    /// So much waits for it that nothing more is taken from it for now.
    pausing: AtomicBool,
    /// The task has something to do: read on from a cursor, write when writable, or end.
    called: AtomicBool,
    /// Written by whoever holds the desk, read by the connection's task.
    socket: Socket,
    /// std: held for one write at most, never across an await.
    desk: Mutex<Desk>,
    /// The session that it belongs to, on wires that have one.
    session: OnceLock<Arc<Session>>,
    /// The task has read on, or waits until the socket takes more, so it looks at the desk again. Only the task uses this.
    unsettled: AtomicBool,
    /// A ping is under way since then.
    pinged: AtomicBool,
    /// It has been in a room.
    seated: AtomicBool,
    /// The tick at which bytes last came.
    heard: AtomicU32,
    /// The tick since which a message is begun and not finished; 0 for none.
    begun: AtomicU32,
    /// The tick at which it came, or was last told to wait before it joins.
    entered: AtomicU32,
    /// Wakes the connection's task.
    waker: AtomicWaker,
}

impl Reader {
    pub(super) fn new(carrier: Carrier, socket: Socket, pending_limit: usize, tick: u32) -> Arc<Self> {
        Arc::new(Self {
            carrier,
            socket,
            desk: Mutex::default(),
            waker: AtomicWaker::new(),
            called: AtomicBool::new(false),
            unsettled: AtomicBool::new(false),
            entered: AtomicU32::new(tick),
            heard: AtomicU32::new(tick),
            begun: AtomicU32::new(0),
            pinged: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            pausing: AtomicBool::new(false),
            held: AtomicBool::new(false),
            seated: AtomicBool::new(false),
            knows_typing: AtomicBool::new(carrier.wire().has_frames()),
            pending_limit: u16::try_from(pending_limit.div_ceil(1024)).unwrap_or(u16::MAX),
            session: OnceLock::new(),
        })
    }

    /// In bytes.
    fn pending_limit(&self) -> usize {
        usize::from(self.pending_limit) * 1024
    }

    /// The wire that it is written in.
    pub fn wire(&self) -> Wire {
        self.carrier.wire()
    }

    /// How it is sent what it shares with others, unless it is sent a room in a form of its own.
    pub(crate) fn carrier(&self) -> Carrier {
        self.carrier
    }

    /// Has it be sent a room in another form, from its cursor on. Returns the one before, if it is in the room and that is
    /// another. Called with the room's lock held.
    pub(super) fn change_carrier(&self, room: &Arc<LiveRoom>, carrier: Carrier) -> Option<Carrier> {
        let mut desk = self.desk();
        let cursor = desk.cursors.iter_mut().find(|cursor| Arc::ptr_eq(&cursor.room, room))?;
        let before = std::mem::replace(&mut cursor.carrier, carrier);
        (before != carrier).then_some(before)
    }

    /// The session, on wires that have one.
    pub fn session(&self) -> Option<&Arc<Session>> {
        self.session.get()
    }

    /// Binds it to its session, once. Returns whether it was the first time.
    pub(super) fn set_session(&self, session: Arc<Session>) -> bool {
        self.session.set(session).is_ok()
    }

    /// Whether the client's next frames are to wait: its answers pile up, a command is under way that decides on the next,
    /// or it is being parted with.
    pub fn is_pausing(&self) -> bool {
        self.pausing.load(Ordering::Relaxed) || self.is_held() || self.ended.load(Ordering::Relaxed)
    }

    /// Whether a command is under way that decides on the next.
    pub fn is_held(&self) -> bool {
        self.held.load(Ordering::Acquire)
    }

    /// The client's next frames wait until this command is answered: whether it is in a room decides on them.
    pub(super) fn hold(&self) {
        self.held.store(true, Ordering::Release);
    }

    /// The command is answered. The connection's task writes the answer and goes on.
    pub(super) fn release(&self) {
        self.held.store(false, Ordering::Release);
        self.call();
    }

    /// Whether its person may find its places again after it broke off: where one place is all that a page can name, only one
    /// that has no other.
    pub(super) fn may_be_resumed(&self) -> bool {
        match self.wire() {
            Wire::SocketIo(_) => self.room_count() == 1,
            Wire::Charsu | Wire::OneSegment | Wire::TwoSegment | Wire::Sse => true,
        }
    }

    /// The rooms it is in.
    pub fn room_count(&self) -> usize {
        self.desk().cursors.len()
    }

    /// Its membership of the room with this name.
    pub fn membership(&self, room: &str) -> Option<(Arc<LiveRoom>, MemberId)> {
        self.desk()
            .cursors
            .iter()
            .find(|cursor| cursor.room.name().as_str() == room)
            .map(|cursor| (cursor.room.clone(), cursor.member))
    }

    /// Its only or first membership, for wires on which a connection is one room.
    pub fn first_membership(&self) -> Option<(Arc<LiveRoom>, MemberId)> {
        self.desk().cursors.first().map(|cursor| (cursor.room.clone(), cursor.member))
    }

    /// Begins to read a room from a position, unless the connection is over. Called with the room's lock held, so that
    /// nothing comes between.
    pub(super) fn seat(&self, room: Arc<LiveRoom>, member: MemberId, carrier: Carrier, position: Seq) -> bool {
        self.seated.store(true, Ordering::Relaxed);
        let mut desk = self.desk();
        if !desk.gone {
            desk.cursors.push(Cursor { room, member, carrier, position });
        }
        !desk.gone
    }

    /// The connection is over. From here on it is given no place any more.
    pub(super) fn go(&self) {
        self.desk().gone = true;
    }

    /// Stops reading a room. Returns how it was there.
    pub(super) fn unseat(&self, room: &Arc<LiveRoom>) -> Option<Cursor> {
        let mut desk = self.desk();
        let index = desk.cursors.iter().position(|cursor| Arc::ptr_eq(&cursor.room, room))?;
        let cursor = desk.cursors.swap_remove(index);
        if desk.cursors.is_empty() {
            desk.cursors = SmallVec::new();
        }
        Some(cursor)
    }

    /// Stops reading every room.
    pub(super) fn unseat_all(&self) -> SmallVec<[Cursor; 1]> {
        std::mem::take(&mut self.desk().cursors)
    }

    /// Whether it has ever been in a room.
    pub(super) fn was_seated(&self) -> bool {
        self.seated.load(Ordering::Relaxed)
    }

    /// Lets it be sent typing.
    pub fn learn_typing(&self) {
        self.knows_typing.store(true, Ordering::Relaxed);
    }

    /// Notes that bytes came: whether they made something whole, and whether they left something half said.
    pub fn heard(&self, tick: u32, made_whole: bool, is_midway: bool) {
        if !self.wire().pings_by_the_clock() {
            self.answered(tick);
        }
        if !is_midway {
            self.begun.store(0, Ordering::Relaxed);
        } else if made_whole || self.begun.load(Ordering::Relaxed) == 0 {
            self.begun.store(tick.max(1), Ordering::Relaxed);
        }
    }

    /// Notes a sign of life: the next ping is due an interval after it.
    pub fn answered(&self, tick: u32) {
        self.heard.store(tick, Ordering::Relaxed);
        self.pinged.store(false, Ordering::Relaxed);
    }

    pub(super) fn entered(&self) -> u32 {
        self.entered.load(Ordering::Relaxed)
    }

    /// It was told to wait before it joins: its time to join begins anew.
    pub fn is_told_to_wait(&self, tick: u32) {
        self.entered.store(tick, Ordering::Relaxed);
    }

    pub(super) fn last_heard(&self) -> u32 {
        self.heard.load(Ordering::Relaxed)
    }

    pub(super) fn message_begun(&self) -> Option<u32> {
        Some(self.begun.load(Ordering::Relaxed)).filter(|&tick| tick != 0)
    }

    /// Sends a ping unless one is under way.
    pub(super) fn ping(&self) {
        if !self.pinged.swap(true, Ordering::Relaxed) {
            self.answer(|out| self.wire().ping(out));
            self.write_answers();
        }
    }

    /// The socket, for the connection's task, which alone reads it.
    pub fn socket(&self) -> &Socket {
        &self.socket
    }

    /// It is served, though it is in no room.
    #[cfg(feature = "conformance")]
    pub(crate) fn is_served(&self) {
        self.seated.store(true, Ordering::Relaxed);
    }

    /// Waits until the connection's task has to [read on](Self::read_on).
    pub fn poll_called(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.waker.register(cx.waker());
        let called = self.called.swap(false, Ordering::Acquire);
        if !called && !self.unsettled.load(Ordering::Relaxed) {
            // Whoever changes the desk calls.
            return Poll::Pending;
        }
        let desk = self.desk();
        let polled = if desk.broken || desk.closing {
            Poll::Ready(())
        } else if desk.full {
            self.socket.poll_writable(cx).map(|_| ())
        } else if called {
            Poll::Ready(())
        } else {
            self.unsettled.store(false, Ordering::Relaxed);
            return Poll::Pending;
        };
        self.unsettled.store(true, Ordering::Relaxed);
        polled
    }

    /// Has the connection's task read on.
    pub(super) fn call(&self) {
        self.called.store(true, Ordering::Release);
        self.waker.wake();
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;

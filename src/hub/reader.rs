//! One connection's reading side: a cursor for each of its rooms, one small buffer, and the socket. It holds no queue of
//! other people's events. Whoever holds the desk's lock is the one writer of the socket.
//!
//! Two write: the flusher, which offers each room's newest batch to every reader that keeps up ([`Reader::offer`]), and the
//! connection's own task, which reads on from its cursors when the socket was full ([`Reader::read_on`]). Both look at the
//! cursor under the lock and move it by what the socket took, so nothing is sent twice or left out, whoever comes first.
//!
//! Knows no command and no wire's details.

use std::borrow::Cow;
use std::io::IoSlice;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll};

use atomic_waker::AtomicWaker;
use smallvec::SmallVec;

use super::live_room::{LiveRoom, Shown, Stretch};
use super::sessions::Session;
use crate::names::RoomName;
use crate::protocol::{Close, MemberId, Refusal, Seq};
use crate::transport::socket::Socket;
use crate::wire::socketio::Place;
use crate::wire::{Batch, Carrier, ReplyTo, Wire};

/// The most that one write hands to the kernel while catching up, in bytes: enough to fill a socket's buffer, little
/// enough not to encode a whole tail for a reader that takes a few kilobytes.
const STRETCH_BYTES: usize = 64 * 1024;

/// What a member of a room stands for in its reader.
#[derive(Debug)]
pub(super) struct Cursor {
    /// Which room.
    pub(super) room: Arc<LiveRoom>,
    /// As whom.
    pub(super) member: MemberId,
    /// How it is sent this room.
    pub(super) carrier: Carrier,
    /// The last event whose frames the socket took, or has begun to take.
    position: Seq,
}

/// What lies on the desk: everything that only the one writer touches.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own; no two exclude each other")]
struct Desk {
    /// Most connections are in one room, whose cursor lies here.
    cursors: SmallVec<[Cursor; 1]>,
    /// Which cursor reads on next, so that a busy room does not keep the others waiting.
    turn: u32,
    /// The unsent rest of a frame, and answers meant for this client alone. Takes no memory while empty.
    pending: Vec<u8>,
    /// The socket took less than it was given, or still owes of what it took: wait until it is writable.
    full: bool,
    /// The close frame is in `pending` or sent; nothing follows it.
    closing: bool,
    /// The socket is dead.
    broken: bool,
    /// The connection is over: nothing is read by it any more.
    gone: bool,
}

impl Desk {
    /// The next cursor that is behind its room, in turn.
    fn next_late(&mut self) -> Option<(Arc<LiveRoom>, MemberId, Carrier, Seq)> {
        let count = self.cursors.len();
        let index = (0..count)
            .map(|step| (self.turn as usize + step) % count)
            .find(|&index| self.cursors[index].position < self.cursors[index].room.head())?;
        self.turn = index as u32 + 1;
        let cursor = &self.cursors[index];
        Some((cursor.room.clone(), cursor.member, cursor.carrier, cursor.position))
    }
}

/// The loose frames of one flush on one wire.
#[derive(Debug, Default)]
pub(super) struct Loose {
    by_member: Vec<(MemberId, Vec<u8>)>,
    all: Vec<u8>,
}

impl Loose {
    /// Adds a frame that comes from a member.
    pub(super) fn add(&mut self, from: MemberId, frame: Vec<u8>) {
        self.all.extend_from_slice(&frame);
        self.by_member.push((from, frame));
    }

    /// What a member may be sent: others' frames only. A copy is made only for those who have a frame of their own here.
    fn without(&self, member: MemberId) -> Cow<'_, [u8]> {
        if self.by_member.iter().all(|(from, _)| *from != member) {
            return Cow::Borrowed(&self.all);
        }
        let others = self.by_member.iter().filter(|(from, _)| *from != member);
        Cow::Owned(others.flat_map(|(_, frame)| frame.iter().copied()).collect())
    }
}

/// How a reader took what it was offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Offered {
    /// It has all of it.
    Taken,
    /// Its next number is this; its own task reads on from there.
    Behind(Seq),
    /// It does not read this room.
    Absent,
}

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

    /// Puts an answer for this client alone on the desk. It leaves with the next write; the connection's task sees to
    /// that when no batch does.
    pub fn answer(&self, write: impl FnOnce(&mut Vec<u8>)) {
        self.put(|_, out| write(out), true);
    }

    /// Tells this client that what it asked for in a room was refused, as it is sent that room; `otherwise` on this wire.
    pub fn refuse(&self, refusal: &Refusal, reply: ReplyTo, room: &RoomName, otherwise: Wire) {
        self.put(|cursors, out| refuse_in(cursors, otherwise, refusal, reply, room, out), true);
    }

    /// The same under a room's lock.
    pub(super) fn lay_refusal(&self, refusal: &Refusal, reply: ReplyTo, room: &RoomName) {
        self.put(|cursors, out| refuse_in(cursors, self.wire(), refusal, reply, room, out), false);
    }

    /// The same under a room's lock, under which no socket is written. Nobody is closed as slow for it: what is answered here
    /// is what this client asked, and it is not read while much of that waits.
    pub(super) fn lay(&self, write: impl FnOnce(&mut Vec<u8>)) {
        self.put(|_, out| write(out), false);
    }

    fn put(&self, write: impl FnOnce(&[Cursor], &mut Vec<u8>), may_write: bool) {
        let mut desk = self.desk();
        if desk.closing || desk.broken || desk.gone {
            return;
        }
        let limit = self.pending_limit();
        if may_write && desk.pending.len() > limit {
            // It takes nothing, and is told things that it did not ask for. A frame may be half sent, so the close frame
            // goes behind what is there.
            self.begin_close(&mut desk);
            self.wire().close(Close::TooSlow, &mut desk.pending);
            drop(desk);
            self.call();
            return;
        }
        let Desk { cursors, pending, .. } = &mut *desk;
        write(cursors, pending);
        if may_write && desk.pending.len() > limit / 2 && !desk.full {
            // Much was asked at once. Only what the socket does not take counts.
            self.write(&mut desk, &[], &[]);
        }
        if desk.pending.len() > limit / 2 {
            self.pausing.store(true, Ordering::Relaxed);
            drop(desk);
            self.call();
        }
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

    /// Writes what lies on the desk, unless the socket is full.
    pub fn write_answers(&self) {
        let mut desk = self.desk();
        if !desk.full && !desk.pending.is_empty() {
            self.write(&mut desk, &[], &[]);
        }
    }

    /// Parts with this client: a close frame after what is already begun, and nothing after it.
    pub fn close(&self, why: Close) {
        self.part(|out| self.wire().close(why, out));
    }

    /// Parts with this client by a close frame of the caller's. The first parting counts.
    pub fn part(&self, write: impl FnOnce(&mut Vec<u8>)) {
        let mut desk = self.desk();
        if !desk.closing {
            self.begin_close(&mut desk);
            write(&mut desk.pending);
        }
        drop(desk);
        self.call();
    }

    /// Whether it is being parted with.
    pub fn is_closing(&self) -> bool {
        let desk = self.desk();
        desk.closing || desk.broken
    }

    fn begin_close(&self, desk: &mut Desk) {
        desk.closing = true;
        self.ended.store(true, Ordering::Relaxed);
    }

    /// Writes on after the socket was full, to the end of what lies on the desk. For a connection that is being parted with.
    pub fn write_rest(&self) {
        let mut desk = self.desk();
        desk.full = false;
        self.write(&mut desk, &[], &[]);
    }

    /// Whether everything was handed to the socket and is owed by it no more, or cannot be.
    pub fn is_drained(&self) -> bool {
        let desk = self.desk();
        desk.broken || desk.pending.is_empty() && !self.socket.owes()
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

    /// Offers what a flush shows of a room: the newest batch, if there are events in it, and loose frames by the member they
    /// come from. Called by the flusher.
    pub(super) fn offer(&self, room: &Arc<LiveRoom>, shown: &[Shown], has_events: bool) -> Offered {
        let mut desk = self.desk();
        if desk.closing || desk.broken {
            return Offered::Absent;
        }
        let Some(index) = desk.cursors.iter().position(|cursor| Arc::ptr_eq(&cursor.room, room)) else {
            return Offered::Absent;
        };
        let cursor = &desk.cursors[index];
        let (position, member) = (cursor.position, cursor.member);
        if desk.full {
            return Offered::Behind(position + 1);
        }
        let (batch, loose) = Shown::of(shown, cursor.carrier);
        if has_events && batch.is_none() {
            // It is sent the room in another form since the flush began.
            drop(desk);
            self.call();
            return Offered::Behind(position + 1);
        }
        let batch = batch.filter(|batch| batch.last() > position);
        if batch.is_some_and(|batch| batch.first() > position + 1) {
            drop(desk);
            self.call();
            return Offered::Behind(position + 1);
        }
        let knows_typing = self.knows_typing.load(Ordering::Relaxed);
        let loose = loose.filter(|_| knows_typing).map_or(Cow::Borrowed(&[][..]), |loose| loose.without(member));
        let Some(batch) = batch else {
            if position < room.head() {
                // Nothing loose overtakes numbered events that are still to come.
                return Offered::Behind(position + 1);
            }
            if loose.is_empty() {
                return Offered::Taken;
            }
            self.write(&mut desk, &[], &loose);
            return Offered::Taken;
        };
        if batch.is_personal_to(member, position) {
            let personal = batch.personal_to(member, room.name());
            self.advance(&mut desk, index, &personal, &loose);
        } else {
            self.advance(&mut desk, index, batch, &loose);
        }
        if desk.full { Offered::Behind(desk.cursors[index].position + 1) } else { Offered::Taken }
    }

    /// Reads on from the cursors until everything is sent or the socket is full. Called by the connection's task only.
    pub fn read_on(&self) {
        loop {
            let mut desk = self.desk();
            if desk.broken {
                return;
            }
            desk.full = false;
            self.write(&mut desk, &[], &[]);
            if desk.full || desk.broken || desk.closing {
                return;
            }
            let Some((room, member, carrier, position)) = desk.next_late() else { return };
            // The room's lock is never taken while the desk's is held.
            drop(desk);
            let stretch = room.stretch(carrier.wire(), member, position, STRETCH_BYTES);
            let mut desk = self.desk();
            let is_it = |cursor: &Cursor| {
                Arc::ptr_eq(&cursor.room, &room) && cursor.position == position && cursor.carrier == carrier
            };
            let Some(index) = desk.cursors.iter().position(is_it) else {
                continue;
            };
            match stretch {
                Stretch::Batch(batch) => self.advance(&mut desk, index, &batch, &[]),
                Stretch::Reset { frame, position } => {
                    desk.cursors[index].position = position;
                    desk.pending.extend_from_slice(&frame);
                }
            }
        }
    }

    /// The socket, for the connection's task, which alone reads it.
    pub fn socket(&self) -> &Socket {
        &self.socket
    }

    /// Moves the connection to another socket. `unsent` gives what was written and not sent yet, which goes first; it is asked
    /// while nobody writes. The connection's task goes on there.
    pub(crate) fn move_to(&self, socket: Socket, unsent: impl FnOnce() -> Vec<u8>) {
        let mut desk = self.desk();
        let mut first = unsent();
        first.append(&mut desk.pending);
        desk.pending = first;
        desk.full = false;
        self.socket.move_to(socket);
        drop(desk);
        self.call();
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

    /// Writes the part of a batch that comes after a cursor, and moves the cursor by what was taken.
    fn advance(&self, desk: &mut Desk, index: usize, batch: &Batch, loose: &[u8]) {
        let position = desk.cursors[index].position;
        let taken = self.write(desk, batch.after(position), loose);
        let (reached, rest) = batch.stand(position, taken);
        desk.cursors[index].position = if desk.full { reached } else { batch.last() };
        desk.pending.extend_from_slice(rest);
    }

    /// One write of what is pending, then `bytes`, then `loose`. Returns how many of `bytes` were taken. What is left of
    /// `pending` or of begun `loose` frames stays pending; loose frames that were not begun are dropped.
    fn write(&self, desk: &mut Desk, bytes: &[u8], loose: &[u8]) -> usize {
        let before = desk.pending.len();
        let whole = before + bytes.len() + loose.len();
        if whole == 0 && !self.socket.owes() {
            return 0;
        }
        let slices = [IoSlice::new(&desk.pending), IoSlice::new(bytes), IoSlice::new(loose)];
        let written =
            if before + loose.len() == 0 { self.socket.write(bytes) } else { self.socket.write_vectored(&slices) };
        let Ok(taken) = written else {
            // The task learns it from the socket; what was unsent is for the next connection's cursor.
            desk.broken = true;
            self.ended.store(true, Ordering::Relaxed);
            desk.full = false;
            desk.pending = Vec::new();
            self.call();
            return 0;
        };
        desk.full = taken < whole || self.socket.owes();
        if desk.full {
            // Whoever wrote, it is the connection's task that waits until the socket takes more.
            self.call();
        }
        if taken == whole {
            desk.pending = Vec::new();
            self.pausing.store(false, Ordering::Relaxed);
            return bytes.len();
        }
        if taken < before {
            desk.pending.drain(..taken);
            if desk.pending.len() <= self.pending_limit() / 2 {
                self.pausing.store(false, Ordering::Relaxed);
            }
            return 0;
        }
        self.pausing.store(false, Ordering::Relaxed);
        let of_bytes = (taken - before).min(bytes.len());
        let of_loose = taken - before - of_bytes;
        desk.pending = if of_loose > 0 { loose[of_loose..].to_vec() } else { Vec::new() };
        of_bytes
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Appends a refusal where whoever reads a room stands in it: what is sent before this lies before it.
fn refuse_in(
    cursors: &[Cursor],
    otherwise: Wire,
    refusal: &Refusal,
    reply: ReplyTo,
    room: &RoomName,
    out: &mut Vec<u8>,
) {
    let cursor = cursors.iter().find(|cursor| cursor.room.name() == room);
    let wire = cursor.map_or(otherwise, |cursor| cursor.carrier.wire());
    let place = cursor.map(|cursor| Place { epoch: cursor.room.epoch(), seq: cursor.position });
    wire.refuse(refusal, reply, room, place, out);
}

#[cfg(test)]
mod tests;

//! What goes to a socket, and how far each cursor moves by it: the one place that writes.

use std::borrow::Cow;
use std::io::IoSlice;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::{Cursor, Desk, Reader};
use crate::hub::live_room::{LiveRoom, Shown, Stretch};
use crate::protocol::{MemberId, Seq};
use crate::transport::socket::Socket;
use crate::wire::Batch;

/// The most that one write hands to the kernel while catching up, in bytes: enough to fill a socket's buffer, little
/// enough not to encode a whole tail for a reader that takes a few kilobytes.
const STRETCH_BYTES: usize = 64 * 1024;

/// The loose frames of one flush on one wire.
#[derive(Debug, Default)]
pub(in crate::hub) struct Loose {
    by_member: Vec<(MemberId, Vec<u8>)>,
    all: Vec<u8>,
}

impl Loose {
    /// Adds a frame that comes from a member.
    pub(in crate::hub) fn add(&mut self, from: MemberId, frame: Vec<u8>) {
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
pub(in crate::hub) enum Offered {
    /// It has all of it.
    Taken,
    /// Its next number is this; its own task reads on from there.
    Behind(Seq),
    /// It does not read this room.
    Absent,
}

impl Reader {
    /// Offers what a flush shows of a room: the newest batch, if there are events in it, and loose frames by the member they
    /// come from. Called by the flusher.
    pub(in crate::hub) fn offer(&self, room: &Arc<LiveRoom>, shown: &[Shown], has_events: bool) -> Offered {
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
    pub(super) fn write(&self, desk: &mut Desk, bytes: &[u8], loose: &[u8]) -> usize {
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
}

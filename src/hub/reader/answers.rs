//! What one client alone is told: answers, refusals, and the close frame that ends it. They leave with the next write.

use std::sync::atomic::Ordering;

use super::{Cursor, Desk, Reader};
use crate::names::RoomName;
use crate::protocol::{Close, Refusal};
use crate::wire::socketio::Place;
use crate::wire::{ReplyTo, Wire};

impl Reader {
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
    pub(in crate::hub) fn lay_refusal(&self, refusal: &Refusal, reply: ReplyTo, room: &RoomName) {
        self.put(|cursors, out| refuse_in(cursors, self.wire(), refusal, reply, room, out), false);
    }

    /// The same under a room's lock, under which no socket is written. Nobody is closed as slow for it: what is answered here
    /// is what this client asked, and it is not read while much of that waits.
    pub(in crate::hub) fn lay(&self, write: impl FnOnce(&mut Vec<u8>)) {
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

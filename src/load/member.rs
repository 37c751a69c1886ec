//! One client: it writes what it is told to, reads whatever comes and reports it. All clients share one thread and the
//! buffer into which they read, so that thousands cost the machine little beside the server.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::io;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use super::crew::Crew;
use super::mark::digits;
use super::opening::{MAX_MESSAGE, farewell};
use super::{Blank, Mark, Template};
use crate::client::Stream;
use crate::client::socket::{Heard, Kind, Messages, put};

/// Read at once at most.
const READ: usize = 256 * 1024;
/// Unsent bytes of one client at most. A server that lets so much wait does not read any more.
const MAX_PENDING: usize = 64 * 1024 * 1024;

/// A client, as those see it who make it talk.
pub(super) struct Member {
    /// Which room it is in, and which of its members it is.
    pub(super) room: u32,
    pub(super) index: u32,
    to: Stream,
    /// What the socket has not taken yet.
    pending: RefCell<Vec<u8>>,
    /// Of the task that reads and empties `pending`.
    waker: RefCell<Option<Waker>>,
    /// A line, with room and name filled in.
    line: Template,
    /// The number of its last command.
    command: Cell<u64>,
    /// The last command that was acknowledged.
    pub(super) acknowledged: Cell<u64>,
    mask: Cell<u32>,
}

impl Member {
    pub(super) fn new(room: u32, index: u32, to: Stream, line: Template, mask: u32) -> Self {
        Self {
            room,
            index,
            to,
            pending: RefCell::default(),
            waker: RefCell::default(),
            line,
            // Number 1 was the join.
            command: Cell::new(1),
            acknowledged: Cell::new(1),
            mask: Cell::new(mask | 1),
        }
    }

    /// Says so many lines in one write.
    pub(super) fn says(&self, crew: &Crew, lines: usize) {
        let mut out = crew.out.borrow_mut();
        out.clear();
        let mut tally = crew.rooms[self.room as usize].tally.borrow_mut();
        let micros = crew.micros();
        for _ in 0..lines {
            let mark = Mark { room: self.room, member: self.index, n: tally.says(self.index), micros };
            self.command.set(self.command.get() + 1);
            put(&mut out, Kind::Text, self.mask(), |out| {
                self.line.write(out, |blank, out| match blank {
                    Blank::Text => mark.write(crew.plan.chars, out),
                    Blank::N => digits(self.command.get(), out),
                    // Filled in already.
                    Blank::Room | Blank::Name => {}
                });
            });
        }
        drop(tally);
        self.writes(crew, &out);
    }

    /// Says that it goes.
    pub(super) fn leaves(&self, crew: &Crew) {
        let mut bytes = Vec::new();
        put(&mut bytes, Kind::Close, self.mask(), |bytes| bytes.extend_from_slice(&1000_u16.to_be_bytes()));
        self.writes(crew, &bytes);
    }

    /// Another for each frame (xorshift).
    fn mask(&self) -> [u8; 4] {
        let mut mask = self.mask.get();
        mask ^= mask << 13;
        mask ^= mask >> 17;
        mask ^= mask << 5;
        self.mask.set(mask);
        mask.to_be_bytes()
    }

    fn writes(&self, crew: &Crew, bytes: &[u8]) {
        let mut pending = self.pending.borrow_mut();
        let written = if pending.is_empty() {
            // Whoever reads will learn why not.
            self.to.try_write(bytes).unwrap_or_default()
        } else {
            0
        };
        if written == bytes.len() && self.to.try_flush().unwrap_or(true) {
            return;
        }
        pending.extend_from_slice(&bytes[written..]);
        if pending.len() > MAX_PENDING {
            crew.breaks(format!("the server does not read: {} bytes wait for it", pending.len()));
        }
        if let Some(waker) = &*self.waker.borrow() {
            waker.wake_by_ref();
        }
    }

    fn poll_flush(&self, cx: &mut Context<'_>) -> io::Result<()> {
        let mut pending = self.pending.borrow_mut();
        while !(self.to.try_flush()? && pending.is_empty()) && self.to.poll_write_ready(cx)?.is_ready() {
            match self.to.try_write(&pending) {
                Ok(written) => drop(pending.drain(..written)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// The task of a client.
pub(super) struct Ear {
    member: Rc<Member>,
    /// The beginning of a frame that has not come whole.
    rest: Vec<u8>,
    messages: Messages,
    /// Where the mark stood last.
    hint: usize,
}

impl Ear {
    pub(super) fn new(member: Rc<Member>, rest: Vec<u8>) -> Self {
        Self { member, rest, messages: Messages::new(MAX_MESSAGE), hint: 0 }
    }

    /// Until the connection ends.
    pub(super) async fn listens(mut self, crew: Rc<Crew>) {
        // What came with the answer to the handshake.
        let early = std::mem::take(&mut self.rest);
        let early = self.takes(&crew, &early);
        let ending = match early {
            Ok(()) => poll_fn(|cx| self.poll(&crew, cx)).await,
            Err(ending) => ending,
        };
        crew.ends(&ending);
    }

    /// Ready with how the connection ended.
    fn poll(&mut self, crew: &Crew, cx: &mut Context<'_>) -> Poll<String> {
        {
            let mut waker = self.member.waker.borrow_mut();
            if waker.as_ref().is_none_or(|waker| !waker.will_wake(cx.waker())) {
                *waker = Some(cx.waker().clone());
            }
        }
        loop {
            if let Err(error) = self.member.poll_flush(cx) {
                return Poll::Ready(error.to_string());
            }
            {
                let mut scratch = crew.scratch.borrow_mut();
                let begin = self.rest.len();
                if scratch.len() < begin + READ {
                    scratch.resize(begin + READ, 0);
                }
                scratch[..begin].copy_from_slice(&self.rest);
                let read = match self.member.to.poll_read(cx, &mut scratch[begin..]) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Err(error)) => return Poll::Ready(error.to_string()),
                    Poll::Ready(Ok(count)) => count,
                };
                if read == 0 {
                    return Poll::Ready("it hung up".to_owned());
                }
                if let Err(ending) = self.takes(crew, &scratch[..begin + read]) {
                    return Poll::Ready(ending);
                }
            }
            crew.rooms[self.member.room as usize].goes_on(crew);
        }
    }

    /// Takes all whole frames and keeps what is left.
    fn takes(&mut self, crew: &Crew, bytes: &[u8]) -> Result<(), String> {
        crew.note_read();
        let mut at = 0;
        while let Some(heard) = self.messages.next(bytes, &mut at).map_err(|broken| broken.to_string())? {
            match heard {
                Heard::Text(message) | Heard::Binary(message) => match Mark::find(message, self.hint) {
                    Some((mark, found)) => {
                        self.hint = found;
                        crew.hears(&self.member, mark);
                    }
                    None => crew.hears_other(&self.member, message),
                },
                Heard::Ping(payload) => {
                    let mut pong = Vec::new();
                    put(&mut pong, Kind::Pong, self.member.mask(), |pong| pong.extend_from_slice(payload));
                    self.member.writes(crew, &pong);
                }
                Heard::Pong => {}
                Heard::Close(last) => return Err(farewell(last)),
            }
        }
        self.rest.clear();
        self.rest.extend_from_slice(&bytes[at..]);
        Ok(())
    }
}

//! Finding, opening and ending rooms.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::live_room::State;
use super::timers::Due;
use super::{Codes, Hub, LiveRoom};
use crate::code::Code;
use crate::names::RoomName;
use crate::protocol;
use crate::protocol::Refusal;
use crate::room::Epoch;

/// The rooms by name, and the codes.
#[derive(Debug)]
pub(super) struct Rooms {
    by_name: HashMap<RoomName, Arc<LiveRoom>>,
    codes: Codes,
}

/// Who may open a room by joining it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// A code must have been made; any other name opens, unless the operator closed that.
    Made,
    /// Joining opens a code too: pages that make the code themselves.
    Any,
}

/// What joining a room would open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WouldOpen {
    /// The room is there, or its code was made, or may not be opened.
    Nothing,
    /// A room with a name of its own.
    Name,
    /// A code that nobody made.
    Code,
}

impl Rooms {
    pub(super) fn new(codes: Codes) -> Self {
        Self { by_name: HashMap::new(), codes }
    }

    pub(super) fn len(&self) -> usize {
        self.by_name.len()
    }

    fn give_memory_back(&mut self) {
        if self.by_name.is_empty() {
            self.by_name = HashMap::new();
        } else if self.by_name.capacity() > 64 && self.by_name.len() < self.by_name.capacity() / 8 {
            self.by_name.shrink_to(self.by_name.len() * 2);
        }
    }
}

impl Hub {
    /// Makes a code for a new room. The room begins with its first member.
    ///
    /// # Errors
    /// [`protocol::Code::ServerFull`] when there are as many rooms as there may be, or no free code.
    pub fn make_code(&self) -> Result<Code, Refusal> {
        let now = self.now();
        let mut rooms = self.rooms();
        let Rooms { by_name, codes } = &mut *rooms;
        if by_name.len() + codes.waiting() >= self.rules.rooms {
            return Err(protocol::Code::ServerFull.into());
        }
        let random =
            |bytes: &mut [u8]| getrandom::fill(bytes).expect("the system's random source works, else nothing is safe");
        let is_live = |code: Code| by_name.contains_key(&RoomName::from(code));
        codes.give(now, random, is_live).ok_or_else(|| protocol::Code::ServerFull.into())
    }

    /// Whether a room of this name could be joined now, and how many people are in it.
    pub fn look_up(&self, name: &RoomName) -> Option<usize> {
        let room = {
            let rooms = self.rooms();
            let Some(room) = rooms.by_name.get(name) else {
                let may_open = match name.code() {
                    Some(code) => rooms.codes.is_waiting(code, self.now()),
                    None => self.rules.named_rooms,
                };
                return may_open.then_some(0);
            };
            room.clone()
        };
        let people = room.lock().room.roster().len();
        Some(people)
    }

    /// What joining this name now would open that was not made.
    pub fn would_open(&self, name: &RoomName) -> WouldOpen {
        let rooms = self.rooms();
        match name.code() {
            _ if rooms.by_name.contains_key(name) => WouldOpen::Nothing,
            None => WouldOpen::Name,
            Some(code) if rooms.codes.is_waiting(code, self.now()) || rooms.codes.is_resting(code) => {
                WouldOpen::Nothing
            }
            Some(_) => WouldOpen::Code,
        }
    }

    /// The room of this name, opened if it may be.
    ///
    /// # Errors
    /// [`protocol::Code::RoomNotFound`] for a code that was not made, and for a name when only codes are allowed;
    /// [`protocol::Code::ServerFull`] when there are as many rooms as there may be.
    pub(super) fn find_or_open(&self, name: &RoomName, opening: Opening) -> Result<Arc<LiveRoom>, Refusal> {
        let now = self.now();
        let mut rooms = self.rooms();
        if let Some(room) = rooms.by_name.get(name) {
            return Ok(room.clone());
        }
        let is_made = name.code().is_some_and(|code| rooms.codes.is_waiting(code, now));
        let may_open = match (name.code(), opening) {
            (Some(code), Opening::Any) => is_made || !rooms.codes.is_resting(code),
            (Some(_), Opening::Made) => is_made,
            (None, _) => self.rules.named_rooms,
        };
        if !may_open {
            return Err(protocol::Code::RoomNotFound.into());
        }
        if !is_made && rooms.by_name.len() + rooms.codes.waiting() >= self.rules.rooms {
            return Err(protocol::Code::ServerFull.into());
        }
        if let Some(code) = name.code() {
            rooms.codes.take(code, now);
        }
        let room = LiveRoom::new(name.clone(), new_epoch(), now);
        rooms.by_name.insert(name.clone(), room.clone());
        self.live_rooms.store(rooms.by_name.len(), Ordering::Relaxed);
        Ok(room)
    }

    /// A room has nobody in it: from now on its time runs. Called with its lock held.
    pub(super) fn emptied_room(&self, room: &Arc<LiveRoom>, state: &mut State) {
        let now = self.now();
        state.empty_since = Some(now);
        if !state.end_is_timed {
            state.end_is_timed = true;
            self.later(now + self.rules.room_idle_ms, Due::RoomEnd(Arc::downgrade(room)));
        }
    }

    /// Ends a room that has been empty for its time, or looks again when that may be.
    pub(super) fn end_if_idle(&self, room: &Arc<LiveRoom>) {
        let now = self.now();
        let mut rooms = self.rooms();
        let mut state = room.lock();
        if state.ended {
            return;
        }
        state.end_is_timed = false;
        let Some(since) = state.empty_since.filter(|_| state.room.roster().is_empty()) else { return };
        let at = since + self.rules.room_idle_ms;
        if now < at {
            state.end_is_timed = true;
            self.later(at, Due::RoomEnd(Arc::downgrade(room)));
            return;
        }
        state.ended = true;
        state.hold = None;
        self.count_tail(state.room.log().bytes(), 0);
        drop(state);
        rooms.by_name.remove(room.name());
        self.live_rooms.store(rooms.by_name.len(), Ordering::Relaxed);
        if let Some(code) = room.name().code() {
            rooms.codes.rest(code, now);
        }
        rooms.give_memory_back();
    }

    /// Forgets what grew old: codes that waited in vain, tails of rooms in which nothing happens.
    pub(super) fn sweep_rooms(&self) {
        let now = self.now();
        let all: Vec<Arc<LiveRoom>> = {
            let mut rooms = self.rooms();
            rooms.codes.sweep(now);
            rooms.by_name.values().cloned().collect()
        };
        let limits = self.tail_limits();
        for room in all {
            let mut state = room.lock();
            if state.ended {
                continue;
            }
            let before = state.room.log().bytes();
            state.trim(now, limits);
            self.count_tail(before, state.room.log().bytes());
            let has_laggards = state.has_laggards();
            drop(state);
            if has_laggards {
                // Whoever has caught up meanwhile holds nothing back any more.
                self.flusher.mark(&room);
            }
        }
    }
}

/// A new life of a log.
fn new_epoch() -> Epoch {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).expect("the system's random source works, else nothing is safe");
    Epoch(u64::from_le_bytes(bytes))
}

//! Finding, opening and ending rooms.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::joining::Join;
use super::live_room::State;
use super::timers::Due;
use super::{Codes, Hub, LiveRoom, Reader, Rules};
use crate::code::Code;
use crate::names::RoomName;
use crate::protocol;
use crate::protocol::Refusal;
use crate::room::{Epoch, Room};
use crate::store::{RoomKey, Store};

/// How long until a room is looked at again in which something is still on its way to the store, in milliseconds.
const LOOK_AGAIN_MS: u64 = 1000;

/// How often the store is told to forget codes that have rested, in milliseconds.
const FORGET_RESTED_MS: u64 = 3_600_000;

/// The rooms by name, and the codes.
#[derive(Debug)]
pub(super) struct Rooms {
    by_name: HashMap<RoomName, Arc<LiveRoom>>,
    /// Rooms that lie in the store and not here: nobody is in them.
    pub(super) stored: HashMap<RoomName, Stored>,
    pub(super) codes: Codes,
    /// When the store was last told to forget codes that have rested, in Unix milliseconds.
    rested_at: u64,
}

/// A room that lies in the store.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) key: RoomKey,
    /// When something last happened in it, in Unix milliseconds.
    pub(super) touched_at: u64,
    pub(super) fate: Fate,
}

/// What happens to a stored room.
#[derive(Debug)]
pub(super) enum Fate {
    /// It lies there.
    Resting,
    /// It is being loaded, for these.
    Loading(Vec<(Arc<Reader>, Join)>),
    /// It is being wiped: nobody may come in any more.
    Ending,
}

/// A room that somebody asked for.
pub(super) enum Found {
    /// It is here.
    Live(Arc<LiveRoom>),
    /// It has to be loaded.
    Stored,
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
        Self { by_name: HashMap::new(), stored: HashMap::new(), codes, rested_at: 0 }
    }

    /// How many are here.
    pub(super) fn len(&self) -> usize {
        self.by_name.len()
    }

    /// Whether there is room for one more, here and in the store.
    fn is_full(&self, rules: &Rules) -> bool {
        self.by_name.len() + self.codes.waiting() >= rules.rooms
            || self.by_name.len() + self.stored.len() >= rules.stored_rooms
    }

    fn has(&self, name: &RoomName) -> bool {
        self.by_name.contains_key(name) || self.stored.contains_key(name)
    }

    pub(super) fn insert(&mut self, room: Arc<LiveRoom>) {
        self.by_name.insert(room.name().clone(), room);
    }

    /// The room of this name, if it is here.
    pub(super) fn live(&self, name: &RoomName) -> Option<&Arc<LiveRoom>> {
        self.by_name.get(name)
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
    /// In which epoch the log of a room lives that somebody reads, or did not long ago.
    pub fn epoch_of(&self, name: &RoomName) -> Option<u64> {
        let room = self.rooms().live(name).cloned();
        room.map(|room| room.lock().room.log().epoch().0)
    }

    /// Makes a code for a new room. The room begins with its first member.
    ///
    /// # Errors
    /// [`protocol::Code::ServerFull`] when there are as many rooms as there may be, or no free code;
    /// [`protocol::Code::Unavailable`] when the store cannot keep it.
    pub async fn make_code(&self) -> Result<Code, Refusal> {
        let code = self.give_code()?;
        let Store::Sqlite(store) = &self.store else { return Ok(code) };
        let kept = store.keep_code(code.number(), super::unix_ms() + self.rules.code_wait_ms).await;
        let trouble = match kept {
            Ok(Ok(())) => return Ok(code),
            Ok(Err(trouble)) => trouble.to_string(),
            Err(_) => "The store is closed.".to_owned(),
        };
        self.rooms().codes.take(code, self.now());
        Err(Refusal::because(protocol::Code::Unavailable, trouble))
    }

    fn give_code(&self) -> Result<Code, Refusal> {
        let now = self.now();
        let mut rooms = self.rooms();
        if rooms.is_full(&self.rules) {
            return Err(protocol::Code::ServerFull.into());
        }
        let Rooms { by_name, stored, codes, .. } = &mut *rooms;
        let random =
            |bytes: &mut [u8]| getrandom::fill(bytes).expect("the system's random source works, else nothing is safe");
        let is_used = |code: Code| {
            let name = RoomName::from(code);
            by_name.contains_key(&name) || stored.contains_key(&name)
        };
        codes.give(now, random, is_used).ok_or_else(|| protocol::Code::ServerFull.into())
    }

    /// Whether a room of this name could be joined now, and how many people are in it.
    pub fn look_up(&self, name: &RoomName) -> Option<usize> {
        let room = {
            let rooms = self.rooms();
            let Some(room) = rooms.by_name.get(name) else {
                if let Some(stored) = rooms.stored.get(name) {
                    return (!matches!(stored.fate, Fate::Ending)).then_some(0);
                }
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
            _ if rooms.has(name) => WouldOpen::Nothing,
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
    pub(super) fn find_or_open(&self, name: &RoomName, opening: Opening) -> Result<Found, Refusal> {
        let now = self.now();
        let mut rooms = self.rooms();
        if let Some(room) = rooms.by_name.get(name) {
            return Ok(Found::Live(room.clone()));
        }
        if let Some(stored) = rooms.stored.get(name) {
            return match stored.fate {
                Fate::Resting if rooms.by_name.len() + rooms.codes.waiting() >= self.rules.rooms => {
                    Err(protocol::Code::ServerFull.into())
                }
                Fate::Resting | Fate::Loading(_) => Ok(Found::Stored),
                Fate::Ending => Err(protocol::Code::RoomNotFound.into()),
            };
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
        if !is_made && rooms.is_full(&self.rules) {
            return Err(protocol::Code::ServerFull.into());
        }
        if let Some(code) = name.code() {
            rooms.codes.take(code, now);
        }
        let room = if self.store.is_lasting() { Room::lasting(new_epoch()) } else { Room::new(new_epoch()) };
        let room = LiveRoom::new(name.clone(), self.store.new_room_key(), room, now);
        room.lock().was_made = is_made;
        rooms.insert(room.clone());
        self.live_rooms.store(rooms.by_name.len(), Ordering::Relaxed);
        Ok(Found::Live(room))
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

    /// Ends a room that has been empty for its time, or looks again when that may be. A stored room is not over: it only lies
    /// in the store from then on, unless nothing that was said stands in it.
    pub(super) fn end_if_idle(self: &Arc<Self>, room: &Arc<LiveRoom>) {
        let now = self.now();
        let mut rooms = self.rooms();
        let mut state = room.lock();
        if state.ended {
            return;
        }
        state.end_is_timed = false;
        let Some(since) = state.empty_since.filter(|_| state.room.roster().is_empty()) else { return };
        let at = since + self.rules.room_idle_ms;
        if now < at || state.room.has_pending() {
            state.end_is_timed = true;
            let look_again = if now < at { at } else { now + LOOK_AGAIN_MS };
            self.later(look_again, Due::RoomEnd(Arc::downgrade(room)));
            return;
        }
        state.ended = true;
        state.hold = None;
        self.count_tail(state.room.log().bytes(), 0);
        let (is_stored, was_made, is_blank) = (state.is_stored, state.was_made, state.room.is_blank());
        drop(state);
        rooms.by_name.remove(room.name());
        self.live_rooms.store(rooms.by_name.len(), Ordering::Relaxed);
        if is_stored {
            // Its own idle time began when it was left, which was longer ago by what it was kept here.
            let touched_at = super::unix_ms().saturating_sub(now - since);
            rooms.stored.insert(room.name().clone(), Stored { key: room.key, touched_at, fate: Fate::Resting });
        } else if let Some(code) = room.name().code() {
            if !self.store.is_lasting() {
                rooms.codes.rest(code, now);
            } else if was_made {
                // Its first member could not be kept: the code waits on.
                rooms.codes.wait(code, now + self.rules.code_wait_ms);
            }
        }
        rooms.give_memory_back();
        if is_stored && is_blank {
            self.wipe(&mut rooms, room.name());
        }
    }

    /// Wipes stored rooms in which nothing happened for too long.
    fn end_stored_rooms(self: &Arc<Self>) {
        let now = super::unix_ms();
        let mut rooms = self.rooms();
        let is_over = |stored: &Stored| stored.touched_at.saturating_add(self.rules.stored_room_idle_ms) <= now;
        let over = rooms.stored.iter().filter(|(_, stored)| is_over(stored));
        let over: Vec<RoomName> = over.map(|(name, _)| name.clone()).collect();
        for name in over {
            self.wipe(&mut rooms, &name);
        }
    }

    /// Wipes a room that lies in the store, unless somebody is coming in.
    fn wipe(self: &Arc<Self>, rooms: &mut Rooms, name: &RoomName) {
        let Store::Sqlite(store) = &self.store else { return };
        let Some(stored) = rooms.stored.get_mut(name).filter(|stored| matches!(stored.fate, Fate::Resting)) else {
            return;
        };
        stored.fate = Fate::Ending;
        let ended = store.end_room(stored.key, name.code().map(|code| (code.number(), super::unix_ms())));
        let (hub, name) = (self.clone(), name.clone());
        tokio::spawn(async move {
            let is_wiped = matches!(ended.await, Ok(Ok(())));
            let mut rooms = hub.rooms();
            if is_wiped {
                rooms.stored.remove(&name);
                if let Some(code) = name.code() {
                    rooms.codes.rest(code, hub.now());
                }
            } else if let Some(stored) = rooms.stored.get_mut(&name) {
                // Tried again with the next round.
                (stored.fate, stored.touched_at) = (Fate::Resting, 0);
            }
        });
    }

    /// Forgets what grew old: codes that waited in vain, tails of rooms in which nothing happens.
    pub(super) fn sweep_rooms(self: &Arc<Self>) {
        self.end_stored_rooms();
        let now = self.now();
        let all: Vec<Arc<LiveRoom>> = {
            let mut rooms = self.rooms();
            let expired = rooms.codes.sweep(now);
            if let Store::Sqlite(store) = &self.store {
                for code in expired {
                    store.forget_code(code);
                }
                let clock = super::unix_ms();
                if clock >= rooms.rested_at.saturating_add(FORGET_RESTED_MS) {
                    rooms.rested_at = clock;
                    store.forget_resting(clock.saturating_sub(self.rules.code_quarantine_ms));
                }
            }
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
            let since = self.rules.retention_ms.map(|age| super::unix_ms().saturating_sub(age));
            state.room.retain_lines(since, self.rules.retention_lines);
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

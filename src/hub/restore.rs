//! From what a store has kept to a hub in which everybody is away and may come back, and rooms that are loaded when somebody
//! asks for them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use tokio::sync::{Notify, Semaphore};

use super::admissions::Admissions;
use super::flusher::Flusher;
use super::joining::Join;
use super::keeping::Ticket;
use super::rooms::{Fate, Rooms, Stored};
use super::sessions::{Held, Sessions};
use super::timers::{Due, Timers};
use super::{Codes, Hub, LiveRoom, Reader, Rules};
use crate::code::Code;
use crate::names::RoomName;
use crate::protocol::{self, MemberId, Refusal};
use crate::room::{RECENT_BYTES, RECENT_LINES};
use crate::store::sqlite::{Loaded, Sqlite, TailWanted};
use crate::store::{KeptServer, Opened, RoomKey, SessionHash, Store, Trouble};
use crate::wire::{Carrier, Wire};

/// How many pages of the past are read at once for members: half of the store's readers.
const PAGING: usize = 2;

/// The same for everybody else.
const PUBLIC_PAGING: usize = 1;

impl Hub {
    /// A hub with what the store has kept. [`Hub::run`] must run beside it. Blocks while rooms with people in them are
    /// loaded.
    ///
    /// # Errors
    /// What the store has kept cannot be read.
    pub(crate) fn open(rules: Rules, opened: Opened<Ticket>) -> Result<Arc<Self>, Trouble> {
        let Opened { store, outcomes, kept } = opened;
        let KeptServer { rooms, sessions, codes, resting, hash_key } = kept;
        let book = Codes::new(rules.code_wait_ms, rules.code_quarantine_ms);
        let hub = Arc::new(Self {
            rules,
            store,
            outcomes: Mutex::new(outcomes),
            began: Instant::now(),
            rooms: Mutex::new(Rooms::new(book)),
            sessions: Sessions::restored(sessions, &hash_key),
            flusher: Flusher::default(),
            timers: Timers::default(),
            timer_added: Notify::new(),
            readers: Mutex::default(),
            reader_left: Notify::new(),
            moved: Notify::new(),
            admissions: Admissions::default(),
            stopping: AtomicBool::new(false),
            is_closing: AtomicBool::new(false),
            paging: Arc::new(Semaphore::new(PAGING)),
            public_paging: Arc::new(Semaphore::new(PUBLIC_PAGING)),
            live_rooms: AtomicUsize::new(0),
            tick: AtomicU32::new(1),
            tail_bytes: AtomicU64::new(0),
        });
        hub.restore_codes(&codes, &resting);
        for room in rooms {
            let Ok(name) = RoomName::parse(&room.name) else {
                tracing::warn!(
                    row = room.key,
                    "a stored room has a name that cannot be any more: export it, and wipe it"
                );
                continue;
            };
            if room.members == 0 {
                let stored = Stored { key: room.key, touched_at: room.touched_at, fate: Fate::Resting };
                hub.rooms().stored.insert(name, stored);
            } else if let Some(loaded) = hub.load(room.key)? {
                let (room, awaited) = hub.restored(name, room.key, loaded);
                hub.rooms().insert(room.clone());
                hub.take_in(&room, awaited);
            }
        }
        let until = hub.now() + hub.rules.restart_grace_ms + hub.rules.session_ms;
        for session in hub.sessions.all() {
            hub.later(until, Due::SessionEnd { session: Arc::downgrade(&session), visit: 0 });
        }
        Ok(hub)
    }

    fn restore_codes(&self, waiting: &[(u32, u64)], resting: &[(u32, u64)]) {
        let (now, clock) = (self.now(), super::unix_ms());
        let mut rooms = self.rooms();
        for &(number, until) in waiting {
            if let Some(code) = Code::from_number(number).filter(|_| until > clock) {
                rooms.codes.wait(code, now + (until - clock));
            }
        }
        for &(number, since) in resting {
            if let Some(code) = Code::from_number(number)
                && clock.saturating_sub(since) < self.rules.code_quarantine_ms
            {
                rooms.codes.rest(code, now);
            }
        }
    }

    /// A room as it was kept, and who was in it. Nobody knows of it yet.
    fn restored(&self, name: RoomName, key: RoomKey, loaded: Loaded) -> (Arc<LiveRoom>, Awaited) {
        let awaited = Awaited::of(&loaded);
        let room = LiveRoom::restored(name, key, loaded.kept, self.now());
        self.count_tail(0, room.lock().room.log().bytes());
        (room, awaited)
    }

    /// Expects the members of a room back that was taken in. Those whom nobody can be any more are gone.
    fn take_in(self: &Arc<Self>, room: &Arc<LiveRoom>, awaited: Awaited) {
        self.live_rooms.store(self.rooms().len(), Ordering::Relaxed);
        {
            let mut state = room.lock();
            if state.room.roster().is_empty() {
                self.emptied_room(room, &mut state);
            }
        }
        let until = self.now() + self.rules.restart_grace_ms;
        for (member, session) in awaited.0 {
            match session.and_then(|hash| self.sessions.of(&hash)) {
                Some(session) => {
                    // Nobody reads it there.
                    let carrier = Carrier::new(Wire::Charsu, false);
                    let held = Held { room: room.clone(), member, carrier, until };
                    session.keep_place(held.clone());
                    self.later(held.until, Due::Grace { session, held });
                }
                None => self.leave_now(room, member, None),
            }
        }
    }

    /// Reads a room. Blocks.
    fn load(&self, key: RoomKey) -> Result<Option<Loaded>, Trouble> {
        let Some(store) = self.lasting() else { return Ok(None) };
        let tail = self.rules.tail;
        store.load(
            key,
            TailWanted {
                bytes: tail.bytes,
                age_ms: tail.age_ms,
                recent_lines: RECENT_LINES,
                recent_bytes: RECENT_BYTES,
            },
        )
    }

    /// The store that rooms are loaded from, if there is one.
    pub(super) fn lasting(&self) -> Option<&Sqlite<Ticket>> {
        match &self.store {
            Store::Memory => None,
            Store::Sqlite(store) => Some(store),
        }
    }

    /// Loads a room for somebody who wants to join it, and then lets them. Several share one loading.
    pub(super) fn load_for(self: &Arc<Self>, reader: &Arc<Reader>, join: Join) {
        let name = join.room.clone();
        let key = {
            let mut rooms = self.rooms();
            match rooms.stored.get_mut(&name) {
                Some(Stored { fate: Fate::Loading(waiting), .. }) => {
                    waiting.push((reader.clone(), join));
                    return;
                }
                Some(stored) => {
                    stored.fate = Fate::Loading(vec![(reader.clone(), join)]);
                    stored.key
                }
                None => {
                    // It was loaded, or ended, between two looks.
                    drop(rooms);
                    let (hub, reader) = (self.clone(), reader.clone());
                    tokio::spawn(async move { hub.join_again(&reader, join) });
                    return;
                }
            }
        };
        let hub = self.clone();
        tokio::spawn(async move {
            let reading = hub.clone();
            let loaded = tokio::task::spawn_blocking(move || reading.load(key)).await;
            hub.take_loaded(name, key, loaded.unwrap_or_else(|fault| Err(Trouble::Failed(fault.to_string()))));
        });
    }

    fn take_loaded(self: &Arc<Self>, name: RoomName, key: RoomKey, loaded: Result<Option<Loaded>, Trouble>) {
        let (taken, refusal) = match loaded {
            Ok(Some(loaded)) => (Some(self.restored(name.clone(), key, loaded)), None),
            Ok(None) => (None, Some(Refusal::from(protocol::Code::RoomNotFound))),
            Err(trouble) => (None, Some(Refusal::because(protocol::Code::Unavailable, trouble.to_string()))),
        };
        // It is here and no longer there, and nobody waits for it any more, in one step.
        let fate = {
            let mut rooms = self.rooms();
            if let Some((room, _)) = &taken {
                rooms.insert(room.clone());
            }
            if refusal.as_ref().is_some_and(|refusal| refusal.code == protocol::Code::Unavailable) {
                rooms.stored.get_mut(&name).map(|stored| std::mem::replace(&mut stored.fate, Fate::Resting))
            } else {
                rooms.stored.remove(&name).map(|stored| stored.fate)
            }
        };
        if let Some((room, awaited)) = taken {
            self.take_in(&room, awaited);
        }
        let Some(Fate::Loading(waiting)) = fate else { return };
        for (reader, join) in waiting {
            match &refusal {
                None => self.join_again(&reader, join),
                Some(refusal) => join.refuse(&reader, refusal),
            }
        }
    }
}

/// Who was in a room when the process before this one ended, and with whose session.
struct Awaited(Vec<(MemberId, Option<SessionHash>)>);

impl Awaited {
    fn of(loaded: &Loaded) -> Self {
        let sessions: HashMap<MemberId, Option<SessionHash>> = loaded.sessions.iter().copied().collect();
        let session_of = |id: &MemberId| sessions.get(id).copied().flatten();
        Self(loaded.kept.members.iter().map(|(member, _)| (member.id, session_of(&member.id))).collect())
    }
}

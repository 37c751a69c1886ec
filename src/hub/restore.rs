//! From what a store has kept to a hub in which everybody is away and may come back, and rooms that are loaded when somebody
//! asks for them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use tokio::sync::Notify;

use super::commands::Join;
use super::flusher::Flusher;
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
            next_reader: AtomicU64::new(1),
            reader_left: Notify::new(),
            stopping: AtomicBool::new(false),
            live_rooms: AtomicUsize::new(0),
            tick: AtomicU32::new(1),
            tail_bytes: AtomicU64::new(0),
        });
        hub.restore_codes(&codes, &resting);
        for room in rooms {
            let Ok(name) = RoomName::parse(&room.name) else { continue };
            if room.members == 0 {
                let stored = Stored { key: room.key, touched_at: room.touched_at, fate: Fate::Resting };
                hub.rooms().stored.insert(name, stored);
            } else if let Some(loaded) = hub.load(room.key)? {
                hub.restore_room(name, room.key, loaded);
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

    /// Takes in a room whose members are away. Those whom nobody can be any more are gone.
    fn restore_room(self: &Arc<Self>, name: RoomName, key: RoomKey, loaded: Loaded) -> Arc<LiveRoom> {
        let sessions: HashMap<MemberId, Option<SessionHash>> = loaded.sessions.into_iter().collect();
        let members: Vec<MemberId> = loaded.kept.members.iter().map(|(member, _)| member.id).collect();
        let now = self.now();
        let room = LiveRoom::restored(name, key, loaded.kept, now);
        {
            let mut rooms = self.rooms();
            rooms.insert(room.clone());
            self.live_rooms.store(rooms.len(), Ordering::Relaxed);
        }
        {
            let mut state = room.lock();
            self.count_tail(0, state.room.log().bytes());
            if state.room.roster().is_empty() {
                self.emptied_room(&room, &mut state);
            }
        }
        for member in members {
            let session = sessions.get(&member).copied().flatten().and_then(|hash| self.sessions.of(&hash));
            match session {
                Some(session) => {
                    let held = Held { room: room.clone(), member, until: now + self.rules.restart_grace_ms };
                    session.keep_place(held.clone());
                    self.later(held.until, Due::Grace { session, held });
                }
                None => self.leave_now(&room, member, None),
            }
        }
        room
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
        let refusal = match loaded {
            Ok(Some(loaded)) => {
                self.restore_room(name.clone(), key, loaded);
                None
            }
            Ok(None) => Some(Refusal::from(protocol::Code::RoomNotFound)),
            Err(trouble) => Some(Refusal::because(protocol::Code::Unavailable, trouble.to_string())),
        };
        let waiting = {
            let mut rooms = self.rooms();
            let fate = match &refusal {
                Some(refusal) if refusal.code == protocol::Code::Unavailable => {
                    rooms.stored.get_mut(&name).map(|stored| std::mem::replace(&mut stored.fate, Fate::Resting))
                }
                _ => rooms.stored.remove(&name).map(|stored| stored.fate),
            };
            match fate {
                Some(Fate::Loading(waiting)) => waiting,
                Some(Fate::Resting | Fate::Ending) | None => Vec::new(),
            }
        };
        for (reader, join) in waiting {
            match &refusal {
                None => self.join_again(&reader, join),
                Some(refusal) => join.refuse(&reader, refusal),
            }
        }
    }
}

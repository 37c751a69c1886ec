//! A file in a folder of its own, the store on it, and rooms that number what is said. The folder goes with it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use std::{fs, process};

use charsu::names::Name;
use charsu::protocol::{Event, MemberId, Seq};
use charsu::room::{Draft, Epoch, Room, RoomLimits, Target};
use charsu::store::sqlite::{
    Entry, Fsync, KeptServer, Loaded, Opened, Opening, Options, Outcome, Retention, RoomKey, Sqlite, TailWanted,
    Trouble, open,
};
use tokio::sync::mpsc::UnboundedReceiver;

pub(crate) const LIMITS: RoomLimits = RoomLimits { members: 100, name_chars: 32, reactions: 10, sees_past: true };

pub(crate) const ALL: TailWanted =
    TailWanted { bytes: usize::MAX, age_ms: u64::MAX, recent_lines: 100, recent_bytes: 48 * 1024 };

/// A folder that goes when the test does.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("charsu-store-{}-{}", process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).expect("a folder for the test");
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.0.join("charsu.db")
    }

    pub(crate) fn options(&self) -> Options {
        Options {
            path: self.file(),
            fsync: Fsync::Normal,
            retention: Retention::default(),
            queue_entries: 10_000,
            busy: Duration::from_millis(50),
        }
    }

    pub(crate) fn open(&self) -> Disk {
        Disk::open(self.options())
    }

    /// Everything that lies in the folder, as bytes.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let files = fs::read_dir(&self.0).expect("the folder");
        files.flat_map(|file| fs::read(file.expect("a file").path()).expect("readable")).collect()
    }

    pub(crate) fn holds(&self, words: &str) -> bool {
        self.bytes().windows(words.len()).any(|window| window == words.as_bytes())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

/// An open store.
pub(crate) struct Disk {
    pub(crate) store: Sqlite<u64>,
    pub(crate) outcomes: UnboundedReceiver<Vec<Outcome<u64>>>,
    pub(crate) kept: KeptServer,
}

impl Disk {
    pub(crate) fn open(options: Options) -> Self {
        let Opened { store, outcomes, kept } = open(options).expect("a store");
        Self { store, outcomes, kept }
    }

    /// The next outcomes, as many as there have to be.
    pub(crate) fn outcomes(&mut self, count: usize) -> Vec<Outcome<u64>> {
        let mut outcomes = Vec::new();
        while outcomes.len() < count {
            outcomes.extend(self.outcomes.blocking_recv().expect("the writer lives"));
        }
        outcomes
    }

    /// Hands an entry over and waits for what becomes of it.
    pub(crate) fn keep(&mut self, entry: Entry<u64>) -> Result<(), Trouble> {
        self.store.append(entry).expect("room in the queue");
        self.outcomes(1).remove(0).result
    }

    pub(crate) fn load(&self, room: RoomKey) -> Loaded {
        self.store.load(room, ALL).expect("readable").expect("a room")
    }
}

/// A room in memory that is kept.
pub(crate) struct Live {
    pub(crate) key: RoomKey,
    pub(crate) name: String,
    pub(crate) room: Room,
    pub(crate) at: u64,
}

impl Live {
    pub(crate) fn new(disk: &Disk, name: &str) -> Self {
        Self { key: disk.store.new_room_key(), name: name.to_owned(), room: Room::lasting(Epoch(7)), at: 1_000_000 }
    }

    /// Numbers a draft and makes an entry of it.
    pub(crate) fn entry(&mut self, draft: Draft) -> Entry<u64> {
        self.at += 1;
        let event = Arc::new(self.room.number(draft, self.at, LIMITS).expect("a draft that may happen"));
        self.room.reserve(event.clone());
        self.entry_of(event)
    }

    pub(crate) fn entry_of(&self, event: Arc<Event>) -> Entry<u64> {
        let is_first = event.seq == 1;
        let opens = is_first.then(|| Opening { name: self.name.clone(), epoch: self.room.log().epoch(), code: None });
        Entry { room: self.key, opens, receipt: event.seq, event, session: None, command: None }
    }

    /// Numbers a draft, hands it over and accepts it before the store has answered.
    pub(crate) fn queue(&mut self, disk: &Disk, draft: Draft) {
        let entry = self.entry(draft);
        let event = entry.event.clone();
        disk.store.append(entry).expect("room in the queue");
        self.room.accept(event, 0);
    }

    /// Numbers a draft, has it kept and accepts it.
    pub(crate) fn happen(&mut self, disk: &mut Disk, draft: Draft) -> Seq {
        let entry = self.entry(draft);
        let event = entry.event.clone();
        disk.keep(entry).expect("kept");
        self.room.accept(event.clone(), 0);
        event.seq
    }

    pub(crate) fn join(&mut self, disk: &mut Disk, name: &str) -> MemberId {
        let name = Some(Name::parse(name, 32).expect("a good name"));
        self.happen(disk, Draft::Join { name });
        self.room.roster().iter().last().expect("somebody").id()
    }

    pub(crate) fn say(&mut self, disk: &mut Disk, from: MemberId, text: &str) -> Seq {
        self.happen(disk, Draft::Message { from, signed: None, text: text.into() })
    }

    pub(crate) fn whisper(&mut self, disk: &mut Disk, from: MemberId, to: MemberId, text: &str) -> Seq {
        self.happen(disk, Draft::Private { from, to, text: text.into() })
    }

    pub(crate) fn edit(&mut self, disk: &mut Disk, from: MemberId, seq: Seq, text: &str) -> Seq {
        self.happen(disk, Draft::Edit { from, target: line(seq), text: text.into() })
    }

    pub(crate) fn delete(&mut self, disk: &mut Disk, from: MemberId, seq: Seq) -> Seq {
        self.happen(disk, Draft::Delete { from, target: line(seq) })
    }

    pub(crate) fn react(&mut self, disk: &mut Disk, from: MemberId, seq: Seq, emoji: &str, on: bool) -> Seq {
        self.happen(disk, Draft::React { from, target: line(seq), emoji: emoji.into(), on })
    }

    /// What is kept is what is live.
    pub(crate) fn assert_kept(&self, disk: &Disk) {
        let kept = disk.load(self.key).kept;
        assert_eq!(kept.head, self.room.log().head());
        assert_eq!(kept.epoch, self.room.log().epoch());
        let live: Vec<_> = self.room.log().since(self.room.log().first() - 1).expect("a tail").collect();
        assert_eq!(kept.tail, live);
        let here: Vec<_> = self.room.roster().iter().map(|person| (person.member(), person.joined_at())).collect();
        assert_eq!(kept.members, here);
        let (lines, _) = self.room.recent().expect("a lasting room");
        let lines: Vec<_> = lines.cloned().collect();
        assert!(kept.recent.ends_with(&lines), "kept {:?}, live {lines:?}", kept.recent);
    }
}

pub(crate) fn line(seq: Seq) -> Target {
    Target { seq, stored: None }
}

//! How much of the past is kept, and that nobody waits for the rest to go.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use charsu::protocol::{Edge, MemberId, Seq};
use charsu::room::Draft;
use charsu::store::sqlite::{PageWanted, Retention};

use super::disk::{Disk, Folder, Live};

const DAY: u64 = 24 * 60 * 60 * 1000;

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis() as u64
}

/// Opens the store with a retention. The first round begins at once.
fn open(folder: &Folder, retention: Retention) -> Disk {
    let mut options = folder.options();
    options.retention = retention;
    Disk::open(options)
}

/// The numbers of the oldest kept event and of the last one.
fn kept(disk: &Disk, room: &Live) -> (Seq, Seq) {
    let kept = disk.load(room.key).kept;
    (kept.tail.first().map_or(kept.head + 1, |event| event.seq), kept.head)
}

fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(10), "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn fill(disk: &mut Disk, room: &mut Live, lines: usize, length: usize) {
    for n in 0..lines {
        let text = format!("{n:06}{}", "z".repeat(length)).into();
        room.queue(disk, Draft::Message { from: MemberId(1), signed: None, text });
        if n % 5000 == 4999 {
            disk.outcomes(5000);
        }
    }
    disk.outcomes(lines % 5000);
}

#[test]
fn what_is_too_old_goes_and_numbers_and_members_stay() {
    let folder = Folder::new();
    let mut disk = folder.open();
    let mut room = Live::new(&disk, "general");
    room.at = now() - 10 * DAY;
    room.join(&mut disk, "Ali");
    fill(&mut disk, &mut room, 2500, 0);
    room.react(&mut disk, MemberId(1), 1500, "👍", true);
    room.at = now() - DAY;
    let young = room.say(&mut disk, MemberId(1), "young enough");
    disk.store.close();
    let week = Retention { age: Some(Duration::from_hours(7 * 24)), ..Retention::default() };
    let mut disk = open(&folder, week);
    wait_until("old events stay", || kept(&disk, &room) == (young, young));
    assert_eq!(disk.load(room.key).kept.members.len(), 1);
    assert!(disk.store.line(room.key, 1500).expect("readable").is_none());
    room.say(&mut disk, MemberId(1), "and on");
    assert_eq!(kept(&disk, &room), (young, young + 1));
    disk.store.close();
    assert_eq!(kept(&open(&folder, week), &room), (young, young + 1));
}

#[test]
fn a_room_has_no_more_lines_than_allowed_and_what_lay_around_older_ones_goes_too() {
    let folder = Folder::new();
    let mut disk = folder.open();
    let (mut room, mut small) = (Live::new(&disk, "general"), Live::new(&disk, "small"));
    room.join(&mut disk, "Ali");
    small.join(&mut disk, "Ali");
    small.say(&mut disk, MemberId(1), "one line");
    fill(&mut disk, &mut room, 3000, 0);
    let gone = room.say(&mut disk, MemberId(1), "taken back");
    room.delete(&mut disk, MemberId(1), gone);
    disk.store.close();
    let disk = open(&folder, Retention { lines_per_room: Some(100), ..Retention::default() });
    // 3,000 lines from number 2 on; the one that was taken back is none.
    wait_until("old events stay", || kept(&disk, &room) == (2902, 3003));
    let all = PageWanted { viewer: None, first: 1, last: u64::MAX, from: Edge::Newest, limit: 1000 };
    assert_eq!(disk.store.page(room.key, all).expect("readable").0.len(), 100);
    assert_eq!(kept(&disk, &small), (1, 2));
}

#[test]
fn a_file_over_its_size_loses_the_oldest_of_all_rooms_and_shrinks() {
    let folder = Folder::new();
    let mut disk = folder.open();
    let (mut old, mut new) = (Live::new(&disk, "old"), Live::new(&disk, "new"));
    old.join(&mut disk, "Ali");
    fill(&mut disk, &mut old, 6000, 500);
    new.at = old.at + 1000;
    new.join(&mut disk, "Ali");
    fill(&mut disk, &mut new, 3000, 500);
    disk.store.close();
    let size = || std::fs::metadata(folder.file()).expect("the file").len();
    let most = 3 * 1024 * 1024;
    assert!(size() > most + most / 2);
    let disk = open(&folder, Retention { bytes: Some(most), ..Retention::default() });
    // Free pages go to the system once the log is moved into the file.
    wait_until("the file is still too large", || size() <= most);
    let (first, head) = kept(&disk, &new);
    assert_eq!(head, 3001);
    assert!(first < 100, "{first}: there was enough in the older room");
    let (first, head) = kept(&disk, &old);
    assert_eq!(head, 6001);
    assert!(first > 4000 && first < 6001, "{first}: no more than needed");
}

#[test]
fn nobody_waits_while_much_goes() {
    let folder = Folder::new();
    let mut disk = folder.open();
    let mut room = Live::new(&disk, "general");
    room.join(&mut disk, "Ali");
    fill(&mut disk, &mut room, 40_000, 50);
    disk.store.close();
    let mut disk = open(&folder, Retention { age: Some(Duration::from_hours(1)), ..Retention::default() });
    let mut other = Live::new(&disk, "other");
    other.at = now();
    other.join(&mut disk, "Ali");
    let mut slowest = Duration::ZERO;
    while disk.store.line(room.key, 40_001).expect("readable").is_some() {
        let asked = Instant::now();
        other.say(&mut disk, MemberId(1), "hello");
        slowest = slowest.max(asked.elapsed());
    }
    assert!(slowest < Duration::from_secs(1), "{slowest:?}");
}

//! What is taken back, changed or ended leaves no byte in the file, nor in what lies beside it, some seconds later.

use std::time::{Duration, Instant};

use charsu::protocol::{Kind, MemberId};
use charsu::room::Draft;

use super::disk::{Disk, Folder, Live, line};

/// How long words may be found after they were wiped.
const SOON: Duration = Duration::from_secs(10);

/// Waits until these words are nowhere in the folder.
fn wait_until_gone(folder: &Folder, words: &str) {
    let begun = Instant::now();
    while folder.holds(words) {
        assert!(begun.elapsed() < SOON, "{words:?} is still there");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn words_that_were_changed_or_taken_back_are_soon_nowhere() {
    let folder = Folder::new();
    let mut disk = folder.open();
    let mut room = Live::new(&disk, "general");
    let ali = room.join(&mut disk, "Ali");
    let sara = room.join(&mut disk, "Sara");
    let line = room.say(&mut disk, ali, "the-first-secret");
    let other = room.whisper(&mut disk, ali, sara, "the-second-secret");
    room.react(&mut disk, sara, other, "👍", true);
    assert!(folder.holds("the-first-secret") && folder.holds("the-second-secret"));
    room.edit(&mut disk, ali, line, "the-third-secret");
    room.edit(&mut disk, ali, line, "the-words-that-stay");
    room.delete(&mut disk, ali, other);
    room.assert_kept(&disk);
    for words in ["the-first-secret", "the-second-secret", "the-third-secret"] {
        wait_until_gone(&folder, words);
    }
    assert!(folder.holds("the-words-that-stay"));
}

#[test]
fn a_room_that_ended_leaves_nothing_and_its_name_is_free() {
    let folder = Folder::new();
    let mut disk = folder.open();
    let mut others = Live::new(&disk, "the-room-that-stays");
    let stayer = others.join(&mut disk, "Stayer");
    let mut room = Live::new(&disk, "the-room-that-ends");
    let ali = room.join(&mut disk, "Ali Who Ends");
    // Enough for several slices, and for pages to be split among two rooms.
    let mut entries = Vec::new();
    for n in 0..3000 {
        let text = format!("secret-{n:05}-{}", "x".repeat(n % 300));
        entries.push(room.entry(Draft::Message { from: ali, signed: None, text: text.into() }));
        if n % 3 == 0 {
            let text = format!("stays-{n:05}");
            entries.push(others.entry(Draft::Message { from: stayer, signed: None, text: text.into() }));
        }
    }
    keep_all(&mut disk, entries);
    let answer = disk.store.end_room(room.key, Some((408_213, 99)));
    answer.blocking_recv().expect("an answer").expect("ended");
    assert!(disk.store.load(room.key, super::disk::ALL).expect("readable").is_none());
    let mut again = Live::new(&disk, "the-room-that-ends");
    assert_ne!(again.key, room.key);
    again.join(&mut disk, "Somebody");
    wait_until_gone(&folder, "secret-");
    wait_until_gone(&folder, "Ali Who Ends");
    assert!(folder.holds("stays-02997"));
    assert_eq!(disk.load(others.key).kept.head, 1001);
    disk.store.close();
    let disk = folder.open();
    assert_eq!(disk.kept.resting, [(408_213, 99)]);
    assert_eq!(disk.kept.rooms.len(), 2);
}

#[test]
fn wiping_goes_on_after_a_stop() {
    let folder = Folder::new();
    let mut disk = folder.open();
    let mut room = Live::new(&disk, "general");
    let ali = room.join(&mut disk, "Ali");
    let entries = (0..5000)
        .map(|n| room.entry(Draft::Message { from: ali, signed: None, text: format!("secret-{n:05}").into() }));
    let entries = entries.collect();
    keep_all(&mut disk, entries);
    drop(disk.store.end_room(room.key, None));
    disk.store.close();
    let disk = folder.open();
    assert!(disk.kept.rooms.is_empty());
    assert!(disk.store.new_room_key() > room.key, "a key is not given again while something of its room is left");
    wait_until_gone(&folder, "secret-");
}

#[test]
fn a_reader_who_takes_long_delays_wiping_and_nothing_else() {
    let folder = Folder::new();
    let mut disk = folder.open();
    let mut room = Live::new(&disk, "general");
    let ali = room.join(&mut disk, "Ali");
    let line = room.say(&mut disk, ali, "the-secret");
    let reader = rusqlite::Connection::open(folder.file()).expect("another program may read");
    reader.execute_batch("BEGIN; SELECT count(*) FROM events;").expect("a long look");
    room.delete(&mut disk, ali, line);
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(5) {
        let asked = Instant::now();
        room.say(&mut disk, ali, "on and on");
        assert!(asked.elapsed() < Duration::from_secs(1), "a line took {:?}", asked.elapsed());
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(folder.holds("the-secret"), "nobody can empty a log in which somebody reads");
    drop(reader);
    wait_until_gone(&folder, "the-secret");
}

fn keep_all(disk: &mut Disk, entries: Vec<charsu::store::sqlite::Entry<u64>>) {
    let count = entries.len();
    for entry in entries {
        disk.store.append(entry).expect("room in the queue");
    }
    assert!(disk.outcomes(count).iter().all(|outcome| outcome.result.is_ok()));
}

/// Pages are split, merged and moved while rooms grow side by side; no copy of a row may be left where it was once.
#[test]
fn no_page_keeps_an_old_copy_of_a_row() {
    let folder = Folder::new();
    let mut disk = folder.open();
    let mut rooms: Vec<Live> = (0..20).map(|n| Live::new(&disk, &format!("room {n}"))).collect();
    for room in &mut rooms {
        room.join(&mut disk, "Ali");
    }
    // A sequence that jumps about, the same each time.
    let mut state = 12_345_u64;
    let mut below = |bound: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % bound
    };
    let from = MemberId(1);
    for n in 0..4000 {
        let room = &mut rooms[below(20) as usize];
        // Some are so long that they need pages of their own.
        let length = if below(50) == 0 { 5000 } else { below(400) as usize };
        let text = format!("secret-{n:05}-{}", "y".repeat(length)).into();
        room.queue(&disk, Draft::Message { from, signed: None, text });
        let target = line(room.room.log().head() - below(3).min(room.room.log().head() - 1));
        if below(4) > 0 && room.room.line(target.seq).is_some() {
            let text = format!("secret-again-{n}").into();
            let is_edit = below(3) == 0;
            room.queue(
                &disk,
                if is_edit { Draft::Edit { from, target, text } } else { Draft::Delete { from, target } },
            );
        }
        if n % 97 == 0 {
            std::thread::sleep(Duration::from_millis(3));
        }
    }
    let (ended, standing) = rooms.split_at(10);
    for room in ended {
        disk.store.end_room(room.key, None).blocking_recv().expect("an answer").expect("ended");
    }
    // A line stands once, and once more in its last edit.
    let copies = |room: &Live| {
        let lines = (1..=room.room.log().head()).filter_map(|seq| room.room.line(seq));
        lines.map(|line| if is_edited(&line.kind) { 2 } else { 1 }).sum::<usize>()
    };
    let expected: usize = standing.iter().map(copies).sum();
    let found = || folder.bytes().windows(7).filter(|window| window == b"secret-").count();
    let begun = Instant::now();
    while found() != expected {
        assert!(begun.elapsed() < SOON, "{} copies, not {expected}", found());
        std::thread::sleep(Duration::from_millis(50));
    }
    disk.store.close();
    assert_eq!(found(), expected);
    let file = rusqlite::Connection::open(folder.file()).expect("the file");
    let sound = file.query_row("PRAGMA integrity_check", [], |row| row.get::<_, String>(0));
    assert_eq!(sound.as_deref(), Ok("ok"));
}

fn is_edited(line: &Kind) -> bool {
    matches!(line, Kind::Message { marks, .. } if marks.edited_at().is_some())
}

//! What a server finds about people and codes when it starts.

use std::time::{Duration, Instant};

use charsu::protocol::MemberId;
use charsu::room::{Draft, Epoch};
use charsu::store::sqlite::{Command, KeptCommand};

use super::disk::{Folder, Live};

#[test]
fn sessions_come_back_with_their_commands_and_memberships() {
    let folder = Folder::new();
    let mut disk = folder.open();
    let hash_key = disk.kept.hash_key;
    let mut room = Live::new(&disk, "general");
    let mut kept = |draft, session, command| {
        let mut entry = room.entry(draft);
        (entry.session, entry.command) = (session, command);
        let event = entry.event.clone();
        disk.keep(entry).expect("kept");
        room.room.accept(event, 0);
    };
    let command = |n, below| Some(Command { session: [1; 16], n, content: u64::MAX - n, forget_below: below });
    let say = || Draft::Message { from: MemberId(1), signed: None, text: "hello".into() };
    kept(Draft::Join { name: None }, Some([1; 16]), None);
    kept(Draft::Join { name: None }, Some([2; 16]), None);
    kept(Draft::Join { name: None }, None, None);
    for n in 1..=9 {
        kept(say(), None, command(n, (n > 3).then(|| n - 3)));
    }
    let sessions = disk.load(room.key).sessions;
    let expected = [(MemberId(1), Some([1; 16])), (MemberId(2), Some([2; 16])), (MemberId(3), None)];
    assert_eq!(sessions, expected);
    disk.store.close();

    let disk = folder.open();
    assert_eq!(disk.kept.hash_key, hash_key, "resends are recognised by the same key");
    let mut sessions = disk.kept.sessions.clone();
    sessions.sort_by_key(|session| session.hash);
    let [first, second] = &sessions[..] else { panic!("two sessions, not {sessions:?}") };
    let numbers: Vec<_> = first.commands.iter().map(|command| command.n).collect();
    assert_eq!(numbers, [6, 7, 8, 9]);
    assert_eq!(first.commands[0], KeptCommand { n: 6, content: u64::MAX - 6, epoch: Epoch(7), seq: 9 });
    assert_eq!((second.hash, second.commands.len()), ([2; 16], 0));
    disk.store.forget_session([1; 16]);
    disk.store.close();

    let disk = folder.open();
    assert_eq!(disk.kept.sessions.len(), 1);
    let sessions = disk.load(room.key).sessions;
    assert_eq!(sessions[0], (MemberId(1), None), "the place is nobody's");
}

#[test]
fn codes_wait_rest_and_go() {
    let folder = Folder::new();
    let mut disk = folder.open();
    for (code, until) in [(100_001, 5), (100_002, 6), (100_003, 7)] {
        assert_eq!(disk.store.keep_code(code, until).blocking_recv(), Ok(Ok(())));
    }
    disk.store.forget_code(100_001);
    let mut room = Live::new(&disk, "100002");
    let mut entry = room.entry(Draft::Join { name: None });
    entry.opens.as_mut().expect("the first event").code = Some(100_002);
    disk.keep(entry).expect("kept");
    for (key, rest) in [(room.key, (100_002, 50)), (room.key + 1000, (100_009, 40))] {
        assert_eq!(disk.store.end_room(key, Some(rest)).blocking_recv(), Ok(Ok(())));
    }
    disk.store.close();
    let disk = folder.open();
    assert_eq!(disk.kept.codes, [(100_003, 7)]);
    assert_eq!(disk.kept.resting, [(100_002, 50), (100_009, 40)]);
    disk.store.forget_resting(50);
    disk.store.close();
    assert_eq!(folder.open().kept.resting, [(100_002, 50)]);
}

#[test]
fn a_thousand_rooms_and_ten_thousand_sessions_start_at_once() {
    let folder = Folder::new();
    drop(folder.open());
    let db = rusqlite::Connection::open(folder.file()).expect("the file");
    let fill = |table: &str, count: u32, values: &str| {
        let numbers = format!("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})");
        let sql = format!("INSERT INTO {table} {numbers} SELECT {values} FROM n");
        assert_eq!(db.execute(&sql, []).expect("rows"), count as usize);
    };
    fill("rooms", 1000, "i, 'room ' || i, i, 1, 100, 10, 50, i");
    fill("members", 10_000, "i / 10, i, 'name ' || i, CAST(printf('%016d', i) AS BLOB), 1");
    fill("commands", 320_000, "CAST(printf('%016d', i / 32) AS BLOB), i, i, i, i");
    drop(db);
    let begun = Instant::now();
    let disk = folder.open();
    let took = begun.elapsed();
    assert_eq!(disk.kept.rooms.len(), 1000);
    assert!(disk.kept.sessions.len() >= 10_000);
    // A fifth of a second when it is built to be fast.
    assert!(took < Duration::from_secs(5), "{took:?}");
}

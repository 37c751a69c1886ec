//! What is not kept was never there, nothing is kept after it, and all goes on by itself once the trouble is over.

use std::time::{Duration, Instant};

use charsu::protocol::MemberId;
use charsu::room::Draft;
use charsu::store::sqlite::{Command, Trouble};
use rusqlite::Connection;

use super::disk::{Disk, Folder, Live};

/// Another program that locks the file.
fn lock(folder: &Folder) -> Connection {
    let foreign = Connection::open(folder.file()).expect("the file");
    foreign.busy_timeout(Duration::from_secs(5)).expect("patience");
    foreign.execute_batch("BEGIN EXCLUSIVE").expect("the lock");
    foreign
}

fn say(room: &mut Live, text: &str) -> charsu::store::sqlite::Entry<u64> {
    room.entry(Draft::Message { from: MemberId(1), signed: None, text: text.into() })
}

#[test]
fn a_foreign_lock_is_told_as_such_and_nothing_of_the_group_stays() {
    let folder = Folder::new();
    let mut disk = folder.open();
    let mut room = Live::new(&disk, "general");
    room.join(&mut disk, "Ali");
    let foreign = lock(&folder);
    let entry = say(&mut room, "lost");
    assert_eq!(disk.keep(entry), Err(Trouble::Busy));
    assert!(!disk.store.is_well());
    drop(foreign);
    room.room.give_up();
    room.assert_kept(&disk);
    let entry = say(&mut room, "kept");
    assert_eq!(entry.event.seq, 2, "the number was not used up");
    let event = entry.event.clone();
    assert_eq!(disk.keep(entry), Ok(()));
    room.room.accept(event, 0);
    room.assert_kept(&disk);
    assert!(disk.store.is_well());
}

#[test]
fn the_store_finds_out_by_itself_that_it_is_well_again() {
    let folder = Folder::new();
    let mut disk = folder.open();
    let mut room = Live::new(&disk, "general");
    room.join(&mut disk, "Ali");
    let foreign = lock(&folder);
    let entry = say(&mut room, "lost");
    assert_eq!(disk.keep(entry), Err(Trouble::Busy));
    drop(foreign);
    let begun = Instant::now();
    while !disk.store.is_well() {
        assert!(begun.elapsed() < Duration::from_secs(10), "nobody tried");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn what_comes_after_an_event_that_was_not_kept_is_refused_and_other_rooms_go_on() {
    let folder = Folder::new();
    let mut disk = folder.open();
    let (mut room, mut other) = (Live::new(&disk, "one"), Live::new(&disk, "two"));
    room.join(&mut disk, "Ali");
    other.join(&mut disk, "Ali");
    let lost = say(&mut room, "lost");
    let after = [say(&mut room, "after"), say(&mut room, "and after")];
    // The first one never reaches the store.
    drop(lost);
    for entry in after {
        disk.store.append(entry).expect("room in the queue");
    }
    disk.store.append(say(&mut other, "elsewhere")).expect("room in the queue");
    // What is numbered anew after giving up follows in the same queue.
    room.room.give_up();
    disk.store.append(say(&mut room, "anew")).expect("room in the queue");
    let results: Vec<_> = disk.outcomes(4).into_iter().map(|outcome| outcome.result).collect();
    let refused = Err(Trouble::OutOfOrder);
    assert_eq!(results, [refused.clone(), refused, Ok(()), Ok(())]);
    assert_eq!(disk.load(room.key).kept.head, 2);
}

#[test]
fn a_room_begins_once_and_only_with_its_first_event() {
    let folder = Folder::new();
    let mut disk = folder.open();
    let mut room = Live::new(&disk, "general");
    let mut first = room.entry(Draft::Join { name: None });
    let opening = first.opens.take();
    assert_eq!(disk.keep(first), Err(Trouble::OutOfOrder), "nobody opened it");
    room.room.give_up();
    assert_eq!(opening.expect("the first event opens").name, "general");
    room.happen(&mut disk, Draft::Join { name: None });
    let mut twin = Live::new(&disk, "general");
    let entry = twin.entry(Draft::Join { name: None });
    assert!(matches!(disk.keep(entry), Err(Trouble::Failed(_))), "there is one of that name");
    room.say(&mut disk, MemberId(1), "still here");
    room.assert_kept(&disk);
}

#[test]
fn a_command_is_kept_once_and_the_rest_of_its_group_all_the_same() {
    let folder = Folder::new();
    let mut disk = folder.open();
    let (mut room, mut other) = (Live::new(&disk, "one"), Live::new(&disk, "two"));
    room.join(&mut disk, "Ali");
    other.join(&mut disk, "Ali");
    let command = Some(Command { session: [9; 16], n: 5, content: u64::MAX, forget_below: None });
    let mut first = say(&mut room, "first");
    first.command = command;
    let mut again = say(&mut room, "again");
    again.command = command;
    let after = say(&mut room, "after");
    let elsewhere = say(&mut other, "elsewhere");
    for entry in [first, again, after, elsewhere] {
        disk.store.append(entry).expect("room in the queue");
    }
    let results: Vec<_> = disk.outcomes(4).into_iter().map(|outcome| outcome.result).collect();
    assert!(matches!(&results[..], [Ok(()), Err(Trouble::Failed(_)), Err(Trouble::OutOfOrder), Ok(())]), "{results:?}");
    assert_eq!(disk.load(room.key).kept.head, 2);
    assert!(disk.store.is_well(), "one event is to blame, not the file");
}

#[test]
fn a_full_queue_gives_the_event_back_and_never_blocks() {
    let folder = Folder::new();
    let mut options = folder.options();
    options.queue_entries = 3;
    options.busy = Duration::from_secs(5);
    let mut disk = Disk::open(options);
    let mut room = Live::new(&disk, "general");
    room.join(&mut disk, "Ali");
    let foreign = lock(&folder);
    let mut taken = 0;
    let begun = Instant::now();
    let given_back = loop {
        match disk.store.append(say(&mut room, "hello")) {
            Ok(()) => taken += 1,
            Err(entry) => break entry,
        }
        assert!(taken <= 6, "at most what one group took and what waits");
    };
    assert!(begun.elapsed() < Duration::from_secs(1));
    assert_eq!(given_back.event.seq, taken + 2);
    drop(foreign);
    assert!(disk.outcomes(taken as usize).iter().all(|outcome| outcome.result.is_ok()));
}

#[test]
fn closing_writes_what_is_queued_and_lets_nothing_more_in() {
    let folder = Folder::new();
    let mut disk = folder.open();
    let mut room = Live::new(&disk, "general");
    room.join(&mut disk, "Ali");
    for n in 0..2000 {
        room.queue(&disk, Draft::Message { from: MemberId(1), signed: None, text: format!("{n}").into() });
    }
    disk.store.close();
    disk.store.close();
    assert!(disk.store.append(say(&mut room, "too late")).is_err());
    assert_eq!(disk.store.load(room.key, super::disk::ALL).map(|_| ()), Err(Trouble::Closed));
    assert!(disk.store.keep_code(408_213, 9).blocking_recv().is_err(), "nobody will answer");
    assert_eq!(disk.outcomes(2000).len(), 2000);
    assert!(disk.outcomes.blocking_recv().is_none());
    let disk = folder.open();
    assert_eq!(disk.load(room.key).kept.head, 2001);
}

#[test]
fn what_is_to_be_forgotten_is_forgotten_after_the_trouble() {
    let folder = Folder::new();
    let mut disk = folder.open();
    let mut room = Live::new(&disk, "general");
    let mut join = room.entry(Draft::Join { name: None });
    join.command = Some(Command { session: [9; 16], n: 1, content: 1, forget_below: None });
    let event = join.event.clone();
    disk.keep(join).expect("kept");
    room.room.accept(event, 0);
    assert!(disk.store.keep_code(408_213, 9).blocking_recv().expect("an answer").is_ok());
    let foreign = lock(&folder);
    disk.store.forget_session([9; 16]);
    disk.store.forget_code(408_213);
    let answer = disk.store.keep_code(408_214, 9).blocking_recv().expect("an answer");
    assert_eq!(answer, Err(Trouble::Busy));
    drop(foreign);
    room.say(&mut disk, MemberId(1), "and now");
    disk.store.close();
    let disk = folder.open();
    assert!(disk.kept.sessions.is_empty() && disk.kept.codes.is_empty());
}

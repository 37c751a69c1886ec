//! Which files are opened, which are refused and left as they are, and when rooms begin new epochs.

use std::fs;
use std::path::Path;

use charsu::room::Epoch;
use charsu::store::sqlite::{Fsync, OpenError, Options, open};
use rusqlite::Connection;

use super::disk::{Disk, Folder, Live};

fn refused(options: Options) -> OpenError {
    open::<()>(options).map(drop).expect_err("refused")
}

#[test]
fn a_second_charsu_is_refused_for_as_long_as_the_first_one_runs() {
    let folder = Folder::new();
    let disk = folder.open();
    let error = refused(folder.options());
    assert!(matches!(error, OpenError::InUse(_)));
    assert!(error.to_string().contains("in use by another Charsu"));
    disk.store.close();
    folder.open();
}

#[test]
fn other_peoples_files_are_refused_and_left_as_they_are() {
    let folder = Folder::new();
    let theirs = Connection::open(folder.file()).expect("a database");
    theirs.execute_batch("CREATE TABLE theirs (x)").expect("a table");
    drop(theirs);
    let as_it_was = fs::read(folder.file()).expect("the file");
    assert!(matches!(refused(folder.options()), OpenError::Foreign(_)));
    assert_eq!(fs::read(folder.file()).expect("the file"), as_it_was);

    fs::write(folder.file(), "no database at all, but long enough to be read as one ".repeat(40)).expect("a file");
    let as_it_was = fs::read(folder.file()).expect("the file");
    assert!(matches!(refused(folder.options()), OpenError::Foreign(_)));
    assert_eq!(fs::read(folder.file()).expect("the file"), as_it_was);
}

#[test]
fn a_damaged_file_is_refused_and_left_as_it_is() {
    let folder = Folder::new();
    let mut disk = folder.open();
    Live::new(&disk, "general").join(&mut disk, "Ali");
    disk.store.close();
    let mut bytes = fs::read(folder.file()).expect("the file");
    bytes[4096..].fill(0xa5);
    bytes[100..].fill(0xa5);
    fs::write(folder.file(), &bytes).expect("writable");
    let error = refused(folder.options());
    assert!(matches!(error, OpenError::Damaged(_)), "{error:?}");
    assert!(error.to_string().contains("restore a backup"));
    assert_eq!(fs::read(folder.file()).expect("the file"), bytes);
}

#[test]
fn a_newer_file_is_refused_and_left_as_it_is() {
    let folder = Folder::new();
    folder.open().store.close();
    let newer = Connection::open(folder.file()).expect("a database");
    newer.execute_batch("PRAGMA user_version = 99").expect("a version");
    drop(newer);
    let error = refused(folder.options());
    assert!(matches!(error, OpenError::Newer { found: 99, .. }), "{error:?}");
    assert!(error.to_string().contains("written by a newer Charsu"));
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let folder = Folder::new();
    let mut options = folder.options();
    options.path = folder.file().join("deeper").join("charsu.db");
    let error = refused(options);
    assert!(matches!(error, OpenError::Folder { .. }), "{error:?}");
    assert!(error.to_string().contains("deeper"));
}

#[cfg(unix)]
#[test]
fn only_its_owner_may_read_the_file() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    let mut disk = folder.open();
    Live::new(&disk, "general").join(&mut disk, "Ali");
    for file in fs::read_dir(folder.path()).expect("the folder") {
        let file = file.expect("a file");
        let mode = file.metadata().expect("the file").permissions().mode();
        assert_eq!(mode & 0o077, 0, "{:?}", file.file_name());
    }
}

#[test]
fn a_clean_stop_and_a_killed_process_keep_the_epochs() {
    for fsync in [Fsync::Normal, Fsync::Full] {
        let folder = kept(fsync);
        assert_eq!(epoch(&folder), Epoch(7));
        pretend(&folder, "is_running = 1");
        assert_eq!(epoch(&folder), Epoch(7));
    }
}

#[test]
fn a_machine_that_stopped_with_writes_on_their_way_gives_new_epochs() {
    let folder = kept(Fsync::Normal);
    pretend(&folder, "is_running = 1, boot = 'another'");
    let new = epoch(&folder);
    assert_ne!(new, Epoch(7));
    assert_eq!(epoch(&folder), new, "and then they stay");
}

#[test]
fn a_machine_that_stopped_when_all_was_on_the_disk_or_the_store_closed_keeps_the_epochs() {
    let full = kept(Fsync::Full);
    pretend(&full, "is_running = 1, boot = 'another'");
    assert_eq!(epoch(&full), Epoch(7));
    let closed = kept(Fsync::Normal);
    pretend(&closed, "boot = 'another'");
    assert_eq!(epoch(&closed), Epoch(7));
}

#[test]
fn a_backup_put_in_place_gives_new_epochs() {
    let folder = kept(Fsync::Full);
    let backup = folder.path().join("backup.db");
    fs::copy(folder.file(), &backup).expect("a backup");
    let mut disk = folder.open();
    Live::new(&disk, "another").join(&mut disk, "Sara");
    disk.store.close();
    fs::copy(&backup, folder.file()).expect("restored");
    let new = epoch(&folder);
    assert_ne!(new, Epoch(7));
    assert_eq!(epoch(&folder), new, "and then they stay");
}

#[test]
fn a_backup_that_was_taken_while_the_server_ran_gives_new_epochs() {
    let folder = kept(Fsync::Full);
    let disk = folder.open();
    let backup = folder.path().join("backup.db");
    let reader = Connection::open(folder.file()).expect("the file");
    reader.execute("VACUUM INTO ?1", [backup.to_str()]).expect("a backup");
    drop(reader);
    disk.store.close();
    fs::copy(&backup, folder.file()).expect("restored");
    assert_ne!(epoch(&folder), Epoch(7));
}

#[test]
fn a_folder_that_was_copied_whole_gives_new_epochs() {
    let folder = kept(Fsync::Full);
    if fs::metadata(folder.file()).expect("the file").created().is_err() {
        return; // The file system does not know when a file was made.
    }
    let copy = Folder::new();
    for file in fs::read_dir(folder.path()).expect("the folder") {
        let file = file.expect("a file");
        fs::copy(file.path(), copy.path().join(file.file_name())).expect("copied");
    }
    assert_ne!(epoch(&copy), Epoch(7));
    assert_eq!(epoch(&folder), Epoch(7), "the original goes on");
}

#[test]
fn a_file_without_its_side_file_gives_new_epochs() {
    let folder = kept(Fsync::Full);
    fs::remove_file(beside(&folder.file())).expect("the side file");
    assert_ne!(epoch(&folder), Epoch(7));
}

fn beside(file: &Path) -> std::path::PathBuf {
    file.with_file_name("charsu.db-life")
}

/// A folder with a closed store in which a room has epoch 7.
fn kept(fsync: Fsync) -> Folder {
    let folder = Folder::new();
    let mut options = folder.options();
    options.fsync = fsync;
    let mut disk = Disk::open(options);
    Live::new(&disk, "general").join(&mut disk, "Ali");
    disk.store.close();
    folder
}

/// Makes the file look as another end of the run would have left it.
fn pretend(folder: &Folder, what: &str) {
    let db = Connection::open(folder.file()).expect("the file");
    assert_eq!(db.execute(&format!("UPDATE server SET {what}"), []), Ok(1));
}

/// The epoch with which the next run goes on.
fn epoch(folder: &Folder) -> Epoch {
    let disk = folder.open();
    let room = disk.kept.rooms.iter().find(|room| room.name == "general").expect("the room");
    let epoch = disk.load(room.key).kept.epoch;
    disk.store.close();
    epoch
}

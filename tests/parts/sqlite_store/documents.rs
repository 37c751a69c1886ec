//! Rooms as documents, and rooms that an operator wipes.

use charsu::protocol::MemberId;
use charsu::room::Draft;
use charsu::store::sqlite::{Form, OpenError, export, wipe};

use super::disk::{Disk, Folder, Live};

fn exported(folder: &Folder, room: &str, form: Form) -> Option<String> {
    let mut out = Vec::new();
    let exists = export(&folder.file(), room, form, &mut out).expect("readable");
    exists.then(|| String::from_utf8(out).expect("text"))
}

/// A room in which everything happened once.
fn eventful(disk: &mut Disk) -> Live {
    let mut room = Live::new(disk, "general");
    room.at = 1_764_000_015_000;
    let ali = room.join(disk, "Ali");
    let sara = room.join(disk, "سارا");
    room.happen(disk, Draft::Join { name: None });
    let hello = room.say(disk, ali, "<b>hello</b> & \"you\"\nsecond line\u{1b}[31m");
    room.say(disk, MemberId(3), "a guest speaks");
    let psst = room.whisper(disk, sara, ali, "a-private-line");
    room.react(disk, ali, psst, "🤫", true);
    room.edit(disk, sara, psst, "a-private-change");
    let gone = room.say(disk, ali, "a-line-taken-back");
    room.delete(disk, ali, gone);
    let changed = room.say(disk, ali, "before-the-change");
    room.edit(disk, ali, changed, "after the change");
    room.react(disk, sara, hello, "👍", true);
    room.happen(disk, Draft::Leave { member: MemberId(3) });
    room
}

#[test]
fn no_export_has_what_is_private_or_was_taken_back() {
    let folder = Folder::new();
    let mut disk = folder.open();
    eventful(&mut disk);
    for form in [Form::Text, Form::Json, Form::Html] {
        let written = exported(&folder, "general", form).expect("the room");
        for words in ["a-private-line", "a-private-change", "🤫", "a-line-taken-back", "before-the-change"] {
            assert!(!written.contains(words), "{words} in {form:?}");
        }
        for words in ["after the change", "a guest speaks", "سارا", "👍"] {
            assert!(written.contains(words), "{words} not in {form:?}");
        }
    }
}

#[test]
fn text_has_a_line_for_each_thing_that_people_saw() {
    let folder = Folder::new();
    let mut disk = folder.open();
    eventful(&mut disk);
    let written = exported(&folder, "General", Form::Text).expect("the room, however it is written");
    let expected = "general (times are UTC)

2025-11-24 16:00:15  * Ali came in
2025-11-24 16:00:15  * سارا came in
2025-11-24 16:00:15  * guest 3 came in
2025-11-24 16:00:15  Ali: <b>hello</b> & \"you\"
    second line\u{fffd}[31m [👍 سارا]
2025-11-24 16:00:15  somebody (guest): a guest speaks
2025-11-24 16:00:15  - a line was taken back
2025-11-24 16:00:15  Ali: after the change (edited)
2025-11-24 16:00:15  * guest 3 left
";
    assert_eq!(written, expected);
}

#[test]
fn json_has_every_public_event_with_its_number() {
    let folder = Folder::new();
    let mut disk = folder.open();
    let room = eventful(&mut disk);
    let written = exported(&folder, "general", Form::Json).expect("the room");
    let parsed: serde_json::Value = serde_json::from_str(&written).expect("JSON");
    assert_eq!(parsed["room"], "general");
    assert_eq!(parsed["epoch"], room.room.log().epoch().to_string());
    let events = parsed["events"].as_array().expect("a list");
    let types: Vec<_> = events.iter().map(|event| event["type"].as_str().expect("a type")).collect();
    let expected =
        ["join", "join", "join", "message", "message", "removed", "delete", "message", "edit", "react", "leave"];
    assert_eq!(types, expected);
    assert_eq!(events[3]["reactions"][0]["emoji"], "👍");
    assert_eq!(events[3]["text"], "<b>hello</b> & \"you\"\nsecond line\u{1b}[31m");
    assert!(events[7]["edited_at"].is_number());
}

#[test]
fn html_shows_text_as_text_and_asks_nobody_for_anything() {
    let folder = Folder::new();
    let mut disk = folder.open();
    eventful(&mut disk);
    let written = exported(&folder, "general", Form::Html).expect("the room");
    assert!(
        written.contains("<p dir=\"auto\">&lt;b&gt;hello&lt;/b&gt; &amp; &quot;you&quot;\nsecond line\u{fffd}[31m</p>")
    );
    assert!(written.contains("prefers-color-scheme: dark"));
    for reference in ["<script", "src=", "href=", "url("] {
        assert!(!written.contains(reference), "{reference}");
    }
}

#[test]
fn a_room_that_is_not_there_is_said_not_to_be() {
    let folder = Folder::new();
    let disk = folder.open();
    assert_eq!(exported(&folder, "nowhere", Form::Text), None);
    assert_eq!(exported(&folder, "not/a/name", Form::Text), None);
    disk.store.close();
    assert!(!wipe(&folder.file(), "nowhere").expect("a store"));
}

#[test]
fn export_and_wipe_make_no_file() {
    let folder = Folder::new();
    let mut out = Vec::new();
    assert!(export(&folder.file(), "general", Form::Text, &mut out).is_err());
    assert!(matches!(wipe(&folder.file(), "general"), Err(OpenError::Missing(_))));
    assert!(folder.bytes().is_empty() && !folder.file().exists());
}

#[test]
fn a_wiped_room_leaves_nothing_and_its_code_rests() {
    let folder = Folder::new();
    let mut disk = folder.open();
    let mut room = Live::new(&disk, "408213");
    let ali = room.join(&mut disk, "Ali-who-is-wiped");
    for n in 0..2500 {
        room.queue(&disk, Draft::Message { from: ali, signed: None, text: format!("secret-{n}").into() });
    }
    disk.outcomes(2500);
    eventful(&mut disk);
    assert!(matches!(wipe(&folder.file(), "408213"), Err(OpenError::InUse(_))), "refused while a server runs");
    disk.store.close();
    assert!(wipe(&folder.file(), "408 213").expect("wiped"));
    assert!(!folder.holds("secret-") && !folder.holds("Ali-who-is-wiped") && folder.holds("a guest speaks"));
    let disk = folder.open();
    assert_eq!(disk.kept.rooms.len(), 1);
    assert_eq!(disk.kept.resting.len(), 1);
}

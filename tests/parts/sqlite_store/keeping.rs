//! What happens in rooms, and what is there when they are opened again.

use charsu::protocol::{Edge, Kind, MemberId};
use charsu::room::Draft;
use charsu::store::sqlite::PageWanted;

use super::disk::{Folder, Live};

#[test]
fn a_room_is_there_again_after_a_stop() {
    let folder = Folder::new();
    let mut disk = folder.open();
    let mut room = Live::new(&disk, "general");
    let ali = room.join(&mut disk, "Ali");
    let sara = room.join(&mut disk, "سارا");
    room.happen(&mut disk, Draft::Join { name: None });
    let hello = room.say(&mut disk, ali, "hello");
    room.say(&mut disk, MemberId(3), "I am a guest");
    let psst = room.whisper(&mut disk, sara, ali, "psst");
    room.edit(&mut disk, ali, hello, "hello!");
    room.edit(&mut disk, ali, hello, "hello you");
    room.react(&mut disk, sara, hello, "👍", true);
    room.react(&mut disk, ali, hello, "👍", true);
    room.react(&mut disk, sara, hello, "👍", true);
    room.react(&mut disk, ali, psst, "❤️", true);
    room.react(&mut disk, ali, psst, "❤️", false);
    let gone = room.say(&mut disk, ali, "never mind");
    room.edit(&mut disk, ali, gone, "never ever mind");
    room.react(&mut disk, sara, gone, "😢", true);
    room.delete(&mut disk, ali, gone);
    room.edit(&mut disk, sara, psst, "psst!");
    room.happen(&mut disk, Draft::Leave { member: MemberId(3) });
    room.assert_kept(&disk);
    disk.store.close();

    let disk = folder.open();
    room.assert_kept(&disk);
    let [kept] = &disk.kept.rooms[..] else { panic!("one room") };
    assert_eq!((kept.key, &*kept.name, kept.members, kept.touched_at), (room.key, "general", 2, room.at));
    assert!(disk.store.new_room_key() > room.key);
}

#[test]
fn a_page_has_lines_only_and_private_ones_for_those_whom_they_concern() {
    let folder = Folder::new();
    let mut disk = folder.open();
    let mut room = Live::new(&disk, "general");
    let (ali, sara, bob) = (room.join(&mut disk, "Ali"), room.join(&mut disk, "Sara"), room.join(&mut disk, "Bob"));
    let one = room.say(&mut disk, ali, "one");
    let two = room.whisper(&mut disk, ali, sara, "two");
    room.react(&mut disk, sara, one, "👍", true);
    let three = room.say(&mut disk, bob, "three");
    let four = room.say(&mut disk, bob, "four");
    room.delete(&mut disk, bob, three);
    let page = |viewer, from, limit| {
        let wanted = PageWanted { viewer, first: 1, last: u64::MAX, from, limit };
        let (lines, more) = disk.store.page(room.key, wanted).expect("readable");
        assert!(lines.iter().all(|line| line.kind.is_line()));
        (lines.iter().map(|line| line.seq).collect::<Vec<_>>(), more)
    };
    assert_eq!(page(Some(sara), Edge::Newest, 10), (vec![one, two, four], false));
    assert_eq!(page(Some(bob), Edge::Newest, 10), (vec![one, four], false));
    assert_eq!(page(None, Edge::Newest, 10), (vec![one, four], false));
    assert_eq!(page(Some(sara), Edge::Newest, 2), (vec![two, four], true));
    assert_eq!(page(Some(sara), Edge::Before(four), 1), (vec![two], true));
    assert_eq!(page(Some(sara), Edge::Before(one), 1), (vec![], false));
    assert_eq!(page(Some(sara), Edge::After(0), 1), (vec![one], true));
    assert_eq!(page(Some(sara), Edge::After(one), 5), (vec![two, four], false));
    let since = PageWanted { viewer: Some(sara), first: two, last: two, from: Edge::Newest, limit: 10 };
    let (lines, more) = disk.store.page(room.key, since).expect("readable");
    assert_eq!((lines.len(), more), (1, false));
    let (lines, _) = disk.store.page(room.key, PageWanted { first: 1, last: one, ..since }).expect("readable");
    let Kind::Message { marks, .. } = &lines[0].kind else { panic!("a line") };
    assert_eq!(marks.reactions().len(), 1);
    let of = |seq| disk.store.line(room.key, seq).expect("readable");
    assert_eq!(of(two).expect("a line").between, Some([ali, sara]));
    assert_eq!(of(one).expect("a line").reactions, 1);
    assert!(of(three).is_none() && of(1).is_none() && of(99).is_none());
}

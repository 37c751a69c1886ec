//! One table, every wire: what is promised to whoever is in a room is tried for each way into it, in rooms where people sit
//! who came by all the others.
#![cfg(not(feature = "conformance"))]

mod guest;
mod limits;
mod silent;
mod told;
mod ways;

use charsu::config::Newcomers;
use charsu::protocol::Code;
use guest::Guest;
use told::Told;
use ways::{Notices, Return, Way};

use crate::scene::{self, Scene, Socket, until};

/// Texts that a wire might change on their way.
const TEXTS: [&str; 6] = [
    "سلام! می\u{200c}خواهم ☕",
    "</script><b>\"quoted\" & 'so'</b> \\ / \u{2028}",
    "👩\u{200d}👩\u{200d}👧\u{200d}👦 🇮🇷 e\u{301}",
    "line one\nline two",
    "{\"type\":\"message\",\"text\":\"no frame\"}",
    "42[\"chat message\",\"no packet\"]",
];

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_on_any_wire_is_heard_on_all_word_for_word() {
    let scene = Scene::with(scene::tireless);
    let room = scene.opens_room().await;
    let mut guests = Guest::all(&scene, &room).await;
    for speaker in 0..guests.len() {
        let name = guests[speaker].name.clone();
        for text in TEXTS {
            guests[speaker].says(text).await;
            for guest in &mut guests {
                guest.hears_line(&name, text).await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_who_speak_at_once_are_heard_in_one_order_everywhere() {
    const EACH: usize = 20;
    let scene = Scene::with(scene::tireless);
    let guests = Guest::all(&scene, "general").await;
    let count = guests.len();
    let talks = guests.into_iter().map(|mut guest| {
        tokio::spawn(async move {
            for n in 0..EACH {
                guest.says(&n.to_string()).await;
            }
            let mut heard = Vec::new();
            while heard.len() < count * EACH {
                heard.push(guest.hears().await);
            }
            (guest, heard)
        })
    });
    let talks: Vec<_> = talks.collect();
    let mut heard = Vec::new();
    for talk in talks {
        heard.push(talk.await.expect("no panic"));
    }
    let (_, order) = &heard[0];
    for (guest, other) in &heard {
        assert_eq!(other, order, "{:?}", guest.way);
        let own: Vec<_> = order.iter().filter(|(from, _)| *from == guest.name).map(|(_, text)| text.clone()).collect();
        assert_eq!(own, (0..EACH).map(|n| n.to_string()).collect::<Vec<_>>(), "{:?}", guest.way);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_belongs_to_one_whichever_wires_two_come_by() {
    let scene = Scene::with(scene::tireless);
    for (holder, comer) in Way::pairs() {
        let room = scene.opens_room().await;
        let ali = Guest::enters(&scene, holder, &room, "Ali").await;
        for like_it in ["Ali", "ALI", "Аli"] {
            let refused = Guest::tries(&scene, comer, &room, like_it).await.err();
            let refused = refused.unwrap_or_else(|| panic!("{like_it} by {comer:?} beside Ali by {holder:?}"));
            if comer == Way::TwoSegment {
                assert_eq!(refused.words, "A person with the same name already exists in this room");
            } else {
                refused.is(Code::NameTaken, comer);
            }
        }
        // Who goes and means it leaves the name to others.
        ali.leaves().await;
        until("the holder to be gone", || scene.app.hub.connections() == 0).await;
        Guest::enters(&scene, comer, &room, "ali").await.leaves().await;
        until("the comer to be gone", || scene.app.hub.connections() == 0).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn comers_and_goers_are_told_of_on_every_wire_that_can() {
    let scene = Scene::with(scene::tireless);
    let mut guests = Guest::all(&scene, "general").await;
    for way in Way::ALL {
        let comer = Guest::enters(&scene, way, "general", "Comer").await;
        for guest in &mut guests {
            let name = Some("Comer".to_owned());
            match guest.way.notices() {
                Notices::Named => assert_eq!(guest.is_told().await, Told::Came(name), "{:?}, {way:?}", guest.way),
                Notices::Nameless => assert_eq!(guest.is_told().await, Told::Came(None), "{:?}, {way:?}", guest.way),
                Notices::Nothing => {}
            }
        }
        comer.leaves().await;
        for guest in &mut guests {
            let name = Some("Comer".to_owned());
            match guest.way.notices() {
                Notices::Named => assert_eq!(guest.is_told().await, Told::Went(name), "{:?}, {way:?}", guest.way),
                Notices::Nameless => assert_eq!(guest.is_told().await, Told::Went(None), "{:?}, {way:?}", guest.way),
                Notices::Nothing => {}
            }
        }
    }
    // Those who are told of nothing were told of nothing.
    guests[0].says("all").await;
    for guest in &mut guests {
        assert_eq!(guest.is_told().await, Told::Line { from: "Mina".to_owned(), text: "all".to_owned() });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_types_is_shown_on_every_wire_that_knows_typing() {
    let scene = Scene::with(scene::tireless);
    let mut guests = Guest::all(&scene, "general").await;
    // A page of a tutorial or of Socket.IO is sent typing once it has sent that itself.
    for guest in &mut guests {
        guest.types().await;
    }
    let typist = guests.len() - 1;
    let name = guests[typist].name.clone();
    // Who types is told after the lines of the same moment, so one line more is past all of it.
    for text in ["everybody has typed", "and is heard"] {
        guests[typist].says(text).await;
        for guest in &mut guests {
            guest.hears_line(&name, text).await;
        }
    }
    for typist in 0..guests.len() {
        if !guests[typist].way.shows_typing() {
            continue;
        }
        let name = guests[typist].name.clone();
        guests[typist].types().await;
        for (index, guest) in guests.iter_mut().enumerate() {
            if index != typist && guest.way.shows_typing() {
                assert_eq!(guest.is_told().await, Told::Types(name.clone()), "{:?}", guest.way);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_line_is_seen_by_two_whichever_wires_they_are_on() {
    let scene = Scene::with(scene::tireless);
    let mut guests = Guest::all(&scene, "general").await;
    for from in 0..guests.len() {
        for to in 0..guests.len() {
            let (speaker, addressee) = (guests[from].name.clone(), guests[to].name.clone());
            if from == to {
                guests[from]
                    .tries_to_say(&format!("/msg \"{addressee}\" me"))
                    .await
                    .expect_err("to oneself")
                    .is(Code::ToYourself, guests[from].way);
                continue;
            }
            guests[from].says(&format!("/msg \"{addressee}\" psst {from}")).await;
            guests[from].says("aloud").await;
            for (index, guest) in guests.iter_mut().enumerate() {
                let other = if index == from { &addressee } else { &speaker };
                if index == from || index == to {
                    let private = Told::Private { with: other.clone(), text: format!("psst {from}") };
                    assert_eq!(guest.is_told().await, private, "{:?}", guest.way);
                }
                guest.hears_line(&speaker, "aloud").await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_cut_off_and_comes_back_missed_nothing_where_that_is_promised() {
    let scene = Scene::with(|settings| {
        scene::tireless(settings);
        settings.newcomers = Newcomers::Recent;
    });
    for way in Way::ALL {
        let room = scene.opens_room().await;
        let mut sara = scene.person_in(&room, "Speaker").await;
        let mut guest = Guest::enters(&scene, way, &room, way.guest()).await;
        sara.says(&room, "before").await;
        guest.hears_line("Speaker", "before").await;
        let left = guest.vanishes().await;
        until("the cut", || scene.app.hub.connections() == 1).await;
        for n in 0..5 {
            sara.says(&room, &format!("meanwhile {n}")).await;
        }
        let mut back = left.comes_back(&scene).await;
        if way.comes_back() != Return::Begins {
            for n in 0..5 {
                back.hears_line("Speaker", &format!("meanwhile {n}")).await;
            }
        }
        sara.says(&room, "after").await;
        if way.comes_back() == Return::Begins {
            while back.hears().await.1 != "after" {}
        } else {
            back.hears_line("Speaker", "after").await;
        }
        let notices = sara.unread_events();
        let leaves = notices.iter().filter(|event| event["type"] == "leave").count();
        assert_eq!(leaves == 0, way.comes_back() == Return::Resumes, "{way:?}: {notices:?}");
        back.leaves().await;
        let _memory = sara.vanishes().await;
        until("all to be gone", || scene.app.hub.connections() == 0).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restart_every_wire_reads_on_where_it_was() {
    let scene = Scene::on_disk(|settings| {
        scene::tireless(settings);
        settings.newcomers = Newcomers::Recent;
    });
    let mut guests = Guest::all(&scene, "general").await;
    guests[0].says("kept").await;
    let mut left = Vec::new();
    for mut guest in guests {
        guest.hears_line("Mina", "kept").await;
        left.push(guest.vanishes().await);
    }
    let scene = scene.starts_again(|_| ()).await;
    let mut back = Vec::new();
    for guest in left {
        back.push(guest.comes_back(&scene).await);
    }
    for speaker in 0..back.len() {
        let (name, text) = (back[speaker].name.clone(), format!("again {speaker}"));
        back[speaker].says(&text).await;
        for guest in &mut back {
            while guest.hears().await != (name.clone(), text.clone()) {}
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_parts_with_every_wire() {
    let scene = Scene::start();
    let guests = Guest::all(&scene, "general").await;
    let endings: Vec<_> = guests
        .into_iter()
        .map(|mut guest| {
            tokio::spawn(async move {
                guest.is_ended().await;
                guest.way
            })
        })
        .collect();
    scene.stop().await;
    for ending in endings {
        ending.await.expect("an end");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_from_elsewhere_is_refused_on_every_wire_before_anything_happens() {
    let scene = Scene::start();
    let origin = "Origin: http://evil.test\r\n";
    for way in Way::ALL {
        let mut raw = scene.connect().await;
        let reply = match way {
            Way::Charsu => Socket::ask(&mut raw, "/ws", &format!("{}{origin}", scene::CHARSU)).await,
            Way::Stream => raw.get("/api/rooms/general/events", origin).await,
            Way::OneSegment => Socket::ask(&mut raw, "/ws/general?name=Ali", origin).await,
            Way::TwoSegment => Socket::ask(&mut raw, "/ws/general/Ali", origin).await,
            Way::SocketIo => Socket::ask(&mut raw, &format!("{}websocket", scene::PATH), origin).await,
            Way::Polling => raw.get(&format!("{}polling", scene::PATH), origin).await,
        };
        assert_eq!((reply.status, reply.header("access-control-allow-origin")), (403, ""), "{way:?}: {}", reply.text());
    }
    assert_eq!(scene.app.hub.connections(), 0);
}

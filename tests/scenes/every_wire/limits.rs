//! What is refused, on every wire: by its name, to nobody but who asked, and nothing is lost by it.

use charsu::protocol::Code;

use super::guest::Guest;
use super::told::Refused;
use super::ways::Way;
use crate::scene::{self, Scene, ms, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_cannot_be_is_refused_by_its_name_on_every_wire_and_heard_on_none() {
    let scene = Scene::with(|settings| {
        scene::tireless(settings);
        settings.text_chars = 100;
    });
    let mut guests = Guest::all(&scene, "general").await;
    let long = "a".repeat(101);
    for speaker in 0..guests.len() {
        let way = guests[speaker].way;
        for (text, code) in [
            (" \u{200b}\n", Code::EmptyText),
            (long.as_str(), Code::TextTooLong),
            ("/nothing of the kind", Code::UnknownCommand),
            ("/msg Nobody psst", Code::NoSuchPerson),
        ] {
            let Err(refused) = guests[speaker].tries_to_say(text).await else { panic!("{way:?} says {text:?}") };
            if code == Code::NoSuchPerson {
                assert!(refused.words.contains("Nobody"), "{way:?}: {refused:?}");
            } else {
                refused.is(code, way);
            }
        }
        let name = guests[speaker].name.clone();
        guests[speaker].says(&long[1..]).await;
        for guest in &mut guests {
            guest.hears_line(&name, &long[1..]).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_too_fast_is_told_so_on_every_wire_and_goes_on_after_a_moment() {
    let scene = Scene::with(|settings| {
        scene::tireless(settings);
        (settings.messages_per_second, settings.messages_burst) = (2, 4);
    });
    for way in Way::ALL {
        let room = scene.opens_room().await;
        let mut listener = scene.person_in(&room, "Listener").await;
        let mut guest = Guest::enters(&scene, way, &room, way.guest()).await;
        let (mut taken, mut refused) = (0, 0);
        while refused == 0 || taken < 6 {
            match guest.tries_to_say(&format!("line {taken}")).await {
                Ok(()) => taken += 1,
                Err(Refused { code, words }) => {
                    assert!(code.is_none_or(|code| code == "rate_limited"), "{way:?}");
                    assert!(
                        words.starts_with(&charsu::protocol::Refusal::from(Code::RateLimited).in_one_line()),
                        "{words}"
                    );
                    refused += 1;
                    let asked = std::time::Instant::now();
                    until("a moment to pass", || asked.elapsed() > ms(300)).await;
                }
            }
        }
        for n in 0..taken {
            let heard = listener.hears("message").await;
            assert_eq!(heard["text"], format!("line {n}"), "{way:?}: nothing is lost, doubled or late");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nonsense_on_any_wire_disturbs_nobody_else() {
    let scene = Scene::with(|settings| {
        scene::tireless(settings);
        settings.bad_requests_per_minute = u32::MAX;
    });
    let mut guests = Guest::all(&scene, "general").await;
    for way in Way::ALL {
        let nonsenses = ["{", "[[[[[[", "\0", "{\"type\":7}", "42[", "9", "null", &"[".repeat(5000)];
        for (n, nonsense) in nonsenses.into_iter().enumerate() {
            let mut troll = Guest::enters(&scene, way, "general", &format!("Troll {way:?} {n}")).await;
            troll.sends(nonsense).await;
            let _memory = troll.vanishes().await;
            until("it to be gone", || scene.app.hub.connections() == guests.len()).await;
            guests[0].says("undisturbed").await;
            for guest in &mut guests {
                loop {
                    let (from, text) = guest.hears().await;
                    if from == "Mina" && text == "undisturbed" {
                        break;
                    }
                    // A text of raw characters is a line of two segments.
                    assert!(from.starts_with("Troll"), "{way:?}: {from}: {text}");
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_that_is_full_is_full_on_every_wire() {
    let scene = Scene::with(|settings| {
        scene::tireless(settings);
        settings.members_per_room = 1;
    });
    let _only = scene.person_in("general", "Only").await;
    for way in Way::ALL {
        let Err(refused) = Guest::tries(&scene, way, "general", "Ali").await else { panic!("{way:?}") };
        refused.is(Code::RoomFull, way);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_nobody_made_and_a_name_that_cannot_be_are_refused_on_every_wire() {
    let scene = Scene::with(|settings| {
        scene::tireless(settings);
        settings.failed_joins_per_minute_per_address = u32::MAX;
    });
    for (way, code) in Way::ALL.into_iter().zip(408_213..) {
        match Guest::tries(&scene, way, &code.to_string(), "Ali").await {
            Err(refused) => refused.is(Code::RoomNotFound, way),
            Ok(guest) => {
                assert!(way.makes_codes(), "{way:?}");
                guest.leaves().await;
            }
        }
        let Err(refused) = Guest::tries(&scene, way, "general", "System").await else { panic!("{way:?}") };
        refused.is(Code::NameReserved, way);
        let Err(refused) = Guest::tries(&scene, way, "general", &"a".repeat(60)).await else { panic!("{way:?}") };
        assert!(refused.words.contains("too long"), "{way:?}: {refused:?}");
    }
}

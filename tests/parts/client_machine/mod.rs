//! The client's state machine against a small server and a network that does what it likes: delivers, holds, cuts, lets the
//! server forget, restart, refuse or reset. Nothing here has a socket or a clock. More cases: `PROPTEST_CASES=10000`.

mod scenes;
mod server;
mod world;

use std::time::Duration;

use charsu::client::Chat;
use proptest::prelude::*;
use serde_json::Value;
use world::World;

/// What happens next.
#[derive(Debug, Clone)]
pub(crate) enum Move {
    /// So many frames arrive at the server, or at the client.
    ToServer(usize),
    ToClient(usize),
    /// A connection that is wanted comes about, or not.
    Connects,
    FailsToConnect,
    /// The connection is gone with this code, and with it whatever was under way.
    Cut(u16),
    /// Time passes, in milliseconds.
    Waits(u64),
    /// The client's person does something.
    Says,
    Edits,
    Deletes,
    ReadsBack,
    Types,
    Reconnects,
    Retries,
    /// Others do.
    OthersSay(usize),
    OthersWhisper,
    OthersCome,
    /// The server does.
    Refuses(&'static str),
    Resets,
    GoesAway,
    EndsMemberships,
    Forgets,
    BeginsAnew,
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let codes = vec!["rate_limited", "unavailable", "text_too_long", "id_too_old", "not_in_room"];
    let one = prop_oneof![
        12 => (1_usize..6).prop_map(Move::ToServer),
        12 => (1_usize..8).prop_map(Move::ToClient),
        8 => Just(Move::Connects),
        1 => Just(Move::FailsToConnect),
        3 => prop::sample::select(vec![0, 0, 1001, 1012, 1013, 4008, 4010, 4429]).prop_map(Move::Cut),
        6 => (1_u64..20_000).prop_map(Move::Waits),
        10 => Just(Move::Says),
        2 => Just(Move::Edits),
        1 => Just(Move::Deletes),
        1 => Just(Move::ReadsBack),
        1 => Just(Move::Types),
        2 => Just(Move::Reconnects),
        1 => Just(Move::Retries),
        6 => (1_usize..6).prop_map(Move::OthersSay),
        2 => Just(Move::OthersWhisper),
        1 => Just(Move::OthersCome),
        2 => prop::sample::select(codes).prop_map(Move::Refuses),
        1 => Just(Move::Resets),
        1 => Just(Move::GoesAway),
        1 => Just(Move::EndsMemberships),
        1 => Just(Move::Forgets),
        1 => Just(Move::BeginsAnew),
    ];
    prop::collection::vec(one, 0..120)
}

proptest! {
    #[test]
    fn whatever_the_network_does_lines_arrive_once_and_gaps_are_told(seed: u64, moves in moves()) {
        let mut world = World::new(seed);
        for one in &moves {
            world.moves(one);
        }
        world.heals();
        world.judge();
    }

    #[test]
    fn whatever_a_server_sends_is_no_panic(
        frames in prop::collection::vec(prop_oneof![any::<String>(), example()], 0..30),
        opened: bool,
    ) {
        let mut chat = Chat::new(7);
        let room = chat.join("general", "Ali");
        if opened {
            chat.opened();
        }
        for (n, frame) in frames.iter().enumerate() {
            chat.hears(frame);
            if n % 3 == 0 {
                let _ = chat.say(room, "hello");
            }
            chat.at(Duration::from_secs(n as u64));
        }
        while chat.act().is_some() {}
        while chat.news().is_some() {}
    }
}

/// One of the documented frames, or one that is nearly it.
fn example() -> impl Strategy<Value = String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/fixtures");
    let files = std::fs::read_dir(folder).expect("the folder is there").map(|entry| entry.expect("an entry").path());
    let of_server =
        files.filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("server-")));
    let texts: Vec<String> = of_server.map(|path| std::fs::read_to_string(path).expect("text")).collect();
    assert!(texts.len() > 20);
    let numbers = prop::sample::select(vec!["0", "1", "9007199254740991", "18446744073709551615", "-1"]);
    (prop::sample::select(texts), prop::option::of((numbers, any::<prop::sample::Index>()))).prop_map(
        |(text, change)| {
            let Some((number, at)) = change else { return text };
            let mut value: Value = serde_json::from_str(&text).expect("JSON");
            let fields = value.as_object_mut().expect("an object");
            let at = at.index(fields.len());
            let key = fields.keys().nth(at).expect("there are some").clone();
            fields.insert(key, serde_json::from_str(number).expect("a number"));
            value.to_string()
        },
    )
}

//! Rooms that are kept in a file: what is there after a restart, who is still who, and what happens when the file cannot be
//! written.

use std::time::{Duration, Instant};

use charsu::config::{Newcomers, Settings};
use charsu::names::RoomName;
use serde_json::{Value, json};

use crate::scene::{Memory, Person, Scene, until, within};

fn texts(events: &[Value]) -> Vec<&str> {
    events.iter().filter_map(|event| event["text"].as_str()).collect()
}

fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().filter_map(|event| event["type"].as_str()).collect()
}

fn no_rates(settings: &mut Settings) {
    settings.messages_per_second = u32::MAX;
    settings.messages_burst = u32::MAX;
}

/// Comes back into a room as the same member, where it stood.
async fn back(scene: &Scene, memory: &Memory, room: &str) -> Person {
    let mut person = scene.returning(memory).await;
    assert_eq!(person.welcome["resumed"], true, "{}", person.welcome);
    let joined = person.joins_from(room, &memory.places[room]).await;
    assert_eq!((&joined["type"], &joined["resumed"]), (&json!("joined"), &json!(true)), "{joined}");
    assert_eq!(joined["you"], memory.places[room].me, "{joined}");
    person
}

/// Holds the file's write lock, as another program may.
fn foreign_lock(scene: &Scene) -> rusqlite::Connection {
    let other = rusqlite::Connection::open(scene.database()).expect("the file can be opened");
    other.execute_batch("BEGIN IMMEDIATE").expect("the lock");
    other
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_process_resumes_everybody_where_they_stood() {
    let scene = Scene::on_disk(|_| ());
    let code = scene.opens_room().await;
    let (mut ali, mut sara) = (scene.person_in(&code, "Ali").await, scene.person_in(&code, "Sara").await);
    ali.says(&code, "both heard this").await;
    sara.hears_line("both heard this").await;
    ali.hears_line("both heard this").await;
    let sara_then = sara.vanishes().await;
    let missed = ali.says(&code, "only Ali heard this").await;
    let ali_then = ali.memory();
    let scene = scene.starts_again(|_| ()).await;
    let (mut sara, mut ali) = (back(&scene, &sara_then, &code).await, back(&scene, &ali_then, &code).await);
    let heard = sara.hears_next().await;
    assert_eq!((&heard["text"], &heard["seq"]), (&json!("only Ali heard this"), &json!(missed)));
    // Nobody left and nobody came, and names are still taken.
    let mut other = scene.person("Ali").await;
    assert_eq!(other.tries_to_join(&code).await["code"], "name_taken");
    ali.says(&code, "and on").await;
    assert_eq!(kinds(&sara.hears_until("and on").await), ["message"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_sent_again_after_a_restart_is_answered_as_the_first_time() {
    let scene = Scene::on_disk(|_| ());
    let mut ali = scene.person_in("general", "Ali").await;
    let commands = [
        json!({ "type": "say", "id": 100, "room": "general", "text": "once" }),
        json!({ "type": "say", "id": 101, "room": "general", "text": "twice" }),
        json!({ "type": "edit", "id": 102, "room": "general", "seq": 3, "text": "two times" }),
        json!({ "type": "react", "id": 103, "room": "general", "seq": 2, "emoji": "👍", "on": true }),
        json!({ "type": "delete", "id": 104, "room": "general", "seq": 2 }),
    ];
    let mut acks = Vec::new();
    for command in &commands {
        ali.sends(command);
        acks.push(ali.answer_to(command["id"].as_u64().expect("a number")).await);
    }
    assert!(acks.iter().all(|ack| ack["type"] == "ack"), "{acks:?}");
    ali.unread_events();
    let then = ali.memory();
    let scene = scene.starts_again(|settings| settings.newcomers = Newcomers::Recent).await;
    let mut ali = back(&scene, &then, "general").await;
    for (command, ack) in commands.iter().zip(&acks) {
        ali.sends(command);
        assert_eq!(ali.answer_to(command["id"].as_u64().expect("a number")).await, *ack);
    }
    ali.sends(&json!({ "type": "say", "id": 101, "room": "general", "text": "something else" }));
    assert_eq!(ali.answer_to(101).await["code"], "id_conflict");
    let joined = scene.person("Sara").await.joins("general").await;
    let history = joined["history"].as_array().expect("lines").clone();
    assert_eq!(texts(&history), ["two times"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_come_back_after_a_restart_is_gone_in_the_end_and_pages_are_gone_at_once() {
    let scene = Scene::on_disk(|settings| settings.restart_grace = Duration::from_millis(400));
    let ali = scene.person_in("general", "Ali").await;
    let sara = scene.person_in("general", "Sara").await;
    let _page = scene.two_segment("general", "Page").await;
    let (ali_then, _) = (ali.vanishes().await, sara.vanishes().await);
    let scene = scene.starts_again(|_| ()).await;
    let mut ali = back(&scene, &ali_then, "general").await;
    let names: Vec<Value> = [ali.hears("leave").await, ali.hears("leave").await]
        .into_iter()
        .map(|leave| leave["member"]["name"].clone())
        .collect();
    assert_eq!(names, ["Page", "Sara"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_that_was_left_lies_in_the_file_and_opens_again_with_its_past() {
    let scene = Scene::on_disk(|settings| {
        no_rates(settings);
        settings.newcomers = Newcomers::Recent;
        settings.room_idle = Duration::from_millis(30);
    });
    let code = scene.opens_room().await;
    let mut ali = scene.person_in(&code, "Ali").await;
    for n in 0..150 {
        ali.says(&code, &format!("line {n}")).await;
    }
    ali.leaves(&code).await;
    until("the room to be put away", || scene.app.hub.room_count() == 0).await;
    // Several ask for it at once, and all find the same.
    let mut joins = Vec::new();
    for n in 0..8 {
        let mut person = scene.person(&format!("Guest {n}x")).await;
        let code = code.clone();
        joins.push(tokio::spawn(async move { (person.joins(&code).await, person) }));
    }
    let mut epochs = Vec::new();
    let mut people = Vec::new();
    for join in joins {
        let (joined, person) = within("a join", join).await.expect("no panic");
        let history = joined["history"].as_array().expect("lines").clone();
        assert_eq!(history.len(), 100, "the recent page");
        assert_eq!(texts(&history).last(), Some(&"line 149"));
        epochs.push(joined["epoch"].clone());
        people.push(person);
    }
    assert!(epochs.iter().all(|epoch| epoch == &epochs[0]));
    let mut guest = people.pop().expect("somebody");
    guest.says(&code, "hello").await;
    people[0].hears_line("hello").await;
    // And once more, in another process.
    drop((guest, people));
    let scene = scene.starts_again(|settings| settings.restart_grace = Duration::from_millis(30)).await;
    until("the room to be put away", || scene.app.hub.room_count() == 0).await;
    let joined = scene.person("Mina").await.joins(&code).await;
    assert_eq!(joined["epoch"], epochs[0]);
    assert_eq!(texts(joined["history"].as_array().expect("lines")).last(), Some(&"hello"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_waits_for_its_first_member_and_rests_after_its_room_through_restarts() {
    let scene = Scene::on_disk(|_| ());
    let (waiting, used) = (scene.opens_room().await, scene.opens_room().await);
    scene.person_in(&used, "Ali").await.leaves(&used).await;
    let scene = scene
        .starts_again(|settings| {
            settings.stored_room_idle = Duration::from_millis(50);
            settings.code_quarantine = Duration::from_hours(24);
        })
        .await;
    assert_eq!(scene.get(&format!("/api/rooms/{waiting}")).await.status, 200);
    until("the room to be wiped", || scene.app.hub.look_up(&RoomName::parse(&used).expect("a code")).is_none()).await;
    let scene = scene.starts_again(|settings| settings.stored_room_idle = Duration::from_hours(24)).await;
    assert_eq!(scene.get(&format!("/api/rooms/{waiting}")).await.status, 200);
    assert_eq!(scene.get(&format!("/api/rooms/{used}")).await.status, 404);
    assert_eq!(scene.person("Sara").await.tries_to_join(&used).await["code"], "room_not_found");
    scene.person_in(&waiting, "Sara").await.says(&waiting, "at last").await;
    // A page that makes its codes itself does not wake one that rests.
    let mut page = scene.two_segment_page(&used, "Page").await;
    assert!(page.is_told().await.contains("No room has this code"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_past_reaches_back_over_restarts_and_old_lines_can_still_be_changed() {
    let scene = Scene::on_disk(|settings| {
        no_rates(settings);
        settings.newcomers = Newcomers::All;
    });
    let mut ali = scene.person_in("general", "Ali").await;
    let mut lines = Vec::new();
    for n in 0..450 {
        lines.push(ali.says("general", &format!("line {n}")).await);
    }
    ali.unread_events();
    let then = ali.memory();
    let scene = scene.starts_again(|_| ()).await;
    let mut ali = back(&scene, &then, "general").await;
    let change = json!({ "type": "edit", "room": "general", "seq": lines[20], "text": "changed long after" });
    assert_eq!(ali.asks(change).await["type"], "ack");
    let taken_back = ali.asks(json!({ "type": "delete", "room": "general", "seq": lines[21] })).await;
    assert_eq!(taken_back["type"], "ack");
    let again = ali.asks(json!({ "type": "delete", "room": "general", "seq": lines[21] })).await;
    assert_eq!(again["code"], "no_such_line");
    let mut sara = scene.person("Sara").await;
    let joined = sara.joins("general").await;
    assert_eq!(joined["earlier"], true);
    assert_eq!(sara.asks(json!({ "type": "delete", "room": "general", "seq": lines[3] })).await["code"], "not_yours");
    let reaction = json!({ "type": "react", "room": "general", "seq": lines[20], "emoji": "👍", "on": true });
    assert_eq!(sara.asks(reaction).await["type"], "ack");
    let mut read: Vec<Value> = joined["history"].as_array().expect("lines").clone();
    loop {
        let before = read[0]["seq"].clone();
        let page = sara.asks(json!({ "type": "history", "room": "general", "before": before })).await;
        read.splice(0..0, page["events"].as_array().expect("lines").iter().cloned());
        if page["more"] == false {
            break;
        }
    }
    let wanted: Vec<u64> = lines.iter().copied().filter(|seq| *seq != lines[21]).collect();
    assert_eq!(read.iter().filter_map(|line| line["seq"].as_u64()).collect::<Vec<_>>(), wanted);
    assert_eq!(read[20]["text"], "changed long after");
    assert_eq!(read[20]["reactions"][0]["emoji"], "👍", "{}", read[20]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_kept_is_refused_and_never_shown_and_the_server_recovers_by_itself() {
    let scene = Scene::on_disk(|_| ());
    let (mut ali, mut sara) = (scene.person_in("general", "Ali").await, scene.person_in("general", "Sara").await);
    ali.says("general", "before").await;
    let lock = foreign_lock(&scene);
    // Several lines, a join, a leave and a code, while nothing can be kept.
    for id in 100..105 {
        ali.sends(&json!({ "type": "say", "id": id, "room": "general", "text": format!("lost {id}") }));
    }
    let mut bob = scene.person("Bob").await;
    let join = bob.tries_to_join("general").await;
    assert_eq!(join["code"], "unavailable", "{join}");
    for id in 100..105 {
        assert_eq!(ali.answer_to(id).await["code"], "unavailable");
    }
    let leave = sara.asks(json!({ "type": "leave", "room": "general" })).await;
    assert_eq!(leave["code"], "unavailable", "{leave}");
    assert_eq!(scene.connect().await.post("/api/rooms", "", "").await.status, 503);
    assert_eq!(scene.get("/readyz").await.status, 503);
    assert_eq!(scene.get("/healthz").await.status, 200, "the process lives");
    drop(lock);
    // The same commands may come again, and everything goes on. They keep their order: a later one waits for the first.
    let again = |id: u64| json!({ "type": "say", "id": id, "room": "general", "text": format!("lost {id}") });
    ali.sends(&again(102));
    assert_eq!(ali.answer_to(102).await["code"], "unavailable");
    for id in 100..105 {
        ali.sends(&again(id));
        let ack = ali.answer_to(id).await;
        assert_eq!(ack["type"], "ack", "{ack}");
    }
    bob.joins("general").await;
    assert_eq!(scene.get("/readyz").await.status, 200);
    ali.last_id = 200;
    ali.says("general", "after").await;
    let heard = sara.hears_until("after").await;
    let lines = ["before", "lost 100", "lost 101", "lost 102", "lost 103", "lost 104", "after"];
    assert_eq!(texts(&heard), lines);
    assert_eq!(kinds(&heard), [&["message"; 6][..], &["join", "message"]].concat());
    // What was refused and came again is in the file once.
    let scene = scene.starts_again(|settings| settings.newcomers = Newcomers::Recent).await;
    let joined = scene.person("Mina").await.joins("general").await;
    assert_eq!(texts(joined["history"].as_array().expect("lines")), lines);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leave_that_cannot_be_kept_is_told_once_it_can() {
    let scene = Scene::on_disk(|settings| settings.grace = Duration::from_millis(10));
    let (mut ali, sara) = (scene.person_in("general", "Ali").await, scene.person_in("general", "Sara").await);
    ali.hears("join").await;
    let page = scene.two_segment("general", "Page").await;
    ali.hears("join").await;
    let lock = foreign_lock(&scene);
    sara.closes(Some(1000));
    page.closes(Some(1000));
    let refused = ali.tries_to_say("general", "nobody hears this").await;
    assert_eq!(refused["code"], "unavailable");
    drop(lock);
    let mut gone = vec![ali.hears_next().await, ali.hears_next().await];
    gone.sort_by_key(|leave| leave["member"]["name"].as_str().map(str::to_owned));
    assert_eq!(kinds(&gone), ["leave", "leave"]);
    assert_eq!((&gone[0]["member"]["name"], &gone[1]["member"]["name"]), (&json!("Page"), &json!("Sara")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resend_that_overtakes_the_answer_to_the_first_is_answered_with_it() {
    let scene = Scene::on_disk(|_| ());
    let (ali, mut sara) = (scene.person_in("general", "Ali").await, scene.person_in("general", "Sara").await);
    let lock = foreign_lock(&scene);
    let line = json!({ "type": "say", "id": 100, "room": "general", "text": "once" });
    ali.sends(&line);
    let then = ali.vanishes().await;
    let mut ali = back(&scene, &then, "general").await;
    for _ in 0..3 {
        ali.sends(&line);
    }
    drop(lock);
    let mut answers = Vec::new();
    for _ in 0..3 {
        answers.push(ali.answer_to(100).await);
    }
    // Kept or refused, for the first and for those that came after it; never two of it.
    assert!(answers.iter().all(|answer| answer["type"] == "ack" || answer["code"] == "unavailable"), "{answers:?}");
    ali.sends(&line);
    assert_eq!(ali.answer_to(100).await["type"], "ack");
    ali.last_id = 200;
    ali.says("general", "done").await;
    assert_eq!(texts(&sara.hears_until("done").await), ["once", "done"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_server_on_the_same_file_is_refused() {
    let scene = Scene::on_disk(|_| ());
    let settings = Settings {
        listen: std::net::SocketAddr::from(([127, 0, 0, 1], 0)),
        store: format!("sqlite:{}", scene.database().display()),
        ..Settings::default()
    };
    let refused = charsu::server::Server::bind(settings).expect_err("one is enough");
    assert!(refused.to_string().contains("charsu.db"), "{refused}");
}

/// Lets what was sent be read, which nobody can see while the store is locked.
async fn a_moment() {
    let asked = Instant::now();
    until("a moment", || asked.elapsed() > Duration::from_millis(80)).await;
}

/// Says that it leaves, which cannot be kept yet, and is there again over another connection.
async fn leaves_and_comes_back(scene: &Scene, person: &Person) -> (Memory, Person) {
    person.sends(&json!({ "type": "leave", "id": 50, "room": "general" }));
    a_moment().await;
    let mut then = person.memory();
    then.last_id = 100;
    let again = scene.returning(&then).await;
    (then, again)
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_back_while_its_leave_is_being_kept_is_a_new_member() {
    let scene = Scene::on_disk(|_| ());
    let ali = scene.person_in("general", "Ali").await;
    let mut sara = scene.person_in("general", "Sara").await;
    let lock = foreign_lock(&scene);
    let (then, mut again) = leaves_and_comes_back(&scene, &ali).await;
    let place = &then.places["general"];
    let since = json!({ "epoch": place.epoch, "seq": place.seq });
    again.sends(&json!({ "type": "join", "id": 101, "room": "general", "name": "Ali", "since": since }));
    again.last_id = 101;
    a_moment().await;
    drop(lock);
    let joined = again.answer_to(101).await;
    assert_eq!((&joined["type"], &joined["reason"]), (&json!("reset"), &json!("left")), "{joined}");
    assert_ne!(joined["you"], place.me);
    assert_eq!(kinds(&[sara.hears_next().await, sara.hears_next().await]), ["leave", "join"]);
    again.says("general", "it is in the room").await;
    sara.hears_line("it is in the room").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_kept_is_recognised_though_many_lines_after_it_failed() {
    let scene = Scene::on_disk(no_rates);
    let (ali, mut sara) = (scene.person_in("general", "Ali").await, scene.person_in("general", "Sara").await);
    let other = rusqlite::Connection::open(scene.database()).expect("the file can be opened");
    other.busy_timeout(Duration::from_secs(5)).expect("it takes a time");
    // Stands for anything that fails between two lines: a disk that is full from there on.
    let trap =
        "CREATE TRIGGER trap BEFORE INSERT ON events WHEN new.text LIKE 'bad%' BEGIN SELECT RAISE(ABORT, 'full'); END";
    other.execute_batch(trap).and_then(|()| other.execute_batch("BEGIN IMMEDIATE")).expect("a trap and the lock");
    let line = |n: u64| {
        let text = if n == 1129 { "bad".to_owned() } else { format!("line {n}") };
        json!({ "type": "say", "id": n, "room": "general", "text": text })
    };
    ali.sends_at_once((1001..=1200).map(line));
    a_moment().await;
    let then = ali.vanishes().await;
    drop(other);
    sara.hears_line("line 1128").await;
    let mut ali = back(&scene, &then, "general").await;
    for n in [1065, 1100, 1128] {
        ali.sends(&line(n));
        assert_eq!(ali.answer_to(n).await["type"], "ack", "{n} was kept");
    }
    ali.sends(&line(1010));
    assert_eq!(ali.answer_to(1010).await["code"], "id_too_old", "too old to say, and not said again");
    ali.last_id = 2000;
    ali.says("general", "done").await;
    assert_eq!(texts(&sara.hears_until("done").await), ["done"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_that_nobody_could_be_let_into_goes_again() {
    let scene = Scene::on_disk(|settings| {
        settings.store_queue = 1;
        settings.room_idle = Duration::from_millis(30);
    });
    let mut people =
        [scene.person("Ali").await, scene.person("Bob").await, scene.person("Cem").await, scene.person("Dara").await];
    let lock = foreign_lock(&scene);
    for (person, room) in people.iter().zip(["a", "b", "c", "d"]) {
        person.sends(&json!({ "type": "join", "id": 1, "room": room, "name": person.name }));
        a_moment().await;
    }
    let refused = people[3].answer_to(1).await;
    assert_eq!(refused["code"], "unavailable", "{refused}");
    drop(lock);
    for person in &mut people[..2] {
        person.answer_to(1).await;
    }
    drop(people);
    let scene = scene.starts_again(|settings| settings.restart_grace = Duration::from_millis(30)).await;
    until("the rooms to go", || scene.app.hub.room_count() == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_leaves_by_a_restart_however_short_grace_is() {
    for grace in [Duration::ZERO, Duration::from_millis(5)] {
        let scene = Scene::on_disk(|settings| settings.grace = grace);
        let mut ali = scene.person_in("general", "Ali").await;
        ali.says("general", "I stay").await;
        let then = ali.memory();
        let scene = scene.starts_again(|_| ()).await;
        back(&scene, &then, "general").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_whose_join_is_under_way_is_not_forgotten() {
    let scene = Scene::on_disk(|_| ());
    let mut sara = scene.person_in("general", "Sara").await;
    let ali = scene.person("Ali").await;
    let lock = foreign_lock(&scene);
    ali.sends(&json!({ "type": "join", "id": 1, "room": "general", "name": "Ali" }));
    a_moment().await;
    let mut then = ali.memory();
    then.last_id = 1;
    let second = scene.returning(&then).await;
    assert_eq!(second.welcome["resumed"], true);
    second.vanishes().await;
    a_moment().await;
    drop(lock);
    sara.hears("join").await;
    let mut third = scene.returning(&then).await;
    assert_eq!(third.welcome["resumed"], true);
    third.joins("general").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_in_which_nothing_was_said_does_not_lie_in_the_file_for_a_month() {
    let scene = Scene::on_disk(|settings| {
        settings.room_idle = Duration::from_millis(20);
        // Stored rooms are looked through often, though none of them is old.
        settings.stored_room_idle = Duration::from_secs(5);
    });
    let (silent, talkative) = (scene.opens_room().await, scene.opens_room().await);
    scene.person_in(&silent, "Ali").await.leaves(&silent).await;
    let mut ali = scene.person_in(&talkative, "Ali").await;
    ali.says(&talkative, "a line").await;
    ali.leaves(&talkative).await;
    let is_there = |code: &str| scene.app.hub.look_up(&RoomName::parse(code).expect("a code")).is_some();
    until("the silent room to end", || !is_there(&silent)).await;
    assert!(is_there(&talkative));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_back_after_its_leave_could_not_be_kept_stays() {
    let scene = Scene::on_disk(|_| ());
    let ali = scene.person_in("general", "Ali").await;
    let mut sara = scene.person_in("general", "Sara").await;
    let lock = foreign_lock(&scene);
    let (then, mut again) = leaves_and_comes_back(&scene, &ali).await;
    // The leave has failed when this has.
    assert_eq!(sara.tries_to_say("general", "not kept").await["code"], "unavailable");
    drop(lock);
    let joined = again.joins_from("general", &then.places["general"]).await;
    assert_eq!(joined["resumed"], true, "{joined}");
    // Longer than a leave that nobody waits for takes to be tried again.
    let asked = Instant::now();
    until("the leave would be tried again", || asked.elapsed() > Duration::from_millis(1300)).await;
    again.says("general", "still here").await;
    sara.hears_line("still here").await;
}

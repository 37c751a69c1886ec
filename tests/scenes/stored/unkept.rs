//! What happens while the file cannot be written: nothing that is refused is shown, and all goes on once it can.

use std::time::{Duration, Instant};

use charsu::config::Newcomers;
use serde_json::json;

use super::{back, kinds, no_rates, texts};
use crate::scene::{Memory, Person, Scene, until};

/// Holds the file's write lock, as another program may.
fn foreign_lock(scene: &Scene) -> rusqlite::Connection {
    let other = rusqlite::Connection::open(scene.database()).expect("the file can be opened");
    other.execute_batch("BEGIN IMMEDIATE").expect("the lock");
    other
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

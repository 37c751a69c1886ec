//! Somebody whose stream broke comes back to where it was, and sends again what it does not know to be said.

use charsu::config::Newcomers;
use serde_json::{Value, json};

use super::{listener, post, refused, returns, says, stream};
use crate::scene::{Scene, within};

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_back_with_an_id_gets_exactly_what_it_missed() {
    let scene = Scene::start();
    let mut ali = scene.person_in("general", "Ali").await;
    let mut bob = scene.person_in("general", "Bob").await;
    let (mut sara, session) = listener(&scene, "general", "Sara").await;
    ali.says("general", "one").await;
    ali.says("general", "two").await;
    assert_eq!(sara.hears("message").await["text"], "one");
    // What came after that is on its way, and lost with the line.
    let id = sara.id.clone();
    drop(sara);
    assert!(id.starts_with(&format!("{session}.")), "{id}");
    ali.asks(json!({ "type": "private", "room": "general", "to": 2, "text": "not for Sara" })).await;
    bob.hears("private").await;
    ali.says("general", "three").await;

    let mut sara = returns(&scene, "general", "Sara", &id).await;
    assert_eq!(sara.hears("welcome").await["resumed"], true);
    let joined = sara.hears("joined").await;
    assert_eq!((&joined["resumed"], &joined["you"], &joined["history"]), (&json!(true), &json!(3), &json!([])));
    let mut missed = Vec::new();
    while missed.len() < 3 {
        let event = sara.next().await.expect("it goes on");
        missed.push((event.kind, event.data.expect("data")["text"].clone()));
    }
    let line = |text: &str| ("message".to_owned(), json!(text));
    assert_eq!(missed, [line("two"), ("skip".to_owned(), Value::Null), line("three")]);
    assert!(bob.unread_events().iter().all(|event| event["type"] != "leave"), "nobody saw Sara go");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_that_is_not_ones_own_opens_nothing() {
    let scene = Scene::with(|settings| settings.newcomers = Newcomers::None);
    let (mut sara, _) = listener(&scene, "general", "Sara").await;
    let mut ali = scene.person_in("general", "Ali").await;
    ali.says("general", "secret").await;
    sara.hears("message").await;
    let places = sara.id.split_once('.').expect("places").1.to_owned();
    let epoch = ali.place("general").epoch;
    for (made_up, reason) in [
        (format!("AAAAAAAAAAAAAAAAAAAAAA.{places}"), "left"),
        (format!("AAAAAAAAAAAAAAAAAAAAAA.{epoch}-0"), "left"),
        (format!(".{epoch}-0"), "left"),
        ("1".to_owned(), "epoch"),
        (format!("{epoch}-0"), "epoch"),
        ("AAAAAAAAAAAAAAAAAAAAAA.ffffffffffffffff-18446744073709551615".to_owned(), "epoch"),
        ("...---...".to_owned(), "epoch"),
        ("\u{a0}\u{ff}".to_owned(), "epoch"),
        (".".repeat(4000), "epoch"),
    ] {
        let mut eve = returns(&scene, "general", "Eve", &made_up).await;
        assert_eq!(eve.hears("welcome").await["resumed"], false, "{made_up:.40}");
        let reset = eve.hears("reset").await;
        assert_eq!((&reset["reason"], &reset["history"]), (&json!(reason), &json!([])), "{made_up:.40}: {reset}");
        let session = eve.id.split('.').next().expect("a secret").to_owned();
        let leave = json!({ "type": "leave", "id": 1, "room": "general" }).to_string();
        assert_eq!(post(&scene, "/api/commands", &format!("Authorization: Bearer {session}\r\n"), &leave).await.0, 202);
        eve.hears("left").await;
    }
    let reply =
        refused(&scene, "/api/rooms/general/events", &format!("Last-Event-ID: {}\r\n", "x".repeat(1 << 20))).await;
    assert_eq!(reply.status, 431);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_stream_reads_several_rooms_and_comes_back_to_all_of_them() {
    let scene = Scene::start();
    let mut ali = scene.person("Ali").await;
    ali.joins("a").await;
    ali.joins("b").await;
    let path = "/api/events?rooms=a,b,999999,b&name=Sara";
    let mut sara = stream(&scene, path, "").await;
    assert_eq!(sara.hears("joined").await["room"], "a");
    assert_eq!(sara.hears("joined").await["room"], "b");
    assert_eq!(sara.hears("refusal").await["code"], "room_not_found");
    ali.says("a", "1").await;
    ali.says("b", "2").await;
    assert_eq!(sara.hears("message").await["text"], "1");
    assert_eq!(sara.hears("message").await["text"], "2");
    let id = sara.id.clone();
    drop(sara);
    ali.says("b", "3").await;
    ali.says("a", "4").await;
    let mut sara = stream(&scene, path, &format!("Last-Event-ID: {id}\r\n")).await;
    for _ in 0..2 {
        assert_eq!(sara.hears("joined").await["resumed"], true);
    }
    let mut texts = Vec::new();
    let mut is_refused = false;
    while texts.len() < 2 || !is_refused {
        let event = sara.next().await.expect("it goes on");
        let data = event.data.expect("data");
        match event.kind.as_str() {
            "message" => texts.push(data["text"].clone()),
            "refusal" => is_refused = data["code"] == "room_not_found",
            other => panic!("{other}: {data}"),
        }
    }
    texts.sort_by_key(|text| text.as_str().map(str::to_owned));
    assert_eq!(texts, ["3", "4"]);
    assert_eq!(refused(&scene, "/api/events?rooms=999999", "").await.status, 404);
    assert_eq!(refused(&scene, "/api/rooms/a/events?name=Ali", "").await.status, 409);
    assert_eq!(refused(&scene, "/api/rooms/..%2F/events", "").await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_is_sent_again_under_its_key_is_said_once() {
    let scene = Scene::start();
    let mut ali = scene.person_in("general", "Ali").await;
    let (sara, session) = listener(&scene, "general", "Sara").await;
    let (status, first) = says(&scene, "general", &session, "a-key", "once").await;
    assert_eq!(status, 201, "{first}");
    assert_eq!(says(&scene, "general", &session, "a-key", "once").await, (201, first.clone()));
    let (status, conflict) = says(&scene, "general", &session, "a-key", "twice").await;
    assert_eq!((status, &conflict["code"]), (409, &json!("id_conflict")));
    let (status, other) = says(&scene, "general", &session, "another", "once").await;
    assert_eq!((status, &other["seq"]), (201, &json!(first["seq"].as_u64().expect("a number") + 1)));
    // All at once, while the stream breaks.
    drop(sara);
    let again = (0..8).map(|_| says(&scene, "general", &session, "at once", "in a hurry"));
    let answers = join_all(again.collect()).await;
    assert!(answers.iter().all(|answer| answer == &answers[0] && answer.0 == 201), "{answers:?}");
    let heard = {
        ali.says("general", "the end").await;
        ali.hears_until("the end").await
    };
    let texts: Vec<&str> =
        heard.iter().filter(|event| event["type"] == "message").filter_map(|event| event["text"].as_str()).collect();
    assert_eq!(texts, ["once", "once", "in a hurry", "the end"]);
    assert!(heard.iter().all(|event| event["type"] != "leave"), "{heard:?}");
}

async fn join_all<T>(futures: Vec<impl Future<Output = T>>) -> Vec<T> {
    let mut futures: Vec<_> = futures.into_iter().map(Box::pin).collect();
    let mut done: Vec<Option<T>> = futures.iter().map(|_| None).collect();
    std::future::poll_fn(|cx| {
        for (future, done) in futures.iter_mut().zip(&mut done).filter(|(_, done)| done.is_none()) {
            if let std::task::Poll::Ready(value) = future.as_mut().poll(cx) {
                *done = Some(value);
            }
        }
        if done.iter().all(Option::is_some) { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    done.into_iter().flatten().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_still_known_after_a_restart_and_so_is_the_place() {
    let scene = Scene::on_disk(|_| ());
    let (mut sara, session) = listener(&scene, "general", "Sara").await;
    let (_, first) = says(&scene, "general", &session, "k", "kept").await;
    sara.hears("message").await;
    let id = sara.id.clone();
    let scene = scene.starts_again(|_| ()).await;
    assert_eq!(says(&scene, "general", &session, "k", "kept").await, (201, first.clone()));
    let (_, second) = says(&scene, "general", &session, "k2", "new").await;
    assert_eq!(second["seq"], first["seq"].as_u64().expect("a number") + 1);
    let mut sara = returns(&scene, "general", "Sara", &id).await;
    assert_eq!(sara.hears("joined").await["resumed"], true);
    assert_eq!(sara.hears("message").await["text"], "new");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_session_has_one_stream_and_a_stopping_server_says_when_to_return() {
    let scene = Scene::start();
    let (mut first, session) = listener(&scene, "general", "Sara").await;
    let mut second = returns(&scene, "general", "Sara", &first.id).await;
    assert_eq!(second.hears("joined").await["resumed"], true);
    let close = first.hears("close").await;
    assert_eq!((&close["code"], &close["return"]), (&json!(4000), &json!(false)));
    assert_eq!(first.next().await, None);
    assert_eq!(says(&scene, "general", &session, "", "over the second").await.0, 201);
    assert_eq!(second.hears("message").await["text"], "over the second");
    let stopping = tokio::spawn(async move { scene.stop().await });
    assert!(second.hears("goaway").await["retry_after_ms"].is_u64());
    let close = second.hears("close").await;
    assert_eq!((&close["code"], &close["return"]), (&json!(1012), &json!(true)));
    assert_eq!(second.next().await, None);
    within("the server's end", stopping).await.expect("no panic");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_while_a_session_changes_its_stream_is_kept_and_once() {
    let scene = Scene::with(crate::scene::tireless);
    let mut ali = scene.person_in("general", "Ali").await;
    let (mut sara, session) = listener(&scene, "general", "Sara").await;
    let mut wanted = Vec::new();
    for round in 0..30 {
        let texts = ["a", "b", "c"].map(|part| format!("{round}{part}"));
        let keys = texts.clone();
        let talk = async |n: usize| says(&scene, "general", &session, &keys[n], &texts[n]).await;
        let id = sara.id.clone();
        // In every other round the old stream is gone before the new one comes.
        let comes = async {
            if round % 2 == 0 {
                drop(sara);
                return returns(&scene, "general", "Sara", &id).await;
            }
            let again = returns(&scene, "general", "Sara", &id).await;
            drop(sara);
            again
        };
        let (again, said_a, said_b, said_c) = tokio::join!(comes, talk(0), talk(1), talk(2));
        assert_eq!([said_a.0, said_b.0, said_c.0], [201; 3], "{round}: {said_a:?} {said_b:?} {said_c:?}");
        sara = again;
        sara.hears("joined").await;
        wanted.extend(texts);
    }
    ali.says("general", "the end").await;
    let heard = ali.hears_until("the end").await;
    let mut heard: Vec<&str> = heard.iter().filter_map(|frame| frame["text"].as_str()).collect();
    heard.retain(|text| *text != "the end");
    heard.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(heard, wanted);
}

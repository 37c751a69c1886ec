//! What a page sends again is said once, and who counts lines goes on after the last one, as the tutorial's last step does.

use charsu::config::Newcomers;
use serde_json::json;

use super::hears;
use crate::scene::{Person, Scene, SocketIoPage};

#[tokio::test(flavor = "multi_thread")]
async fn the_tutorials_last_step_says_a_line_once_however_often_it_is_sent() {
    let scene = Scene::start();
    let mut page = scene.socketio_as(r#"40{"serverOffset":0}"#).await;
    let id = format!("{}-0", page.sid);
    let say = |n: u32, text: &str, id: &str| format!("42{n}{}", json!(["chat message", text, id]));
    page.sends(&say(0, "once", &id));
    let (ack, line) = (page.gets().await, page.hears().await);
    assert_eq!(ack, "430[]");
    assert_eq!(line[1], "once");
    assert!(line[2].is_u64(), "a row's number follows: {line}");
    page.sends(&say(1, "once", &id));
    assert_eq!(page.gets().await, "431[]");
    page.vanishes().await;
    // Over a new connection, where its sid is another one.
    let mut again = scene.socketio_as(r#"40{"serverOffset":0}"#).await;
    assert_ne!(format!("{}-0", again.sid), id);
    again.sends(&say(0, "once", &id));
    assert_eq!(again.gets().await, "430[]");
    again.sends(&say(1, "something else", &id));
    let refused = again.gets().await;
    assert!(refused.starts_with(r#"431[{"code":"id_conflict""#), "{refused}");
    again.sends(&say(2, "twice", "undefined-0"));
    assert_eq!(again.gets().await, "432[]");
    hears_text(&mut again, "twice").await;
    // An id of somebody's own is known within its connection, and nowhere else.
    again.sends(&say(3, "twice", "undefined-0"));
    assert_eq!(again.gets().await, "433[]");
    let mut other = scene.socketio().await;
    other.sends(&say(0, "twice", "undefined-0"));
    assert_eq!(other.gets().await, "430[]");
    hears_text(&mut again, "twice").await;
}

async fn hears_text(page: &mut SocketIoPage, text: &str) {
    assert_eq!(page.hears().await[1], text);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_counts_lines_gets_those_after_the_last_one() {
    let scene = Scene::with(|settings| settings.newcomers = Newcomers::Recent);
    let mut ali: Person = scene.person_in("general", "Ali").await;
    ali.says("general", "one").await;
    let mut page = scene.socketio_as(r#"40{"serverOffset":0}"#).await;
    let first = page.hears().await;
    assert_eq!(first[1], "Ali: one");
    ali.says("general", "two").await;
    let second = page.hears().await;
    assert_eq!(second[1], "Ali: two");
    page.vanishes().await;
    ali.says("general", "three").await;
    let mut back = scene.socketio_as(&format!("40{}", json!({ "serverOffset": second[2] }))).await;
    hears_text(&mut back, "Ali: three").await;
    // One that counts nothing begins empty, as the chat example does.
    let mut plain = scene.socketio().await;
    ali.says("general", "four").await;
    hears(&mut plain, &json!(["chat message", "Ali: four"])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_of_another_life_of_a_room_is_known_as_one() {
    let scene = Scene::in_memory(|settings| settings.newcomers = Newcomers::Recent);
    let mut page = scene.socketio_as(r#"40{"serverOffset":0}"#).await;
    let mut ali: Person = scene.person_in("general", "Ali").await;
    ali.says("general", "before").await;
    let seen = page.hears().await;
    assert_eq!(seen[1], "Ali: before");
    page.vanishes().await;
    let _memory = ali.vanishes().await;
    let scene = scene.starts_again(|_| ()).await;
    // The new life is soon longer than what the page saw of the old one.
    let mut ali: Person = scene.person_in("general", "Ali").await;
    for n in 0..20 {
        ali.says("general", &format!("after {n}")).await;
    }
    let connect = format!("40{}", json!({ "serverOffset": seen[2] }));
    let mut back = scene.socketio_as(&connect).await;
    let told = back.hears().await;
    assert!(told[1].as_str().is_some_and(|words| words.contains("began anew")), "{told}");
    for n in 0..20 {
        let line = back.hears().await;
        assert_eq!(line[1], format!("Ali: after {n}"));
        assert!(line[2].as_u64() > told[2].as_u64() && line[2].as_u64() < Some(1 << 53), "{line}");
    }
}

/// The tutorial's page takes the last argument of whatever comes for the number to go on from.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_server_itself_says_leaves_a_page_its_place() {
    let scene = Scene::with(|settings| settings.newcomers = Newcomers::None);
    let mut page = scene.socketio_as(r#"40{"serverOffset":0}"#).await;
    let mut ali: Person = scene.person_in("general", "Ali").await;
    ali.says("general", "one").await;
    let first = page.hears().await;
    page.emits("chat message", json!(" "));
    let refused = page.hears().await;
    assert!(refused[1].as_str().is_some_and(|words| words.starts_with("System: ")), "{refused}");
    assert_eq!(refused[2], first[2], "{refused}");
    page.vanishes().await;
    ali.says("general", "two").await;
    let mut back = scene.socketio_as(&format!("40{}", json!({ "serverOffset": first[2] }))).await;
    let gap = back.hears().await;
    assert!(gap[1].as_str().is_some_and(|words| words.contains("missing")), "{gap}");
    back.vanishes().await;
    // Nothing came after that, so nothing is missing.
    let mut again = scene.socketio_as(&format!("40{}", json!({ "serverOffset": gap[2] }))).await;
    ali.says("general", "three").await;
    assert_eq!(again.hears().await[1], "Ali: three");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_was_said_is_known_again_when_no_more_can_be_remembered() {
    // Two for each connection that may be.
    let scene = Scene::with(|settings| settings.connections = 3);
    let page = scene.socketio().await;
    let mut other = scene.socketio().await;
    let id = format!("{}-0", page.sid);
    page.sends(&format!("420{}", json!(["chat message", "once", id])));
    hears(&mut other, &json!(["chat message", "once"])).await;
    page.vanishes().await;
    while scene.app.hub.session_count() < 6 {
        other.sends(&format!("420{}", json!(["chat message", "more", format!("{}-0", other.sid)])));
        let both = [other.gets().await, other.gets().await];
        assert!(both.contains(&"430[]".to_owned()), "{both:?}");
        other.sends("41");
        other.connects("40").await;
    }
    let mut again = scene.socketio().await;
    again.sends(&format!("420{}", json!(["chat message", "once", id])));
    assert_eq!(again.gets().await, "430[]");
    // Better unsaid than twice.
    for id in [format!("{}-0", again.sid), "my own".to_owned()] {
        again.sends(&format!("421{}", json!(["chat message", "new", id])));
        let refused = again.gets().await;
        assert!(refused.starts_with(r#"431[{"code":"server_full""#), "{refused}");
    }
    again.emits("chat message", json!("and on"));
    hears(&mut other, &json!(["chat message", "and on"])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_makes_few_sessions_however_many_ids_it_was_given() {
    let scene = Scene::start();
    let mut page = scene.socketio().await;
    for n in 0..12 {
        page.sends(&format!("42{n}{}", json!(["chat message", "hi", format!("{}-0", page.sid)])));
        let both = [page.gets().await, page.gets().await];
        assert!(both.contains(&format!("43{n}[]")), "{both:?}");
        page.sends("41");
        page.connects("40").await;
    }
    assert!(scene.app.hub.session_count() <= 9, "{}", scene.app.hub.session_count());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_line_that_is_sent_again_counts_though_its_receiver_is_gone() {
    let scene = Scene::start();
    let mut page = scene.socketio().await;
    let mut sara = scene.person_in("general", "Sara").await;
    let lines = [json!("/msg Sara psst"), json!({ "text": "/msg Sara psst" })];
    for (n, line) in lines.iter().enumerate() {
        page.sends(&format!("42{n}{}", json!(["chat message", line, format!("id {n}")])));
        // The answer and the line, in which order it is.
        let both = [page.gets().await, page.gets().await];
        assert!(
            both.contains(&format!("43{n}[]")) && both.iter().any(|one| one.contains("Private to Sara")),
            "{both:?}"
        );
        sara.hears("private").await;
    }
    sara.leaves("general").await;
    for (n, line) in lines.iter().enumerate() {
        page.sends(&format!("42{n}{}", json!(["chat message", line, format!("id {n}")])));
        assert_eq!(page.gets().await, format!("43{n}[]"));
    }
}

//! A page of Socket.IO that comes back to its place, where tokens are asked for: the place is its owner's alone.

use super::*;
use crate::scene::{CHARSU, Person, Scene, SocketIoPage};

/// What a page's library remembers of its place: the id of its socket, the place's secret, and how far it has heard.
#[derive(Clone, Debug, PartialEq)]
struct Place {
    sid: String,
    pid: String,
    offset: Option<String>,
}

impl Place {
    /// With what it asks for its namespace again, showing a token.
    fn packet(&self, token: &str) -> String {
        format!("40{}", json!({ "token": token, "pid": self.pid, "offset": self.offset }))
    }
}

fn recovering() -> Scene {
    Scene::with(|settings| {
        asks(settings, "HS256");
        settings.socketio_recovery = Some("/".to_owned());
    })
}

/// Asks for the main namespace, and gives the packet that answers and what is in it.
async fn asks_in(scene: &Scene, packet: &str) -> (SocketIoPage, String, Value) {
    let mut page = scene.socketio_page().await;
    page.sends(packet);
    let answer = page.gets().await;
    let told = serde_json::from_str(&answer[answer.find('{').expect("an object")..]).expect("JSON");
    (page, answer, told)
}

async fn comes(scene: &Scene, packet: &str) -> (SocketIoPage, Place) {
    let (page, answer, told) = asks_in(scene, packet).await;
    assert!(answer.starts_with("40"), "{answer}");
    let text = |name: &str| told[name].as_str().unwrap_or_else(|| panic!("no {name}: {answer}")).to_owned();
    (page, Place { sid: text("sid"), pid: text("pid"), offset: None })
}

/// The next line, and the place behind it.
async fn hears(page: &mut SocketIoPage, place: &mut Place) -> String {
    let event = page.hears().await;
    assert_eq!(event[0], "chat message", "{event}");
    place.offset = Some(event[2].as_str().expect("a place").to_owned());
    event[1].as_str().expect("a line").to_owned()
}

/// Somebody who talks, and a page that has heard the first line under the token of Ali.
async fn begun(scene: &Scene) -> (Person, SocketIoPage, Place) {
    let headers = format!("{CHARSU}Authorization: Bearer {}\r\n", token_of("Sara"));
    let mut sara = Person::shown(scene.connect().await, &headers, "Sara", None).await;
    sara.joins("general").await;
    let (mut page, mut place) = comes(scene, &format!("40{}", json!({ "token": token_of("Ali") }))).await;
    sara.says("general", "one").await;
    assert_eq!(hears(&mut page, &mut place).await, "Sara: one");
    (sara, page, place)
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_back_with_another_token_of_its_own_is_the_same_and_hears_what_it_missed() {
    let scene = recovering();
    let (mut sara, page, mut place) = begun(&scene).await;
    page.vanishes().await;
    sara.says("general", "two").await;
    let renewed = claiming(&json!({ "sub": "Ali", "exp": unix_seconds() + 1800, "jti": "the next one" }));
    let (mut page, again) = comes(&scene, &place.packet(&renewed)).await;
    assert_eq!((&again.sid, &again.pid), (&place.sid, &place.pid));
    assert_eq!(hears(&mut page, &mut place).await, "Sara: two");
    page.emits("chat message", json!("back"));
    assert_eq!(hears(&mut page, &mut place).await, "Ali: back");
    let heard = sara.hears_until("back").await;
    assert!(!heard.iter().any(|event| event["type"] == "leave"), "{heard:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_recovers_nothing_with_somebody_elses_token_and_is_still_its_owners() {
    let scene = recovering();
    let (mut sara, page, mut place) = begun(&scene).await;
    page.vanishes().await;
    sara.says("general", "for those who were here").await;
    let (mut eve, hers) = comes(&scene, &place.packet(&token_of("Eve"))).await;
    assert!(
        hers.sid != place.sid && hers.pid != place.pid,
        "a secret that was stolen opens nothing with another token"
    );
    eve.emits("chat message", json!("who am I"));
    // The first that she hears is what was said after she came.
    assert_eq!(hears(&mut eve, &mut hers.clone()).await, "Eve: who am I");
    let (mut page, again) = comes(&scene, &place.packet(&token_of("Ali"))).await;
    assert_eq!((&again.sid, &again.pid), (&place.sid, &place.pid));
    for line in ["Sara: for those who were here", "Eve: who am I"] {
        assert_eq!(hears(&mut page, &mut place).await, line);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_opens_nothing_with_a_token_that_has_run_out_or_with_none() {
    let scene = recovering();
    let (mut sara, page, mut place) = begun(&scene).await;
    page.vanishes().await;
    sara.says("general", "two").await;
    let expired = claiming(&json!({ "sub": "Ali", "exp": unix_seconds() - 1 }));
    let bare = format!("40{}", json!({ "pid": place.pid, "offset": place.offset }));
    for (packet, code) in [(place.packet(&expired), "token_expired"), (bare, "token_required")] {
        let (_, answer, told) = asks_in(&scene, &packet).await;
        assert!(answer.starts_with("44"), "{answer}");
        assert_eq!(told["data"]["code"], code, "{answer}");
    }
    // None of that has cost it its place.
    let (mut page, again) = comes(&scene, &place.packet(&token_of("Ali"))).await;
    assert_eq!(again.pid, place.pid);
    assert_eq!(hears(&mut page, &mut place).await, "Sara: two");
}

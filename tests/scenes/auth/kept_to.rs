//! What a token decides is kept to on every wire: the name, the rooms, whose a session is, and the end.

use charsu::protocol::{Close, Code};

use super::*;
use crate::scene::{CHARSU, Person, Scene, Socket, TutorialPage};

fn bearer(token: &str) -> String {
    format!("Authorization: Bearer {token}\r\n")
}

fn asking() -> Scene {
    Scene::with(|settings| asks(settings, "HS256"))
}

/// Somebody with a token, who would like to be called something else.
async fn comes(scene: &Scene, token: &str, session: Option<&str>) -> Person {
    Person::shown(scene.connect().await, &format!("{CHARSU}{}", bearer(token)), "Somebody else", session).await
}

#[tokio::test]
async fn the_tokens_name_goes_over_what_a_client_sends_on_every_wire() {
    let scene = asking();
    let mut ali = comes(&scene, &token_of("Ali"), None).await;
    assert_eq!(ali.joins("general").await["name"], "Ali");
    let path = "/ws/general?name=Admin2";
    let mut one = TutorialPage::open_with(scene.connect().await, path, &bearer(&token_of("Sara"))).await;
    assert_eq!(ali.hears("join").await["member"]["name"], "Sara");
    assert_eq!(one.is_told().await, "A user joined the chat");
    one.says_as("Ali", "signed with another name");
    let line = ali.hears_line("signed with another name").await;
    assert_eq!((&line["name"], &line["guest"]), (&json!("Sara"), &Value::Null));
    let path = "/ws/general/Ali";
    let two = TutorialPage::open_with(scene.connect().await, path, &bearer(&token_of("Reza"))).await;
    assert_eq!(ali.hears("join").await["member"]["name"], "Reza");
    two.says("by a path with another name");
    assert_eq!(ali.hears_line("by a path with another name").await["name"], "Reza");
    let path = "/api/rooms/general/messages?name=Admin2";
    let reply = scene.connect().await.post(path, &bearer(&token_of("Mina")), "by a request with another name").await;
    assert_eq!(reply.status, 201, "{}", reply.text());
    assert_eq!(ali.hears_line("by a request with another name").await["name"], "Mina");
    let mut stream = scene.connect().await;
    let reply = stream.get("/api/rooms/general/events?name=Admin2", &bearer(&token_of("Nima"))).await;
    assert_eq!(reply.status, 200);
    loop {
        let joined = ali.hears("join").await;
        if joined["member"]["name"] == "Nima" {
            break;
        }
        assert_eq!(joined["member"]["name"], "Mina", "{joined}");
    }
}

#[tokio::test]
async fn only_the_tokens_rooms_may_be_entered_on_every_wire() {
    let scene = asking();
    let confined = |name: &str| claiming(&json!({ "sub": name, "rooms": ["General"], "exp": unix_seconds() + 60 }));
    let mut ali = comes(&scene, &confined("Ali"), None).await;
    ali.joins("general").await;
    for room in ["elsewhere", "408213"] {
        let refused = ali.tries_to_join(room).await;
        assert_eq!(refused["code"], "room_forbidden", "{refused}");
    }
    for path in ["/ws/elsewhere", "/ws/elsewhere/Sara", "/ws/408213/Sara"] {
        let mut page = Socket::open(scene.connect().await, path, &bearer(&confined("Sara"))).await;
        assert!(page.text().await.contains(Code::RoomForbidden.words()), "{path}");
        assert_eq!(page.closed().await, Close::BadRoom.code(), "{path}");
    }
    let headers = bearer(&confined("Ali"));
    let reply = scene.connect().await.post("/api/rooms/elsewhere/messages", &headers, "said elsewhere").await;
    assert_eq!(reply.status, 403, "{}", reply.text());
    for path in [
        "/api/rooms/elsewhere",
        "/api/rooms/elsewhere/messages",
        "/api/rooms/elsewhere/events",
        "/api/events?rooms=elsewhere",
        "/api/rooms/408213",
    ] {
        let reply = scene.connect().await.get(path, &headers).await;
        assert_eq!(reply.status, 403, "{path}");
        assert!(reply.text().contains("room_forbidden"), "{path}");
    }
    assert_eq!(scene.connect().await.get("/api/rooms/general", &headers).await.status, 200);
    assert_eq!(scene.connect().await.post("/api/rooms", &headers, "").await.status, 403, "a room it could not enter");
}

#[tokio::test]
async fn a_session_is_its_owners_alone() {
    let scene = asking();
    let mut ali = comes(&scene, &token_of("Ali"), None).await;
    ali.joins("general").await;
    let secret = ali.session.clone();
    let mut eve = comes(&scene, &token_of("Eve"), Some(&secret)).await;
    assert_eq!(eve.welcome["resumed"], false, "a secret that was stolen opens nothing with another token");
    assert_eq!(eve.joins("general").await["name"], "Eve");
    assert_eq!(ali.hears("join").await["member"]["name"], "Eve");
    let again = comes(&scene, &token_of("Ali"), Some(&secret)).await;
    assert_eq!(again.welcome["resumed"], true, "another token of the same person is good for it");
    assert_eq!(ali.is_closed().await.0, Close::Replaced.code());
}

#[tokio::test]
async fn a_page_of_ones_own_past_is_read_with_token_and_session() {
    let scene = asking();
    let mut ali = comes(&scene, &token_of("Ali"), None).await;
    ali.joins("general").await;
    ali.says("general", "for those who were here").await;
    let read = async |name: &str, more: String| {
        let headers = format!("{}{more}", bearer(&token_of(name)));
        scene.connect().await.get("/api/rooms/general/messages", &headers).await.text().to_owned()
    };
    let session = format!("Charsu-Session: {}\r\n", ali.session);
    assert!(read("Ali", session.clone()).await.contains("for those who were here"));
    assert!(!read("Eve", session).await.contains("for those who were here"));
    assert!(!read("Ali", String::new()).await.contains("for those who were here"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_runs_out_ends_the_connection_with_its_own_code_on_every_wire() {
    let scene = asking();
    let until = unix_seconds() + 2;
    let short = |name: &str| claiming(&json!({ "sub": name, "exp": until }));
    let mut stays = comes(&scene, &token_of("Stays"), None).await;
    stays.joins("general").await;
    let mut ali = comes(&scene, &short("Ali"), None).await;
    ali.joins("general").await;
    let mut one = Socket::open(scene.connect().await, "/ws/general", &bearer(&short("Sara"))).await;
    let mut two = Socket::open(scene.connect().await, "/ws/general/x", &bearer(&short("Reza"))).await;
    let mut stream = scene.connect().await;
    let reply =
        stream.get("/api/rooms/general/events", &format!("{}Connection: close\r\n", bearer(&short("Nima")))).await;
    assert_eq!(reply.status, 200);
    let (code, words) = ali.is_closed().await;
    assert_eq!((code, words.as_str()), (4401, Close::TokenExpired.reason()));
    assert_eq!((one.closed().await, two.closed().await), (4401, 4401));
    let last = stream.rest().await;
    let last = String::from_utf8_lossy(&last);
    assert!(last.contains("event: close") && last.contains("4401"), "{last}");
    let late = unix_seconds() - until;
    assert!(late < 5, "{late} s after its end");
    stays.says("general", "and nobody else's").await;
    // With another token the same person goes on where the first one ended.
    let place = ali.place("general");
    let mut again = comes(&scene, &token_of("Ali"), Some(&ali.session)).await;
    let joined = again.joins_from("general", &place).await;
    assert_eq!((&joined["type"], &joined["resumed"]), (&json!("joined"), &json!(true)), "{joined}");
    again.hears_line("and nobody else's").await;
}

#[tokio::test]
async fn nothing_is_kept_of_connections_that_are_gone() {
    let scene = asking();
    for name in ["Ali", "Sara"] {
        let mut person = comes(&scene, &token_of(name), None).await;
        person.joins("general").await;
    }
    scene.connections(0).await;
    crate::scene::until("the list of tokens to be empty", || scene.app.hub.admissions() == 0).await;
}

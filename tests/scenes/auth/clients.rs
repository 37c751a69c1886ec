//! Our own client with a token: shown at the handshake, renewed from its file, and nothing lost or doubled when one runs out.

use std::path::Path;

use charsu::client::{Address, Client, Happening, LinkState, News, NoToken, RoomKey, Token, TokenSource, What};

use crate::scene::{CHARSU, Folder, Person, Scene, by_token, ms, tireless, token, within};

/// Somebody with a client in one room, and the texts that they were told.
struct Guest {
    client: Client,
    room: RoomKey,
    told: Vec<String>,
}

impl Guest {
    fn comes(scene: &Scene, source: TokenSource) -> Self {
        let (address, _) = Address::parse(&format!("http://{}", scene.address)).expect("an address");
        let mut client = Client::new(address).showing(source).expect("a token");
        let room = client.chat().join("general", "Somebody else");
        Self { client, room, told: Vec::new() }
    }

    async fn hears<T>(&mut self, what: &str, is_it: impl Fn(&News) -> Option<T>) -> T {
        let told = async {
            loop {
                let news = self.client.next().await;
                if let News::Happened { happening: Happening { what: What::Said(said), .. }, .. } = &news {
                    self.told.push(said.text.clone());
                }
                if let Some(found) = is_it(&news) {
                    return found;
                }
            }
        };
        within(what, told).await
    }

    /// Waits until the connection stands like this.
    async fn link<T>(&mut self, what: &str, is_it: impl Fn(&LinkState) -> Option<T>) -> T {
        loop {
            if let Some(found) = is_it(self.client.view().link()) {
                return found;
            }
            self.hears(what, |_| Some(())).await;
        }
    }

    async fn enters(&mut self) {
        self.hears("the room", |news| matches!(news, News::Entered { .. }).then_some(())).await;
    }

    fn says(&mut self, text: &str) {
        self.client.chat().say(self.room, text).expect("room in the outbox");
    }

    async fn hears_line(&mut self, text: &str) {
        while !self.told.iter().any(|told| told == text) {
            self.hears(text, |_| Some(())).await;
        }
    }

    fn name(&self) -> &str {
        self.client.view().room(self.room).your_name()
    }
}

async fn listener(scene: &Scene) -> Person {
    let shown = format!("{CHARSU}Authorization: Bearer {}\r\n", token("Sara", 3600));
    let mut sara = Person::shown(scene.connect().await, &shown, "Sara", None).await;
    sara.joins("general").await;
    sara
}

fn write(file: &Path, token: &str) {
    // At once, as whoever renews a token does it.
    let beside = file.with_extension("new");
    std::fs::write(&beside, format!("{token}\n")).expect("a file can be written");
    std::fs::rename(&beside, file).expect("a file can be renamed");
}

fn denied(link: &LinkState) -> Option<String> {
    if let LinkState::Denied { reason } = link { Some(reason.clone()) } else { None }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_shows_its_token_and_is_called_what_it_says() {
    let scene = Scene::with(by_token);
    let given = Token::parse(&token("Ali", 60)).expect("a token");
    let mut ali = Guest::comes(&scene, TokenSource::Given(given));
    ali.enters().await;
    assert_eq!(ali.name(), "Ali");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_no_good_is_told_and_not_shown_again_by_itself() {
    let scene = Scene::with(by_token);
    let old = Token::parse(&token("Ali", 0)).expect("a token");
    for (source, words) in [
        (TokenSource::Given(old), "This invitation has run out. Ask for another."),
        (TokenSource::Given(Token::parse("not.a.token").expect("a word")), "That is no token"),
    ] {
        let mut ali = Guest::comes(&scene, source);
        let reason = ali.link("a refusal", denied).await;
        assert!(reason.starts_with(words), "{reason}");
        assert_eq!(ali.client.view().due(), None, "nothing is tried by itself");
    }
    let (address, _) = Address::parse(&scene.address.to_string()).expect("an address");
    let mut client = Client::new(address);
    let room = client.chat().join("general", "Ali");
    let mut stranger = Guest { client, room, told: Vec::new() };
    assert_eq!(stranger.link("a refusal", denied).await, "You need an invitation to enter here.");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_talks_while_their_token_runs_out_loses_nothing_and_doubles_nothing() {
    let (scene, folder) = (
        Scene::with(|settings| {
            tireless(settings);
            by_token(settings);
        }),
        Folder::new(),
    );
    let mut sara = listener(&scene).await;
    let file = folder.join("token");
    write(&file, &token("Ali", 2));
    let mut ali = Guest::comes(&scene, TokenSource::File(file.clone()));
    ali.enters().await;
    // Says a line every few milliseconds, whatever befalls the connection.
    let mut said = 0;
    let mut talks = async |ali: &mut Guest, goes_on: &dyn Fn(&Guest) -> bool| {
        while goes_on(ali) {
            ali.says(&format!("line {said}"));
            said += 1;
            let pause = tokio::time::sleep(ms(20));
            tokio::pin!(pause);
            loop {
                tokio::select! {
                    () = &mut pause => break,
                    news = ali.client.next() => {
                        if let News::Happened { happening: Happening { what: What::Said(said), .. }, .. } = news {
                            ali.told.push(said.text);
                        }
                    }
                }
            }
        }
    };
    within("the end of the token", talks(&mut ali, &|ali| denied(ali.client.view().link()).is_none())).await;
    let waiting = ali.client.view().own(ali.room).filter(|line| line.is_open()).count();
    within(
        "more lines",
        talks(&mut ali, &move |ali: &Guest| {
            ali.client.view().own(ali.room).filter(|line| line.is_open()).count() < waiting + 5
        }),
    )
    .await;
    // A file that is being written has no token yet.
    std::fs::write(&file, "").expect("a file can be written");
    write(&file, &token("Ali", 3600));
    within("a new connection", talks(&mut ali, &|ali| *ali.client.view().link() != LinkState::Live)).await;
    ali.says("the last line");
    ali.hears_line("the last line").await;
    let heard = sara.hears_until("the last line").await;
    let wanted: Vec<String> = (0..said).map(|n| format!("line {n}")).chain(["the last line".to_owned()]).collect();
    assert_eq!(ali.told, wanted);
    let heard: Vec<&str> =
        heard.iter().filter(|frame| frame["type"] == "message").filter_map(|frame| frame["text"].as_str()).collect();
    assert_eq!(heard, wanted);
    assert_eq!(ali.client.view().own(ali.room).count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_given_the_next_token_in_time_does_not_stand_outside() {
    let (scene, folder) = (Scene::with(by_token), Folder::new());
    let file = folder.join("token");
    write(&file, &token("Ali", 2));
    let mut ali = Guest::comes(&scene, TokenSource::File(file.clone()));
    ali.enters().await;
    write(&file, &token("Ali", 3600));
    ali.hears("another connection", |news| matches!(news, News::Link).then_some(())).await;
    assert!(denied(ali.client.view().link()).is_none(), "{:?}", ali.client.view().link());
    ali.enters().await;
    ali.says("on");
    ali.hears_line("on").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_somebody_elses_token_what_was_in_doubt_is_not_said_in_their_name() {
    let (scene, folder) = (Scene::with(by_token), Folder::new());
    let file = folder.join("token");
    write(&file, &token("Ali", 2));
    let mut ali = Guest::comes(&scene, TokenSource::File(file.clone()));
    ali.enters().await;
    ali.link("the end of the token", denied).await;
    ali.says("as whoever I am by then");
    write(&file, &token("Mina", 3600));
    ali.enters().await;
    assert_eq!(ali.name(), "Mina");
    ali.hears_line("as whoever I am by then").await;
}

#[test]
fn a_token_goes_to_another_machine_over_tls_only_unless_somebody_says_that_it_may() {
    let source = || TokenSource::Given(Token::parse("a.b.c").expect("a word"));
    let client = |server: &str| Client::new(Address::parse(server).expect("an address").0);
    for there in ["http://192.0.2.1:8000", "ws://chat.example", "chat.example:8000"] {
        let refused = client(there).showing(source()).err().expect("it would be read");
        assert!(matches!(refused, NoToken::InClear(_)) && refused.to_string().contains("https://"), "{refused}");
        assert!(client(there).showing_in_clear(source()).is_ok());
    }
    for safe in ["https://chat.example", "wss://192.0.2.1", "http://127.0.0.1:8000", "localhost:8000", "http://[::1]"] {
        assert!(client(safe).showing(source()).is_ok(), "{safe}");
    }
    let folder = Folder::new();
    let nowhere = TokenSource::File(folder.join("nowhere"));
    let refused = client("localhost").showing(nowhere).err().expect("there is no file");
    assert!(refused.to_string().contains("nowhere"), "{refused}");
}

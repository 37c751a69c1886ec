//! The Rust client against the real server: what a page can do, and what a broken line, a restart and a server that turns
//! people away do to it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use charsu::client::{
    Address, Ask, Client, Happening, How, LineKey, LineState, LinkState, News, Position, RoomKey, Said, Status, What,
};

use crate::proxy::{self, Cut, Faults, Proxy, Way};
use crate::scene::{self, Chance, Folder, Program, Scene, ms, seed, tireless, within};

/// Somebody with a client in one room, and what they were told and have not looked at.
struct Guest {
    client: Client,
    room: RoomKey,
    told: Vec<News>,
}

impl Guest {
    /// Wants in.
    fn comes(server: SocketAddr, room: &str, name: &str) -> Self {
        let (address, _) = Address::parse(&server.to_string()).expect("an address");
        let mut client = Client::new(address);
        let room = client.chat().join(room, name);
        Self { client, room, told: Vec::new() }
    }

    /// Is in.
    async fn is_in(server: SocketAddr, room: &str, name: &str) -> Self {
        let mut guest = Self::comes(server, room, name);
        guest.enters().await;
        guest
    }

    /// Waits for news of some kind, over others.
    async fn hears<T>(&mut self, what: &str, is_it: impl Fn(&News) -> Option<T>) -> T {
        let told = async {
            loop {
                let news = self.client.next().await;
                let found = is_it(&news);
                self.told.push(news);
                if let Some(found) = found {
                    return found;
                }
            }
        };
        within(what, told).await
    }

    async fn enters(&mut self) -> (How, Vec<Happening>) {
        self.hears("a room", |news| match news {
            News::Entered { how, history, .. } => Some((*how, history.clone())),
            _ => None,
        })
        .await
    }

    /// Waits for a line, and gives it with its number.
    async fn hears_line(&mut self, text: &str) -> (u64, Said) {
        self.hears(text, |news| match news {
            News::Happened { happening: Happening { seq, what: What::Said(said), .. }, .. } if said.text == text => {
                Some((*seq, said.clone()))
            }
            _ => None,
        })
        .await
    }

    /// Waits for the next thing that is no line.
    async fn hears_of<T>(&mut self, what: &str, is_it: impl Fn(&What) -> Option<T>) -> T {
        self.hears(what, |news| if let News::Happened { happening, .. } = news { is_it(&happening.what) } else { None })
            .await
    }

    async fn is_done(&mut self, key: LineKey) -> Position {
        self.hears("an acknowledgement", |news| match news {
            News::Done { key: done, at } if *done == key => Some(at.clone()),
            News::Failed { key: failed, why } if *failed == key => panic!("{why:?}"),
            _ => None,
        })
        .await
    }

    async fn says(&mut self, text: &str) -> u64 {
        let key = self.client.chat().say(self.room, text).expect("room in the outbox");
        self.is_done(key).await.seq
    }

    fn says_later(&mut self, text: &str) {
        self.client.chat().say(self.room, text).expect("room in the outbox");
    }

    /// Waits for a state of the connection.
    async fn link<T>(&mut self, what: &str, is_it: impl Fn(&LinkState) -> Option<T>) -> T {
        let reached = async {
            loop {
                if let Some(found) = is_it(self.client.view().link()) {
                    return found;
                }
                let news = self.client.next().await;
                self.told.push(news);
            }
        };
        within(what, reached).await
    }

    /// Takes down what is told next, and does not wait for a connection longer than it must.
    async fn hurries(&mut self) {
        self.client.chat().reconnect();
        let news = self.client.next().await;
        self.told.push(news);
    }

    fn number(&self) -> u32 {
        self.client.view().room(self.room).you()
    }

    /// The texts that were told, in the order in which they were.
    fn texts(&self) -> Vec<String> {
        let said = |news: &News| match news {
            News::Happened { happening: Happening { what: What::Said(said), .. }, .. } => Some(said.text.clone()),
            _ => None,
        };
        self.told.iter().filter_map(said).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_clients_do_all_that_a_page_can() {
    let scene = Scene::on_disk(|_| ());
    let mut ali = Guest::is_in(scene.address, "General", "Ali").await;
    let mut sara = Guest::is_in(scene.address, "general", "سارا").await;
    let mut mina = Guest::is_in(scene.address, "general", "Mina").await;
    assert_eq!(ali.client.view().room(ali.room).name(), "general");
    ali.hears_of("Mina", |what| matches!(what, What::Join(person) if person.name == "Mina").then_some(())).await;
    let people = ali.client.view().room(ali.room).roster().people().map(|person| person.name.clone());
    assert_eq!(people.collect::<Vec<_>>(), ["Ali", "سارا", "Mina"]);

    let seq = ali.says("سلام").await;
    let (heard, said) = sara.hears_line("سلام").await;
    assert_eq!((heard, said.from, &*said.name, said.to), (seq, ali.number(), "Ali", None));

    let to = sara.number();
    ali.client.chat().say_to(ali.room, to, "psst").expect("room");
    ali.hears_line("psst").await;
    ali.says("/msg Mina hush").await;
    let (_, said) = sara.hears_line("psst").await;
    assert_eq!(said.to, Some((to, "سارا".to_owned())));
    mina.hears_line("hush").await;
    assert_eq!(mina.texts(), ["سلام", "hush"], "what is private is told to nobody else");

    ali.client.chat().types(ali.room);
    // Whatever is sent leaves with the next wait.
    let typed = async {
        tokio::select! {
            () = async { loop { ali.client.next().await; } } => {}
            () = sara.hears("typing", |news| matches!(news, News::People { .. }).then_some(())) => {}
        }
    };
    typed.await;
    assert_eq!(sara.client.view().room(sara.room).typists().collect::<Vec<_>>(), [ali.number()]);

    let edit = ali.client.chat().edit(ali.room, seq, "سلام به همه").expect("room");
    ali.is_done(edit).await;
    let words = sara.hears_of("an edit", |what| match what {
        What::Edit { target, text, .. } if *target == seq => Some(text.clone()),
        _ => None,
    });
    assert_eq!(words.await, "سلام به همه");
    let react = sara.client.chat().react(sara.room, seq, "👍", true).expect("room");
    sara.is_done(react).await;
    let is_thumb = |what: &What| matches!(what, What::React { reaction, on: true, .. } if reaction.emoji == "👍");
    ali.hears_of("a reaction", |what| is_thumb(what).then_some(())).await;
    let delete = ali.client.chat().delete(ali.room, seq).expect("room");
    ali.is_done(delete).await;
    sara.hears_of("a deletion", |what| matches!(what, What::Delete { target, .. } if *target == seq).then_some(()))
        .await;

    for n in 0..3 {
        ali.says(&format!("line {n}")).await;
    }
    let last = ali.says("last").await;
    ali.client.chat().read_back(ali.room, last);
    let page = ali.hears("a page", |news| match news {
        News::Past { lines, more, .. } => Some((lines.clone(), *more)),
        _ => None,
    });
    let (lines, more) = page.await;
    let texts = lines.into_iter().map(|line| if let What::Said(said) = line.what { said.text } else { String::new() });
    assert_eq!(
        (texts.collect::<Vec<_>>(), more),
        (["psst", "hush", "line 0", "line 1", "line 2"].map(str::to_owned).to_vec(), false)
    );

    mina.client.close().await;
    sara.hears_of("Mina's end", |what| matches!(what, What::Leave(person) if person.name == "Mina").then_some(()))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_kill_all_goes_on_and_what_was_said_meanwhile_arrives_once() {
    let folder = Folder::new();
    let mut program = Program::start_to_be_restarted(&format!("--store sqlite:{}", folder.join("charsu.db").display()));
    let mut ali = Guest::is_in(program.address, "general", "Ali").await;
    let mut sara = Guest::is_in(program.address, "general", "Sara").await;
    ali.says("before").await;
    sara.hears_line("before").await;
    // One is under way when the server is killed, and may have been kept or not.
    ali.says_later("in doubt");
    program.is_killed();
    ali.link("the end", |link| (*link != LinkState::Live).then_some(())).await;
    for text in ["away 1", "away 2"] {
        ali.says_later(text);
    }
    assert!(ali.client.view().own(ali.room).all(|line| matches!(line.state, LineState::Queued | LineState::Doubtful)));
    program.starts_again();
    ali.hears_line("away 2").await;
    ali.says_later("after");
    ali.hears_line("after").await;
    sara.hears_line("after").await;
    let wanted = ["before", "in doubt", "away 1", "away 2", "after"];
    assert_eq!((ali.texts(), sara.texts()), (wanted.map(str::to_owned).to_vec(), wanted.map(str::to_owned).to_vec()));
    for guest in [&ali, &sara] {
        let hows: Vec<How> = guest
            .told
            .iter()
            .filter_map(|news| if let News::Entered { how, .. } = news { Some(*how) } else { None })
            .collect();
        assert_eq!(hows, [How::First, How::Resumed]);
    }
    assert_eq!(ali.client.view().own(ali.room).count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_memory_was_lost_what_was_in_doubt_is_called_so_and_not_sent_again() {
    let mut program = Program::start_to_be_restarted("");
    let proxy = Proxy::to(program.address, seed(), Faults::default());
    let mut ali = Guest::is_in(proxy.address, "general", "Ali").await;
    ali.says("before").await;
    // The server hears it, and nobody hears the server.
    for link in proxy.links() {
        link.set(Faults { swallowed: proxy::Ways::ToClient, ..Faults::default() });
    }
    ali.says_later("in doubt");
    while tokio::time::timeout(ms(100), ali.client.next()).await.is_ok() {}
    program.is_killed();
    program.starts_again();
    proxy.cut_all(Cut::Reset);
    let (how, _) = ali.enters().await;
    assert!(matches!(how, How::Reset { same_life: false, missing: true, .. }), "{how:?}");
    ali.says("after").await;
    let own: Vec<_> = ali.client.view().own(ali.room).map(|line| (&line.ask, &line.state)).collect();
    let [(Ask::Say { text, .. }, LineState::Unconfirmed)] = own[..] else { panic!("{own:?}") };
    assert_eq!(text, "in doubt");
    let key = ali.client.view().own(ali.room).next().map(|line| line.key).expect("one");
    ali.client.chat().retry(key);
    ali.is_done(key).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_restarts_is_come_back_to_when_it_asked_for_it() {
    let folder = Folder::new();
    let mut program = Program::start_to_be_restarted(&format!("--store sqlite:{}", folder.join("charsu.db").display()));
    let mut ali = Guest::is_in(program.address, "general", "Ali").await;
    let stopped = program.is_stopped();
    let waits = ali.link("a goaway", |link| match link {
        LinkState::Waiting { until, restarts: true, .. } => Some(*until),
        _ => None,
    });
    let (until, _) = tokio::join!(waits, stopped);
    program.starts_again();
    ali.link("a try", |link| matches!(link, LinkState::Connecting { .. }).then_some(())).await;
    assert!(ali.client.now() >= until, "it came before it was asked to");
    assert_eq!(ali.enters().await.0, How::Resumed);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_turned_away_is_told_why() {
    let scene = Scene::with(|settings| settings.connections_per_address = 1);
    let nobody = scene::free_port();
    let mut lost = Guest::comes(SocketAddr::from(([127, 0, 0, 1], nobody)), "general", "Ali");
    let waiting = |link: &LinkState| match link {
        LinkState::Waiting { reason, until, .. } => Some((reason.clone(), *until)),
        _ => None,
    };
    assert_eq!(lost.link("no server", waiting).await.0, "no server answers there");

    let mut stranger = Guest::is_in(scene.address, "general", "Ali").await;
    let mut second = Guest::comes(scene.address, "general", "Sara");
    let (reason, until) = second.link("a refusal", waiting).await;
    assert_eq!(reason, "Your address has too many connections open.");
    assert!(until > second.client.now(), "a moment is named");

    let code = stranger.client.chat().join("999999", "Ali");
    let barred = |news: &News| if let News::Barred { why, .. } = news { Some(why.code.clone()) } else { None };
    assert_eq!(stranger.hears("no room", barred).await, "room_not_found");
    assert!(matches!(stranger.client.view().room(code).status(), Status::Refused(_)));
    stranger.says("still here").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_of_another_kind_is_told_from_ours() {
    let scene = Scene::start();
    let (address, _) = Address::parse(&format!("http://{}/elsewhere", scene.address)).expect("an address");
    let mut client = Client::new(address);
    let room = client.chat().join("general", "Ali");
    let mut guest = Guest { client, room, told: Vec::new() };
    let reason = guest.link("a refusal", |link| match link {
        LinkState::Waiting { reason, .. } => Some(reason.clone()),
        _ => None,
    });
    assert!(reason.await.contains("no Charsu server: HTTP/1.1 404"));
}

/// Somebody who says so many lines through whatever befalls, and listens until everybody's have come. It does not like to
/// wait.
async fn weathers(mut guest: Guest, lines: usize, all: usize) -> Guest {
    for n in 0..lines {
        let name = guest.client.view().room(guest.room).your_name().to_owned();
        guest.says_later(&format!("{name} {n}"));
        let pause = tokio::time::sleep(ms(15));
        tokio::pin!(pause);
        loop {
            tokio::select! {
                () = &mut pause => break,
                () = guest.hurries() => {}
            }
        }
    }
    let heard = async {
        while guest.texts().len() < all || guest.client.view().is_busy() {
            guest.hurries().await;
        }
    };
    tokio::time::timeout(Duration::from_mins(2), heard).await.expect("all lines come");
    guest
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_that_are_cut_again_and_again_lose_double_and_swap_nothing() {
    const PEOPLE: usize = 4;
    const LINES: usize = 20;
    const CUTS: usize = 12;
    let scene = Scene::in_memory(tireless);
    let seed = seed();
    let faults = Faults { piece: Some(50), delay: ms(2), jitter: ms(2), ..Faults::default() };
    let proxy = Proxy::to(scene.address, seed, faults);
    // All are there before the first line, so that all hear all.
    let mut guests = Vec::new();
    for n in 0..PEOPLE {
        guests.push(Guest::is_in(proxy.address, "storm", &format!("P{n}")).await);
    }
    let tasks: Vec<_> = guests.into_iter().map(|guest| tokio::spawn(weathers(guest, LINES, PEOPLE * LINES))).collect();
    let mut chance = Chance::of(seed);
    for n in 0..CUTS {
        tokio::time::sleep(chance.span(&(ms(20)..ms(150)))).await;
        proxy.cut_all([Cut::Reset, Cut::End, Cut::HalfEnd(Way::ToClient), Cut::HalfEnd(Way::ToServer)][n % 4]);
    }
    let mut orders = Vec::new();
    for task in tasks {
        orders.push(task.await.expect("no panic").texts());
    }
    assert!(proxy.count() > 2 * PEOPLE as u64, "seed {seed}: only {} connections", proxy.count());
    assert!(orders.iter().all(|order| *order == orders[0]), "all see one order");
    let mut by_sender: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for text in &orders[0] {
        let (name, n) = text.split_once(' ').expect("two words");
        by_sender.entry(name.to_owned()).or_default().push(n.parse().expect("a number"));
    }
    assert_eq!(by_sender.len(), PEOPLE);
    for (name, numbers) in by_sender {
        assert_eq!(numbers, (0..LINES).collect::<Vec<_>>(), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_and_narrow_line_is_waited_for() {
    let scene = Scene::in_memory(tireless);
    let faults = Faults { delay: ms(150), rate: Some(40_000), piece: Some(100), narrow: true, ..Faults::default() };
    let proxy = Proxy::to(scene.address, seed(), faults);
    let mut ali = Guest::is_in(proxy.address, "general", "Ali").await;
    let mut sara = scene.person_in("general", "Sara").await;
    let long = "خیلی ".repeat(600);
    for n in 0..20 {
        sara.says("general", &format!("{n} {long}")).await;
    }
    // Each by itself: a thousand small pieces take a busy machine longer than any one thing may.
    for n in 0..20 {
        ali.hears_line(&format!("{n} {long}")).await;
    }
    assert_eq!((ali.texts().len(), ali.client.view().link()), (20, &LinkState::Live));
}

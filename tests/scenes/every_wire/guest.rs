//! Somebody in a room, whichever way it came: what all ways have in common, said in each one's own frames. What it hears is
//! brought into one form, so that a scene can compare what people on different wires were told.

use std::collections::{HashMap, VecDeque};

use serde_json::json;

use super::told::{JOINED, Next, Refused, Told, connected, learn, of_charsu, of_page, of_socketio, text_of};
use super::ways::Way;
use crate::scene::{Memory, Person, Polling, Scene, SocketIoPage, TutorialPage};

enum Link {
    Person(Box<Person>),
    Page(TutorialPage),
    SocketIo(SocketIoPage),
    Polling(Polling, VecDeque<String>),
}

/// Somebody in a room.
pub(crate) struct Guest {
    pub(crate) way: Way,
    pub(crate) name: String,
    room: String,
    link: Link,
    /// Told, and not looked at yet.
    told: VecDeque<Told>,
    /// Names by the numbers of members, where there are such.
    names: HashMap<u64, String>,
    /// The number of the last event that asked for an acknowledgement.
    asked: u64,
    /// The number of the last line, where lines are counted.
    counted: u64,
}

/// What is left of somebody who was cut off.
pub(crate) struct Left {
    way: Way,
    name: String,
    room: String,
    memory: Option<Memory>,
    counted: u64,
}

impl Guest {
    /// Comes into a room and is in it.
    pub(crate) async fn enters(scene: &Scene, way: Way, room: &str, name: &str) -> Self {
        match Self::tries(scene, way, room, name).await {
            Ok(guest) => guest,
            Err(refused) => panic!("{name} by {way:?} into {room}: {refused:?}"),
        }
    }

    /// One by each way, each with a name of its own.
    pub(crate) async fn all(scene: &Scene, room: &str) -> Vec<Self> {
        let mut guests = Vec::new();
        for way in Way::ALL {
            guests.push(Self::enters(scene, way, room, way.guest()).await);
        }
        // What they were told of each other is another scene's matter.
        for index in 0..guests.len() {
            let text = format!("{} is in", guests[index].name);
            guests[index].says(&text).await;
            let from = guests[index].name.clone();
            for guest in &mut guests {
                guest.hears_line(&from, &text).await;
            }
        }
        guests
    }

    /// Asks to be in a room.
    pub(crate) async fn tries(scene: &Scene, way: Way, room: &str, name: &str) -> Result<Self, Refused> {
        Self::begins(scene, way, room, name, 0).await
    }

    async fn begins(scene: &Scene, way: Way, room: &str, name: &str, after: u64) -> Result<Self, Refused> {
        let (mut names, mut told) = (HashMap::new(), VecDeque::new());
        let connect = format!("40{}", json!({ "room": room, "name": name, "serverOffset": after }));
        let link = match way {
            Way::Charsu | Way::Stream => {
                let mut person = match way {
                    Way::Charsu => scene.person(name).await,
                    _ => Person::by_requests(scene.connect().await, scene.connect().await, name, None).await,
                };
                let joined = person.tries_to_join(room).await;
                if joined["type"] == "error" {
                    return Err(Refused::of(&joined));
                }
                learn(&mut names, &joined);
                Link::Person(Box::new(person))
            }
            Way::OneSegment | Way::TwoSegment => {
                let mut page = if way == Way::OneSegment {
                    let path = format!("/ws/{room}?name={}", name.replace(' ', "%20"));
                    TutorialPage::open(scene.connect().await, &path).await
                } else {
                    scene.two_segment_page(room, name).await
                };
                loop {
                    let frame = page.gets().await;
                    match frame["type"].as_str().expect("a type") {
                        "users" => break,
                        "system" if frame["message"] == JOINED => break,
                        // Newcomers may be shown the last lines first.
                        "message" => told.extend(of_page(&frame)),
                        _ => {
                            page.is_closed().await;
                            return Err(Refused { code: None, words: text_of(&frame["message"]) });
                        }
                    }
                }
                Link::Page(page)
            }
            Way::SocketIo => {
                let mut page = scene.socketio_page().await;
                page.sends(&connect);
                connected(&page.gets().await)?;
                Link::SocketIo(page)
            }
            Way::Polling => {
                let mut polling = scene.polling().await;
                assert_eq!(polling.brings(&connect).await, 200);
                let mut packets: VecDeque<String> = polling.fetches_all(1).await.into();
                if let Err(refused) = connected(&packets.pop_front().expect("one")) {
                    polling.brings("1").await;
                    return Err(refused);
                }
                Link::Polling(polling, packets)
            }
        };
        let (name, room) = (name.to_owned(), room.to_owned());
        Ok(Self { way, name, room, link, told, names, asked: 0, counted: after })
    }

    /// Says something that is taken. On a wire without acknowledgements the echo is one, which is heard later.
    pub(crate) async fn says(&mut self, text: &str) {
        if let Err(refused) = self.tries_to_say(text).await {
            panic!("{} by {:?} says {text:.60?}: {refused:?}", self.name, self.way);
        }
    }

    /// Says something, and waits until it is taken or refused.
    pub(crate) async fn tries_to_say(&mut self, text: &str) -> Result<(), Refused> {
        self.asked += 1;
        let event = format!("42{}{}", self.asked, json!(["chat message", text]));
        match &mut self.link {
            Link::Person(person) => {
                let answer = person.tries_to_say(&self.room, text).await;
                return if answer["type"] == "ack" { Ok(()) } else { Err(Refused::of(&answer)) };
            }
            Link::Page(page) if self.way == Way::OneSegment => page.says_as("somebody", text),
            Link::Page(page) => page.says(text),
            Link::SocketIo(page) => page.sends(&event),
            Link::Polling(polling, _) => assert_eq!(polling.brings(&event).await, 200),
        }
        let mut before = std::mem::take(&mut self.told);
        let answer = loop {
            match self.next().await {
                Next::Answer(answer) => break answer,
                Next::Told(Told::Words(words)) => break Err(Refused { code: None, words }),
                Next::Told(told) => {
                    let is_echo = match &told {
                        Told::Line { from, .. } => *from == self.name,
                        Told::Private { with, .. } => text.contains(with.as_str()),
                        _ => false,
                    };
                    before.push_back(told);
                    if is_echo && matches!(self.link, Link::Page(_)) {
                        break Ok(());
                    }
                }
            }
        };
        self.told = before;
        answer
    }

    /// Begins to type.
    pub(crate) async fn types(&mut self) {
        match &mut self.link {
            Link::Person(person) => person.sends(&json!({ "type": "typing", "room": self.room, "on": true })),
            Link::Page(page) => page.sends(&json!({ "type": "typing", "username": self.name }).to_string()),
            Link::SocketIo(page) => page.sends(r#"42["typing"]"#),
            Link::Polling(polling, _) => assert_eq!(polling.brings(r#"42["typing"]"#).await, 200),
        }
    }

    /// Sends something that is no frame of its wire.
    pub(crate) async fn sends(&mut self, nonsense: &str) {
        match &mut self.link {
            Link::Person(person) => person.sends_text(nonsense),
            Link::Page(page) => page.sends(nonsense),
            Link::SocketIo(page) => page.sends(nonsense),
            Link::Polling(polling, _) => drop(polling.brings(nonsense).await),
        }
    }

    /// What it is told next.
    pub(crate) async fn is_told(&mut self) -> Told {
        if let Some(told) = self.told.pop_front() {
            return told;
        }
        loop {
            if let Next::Told(told) = self.next().await {
                return told;
            }
        }
    }

    /// The next line: who says it, and what. Comings, goings and typing before it are passed over.
    pub(crate) async fn hears(&mut self) -> (String, String) {
        loop {
            match self.is_told().await {
                Told::Line { from, text } => return (from, text),
                Told::Came(_) | Told::Went(_) | Told::Types(_) => {}
                other => panic!("{} by {:?} hears no line but {other:?}", self.name, self.way),
            }
        }
    }

    /// The next line is this one.
    pub(crate) async fn hears_line(&mut self, from: &str, text: &str) {
        let heard = self.hears().await;
        let wanted = (from, text);
        assert_eq!((heard.0.as_str(), heard.1.as_str()), wanted, "{} by {:?}", self.name, self.way);
    }

    /// Goes out of the room as somebody who means it.
    pub(crate) async fn leaves(mut self) {
        match &mut self.link {
            Link::Person(person) => person.leaves(&self.room).await,
            Link::Page(page) => page.closes(Some(1000)),
            Link::SocketIo(page) => page.sends_at_once(["41", "1"].map(str::to_owned)),
            Link::Polling(polling, _) => assert_eq!(polling.brings("41\u{1e}1").await, 200),
        }
        if matches!(self.link, Link::Page(_) | Link::SocketIo(_)) {
            self.is_ended().await;
        }
    }

    /// Is cut off without a word.
    pub(crate) async fn vanishes(self) -> Left {
        let memory = match self.link {
            Link::Person(person) => Some(person.vanishes().await),
            Link::Page(page) => {
                page.vanishes().await;
                None
            }
            Link::SocketIo(page) => {
                page.vanishes().await;
                None
            }
            Link::Polling(polling, _) => {
                polling.vanishes().await;
                None
            }
        };
        Left { way: self.way, name: self.name, room: self.room, memory, counted: self.counted }
    }

    /// Waits until the server has ended it. Gives what it was told before.
    pub(crate) async fn is_ended(&mut self) {
        match &mut self.link {
            Link::Person(person) => drop(person.is_ended().await),
            Link::Page(page) => while page.next_or_close().await.is_ok() {},
            Link::SocketIo(page) => page.is_ended().await,
            Link::Polling(polling, _) => polling.is_ended().await,
        }
    }

    async fn next(&mut self) -> Next {
        match &mut self.link {
            Link::Person(person) => loop {
                let event = person.hears_next().await;
                learn(&mut self.names, &event);
                if let Some(told) = of_charsu(&event, &self.name, &self.names) {
                    return Next::Told(told);
                }
            },
            Link::Page(page) => loop {
                if let Some(told) = of_page(&page.gets().await) {
                    return Next::Told(told);
                }
            },
            Link::SocketIo(page) => {
                let packet = page.gets().await;
                of_socketio(&packet, &mut self.counted)
            }
            Link::Polling(polling, packets) => {
                if packets.is_empty() {
                    packets.extend(polling.fetches_all(1).await);
                }
                let packet = packets.pop_front().expect("one");
                of_socketio(&packet, &mut self.counted)
            }
        }
    }
}

impl Left {
    /// Comes back with what it remembers.
    pub(crate) async fn comes_back(self, scene: &Scene) -> Guest {
        let Some(memory) = self.memory else {
            let back = Guest::begins(scene, self.way, &self.room, &self.name, self.counted).await;
            return back.unwrap_or_else(|refused| panic!("{} by {:?}: {refused:?}", self.name, self.way));
        };
        let mut person = if self.way == Way::Charsu {
            scene.returning(&memory).await
        } else {
            let (listening, speaking) = (scene.connect().await, scene.connect().await);
            Person::by_requests(listening, speaking, &memory.name, Some(&memory.session)).await
        };
        person.last_id = memory.last_id;
        let joined = person.joins_from(&self.room, &memory.places[&self.room]).await;
        assert_eq!((&joined["type"], &joined["resumed"]), (&json!("joined"), &json!(true)), "{joined}");
        let mut names = HashMap::new();
        learn(&mut names, &joined);
        Guest {
            way: self.way,
            name: self.name,
            room: self.room,
            link: Link::Person(Box::new(person)),
            told: VecDeque::new(),
            names,
            asked: 0,
            counted: 0,
        }
    }
}

//! What the client does in moments that a sound server and a random network seldom bring about, frame by frame.

use std::time::Duration;

use charsu::client::{Act, Ask, Chat, Ended, How, LineState, LinkState, News, RoomKey, Status};
use charsu::protocol::ResetReason;
use serde_json::{Value, json};

const SECOND: Duration = Duration::from_secs(1);

/// A client with its room, played by hand.
struct Play {
    chat: Chat,
    room: RoomKey,
    now: Duration,
}

impl Play {
    /// Somebody who has just connected, with hello sent.
    fn begins() -> Self {
        let mut chat = Chat::new(3);
        let room = chat.join("Hall", "Ali");
        let mut play = Self { chat, room, now: Duration::ZERO };
        play.connects();
        assert_eq!(play.sends(), [json!({ "type": "hello" })]);
        play
    }

    /// Somebody who is in the room, at number 5.
    fn is_in() -> Self {
        let mut play = Self::begins();
        play.is_welcomed(false);
        play.sends();
        play.hears(arrival("joined", 1, 5, json!({})));
        assert!(matches!(play.chat.room(play.room).status(), Status::In));
        play.told();
        play
    }

    fn connects(&mut self) {
        assert_eq!(self.chat.act(), Some(Act::Connect));
        self.chat.opened();
    }

    fn is_welcomed(&mut self, resumed: bool) {
        let limits = json!({ "text_chars": 4000, "name_chars": 32, "rooms": 8 });
        let welcome = json!({
            "type": "welcome", "session": "s", "resumed": resumed, "heartbeat_ms": 25_000, "limits": limits
        });
        self.hears(welcome);
    }

    fn hears(&mut self, frame: Value) {
        self.chat.hears(&frame.to_string());
    }

    fn waits(&mut self, time: Duration) {
        self.now += time;
        self.chat.at(self.now);
    }

    /// What it sends; it does nothing else.
    fn sends(&mut self) -> Vec<Value> {
        let acts = std::iter::from_fn(|| self.chat.act());
        acts.map(|act| match act {
            Act::Send(text) => serde_json::from_str(&text).expect("JSON"),
            other => panic!("{other:?}"),
        })
        .collect()
    }

    fn told(&mut self) -> Vec<News> {
        std::iter::from_fn(|| self.chat.news()).collect()
    }

    fn is_cut(&mut self) {
        self.chat.ended(Ended::default());
    }
}

fn arrival(kind: &str, id: u64, seq: u64, more: Value) -> Value {
    let mut frame = json!({
        "type": kind, "id": id, "room": "hall", "epoch": "e", "seq": seq, "you": 1, "name": "Ali", "resumed": false,
        "members": [{ "id": 1, "name": "Ali" }, { "id": 2, "name": "Sara" }], "count": 2, "history": [],
    });
    for (key, value) in more.as_object().expect("an object") {
        frame[key] = value.clone();
    }
    frame
}

fn message(seq: u64, from: u64, text: &str) -> Value {
    json!({ "type": "message", "room": "hall", "seq": seq, "at": 1, "from": from, "name": "X", "text": text })
}

fn ack(id: u64, seq: u64) -> Value {
    json!({ "type": "ack", "id": id, "room": "hall", "epoch": "e", "seq": seq })
}

fn error(id: u64, code: &str, more: Value) -> Value {
    let mut frame = json!({ "type": "error", "id": id, "code": code, "message": "no" });
    for (key, value) in more.as_object().expect("an object") {
        frame[key] = value.clone();
    }
    frame
}

#[test]
fn a_stranger_joins_once_it_is_welcomed_and_who_comes_back_at_once() {
    let mut play = Play::begins();
    play.is_welcomed(false);
    assert_eq!(play.sends(), [json!({ "type": "join", "id": 1, "room": "Hall", "name": "Ali" })]);
    play.hears(arrival("joined", 1, 5, json!({})));
    assert_eq!(play.chat.room(play.room).name(), "hall", "the server's name for the room is taken over");
    play.is_cut();
    play.chat.reconnect();
    play.connects();
    let since = json!({ "epoch": "e", "seq": 5 });
    let join = json!({ "type": "join", "id": 2, "room": "hall", "name": "Ali", "since": since });
    assert_eq!(play.sends(), [json!({ "type": "hello", "session": "s" }), join]);
}

#[test]
fn a_number_that_comes_again_is_not_told_and_one_that_is_left_out_is_fetched() {
    let mut play = Play::is_in();
    for seq in [6, 6, 3, 7] {
        play.hears(message(seq, 2, "x"));
    }
    assert_eq!(play.told().len(), 2);
    for is_second in [false, true] {
        play.hears(message(9, 2, "x"));
        if is_second {
            break;
        }
        assert_eq!(play.chat.act(), Some(Act::HangUp(4900)));
        assert!(!play.told().iter().any(|news| matches!(news, News::Happened { .. })));
        play.chat.reconnect();
        play.connects();
        assert_eq!(play.sends()[1]["since"], json!({ "epoch": "e", "seq": 7 }));
        play.is_welcomed(true);
        play.hears(arrival("joined", 2, 7, json!({ "resumed": true })));
        play.told();
    }
    let told = play.told();
    assert!(matches!(told[..], [News::Torn { .. }, News::Happened { .. }]), "what cannot be had is told: {told:?}");
}

#[test]
fn a_line_that_came_too_fast_waits_as_told_and_the_next_waits_behind_it() {
    let mut play = Play::is_in();
    for text in ["a", "b"] {
        play.chat.say(play.room, text).expect("room");
    }
    let sent = play.sends();
    assert_eq!((sent.len(), &sent[0]["id"]), (1, &json!(2)));
    play.hears(error(2, "rate_limited", json!({ "retry_after_ms": 1500 })));
    play.waits(SECOND);
    assert!(play.sends().is_empty() && play.told().is_empty());
    play.waits(SECOND);
    assert_eq!(play.sends(), [json!({ "type": "say", "id": 3, "room": "hall", "text": "a" })]);
    play.hears(error(3, "unavailable", json!({})));
    assert!(matches!(play.told()[..], [News::Notice { .. }]), "that nothing can be kept is worth a word");
    play.waits(5 * SECOND);
    assert_eq!(play.sends()[0]["id"], 4);
    play.hears(ack(4, 6));
    assert_eq!(play.sends()[0]["text"], "b");
}

#[test]
fn a_line_that_is_refused_stays_with_the_reason_until_somebody_decides() {
    let mut play = Play::is_in();
    let key = play.chat.say(play.room, "/msg Sarah hi").expect("room");
    play.sends();
    play.hears(error(2, "no_such_person", json!({ "near": ["Sara"] })));
    let line = play.chat.own(play.room).next().expect("it stays");
    let LineState::Failed(why) = &line.state else { panic!("{line:?}") };
    assert_eq!((line.key, &*why.in_one_line()), (key, "no Like it: Sara"));
    play.chat.retry(key);
    assert_eq!(play.sends()[0]["id"], 3);
    assert!(play.chat.discard(key).is_none(), "what is on its way cannot be taken back");
}

#[test]
fn a_line_that_came_back_before_its_acknowledgement_did_arrive() {
    for (is_known, typed, said) in [(true, "hi", "hi"), (false, "hi", "hi"), (false, "//x", "/x")] {
        let mut play = Play::is_in();
        let key = play.chat.say(play.room, typed).expect("room");
        play.is_cut();
        while play.chat.act().is_some() {}
        play.chat.reconnect();
        play.connects();
        if is_known {
            play.is_welcomed(true);
        }
        // The room tells it before the server has taken it again; or before it turns out not to know the session.
        play.hears(arrival("joined", 3, 5, json!({ "resumed": true })));
        play.hears(message(6, 2, said));
        play.hears(message(7, 1, said));
        assert!(play.chat.own(play.room).all(charsu::client::OwnLine::is_shown));
        if is_known {
            play.hears(ack(2, 7));
        } else {
            play.is_welcomed(false);
        }
        let told = play.told();
        let done = told.iter().filter(|news| matches!(news, News::Done { key: done, .. } if *done == key)).count();
        let own = told.iter().filter(|news| matches!(news, News::Happened { own: Some(_), .. })).count();
        assert_eq!((done, own, play.chat.own(play.room).count()), (1, 1, 0), "{told:?}");
    }
}

#[test]
fn a_line_that_came_back_stands_in_the_life_of_the_log_in_which_it_came() {
    let mut play = Play::is_in();
    let key = play.chat.say_to(play.room, 2, "psst").expect("room");
    for (frame, more) in [("joined", json!({ "resumed": true })), ("reset", json!({ "reason": "epoch", "epoch": "f" }))]
    {
        play.is_cut();
        while play.chat.act().is_some() {}
        play.told();
        play.chat.reconnect();
        play.connects();
        play.is_welcomed(true);
        let join = play.sends()[1]["id"].as_u64().expect("a number");
        play.hears(arrival(frame, join, 5, more));
        play.hears(json!({
            "type": "private", "room": "hall", "seq": 6, "at": 1, "from": 1, "name": "Ali", "to": 2, "to_name": "Sara",
            "text": "psst"
        }));
    }
    let done =
        play.told().into_iter().find_map(|news| if let News::Done { key, at } = news { Some((key, at)) } else { None });
    assert_eq!(done.map(|(key, at)| (key, at.epoch.to_string(), at.seq)), Some((key, "e".to_owned(), 6)));
}

#[test]
fn an_acknowledged_line_is_handed_over_when_the_room_begins_a_new_life() {
    let mut play = Play::is_in();
    play.chat.say(play.room, "kept").expect("room");
    play.hears(ack(2, 6));
    assert!(matches!(play.chat.own(play.room).next().map(|line| &line.state), Some(LineState::Acked(_))));
    play.is_cut();
    while play.chat.act().is_some() {}
    play.chat.reconnect();
    play.connects();
    play.is_welcomed(false);
    play.told();
    play.hears(arrival("reset", 3, 1, json!({ "reason": "epoch", "epoch": "f" })));
    let told = play.told();
    let [News::Entered { how, passed, .. }] = &told[..] else { panic!("{told:?}") };
    assert_eq!(*how, How::Reset { reason: ResetReason::Epoch, same_life: false, missing: true });
    assert!(matches!(&passed[..], [(at, Ask::Say { text, .. })] if at.seq == 6 && text == "kept"));
    assert_eq!(play.chat.own(play.room).count(), 0);
}

#[test]
fn an_acknowledged_line_that_was_taken_back_before_it_came_is_not_waited_for() {
    let mut play = Play::is_in();
    play.chat.say(play.room, "taken back").expect("room");
    play.hears(ack(2, 6));
    play.is_cut();
    while play.chat.act().is_some() {}
    play.chat.reconnect();
    play.connects();
    play.is_welcomed(true);
    play.hears(arrival("joined", 3, 5, json!({ "resumed": true })));
    play.hears(json!({ "type": "skip", "room": "hall", "seq": 6 }));
    assert_eq!(play.chat.own(play.room).count(), 0);
}

#[test]
fn a_change_of_a_line_from_an_earlier_life_reaches_no_other_line() {
    let mut play = Play::is_in();
    play.hears(message(6, 1, "mine"));
    play.is_cut();
    while play.chat.act().is_some() {}
    play.chat.edit(play.room, 6, "other words").expect("room");
    let private = play.chat.say_to(play.room, 2, "psst").expect("room");
    play.chat.reconnect();
    play.connects();
    play.is_welcomed(false);
    play.sends();
    play.told();
    let strangers = json!([{ "id": 1, "name": "Ali" }, { "id": 2, "name": "Mina" }]);
    play.hears(arrival("reset", 2, 1, json!({ "reason": "epoch", "epoch": "f", "members": strangers })));
    assert_eq!(play.sends(), Vec::<Value>::new(), "number 6 is another line, and member 2 is somebody else");
    let codes: Vec<String> = play
        .told()
        .into_iter()
        .filter_map(|news| if let News::Failed { why, .. } = news { Some(why.code) } else { None })
        .collect();
    assert_eq!(codes, ["no_such_line", "recipient_gone"]);
    assert!(play.chat.discard(private).is_some());
}

#[test]
fn silence_is_asked_about_once_and_then_the_connection_is_given_up() {
    let mut play = Play::is_in();
    play.waits(24 * SECOND);
    assert!(play.sends().is_empty());
    play.waits(SECOND);
    assert_eq!(play.sends(), [json!({ "type": "ping" })]);
    play.waits(9 * SECOND);
    play.hears(json!({ "type": "pong" }));
    play.waits(25 * SECOND);
    assert_eq!(play.sends(), [json!({ "type": "ping" })]);
    play.waits(10 * SECOND);
    assert_eq!(play.chat.act(), Some(Act::HangUp(4900)));
    assert!(matches!(play.chat.link(), LinkState::Waiting { .. }));
}

#[test]
fn a_server_that_never_welcomes_or_never_answers_is_given_up() {
    let mut play = Play::begins();
    play.waits(15 * SECOND);
    assert_eq!(play.chat.act(), Some(Act::HangUp(4900)));
    let mut play = Play::is_in();
    play.chat.say(play.room, "hi").expect("room");
    play.sends();
    for _ in 0..29 {
        play.waits(SECOND);
        play.hears(json!({ "type": "pong" }));
    }
    assert!(play.sends().is_empty());
    play.waits(SECOND);
    assert_eq!(play.chat.act(), Some(Act::HangUp(4900)));
    assert!(matches!(play.chat.own(play.room).next().map(|line| &line.state), Some(LineState::Doubtful)));
}

#[test]
fn a_server_that_stops_is_left_alone_until_the_moment_that_it_named() {
    let mut play = Play::is_in();
    play.waits(SECOND);
    play.hears(json!({ "type": "goaway", "retry_after_ms": 4200 }));
    play.chat.ended(Ended { code: 1012, ..Ended::default() });
    let LinkState::Waiting { until, restarts, .. } = play.chat.link() else { panic!("{:?}", play.chat.link()) };
    assert_eq!((*until, *restarts), (SECOND + Duration::from_millis(4200), true));
    assert_eq!(play.chat.due(), Some(*until));
    play.waits(Duration::from_millis(4199));
    assert_eq!(play.chat.act(), None);
    play.waits(Duration::from_millis(1));
    assert_eq!(play.chat.act(), Some(Act::Connect));
}

#[test]
fn a_name_that_is_taken_is_told_and_another_one_may_be_tried() {
    let mut play = Play::begins();
    play.is_welcomed(false);
    play.sends();
    play.told();
    play.hears(error(1, "name_taken", json!({ "suggestion": "Ali 2", "room": "hall" })));
    let told = play.told();
    let [News::Barred { why, .. }] = &told[..] else { panic!("{told:?}") };
    assert_eq!(why.suggestion.as_deref(), Some("Ali 2"));
    play.chat.join("Hall", "Ali 2");
    assert_eq!(play.sends(), [json!({ "type": "join", "id": 2, "room": "Hall", "name": "Ali 2" })]);
    play.hears(arrival("joined", 2, 5, json!({ "name": "Ali 2" })));
    assert_eq!(play.chat.room(play.room).your_name(), "Ali 2");
}

#[test]
fn who_was_in_the_room_is_not_sent_away_by_what_passes() {
    let mut play = Play::is_in();
    play.is_cut();
    play.chat.reconnect();
    play.connects();
    play.is_welcomed(true);
    assert_eq!(play.sends()[1]["id"], 2);
    play.hears(error(2, "unavailable", json!({ "room": "hall" })));
    play.waits(5 * SECOND);
    assert_eq!(play.sends()[0]["type"], "join");
}

#[test]
fn a_line_that_is_larger_than_the_server_reads_is_not_sent_again() {
    let mut play = Play::is_in();
    play.chat.say(play.room, &"x".repeat(100_000)).expect("room");
    play.chat.ended(Ended { code: 1009, ..Ended::default() });
    assert!(matches!(play.chat.own(play.room).next().map(|line| &line.state), Some(LineState::Failed(_))));
    assert!(matches!(play.chat.link(), LinkState::Closed { code: 1009, .. }));
}

#[test]
fn a_token_that_ran_out_is_waited_for_with_everything_kept() {
    let mut play = Play::is_in();
    play.chat.say(play.room, "in doubt").expect("room");
    play.sends();
    play.chat.ended(Ended { code: 4401, reason: "the token has run out".to_owned(), retry_after: None });
    play.chat.say(play.room, "later").expect("room");
    assert!(matches!(play.chat.link(), LinkState::Denied { reason } if reason == "the token has run out"));
    assert_eq!(play.chat.due(), None);
    play.waits(3600 * SECOND);
    assert_eq!(play.chat.act(), None);
    play.chat.reconnect();
    play.connects();
    play.is_welcomed(true);
    let sent = play.sends();
    assert_eq!((&sent[0]["session"], &sent[1]["since"]["seq"]), (&json!("s"), &json!(5)));
    play.hears(arrival("joined", sent[1]["id"].as_u64().expect("a number"), 5, json!({ "resumed": true })));
    assert_eq!(play.sends()[0]["text"], "in doubt");
}

#[test]
fn who_leaves_hears_no_more_and_what_waited_is_given_up() {
    let mut play = Play::is_in();
    play.chat.say(play.room, "a").expect("room");
    play.chat.say(play.room, "b").expect("room");
    play.sends();
    play.told();
    play.chat.leave(play.room);
    assert_eq!(play.told().iter().filter(|news| matches!(news, News::Failed { .. })).count(), 2);
    assert_eq!(play.sends(), [json!({ "type": "leave", "id": 3, "room": "hall" })]);
    play.hears(message(6, 2, "x"));
    assert!(play.told().is_empty());
    play.hears(json!({ "type": "left", "id": 3, "room": "hall" }));
    assert_eq!((play.chat.act(), play.chat.link()), (Some(Act::HangUp(1000)), &LinkState::Idle));
}

#[test]
fn typing_is_told_and_forgotten_and_an_own_line_ends_it() {
    let mut play = Play::is_in();
    play.chat.types(play.room);
    play.chat.types(play.room);
    assert_eq!(play.sends(), [json!({ "type": "typing", "room": "hall", "on": true })]);
    play.chat.say(play.room, "hi").expect("room");
    assert_eq!(play.sends()[0], json!({ "type": "typing", "room": "hall", "on": false }));
    play.hears(json!({ "type": "typing", "room": "hall", "from": 2, "on": true }));
    assert_eq!(play.chat.room(play.room).typists().collect::<Vec<_>>(), [2]);
    play.waits(3 * SECOND);
    assert_eq!(play.chat.room(play.room).typists().count(), 0);
}

#[test]
fn reading_back_that_is_too_fast_goes_on_by_itself_and_what_is_cut_off_is_told() {
    let mut play = Play::is_in();
    play.chat.read_back(play.room, 3);
    play.chat.read_back(play.room, 3);
    let page = json!({ "type": "history", "id": 2, "room": "hall", "before": 3, "limit": 100 });
    assert_eq!(play.sends(), [page]);
    play.hears(error(2, "rate_limited", json!({})));
    play.waits(SECOND);
    assert_eq!(play.sends()[0]["id"], 3);
    play.hears(json!({ "type": "history", "id": 3, "room": "hall", "events": [message(2, 2, "old")], "more": true }));
    assert!(matches!(&play.told()[..], [News::Past { before: 3, lines, more: true, .. }] if lines.len() == 1));
    play.chat.read_back(play.room, 2);
    play.is_cut();
    assert!(play.told().iter().any(|news| matches!(news, News::NoPast { .. })));
}

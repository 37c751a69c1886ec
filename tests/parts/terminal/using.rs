//! What keys do, and what a person is told.

use charsu::terminal::app::{Scroll, Stage, Wish};
use proptest::prelude::*;
use ratatui_crossterm::crossterm::event::{KeyCode, KeyModifiers};
use serde_json::json;

use super::play::{Play, read};

/// A room in which so much was said that it does not fit.
fn long(width: u16, height: u16) -> Play {
    let mut play = Play::of(width, height);
    for n in 1..=60 {
        play.says(2, &format!("line {n}"));
    }
    play
}

#[test]
fn a_line_says_how_it_stands_until_it_is_sent() {
    let mut play = Play::of(70, 16);
    play.enters("on its way");
    assert!(play.shows("on its way …"));
    play.is_acknowledged();
    assert!(play.shows("  on its way") && !play.shows("on its way …"));
    play.is_cut("the connection broke");
    play.enters("meanwhile");
    play.enters("در این میان");
    assert!(play.shows("meanwhile waits"));
    assert!(play.shows("2 lines wait") && play.shows("the connection broke"));
    play.waits(30_000);
    play.connects();
    play.is_in("joined", &json!({ "id": 3, "resumed": true }));
    assert!(play.shows("meanwhile …") && !play.shows("lines wait"));
    play.is_acknowledged();
    let rows = play.looks();
    assert!(rows.iter().any(|row| row == "  meanwhile"), "{rows:#?}");
    assert!(rows.iter().any(|row| read(row).contains("در این میان")), "{rows:#?}");
}

#[test]
fn a_connection_that_is_away_counts_down() {
    let mut play = Play::of(60, 16);
    play.says(2, "hello");
    play.hears(&json!({ "type": "goaway", "retry_after_ms": 2500 }));
    play.is_cut("");
    assert!(play.shows("The server restarts, again in 3 s · Ctrl-R: now"));
    assert_eq!(play.app.due(&play.chat).map(|due| due.as_millis()), Some(500));
    play.waits(500);
    assert!(play.shows("again in 2 s"));
    play.waits(1000);
    assert!(play.shows("again in 1 s"));
    play.presses_with(KeyCode::Char('r'), KeyModifiers::CONTROL);
    assert!(play.shows("Connecting again"));
}

#[test]
fn a_line_that_is_refused_says_why_and_can_be_sent_again_or_given_up() {
    for (command, is_left) in [("/retry", true), ("/drop", false)] {
        let mut play = Play::of(60, 16);
        play.enters("/msg Sarah hi");
        let refused =
            json!({ "type": "error", "id": 2, "code": "no_such_person", "message": "Nobody.", "near": ["Sara"] });
        play.hears(&refused);
        assert!(play.shows("not sent: Nobody. Like it: Sara"));
        play.enters(command);
        assert_eq!(play.shows("/msg Sarah hi"), is_left, "{command}");
        assert!(!play.shows("not sent"), "{command}");
    }
}

#[test]
fn a_line_that_is_too_long_stays_with_who_wrote_it() {
    let mut play = Play::of(60, 16);
    let text = "x".repeat(201);
    assert!(play.enters(&text).iter().all(|wish| !matches!(wish, Wish::Say(_))));
    assert_eq!(play.app.composer.text(), text);
    assert!(play.shows("201 of 200 characters"));
}

#[test]
fn who_reads_back_stays_where_they_are_and_is_told_what_is_new() {
    let mut play = long(40, 15);
    assert!(play.shows("line 60") && !play.shows("line 48"));
    play.presses(KeyCode::PageUp);
    let before = play.looks();
    assert!(play.shows("line 50") && !play.shows("line 60"));
    for n in 61..64 {
        play.says(2, &format!("line {n}"));
    }
    let after = play.looks();
    assert_eq!(before[1..12], after[1..12]);
    assert!(play.shows("↓ 3 new"));
    play.presses(KeyCode::End);
    assert!(play.shows("line 63") && play.shows("─ new ─") && !play.shows("3 new"));
    play.presses(KeyCode::PageUp);
    play.presses(KeyCode::PageDown);
    assert_eq!(play.app.scroll, Scroll::Bottom);
    play.enters("I see");
    assert!(!play.shows("─ new ─"), "who answers has read");
}

#[test]
fn a_terminal_that_nobody_looks_at_marks_what_is_new() {
    let mut play = Play::of(60, 16);
    play.says(2, "before");
    play.app.focuses(false);
    play.says(2, "meanwhile");
    play.says(2, "and more");
    assert!(play.shows("↓ 2 new") && play.shows("─ new ─"));
    play.app.focuses(true);
    assert!(!play.shows("2 new") && play.shows("─ new ─"));
}

#[test]
fn reading_back_to_the_top_asks_for_earlier_lines_once() {
    let mut play = Play::before(40, 15);
    let history: Vec<_> = (11..40)
        .map(|seq| json!({ "type": "message", "room": "408213", "seq": seq, "at": 1, "from": 2, "name": "Sara", "text": format!("line {seq}") }))
        .collect();
    play.is_in("joined", &json!({ "id": 1, "seq": 40, "history": history, "earlier": true }));
    let mut asked = Vec::new();
    for _ in 0..8 {
        asked.extend(play.presses(KeyCode::PageUp));
    }
    assert_eq!(asked, [Wish::ReadBack(11)]);
    assert!(play.shows("on their way") && play.shows("line 11"));
    let top = play.looks();
    let page = json!([{ "type": "message", "room": "408213", "seq": 9, "at": 1, "from": 2, "name": "Sara", "text": "line 9" }]);
    play.hears(&json!({ "type": "history", "id": 2, "room": "408213", "events": page, "more": false }));
    assert!(play.shows("line 9") && play.shows("line 11"), "{top:#?}");
    play.presses(KeyCode::Home);
    assert!(play.shows("line 9") && !play.shows("PageUp"));
    assert!(play.presses(KeyCode::PageUp).is_empty());
}

#[test]
fn the_last_line_of_ones_own_can_be_changed_and_taken_back() {
    let mut play = Play::of(60, 16);
    play.enters("teh first");
    play.is_acknowledged();
    play.says(2, "what?");
    play.presses(KeyCode::Up);
    assert_eq!(play.app.composer.text(), "teh first");
    assert!(play.shows("changing your last line"));
    play.presses(KeyCode::Esc);
    assert!(play.app.composer.is_empty() && play.app.editing.is_none());
    play.enters("/edit");
    assert_eq!(play.app.composer.text(), "teh first");
    (0..9).for_each(|_| drop(play.presses(KeyCode::Backspace)));
    play.enters("the first");
    play.is_acknowledged();
    assert!(play.shows("the first (changed)"));
    play.enters("/edit سوم");
    play.is_acknowledged();
    assert!(play.looks().iter().any(|row| row.contains("(changed) ") && read(row).contains("سوم")));
    play.enters("/delete");
    play.is_acknowledged();
    assert!(!play.shows("changed") && play.shows("what?"));
    play.enters("/delete");
    assert!(play.shows("There is no line of yours"));
}

#[test]
fn what_is_pasted_is_not_sent_before_enter() {
    let mut play = Play::of(60, 16);
    let wishes = play.app.pastes("one\r\ntwo\u{1b}[31m\nthree", &play.chat);
    assert_eq!(wishes, [Wish::Types]);
    assert!(play.shows("› one") && play.shows("  three"));
    play.presses_with(KeyCode::Enter, KeyModifiers::ALT);
    play.types("four");
    assert_eq!(play.presses(KeyCode::Enter), [Wish::Say("one\ntwo[31m\nthree\nfour".to_owned())]);
}

#[test]
fn a_name_that_is_refused_is_asked_for_again_with_one_that_is_free() {
    let mut play = Play::before(60, 16);
    let why = json!({ "type": "error", "id": 1, "code": "name_taken", "message": "Taken.", "suggestion": "Ali 2" });
    play.hears(&why);
    assert!(play.shows("Who are you?") && play.shows("Taken.") && play.shows("› Ali 2"));
    assert_eq!(play.presses(KeyCode::Enter), [Wish::Join("Ali 2".to_owned())]);
    assert_eq!(play.app.stage, Stage::Talking);
    play.is_in("joined", &json!({ "id": 2, "name": "Ali 2" }));
    play.says(2, "hello");
    assert!(play.shows("hello"));
}

#[test]
fn a_room_that_is_not_there_is_the_end() {
    let mut play = Play::before(60, 16);
    play.hears(&json!({ "type": "error", "id": 1, "code": "room_not_found", "message": "No room has this code." }));
    assert_eq!(play.app.refused.as_ref().map(|why| &*why.code), Some("room_not_found"));
}

#[test]
fn gaps_and_new_lives_are_shown() {
    let mut play = Play::of(60, 20);
    play.says(2, "before");
    play.is_in("reset", &json!({ "reason": "slow", "seq": 40 }));
    assert!(play.shows("some lines are missing here"));
    play.is_in("reset", &json!({ "reason": "epoch", "epoch": "f", "seq": 1 }));
    play.says(2, "after");
    assert!(play.shows("the server began anew") && play.shows("before") && play.shows("after"));
}

#[test]
fn people_come_and_go_in_one_sentence() {
    let mut play = Play::of(40, 15);
    for (kind, id, name) in
        [("join", 4, "Mina"), ("join", 5, "Omid"), ("join", 6, "Zoë"), ("leave", 5, "Omid"), ("leave", 2, "Sara")]
    {
        play.happens(json!({ "type": kind, "member": { "id": id, "name": name } }));
    }
    assert!(play.shows("Mina, Zoë came") && play.shows("Sara went") && !play.shows("Omid"));
    play.presses(KeyCode::Tab);
    assert!(play.shows("In this room") && play.shows("Ali (you)") && play.shows("Zoë") && !play.shows("came"));
    play.enters("/help");
    assert!(play.shows("/msg NAME TEXT"));
    play.presses(KeyCode::Esc);
    assert!(play.shows("Mina, Zoë came"));
}

#[test]
fn a_private_line_looks_different() {
    use charsu::terminal::view;
    use ratatui_core::buffer::Buffer;
    use ratatui_core::layout::Rect;
    use ratatui_core::style::Modifier;
    let mut play = Play::of(60, 16);
    play.happens(json!({ "type": "private", "from": 2, "name": "Sara", "to": 1, "to_name": "Ali", "text": "psst" }));
    play.says(2, "aloud");
    for has_colour in [true, false] {
        play.app.has_colour = has_colour;
        let mut buffer = Buffer::empty(Rect::new(0, 0, 60, 16));
        view::draw(&play.app, &play.chat, &mut buffer);
        let style_of = |word: &str| {
            let rows = buffer.content().chunks(60);
            let begins =
                |row: &&[_]| row.iter().map(ratatui_core::buffer::Cell::symbol).collect::<String>().starts_with(word);
            rows.into_iter().find(begins).map(|row| row[2].style()).expect("it is there")
        };
        let [private, aloud] = ["  psst", "  aloud"].map(style_of);
        assert_ne!(private, aloud);
        assert!(private.add_modifier.contains(Modifier::ITALIC));
    }
    assert!(play.shows("Sara → Ali"));
}

#[test]
fn what_one_types_is_told_and_commands_are_not() {
    let mut play = Play::of(60, 16);
    assert_eq!(play.types("h"), [Wish::Types]);
    assert_eq!(play.presses(KeyCode::Backspace), [Wish::StopsTyping]);
    assert!(play.types("/msg Sara").is_empty());
    assert_eq!(play.presses_with(KeyCode::Char('d'), KeyModifiers::CONTROL), []);
    assert_eq!(play.presses_with(KeyCode::Char('c'), KeyModifiers::CONTROL), [Wish::Quit]);
    play.presses_with(KeyCode::Char('u'), KeyModifiers::CONTROL);
    assert_eq!(play.presses_with(KeyCode::Char('d'), KeyModifiers::CONTROL), [Wish::Quit]);
}

#[test]
fn the_cursor_stands_where_the_next_character_comes() {
    let mut play = Play::of(40, 15);
    play.types("ab");
    play.looks();
    assert_eq!(play.cursor, Some((4, 14)));
    play.presses(KeyCode::Left);
    play.looks();
    assert_eq!(play.cursor, Some((3, 14)));
    play.presses_with(KeyCode::Char('u'), KeyModifiers::CONTROL);
    play.presses(KeyCode::Delete);
    play.types("سلام");
    play.looks();
    assert_eq!(play.cursor, Some((35, 14)), "left of what is written from the right");
    play.presses(KeyCode::Home);
    play.looks();
    assert_eq!(play.cursor, Some((39, 14)));
    play.presses(KeyCode::End);
    // As many rows as are seen, and the one with the cursor among them.
    (0..8).for_each(|n| {
        play.presses_with(KeyCode::Char('j'), KeyModifiers::CONTROL);
        play.types(&n.to_string());
    });
    let rows = play.looks();
    assert_eq!((play.cursor, rows[14].as_str(), rows[10].as_str()), (Some((3, 14)), "  7", "› 3"));
}

#[test]
fn a_screen_of_another_size_shows_the_same() {
    let mut play = long(80, 24);
    play.says(3, "فکر می‌کنم مهلت پاسخ را خیلی کوتاه گذاشته‌ایم.");
    play.presses(KeyCode::PageUp);
    for (width, height) in [(40, 15), (80, 24), (20, 8), (200, 50), (80, 24)] {
        play.resizes(width, height);
        assert!(play.shows("line 40"), "{width}x{height}");
    }
    play.presses(KeyCode::End);
    play.resizes(30, 10);
    let rows = play.looks();
    assert!(rows.iter().any(|row| read(row).contains("گذاشته")), "{rows:#?}");
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        prop::sample::select(vec![
            "سلام (دو) hi",
            "a\tb\nc",
            "\u{1b}[2J\u{7}",
            "👩‍👩‍👧 日本",
            "/edit",
            "/delete",
            "/help",
            "//x",
            "",
            "\u{202e}evil"
        ])
        .prop_map(str::to_owned),
    ]
}

proptest! {
    #[test]
    fn whatever_happens_there_is_a_screen_without_controls(
        moves in prop::collection::vec((0_u8..16, text(), 1_u16..90, 1_u16..30), 0..16),
    ) {
        let mut play = Play::of(80, 24);
        for (what, text, width, height) in moves {
            match what {
                0..=2 => drop(play.says(2, &text)),
                3 => drop(play.happens(json!({ "type": "join", "member": { "id": u32::from(width) + 10, "name": text } }))),
                4 => drop(play.happens(json!({ "type": "leave", "member": { "id": width, "name": text } }))),
                5 => drop(play.app.pastes(&text, &play.chat)),
                6 => drop(play.enters(&text)),
                7 => play.resizes(width, height),
                8 => drop(play.presses(KeyCode::PageUp)),
                9 => drop(play.presses(KeyCode::PageDown)),
                10 => play.is_cut(&text),
                11 => play.app.focuses(width % 2 == 0),
                12 => drop(play.presses_with(KeyCode::Up, KeyModifiers::SHIFT)),
                13 => drop(play.presses([KeyCode::Up, KeyCode::Left, KeyCode::Tab, KeyCode::Esc, KeyCode::Home][usize::from(width) % 5])),
                14 => play.waits(u64::from(width) * 50),
                _ => play.is_in("reset", &json!({ "reason": "slow", "seq": 1000 + u64::from(width) })),
            }
            let rows = play.looks();
            prop_assert!(!rows.iter().any(|row| row.contains(|c: char| c.is_control() || c == '\u{202e}')), "{rows:?}");
        }
    }
}

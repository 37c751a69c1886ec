//! What is drawn.

use ratatui_crossterm::crossterm::event::KeyCode;
use serde_json::json;

use super::play::{Play, read};

/// A conversation with everything in it.
fn talk(width: u16, height: u16) -> Play {
    let mut play = Play::of(width, height);
    play.says(2, "Makes sense. The client waits 5 s, and the train tunnel is longer than that.");
    play.says(3, "سلام، بله. هر دو بار کمی پس از ping بی‌پاسخ بود.");
    play.says(3, "فکر می‌کنم مهلت پاسخ را خیلی کوتاه گذاشته‌ایم.");
    play.happens(json!({ "type": "join", "member": { "id": 4, "name": "Mina" } }));
    play.enters("Then let us look at the handshake first.");
    play.is_acknowledged();
    play.happens(json!({ "type": "private", "from": 2, "name": "Sara", "to": 1, "to_name": "Ali", "text": "psst" }));
    play
}

#[test]
fn a_conversation_in_both_scripts_on_a_usual_screen() {
    let mut play = talk(80, 24);
    play.hears(&json!({ "type": "typing", "room": "408213", "from": 2, "on": true }));
    play.types("سلام");
    let rows = play.looks();
    assert!(rows[0].starts_with("Charsu 408213") && rows[0].ends_with("4 people"), "{}", rows[0]);
    for wanted in [
        "Sara 16:00",
        "Makes sense. The client waits 5 s,",
        "Then let us look",
        "Sara → Ali",
        "Mina came",
        "Sara types",
    ] {
        assert!(rows.iter().any(|row| row.contains(wanted)), "{wanted}: {rows:#?}");
    }
    for wanted in ["سلام، بله. هر دو بار کمی پس از", "فکر می", "نیلوفر"] {
        assert!(rows.iter().any(|row| read(row).contains(wanted)), "{wanted}: {rows:#?}");
    }
}

#[test]
fn a_conversation_in_both_scripts_on_a_small_screen() {
    let mut play = talk(40, 15);
    play.types("hello");
    let rows = play.looks();
    assert_eq!(rows[0], "Charsu 408213                   4 people");
    assert!(read(&rows[1]).starts_with("نیلوفر"), "{}", rows[1]);
    for (n, words) in [(2, "سلام، بله. هر دو بار کمی پس از"), (3, "پاسخ بود."), (4, "فکر می")]
    {
        assert!(read(&rows[n]).contains(words), "{}", rows[n]);
    }
    assert_eq!(
        rows[7..],
        [
            "Ali 16:00",
            "  Then let us look at the handshake",
            "  first.",
            "Sara → Ali 16:00",
            "  psst",
            "",
            &*"─".repeat(40),
            "› hello"
        ]
    );
}

#[test]
fn a_small_screen_that_is_away_says_what_matters_first() {
    let mut play = talk(40, 15);
    play.is_cut("no server answers there");
    play.enters("meanwhile");
    play.enters("این هم در راه است و کمی طولانی‌تر از یک سطر");
    let rows = play.looks();
    assert!(rows[1].starts_with("Away, again in 1 s · 2 lines wait"), "{}", rows[1]);
    assert!(rows.iter().any(|row| row == "  meanwhile waits"), "{rows:#?}");
    // Behind the last word of a line from the right is left of it.
    let last = rows.iter().find(|row| read(row).contains("سطر")).expect("its last row");
    assert!(last.trim_start().starts_with("waits "), "{last}");
}

#[test]
fn a_wide_screen_keeps_lines_short_and_the_people_beside_them() {
    let mut play = talk(140, 30);
    play.presses(KeyCode::Up);
    let rows = play.looks();
    assert!(rows[1].contains("│ In this room") && rows[2].contains("│ Ali (you)"), "{rows:#?}");
    assert!(rows[28].starts_with("── changing your last line"), "{}", rows[28]);
    let longest = rows[1..27].iter().map(|row| row.split('│').next().unwrap_or_default().chars().count()).max();
    assert!(longest <= Some(96), "{longest:?}");
}

//! What must hold for any text at all.

use std::time::{Duration, Instant};

use charsu::code::Code;
use charsu::names::{Name, RoomName, key_of, near, suggest, written};
use charsu::slash::{self, Said};
use proptest::prelude::*;
use unicode_normalization::char::is_combining_mark;

use super::MAX_CHARS;

#[test]
fn a_megabyte_of_anything_is_read_in_a_moment() {
    for part in ["\u{301}", "\u{301}\u{323}", "\u{200C}می", " ", "👩\u{200D}", "/r/1", "ﷺ"] {
        let flood = part.repeat(1_000_000 / part.len());
        let began = Instant::now();
        assert!(Name::parse(&flood, MAX_CHARS).is_err());
        assert!(RoomName::parse(&flood).is_err());
        assert_eq!(Code::parse(&flood), None);
        assert_eq!(Code::find(&flood), None);
        assert!(near(&flood, [&*flood].into_iter()).len() <= 1);
        for line in [format!("/msg {flood} hi"), format!("/{flood}"), format!("/w \"{flood}\" hi")] {
            if let Said::Private(letter) = slash::parse(&line) {
                let _ = letter.open(["Mina"].into_iter());
            }
        }
        // What is not linear takes minutes; what is takes a fraction of this, on a machine that is busy with other tests too.
        assert!(began.elapsed() < Duration::from_secs(20), "{part:?}: {:?}", began.elapsed());
    }
}

/// Text that hits the rules: letters of several scripts with their look-alikes, marks, joiners, digits, emoji, gaps.
fn tricky() -> impl Strategy<Value = String> {
    const PARTS: &[&str] = &[
        "a",
        "I",
        "l",
        "m",
        "ß",
        "İ",
        "ı",
        "é",
        "A",
        "в",
        "В",
        "Ν",
        "ν",
        "η",
        "σ",
        "ς",
        "ا",
        "أ",
        "ي",
        "ی",
        "ه",
        "ة",
        "ۀ",
        "م",
        "ـ",
        "क",
        "्",
        "র",
        "න",
        "한",
        "\u{1112}",
        "ﷺ",
        "ﬁ",
        "𝓐",
        "1",
        "۲",
        "٥",
        "0",
        " ",
        "\u{A0}",
        "-",
        "_",
        ".",
        "'",
        "/",
        "\"",
        "\u{0}",
        "\u{200C}",
        "\u{200D}",
        "\u{202E}",
        "\u{FE0F}",
        "\u{20E3}",
        "\u{301}",
        "\u{307}",
        "\u{323}",
        "\u{654}",
        "\u{64B}",
        "\u{345}",
        "👩",
        "🏽",
        "❤",
        "🇮",
        "🏴",
        "\u{E0067}",
        "\u{E007F}",
        "\u{3164}",
        "\u{2800}",
        "ꓸ",
        "\u{E000}",
    ];
    prop::collection::vec(prop_oneof![8 => prop::sample::select(PARTS).prop_map(str::to_owned), 1 => any::<char>().prop_map(String::from)], 0..24)
        .prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_shown_name_is_clean_and_stays_so(typed in tricky(), max in 1_usize..40) {
        if let Ok(shown) = Name::parse(&typed, max) {
            prop_assert!(shown.as_str().len() <= 4 * max);
            let is_unseen = |c: char| c.is_control() || matches!(c, '\u{202A}'..='\u{202E}');
            prop_assert!(!shown.as_str().contains(is_unseen));
            prop_assert!(!shown.as_str().contains("  ") && shown.as_str().trim() == shown.as_str());
            prop_assert_eq!(&Name::parse(shown.as_str(), max).expect("still a name"), &shown);
            if !typed.contains(is_combining_mark) {
                prop_assert_eq!(shown.key(), key_of(&typed), "what is cleaned away counts for nothing");
            }
        }
    }

    #[test]
    fn the_key_of_a_key_is_that_key(typed in tricky()) {
        let key = key_of(&typed);
        prop_assert_eq!(&key_of(key.as_str()), &key);
        let form = written(&typed);
        prop_assert_eq!(&written(&form), &form);
    }

    #[test]
    fn names_written_alike_look_alike(typed in tricky()) {
        // But for Greek capitals among Latin letters, which look like others than their small forms.
        // Nor for the iota below, which is a mark in small letters and a letter in capitals.
        prop_assume!(!typed.contains(['Ν', 'ν', 'η', '\u{345}']));
        prop_assert_eq!(key_of(&written(&typed)), key_of(&typed));
        prop_assert_eq!(key_of(&typed.to_lowercase()), key_of(&typed));
        prop_assert_eq!(key_of(&typed.to_uppercase()), key_of(&typed));
    }

    #[test]
    fn a_rooms_name_is_its_own_name(written in tricky()) {
        if let Ok(room) = RoomName::parse(&written) {
            prop_assert_eq!(&RoomName::parse(room.as_str()).expect("still a name"), &room);
            prop_assert_eq!(room.is_code(), room.as_str().len() == 6 && room.as_str().bytes().all(|c| c.is_ascii_digit()));
            prop_assert!(room.as_str().chars().count() <= 64);
            prop_assert!(!room.as_str().contains(['/', '\\']));
        }
    }

    #[test]
    fn a_code_survives_being_written(number in 0_u32..1_000_000, gap in "[ \u{200E}-]{0,3}", zero in prop::sample::select(&['0', '۰', '٠', '０'][..])) {
        let digits: Vec<String> = format!("{number:06}").bytes()
            .map(|digit| char::from_u32(zero as u32 + u32::from(digit - b'0')).expect("a digit").to_string())
            .collect();
        let code = Code::parse(&digits.join(&gap)).expect("a code");
        prop_assert_eq!(code.number(), number);
        prop_assert_eq!(code.to_string(), format!("{number:06}"));
        prop_assert_eq!(RoomName::parse(&digits.join(&gap)), Ok(RoomName::from(code)));
    }
}

proptest! {
    // Fewer: each case does much.
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_suggestion_is_free_and_fits(typed in tricky(), max in 3_usize..40) {
        if let Ok(name) = Name::parse(&typed, max) {
            let taken = [name.key(), suggest(&name, |_| false, max).key()];
            let free = suggest(&name, |key| taken.contains(key), max);
            prop_assert!(!taken.contains(&free.key()), "{} for {}", free, name);
            prop_assert_eq!(&Name::parse(free.as_str(), max).expect("a name"), &free);
        }
    }

    #[test]
    fn no_text_is_too_strange(text in any::<String>(), other in tricky()) {
        for text in [&text, &other, &format!("/msg {text} {other}"), &format!("/w \"{other}\" {text}"), &format!("/r/{other}")] {
            let _ = (Name::parse(text, MAX_CHARS), RoomName::parse(text), Code::parse(text), Code::find(text));
            let _ = near(text, [&*other, "Mina"].into_iter());
            if let Said::Private(letter) = slash::parse(text) {
                let _ = letter.open([&*other, "Mina"].into_iter());
            }
        }
    }
}

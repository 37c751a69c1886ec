//! What is offered to somebody whose name is taken, or who wrote to nobody.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use charsu::names::{NameKey, key_of, near, suggest};

use super::{MAX_CHARS, name};

#[test]
fn a_taken_name_is_answered_with_the_next_free_number() {
    let taken: HashSet<NameKey> = ["Mina", "Mina 2", "mina3"].map(key_of).into();
    let free = |typed: &str| suggest(&name(typed), |key| taken.contains(key), MAX_CHARS).to_string();
    assert_eq!(free("Mina"), "Mina 4");
    assert_eq!(free("MINA 2"), "MINA 4");
    assert_eq!(free("Mina 11"), "Mina 12");
    assert_eq!(free("Mina 1999"), "Mina 1999 2", "a year is not a count");
    assert_eq!(free("7"), "7 2");
}

#[test]
fn the_number_is_in_the_digits_of_the_name() {
    let free = |typed: &str| suggest(&name(typed), |_| false, MAX_CHARS).to_string();
    assert_eq!(free("مینا"), "مینا ۲");
    assert_eq!(free("مینا ۹"), "مینا ۱۰");
    assert_eq!(free("مینا 3"), "مینا ۴");
    assert_eq!(free("علي"), "علي ٢", "an Arabic keyboard's yeh");
    assert_eq!(free("Ali رضا"), "Ali رضا ۲");
    assert_eq!(free("رضا Ali"), "رضا Ali 2");
    assert_eq!(free("🌷"), "🌷 2");
}

#[test]
fn a_suggestion_is_cut_between_characters_to_fit() {
    let cut = |typed: &str, max| suggest(&name(typed), |_| false, max).to_string();
    assert_eq!(cut("abcdefgh", 8), "abcdef 2");
    assert_eq!(cut("abcde fgh", 8), "abcde 2", "no space is left at the cut");
    assert_eq!(cut("ab👩\u{200D}👩\u{200D}👧cd", 6), "ab👩\u{200D}👩\u{200D}👧c 2", "a family is one character");
    assert_eq!(cut("ab👩\u{200D}👩\u{200D}👧cd", 4), "ab 2", "and is not torn apart");
    assert_eq!(cut("🇮🇷🇮🇹🇫🇷", 5), "🇮🇷🇮🇹 2");
    assert_eq!(cut("می\u{200C}نا", 4), "می ۲");
    assert_eq!(cut("Jose\u{301}phine", 6), "José 2");
    assert_eq!(cut("Mina", 1), "2");
}

#[test]
fn a_crowded_name_costs_few_tries() {
    let taken: HashSet<NameKey> =
        (1..5000).map(|number| key_of(&format!("Mina {number}"))).chain([key_of("Mina")]).collect();
    let tries = std::cell::Cell::new(0);
    let count = |key: &NameKey| {
        tries.set(tries.get() + 1);
        taken.contains(key)
    };
    let free = suggest(&name("Mina"), count, MAX_CHARS);
    assert!(!taken.contains(&free.key()), "{free}");
    assert!(tries.get() < 200, "{} tries", tries.get());
}

#[test]
fn when_everything_is_taken_a_suggestion_is_still_an_end() {
    assert_eq!(suggest(&name("Mina"), |_| true, MAX_CHARS).as_str(), "Mina");
}

#[test]
fn near_names_are_those_a_slip_away_best_first() {
    let here = ["Ali Reza", "Mina", "Armin", "نیلوفر", "Ana", "Minoo", "Marina"];
    let like = |wanted: &str| near(wanted, here.iter().copied());
    assert_eq!(like("mnia"), ["Mina"], "exchanged letters");
    assert_eq!(like("Min"), ["Mina", "Minoo"], "a beginning, the shorter first");
    assert_eq!(like("نيلوفز"), ["نیلوفر"], "another keyboard and a slip");
    assert_eq!(like("ali"), ["Ali Reza"]);
    assert_eq!(like("ALI-REZA"), ["Ali Reza"]);
    assert_eq!(like("Bahram"), Vec::<&str>::new());
    assert_eq!(like("x"), Vec::<&str>::new(), "one letter is like everything");
    assert_eq!(like(""), Vec::<&str>::new());
    assert_eq!(near("Mina", ["Mina 1", "Mina 2", "Mina 3", "Mina 4"].into_iter()), ["Mina 1", "Mina 2", "Mina 3"]);
}

#[test]
fn near_is_quick_among_five_thousand() {
    let here: Vec<String> = (0..5000).map(|number| format!("Nilufar Rahmani {number}")).collect();
    let began = Instant::now();
    assert_eq!(near("Nilufra Rahmani 4321", here.iter().map(|name| &**name))[0], "Nilufar Rahmani 4321");
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
}

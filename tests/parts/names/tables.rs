//! The tables of cases that the page's tests read too.

use std::collections::{HashMap, HashSet};
use std::fmt::Debug;

use charsu::code::Code;
use charsu::names::{Name, NameKey, NameProblem, RoomName, RoomProblem, key_of, written};
use serde::Deserialize;

use super::MAX_CHARS;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Names {
    display: Vec<Display>,
    same: Vec<Group>,
    different: Vec<Group>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Display {
    why: String,
    r#in: String,
    out: Option<String>,
    problem: Option<String>,
    max: Option<usize>,
    /// Whether the page, which has no table of look-alikes, says the same.
    #[serde(rename = "page")]
    _page: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    why: String,
    names: Vec<String>,
    /// Whether the names are one when they are compared as written.
    page: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Codes {
    codes: Vec<CodeCase>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CodeCase {
    why: String,
    r#in: String,
    parse: Option<String>,
    find: Option<String>,
}

#[derive(Deserialize)]
struct Rooms {
    rooms: Vec<RoomCase>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RoomCase {
    why: String,
    r#in: String,
    room: Option<String>,
    code: Option<bool>,
    problem: Option<String>,
}

fn table<T: serde::de::DeserializeOwned>(json: &str) -> T {
    serde_json::from_str(json).expect("a table of cases")
}

fn names() -> Names {
    table(include_str!("../../tables/names.json"))
}

fn codes() -> Vec<CodeCase> {
    table::<Codes>(include_str!("../../tables/codes.json")).codes
}

fn rooms() -> Vec<RoomCase> {
    table::<Rooms>(include_str!("../../tables/rooms.json")).rooms
}

/// All cases are looked at before the test fails, so that one run tells all that is wrong.
fn hold(wrong: Vec<String>) {
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
}

fn wrong<T: Debug + PartialEq>(why: &str, typed: impl Debug, got: T, want: T) -> Option<String> {
    (got != want).then(|| format!("{why}: {typed:?} gave {got:?}, not {want:?}"))
}

fn name_problem(problem: NameProblem) -> &'static str {
    match problem {
        NameProblem::Empty => "empty",
        NameProblem::TooLong => "too_long",
        NameProblem::Invalid => "invalid",
        NameProblem::Reserved => "reserved",
    }
}

fn room_problem(problem: RoomProblem) -> &'static str {
    match problem {
        RoomProblem::Empty => "empty",
        RoomProblem::TooLong => "too_long",
        RoomProblem::Invalid => "invalid",
    }
}

#[test]
fn a_typed_name_is_shown_or_refused_as_the_table_says() {
    let cases = names().display.into_iter().filter_map(|case| {
        let got = Name::parse(&case.r#in, case.max.unwrap_or(MAX_CHARS));
        let got = got.map(|name| name.to_string()).map_err(name_problem);
        let want = case.out.as_ref().map(ToString::to_string).ok_or(case.problem.as_deref().unwrap_or("?"));
        wrong(&case.why, &case.r#in, got, want)
    });
    hold(cases.collect());
}

#[test]
fn names_of_one_group_have_one_key() {
    let cases = names().same.into_iter().flat_map(|group| {
        let keys: Vec<NameKey> = group.names.iter().map(|name| key_of(name)).collect();
        let other = keys.iter().position(|key| *key != keys[0]);
        let key = other.map(|at| format!("{}: {:?} is not {:?}", group.why, group.names[at], group.names[0]));
        let forms: HashSet<String> = group.names.iter().map(|name| written(name)).collect();
        let form = wrong(&group.why, (&group.names, &forms), forms.len() == 1, group.page == Some(true));
        key.into_iter().chain(form)
    });
    hold(cases.collect());
}

#[test]
fn names_of_different_people_have_different_keys() {
    let cases = names().different.into_iter().filter_map(|group| {
        let mut keys = HashMap::new();
        group.names.iter().find_map(|name| {
            let same = keys.insert(key_of(name), name)?;
            Some(format!("{}: {name:?} has the key of {same:?}", group.why))
        })
    });
    hold(cases.collect());
}

#[test]
fn a_code_is_read_as_people_write_it() {
    let cases = codes().into_iter().flat_map(|case| {
        let text = |code: Option<Code>| code.map(|code| code.to_string());
        let parsed = wrong(&case.why, &case.r#in, text(Code::parse(&case.r#in)), case.parse);
        parsed.into_iter().chain(wrong(&case.why, &case.r#in, text(Code::find(&case.r#in)), case.find))
    });
    hold(cases.collect());
}

#[test]
fn a_room_has_one_name_however_it_is_written() {
    let cases = rooms().into_iter().filter_map(|case| {
        let got = RoomName::parse(&case.r#in);
        let got = got.map(|room| (room.to_string(), room.is_code())).map_err(room_problem);
        let want = match (&case.room, &case.problem) {
            (Some(room), None) => Ok((room.clone(), case.code == Some(true))),
            (_, problem) => Err(problem.as_deref().unwrap_or("?")),
        };
        wrong(&case.why, &case.r#in, got, want)
    });
    hold(cases.collect());
}

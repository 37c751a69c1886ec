//! The commonest frame, a line that is said, read in one pass over its bytes. It only recognises what every client writes:
//! four fields in any order, texts without escapes. Whatever is unusual is left to the reader of all commands, whose answer
//! for what is recognised here is the same.

use std::borrow::Cow;

use super::{Command, SAFE_INTEGER};
use crate::json;

/// The frame as a line to say, if it is written in the usual way.
pub(super) fn read(frame: &str) -> Option<Command<'_>> {
    let (mut kind, mut id, mut room, mut text) = (None, None, None, None);
    let mut rest = frame.strip_prefix('{')?;
    loop {
        // Each field once, so that nothing is taken that is refused elsewhere.
        if let Some(value) = key(rest, "text") {
            rest = put(&mut text, string(value)?)?;
        } else if let Some(value) = key(rest, "room") {
            rest = put(&mut room, string(value)?)?;
        } else if let Some(value) = key(rest, "id") {
            rest = put(&mut id, number(value)?)?;
        } else {
            rest = put(&mut kind, string(key(rest, "type")?)?)?;
        }
        match rest.strip_prefix(',') {
            Some(more) => rest = more.strip_prefix(' ').unwrap_or(more),
            None if rest == "}" => break,
            None => return None,
        }
    }
    (kind? == "say").then_some(Command::Say { id: id?, room: Cow::Borrowed(room?), text: Cow::Borrowed(text?) })
}

/// What follows a key and its colon.
fn key<'f>(rest: &'f str, name: &str) -> Option<&'f str> {
    let value = rest.strip_prefix('"')?.strip_prefix(name)?.strip_prefix("\":")?;
    Some(value.strip_prefix(' ').unwrap_or(value))
}

/// A string without escapes, and what follows it.
fn string(rest: &str) -> Option<(&str, &str)> {
    json::take_plain(rest.strip_prefix('"')?)
}

/// A command's number, and what follows it.
fn number(rest: &str) -> Option<(u64, &str)> {
    let length = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, after) = rest.split_at(length);
    // JSON knows no leading zero, and zero is no command's number.
    let number = digits.parse().ok().filter(|number| *number <= SAFE_INTEGER && !digits.starts_with('0'))?;
    Some((number, after))
}

/// Keeps a field that was not there before, and hands back what follows it.
fn put<'f, T>(field: &mut Option<T>, (value, rest): (T, &'f str)) -> Option<&'f str> {
    field.replace(value).is_none().then_some(rest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Frames that are nearly what is recognised: fields in any order, some twice, some missing, some odd.
    fn nearly_a_line() -> impl Strategy<Value = String> {
        let field = prop_oneof![
            4 => Just(r#""type":"say""#.to_owned()),
            4 => (0_u64..=20).prop_map(|id| format!(r#""id":{id}"#)),
            4 => Just(r#""room":"general""#.to_owned()),
            4 => "[a-z سلام]{0,12}".prop_map(|text| format!(r#""text":"{text}""#)),
            1 => Just(r#""type":"typing""#.to_owned()),
            1 => Just(r#""id":9007199254740991"#.to_owned()),
            1 => Just(r#""id":9007199254740992"#.to_owned()),
            1 => Just(r#""id":18446744073709551616"#.to_owned()),
            1 => Just(r#""id":01"#.to_owned()),
            1 => Just(r#""id":-1"#.to_owned()),
            1 => Just(r#""id":1.0"#.to_owned()),
            1 => Just(r#""id":1e1"#.to_owned()),
            1 => Just(r#""id": 7"#.to_owned()),
            1 => Just(r#""id":  7"#.to_owned()),
            1 => Just(r#""text":"a\"b""#.to_owned()),
            1 => Just(r#""text":"a\\""#.to_owned()),
            1 => Just("\"text\":\"a\tb\"".to_owned()),
            1 => Just(r#""text":null"#.to_owned()),
            1 => Just(r#""text":5"#.to_owned()),
            1 => Just(r#""te\u0078t":"x""#.to_owned()),
            1 => Just(r#""other":"x""#.to_owned()),
            1 => Just(String::new()),
        ];
        let parts =
            proptest::collection::vec((field, prop_oneof![6 => Just(","), 1 => Just(", "), 1 => Just(" , ")]), 0..6);
        (parts, prop_oneof![6 => Just("}"), 1 => Just(",}"), 1 => Just("} "), 1 => Just(""), 1 => Just("}}")]).prop_map(
            |(parts, end)| {
                let mut frame = String::from("{");
                for (index, (field, comma)) in parts.iter().enumerate() {
                    if index > 0 {
                        frame.push_str(comma);
                    }
                    frame.push_str(field);
                }
                frame + end
            },
        )
    }

    #[test]
    fn what_clients_write_is_recognised() {
        for frame in [
            r#"{"type":"say","id":7,"room":"408213","text":"سلام"}"#,
            r#"{"type": "say", "id": 7, "room": "408213", "text": "سلام"}"#,
            r#"{"text":"سلام","room":"408213","id":7,"type":"say"}"#,
        ] {
            let said = Command::Say { id: 7, room: "408213".into(), text: "سلام".into() };
            assert_eq!(read(frame), Some(said), "{frame}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn what_is_recognised_is_what_the_reader_of_all_commands_reads(frame in nearly_a_line()) {
            if let Some(line) = read(&frame) {
                prop_assert_eq!(Command::read_any(&frame), Ok(line));
            }
        }
    }
}

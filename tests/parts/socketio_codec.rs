//! Packets of Engine.IO and Socket.IO, read and written, without a socket: what the protocols say, what they forbid, and
//! anything at all. More cases: `PROPTEST_CASES=10000`.

use charsu::names::RoomName;
use charsu::room::Epoch;
use charsu::transport::socketio::Violation;
use charsu::transport::socketio::attachments::{Assembly, Step, Whole};
use charsu::transport::socketio::engine::{self, MAX_PACKETS, Piece};
use charsu::transport::socketio::fields::{self, Fields, Scalar};
use charsu::transport::socketio::packet::{self, Packet, Type};
use charsu::wire::socketio::{self, Flavour, Place, Shape};
use proptest::prelude::*;

/// All of a payload, or why it ends early.
fn read_payload(body: &str) -> Result<Vec<Piece<'_>>, Violation> {
    engine::payload(body).collect()
}

fn message(data: &str) -> Piece<'_> {
    Piece::Text(engine::Packet::Message(data))
}

#[test]
fn a_payload_is_packets_with_separators_between_them() {
    let body = "4hello\u{1e}2probe\u{1e}bAQIDBA==\u{1e}5\u{1e}6\u{1e}1\u{1e}3";
    let pieces = read_payload(body).expect("a payload");
    let text = |packet| Piece::Text(packet);
    let wanted = [
        message("hello"),
        text(engine::Packet::Ping("probe")),
        Piece::Binary(vec![1, 2, 3, 4]),
        text(engine::Packet::Upgrade),
        text(engine::Packet::Noop),
        text(engine::Packet::Close),
        text(engine::Packet::Pong("")),
    ];
    assert_eq!(pieces, wanted);
}

#[test]
fn a_payload_is_refused_for_what_is_wrong_with_it() {
    for (body, why) in [
        ("", Violation::EngineType),
        ("abc", Violation::EngineType),
        ("7", Violation::EngineType),
        ("\u{1e}", Violation::EngineType),
        ("4a\u{1e}", Violation::EngineType),
        ("4a\u{1e}\u{1e}4b", Violation::EngineType),
        ("b!", Violation::NotBase64),
        ("bAQIDBA=A", Violation::NotBase64),
    ] {
        assert_eq!(read_payload(body), Err(why), "{body:?}");
    }
    assert_eq!(read_payload("bAQIDBA").expect("without padding"), [Piece::Binary(vec![1, 2, 3, 4])]);
    let packets = |count: usize| vec!["4"; count].join("\u{1e}");
    assert_eq!(read_payload(&packets(MAX_PACKETS)).expect("as many as may be").len(), MAX_PACKETS);
    assert_eq!(read_payload(&packets(MAX_PACKETS + 1)), Err(Violation::TooManyPackets));
}

#[test]
fn what_comes_before_a_broken_packet_is_good() {
    let mut pieces = engine::payload("4a\u{1e}4b\u{1e}x");
    assert_eq!(pieces.next(), Some(Ok(message("a"))));
    assert_eq!(pieces.next(), Some(Ok(message("b"))));
    assert_eq!(pieces.next(), Some(Err(Violation::EngineType)));
}

#[test]
fn packets_are_read_as_the_protocol_writes_them() {
    let packet = |kind, attachments, namespace, id, data| Packet { kind, attachments, namespace, id, data };
    for (text, wanted) in [
        ("0", packet(Type::Connect, 0, "/", None, "")),
        (r#"0{"token":"123"}"#, packet(Type::Connect, 0, "/", None, r#"{"token":"123"}"#)),
        ("0/admin,", packet(Type::Connect, 0, "/admin", None, "")),
        ("0/admin", packet(Type::Connect, 0, "/admin", None, "")),
        (r#"0/admin,{"a":1}"#, packet(Type::Connect, 0, "/admin", None, r#"{"a":1}"#)),
        ("1", packet(Type::Disconnect, 0, "/", None, "")),
        ("1/admin,", packet(Type::Disconnect, 0, "/admin", None, "")),
        (r#"2["foo"]"#, packet(Type::Event, 0, "/", None, r#"["foo"]"#)),
        (r#"2/admin,["bar"]"#, packet(Type::Event, 0, "/admin", None, r#"["bar"]"#)),
        (r#"212["foo"]"#, packet(Type::Event, 0, "/", Some(12), r#"["foo"]"#)),
        (r#"3/admin,13["bar"]"#, packet(Type::Ack, 0, "/admin", Some(13), r#"["bar"]"#)),
        ("312[]", packet(Type::Ack, 0, "/", Some(12), "[]")),
        (r#"4{"message":"no"}"#, packet(Type::ConnectError, 0, "/", None, r#"{"message":"no"}"#)),
        (
            r#"51-["baz",{"_placeholder":true,"num":0}]"#,
            packet(Type::Event, 1, "/", None, r#"["baz",{"_placeholder":true,"num":0}]"#),
        ),
        (
            r#"52-/admin,9["baz",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#,
            packet(
                Type::Event,
                2,
                "/admin",
                Some(9),
                r#"["baz",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#,
            ),
        ),
        ("60-1[]", packet(Type::Ack, 0, "/", Some(1), "[]")),
    ] {
        assert_eq!(Packet::read(text), Ok(wanted), "{text}");
    }
}

#[test]
fn packets_are_refused_for_what_is_wrong_with_them() {
    let deep = |depth: usize| format!("2[\"a\",{}1{}]", "[".repeat(depth - 1), "]".repeat(depth - 1));
    let namespace = |length: usize| format!("2/{},[\"a\"]", "n".repeat(length - 1));
    for (text, why) in [
        ("", Violation::PacketType),
        ("abc", Violation::PacketType),
        ("7[]", Violation::PacketType),
        ("é", Violation::PacketType),
        ("2", Violation::Payload),
        ("2{}", Violation::Payload),
        ("2[", Violation::Payload),
        (r#"2["a"]x"#, Violation::Payload),
        (r#"2abc["a"]"#, Violation::Payload),
        (r#"2 ["a"]"#, Violation::Payload),
        ("0[]", Violation::Payload),
        ("0 ", Violation::Payload),
        ("1{}", Violation::Payload),
        ("3{}", Violation::Payload),
        ("4[]", Violation::Payload),
        (r#"5["a"]"#, Violation::AttachmentCount),
        (r#"5-["a"]"#, Violation::AttachmentCount),
        (r#"5+1-["a"]"#, Violation::AttachmentCount),
        (r#"511-["a"]"#, Violation::AttachmentCount),
        (r#"51000000000-["a"]"#, Violation::AttachmentCount),
        (r#"299999999999999999["a"]"#, Violation::AckId),
        (r#"2123456789012345678901234567890["a"]"#, Violation::AckId),
        (&*deep(33), Violation::TooDeep),
        (&*deep(50_000), Violation::TooDeep),
        (&*namespace(65), Violation::LongNamespace),
        (&*namespace(1 << 20), Violation::LongNamespace),
    ] {
        let shown: String = text.chars().take(60).collect();
        assert_eq!(Packet::read(text), Err(why), "{shown}");
    }
    Packet::read(&deep(32)).expect("as deep as may be");
    Packet::read(&namespace(64)).expect("as long as may be");
    Packet::read(r#"2["brackets in [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[ text \"[[[ "]"#).expect("they do not count");
}

#[test]
fn an_event_has_a_name_that_is_not_the_libraries_own() {
    fn event(data: &str) -> Result<packet::Event<'_>, Violation> {
        Packet { kind: Type::Event, attachments: 0, namespace: "/", id: None, data }.event()
    }
    let read = event(r#"["chat message", "h\u0069", {"a": [1, 2]}, null]"#).expect("an event");
    assert_eq!(read.name, "chat message");
    assert_eq!(read.arguments, [r#""h\u0069""#, r#"{"a": [1, 2]}"#, "null"], "as they were written");
    assert_eq!(read.text(0).as_deref(), Some("hi"));
    assert_eq!(read.text(1), None);
    assert_eq!(read.text(9), None);
    for data in ["[]", "[1]", "[null]", r#"[["a"]]"#, r#"["\ud800"]"#] {
        assert_eq!(event(data), Err(Violation::Payload), "{data}");
    }
    for name in ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"] {
        let data = format!("[\"{name}\"]");
        assert_eq!(event(&data), Err(Violation::ReservedEvent), "{name}");
    }
    assert_eq!(event(r#"["dis\u0063onnect"]"#), Err(Violation::ReservedEvent), "however it is written");
}

/// A packet with its attachments, and what comes of it.
fn assembled(text: &str, attachments: &[&[u8]], max_bytes: usize) -> Result<Option<Whole>, Violation> {
    let packet = Packet::read(text)?;
    let mut assembly = Box::new(Assembly::begin(&packet, text, max_bytes)?);
    for (index, attachment) in attachments.iter().enumerate() {
        match assembly.take(attachment)? {
            Step::More(more) => assembly = more,
            Step::Whole(whole) => {
                assert_eq!(index + 1, attachments.len(), "nothing is left over");
                return Ok(Some(whole));
            }
        }
    }
    Ok(None)
}

#[test]
fn a_packet_is_whole_with_its_last_attachment() {
    let text = r#"52-["a",{"_placeholder":true,"num":0},{"in":[{"_placeholder":true,"num":1}]}]"#;
    assert_eq!(assembled(text, &[b"one"], 6), Ok(None));
    let whole = assembled(text, &[b"one", b"two"], 6).expect("it fits").expect("it is whole");
    assert_eq!(whole, Whole { text: text.to_owned(), attachments: vec![b"one".to_vec(), b"two".to_vec()] });
    assert_eq!(assembled(text, &[b"one", b"four"], 6), Err(Violation::AttachmentsTooLarge));
}

#[test]
fn a_placeholder_that_would_break_its_receiver_is_refused() {
    for placeholder in [
        r#"{"_placeholder":true,"num":1}"#,
        r#"{"_placeholder":true,"num":-1}"#,
        r#"{"_placeholder":true,"num":0.5}"#,
        r#"{"_placeholder":true,"num":"0"}"#,
        r#"{"_placeholder":true}"#,
        r#"{"x":{"_placeholder":true,"num":7}}"#,
        r#"[[{"_placeholder":true,"num":0,"num":7}]]"#,
    ] {
        let text = format!("51-[\"a\",{placeholder}]");
        assert_eq!(assembled(&text, &[b""], 100), Err(Violation::Placeholder), "{placeholder}");
    }
    for data in [r#"["a"]"#, r#"["a",{"_placeholder":false,"num":7}]"#, r#"["a",{"_placeholder":1}]"#] {
        assert!(assembled(&format!("51-{data}"), &[b""], 100).is_ok(), "{data}");
    }
}

/// JSON, not deep, with what may mislead a reader in it.
fn json() -> impl Strategy<Value = serde_json::Value> {
    let key = prop_oneof![
        Just("$serde_json::private::RawValue".to_owned()),
        Just("_placeholder".to_owned()),
        Just("num".to_owned()),
        "[a-z\\\\\"{,\\[\\]}]{0,6}",
    ];
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        (0_u64..4).prop_map(Into::into),
        any::<i16>().prop_map(|n| (f64::from(n) / 4.0).into()),
        any::<String>().prop_map(Into::into),
        "[\\\\\"{,\\[\\]}: ]{0,9}".prop_map(Into::into),
    ];
    leaf.prop_recursive(6, 40, 5, move |inner| {
        let object = prop::collection::vec((key.clone(), inner.clone()), 0..5)
            .prop_map(|fields| serde_json::Value::Object(fields.into_iter().collect()));
        prop_oneof![prop::collection::vec(inner, 0..5).prop_map(Into::into), object]
    })
}

/// As the libraries put a packet together: whether nothing is missing.
fn are_placeholders_good(value: &serde_json::Value, attachments: u64) -> bool {
    match value {
        serde_json::Value::Object(fields) => {
            let is_one = fields.get("_placeholder") == Some(&true.into());
            let is_there = fields.get("num").and_then(serde_json::Value::as_u64).is_some_and(|num| num < attachments);
            (!is_one || is_there) && fields.values().all(|value| are_placeholders_good(value, attachments))
        }
        serde_json::Value::Array(values) => values.iter().all(|value| are_placeholders_good(value, attachments)),
        _ => true,
    }
}

/// A place as it stands behind an event.
fn written(place: Place, shape: Shape) -> String {
    let mut out = Vec::new();
    let room = RoomName::parse("general").expect("a name");
    socketio::notice(Flavour::new(shape, false, false).recovering(), &room, Some(place), "hi", &mut out);
    let text = String::from_utf8_lossy(&out).into_owned();
    let event: Vec<serde_json::Value> = serde_json::from_str(&text[text.find('[').expect("an event")..]).expect("JSON");
    event.last().and_then(serde_json::Value::as_str).expect("a place").to_owned()
}

/// What looks like packets, and what looks like nothing.
fn nearly_a_packet() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        "[0-9]{1,3}",
        "[0-9]{1,20}-",
        "/[a-z0-9]{0,8},?",
        Just("[\"chat message\",".to_owned()),
        Just("{\"_placeholder\":true,\"num\":0}".to_owned()),
        Just("{\"$serde_json::private::RawValue\":\"[[1]]\"}".to_owned()),
        Just("{\"\\u0024serde_json::private::RawValue\":".to_owned()),
        Just("]".to_owned()),
        Just("{}".to_owned()),
        Just("\u{1e}".to_owned()),
        "b[A-Za-z0-9+/=]{0,12}",
        any::<String>(),
    ];
    prop::collection::vec(part, 0..8).prop_map(|parts| parts.concat())
}

fn attachment() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..40)
}

proptest! {
    #[test]
    fn any_payload_is_read_or_refused(body in nearly_a_packet()) {
        let mut written = String::new();
        let mut is_whole = true;
        for piece in engine::payload(&body) {
            match piece {
                Ok(Piece::Text(packet)) => {
                    let mut bytes = Vec::new();
                    packet.push(&mut bytes);
                    engine::push_text(&mut written, &String::from_utf8(bytes).expect("text"));
                }
                Ok(Piece::Binary(data)) => engine::push_binary(&mut written, &data),
                Err(_) => {
                    is_whole = false;
                    break;
                }
            }
        }
        if is_whole {
            // Written again it says the same, though padding and what stands behind a close may differ.
            let again = read_payload(&written).expect("our own payload");
            prop_assert_eq!(again, read_payload(&body).expect("read before"));
        }
    }

    #[test]
    fn what_is_written_is_read(
        pieces in prop::collection::vec(prop_oneof![
            any::<String>().prop_filter("no separator in text", |text| !text.contains(engine::SEPARATOR)).prop_map(Ok),
            attachment().prop_map(Err),
        ], 1..20),
    ) {
        let mut body = String::new();
        for piece in &pieces {
            match piece {
                Ok(text) => engine::push_text(&mut body, &format!("4{text}")),
                Err(data) => engine::push_binary(&mut body, data),
            }
        }
        let wanted: Vec<Piece<'_>> = pieces
            .iter()
            .map(|piece| match piece {
                Ok(text) => message(text),
                Err(data) => Piece::Binary(data.clone()),
            })
            .collect();
        prop_assert_eq!(read_payload(&body).expect("our own payload"), wanted);
    }

    #[test]
    fn any_packet_is_read_or_refused(text in nearly_a_packet()) {
        if let Ok(packet) = Packet::read(&text) {
            prop_assert!(packet.attachments <= packet::MAX_ATTACHMENTS);
            prop_assert!(packet.namespace.starts_with('/') && packet.namespace.len() <= packet::MAX_NAMESPACE);
            prop_assert!(packet.id.is_none_or(|id| id <= packet::MAX_ID));
            if packet.kind == Type::Event && let Ok(event) = packet.event() {
                for argument in event.arguments {
                    prop_assert!(serde_json::from_str::<serde::de::IgnoredAny>(argument).is_ok());
                }
            }
            let mut head = Vec::new();
            packet::push_head(&mut head, packet.kind, packet.attachments, packet.namespace, packet.id);
            let again = format!("{}{}", String::from_utf8(head).expect("text"), packet.data);
            prop_assert_eq!(Packet::read(&again), Ok(packet));
        }
    }

    #[test]
    fn arguments_are_cut_where_they_end(arguments in prop::collection::vec(json(), 0..5), is_spaced: bool) {
        let mut all = vec![serde_json::Value::from("a, [event]")];
        all.extend(arguments.iter().cloned());
        let all = serde_json::Value::from(all);
        let data = if is_spaced { serde_json::to_string_pretty(&all).expect("JSON") } else { all.to_string() };
        let text = format!("2{data}");
        let event = Packet::read(&text).expect("a packet").event().expect("an event");
        prop_assert_eq!(&*event.name, "a, [event]");
        let read: Vec<serde_json::Value> =
            event.arguments.iter().map(|argument| serde_json::from_str(argument).expect("JSON")).collect();
        prop_assert_eq!(serde_json::Value::from(read).to_string(), serde_json::Value::from(arguments).to_string());
    }

    #[test]
    fn single_fields_are_what_they_are_in_the_whole(value in json(), attachments in 1_u64..3) {
        const WANTED: &[&str] = &["$serde_json::private::RawValue", "num", "a"];
        let text = value.to_string();
        let fields = Fields::read(&text, WANTED).expect("JSON");
        for name in WANTED {
            let wanted = value.get(name).map(|value| match value {
                serde_json::Value::String(text) => Scalar::Text(text.clone()),
                serde_json::Value::Number(number) if number.is_u64() => Scalar::Whole(number.as_u64().expect("whole")),
                serde_json::Value::Number(number) => Scalar::Number(number.as_f64().expect("a number").to_string()),
                _ => Scalar::Other,
            });
            prop_assert_eq!(fields.get(name), wanted.as_ref());
        }
        let is_good = fields::are_placeholders_good(&text, attachments as usize).expect("JSON");
        prop_assert_eq!(is_good, are_placeholders_good(&value, attachments));
    }

    #[test]
    fn any_place_is_read_or_refused(text in prop_oneof![any::<String>(), "[0-9a-f+]{0,20}-[0-9+]{0,22}-[podrsx]{0,2}"]) {
        if let Some((place, shape)) = Place::read(&text) {
            prop_assert_eq!(Place::read(&written(place, shape)), Some((place, shape)));
        }
    }

    #[test]
    fn a_place_is_read_as_it_was_written(epoch: u64, seq: u64, shape in 0_usize..5) {
        let shape = [Shape::Plain, Shape::Strings, Shape::Object, Shape::Demo, Shape::Rooms][shape];
        let place = Place { epoch: Epoch(epoch), seq };
        prop_assert_eq!(Place::read(&written(place, shape)), Some((place, shape)));
    }

    #[test]
    fn any_attachments_make_a_whole_packet_or_none(
        announced in 1_usize..12,
        data in prop_oneof![
            Just(r#"["a",{"_placeholder":true,"num":0}]"#.to_owned()),
            Just(r#"["a",{"_placeholder":true,"num":3}]"#.to_owned()),
            Just(r#"["a"]"#.to_owned()),
        ],
        attachments in prop::collection::vec(attachment(), 1..12),
        max_bytes in 0_usize..300,
    ) {
        let text = format!("5{announced}-{data}");
        let given: Vec<&[u8]> = attachments.iter().take(announced).map(Vec::as_slice).collect();
        match assembled(&text, &given, max_bytes) {
            Ok(Some(Whole { text: kept, attachments: whole })) => {
                prop_assert_eq!(kept, text);
                prop_assert_eq!(whole.len(), announced);
                prop_assert!(whole.iter().map(Vec::len).sum::<usize>() <= max_bytes);
                prop_assert_eq!(&whole[..], &attachments[..announced]);
            }
            Ok(None) => prop_assert!(attachments.len() < announced),
            Err(Violation::AttachmentsTooLarge) => prop_assert!(given.iter().map(|one| one.len()).sum::<usize>() > max_bytes),
            Err(Violation::Placeholder) => prop_assert!(data.contains('3') && announced <= 3),
            Err(Violation::AttachmentCount) => prop_assert!(announced > packet::MAX_ATTACHMENTS),
            Err(other) => prop_assert!(false, "{other}"),
        }
    }
}

//! The rules of RFC 6455 section 5 to 8, one by one.

use super::*;

fn text(text: &str) -> Heard {
    Heard::Text(text.to_owned())
}

fn limits(max_message: u32, max_fragments: u32) -> Limits {
    Limits { max_message, max_fragments }
}

#[test]
fn the_examples_of_the_rfc_are_understood() {
    let masked_hello = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
    assert_eq!(hear_whole(&masked_hello), [text("Hello")]);

    let fragmented = [client_frame(TEXT, b"Hel"), client_frame(FIN | CONTINUATION, b"lo")].concat();
    assert_eq!(hear_whole(&fragmented), [text("Hello")]);

    let masked_pong = [0x8a, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
    assert_eq!(hear_whole(&masked_pong), [Heard::Pong(b"Hello".to_vec())]);

    for length in [256, 65_536] {
        let binary = vec![7; length];
        assert_eq!(hear_whole(&client_frame(FIN | BINARY, &binary)), [Heard::Binary(binary)]);
    }
}

#[test]
fn every_length_form_carries_its_whole_range() {
    for length in [0, 1, 125, 126, 127, 65_535, 65_536] {
        let said = "x".repeat(length);
        assert_eq!(hear_whole(&client_frame(FIN | TEXT, said.as_bytes())), [text(&said)], "{length} bytes");
    }
}

#[test]
fn several_frames_of_one_read_come_out_in_order() {
    let bytes = [
        client_frame(FIN | TEXT, "سلام".as_bytes()),
        client_frame(FIN | PING, b"?"),
        client_frame(FIN | BINARY, &[0, 255]),
        client_frame(FIN | PONG, b""),
    ];
    let heard = [text("سلام"), Heard::Ping(b"?".to_vec()), Heard::Binary(vec![0, 255]), Heard::Pong(vec![])];
    assert_eq!(hear_whole(&bytes.concat()), heard);
}

#[test]
fn control_frames_come_out_between_the_fragments_of_a_message() {
    let bytes = [
        client_frame(TEXT, b"one "),
        client_frame(FIN | PING, b"now"),
        client_frame(CONTINUATION, b""),
        client_frame(FIN | PONG, b""),
        client_frame(FIN | CONTINUATION, b"message"),
    ];
    let heard = [Heard::Ping(b"now".to_vec()), Heard::Pong(vec![]), text("one message")];
    assert_eq!(hear_whole(&bytes.concat()), heard);
}

#[test]
fn a_frame_that_breaks_a_rule_is_refused() {
    let unmasked = [FIN | TEXT, 2, b'h', b'i'];
    assert_eq!(hear_whole(&unmasked), [Heard::Refused(Violation::Unmasked)]);

    for bit in [0x40, 0x20, 0x10] {
        let heard = hear_whole(&client_frame(FIN | bit | TEXT, b"hi"));
        assert_eq!(heard, [Heard::Refused(Violation::ReservedBit)], "bit {bit:#x}");
    }
    for opcode in [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] {
        let heard = hear_whole(&client_frame(FIN | opcode, b"hi"));
        assert_eq!(heard, [Heard::Refused(Violation::ReservedOpcode)], "opcode {opcode}");
    }
    for opcode in [CLOSE, PING, PONG] {
        let long = hear_whole(&client_frame(FIN | opcode, &[b'x'; 126]));
        assert_eq!(long, [Heard::Refused(Violation::LongControl)], "opcode {opcode}");
        let fragmented = hear_whole(&client_frame(opcode, b""));
        assert_eq!(fragmented, [Heard::Refused(Violation::FragmentedControl)], "opcode {opcode}");
    }
}

#[test]
fn fragments_out_of_place_are_refused() {
    for first in [CONTINUATION, FIN | CONTINUATION] {
        let heard = hear_whole(&client_frame(first, b"of what?"));
        assert_eq!(heard, [Heard::Refused(Violation::OrphanContinuation)]);
    }
    for second in [TEXT, FIN | TEXT, BINARY, FIN | BINARY] {
        let heard = hear_whole(&[client_frame(TEXT, b"one"), client_frame(second, b"two")].concat());
        assert_eq!(heard, [Heard::Refused(Violation::InterruptedMessage)]);
    }
    let after_the_end = [client_frame(FIN | TEXT, b"whole"), client_frame(FIN | CONTINUATION, b"more")].concat();
    assert_eq!(hear_whole(&after_the_end), [text("whole"), Heard::Refused(Violation::OrphanContinuation)]);
}

#[test]
fn a_length_has_to_be_in_its_shortest_form() {
    let in_two = |length: u16| [&[126][..], &length.to_be_bytes()].concat();
    let in_eight = |length: u64| [&[127][..], &length.to_be_bytes()].concat();
    for field in [in_two(0), in_two(125), in_eight(0), in_eight(126), in_eight(65_535)] {
        let heard = hear_whole(&client_frame_with(FIN | TEXT, &field, b""));
        assert_eq!(heard, [Heard::Refused(Violation::LengthNotMinimal)], "{field:?}");
    }
    for field in [in_eight(1 << 63), in_eight(u64::MAX)] {
        let heard = hear_whole(&client_frame_with(FIN | TEXT, &field, b""));
        assert_eq!(heard, [Heard::Refused(Violation::LengthOutOfRange)], "{field:?}");
    }
}

#[test]
fn a_message_over_the_limit_is_refused_on_its_length_field() {
    let most = vec![b'x'; 65_536];
    assert_eq!(hear_whole(&client_frame(FIN | BINARY, &most)), [Heard::Binary(most)]);

    let announced = [&[127][..], &65_537_u64.to_be_bytes()].concat();
    let frame = client_frame_with(FIN | BINARY, &announced, b"");
    let no_key_yet = &frame[..frame.len() - KEY.len()];
    assert_eq!(hear_whole(no_key_yet), [Heard::Refused(Violation::TooLarge)]);
    let largest = [&[127][..], &(u64::MAX >> 1).to_be_bytes()].concat();
    assert_eq!(hear_whole(&client_frame_with(FIN | TEXT, &largest, b"")), [Heard::Refused(Violation::TooLarge)]);
}

#[test]
fn the_size_limit_holds_for_the_sum_of_the_fragments() {
    let heard = |last: &[u8]| {
        let fragments =
            [client_frame(TEXT, b"1234"), client_frame(CONTINUATION, b""), client_frame(FIN | CONTINUATION, last)];
        hear(limits(8, 10), [&*fragments.concat()])
    };
    assert_eq!(heard(b"5678"), [text("12345678")]);
    assert_eq!(heard(b"56789"), [Heard::Refused(Violation::TooLarge)]);
}

#[test]
fn the_size_limit_counts_a_character_that_is_cut() {
    let (cut, rest) = "1234567é".as_bytes().split_at(8);
    let fragments = [client_frame(TEXT, cut), client_frame(FIN | CONTINUATION, rest)].concat();
    assert_eq!(hear(limits(9, 10), [&*fragments]), [text("1234567é")]);
    assert_eq!(hear(limits(8, 10), [&*fragments]), [Heard::Refused(Violation::TooLarge)]);
}

#[test]
fn the_size_limit_begins_anew_with_each_message() {
    let bytes = client_frame(FIN | TEXT, b"12345678").repeat(3);
    assert_eq!(hear(limits(8, 10), [&*bytes]), [text("12345678"), text("12345678"), text("12345678")]);
}

#[test]
fn a_message_in_too_many_fragments_is_refused() {
    let begin = [client_frame(TEXT, b""), client_frame(CONTINUATION, b"").repeat(2)].concat();
    let end = client_frame(FIN | CONTINUATION, b"end");
    assert_eq!(hear(limits(8, 4), [&*begin, &*end]), [text("end")]);
    assert_eq!(hear(limits(8, 3), [&*begin, &*end]), [Heard::Refused(Violation::TooManyFragments)]);

    let flood = [client_frame(BINARY, b""), client_frame(CONTINUATION, b"").repeat(200_000)].concat();
    assert_eq!(hear_whole(&flood), [Heard::Refused(Violation::TooManyFragments)]);
}

#[test]
fn a_close_comes_with_its_code_and_reason_or_without() {
    assert_eq!(hear_whole(&client_frame(FIN | CLOSE, b"")), [Heard::Close(None)]);
    for code in [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999] {
        let heard = hear_whole(&client_close(code, "خدا حافظ".as_bytes()));
        assert_eq!(heard, [Heard::Close(Some((code, "خدا حافظ".to_owned())))]);
    }
}

#[test]
fn a_close_that_breaks_a_rule_is_refused() {
    assert_eq!(hear_whole(&client_frame(FIN | CLOSE, &[3])), [Heard::Refused(Violation::TruncatedClose)]);
    for code in [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535] {
        assert_eq!(hear_whole(&client_close(code, b"")), [Heard::Refused(Violation::CloseCode)], "{code}");
    }
    assert_eq!(hear_whole(&client_close(1000, b"\xff")), [Heard::Refused(Violation::NotUtf8)]);
}

#[test]
fn what_follows_a_close_or_a_violation_is_dropped() {
    let more = client_frame(FIN | TEXT, b"and another thing");
    for last_word in [client_close(1000, b""), client_frame(FIN | TEXT, b"\xff")] {
        let together = hear_whole(&[&*last_word, &*more].concat());
        assert_eq!(together.len(), 1);
        assert_eq!(hear(Limits::default(), [&*last_word, &*more]), together);
    }
}

#[test]
fn a_half_said_message_is_let_go_when_the_connection_ends() {
    for last_word in [client_close(1000, b""), client_frame(FIN | TEXT, b"inside another")] {
        let mut decoder = Decoder::new(Limits::default());
        feed(&mut decoder, &client_frame(TEXT, b"half"), &mut Vec::new());
        assert!(!decoder.is_idle());
        feed(&mut decoder, &last_word, &mut Vec::new());
        assert!(decoder.is_idle());
    }
}

#[test]
fn a_listener_may_break_off_and_go_on_where_it_was() {
    let mut decoder = Decoder::new(Limits::default());
    let mut heard = Vec::new();
    let mut bytes = [client_frame(FIN | TEXT, b"x").repeat(3), client_frame(TEXT, b"begun")].concat();
    let mut from = 0;
    let mut pauses = 0;
    while from < bytes.len() {
        let taken = decoder.feed(&mut bytes[from..], |item| {
            heard.push(Heard::from(item));
            ControlFlow::Break(())
        });
        from += taken.expect("no rule was broken");
        pauses += 1;
    }
    assert_eq!(heard, [text("x"), text("x"), text("x")]);
    assert_eq!(pauses, 4, "one for each item, and one for what is only begun");
    assert!(decoder.in_message());
}

#[test]
fn text_is_refused_at_the_first_byte_that_cannot_be_utf8() {
    // Overlong, surrogate, over U+10FFFF, a lone continuation, a character cut short by ASCII.
    for (good, bad) in [
        (&b"\xce\xba\xe1\xbd\xb9"[..], 0xc0),
        (b"\xe0", 0x9f),
        (b"abc\xed", 0xa0),
        (b"\xf4", 0x90),
        (b"\xf0", 0x8f),
        (b"", 0xf5),
        (b"", 0x80),
        (b"\xf0\x9f\x98", b'x'),
    ] {
        for first in [TEXT, FIN | TEXT] {
            let mut decoder = Decoder::new(Limits::default());
            let mut heard = Vec::new();
            let payload = [good, &[bad], b"much more to come"].concat();
            let frame = client_frame(first, &payload);
            let until_bad = frame.len() - payload.len() + good.len();
            feed(&mut decoder, &frame[..until_bad], &mut heard);
            assert_eq!(heard, [], "{good:x?} may go on");
            feed(&mut decoder, &frame[until_bad..=until_bad], &mut heard);
            assert_eq!(heard, [Heard::Refused(Violation::NotUtf8)], "{good:x?} then {bad:x}");
        }
    }
}

#[test]
fn a_character_may_be_cut_by_frames_but_not_by_the_end_of_the_message() {
    let said = "a é ژ 😀";
    for at in 0..=said.len() {
        let (one, two) = said.as_bytes().split_at(at);
        let heard = hear_whole(&[client_frame(TEXT, one), client_frame(FIN | CONTINUATION, two)].concat());
        assert_eq!(heard, [text(said)], "cut at {at}");
    }
    let cut = &said.as_bytes()[..said.len() - 1];
    assert_eq!(hear_whole(&client_frame(FIN | TEXT, cut)), [Heard::Refused(Violation::NotUtf8)]);
    let cut_in_parts = [client_frame(TEXT, cut), client_frame(FIN | CONTINUATION, b"")].concat();
    assert_eq!(hear_whole(&cut_in_parts), [Heard::Refused(Violation::NotUtf8)]);
}

#[test]
fn the_decoder_tells_what_is_half_said() {
    let mut decoder = Decoder::new(Limits::default());
    let mut heard = Vec::new();
    let mut say = |bytes: &[u8]| {
        feed(&mut decoder, bytes, &mut heard);
        (decoder.is_idle(), decoder.in_message())
    };
    assert_eq!(say(&client_frame(FIN | TEXT, b"whole")), (true, false));
    let ping = client_frame(FIN | PING, b"?");
    assert_eq!(say(&ping[..1]), (false, false), "half a header");
    assert_eq!(say(&ping[1..]), (true, false));
    assert_eq!(say(&ping[..6]), (false, false), "half a control frame");
    assert_eq!(say(&ping[6..]), (true, false));
    let cut = client_frame(FIN | TEXT, b"cut");
    assert_eq!(say(&cut[..7]), (false, true), "half a frame");
    assert_eq!(say(&cut[7..]), (true, false));
    assert_eq!(say(&client_frame(TEXT, b"half ")), (false, true), "half a message");
    assert_eq!(say(&ping), (false, true), "a ping does not finish it");
    assert_eq!(say(&client_frame(FIN | CONTINUATION, b"a message")), (true, false));
}

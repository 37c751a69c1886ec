//! Offers of extensions: which are taken up, on what terms, and what is no list of them.

use charsu::transport::ws::extension::{Malformed, Terms, agree};
use charsu::transport::ws::handshake::Refusal;
use http::HeaderValue;
use proptest::prelude::*;

use super::handshake::{check, with};
use super::remembering;

/// The header's name.
const EXTENSIONS: &str = "sec-websocket-extensions";

/// What is agreed to unless a window is named.
const USUAL: &str = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

/// The answer to the lines of a header.
fn answer(lines: &[&[u8]]) -> Result<Option<String>, Malformed> {
    let text = |terms: Terms| terms.answer().to_str().expect("ASCII").to_owned();
    agree(lines.iter().copied()).map(|terms| terms.map(text))
}

fn with_window(bits: u8) -> String {
    format!("{USUAL}; server_max_window_bits={bits}")
}

#[test]
fn an_offer_is_taken_up_on_the_terms_that_nothing_is_remembered() {
    for offer in [
        "permessage-deflate",
        "permessage-deflate; client_max_window_bits",
        "permessage-deflate; client_max_window_bits=8",
        "permessage-deflate; client_max_window_bits=15; server_no_context_takeover; client_no_context_takeover",
        "  permessage-deflate\t;client_max_window_bits = \"10\" ",
        ",, permessage-deflate ,",
        "x-webkit-deflate-frame, permessage-deflate",
        "permessage-bzip2; speed=\"5\", permessage-deflate",
    ] {
        assert_eq!(answer(&[offer.as_bytes()]), Ok(Some(USUAL.to_owned())), "{offer}");
    }
    for none in ["", ",", "permessage-bzip2", "permessage-deflate2", "PerMessage-Deflate", "x; permessage-deflate"] {
        assert_eq!(answer(&[none.as_bytes()]), Ok(None), "{none:?}");
    }
    assert_eq!(answer(&[]), Ok(None));
}

#[test]
fn the_window_that_the_client_sets_is_kept_and_named() {
    for bits in 8..=15 {
        for offer in [
            format!("permessage-deflate; server_max_window_bits={bits}"),
            format!("permessage-deflate;client_max_window_bits;server_max_window_bits=\"{bits}\""),
        ] {
            assert_eq!(answer(&[offer.as_bytes()]), Ok(Some(with_window(bits))), "{offer}");
            let terms = agree([offer.as_bytes()]).expect("well-formed").expect("an offer");
            assert_eq!(terms.server_window(), bits);
        }
    }
    assert_eq!(agree([&b"permessage-deflate"[..]]).expect("well-formed").map(Terms::server_window), Some(15));
    assert_eq!(answer(&[b"permessage-deflate; server_max_window_bits=\"1\\5\""]), Ok(Some(with_window(15))));
}

#[test]
fn an_offer_that_no_server_may_take_up_is_passed_over_for_the_next() {
    for bad in [
        "server_no_context_takeover=1",
        "client_no_context_takeover=\"\\t\\r\\u\\e\"",
        "server_max_window_bits",
        "server_max_window_bits=7",
        "server_max_window_bits=16",
        "server_max_window_bits=08",
        "server_max_window_bits=+9",
        "server_max_window_bits=9.0",
        "server_max_window_bits=99999999999999999999",
        "client_max_window_bits=7",
        "client_max_window_bits=016",
        "client_max_window_bits=x",
        "client_max_window_bits; client_max_window_bits",
        "client_max_window_bits=10; client_max_window_bits=10",
        "server_max_window_bits=10; server_max_window_bits=11",
        "server_no_context_takeover; server_no_context_takeover",
        "memory=9",
        "unknown",
        "Client_Max_Window_Bits",
    ] {
        let alone = format!("permessage-deflate; {bad}");
        assert_eq!(answer(&[alone.as_bytes()]), Ok(None), "{bad}");
        let with_another = format!("{alone}, permessage-deflate; server_max_window_bits=12");
        assert_eq!(answer(&[with_another.as_bytes()]), Ok(Some(with_window(12))), "{bad}");
        let on_another_line = [alone.as_bytes(), b"permessage-deflate; client_max_window_bits"];
        assert_eq!(answer(&on_another_line), Ok(Some(USUAL.to_owned())), "{bad}");
    }
    let preferred = b"permessage-deflate; server_max_window_bits=10, permessage-deflate";
    assert_eq!(answer(&[preferred]), Ok(Some(with_window(10))), "the first that can be kept");
}

#[test]
fn what_is_no_list_of_extensions_is_refused_whatever_else_it_offers() {
    for bad in [
        &b";"[..],
        b"=",
        b"permessage-deflate;",
        b"permessage-deflate; ; x",
        b"permessage-deflate; x=",
        b"permessage-deflate; x=\"",
        b"permessage-deflate; x=\"\"",
        b"permessage-deflate; x=\"a b\"",
        b"permessage-deflate; x=\"a\\\"",
        b"permessage-deflate; x=\"a,b\"",
        b"permessage-deflate; x=\"a\"b",
        b"permessage-deflate; x==y",
        b"permessage-deflate; =y",
        b"permessage-deflate x",
        b"permessage-deflate/1",
        b"\"permessage-deflate\"",
        b"permessage-deflate; caf\xc3\xa9",
        b"\xff\xfe",
    ] {
        assert_eq!(answer(&[bad]), Err(Malformed), "{bad:?}");
        assert_eq!(answer(&[b"permessage-deflate", bad]), Err(Malformed), "{bad:?}");
        let behind = [b"permessage-deflate, ", bad].concat();
        assert_eq!(answer(&[&behind]), Err(Malformed), "{bad:?}");
    }
}

#[test]
fn the_handshake_answers_what_was_agreed_on_and_refuses_a_header_that_cannot_be_read() {
    let request = with(EXTENSIONS, &[b"permessage-deflate; server_max_window_bits=10", b"permessage-deflate"]);
    let accepted = check(&request).expect("a good handshake");
    let terms = accepted.compression().expect("a good header");
    assert_eq!(accepted.response(None, terms).headers()[EXTENSIONS], with_window(10));
    assert!(!accepted.response(None, None).headers().contains_key(EXTENSIONS), "nobody wants it");

    let request = with(EXTENSIONS, &[]);
    assert_eq!(check(&request).expect("a good handshake").compression(), Ok(None));
    let request = with(EXTENSIONS, &[b"permessage-deflate; x="]);
    assert_eq!(check(&request).expect("a good handshake").compression(), Err(Refusal::Extensions));
    assert_eq!(Refusal::Extensions.response().status(), 400);
}

/// Pieces of which offers consist, in any order.
fn offer_like() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "permessage-deflate",
        "server_no_context_takeover",
        "client_no_context_takeover",
        "server_max_window_bits",
        "client_max_window_bits",
        ";",
        ";",
        ",",
        "=",
        "\"",
        "\\",
        " ",
        "\t",
        "8",
        "15",
        "016",
        "x",
        "é",
    ]);
    prop::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(remembering(2000))]

    #[test]
    fn any_header_is_taken_up_passed_over_or_refused(
        lines in prop::collection::vec(
            prop_oneof![
                offer_like().prop_map(String::into_bytes),
                offer_like().prop_map(|rest| format!("permessage-deflate; {rest}").into_bytes()),
                prop::collection::vec(any::<u8>(), 0..40),
            ],
            0..4,
        ),
    ) {
        let lines: Vec<&[u8]> = lines.iter().map(Vec::as_slice).collect();
        if let Ok(Some(terms)) = agree(lines.iter().copied()) {
            prop_assert!((8..=15).contains(&terms.server_window()));
            prop_assert!(terms.answer().as_bytes().starts_with(USUAL.as_bytes()));
            // What is answered is itself an offer, on the same terms.
            prop_assert_eq!(agree([terms.answer().as_bytes()]), Ok(Some(terms)));
        }
        // A line more or less well-formed does not change how the others are read.
        let each: Result<Vec<_>, _> = lines.iter().map(|line| agree([*line])).collect();
        let first = each.map(|each| each.into_iter().flatten().next());
        prop_assert_eq!(agree(lines.iter().copied()), first);
    }

    #[test]
    fn offers_mean_the_same_however_they_are_spaced_and_quoted(
        server in proptest::option::of(8_u8..16), client in proptest::option::of(proptest::option::of(8_u8..16)),
        is_quoted in any::<bool>(), space in "[ \t]{0,2}",
    ) {
        let value = |bits: u8| if is_quoted { format!("\"{bits}\"") } else { bits.to_string() };
        let set = |name: &str, bits| format!(";{space}{name}{space}={space}{}{space}", value(bits));
        let parts = [
            format!("{space}permessage-deflate{space}"),
            server.map(|bits| set("server_max_window_bits", bits)).unwrap_or_default(),
            match client {
                Some(Some(bits)) => set("client_max_window_bits", bits),
                Some(None) => format!(";{space}client_max_window_bits{space}"),
                None => String::new(),
            },
        ];
        let offer = parts.concat();
        prop_assert!(HeaderValue::from_str(&offer).is_ok());
        let terms = agree([offer.as_bytes()]).expect("well-formed").expect("an offer that can be kept");
        prop_assert_eq!(terms.server_window(), server.unwrap_or(15));
        prop_assert_eq!(terms.answer().to_str().expect("ASCII").contains("server_max_window_bits"), server.is_some());
    }
}

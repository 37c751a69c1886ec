//! Lines that begin with a slash.

use charsu::slash::{self, Opened, Said};

#[test]
fn a_slash_and_a_letter_begin_a_command_and_nothing_else_does() {
    for text in
        ["hello", "", "/", "/ hello", "/1", "/2 of 3", "/etc/hosts", "/r/408213", "/msg/x Ali hi", " /msg Ali hi"]
    {
        assert_eq!(slash::parse(text), Said::Text(text));
    }
    assert_eq!(slash::parse("//msg is a command"), Said::Text("/msg is a command"));
    assert_eq!(slash::parse("//"), Said::Text("/"));
    assert_eq!(slash::parse("/shrug"), Said::Unknown("shrug"));
    assert_eq!(slash::parse("/kick Ali"), Said::Unknown("kick"));
    assert_eq!(slash::parse("/msgAli hi"), Said::Unknown("msgAli"));
    assert_eq!(slash::parse("/سلام"), Said::Unknown("سلام"));
    assert_eq!(slash::parse(&format!("/{}", "é".repeat(100))), Said::Unknown(&"é".repeat(32)));
    for nobody in ["/msg", "/msg ", "/w\n", "/msg \"\" hi", "/msg « » hi"] {
        assert_eq!(slash::parse(nobody), Said::MissingName, "{nobody:?}");
    }
}

/// Who gets which text.
fn opened<'n>(line: &'n str, here: &[&'n str]) -> Opened<'n, 'n> {
    match slash::parse(line) {
        Said::Private(letter) => letter.open(here.iter().copied()),
        other => panic!("{line:?} is {other:?}"),
    }
}

#[test]
fn a_private_message_finds_its_receiver() {
    let here = ["Ali", "Ali Reza", "Mina", "مینا", "Nell"];
    for (line, name, text) in [
        ("/msg Mina hi there", "Mina", "hi there"),
        ("/MSG mina  hi", "Mina", "hi"),
        ("/w Mina hi", "Mina", "hi"),
        ("/whisper\tMina\nhi", "Mina", "hi"),
        ("/پیام مينا سلام", "مینا", "سلام"),
        ("/پيام می\u{200C}نا سلام", "مینا", "سلام"),
        ("/msg Ali Reza hello", "Ali Reza", "hello"),
        ("/msg Ali hello", "Ali", "hello"),
        ("/msg AliReza hello", "Ali Reza", "hello"),
        ("/msg Ali, hello", "Ali", "hello"),
        ("/msg Ali: hello", "Ali", "hello"),
        ("/msg @Mina hi", "Mina", "hi"),
        ("/msg \"Ali Reza\" hello", "Ali Reza", "hello"),
        ("/msg \"Ali\" Reza hello", "Ali", "Reza hello"),
        ("/msg “ali reza” hello", "Ali Reza", "hello"),
        ("/msg «Ali Reza» hello", "Ali Reza", "hello"),
        ("/msg «@مینا»سلام", "مینا", "سلام"),
        ("/msg Mina \"hi\"", "Mina", "\"hi\""),
        ("/msg Mina /msg Ali hi", "Mina", "/msg Ali hi"),
    ] {
        assert_eq!(opened(line, &here), Opened::To { name, text }, "{line:?}");
    }
}

#[test]
fn a_private_message_without_text_or_to_nobody_is_told_apart() {
    let here = ["Ali", "Ali Reza", "Mina", "Nell"];
    assert_eq!(opened("/msg Mina", &here), Opened::MissingText { name: "Mina" });
    assert_eq!(opened("/msg \"Mina\"  ", &here), Opened::MissingText { name: "Mina" });
    let unsaid = Opened::MissingText { name: "Ali Reza" };
    assert_eq!(opened("/msg Ali Reza", &here), unsaid, "Reza is not what Ali is told");
    assert_eq!(opened("/msg mnia hi", &here), Opened::Unknown { wanted: "mnia", near: vec!["Mina"] });
    assert_eq!(opened("/msg \"Ali Rza\" hi", &here), Opened::Unknown { wanted: "Ali Rza", near: vec!["Ali Reza"] });
    assert_eq!(opened("/msg \"Mina hi", &here), Opened::Unknown { wanted: "\"Mina", near: vec!["Mina"] });
    assert_eq!(opened("/msg Bahram hi", &here), Opened::Unknown { wanted: "Bahram", near: vec![] });
    let long = format!("/msg \"{}\" hi", "é".repeat(100));
    assert_eq!(opened(&long, &here), Opened::Unknown { wanted: &"é".repeat(32), near: vec![] });
    let not_neil = Opened::Unknown { wanted: "Neil", near: vec!["Nell"] };
    assert_eq!(opened("/msg Neil hi", &here), not_neil, "looking alike is not being called so");
}

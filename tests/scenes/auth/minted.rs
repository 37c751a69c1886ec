//! Tokens of other people's libraries are good, and ours are good for openssl.

use std::process::Command;

use charsu::auth::{Denied, Wanted, mint};
use charsu::names::RoomName;

use super::*;

#[test]
fn tokens_of_other_libraries_are_good_for_their_key_and_for_no_other() {
    let minted: Vec<Value> = serde_json::from_str(include_str!("../../auth/tokens.json")).expect("JSON");
    assert!(minted.len() >= 18, "only {} tokens", minted.len());
    for one in &minted {
        let token = one["token"].as_str().expect("a token");
        for (algorithm, ..) in PAIRS {
            let judged = verifier(algorithm, |_| ()).judge(token, NOW);
            if one["algorithm"] == algorithm {
                let admitted = judged.unwrap_or_else(|denied| panic!("{}: {denied:?}", one["by"]));
                assert_eq!((admitted.name.as_str(), admitted.until), ("Ali", 4_102_444_800));
                assert!(admitted.may_enter(&RoomName::parse("۴۰۸۲۱۳").expect("a code")));
                assert!(!admitted.may_enter(&RoomName::parse("elsewhere").expect("a name")));
            } else {
                assert_eq!(judged, Err(Denied::Algorithm), "{} for {algorithm}", one["by"]);
            }
        }
    }
}

#[test]
fn the_examples_of_the_standards_have_good_signatures() {
    // RFC 7515 appendix A.1 is HS256 with this key; its claims have run out and name nobody, so that is what is said of it.
    let jwk = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
    let folder = crate::scene::Folder::new();
    std::fs::write(folder.join("secret"), URL_SAFE_NO_PAD.decode(jwk).expect("base64url")).expect("a file");
    let settings = Settings { auth_secret_file: Some(folder.join("secret")), ..Settings::default() };
    let verifier = Verifier::open(&settings).expect("a key").expect("tokens are asked for");
    let token = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.\
        eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
        dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    assert_eq!(verifier.judge(token, 1_300_819_379), Err(Denied::NoName));
    assert_eq!(verifier.judge(token, 1_300_819_380), Err(Denied::Expired));
    assert_eq!(verifier.judge(&token.replace("9.eyJ", "8.eyJ"), 1_300_819_379), Err(Denied::Malformed));
    assert_eq!(verifier.judge(&token.replace("jXk", "jXl"), 1_300_819_379), Err(Denied::Malformed), "spare bits");
    assert_eq!(verifier.judge(&token.replace("EjXk", "FjXk"), 1_300_819_379), Err(Denied::Signature));
}

#[test]
fn what_is_minted_is_good_here_and_for_openssl() {
    let wanted = Wanted {
        name: "سارا".to_owned(),
        subject: Some("7".to_owned()),
        rooms: vec!["general".to_owned()],
        audience: Some("charsu".to_owned()),
        issuer: Some("https://school.test".to_owned()),
        seconds: 60,
    };
    for (algorithm, ..) in PAIRS {
        let token = mint(&wanted, &signing(algorithm), NOW).expect("a token");
        let asking = verifier(algorithm, |settings| {
            settings.auth_audience = vec!["other".to_owned(), "charsu".to_owned()];
            settings.auth_issuer = vec!["https://school.test".to_owned()];
        });
        let admitted = asking.judge(&token, NOW + 59).expect("a good token");
        assert_eq!(
            (admitted.name.as_str(), &*admitted.owner, admitted.until),
            ("سارا", "https://school.test\u{0}7", NOW + 60)
        );
        assert_eq!(asking.judge(&token, NOW + 60), Err(Denied::Expired));
        assert_eq!(verifier(algorithm, |_| ()).judge(&token, NOW), Err(Denied::Audience), "nobody asked for one");
    }
    // Of the four, RS256 is what openssl checks without another form of the signature.
    let token = mint(&wanted, &signing("RS256"), NOW).expect("a token");
    let (message, signature) = token.rsplit_once('.').expect("parts");
    let folder = crate::scene::Folder::new();
    std::fs::write(folder.join("message"), message).expect("a file");
    std::fs::write(folder.join("signature"), URL_SAFE_NO_PAD.decode(signature).expect("base64url")).expect("a file");
    let mut openssl = Command::new("openssl");
    openssl
        .args(["dgst", "-sha256", "-verify"])
        .arg(key("rsa.pub.pem"))
        .arg("-signature")
        .arg(folder.join("signature"));
    match openssl.arg(folder.join("message")).output() {
        Ok(said) => assert!(said.status.success(), "{said:?}"),
        Err(missing) => eprintln!("left out, without openssl: {missing}"),
    }
}

#[test]
fn a_token_names_its_owner_by_name_or_else_by_sub_and_everything_else_is_as_it_should_be() {
    let of = |claims: Value| judged(&claims);
    let exp = NOW + 10;
    assert_eq!(of(json!({ "sub": "u1", "name": "Ali", "exp": exp })).expect("good").name.as_str(), "Ali");
    assert_eq!(of(json!({ "sub": "u1", "exp": exp, "rooms": "general" })).expect("good").name.as_str(), "u1");
    assert!(of(json!({ "sub": "u1", "exp": exp })).expect("good").may_enter_any());
    assert!(!of(json!({ "sub": "u1", "exp": exp, "rooms": [] })).expect("good").may_enter_any(), "none is not all");
    assert_eq!(of(json!({ "sub": "u1", "exp": 1_800_000_010.5 })).expect("good").until, exp, "fractions are allowed");
    for (claims, denied) in [
        (json!({ "sub": "u1" }), Denied::NoExpiry),
        (json!({ "sub": "u1", "exp": null }), Denied::NoExpiry),
        (json!({ "sub": "u1", "exp": NOW }), Denied::Expired),
        (json!({ "sub": "u1", "exp": 0 }), Denied::Expired),
        (json!({ "sub": "u1", "exp": exp, "nbf": NOW + 31 }), Denied::NotYetValid),
        (json!({ "sub": "u1", "exp": exp, "iat": NOW + 31 }), Denied::IssuedLater),
        (json!({ "sub": "u1", "exp": exp, "aud": "charsu" }), Denied::Audience),
        (json!({ "exp": exp }), Denied::NoName),
        (json!({ "sub": "", "exp": exp }), Denied::BadName),
        (json!({ "sub": "a\u{0}b", "exp": exp }), Denied::BadName),
        (json!({ "sub": "a\nb", "name": "Ali", "exp": exp }), Denied::BadName),
        (json!({ "sub": "u1", "name": "Admin", "exp": exp }), Denied::BadName),
        (json!({ "sub": "u1", "name": "x".repeat(33), "exp": exp }), Denied::BadName),
        (json!({ "sub": "u1", "exp": exp, "rooms": ["a/b"] }), Denied::BadRooms),
        (json!({ "sub": 7, "exp": exp }), Denied::Claims),
        (json!({ "sub": "u1", "exp": "tomorrow" }), Denied::Claims),
        (json!({ "sub": "u1", "exp": -1 }), Denied::Claims),
        (json!({ "sub": "u1", "exp": exp, "rooms": { "general": true } }), Denied::Claims),
        (json!({ "sub": "u1", "exp": exp, "aud": [1] }), Denied::Claims),
        (json!([1, 2]), Denied::Claims),
        (json!("text"), Denied::Claims),
    ] {
        assert_eq!(judged(&claims), Err(denied), "{claims}");
    }
    for near in ["nbf", "iat"] {
        let ahead = judged(&json!({ "sub": "u1", "exp": exp + 60, near: NOW + 30 }));
        assert!(ahead.is_ok(), "a clock may be half a minute ahead: {near}");
    }
}

#[test]
fn audience_and_issuer_are_those_that_are_asked_for() {
    let asking = verifier("HS256", |settings| {
        settings.auth_audience = vec!["charsu".to_owned()];
        settings.auth_issuer = vec!["school".to_owned()];
    });
    let of = |aud: Value, iss: Value| {
        asking.judge(&claiming(&json!({ "sub": "u", "exp": NOW + 1, "aud": aud, "iss": iss })), NOW).map(|_| ())
    };
    assert_eq!(of(json!("charsu"), json!("school")), Ok(()));
    assert_eq!(of(json!(["x", "charsu"]), json!("school")), Ok(()));
    for aud in [json!(null), json!("Charsu"), json!([]), json!(["x"])] {
        assert_eq!(of(aud.clone(), json!("school")), Err(Denied::Audience), "{aud}");
    }
    for iss in [json!(null), json!("School"), json!("")] {
        assert_eq!(of(json!("charsu"), iss.clone()), Err(Denied::Issuer), "{iss}");
    }
}

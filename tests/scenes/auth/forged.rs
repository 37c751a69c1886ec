//! Tokens as attackers make them: each is refused, for the reason that is the first thing wrong with it, after as much work as
//! any other.

use std::time::{Duration, Instant};

use charsu::auth::{AuthError, MAX_TOKEN, VerifyingKey};
use proptest::prelude::*;
use ring::hmac;

use super::*;

fn good() -> String {
    json!({ "sub": "Mallory", "exp": NOW + 60 }).to_string()
}

fn unsigned(header: &str) -> String {
    format!("{}.{}.", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(good()))
}

#[test]
fn no_algorithm_and_another_algorithm_than_the_keys_are_refused() {
    for (algorithm, ..) in PAIRS {
        let asking = verifier(algorithm, |_| ());
        for named in
            ["none", "None", "NONE", "nOnE", "", "HS512", "HS256 ", "hs256", "RS512", "ES256K", "PS256", "Ed25519"]
        {
            let header = json!({ "alg": named }).to_string();
            assert_eq!(asking.judge(&unsigned(&header), NOW), Err(Denied::Algorithm), "{named}");
            assert_eq!(asking.judge(&signed(algorithm, &header, &good()), NOW), Err(Denied::Algorithm), "{named}");
        }
        let bare = signed(algorithm, "{}", &good());
        assert_eq!(asking.judge(&bare, NOW), Err(Denied::Algorithm), "no alg");
    }
}

#[test]
fn a_public_key_is_no_secret() {
    // What everybody may know, as text and as bytes, is used to sign with HS256.
    for (algorithm, _, public) in &PAIRS[1..] {
        let pem = std::fs::read(key(public)).expect("a key");
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256"}"#);
        let message = format!("{header}.{}", URL_SAFE_NO_PAD.encode(good()));
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &pem), message.as_bytes());
        let forged = format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag));
        assert_eq!(verifier(algorithm, |_| ()).judge(&forged, NOW), Err(Denied::Algorithm), "{algorithm}");
        let error = VerifyingKey::secret_in(&key(public)).expect_err("a key is no secret");
        assert!(matches!(error, AuthError::KeyAsSecret(_)), "{error}");
    }
}

#[test]
fn a_key_that_a_header_brings_or_names_is_neither_used_nor_fetched() {
    for more in [
        r#""jku":"https://evil.test/keys""#,
        r#""x5u":"https://evil.test/cert""#,
        r#""jwk":{"kty":"oct","k":"AAAA"}"#,
        r#""x5c":["AAAA"]"#,
        r#""crit":["exp"]"#,
        r#""kid":"../../dev/null""#,
        r#""kid":"x' OR '1'='1""#,
        r#""kid":"https://evil.test/k""#,
        r#""kid":"/etc/passwd""#,
        r#""kid":"a\u0000b""#,
    ] {
        let header = format!(r#"{{"alg":"HS256",{more}}}"#);
        let judged = verifier("HS256", |_| ()).judge(&signed("HS256", &header, &good()), NOW);
        assert_eq!(judged, Err(Denied::Header), "{header}");
    }
    let named = signed("HS256", r#"{"alg":"HS256","kid":"key-2026.01","typ":"JWT","x5t":"abc"}"#, &good());
    assert!(verifier("HS256", |_| ()).judge(&named, NOW).is_ok(), "the name of a key is harmless");
}

#[test]
fn a_header_or_claims_that_say_something_twice_are_refused() {
    let exp = NOW + 60;
    for claims in [
        format!(r#"{{"sub":"Ali","sub":"Admin2","exp":{exp}}}"#),
        format!(r#"{{"sub":"Ali","exp":1,"exp":{exp}}}"#),
        format!(r#"{{"sub":"Ali","exp":{exp},"x":1,"x":1}}"#),
        format!(r#"{{"sub":"Ali","exp":{exp},"\u0073ub":"Sara"}}"#),
    ] {
        let token = signed("HS256", r#"{"alg":"HS256"}"#, &claims);
        assert_eq!(verifier("HS256", |_| ()).judge(&token, NOW), Err(Denied::Claims), "{claims}");
    }
    let token = signed("HS256", r#"{"alg":"none","alg":"HS256"}"#, &good());
    assert_eq!(verifier("HS256", |_| ()).judge(&token, NOW), Err(Denied::Malformed));
}

#[test]
fn what_is_too_large_too_deep_or_no_json_is_refused() {
    let exp = NOW + 60;
    let deep = format!(r#"{{"sub":"Ali","exp":{exp},"x":{}{}}}"#, "[".repeat(2000), "]".repeat(2000));
    let cut = format!(r#"{{"sub":"Ali","exp":{exp}"#);
    let longer = format!(r#"{{"sub":"Ali","exp":{exp}}}{{}}"#);
    for claims in [deep, cut, longer, String::new(), "null".to_owned()] {
        let token = signed("HS256", r#"{"alg":"HS256"}"#, &claims);
        assert_eq!(verifier("HS256", |_| ()).judge(&token, NOW), Err(Denied::Claims), "{claims:.60}");
    }
    for bytes in [8 * 1024, 1024 * 1024] {
        let long = claiming(&json!({ "sub": "x".repeat(bytes), "exp": exp }));
        assert_eq!(verifier("HS256", |_| ()).judge(&long, NOW), Err(Denied::TooLong));
    }
    assert_eq!(MAX_TOKEN, 8192);
}

#[test]
fn a_signature_that_is_not_exactly_the_keys_is_refused() {
    for (algorithm, ..) in PAIRS {
        let asking = verifier(algorithm, |_| ());
        let token = signed(algorithm, &json!({ "alg": algorithm }).to_string(), &good());
        assert!(asking.judge(&token, NOW).is_ok(), "{algorithm}");
        let (message, signature) = token.rsplit_once('.').expect("parts");
        let bytes = URL_SAFE_NO_PAD.decode(signature).expect("base64url");
        let with = |bytes: &[u8]| format!("{message}.{}", URL_SAFE_NO_PAD.encode(bytes));
        for bit in (0..bytes.len() * 8).step_by(37) {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(asking.judge(&with(&flipped), NOW), Err(Denied::Signature), "{algorithm}, bit {bit}");
        }
        let longer = [&bytes[..], &[0]].concat();
        for other in [&bytes[..bytes.len() - 1], &longer, &[], &[0; 64], &[1; 32], &[1; 64], &[1; 256]] {
            assert_eq!(asking.judge(&with(other), NOW), Err(Denied::Signature), "{algorithm}");
        }
        for odd in ["=", "==", "\n", " ", "\r\n", "%3D", "."] {
            assert_eq!(asking.judge(&format!("{token}{odd}"), NOW), Err(Denied::Malformed), "{algorithm} {odd:?}");
        }
        let standard = token.replace('-', "+").replace('_', "/");
        assert!(standard == token || asking.judge(&standard, NOW).is_err(), "the other base64");
        let other = token.replacen('.', ".e30.", 1);
        assert_eq!(asking.judge(&other, NOW), Err(Denied::Malformed), "four parts");
        let (header, rest) = token.split_once('.').expect("parts");
        let claims = URL_SAFE_NO_PAD.encode(json!({ "sub": "Sara", "exp": NOW + 60 }).to_string());
        let changed = format!("{header}.{claims}.{}", rest.rsplit_once('.').expect("parts").1);
        assert_eq!(asking.judge(&changed, NOW), Err(Denied::Signature), "other claims");
    }
}

#[test]
fn keys_that_cannot_be_used_are_refused_at_the_start_with_what_to_do() {
    let folder = crate::scene::Folder::new();
    let file = |name: &str, text: &[u8]| {
        std::fs::write(folder.join(name), text).expect("a file");
        folder.join(name)
    };
    let short = file("short", &[b'x'; 31]);
    let words = VerifyingKey::secret_in(&short).expect_err("too short").to_string();
    assert!(words.contains("at least 32 bytes") && words.contains("openssl rand"), "{words}");
    assert!(VerifyingKey::secret_in(&file("enough", &[b'x'; 32])).is_ok());
    for (name, what) in
        [("p384.pub.pem", "another curve"), ("rsa1024.pub.pem", "a short key"), ("rsa.pem", "a private key")]
    {
        let words = VerifyingKey::public_in(&key(name)).expect_err(what).to_string();
        assert!(words.contains("BEGIN PUBLIC KEY"), "{words}");
    }
    let broken = file("broken.pem", b"-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----\n");
    assert!(VerifyingKey::public_in(&broken).is_err());
    assert!(VerifyingKey::public_in(&folder.join("missing")).expect_err("no file").to_string().contains("missing"));
    assert!(SigningKey::private_in(&key("rsa.pub.pem")).is_err());
    let settings = Settings {
        auth_key: Some(key("rsa.pub.pem")),
        auth_algorithm: Some(charsu::auth::Algorithm::Es256),
        ..Settings::default()
    };
    let words = Verifier::open(&settings).expect_err("another algorithm").to_string();
    assert!(words.contains("ES256") && words.contains("RS256"), "{words}");
}

/// How long a judgement takes: the shortest of many, which is what it takes without what else the machine does.
fn cost(asking: &Verifier, token: &str) -> Duration {
    let one = || {
        let began = Instant::now();
        for _ in 0..8 {
            let _ = std::hint::black_box(asking.judge(std::hint::black_box(token), NOW));
        }
        began.elapsed()
    };
    std::iter::repeat_with(one).take(200).min().expect("some")
}

/// No refusal comes early: whatever is wrong, the signature was checked first, over as many bytes. Were it left out, a refusal
/// would take a tenth of the time with these keys.
#[test]
fn every_refusal_takes_as_much_work_as_a_wrong_signature() {
    for algorithm in ["RS256", "ES256", "EdDSA"] {
        let asking = verifier(algorithm, |_| ());
        let header = json!({ "alg": algorithm }).to_string();
        let token = signed(algorithm, &header, &good());
        let (message, signature) = token.rsplit_once('.').expect("parts");
        let mut wrong = URL_SAFE_NO_PAD.decode(signature).expect("base64url");
        let last = wrong.len() - 1;
        wrong[last / 2] ^= 1;
        let wrong = format!("{message}.{}", URL_SAFE_NO_PAD.encode(&wrong));
        let usual = cost(&asking, &wrong);
        for (what, other) in [
            ("cut", token[..token.len() - 4].to_owned()),
            ("padded", format!("{token}=")),
            ("none", unsigned(r#"{"alg":"none"}"#)),
            ("no token", "x".repeat(token.len())),
            ("another header", signed(algorithm, r#"{"alg":"HS256"}"#, &good())),
        ] {
            let took = cost(&asking, &other);
            assert!(took * 3 > usual, "{algorithm}: {what} takes {took:?}, a wrong signature {usual:?}");
        }
    }
}

proptest! {
    #[test]
    fn no_text_is_taken_for_a_token(text in any::<String>()) {
        prop_assert!(verifier("HS256", |_| ()).judge(&text, NOW).is_err());
    }

    #[test]
    fn no_parts_are_taken_for_a_token(header in any::<Vec<u8>>(), claims in any::<Vec<u8>>(), signature in any::<Vec<u8>>()) {
        let token = [header, claims, signature].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
        for (algorithm, ..) in PAIRS {
            prop_assert!(verifier(algorithm, |_| ()).judge(&token, NOW).is_err());
        }
    }

    #[test]
    fn nothing_in_signed_claims_panics(claims in any::<String>(), header in "[ -~]{0,40}") {
        let _ = verifier("HS256", |_| ()).judge(&signed("HS256", r#"{"alg":"HS256"}"#, &claims), NOW);
        let _ = verifier("HS256", |_| ()).judge(&signed("HS256", &header, &good()), NOW);
    }

    #[test]
    fn one_byte_that_is_changed_is_noticed(at in any::<prop::sample::Index>(), byte in b' '..=b'~') {
        let token = signed("HS256", r#"{"alg":"HS256"}"#, &good());
        let mut changed = token.clone().into_bytes();
        changed[at.index(token.len())] = byte;
        let changed = String::from_utf8(changed).expect("ASCII");
        prop_assert!(changed == token || verifier("HS256", |_| ()).judge(&changed, NOW).is_err());
    }
}

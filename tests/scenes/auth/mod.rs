//! Who may enter: tokens as other programs make them and as attackers would, the door on every wire, what a token decides, and
//! its end.
//!
//! The keys in `keys/` are for these tests alone. `tokens.json` was minted with them by other people's libraries.

mod clients;
mod documented;
mod forged;
mod kept_to;
mod minted;
mod program;
#[cfg(not(feature = "conformance"))]
mod recovered;
mod renewed;
mod wires;

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use charsu::auth::{Admitted, Algorithm, Denied, SigningKey, Verifier, unix_seconds};
use charsu::config::Settings;
use serde_json::{Value, json};

/// A key of these tests.
fn key(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/auth/keys").join(name)
}

/// What each algorithm is minted and checked with.
const PAIRS: [(&str, &str, &str); 4] = [
    ("HS256", "secret.txt", "secret.txt"),
    ("RS256", "rsa.pem", "rsa.pub.pem"),
    ("ES256", "p256.pem", "p256.pub.pem"),
    ("EdDSA", "ed25519.pem", "ed25519.pub.pem"),
];

fn signing(algorithm: &str) -> SigningKey {
    let (_, file, _) = PAIRS.iter().find(|(name, ..)| *name == algorithm).expect("one of the four");
    let key = if algorithm == "HS256" { SigningKey::secret_in(&key(file)) } else { SigningKey::private_in(&key(file)) };
    key.expect("a key")
}

/// Asks for tokens of this algorithm.
fn asks(settings: &mut Settings, algorithm: &str) {
    let (_, _, file) = PAIRS.iter().find(|(name, ..)| *name == algorithm).expect("one of the four");
    if algorithm == "HS256" {
        settings.auth_secret_file = Some(key(file));
    } else {
        settings.auth_key = Some(key(file));
    }
}

fn verifier(algorithm: &str, change: impl FnOnce(&mut Settings)) -> Verifier {
    let mut settings = Settings::default();
    asks(&mut settings, algorithm);
    change(&mut settings);
    Verifier::open(&settings).expect("a key").expect("tokens are asked for")
}

/// A token with this header and these claims, signed by the key of an algorithm.
fn signed(algorithm: &str, header: &str, claims: &str) -> String {
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let signature = signing(algorithm).sign(message.as_bytes()).expect("a signature");
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// A token with these claims, as HS256 has it.
fn claiming(claims: &Value) -> String {
    signed("HS256", r#"{"alg":"HS256","typ":"JWT"}"#, &claims.to_string())
}

/// A good token for somebody, for an hour.
fn token_of(name: &str) -> String {
    claiming(&json!({ "sub": name, "exp": unix_seconds() + 3600 }))
}

/// The moment of the tests that choose one.
const NOW: u64 = 1_800_000_000;

fn judged(claims: &Value) -> Result<Admitted, Denied> {
    verifier("HS256", |_| ()).judge(&claiming(claims), NOW)
}

//! Tokens made by hand, and looked at: what `charsu token` does, without a terminal.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::token::Parts;
use super::{Denied, SigningKey};

/// Who is to be let in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// By which name.
    pub name: String,
    /// Who that is for whoever signs, if that is something else.
    pub subject: Option<String>,
    /// Into which rooms; empty for every one.
    pub rooms: Vec<String>,
    /// For whom the token is.
    pub audience: Option<String>,
    /// From whom it is.
    pub issuer: Option<String>,
    /// For how long, in seconds.
    pub seconds: u64,
}

/// Makes a token at a moment in Unix seconds.
///
/// # Errors
/// The system has no randomness to sign with.
pub fn mint(wanted: &Wanted, key: &SigningKey, now: u64) -> Result<String, ring::error::Unspecified> {
    let header = json!({ "alg": key.algorithm().name(), "typ": "JWT" });
    let mut claims = Map::new();
    let texts = [
        ("iss", wanted.issuer.as_ref()),
        ("aud", wanted.audience.as_ref()),
        ("sub", Some(wanted.subject.as_ref().unwrap_or(&wanted.name))),
        ("name", Some(&wanted.name)),
    ];
    claims.extend(texts.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text?.as_str().into()))));
    if !wanted.rooms.is_empty() {
        claims.insert("rooms".to_owned(), wanted.rooms.clone().into());
    }
    claims.insert("iat".to_owned(), now.into());
    claims.insert("exp".to_owned(), now.saturating_add(wanted.seconds).into());
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", encode(&header), encode(&Value::Object(claims)));
    let signature = URL_SAFE_NO_PAD.encode(key.sign(message.as_bytes())?);
    Ok(format!("{message}.{signature}"))
}

/// What a token says of itself. Nothing of it is known to be true.
#[derive(Clone, Debug, PartialEq)]
pub struct Inspected {
    /// The algorithm that its header names.
    pub algorithm: Option<String>,
    /// What it claims.
    pub claims: Value,
}

/// Looks at a token without believing it.
///
/// # Errors
/// It is none.
pub fn inspect(token: &str) -> Result<Inspected, Denied> {
    let parts = Parts::of(token)?;
    let claims = serde_json::from_slice(&parts.payload).map_err(|_| Denied::Claims)?;
    Ok(Inspected { algorithm: parts.header.algorithm, claims })
}

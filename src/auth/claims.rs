//! What a token claims (RFC 7519 section 4.1), and what has to be so before somebody is let in. Only looked at once the
//! signature is known to be good.

use serde::de::{Deserialize, Deserializer, MapAccess};

use super::json::{Once, Strict};
use super::{Admitted, Denied, Verifier};
use crate::names::{Name, RoomName};

/// How far the clock of whoever signs may be ahead of ours, in seconds. It counts for `nbf` and `iat`; a token ends when it
/// says.
const LEEWAY: u64 = 30;

/// One or several texts: `"a"` or `["a", "b"]`.
#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Texts {
    One(String),
    Many(Vec<String>),
}

impl Texts {
    fn as_slice(&self) -> &[String] {
        match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::Many(texts) => texts,
        }
    }
}

/// Seconds since 1970 (RFC 7519 section 2), perhaps with a fraction.
#[derive(Clone, Copy, serde::Deserialize)]
#[serde(try_from = "f64")]
struct Date(u64);

impl TryFrom<f64> for Date {
    type Error = &'static str;

    #[expect(clippy::cast_sign_loss, reason = "it is not negative, and what is too large becomes the largest")]
    fn try_from(seconds: f64) -> Result<Self, Self::Error> {
        if seconds >= 0.0 { Ok(Self(seconds as u64)) } else { Err("is before 1970") }
    }
}

/// What is looked at of a token's claims.
#[derive(Default)]
pub(super) struct Claims {
    exp: Option<Date>,
    nbf: Option<Date>,
    iat: Option<Date>,
    aud: Option<Texts>,
    iss: Option<String>,
    sub: Option<String>,
    name: Option<String>,
    rooms: Option<Texts>,
}

impl<'de> Deserialize<'de> for Claims {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Once::<Self>::new())
    }
}

impl Strict for Claims {
    const WHAT: &'static str = "the claims of a token";

    fn take<'de, M: MapAccess<'de>>(&mut self, name: &str, map: &mut M) -> Result<bool, M::Error> {
        match name {
            "exp" => self.exp = map.next_value()?,
            "nbf" => self.nbf = map.next_value()?,
            "iat" => self.iat = map.next_value()?,
            "aud" => self.aud = map.next_value()?,
            "iss" => self.iss = map.next_value()?,
            "sub" => self.sub = map.next_value()?,
            "name" => self.name = map.next_value()?,
            "rooms" => self.rooms = map.next_value()?,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

impl Claims {
    /// Reads the JSON of claims.
    pub(super) fn read(json: &[u8]) -> Result<Self, Denied> {
        serde_json::from_slice(json).map_err(|_| Denied::Claims)
    }

    /// Who that is, if everything is as it has to be.
    pub(super) fn admit(self, asked: &Verifier, now: u64) -> Result<Admitted, Denied> {
        let Date(until) = self.exp.ok_or(Denied::NoExpiry)?;
        if until <= now {
            return Err(Denied::Expired);
        }
        let is_to_come = |date: Option<Date>| date.is_some_and(|Date(date)| date > now.saturating_add(LEEWAY));
        if is_to_come(self.nbf) {
            return Err(Denied::NotYetValid);
        }
        if is_to_come(self.iat) {
            return Err(Denied::IssuedLater);
        }
        // A token for somebody is not for us unless we are named (RFC 7519 section 4.1.3).
        let is_for_us = match &self.aud {
            Some(aud) => aud.as_slice().iter().any(|audience| asked.audience.contains(audience)),
            None => asked.audience.is_empty(),
        };
        if !is_for_us {
            return Err(Denied::Audience);
        }
        if !asked.issuer.is_empty() && !self.iss.as_ref().is_some_and(|issuer| asked.issuer.contains(issuer)) {
            return Err(Denied::Issuer);
        }
        self.identity(asked.name_chars, until)
    }

    fn identity(self, name_chars: usize, until: u64) -> Result<Admitted, Denied> {
        let written = self.name.as_ref().or(self.sub.as_ref()).ok_or(Denied::NoName)?;
        let subject = self.sub.as_ref().unwrap_or(written);
        if [written, subject].into_iter().any(|text| text.is_empty() || text.contains(char::is_control)) {
            return Err(Denied::BadName);
        }
        let name = Name::parse(written, name_chars).map_err(|_| Denied::BadName)?;
        let owner = format!("{}\0{subject}", self.iss.as_deref().unwrap_or_default()).into();
        let rooms = match &self.rooms {
            None => None,
            Some(rooms) => {
                let rooms: Result<Box<[_]>, _> = rooms.as_slice().iter().map(|room| RoomName::parse(room)).collect();
                Some(rooms.map_err(|_| Denied::BadRooms)?)
            }
        };
        Ok(Admitted { name, owner, rooms, until })
    }
}

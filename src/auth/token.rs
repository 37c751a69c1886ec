//! The compact form of a signed token (RFC 7515 section 7.1): three parts, and what its header may say. Checks no signature.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::{Deserialize, Deserializer, MapAccess};

use super::json::{Once, Strict};
use super::{Algorithm, Denied};

/// The longest name of a key, in bytes. It chooses nothing here; it only has to be harmless.
const MAX_KID: usize = 256;

/// A token in its parts. Nothing in them is true yet.
#[derive(Debug)]
pub(super) struct Parts<'t> {
    /// What was signed: the first two parts as they came.
    pub(super) message: &'t [u8],
    pub(super) header: Header,
    /// The claims' JSON.
    pub(super) payload: Vec<u8>,
    pub(super) signature: Vec<u8>,
}

impl<'t> Parts<'t> {
    /// Takes a token apart.
    pub(super) fn of(token: &'t str) -> Result<Self, Denied> {
        let (message, signature) = token.rsplit_once('.').ok_or(Denied::Malformed)?;
        let (header, payload) = message.split_once('.').ok_or(Denied::Malformed)?;
        // Strict: no padding, no line breaks, no spare bits, and no dot, so that there are three parts.
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| Denied::Malformed);
        let (header, payload, signature) = (decode(header)?, decode(payload)?, decode(signature)?);
        let header = serde_json::from_slice(&header).map_err(|_| Denied::Malformed)?;
        Ok(Self { message: message.as_bytes(), header, payload, signature })
    }
}

/// What a header says (RFC 7515 section 4.1).
#[derive(Default)]
pub(super) struct Header {
    pub(super) algorithm: Option<String>,
    kid: Option<String>,
    /// It has a key in it, an address of one, or an extension that has to be understood.
    demands: bool,
}

impl fmt::Debug for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Header").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

impl Header {
    /// Whether it agrees with the one algorithm that counts, and asks for nothing else.
    pub(super) fn check(&self, algorithm: Algorithm) -> Result<(), Denied> {
        if self.algorithm.as_deref() != Some(algorithm.name()) {
            return Err(Denied::Algorithm);
        }
        let is_harmless = |kid: &String| {
            kid.len() <= MAX_KID && kid.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._=+:@".contains(&byte))
        };
        if self.demands || !self.kid.as_ref().is_none_or(is_harmless) {
            return Err(Denied::Header);
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for Header {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Once::<Self>::new())
    }
}

impl Strict for Header {
    const WHAT: &'static str = "the header of a token";

    fn take<'de, M: MapAccess<'de>>(&mut self, name: &str, map: &mut M) -> Result<bool, M::Error> {
        match name {
            "alg" => self.algorithm = map.next_value()?,
            "kid" => self.kid = map.next_value()?,
            "jku" | "jwk" | "x5u" | "x5c" | "crit" | "b64" | "zip" | "enc" => {
                self.demands = true;
                return Ok(false);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}

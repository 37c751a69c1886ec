//! Who may enter: signed tokens (JWT, RFC 7519 in the compact form of RFC 7515), read and judged. Pure: a token and the time go
//! in, who that is or a reason comes out. Knows no request, no wire and no room that is live.
//!
//! One algorithm counts, and it is the key's: what a token's header says can only agree with it. Nothing that a header names is
//! ever fetched or believed.

mod claims;
mod denied;
mod der;
mod json;
mod keys;
mod mint;
mod token;

use std::time::{SystemTime, UNIX_EPOCH};

pub use denied::Denied;
pub use keys::{AuthError, SigningKey, VerifyingKey};
pub use mint::{Inspected, Wanted, inspect, mint};

use crate::config::Settings;
use crate::names::{Name, RoomName};
use token::Parts;

/// The longest token that is looked at, in bytes.
pub const MAX_TOKEN: usize = 8 * 1024;

/// How tokens are signed (RFC 7518 section 3.1, RFC 8037 section 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// HMAC with SHA-256 and a secret that both sides have.
    Hs256,
    /// RSA (PKCS #1 v1.5) with SHA-256.
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
}

impl Algorithm {
    /// Each with its name in a token's header.
    pub const ALL: [(Self, &'static str); 4] =
        [(Self::Hs256, "HS256"), (Self::Rs256, "RS256"), (Self::Es256, "ES256"), (Self::EdDsa, "EdDSA")];

    /// The name in a token's header.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(algorithm, _)| *algorithm == self).map_or("", |(_, name)| name)
    }
}

/// Somebody whose token was good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admitted {
    /// The name that they have on every wire, whatever a client sends.
    pub name: Name,
    /// Whose token it is: issuer and subject. A session belongs to one of them.
    pub owner: Box<str>,
    /// The rooms that may be entered; `None` for every one.
    pub rooms: Option<Box<[RoomName]>>,
    /// When it ends, in Unix seconds.
    pub until: u64,
}

impl Admitted {
    /// Whether this room may be entered.
    pub fn may_enter(&self, room: &RoomName) -> bool {
        self.rooms.as_ref().is_none_or(|rooms| rooms.contains(room))
    }

    /// Whether rooms may be entered that the token does not name.
    pub fn may_enter_any(&self) -> bool {
        self.rooms.is_none()
    }
}

/// What is asked of every token.
#[derive(Debug)]
pub struct Verifier {
    key: VerifyingKey,
    audience: Vec<String>,
    issuer: Vec<String>,
    name_chars: usize,
}

impl Verifier {
    /// What the settings ask, or nothing if they ask for no token. Reads the key's file.
    ///
    /// # Errors
    /// There is no such file, or no such key in it.
    pub fn open(settings: &Settings) -> Result<Option<Self>, AuthError> {
        let key = match (&settings.auth_secret_file, &settings.auth_key) {
            (Some(file), _) => VerifyingKey::secret_in(file)?,
            (None, Some(file)) => VerifyingKey::public_in(file)?,
            (None, None) => return Ok(None),
        };
        if let Some(wanted) = settings.auth_algorithm.filter(|wanted| *wanted != key.algorithm()) {
            return Err(AuthError::OtherAlgorithm { wanted: wanted.name(), key: key.algorithm().name() });
        }
        Ok(Some(Self::new(key, settings)))
    }

    /// The same with a key that is at hand.
    pub fn new(key: VerifyingKey, settings: &Settings) -> Self {
        Self {
            key,
            audience: settings.auth_audience.clone(),
            issuer: settings.auth_issuer.clone(),
            name_chars: settings.name_chars,
        }
    }

    /// The one algorithm that counts.
    pub fn algorithm(&self) -> Algorithm {
        self.key.algorithm()
    }

    /// Judges a token at a moment in Unix seconds.
    ///
    /// The signature is checked whatever else is wrong with it, over as many bytes: how long a refusal takes tells nothing
    /// of how near a forgery came. What it claims is looked at only once it is known who says so.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn judge(&self, token: &str, now: u64) -> Result<Admitted, Denied> {
        if token.len() > MAX_TOKEN {
            return Err(Denied::TooLong);
        }
        let parts = Parts::of(token);
        let (message, signature) = match &parts {
            Ok(parts) => (parts.message, parts.signature.as_slice()),
            Err(_) => (token.as_bytes(), &[][..]),
        };
        let is_signed = self.key.verifies(message, signature);
        let parts = parts?;
        parts.header.check(self.key.algorithm())?;
        if !is_signed {
            return Err(Denied::Signature);
        }
        claims::Claims::read(&parts.payload)?.admit(self, now)
    }
}

/// The present by the wall's clock, in Unix seconds.
pub fn unix_seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

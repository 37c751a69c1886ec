//! The operator's key: a secret, or a public key by which signatures are checked, or a private one by which tokens are minted.
//! A key's kind is its algorithm: no key is ever used for another one. No key and no part of one is shown or logged.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey, VerificationAlgorithm,
};
use ring::{error, hmac};
use rustls_pki_types::pem::{PemObject, SectionKind};

use super::Algorithm;
use super::der::{self, Kind};

/// The shortest secret, in bytes: as many bits as the hash has (RFC 7518 section 3.2).
const MIN_SECRET: usize = 32;
/// The sizes of RSA keys that are taken, in bytes: 2048 (RFC 7518 section 3.3) to 8192 bits.
const RSA_BYTES: std::ops::RangeInclusive<usize> = 256..=1024;
/// A signature on P-256 or by Ed25519, in bytes.
const SHORT_SIGNATURE: usize = 64;
/// A point on P-256 that is not compressed, in bytes, and its first one.
const POINT: (usize, u8) = (65, 4);
/// A public key of Ed25519, in bytes.
const ED25519_KEY: usize = 32;

/// Why a key cannot be used. One line that says what to do, and shows nothing of what is in the file.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// The file cannot be read.
    #[error("{}: {error}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// The secret can be guessed.
    #[error("{}: a secret has at least 32 bytes: make one by openssl rand -base64 48", .0.display())]
    ShortSecret(PathBuf),
    /// A key where a secret belongs: whoever knows a public key could sign with it.
    #[error("{}: this is a key in PEM form and no secret: give its public half with --auth-key", .0.display())]
    KeyAsSecret(PathBuf),
    /// No public key in PEM form.
    #[error("{}: there is no public key of RSA (from 2048 bits), P-256 or Ed25519 in it: begin with -----BEGIN PUBLIC KEY-----, as openssl pkey -pubout writes it", .0.display())]
    NoPublicKey(PathBuf),
    /// No private key in PEM form.
    #[error("{}: there is no private key of RSA (from 2048 bits), P-256 or Ed25519 in it: begin with -----BEGIN PRIVATE KEY-----, as openssl genpkey writes it", .0.display())]
    NoPrivateKey(PathBuf),
    /// The operator expects another key.
    #[error("the setting auth_algorithm is {wanted}, but the key is one for {key}: change one of them")]
    OtherAlgorithm {
        /// What is set.
        wanted: &'static str,
        /// What the key is for.
        key: &'static str,
    },
}

fn read(path: &Path) -> Result<Vec<u8>, AuthError> {
    std::fs::read(path).map_err(|error| AuthError::Unreadable { path: path.to_owned(), error })
}

/// A secret, without the line break that editors add.
fn secret(path: &Path) -> Result<hmac::Key, AuthError> {
    let bytes = read(path)?;
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
    let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
    if bytes.trim_ascii_start().starts_with(b"-----BEGIN") {
        return Err(AuthError::KeyAsSecret(path.to_owned()));
    }
    if bytes.len() < MIN_SECRET {
        return Err(AuthError::ShortSecret(path.to_owned()));
    }
    Ok(hmac::Key::new(hmac::HMAC_SHA256, bytes))
}

/// What a signature is checked by.
pub struct VerifyingKey {
    by: By,
    /// A signature of the right length that nobody made, for tokens whose own has another one.
    decoy: Box<[u8]>,
}

enum By {
    Secret(hmac::Key),
    Public(Algorithm, UnparsedPublicKey<Vec<u8>>),
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("VerifyingKey").field(&self.algorithm()).finish()
    }
}

impl VerifyingKey {
    /// The secret in a file.
    ///
    /// # Errors
    /// The file cannot be read, is too short, or is a key in PEM form.
    pub fn secret_in(path: &Path) -> Result<Self, AuthError> {
        let key = secret(path)?;
        let length = key.algorithm().digest_algorithm().output_len();
        Ok(Self { by: By::Secret(key), decoy: decoy(length) })
    }

    /// The public key in a file.
    ///
    /// # Errors
    /// The file cannot be read, or has no such key in it.
    pub fn public_in(path: &Path) -> Result<Self, AuthError> {
        Self::public(&read(path)?).ok_or_else(|| AuthError::NoPublicKey(path.to_owned()))
    }

    /// The public key in a text in PEM form, if it is one that is known.
    pub fn public(pem: &[u8]) -> Option<Self> {
        let (SectionKind::PublicKey, info) = PemObject::from_pem_slice(pem).ok()? else { return None };
        let (kind, key) = der::public_key(&info)?;
        let (algorithm, by, length): (_, &'static dyn VerificationAlgorithm, _) = match kind {
            Kind::Rsa => {
                let length = der::modulus(key)?.len();
                RSA_BYTES.contains(&length).then_some((Algorithm::Rs256, &RSA_PKCS1_2048_8192_SHA256 as _, length))?
            }
            Kind::P256 if (key.len(), key[0]) == POINT => {
                (Algorithm::Es256, &ECDSA_P256_SHA256_FIXED as _, SHORT_SIGNATURE)
            }
            Kind::Ed25519 if key.len() == ED25519_KEY => (Algorithm::EdDsa, &ED25519 as _, SHORT_SIGNATURE),
            Kind::P256 | Kind::Ed25519 => return None,
        };
        let by = By::Public(algorithm, UnparsedPublicKey::new(by, key.to_vec()));
        Some(Self { by, decoy: decoy(length) })
    }

    /// Which algorithm it is for.
    pub fn algorithm(&self) -> Algorithm {
        match &self.by {
            By::Secret(_) => Algorithm::Hs256,
            By::Public(algorithm, _) => *algorithm,
        }
    }

    /// Whether this signature is the key's. Takes as long for one that cannot be.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let can_be = signature.len() == self.decoy.len();
        let checked = if can_be { signature } else { &self.decoy };
        let verified = match &self.by {
            By::Secret(key) => hmac::verify(key, message, checked).is_ok(),
            By::Public(_, key) => key.verify(message, checked).is_ok(),
        };
        verified && can_be
    }
}

fn decoy(length: usize) -> Box<[u8]> {
    vec![1; length].into()
}

/// What tokens are minted with.
pub enum SigningKey {
    /// For HS256.
    Secret(hmac::Key),
    /// For RS256.
    Rsa(Box<RsaKeyPair>),
    /// For ES256.
    P256(Box<EcdsaKeyPair>),
    /// For `EdDSA`.
    Ed25519(Box<Ed25519KeyPair>),
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SigningKey").field(&self.algorithm()).finish()
    }
}

impl SigningKey {
    /// The secret in a file.
    ///
    /// # Errors
    /// As for [`VerifyingKey::secret_in`].
    pub fn secret_in(path: &Path) -> Result<Self, AuthError> {
        secret(path).map(Self::Secret)
    }

    /// The private key in a file.
    ///
    /// # Errors
    /// The file cannot be read, or has no such key in it.
    pub fn private_in(path: &Path) -> Result<Self, AuthError> {
        Self::private(&read(path)?).ok_or_else(|| AuthError::NoPrivateKey(path.to_owned()))
    }

    fn private(pem: &[u8]) -> Option<Self> {
        let rsa = |pair: Result<RsaKeyPair, _>| pair.ok().map(|pair| Self::Rsa(Box::new(pair)));
        let (section, key): (SectionKind, Vec<u8>) = PemObject::from_pem_slice(pem).ok()?;
        match (section, der::private_kind(&key)) {
            (SectionKind::RsaPrivateKey, _) => rsa(RsaKeyPair::from_der(&key)),
            (SectionKind::PrivateKey, Some(Kind::Rsa)) => rsa(RsaKeyPair::from_pkcs8(&key)),
            (SectionKind::PrivateKey, Some(Kind::P256)) => {
                let random = SystemRandom::new();
                let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &key, &random).ok()?;
                Some(Self::P256(Box::new(pair)))
            }
            // openssl leaves out the public half, which is computed then.
            (SectionKind::PrivateKey, Some(Kind::Ed25519)) => {
                Some(Self::Ed25519(Box::new(Ed25519KeyPair::from_pkcs8_maybe_unchecked(&key).ok()?)))
            }
            _ => None,
        }
    }

    /// Which algorithm it is for.
    pub fn algorithm(&self) -> Algorithm {
        match self {
            Self::Secret(_) => Algorithm::Hs256,
            Self::Rsa(_) => Algorithm::Rs256,
            Self::P256(_) => Algorithm::Es256,
            Self::Ed25519(_) => Algorithm::EdDsa,
        }
    }

    /// Signs a message.
    ///
    /// # Errors
    /// The system has no randomness.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, error::Unspecified> {
        let random = SystemRandom::new();
        Ok(match self {
            Self::Secret(key) => hmac::sign(key, message).as_ref().to_vec(),
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)?;
                signature
            }
            Self::P256(pair) => pair.sign(&random, message)?.as_ref().to_vec(),
            Self::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
        })
    }
}

//! As much of DER (X.690) as it takes to find a public key in its wrapping (RFC 5280 section 4.1, RFC 5208 section 5): which
//! kind it is, and its own bytes. Input is an operator's file.

/// The kinds of keys that are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Rsa,
    P256,
    Ed25519,
}

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OBJECT: u8 = 0x06;
const SEQUENCE: u8 = 0x30;

/// 1.2.840.113549.1.1.1
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
/// 1.2.840.10045.2.1
const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
/// 1.2.840.10045.3.1.7
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
/// 1.3.101.112
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];

/// The kind and the bytes of the key in a `SubjectPublicKeyInfo`.
pub(super) fn public_key(bytes: &[u8]) -> Option<(Kind, &[u8])> {
    let (whole, []) = inside(SEQUENCE, bytes)? else { return None };
    let (algorithm, rest) = inside(SEQUENCE, whole)?;
    let (key, []) = inside(BIT_STRING, rest)? else { return None };
    // Whole bytes: no unused bits.
    let key = key.strip_prefix(&[0])?;
    Some((kind(algorithm)?, key))
}

/// The kind of the key in a `PrivateKeyInfo`.
pub(super) fn private_kind(bytes: &[u8]) -> Option<Kind> {
    let (whole, _) = inside(SEQUENCE, bytes)?;
    let (_version, rest) = inside(INTEGER, whole)?;
    kind(inside(SEQUENCE, rest)?.0)
}

/// The modulus in an `RSAPublicKey`, without leading zeros.
pub(super) fn modulus(bytes: &[u8]) -> Option<&[u8]> {
    let (whole, []) = inside(SEQUENCE, bytes)? else { return None };
    let modulus = inside(INTEGER, whole)?.0;
    let zeros = modulus.iter().take_while(|byte| **byte == 0).count();
    Some(&modulus[zeros..])
}

fn kind(algorithm: &[u8]) -> Option<Kind> {
    match inside(OBJECT, algorithm)? {
        (RSA, _) => Some(Kind::Rsa),
        (EC, curve) if inside(OBJECT, curve)?.0 == P256 => Some(Kind::P256),
        (ED25519, []) => Some(Kind::Ed25519),
        _ => None,
    }
}

/// What is in an element with this tag, and what follows it.
fn inside(tag: u8, bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = bytes.strip_prefix(&[tag])?;
    let (&first, rest) = rest.split_first()?;
    let digits = usize::from(first & 0x7f);
    let (length, rest) = match first {
        0..=0x7f => (digits, rest),
        0x81..=0x83 => {
            let (length, rest) = rest.split_at_checked(digits)?;
            (length.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

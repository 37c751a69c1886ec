//! How a connection ends (RFC 6455 sections 5.5.1 and 7.4): close frames both ways, and every way in which a client can
//! break the rules.
//!
//! Knows the codes of the RFC and its registry. What the product's own codes (4000 and above) mean is not known here.

use std::fmt;

use super::frame::{self, MAX_CONTROL, Opcode};

/// The client sent what the protocol does not allow.
pub const PROTOCOL_ERROR: u16 = 1002;
/// The client sent a message that is not what its frame says: text that is not UTF-8, or data that cannot be inflated.
pub const INVALID_DATA: u16 = 1007;
/// The client broke a rule of this server.
pub const POLICY: u16 = 1008;
/// The client sent more than this server takes.
pub const TOO_LARGE: u16 = 1009;

/// What a client did that ends its connection: the closed set, with the code and the words it is closed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Violation {
    /// A reserved bit is set that no extension which was agreed on gives a meaning there (section 5.2).
    ReservedBit,
    /// An opcode that means nothing (section 5.2).
    ReservedOpcode,
    /// A client has to mask every frame (section 5.1).
    Unmasked,
    /// A control frame with more than 125 bytes (section 5.5).
    LongControl,
    /// A control frame in parts (section 5.5).
    FragmentedControl,
    /// A length that is not in its shortest form (section 5.2).
    LengthNotMinimal,
    /// A length of 2^63 or more (section 5.2).
    LengthOutOfRange,
    /// A continuation of nothing (section 5.4).
    OrphanContinuation,
    /// A new message before the last one was finished (section 5.4).
    InterruptedMessage,
    /// A close frame with one byte: half a code (section 5.5.1).
    TruncatedClose,
    /// A close frame with a code that must not be sent (section 7.4).
    CloseCode,
    /// Text, or the reason of a close, that is not UTF-8 (section 8.1).
    NotUtf8,
    /// A compressed message that cannot be inflated (RFC 7692 section 7.2.2).
    NotDeflate,
    /// A message in more parts than [`Limits`](super::Limits) allows.
    TooManyFragments,
    /// A message longer than [`Limits`](super::Limits) allows.
    TooLarge,
}

impl Violation {
    /// The code and the words of the close frame that answers it.
    pub const fn close(self) -> (u16, &'static str) {
        match self {
            Self::ReservedBit => (PROTOCOL_ERROR, "a reserved bit is set"),
            Self::ReservedOpcode => (PROTOCOL_ERROR, "reserved opcode"),
            Self::Unmasked => (PROTOCOL_ERROR, "frame is not masked"),
            Self::LongControl => (PROTOCOL_ERROR, "control frame over 125 bytes"),
            Self::FragmentedControl => (PROTOCOL_ERROR, "fragmented control frame"),
            Self::LengthNotMinimal => (PROTOCOL_ERROR, "length not in its shortest form"),
            Self::LengthOutOfRange => (PROTOCOL_ERROR, "length of 2^63 or more"),
            Self::OrphanContinuation => (PROTOCOL_ERROR, "continuation of no message"),
            Self::InterruptedMessage => (PROTOCOL_ERROR, "new message inside another"),
            Self::TruncatedClose => (PROTOCOL_ERROR, "close frame with half a code"),
            Self::CloseCode => (PROTOCOL_ERROR, "close code that must not be sent"),
            Self::NotUtf8 => (INVALID_DATA, "text is not UTF-8"),
            // The frames keep the rules; it is what they carry that is not what they say, as with text.
            Self::NotDeflate => (INVALID_DATA, "compressed message cannot be inflated"),
            Self::TooManyFragments => (POLICY, "message in too many parts"),
            Self::TooLarge => (TOO_LARGE, "message too large"),
        }
    }

    /// The code of [`close`](Self::close).
    pub const fn code(self) -> u16 {
        self.close().0
    }

    /// Appends the close frame that answers it.
    pub fn push(self, out: &mut Vec<u8>) {
        let (code, reason) = self.close();
        push(out, code, reason);
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.close().1)
    }
}

impl std::error::Error for Violation {}

/// Whether `code` may stand in a close frame: registered for that, or in the ranges left to libraries and applications
/// (section 7.4.2).
pub const fn is_sendable(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

/// Reads the payload of a client's close frame: nothing, or a code and a reason.
pub(super) fn read(payload: &[u8]) -> Result<Option<(u16, &str)>, Violation> {
    let Some((&code, reason)) = payload.split_first_chunk() else {
        return if payload.is_empty() { Ok(None) } else { Err(Violation::TruncatedClose) };
    };
    let code = u16::from_be_bytes(code);
    if !is_sendable(code) {
        return Err(Violation::CloseCode);
    }
    let reason = str::from_utf8(reason).map_err(|_| Violation::NotUtf8)?;
    Ok(Some((code, reason)))
}

/// Appends a close frame. `code` has to be [sendable](is_sendable); a reason over 123 bytes is cut before a character.
pub fn push(out: &mut Vec<u8>, code: u16, reason: &str) {
    debug_assert!(is_sendable(code), "{code} must not be sent");
    let reason = &reason[..reason.floor_char_boundary(MAX_CONTROL - size_of::<u16>())];
    out.extend_from_slice(&frame::header(Opcode::Close, size_of::<u16>() + reason.len()));
    out.extend_from_slice(&code.to_be_bytes());
    out.extend_from_slice(reason.as_bytes());
}

/// Appends the close frame that answers a client's: the same code, or none if it gave none (section 5.5.1).
pub fn push_answer(out: &mut Vec<u8>, received: Option<(u16, &str)>) {
    match received {
        Some((code, _)) => push(out, code, ""),
        None => out.extend_from_slice(&frame::header(Opcode::Close, 0)),
    }
}

//! An Engine.IO packet, and the payload of HTTP polling: packets with a record separator between them, binary ones in Base64.
//!
//! Over WebSocket a text message is one packet and a binary message is the data of one, without a type.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};

use super::Violation;

/// Between the packets of a payload.
pub const SEPARATOR: char = '\u{1e}';

/// Packets in one payload. A browser that was busy sends some dozens.
pub const MAX_PACKETS: usize = 1024;

/// Some clients leave the padding out.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// One packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packet<'a> {
    /// The server's first words: the session.
    Open(&'a str),
    /// The end of the session.
    Close,
    /// To be answered by a pong with the same data.
    Ping(&'a str),
    /// The answer to a ping.
    Pong(&'a str),
    /// What the session is for.
    Message(&'a str),
    /// The client has moved to the new transport.
    Upgrade,
    /// Nothing: it ends a poll that has nothing else to say.
    Noop,
}

impl<'a> Packet<'a> {
    /// Reads a packet of text.
    ///
    /// # Errors
    /// [`Violation::EngineType`].
    pub fn read(text: &'a str) -> Result<Self, Violation> {
        let mut rest = text.chars();
        let kind = rest.next().ok_or(Violation::EngineType)?;
        let data = rest.as_str();
        Ok(match kind {
            '0' => Self::Open(data),
            '1' => Self::Close,
            '2' => Self::Ping(data),
            '3' => Self::Pong(data),
            '4' => Self::Message(data),
            '5' => Self::Upgrade,
            '6' => Self::Noop,
            _ => return Err(Violation::EngineType),
        })
    }

    /// Appends the packet.
    pub fn push(self, out: &mut Vec<u8>) {
        let (kind, data) = match self {
            Self::Open(data) => (b'0', data),
            Self::Close => (b'1', ""),
            Self::Ping(data) => (b'2', data),
            Self::Pong(data) => (b'3', data),
            Self::Message(data) => (b'4', data),
            Self::Upgrade => (b'5', ""),
            Self::Noop => (b'6', ""),
        };
        out.push(kind);
        out.extend_from_slice(data.as_bytes());
    }
}

/// One packet of a payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece<'a> {
    /// A packet of text.
    Text(Packet<'a>),
    /// The data of a binary message.
    Binary(Vec<u8>),
}

/// Reads a payload, packet by packet, in order. What comes before a packet that cannot be read is good.
///
/// # Errors
/// Each packet's: [`Violation::EngineType`], [`Violation::NotBase64`], and [`Violation::TooManyPackets`] after the last one
/// that may be.
pub fn payload(body: &str) -> impl Iterator<Item = Result<Piece<'_>, Violation>> {
    body.split(SEPARATOR).enumerate().map(|(index, packet)| {
        if index >= MAX_PACKETS {
            return Err(Violation::TooManyPackets);
        }
        match packet.strip_prefix('b') {
            Some(data) => LENIENT.decode(data).map(Piece::Binary).map_err(|_| Violation::NotBase64),
            None => Packet::read(packet).map(Piece::Text),
        }
    })
}

/// Begins the next packet of a payload.
pub fn separate(payload: &mut String) {
    if !payload.is_empty() {
        payload.push(SEPARATOR);
    }
}

/// Appends a packet of text to a payload.
pub fn push_text(payload: &mut String, packet: &str) {
    separate(payload);
    payload.push_str(packet);
}

/// Appends the data of a binary message to a payload.
pub fn push_binary(payload: &mut String, data: &[u8]) {
    separate(payload);
    payload.push('b');
    STANDARD.encode_string(data, payload);
}

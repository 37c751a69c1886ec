//! One frame (RFC 6455 section 5.2): reads the header that a client's frame begins with, unmasks its payload, writes a
//! server's frames.
//!
//! Knows the layout only. Which frame may follow which, and how large a message may become, is the decoder's to say.

use std::ops::Deref;

use super::close::Violation;

/// A control frame's payload has at most this many bytes (section 5.5).
pub const MAX_CONTROL: usize = 125;

/// A client's header has at most this many bytes: two, eight of length, four of masking key.
pub(super) const MAX_CLIENT_HEADER: usize = 14;

const FIN: u8 = 0b1000_0000;
/// A bit of these is set by an extension only.
const RESERVED: u8 = 0b0111_0000;
/// The first of them says that a message is compressed, where that was agreed on (RFC 7692 section 6).
const DEFLATED: u8 = 0b0100_0000;
const OPCODE: u8 = 0b0000_1111;
const MASKED: u8 = 0b1000_0000;
const LENGTH: u8 = 0b0111_1111;
/// Bytes of a masking key.
const MASK: usize = 4;
/// In place of a length: the next two bytes hold it.
const LENGTH_IN_2: u8 = 126;
/// In place of a length: the next eight bytes hold it.
const LENGTH_IN_8: u8 = 127;

/// What a frame is. The other ten values are reserved (section 11.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opcode {
    /// The next part of the message that was begun.
    Continuation = 0,
    /// Text, or its first part.
    Text = 1,
    /// Bytes, or their first part.
    Binary = 2,
    /// The last frame of its sender.
    Close = 8,
    /// To be answered by a pong with the same payload.
    Ping = 9,
    /// The answer to a ping, or a sign of life that nobody asked for.
    Pong = 10,
}

impl Opcode {
    const fn from_bits(bits: u8) -> Option<Self> {
        match bits {
            0 => Some(Self::Continuation),
            1 => Some(Self::Text),
            2 => Some(Self::Binary),
            8 => Some(Self::Close),
            9 => Some(Self::Ping),
            10 => Some(Self::Pong),
            _ => None,
        }
    }

    /// Whether frames of this kind stand between those of a message, whole and short.
    pub const fn is_control(self) -> bool {
        match self {
            Self::Continuation | Self::Text | Self::Binary => false,
            Self::Close | Self::Ping | Self::Pong => true,
        }
    }

    /// Whether a frame of this kind is the first of a message.
    pub const fn begins_message(self) -> bool {
        match self {
            Self::Text | Self::Binary => true,
            Self::Continuation | Self::Close | Self::Ping | Self::Pong => false,
        }
    }
}

/// A client's frame whose header has been read: what is still to come of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Incoming {
    pub(super) opcode: Opcode,
    /// Whether it is the last of its message.
    pub(super) fin: bool,
    /// Whether it says that its message is compressed.
    pub(super) deflated: bool,
    /// Bytes of payload that have not been unmasked yet.
    pub(super) left: usize,
    /// The masking key, turned so that it begins at the next byte, which is its lowest. A number and not four bytes, so
    /// that the compiler hands a frame over in registers: that halves the time of a short frame.
    key: u32,
}

impl Incoming {
    /// Reads a header from the beginning of `bytes` and says how many bytes it takes; `None` means that more bytes are
    /// needed.
    ///
    /// Every byte is judged as soon as it is there. Only where compression was agreed on may a frame be `deflatable`, and
    /// then the first of a message only. `room` is asked once the opcode is known: how many bytes of payload may a frame
    /// of this kind have now, if it may come at all?
    #[inline]
    pub(super) fn read(
        bytes: &[u8],
        deflatable: bool,
        room: impl FnOnce(Opcode) -> Result<usize, Violation>,
    ) -> Result<Option<(Self, usize)>, Violation> {
        let Some(&first) = bytes.first() else { return Ok(None) };
        let deflated = deflatable && first & RESERVED == DEFLATED;
        if first & RESERVED != 0 && !deflated {
            return Err(Violation::ReservedBit);
        }
        let opcode = Opcode::from_bits(first & OPCODE).ok_or(Violation::ReservedOpcode)?;
        if deflated && !opcode.begins_message() {
            return Err(Violation::ReservedBit);
        }
        let fin = first & FIN != 0;
        if opcode.is_control() && !fin {
            return Err(Violation::FragmentedControl);
        }
        let room = room(opcode)?;

        let Some(&second) = bytes.get(1) else { return Ok(None) };
        if second & MASKED == 0 {
            return Err(Violation::Unmasked);
        }
        let short = second & LENGTH;
        if opcode.is_control() && usize::from(short) > MAX_CONTROL {
            return Err(Violation::LongControl);
        }
        let rest = &bytes[2..];
        let (length, rest) = match short {
            LENGTH_IN_2 => match rest.split_first_chunk() {
                Some((&length, rest)) => (minimal(u16::from_be_bytes(length).into(), 126)?, rest),
                None => return Ok(None),
            },
            LENGTH_IN_8 => match rest.split_first_chunk() {
                Some((&length, rest)) => (minimal(u64::from_be_bytes(length), 1 << 16)?, rest),
                None => return Ok(None),
            },
            short => (short.into(), rest),
        };
        if length >> 63 != 0 {
            return Err(Violation::LengthOutOfRange);
        }
        let left = usize::try_from(length).ok().filter(|&length| length <= room).ok_or(Violation::TooLarge)?;

        let Some((&key, rest)) = rest.split_first_chunk() else { return Ok(None) };
        let key = u32::from_le_bytes(key);
        Ok(Some((Self { opcode, fin, deflated, left, key }, bytes.len() - rest.len())))
    }

    /// Whether it is a message, or a control frame, by itself.
    pub(super) const fn is_item(&self) -> bool {
        self.fin && !matches!(self.opcode, Opcode::Continuation)
    }

    /// Unmasks the next bytes of the payload (no more than are left of it), in place.
    pub(super) fn unmask(&mut self, payload: &mut [u8]) {
        mask(payload, self.key.to_le_bytes());
        self.left -= payload.len();
        self.key = self.key.rotate_right(payload.len() as u32 % 4 * u8::BITS);
    }
}

/// A length has to be written in its shortest form (section 5.2).
const fn minimal(length: u64, least: u64) -> Result<u64, Violation> {
    if length < least { Err(Violation::LengthNotMinimal) } else { Ok(length) }
}

/// Masks or unmasks `bytes` (section 5.3): the same operation both ways.
pub fn mask(bytes: &mut [u8], key: [u8; 4]) {
    // Blocks of a fixed size, so that the compiler makes vector instructions of them.
    let wide = u64::from_ne_bytes([key[0], key[1], key[2], key[3], key[0], key[1], key[2], key[3]]);
    let (words, tail) = bytes.as_chunks_mut::<8>();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
    }
    for (byte, key) in tail.iter_mut().zip(key.iter().cycle()) {
        *byte ^= key;
    }
}

/// The header of a server's frame; dereferences to its bytes.
#[derive(Debug, Clone, Copy)]
pub struct Header {
    bytes: [u8; 10],
    size: u8,
}

impl Deref for Header {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[..self.size.into()]
    }
}

/// The header of an unfragmented, unmasked frame with `length` bytes of payload.
pub fn header(opcode: Opcode, length: usize) -> Header {
    let mut bytes = [0; 10];
    bytes[0] = FIN | opcode as u8;
    let size = match length {
        ..126 => {
            bytes[1] = length as u8;
            2
        }
        126..0x1_0000 => {
            bytes[1] = LENGTH_IN_2;
            bytes[2..4].copy_from_slice(&(length as u16).to_be_bytes());
            4
        }
        _ => {
            bytes[1] = LENGTH_IN_8;
            bytes[2..].copy_from_slice(&(length as u64).to_be_bytes());
            10
        }
    };
    Header { bytes, size }
}

/// Takes the first of a server's own whole frames: its payload, and the frames after it. Nothing if there is none.
pub fn split(frames: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&[_, short], rest) = frames.split_first_chunk()?;
    let (length, rest) = match short {
        LENGTH_IN_2 => {
            let (length, rest) = rest.split_first_chunk()?;
            (u16::from_be_bytes(*length).into(), rest)
        }
        LENGTH_IN_8 => {
            let (length, rest) = rest.split_first_chunk()?;
            (usize::try_from(u64::from_be_bytes(*length)).ok()?, rest)
        }
        short => (short.into(), rest),
    };
    rest.split_at_checked(length)
}

/// Takes the first of a server's own whole frames: what it is, its payload, and the frames after it. Nothing if it is not
/// whole.
pub fn split_first(frames: &[u8]) -> Option<(Option<Opcode>, &[u8], &[u8])> {
    let (payload, rest) = split(frames)?;
    Some((Opcode::from_bits(frames[0] & OPCODE), payload, rest))
}

/// Appends a frame as a client sends it, under a mask that changes nothing: for what comes another way and is read as a
/// WebSocket.
pub fn push_from_client(out: &mut Vec<u8>, opcode: Opcode, payload: &[u8]) {
    let header = header(opcode, payload.len());
    let (first, rest) = header.split_at(1);
    out.reserve(header.len() + MASK + payload.len());
    out.extend_from_slice(first);
    out.push(rest[0] | MASKED);
    out.extend_from_slice(&rest[1..]);
    out.extend_from_slice(&[0; MASK]);
    out.extend_from_slice(payload);
}

/// Appends a frame. Text has to be UTF-8, a control frame's payload at most [`MAX_CONTROL`] bytes.
pub fn push(out: &mut Vec<u8>, opcode: Opcode, payload: &[u8]) {
    debug_assert!(!opcode.is_control() || payload.len() <= MAX_CONTROL, "a control frame of {} bytes", payload.len());
    let header = header(opcode, payload.len());
    out.reserve(header.len() + payload.len());
    out.extend_from_slice(&header);
    out.extend_from_slice(payload);
}

/// Appends a frame with a whole message that is compressed, text or binary.
pub fn push_deflated(out: &mut Vec<u8>, opcode: Opcode, payload: &[u8]) {
    debug_assert!(opcode.begins_message(), "{opcode:?} is not compressed");
    let start = out.len();
    push(out, opcode, payload);
    out[start] |= DEFLATED;
}

/// Appends a frame whose payload `write` appends in its place, which spares a copy.
///
/// `expected` is about how many bytes that will be. A wrong guess is harmless: only when it falls on the other side of
/// 126 or 65,536 is the payload moved to make its header fit.
pub fn push_with(out: &mut Vec<u8>, opcode: Opcode, expected: usize, write: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    let guess = header(opcode, expected);
    out.reserve(guess.len() + expected);
    out.extend_from_slice(&guess);
    let begin = out.len();
    write(out);
    let header = header(opcode, out.len() - begin);
    if header.len() == guess.len() {
        out[start..begin].copy_from_slice(&header);
    } else {
        out.splice(start..begin, header.iter().copied());
    }
}

//! One frame (RFC 6455 section 5.2): reads what a server writes, writes what a client writes, under a mask.
//!
//! Knows the layout only. Which frame may follow which, and how large a message may become, is for
//! [`messages`](super::messages) to say.

/// In place of a length: the next two bytes hold it, or the next eight.
const LENGTH_IN_2: u8 = 126;
const LENGTH_IN_8: u8 = 127;
const FIN: u8 = 0x80;
const RESERVED: u8 = 0x70;
const MASKED: u8 = 0x80;

/// A control frame's payload has at most this many bytes (section 5.5).
pub const MAX_CONTROL: usize = 125;

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
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
    /// The answer to a ping.
    Pong = 10,
}

impl Kind {
    const fn of(bits: u8) -> Option<Self> {
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

    const fn is_control(self) -> bool {
        match self {
            Self::Continuation | Self::Text | Self::Binary => false,
            Self::Close | Self::Ping | Self::Pong => true,
        }
    }
}

/// One frame, as it lies in what was read.
#[derive(Debug, PartialEq, Eq)]
pub struct Frame<'b> {
    /// What it is.
    pub kind: Kind,
    /// Whether it is the last of its message.
    pub fin: bool,
    /// What it holds.
    pub payload: &'b [u8],
    /// Bytes that it takes, with its header.
    pub length: usize,
}

/// What a server may not send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// Servers do not mask (section 5.1).
    #[error("the server sent a masked frame")]
    Masked,
    /// No extension was agreed on (section 5.2).
    #[error("the server sent a frame with reserved bits")]
    Reserved,
    /// An opcode that means nothing (section 5.2).
    #[error("the server sent a frame of no known kind")]
    Unknown,
    /// A control frame in parts, or over 125 bytes (section 5.5).
    #[error("the server sent a control frame that is cut or too long")]
    Control,
    /// A continuation of nothing, or a message within another (section 5.4).
    #[error("the server mixed the parts of its messages")]
    Mixed,
    /// A close frame with half a code (section 5.5.1).
    #[error("the server closed with half a code")]
    Close,
    /// More than is read.
    #[error("the server sent a message of more than {0} bytes")]
    Length(usize),
    /// Text that is not UTF-8 (section 8.1).
    #[error("the server sent text that is not UTF-8")]
    NotUtf8,
}

impl Broken {
    /// The code of the close frame that answers it (section 7.4.1).
    pub const fn code(self) -> u16 {
        match self {
            Self::Masked | Self::Reserved | Self::Unknown | Self::Control | Self::Mixed | Self::Close => 1002,
            Self::NotUtf8 => 1007,
            Self::Length(_) => 1009,
        }
    }
}

/// The first frame, if it is whole. `most`: bytes that its payload may have; more is refused on the length.
///
/// # Errors
/// If it is none that a server may send.
pub fn first(bytes: &[u8], most: usize) -> Result<Option<Frame<'_>>, Broken> {
    let [head, short, ..] = *bytes else { return Ok(None) };
    if head & RESERVED != 0 {
        return Err(Broken::Reserved);
    }
    let kind = Kind::of(head & 0x0f).ok_or(Broken::Unknown)?;
    let fin = head & FIN != 0;
    let (start, length) = match short {
        LENGTH_IN_2 => match bytes.get(2..4) {
            Some(length) => (4, length.iter().fold(0, |sum, &byte| sum << 8 | u64::from(byte))),
            None => return Ok(None),
        },
        LENGTH_IN_8 => match bytes.get(2..10) {
            Some(length) => (10, length.iter().fold(0, |sum, &byte| sum << 8 | u64::from(byte))),
            None => return Ok(None),
        },
        MASKED.. => return Err(Broken::Masked),
        short => (2, short.into()),
    };
    if kind.is_control() && (!fin || length > MAX_CONTROL as u64) {
        return Err(Broken::Control);
    }
    let length = usize::try_from(length).ok().filter(|&length| length <= most).ok_or(Broken::Length(most))?;
    let payload = bytes.get(start..start + length);
    Ok(payload.map(|payload| Frame { kind, fin, payload, length: start + length }))
}

/// Adds a whole frame, under a mask. What `write` adds is its payload.
pub fn put(into: &mut Vec<u8>, kind: Kind, mask: [u8; 4], write: impl FnOnce(&mut Vec<u8>)) {
    // Most lines are under 126 bytes; a longer one is moved to make room for its length.
    let begin = into.len();
    into.extend_from_slice(&[FIN | kind as u8, MASKED]);
    into.extend_from_slice(&mask);
    let start = into.len();
    write(into);
    let length = into.len() - start;
    debug_assert!(!kind.is_control() || length <= MAX_CONTROL, "a control frame of {length} bytes");
    hide(&mut into[start..], mask);
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(length @ ..LENGTH_IN_2), _) => into[begin + 1] = MASKED | length,
        (_, Ok(length)) => {
            into[begin + 1] = MASKED | LENGTH_IN_2;
            into.splice(begin + 2..begin + 2, length.to_be_bytes());
        }
        _ => {
            into[begin + 1] = MASKED | LENGTH_IN_8;
            into.splice(begin + 2..begin + 2, (length as u64).to_be_bytes());
        }
    }
}

/// Puts a payload under its mask (section 5.3), eight bytes at a time.
fn hide(payload: &mut [u8], [a, b, c, d]: [u8; 4]) {
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (words, rest) = payload.as_chunks_mut::<8>();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip([a, b, c, d].into_iter().cycle()) {
        *byte ^= mask;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: usize = 1 << 20;

    #[test]
    fn a_server_reads_what_is_written_here() {
        use tungstenite::protocol::{Role, WebSocket};
        for length in [0, 1, 125, 126, 127, 65_535, 65_536, 70_000] {
            let text = "x".repeat(length);
            let mut bytes = Vec::new();
            put(&mut bytes, Kind::Text, [1, 2, 3, 250], |bytes| bytes.extend_from_slice(text.as_bytes()));
            let mut server = WebSocket::from_raw_socket(std::io::Cursor::new(bytes), Role::Server, None);
            assert_eq!(server.read().expect("a frame").into_text().expect("text").as_str(), text);
        }
    }

    #[test]
    fn what_a_server_writes_is_read_in_any_pieces() {
        for length in [0_usize, 1, 125, 126, 65_535, 65_536] {
            let payload = vec![b'x'; length];
            let mut bytes = vec![0x81];
            bytes.extend(match length {
                0..126 => vec![length as u8],
                126..65_536 => [&[126][..], &(length as u16).to_be_bytes()].concat(),
                _ => [&[127][..], &(length as u64).to_be_bytes()].concat(),
            });
            bytes.extend(&payload);
            for part in (0..bytes.len().min(12)).chain([bytes.len() - 1]) {
                assert_eq!(first(&bytes[..part], MOST), Ok(None), "{part} of {length}");
            }
            let whole = first(&bytes, MOST).expect("fine").expect("whole");
            assert_eq!((whole.payload, whole.fin, whole.length), (&payload[..], true, bytes.len()));
        }
    }

    #[test]
    fn what_no_server_may_write_is_refused_by_its_header() {
        for (bytes, wanted) in [
            (&[0x81, 0x80][..], Broken::Masked),
            (&[0xc1, 0], Broken::Reserved),
            (&[0x83, 0], Broken::Unknown),
            (&[0x09, 0], Broken::Control),
            (&[0x89, 126, 0, 126], Broken::Control),
            (&[0x81, 127, 0, 0, 0, 0, 0, 0x10, 0, 1], Broken::Length(MOST)),
            (&[0x81, 127, 255, 0, 0, 0, 0, 0, 0, 0], Broken::Length(MOST)),
        ] {
            assert_eq!(first(bytes, MOST), Err(wanted), "{bytes:x?}");
        }
    }
}

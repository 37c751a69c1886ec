//! A client's side of WebSocket framing (RFC 6455 section 5): masked frames out, unmasked frames in. Apart from the
//! server's codec, so that what one does wrong the other finds.

/// In place of a length: the next two bytes hold it, or the next eight.
const LENGTH_IN_2: u8 = 126;
const LENGTH_IN_8: u8 = 127;
const MASKED: u8 = 0x80;

/// A frame of a server has at most this many bytes; a chat sends nothing longer.
const MAX_FRAME: u64 = 64 * 1024 * 1024;

pub(super) const CONTINUATION: u8 = 0;
pub(super) const TEXT: u8 = 1;
pub(super) const BINARY: u8 = 2;
pub(super) const CLOSE: u8 = 8;
pub(super) const PING: u8 = 9;
pub(super) const PONG: u8 = 10;

/// One frame, as it lies in what was read.
#[derive(Debug, PartialEq, Eq)]
pub struct Frame<'b> {
    /// What it is.
    pub opcode: u8,
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
    /// Servers do not mask.
    #[error("the server sent a masked frame")]
    Masked,
    /// No extension was agreed on.
    #[error("the server sent a frame with reserved bits")]
    Reserved,
    /// More than we read.
    #[error("the server sent a frame of {0} bytes")]
    Length(u64),
}

/// The first frame, if it is whole.
///
/// # Errors
/// If it is none that a server may send.
pub fn first(bytes: &[u8]) -> Result<Option<Frame<'_>>, Broken> {
    let [head, short, ..] = *bytes else { return Ok(None) };
    if head & 0x70 != 0 {
        return Err(Broken::Reserved);
    }
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
    if length > MAX_FRAME {
        return Err(Broken::Length(length));
    }
    let length = start + length as usize;
    let payload = bytes.get(start..length);
    Ok(payload.map(|payload| Frame { opcode: head & 0x0f, fin: head & 0x80 != 0, payload, length }))
}

/// Adds a whole frame, under a mask.
pub fn put(into: &mut Vec<u8>, opcode: u8, mask: [u8; 4], write: impl FnOnce(&mut Vec<u8>)) {
    // Most lines are under 126 bytes; a longer one is moved to make room for its length.
    let begin = into.len();
    into.extend_from_slice(&[0x80 | opcode, MASKED]);
    into.extend_from_slice(&mask);
    let start = into.len();
    write(into);
    let length = into.len() - start;
    for (byte, mask) in into[start..].iter_mut().zip(mask.into_iter().cycle()) {
        *byte ^= mask;
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_reads_what_is_written_here() {
        use tungstenite::protocol::{Role, WebSocket};
        for length in [0, 1, 125, 126, 127, 65_535, 65_536, 70_000] {
            let text = "x".repeat(length);
            let mut bytes = Vec::new();
            put(&mut bytes, TEXT, [1, 2, 3, 250], |bytes| bytes.extend_from_slice(text.as_bytes()));
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
                assert_eq!(first(&bytes[..part]), Ok(None), "{part} of {length}");
            }
            let whole = first(&bytes).expect("fine").expect("whole");
            assert_eq!((whole.payload, whole.fin, whole.length), (&payload[..], true, bytes.len()));
        }
        assert_eq!(first(&[0x81, 0x80]), Err(Broken::Masked));
        assert_eq!(first(&[0xc1, 0]), Err(Broken::Reserved));
        assert!(matches!(first(&[0x81, 127, 255, 0, 0, 0, 0, 0, 0, 0]), Err(Broken::Length(_))));
    }
}

//! Text that arrives in pieces (RFC 6455 section 8.1): refused at the first byte that cannot belong to UTF-8, wherever
//! the pieces are cut.
//!
//! The checking is the standard library's, which goes through ASCII a word at a time. Here is only the character on the
//! cut.

/// The bytes cannot be UTF-8, whatever may follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NotUtf8;

/// Text whose beginning has arrived.
#[derive(Debug, Default)]
pub(super) struct Text {
    whole: String,
    /// The first bytes of a character that is not whole yet.
    cut: [u8; 4],
    cut_length: u8,
}

impl Text {
    /// How many bytes have arrived.
    pub(super) fn len(&self) -> usize {
        self.whole.len() + usize::from(self.cut_length)
    }

    /// Takes the next bytes.
    pub(super) fn push(&mut self, mut bytes: &[u8]) -> Result<(), NotUtf8> {
        while self.cut_length > 0 {
            let Some((&first, rest)) = bytes.split_first() else { return Ok(()) };
            self.push_into_cut(first)?;
            bytes = rest;
        }
        let (whole, cut) = bytes.split_at(bytes.len() - cut_length(bytes));
        self.whole.push_str(str::from_utf8(whole).map_err(|_| NotUtf8)?);
        cut.iter().try_for_each(|&byte| self.push_into_cut(byte))
    }

    /// Takes one more byte of the character on the cut, and the character when that was its last.
    fn push_into_cut(&mut self, byte: u8) -> Result<(), NotUtf8> {
        let length = usize::from(self.cut_length);
        self.cut[length] = byte;
        match str::from_utf8(&self.cut[..=length]) {
            Ok(character) => {
                self.whole.push_str(character);
                self.cut_length = 0;
                Ok(())
            }
            // The standard library tells an impossible byte from a missing one by the length.
            Err(error) if error.error_len().is_none() => {
                self.cut_length += 1;
                Ok(())
            }
            Err(_) => Err(NotUtf8),
        }
    }

    /// The text, if it does not end in the middle of a character.
    pub(super) fn finish(&self) -> Result<&str, NotUtf8> {
        if self.cut_length == 0 { Ok(&self.whole) } else { Err(NotUtf8) }
    }
}

/// How many bytes at the end look like the beginning of a longer character (at most three).
fn cut_length(bytes: &[u8]) -> usize {
    for (before, &byte) in bytes.iter().rev().take(3).enumerate() {
        let width = match byte {
            0x80..=0xbf => continue,
            0xc0..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xff => 4,
            0x00..=0x7f => 1,
        };
        return if width > before + 1 { before + 1 } else { 0 };
    }
    0
}

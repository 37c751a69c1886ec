//! Whole messages out of a server's frames: parts put together, control frames between them, limits kept (RFC 6455
//! section 5.4).
//!
//! Reads no socket. A frame that is whole in the bytes just read is handed out from where it lies; only a message in parts
//! is copied.

use super::frame::{Broken, Frame, Kind, first};

/// What a server sent, whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard<'b> {
    /// Text, not yet held against UTF-8: [`text`] does that.
    Text(&'b [u8]),
    /// Bytes.
    Binary(&'b [u8]),
    /// Wants a pong with the same payload.
    Ping(&'b [u8]),
    /// Answers a ping.
    Pong,
    /// The server's last word: a code and a reason, or neither.
    Close(Option<(u16, &'b [u8])>),
}

/// Bytes as text.
///
/// # Errors
/// [`Broken::NotUtf8`].
pub fn text(bytes: &[u8]) -> Result<&str, Broken> {
    str::from_utf8(bytes).map_err(|_| Broken::NotUtf8)
}

/// Puts one server's messages together.
#[derive(Debug)]
pub struct Messages {
    /// Bytes of one message, over all its parts.
    most: usize,
    /// The message whose last part has not come. Whole, it stays here until the next one is asked for.
    message: Vec<u8>,
    begun: Option<Kind>,
}

impl Messages {
    /// At the beginning of a connection. A message of more than `most` bytes is refused.
    pub const fn new(most: usize) -> Self {
        Self { most, message: Vec::new(), begun: None }
    }

    /// The next message or control frame in these bytes from `at` on, which moves behind what was taken. Nothing is kept
    /// of a frame that is not whole: its bytes are to be given again, with those that follow.
    ///
    /// # Errors
    /// The rule that the server broke.
    pub fn next<'b>(&'b mut self, bytes: &'b [u8], at: &mut usize) -> Result<Option<Heard<'b>>, Broken> {
        if self.begun.is_none() {
            self.message.clear();
        }
        while let Some(Frame { kind, fin, payload, length }) = first(&bytes[*at..], self.most)? {
            *at += length;
            let heard = match (kind, self.begun) {
                (Kind::Text, None) if fin => Heard::Text(payload),
                (Kind::Binary, None) if fin => Heard::Binary(payload),
                (Kind::Text | Kind::Binary, None) => {
                    self.begun = Some(kind);
                    self.message.extend_from_slice(payload);
                    continue;
                }
                (Kind::Text | Kind::Binary, Some(_)) | (Kind::Continuation, None) => return Err(Broken::Mixed),
                (Kind::Continuation, Some(begun)) => {
                    if payload.len() > self.most - self.message.len() {
                        return Err(Broken::Length(self.most));
                    }
                    self.message.extend_from_slice(payload);
                    if !fin {
                        continue;
                    }
                    self.begun = None;
                    if begun == Kind::Text { Heard::Text(&self.message) } else { Heard::Binary(&self.message) }
                }
                (Kind::Ping, _) => Heard::Ping(payload),
                (Kind::Pong, _) => Heard::Pong,
                (Kind::Close, _) => Heard::Close(farewell(payload)?),
            };
            return Ok(Some(heard));
        }
        Ok(None)
    }
}

/// The code and the reason of a close frame (section 5.5.1).
fn farewell(payload: &[u8]) -> Result<Option<(u16, &[u8])>, Broken> {
    match payload {
        [] => Ok(None),
        [_] => Err(Broken::Close),
        [high, low, reason @ ..] => Ok(Some((u16::from_be_bytes([*high, *low]), reason))),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Everything that these bytes hold, read in pieces of these lengths.
    fn heard(bytes: &[u8], pieces: &[usize]) -> Result<Vec<String>, Broken> {
        let (mut messages, mut all, mut buffer, mut rest) = (Messages::new(300), Vec::new(), Vec::new(), bytes);
        for piece in pieces.iter().copied().chain([bytes.len()]) {
            let (now, later) = rest.split_at(piece.min(rest.len()));
            buffer.extend_from_slice(now);
            rest = later;
            let mut at = 0;
            while let Some(heard) = messages.next(&buffer, &mut at)? {
                all.push(format!("{heard:?}"));
            }
            buffer.drain(..at);
        }
        Ok(all)
    }

    fn frame(head: u8, payload: &[u8]) -> Vec<u8> {
        let length = u8::try_from(payload.len()).ok().filter(|length| *length < 126).expect("short ones");
        [&[head, length], payload].concat()
    }

    #[test]
    fn parts_become_one_message_and_control_frames_stand_between_them() {
        let parts = [frame(0x01, b"a"), frame(0x89, b"?"), frame(0x00, b"b"), frame(0x80, b"c"), frame(0x82, b"d")];
        let close = frame(0x88, &[&1012_u16.to_be_bytes()[..], b"bye"].concat());
        let bytes = [parts.concat(), close].concat();
        let wanted = [
            format!("{:?}", Heard::Ping(b"?")),
            format!("{:?}", Heard::Text(b"abc")),
            format!("{:?}", Heard::Binary(b"d")),
            format!("{:?}", Heard::Close(Some((1012, b"bye")))),
        ];
        for pieces in [&[][..], &[1; 40], &[3, 1, 7]] {
            assert_eq!(heard(&bytes, pieces).expect("fine"), wanted);
        }
    }

    #[test]
    fn a_server_that_breaks_the_rules_is_told_which() {
        for (frames, wanted) in [
            (vec![frame(0x80, b"x")], Broken::Mixed),
            (vec![frame(0x01, b"x"), frame(0x81, b"y")], Broken::Mixed),
            (vec![frame(0x88, b"x")], Broken::Close),
            (vec![frame(0x01, &[b'x'; 125]), frame(0x00, &[b'x'; 125]), frame(0x80, &[b'x'; 51])], Broken::Length(300)),
        ] {
            assert_eq!(heard(&frames.concat(), &[]), Err(wanted), "{frames:?}");
        }
        assert_eq!(text(b"\xff"), Err(Broken::NotUtf8));
    }

    fn anything_like_frames() -> impl Strategy<Value = Vec<u8>> {
        let head = prop::sample::select(vec![0x00, 0x01, 0x02, 0x80, 0x81, 0x82, 0x88, 0x89, 0x8a, 0x83, 0x09, 0xc1]);
        let framed = (head, prop::collection::vec(any::<u8>(), 0..125)).prop_map(|(head, body)| frame(head, &body));
        let piece = prop_oneof![6 => framed, 1 => prop::collection::vec(any::<u8>(), 0..20)];
        prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn whatever_comes_is_the_same_in_any_pieces(
            bytes in anything_like_frames(),
            pieces in prop::collection::vec(0_usize..40, 0..40),
        ) {
            let whole = heard(&bytes, &[]);
            let torn = heard(&bytes, &pieces);
            prop_assert_eq!(whole, torn);
        }
    }
}

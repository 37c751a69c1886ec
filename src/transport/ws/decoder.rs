//! Bytes from a client in, whole messages out (RFC 6455 section 5): fragments put together, control frames between
//! them, compressed messages inflated, limits kept.
//!
//! Does no I/O and asks no clock. While nothing is half said it owns no memory: a frame that is whole in the bytes just
//! read is unmasked where it lies and handed out from there. What has to be kept grows with the bytes that arrived,
//! never with an announced length; of a compressed message that is the compressed bytes, for it is inflated when it is
//! whole, into a buffer of the thread.

use std::{mem, ops::ControlFlow};

use super::close::{self, Violation};
use super::deflate;
use super::frame::{Incoming, MAX_CLIENT_HEADER, MAX_CONTROL, Opcode};
use super::utf8::{self, NotUtf8};

/// How much a client may say at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a message's payload, over all its fragments. More is refused on the length field, before any payload is
    /// taken. A compressed message may have as many both as it comes and inflated, and is not inflated beyond that.
    pub max_message: u32,
    /// Frames of a message.
    pub max_fragments: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_message: 64 * 1024, max_fragments: 1024 }
    }
}

/// What a client sent, whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Item<'a> {
    /// A text message.
    Text(&'a str),
    /// A binary message.
    Binary(&'a [u8]),
    /// Wants a pong with the same payload. Only the last of several has to be answered (section 5.5.3).
    Ping(&'a [u8]),
    /// Answers a ping, or nothing.
    Pong(&'a [u8]),
    /// The client's last word: a code and a reason, or neither. Whatever it sends after this is dropped.
    Close(Option<(u16, &'a str)>),
}

impl<'a> Item<'a> {
    /// Reads a frame that is an item by itself.
    fn of(opcode: Opcode, payload: &'a [u8]) -> Result<Self, Violation> {
        Ok(match opcode {
            Opcode::Text => Self::Text(str::from_utf8(payload).map_err(|_| Violation::NotUtf8)?),
            Opcode::Binary => Self::Binary(payload),
            Opcode::Ping => Self::Ping(payload),
            Opcode::Pong => Self::Pong(payload),
            Opcode::Close => Self::Close(close::read(payload)?),
            Opcode::Continuation => return Err(Violation::OrphanContinuation),
        })
    }
}

/// Decodes one client's frames.
#[derive(Debug)]
pub struct Decoder {
    limits: Limits,
    /// The client may send compressed messages.
    deflates: bool,
    /// After a close or an error nothing more is read.
    ended: bool,
    /// Present only while something is half said.
    partial: Option<Box<Partial>>,
}

/// What is half said. Between fragments it holds the message only.
#[derive(Debug, Default)]
struct Partial {
    /// The frame whose payload has not all arrived.
    frame: Option<Incoming>,
    /// That frame's payload so far if it is a control frame; without a frame, the first bytes of a header.
    scrap: Vec<u8>,
    /// The message that was begun.
    message: Option<Message>,
}

impl Partial {
    fn is_empty(&self) -> bool {
        self.frame.is_none() && self.scrap.is_empty() && self.message.is_none()
    }
}

#[derive(Debug)]
struct Message {
    body: Body,
    /// Frames that have arrived whole.
    frames: u32,
}

#[derive(Debug)]
enum Body {
    Text(utf8::Text),
    Binary(Vec<u8>),
    /// A message of this kind, compressed.
    Deflated(Opcode, Vec<u8>),
}

impl Decoder {
    /// A decoder at the beginning of a connection.
    pub const fn new(limits: Limits) -> Self {
        Self { limits, deflates: false, ended: false, partial: None }
    }

    /// One for a client with which compression was agreed on, if it `deflates`.
    pub const fn inflating(limits: Limits, deflates: bool) -> Self {
        Self { limits, deflates, ended: false, partial: None }
    }

    /// Takes the bytes just read, unmasks them in place and calls `each` for every item that they make whole, in order.
    /// Returns how many bytes it took: all of them, or fewer when `each` broke off; whoever goes on feeds the rest first.
    ///
    /// After an error and after a close all further bytes are dropped and nothing is held.
    ///
    /// # Errors
    /// The rule that the client broke. Items before it have been handed out.
    pub fn feed(
        &mut self,
        bytes: &mut [u8],
        mut each: impl FnMut(Item<'_>) -> ControlFlow<()>,
    ) -> Result<usize, Violation> {
        if self.ended {
            return Ok(bytes.len());
        }
        let read = self.read(bytes, &mut each);
        if read.is_err() {
            self.ended = true;
        }
        if self.ended {
            self.partial = None;
        }
        read
    }

    /// Whether nothing is half said: no frame, no message, no memory.
    pub const fn is_idle(&self) -> bool {
        self.partial.is_none()
    }

    /// Whether a message is begun and not finished. Where messages follow each other closely this may be so after every
    /// call, of another message each time: it is the same one only if no text and no binary was handed out in between.
    pub fn in_message(&self) -> bool {
        self.message().is_some()
    }

    fn message(&self) -> Option<&Message> {
        self.partial.as_ref()?.message.as_ref()
    }

    fn read(
        &mut self,
        mut bytes: &mut [u8],
        each: &mut impl FnMut(Item<'_>) -> ControlFlow<()>,
    ) -> Result<usize, Violation> {
        let whole = bytes.len();
        while !bytes.is_empty() {
            let begun = self.partial.as_mut().and_then(|partial| partial.frame.take());
            let is_fresh = begun.is_none();
            let mut frame = match begun {
                Some(frame) => frame,
                None => match self.next_frame(bytes)? {
                    Some((frame, header)) => {
                        bytes = &mut bytes[header..];
                        frame
                    }
                    None => break,
                },
            };
            let (payload, rest) = bytes.split_at_mut(frame.left.min(bytes.len()));
            bytes = rest;
            frame.unmask(payload);
            let flow = if is_fresh && frame.left == 0 && frame.is_item() {
                if frame.deflated {
                    inflate(frame.opcode, payload, self.limits, each)?
                } else {
                    each(Item::of(frame.opcode, payload)?)
                }
            } else {
                self.keep(frame, payload, each)?
            };
            self.partial.take_if(|partial| partial.is_empty());
            if frame.opcode == Opcode::Close && frame.left == 0 {
                self.ended = true;
                break;
            }
            if flow.is_break() {
                return Ok(whole - bytes.len());
            }
        }
        Ok(whole)
    }

    /// Reads the next header and says how many of these `bytes` it takes. If it is not whole, they are kept.
    #[inline]
    fn next_frame(&mut self, bytes: &[u8]) -> Result<Option<(Incoming, usize)>, Violation> {
        if self.partial.as_ref().is_some_and(|partial| !partial.scrap.is_empty()) {
            return self.complete_header(bytes);
        }
        let header = Incoming::read(bytes, self.deflates, |opcode| self.room(opcode))?;
        if header.is_none() {
            self.partial.get_or_insert_default().scrap.extend_from_slice(bytes);
        }
        Ok(header)
    }

    /// Reads a header whose first bytes came before.
    fn complete_header(&mut self, bytes: &[u8]) -> Result<Option<(Incoming, usize)>, Violation> {
        let mut scrap = mem::take(&mut self.partial.get_or_insert_default().scrap);
        let kept = scrap.len();
        scrap.extend(bytes.iter().take(MAX_CLIENT_HEADER - kept));
        let header = Incoming::read(&scrap, self.deflates, |opcode| self.room(opcode))?;
        if header.is_none() {
            self.partial.get_or_insert_default().scrap = scrap;
        }
        Ok(header.map(|(frame, size)| (frame, size - kept)))
    }

    /// How many bytes of payload a frame of this kind may have now, if it may come at all.
    #[inline]
    fn room(&self, opcode: Opcode) -> Result<usize, Violation> {
        let max = self.limits.max_message as usize;
        match (opcode, self.message()) {
            (Opcode::Close | Opcode::Ping | Opcode::Pong, _) => Ok(MAX_CONTROL),
            (Opcode::Text | Opcode::Binary, None) => Ok(max),
            (Opcode::Text | Opcode::Binary, Some(_)) => Err(Violation::InterruptedMessage),
            (Opcode::Continuation, None) => Err(Violation::OrphanContinuation),
            (Opcode::Continuation, Some(message)) if message.frames >= self.limits.max_fragments => {
                Err(Violation::TooManyFragments)
            }
            (Opcode::Continuation, Some(message)) => Ok(max.saturating_sub(message.body.len())),
        }
    }

    /// Takes payload that is not an item by itself: of a frame that is cut, or of a fragment.
    fn keep(
        &mut self,
        frame: Incoming,
        payload: &[u8],
        each: &mut impl FnMut(Item<'_>) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, Violation> {
        let partial = self.partial.get_or_insert_default();
        let is_whole = frame.left == 0;
        if !is_whole {
            partial.frame = Some(frame);
        }
        if frame.opcode.is_control() {
            partial.scrap.extend_from_slice(payload);
            return if is_whole {
                Ok(each(Item::of(frame.opcode, &mem::take(&mut partial.scrap))?))
            } else {
                Ok(ControlFlow::Continue(()))
            };
        }
        let message = partial.message.get_or_insert_with(|| Message::of(frame));
        message.body.push(payload)?;
        message.frames += u32::from(is_whole);
        match partial.message.take_if(|_| is_whole && frame.fin) {
            Some(message) => message.body.hand_out(self.limits, each),
            None => Ok(ControlFlow::Continue(())),
        }
    }
}

/// Hands out a compressed message that has arrived whole.
fn inflate(
    opcode: Opcode,
    payload: &[u8],
    limits: Limits,
    each: &mut impl FnMut(Item<'_>) -> ControlFlow<()>,
) -> Result<ControlFlow<()>, Violation> {
    deflate::inflate(payload, limits.max_message as usize, |inflated| Ok(each(Item::of(opcode, inflated)?)))
}

impl Message {
    /// A message that begins with this frame.
    fn of(first: Incoming) -> Self {
        let body = match first.opcode {
            opcode if first.deflated => Body::Deflated(opcode, Vec::new()),
            Opcode::Text => Body::Text(utf8::Text::default()),
            _ => Body::Binary(Vec::new()),
        };
        Self { body, frames: 0 }
    }
}

impl Body {
    fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) | Self::Deflated(_, bytes) => bytes.len(),
        }
    }

    fn push(&mut self, payload: &[u8]) -> Result<(), Violation> {
        match self {
            Self::Text(text) => text.push(payload).map_err(|NotUtf8| Violation::NotUtf8),
            Self::Binary(bytes) | Self::Deflated(_, bytes) => {
                bytes.extend_from_slice(payload);
                Ok(())
            }
        }
    }

    /// Hands out a message that has arrived whole.
    fn hand_out(
        &self,
        limits: Limits,
        each: &mut impl FnMut(Item<'_>) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, Violation> {
        match self {
            Self::Text(text) => Ok(each(Item::Text(text.finish().map_err(|NotUtf8| Violation::NotUtf8)?))),
            Self::Binary(bytes) => Ok(each(Item::Binary(bytes))),
            Self::Deflated(opcode, bytes) => inflate(*opcode, bytes, limits, each),
        }
    }
}

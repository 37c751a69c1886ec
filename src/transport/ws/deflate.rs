//! Compressed messages (permessage-deflate, RFC 7692 section 7.2): inflating a client's, within bounds, and compressing a
//! server's. Every message stands for itself; knows no frame's layout and no connection.
//!
//! What this needs of memory belongs to the thread, is made when a first message needs it, and is kept for the next: a
//! connection has none of it.

use std::cell::Cell;

use zlib_rs::{Deflate, DeflateConfig, DeflateFlush, Inflate, InflateFlush, Status};

use super::close::Violation;
use super::frame::{self, Opcode};

/// How far back a compressed message refers at most, as a power of two. Measured: lines of up to 4 KB become as short with
/// 4 KiB as with 32 KiB, and the compressor takes 165 KB instead of 380 KB. With 1 KiB lines of 2 KB become a quarter longer.
pub const WINDOW: u8 = 12;

/// How hard the compressor tries, 1 to 9. Measured on lines of 110 bytes and of 1 KB: 1 takes a third of the time and saves
/// a fifth to a half of what 2 saves; 3 to 6 take a little longer and save at most a hundredth more.
const LEVEL: i32 = 2;

/// How large its tables are, 1 to 9. Measured: nothing is longer with 5 than with 8.
const MEMORY_LEVEL: i32 = 5;

/// A message below this many bytes is sent as it is: typing, a `skip`, joins, and lines of a few words. Measured: 10 to 17
/// bytes would be saved, of what with its packet's headers is about 200.
pub const SHORTEST: usize = 128;

/// The smallest window that zlib can be told to keep.
const SMALLEST_KEPT: u8 = 9;

/// What a compressed message ends with before it is sent without it, and gets back before it is inflated: an empty block
/// that is not compressed, without the beginning of its header (section 7.2.1).
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];

/// An empty last block. Behind a message that ends where a block ends, it is the end; behind any other it is not.
const LAST: [u8; 5] = [1, 0, 0, 0xff, 0xff];

/// The smallest buffer to inflate into, in bytes.
const FIRST_OUTPUT: usize = 4 * 1024;

/// What a thread keeps of a buffer from one message to the next, in bytes. A larger one, for which `frame_bytes` must have
/// been set higher, is given back at once.
const KEPT: usize = 128 * 1024;

thread_local! {
    static INFLATER: Cell<Option<Box<Inflater>>> = const { Cell::new(None) };
    static DEFLATER: Cell<Option<Box<Deflater>>> = const { Cell::new(None) };
}

/// Inflates one message of at most `max` bytes and lends it to `take`.
///
/// The work is bounded by `max` and by the length of `payload`, whatever is in it, and the buffer grows only with what has
/// been inflated. Dearest are blocks that hold nothing but a code of their own, at some 50 ns a byte of `payload`.
///
/// # Errors
/// It is broken, ends in the middle, or is larger than `max`; or what `take` says.
pub(super) fn inflate<T>(
    payload: &[u8],
    max: usize,
    take: impl FnOnce(&[u8]) -> Result<T, Violation>,
) -> Result<T, Violation> {
    // Out of the thread's hands while it is lent.
    let mut inflater = INFLATER.take().unwrap_or_default();
    let taken = inflater.inflate(payload, max).and_then(|length| take(&inflater.output[..length]));
    if inflater.input.capacity() > KEPT {
        inflater.input = Vec::new();
    }
    if inflater.output.capacity() > KEPT {
        inflater.output = vec![0; FIRST_OUTPUT];
    }
    INFLATER.set(Some(inflater));
    taken
}

struct Inflater {
    stream: Inflate,
    /// The message with its end, in one piece: so zlib need not copy what it inflates into a window of its own.
    input: Vec<u8>,
    /// Grows, and is not cleared: what is beyond the message is of no meaning.
    output: Vec<u8>,
}

impl Default for Inflater {
    fn default() -> Self {
        Self { stream: Inflate::new(false, 15), input: Vec::new(), output: vec![0; FIRST_OUTPUT] }
    }
}

impl Inflater {
    /// Inflates into `output`, and says how many bytes that were.
    fn inflate(&mut self, payload: &[u8], max: usize) -> Result<usize, Violation> {
        let Self { stream, input, output } = self;
        // Room for one byte too many tells a message that is too large from one that just fits.
        let most = max.saturating_add(1);
        input.clear();
        input.reserve(payload.len() + TAIL.len() + LAST.len());
        for part in [payload, &TAIL, &LAST] {
            input.extend_from_slice(part);
        }
        let mut input = &input[..];
        let mut length = 0;
        stream.reset(false);
        loop {
            let room = output.len().min(most);
            let (read, made) = (stream.total_in(), stream.total_out());
            let status = stream.decompress(input, &mut output[length..room], InflateFlush::Finish);
            let status = status.map_err(|_| Violation::NotDeflate)?;
            input = &input[(stream.total_in() - read) as usize..];
            length += (stream.total_out() - made) as usize;
            if length > max {
                return Err(Violation::TooLarge);
            }
            match status {
                Status::StreamEnd if input.is_empty() => return Ok(length),
                // A client may end its streams within a message (section 7.2.3.4); another one follows.
                Status::StreamEnd => stream.reset(false),
                Status::Ok | Status::BufError if length == room => {
                    let more = (2 * length).min(most) - length;
                    output.reserve_exact(more);
                    output.resize(length + more, 0);
                }
                Status::Ok | Status::BufError => return Err(Violation::NotDeflate),
            }
        }
    }
}

/// Compresses messages, each by itself.
pub struct Deflater {
    stream: Deflate,
    window: u8,
    /// Grows, and is not cleared.
    output: Vec<u8>,
}

impl Deflater {
    /// One that refers back by at most two to the power of `window` bytes, 8 to 15.
    pub fn new(window: u8) -> Self {
        let bits = i32::from(window.clamp(SMALLEST_KEPT, 15));
        let config =
            DeflateConfig { level: LEVEL, window_bits: -bits, mem_level: MEMORY_LEVEL, ..DeflateConfig::default() };
        Self { stream: Deflate::new_with_config(config), window, output: Vec::new() }
    }

    /// Compresses one message. Nothing, if that makes it no shorter: then it is sent as it is, which the extension allows
    /// (section 6).
    pub fn deflate(&mut self, payload: &[u8]) -> Option<&[u8]> {
        if self.window < SMALLEST_KEPT && payload.len() > 1 << self.window {
            return None;
        }
        let room = most(payload.len());
        if self.output.len() < room || self.output.len() > room.max(KEPT) {
            self.output = vec![0; room];
        }
        self.stream.reset();
        let status = self.stream.compress(payload, &mut self.output[..room], DeflateFlush::SyncFlush);
        let made = self.stream.total_out() as usize;
        if status != Ok(Status::Ok) || made == room {
            // Something is left in the stream, which a reset would not take out of it. This does not happen: there is room.
            *self = Self::new(self.window);
            return None;
        }
        self.output[..made].strip_suffix(&TAIL).filter(|deflated| deflated.len() < payload.len())
    }
}

/// More bytes than a message of so many can take compressed: as stored blocks it takes five bytes more for every two
/// thousand, and a few for its end.
const fn most(length: usize) -> usize {
    length + length / 128 + 64
}

/// Appends a server's whole text frames again, each message of them compressed by itself where that makes it shorter.
pub fn push_all_deflated(out: &mut Vec<u8>, mut frames: &[u8]) {
    let mut deflater = DEFLATER.take().unwrap_or_else(|| Box::new(Deflater::new(WINDOW)));
    while let Some((payload, rest)) = frame::split(frames) {
        match Some(payload).filter(|payload| payload.len() >= SHORTEST).and_then(|payload| deflater.deflate(payload)) {
            Some(shorter) => frame::push_deflated(out, Opcode::Text, shorter),
            None => out.extend_from_slice(&frames[..frames.len() - rest.len()]),
        }
        frames = rest;
    }
    DEFLATER.set(Some(deflater));
}

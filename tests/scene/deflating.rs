//! Compression at a client's end (permessage-deflate), by another library than the server's. Clients here offer it as
//! browsers do, and use it if the server takes it up.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use miniz_oxide::DataFormat;
use miniz_oxide::deflate::core::{CompressorOxide, TDEFLFlush, compress};
use miniz_oxide::inflate::decompress_to_vec;

use super::socket::masked;

/// The offer of Chromium and Firefox.
pub(crate) const OFFER: &str = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";

/// How the server takes it up.
pub(crate) const AGREED: &str = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

/// Text, and then compressed text, with the bit of a whole message.
const TEXT: u8 = 0x81;
const DEFLATED: u8 = 0xc1;

/// What a message's end is sent without.
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];

/// An empty last block, so that what is inflated has an end.
const LAST: [u8; 5] = [1, 0, 0, 0xff, 0xff];

/// A compressed message, as it is sent.
pub(crate) fn deflated(message: &[u8]) -> Vec<u8> {
    let mut compressor = CompressorOxide::default();
    compressor.set_format_and_level(DataFormat::Raw, 6);
    let mut out = vec![0; message.len() + message.len() / 8 + 100];
    let (_, read, made) = compress(&mut compressor, message, &mut out, TDEFLFlush::Sync);
    assert_eq!(read, message.len());
    out.truncate(made);
    assert!(out.ends_with(&TAIL));
    out.truncate(made - TAIL.len());
    out
}

/// The message in what the server sent.
pub(crate) fn inflated(payload: &[u8]) -> Vec<u8> {
    decompress_to_vec(&[payload, &TAIL, &LAST].concat()).expect("the server compresses as it should")
}

/// A client's whole text frame, compressed.
pub(crate) fn packed(text: &str) -> Vec<u8> {
    masked(DEFLATED & !0x80, &deflated(text.as_bytes()))
}

/// What the server sends on one connection, on its way to a client that knows nothing of compression.
pub(crate) struct Unpacking {
    /// The beginning of a frame whose rest has not come.
    begun: Vec<u8>,
    /// How many messages were compressed.
    count: Arc<AtomicU64>,
}

impl Unpacking {
    pub(crate) fn new(count: Arc<AtomicU64>) -> Self {
        Self { begun: Vec::new(), count }
    }

    /// Takes the next bytes and gives the frames that they make whole, as if none had been compressed. What is wrong with
    /// a frame is not judged here.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.begun.extend_from_slice(bytes);
        let mut plain = Vec::new();
        while let Some((header, length)) = self.next() {
            let frame: Vec<u8> = self.begun.drain(..header + length).collect();
            if frame[0] == DEFLATED {
                self.count.fetch_add(1, Ordering::Relaxed);
                plain.extend(whole(&inflated(&frame[header..])));
            } else {
                plain.extend(frame);
            }
        }
        plain
    }

    /// How long the next frame's header and payload are, if it is whole.
    fn next(&self) -> Option<(usize, usize)> {
        let (header, length) = match *self.begun.get(1)? {
            126 => (4, usize::from(u16::from_be_bytes(self.begun.get(2..4)?.try_into().ok()?))),
            127 => (10, usize::try_from(u64::from_be_bytes(self.begun.get(2..10)?.try_into().ok()?)).ok()?),
            short => (2, usize::from(short & 0x7f)),
        };
        (self.begun.len() >= header + length).then_some((header, length))
    }
}

/// A server's whole text frame.
fn whole(text: &[u8]) -> Vec<u8> {
    let length = u64::try_from(text.len()).expect("fits");
    let header = match text.len() {
        short @ 0..126 => vec![TEXT, u8::try_from(short).expect("under 126")],
        126..65536 => [&[TEXT, 126][..], &length.to_be_bytes()[6..]].concat(),
        _ => [&[TEXT, 127][..], &length.to_be_bytes()].concat(),
    };
    [&header, text].concat()
}

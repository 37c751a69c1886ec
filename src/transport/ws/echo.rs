//! `/echo`, for the Autobahn suite: every message comes back as it was, compressed where that was agreed on. Messages up to
//! 16 MiB, no greeting, no rates. Only with the cargo feature `conformance`.

use std::ops::ControlFlow;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::deflate::Deflater;
use super::extension::Terms;
use super::{Decoder, Item, Limits, Opcode, close, frame};
use crate::transport::socket::Socket;

/// The largest message, in bytes.
const MESSAGE_BYTES: u32 = 16 * 1024 * 1024;

/// The most fragments of a message: the suite sends a mebibyte in parts of 64 bytes.
const FRAGMENTS: u32 = 1 << 20;

/// Echoes until the peer ends.
pub(super) async fn serve(mut socket: Socket, early: &[u8], compression: Option<Terms>) {
    let limits = Limits { max_message: MESSAGE_BYTES, max_fragments: FRAGMENTS };
    let mut decoder = Decoder::inflating(limits, compression.is_some());
    let mut deflater = compression.map(|terms| Deflater::new(terms.server_window()));
    let mut echo = |answers: &mut Vec<u8>, opcode, payload: &[u8]| match deflater
        .as_mut()
        .and_then(|deflater| deflater.deflate(payload))
    {
        Some(shorter) => frame::push_deflated(answers, opcode, shorter),
        None => frame::push(answers, opcode, payload),
    };
    let mut bytes = early.to_vec();
    let mut scratch = vec![0; 64 * 1024];
    loop {
        let mut answers = Vec::new();
        let mut is_over = false;
        let fed = decoder.feed(&mut bytes, |item| {
            match item {
                Item::Text(text) => echo(&mut answers, Opcode::Text, text.as_bytes()),
                Item::Binary(payload) => echo(&mut answers, Opcode::Binary, payload),
                Item::Ping(payload) => frame::push(&mut answers, Opcode::Pong, payload),
                Item::Pong(_) => {}
                Item::Close(received) => {
                    close::push_answer(&mut answers, received);
                    is_over = true;
                }
            }
            ControlFlow::Continue(())
        });
        if let Err(violation) = fed {
            violation.push(&mut answers);
            is_over = true;
        }
        if socket.write_all(&answers).await.is_err() {
            return;
        }
        if is_over {
            // The peer is given the time to take the close frame: it ends the connection then.
            if socket.shutdown().await.is_ok() {
                while socket.read(&mut scratch).await.is_ok_and(|read| read > 0) {}
            }
            return;
        }
        match socket.read(&mut scratch).await {
            Ok(0) | Err(_) => return,
            Ok(read) => {
                bytes.clear();
                bytes.extend_from_slice(&scratch[..read]);
            }
        }
    }
}

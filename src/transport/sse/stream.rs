//! The body of a stream: takes out of the pipe what the connection wrote, and completes the ids. When it is dropped, the
//! client is gone.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::Bytes;
use hyper::body::{Body, Frame};

use super::Stamp;
use crate::hub::Reader;
use crate::server::{App, Endless};
use crate::transport::pipe::Pipe;

/// What hyper reads for as long as the client is there.
pub(super) struct Stream {
    pub(super) app: Arc<App>,
    pub(super) reader: Arc<Reader>,
    pub(super) pipe: Arc<Pipe>,
    pub(super) stamp: Stamp,
    pub(super) endless: Endless,
}

impl Body for Stream {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        loop {
            let Some(bytes) = ready!(self.pipe.poll_fetch(cx)) else { return Poll::Ready(None) };
            // hyper asks for more only once the socket has taken what it was given: so the client is alive.
            self.reader.heard(self.app.hub.tick(), true, false);
            let bytes = self.stamp.complete(&bytes);
            if !bytes.is_empty() {
                return Poll::Ready(Some(Ok(Frame::data(bytes.into()))));
            }
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.pipe.hang_up();
        self.endless.set(false);
    }
}

//! A reader with a real socket below it.

use std::task::Waker;

use tokio::net::{TcpListener, TcpSocket, TcpStream};

use super::*;
use crate::transport::pipe::Pipe;

/// Half of this is what may wait before the socket is written by whoever answers.
const OUTBOX: usize = 64 * 1024;

/// A reader whose socket holds little, and its client.
async fn pair() -> (Arc<Reader>, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_send_buffer_size(4096).expect("a small buffer");
    let stream = socket.connect(listener.local_addr().expect("bound")).await.expect("connected");
    let (client, _) = listener.accept().await.expect("connected");
    (Reader::new(Carrier::new(Wire::Charsu, false), Socket::new(stream), OUTBOX, 1), client)
}

#[tokio::test]
async fn who_leaves_a_little_in_a_full_socket_has_the_task_write_on() {
    let mut seen = 0;
    // Where exactly the socket is full is the kernel's business: so answers of several lengths.
    for length in (33_000..60_000).step_by(1000) {
        let (reader, _client) = pair().await;
        let mut cx = Context::from_waker(Waker::noop());
        while reader.poll_called(&mut cx).is_ready() {}
        while !reader.desk().full {
            reader.answer(|out| out.resize(out.len() + length, b'x'));
        }
        if reader.desk().pending.len() <= OUTBOX / 2 {
            seen += 1;
            assert!(reader.called.load(Ordering::Relaxed), "nobody writes the rest of {length} bytes");
        }
    }
    assert!(seen > 0, "it was never little");
}

#[tokio::test]
async fn who_comes_by_http_gets_every_byte_in_order_however_seldom_it_fetches() {
    let pipe = Arc::<Pipe>::default();
    let reader = Reader::new(Carrier::new(Wire::Charsu, false), Socket::piped(pipe.clone()), OUTBOX, 1);
    let mut cx = Context::from_waker(Waker::noop());
    let (mut told, mut fetched) = (Vec::new(), Vec::new());
    for round in 0_u8..40 {
        let answer = vec![round; 20_000];
        reader.answer(|out| out.extend_from_slice(&answer));
        reader.write_answers();
        told.extend(answer);
        while reader.poll_called(&mut cx).is_ready() {
            reader.read_on();
        }
        if round % 4 == 3 {
            while let Poll::Ready(Some(bytes)) = pipe.poll_fetch(&mut cx) {
                fetched.extend(bytes);
                while reader.poll_called(&mut cx).is_ready() {
                    reader.read_on();
                }
            }
        }
    }
    assert!(reader.is_drained() && !reader.is_closing());
    assert!(fetched == told);
}

#[tokio::test]
async fn a_client_that_hung_up_is_noticed_by_the_next_write() {
    let pipe = Arc::<Pipe>::default();
    let reader = Reader::new(Carrier::new(Wire::Charsu, false), Socket::piped(pipe.clone()), OUTBOX, 1);
    pipe.hang_up();
    reader.answer(|out| out.extend_from_slice(b"lost"));
    reader.write_answers();
    let mut cx = Context::from_waker(Waker::noop());
    assert!(reader.is_closing() && reader.poll_called(&mut cx).is_ready());
}

//! A little chat server that sends every line to everybody, but for one delivery to its second client.

use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// Which of the second client's deliveries goes wrong: in the midst of a burst of eight.
const WHICH: usize = 43;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    Drop,
    Double,
    /// It comes after the next.
    Swap,
    /// A line that nobody said comes with it.
    Invent,
    /// The client is hung up on.
    HangUp,
}

/// The server; its threads end with the connections.
pub(crate) struct Faulty {
    pub(crate) address: SocketAddr,
}

struct Client {
    to: TcpStream,
    deliveries: usize,
    held: Option<Vec<u8>>,
}

impl Faulty {
    pub(crate) fn start(fault: Fault) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let clients: Arc<Mutex<Vec<Client>>> = Arc::default();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let stream = stream.expect("a connection");
                let to = stream.try_clone().expect("a second handle");
                let mut socket = tungstenite::accept(stream).expect("a WebSocket");
                clients.lock().expect("no panic").push(Client { to, deliveries: 0, held: None });
                let clients = Arc::clone(&clients);
                thread::spawn(move || {
                    while let Ok(message) = socket.read() {
                        if message.is_text() {
                            let text = message.into_text().expect("text");
                            for (n, client) in clients.lock().expect("no panic").iter_mut().enumerate() {
                                client.is_told(&text, if n == 1 { fault } else { Fault::None });
                            }
                        }
                    }
                });
            }
        });
        Self { address }
    }
}

impl Client {
    fn is_told(&mut self, text: &str, fault: Fault) {
        let frame = frame(text);
        self.deliveries += 1;
        let is_it = self.deliveries == WHICH;
        let frames = match fault {
            Fault::Drop if is_it => Vec::new(),
            Fault::Double if is_it => [frame.clone(), frame].concat(),
            Fault::Swap if is_it => {
                self.held = Some(frame);
                Vec::new()
            }
            Fault::Invent if is_it => [frame, self::frame("~0.0.4000000.1~")].concat(),
            Fault::HangUp if is_it => {
                let _ = self.to.shutdown(std::net::Shutdown::Both);
                Vec::new()
            }
            _ => [frame, self.held.take().unwrap_or_default()].concat(),
        };
        // Who has gone does not matter.
        let _ = self.to.write_all(&frames);
    }
}

fn frame(text: &str) -> Vec<u8> {
    let length = u8::try_from(text.len()).ok().filter(|length| *length < 126).expect("short lines");
    [&[0x81, length], text.as_bytes()].concat()
}

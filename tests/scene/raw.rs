//! A client that sends exactly the bytes it is given, and reads what comes back as HTTP.

use std::net::{IpAddr, SocketAddr};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;

use super::authority::{Trust, here};
use super::{Stream, within};

/// A connection.
pub(crate) struct Raw {
    stream: Stream,
    /// What was read and not yet looked at.
    read: Vec<u8>,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// Names in lower case.
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// A header's value; empty if it is not there.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("a text")
    }
}

impl Raw {
    pub(crate) async fn connect(to: SocketAddr) -> Self {
        let stream = within("a connection", TcpStream::connect(to)).await.expect("a connection");
        Self::on(stream)
    }

    /// A connection that holds little of what comes and is not read.
    pub(crate) async fn connect_narrow(to: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(4 * 1024).expect("a small buffer");
        let stream = within("a connection", socket.connect(to)).await.expect("a connection");
        Self::on(stream)
    }

    /// A connection from another address of loopback.
    pub(crate) async fn connect_from(from: &str, to: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        let from: IpAddr = from.parse().expect("an address");
        socket.bind(SocketAddr::new(from, 0)).expect("a free port");
        let stream = within("a connection", socket.connect(to)).await.expect("a connection");
        Self::on(stream)
    }

    fn on(stream: TcpStream) -> Self {
        Self { stream: Stream::Plain(stream), read: Vec::new() }
    }

    /// Shakes hands on a connection on which nothing was said yet.
    pub(crate) async fn secured(self, trust: &Trust) -> Self {
        let Stream::Plain(tcp) = self.stream else { panic!("once is enough") };
        let shaken = TlsConnector::from(trust.clone()).connect(here(), tcp);
        let tls = within("a handshake", shaken).await.expect("a handshake");
        Self { stream: Stream::Tls(Box::new(tls)), read: Vec::new() }
    }

    /// The connection itself.
    pub(crate) fn stream(&mut self) -> &mut Stream {
        &mut self.stream
    }

    /// The bare connection, and what was read of it and not yet looked at.
    pub(super) fn into_parts(self) -> (Stream, Vec<u8>) {
        (self.stream, self.read)
    }

    /// Sends bytes. That the server has hung up meanwhile is no error: its answer is what counts.
    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let all = async {
            self.stream.write_all(bytes.as_ref()).await?;
            self.stream.flush().await
        };
        let _ = within("the server to read", all).await;
    }

    /// Tells the server that nothing more comes from here.
    pub(crate) async fn says_no_more(&mut self) {
        within("the end of this side", self.stream.shutdown()).await.expect("nothing is in the way");
    }

    /// Asks for a path with further header lines, each with its line end.
    pub(crate) async fn get(&mut self, path: &str, headers: &str) -> Reply {
        self.send(format!("GET {path} HTTP/1.1\r\nHost: {}\r\n{headers}\r\n", self.host())).await;
        self.reply().await
    }

    /// Posts a body with further header lines.
    pub(crate) async fn post(&mut self, path: &str, headers: &str, body: &str) -> Reply {
        let head = format!("POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\n", self.host(), body.len());
        self.send(format!("{head}{headers}\r\n{body}")).await;
        self.reply().await
    }

    /// The server's address, as a browser would name it.
    pub(crate) fn host(&self) -> String {
        self.stream.tcp().peer_addr().expect("a connection").to_string()
    }

    /// Reads one answer, with as much body as it announces.
    pub(crate) async fn reply(&mut self) -> Reply {
        self.reply_to("GET").await
    }

    /// Reads the answer to a request with this method; to HEAD there comes no body.
    pub(crate) async fn reply_to(&mut self, method: &str) -> Reply {
        let end = loop {
            if let Some(at) = self.read.windows(4).position(|four| four == b"\r\n\r\n") {
                break at;
            }
            assert!(self.more().await, "the server hung up without an answer, after {:?}", self.seen());
        };
        let head: Vec<u8> = self.read.drain(..end + 4).take(end).collect();
        let head = String::from_utf8(head).expect("an answer in ASCII");
        let mut lines = head.split("\r\n");
        let first = lines.next().unwrap_or_default();
        let status = first.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        let header =
            |line: &str| line.split_once(':').map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()));
        let mut reply = Reply { status, headers: lines.filter_map(header).collect(), body: Vec::new() };
        let length = reply.header("content-length").parse().unwrap_or(0);
        if method != "HEAD" && status != 304 {
            reply.body = self.take(length).await;
        }
        reply
    }

    /// Exactly so many bytes.
    pub(crate) async fn take(&mut self, length: usize) -> Vec<u8> {
        while self.read.len() < length {
            assert!(self.more().await, "the server hung up after {} of {length} bytes", self.read.len());
        }
        self.read.drain(..length).collect()
    }

    /// Everything until the server hangs up, however it does.
    pub(crate) async fn rest(&mut self) -> Vec<u8> {
        while self.more().await {}
        std::mem::take(&mut self.read)
    }

    /// Reads the answer, and checks that the server then hangs up.
    pub(crate) async fn last_reply(&mut self) -> Reply {
        let reply = self.reply().await;
        let rest = self.rest().await;
        assert!(rest.is_empty(), "more came after the last answer: {:?}", String::from_utf8_lossy(&rest));
        reply
    }

    fn seen(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.read)
    }

    /// Reads on. False once the server has hung up.
    async fn more(&mut self) -> bool {
        matches!(within("bytes from the server", self.stream.read_buf(&mut self.read)).await, Ok(1..))
    }
}

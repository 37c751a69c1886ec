//! The request that opens a WebSocket, and whether the answer to it is one (RFC 6455 section 4.1). Knows headers only: the
//! stream may be made of anything.

use std::io;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha1::{Digest, Sha1};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// A server's answer has at most so many bytes of headers.
const MAX_HEAD: usize = 16 * 1024;
/// How much of a refusal is kept, in bytes.
const MAX_BODY: usize = 1024;
/// A server may ask for a longer wait than this; it is not believed.
const LONGEST_WAIT: Duration = Duration::from_hours(1);
/// What a server answers to a request that it cannot understand.
const BAD_REQUEST: u16 = 400;
/// What an accepting server adds to the key (section 1.3).
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// What an answer begins with (RFC 9112 section 4).
const BEGIN: &[u8] = b"HTTP/1.1 ";
/// What an alert of TLS begins with (RFC 8446 section 5.1): so a server answers that expected a handshake.
const ALERT: &[u8] = &[21, 3];

/// What is asked for.
#[derive(Clone, Copy)]
pub struct Request<'r> {
    /// What `Host` is to say. Without line ends, as the two below.
    pub authority: &'r str,
    /// The path with the query.
    pub path: &'r str,
    /// The subprotocol, if there is to be one.
    pub protocol: Option<&'r str>,
    /// The token by which one is let in, if there is one: letters, digits and `-._~+/=` only.
    pub token: Option<&'r str>,
    /// Sixteen bytes that differ from connection to connection where anything stands in between that might remember.
    pub key: [u8; 16],
}

/// Why a connection is no WebSocket.
#[derive(Debug, thiserror::Error)]
pub enum Unopened {
    /// The stream failed, or ended before there was an answer.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Nothing that begins like an answer.
    #[error("its answer is no HTTP")]
    NotHttp,
    /// The port speaks TLS, and was not spoken to in it.
    #[error("this port speaks TLS: use https:// in place of http://, or wss:// in place of ws://")]
    Tls,
    /// The server has another answer than 101.
    #[error("{line} {body}")]
    Refused {
        /// The status.
        status: u16,
        /// The status line.
        line: String,
        /// The beginning of what came with it.
        body: String,
        /// When to come back, if the server says so in seconds.
        retry_after: Option<Duration>,
    },
    /// A 101 that does not belong to this request, or agrees to what was not asked for.
    #[error("it answers with 101, and not to what was asked")]
    NotOurs,
    /// The subprotocol was not taken.
    #[error("it does not speak {0}")]
    Protocol(String),
}

impl Request<'_> {
    /// The request itself.
    pub fn text(&self) -> String {
        let Self { authority, path, protocol, token, .. } = self;
        let asked = protocol.map(|protocol| format!("Sec-WebSocket-Protocol: {protocol}\r\n")).unwrap_or_default();
        let shown = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
        format!(
            "GET {path} HTTP/1.1\r\nHost: {authority}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {}\r\n{asked}{shown}\r\n",
            BASE64_STANDARD.encode(self.key)
        )
    }

    /// Reads what has come of the answer: where the headers end once they are whole and agree to what was asked. `is_all`:
    /// nothing more will come.
    ///
    /// # Errors
    /// If they do not, or never will.
    pub fn answered(&self, bytes: &[u8], is_all: bool) -> Result<Option<usize>, Unopened> {
        if bytes.starts_with(ALERT) {
            return Err(Unopened::Tls);
        }
        if !BEGIN.starts_with(&bytes[..bytes.len().min(BEGIN.len())]) {
            return Err(Unopened::NotHttp);
        }
        let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4) else {
            return if bytes.len() > MAX_HEAD { Err(Unopened::NotHttp) } else { Ok(None) };
        };
        let head = String::from_utf8_lossy(&bytes[..end]);
        let mut lines = head.lines();
        let line = lines.next().unwrap_or_default();
        let status = line.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse::<u16>().ok());
        let status = status.ok_or(Unopened::NotHttp)?;
        let headers: Vec<(&str, &str)> = lines.filter_map(|line| line.split_once(':')).collect();
        let header = |wanted: &str| {
            headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.trim())
        };
        if status != 101 {
            let length = header("Content-Length").and_then(|value| value.parse().ok()).unwrap_or(0).min(MAX_BODY);
            if !is_all && bytes.len() - end < length {
                return Ok(None);
            }
            let body = String::from_utf8_lossy(&bytes[end..bytes.len().min(end + MAX_BODY)]).trim().to_owned();
            // Ours says so, and so do nginx and Apache.
            if status == BAD_REQUEST && body.to_ascii_lowercase().contains("https") {
                return Err(Unopened::Tls);
            }
            let seconds = header("Retry-After").and_then(|value| value.parse().ok()).map(Duration::from_secs);
            return Err(Unopened::Refused {
                status,
                line: line.to_owned(),
                body,
                retry_after: seconds.map(|wait| wait.min(LONGEST_WAIT)),
            });
        }
        let has = |name, token: &str| {
            header(name).is_some_and(|list| list.split(',').any(|item| item.trim().eq_ignore_ascii_case(token)))
        };
        let is_upgraded = has("Upgrade", "websocket") && has("Connection", "upgrade");
        if !is_upgraded
            || header("Sec-WebSocket-Accept") != Some(&*self.accept())
            || header("Sec-WebSocket-Extensions").is_some_and(|extensions| !extensions.is_empty())
        {
            return Err(Unopened::NotOurs);
        }
        match (self.protocol, header("Sec-WebSocket-Protocol")) {
            (Some(wanted), taken) if taken != Some(wanted) => Err(Unopened::Protocol(wanted.to_owned())),
            (None, Some(_)) => Err(Unopened::NotOurs),
            _ => Ok(Some(end)),
        }
    }

    /// What the server proves with that it understood (section 4.2.2).
    fn accept(&self) -> String {
        let hashed = Sha1::new().chain_update(BASE64_STANDARD.encode(self.key)).chain_update(GUID).finalize();
        BASE64_STANDARD.encode(hashed)
    }
}

/// Opens a WebSocket on a stream, and gives what was read beyond the answer.
///
/// # Errors
/// If the server does not agree.
pub async fn open(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    request: &Request<'_>,
) -> Result<Vec<u8>, Unopened> {
    stream.write_all(request.text().as_bytes()).await?;
    // Some streams hold back what they encrypt.
    stream.flush().await?;
    let mut read = Vec::new();
    loop {
        let is_all = stream.read_buf(&mut read).await? == 0;
        if let Some(end) = request.answered(&read, is_all)? {
            read.drain(..end);
            return Ok(read);
        }
        if is_all {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The one of RFC 6455 section 1.3.
    const SAMPLE: Request<'_> =
        Request { authority: "a:1", path: "/ws", protocol: Some("charsu.v1"), token: None, key: *b"the sample nonce" };
    const ACCEPTED: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n\
        sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: charsu.v1\r\n\r\n";

    #[test]
    fn the_sample_of_the_rfc_is_understood() {
        assert!(SAMPLE.text().contains("\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"));
        let with_more = format!("{ACCEPTED}\x01");
        assert_eq!(SAMPLE.answered(with_more.as_bytes(), false).expect("fine"), Some(ACCEPTED.len()));
        for part in 0..ACCEPTED.len() {
            assert_eq!(SAMPLE.answered(&ACCEPTED.as_bytes()[..part], false).expect("fine"), None, "{part}");
        }
    }

    #[test]
    fn a_token_stands_in_a_header_of_its_own() {
        let shown = Request { token: Some("a.b.c"), ..SAMPLE }.text();
        assert!(shown.contains("\r\nAuthorization: Bearer a.b.c\r\n"), "{shown}");
        assert!(shown.ends_with("\r\n\r\n") && !SAMPLE.text().contains("Authorization"));
    }

    #[test]
    fn an_answer_that_belongs_to_something_else_is_refused() {
        for (from, to) in [
            ("s3pP", "s3pp"),
            ("WebSocket\r\n", "h2c\r\n"),
            ("keep-alive, Upgrade", "close"),
            ("Sec-WebSocket-Protocol: charsu.v1\r\n", ""),
            ("charsu.v1", "charsu.v2"),
            ("sec-websocket-accept", "Sec-WebSocket-Extensions: permessage-deflate\r\nsec-websocket-accept"),
            ("HTTP/1.1 101", "HTTP/1.1 1O1"),
            ("HTTP/1.1 101", "SSH-2.0"),
        ] {
            let answer = ACCEPTED.replace(from, to);
            assert!(SAMPLE.answered(answer.as_bytes(), false).is_err(), "{answer}");
        }
        assert!(Request { protocol: None, ..SAMPLE }.answered(ACCEPTED.as_bytes(), false).is_err());
        assert!(matches!(SAMPLE.answered(&vec![b'x'; 20_000], false), Err(Unopened::NotHttp)));
    }

    #[test]
    fn a_port_that_speaks_something_else_is_known_by_its_first_bytes() {
        for alert in [&b"\x15\x03\x01\x00\x02\x02\x46"[..], b"\x15\x03"] {
            assert!(matches!(SAMPLE.answered(alert, false), Err(Unopened::Tls)));
        }
        let told = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 9\r\n\r\nuse HTTPS";
        assert!(matches!(SAMPLE.answered(told, false), Err(Unopened::Tls)));
        for other in [&b"SSH-2.0-x\r\n"[..], b"220 mail.example\r\n", b"\x15", b"HTTP/2 200"] {
            assert!(matches!(SAMPLE.answered(other, false), Err(Unopened::NotHttp)), "{other:?}");
        }
    }

    #[test]
    fn a_refusal_tells_when_to_come_back() {
        let refusal = b"HTTP/1.1 429 Too Many Requests\r\nretry-after: 7\r\ncontent-length: 12\r\n\r\n{\"code\":\"x\"}";
        let cut = &refusal[..refusal.len() - 1];
        assert!(matches!(SAMPLE.answered(cut, false), Ok(None)) && SAMPLE.answered(cut, true).is_err());
        let Err(Unopened::Refused { status, body, retry_after, .. }) = SAMPLE.answered(refusal, false) else {
            panic!("it is refused");
        };
        assert_eq!((status, &*body, retry_after), (429, r#"{"code":"x"}"#, Some(Duration::from_secs(7))));
    }

    proptest! {
        #[test]
        fn any_answer_is_read_without_a_panic(head in "HTTP/1.1 [0-9]{0,4}.{0,20}\r\n(.{0,20}:.{0,20}\r\n){0,5}(\r\n)?", bytes: Vec<u8>) {
            let _ = SAMPLE.answered(head.as_bytes(), false);
            let _ = SAMPLE.answered(&bytes, true);
        }
    }
}

//! From an HTTP request to a WebSocket: which path, which origin, which subprotocol, and then the bare socket for
//! `ws::connection`. Knows nothing of frames, and nothing of what rooms and names may look like.

use std::sync::Arc;

use axum::body::Body;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;

use super::Upgraded;
use super::door::Admission;
use super::origin::Verdict;
use super::socket::Socket;
use super::ws::{connection, handshake};
use crate::limits::Seat;
use crate::server::{App, Caller, Lingering, answers};

/// The subprotocol of our own page and clients.
const CHARSU: &str = "charsu.v1";

/// A session of Engine.IO, as its first request asked for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Engine {
    /// The secret by which its requests find it.
    pub sid: String,
    /// It began with polling, and may be upgraded.
    pub is_polling: bool,
    /// Whatever is said is said back, for conformance suites.
    pub echoes: bool,
}

/// What a WebSocket's path asks for. Rooms and names are as they were written, percent-decoded, and not yet judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Path {
    /// `/ws`
    Hub,
    /// `/ws/{room}`
    Room(String),
    /// `/ws/{room}/{name}`; a name may contain slashes, for the tutorial pages do not encode it.
    RoomAndName(String, String),
    /// `/socket.io/`, on which rooms are asked for later.
    SocketIo(Engine),
    /// `/echo`, which answers with what it gets, for conformance suites.
    #[cfg(feature = "conformance")]
    Echo,
}

/// Why a path below `/ws` leads nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadPath {
    /// It holds NUL or something that is not UTF-8.
    Unreadable,
    /// It has an empty room, or steps out of the tree.
    Nowhere,
}

impl Path {
    /// Reads a request's path; nothing if it is none of a WebSocket's.
    pub fn of(path: &str) -> Option<Result<Self, BadPath>> {
        #[cfg(feature = "conformance")]
        if path == "/echo" {
            return Some(Ok(Self::Echo));
        }
        let rest = path.strip_prefix("/ws")?;
        match rest.strip_prefix('/') {
            None if rest.is_empty() => Some(Ok(Self::Hub)),
            None => None,
            Some("") => Some(Ok(Self::Hub)),
            Some(rest) => Some(Self::below(rest)),
        }
    }

    fn below(rest: &str) -> Result<Self, BadPath> {
        let (room, name) = rest.split_once('/').unwrap_or((rest, ""));
        let (room, name) = (decode(room)?, decode(name)?);
        let is_step = |segment: &str| segment == "." || segment == "..";
        if room.is_empty() || is_step(&room) || name.split('/').any(is_step) {
            return Err(BadPath::Nowhere);
        }
        Ok(if name.is_empty() { Self::Room(room) } else { Self::RoomAndName(room, name) })
    }
}

/// Percent-decodes as browsers' servers do: a percent sign without two digits stands for itself.
fn decode(written: &str) -> Result<String, BadPath> {
    let bytes = written.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let digit = |offset: usize| bytes.get(at + offset).and_then(|&byte| char::from(byte).to_digit(16));
        if let (b'%', Some(high), Some(low)) = (byte, digit(1), digit(2)) {
            decoded.push(u8::try_from(high * 16 + low).expect("two hexadecimal digits are a byte"));
            at += 3;
        } else {
            decoded.push(byte);
            at += 1;
        }
    }
    if decoded.contains(&0) {
        return Err(BadPath::Unreadable);
    }
    String::from_utf8(decoded).map_err(|_| BadPath::Unreadable)
}

/// Answers a request for a WebSocket. After a 101 the connection lives in a task of its own, and HTTP is gone.
pub(crate) fn open(
    app: &Arc<App>,
    path: Result<Path, BadPath>,
    request: Request<Body>,
    caller: &Caller,
) -> Response<Body> {
    if app.gate.judge(request.headers(), app.now()) == Verdict::Foreign {
        return answers::foreign();
    }
    let path = match path {
        Ok(path) => path,
        Err(BadPath::Unreadable) => {
            return answers::plain(StatusCode::BAD_REQUEST, "This path cannot be read.");
        }
        Err(BadPath::Nowhere) => {
            return answers::plain(StatusCode::NOT_FOUND, "There can be no room of that name.");
        }
    };
    let accepted = handshake::check(request.method(), request.version(), request.headers());
    let agreed = accepted.and_then(|accepted| {
        let charsu = accepted.protocols().any(|protocol| protocol == CHARSU);
        let compression = if app.settings.websocket_compression { accepted.compression()? } else { None };
        Ok((accepted.response(charsu.then_some(CHARSU), compression), charsu, compression))
    });
    let (response, charsu, compression) = match agreed {
        Ok(agreed) => agreed,
        Err(refusal) => return refusal.response().map(Body::from),
    };
    let admitted = request.extensions().get::<Admission>().and_then(Admission::admitted);
    let query = request.uri().query().map(str::to_owned);
    let app = Arc::clone(app);
    take_over(request, caller, response, move |socket, early, seat| {
        connection::serve(app, Upgraded { socket, early, path, query, charsu, admitted, compression }, seat);
    })
}

/// Answers with this 101, and hands the bare socket over once it is written, with what came together with the handshake.
pub(crate) fn take_over(
    mut request: Request<Body>,
    caller: &Caller,
    response: Response<()>,
    then: impl FnOnce(Socket, Bytes, Seat) + Send + 'static,
) -> Response<Body> {
    // Only a first upgrade finds the seat; there is no second one on a connection.
    let Some(seat) = caller.take_seat() else {
        return answers::plain(StatusCode::BAD_REQUEST, "This connection is used up.");
    };
    let upgrade = hyper::upgrade::on(&mut request);
    // A task of its own, which ends at once: what waits for hyper is larger than what an idle connection needs.
    tokio::spawn(async move {
        // An error here means that the peer went away before the 101 was written.
        let Ok(upgraded) = upgrade.await else { return };
        if let Some((socket, early)) = bare(upgraded) {
            then(socket, early, seat);
        }
    });
    response.map(|()| Body::empty())
}

/// Takes the socket out of hyper's hands. The early bytes are copied: a slice of hyper's buffer would keep all of it alive.
fn bare(upgraded: hyper::upgrade::Upgraded) -> Option<(Socket, Bytes)> {
    let parts = upgraded.downcast::<TokioIo<Lingering>>().ok()?;
    let early = Bytes::copy_from_slice(&parts.read_buf);
    Some((parts.io.into_inner().into_inner(), early))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two(room: &str, name: &str) -> Path {
        Path::RoomAndName(room.to_owned(), name.to_owned())
    }

    fn room(room: &str) -> Path {
        Path::Room(room.to_owned())
    }

    fn read(path: &str) -> Path {
        Path::of(path).expect("a WebSocket's path").expect("a path that leads somewhere")
    }

    #[test]
    fn a_path_names_no_room_a_room_or_a_room_and_a_name() {
        assert_eq!(read("/ws"), Path::Hub);
        assert_eq!(read("/ws/"), Path::Hub);
        assert_eq!(read("/ws/general"), room("general"));
        assert_eq!(read("/ws/general/"), room("general"));
        assert_eq!(read("/ws/408213/Ali"), two("408213", "Ali"));
        for elsewhere in ["/", "/wss", "/wsx/a", "/api/ws", "ws", ""] {
            assert_eq!(Path::of(elsewhere), None, "{elsewhere}");
        }
    }

    #[test]
    fn names_that_a_page_did_not_encode_arrive_all_the_same() {
        assert_eq!(read("/ws/408213/Ali%20Reza"), two("408213", "Ali Reza"));
        assert_eq!(read("/ws/408213/%D8%B9%D9%84%DB%8C"), two("408213", "علی"));
        assert_eq!(read("/ws/408213/علی"), two("408213", "علی"));
        assert_eq!(read("/ws/408213/100%"), two("408213", "100%"));
        assert_eq!(read("/ws/408213/50%zz%4"), two("408213", "50%zz%4"));
        assert_eq!(read("/ws/408213/and/or"), two("408213", "and/or"));
        assert_eq!(read("/ws/a%2Fb/c"), two("a/b", "c"));
    }

    #[test]
    fn a_path_that_cannot_be_read_or_steps_out_leads_nowhere() {
        for path in ["/ws/a%00b", "/ws/a/%00", "/ws/%ff", "/ws/%c3%28/x", "/ws/a/%ed%a0%80"] {
            assert_eq!(Path::of(path), Some(Err(BadPath::Unreadable)), "{path}");
        }
        for path in
            ["/ws/..", "/ws/%2e%2e", "/ws/../x", "/ws/a/..", "/ws/a/b/%2e%2e/c", "/ws/.", "/ws//name", "/ws/%2e/a"]
        {
            assert_eq!(Path::of(path), Some(Err(BadPath::Nowhere)), "{path}");
        }
    }
}

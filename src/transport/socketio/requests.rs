//! Requests to a path of Engine.IO: which session they are for, what is wrong with them, and what is served beside sessions:
//! the client bundle. Knows no packet.

use std::sync::Arc;

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, UPGRADE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::BodyExt;
use serde_json::json;

use super::polling::{Polled, Turn};
use super::probe;
use crate::auth::Admitted;
use crate::server::{App, Caller, Endless, answers};
use crate::transport::door::Admission;
use crate::transport::origin::Verdict;
use crate::transport::upgrade::{self, Engine, Path};
use crate::transport::ws::handshake;
use crate::web;

/// Bytes of a session's secret: 128 bits cannot be guessed.
const SID_BYTES: usize = 16;

/// A path on which sessions are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Endpoint {
    /// `/socket.io/`
    SocketIo,
    /// `/engine.io/`, which says back what is said, for conformance suites.
    #[cfg(feature = "conformance")]
    Echo,
}

/// What is wrong with a request, in the numbers and words of the framework's own server, which clients know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    Transport,
    Session,
    Method,
    Request,
    Forbidden,
    Protocol,
}

/// Whether a session may be brought something.
pub(crate) type Announced = Result<Turn, Fault>;

impl Fault {
    const fn told(self) -> (u8, &'static str) {
        match self {
            Self::Transport => (0, "Transport unknown"),
            Self::Session => (1, "Session ID unknown"),
            Self::Method => (2, "Bad handshake method"),
            Self::Request => (3, "Bad request"),
            Self::Forbidden => (4, "Forbidden"),
            Self::Protocol => (5, "Unsupported protocol version"),
        }
    }

    pub(super) fn response(self) -> Response<Body> {
        let (code, message) = self.told();
        let status = if self == Self::Forbidden { StatusCode::FORBIDDEN } else { StatusCode::BAD_REQUEST };
        let mut response = Response::new(Body::from(json!({ "code": code, "message": message }).to_string()));
        *response.status_mut() = status;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response
    }
}

/// What a request asks for, beside its method.
#[derive(Debug, Default)]
struct Query {
    protocol: Option<String>,
    transport: Option<String>,
    sid: Option<String>,
    /// The answer is to be a script, for browsers that are not there any more.
    wants_script: bool,
}

impl Query {
    fn of(query: Option<&str>) -> Self {
        let mut asked = Self::default();
        for (key, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            let field = match &*key {
                "EIO" => &mut asked.protocol,
                "transport" => &mut asked.transport,
                "sid" => &mut asked.sid,
                "j" => {
                    asked.wants_script = true;
                    continue;
                }
                _ => continue,
            };
            *field = Some(value.into_owned());
        }
        asked
    }
}

impl Endpoint {
    /// The endpoint of a path.
    pub(crate) fn of(path: &str) -> Option<Self> {
        let is_below =
            |root: &str| path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        #[cfg(feature = "conformance")]
        if is_below("/engine.io") {
            return Some(Self::Echo);
        }
        is_below("/socket.io").then_some(Self::SocketIo)
    }

    const fn echoes(self) -> bool {
        match self {
            Self::SocketIo => false,
            #[cfg(feature = "conformance")]
            Self::Echo => true,
        }
    }

    /// Tells a session that a request will bring it something, whose body is still to come. Nothing if it is none of those.
    pub(crate) fn announce<B>(app: &App, request: &Request<B>) -> Option<Announced> {
        let uri = request.uri();
        if request.method() != Method::POST || Self::of(uri.path()).is_none() {
            return None;
        }
        let query = Query::of(uri.query());
        let session = app.engines.find(query.sid.as_deref()?)?;
        (query.transport.as_deref() == Some("polling")).then(|| session.begin_bringing())
    }

    /// Answers a request, perhaps only after a while. `announced` is what was said of it before its body came.
    pub(crate) async fn serve(
        self,
        app: &Arc<App>,
        request: Request<Body>,
        announced: Option<Announced>,
        caller: &Caller,
    ) -> Response<Body> {
        let path = request.uri().path();
        if let Some(file) = path.strip_prefix("/socket.io/").filter(|file| !file.is_empty()) {
            return match web::find_client(file) {
                Some(found) => web::answer(found, request.headers()),
                None => answers::plain(StatusCode::NOT_FOUND, "There is no such file of the Socket.IO client."),
            };
        }
        match self.session(app, request, announced, caller).await {
            Ok(response) => response,
            Err(fault) => fault.response(),
        }
    }

    async fn session(
        self,
        app: &Arc<App>,
        request: Request<Body>,
        announced: Option<Announced>,
        caller: &Caller,
    ) -> Result<Response<Body>, Fault> {
        let query = Query::of(request.uri().query());
        match query.transport.as_deref() {
            Some("polling" | "websocket") => {}
            _ => return Err(Fault::Transport),
        }
        if query.protocol.as_deref() != Some("4") {
            return Err(Fault::Protocol);
        }
        if query.wants_script {
            return Err(Fault::Request);
        }
        if app.gate.judge(request.headers(), app.now()) == Verdict::Foreign {
            return Err(Fault::Forbidden);
        }
        let session = match &query.sid {
            Some(sid) => Some(app.engines.find(sid).ok_or(Fault::Session)?),
            None => None,
        };
        if query.transport.as_deref() == Some("websocket") {
            if !request.headers().contains_key(UPGRADE) {
                return Err(Fault::Request);
            }
            return match session {
                None => Ok(self.open_websocket(app, request, caller)),
                Some(session) => Ok(probe(app, session, request, caller)),
            };
        }
        match (request.method(), session) {
            (&Method::GET, None) => {
                let query = request.uri().query().map(str::to_owned);
                let admitted = request.extensions().get::<Admission>().and_then(Admission::admitted);
                Ok(self.open_polling(app, query, admitted, caller).await)
            }
            (_, None) => Err(Fault::Method),
            (&Method::GET, Some(session)) => {
                session.fetch(request.extensions().get::<Endless>().cloned().as_ref()).await
            }
            (&Method::POST, Some(session)) => {
                let turn = announced.unwrap_or_else(|| session.begin_bringing())?;
                let body = request.into_body().collect().await.map_err(|_| Fault::Request)?;
                session.post(turn, body.to_bytes(), app).await
            }
            (_, Some(_)) => Err(Fault::Request),
        }
    }

    fn engine(self, is_polling: bool) -> Engine {
        Engine { sid: new_sid(), is_polling, echoes: self.echoes() }
    }

    fn open_websocket(self, app: &Arc<App>, request: Request<Body>, caller: &Caller) -> Response<Body> {
        upgrade::open(app, Ok(Path::SocketIo(self.engine(false))), request, caller)
    }

    async fn open_polling(
        self,
        app: &Arc<App>,
        query: Option<String>,
        admitted: Option<Arc<Admitted>>,
        caller: &Caller,
    ) -> Response<Body> {
        // A session counts as a connection of its own: between its requests none is open.
        let seat = match app.addresses.seat(caller.peer(), app.now()) {
            Ok(seat) => seat,
            Err(exceeded) => return answers::refused(&exceeded),
        };
        let session = Polled::open(app, self.engine(true), query, admitted, seat);
        session.fetch(None).await.unwrap_or_else(Fault::response)
    }
}

fn new_sid() -> String {
    let mut bytes = [0; SID_BYTES];
    getrandom::fill(&mut bytes).expect("the system's random source works, else nothing is safe");
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Opens the WebSocket to which a session may move.
fn probe(app: &Arc<App>, session: Arc<Polled>, request: Request<Body>, caller: &Caller) -> Response<Body> {
    let accepted = match handshake::check(request.method(), request.version(), request.headers()) {
        Ok(accepted) => accepted.response(None, None),
        Err(refusal) => return refusal.response().map(Body::from),
    };
    let app = Arc::clone(app);
    upgrade::take_over(request, caller, accepted, move |stream, early, seat| {
        tokio::spawn(probe::run(app, session, stream, early, seat));
    })
}

/// The answer to a poll.
pub(super) fn payload(payload: String) -> Response<Body> {
    typed("text/plain; charset=UTF-8", Bytes::from(payload))
}

/// The answer to a payload that was taken.
pub(super) fn taken() -> Response<Body> {
    typed("text/html", Bytes::from_static(b"ok"))
}

fn typed(content_type: &'static str, body: Bytes) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

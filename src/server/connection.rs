//! One connection while it speaks HTTP, after the handshake of TLS if the port speaks that: hyper with our limits and timers
//! in front of the routes. Ends when the connection ends or becomes a WebSocket; then nothing of HTTP is left.

use std::convert::Infallible;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::header::X_CONTENT_TYPE_OPTIONS;
use http::{HeaderValue, Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;
use tower::Service;

use super::app::App;
use super::{Endless, Lingering, answers, guard};
use crate::limits::Seat;
use crate::transport::socket::Socket;
use crate::transport::socketio::Endpoint;
use crate::transport::tls;
use crate::transport::upgrade::{self, Path};
use crate::transport::{Peer, cors, door};

/// Who sits on a connection. The seat goes along when the connection becomes a WebSocket.
#[derive(Debug)]
pub(crate) struct Caller {
    peer: IpAddr,
    // A std lock: taken once, for one move.
    seat: Mutex<Option<Seat>>,
}

impl Caller {
    fn new(seat: Seat) -> Self {
        Self { peer: seat.peer(), seat: Mutex::new(Some(seat)) }
    }

    pub(crate) fn peer(&self) -> IpAddr {
        self.peer
    }

    /// Takes the seat away, for whoever keeps the connection from now on.
    pub(crate) fn take_seat(&self) -> Option<Seat> {
        self.seat.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Speaks HTTP with a peer until one of them has had enough.
pub(super) async fn attend(
    stream: TcpStream,
    seat: Seat,
    app: Arc<App>,
    routes: Router,
    mut stopped: watch::Receiver<()>,
) {
    let socket = match &app.identity {
        None => Socket::new(stream),
        Some(identity) => {
            // Boxed: it is over before HTTP begins, and its room would be HTTP's for as long as that lasts.
            let secured = Box::pin(secure(stream, identity.config(), app.settings.handshake_timeout));
            tokio::select! {
                secured = secured => match secured {
                    Some(socket) => socket,
                    None => return,
                },
                _ = stopped.changed() => return,
            }
        }
    };
    let caller = Arc::new(Caller::new(seat));
    let patience = app.settings.handshake_timeout;
    let endless = Endless::default();
    let socket = Lingering::new(socket, endless.clone());
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(endless.clone());
        answer(Arc::clone(&app), routes.clone(), Arc::clone(&caller), request)
    });
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        // Who has asked and says no more is answered all the same.
        .half_close(true)
        .header_read_timeout(patience)
        .max_headers(guard::MAX_HEADERS)
        .max_buf_size(guard::MAX_HEAD);
    let connection = builder.serve_connection(TokioIo::new(socket), service).with_upgrades();
    let mut connection = pin!(connection);
    // Errors are the peer's: noise, a reset, a head that never ends. hyper has answered what can be answered.
    tokio::select! {
        _ = connection.as_mut() => {}
        _ = stopped.changed() => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}

/// Shakes hands, as TLS does. A peer that speaks plain HTTP is told what is spoken here.
async fn secure(stream: TcpStream, config: tls::ServerConfig, patience: Duration) -> Option<Socket> {
    let shaken = timeout(patience, async {
        let mut first = [0];
        match stream.peek(&mut first).await {
            // A handshake begins with a number, and a method with a capital letter.
            Ok(1) if first[0].is_ascii_uppercase() => Err((Socket::new(stream), None)),
            Ok(1) => Socket::secured(stream, config).await.map_err(|(socket, refused)| (socket, Some(refused))),
            _ => Err((Socket::new(stream), Some(tls::Refused::HungUp))),
        }
    });
    let (socket, refused) = match shaken.await {
        Ok(Ok(socket)) => return Some(socket),
        Ok(Err(unshaken)) => unshaken,
        Err(_) => {
            tracing::debug!(refused = %tls::Refused::TooSlow, "no TLS handshake");
            return None;
        }
    };
    let mut socket = Lingering::new(socket, Endless::default());
    match refused {
        Some(refused) => tracing::debug!(%refused, "no TLS handshake"),
        None => {
            // The first packet is thrown away unread; whatever it asks for, this is the answer.
            let _ = timeout(patience, socket.write_all(answers::speak_tls().as_bytes())).await;
        }
    }
    // Ends the connection once the peer has had a moment to read why.
    let _ = socket.shutdown().await;
    None
}

async fn answer(
    app: Arc<App>,
    mut routes: Router,
    caller: Arc<Caller>,
    request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    let announced = Endpoint::announce(&app, &request);
    let mut response = match guard::read(request, &app.settings).await {
        Err(refused) => refused,
        Ok(mut request) => {
            let permit = cors::Permit::of(&app.gate, &request, app.now());
            if let Some(response) = permit.answer(&request) {
                response
            } else if let Some(response) = door::pass(&app, &mut request) {
                permit.sign(response)
            } else if let Some(path) = Path::of(request.uri().path()) {
                upgrade::open(&app, path, request, &caller)
            } else {
                request.extensions_mut().insert(Peer(caller.peer()));
                match Endpoint::of(request.uri().path()) {
                    Some(endpoint) => permit.sign(endpoint.serve(&app, request, announced, &caller).await),
                    None => permit.sign(routes.call(request).await?),
                }
            }
        }
    };
    response.headers_mut().entry(X_CONTENT_TYPE_OPTIONS).or_insert(HeaderValue::from_static("nosniff"));
    Ok(response)
}

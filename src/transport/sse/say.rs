//! A line that is said by one request: `POST /api/rooms/{room}/messages`. It is answered once the line is kept.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Extension, Path, RawQuery, State};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, Response, StatusCode};
use serde::Deserialize;
use tokio::time::{Instant, timeout_at};

use super::interface;
use super::talk::{Entering, enter};
use crate::hub::{Hub, LiveRoom, Post, Reader, Session, Visit};
use crate::names::{Name, RoomName};
use crate::protocol::{Code, MemberId, Refusal, Seq};
use crate::room::{Draft, Epoch};
use crate::server::App;
use crate::session::line;
use crate::text::{self, TextLimits};
use crate::transport::Peer;
use crate::transport::door::{self, Admission};
use crate::transport::http::Kept;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The longest key that is taken, in bytes.
const KEY_BYTES: usize = 255;

/// How long a session may be about to change its connection, or a connection to come into a room, before it counts as not there.
const MOMENT: Duration = Duration::from_millis(200);

/// What a request says.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Said<'a> {
    /// The line.
    #[serde(borrow)]
    pub text: Cow<'a, str>,
    /// For this member only.
    #[serde(default)]
    pub to: Option<u32>,
    /// The name of somebody without a session.
    #[serde(default, borrow)]
    pub name: Option<Cow<'a, str>>,
}

impl<'a> Said<'a> {
    /// Reads a body: JSON, or a form with `text`, by its type; anything else is the text itself, also what `curl -d` calls a
    /// form.
    ///
    /// # Errors
    /// [`Code::BadRequest`] with what is wrong.
    pub fn read(content_type: &str, body: &'a [u8]) -> Result<Self, Refusal> {
        let bad = |words: &str| Refusal::because(Code::BadRequest, words);
        let body = std::str::from_utf8(body).map_err(|_| bad("The text is not UTF-8."))?;
        let media = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if media == "application/json" {
            return serde_json::from_str(body).map_err(|_| {
                bad("The body is to be an object with `text`, and perhaps `name`, or `to` with a number.")
            });
        }
        if media == "application/x-www-form-urlencoded" {
            let (mut said, mut is_form) = (Self::default(), false);
            for (key, value) in form_urlencoded::parse(body.as_bytes()) {
                match &*key {
                    "text" => (said.text, is_form) = (value, true),
                    "name" => said.name = Some(value),
                    "to" => said.to = Some(value.parse().map_err(|_| bad("`to` is the number of a member."))?),
                    _ => {}
                }
            }
            if is_form {
                return Ok(said);
            }
        }
        let text = body.strip_suffix('\n').unwrap_or(body);
        Ok(Self { text: text.strip_suffix('\r').unwrap_or(text).into(), ..Self::default() })
    }
}

/// Answers with the line's position.
pub(super) async fn post(
    State(app): State<Arc<App>>,
    Extension(Peer(peer)): Extension<Peer>,
    Extension(admission): Extension<Admission>,
    Path(room): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    match say(&app, (peer, &admission), &room, query.as_deref(), &headers, &body).await {
        Ok((room, epoch, seq)) => {
            let kept = Kept { epoch: epoch.to_string(), room: room.as_str(), seq };
            interface::answer(StatusCode::CREATED, &kept)
        }
        Err(refusal) => interface::refused(&refusal),
    }
}

async fn say(
    app: &Arc<App>,
    (peer, admission): (IpAddr, &Admission),
    room: &str,
    query: Option<&str>,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<(RoomName, Epoch, Seq), Refusal> {
    let room = RoomName::parse(room).map_err(|problem| Refusal::because(Code::BadRoom, problem.to_string()))?;
    admission.may_enter(&room)?;
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut said = Said::read(content_type, body)?;
    let key = headers.get(IDEMPOTENCY_KEY).map(|key| key.to_str().ok().filter(|key| key.len() <= KEY_BYTES));
    let key = key.map(|key| key.ok_or(KEY_UNFIT)).transpose().map_err(bad)?;
    let limits = TextLimits { chars: app.settings.text_chars, bytes: app.settings.text_bytes };
    text::check(&said.text, limits)?;
    let (epoch, seq) = if let Some(secret) = door::session_secret(app, headers) {
        let session = app.hub.session(secret, admission.owner()).ok_or(Code::UnknownSession)?;
        app.hub.may_post(&session, app.rates.commands)?;
        say_as(app, (peer, admission), &session, &room, &said, key).await?
    } else {
        if key.is_some() {
            return Err(bad(KEY_UNKNOWN));
        }
        if said.name.is_none() {
            said.name = form_urlencoded::parse(query.unwrap_or_default().as_bytes())
                .find(|(key, _)| key == "name")
                .map(|it| it.1);
        }
        app.may_visit(peer)?;
        let name = said.name.as_deref().map(|name| Name::parse(name, app.settings.name_chars));
        let visit = app.hub.visit(admission.admitted());
        let name = name.transpose().map_err(Refusal::from);
        enter(app, visit.reader(), peer, Entering { room: room.clone(), name, since: None }).await?;
        let (live, you) = visit.reader().membership(room.as_str()).ok_or(Code::Unavailable)?;
        finished(app.hub.post(visit.reader(), &live, line_of(app, &live, you, &said, None))?).await?
    };
    Ok((room, epoch, seq))
}

const KEY_UNFIT: &str = "An Idempotency-Key has at most 255 visible ASCII characters.";
const KEY_UNKNOWN: &str = "An Idempotency-Key is remembered for a session: open a stream of events, and send its session as \
    `Authorization: Bearer`.";

fn bad(words: &str) -> Refusal {
    Refusal::because(Code::BadRequest, words)
}

/// Says it over the connection of its session; over one of its own while that is away.
async fn say_as(
    app: &Arc<App>,
    (peer, admission): (IpAddr, &Admission),
    session: &Arc<Session>,
    room: &RoomName,
    said: &Said<'_>,
    key: Option<&str>,
) -> Result<(Epoch, Seq), Refusal> {
    let until = Instant::now() + MOMENT;
    loop {
        // Before it is looked how the session stands, so that what changes meanwhile is noticed.
        let moved = app.hub.moved();
        let (reader, _visit): (Option<Arc<Reader>>, Option<Visit>) = match session.speaker() {
            Some(reader) => (Some(reader), None),
            None if session.is_away_from(room.as_str()) => match app.hub.visit_as(session, admission.admitted()) {
                Some(visit) => {
                    // The place that waits is taken up, and none is taken anew.
                    let name = Err(Code::NotInRoom.into());
                    match enter(app, visit.reader(), peer, Entering { room: room.clone(), name, since: None }).await {
                        Ok(()) => (Some(visit.reader().clone()), Some(visit)),
                        // The place, or the session, was taken up by another connection before this one was in.
                        Err(refusal) if refusal.code == Code::NotInRoom || visit.reader().is_closing() => (None, None),
                        Err(refusal) => return Err(refusal),
                    }
                }
                // Another request speaks for it.
                None => (None, None),
            },
            // Its connection has ended since it was asked, and is giving up its places, or has left the room.
            None => (None, None),
        };
        if let Some(reader) = reader
            && let Some((live, you)) = reader.membership(room.as_str())
        {
            match app.hub.post(&reader, &live, line_of(app, &live, you, said, key)) {
                Ok(posted) => return finished(posted).await,
                // Another connection speaks for the session by now.
                Err(refusal) if refusal.code == Code::NotInRoom => {}
                Err(refusal) => return Err(refusal),
            }
        }
        // Others move all the time.
        if timeout_at(until, moved).await.is_err() || Instant::now() >= until {
            return Err(Code::NotInRoom.into());
        }
    }
}

async fn finished(posted: crate::hub::Posted) -> Result<(Epoch, Seq), Refusal> {
    // The store ends, and nobody knows what became of it.
    let unknown = || Refusal::because(Code::Unavailable, "It is not known whether this was kept. Send it again.");
    posted.await.unwrap_or_else(|_| Err(unknown()))
}

fn line_of<'k>(app: &App, live: &LiveRoom, from: MemberId, said: &Said<'_>, key: Option<&'k str>) -> Post<'k> {
    let hub: &Hub = &app.hub;
    let to = said.to.map(|to| to.to_string()).unwrap_or_default();
    let content = hub.content_hash(&["post", live.name().as_str(), &to, &said.text]);
    let draft = match said.to {
        Some(to) => Ok(Draft::Private { from, to: MemberId(to), text: (*said.text).into() }),
        None => line(app, live, from, None, &said.text),
    };
    Post { draft, key, content }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(content_type: &str, body: &str) -> String {
        Said::read(content_type, body.as_bytes()).expect("it can be read").text.into_owned()
    }

    #[test]
    fn a_body_is_read_by_its_type_and_what_curl_sends_is_the_text() {
        const FORM: &str = "application/x-www-form-urlencoded";
        assert_eq!(text(FORM, "Hello there"), "Hello there");
        assert_eq!(text(FORM, "1 + 1 = 2 & so on %"), "1 + 1 = 2 & so on %");
        assert_eq!(text("text/plain;charset=UTF-8", "سلام\n"), "سلام");
        assert_eq!(text("", "{\"text\":1}"), "{\"text\":1}");
        let said =
            Said::read("Application/JSON; charset=utf-8", br#"{"text":"a\nb","to":7,"extra":[]}"#).expect("JSON");
        assert_eq!(said, Said { text: "a\nb".into(), to: Some(7), name: None });
        let said = Said::read(FORM, b"name=Ali+Reza&text=1%2B1").expect("a form");
        assert_eq!(said, Said { text: "1+1".into(), to: None, name: Some("Ali Reza".into()) });
        for (content_type, body) in [("application/json", "hi"), ("application/json", "{}"), (FORM, "text=a&to=b")] {
            assert_eq!(Said::read(content_type, body.as_bytes()).expect_err(body).code, Code::BadRequest);
        }
        assert_eq!(Said::read("text/plain", b"\xff").expect_err("no text").code, Code::BadRequest);
    }

    proptest! {
        #[test]
        fn no_body_does_harm(content_type in any::<String>(), body in any::<Vec<u8>>(), words in any::<String>()) {
            for content_type in [&*content_type, "application/json", "application/x-www-form-urlencoded", "text/plain"] {
                let _ = Said::read(content_type, &body);
                let _ = Said::read(content_type, words.as_bytes());
            }
        }
    }
}

//! Pages of the tutorial that connects to `/ws/{room}` and sends `{"username", "text"}`. The name stands on each frame, so
//! the page is a guest, unless `?name=` claims a name.

use std::net::IpAddr;
use std::sync::Arc;

use super::page::{Page, Words};
use crate::hub::Reader;
use crate::names::Name;
use crate::protocol::{Code, Refusal};
use crate::server::App;
use crate::session::Outcome;

/// One page's connection.
pub(crate) struct OneSegment {
    page: Page,
    room: String,
    claim: Option<String>,
    /// Its name is claimed: what stands on its frames does not count.
    is_claimed: bool,
}

impl OneSegment {
    pub(crate) fn new(app: Arc<App>, reader: Arc<Reader>, peer: IpAddr, room: String, query: Option<&str>) -> Self {
        let claim = query.and_then(|query| {
            form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == "name").map(|(_, name)| name.into_owned())
        });
        Self { page: Page::new(app, reader, peer), room, claim, is_claimed: false }
    }

    /// Joins the room of the path. The page sees its own join, as with the tutorial's server.
    pub(crate) fn begin(&mut self) -> Outcome {
        let result = self.claimed().and_then(|name| {
            self.is_claimed = name.is_some();
            self.page.join(&self.room, name, false, true, |_, _| {})
        });
        match result {
            Ok(()) => Outcome::Answered,
            Err(refusal) => self.page.turned_away(&refusal),
        }
    }

    /// Takes one text frame.
    pub(crate) fn take(&mut self, frame: &str) -> Outcome {
        let result = self.understand(frame);
        self.page.conclude(result)
    }

    fn understand(&mut self, frame: &str) -> Result<Outcome, Refusal> {
        let words = Words::read(frame)?;
        // Permits come first: reading a name costs more than a frame.
        if words.kind.as_deref() == Some("typing") {
            if self.page.may_type() {
                self.page.types(self.signature(&words)?);
            }
            return Ok(Outcome::Answered);
        }
        self.page.may_say()?;
        let said = words.said().ok_or_else(|| Refusal::because(Code::BadRequest, "`text` is missing."))?;
        let signed = self.signature(&words)?;
        self.page.say(said, signed)
    }

    fn claimed(&self) -> Result<Option<Name>, Refusal> {
        let chars = self.page.app.settings.name_chars;
        self.claim.as_deref().map(|claim| Name::parse(claim, chars).map_err(Refusal::from)).transpose()
    }

    /// The name that a guest wrote on a frame; an empty one is none.
    fn signature(&self, words: &Words<'_>) -> Result<Option<Name>, Refusal> {
        if self.is_claimed {
            return Ok(None);
        }
        match words.username.as_deref() {
            None => Ok(None),
            Some(username) if username.trim().is_empty() => Ok(None),
            Some(username) => Ok(Some(Name::parse(username, self.page.app.settings.name_chars)?)),
        }
    }
}

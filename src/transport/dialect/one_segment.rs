//! Pages of the tutorial that connects to `/ws/{room}` and sends `{"username", "text"}`. The name stands on each frame, so
//! the page is a guest, unless `?name=` claims a name.

use super::page::{Page, Words};
use crate::names::Name;
use crate::protocol::{Code, Refusal};
use crate::session::{Outcome, Turn};

/// One page's end of a connection.
#[derive(Debug, Default)]
pub(crate) struct OneSegment {
    /// Its name is claimed: what stands on its frames does not count.
    is_claimed: bool,
}

impl OneSegment {
    /// Joins the room of the path. The page sees its own join, as with the tutorial's server.
    pub(crate) fn begin(&mut self, room: &str, query: Option<&str>, turn: &mut Turn<'_>) -> Outcome {
        let name = Page(turn).own_name().map_or_else(|| claimed(query, turn), |name| Ok(Some(name)));
        let result = name.and_then(|name| {
            self.is_claimed = name.is_some();
            Page(turn).join(room, name, false, true, |_, _| {})
        });
        match result {
            Ok(()) => Outcome::Answered,
            Err(refusal) => Page(turn).turned_away(&refusal),
        }
    }

    /// Takes one text frame.
    pub(crate) fn take(&mut self, frame: &str, turn: &mut Turn<'_>) -> Outcome {
        let result = self.understand(frame, turn);
        Page(turn).conclude(result)
    }

    fn understand(&mut self, frame: &str, turn: &mut Turn<'_>) -> Result<Outcome, Refusal> {
        let words = Words::read(frame)?;
        // Permits come first: reading a name costs more than a frame.
        if words.kind.as_deref() == Some("typing") {
            if Page(turn).may_type() {
                let signed = self.signature(&words, turn)?;
                Page(turn).types(signed);
            }
            return Ok(Outcome::Answered);
        }
        Page(turn).may_say()?;
        let said = words.said().ok_or_else(|| Refusal::because(Code::BadRequest, "`text` is missing."))?;
        let signed = self.signature(&words, turn)?;
        Page(turn).say(said, signed)
    }

    /// The name that a guest wrote on a frame; an empty one is none.
    fn signature(&self, words: &Words<'_>, turn: &Turn<'_>) -> Result<Option<Name>, Refusal> {
        if self.is_claimed {
            return Ok(None);
        }
        match words.username.as_deref() {
            None => Ok(None),
            Some(username) if username.trim().is_empty() => Ok(None),
            Some(username) => Ok(Some(Name::parse(username, turn.app.settings.name_chars)?)),
        }
    }
}

/// The name that stands behind the path.
fn claimed(query: Option<&str>, turn: &Turn<'_>) -> Result<Option<Name>, Refusal> {
    let Some(query) = query else { return Ok(None) };
    let claim = form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == "name");
    let chars = turn.app.settings.name_chars;
    claim.map(|(_, claim)| Name::parse(&claim, chars).map_err(Refusal::from)).transpose()
}

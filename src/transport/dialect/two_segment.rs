//! Pages of the programs that connect to `/ws/{room}/{name}`. The name is claimed by the path; frames are
//! `{"type":"message","message"}`, other words for the text, or raw text.

use std::net::IpAddr;
use std::sync::Arc;

use super::page::{Page, Words};
use crate::hub::Reader;
use crate::names::Name;
use crate::protocol::{Code, Refusal};
use crate::server::App;
use crate::session::Outcome;

/// One page's connection.
pub(crate) struct TwoSegment {
    page: Page,
    room: String,
    name: String,
}

impl TwoSegment {
    pub(crate) fn new(app: Arc<App>, reader: Arc<Reader>, peer: IpAddr, room: String, name: String) -> Self {
        Self { page: Page::new(app, reader, peer), room, name }
    }

    /// Joins the room of the path. The page does not see its own join, but gets the online list.
    pub(crate) fn begin(&mut self) -> Outcome {
        match self.join() {
            Ok(()) => Outcome::Answered,
            Err(refusal) => self.page.turned_away(&refusal),
        }
    }

    #[expect(
        clippy::redundant_closure_for_method_calls,
        reason = "the method's own lifetime is too narrow for the bound"
    )]
    fn join(&mut self) -> Result<(), Refusal> {
        let settings = &self.page.app.settings;
        let name = Name::parse(&self.name, settings.name_chars)?;
        self.page.join(&self.room, Some(name), settings.dialect_codes, false, |joined, out| joined.push_users(out))
    }

    /// Takes one text frame. A `type` that is no message is ignored, as these programs do.
    pub(crate) fn take(&mut self, frame: &str) -> Outcome {
        let result = self.understand(frame);
        self.page.conclude(result)
    }

    fn understand(&mut self, frame: &str) -> Result<Outcome, Refusal> {
        if !frame.trim_ascii_start().starts_with('{') {
            self.page.may_say()?;
            return self.page.say(frame, None);
        }
        let words = Words::read(frame)?;
        match words.kind.as_deref() {
            None | Some("message" | "chat" | "text") => {
                self.page.may_say()?;
                let said = words.said().ok_or_else(|| Refusal::because(Code::BadRequest, "`message` is missing."))?;
                self.page.say(said, None)
            }
            Some("typing") => {
                if self.page.may_type() {
                    self.page.types(None);
                }
                Ok(Outcome::Answered)
            }
            Some(_) => Ok(Outcome::Answered),
        }
    }
}

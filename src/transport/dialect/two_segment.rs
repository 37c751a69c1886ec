//! Pages of the programs that connect to `/ws/{room}/{name}`. The name is claimed by the path; frames are
//! `{"type":"message","message"}`, other words for the text, or raw text.

use super::page::{Page, Words};
use crate::names::Name;
use crate::protocol::{Code, Refusal};
use crate::session::{Outcome, Turn};

/// One page's end of a connection. There is nothing to remember between its frames.
#[derive(Debug, Default)]
pub(crate) struct TwoSegment;

impl TwoSegment {
    /// Joins the room of the path. The page does not see its own join, but gets the online list.
    pub(crate) fn begin(room: &str, name: &str, turn: &mut Turn<'_>) -> Outcome {
        match Self::join(room, name, turn) {
            Ok(()) => Outcome::Answered,
            Err(refusal) => Page(turn).turned_away(&refusal),
        }
    }

    #[expect(
        clippy::redundant_closure_for_method_calls,
        reason = "the method's own lifetime is too narrow for the bound"
    )]
    fn join(room: &str, name: &str, turn: &mut Turn<'_>) -> Result<(), Refusal> {
        let settings = &turn.app.settings;
        let name = Page(turn).own_name().map_or_else(|| Name::parse(name, settings.name_chars), Ok)?;
        let opens_codes = settings.dialect_codes;
        Page(turn).join(room, Some(name), opens_codes, false, |joined, out| joined.push_users(out))
    }

    /// Takes one text frame. A `type` that is no message is ignored, as these programs do.
    pub(crate) fn take(frame: &str, turn: &mut Turn<'_>) -> Outcome {
        let result = Self::understand(frame, turn);
        Page(turn).conclude(result)
    }

    fn understand(frame: &str, turn: &mut Turn<'_>) -> Result<Outcome, Refusal> {
        if !frame.trim_ascii_start().starts_with('{') {
            Page(turn).may_say()?;
            return Page(turn).say(frame, None);
        }
        let words = Words::read(frame)?;
        match words.kind.as_deref() {
            None | Some("message" | "chat" | "text") => {
                Page(turn).may_say()?;
                let said = words.said().ok_or_else(|| Refusal::because(Code::BadRequest, "`message` is missing."))?;
                Page(turn).say(said, None)
            }
            Some("typing") => {
                if Page(turn).may_type() {
                    Page(turn).types(None);
                }
                Ok(Outcome::Answered)
            }
            Some(_) => Ok(Outcome::Answered),
        }
    }
}

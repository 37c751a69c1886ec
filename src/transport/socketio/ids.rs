//! Lines that a page sends again: which number an id of its own stands for, and in which session.
//!
//! The tutorial's pages send `<sid>-<n>` with each line, and send it again over a new connection, where their sid is another
//! one. A sid of ours is known again, so such a line is the same one for as long as the session is remembered. Any other id
//! is somebody's own and is known within its connection only.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::hub::{Hub, Numbered, Session};
use crate::protocol::{Refusal, SAFE_INTEGER};

/// How many ids that are not of ours are remembered, as many as a session remembers commands.
const REMEMBERED: usize = 64;

/// How many sids one connection may count lines under: its own, and those it had before. Ids after others are its own, so that
/// no connection makes sessions without end.
const SESSIONS: usize = 8;

/// What one connection has sent under ids.
#[derive(Debug, Default)]
pub(super) struct Ids {
    /// By a hash of the sid.
    issued: Vec<(u64, Arc<Session>, u32)>,
    own: Option<Own>,
}

/// Ids that are not of ours.
#[derive(Debug)]
struct Own {
    session: Arc<Session>,
    visit: u32,
    /// By a hash of the id, oldest first.
    numbers: VecDeque<(u64, u64)>,
    next: u64,
}

impl Ids {
    /// The number and the session of a line that came under an id. `content` is a hash of the line.
    ///
    /// # Errors
    /// [`Code::ServerFull`](crate::protocol::Code::ServerFull): nothing new can be remembered, so it could be said twice.
    pub(super) fn number(&mut self, hub: &Hub, id: &str, content: u64) -> Result<(Numbered, Arc<Session>), Refusal> {
        if let Some((sid, n)) = counted(id)
            && let Some(session) = self.issued(hub, sid)?
        {
            return Ok((Numbered { n, content }, session));
        }
        let hash = hub.content_hash(&["id", id]);
        let own = match &mut self.own {
            Some(own) => own,
            none => {
                let (session, visit) = hub.numbering(None)?.expect("one without an id is made");
                none.insert(Own { session, visit, numbers: VecDeque::new(), next: 1 })
            }
        };
        let known = own.numbers.iter().find(|(known, _)| *known == hash).map(|(_, n)| *n);
        let n = known.unwrap_or_else(|| {
            let n = own.next;
            own.next += 1;
            if own.numbers.len() == REMEMBERED {
                own.numbers.pop_front();
            }
            own.numbers.push_back((hash, n));
            n
        });
        Ok((Numbered { n, content }, own.session.clone()))
    }

    fn issued(&mut self, hub: &Hub, sid: &str) -> Result<Option<Arc<Session>>, Refusal> {
        let hash = hub.content_hash(&["sid", sid]);
        if let Some((_, session, _)) = self.issued.iter().find(|(known, ..)| *known == hash) {
            return Ok(Some(session.clone()));
        }
        if self.issued.len() == SESSIONS {
            return Ok(None);
        }
        let Some((session, visit)) = hub.numbering(Some(sid))? else { return Ok(None) };
        self.issued.push((hash, session.clone(), visit));
        Ok(Some(session))
    }

    /// The connection is over.
    pub(super) fn leave(self, hub: &Hub) {
        for (_, session, visit) in self.issued {
            hub.leave_numbering(&session, visit);
        }
        if let Some(own) = self.own {
            hub.leave_numbering(&own.session, own.visit);
        }
    }
}

/// `<sid>-<n>`
fn counted(id: &str) -> Option<(&str, u64)> {
    let (sid, n) = id.rsplit_once('-')?;
    let is_number = !n.is_empty() && n.bytes().all(|byte| byte.is_ascii_digit());
    let n = n.parse().ok().filter(|n| is_number && *n < SAFE_INTEGER)?;
    Some((sid, n))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_ends_in_a_number_counts_under_a_sid() {
        assert_eq!(counted("ab-c_d-0"), Some(("ab-c_d", 0)));
        assert_eq!(counted("undefined-12"), Some(("undefined", 12)));
        for id in ["", "-", "abc", "abc-", "abc-x", "abc-+1", "abc-99999999999999999999"] {
            assert_eq!(counted(id), None, "{id}");
        }
    }
}

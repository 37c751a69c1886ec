//! The past, page by page, and lines that are changed after the room has forgotten them: what has to be read from the store
//! is read beside the connections, and told as if no time had passed.

use std::collections::HashSet;
use std::sync::Arc;

use super::commands::Numbered;
use super::live_room::LiveRoom;
use super::reader::Reader;
use super::sessions::Session;
use super::{Hub, Newcomers};
use crate::names::RoomName;
use crate::protocol::{Code, Edge, Event, MemberId, Page, Refusal, Seq};
use crate::room::{Draft, RECENT_LINES, StoredLine, Target};
use crate::store::sqlite::PageWanted;
use crate::store::{RoomKey, Trouble};
use crate::wire::ReplyTo;

/// How many lines of the past one answer holds at most.
pub const HISTORY_PAGE: usize = 200;

/// How often a page is read anew because a line in it was changed meanwhile, before the reader is asked to come again.
const READS: usize = 8;

/// How many bytes of lines one answer holds at most, about as encoded, so that it fits what may wait for a slow reader. A
/// single line is always whole.
const PAGE_BYTES: usize = 48 * 1024;

/// A page of the past, oldest first, and whether there is more in the same direction.
type Lines = (Vec<Arc<Event>>, bool);

impl Hub {
    /// Answers with a page of what a member may see of the past. Nothing more is taken from the connection until then.
    pub fn history(
        self: &Arc<Self>,
        reader: &Arc<Reader>,
        room: &Arc<LiveRoom>,
        you: MemberId,
        page: Page,
        answer: impl FnOnce(Result<&Lines, &Refusal>, &mut Vec<u8>) + Send + 'static,
    ) {
        let limit = limit_of(page);
        if self.lasting().is_none() {
            let state = room.lock();
            let first = state.pages_from(you, self.rules.newcomers);
            let lines = fitted(state.page(Some(you), first, page.from, limit), page.from);
            reader.lay(|out| answer(Ok(&lines), out));
            return;
        }
        reader.hold();
        let (hub, reader, room) = (self.clone(), reader.clone(), room.clone());
        tokio::spawn(async move {
            for _ in 0..READS {
                let (head, first) = {
                    let state = room.lock();
                    (state.room.log().head(), state.pages_from(you, hub.rules.newcomers))
                };
                let wanted = PageWanted { viewer: Some(you), first, last: head, from: page.from, limit };
                match hub.read_page(room.key, wanted, true).await {
                    Ok(lines) => {
                        let lines = fitted(lines, page.from);
                        // What was changed since is told after the page, but the page must not bring its old words back.
                        let state = room.lock();
                        if changes_since(&state, head, &lines.0) {
                            continue;
                        }
                        reader.lay(|out| answer(Ok(&lines), out));
                        drop(state);
                    }
                    Err(refusal) => reader.answer(|out| answer(Err(&refusal), out)),
                }
                reader.release();
                return;
            }
            let refusal = Refusal::because(Code::Unavailable, "These lines are being changed. Ask again.");
            reader.answer(|out| answer(Err(&refusal), out));
            reader.release();
        });
    }

    /// A page of what somebody may see who is not in the room; of one's own time, who is in it with the session of this
    /// secret.
    ///
    /// # Errors
    /// [`Code::RoomNotFound`], [`Code::Unavailable`].
    pub async fn public_history(
        self: &Arc<Self>,
        name: &RoomName,
        secret: Option<&str>,
        owner: Option<&str>,
        page: Page,
    ) -> Result<Lines, Refusal> {
        let session = secret.and_then(|secret| self.sessions.find(secret, owner));
        Ok(fitted(self.public_lines(name, session.as_ref(), page).await?, page.from))
    }

    async fn public_lines(
        self: &Arc<Self>,
        name: &RoomName,
        session: Option<&Arc<Session>>,
        page: Page,
    ) -> Result<Lines, Refusal> {
        let limit = limit_of(page);
        let live = self.rooms().live(name).cloned();
        let you = live.as_ref().zip(session).and_then(|(room, session)| session.member_of(room));
        let newcomers = self.rules.newcomers;
        let stored = || self.rooms().stored.get(name).map(|stored| stored.key);
        let Some(key) = live.as_ref().map(|room| room.key).or_else(stored) else {
            // A code that waits for its first member is a room in which nothing was said.
            return self.look_up(name).map(|_| (Vec::new(), false)).ok_or_else(|| Code::RoomNotFound.into());
        };
        if you.is_none() && newcomers == Newcomers::None {
            return Ok((Vec::new(), false));
        }
        if let Some(room) = live.as_ref().filter(|_| self.lasting().is_none()) {
            let state = room.lock();
            let first = you.map_or(0, |you| state.pages_from(you, newcomers));
            return Ok(state.page(you, first, page.from, limit));
        }
        let first = match (&live, you) {
            (Some(room), Some(you)) => room.lock().pages_from(you, newcomers),
            _ => 0,
        };
        let last = live.as_ref().map_or(Seq::MAX >> 1, |room| room.head());
        if you.is_some() || newcomers == Newcomers::All {
            let wanted = PageWanted { viewer: you, first, last, from: page.from, limit };
            return self.read_page(key, wanted, false).await;
        }
        // Of the recent page only what was asked for.
        let wanted = PageWanted { viewer: None, first: 0, last, from: Edge::Newest, limit: RECENT_LINES };
        let (lines, _) = self.read_page(key, wanted, false).await?;
        let is_wanted = |line: &Arc<Event>| match page.from {
            Edge::Newest => true,
            Edge::Before(seq) => line.seq < seq,
            Edge::After(seq) => line.seq > seq,
        };
        let mut lines: Vec<Arc<Event>> = lines.into_iter().filter(is_wanted).collect();
        let has_more = lines.len() > limit;
        match page.from {
            Edge::After(_) => lines.truncate(limit),
            Edge::Newest | Edge::Before(_) => drop(lines.drain(..lines.len().saturating_sub(limit))),
        }
        Ok((lines, has_more))
    }

    async fn read_page(self: &Arc<Self>, key: RoomKey, wanted: PageWanted, is_member: bool) -> Result<Lines, Refusal> {
        // Whoever pages leaves readers to those who want to come in; whoever only asks over HTTP, to members. The turn lasts
        // as long as the reading, even if nobody waits for it any more.
        let turns = if is_member { &self.paging } else { &self.public_paging };
        let turn = turns.clone().acquire_owned().await.expect("it is never closed");
        let hub = self.clone();
        let reading = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            match hub.lasting() {
                Some(store) => store.page(key, wanted),
                None => Ok((Vec::new(), false)),
            }
        });
        let read = reading.await.unwrap_or_else(|fault| Err(Trouble::Failed(fault.to_string())));
        read.map_err(|trouble| Refusal::because(Code::Unavailable, trouble.to_string()))
    }

    /// Has a member change a line: `draft` says how, once it is known what the line is. A line that the room has forgotten is
    /// looked up in the store; nothing more is taken from the connection until then. Returns as [`Hub::say`] does.
    ///
    /// # Errors
    /// [`Hub::say`]'s.
    pub fn change(
        self: &Arc<Self>,
        reader: &Arc<Reader>,
        room: &Arc<LiveRoom>,
        line: Seq,
        numbered: Numbered,
        draft: impl FnOnce(Target) -> Draft + Send + 'static,
    ) -> Result<bool, Refusal> {
        let (is_remembered, asked_at) = {
            let state = room.lock();
            let head = state.room.log().head();
            (state.room.line(line).is_some() || line > head, head)
        };
        if is_remembered || self.lasting().is_none() {
            return self.say(reader, room, draft(Target { seq: line, stored: None }), numbered.into(), self.moment());
        }
        reader.hold();
        let (hub, reader, room) = (self.clone(), reader.clone(), room.clone());
        tokio::spawn(async move {
            let (reading, key) = (hub.clone(), room.key);
            let looked_up = tokio::task::spawn_blocking(move || match reading.lasting() {
                Some(store) => store.line(key, line),
                None => Ok(None),
            });
            let looked_up = looked_up.await.unwrap_or_else(|fault| Err(Trouble::Failed(fault.to_string())));
            let said = match looked_up {
                Ok(_) if reader.membership(room.name().as_str()).is_none() => Err(Code::NotInRoom.into()),
                Ok(stored) => {
                    let stored = stored.map(|line| StoredLine { line, asked_at });
                    hub.say(&reader, &room, draft(Target { seq: line, stored }), numbered.into(), hub.moment())
                }
                Err(trouble) => Err(Refusal::because(Code::Unavailable, trouble.to_string())),
            };
            if let Err(refusal) = said {
                reader
                    .answer(|out| reader.wire().refuse(&refusal, ReplyTo::Number(numbered.n), room.name(), None, out));
            }
            reader.release();
        });
        Ok(false)
    }
}

fn limit_of(page: Page) -> usize {
    page.limit.map_or(HISTORY_PAGE, |limit| (limit as usize).clamp(1, HISTORY_PAGE))
}

/// As much of a page as one answer may hold: the lines nearest to where it begins.
fn fitted((mut lines, mut more): Lines, from: Edge) -> Lines {
    let mut bytes = 0;
    let mut fits = |line: &Arc<Event>| {
        bytes += line.kind.weight();
        bytes <= PAGE_BYTES
    };
    let all = lines.len();
    let fitting = match from {
        Edge::After(_) => lines.iter().take_while(|line| fits(line)).count(),
        Edge::Newest | Edge::Before(_) => lines.iter().rev().take_while(|line| fits(line)).count(),
    };
    let fitting = fitting.max(1).min(all);
    if fitting < all {
        more = true;
        match from {
            Edge::After(_) => lines.truncate(fitting),
            Edge::Newest | Edge::Before(_) => drop(lines.drain(..all - fitting)),
        }
    }
    (lines, more)
}

/// Whether one of these lines was changed after this number, as far as that is known here.
fn changes_since(state: &super::live_room::State, head: Seq, lines: &[Arc<Event>]) -> bool {
    let Ok(events) = state.room.log().since(head) else { return true };
    let changed: HashSet<Seq> = events.filter_map(|event| event.kind.target()).collect();
    lines.iter().any(|line| changed.contains(&line.seq))
}

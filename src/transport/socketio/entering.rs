//! How pages of Socket.IO come into rooms and go out of them: by a namespace, by what they ask for when they connect, by name,
//! and out and in again under the name that they give. What is said there is in `chat.rs`.

use std::borrow::Cow;

use super::chat::{acknowledged, bad, member_of, own_room, read};
use super::fields::{Fields, Scalar};
use super::packet::{self, Event};
use super::talk::{Member, Talk};
use crate::auth::Denied;
use crate::hub::{Join, JoinAnswer, Joined, Opening, Resume};
use crate::names::{Name, RoomName};
use crate::protocol::{Code, Position, Refusal};
use crate::session::{Outcome, Turn};
use crate::wire::socketio::{self as wire, Flavour, Namespace, Place, Shape};
use crate::wire::{Carrier, ReplyTo, Wire};

/// The words of the framework's own server, which pages may know.
pub(super) const INVALID_NAMESPACE: &str = "Invalid namespace";

/// Said to who comes back and cannot be shown all of what was said meanwhile.
const GAP: &str = "Some lines that were said while you were away are missing here.";

/// Said to who comes back and has seen lines of another life of the room, or of another room.
const BEGAN_ANEW: &str = "The room began anew: what was said before is not known here any more.";

/// What a page may ask for when it connects, in its `auth` or in the query.
#[derive(Debug, Default)]
pub(super) struct Asking {
    room: Option<String>,
    name: Option<String>,
}

impl Asking {
    pub(super) fn of_query(query: Option<&str>) -> Self {
        let mut asking = Self::default();
        for (key, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            match &*key {
                "room" => asking.room = Some(value.into_owned()),
                "name" | "username" => asking.name = Some(value.into_owned()),
                _ => {}
            }
        }
        asking
    }

    fn of_auth(auth: &Fields) -> Self {
        let text = |names| auth.text(names).map(Cow::into_owned);
        Self { room: text(&["room"]), name: text(&["name", "username"]) }
    }
}

/// Something to be done once the session is not held back.
#[derive(Debug)]
pub(super) enum Step {
    /// Go out of a room.
    Leave {
        /// Which.
        room: RoomName,
        /// Who waits for it.
        reply: ReplyTo,
    },
    /// Come back into the own room, with a name.
    Name {
        /// In which namespace.
        namespace: Namespace,
        /// Which.
        name: Name,
        /// It was in there.
        is_back: bool,
        /// Who waits for it.
        reply: ReplyTo,
    },
}

/// Where a page asks to be in a room.
struct Entrance {
    room: RoomName,
    name: Option<Name>,
    flavour: Flavour,
    /// It was in there a moment ago, so nothing is opened or guessed.
    is_back: bool,
    /// Where it reads on, if it comes back to its place.
    since: Option<Position>,
    answer: JoinAnswer,
}

impl Talk {
    /// Connects to a namespace, which puts the page into its room.
    pub(super) fn connect(&mut self, namespace: Namespace, data: &str, turn: &mut Turn<'_>) -> Outcome {
        let result = self.try_connect(namespace, data, turn);
        let Err(refusal) = result else { return Outcome::Answered };
        let is_missing = namespace.0.is_some() && refusal.code == Code::RoomNotFound;
        let words = if is_missing { INVALID_NAMESPACE } else { refusal.words() };
        let told = (!is_missing).then_some(&refusal);
        turn.reader.answer(|out| wire::not_connected(&namespace.written(), words, told, out));
        turn.pace.refused(&refusal, &turn.app.rates, turn.now.elapsed).map_or(Outcome::Answered, Outcome::Close)
    }

    fn try_connect(&mut self, namespace: Namespace, data: &str, turn: &mut Turn<'_>) -> Result<(), Refusal> {
        turn.pace.command(&turn.app.rates, turn.now.elapsed, None)?;
        turn.pace.join(&turn.app.rates, turn.now.elapsed)?;
        if self.members.len() >= turn.app.settings.rooms_per_connection {
            return Err(Code::TooManyRooms.into());
        }
        let auth = read(data, &["room", "name", "username", "token", "serverOffset", "pid", "offset"])?;
        // Where tokens are asked for, one that did not come with the first request comes here, and nothing before it.
        if turn.app.asks_for_tokens() && turn.app.hub.admitted(turn.reader).is_none() {
            let Some(Scalar::Text(token)) = auth.get("token") else { return Err(Denied::Missing.into()) };
            turn.app.hub.admit(turn.reader, turn.app.present(token)?);
        }
        let asked = Asking::of_auth(&auth);
        let room = if let Some(code) = namespace.0 {
            RoomName::from(code)
        } else {
            let written = asked.room.as_deref().or(self.query.room.as_deref());
            room_of(written.unwrap_or(&turn.app.settings.socketio_room))?
        };
        let name = asked.name.as_deref().or(self.query.name.as_deref()).filter(|name| !name.trim().is_empty());
        let name = name.map(|name| Name::parse(name, turn.app.settings.name_chars)).transpose()?;
        // Who counts the lines that it has seen gets their numbers, and what was said after the last one.
        let offset =
            auth.get("serverOffset").map(|offset| if let Scalar::Whole(offset) = offset { *offset } else { 0 });
        // That is what the tutorial does, whose pages know strings only.
        let shape = if offset.is_some() { Shape::Strings } else { Shape::Plain };
        let mut flavour = Flavour::new(shape, namespace.0.is_some(), offset.is_some());
        let recovery = recovery(self.untold.take(), namespace, &auth, &room, turn);
        let since = recovery.as_ref().and_then(|recovery| recovery.since);
        let fresh = recovery.as_ref().filter(|_| since.is_none()).map(|recovery| recovery.pid.clone());
        if let Some(recovery) = &recovery {
            flavour = flavour.shaped(recovery.shape.unwrap_or(shape)).recovering();
            if flavour.shape() == Shape::Demo {
                turn.reader.learn_typing();
            }
        }
        let sid = turn.app.hub.issue_id();
        let answer: JoinAnswer = Box::new(move |joined, out| {
            match joined {
                Ok(joined) => {
                    let is_recovered = joined.resume == Resume::Resumed;
                    // Its place may have gone between two looks: whoever offered the secret must not believe otherwise.
                    match recovery.filter(|recovery| is_recovered || recovery.since.is_none()) {
                        Some(Recovery { pid, sid, .. }) => wire::connected(namespace, &sid, Some(&pid), out),
                        None => wire::connected(namespace, &sid, None, out),
                    }
                    if let Some(offset) = offset.filter(|_| !is_recovered) {
                        push_past(joined, flavour, offset, out);
                    }
                }
                Err(refusal) => wire::not_connected(&namespace.written(), refusal.words(), Some(refusal), out),
            }
            None
        });
        self.members.push(Member { namespace, room: room.clone(), flavour, others: Vec::new() });
        let result = enter(Entrance { room, name, flavour, is_back: since.is_some(), since, answer }, turn);
        if result.is_err() {
            self.members.pop();
            self.untold = fresh;
        }
        result
    }

    /// Does what had to wait.
    pub(super) fn step(&mut self, step: Step, turn: &mut Turn<'_>) -> Outcome {
        match step {
            Step::Leave { room, reply } => {
                let Err(refusal) = turn.app.hub.leave(turn.reader, room.as_str(), reply) else {
                    return Outcome::Answered;
                };
                if reply == ReplyTo::Nobody {
                    // Who is not in it any more has nothing to leave.
                    return Outcome::Answered;
                }
                turn.reader.refuse(&refusal, reply, &room, turn.reader.wire());
                turn.pace.refused(&refusal, &turn.app.rates, turn.now.elapsed).map_or(Outcome::Answered, Outcome::Close)
            }
            Step::Name { namespace, name, is_back, reply } => self.come_back(namespace, name, is_back, reply, turn),
        }
    }

    /// Gives a guest a name, as the demo does: out of the room, and in again as somebody.
    pub(super) fn name(
        &mut self,
        index: usize,
        name: &str,
        reply: ReplyTo,
        turn: &mut Turn<'_>,
    ) -> Result<Outcome, Refusal> {
        let name = Name::parse(name, turn.app.settings.name_chars)?;
        turn.reader.learn_typing();
        if self.own_name(index, turn).is_some() {
            // The demo's own server ignores a second name. One that came with the connection or its token is the first here.
            self.welcome_demo(index, turn);
            return Ok(acknowledged(reply, turn));
        }
        let member = &self.members[index];
        let is_back = own_room(member, turn).is_ok();
        self.steps.push_back(Step::Leave { room: member.room.clone(), reply: ReplyTo::Nobody });
        self.steps.push_back(Step::Name { namespace: member.namespace, name, is_back, reply });
        Ok(Outcome::Answered)
    }

    /// Tells a page of the demo that it may begin, once.
    fn welcome_demo(&mut self, index: usize, turn: &Turn<'_>) {
        if self.members[index].flavour.shape() == Shape::Demo {
            return;
        }
        self.shape(index, Shape::Demo, turn);
        let Member { flavour, room, .. } = &self.members[index];
        if let Ok((live, _)) = own_room(&self.members[index], turn) {
            let named = turn.app.hub.named(&live);
            turn.reader.answer(|out| wire::login(*flavour, room, None, named, out));
        }
    }

    fn come_back(
        &mut self,
        namespace: Namespace,
        name: Name,
        is_back: bool,
        reply: ReplyTo,
        turn: &mut Turn<'_>,
    ) -> Outcome {
        let Some(index) = self.members.iter().position(|member| member.namespace == namespace) else {
            return Outcome::Answered;
        };
        let member = &mut self.members[index];
        member.flavour = member.flavour.shaped(Shape::Demo);
        let (room, flavour) = (member.room.clone(), member.flavour);
        let back = |name: Option<Name>, refused: Option<Refusal>, room: RoomName| {
            let shown = room.clone();
            let renamed = name.clone().filter(|_| refused.is_some());
            let answer: JoinAnswer = Box::new(move |joined, out| {
                match joined {
                    Ok(joined) => {
                        let wire = Wire::SocketIo(flavour);
                        match &refused {
                            // It is in as a guest.
                            Some(refusal) if renamed.is_none() => wire.refuse(refusal, reply, &shown, None, out),
                            _ => wire.leave(reply, &shown, out),
                        }
                        wire::login(flavour, &shown, Some(joined.place()), joined.named(), out);
                        if let Some(name) = renamed {
                            let notice = format!("That name is taken here: you are called {name}.");
                            wire::notice(flavour, &shown, Some(joined.place()), &notice, out);
                        }
                    }
                    Err(refusal) => Wire::SocketIo(flavour).refuse(refusal, reply, &shown, None, out),
                }
                None
            });
            Entrance { room, name, flavour, is_back, since: None, answer }
        };
        let Err(refusal) = enter(back(Some(name), None, room.clone()), turn) else { return Outcome::Answered };
        // The demo has nowhere to say that a name is taken, and goes on as if it were not: so it gets one like it.
        let free = refusal.suggestion.as_deref().filter(|_| refusal.code == Code::NameTaken);
        let free = free.and_then(|free| Name::parse(free, turn.app.settings.name_chars).ok());
        match enter(back(free, Some(refusal), room), turn) {
            Ok(()) => Outcome::Answered,
            Err(refusal) => self.refuse(index, &refusal, reply, turn),
        }
    }

    pub(super) fn join(
        &mut self,
        index: usize,
        event: &Event<'_>,
        reply: ReplyTo,
        turn: &mut Turn<'_>,
    ) -> Result<Outcome, Refusal> {
        let room = room_argument(event)?;
        let member = &mut self.members[index];
        if member.namespace.0.is_some() {
            return Err(bad("Rooms are joined by name in the main namespace."));
        }
        // Those that it was not let into do not count.
        member.others.retain(|other| turn.reader.membership(other.as_str()).is_some());
        let member = &self.members[index];
        if member.rooms().any(|other| *other == room) && turn.reader.membership(room.as_str()).is_some() {
            return Ok(acknowledged(reply, turn));
        }
        if !member.may_join_more() {
            return Err(Code::TooManyRooms.into());
        }
        let asked = read(event.arguments.first().unwrap_or(&""), &["name", "username", "user"])?;
        let name = asked
            .text(&["name", "username", "user"])
            .map(|name| Name::parse(&name, turn.app.settings.name_chars))
            .transpose()?;
        let name = name.or_else(|| self.own_name(index, turn));
        let flavour = Flavour::new(Shape::Rooms, false, false);
        let shown = room.clone();
        let answer: JoinAnswer = Box::new(move |joined, out| {
            let wire = Wire::SocketIo(flavour);
            match joined {
                Ok(_) => wire.leave(reply, &shown, out),
                Err(refusal) => wire.refuse(refusal, reply, &shown, None, out),
            }
            None
        });
        enter(Entrance { room: room.clone(), name, flavour, is_back: false, since: None, answer }, turn)?;
        let member = &mut self.members[index];
        if room != member.room && !member.others.contains(&room) {
            member.others.push(room);
        }
        Ok(Outcome::Answered)
    }

    pub(super) fn leave(
        &mut self,
        index: usize,
        room: RoomName,
        reply: ReplyTo,
        turn: &Turn<'_>,
    ) -> Result<Outcome, Refusal> {
        let member = &mut self.members[index];
        member_of(member, &room, turn)?;
        member.others.retain(|other| *other != room);
        self.steps.push_back(Step::Leave { room, reply });
        Ok(Outcome::Answered)
    }

    /// The name that a member has claimed in its own room.
    fn own_name(&self, index: usize, turn: &Turn<'_>) -> Option<Name> {
        let (room, member) = own_room(&self.members[index], turn).ok()?;
        turn.app.hub.claimed_name(&room, member)
    }
}

/// With what a page may come back to its place after its connection broke.
struct Recovery {
    /// The secret of its session.
    pid: String,
    /// Its public id, the same as before.
    sid: String,
    /// Where it reads on; nothing if it comes as new.
    since: Option<Position>,
    /// How it was sent lines, if it was sent any.
    shape: Option<Shape>,
}

/// Takes up the session that a page offers if it can go on there truly, or gives it a new one. Nothing where that is not set, and
/// where the connection is somebody already or nobody new can be remembered. `untold` is the secret of the session that the
/// connection has, if its page has never heard of it, since it was refused.
fn recovery(
    untold: Option<String>,
    namespace: Namespace,
    auth: &Fields,
    room: &RoomName,
    turn: &Turn<'_>,
) -> Option<Recovery> {
    let (app, reader) = (turn.app, turn.reader);
    if app.settings.socketio_recovery.as_deref() != Some(&*namespace.written()) {
        return None;
    }
    if reader.session().is_some() {
        let pid = untold?;
        return Some(Recovery { sid: app.hub.id_for(&pid), pid, since: None, shape: None });
    }
    let offered = match auth.get("pid") {
        Some(Scalar::Text(pid)) => Some(&**pid),
        _ => None,
    };
    let last = match auth.get("offset") {
        None => Some((None, None)),
        Some(offset) => {
            offset.text().and_then(|text| Place::read(&text)).map(|(place, shape)| (Some(place), Some(shape)))
        }
    };
    let found = offered.zip(last).and_then(|(pid, (place, shape))| {
        let since = app.hub.recoverable(reader, pid, room, place)?;
        Some((pid, since, shape))
    });
    let (pid, is_known) = app.hub.hello(reader, found.map(|(pid, ..)| pid)).ok()?;
    let found = found.filter(|_| is_known);
    let sid = app.hub.id_for(&pid);
    let (since, shape) = found.map_or((None, None), |(_, since, shape)| (Some(since), shape));
    Some(Recovery { pid, sid, since, shape })
}

/// Asks for a place in a room.
fn enter(entrance: Entrance, turn: &mut Turn<'_>) -> Result<(), Refusal> {
    let Entrance { room, name, flavour, is_back, since, answer } = entrance;
    let (opening, hold) = if is_back { (Opening::Made, None) } else { turn.app.opening(turn.peer, &room, false)? };
    let carrier = Carrier::new(Wire::SocketIo(flavour), false);
    let join = Join { room, name: Ok(name), since, opening, hold, sees_own_join: false, carrier, answer };
    let result = turn.app.hub.join(turn.reader, join);
    if result.as_ref().is_err_and(|refusal| refusal.code == Code::RoomNotFound) {
        turn.app.failed_join(turn.peer);
    }
    result
}

/// What a page that counts lines has missed, as far as newcomers may see it, and whether there is more.
fn push_past(joined: &Joined<'_>, flavour: Flavour, offset: u64, out: &mut Vec<u8>) {
    // A number that was not given yet is of another life of the room, too.
    let seen = Place::seq_of(offset, joined.room.epoch()).filter(|seq| *seq < joined.head());
    let after = seen.filter(|_| offset > 0).unwrap_or(0);
    let missed: Vec<_> = joined.history.iter().filter(|event| event.seq > after).collect();
    let first = missed.first().map_or(joined.head() + 1, |event| event.seq);
    let words = match (offset, seen) {
        (0, _) => None,
        (_, None) => Some(BEGAN_ANEW),
        (_, Some(seen)) => joined.has_lines_between(seen, first).then_some(GAP),
    };
    if let Some(words) = words {
        // The next reconnect is to go on from here, also if nothing follows.
        let place = Place { seq: first - 1, ..joined.place() };
        wire::notice(flavour, joined.room.name(), Some(place), words, out);
    }
    for event in missed {
        Wire::SocketIo(flavour).encode(event, joined.room.view(None, None), out);
    }
}

pub(super) fn room_of(written: &str) -> Result<RoomName, Refusal> {
    RoomName::parse(written).map_err(|problem| Refusal::because(Code::BadRoom, problem.to_string()))
}

/// A room as the only argument: its name, or an object with it.
pub(super) fn room_argument(event: &Event<'_>) -> Result<RoomName, Refusal> {
    let argument = event.arguments.first().ok_or_else(|| bad("Which room?"))?;
    let in_object = read(argument, &["room"])?;
    let is_number = |json: &&str| json.starts_with(|first: char| first.is_ascii_digit());
    let alone = || packet::text(argument).or_else(|| Some(*argument).filter(is_number).map(Cow::Borrowed));
    room_of(&in_object.text(&["room"]).or_else(alone).ok_or_else(|| bad("Which room?"))?)
}

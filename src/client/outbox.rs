//! What one has asked for and the server has not acknowledged, in the order in which it was asked. Sends nothing.
//!
//! One at a time is on its way, over all rooms. A server that refuses a line because it came too fast may take the next one,
//! and the order would be lost; and after a cut no more than one is in doubt.

use super::event::{LineKey, Position, Refused, RoomKey};

/// Lines that may wait.
const MOST_LINES: usize = 200;
/// Bytes of text that may wait.
const MOST_BYTES: usize = 256 * 1024;

/// What is to happen in a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// A line is to be said.
    Say {
        /// The line.
        text: String,
        /// The one whom it is for, if it is not for all.
        to: Option<Receiver>,
    },
    /// A line of one's own is to have other words.
    Edit {
        /// Which line.
        target: Position,
        /// The words.
        text: String,
    },
    /// A line of one's own is to be gone.
    Delete {
        /// Which line.
        target: Position,
    },
    /// A reaction is to be put on a line, or taken off it.
    React {
        /// Which line.
        target: Position,
        /// The emoji.
        emoji: String,
        /// Whether it is to be there.
        on: bool,
    },
}

/// One member. The number means somebody only within its epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receiver {
    /// The member number.
    pub id: u32,
    /// The name.
    pub name: String,
    /// The life of the log.
    pub epoch: Box<str>,
}

/// How something that one asked for stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LineState {
    /// To be sent once it can be.
    Queued,
    /// Handed to the present connection.
    Sending,
    /// Handed to an earlier connection and never answered. It is sent again under the same number, and recognised.
    Doubtful,
    /// Kept by the server under this number, whose event has not come yet.
    Acked(Position),
    /// Refused. [`Chat::retry`](super::Chat::retry) sends it as a new one.
    Failed(Refused),
    /// It may have arrived, and nobody can tell: the session in which it was sent is gone.
    Unconfirmed,
}

/// Something that one asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnLine {
    /// Its name.
    pub key: LineKey,
    /// Where.
    pub room: RoomKey,
    /// What.
    pub ask: Ask,
    /// How it stands.
    pub state: LineState,
    /// The number under which it was handed over.
    id: Option<u64>,
    /// Where the room stood when this number was first handed over: what became of the line stands further on.
    after: Option<Position>,
    /// An earlier connection may have delivered it: only the same number may be sent.
    in_doubt: bool,
    /// Its event came before its acknowledgement.
    pub(super) echo: Option<Position>,
}

impl OwnLine {
    /// Whether the room already shows what becomes of it.
    pub fn is_shown(&self) -> bool {
        self.echo.is_some()
    }

    /// The number of the command.
    pub(super) fn id(&self) -> Option<u64> {
        self.id
    }

    pub(super) fn after(&self) -> Option<&Position> {
        self.after.as_ref()
    }

    pub(super) fn in_doubt(&self) -> bool {
        self.in_doubt
    }

    /// Whether it waits to be handed over, or was handed over and is not answered.
    pub fn is_open(&self) -> bool {
        match self.state {
            LineState::Queued | LineState::Sending | LineState::Doubtful => true,
            LineState::Acked(_) | LineState::Failed(_) | LineState::Unconfirmed => false,
        }
    }

    fn bytes(&self) -> usize {
        match &self.ask {
            Ask::Say { text, .. } | Ask::Edit { text, .. } => text.len(),
            Ask::Delete { .. } | Ask::React { .. } => 0,
        }
    }
}

/// Whether a room's lines can be handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Door {
    Open,
    /// It is being joined.
    Soon,
    /// Not to be had for now.
    Shut,
}

/// More waits than is kept. What was asked for stays with whoever asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many lines wait to be sent: wait until some are through")]
pub struct Full;

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    lines: Vec<OwnLine>,
    /// How many there ever were; makes the keys.
    count: u64,
}

impl Outbox {
    pub(super) fn lines(&self) -> &[OwnLine] {
        &self.lines
    }

    pub(super) fn put(&mut self, room: RoomKey, ask: Ask) -> Result<LineKey, Full> {
        let key = LineKey(self.count + 1);
        let line =
            OwnLine { key, room, ask, state: LineState::Queued, id: None, after: None, in_doubt: false, echo: None };
        let bytes: usize = self.lines.iter().map(OwnLine::bytes).sum();
        if self.lines.len() >= MOST_LINES || bytes + line.bytes() > MOST_BYTES {
            return Err(Full);
        }
        self.count += 1;
        self.lines.push(line);
        Ok(key)
    }

    /// What to hand over next. What is in doubt goes before all others, and while its room is being joined the others
    /// wait for it: otherwise their higher numbers would reach the server before its lower one.
    pub(super) fn next(&self, door: impl Fn(RoomKey) -> Door) -> Option<&OwnLine> {
        if self.lines.iter().any(|line| line.state == LineState::Sending) {
            return None;
        }
        let mut waiting =
            self.lines.iter().filter(|line| matches!(line.state, LineState::Queued | LineState::Doubtful));
        if let Some(line) = waiting.clone().find(|line| line.in_doubt && door(line.room) != Door::Shut) {
            return (door(line.room) == Door::Open).then_some(line);
        }
        waiting.find(|line| !line.in_doubt && door(line.room) == Door::Open)
    }

    /// It is handed over under this number, while its room stands at `at`.
    pub(super) fn hand(&mut self, key: LineKey, id: u64, at: &Position) {
        self.change(key, |line| {
            (line.state, line.id) = (LineState::Sending, Some(id));
            line.after.get_or_insert_with(|| at.clone());
            if let Ask::Say { to: Some(to), .. } = &mut line.ask {
                // Whoever it is for was found in this life of the log.
                to.epoch.clone_from(&at.epoch);
            }
        });
    }

    pub(super) fn of_command(&self, id: u64) -> Option<&OwnLine> {
        self.lines.iter().find(|line| line.id == Some(id) && line.is_open())
    }

    pub(super) fn get(&self, key: LineKey) -> Option<&OwnLine> {
        self.lines.iter().find(|line| line.key == key)
    }

    pub(super) fn change(&mut self, key: LineKey, how: impl FnOnce(&mut OwnLine)) {
        if let Some(line) = self.lines.iter_mut().find(|line| line.key == key) {
            how(line);
        }
    }

    /// The server wants it later. A refused number was not used, so that a fresh one is taken; what is in doubt keeps its
    /// own.
    pub(super) fn postpone(&mut self, key: LineKey) {
        self.change(key, |line| {
            if line.in_doubt {
                line.state = LineState::Doubtful;
            } else {
                (line.state, line.id, line.after) = (LineState::Queued, None, None);
            }
        });
    }

    /// It will not be done.
    pub(super) fn fail(&mut self, key: LineKey, why: Refused) {
        self.change(key, |line| (line.state, line.in_doubt) = (LineState::Failed(why), false));
    }

    pub(super) fn unconfirm(&mut self, key: LineKey) {
        self.change(key, |line| (line.state, line.in_doubt) = (LineState::Unconfirmed, false));
    }

    /// The connection is gone: what was on its way is in doubt.
    pub(super) fn cut(&mut self) {
        for line in self.lines.iter_mut().filter(|line| line.state == LineState::Sending) {
            (line.state, line.in_doubt) = (LineState::Doubtful, true);
        }
    }

    /// What is in doubt, of one room or of all.
    pub(super) fn doubtful(&self, room: Option<RoomKey>) -> Vec<LineKey> {
        let is_it = |line: &&OwnLine| line.in_doubt && line.is_open() && room.is_none_or(|room| room == line.room);
        self.lines.iter().filter(is_it).map(|line| line.key).collect()
    }

    /// What failed or is unconfirmed waits again, as if it had just been asked for: at the end, under a new number.
    pub(super) fn retry(&mut self, key: LineKey) -> bool {
        let is_over = |line: &OwnLine| matches!(line.state, LineState::Failed(_) | LineState::Unconfirmed);
        let Some(at) = self.lines.iter().position(|line| line.key == key && is_over(line)) else { return false };
        let line = self.lines.remove(at);
        self.lines.push(OwnLine { state: LineState::Queued, id: None, after: None, echo: None, ..line });
        true
    }

    pub(super) fn remove(&mut self, key: LineKey) -> Option<OwnLine> {
        let at = self.lines.iter().position(|line| line.key == key)?;
        Some(self.lines.remove(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOMS: [RoomKey; 2] = [RoomKey(0), RoomKey(1)];

    fn say(text: &str) -> Ask {
        Ask::Say { text: text.to_owned(), to: None }
    }

    fn at(seq: u64) -> Position {
        Position { epoch: "e".into(), seq }
    }

    #[test]
    fn one_line_is_on_its_way_and_what_is_in_doubt_goes_first_under_its_own_number() {
        let mut outbox = Outbox::default();
        let [first, second] = ["a", "b"].map(|text| outbox.put(ROOMS[0], say(text)).expect("room"));
        let other = outbox.put(ROOMS[1], say("c")).expect("room");
        let open = |_| Door::Open;
        assert_eq!(outbox.next(open).map(|line| line.key), Some(first));
        outbox.hand(first, 7, &at(3));
        assert_eq!(outbox.next(open), None);
        outbox.cut();
        assert_eq!(outbox.doubtful(None), [first]);
        let joining = |room| if room == ROOMS[0] { Door::Soon } else { Door::Open };
        assert_eq!(outbox.next(joining), None, "a higher number must not come before a lower one");
        let line = outbox.next(open).expect("the one in doubt");
        assert_eq!((line.key, line.id(), line.after()), (first, Some(7), Some(&at(3))));
        outbox.hand(first, 7, &at(9));
        outbox.postpone(first);
        assert_eq!(outbox.next(open).map(|line| (line.key, line.id())), Some((first, Some(7))));
        let shut = |room| if room == ROOMS[0] { Door::Shut } else { Door::Open };
        assert_eq!(outbox.next(shut).map(|line| line.key), Some(other));
        outbox.unconfirm(first);
        assert_eq!(outbox.next(open).map(|line| line.key), Some(second));
        assert!(outbox.retry(first) && !outbox.retry(first));
        assert_eq!(outbox.lines().last().map(|line| (line.key, line.id())), Some((first, None)));
    }

    #[test]
    fn a_refused_number_is_not_used_again() {
        let mut outbox = Outbox::default();
        let line = outbox.put(ROOMS[0], say("a")).expect("room");
        outbox.hand(line, 7, &at(3));
        outbox.postpone(line);
        assert_eq!(outbox.next(|_| Door::Open).and_then(OwnLine::id), None);
    }

    #[test]
    fn what_waits_is_bounded() {
        let mut outbox = Outbox::default();
        assert!((0..MOST_LINES).all(|_| outbox.put(ROOMS[0], say("a")).is_ok()));
        assert_eq!(outbox.put(ROOMS[0], say("a")), Err(Full));
        let mut outbox = Outbox::default();
        assert!(outbox.put(ROOMS[0], say(&"a".repeat(MOST_BYTES))).is_ok());
        assert_eq!(outbox.put(ROOMS[0], say("a")), Err(Full));
    }
}

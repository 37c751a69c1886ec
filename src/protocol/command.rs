//! What a person may ask for, and how it is read from one `charsu.v1` frame.
//!
//! A frame is read in one pass into a flat form with borrowed texts, then checked: no tree of values is built, and a deep
//! or wide frame costs no more than its bytes.

mod line;

use std::borrow::Cow;

use serde::Deserialize;

use super::refusal::{Code, Refusal};

/// The largest whole number that JavaScript and JSON readers agree on: 2^53 - 1.
pub const SAFE_INTEGER: u64 = (1 << 53) - 1;

/// The longest session secret that is looked at, in bytes.
const SESSION_BYTES: usize = 64;

/// One thing asked of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command<'a> {
    /// Begin, or take up an earlier session.
    Hello {
        /// The secret that was offered.
        session: Option<Cow<'a, str>>,
    },
    /// Be in a room.
    Join {
        /// The command's number.
        id: u64,
        /// As the person wrote it.
        room: Cow<'a, str>,
        /// As the person wrote it.
        name: Cow<'a, str>,
        /// Where to go on.
        since: Option<Position>,
    },
    /// Say a line.
    Say {
        /// The command's number.
        id: u64,
        /// Where.
        room: Cow<'a, str>,
        /// What.
        text: Cow<'a, str>,
    },
    /// Say a line to one.
    Private {
        /// The command's number.
        id: u64,
        /// Where.
        room: Cow<'a, str>,
        /// To whom.
        to: u32,
        /// What.
        text: Cow<'a, str>,
    },
    /// Change a line of one's own.
    Edit {
        /// The command's number.
        id: u64,
        /// Where.
        room: Cow<'a, str>,
        /// Which line.
        seq: u64,
        /// What it is to say.
        text: Cow<'a, str>,
    },
    /// Take a line of one's own back.
    Delete {
        /// The command's number.
        id: u64,
        /// Where.
        room: Cow<'a, str>,
        /// Which line.
        seq: u64,
    },
    /// Put a reaction on a line, or take it off.
    React {
        /// The command's number.
        id: u64,
        /// Where.
        room: Cow<'a, str>,
        /// Which line.
        seq: u64,
        /// The emoji.
        emoji: Cow<'a, str>,
        /// Whether it is to be there.
        on: bool,
    },
    /// A page of what was said.
    History {
        /// The command's number.
        id: u64,
        /// Where.
        room: Cow<'a, str>,
        /// Which.
        page: Page,
    },
    /// A keystroke, or the end of typing.
    Typing {
        /// Where.
        room: Cow<'a, str>,
        /// Whether it goes on.
        on: bool,
    },
    /// A page of the member list.
    People {
        /// The command's number.
        id: u64,
        /// Where.
        room: Cow<'a, str>,
        /// The last member number of the page before.
        after: Option<u32>,
    },
    /// No longer be in a room.
    Leave {
        /// The command's number.
        id: u64,
        /// Which.
        room: Cow<'a, str>,
    },
    /// Are you there?
    Ping,
}

/// A position in a room's log that a client claims to have reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The life of the log; `None` when it is not one that this server could have given.
    pub epoch: Option<u64>,
    /// The last number received.
    pub seq: u64,
}

/// A page of the past that a client asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// From where, and in which direction.
    pub from: Edge,
    /// How many lines at most; what the server allows when that is less.
    pub limit: Option<u32>,
}

/// Where a page of the past begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// The newest lines there are.
    Newest,
    /// The lines before this number, the nearest ones.
    Before(u64),
    /// The lines after this number, the nearest ones.
    After(u64),
}

impl Page {
    /// Reads the two ends of which at most one may be given.
    ///
    /// # Errors
    /// Words, when both are.
    pub fn read(before: Option<u64>, after: Option<u64>, limit: Option<u32>) -> Result<Self, &'static str> {
        let from = match (before, after) {
            (None, None) => Edge::Newest,
            (Some(seq), None) => Edge::Before(seq),
            (None, Some(seq)) => Edge::After(seq),
            (Some(_), Some(_)) => return Err("A page has `before` or `after`, not both."),
        };
        Ok(Self { from, limit })
    }
}

/// A frame that is no command, with as much of it as could be read, so that the answer finds its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// The command's number, if there was one.
    pub id: Option<u64>,
    /// What to say.
    pub refusal: Refusal,
}

/// A text that is borrowed from the frame where it has no escapes (serde borrows in a newtype, but not inside `Option`).
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(inline))]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// Every field that any command has.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Flat<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(default)]
    id: Option<u64>,
    #[serde(borrow, default)]
    room: Option<Text<'a>>,
    #[serde(borrow, default)]
    name: Option<Text<'a>>,
    #[serde(borrow, default)]
    text: Option<Text<'a>>,
    #[serde(borrow, default)]
    session: Option<Text<'a>>,
    #[serde(borrow, default)]
    since: Option<FlatSince<'a>>,
    #[serde(default)]
    to: Option<u32>,
    #[serde(default)]
    after: Option<u64>,
    #[serde(default)]
    before: Option<u64>,
    #[serde(default)]
    limit: Option<u32>,
    #[serde(default)]
    seq: Option<u64>,
    #[serde(borrow, default)]
    emoji: Option<Text<'a>>,
    #[serde(default)]
    on: Option<bool>,
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct FlatSince<'a> {
    #[serde(borrow)]
    epoch: Cow<'a, str>,
    seq: u64,
}

impl<'a> Command<'a> {
    /// Reads one text frame.
    ///
    /// # Errors
    /// [`Code::BadRequest`] when it is not a JSON object with the fields that its `type` needs, each of its kind and in
    /// range; [`Code::UnknownCommand`] when there is no such `type`.
    pub fn read(frame: &'a str) -> Result<Self, Malformed> {
        line::read(frame).map_or_else(|| Self::read_any(frame), Ok)
    }

    fn read_any(frame: &'a str) -> Result<Self, Malformed> {
        // serde would also take an array for a struct; the wire says object.
        if !frame.trim_start_matches([' ', '\t', '\r', '\n']).starts_with('{') {
            return Err(bad(None, "A frame is one JSON object."));
        }
        let flat: Flat<'a> = serde_json::from_str(frame)
            .map_err(|error| bad(None, format!("The frame could not be read: {}.", without_input(&error))))?;
        if let Some(id) = flat.id
            && (id == 0 || id > SAFE_INTEGER)
        {
            return Err(bad(None, "`id` is a whole number from 1 to 2^53 - 1."));
        }
        let id = flat.id;
        let missing = |field: &str| bad(id, format!("`{field}` is missing."));
        let Some(kind) = flat.kind else { return Err(missing("type")) };
        let needed = |field: Option<Text<'a>>, name: &str| field.map(|Text(text)| text).ok_or_else(|| missing(name));
        let numbered = || id.ok_or_else(|| missing("id"));
        match &*kind.0 {
            "hello" => {
                let session = flat.session.map(|Text(secret)| secret).filter(|secret| secret.len() <= SESSION_BYTES);
                Ok(Self::Hello { session })
            }
            "join" => Ok(Self::Join {
                id: numbered()?,
                room: needed(flat.room, "room")?,
                name: needed(flat.name, "name")?,
                since: flat
                    .since
                    .map(|since| Position { epoch: u64::from_str_radix(&since.epoch, 16).ok(), seq: since.seq }),
            }),
            "say" => {
                Ok(Self::Say { id: numbered()?, room: needed(flat.room, "room")?, text: needed(flat.text, "text")? })
            }
            "private" => Ok(Self::Private {
                id: numbered()?,
                room: needed(flat.room, "room")?,
                to: flat.to.ok_or_else(|| missing("to"))?,
                text: needed(flat.text, "text")?,
            }),
            "typing" => {
                Ok(Self::Typing { room: needed(flat.room, "room")?, on: flat.on.ok_or_else(|| missing("on"))? })
            }
            "people" => {
                let after = flat.after.map(u32::try_from).transpose();
                let after = after.map_err(|_| bad(id, "`after` is a member's number."))?;
                Ok(Self::People { id: numbered()?, room: needed(flat.room, "room")?, after })
            }
            "edit" => Ok(Self::Edit {
                id: numbered()?,
                room: needed(flat.room, "room")?,
                seq: flat.seq.ok_or_else(|| missing("seq"))?,
                text: needed(flat.text, "text")?,
            }),
            "delete" => Ok(Self::Delete {
                id: numbered()?,
                room: needed(flat.room, "room")?,
                seq: flat.seq.ok_or_else(|| missing("seq"))?,
            }),
            "react" => Ok(Self::React {
                id: numbered()?,
                room: needed(flat.room, "room")?,
                seq: flat.seq.ok_or_else(|| missing("seq"))?,
                emoji: needed(flat.emoji, "emoji")?,
                on: flat.on.ok_or_else(|| missing("on"))?,
            }),
            "history" => Ok(Self::History {
                id: numbered()?,
                room: needed(flat.room, "room")?,
                page: Page::read(flat.before, flat.after, flat.limit).map_err(|words| bad(id, words))?,
            }),
            "leave" => Ok(Self::Leave { id: numbered()?, room: needed(flat.room, "room")? }),
            "ping" => Ok(Self::Ping),
            _ => Err(Malformed { id, refusal: Code::UnknownCommand.into() }),
        }
    }
}

fn bad(id: Option<u64>, detail: impl Into<Box<str>>) -> Malformed {
    Malformed { id, refusal: Refusal::because(Code::BadRequest, detail) }
}

/// serde's words with place and kind, but without the client's own text, which may be long or private.
fn without_input(error: &serde_json::Error) -> String {
    use serde_json::error::Category;
    let what = match error.classify() {
        Category::Io | Category::Eof => "it ends too early",
        Category::Syntax => "it is not JSON",
        Category::Data => "a field has the wrong type, a number is out of range, or a field stands twice",
    };
    format!("{what}, at column {}", error.column())
}

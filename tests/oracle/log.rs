//! What one client wrote down, in the order in which it happened to it. One entry is one line of JSON.

use std::fmt;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Wire;

/// A name that many entries share: a room, an epoch, a client.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub(crate) struct Word(Arc<str>);

impl From<String> for Word {
    fn from(word: String) -> Self {
        Self(word.into())
    }
}

impl From<&str> for Word {
    fn from(word: &str) -> Self {
        Self(word.into())
    }
}

impl From<Word> for String {
    fn from(word: Word) -> Self {
        word.0.as_ref().to_owned()
    }
}

impl Word {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a line is, without its number: where, by whom, to whom and in what words. No client says the same twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Content(pub(crate) u64);

impl Content {
    pub(crate) fn of(room: &str, from: &str, to: Option<&str>, text: &str) -> Self {
        Self(hash((room, from, to, text)))
    }

    /// A member's name, for joins and leaves.
    pub(crate) fn of_name(name: &str) -> Self {
        Self(hash(name))
    }
}

fn hash(what: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}

/// What a number turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Seen {
    Message { from: u32, content: Content },
    Private { from: u32, content: Content },
    Join { member: u32, name: Content },
    Leave { member: u32, name: Content },
    Skip,
}

impl Seen {
    /// Of a line, its content.
    pub(crate) fn said(self) -> Option<(u32, Content)> {
        match self {
            Self::Message { from, content } | Self::Private { from, content } => Some((from, content)),
            Self::Join { .. } | Self::Leave { .. } | Self::Skip => None,
        }
    }
}

/// How somebody came to stand somewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum How {
    /// As somebody new.
    Joined,
    /// Where it stood; what it missed follows.
    Resumed,
    /// Elsewhere, and was told so and why.
    Reset(String),
}

/// Where somebody stands in a room from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stands {
    pub(crate) room: Word,
    pub(crate) epoch: Word,
    pub(crate) seq: u64,
    /// As which member.
    pub(crate) me: u32,
    pub(crate) how: How,
    /// What it was shown of the past.
    pub(crate) history: Vec<(u64, Seen)>,
}

/// One thing that happened to a client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub(crate) enum Entry {
    /// A `welcome` on a new connection: whether its session was still known.
    Opened { connection: u32, known: bool },
    /// The connection is gone, or given up.
    Cut { connection: u32, why: Box<str> },
    /// A command that says a line; with the same `id` it is a resend. `to` is whom it is for, if for one only.
    Sent { connection: u32, id: u64, content: Content, line: Box<(Word, Option<Word>, String)> },
    /// It was kept, as this number.
    Acked { connection: u32, id: u64, place: Box<(Word, Word, u64)> },
    /// It was not kept.
    Refused { connection: u32, id: u64, code: Box<str> },
    /// `joined` or `reset`.
    Stands { connection: u32, stands: Box<Stands> },
    /// A number of a room.
    Numbered { connection: u32, room: Word, seq: u64, seen: Seen },
    /// It went out of a room, and was told that it did.
    Left { connection: u32, room: Word },
    /// On a wire that shows no places: it is in a room from now on. Lines that it heard before that on the same connection
    /// are what it was shown of the past. `after` is the number up to which it has had all lines, if it said so when it came.
    Enters { connection: u32, room: Word, after: Option<u64> },
    /// On such a wire: a line, with its number if the wire shows one.
    Heard { connection: u32, room: Word, content: Content, is_private: bool, seq: Option<u64> },
    /// On such a wire: it is told that lines are missing here, and up to which number if the wire shows one.
    Missed { connection: u32, room: Word, up_to: Option<u64> },
    /// On such a wire: a line was kept. Nobody says as which number.
    Kept { connection: u32, id: u64 },
}

/// All that happened to one client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Log {
    /// The name that it goes by, in every room. A guest signs its lines with it, or with nothing.
    pub(crate) client: Word,
    pub(crate) wire: Wire,
    pub(crate) entries: Vec<Entry>,
}

impl Log {
    pub(crate) fn of(client: &str) -> Self {
        Self::by(client, Wire::Charsu)
    }

    pub(crate) fn by(client: &str, wire: Wire) -> Self {
        Self { client: client.into(), wire, entries: Vec::new() }
    }

    /// Writes every log into a file of its own: a line for the wire, and one for each entry.
    pub(crate) fn keep_all(logs: &[Self], folder: &Path) -> io::Result<()> {
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
        fs::create_dir_all(folder)?;
        for log in logs {
            let mut file = BufWriter::new(fs::File::create(folder.join(format!("{}.jsonl", log.client)))?);
            serde_json::to_writer(&mut file, &log.wire)?;
            file.write_all(b"\n")?;
            for entry in &log.entries {
                serde_json::to_writer(&mut file, entry)?;
                file.write_all(b"\n")?;
            }
            file.flush()?;
        }
        Ok(())
    }

    /// Reads what was kept.
    pub(crate) fn read_all(folder: &Path) -> io::Result<Vec<Self>> {
        let mut logs = Vec::new();
        for file in fs::read_dir(folder)? {
            let path = file?.path();
            let client = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let mut lines = BufReader::new(fs::File::open(&path)?).lines();
            let wire = lines.next().transpose()?.unwrap_or_default();
            let mut log = Self::by(&client, serde_json::from_str(&wire)?);
            for line in lines {
                log.entries.push(serde_json::from_str(&line?)?);
            }
            logs.push(log);
        }
        logs.sort_by(|one, other| one.client.cmp(&other.client));
        Ok(logs)
    }
}

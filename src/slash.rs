//! What a said line means: `/msg NAME TEXT` is private, `//text` says `/text`. Parsed here, on the server, so that every
//! page has it. Knows no session and no room.
//!
//! A line is a command only if it begins with a slash and a letter, and its first word has no other slash: `/`, `/ 2`, `/1`
//! and paths like `/etc/hosts` or `/r/408213` are text.

use crate::names::{near, written};
use crate::protocol::{Code, Refusal};

/// Commands for a private message, in their [written] form: `/MSG` and `/پيام` with the Arabic yeh are known too.
const PRIVATE: [&str; 4] = ["msg", "w", "whisper", "پیام"];

/// Longest unknown word or name that is given back, in characters.
const WORD_CHARS: usize = 32;

/// How far into a line a name without quotes is looked for, in bytes, and over how many words.
const NAME_BYTES: usize = 512;
const NAME_WORDS: usize = 32;

/// Opening and closing quotes round a name.
const QUOTES: [(&[char], &[char]); 2] = [(&['"', '“', '”', '„'], &['"', '“', '”']), (&['«'], &['»'])];

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said<'a> {
    /// Said to everybody, with the doubled slash made one.
    Text(&'a str),
    /// For one person; who is found by [`Letter::open`].
    Private(Letter<'a>),
    /// A private message to nobody.
    MissingName,
    /// Another word after the slash, without it; cut to 32 characters.
    Unknown(&'a str),
}

/// A private message whose receiver is not known yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Letter<'a> {
    /// The name in quotes, if there were any.
    quoted: Option<&'a str>,
    /// The text; before it the name, if it was not in quotes. Without space at the start.
    rest: &'a str,
}

/// A private message with its receiver looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opened<'n, 'a> {
    /// The receiver's name, as the member has it, and the text.
    To {
        /// One of the names that were given.
        name: &'n str,
        /// Not empty.
        text: &'a str,
    },
    /// There is such a person, but nothing to say.
    MissingText {
        /// One of the names that were given.
        name: &'n str,
    },
    /// Nobody is called so.
    Unknown {
        /// The name as written: what stands in quotes, or the first word. Cut to 32 characters.
        wanted: &'a str,
        /// At most three names that are like it, best first.
        near: Vec<&'n str>,
    },
}

/// Reads a line.
pub fn parse(line: &str) -> Said<'_> {
    let Some(command) = line.strip_prefix('/') else { return Said::Text(line) };
    if command.starts_with('/') {
        return Said::Text(command);
    }
    let end = command.find(char::is_whitespace).unwrap_or(command.len());
    let (word, rest) = command.split_at(end);
    if !word.starts_with(char::is_alphabetic) || word.contains('/') {
        return Said::Text(line);
    }
    let word = first_chars(word, WORD_CHARS);
    if !PRIVATE.contains(&written(word).as_str()) {
        return Said::Unknown(word);
    }
    letter(rest.trim_start()).map_or(Said::MissingName, Said::Private)
}

/// What to tell somebody who wrote a private message to nobody.
pub fn missing_name() -> Refusal {
    Refusal::because(Code::BadRequest, "Write whom it is for, and then the text: /msg NAME TEXT")
}

fn letter(rest: &str) -> Option<Letter<'_>> {
    let in_quotes = QUOTES.iter().find_map(|(open, close)| {
        let (name, text) = rest.strip_prefix(*open)?.split_once(*close)?;
        Some(Letter { quoted: Some(name.trim()), rest: text.trim_start() })
    });
    let letter = in_quotes.unwrap_or(Letter { quoted: None, rest });
    (letter.quoted != Some("") && !(letter.quoted.is_none() && rest.is_empty())).then_some(letter)
}

impl<'a> Letter<'a> {
    /// Finds whom it is for among the names of those who can be written to.
    ///
    /// A name in quotes is that name. Without quotes it is the longest name that the text begins with, so that
    /// `/msg Ali Reza hello` reaches Ali Reza even when an Ali is there. Names are compared as written, not by their look.
    /// An `@` before the name is taken off if nobody is called so with it.
    pub fn open<'n>(&self, names: impl Iterator<Item = &'n str> + Clone) -> Opened<'n, 'a> {
        let found = self.look_for(self.quoted.unwrap_or(self.rest), names.clone()).or_else(|| {
            let name = self.quoted.unwrap_or(self.rest).strip_prefix('@')?;
            self.look_for(name, names.clone())
        });
        match found {
            Some((name, "")) => Opened::MissingText { name },
            Some((name, text)) => Opened::To { name, text },
            None => {
                let wanted = self.quoted.or_else(|| self.rest.split_whitespace().next()).unwrap_or_default();
                Opened::Unknown {
                    wanted: first_chars(wanted, WORD_CHARS),
                    near: near(wanted.trim_start_matches('@'), names),
                }
            }
        }
    }

    /// The longest name that `addressed` begins with, or that it is if it was in quotes, and the text after it.
    fn look_for<'n>(&self, addressed: &'a str, names: impl Iterator<Item = &'n str>) -> Option<(&'n str, &'a str)> {
        // All that may be a name: its written form and the text after it, shortest first.
        let beginnings: Vec<(String, &str)> = match self.quoted {
            Some(_) => vec![(written(first_bytes(addressed, NAME_BYTES)), self.rest)],
            None => word_ends(first_bytes(addressed, NAME_BYTES))
                .take(NAME_WORDS)
                .map(|end| (written(&addressed[..end]), addressed[end..].trim_start()))
                .collect(),
        };
        let mut longest: Option<(usize, &'n str)> = None;
        for name in names {
            let form = written(name);
            let at = beginnings.iter().position(|(beginning, _)| !form.is_empty() && *beginning == form);
            if let Some(at) = at
                && longest.is_none_or(|(other, _)| at > other)
            {
                longest = Some((at, name));
            }
        }
        longest.map(|(at, name)| (name, beginnings[at].1))
    }
}

/// Where a word ends, and where the text does.
fn word_ends(text: &str) -> impl Iterator<Item = usize> {
    let spaces = text.char_indices().filter(|(_, c)| c.is_whitespace()).map(|(at, _)| at);
    spaces.chain(std::iter::once(text.len()))
}

fn first_chars(text: &str, count: usize) -> &str {
    text.char_indices().nth(count).map_or(text, |(end, _)| &text[..end])
}

fn first_bytes(text: &str, count: usize) -> &str {
    &text[..text.floor_char_boundary(count)]
}

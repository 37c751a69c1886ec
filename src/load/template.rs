//! Text with blanks: `{room}`, `{name}`, `{n}` and `{text}`. Other braces are what they are, so that JSON can be
//! written.

/// What a blank is filled with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blank {
    /// The room's name.
    Room,
    /// The client's name.
    Name,
    /// A number: of the client in an address, of the line in a line.
    N,
    /// What is said.
    Text,
}

const BLANKS: [(&str, Blank); 4] =
    [("{room}", Blank::Room), ("{name}", Blank::Name), ("{n}", Blank::N), ("{text}", Blank::Text)];

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Plain(String),
    Blank(Blank),
}

/// Text with blanks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Vec<Piece>);

impl Template {
    /// Reads it. Any text is one.
    pub fn parse(text: &str) -> Self {
        let mut pieces = Vec::new();
        let mut rest = text;
        let first = |rest: &str| {
            let found = BLANKS.iter().filter_map(|&(word, blank)| Some((rest.find(word)?, word.len(), blank)));
            found.min_by_key(|&(at, ..)| at)
        };
        while let Some((at, length, blank)) = first(rest) {
            pieces.extend([Piece::Plain(rest[..at].to_owned()), Piece::Blank(blank)]);
            rest = &rest[at + length..];
        }
        pieces.push(Piece::Plain(rest.to_owned()));
        pieces.retain(|piece| !matches!(piece, Piece::Plain(text) if text.is_empty()));
        Self(pieces)
    }

    /// Whether it has such a blank.
    pub fn has(&self, blank: Blank) -> bool {
        self.0.contains(&Piece::Blank(blank))
    }

    /// The same with some blanks filled for good.
    #[must_use]
    pub fn with(&self, fill: impl Fn(Blank) -> Option<String>) -> Self {
        let mut pieces: Vec<Piece> = Vec::new();
        for piece in &self.0 {
            let piece = match piece {
                Piece::Blank(blank) => fill(*blank).map_or(Piece::Blank(*blank), Piece::Plain),
                Piece::Plain(text) => Piece::Plain(text.clone()),
            };
            match (pieces.last_mut(), piece) {
                (Some(Piece::Plain(before)), Piece::Plain(text)) => before.push_str(&text),
                (_, piece) => pieces.push(piece),
            }
        }
        Self(pieces)
    }

    /// Writes it out; each blank writes itself.
    pub fn write(&self, into: &mut Vec<u8>, mut fill: impl FnMut(Blank, &mut Vec<u8>)) {
        for piece in &self.0 {
            match piece {
                Piece::Plain(text) => into.extend_from_slice(text.as_bytes()),
                Piece::Blank(blank) => fill(*blank, into),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_are_filled_and_other_braces_stay() {
        let template = Template::parse(r#"{"name":"{name}","n":{n},"text":"{text}","x":{}}"#);
        assert!(template.has(Blank::N) && !template.has(Blank::Room));
        let named = template.with(|blank| (blank == Blank::Name).then(|| "Ali".to_owned()));
        let mut out = Vec::new();
        named.write(&mut out, |blank, out| out.extend_from_slice(if blank == Blank::N { b"7" } else { b"Hi" }));
        assert_eq!(String::from_utf8(out).expect("text"), r#"{"name":"Ali","n":7,"text":"Hi","x":{}}"#);
    }
}

//! Names, codes and rooms' names, and what a line that begins with a slash means.

mod any_text;
mod codes;
mod offers;
mod slash;
mod tables;

use charsu::names::Name;

const MAX_CHARS: usize = 32;

fn name(typed: &str) -> Name {
    Name::parse(typed, MAX_CHARS).unwrap_or_else(|problem| panic!("{typed:?}: {problem}"))
}

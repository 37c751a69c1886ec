//! What the clients of a load show to a server that asks for tokens: one from a file, or one that is minted for each.

use std::path::{Path, PathBuf};

use super::Refused;
use crate::auth::{MAX_TOKEN, SigningKey, Wanted, mint, unix_seconds};
use crate::client::Token;

/// A minted token is good for so many seconds: longer than the longest load.
const GOOD_FOR: u64 = 7 * 24 * 3600;
/// Bytes of a file of tokens at most: one for each connection that there may be.
const MAX_FILE: u64 = 60_000 * MAX_TOKEN as u64;

/// Where tokens come from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Passes {
    /// Nobody shows any.
    #[default]
    None,
    /// From a file, one on each line; the clients take them in turn.
    File(PathBuf),
    /// Each client has one of its own, under its own name.
    Minted {
        /// With what they are signed.
        by: Signer,
        /// For whom they are.
        audience: Option<String>,
        /// From whom.
        issuer: Option<String>,
    },
}

/// With what tokens are signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signer {
    /// The secret in this file.
    Secret(PathBuf),
    /// The private key in this file.
    Key(PathBuf),
}

/// Tokens to be shown.
pub(super) enum Tokens {
    None,
    InTurn(Vec<Token>),
    Minted { key: Box<SigningKey>, like: Wanted },
}

impl Tokens {
    /// Reads what is needed for them.
    ///
    /// # Errors
    /// A file cannot be read, or there is no token or key in it.
    pub(super) fn open(passes: &Passes) -> Result<Self, Refused> {
        match passes {
            Passes::None => Ok(Self::None),
            Passes::File(path) => in_file(path).map(Self::InTurn),
            Passes::Minted { by, audience, issuer } => {
                let key = match by {
                    Signer::Secret(path) => SigningKey::secret_in(path),
                    Signer::Key(path) => SigningKey::private_in(path),
                };
                let key = key.map_err(|error| Refused::Tokens(error.to_string()))?;
                let (audience, issuer) = (audience.clone(), issuer.clone());
                let like = Wanted { audience, issuer, seconds: GOOD_FOR, ..Wanted::default() };
                Ok(Self::Minted { key: Box::new(key), like })
            }
        }
    }

    /// The token of the client with this number, from 0, and name.
    ///
    /// # Errors
    /// The system has no randomness to sign with.
    pub(super) fn of(&self, number: usize, name: &str) -> Result<Option<Token>, String> {
        match self {
            Self::None => Ok(None),
            Self::InTurn(tokens) => Ok(Some(tokens[number % tokens.len()].clone())),
            Self::Minted { key, like } => {
                let wanted = Wanted { name: name.to_owned(), ..like.clone() };
                let minted = mint(&wanted, key, unix_seconds());
                let minted = minted.map_err(|_| "the system has no randomness to sign with".to_owned())?;
                Token::parse(&minted).map(Some).map_err(|bad| bad.to_string())
            }
        }
    }
}

fn in_file(path: &Path) -> Result<Vec<Token>, Refused> {
    let wrong = |what: String| Refused::Tokens(format!("{}: {what}", path.display()));
    let length = std::fs::metadata(path).map_err(|error| wrong(error.to_string()))?.len();
    if length > MAX_FILE {
        return Err(wrong("that is too long for a file of tokens".to_owned()));
    }
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let read = |(at, line)| Token::parse(line).map_err(|bad| wrong(format!("line {}: {bad}", at + 1)));
    let tokens: Vec<Token> = lines.map(read).collect::<Result<_, _>>()?;
    if tokens.is_empty() { Err(wrong("there is no token in it".to_owned())) } else { Ok(tokens) }
}

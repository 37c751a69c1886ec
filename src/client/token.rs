//! The token by which a server lets somebody in (docs/auth.md), and where it comes from. It is sent to one server and shown to
//! nobody else: no `Debug` has it.

use std::fmt;
use std::io::{self, Read};
use std::net::IpAddr;
use std::path::PathBuf;

use super::address::Address;
use crate::auth::MAX_TOKEN;

/// A token, as it stands in a header.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// That is no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadToken {
    /// There is nothing.
    #[error("there is no token in it")]
    None,
    /// It is not one word of letters, digits and `-._~+/=` (RFC 6750 section 2.1).
    #[error("what is in it is no token: one word of letters, digits and -._~+/=")]
    Malformed,
    /// It is over [`MAX_TOKEN`].
    #[error("what is in it is longer than a token can be (8 KiB)")]
    TooLong,
}

impl Token {
    /// Reads what somebody has, with the space around it.
    ///
    /// # Errors
    /// It cannot be a token.
    pub fn parse(written: &str) -> Result<Self, BadToken> {
        let token = written.trim();
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
        match token {
            "" => Err(BadToken::None),
            _ if token.len() > MAX_TOKEN => Err(BadToken::TooLong),
            _ if !token.bytes().all(is_plain) => Err(BadToken::Malformed),
            _ => Ok(Self(token.to_owned())),
        }
    }

    /// For the header of a request.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where a token comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenSource {
    /// It is this one, for good.
    Given(Token),
    /// It is what is in a file at the time, which somebody else may write anew.
    File(PathBuf),
}

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum NoToken {
    /// The file cannot be read.
    #[error("{}: {error}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// The file has none in it.
    #[error("{}: {bad}", path.display())]
    Bad {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        bad: BadToken,
    },
    /// It would be there for all to read on its way.
    #[error(
        "a token is not sent to {0} without TLS, where anybody on the way could read it and come as you: use https://, or say --token-in-clear if you know the way to be safe"
    )]
    InClear(String),
}

impl TokenSource {
    /// The token as it is now.
    ///
    /// # Errors
    /// The file cannot be read, or has none in it.
    pub fn read(&self) -> Result<Token, NoToken> {
        let path = match self {
            Self::Given(token) => return Ok(token.clone()),
            Self::File(path) => path,
        };
        // No more than can be one: it may be the wrong file.
        let read = std::fs::File::open(path).and_then(|file| {
            let mut bytes = Vec::new();
            file.take(MAX_TOKEN as u64 + 64).read_to_end(&mut bytes)?;
            Ok(bytes)
        });
        let bytes = read.map_err(|error| NoToken::Unreadable { path: path.clone(), error })?;
        let bad = |bad| NoToken::Bad { path: path.clone(), bad };
        Token::parse(std::str::from_utf8(&bytes).map_err(|_| bad(BadToken::Malformed))?).map_err(bad)
    }

    /// Whether another one may come from it.
    pub fn may_change(&self) -> bool {
        matches!(self, Self::File(_))
    }
}

/// Whether nobody else can read what is sent to this server: it is reached over TLS, or does not leave the machine.
pub fn is_private(server: &Address) -> bool {
    server.secure || is_here(&server.authority.host)
}

/// Whether a name means this machine whatever a resolver says (RFC 6761 section 6.3).
pub fn is_here(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    host == "localhost"
        || host.ends_with(".localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_token_is_one_word_and_is_not_shown() {
        let token = Token::parse(" eyJ.eyJ-_.sig\r\n").expect("a token");
        assert_eq!((token.as_str(), format!("{token:?}")), ("eyJ.eyJ-_.sig", "Token(…)".to_owned()));
        for (written, bad) in [
            ("", BadToken::None),
            (" \n", BadToken::None),
            ("a b", BadToken::Malformed),
            ("a\r\nHost: b", BadToken::Malformed),
            ("توکن", BadToken::Malformed),
            (&*"a".repeat(MAX_TOKEN + 1), BadToken::TooLong),
        ] {
            assert_eq!(Token::parse(written), Err(bad), "{written:.20}");
        }
    }

    #[test]
    fn what_does_not_leave_the_machine_is_private_and_so_is_tls() {
        for (written, wanted) in [
            ("https://chat.example", true),
            ("http://chat.example", false),
            ("http://localhost:8000", true),
            ("http://LOCALHOST.", true),
            ("http://chat.localhost", true),
            ("http://localhost.example", false),
            ("http://127.0.0.2", true),
            ("http://[::1]:1", true),
            ("http://[::ffff:127.0.0.1]", true),
            ("http://192.168.1.20", false),
            ("http://0.0.0.0", false),
        ] {
            let (address, _) = Address::parse(written).expect("an address");
            assert_eq!(is_private(&address), wanted, "{written}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_taken_for_a_token_fits_into_a_header(written: String) {
            if let Ok(token) = Token::parse(&written) {
                prop_assert!(token.as_str().bytes().all(|byte| byte.is_ascii_graphic()));
            }
        }
    }
}

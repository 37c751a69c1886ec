//! Servers that ask for tokens, and tokens for them.

use std::path::{Path, PathBuf};

use charsu::auth::{SigningKey, Wanted, mint, unix_seconds};
use charsu::config::Settings;

/// The secret that server and tokens of a scene have.
pub(crate) fn secret() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/auth/keys/secret.txt")
}

/// Has a server let in nobody without a token.
pub(crate) fn by_token(settings: &mut Settings) {
    settings.auth_secret_file = Some(secret());
}

/// A token for somebody that runs out after so many seconds.
pub(crate) fn token(name: &str, seconds: u64) -> String {
    let wanted = Wanted { name: name.to_owned(), seconds, ..Wanted::default() };
    mint(&wanted, &SigningKey::secret_in(&secret()).expect("a secret"), unix_seconds()).expect("a token")
}

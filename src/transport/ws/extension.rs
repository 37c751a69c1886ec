//! Which extensions a client offers (RFC 6455 section 9.1), and on what terms its messages may be compressed
//! (permessage-deflate, RFC 7692 section 7.1). Knows headers only; whether compression is wanted is for others to say.
//!
//! Nothing is remembered from one message to the next, in either direction: that is part of every answer. So a message is
//! compressed once for all who read it, and an idle connection keeps no dictionary.

use http::HeaderValue;

/// The extension's registered name.
const NAME: &str = "permessage-deflate";
const SERVER_NO_CONTEXT: &str = "server_no_context_takeover";
const CLIENT_NO_CONTEXT: &str = "client_no_context_takeover";
const SERVER_WINDOW: &str = "server_max_window_bits";
const CLIENT_WINDOW: &str = "client_max_window_bits";

/// The largest window that deflate knows, as a power of two: 32 KiB (RFC 7692 section 7.1.2).
const LARGEST_WINDOW: u8 = 15;

/// A header that is not a list of extensions. Whoever receives one has to fail the connection (RFC 6455 section 9.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed;

/// The terms on which messages may be compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// What the client set as the most that the server may look back, as a power of two (8 to 15). A client's own window
    /// needs no word: whatever it uses can be inflated.
    server_window: Option<u8>,
}

impl Terms {
    /// How far the server may look back in what it has sent of a message: a power of two, 8 to 15.
    pub const fn server_window(self) -> u8 {
        match self.server_window {
            Some(bits) => bits,
            None => LARGEST_WINDOW,
        }
    }

    /// The value of `Sec-WebSocket-Extensions` that agrees to them. A window is named only if the client named one.
    pub fn answer(self) -> HeaderValue {
        let window = self.server_window.map(|bits| format!("; {SERVER_WINDOW}={bits}")).unwrap_or_default();
        HeaderValue::try_from(format!("{NAME}; {SERVER_NO_CONTEXT}; {CLIENT_NO_CONTEXT}{window}"))
            .expect("tokens, signs and digits are printable ASCII")
    }
}

/// Chooses among the offers in all lines of the header the first one, which is the most wanted, that can be kept. Other
/// extensions are passed over, which refuses them; without any offer that can be kept there is no compression.
///
/// # Errors
/// A line is not a list of extensions.
pub fn agree<'h>(lines: impl IntoIterator<Item = &'h [u8]>) -> Result<Option<Terms>, Malformed> {
    let mut agreed = None;
    for line in lines {
        // To the end, even if the first offer is good: a header is well-formed as a whole or not at all.
        read_list(line, |offer| agreed = agreed.or_else(|| offer.terms()))?;
    }
    Ok(agreed)
}

/// An element of the list.
#[derive(Debug)]
struct Offer<'h> {
    name: &'h str,
    parameters: Vec<(&'h str, Option<String>)>,
}

impl Offer<'_> {
    /// Its terms, if it is one of compression and nothing of it forces a server to decline it (RFC 7692 section 7.1): a
    /// parameter that is unknown, doubled, or has a value that it cannot have.
    fn terms(&self) -> Option<Terms> {
        if self.name != NAME {
            return None;
        }
        let mut server_window = None;
        for (index, (parameter, value)) in self.parameters.iter().enumerate() {
            if self.parameters[..index].iter().any(|(earlier, _)| earlier == parameter) {
                return None;
            }
            match (*parameter, value.as_deref()) {
                // The client's hint that it remembers nothing is what the answer demands of it anyhow.
                (SERVER_NO_CONTEXT | CLIENT_NO_CONTEXT | CLIENT_WINDOW, None) => {}
                (CLIENT_WINDOW, Some(bits)) => {
                    window(bits)?;
                }
                (SERVER_WINDOW, Some(bits)) => server_window = Some(window(bits)?),
                _ => return None,
            }
        }
        Some(Terms { server_window })
    }
}

/// 8 to 15, without a leading zero (RFC 7692 section 7.1.2).
fn window(bits: &str) -> Option<u8> {
    Some(match bits {
        "8" => 8,
        "9" => 9,
        "10" => 10,
        "11" => 11,
        "12" => 12,
        "13" => 13,
        "14" => 14,
        "15" => 15,
        _ => return None,
    })
}

/// Reads `extension *( ";" parameter )`, separated by commas; empty elements are let through (RFC 9110 section 5.6.1).
fn read_list<'h>(line: &'h [u8], mut each: impl FnMut(&Offer<'h>)) -> Result<(), Malformed> {
    let mut line = Scanner(line);
    loop {
        line.skip_space();
        if line.is_empty() {
            return Ok(());
        }
        if line.take(b',') {
            continue;
        }
        let mut offer = Offer { name: line.token()?, parameters: Vec::new() };
        while line.take(b';') {
            let name = line.token()?;
            let value = if line.take(b'=') { Some(line.value()?) } else { None };
            offer.parameters.push((name, value));
        }
        each(&offer);
        if !line.is_empty() && !line.take(b',') {
            return Err(Malformed);
        }
    }
}

/// What is left of a line.
struct Scanner<'h>(&'h [u8]);

impl<'h> Scanner<'h> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn skip_space(&mut self) {
        while let [b' ' | b'\t', rest @ ..] = self.0 {
            self.0 = rest;
        }
    }

    /// Takes a sign and the space around it, if it comes next.
    fn take(&mut self, sign: u8) -> bool {
        self.skip_space();
        let Some(rest) = self.0.strip_prefix(&[sign]) else { return false };
        self.0 = rest;
        self.skip_space();
        true
    }

    fn token(&mut self) -> Result<&'h str, Malformed> {
        let length = self.0.iter().take_while(|byte| is_token(**byte)).count();
        let (token, rest) = self.0.split_at(length);
        self.0 = rest;
        self.skip_space();
        str::from_utf8(token).ok().filter(|token| !token.is_empty()).ok_or(Malformed)
    }

    /// A token, bare or in quotes. What is in quotes has to be a token too once it is unescaped.
    fn value(&mut self) -> Result<String, Malformed> {
        let Some(mut rest) = self.0.strip_prefix(b"\"") else { return self.token().map(str::to_owned) };
        let mut value = String::new();
        loop {
            let (byte, after) = match rest {
                [b'"', after @ ..] if !value.is_empty() => {
                    self.0 = after;
                    self.skip_space();
                    return Ok(value);
                }
                [b'\\', escaped, after @ ..] => (*escaped, after),
                [byte, after @ ..] => (*byte, after),
                [] => return Err(Malformed),
            };
            if !is_token(byte) {
                return Err(Malformed);
            }
            value.push(char::from(byte));
            rest = after;
        }
    }
}

/// Whether a byte may stand in a token (RFC 9110 section 5.6.2).
pub(super) const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~'
        )
}

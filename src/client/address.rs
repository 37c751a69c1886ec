//! Where a server is, in the forms in which people have it: its page's address, its WebSocket's, a link to a room.

use std::fmt;

use percent_encoding::percent_decode_str;

/// What stands before a room in a link of the page.
const ROOM: &str = "/r/";
/// Where the WebSocket is, from the server's root.
const SOCKET: &str = "/ws";

/// A host and a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    /// A name or a number, without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl Authority {
    /// Reads `HOST`, `HOST:PORT` or `[IPv6]:PORT`; `port` where none is written.
    pub fn parse(written: &str, port: u16) -> Option<Self> {
        let (host, given) = match written.strip_prefix('[') {
            Some(rest) => {
                let (host, rest) = rest.split_once(']')?;
                let given = if rest.is_empty() { None } else { Some(rest.strip_prefix(':')?) };
                (host, given)
            }
            None => written.rsplit_once(':').map_or((written, None), |(host, given)| (host, Some(given))),
        };
        // What is to stand in a request's header, or is asked of a resolver, has nothing of this.
        let is_host = |c: char| !c.is_whitespace() && !c.is_control() && !"@/?#\\[]%".contains(c);
        let port = given.map_or(Some(port), |given| given.parse().ok())?;
        (!host.is_empty() && host.chars().all(is_host)).then(|| Self { host: host.to_owned(), port })
    }
}

impl fmt::Display for Authority {
    /// As `Host` has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port } = self;
        if host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
    }
}

/// A server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Host and port.
    pub authority: Authority,
    /// Whether it is reached over TLS.
    pub secure: bool,
    /// What comes before `/ws`: empty, or the path under which a proxy has the server.
    base: String,
}

/// That is no address of a server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no address of a server: write http://HOST:PORT, or the link to a room")]
pub struct BadAddress(pub String);

impl Address {
    /// Reads `http://HOST:PORT`, the same with https, ws, wss or without any, with what may follow: the WebSocket's `/ws`,
    /// or the page's `/r/ROOM`. The room is given beside the address.
    ///
    /// # Errors
    /// [`BadAddress`].
    pub fn parse(written: &str) -> Result<(Self, Option<String>), BadAddress> {
        Self::read(written.trim()).ok_or_else(|| BadAddress(written.to_owned()))
    }

    fn read(written: &str) -> Option<(Self, Option<String>)> {
        let (scheme, rest) = written.split_once("://").unwrap_or(("http", written));
        let (secure, port) = match scheme.to_ascii_lowercase().as_str() {
            "http" | "ws" => (false, 80),
            "https" | "wss" => (true, 443),
            _ => return None,
        };
        let rest = &rest[..rest.find(['?', '#']).unwrap_or(rest.len())];
        let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        let authority = Authority::parse(authority, port)?;
        let (base, room) = match path.trim_end_matches('/').rsplit_once(ROOM) {
            Some((base, room)) if !room.is_empty() => {
                (base, Some(percent_decode_str(room).decode_utf8().ok()?.into_owned()))
            }
            _ => (path, None),
        };
        let base = base.trim_end_matches('/');
        let base = base.strip_suffix(SOCKET).unwrap_or(base);
        let is_path = base.bytes().all(|byte| byte.is_ascii_graphic());
        is_path.then(|| (Self { authority, secure, base: base.to_owned() }, room))
    }

    /// The path of its WebSocket.
    pub fn path(&self) -> String {
        format!("{}{SOCKET}", self.base)
    }
}

impl fmt::Display for Address {
    /// The page's address.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.secure { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.authority, self.base)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_server_is_found_by_all_that_people_have_of_it() {
        for (written, shown, path, room) in [
            ("http://127.0.0.1:8000", "http://127.0.0.1:8000", "/ws", None),
            ("http://127.0.0.1:8000/", "http://127.0.0.1:8000", "/ws", None),
            ("127.0.0.1:8000", "http://127.0.0.1:8000", "/ws", None),
            ("chat.example", "http://chat.example:80", "/ws", None),
            ("WSS://chat.example/ws", "https://chat.example:443", "/ws", None),
            ("ws://[::1]:9/ws/", "http://[::1]:9", "/ws", None),
            ("https://chat.example/r/408213/", "https://chat.example:443", "/ws", Some("408213")),
            ("http://a:1/r/%D8%B4%D8%A8?x=1#y", "http://a:1", "/ws", Some("شب")),
            ("https://example.org/chat/r/general", "https://example.org:443/chat", "/chat/ws", Some("general")),
            ("https://example.org/chat/", "https://example.org:443/chat", "/chat/ws", None),
        ] {
            let (address, found) = Address::parse(written).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!((&*address.to_string(), &*address.path(), found.as_deref()), (shown, path, room), "{written}");
        }
        for wrong in ["", "ftp://a", "http://", "http://:80", "http://a:b", "http://[::1", "http://a b", "http://u@a/"]
        {
            assert!(Address::parse(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_read_fits_into_a_request(written in "(http://|ws://)?[^/]{0,20}(/.{0,20})?") {
            if let Ok((address, _)) = Address::parse(&written) {
                let line = format!("{}{}", address.authority, address.path());
                prop_assert!(!line.contains(|c: char| c.is_whitespace() || c.is_control()), "{line:?}");
            }
        }
    }
}

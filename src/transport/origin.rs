//! Whose pages may talk to this server. A browser tells the origin of the page behind a request; anybody else may claim any,
//! so this guards people against foreign pages in their browser and nothing more. Knows no route and no wire.

use std::borrow::Cow;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use http::header::{HOST, ORIGIN};
use http::{HeaderMap, HeaderValue};

use crate::config::Settings;
use crate::limits::{Bucket, Rate};

/// An entry of the allow list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Allowed {
    /// `*`: every page.
    Any,
    /// `null`: pages without an origin of their own, such as files on disk.
    Null,
    /// Exactly this origin.
    Origin(Origin),
}

/// Scheme, host and port of a page (RFC 6454), in lower case and without a default port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    scheme: String,
    host: String,
    port: Option<u16>,
}

/// What the origin of a request says about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// No origin: a program, not a page in a browser.
    NotABrowser,
    /// A page of the host that was asked.
    SameHost,
    /// A page from elsewhere that may talk to us.
    Listed,
    /// A page from elsewhere.
    Foreign,
}

/// The rule in force: the operator's list, and whether pages of this machine are let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OriginRule {
    allowed: Vec<Allowed>,
    loopback: bool,
}

impl Allowed {
    /// Reads an entry of the list. A trailing slash is forgiven, a path is not.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "*" => Some(Self::Any),
            "null" => Some(Self::Null),
            _ => Origin::parse(text.strip_suffix('/').unwrap_or(text)).map(Self::Origin),
        }
    }
}

impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            Self::Null => f.write_str("null"),
            Self::Origin(origin) => origin.fmt(f),
        }
    }
}

impl Origin {
    /// Reads an origin as browsers write it: `https://example.com:8443`. Anything more or less is none.
    pub fn parse(text: &str) -> Option<Self> {
        let (scheme, authority) = text.split_once("://")?;
        let scheme = scheme.to_ascii_lowercase();
        let is_scheme = scheme.starts_with(|c: char| c.is_ascii_lowercase())
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
        let (host, port) = split_port(authority)?;
        is_scheme.then(|| Self { port: port.filter(|port| Some(*port) != default_port(&scheme)), scheme, host })
    }

    /// Whether a request with this `Host` was sent to where the page came from. The scheme is not compared: before a proxy
    /// that ends TLS, it is the proxy's business.
    fn is_host(&self, host: &str) -> bool {
        split_port(host).is_some_and(|(host, port)| {
            host == self.host && port.filter(|port| Some(*port) != default_port(&self.scheme)) == self.port
        })
    }

    /// Whether the page came from this machine.
    pub(crate) fn is_loopback(&self) -> bool {
        let bare = self.host.trim_start_matches('[').trim_end_matches(']');
        self.host == "localhost"
            || bare.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
            || bare.parse::<Ipv6Addr>().is_ok_and(|address| address.to_canonical().is_loopback())
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.host)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

/// Host in lower case and port of `example.com:8443`, `[::1]:80` or `example.com`.
fn split_port(authority: &str) -> Option<(String, Option<u16>)> {
    let (host, port) = match authority.rfind(':') {
        Some(colon) if !authority[colon..].contains(']') => (&authority[..colon], Some(&authority[colon + 1..])),
        _ => (authority, None),
    };
    let port = port
        .map(|port| port.parse::<u16>().ok().filter(|_| port.bytes().all(|b| b.is_ascii_digit())))
        .map_or(Some(None), |port| port.map(Some))?;
    let inside = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let is_host = match inside {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b)),
    };
    is_host.then(|| (host.to_ascii_lowercase(), port))
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" | "ws" => Some(80),
        "https" | "wss" => Some(443),
        _ => None,
    }
}

impl OriginRule {
    /// The rule that these settings make.
    pub fn new(settings: &Settings) -> Self {
        let allowed = settings.allow_origin.iter().filter_map(|text| Allowed::parse(text)).collect();
        Self { allowed, loopback: settings.is_loopback_only() }
    }

    /// Judges a request by its headers. Two origins or hosts, or ones that cannot be read, are foreign.
    pub fn judge(&self, headers: &HeaderMap) -> Verdict {
        let mut origins = headers.get_all(ORIGIN).iter();
        match (origins.next(), origins.next()) {
            (None, _) => Verdict::NotABrowser,
            (Some(origin), None) => self.judge_origin(origin, headers.get(HOST)),
            (Some(_), Some(_)) => Verdict::Foreign,
        }
    }

    fn judge_origin(&self, origin: &HeaderValue, host: Option<&HeaderValue>) -> Verdict {
        let listed = |entry: &Allowed| {
            if self.allowed.contains(entry) || self.allowed.contains(&Allowed::Any) {
                Verdict::Listed
            } else {
                Verdict::Foreign
            }
        };
        let Ok(text) = origin.to_str() else { return Verdict::Foreign };
        if text == "null" {
            return listed(&Allowed::Null);
        }
        let Some(origin) = Origin::parse(text) else { return Verdict::Foreign };
        if host.and_then(|host| host.to_str().ok()).is_some_and(|host| origin.is_host(host)) {
            return Verdict::SameHost;
        }
        if self.loopback && origin.is_loopback() {
            return Verdict::Listed;
        }
        listed(&Allowed::Origin(origin))
    }
}

/// The rule in force, which can be changed while the server runs, and a log of those it refused.
#[derive(Debug)]
pub struct Gate {
    // std locks: an `Arc` is copied, a bucket is asked; never across an await.
    rule: RwLock<Arc<OriginRule>>,
    log: Mutex<Bucket>,
}

/// How often a refusal is logged: enough to see what goes on, too little to fill a disk.
const LOGGED: (u32, u32) = (1, 10);

impl Gate {
    /// A gate with the rule that these settings make.
    pub fn new(settings: &Settings) -> Self {
        Self { rule: RwLock::new(Arc::new(OriginRule::new(settings))), log: Mutex::default() }
    }

    /// Puts the list of these settings into force. Whether pages of this machine are let in depends on where the server listens, which does not change.
    pub fn change(&self, settings: &Settings) {
        let mut rule = self.rule.write().unwrap_or_else(PoisonError::into_inner);
        *rule = Arc::new(OriginRule { loopback: rule.loopback, ..OriginRule::new(settings) });
    }

    /// Judges a request by its headers, and logs a page that may not talk to us.
    pub fn judge(&self, headers: &HeaderMap, now: Duration) -> Verdict {
        let rule = Arc::clone(&self.rule.read().unwrap_or_else(PoisonError::into_inner));
        let verdict = rule.judge(headers);
        if verdict == Verdict::Foreign {
            let (count, burst) = LOGGED;
            let taken =
                self.log.lock().unwrap_or_else(PoisonError::into_inner).take(Rate::per_second(count, burst), now);
            if taken.is_ok() {
                tracing::warn!(origin = %shown(headers.get(ORIGIN)), host = %shown(headers.get(HOST)), "refused a page of another site; --allow-origin lets one in");
            }
        }
        verdict
    }
}

/// A header as it may stand in the log, which escapes it.
fn shown(value: Option<&HeaderValue>) -> Cow<'_, str> {
    value.map_or(Cow::Borrowed(""), |value| String::from_utf8_lossy(value.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(listen: &str, list: &[&str], origin: &str, host: &str) -> Verdict {
        let settings = Settings {
            listen: listen.parse().expect("an address"),
            allow_origin: list.iter().map(|&text| text.to_owned()).collect(),
            ..Settings::default()
        };
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_bytes(host.as_bytes()).expect("a value"));
        headers.insert(ORIGIN, HeaderValue::from_bytes(origin.as_bytes()).expect("a value"));
        OriginRule::new(&settings).judge(&headers)
    }

    const WORLD: &str = "0.0.0.0:8000";
    const HERE: &str = "127.0.0.1:8000";

    #[test]
    fn a_page_of_the_same_host_may_talk_to_us() {
        for (origin, host) in [
            ("http://192.168.1.5:8000", "192.168.1.5:8000"),
            ("http://chat.test", "chat.test"),
            ("http://chat.test", "chat.test:80"),
            ("https://chat.test", "chat.test"),
            ("https://Chat.Test", "CHAT.test:443"),
            ("http://[fe80::1]:8000", "[fe80::1]:8000"),
        ] {
            assert_eq!(judge(WORLD, &[], origin, host), Verdict::SameHost, "{origin} at {host}");
        }
    }

    #[test]
    fn a_page_from_elsewhere_may_not() {
        for (origin, host) in [
            ("http://evil.test", "chat.test"),
            ("http://chat.test:8001", "chat.test:8000"),
            ("http://chat.test", "chat.test:8000"),
            ("https://chat.test", "chat.test:80"),
            ("http://chat.test.evil.test", "chat.test"),
            ("http://evil.test#chat.test", "chat.test"),
            ("http://chat.test@evil.test", "evil.test"),
            ("http://chat.test/", "chat.test"),
            ("null", "chat.test"),
            ("", "chat.test"),
            ("chat.test", "chat.test"),
            ("http://", "chat.test"),
            ("file://", "chat.test"),
            ("http://chat.test, http://evil.test", "chat.test"),
            ("http://ch\u{e1}t.test", "ch\u{e1}t.test"),
            ("http://chat.test:+80", "chat.test"),
            ("http://localhost:3000", "chat.test"),
        ] {
            assert_eq!(judge(WORLD, &[], origin, host), Verdict::Foreign, "{origin} at {host}");
        }
    }

    #[test]
    fn the_list_lets_in_exactly_what_it_names() {
        let list = &["https://app.example.com", "http://lab.test:3000/", "null"];
        for origin in ["https://app.example.com", "https://app.example.com:443", "http://lab.test:3000", "null"] {
            assert_eq!(judge(WORLD, list, origin, "chat.test"), Verdict::Listed, "{origin}");
        }
        for origin in
            ["http://app.example.com", "https://app.example.com:8443", "https://x.app.example.com", "http://lab.test"]
        {
            assert_eq!(judge(WORLD, list, origin, "chat.test"), Verdict::Foreign, "{origin}");
        }
        assert_eq!(judge(WORLD, &["*"], "https://anything.test", "chat.test"), Verdict::Listed);
        assert_eq!(judge(WORLD, &["*"], "null", "chat.test"), Verdict::Listed);
    }

    #[test]
    fn pages_of_this_machine_are_let_in_while_only_this_machine_can_connect() {
        for origin in [
            "http://localhost:3000",
            "http://127.0.0.1:5173",
            "http://127.8.9.1",
            "http://[::1]:3000",
            "https://localhost",
        ] {
            assert_eq!(judge(HERE, &[], origin, "127.0.0.1:8000"), Verdict::Listed, "{origin}");
            assert_eq!(judge("[::1]:8000", &[], origin, "[::1]:8000"), Verdict::Listed, "{origin}");
            assert_eq!(judge("192.168.1.5:8000", &[], origin, "192.168.1.5:8000"), Verdict::Foreign, "{origin}");
        }
        for origin in
            ["http://localhost.evil.test", "http://127.0.0.1.evil.test", "http://128.0.0.1", "http://0.0.0.0", "null"]
        {
            assert_eq!(judge(HERE, &[], origin, "127.0.0.1:8000"), Verdict::Foreign, "{origin}");
        }
    }

    #[test]
    fn a_program_that_is_no_browser_is_not_asked() {
        assert_eq!(OriginRule::new(&Settings::default()).judge(&HeaderMap::new()), Verdict::NotABrowser);
    }

    #[test]
    fn two_origins_are_none() {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_static("chat.test"));
        headers.append(ORIGIN, HeaderValue::from_static("http://chat.test"));
        headers.append(ORIGIN, HeaderValue::from_static("http://evil.test"));
        assert_eq!(OriginRule::new(&Settings::default()).judge(&headers), Verdict::Foreign);
    }
}

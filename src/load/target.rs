//! Where the server is. Other machines are refused unless somebody vouches for it.

use std::net::{IpAddr, SocketAddr};

use super::{Refused, Template};
use crate::client::Authority;

const PORT: u16 = 80;
/// The same with TLS.
const TLS_PORT: u16 = 443;

/// An address, with blanks in its path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Whether it speaks TLS.
    pub tls: bool,
    /// Host and port.
    pub authority: Authority,
    /// The path with the query.
    pub path: Template,
}

impl Target {
    /// Reads `ws://HOST:PORT/PATH`, or the same with `wss`.
    ///
    /// # Errors
    /// If it is something else.
    pub fn parse(url: &str) -> Result<Self, Refused> {
        let wrong = || Refused::Url(url.to_owned());
        let (scheme, rest) = url.split_once("://").ok_or_else(wrong)?;
        let tls = match scheme {
            "ws" => false,
            "wss" => true,
            _ => return Err(wrong()),
        };
        let (authority, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
        let authority = Authority::parse(authority, if tls { TLS_PORT } else { PORT }).ok_or_else(wrong)?;
        if path.contains(|c: char| c.is_ascii_control() || c == ' ' || c == '#') {
            return Err(wrong());
        }
        Ok(Self { tls, authority, path: Template::parse(path) })
    }

    /// Of the addresses that its name has, the one to connect to.
    ///
    /// # Errors
    /// If there is none, or one of them is another machine and none may be.
    pub fn choose(&self, found: &[SocketAddr], anywhere: bool) -> Result<SocketAddr, Refused> {
        if !anywhere && found.iter().any(|address| !is_loopback(address.ip())) {
            return Err(Refused::NotLoopback(self.authority.host.clone()));
        }
        // `localhost` has two, and most servers listen on the shorter.
        let first = found.iter().find(|address| address.is_ipv4()).or(found.first());
        first.copied().ok_or_else(|| Refused::Unknown(self.authority.host.clone()))
    }
}

pub(super) fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_host_a_port_and_a_path() {
        let of = |url| Target::parse(url).map(|target| (target.authority.to_string(), target.path));
        let path = Template::parse;
        assert_eq!(of("ws://127.0.0.1:8000/ws/{room}"), Ok(("127.0.0.1:8000".to_owned(), path("/ws/{room}"))));
        assert_eq!(of("ws://[::1]:1/a"), Ok(("[::1]:1".to_owned(), path("/a"))));
        assert_eq!(of("ws://localhost"), Ok(("localhost:80".to_owned(), path("/"))));
        for wrong in ["http://a/", "ws://", "ws://:80/", "ws://a:b/", "ws://[::1/", "ws://a/b c", "a"] {
            assert!(matches!(of(wrong), Err(Refused::Url(_))), "{wrong}");
        }
        assert_eq!(of("wss://a/b"), Ok(("a:443".to_owned(), path("/b"))));
        assert!(Target::parse("wss://a:1/").expect("fine").tls && !Target::parse("ws://a:1/").expect("fine").tls);
    }

    #[test]
    fn another_machine_is_refused_unless_somebody_vouches_for_it() {
        let target = Target::parse("ws://chat.example/").expect("fine");
        let found = |addresses: &[&str]| -> Vec<SocketAddr> {
            addresses.iter().map(|address| address.parse().expect("an address")).collect()
        };
        let here = found(&["[::1]:80", "127.0.0.1:80"]);
        assert_eq!(target.choose(&here, false), Ok(here[1]));
        for there in [&["192.0.2.1:80"][..], &["127.0.0.1:80", "192.0.2.1:80"], &["0.0.0.0:80"], &["[2001:db8::1]:80"]]
        {
            let there = found(there);
            assert!(target.choose(&there, false).expect_err("elsewhere").to_string().contains("--anywhere"));
            assert_eq!(target.choose(&there, true), Ok(there[0]));
        }
        assert!(target.choose(&[], true).is_err());
    }
}

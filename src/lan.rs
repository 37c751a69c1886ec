//! Under which addresses other machines reach this server: for the start-up lines, and for the link and QR code of a room.
//! Asks the system for its interfaces and sends nothing.

use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use crate::config::Settings;

/// An address that leads out through the default route, kept for documentation (RFC 5737) and never written to.
const OUTSIDE: (Ipv4Addr, u16) = (Ipv4Addr::new(192, 0, 2, 1), 9);
/// Interfaces of containers and virtual machines, which no other person can reach.
const INNER_INTERFACES: [&str; 8] = ["docker", "br-", "veth", "virbr", "vmnet", "vboxnet", "cni", "lxc"];

/// Every base under which other machines may reach the server, the likeliest first: IPv4 before IPv6, the address of the
/// default route before others. Empty when only this machine can connect.
pub fn bases(scheme: &str, listening: SocketAddr) -> Vec<String> {
    let ip = listening.ip().to_canonical();
    if ip.is_loopback() {
        return Vec::new();
    }
    let addresses = if ip.is_unspecified() { own_addresses(listening.is_ipv6()) } else { vec![ip] };
    addresses.into_iter().map(|ip| format!("{scheme}://{}", SocketAddr::new(ip, listening.port()))).collect()
}

/// The base of links that are shared with people: one that works on their machines, or nothing when only this machine can
/// connect, and whoever asks is best served by the address that they asked.
pub fn share_base(settings: &Settings, listening: SocketAddr) -> Option<String> {
    bases(settings.scheme(), listening).into_iter().next()
}

/// What is printed when the server is ready: one line for this machine, and one for each address under which others reach it.
pub fn ready_lines(scheme: &str, listening: SocketAddr) -> String {
    let here = match listening.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    let here = format!("{scheme}://{}", SocketAddr::new(here, listening.port()));
    let mut lines = format!("Charsu is ready: {here}\n");
    for base in bases(scheme, listening).into_iter().filter(|base| *base != here) {
        let _ = writeln!(lines, "On your network: {base}");
    }
    lines
}

fn own_addresses(with_ipv6: bool) -> Vec<IpAddr> {
    let outward = outward();
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    let is_inner = |name: &str| INNER_INTERFACES.iter().any(|inner| name.starts_with(inner));
    let mut addresses: Vec<_> = interfaces
        .into_iter()
        .map(|interface| (is_inner(&interface.name), interface.ip()))
        .filter(|(_, ip)| is_reachable(*ip) && (ip.is_ipv4() || with_ipv6))
        .collect();
    addresses.sort_by_key(|(inner, ip)| (ip.is_ipv6(), *inner, Some(*ip) != outward, *ip));
    addresses.dedup();
    addresses.into_iter().map(|(_, ip)| ip).collect()
}

/// A link-local address means nothing without the name of an interface, which a link cannot carry.
fn is_reachable(ip: IpAddr) -> bool {
    let is_link_local = match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    };
    !ip.is_loopback() && !ip.is_unspecified() && !is_link_local
}

/// Which of our addresses the default route uses. Connecting a UDP socket only asks the routing table.
fn outward() -> Option<IpAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect(OUTSIDE).ok()?;
    socket.local_addr().ok().map(|address| address.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_for_this_machine_has_nothing_to_share() {
        for listening in ["127.0.0.1:8000", "127.3.2.1:80", "[::1]:8000", "[::ffff:127.0.0.1]:8000"] {
            let listening = listening.parse().expect("an address");
            assert_eq!(share_base(&Settings::default(), listening), None, "{listening}");
        }
    }

    #[test]
    fn a_server_on_one_address_shares_that_one() {
        for (listening, base) in
            [("192.168.1.5:8000", "http://192.168.1.5:8000"), ("[fd00::5]:80", "http://[fd00::5]:80")]
        {
            assert_eq!(bases("http", listening.parse().expect("an address")), [base]);
        }
    }

    #[test]
    fn the_ready_lines_name_this_machine_first_and_then_the_network() {
        let lines = |listening: &str| ready_lines("http", listening.parse().expect("an address"));
        assert_eq!(lines("127.0.0.1:8123"), "Charsu is ready: http://127.0.0.1:8123\n");
        assert_eq!(lines("[::1]:80"), "Charsu is ready: http://[::1]:80\n");
        assert_eq!(lines("192.168.1.5:8000"), "Charsu is ready: http://192.168.1.5:8000\n");
        let secure = ready_lines("https", "127.0.0.1:443".parse().expect("an address"));
        assert_eq!(secure, "Charsu is ready: https://127.0.0.1:443\n");
        let everywhere = lines("0.0.0.0:8000");
        let (first, others) = everywhere.split_once('\n').expect("a line");
        assert_eq!(first, "Charsu is ready: http://127.0.0.1:8000");
        assert!(
            others.lines().all(|line| line.starts_with("On your network: http://") && line.ends_with(":8000")),
            "{others}"
        );
    }

    #[test]
    fn a_server_on_every_address_shares_what_others_can_reach_ipv4_first() {
        let addresses = own_addresses(true);
        assert!(addresses.iter().all(|ip| is_reachable(*ip)));
        assert!(addresses.is_sorted_by_key(IpAddr::is_ipv6));
        let bases = bases("http", "0.0.0.0:8000".parse().expect("an address"));
        assert!(bases.iter().all(|base| base.starts_with("http://") && base.ends_with(":8000") && !base.contains('[')));
    }
}

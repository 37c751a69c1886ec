//! Where something is: an address, a store, a room, a folder, a file. Looks at none of them, and so does not know whether they
//! are there.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use super::{Kind, one, quoted};
use crate::code::Code;
use crate::names::RoomName;

/// Where to listen: an address and a port, `localhost` and a port, or a port alone, which then is on loopback.
pub(in crate::config) struct Address;

impl Kind for Address {
    type Value = SocketAddr;
    const PLACEHOLDER: &'static str = "ADDRESS:PORT";

    fn read(written: &[String]) -> Result<SocketAddr, String> {
        let text = one(written)?;
        let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let port = text.strip_prefix("localhost:").unwrap_or(text);
        port.parse::<u16>()
            .map(|port| SocketAddr::new(loopback, port))
            .or_else(|_| text.parse())
            .map_err(|_| "is no address: give for example 127.0.0.1:8000, 0.0.0.0:8000 or [::]:8000".to_owned())
    }

    fn write(value: &SocketAddr) -> Option<String> {
        Some(quoted(&value.to_string()))
    }
}

/// Where rooms live: the address of a store that this version has.
pub(in crate::config) struct StoreUrl;

impl Kind for StoreUrl {
    type Value = String;
    const PLACEHOLDER: &'static str = "URL";

    fn read(written: &[String]) -> Result<String, String> {
        let text = one(written)?;
        match text.split_once(':') {
            Some(("memory", "")) => Ok(text.to_owned()),
            Some(("sqlite", path)) if !path.is_empty() => Ok(text.to_owned()),
            _ => Err("is no store of this version: give memory: or sqlite:charsu.db".to_owned()),
        }
    }

    fn write(value: &String) -> Option<String> {
        Some(quoted(value))
    }
}

/// The name of a room, as it is kept.
pub(in crate::config) struct Room;

impl Kind for Room {
    type Value = String;
    const PLACEHOLDER: &'static str = "ROOM";

    fn read(written: &[String]) -> Result<String, String> {
        let name = RoomName::parse(one(written)?).map_err(|problem| format!("is no room: {problem}"))?;
        Ok(name.as_str().to_owned())
    }

    fn write(value: &String) -> Option<String> {
        Some(quoted(value))
    }
}

/// A namespace of Socket.IO with the slash, or none when the text is empty.
pub(in crate::config) struct RecoveredNamespace;

impl Kind for RecoveredNamespace {
    type Value = Option<String>;
    const PLACEHOLDER: &'static str = "NAMESPACE";

    fn read(written: &[String]) -> Result<Option<String>, String> {
        let text = one(written)?;
        let name = text.strip_prefix('/').unwrap_or(text);
        if name.is_empty() {
            return Ok((!text.is_empty()).then(|| text.to_owned()));
        }
        let code = Code::parse(name).ok_or("is neither / nor the code of a room")?;
        Ok(Some(format!("/{code}")))
    }

    fn write(value: &Option<String>) -> Option<String> {
        value.as_deref().map(quoted)
    }
}

/// A folder, or none when the text is empty.
pub(in crate::config) struct Folder;

impl Kind for Folder {
    type Value = Option<PathBuf>;
    const PLACEHOLDER: &'static str = "DIR";

    fn read(written: &[String]) -> Result<Option<PathBuf>, String> {
        let text = one(written)?;
        Ok((!text.is_empty()).then(|| PathBuf::from(text)))
    }

    fn write(value: &Option<PathBuf>) -> Option<String> {
        value.as_ref().map(|folder| quoted(&folder.to_string_lossy()))
    }
}

/// A file, or none when the text is empty.
pub(in crate::config) struct File;

impl Kind for File {
    type Value = Option<PathBuf>;
    const PLACEHOLDER: &'static str = "FILE";

    fn read(written: &[String]) -> Result<Option<PathBuf>, String> {
        Folder::read(written)
    }

    fn write(value: &Option<PathBuf>) -> Option<String> {
        Folder::write(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<K: Kind>(text: &str) -> Result<K::Value, String> {
        K::read(&[text.to_owned()])
    }

    #[test]
    fn a_place_to_listen_may_be_a_port_alone() {
        assert_eq!(read::<Address>("0"), Ok(SocketAddr::from(([127, 0, 0, 1], 0))));
        assert_eq!(read::<Address>("localhost:9000"), Ok(SocketAddr::from(([127, 0, 0, 1], 9000))));
        assert_eq!(read::<Address>("[::]:80").map(|a| a.to_string()), Ok("[::]:80".to_owned()));
        for text in ["", "example.com:80", "127.0.0.1", "127.0.0.1:70000", "localhost"] {
            assert!(read::<Address>(text).is_err(), "{text:?}");
        }
    }
}

//! The kinds of values that a setting can have: how each is read from text and written as TOML.
//! Knows no setting by name.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use crate::auth::Algorithm;
use crate::code::Code;
use crate::names::RoomName;
use crate::transport::origin;

/// How values of one kind are read and written. Text that [`write`](Kind::write) made reads back as the same value.
pub(super) trait Kind {
    /// The value that a setting of this kind holds.
    type Value;
    /// What stands for the value in `--help`; empty for a switch.
    const PLACEHOLDER: &'static str;
    /// May be given several times; every other kind takes exactly one text.
    const IS_LIST: bool = false;

    /// Reads what was written: one text, or for a list any number of them.
    ///
    /// # Errors
    /// What is wrong with it, and what would be right.
    fn read(written: &[String]) -> Result<Self::Value, String>;

    /// The value as TOML; nothing if there is none.
    fn write(value: &Self::Value) -> Option<String>;
}

fn one(written: &[String]) -> Result<&str, String> {
    match written {
        [text] => Ok(text.trim()),
        _ => Err("takes one value".to_owned()),
    }
}

fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

/// Where to listen: an address and a port, `localhost` and a port, or a port alone, which then is on loopback.
pub(super) struct Address;

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
pub(super) struct StoreUrl;

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
pub(super) struct Room;

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
pub(super) struct RecoveredNamespace;

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
pub(super) struct Folder;

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
pub(super) struct File;

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

/// Which parts of the program log what; the form is that of `tracing`'s targets.
pub(super) struct LogFilter;

impl Kind for LogFilter {
    type Value = String;
    const PLACEHOLDER: &'static str = "FILTER";

    fn read(written: &[String]) -> Result<String, String> {
        let text = one(written)?;
        match text.parse::<tracing_subscriber::filter::Targets>() {
            Ok(_) if !text.is_empty() => Ok(text.to_owned()),
            _ => Err("is no log filter: give error, warn, info, debug, trace or off".to_owned()),
        }
    }

    fn write(value: &String) -> Option<String> {
        Some(quoted(value))
    }
}

/// Yes or no. As a flag it needs no value.
pub(super) struct Switch;

impl Kind for Switch {
    type Value = bool;
    const PLACEHOLDER: &'static str = "";

    fn read(written: &[String]) -> Result<bool, String> {
        match one(written)? {
            "true" | "yes" | "on" | "1" => Ok(true),
            "false" | "no" | "off" | "0" => Ok(false),
            _ => Err("is a switch: give true or false".to_owned()),
        }
    }

    fn write(value: &bool) -> Option<String> {
        Some(value.to_string())
    }
}

/// Sites whose pages may connect. Several in one text are separated by commas.
pub(super) struct Origins;

impl Kind for Origins {
    type Value = Vec<String>;
    const PLACEHOLDER: &'static str = "URL";
    const IS_LIST: bool = true;

    fn read(written: &[String]) -> Result<Vec<String>, String> {
        let origins = written.iter().flat_map(|text| text.split(',')).map(str::trim).filter(|text| !text.is_empty());
        origins
            .map(|text| {
                origin::Allowed::parse(text).map(|allowed| allowed.to_string()).ok_or_else(|| {
                    "is no origin: give scheme, host and port as in https://example.com:8443, or null, or *".to_owned()
                })
            })
            .collect()
    }

    fn write(value: &Vec<String>) -> Option<String> {
        Some(toml::Value::from(value.clone()).to_string())
    }
}

/// Texts that are compared letter by letter. Several in one are separated by commas.
pub(super) struct Texts;

impl Kind for Texts {
    type Value = Vec<String>;
    const PLACEHOLDER: &'static str = "TEXT";
    const IS_LIST: bool = true;

    fn read(written: &[String]) -> Result<Vec<String>, String> {
        let texts = written.iter().flat_map(|text| text.split(',')).map(str::trim).filter(|text| !text.is_empty());
        Ok(texts.map(str::to_owned).collect())
    }

    fn write(value: &Vec<String>) -> Option<String> {
        Origins::write(value)
    }
}

/// A choice among a few words.
pub(super) struct Choice<T>(std::marker::PhantomData<T>);

/// A closed set of words.
pub(super) trait Words: Copy + PartialEq + 'static {
    /// Each with its word.
    const ALL: &'static [(Self, &'static str)];
}

impl<T: Words> Kind for Choice<T> {
    type Value = T;
    const PLACEHOLDER: &'static str = "WHAT";

    fn read(written: &[String]) -> Result<T, String> {
        let text = one(written)?;
        T::ALL.iter().find(|(_, word)| *word == text).map(|(choice, _)| *choice).ok_or_else(|| {
            let words: Vec<&str> = T::ALL.iter().map(|(_, word)| *word).collect();
            format!("is not among the choices: give {}", words.join(" or "))
        })
    }

    fn write(value: &T) -> Option<String> {
        T::ALL.iter().find(|(choice, _)| choice == value).map(|(_, word)| quoted(word))
    }
}

/// What a newcomer sees of a room's past.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Newcomers {
    /// Nothing where rooms live in memory, the recent page where they are stored.
    Auto,
    /// Nothing.
    None,
    /// The recent page.
    Recent,
    /// Everything that is kept, page by page.
    All,
}

impl Words for Newcomers {
    const ALL: &'static [(Self, &'static str)] =
        &[(Self::Auto, "auto"), (Self::None, "none"), (Self::Recent, "recent"), (Self::All, "all")];
}

/// What a store asks of the disk before it says that something is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fsync {
    /// That the system has it: it survives the end of the process, and a power cut all but for the last moments.
    Normal,
    /// That the disk has it: it survives a power cut.
    Full,
}

impl Words for Fsync {
    const ALL: &'static [(Self, &'static str)] = &[(Self::Normal, "normal"), (Self::Full, "full")];
}

/// How tokens are signed; nothing for what the key's kind says.
impl Words for Option<Algorithm> {
    const ALL: &'static [(Self, &'static str)] = &[
        (None, "auto"),
        (Some(Algorithm::Hs256), "HS256"),
        (Some(Algorithm::Rs256), "RS256"),
        (Some(Algorithm::Es256), "ES256"),
        (Some(Algorithm::EdDsa), "EdDSA"),
    ];
}

/// A bound of another kind, or `never` for none.
pub(super) struct OrNever<K>(std::marker::PhantomData<K>);

impl<K: Kind> Kind for OrNever<K> {
    type Value = Option<K::Value>;
    const PLACEHOLDER: &'static str = K::PLACEHOLDER;

    fn read(written: &[String]) -> Result<Option<K::Value>, String> {
        if one(written)? == "never" {
            return Ok(None);
        }
        K::read(written).map(Some).map_err(|words| format!("{words}, or never"))
    }

    fn write(value: &Option<K::Value>) -> Option<String> {
        value.as_ref().map_or_else(|| Some(quoted("never")), K::write)
    }
}

/// A span of time, never zero: `25s`, `300ms`, `1.5m`, `24h`, `2d`; a plain number is seconds.
pub(super) struct Span;

/// Longer spans are mistakes, and far from every overflow.
const LONGEST: Duration = Duration::from_hours(24 * 366);
const UNITS_OF_TIME: [(&str, f64); 5] = [("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3600.0), ("d", 86400.0)];

impl Kind for Span {
    type Value = Duration;
    const PLACEHOLDER: &'static str = "TIME";

    fn read(written: &[String]) -> Result<Duration, String> {
        let text = one(written)?;
        let (number, unit) = split_unit(text);
        let unit = if unit.is_empty() { "s" } else { unit };
        let seconds = UNITS_OF_TIME.iter().find(|(name, _)| *name == unit).map(|(_, seconds)| seconds);
        let span = number.parse::<f64>().ok().zip(seconds).map(|(number, seconds)| number * seconds);
        // Whole microseconds: so that what is printed reads back as the same span.
        let span = span.and_then(|seconds| Duration::try_from_secs_f64((seconds * 1e6).round() / 1e6).ok());
        match span {
            Some(span) if !span.is_zero() && span <= LONGEST => Ok(span),
            Some(_) => Err("is out of range: give more than 0 and at most 366d".to_owned()),
            None => Err("is no time: give for example 25s, 300ms, 10m or 24h".to_owned()),
        }
    }

    fn write(value: &Duration) -> Option<String> {
        let text = match value.as_micros() {
            n if n % 1000 != 0 => format!("{}ms", value.as_secs_f64() * 1000.0),
            n if n % 1_000_000 != 0 => format!("{}ms", n / 1000),
            n if n % 60_000_000 != 0 || n == 60_000_000 => format!("{}s", n / 1_000_000),
            n if n % 3_600_000_000 != 0 || n == 3_600_000_000 => format!("{}m", n / 60_000_000),
            n => format!("{}h", n / 3_600_000_000),
        };
        Some(quoted(&text))
    }
}

/// Bytes, never zero: `16 KiB`, `1MiB`; a plain number is bytes.
pub(super) struct Size;

const UNITS_OF_SIZE: [(&str, usize); 4] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];

impl Kind for Size {
    type Value = usize;
    const PLACEHOLDER: &'static str = "SIZE";

    fn read(written: &[String]) -> Result<usize, String> {
        let (number, unit) = split_unit(one(written)?);
        let unit = if unit.is_empty() { "B" } else { unit };
        let factor = UNITS_OF_SIZE.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit)).map(|(_, factor)| *factor);
        let size = number.parse::<usize>().ok().zip(factor).and_then(|(number, factor)| number.checked_mul(factor));
        size.filter(|size| *size > 0).ok_or_else(|| "is no size: give for example 65536, 16 KiB or 1 MiB".to_owned())
    }

    fn write(value: &usize) -> Option<String> {
        let (unit, factor) =
            UNITS_OF_SIZE.iter().find(|(_, factor)| value.is_multiple_of(*factor)).expect("a byte divides everything");
        Some(if *factor == 1 { value.to_string() } else { quoted(&format!("{} {unit}", value / factor)) })
    }
}

/// How many, at least one.
pub(super) struct Count;

impl Kind for Count {
    type Value = usize;
    const PLACEHOLDER: &'static str = "N";

    fn read(written: &[String]) -> Result<usize, String> {
        whole(one(written)?)
    }

    fn write(value: &usize) -> Option<String> {
        Some(value.to_string())
    }
}

/// How often, at least once.
pub(super) struct Times;

impl Kind for Times {
    type Value = u32;
    const PLACEHOLDER: &'static str = "N";

    fn read(written: &[String]) -> Result<u32, String> {
        whole(one(written)?)
    }

    fn write(value: &u32) -> Option<String> {
        Some(value.to_string())
    }
}

/// A whole number from 1 to 2^31-1: enough for anything that is counted here, and the largest number stays free for "no limit".
fn whole<T: TryFrom<u32>>(text: &str) -> Result<T, String> {
    let number = text.replace('_', "").parse::<u32>().ok().filter(|n| (1..=i32::MAX.unsigned_abs()).contains(n));
    number
        .and_then(|n| T::try_from(n).ok())
        .ok_or_else(|| "is no such number: give a whole number from 1 on".to_owned())
}

/// `16 KiB` is `16` and `KiB`.
fn split_unit(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    (text[..end].trim_end(), &text[end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<K: Kind>(text: &str) -> Result<K::Value, String> {
        K::read(&[text.to_owned()])
    }

    #[test]
    fn a_time_takes_units_and_fractions_and_a_plain_number_is_seconds() {
        let cases = [
            ("25s", 25_000),
            ("300ms", 300),
            ("0.3", 300),
            ("25", 25_000),
            ("1.5m", 90_000),
            ("24h", 86_400_000),
            ("2 d", 172_800_000),
        ];
        for (text, ms) in cases {
            assert_eq!(read::<Span>(text), Ok(Duration::from_millis(ms)), "{text}");
        }
        for text in ["", "s", "0", "-1s", "1e99", "NaN", "inf", "5 weeks", "367d", "1s2", "0.0000001s"] {
            assert!(read::<Span>(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn what_is_written_of_a_time_or_size_reads_back() {
        for span in [1, 500, 25_000, 60_000, 90_000, 3_600_000, 5_400_000, 86_400_000].map(Duration::from_millis) {
            let written = Span::write(&span).expect("text");
            assert_eq!(read::<Span>(written.trim_matches('"')), Ok(span), "{written}");
        }
        let odd = Duration::from_micros(1_234_567);
        assert_eq!(read::<Span>(Span::write(&odd).expect("text").trim_matches('"')), Ok(odd));
        for size in [1, 1000, 1024, 65_536, 1 << 20, (1 << 30) + 1] {
            let written = Size::write(&size).expect("text");
            assert_eq!(read::<Size>(written.trim_matches('"')), Ok(size), "{written}");
        }
    }

    #[test]
    fn a_size_takes_units() {
        assert_eq!(read::<Size>("16 KiB"), Ok(16_384));
        assert_eq!(read::<Size>("1mib"), Ok(1 << 20));
        for text in ["0", "-1", "1.5 KiB", "16 KB", "99999999999 GiB", ""] {
            assert!(read::<Size>(text).is_err(), "{text:?}");
        }
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

    #[test]
    fn a_count_is_at_least_one() {
        assert_eq!(read::<Count>("10_000"), Ok(10_000));
        for text in ["0", "-1", "1.5", "many", "4294967295", ""] {
            assert!(read::<Count>(text).is_err(), "{text:?}");
            assert!(read::<Times>(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn origins_may_be_many_in_one_text_and_are_normalised() {
        let read = Origins::read(&["https://Example.com:443, http://a.test:3000".to_owned(), "null".to_owned()]);
        assert_eq!(
            read,
            Ok(vec!["https://example.com".to_owned(), "http://a.test:3000".to_owned(), "null".to_owned()])
        );
        for text in ["example.com", "https://example.com/chat", "https://", "https://*.example.com"] {
            assert!(Origins::read(&[text.to_owned()]).is_err(), "{text}");
        }
    }
}

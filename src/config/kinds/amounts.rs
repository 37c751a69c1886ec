//! How long, how large and how many: numbers, with their units and their bounds. Knows not of what.

use std::time::Duration;

use super::{Kind, one, quoted};

/// A span of time, never zero: `25s`, `300ms`, `1.5m`, `24h`, `2d`; a plain number is seconds.
pub(in crate::config) struct Span;

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
pub(in crate::config) struct Size;

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
pub(in crate::config) struct Count;

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
pub(in crate::config) struct Times;

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
    fn a_count_is_at_least_one() {
        assert_eq!(read::<Count>("10_000"), Ok(10_000));
        for text in ["0", "-1", "1.5", "many", "4294967295", ""] {
            assert!(read::<Count>(text).is_err(), "{text:?}");
            assert!(read::<Times>(text).is_err(), "{text:?}");
        }
    }
}

//! What stays text: a filter in a form of its own, and lists. Whom or what the texts name is not known here.

use super::{Kind, one, quoted};
use crate::transport::origin;

/// Which parts of the program log what; the form is that of `tracing`'s targets.
pub(in crate::config) struct LogFilter;

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

/// Sites whose pages may connect. Several in one text are separated by commas.
pub(in crate::config) struct Origins;

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
pub(in crate::config) struct Texts;

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

#[cfg(test)]
mod tests {
    use super::*;

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

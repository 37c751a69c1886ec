//! What is looked for in the JSON of pages: single fields of an object, and placeholders anywhere. Nothing else of it is kept,
//! and what lies in a text stays a text. Knows no event.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A value, as far as anybody looks at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scalar {
    /// A string.
    Text(String),
    /// A whole number.
    Whole(u64),
    /// Any other number, as it is written.
    Number(String),
    /// Something else.
    Other,
}

impl Scalar {
    /// A string, or a number as people write it: codes are numbers to many.
    pub fn text(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Text(text) | Self::Number(text) => Some(text.into()),
            Self::Whole(number) => Some(number.to_string().into()),
            Self::Other => None,
        }
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

struct ScalarVisitor;

impl<'de> Visitor<'de> for ScalarVisitor {
    type Value = Scalar;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Scalar, E> {
        Ok(Scalar::Other)
    }

    fn visit_unit<E>(self) -> Result<Scalar, E> {
        Ok(Scalar::Other)
    }

    fn visit_u64<E>(self, number: u64) -> Result<Scalar, E> {
        Ok(Scalar::Whole(number))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Scalar, E> {
        Ok(Scalar::Number(number.to_string()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Scalar, E> {
        Ok(Scalar::Number(number.to_string()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Scalar, E> {
        Ok(Scalar::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Scalar, A::Error> {
        while values.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Scalar::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Scalar, A::Error> {
        while fields.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Scalar::Other)
    }
}

/// The wanted fields of an object. Of two with the same name the last one counts, as in a browser.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields(Vec<(&'static str, Scalar)>);

impl Fields {
    /// Reads the fields of these names; of what is no object, none.
    ///
    /// # Errors
    /// If it is no JSON, or holds half a surrogate pair where that matters: in a name, or in a wanted text.
    pub fn read(json: &str, wanted: &'static [&'static str]) -> Result<Self, serde_json::Error> {
        if !json.starts_with('{') {
            return Ok(Self::default());
        }
        let mut deserializer = serde_json::Deserializer::from_str(json);
        let fields = deserializer.deserialize_map(FieldsVisitor(wanted))?;
        deserializer.end()?;
        Ok(fields)
    }

    /// The value of a field.
    pub fn get(&self, name: &str) -> Option<&Scalar> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// The first of these fields that is a text, or a number.
    pub fn text(&self, names: &[&str]) -> Option<Cow<'_, str>> {
        names.iter().find_map(|name| self.get(name)?.text())
    }
}

struct FieldsVisitor(&'static [&'static str]);

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Fields, A::Error> {
        let mut found = Fields::default();
        while let Some(name) = fields.next_key::<Text>()? {
            let Some(wanted) = self.0.iter().find(|wanted| **wanted == name.0) else {
                fields.next_value::<IgnoredAny>()?;
                continue;
            };
            let value = fields.next_value()?;
            match found.0.iter_mut().find(|(known, _)| known == wanted) {
                Some((_, before)) => *before = value,
                None => found.0.push((wanted, value)),
            }
        }
        Ok(found)
    }
}

/// A string, without a copy where it stands as it is.
struct Text<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;

        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(text.into()))
            }

            fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(text.to_owned().into()))
            }
        }

        deserializer.deserialize_str(TextVisitor)
    }
}

/// Whether every placeholder in JSON, `{"_placeholder":true,"num":0}`, stands for one of so many attachments. As the libraries
/// look at it: any number from 0 up to the last attachment, and whole, or nothing is there.
///
/// # Errors
/// If it is no JSON that all libraries can read.
pub fn are_placeholders_good(json: &str, attachments: usize) -> Result<bool, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let seen = Placeholders { attachments: attachments as u64 }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(seen != Seen::Bad)
}

/// Looks for placeholders. Not deeper than `serde_json` goes, and a packet is not that deep.
#[derive(Clone, Copy)]
struct Placeholders {
    attachments: u64,
}

/// What was found.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    True,
    Whole(u64),
    Other,
    /// A placeholder for nothing, in there somewhere.
    Bad,
}

impl<'de> DeserializeSeed<'de> for Placeholders {
    type Value = Seen;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Seen, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Placeholders {
    type Value = Seen;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Seen, E> {
        Ok(if value { Seen::True } else { Seen::Other })
    }

    fn visit_unit<E>(self) -> Result<Seen, E> {
        Ok(Seen::Other)
    }

    fn visit_u64<E>(self, number: u64) -> Result<Seen, E> {
        Ok(Seen::Whole(number))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Seen, E> {
        Ok(Seen::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Seen, E> {
        Ok(Seen::Other)
    }

    fn visit_str<E>(self, _: &str) -> Result<Seen, E> {
        Ok(Seen::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Seen, A::Error> {
        let mut is_bad = false;
        while let Some(seen) = values.next_element_seed(self)? {
            is_bad |= seen == Seen::Bad;
        }
        Ok(if is_bad { Seen::Bad } else { Seen::Other })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Seen, A::Error> {
        let (mut is_placeholder, mut num, mut is_bad) = (false, Seen::Other, false);
        while let Some(name) = fields.next_key::<Text>()? {
            let seen = fields.next_value_seed(self)?;
            is_bad |= seen == Seen::Bad;
            match &*name.0 {
                "_placeholder" => is_placeholder = seen == Seen::True,
                "num" => num = seen,
                _ => {}
            }
        }
        let is_there = matches!(num, Seen::Whole(num) if num < self.attachments);
        Ok(if is_bad || is_placeholder && !is_there { Seen::Bad } else { Seen::Other })
    }
}

//! JSON objects in which every name stands once (RFC 7515 section 4, RFC 7519 section 4): of two values for one name, two
//! readers may believe different ones. What is not known is read, for its form, and thrown away.

use std::collections::BTreeSet;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error, MapAccess, Visitor};

/// An object that is read name by name.
pub(super) trait Strict: Default {
    /// What it is, for messages.
    const WHAT: &'static str;

    /// Takes the value of a name; false, with the value untouched, if the name means nothing or the value does not matter.
    fn take<'de, M: MapAccess<'de>>(&mut self, name: &str, map: &mut M) -> Result<bool, M::Error>;
}

/// Reads such an object.
pub(super) struct Once<T>(PhantomData<T>);

impl<T> Once<T> {
    pub(super) fn new() -> Self {
        Self(PhantomData)
    }
}

impl<'de, T: Strict> Visitor<'de> for Once<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::WHAT)
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<T, M::Error> {
        let (mut value, mut seen) = (T::default(), BTreeSet::new());
        while let Some(name) = map.next_key::<String>()? {
            if seen.contains(&name) {
                return Err(M::Error::custom("a name stands twice"));
            }
            if !value.take(&name, &mut map)? {
                // As a tree, whose depth serde_json bounds; its size is bounded by the token's.
                map.next_value::<serde_json::Value>()?;
            }
            seen.insert(name);
        }
        Ok(value)
    }
}

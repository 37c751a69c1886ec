//! The kinds of values that a setting can have: how each is read from text and written as TOML. What all kinds have in common
//! is here, the kinds themselves below it.
//! Knows no setting by name.

mod amounts;
mod choices;
mod places;
mod texts;

pub(super) use amounts::{Count, Size, Span, Times};
pub(super) use choices::{Choice, Switch};
pub use choices::{Fsync, Newcomers};
pub(super) use places::{Address, File, Folder, RecoveredNamespace, Room, StoreUrl};
pub(super) use texts::{LogFilter, Origins, Texts};

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

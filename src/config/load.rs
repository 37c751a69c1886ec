//! Merges what was given: flag over environment over file over default. Remembers where each value came from.
//! Reads neither the environment nor a file itself.

use std::path::{Path, PathBuf};

use super::{SETTINGS, Setting, Settings};

/// Where a value came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Nobody said anything.
    Default,
    /// The file of `--config`.
    File,
    /// An environment variable.
    Environment,
    /// A flag of the command line.
    Flag,
}

/// Settings as they are in force, and where each came from.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// The settings in force.
    pub settings: Settings,
    /// For each row of [`SETTINGS`], in its order.
    pub sources: Vec<Source>,
    /// `CHARSU_…` variables that are no settings.
    pub strangers: Vec<String>,
}

/// A settings file, as it was read.
#[derive(Debug, Clone)]
pub struct File {
    /// Where it was read from, for messages.
    pub path: PathBuf,
    /// What it says.
    pub text: String,
}

/// Flags as they were given: the setting's name and each text.
pub type Flags = Vec<(&'static str, Vec<String>)>;

/// Why settings cannot be used. Says which setting, where it came from and what to do, in one line.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SettingsError {
    /// A value cannot be read.
    #[error("{place}: \"{written}\" {advice}")]
    Unreadable {
        /// Where it stands.
        place: String,
        /// What stands there.
        written: String,
        /// What is wrong and what would be right.
        advice: String,
    },
    /// A value does not fit another one.
    #[error("the setting {name} {advice}")]
    Unfit {
        /// Which.
        name: &'static str,
        /// What is wrong and what would be right.
        advice: String,
    },
    /// The file is not TOML.
    #[error("{}: {reason}", path.display())]
    NotToml {
        /// The file.
        path: PathBuf,
        /// The parser's words, in one line.
        reason: String,
    },
    /// The file has a key that is no setting.
    #[error("{}: there is no setting \"{key}\"{}", path.display(), near.map(|name| format!("; did you mean {name}?")).unwrap_or_default())]
    Stranger {
        /// The file.
        path: PathBuf,
        /// The key.
        key: String,
        /// The setting that may have been meant.
        near: Option<&'static str>,
    },
}

/// The prefix of every environment variable of ours.
pub const PREFIX: &str = "CHARSU_";
/// Variables that are ours and no settings: the file's path, and those of the build.
const OTHER_VARIABLES: [&str; 4] = ["CHARSU_CONFIG", "CHARSU_PAGE_DIST", "CHARSU_PAGE_OUT", "CHARSU_TOKEN"];

impl Settings {
    /// Merges flags over the environment over the file over the defaults, and checks the result.
    ///
    /// # Errors
    /// The first value that cannot be used.
    pub fn load(flags: &Flags, environment: &[(String, String)], file: Option<&File>) -> Result<Loaded, SettingsError> {
        let mut settings = Self::default();
        let table = file.map_or_else(|| Ok(toml::Table::new()), parse)?;
        let mut sources = Vec::with_capacity(SETTINGS.len());
        for setting in SETTINGS {
            let variable = setting.variable();
            let flag = flags.iter().find(|(name, _)| *name == setting.name);
            let from_environment = environment.iter().find(|(name, _)| *name == variable);
            let (source, place, written) = if let Some((_, written)) = flag {
                (Source::Flag, format!("--{}", setting.flag()), written.clone())
            } else if let Some((_, written)) = from_environment {
                (Source::Environment, variable, vec![written.clone()])
            } else if let Some((value, file)) = table.get(setting.name).zip(file) {
                let place = format!("{}: {}", file.path.display(), setting.name);
                let written = texts(value).ok_or_else(|| {
                    unreadable(&place, &[value.to_string()], "is not what this setting takes".to_owned())
                })?;
                (Source::File, place, written)
            } else {
                sources.push(Source::Default);
                continue;
            };
            settings.read(setting.name, &written).map_err(|advice| unreadable(&place, &written, advice))?;
            sources.push(source);
        }
        settings.check()?;
        if settings.no_limits {
            settings.lift();
        }
        let is_strange = |name: &&String| {
            name.starts_with(PREFIX)
                && !OTHER_VARIABLES.contains(&name.as_str())
                && SETTINGS.iter().all(|setting| setting.variable() != **name)
        };
        let strangers = environment.iter().map(|(name, _)| name).filter(is_strange).cloned().collect();
        Ok(Loaded { settings, sources, strangers })
    }
}

impl Loaded {
    /// Where a setting's value came from; nothing if there is no such setting.
    pub fn source_of(&self, name: &str) -> Option<Source> {
        let row = SETTINGS.iter().position(|setting| setting.name == name)?;
        self.sources.get(row).copied()
    }
}

fn parse(file: &File) -> Result<toml::Table, SettingsError> {
    let table: toml::Table = file.text.parse().map_err(|error: toml::de::Error| {
        let line =
            error.span().map_or(1, |span| file.text[..span.start.min(file.text.len())].matches('\n').count() + 1);
        SettingsError::NotToml {
            path: file.path.clone(),
            reason: format!("line {line}: {}", error.message().replace('\n', " ")),
        }
    })?;
    match table.keys().find(|key| SETTINGS.iter().all(|setting| setting.name != key.as_str())) {
        Some(key) => Err(SettingsError::Stranger { path: file.path.clone(), key: key.clone(), near: near(key) }),
        None => Ok(table),
    }
}

/// The setting that somebody meant who wrote a dash, a capital or half of the name.
fn near(key: &str) -> Option<&'static str> {
    let key = key.to_lowercase().replace('-', "_");
    let is_near = |setting: &&Setting| {
        setting.name == key || (key.len() > 3 && (setting.name.contains(&key) || key.contains(setting.name)))
    };
    SETTINGS.iter().find(is_near).map(|setting| setting.name)
}

/// A TOML value as the texts that a flag would have given.
fn texts(value: &toml::Value) -> Option<Vec<String>> {
    match value {
        toml::Value::String(text) => Some(vec![text.clone()]),
        toml::Value::Integer(_) | toml::Value::Float(_) | toml::Value::Boolean(_) => Some(vec![value.to_string()]),
        toml::Value::Array(values) => values.iter().map(|value| value.as_str().map(str::to_owned)).collect(),
        toml::Value::Datetime(_) | toml::Value::Table(_) => None,
    }
}

fn unreadable(place: &str, written: &[String], advice: String) -> SettingsError {
    SettingsError::Unreadable { place: place.to_owned(), written: written.join(", "), advice }
}

impl Source {
    /// Words for a comment in `--print-config`.
    pub fn of(self, setting: &Setting, file: Option<&Path>) -> String {
        match self {
            Self::Default => "default".to_owned(),
            Self::File => format!("from {}", file.unwrap_or(Path::new("the file")).display()),
            Self::Environment => format!("from {}", setting.variable()),
            Self::Flag => format!("from --{}", setting.flag()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn file(text: &str) -> File {
        File { path: PathBuf::from("charsu.toml"), text: text.to_owned() }
    }

    fn variable(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    fn flag(name: &'static str, value: &str) -> (&'static str, Vec<String>) {
        (name, vec![value.to_owned()])
    }

    #[test]
    fn a_flag_goes_over_the_environment_over_the_file_over_the_default() {
        let file = file("rooms = 1\nname_chars = 1\ntext_chars = 1");
        let environment = [variable("CHARSU_ROOMS", "2"), variable("CHARSU_NAME_CHARS", "2")];
        let loaded = Settings::load(&vec![flag("rooms", "3")], &environment, Some(&file)).expect("settings");
        let settings = &loaded.settings;
        assert_eq!([settings.rooms, settings.name_chars, settings.text_chars, settings.max_fragments], [3, 2, 1, 1024]);
        let sources = ["rooms", "name_chars", "text_chars", "max_fragments"]
            .map(|name| loaded.source_of(name).expect("a setting"));
        assert_eq!(sources, [Source::Flag, Source::Environment, Source::File, Source::Default]);
    }

    #[test]
    fn the_file_takes_numbers_texts_switches_and_lists() {
        let file = file(
            "grace = 1.5\nroom_idle = \"20m\"\nnamed_rooms = false\nallow_origin = [\"https://a.test\", \"https://b.test\"]\ntext_bytes = \"2 KiB\"",
        );
        let settings = Settings::load(&Vec::new(), &[], Some(&file)).expect("settings").settings;
        assert_eq!(settings.grace, Duration::from_millis(1500));
        assert_eq!(settings.room_idle, Duration::from_mins(20));
        assert!(!settings.named_rooms);
        assert_eq!(settings.allow_origin, ["https://a.test", "https://b.test"]);
        assert_eq!(settings.text_bytes, 2048);
    }

    #[test]
    fn an_error_names_the_place_the_value_and_the_remedy_in_one_line() {
        let error = |flags: Flags, environment: &[_], text: Option<&str>| {
            let file = text.map(file);
            let error = Settings::load(&flags, environment, file.as_ref()).expect_err("an error").to_string();
            assert!(!error.contains('\n'), "{error}");
            error
        };
        let whole = "is no such number: give a whole number from 1 on";
        assert_eq!(error(vec![flag("rooms", "many")], &[], None), format!("--rooms: \"many\" {whole}"));
        assert_eq!(error(vec![], &[variable("CHARSU_ROOMS", "0")], None), format!("CHARSU_ROOMS: \"0\" {whole}"));
        assert_eq!(error(vec![], &[], Some("rooms = -1")), format!("charsu.toml: rooms: \"-1\" {whole}"));
        assert_eq!(
            error(vec![], &[], Some("text-chars = 1")),
            "charsu.toml: there is no setting \"text-chars\"; did you mean text_chars?"
        );
        assert_eq!(error(vec![], &[], Some("colour = 1")), "charsu.toml: there is no setting \"colour\"");
        assert!(error(vec![], &[], Some("rooms = 1\nrooms 2")).starts_with("charsu.toml: line 2: "));
        assert!(error(vec![], &[], Some("[rooms]\nmany = 1")).contains("is not what this setting takes"));
    }

    #[test]
    fn no_limits_lifts_rates_and_counts_but_no_size_and_only_on_loopback() {
        let lifted =
            Settings::load(&vec![flag("no_limits", "true"), flag("rooms", "5")], &[], None).expect("settings").settings;
        let usual = Settings::default();
        assert_eq!(
            (lifted.rooms, lifted.members_per_room, lifted.messages_per_second),
            (usize::MAX, usize::MAX, u32::MAX)
        );
        assert_eq!(
            (lifted.text_bytes, lifted.frame_bytes, lifted.outbox_bytes),
            (usual.text_bytes, usual.frame_bytes, usual.outbox_bytes)
        );
        let refused = Settings::load(&vec![flag("no_limits", "true"), flag("listen", "0.0.0.0:80")], &[], None)
            .expect_err("refused");
        assert!(
            refused.to_string().starts_with("the setting no_limits is for load tests on this machine"),
            "{refused}"
        );
    }

    #[test]
    fn settings_that_do_not_fit_each_other_are_refused() {
        for (name, value) in [
            ("text_bytes", "65 KiB"),
            ("frame_bytes", "17 MiB"),
            ("outbox_bytes", "1"),
            ("tail_total_bytes", "1 KiB"),
            ("pages", "/no/such/folder"),
        ] {
            let refused = Settings::load(&vec![flag(name, value)], &[], None).expect_err("refused").to_string();
            assert!(refused.starts_with(&format!("the setting {name} ")), "{refused}");
        }
    }

    #[test]
    fn a_variable_of_ours_that_is_no_setting_is_noticed() {
        let environment = [variable("CHARSU_ROOM", "1"), variable("CHARSU_CONFIG", "x"), variable("PATH", "y")];
        assert_eq!(Settings::load(&Vec::new(), &environment, None).expect("settings").strangers, ["CHARSU_ROOM"]);
    }
}

//! Settings in words: the file that `--print-config` prints, and the table in the docs. Prints nothing itself.

use std::fmt::Write;
use std::path::Path;

use super::load::Loaded;
use super::{SETTINGS, Settings};

/// The settings in force as a file for `--config`, with a word on where each came from.
pub fn file(loaded: &Loaded, path: Option<&Path>) -> String {
    let mut text =
        format!("# The settings in force, charsu {}. This is a file for --config.\n", env!("CARGO_PKG_VERSION"));
    let mut group = "";
    for (setting, source) in SETTINGS.iter().zip(&loaded.sources) {
        if setting.group != group {
            group = setting.group;
            let _ = write!(text, "\n# --- {group} ---\n");
        }
        let source = source.of(setting, path);
        let line = match loaded.settings.written(setting.name) {
            Some(_) if loaded.settings.no_limits && setting.lifted => {
                format!("# {} is lifted by no_limits", setting.name)
            }
            Some(value) => format!("{} = {value}  # {source}", setting.name),
            None => format!("# {} = …  # {source}", setting.name),
        };
        let _ = writeln!(text, "\n# {}\n{line}", setting.help);
    }
    text
}

/// The default as it is shown to people: as TOML, without quotes; empty if there is none.
pub fn default(name: &str) -> String {
    Settings::default()
        .written(name)
        .filter(|text| text != "[]")
        .map(|text| text.trim_matches('"').to_owned())
        .unwrap_or_default()
}

/// All settings as a Markdown table for each group, for the docs.
pub fn markdown() -> String {
    let mut text = String::new();
    let mut group = "";
    for setting in SETTINGS {
        if setting.group != group {
            group = setting.group;
            let _ = write!(text, "\n### {group}\n\n| setting | default | what |\n|---|---|---|\n");
        }
        let default = default(setting.name);
        let default = if default.is_empty() { "none".to_owned() } else { format!("`{default}`") };
        let lifted = if setting.lifted { " *" } else { "" };
        let _ = writeln!(text, "| `{}`{lifted} | {default} | {} |", setting.name, setting.help.replace('|', "\\|"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::load::{File, Flags};
    use super::*;

    fn load(flags: &Flags, file: Option<&File>) -> Loaded {
        Settings::load(flags, &[], file).expect("settings")
    }

    fn round_trip(flags: &Flags) {
        let first = load(flags, None);
        let printed = File { path: "printed.toml".into(), text: file(&first, None) };
        let second = load(&Vec::new(), Some(&printed));
        assert_eq!(first.settings, second.settings, "{}", printed.text);
    }

    #[test]
    fn what_is_printed_loads_to_the_same_settings() {
        round_trip(&Vec::new());
        let one = |text: &str| vec![text.to_owned()];
        round_trip(&vec![
            ("listen", one("[::1]:0")),
            ("grace", one("0.25")),
            ("text_bytes", one("1000")),
            ("allow_origin", vec!["https://a.test".to_owned(), "null".to_owned()]),
            ("pages", one(env!("CARGO_MANIFEST_DIR"))),
            ("newcomers", one("recent")),
            ("log", one("warn,charsu=debug")),
        ]);
        round_trip(&vec![("no_limits", one("true"))]);
    }

    #[test]
    fn what_is_printed_says_where_each_value_came_from() {
        let given = File { path: "charsu.toml".into(), text: "rooms = 5".to_owned() };
        let text = file(&load(&vec![("grace", vec!["3".to_owned()])], Some(&given)), Some(&given.path));
        for line in ["rooms = 5  # from charsu.toml", "grace = \"3s\"  # from --grace", "name_chars = 32  # default"] {
            assert!(text.lines().any(|l| l == line), "{line} is missing in\n{text}");
        }
    }

    #[test]
    fn the_docs_list_every_setting_as_it_is() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/settings.md");
        let docs = std::fs::read_to_string(path).expect("the docs");
        let (before, rest) = docs.split_once("-->\n").expect("the beginning of the table");
        let (_, after) = rest.split_once("<!-- settings: end").expect("the end of the table");
        let right = format!("{before}-->\n{}\n<!-- settings: end{after}", markdown());
        if std::env::var_os("CHARSU_WRITE_DOCS").is_some() {
            std::fs::write(path, right).expect("written");
        } else {
            assert!(docs == right, "docs/settings.md is stale: run this test with CHARSU_WRITE_DOCS=1");
        }
    }
}

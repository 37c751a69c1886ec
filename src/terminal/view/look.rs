//! Colours and weights, by what they mean. The sixteen colours of the terminal's own palette, so that they fit whatever
//! somebody has chosen; without colours, weights alone.

use ratatui_core::style::{Color, Modifier, Style};

use crate::terminal::app::App;

/// People are told apart by these. None is that of warnings.
const PEOPLE: [Color; 6] =
    [Color::Cyan, Color::Green, Color::Blue, Color::LightMagenta, Color::LightCyan, Color::LightGreen];

/// How things look.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    has_colour: bool,
}

impl Look {
    /// What is said.
    pub(super) const PLAIN: Style = Style::new();
    /// What is beside the point.
    pub(super) const DIM: Style = Style::new().add_modifier(Modifier::DIM);
    pub(super) const BOLD: Style = Style::new().add_modifier(Modifier::BOLD);

    pub(super) fn of(app: &App) -> Self {
        Self { has_colour: app.has_colour }
    }

    fn coloured(self, colour: Color) -> Style {
        if self.has_colour { Style::new().fg(colour) } else { Style::new() }
    }

    /// Ours.
    pub(super) fn accent(self) -> Style {
        self.coloured(Color::Cyan).add_modifier(Modifier::BOLD)
    }

    /// Somebody's name.
    pub(super) fn name(self, name: &str) -> Style {
        let hash = name.bytes().fold(5381_usize, |hash, byte| hash.wrapping_mul(33) ^ usize::from(byte));
        self.coloured(PEOPLE[hash % PEOPLE.len()]).add_modifier(Modifier::BOLD)
    }

    /// For two only.
    pub(super) fn private(self) -> Style {
        self.coloured(Color::Magenta).add_modifier(Modifier::ITALIC)
    }

    /// New, or not sure.
    pub(super) fn notable(self) -> Style {
        self.coloured(Color::Yellow)
    }

    /// Went wrong.
    pub(super) fn wrong(self) -> Style {
        self.coloured(Color::Red).add_modifier(Modifier::BOLD)
    }
}

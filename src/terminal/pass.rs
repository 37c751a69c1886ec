//! By what one is let in, and what is to be done when that is not enough. Knows no token itself.

/// By what one is let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pass {
    /// Nothing.
    None,
    /// A token that stays the same.
    Given,
    /// A token in a file, in which there may be another one later.
    Renewed,
}

impl Pass {
    /// What somebody can do who was not let in, to be put behind the reason.
    pub(super) fn remedy(self) -> &'static str {
        match self {
            Self::None => " Name the file of your token with --token-file.",
            Self::Given | Self::Renewed => "",
        }
    }
}

//! What stands for trust in a program that was built without TLS.

use std::path::Path;

use super::Untrusting;

/// Whose word is taken for who a server is: nobody's.
#[derive(Debug, Clone, Default)]
pub struct Trust(());

impl Trust {
    /// Nobody.
    pub fn system() -> Self {
        Self(())
    }

    /// Nobody.
    ///
    /// # Errors
    /// Always.
    pub fn only(_file: &Path) -> Result<Self, Untrusting> {
        Err(Untrusting::NotBuilt)
    }

    /// Nobody.
    ///
    /// # Errors
    /// Always.
    pub fn each_anew(self) -> Result<Self, Untrusting> {
        Err(Untrusting::NotBuilt)
    }
}

//! What an extension was given. Nothing is given that is not listed here.

use std::path::PathBuf;

/// The rights of one extension.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Grants {
    /// Directories that a component may open.
    pub directories: Vec<DirectoryGrant>,
}

impl Grants {
    /// No rights at all.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }
}

/// A directory that a component may open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryGrant {
    /// The directory on the host.
    pub host: PathBuf,
    /// The path under which the component sees it, for instance `/data`.
    pub guest: String,
    /// Whether it may change anything there.
    pub write: bool,
}

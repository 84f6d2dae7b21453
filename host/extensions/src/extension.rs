//! An extension that was found: where it lies, how it runs, what its manifest says.

use std::path::PathBuf;

use serde::Serialize;
use wharf_protocol::id::ExtensionId;

use crate::manifest::Manifest;

/// An extension that was found and may be started.
#[derive(Debug, Clone)]
pub struct Extension {
    /// Its one identity.
    pub id: ExtensionId,
    /// What its manifest says; for a bare file, what follows from its name.
    pub manifest: Manifest,
    /// How it runs.
    pub program: Program,
    /// The directory it lives in, absolute.
    pub directory: PathBuf,
    /// Where it was found.
    pub origin: Origin,
}

/// How an extension runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Program {
    /// A child process that speaks JSON lines.
    Subprocess {
        /// Absolute, or a bare word that is looked up on `PATH`.
        exec: PathBuf,
        /// Its arguments.
        args: Vec<String>,
    },
    /// A WebAssembly component.
    Component {
        /// The `.wasm` file, absolute.
        file: PathBuf,
    },
}

impl Program {
    /// The word for the kind in lists.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Subprocess { .. } => "subprocess",
            Self::Component { .. } => "component",
        }
    }
}

/// Where an extension was found, in order of precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// Named with `--ext`.
    Explicit,
    /// In the user's directory.
    User,
    /// In the project's directory; started only when the project is trusted.
    Project,
}

impl Origin {
    /// The word in lists.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Explicit => "explicit",
            Self::User => "user",
            Self::Project => "project",
        }
    }
}

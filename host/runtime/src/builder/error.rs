//! Why an agent could not be built.

use std::path::PathBuf;

use thiserror::Error;
use wharf_extensions::install::InstallError;
use wharf_extensions::quarantine::QuarantineError;

use crate::config::ConfigError;
use crate::places::PlacesError;

/// Why an agent could not be built.
#[derive(Debug, Error)]
pub enum BuildError {
    /// No home directory.
    #[error(transparent)]
    Places(#[from] PlacesError),
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The script cannot be used.
    #[error("{0}")]
    Script(#[source] wharf_providers::ScriptError),
    /// The working directory cannot be used.
    #[error("the working directory {}: {source}", path.display())]
    Cwd {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The extension directories could not be looked through.
    #[error("looking for extensions: {0}; run with --no-ext to go on without")]
    Discovery(String),
    /// The list of extensions in quarantine.
    #[error(transparent)]
    Quarantine(#[from] QuarantineError),
    /// An extension cannot be switched on or off.
    #[error(transparent)]
    Install(#[from] InstallError),
    /// A built-in tool cannot be made, or is not known.
    #[error("tools: {0}")]
    Tools(String),
}

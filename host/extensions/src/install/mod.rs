//! Installing and removing extensions in the user's directory. Nothing of what is installed is run.
//!
//! What comes is gathered in a directory of its own beside the others, under a name that nobody looks at, and gets its
//! name when all is well with it: it is there whole, or not at all.
//!
//! | module | what |
//! |---|---|
//! | [`source`] | where it comes from |
//! | `git` | what lies in a repository at a revision, taken out without a working tree |
//! | `gather` | bringing its files together, and reading what they are |
//! | `copy` | copying a folder that somebody may be changing meanwhile |
//! | `tree` | the files of a folder that was gathered: walking, writing, and their digest |
//! | `stage` | the directory in which it is gathered, and who may change what lies beside it |
//! | [`staged`] | what was gathered, and giving it its place, also that of another one |
//! | [`lock`] | `wharf.lock`: what was installed from where |
//! | [`remove`] | taking one away |
//! | `switch` | switching one on and off in its manifest |

mod copy;
mod gather;
mod git;
pub mod lock;
pub mod remove;
pub mod source;
mod stage;
pub mod staged;
mod switch;
mod tree;

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;
use wharf_protocol::id::ExtensionId;

pub use lock::{Lock, LockError, Locked};
pub use remove::Removed;
pub use source::Source;
pub use staged::{Staged, Taken, aside};

/// Where extensions are installed. Naming it creates nothing.
#[derive(Debug, Clone)]
pub struct Shelf {
    /// Wharf's own directory of the user's extensions.
    pub directory: PathBuf,
    /// The user's other directories: a name in them is taken as well.
    pub others: Vec<PathBuf>,
    /// What was installed from where.
    pub lock: Lock,
    /// Environment variables that programs which fetch something do not get to see.
    pub withhold: Vec<String>,
}

/// Why an extension was not installed or removed. Nothing has been changed then, except with [`InstallError::Left`] and
/// [`InstallError::Replaced`].
#[derive(Debug, Error)]
pub enum InstallError {
    /// Something about the source breaks a rule.
    #[error("{from}: {why}")]
    Refused {
        /// The source, or the file in it.
        from: String,
        /// Which rule, and what to do.
        why: String,
    },
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The name is taken.
    #[error("\"{name}\" is there already, at {}; remove it first: `wharf ext remove {name}`, or put this one in its place with `wharf ext install --replace`", path.display())]
    Taken {
        /// The name.
        name: ExtensionId,
        /// Where the other one lies.
        path: PathBuf,
    },
    /// It cannot be fetched.
    #[error("{url} cannot be fetched: {why}")]
    Fetch {
        /// From where.
        url: String,
        /// What the program said that fetches it.
        why: String,
    },
    /// It was taken away, but not all that belongs to it.
    #[error("\"{name}\" is removed; left is {}: {source}; {next}", left.display())]
    Left {
        /// The name.
        name: ExtensionId,
        /// What is left, or holds what is left.
        left: PathBuf,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
        /// What to do.
        next: String,
    },
    /// It is installed, but the one that it replaces lies there still, under another name.
    #[error("\"{name}\" is installed; the one before lies at {} still: {source}; delete it", old.display())]
    Replaced {
        /// The name.
        name: ExtensionId,
        /// The one before.
        old: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It could not be taken away.
    #[error("\"{name}\" is not removed, {} is there as before: {source}; see who may write there, and try again", path.display())]
    Stays {
        /// The name.
        name: ExtensionId,
        /// Where it lies.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The lock file.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// Anything else, told in full.
    #[error("{0}")]
    Told(String),
}

impl InstallError {
    fn refused(from: impl ToString, why: impl ToString) -> Self {
        Self::Refused { from: from.to_string(), why: why.to_string() }
    }

    fn at(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }
}

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
//! | `tree` | the files of a folder: walking, copying, and their digest |
//! | `stage` | the directory in which it is gathered, and who may change what lies beside it |
//! | [`staged`] | what was gathered, and giving it its place |
//! | [`lock`] | `wharf.lock`: what was installed from where |
//! | [`remove`] | taking one away |
//! | `switch` | switching one on and off in its manifest |

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
pub use staged::Staged;

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

/// Why an extension was not installed or removed. Nothing has been changed then.
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
    #[error("\"{name}\" is there already, at {}; remove it first: `wharf ext remove {name}`", path.display())]
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

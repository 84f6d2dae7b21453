//! Finding extensions. Nothing is started here, and nothing of a project that is not trusted is even read.

mod entry;
mod search;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::extension::{Extension, Origin, Program};
use crate::system;
use crate::trust::Trust;
use entry::is_linked;
use search::Search;

const STILL_WRITTEN: &str = "it is still being written; it is passed over this time";

/// Where to look.
#[derive(Debug, Clone, Default)]
pub struct Places {
    /// Directories or `.wasm` files named with `--ext`.
    pub explicit: Vec<PathBuf>,
    /// The user's extension directories, in order of precedence.
    pub user: Vec<PathBuf>,
    /// The project's extension directories, in order of precedence.
    pub project: Vec<PathBuf>,
    /// Whether the project's may be loaded.
    pub trust: Trust,
    /// Names that the user's configuration switches off; those named with `--ext` load all the same.
    pub switched_off: BTreeSet<String>,
}

/// What was found.
#[derive(Debug, Clone, Default)]
pub struct Discovery {
    /// To be started, in order of precedence; each name once.
    pub extensions: Vec<Extension>,
    /// Switched off, in their manifests or by the user's configuration.
    pub disabled: Vec<Extension>,
    /// The project's, not trusted.
    pub inert: Vec<PathBuf>,
    /// What went wrong, or is odd: one line each.
    pub problems: Vec<Problem>,
}

/// Something that was found and cannot be used, or can only be used with a warning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file or directory.
    pub path: PathBuf,
    /// Where, what and why, with what to do.
    pub message: String,
    /// Whether an extension is lost by it.
    pub fatal: bool,
    /// Where the entry lies that it is about; none: it is about a whole directory.
    pub origin: Option<Origin>,
    /// The extension that is left out because its name is taken.
    pub shadowed: Option<Box<Extension>>,
}

impl Problem {
    /// Whether something is still being written, and may be well the next time.
    #[must_use]
    pub fn is_growing(&self) -> bool {
        self.message.ends_with(STILL_WRITTEN)
    }

    /// Whether this extension is lost by it: it is there, but cannot be used as it is now.
    #[must_use]
    pub fn is_about(&self, extension: &Extension) -> bool {
        self.fatal && self.is_at(extension)
    }

    pub(crate) fn is_at(&self, extension: &Extension) -> bool {
        let Extension { directory, program, .. } = extension;
        let file = match program {
            Program::Component { file } => file,
            Program::Subprocess { exec, .. } => exec,
        };
        let own = self.path == *directory || self.path == directory.join("extension.json");
        own || self.path == *file
    }
}

/// Looks into all places, in sorted order.
#[must_use]
pub fn discover(places: &Places) -> Discovery {
    let mut search = Search::passing_over(places.switched_off.clone());
    for path in &places.explicit {
        search.explicit(path);
    }
    for directory in &places.user {
        search.directory(directory, Origin::User);
    }
    for directory in &places.project {
        match places.trust {
            Trust::Trusted => search.directory(directory, Origin::Project),
            Trust::Untrusted if is_linked(directory) => {}
            Trust::Untrusted => search.inert(directory),
        }
    }
    search.found
}

/// Looks at a program on its own, as if it lay in the user's directory.
#[must_use]
pub fn program(file: &Path) -> Discovery {
    let mut search = Search::within(Origin::User);
    match system::is_executable(file) {
        true => search.executable(file, Origin::User),
        false => {
            search.problem(file, "it is no program that may be executed; make it executable, or remove it")
        }
    }
    search.found
}

//! What is watched, and what is there at one moment.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use wharf_extensions::digest::Digest;
use wharf_extensions::discovery::{Discovery, Problem};
use wharf_extensions::extension::{Extension, Origin};
use wharf_protocol::id::ExtensionId;

use super::beside;

const MANIFEST: &str = "extension.json";

/// What is watched.
pub(super) struct Watched {
    /// The user's extensions.
    directory: Option<PathBuf>,
    /// Extensions that lie elsewhere: directories and components.
    explicit: Vec<PathBuf>,
    /// The files of which those that were seen last are made.
    files: Mutex<HashSet<PathBuf>>,
}

impl Watched {
    pub(super) fn new(directory: Option<&Path>, explicit: &[PathBuf]) -> Self {
        let explicit = explicit.iter().filter_map(|path| path.canonicalize().ok()).collect();
        Self { directory: directory.map(super::made), explicit, files: Mutex::default() }
    }

    /// The directories that are there in any case.
    pub(super) fn roots(&self) -> BTreeSet<PathBuf> {
        let explicit = self.explicit.iter().filter_map(|path| match path.is_dir() {
            true => Some(path.clone()),
            false => path.parent().map(Path::to_owned),
        });
        self.directory.iter().cloned().chain(explicit).collect()
    }

    /// Whether a change of this file may change an extension.
    pub(super) fn matters(&self, path: &Path) -> bool {
        let is_entry = self.directory.is_some() && path.parent() == self.directory.as_deref();
        is_entry
            || path.file_name().is_some_and(|name| name == MANIFEST)
            || self.explicit.iter().any(|explicit| explicit == path)
            || self.files.lock().unwrap_or_else(PoisonError::into_inner).contains(path)
    }

    fn includes(&self, extension: &Extension) -> bool {
        match extension.origin {
            Origin::User => self.directory.as_ref().is_some_and(|root| extension.directory.starts_with(root)),
            Origin::Explicit => self
                .explicit
                .iter()
                .any(|path| extension.directory == *path || extension.files().contains(path)),
            Origin::Project => false,
        }
    }

    fn concerns(&self, problem: &Problem) -> bool {
        let own = self.directory.iter().chain(&self.explicit);
        problem.fatal && own.into_iter().any(|root| problem.path.starts_with(root))
    }
}

/// An extension and its content.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) extension: Extension,
    /// None: it cannot be read.
    pub(super) digest: Option<Digest>,
}

/// What is there at one moment.
#[derive(Debug, Default)]
pub(super) struct Sight {
    pub(super) items: BTreeMap<ExtensionId, Item>,
    pub(super) problems: Vec<Problem>,
    /// Where something may change.
    pub(super) directories: BTreeSet<PathBuf>,
}

impl Sight {
    /// Reads what was found. Blocks.
    pub(super) fn of(found: Discovery, watched: &Watched) -> Self {
        let mut sight = Self { directories: watched.roots(), ..Self::default() };
        let mut files = HashSet::new();
        if let Some(entries) = watched.directory.as_ref().and_then(|root| root.read_dir().ok()) {
            let folders = entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir());
            sight.directories.extend(folders);
        }
        for extension in found.extensions.into_iter().filter(|extension| watched.includes(extension)) {
            let more = match extension.origin {
                Origin::Explicit => beside::sources(&extension),
                Origin::User | Origin::Project => Vec::new(),
            };
            let mut own = extension.files();
            own.extend(more.iter().cloned());
            sight.directories.extend(own.iter().filter_map(|file| file.parent()).map(Path::to_owned));
            files.extend(own);
            let digest = extension.digest_with(more).ok();
            sight.items.insert(extension.id.clone(), Item { extension, digest });
        }
        sight.problems = found.problems;
        sight.problems.retain(|problem| watched.concerns(problem));
        *watched.files.lock().unwrap_or_else(PoisonError::into_inner) = files;
        sight
    }

    /// Whether this one is there, though it may not be usable.
    pub(super) fn has(&self, item: &Item) -> bool {
        let extension = &item.extension;
        self.items.contains_key(&extension.id)
            || self.problems.iter().any(|problem| problem.is_about(extension))
    }
}

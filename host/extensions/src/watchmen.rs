//! What each guard guarded when it last started well. A guard that is missing or broken today still closes that, until
//! it is mended, or its owner lets go of it.
//!
//! | module | what |
//! |---|---|
//! | `absence` | which guards are missing, and what is told of it |
//! | `closed` | what lists of closed hooks guard, and how they are kept short |

mod absence;
pub(crate) mod closed;

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;
use wharf_protocol::hook::HookSpec;
use wharf_protocol::id::ExtensionId;

use crate::extension::{Extension, Origin};
use crate::list_file::ListFile;

pub use absence::Missing;
pub(crate) use absence::way_out;
use closed::{bare, short, uncovered, united};

/// The list, in a file of its own. Naming it creates nothing.
#[derive(Debug, Clone)]
pub struct Watchmen {
    file: ListFile<Watchman>,
    shelves: Vec<(UserShelf, PathBuf)>,
}

/// One of the user's extension directories, whatever its path is today.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UserShelf {
    /// Wharf's own.
    Wharf,
    /// zot's.
    Zot,
}

/// An extension that guards something and closes when it fails.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watchman {
    /// Which one.
    pub name: ExtensionId,
    /// Where it was found.
    pub scope: Origin,
    /// In which of the user's directories; none: in a project's, or it was written down before that was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shelf: Option<UserShelf>,
    /// Its directory, or its file if it is a file on its own.
    pub path: PathBuf,
    /// Its hooks that close when they fail.
    pub hooks: Vec<HookSpec>,
}

/// A list that cannot be read or written.
#[derive(Debug, Error)]
#[error("the list of guards, {}: {source}; mend or delete the file", file.display())]
pub struct WatchmenError {
    file: PathBuf,
    source: io::Error,
}

impl Watchmen {
    /// The list in this file.
    #[must_use]
    pub fn new(file: PathBuf) -> Self {
        let file = ListFile::new(file, |entry: &mut Watchman| entry.hooks = bare(&entry.hooks));
        Self { file, shelves: Vec::new() }
    }

    /// Says which the user's directories are, Wharf's own first, by the paths by which extensions are looked for. A guard
    /// counts as missing from such a directory also when its path has changed, or leads elsewhere.
    #[must_use]
    pub fn shelves(mut self, shelves: impl IntoIterator<Item = (UserShelf, PathBuf)>) -> Self {
        self.shelves = shelves.into_iter().collect();
        self
    }

    /// Everything in the list. Blocks.
    ///
    /// # Errors
    /// [`WatchmenError`]; a file that is not there is an empty list.
    pub fn entries(&self) -> Result<Vec<Watchman>, WatchmenError> {
        self.file.read().map_err(|source| self.error(source))
    }

    /// Keeps what `now` says that an extension guards, if that is news. It is asked when nobody else can change the list,
    /// so that what is written last is what came last. Blocks.
    ///
    /// # Errors
    /// [`WatchmenError`]
    pub(crate) fn keep(
        &self,
        extension: &Extension,
        now: impl Fn() -> Option<Vec<HookSpec>>,
    ) -> Result<(), WatchmenError> {
        let Some(hooks) = now().filter(|_| extension.origin != Origin::Explicit) else { return Ok(()) };
        let entries = self.entries()?;
        let before = entries.iter().find(|entry| entry.is(extension));
        if self.next(before, extension, &hooks).as_ref() == before {
            return Ok(());
        }
        self.change(|entries| {
            let Some(hooks) = now() else { return };
            let before = entries.iter().find(|entry| entry.is(extension));
            let next = self.next(before, extension, &hooks);
            entries.retain(|entry| !entry.is(extension));
            entries.extend(next);
        })
    }

    /// What is to be kept when an extension guards this now.
    fn next(&self, before: Option<&Watchman>, extension: &Extension, hooks: &[HookSpec]) -> Option<Watchman> {
        let shelf = self.shelf_of(extension);
        let next = match before {
            // It has taken the name of a guard that guarded more: what it guards itself comes on top.
            Some(before)
                if !before.lies_at(extension, shelf) && !uncovered(&before.hooks, hooks).is_empty() =>
            {
                Watchman { hooks: united(&before.hooks, hooks), ..before.clone() }
            }
            _ => Watchman {
                name: extension.id.clone(),
                scope: extension.origin,
                shelf,
                path: extension.place.clone(),
                hooks: short(hooks),
            },
        };
        (!next.hooks.is_empty()).then_some(next)
    }

    /// Lets go of an extension of the user's, and says whether it was in the list. Blocks.
    ///
    /// # Errors
    /// [`WatchmenError`]
    pub fn forget(&self, name: &ExtensionId) -> Result<bool, WatchmenError> {
        let is_meant = |entry: &Watchman| entry.name == *name;
        if !self.entries()?.iter().any(is_meant) {
            return Ok(false);
        }
        self.change(|entries| entries.retain(|entry| !is_meant(entry)))?;
        Ok(true)
    }

    fn change(&self, change: impl FnOnce(&mut Vec<Watchman>)) -> Result<(), WatchmenError> {
        let changed = self.file.change(|entries| {
            change(entries);
            entries.sort_by(|a, b| (&a.name, a.scope).cmp(&(&b.name, b.scope)));
        });
        changed.map_err(|source| self.error(source))
    }

    fn error(&self, source: io::Error) -> WatchmenError {
        WatchmenError { file: self.file.path().to_owned(), source }
    }

    /// In which of the user's directories it lies.
    fn shelf_of(&self, extension: &Extension) -> Option<UserShelf> {
        if extension.origin != Origin::User {
            return None;
        }
        let found = self.shelves.iter().find(|(_, path)| is_shelf(path, extension.place.parent()));
        // One whose path has changed since it was looked into is as good as Wharf's own, which always counts.
        found.or(self.shelves.first()).map(|(shelf, _)| *shelf)
    }
}

impl Watchman {
    /// Whether this is its name where it was found, or another's that has taken it.
    pub(crate) fn is(&self, extension: &Extension) -> bool {
        // Each project has its own.
        let same_project = || self.path.parent() == extension.place.parent();
        self.name == extension.id
            && self.scope == extension.origin
            && (self.scope != Origin::Project || same_project())
    }

    /// Whether an extension, in this one of the user's directories, lies where this one lay.
    fn lies_at(&self, extension: &Extension, shelf: Option<UserShelf>) -> bool {
        let same_entry = || self.entry() == extension.place.file_name();
        self.path == extension.place || (shelf.is_some() && shelf == self.shelf && same_entry())
    }

    /// What it is called in its shelf.
    fn entry(&self) -> Option<&OsStr> {
        self.path.file_name()
    }
}

/// Whether this is the path of a shelf, as it is named or as its extensions name it.
fn is_shelf(shelf: &Path, path: Option<&Path>) -> bool {
    path.is_some_and(|path| path == shelf || path == real(shelf))
}

/// A shelf as its extensions name it, also when it is not there any more.
fn real(shelf: &Path) -> PathBuf {
    let by_parent = || Some(shelf.parent()?.canonicalize().ok()?.join(shelf.file_name()?));
    shelf.canonicalize().ok().or_else(by_parent).unwrap_or_else(|| shelf.to_owned())
}

#[cfg(test)]
mod tests;

//! What each guard guarded when it last started well. A guard that is missing or broken today still closes that, until
//! it is mended, or its owner lets go of it.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;
use wharf_protocol::hook::{HookPoint, HookSpec, OnFailure};
use wharf_protocol::id::ExtensionId;

use crate::discovery::{Discovery, Places};
use crate::error::Fault;
use crate::extension::{Extension, Origin};
use crate::limits::Deadlines;
use crate::list_file::ListFile;
use crate::registry::Absent;
use crate::trust::Trust;

/// Longest list of hooks that is kept of one extension, as JSON, in bytes. A longer one is kept without its tools, which
/// guards more.
const HOOKS: usize = 8 << 10;

/// The list, in a file of its own. Naming it creates nothing.
#[derive(Debug, Clone)]
pub struct Watchmen {
    file: ListFile<Watchman>,
}

/// An extension that guards something and closes when it fails.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watchman {
    /// Which one.
    pub name: ExtensionId,
    /// Where it was found.
    pub scope: Origin,
    /// Its directory, or its file if it is a file on its own.
    pub path: PathBuf,
    /// Its hooks that close when they fail.
    pub hooks: Vec<HookSpec>,
}

/// A guard that was there and is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// What is known of it.
    pub watchman: Watchman,
    /// Why it is not there, with what to do.
    pub why: String,
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
        Self { file: ListFile::new(file) }
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
        let place = &extension.place;
        let is_news = |entries: &[Watchman], hooks: &[HookSpec]| {
            match entries.iter().find(|entry| entry.is(extension)) {
                None => !hooks.is_empty(),
                // Another one has taken the name of a guard that is still there.
                Some(entry) if entry.path != *place && entry.path.exists() => false,
                Some(entry) => entry.hooks != hooks || entry.path != *place,
            }
        };
        let Some(hooks) = now() else { return Ok(()) };
        if extension.origin == Origin::Explicit || !is_news(&self.entries()?, &short(hooks)) {
            return Ok(());
        }
        self.change(|entries| {
            let Some(hooks) = now().filter(|hooks| is_news(entries, &short(hooks.clone()))) else { return };
            entries.retain(|entry| !entry.is(extension));
            if !hooks.is_empty() {
                entries.push(Watchman {
                    name: extension.id.clone(),
                    scope: extension.origin,
                    path: place.clone(),
                    hooks: short(hooks),
                });
            }
        })
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
}

impl Watchman {
    pub(crate) fn is(&self, extension: &Extension) -> bool {
        // Each project has its own.
        let same_project = || self.path.parent() == extension.place.parent();
        self.name == extension.id
            && self.scope == extension.origin
            && (self.scope != Origin::Project || same_project())
    }

    /// Why it is not among what was found, if it should be. One that is there and fails is none of these.
    fn missing(&self, found: &Discovery, places: &Places) -> Option<String> {
        let shelves = match (self.scope, places.trust) {
            (Origin::User, _) => &places.user,
            (Origin::Project, Trust::Trusted) => &places.project,
            (Origin::Project, Trust::Untrusted) | (Origin::Explicit, _) => return None,
        };
        let is_looked_at = shelves.iter().any(|shelf| self.path.parent() == Some(&real(shelf)));
        let is_off = places.switched_off.contains(self.name.as_str())
            || found.disabled.iter().any(|extension| self.is(extension));
        // What is named on the command line takes the name for this run: whoever types that knows it.
        let is_there = found.extensions.iter().filter(|other| other.id == self.name).any(|other| {
            let moved = || !self.path.exists();
            other.origin == Origin::Explicit || self.is(other) && (other.place == self.path || moved())
        });
        if !is_looked_at || is_off || is_there {
            return None;
        }
        let problem = found.problems.iter().find(|it| it.fatal && it.path.starts_with(&self.path));
        Some(match problem {
            Some(problem) => problem.message.clone(),
            None if self.path.exists() => format!("{}: it cannot be used as it is", self.path.display()),
            None => format!("{} is not there any more", self.path.display()),
        })
    }
}

/// The guards that should be there and are not.
pub(crate) fn missing(entries: Vec<Watchman>, found: &Discovery, places: &Places) -> Vec<Missing> {
    let missing = entries.into_iter().filter_map(|watchman| {
        let why = watchman.missing(found, places)?;
        Some(Missing { why: format!("{why}; {}", way_out(&watchman.name)), watchman })
    });
    missing.collect()
}

/// How what a guard closes is opened again.
pub(crate) fn way_out(name: &ExtensionId) -> String {
    format!("mend it, or let go of it with `wharf ext remove {name}`")
}

impl Missing {
    /// What the user is told.
    #[must_use]
    pub fn notice(&self) -> String {
        let Watchman { name, hooks, .. } = &self.watchman;
        let mut points: Vec<&str> = hooks.iter().map(|hook| hook.on.as_str()).collect();
        points.dedup();
        let points = points.join(", ");
        format!("guard \"{name}\" is missing, so what it guards is refused ({points}): {}", self.why)
    }

    pub(crate) fn absent(&self) -> Absent {
        Absent {
            id: self.watchman.name.clone(),
            hooks: self.watchman.hooks.clone(),
            deadlines: Deadlines::STANDARD,
            fault: Fault::NotRunning { why: self.why.clone() },
        }
    }
}

/// A shelf as its extensions name it, also when it is not there any more.
fn real(shelf: &Path) -> PathBuf {
    let by_parent = || Some(shelf.parent()?.canonicalize().ok()?.join(shelf.file_name()?));
    shelf.canonicalize().ok().or_else(by_parent).unwrap_or_else(|| shelf.to_owned())
}

/// What is kept of hooks that all close.
fn short(hooks: Vec<HookSpec>) -> Vec<HookSpec> {
    if serde_json::to_vec(&hooks).is_ok_and(|text| text.len() <= HOOKS) {
        return hooks;
    }
    let points = HookPoint::ALL.into_iter().filter(|point| hooks.iter().any(|hook| hook.on == *point));
    points.map(|point| HookSpec::on(point).on_failure(OnFailure::Closed)).collect()
}

#[cfg(test)]
mod tests;

//! What was gathered and has no place yet.

mod place;

use std::fs;
use std::path::{Path, PathBuf};

use wharf_protocol::id::ExtensionId;

use super::copy;
use super::gather;
use super::git;
use super::stage::Stage;
use super::switch::switch_manifest;
use super::tree;
use super::{InstallError, Locked, Shelf, Source};
use crate::digest::Digest;
use crate::discovery::{self, discover};
use crate::extension::{Extension, Program};

/// The name of a folder while it is gathered.
const CONTENT: &str = "content";

/// An extension that was gathered beside the others and has no place among them yet. Dropped, nothing of it is left.
pub struct Staged {
    shelf: Shelf,
    stage: Stage,
    content: PathBuf,
    extension: Extension,
    entry: Locked,
    taken: Taken,
}

/// What happens when the name of what is installed is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It is refused.
    Refuse,
    /// It gets the place of the one that is there.
    Replace,
}

impl Shelf {
    /// Gathers an extension and checks it. Nothing of it is run.
    ///
    /// # Errors
    /// [`InstallError`]; nothing has been changed then.
    pub async fn stage(&self, source: &Source, taken: Taken) -> Result<Staged, InstallError> {
        self.lock.read()?;
        let (shelf, origin) = (self.clone(), source.clone());
        let stage = aside(move || {
            shelf.check_local(&origin, taken)?;
            Stage::new(&shelf.directory)
        })
        .await?;
        let abandoned = stage.abandoned.clone();
        let content = match source {
            Source::Folder(path) => {
                let (from, to) = (path.clone(), stage.path(CONTENT));
                aside(move || copy::copy(&from, &to, &abandoned).map(|()| (to, None))).await?
            }
            Source::Component(path) => {
                let (from, root) = (path.clone(), stage.root());
                aside(move || gather::copy_component(&from, &root).map(|to| (to, None))).await?
            }
            Source::Git { url, revision } => {
                let repository = stage.path("repository");
                let snapshot = git::fetch(url, revision.as_deref(), &repository, &self.withhold).await?;
                let (to, url) = (stage.path(CONTENT), url.clone());
                aside(move || {
                    gather::write_files(&snapshot.files, &to, &url, &abandoned)?;
                    Ok((to, Some(snapshot.commit)))
                })
                .await?
            }
        };
        let (shelf, source) = (self.clone(), source.clone());
        aside(move || seal(shelf, stage, content, &source, taken)).await
    }

    /// What lies on this machine is looked at before anything is made.
    fn check_local(&self, source: &Source, taken: Taken) -> Result<(), InstallError> {
        let (Source::Folder(path) | Source::Component(path)) = source else { return Ok(()) };
        let extension = gather::look(path, &path.display().to_string())?;
        self.check_name(&extension.id, taken)?;
        // Copying it would copy what is being copied, or install what is installed.
        let (source, own) = (real(path), real(&self.directory));
        let shown = self.directory.display();
        if path.is_dir() && own.starts_with(&source) {
            let why = format!(
                "Wharf's own directory of extensions, {shown}, lies in it; \
                 name the directory that holds the extension alone"
            );
            return Err(InstallError::refused(path.display(), why));
        }
        match source.starts_with(&own) {
            true => {
                let why =
                    format!("it lies in Wharf's own directory of extensions, {shown}; move it out first");
                Err(InstallError::refused(path.display(), why))
            }
            false => Ok(()),
        }
    }

    /// The one of this name that is there, if it may be replaced.
    fn check_name(&self, name: &ExtensionId, taken: Taken) -> Result<Option<PathBuf>, InstallError> {
        match taken {
            Taken::Refuse => self.check_free(name).map(|()| None),
            Taken::Replace => match self.find(name)? {
                Some(old) => Ok(Some(old)),
                None => self.check_free(name).map(|()| None),
            },
        }
    }

    /// Whether the name is free, in all of the user's directories.
    fn check_free(&self, name: &ExtensionId) -> Result<(), InstallError> {
        let own = [name.to_string(), format!("{name}.wasm")].map(|file| self.directory.join(file));
        let taken = own.into_iter().find(|path| path.symlink_metadata().is_ok());
        let path = match taken {
            Some(path) => Some(path),
            None => self.installed().into_iter().find(|(other, _)| other == name).map(|(_, path)| path),
        };
        path.map_or(Ok(()), |path| Err(InstallError::Taken { name: name.clone(), path }))
    }

    /// The names of all that lies in the user's directories, and where.
    pub(super) fn installed(&self) -> Vec<(ExtensionId, PathBuf)> {
        let user: Vec<PathBuf> = std::iter::once(&self.directory).chain(&self.others).cloned().collect();
        let shelves: Vec<PathBuf> = user.iter().filter_map(|path| path.canonicalize().ok()).collect();
        let found = discover(&discovery::Places { user, ..discovery::Places::default() });
        let shadowed = found.problems.into_iter().filter_map(|problem| problem.shadowed.map(|boxed| *boxed));
        let all = found.extensions.into_iter().chain(found.disabled).chain(shadowed);
        let placed = all.map(|extension| {
            let path = match &extension.program {
                // A file on its own lies beside the others.
                Program::Component { file } if shelves.contains(&extension.directory) => file.clone(),
                Program::Subprocess { exec, .. } if shelves.contains(&extension.directory) => exec.clone(),
                _ => extension.directory.clone(),
            };
            (extension.id, path)
        });
        placed.collect()
    }
}

/// A path without links, as far as it is there.
fn real(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let there = path.ancestors().find_map(|above| Some((above, above.canonicalize().ok()?)));
    match there {
        Some((above, real)) => match path.strip_prefix(above) {
            Ok(rest) if !rest.as_os_str().is_empty() => real.join(rest),
            _ => real,
        },
        None => path,
    }
}

/// Does what blocks away from whoever waits for it.
///
/// # Errors
/// What the work says; or that it came to no end.
pub async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, InstallError> + Send + 'static,
) -> Result<T, InstallError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => Err(InstallError::Told(format!("installing ended: {error}"))),
    }
}

/// Checks what has come, and takes its digest.
fn seal(
    shelf: Shelf,
    stage: Stage,
    (content, revision): (PathBuf, Option<String>),
    source: &Source,
    taken: Taken,
) -> Result<Staged, InstallError> {
    let shown = source.to_string();
    // Nothing is read by way of a link that leads out of it.
    if content.is_dir() {
        tree::check_links(&content, &tree::walk(&content)?, &shown)?;
    }
    let mut extension = gather::look(&content, &shown)?;
    gather::check_program(&extension, &shown)?;
    let old = shelf.check_name(&extension.id, taken)?;
    let was_off = old.and_then(|old| gather::look(&old, &shown).ok());
    if content.is_dir() && was_off.is_some_and(|old| old.manifest.enabled == Some(false)) {
        switch_manifest(&content.join("extension.json"), false)?;
        extension = gather::look(&content, &shown)?;
    }
    let digest = if content.is_dir() {
        let entries = tree::walk(&content)?;
        tree::sync(&content, &entries)?;
        tree::digest(&entries)?
    } else {
        Digest::of(&fs::read(&content).map_err(InstallError::at(&content))?)
    };
    let source = match source {
        Source::Folder(path) | Source::Component(path) => {
            path.canonicalize().map_err(InstallError::at(path))?.display().to_string()
        }
        Source::Git { url, .. } => url.clone(),
    };
    let entry = Locked {
        name: extension.id.clone(),
        version: extension.manifest.version.clone(),
        source,
        revision,
        sha256: digest.to_string(),
    };
    Ok(Staged { shelf, stage, content, extension, entry, taken })
}

impl Staged {
    /// Where it lies for now.
    #[must_use]
    pub fn content(&self) -> &Path {
        &self.content
    }

    /// What it is.
    #[must_use]
    pub fn extension(&self) -> &Extension {
        &self.extension
    }

    /// What will be written down of it.
    #[must_use]
    pub fn entry(&self) -> &Locked {
        &self.entry
    }

    /// Where it is to lie.
    #[must_use]
    pub fn destination(&self) -> PathBuf {
        let name = match self.content.is_dir() {
            true => self.entry.name.to_string(),
            false => format!("{}.wasm", self.entry.name),
        };
        self.shelf.directory.join(name)
    }
}

//! What was gathered, and giving it its place.

use std::fs;
use std::path::{Path, PathBuf};

use wharf_protocol::id::ExtensionId;

use super::copy;
use super::gather;
use super::git;
use super::stage::{self, Stage};
use super::tree;
use super::{InstallError, Locked, Shelf, Source};
use crate::digest::Digest;
use crate::discovery::{self, discover};
use crate::extension::{Extension, Program};
use crate::system;

/// The name of a folder while it is gathered.
const CONTENT: &str = "content";

/// An extension that was gathered beside the others and has no place among them yet. Dropped, nothing of it is left.
pub struct Staged {
    shelf: Shelf,
    stage: Stage,
    content: PathBuf,
    extension: Extension,
    entry: Locked,
}

impl Shelf {
    /// Gathers an extension and checks it. Nothing of it is run.
    ///
    /// # Errors
    /// [`InstallError`]; nothing has been changed then.
    pub async fn stage(&self, source: &Source) -> Result<Staged, InstallError> {
        self.lock.read()?;
        let (shelf, origin) = (self.clone(), source.clone());
        let stage = aside(move || {
            shelf.check_local(&origin)?;
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
        aside(move || seal(shelf, stage, content, &source)).await
    }

    /// What lies on this machine is looked at before anything is made.
    fn check_local(&self, source: &Source) -> Result<(), InstallError> {
        let (Source::Folder(path) | Source::Component(path)) = source else { return Ok(()) };
        let extension = gather::look(path, &path.display().to_string())?;
        self.check_free(&extension.id)?;
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
async fn aside<T: Send + 'static>(
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
) -> Result<Staged, InstallError> {
    let shown = source.to_string();
    let digest = if content.is_dir() {
        let entries = tree::walk(&content)?;
        tree::check_links(&content, &entries, &shown)?;
        tree::sync(&content, &entries)?;
        tree::digest(&entries)?
    } else {
        Digest::of(&fs::read(&content).map_err(InstallError::at(&content))?)
    };
    let extension = gather::look(&content, &shown)?;
    gather::check_program(&extension, &shown)?;
    shelf.check_free(&extension.id)?;
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
    Ok(Staged { shelf, stage, content, extension, entry })
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

    /// Gives it its place, in one step, and writes it down. Returns where it lies. Blocks.
    ///
    /// # Errors
    /// [`InstallError`]; nothing has been changed then.
    pub fn place(mut self) -> Result<(Locked, PathBuf), InstallError> {
        let directory = &self.shelf.directory;
        let _guard = stage::guard(directory)?;
        self.shelf.check_free(&self.extension.id)?;
        let place = self.destination();
        // Written down first: what is written down and not there does no harm, and is written over by the next one.
        let before = self.shelf.lock.read()?.into_iter().find(|entry| entry.name == self.entry.name);
        self.shelf.lock.put(self.entry.clone())?;
        if let Err(error) = fs::rename(&self.content, &place) {
            _ = match before {
                Some(entry) => self.shelf.lock.put(entry),
                None => self.shelf.lock.take(&self.entry.name).map(drop),
            };
            return Err(InstallError::at(&place)(error));
        }
        self.stage.keep_directories();
        // It is there; that it is there after a power failure too cannot be promised by more than this.
        _ = system::sync_directory(directory);
        Ok((self.entry.clone(), place))
    }
}

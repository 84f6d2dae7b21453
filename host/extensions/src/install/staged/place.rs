//! Giving what was gathered its place, also that of the one before.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::super::{InstallError, Locked, stage};
use super::Staged;
use crate::system;

impl Staged {
    /// Where the one lies that it replaces.
    ///
    /// # Errors
    /// [`InstallError`]: the name is taken by what cannot be replaced.
    pub fn replaced(&self) -> Result<Option<PathBuf>, InstallError> {
        self.shelf.check_name(&self.extension.id, self.taken)
    }

    /// Gives it its place, in one step, and writes it down. Returns where it lies. Blocks.
    ///
    /// # Errors
    /// [`InstallError`]; nothing has been changed then, except with [`InstallError::Left`].
    pub fn place(mut self) -> Result<(Locked, PathBuf), InstallError> {
        let directory = &self.shelf.directory;
        let _guard = stage::guard(directory)?;
        let old = self.replaced()?;
        let place = self.destination();
        // Written down first: what is written down and not there does no harm, and is written over by the next one.
        let before = self.shelf.lock.read()?.into_iter().find(|entry| entry.name == self.entry.name);
        self.shelf.lock.put(self.entry.clone())?;
        // Both lie in the same directory.
        let is_there = |old: &&PathBuf| old.file_name() == place.file_name();
        let moved = match old.as_ref().filter(is_there) {
            Some(_) => self.stage.exchange(&self.content, &place),
            // What lies there has another name.
            _ if place.symlink_metadata().is_ok() => {
                Err(io::Error::new(io::ErrorKind::AlreadyExists, "another extension lies there"))
            }
            _ => fs::rename(&self.content, &place),
        };
        if let Err(error) = moved {
            _ = match before {
                Some(entry) => self.shelf.lock.put(entry),
                None => self.shelf.lock.take(&self.entry.name).map(drop),
            };
            return Err(InstallError::at(&place)(error));
        }
        self.stage.keep_directories();
        if let Some(old) = old.as_ref().filter(|old| !is_there(old)) {
            self.take_away(old)?;
        }
        // It is there; that it is there after a power failure too cannot be promised by more than this.
        _ = system::sync_directory(directory);
        Ok((self.entry.clone(), place))
    }

    /// Takes away the one that it replaces and that lay under another name.
    fn take_away(&self, old: &Path) -> Result<(), InstallError> {
        stage::take_away(old, &self.shelf.directory).map_err(|source| InstallError::Replaced {
            name: self.entry.name.clone(),
            old: old.to_owned(),
            source,
        })
    }
}

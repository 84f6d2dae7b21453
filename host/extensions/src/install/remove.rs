//! Taking an extension away.

use std::path::{Path, PathBuf};

use wharf_protocol::id::ExtensionId;

use super::stage::{guard, take_away};
use super::{InstallError, Locked, Shelf};

/// An extension that was taken away.
#[derive(Debug, Clone)]
pub struct Removed {
    /// Where it lay; none: only its entry in the lock file was left.
    pub path: Option<PathBuf>,
    /// What was written down of it.
    pub entry: Option<Locked>,
}

impl Shelf {
    /// Where the extension of this name lies in the user's directory: by its manifest, or, where that cannot be read,
    /// by its directory or file.
    ///
    /// # Errors
    /// [`InstallError::Told`] if there are several, or if it lies elsewhere.
    pub fn find(&self, name: &ExtensionId) -> Result<Option<PathBuf>, InstallError> {
        let own = self.directory.canonicalize().unwrap_or_else(|_| self.directory.clone());
        let installed = self.installed();
        let named: Vec<&PathBuf> =
            installed.iter().filter(|(other, _)| other == name).map(|(_, path)| path).collect();
        match named.as_slice() {
            [] => Ok(self.unread(name, &installed)),
            [one] if one.parent() == Some(own.as_path()) => Ok(Some((*one).clone())),
            [one] => {
                let place = one.display();
                Err(InstallError::Told(format!(
                    "\"{name}\" lies at {place}, which is not Wharf's; remove it there"
                )))
            }
            many => {
                let places: Vec<String> = many.iter().map(|path| path.display().to_string()).collect();
                let places = places.join(" and ");
                Err(InstallError::Told(format!(
                    "there are several \"{name}\", at {places}; delete one of them"
                )))
            }
        }
    }

    /// One whose manifest cannot be read goes by the name of what it is.
    fn unread(&self, name: &ExtensionId, installed: &[(ExtensionId, PathBuf)]) -> Option<PathBuf> {
        let own = [name.to_string(), format!("{name}.wasm")].map(|file| self.directory.join(file));
        let is_another =
            |path: &Path| installed.iter().any(|(_, other)| other.file_name() == path.file_name());
        own.into_iter().find(|path| path.symlink_metadata().is_ok() && !is_another(path))
    }

    /// Takes an extension away, as a whole. Blocks.
    ///
    /// # Errors
    /// [`InstallError`]; nothing has been changed then, except with [`InstallError::Left`].
    pub fn remove(&self, name: &ExtensionId) -> Result<Removed, InstallError> {
        let unknown =
            || InstallError::Told(format!("there is no extension \"{name}\"; see `wharf ext list`"));
        let _guard = if self.directory.is_dir() { Some(guard(&self.directory)?) } else { None };
        let written = self.lock.read()?.iter().any(|entry| entry.name == *name);
        let path = self.find(name)?;
        if path.is_none() && !written {
            return Err(unknown());
        }
        if let Some(path) = &path {
            let stays = |source| InstallError::Stays { name: name.clone(), path: path.clone(), source };
            take_away(path, &self.directory).map_err(stays)?;
        }
        let entry = self.lock.take(name).map_err(|error| InstallError::Left {
            name: name.clone(),
            left: self.lock.path().to_owned(),
            source: Box::new(error),
            next: format!("its entry is in that file still: `wharf ext remove {name}` takes it out once the file can be written"),
        })?;
        Ok(Removed { path, entry })
    }
}

//! Installing, removing, and switching on and off.

use std::path::PathBuf;

use wharf_extensions::install::{InstallError, Lock, Locked, Removed, Shelf, Source};
use wharf_protocol::id::ExtensionId;

use crate::check::Report;
use crate::places::Places;

/// An extension that was installed.
#[derive(Debug, Clone)]
pub struct Installed {
    /// Where it lies.
    pub path: PathBuf,
    /// What was written down in `wharf.lock`.
    pub entry: Locked,
    /// What it is.
    pub report: Report,
}

impl Places {
    /// `wharf.lock`
    #[must_use]
    pub fn lock_file(&self) -> PathBuf {
        self.config.join("wharf.lock")
    }

    /// Where extensions are installed.
    #[must_use]
    pub fn shelf(&self) -> Shelf {
        Shelf {
            directory: self.extensions(),
            others: self.user_extensions().into_iter().skip(1).collect(),
            lock: Lock::new(self.lock_file()),
            withhold: crate::assembly::withheld().map(ToOwned::to_owned).collect(),
        }
    }

    /// Installs an extension: gathers it, checks it, gives it its place and writes it down. Nothing of it is run.
    ///
    /// # Errors
    /// [`InstallError`]; nothing has been changed then.
    pub async fn install(&self, source: &Source) -> Result<Installed, InstallError> {
        let staged = self.shelf().stage(source).await?;
        let shown = source.to_string();
        let work = move || {
            let report = Report::of(staged.content());
            if let Some(error) = report.blocking_error() {
                let real = staged.content().display().to_string();
                return Err(InstallError::Told(error.replace(&real, &shown)));
            }
            let (entry, path) = staged.place()?;
            Ok(Installed { report: Report::of(&path), entry, path })
        };
        match tokio::task::spawn_blocking(work).await {
            Ok(done) => done,
            Err(error) => Err(InstallError::Told(format!("installing ended: {error}"))),
        }
    }

    /// Takes an extension out of the user's directory. Its data and its log stay, unless they are to go as well. Blocks.
    ///
    /// # Errors
    /// [`InstallError`]; nothing has been changed then, except that what it kept may be there still.
    pub fn remove(&self, name: &ExtensionId, purge: bool) -> Result<Removed, InstallError> {
        let removed = self.shelf().remove(name)?;
        if purge {
            for path in self.kept(name) {
                let gone =
                    if path.is_dir() { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
                gone.map_err(|source| InstallError::Io { path, source })?;
            }
        }
        Ok(removed)
    }

    /// What is kept of an extension beside itself, as far as it is there: its data, its log and the log before.
    #[must_use]
    pub fn kept(&self, name: &ExtensionId) -> Vec<PathBuf> {
        let log = wharf_extensions::journal::file(&self.logs(), name);
        let before = log.with_extension("log.1");
        let store = ["db", "db-wal", "db-shm"].map(|end| self.stores().join(format!("{name}.{end}")));
        let all = [self.extension_data().join(name.as_str()), log, before];
        all.into_iter().chain(store).filter(|path| path.symlink_metadata().is_ok()).collect()
    }
}

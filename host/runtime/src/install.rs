//! Installing, removing, and switching on and off.

use std::path::PathBuf;

use wharf_extensions::install::{InstallError, Lock, Locked, Removed, Shelf, Source, Staged, Taken, aside};
use wharf_extensions::watchmen::Watchmen;
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

/// An extension that was gathered and checked, and may be looked at before it gets its place. Dropped, nothing of it is
/// left.
pub struct Prepared {
    staged: Staged,
    report: Report,
    replaced: Option<Report>,
}

impl Prepared {
    /// What it is, as it would be at its place.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// What is there now and would be replaced.
    #[must_use]
    pub fn replaced(&self) -> Option<&Report> {
        self.replaced.as_ref()
    }

    /// What would be written down in `wharf.lock`.
    #[must_use]
    pub fn entry(&self) -> &Locked {
        self.staged.entry()
    }

    /// Gives it its place and writes it down.
    ///
    /// # Errors
    /// [`InstallError`]; nothing has been changed then.
    pub async fn place(self) -> Result<Installed, InstallError> {
        let Self { staged, report, replaced: _ } = self;
        aside(move || {
            let (entry, path) = staged.place()?;
            Ok(Installed { path, entry, report })
        })
        .await
    }
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

    /// Gathers an extension and checks it. Nothing of it is run, and it has no place among the others yet.
    ///
    /// # Errors
    /// [`InstallError`]; nothing has been changed then.
    pub async fn prepare(&self, source: &Source, taken: Taken) -> Result<Prepared, InstallError> {
        let staged = self.shelf().stage(source, taken).await?;
        let shown = source.to_string();
        aside(move || {
            let real = staged.content().display().to_string();
            let mut report = Report::of(staged.content());
            if let Some(error) = report.blocking_error() {
                return Err(InstallError::Told(error.replace(&real, &shown)));
            }
            let destination = staged.destination();
            let place = destination.display().to_string();
            report.path = destination;
            let lines = [&mut report.runs, &mut report.warnings, &mut report.errors];
            lines.into_iter().flatten().for_each(|line| *line = line.replace(&real, &place));
            let replaced = staged.replaced()?.map(|old| match Report::is_program(&old) {
                true => Report::of_program(&old),
                false => Report::of(&old),
            });
            Ok(Prepared { staged, report, replaced })
        })
        .await
    }

    /// Installs an extension: gathers it, checks it, gives it its place and writes it down. Nothing of it is run.
    ///
    /// # Errors
    /// [`InstallError`]; nothing has been changed then.
    pub async fn install(&self, source: &Source) -> Result<Installed, InstallError> {
        self.prepare(source, Taken::Refuse).await?.place().await
    }

    /// Takes an extension out of the user's directory. Its data and its log stay, unless they are to go as well. Blocks.
    ///
    /// # Errors
    /// [`InstallError`]; nothing has been changed then, except with [`InstallError::Left`].
    pub fn remove(&self, name: &ExtensionId, purge: bool) -> Result<Removed, InstallError> {
        let shelf = self.shelf();
        // Of a guard that is gone nothing may be left but what it guarded.
        let is_gone = matches!(shelf.find(name), Ok(None));
        let removed = match shelf.remove(name) {
            Err(_) if is_gone && self.forget_guard(name)? => Removed { path: None, entry: None },
            removed => {
                let removed = removed?;
                self.forget_guard(name)?;
                removed
            }
        };
        if purge {
            for path in self.kept(name) {
                let gone =
                    if path.is_dir() { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
                gone.map_err(|source| InstallError::Left {
                    name: name.clone(),
                    next: "delete it by hand".to_owned(),
                    left: path,
                    source: Box::new(source),
                })?;
            }
        }
        Ok(removed)
    }

    /// Lets go of what an extension guarded, and says whether that was anything. Blocks.
    pub(crate) fn forget_guard(&self, name: &ExtensionId) -> Result<bool, InstallError> {
        Watchmen::new(self.watchmen()).forget(name).map_err(|error| InstallError::Told(error.to_string()))
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

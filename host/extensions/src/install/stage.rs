//! The directory in which an extension is gathered, and who may change what lies beside it.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::InstallError;
use crate::system;

/// What the names of such directories begin with. Whoever looks for extensions passes over a leading dot.
const GATHERED: &str = ".install-";
/// What the names of extensions begin with that are being deleted.
const REMOVED: &str = ".removed-";
/// How long another program may keep the directory locked, and how often it is tried.
const PATIENCE: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(10);
/// How often deleting is tried while somebody may still be writing.
const TRIES: usize = 30;

/// The directory of extensions, locked: nobody else installs or removes until this is dropped.
pub(super) struct Guard {
    _lock: File,
}

/// Locks a directory, and takes away what programs left there that were killed.
pub(super) fn guard(directory: &Path) -> Result<Guard, InstallError> {
    let lock = system::open_to_lock(directory).and_then(|file| wait_for(&file).map(|()| file));
    let lock = lock.map_err(InstallError::at(directory))?;
    sweep(directory);
    Ok(Guard { _lock: lock })
}

fn wait_for(file: &File) -> io::Result<()> {
    let begun = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) if begun.elapsed() < PATIENCE => sleep(LOOK),
            Err(TryLockError::WouldBlock) => {
                let what = "another program is installing or removing an extension; try again";
                return Err(io::Error::new(io::ErrorKind::TimedOut, what));
            }
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
}

/// What cannot be taken away now is left for the next time.
fn sweep(directory: &Path) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let name = name.to_string_lossy();
        if name.starts_with(REMOVED) {
            _ = delete(&path);
        } else if name.starts_with(GATHERED) {
            // Whoever gathers something there has locked it.
            let lock = system::open_to_lock(&path);
            if lock.is_ok_and(|lock| lock.try_lock().is_ok()) {
                _ = fs::remove_dir_all(&path);
            }
        }
    }
}

/// Deletes an extension in two steps: the first takes it away as a whole.
pub(super) fn take_away(path: &Path, directory: &Path) -> io::Result<()> {
    let aside = tempfile::Builder::new().prefix(REMOVED).tempdir_in(directory)?;
    let name = path.file_name().unwrap_or_default();
    fs::rename(path, aside.path().join(name))?;
    // What is left is swept the next time.
    _ = aside.close();
    Ok(())
}

/// Deletes a folder, a file, or a link and not what it leads to.
fn delete(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path)?.is_dir() {
        true => fs::remove_dir_all(path),
        false => fs::remove_file(path),
    }
}

/// A directory beside the extensions, gone when it is dropped.
pub(super) struct Stage {
    root: PathBuf,
    lock: Option<File>,
    /// Tells whoever copies into it that there is no need any more.
    pub(super) abandoned: Arc<AtomicBool>,
    /// Directories that were made for it, the innermost first: they go with it, unless something was installed.
    made: Vec<PathBuf>,
}

impl Stage {
    /// Makes one. Blocks.
    pub(super) fn new(directory: &Path) -> Result<Self, InstallError> {
        let mut tries = 3;
        loop {
            let made = directory.ancestors().take_while(|path| !path.exists()).map(Path::to_owned).collect();
            fs::create_dir_all(directory).map_err(InstallError::at(directory))?;
            let stage = Self::within(directory, made);
            tries -= 1;
            match stage {
                // Another one that failed took away the directory that it had made.
                Err(InstallError::Io { source, .. })
                    if source.kind() == io::ErrorKind::NotFound && tries > 0 => {}
                stage => return stage,
            }
        }
    }

    fn within(directory: &Path, made: Vec<PathBuf>) -> Result<Self, InstallError> {
        let _guard = guard(directory)?;
        let root = tempfile::Builder::new().prefix(GATHERED).tempdir_in(directory);
        let root = root.map_err(InstallError::at(directory))?.keep();
        let mut stage = Self { root, lock: None, abandoned: Arc::default(), made };
        let lock = system::open_to_lock(&stage.root).and_then(|file| wait_for(&file).map(|()| file));
        stage.lock = Some(lock.map_err(InstallError::at(&stage.root))?);
        Ok(stage)
    }

    pub(super) fn root(&self) -> PathBuf {
        self.root.clone()
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// Puts what was gathered in the place of what lies there, which goes with the stage. At no moment is neither there,
    /// unless the file system cannot exchange two names.
    pub(super) fn exchange(&self, content: &Path, place: &Path) -> io::Result<()> {
        match system::exchange(content, place) {
            Err(error)
                if matches!(error.kind(), io::ErrorKind::Unsupported | io::ErrorKind::InvalidInput) =>
            {
                let before = self.path("before");
                fs::rename(place, &before)?;
                fs::rename(content, place).inspect_err(|_| _ = fs::rename(&before, place))
            }
            done => done,
        }
    }

    /// Something was installed: the directories that were made for it stay.
    pub(super) fn keep_directories(&mut self) {
        self.made.clear();
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.abandoned.store(true, Ordering::Relaxed);
        self.lock = None;
        for _ in 0..TRIES {
            match fs::remove_dir_all(&self.root) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => sleep(LOOK),
                _ => break,
            }
        }
        for directory in &self.made {
            // It stays if somebody else has put something there.
            _ = fs::remove_dir(directory);
        }
    }
}

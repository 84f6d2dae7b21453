//! A list in a file of its own, which several programs change at once.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// How long another program may hold the lock, and how often it is tried.
const PATIENCE: Duration = Duration::from_secs(1);
const LOOK: Duration = Duration::from_millis(10);
/// Largest file that is read, in bytes.
const MAX_BYTES: u64 = 1 << 20;

/// A list of `E`, as JSON. Naming it creates nothing.
#[derive(Debug)]
pub(crate) struct ListFile<E> {
    file: PathBuf,
    entries: PhantomData<fn() -> E>,
}

impl<E> Clone for ListFile<E> {
    fn clone(&self) -> Self {
        Self::new(self.file.clone())
    }
}

impl<E> ListFile<E> {
    pub(crate) fn new(file: PathBuf) -> Self {
        Self { file, entries: PhantomData }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.file
    }
}

impl<E: Serialize + DeserializeOwned> ListFile<E> {
    /// Everything in the list; a file that is not there is an empty one. Blocks.
    pub(crate) fn read(&self) -> io::Result<Vec<E>> {
        match fs::metadata(&self.file) {
            Ok(data) if data.is_file() => {}
            // Opening a pipe would wait for somebody to write.
            Ok(_) => return Err(io::Error::other("it is not a regular file")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        }
        let file = File::open(&self.file)?;
        let text = io::read_to_string(io::Read::take(file, MAX_BYTES))?;
        Ok(serde_json::from_str(&text)?)
    }

    /// Changes the list, as a whole or not at all. Blocks.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Vec<E>)) -> io::Result<()> {
        let directory = self.file.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(directory)?;
        // Two programs at once must not lose each other's entries. The lock ends with the file's handle.
        let guard = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(self.file.with_extension("lock"))?;
        lock(&guard)?;
        let mut entries = self.read()?;
        change(&mut entries);
        self.write(&entries)
    }

    /// By way of a second name: a list is never half written.
    fn write(&self, entries: &[E]) -> io::Result<()> {
        let fresh = self.file.with_extension("json.new");
        let text = serde_json::to_vec_pretty(entries)?;
        let written = fs::write(&fresh, text).and_then(|()| fs::rename(&fresh, &self.file));
        if written.is_err() {
            // Half a list helps nobody.
            _ = fs::remove_file(&fresh);
        }
        written
    }
}

/// Waits for the lock, but not for somebody who does not let go of it.
fn lock(guard: &File) -> io::Result<()> {
    let begun = Instant::now();
    loop {
        match guard.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) if begun.elapsed() < PATIENCE => std::thread::sleep(LOOK),
            Err(TryLockError::WouldBlock) => {
                return Err(io::Error::new(io::ErrorKind::TimedOut, "another program holds its lock"));
            }
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
}

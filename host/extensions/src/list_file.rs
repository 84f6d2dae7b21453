//! A list in a file of its own, which several programs change at once.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::system;

/// How long another program may hold the lock, and how often it is tried.
const PATIENCE: Duration = Duration::from_secs(1);
const LOOK: Duration = Duration::from_millis(10);
/// Largest file that is read or written, in bytes.
const MAX_BYTES: usize = 4 << 20;

/// A list of `E`, as JSON. Naming it creates nothing.
#[derive(Debug)]
pub(crate) struct ListFile<E> {
    file: PathBuf,
    shorten: fn(&mut E),
}

impl<E> Clone for ListFile<E> {
    fn clone(&self) -> Self {
        Self::new(self.file.clone(), self.shorten)
    }
}

impl<E> ListFile<E> {
    /// The list in this file. When it becomes too large, each entry is made shorter.
    pub(crate) fn new(file: PathBuf, shorten: fn(&mut E)) -> Self {
        Self { file, shorten }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.file
    }
}

impl<E: Serialize + DeserializeOwned> ListFile<E> {
    /// Everything in the list; a file that is not there is an empty one. Blocks.
    pub(crate) fn read(&self) -> io::Result<Vec<E>> {
        let Some(size) = regular(&self.file)? else { return Ok(Vec::new()) };
        if size > MAX_BYTES as u64 {
            return Err(too_large(size));
        }
        let file = File::open(&self.file)?;
        let text = io::read_to_string(io::Read::take(file, MAX_BYTES as u64))?;
        Ok(serde_json::from_str(&text)?)
    }

    /// Changes the list, as a whole or not at all. Blocks.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Vec<E>)) -> io::Result<()> {
        let directory = self.file.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(directory)?;
        // Two programs at once must not lose each other's entries. The lock ends with the file's handle.
        let lock_file = self.file.with_extension("lock");
        regular(&lock_file)?;
        let guard = system::open_to_write(&lock_file)?;
        lock(&guard)?;
        let mut entries = self.read()?;
        change(&mut entries);
        self.write(&mut entries)
    }

    /// By way of a second name: a list is never half written.
    fn write(&self, entries: &mut [E]) -> io::Result<()> {
        let mut text = serde_json::to_vec(entries)?;
        if text.len() > MAX_BYTES {
            entries.iter_mut().for_each(self.shorten);
            text = serde_json::to_vec(entries)?;
        }
        if text.len() > MAX_BYTES {
            // What cannot be read again would be worth nothing: the list stays as it was.
            return Err(too_large(text.len() as u64));
        }
        let fresh = self.file.with_extension("json.new");
        // What was left behind, whatever it is.
        _ = fs::remove_file(&fresh);
        let create = || OpenOptions::new().write(true).create_new(true).open(&fresh)?.write_all(&text);
        let written = create().and_then(|()| fs::rename(&fresh, &self.file));
        if written.is_err() {
            // Half a list helps nobody.
            _ = fs::remove_file(&fresh);
        }
        written
    }
}

/// The size of a file, if it is there. Opening a pipe would wait for somebody at its other end.
fn regular(file: &Path) -> io::Result<Option<u64>> {
    match fs::metadata(file) {
        Ok(data) if data.is_file() => Ok(Some(data.len())),
        Ok(_) => Err(io::Error::other(format!("{} is not a regular file", file.display()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn too_large(size: u64) -> io::Error {
    io::Error::other(format!("it has {size} bytes, and {MAX_BYTES} are allowed"))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_not_be_read_again_is_not_written() {
        let home = tempfile::tempdir().unwrap();
        let list = ListFile::new(home.path().join("list.json"), |text: &mut String| text.truncate(1 << 20));
        list.change(|entries| entries.push("x".repeat(MAX_BYTES))).unwrap();
        let shortened = list.read().unwrap();
        assert_eq!(shortened[0].len(), 1 << 20);
        let told = list.change(|entries| *entries = vec!["y".repeat(1 << 20); 5]).unwrap_err().to_string();
        assert!(told.contains("4194304 are allowed"), "{told}");
        assert_eq!(list.read().unwrap(), shortened, "the list stays as it was");
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 2, "the list and its lock");
        fs::write(list.path(), vec![b' '; MAX_BYTES + 1]).unwrap();
        let told = list.read().unwrap_err().to_string();
        assert!(told.contains("it has 4194305 bytes"), "{told}");
    }

    #[cfg(unix)]
    #[test]
    fn nobody_is_waited_for_at_a_pipe() {
        use std::os::unix::fs::symlink;

        use rustix::fs::{CWD, FileType, Mode, mknodat};
        let home = tempfile::tempdir().unwrap();
        let list = ListFile::new(home.path().join("list.json"), |_: &mut u32| ());
        let pipe = |name: &str| mknodat(CWD, home.path().join(name), FileType::Fifo, Mode::RWXU, 0).unwrap();
        pipe("list.json.new");
        list.change(|entries| entries.push(1)).unwrap();
        assert_eq!(list.read().unwrap(), [1]);
        let lock = home.path().join("list.lock");
        fs::remove_file(&lock).unwrap();
        pipe("list.lock");
        let told = list.change(|entries| entries.push(2)).unwrap_err().to_string();
        assert!(told.contains("list.lock is not a regular file"), "{told}");
        fs::rename(&lock, home.path().join("pipe")).unwrap();
        symlink("pipe", &lock).unwrap();
        assert!(list.change(|entries| entries.push(2)).is_err());
        assert!(system::open_to_write(&lock).is_err(), "also when it has become one meanwhile");
        assert_eq!(list.read().unwrap(), [1]);
    }
}

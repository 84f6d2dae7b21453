//! A directory of entries that only this user can have written: each carries a code that is made with a key of this
//! user's, over its name and its bytes. What is read is either what was put there under this name, or nothing.
//!
//! It guards against torn writes, other users, directories that are copied between machines and entries under a
//! wrong name. It does not guard against a program that runs as the same user: that one can read the key.

mod key;
mod sweep;
#[cfg(test)]
mod tests;

use std::io::{self, Read as _, Write as _};
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::SystemTime;

use thiserror::Error;

use crate::limits::Bytes;
use crate::system::Directory;
use key::Key;

/// What an entry begins with; the code follows, then the bytes.
const MAGIC: [u8; 8] = *b"wharf\0v1";
const CODE: usize = blake3::OUT_LEN;
const HEADER: usize = MAGIC.len() + CODE;
/// Longest name of an entry, in bytes.
const MAX_NAME: usize = 200;
/// What the names of unfinished files begin with; no entry's does.
const UNFINISHED: &str = ".new-";

/// The directory. Making one touches nothing; it can be used from several threads and processes at once.
pub struct Vault {
    directory: PathBuf,
    key_file: PathBuf,
    limit: Bytes,
    key: Mutex<Option<Key>>,
}

/// Why there is no entry.
#[derive(Debug, Error)]
pub enum Miss {
    /// There is none.
    #[error("there is none")]
    Absent,
    /// There is one that cannot be trusted. It has been deleted.
    #[error("{0}")]
    Doubtful(String),
}

/// Why an entry could not be put there.
#[derive(Debug, Error)]
pub enum VaultError {
    /// Its name is no plain file name.
    #[error("{0:?} cannot be the name of an entry")]
    Name(String),
    /// It is larger than all entries together may be.
    #[error("the entry has {bytes} bytes, and all together may have {limit}")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// What all together may have.
        limit: Bytes,
    },
    /// The directory cannot be made, or cannot be trusted.
    #[error("the directory {} cannot be used: {source}", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The key cannot be read or made.
    #[error("the key {} cannot be used: {source}", path.display())]
    Key {
        /// Its file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The entry cannot be written.
    #[error("the entry cannot be written: {0}")]
    Write(#[source] io::Error),
}

impl Vault {
    /// Entries lie in this directory, the key in that file, which must lie elsewhere. All entries together stay
    /// within the limit.
    #[must_use]
    pub fn new(directory: PathBuf, key: PathBuf, limit: Bytes) -> Self {
        Self { directory, key_file: key, limit, key: Mutex::new(None) }
    }

    /// The bytes that were put there under this name. At any doubt there are none, and the entry is deleted.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Vec<u8>> {
        self.look_up(name).ok()
    }

    /// The same, with the reason when there are none.
    ///
    /// # Errors
    /// [`Miss`]
    pub fn look_up(&self, name: &str) -> Result<Vec<u8>, Miss> {
        let doubt = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => Miss::Absent,
            _ => Miss::Doubtful(error.to_string()),
        };
        if !is_entry_name(name) {
            return Err(Miss::Absent);
        }
        let directory = Directory::open(&self.directory).map_err(doubt)?;
        directory.check_private().map_err(doubt)?;
        let read = self.read(&directory, name);
        if matches!(&read, Err(error) if is_verdict(error)) {
            self.delete(&directory, name);
        }
        read.map_err(doubt)
    }

    /// Deletes an entry: whoever read it found that it cannot be used after all.
    pub fn remove(&self, name: &str) {
        if is_entry_name(name)
            && let Ok(directory) = Directory::open(&self.directory)
        {
            self.delete(&directory, name);
        }
    }

    /// Puts an entry there, in one step, in place of one with the same name. Then the entries that were not used for
    /// longest are deleted until the rest fits.
    ///
    /// # Errors
    /// [`VaultError`]
    pub fn put(&self, name: &str, bytes: &[u8]) -> Result<(), VaultError> {
        if !is_entry_name(name) {
            return Err(VaultError::Name(name.to_owned()));
        }
        if bytes.len().saturating_add(HEADER) > self.limit.count() {
            return Err(VaultError::TooLarge { bytes: bytes.len(), limit: self.limit });
        }
        let key = self.key().map_err(|source| VaultError::Key { path: self.key_file.clone(), source })?;
        let directory =
            self.make().map_err(|source| VaultError::Directory { path: self.directory.clone(), source })?;
        write(&directory, name, &[&MAGIC, key.code(name, bytes).as_bytes(), bytes])
            .map_err(VaultError::Write)?;
        sweep::sweep(&directory, &self.directory, self.limit);
        Ok(())
    }

    fn make(&self) -> io::Result<Directory> {
        Directory::make(&self.directory)?;
        let directory = Directory::open(&self.directory)?;
        directory.check_private()?;
        Ok(directory)
    }

    fn read(&self, directory: &Directory, name: &str) -> io::Result<Vec<u8>> {
        let mut file = directory.read(name)?;
        let length = file.metadata()?.len();
        let body = length.checked_sub(HEADER as u64).filter(|_| length <= self.limit.wide());
        let Some(body) = body.and_then(|body| usize::try_from(body).ok()) else {
            return Err(io::Error::other(format!("it has {length} bytes")));
        };
        let (mut magic, mut code) = ([0; MAGIC.len()], [0; CODE]);
        file.read_exact(&mut magic)?;
        file.read_exact(&mut code)?;
        // One more than is expected, so that a file that grows meanwhile is noticed.
        let mut bytes = Vec::with_capacity(body.saturating_add(1));
        (&file).take(body as u64 + 1).read_to_end(&mut bytes)?;
        // Compared in constant time.
        if magic != MAGIC || bytes.len() != body || self.known_key()?.code(name, &bytes) != code {
            return Err(io::Error::other("it is not what was put there"));
        }
        // For the order in which entries are deleted; an entry whose time cannot be set is only deleted sooner.
        _ = file.set_modified(SystemTime::now());
        Ok(bytes)
    }

    fn delete(&self, directory: &Directory, name: &str) {
        // What cannot be deleted is not trusted the next time either.
        _ = directory.remove(name);
    }
}

/// Whether an error says something of the file, and not of this process or the machine: that it has no file left to
/// open, or no memory, passes, and nothing is to be deleted for it.
fn is_verdict(error: &io::Error) -> bool {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::OutOfMemory | io::ErrorKind::Interrupted => false,
        _ => !crate::system::is_passing(error),
    }
}

/// A plain file name that no unfinished file has.
fn is_entry_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    !name.is_empty() && name.len() <= MAX_NAME && !name.starts_with('.') && name.bytes().all(plain)
}

/// Writes a file that appears as a whole or not at all. It is not forced to the disk: a file that a power failure
/// tears does not pass for an entry.
fn write(directory: &Directory, name: &str, pieces: &[&[u8]]) -> io::Result<()> {
    let unfinished = unfinished_name()?;
    let mut file = directory.create(&unfinished)?;
    let written = pieces.iter().try_for_each(|piece| file.write_all(piece));
    drop(file);
    let done = written.and_then(|()| directory.replace(&unfinished, name));
    if done.is_err() {
        _ = directory.remove(&unfinished);
    }
    done
}

fn unfinished_name() -> io::Result<String> {
    let mut random = [0; 8];
    getrandom::fill(&mut random)?;
    Ok(format!("{UNFINISHED}{:016x}", u64::from_ne_bytes(random)))
}

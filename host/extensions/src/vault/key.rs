//! The key: 32 random bytes in a file that is this user's alone.

use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::sync::PoisonError;

use super::{Vault, is_verdict, unfinished_name};
use crate::system::Directory;

#[derive(Clone)]
pub(super) struct Key([u8; blake3::KEY_LEN]);

impl Key {
    /// The code of an entry. The name's length goes first, so that no letter can pass from the name to the bytes.
    pub(super) fn code(&self, name: &str, bytes: &[u8]) -> blake3::Hash {
        let mut code = blake3::Hasher::new_keyed(&self.0);
        code.update(&(name.len() as u64).to_le_bytes());
        code.update(name.as_bytes());
        code.update(bytes);
        code.finalize()
    }

    fn read(directory: &Directory, name: &str) -> io::Result<Self> {
        let mut bytes = Vec::new();
        directory.read(name)?.take(blake3::KEY_LEN as u64 + 1).read_to_end(&mut bytes)?;
        bytes.try_into().map(Self).map_err(|_| io::Error::other("it does not have the size of a key"))
    }

    /// Makes a new one, unless another process was quicker: then it is that one.
    fn make(directory: &Directory, name: &str) -> io::Result<Self> {
        let mut key = Self([0; blake3::KEY_LEN]);
        getrandom::fill(&mut key.0)?;
        // Written under another name first: nobody reads half a key.
        let unfinished = unfinished_name()?;
        directory.create(&unfinished)?.write_all(&key.0)?;
        match directory.place(&unfinished, name)? {
            true => Ok(key),
            false => Self::read(directory, name),
        }
    }
}

impl Vault {
    /// The key; it is made if there is none that can be trusted.
    pub(super) fn key(&self) -> io::Result<Key> {
        self.key_or(|directory, name, error| {
            match error.kind() {
                io::ErrorKind::NotFound => {}
                _ if is_verdict(&error) => directory.remove(name)?,
                _ => return Err(error),
            }
            Key::make(directory, name)
        })
    }

    /// The key; without one, no entry is to be trusted.
    pub(super) fn known_key(&self) -> io::Result<Key> {
        self.key_or(|_, _, error| match error.kind() {
            io::ErrorKind::NotFound => Err(io::Error::other("there is no key to check it with")),
            _ if is_verdict(&error) => Err(io::Error::other(format!("the key cannot be trusted: {error}"))),
            _ => Err(error),
        })
    }

    fn key_or(
        &self,
        otherwise: impl FnOnce(&Directory, &str, io::Error) -> io::Result<Key>,
    ) -> io::Result<Key> {
        let mut known = self.key.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = &*known {
            return Ok(key.clone());
        }
        let name = self.key_file.file_name().and_then(|name| name.to_str());
        let name = name.ok_or_else(|| io::Error::other("its path names no file"))?;
        let parent = self.key_file.parent().unwrap_or(Path::new(""));
        Directory::make(parent)?;
        let directory = Directory::open(parent)?;
        let key = Key::read(&directory, name).or_else(|error| otherwise(&directory, name, error))?;
        Ok(known.insert(key).clone())
    }
}

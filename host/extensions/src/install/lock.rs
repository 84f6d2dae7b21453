//! `wharf.lock`: what was installed, from where, and what it was made of then.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;
use toml::Spanned;
use wharf_protocol::id::ExtensionId;

/// The version of the format that is written, and the only one that is read.
const VERSION: i64 = 1;
/// Largest file that is read, in bytes.
const MAX_BYTES: u64 = 4 << 20;
const HEAD: &str = "# Written by `wharf ext`. What was installed, from where, and the digest of what came.\n";

/// The file. Naming it creates nothing. Whoever changes it has locked the directory of extensions.
#[derive(Debug, Clone)]
pub struct Lock {
    file: PathBuf,
}

/// One installed extension.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Locked {
    /// Its name.
    pub name: ExtensionId,
    /// Its version; empty: unknown.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// The path or the address that it came from.
    pub source: String,
    /// The commit, if it came from a repository: the full id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// What it was made of: of a file its SHA-256, of a folder that of its names, permissions and contents.
    pub sha256: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    version: i64,
    #[serde(default, rename = "extension")]
    extensions: Vec<Locked>,
}

/// Read before anything else: what a later version holds is not guessed at.
#[derive(Deserialize)]
struct Head {
    version: Spanned<i64>,
}

/// A lock file that cannot be used. It is never written over.
#[derive(Debug, Error)]
pub enum LockError {
    /// It is no lock file.
    #[error(
        "{place}: {why}; mend it, or move it away: the installed extensions stay, what they came from is lost"
    )]
    Broken {
        /// File, line and column.
        place: String,
        /// What is wrong.
        why: String,
    },
    /// A later version of this program wrote it.
    #[error(
        "{place}: it has version {version}, this program knows version {VERSION}; use the Wharf that wrote it, or move it away"
    )]
    Version {
        /// File, line and column.
        place: String,
        /// What it says.
        version: i64,
    },
    /// It cannot be read or written.
    #[error("{}: {source}", file.display())]
    Io {
        /// The file.
        file: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

impl Lock {
    /// The lock file at this path.
    #[must_use]
    pub fn new(file: PathBuf) -> Self {
        Self { file }
    }

    /// Where it lies.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.file
    }

    /// Everything in it. Blocks.
    ///
    /// # Errors
    /// [`LockError`]; a file that is not there is an empty one.
    pub fn read(&self) -> Result<Vec<Locked>, LockError> {
        let text = self.text().map_err(|source| self.io(source))?;
        let Some(text) = text else { return Ok(Vec::new()) };
        let head: Head = toml::from_str(&text).map_err(|error| self.broken(&text, &error))?;
        let version = *head.version.get_ref();
        if version != VERSION {
            let place = self.place(&text, head.version.span().start);
            return Err(LockError::Version { place, version });
        }
        let content: Content = toml::from_str(&text).map_err(|error| self.broken(&text, &error))?;
        Ok(content.extensions)
    }

    /// Adds an entry, in place of one of the same name.
    pub(super) fn put(&self, entry: Locked) -> Result<(), LockError> {
        let mut all = self.read()?;
        all.retain(|other| other.name != entry.name);
        all.push(entry);
        self.write(all)
    }

    /// Takes an entry out, and returns it.
    pub(super) fn take(&self, name: &ExtensionId) -> Result<Option<Locked>, LockError> {
        let mut all = self.read()?;
        let at = all.iter().position(|entry| entry.name == *name);
        let Some(taken) = at.map(|at| all.remove(at)) else { return Ok(None) };
        self.write(all)?;
        Ok(Some(taken))
    }

    fn text(&self) -> io::Result<Option<String>> {
        match fs::metadata(&self.file) {
            Ok(data) if data.is_file() && data.len() <= MAX_BYTES => fs::read_to_string(&self.file).map(Some),
            // Opening a pipe would wait for somebody to write.
            Ok(_) => Err(io::Error::other("it is not a regular file, or too large")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// By way of a second name: it is never half written.
    fn write(&self, mut extensions: Vec<Locked>) -> Result<(), LockError> {
        extensions.sort_by(|a, b| a.name.cmp(&b.name));
        let written = || -> io::Result<()> {
            let text =
                toml::to_string(&Content { version: VERSION, extensions }).map_err(io::Error::other)?;
            let directory = self.file.parent().unwrap_or(Path::new("."));
            fs::create_dir_all(directory)?;
            let fresh = self.file.with_extension("lock.new");
            let mut file = fs::File::create(&fresh)?;
            file.write_all(HEAD.as_bytes())?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&fresh, &self.file)
        };
        written().map_err(|source| self.io(source))
    }

    fn io(&self, source: io::Error) -> LockError {
        LockError::Io { file: self.file.clone(), source }
    }

    fn broken(&self, text: &str, error: &toml::de::Error) -> LockError {
        let place = self.place(text, error.span().map_or(0, |span| span.start));
        LockError::Broken { place, why: error.message().to_owned() }
    }

    fn place(&self, text: &str, offset: usize) -> String {
        let before = text.get(..offset).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        format!("{}:{line}:{column}", self.file.display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locked(name: &str) -> Locked {
        let name = ExtensionId::new(name).unwrap();
        Locked { name, version: "1".into(), source: "/x".into(), revision: None, sha256: "00".into() }
    }

    #[test]
    fn entries_are_kept_in_order_and_taken_out() {
        let home = tempfile::tempdir().unwrap();
        let lock = Lock::new(home.path().join("config/wharf.lock"));
        assert!(lock.read().unwrap().is_empty());
        lock.put(locked("b")).unwrap();
        lock.put(Locked { revision: Some("c".into()), ..locked("a") }).unwrap();
        lock.put(Locked { version: String::new(), ..locked("b") }).unwrap();
        let names: Vec<_> = lock.read().unwrap().iter().map(|entry| entry.name.to_string()).collect();
        assert_eq!(names, ["a", "b"]);
        assert_eq!(lock.take(&locked("b").name).unwrap().unwrap().version, "");
        assert!(lock.take(&locked("b").name).unwrap().is_none());
        assert_eq!(fs::read_dir(home.path().join("config")).unwrap().count(), 1);
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_place_and_not_written_over() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("wharf.lock");
        for (text, told) in [
            ("version = 2\nfuture = true\n", "wharf.lock:1:11: it has version 2"),
            ("version = 1\n[[extension]]\nname = 3\n", "wharf.lock:3:8: invalid type"),
            ("version = 1\nwhat = 1\n", "wharf.lock:2:1: unknown field"),
            ("version = [", "wharf.lock:1:"),
            ("", "wharf.lock:1:1: missing field"),
        ] {
            fs::write(&file, text).unwrap();
            let error = Lock::new(file.clone()).put(locked("a")).unwrap_err().to_string();
            assert!(error.contains(told) && error.contains("move it away"), "{error}");
            assert_eq!(fs::read_to_string(&file).unwrap(), text);
        }
    }
}

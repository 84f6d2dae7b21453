//! Whether what was made before is still what would be made now: a digest of contents, not of times.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

/// A file that holds the digest of what something was made from.
pub struct Stamp {
    file: PathBuf,
    digest: String,
}

impl Stamp {
    pub fn new(file: &Path, digest: String) -> Self {
        Self { file: file.to_owned(), digest }
    }

    pub fn is_current(&self) -> bool {
        fs::read_to_string(&self.file).is_ok_and(|written| written == self.digest)
    }

    /// To be called when it is made.
    pub fn write(&self) -> Result<()> {
        fs::write(&self.file, &self.digest).with_context(|| format!("cannot write {}", self.file.display()))
    }
}

/// A digest of files, by name and content, of the files directly in folders, and of a text.
pub fn digest(paths: &[impl AsRef<Path>], text: &str) -> Result<String> {
    let mut hasher = Sha256::new();
    let mut add = |bytes: &[u8]| {
        // The length too, so that what ends one part cannot begin the next.
        hasher.update((bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    };
    add(text.as_bytes());
    for path in paths {
        for file in files(path.as_ref())? {
            add(file.file_name().unwrap_or_default().as_encoded_bytes());
            add(&fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?);
        }
    }
    Ok(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

fn files(path: &Path) -> Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = fs::read_dir(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut files = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    files.retain(|file| file.is_file());
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]
    use super::*;

    #[test]
    fn names_contents_and_the_text_count() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("a"), "1").unwrap();
        let mut seen = vec![digest(&[folder.path()], "").unwrap()];
        assert_eq!(seen, [digest(&[folder.path()], "").unwrap()]);
        seen.push(digest(&[folder.path()], "v1").unwrap());
        fs::write(at("a"), "2").unwrap();
        seen.push(digest(&[folder.path()], "").unwrap());
        fs::rename(at("a"), at("b")).unwrap();
        seen.push(digest(&[folder.path()], "").unwrap());
        let count = seen.len();
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), count);
        assert!(digest(&[at("missing")], "").is_err());
    }

    #[test]
    fn a_stamp_is_current_for_what_it_was_written_for() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("stamp");
        let stamp = Stamp::new(&file, "one".to_owned());
        assert!(!stamp.is_current());
        stamp.write().unwrap();
        assert!(stamp.is_current());
        assert!(!Stamp::new(&file, "two".to_owned()).is_current());
    }
}

//! The files of a folder that was gathered: walking, writing, and their digest.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::InstallError;
use crate::digest::{Digest, Digester};
use crate::system;

/// What one extension may be made of: files, directories and links.
pub(super) const MAX_ENTRIES: usize = 10_000;
/// And all of its files together, in bytes.
pub(super) const MAX_BYTES: u64 = 64 << 20;
/// Directories inside directories.
pub(super) const MAX_DEPTH: usize = 32;
/// Left out wherever it is met: what a repository keeps for itself.
pub(super) const PASSED_OVER: &str = ".git";

/// One thing in a folder.
pub(super) struct Entry {
    /// From the folder on, with `/` between the parts.
    pub(super) name: String,
    pub(super) path: PathBuf,
    pub(super) kind: Kind,
}

pub(super) enum Kind {
    Directory,
    /// With the permissions that count.
    File(u32),
    /// Where it leads.
    Link(PathBuf),
}

/// Everything in a folder that was gathered, sorted by name: a directory comes before what lies in it. Links are not
/// followed.
pub(super) fn walk(root: &Path) -> Result<Vec<Entry>, InstallError> {
    let mut walk = Walk { found: Vec::new(), root };
    walk.directory(root, "", 0)?;
    walk.found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(walk.found)
}

struct Walk<'a> {
    found: Vec<Entry>,
    root: &'a Path,
}

impl Walk<'_> {
    fn directory(&mut self, path: &Path, prefix: &str, depth: usize) -> Result<(), InstallError> {
        if depth > MAX_DEPTH {
            return Err(InstallError::refused(path.display(), "directories are nested too deep"));
        }
        for entry in fs::read_dir(path).map_err(InstallError::at(path))? {
            let path = entry.map_err(InstallError::at(path))?.path();
            let refuse = |why: &str| Err(InstallError::refused(path.display(), why));
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
                return refuse("its name is not UTF-8");
            };
            if name == PASSED_OVER {
                continue;
            }
            if self.found.len() == MAX_ENTRIES {
                let why =
                    format!("there are more than {MAX_ENTRIES} files in it; it is not an extension alone");
                return Err(InstallError::refused(self.root.display(), why));
            }
            let name = format!("{prefix}{name}");
            let data = path.symlink_metadata().map_err(InstallError::at(&path))?;
            let kind = if data.is_symlink() {
                Kind::Link(fs::read_link(&path).map_err(InstallError::at(&path))?)
            } else if data.is_dir() {
                self.directory(&path, &format!("{name}/"), depth + 1)?;
                Kind::Directory
            } else if data.is_file() {
                Kind::File(system::mode(&data))
            } else {
                return refuse("it is a pipe, a socket or a device");
            };
            self.found.push(Entry { name, path, kind });
        }
        Ok(())
    }
}

pub(super) fn too_large() -> String {
    format!("its files have more than {} MiB together; it is not an extension alone", MAX_BYTES >> 20)
}

/// Copies one file of at most so many bytes, and returns how many it had.
pub(super) fn copy_file(from: &Path, to: &Path, mode: u32, most: u64) -> Result<u64, InstallError> {
    // What was a file a moment ago may be a link or a pipe by now.
    let source = system::open_regular(from).map_err(InstallError::at(from))?;
    let copied = write(to, mode, &mut source.take(most.saturating_add(1)))?;
    match copied > most {
        true => Err(InstallError::refused(from.display(), too_large())),
        false => Ok(copied),
    }
}

/// Writes a file that was not there, down to the disk.
pub(super) fn write(to: &Path, mode: u32, from: &mut impl Read) -> Result<u64, InstallError> {
    let mut written = || -> io::Result<u64> {
        let mut file = File::create_new(to)?;
        let count = io::copy(from, &mut file)?;
        system::set_mode(&file, mode)?;
        file.sync_all()?;
        Ok(count)
    };
    written().map_err(InstallError::at(to))
}

/// Refuses a folder that holds a link out of itself, or one that leads nowhere. The folder must lie where nobody
/// can tell its name beforehand: then no link leads out of it and in again.
pub(super) fn check_links(root: &Path, entries: &[Entry], shown: &str) -> Result<(), InstallError> {
    let real = root.canonicalize().map_err(InstallError::at(root))?;
    for Entry { name, path, kind } in entries {
        let Kind::Link(leads) = kind else { continue };
        let inside = leads.is_relative() && path.canonicalize().is_ok_and(|end| end.starts_with(&real));
        if !inside {
            let why = format!("the link leads out of the extension, or nowhere: {}", leads.display());
            return Err(InstallError::refused(format!("{shown}/{name}"), why));
        }
    }
    Ok(())
}

/// The digest of a folder: over its files and links, sorted by name; of each its name, what it is with its
/// permissions, and its content or where it leads.
pub(super) fn digest(entries: &[Entry]) -> Result<Digest, InstallError> {
    let mut all = Digester::default();
    for Entry { name, path, kind } in entries {
        match kind {
            Kind::Directory => {}
            Kind::File(mode) => {
                let bytes = fs::read(path).map_err(InstallError::at(path))?;
                all.pieces([name.as_bytes(), format!("file {mode:o}").as_bytes(), &bytes]);
            }
            Kind::Link(leads) => {
                all.pieces([name.as_bytes(), b"link", leads.to_string_lossy().as_bytes()]);
            }
        }
    }
    Ok(all.finish())
}

/// Makes sure that the directories are on the disk, as their files are.
pub(super) fn sync(root: &Path, entries: &[Entry]) -> Result<(), InstallError> {
    let inner = entries.iter().filter(|entry| matches!(entry.kind, Kind::Directory));
    for directory in inner.map(|entry| entry.path.as_path()).chain([root]) {
        system::sync_directory(directory).map_err(InstallError::at(directory))?;
    }
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn the_digest_is_the_one_that_the_book_describes() {
        let home = tempfile::tempdir().unwrap();
        let at = |name: &str| home.path().join(name);
        fs::create_dir_all(at("from/b")).unwrap();
        for (name, text, mode) in [("from/a", "1", 0o666), ("from/b/c", "2", 0o4777)] {
            fs::write(at(name), text).unwrap();
            fs::set_permissions(at(name), fs::Permissions::from_mode(mode)).unwrap();
        }
        symlink("a", at("from/l")).unwrap();
        fs::create_dir(at("from/.git")).unwrap();
        crate::install::copy::copy(&at("from"), &at("to"), &std::sync::atomic::AtomicBool::new(false))
            .unwrap();
        for place in ["from", "to"] {
            let digest = digest(&walk(&at(place)).unwrap()).unwrap().to_string();
            assert_eq!(digest, "808a597ba91b55d92b88d495add2658dafb5e7c87047aeca7b3e1444c1a2f82c", "{place}");
        }
        assert!(!at("to/.git").exists());
    }
}

//! The files of a folder: walking, copying, and their digest.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::InstallError;
use crate::digest::{Digest, Digester};
use crate::system;

/// What one extension may be made of: files, directories and links.
pub(super) const MAX_ENTRIES: usize = 10_000;
/// And all of its files together, in bytes.
pub(super) const MAX_BYTES: u64 = 64 << 20;
/// Directories inside directories.
const MAX_DEPTH: usize = 32;
/// Left out wherever it is met: what a repository keeps for itself.
const PASSED_OVER: &str = ".git";

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

/// Everything in a folder, sorted by name: a directory comes before what lies in it. Links are not followed.
pub(super) fn walk(root: &Path) -> Result<Vec<Entry>, InstallError> {
    let mut walk = Walk { found: Vec::new(), bytes: 0, root, names: BTreeMap::new() };
    walk.directory(root, "", 0)?;
    walk.refuse_shared()?;
    walk.found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(walk.found)
}

struct Walk<'a> {
    found: Vec<Entry>,
    bytes: u64,
    root: &'a Path,
    /// Files that have several names, by what they are: how many names there are, those that were met, one of them.
    names: BTreeMap<(u64, u64), (u64, u64, PathBuf)>,
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
                self.file(&path, &data)?;
                Kind::File(system::mode(&data))
            } else {
                return refuse("it is a pipe, a socket or a device");
            };
            self.found.push(Entry { name, path, kind });
        }
        Ok(())
    }

    fn file(&mut self, path: &Path, data: &fs::Metadata) -> Result<(), InstallError> {
        self.bytes = self.bytes.saturating_add(data.len());
        if self.bytes > MAX_BYTES {
            return Err(InstallError::refused(self.root.display(), too_large()));
        }
        if let Some((identity, names)) = system::names(data) {
            self.names.entry(identity).or_insert_with(|| (names, 0, path.to_owned())).1 += 1;
        }
        Ok(())
    }

    /// A file that has a name outside as well is a link out of the folder.
    fn refuse_shared(&self) -> Result<(), InstallError> {
        match self.names.values().find(|(names, met, _)| names > met) {
            Some((.., path)) => {
                let why = "it is a hard link to a file outside; copy the file instead";
                Err(InstallError::refused(path.display(), why))
            }
            None => Ok(()),
        }
    }
}

pub(super) fn too_large() -> String {
    format!("its files have more than {} MiB together; it is not an extension alone", MAX_BYTES >> 20)
}

/// Copies a folder. The permissions that count are kept, owners and times are not.
pub(super) fn copy(from: &Path, to: &Path, abandoned: &AtomicBool) -> Result<(), InstallError> {
    let entries = walk(from)?;
    fs::create_dir(to).map_err(InstallError::at(to))?;
    let mut left = MAX_BYTES;
    for Entry { name, path, kind } in &entries {
        let target = to.join(name);
        if abandoned.load(Ordering::Relaxed) {
            return Err(InstallError::refused(from.display(), "copying it was given up"));
        }
        match kind {
            Kind::Directory => fs::create_dir(&target).map_err(InstallError::at(&target))?,
            Kind::File(mode) => left -= copy_file(path, &target, *mode, left)?,
            Kind::Link(leads) => system::symlink(leads, &target).map_err(InstallError::at(&target))?,
        }
    }
    Ok(())
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
        copy(&at("from"), &at("to"), &AtomicBool::new(false)).unwrap();
        for place in ["from", "to"] {
            let digest = digest(&walk(&at(place)).unwrap()).unwrap().to_string();
            assert_eq!(digest, "808a597ba91b55d92b88d495add2658dafb5e7c87047aeca7b3e1444c1a2f82c", "{place}");
        }
        assert!(!at("to/.git").exists());
    }

    #[test]
    fn copying_can_be_given_up() {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir(home.path().join("from")).unwrap();
        fs::write(home.path().join("from/a"), "").unwrap();
        let (from, to) = (home.path().join("from"), home.path().join("to"));
        assert!(copy(&from, &to, &AtomicBool::new(true)).is_err());
        assert!(!to.join("a").exists());
    }
}

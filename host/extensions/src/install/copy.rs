//! Copying a folder that somebody may be changing meanwhile. It is opened once, and everything in it by way of what is
//! open already, never by a path and never through a link: what comes is what lay in it.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, DirEntry};

use super::InstallError;
use super::tree::{self, MAX_BYTES, MAX_DEPTH, MAX_ENTRIES};
use crate::system;

/// Copies a folder. The permissions that count are kept, owners and times are not.
pub(super) fn copy(from: &Path, to: &Path, abandoned: &AtomicBool) -> Result<(), InstallError> {
    let source = Dir::open_ambient_dir(from, ambient_authority()).map_err(InstallError::at(from))?;
    let mut copy = Copy::new(from, abandoned);
    copy.directory(&source, &Way { from: from.to_owned(), to: to.to_owned(), depth: 0 })?;
    copy.refuse_shared()
}

struct Copy<'a> {
    root: &'a Path,
    abandoned: &'a AtomicBool,
    entries: usize,
    /// Bytes that may still come.
    left: u64,
    /// Files that have several names, by what they are: how many names there are, those that were met, one of them.
    names: BTreeMap<(u64, u64), (u64, u64, PathBuf)>,
}

/// A directory, as messages name it, and where its copy lies.
struct Way {
    from: PathBuf,
    to: PathBuf,
    depth: usize,
}

impl<'a> Copy<'a> {
    fn new(root: &'a Path, abandoned: &'a AtomicBool) -> Self {
        Self { root, abandoned, entries: 0, left: MAX_BYTES, names: BTreeMap::new() }
    }

    fn directory(&mut self, source: &Dir, way: &Way) -> Result<(), InstallError> {
        if way.depth > MAX_DEPTH {
            return Err(InstallError::refused(way.from.display(), "directories are nested too deep"));
        }
        fs::create_dir(&way.to).map_err(InstallError::at(&way.to))?;
        for entry in source.entries().map_err(InstallError::at(&way.from))? {
            let entry = entry.map_err(InstallError::at(&way.from))?;
            self.entry(source, &entry, way)?;
        }
        Ok(())
    }

    fn entry(&mut self, within: &Dir, entry: &DirEntry, way: &Way) -> Result<(), InstallError> {
        let name = entry.file_name();
        let (from, to) = (way.from.join(&name), way.to.join(&name));
        let refuse = |why: &str| Err(InstallError::refused(from.display(), why));
        if self.abandoned.load(Ordering::Relaxed) {
            return Err(InstallError::refused(self.root.display(), "copying it was given up"));
        }
        match name.to_str() {
            Some(tree::PASSED_OVER) => return Ok(()),
            Some(_) => {}
            None => return refuse("its name is not UTF-8"),
        }
        if self.entries == MAX_ENTRIES {
            let why = format!("there are more than {MAX_ENTRIES} files in it; it is not an extension alone");
            return Err(InstallError::refused(self.root.display(), why));
        }
        self.entries += 1;
        let seen = entry.metadata().map_err(InstallError::at(&from))?;
        if seen.is_symlink() {
            let leads = within.read_link_contents(&name).map_err(InstallError::at(&from))?;
            return system::symlink(&leads, &to).map_err(InstallError::at(&to));
        }
        if seen.is_dir() {
            let inner = entry.open_dir().map_err(InstallError::at(&from))?;
            let opened = inner.dir_metadata().map_err(InstallError::at(&from))?;
            check_same(&seen, &opened, &from)?;
            return self.directory(&inner, &Way { from, to, depth: way.depth + 1 });
        }
        match seen.is_file() {
            true => self.file(entry, &seen, &from, &to),
            false => refuse("it is a pipe, a socket or a device"),
        }
    }

    fn file(
        &mut self,
        entry: &DirEntry,
        seen: &cap_std::fs::Metadata,
        from: &Path,
        to: &Path,
    ) -> Result<(), InstallError> {
        // A pipe that has taken its place would be waited for.
        let file = entry.open_with(&system::without_waiting()).map_err(InstallError::at(from))?;
        check_same(seen, &file.metadata().map_err(InstallError::at(from))?, from)?;
        let file = file.into_std();
        let data = file.metadata().map_err(InstallError::at(from))?;
        if let Some((identity, names)) = system::names(&data) {
            self.names.entry(identity).or_insert_with(|| (names, 0, from.to_owned())).1 += 1;
        }
        let copied = tree::write(to, system::mode(&data), &mut file.take(self.left.saturating_add(1)))?;
        match self.left.checked_sub(copied) {
            Some(left) => self.left = left,
            None => return Err(InstallError::refused(self.root.display(), tree::too_large())),
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

/// What was opened must be what was seen, and not what was put in its place.
fn check_same(
    seen: &cap_std::fs::Metadata,
    opened: &cap_std::fs::Metadata,
    from: &Path,
) -> Result<(), InstallError> {
    match system::is_same(seen, opened) && seen.file_type() == opened.file_type() {
        true => Ok(()),
        false => Err(InstallError::refused(from.display(), "it was changed while it was copied; try again")),
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// A folder with a file and a directory in it, and something outside that is nobody's business.
    fn folder() -> (tempfile::TempDir, PathBuf, Dir) {
        let home = tempfile::tempdir().unwrap();
        let from = home.path().join("from");
        fs::create_dir_all(from.join("inner")).unwrap();
        fs::create_dir_all(home.path().join("outside")).unwrap();
        for name in ["from/a", "from/b", "from/inner/a", "outside/a"] {
            fs::write(home.path().join(name), name).unwrap();
        }
        let source = Dir::open_ambient_dir(&from, ambient_authority()).unwrap();
        (home, from, source)
    }

    fn entry(source: &Dir, name: &str) -> DirEntry {
        source.entries().unwrap().map(Result::unwrap).find(|entry| entry.file_name() == name).unwrap()
    }

    #[test]
    fn copying_can_be_given_up() {
        let (home, from, _) = folder();
        assert!(copy(&from, &home.path().join("to"), &AtomicBool::new(true)).is_err());
        assert_eq!(fs::read_dir(home.path().join("to")).unwrap().count(), 0);
    }

    #[test]
    fn another_folder_under_its_name_is_not_what_was_opened() {
        let (home, from, source) = folder();
        fs::rename(&from, home.path().join("aside")).unwrap();
        symlink("outside", &from).unwrap();
        let to = home.path().join("to");
        let abandoned = AtomicBool::new(false);
        Copy::new(&from, &abandoned)
            .directory(&source, &Way { from: from.clone(), to: to.clone(), depth: 0 })
            .unwrap();
        assert_eq!(fs::read_to_string(to.join("a")).unwrap(), "from/a");
        assert_eq!(fs::read_to_string(to.join("inner/a")).unwrap(), "from/inner/a");
    }

    #[test]
    fn what_is_swapped_for_a_link_is_not_followed() {
        let (home, from, source) = folder();
        let to = home.path().join("to");
        fs::create_dir(&to).unwrap();
        let abandoned = AtomicBool::new(false);
        let mut copy = Copy::new(&from, &abandoned);
        let way = Way { from: from.clone(), to: to.clone(), depth: 0 };
        // Each is swapped after it was found, some after it was looked at.
        let (file, directory) = (entry(&source, "a"), entry(&source, "inner"));
        let seen = file.metadata().unwrap();
        for (name, leads) in [("a", "b"), ("inner", "../outside")] {
            fs::rename(from.join(name), home.path().join(format!("aside-{name}"))).unwrap();
            symlink(leads, from.join(name)).unwrap();
        }
        let told = copy.file(&file, &seen, &from.join("a"), &to.join("x")).unwrap_err().to_string();
        assert!(told.contains("changed while it was copied"), "{told}");
        copy.entry(&source, &directory, &way).unwrap();
        assert!(to.join("inner").is_symlink(), "the link was followed");
        assert!(directory.open_dir().is_err(), "a link out of the folder was followed");
        assert!(!to.join("x").exists());
    }

    #[test]
    fn nothing_from_outside_comes_while_somebody_keeps_swapping() {
        let (home, from, _) = folder();
        let (inner, aside) = (from.join("inner"), home.path().join("aside"));
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    fs::rename(&inner, &aside).unwrap();
                    symlink("../outside", &inner).unwrap();
                    fs::remove_file(&inner).unwrap();
                    fs::rename(&aside, &inner).unwrap();
                }
            });
            for round in 0..200 {
                let to = home.path().join(format!("to-{round}"));
                _ = copy(&from, &to, &AtomicBool::new(false));
                let inner = to.join("inner");
                if !inner.is_symlink()
                    && let Ok(text) = fs::read_to_string(inner.join("a"))
                {
                    assert!(["from/inner/a", ""].contains(&text.as_str()), "{text}");
                }
            }
            stop.store(true, Ordering::Relaxed);
        });
    }
}

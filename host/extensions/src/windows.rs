//! Directories and files on Windows, where what lies in a user's profile is that user's alone by the rights that it
//! inherits.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::os::windows::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// `FILE_FLAG_OPEN_REPARSE_POINT`: open a link itself.
const NO_FOLLOW: u32 = 0x0020_0000;
/// `GENERIC_READ | FILE_WRITE_ATTRIBUTES`: to read, and to set the time of the last use.
const READ_AND_TOUCH: u32 = 0x8000_0000 | 0x0100;

/// A directory.
pub(crate) struct Directory(PathBuf);

impl Directory {
    /// Makes it, and those above it.
    pub(crate) fn make(path: &Path) -> io::Result<()> {
        fs::create_dir_all(path)
    }

    /// Names it; its last part must be no link.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        if !fs::symlink_metadata(path)?.is_dir() {
            return Err(io::Error::other("it is not a directory"));
        }
        Ok(Self(path.to_owned()))
    }

    /// Always: see above.
    pub(crate) fn check_private(&self) -> io::Result<()> {
        Ok(())
    }

    /// Opens a file for reading.
    pub(crate) fn read(&self, name: &str) -> io::Result<File> {
        let mut options = OpenOptions::new();
        let file = options.access_mode(READ_AND_TOUCH).custom_flags(NO_FOLLOW).open(self.0.join(name))?;
        if !file.metadata()?.is_file() {
            return Err(io::Error::other("it is not a regular file"));
        }
        Ok(file)
    }

    /// Makes a file that was not there.
    pub(crate) fn create(&self, name: &str) -> io::Result<File> {
        OpenOptions::new().write(true).create_new(true).open(self.0.join(name))
    }

    /// Gives a file another name, in place of what had that name.
    pub(crate) fn replace(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.0.join(from), self.0.join(to))
    }

    /// The same unless the name is taken; says whether it was free.
    pub(crate) fn place(&self, from: &str, to: &str) -> io::Result<bool> {
        match fs::hard_link(self.0.join(from), self.0.join(to)) {
            Ok(()) => self.remove(from).map(|()| true),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => self.remove(from).map(|()| false),
            // Some file systems know no second names.
            Err(_) => self.replace(from, to).map(|()| true),
        }
    }

    /// Deletes a file.
    pub(crate) fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.0.join(name))
    }
}

/// Whether an error says that this process or the machine has run out of something (`ERROR_TOO_MANY_OPEN_FILES`,
/// `ERROR_NOT_ENOUGH_MEMORY`, `ERROR_SHARING_VIOLATION`).
pub(crate) fn is_passing(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(4 | 8 | 32))
}

/// Whether it is a program.
pub(crate) fn is_executable(path: &Path) -> bool {
    path.is_file() && path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("exe"))
}

/// Whether the system starts a script by way of the program that its first line names.
pub(crate) const READS_FIRST_LINES: bool = false;

/// Whether a program of this name can be found; the system looks in more places than `PATH`, so it says.
pub(crate) fn is_on_path(_program: &Path) -> bool {
    true
}

/// Opens a regular file for reading; never a link.
pub(crate) fn open_regular(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().read(true).custom_flags(NO_FOLLOW).open(path)?;
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(io::Error::other("it is not a regular file")),
    }
}

/// How a file is opened for reading.
pub(crate) fn without_waiting() -> cap_std::fs::OpenOptions {
    let mut options = cap_std::fs::OpenOptions::new();
    options.read(true);
    options
}

/// Files cannot be told apart here; what is opened lies in the same directory all the same.
pub(crate) fn is_same(_one: &cap_std::fs::Metadata, _other: &cap_std::fs::Metadata) -> bool {
    true
}

/// Files have no permissions of this kind here.
pub(crate) fn mode(_data: &Metadata) -> u32 {
    0o644
}

/// See above.
pub(crate) fn set_mode(_file: &File, _mode: u32) -> io::Result<()> {
    Ok(())
}

/// A file's names are not counted here.
pub(crate) fn names(_data: &Metadata) -> Option<((u64, u64), u64)> {
    None
}

/// Links need a right that few users have.
pub(crate) fn symlink(_leads: &Path, _at: &Path) -> io::Result<()> {
    Err(io::Error::other("links are not installed on Windows"))
}

/// The system writes directories by itself.
pub(crate) fn sync_directory(_path: &Path) -> io::Result<()> {
    Ok(())
}

/// Opens a file for writing, and makes it if it is not there.
pub(crate) fn open_to_write(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).truncate(false).write(true).open(path)
}

/// A directory cannot be locked here; a file in it can.
pub(crate) fn open_to_lock(directory: &Path) -> io::Result<File> {
    open_to_write(&directory.join(".lock"))
}

/// Files cannot be told apart here without asking the system in ways that are not stable yet.
pub(crate) fn identity(_data: &Metadata) -> Option<(u64, u64)> {
    None
}

/// What a file begins with decides, not a permission: starting it tells.
pub(crate) fn may_be_executed(path: &Path) -> bool {
    path.is_file()
}

/// Exchanges what two names stand for, in one step.
pub(crate) fn exchange(_one: &Path, _other: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

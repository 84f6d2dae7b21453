//! Directories and files that are this user's alone, on Unix: by permissions and owner, never through a link.

use std::fs::{DirBuilder, File, Metadata, Permissions};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, Stat, fstat, linkat, openat, renameat, unlinkat};
use rustix::io::Errno;
use rustix::process::geteuid;

/// A directory that is open: what is done in it is done there, whatever becomes of its path.
pub(crate) struct Directory(OwnedFd);

impl Directory {
    /// Makes it, and those above it, for this user alone.
    pub(crate) fn make(path: &Path) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(path)
    }

    /// Opens it; its last part must be no link.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(Self(openat(CWD, path, flags, Mode::empty())?))
    }

    /// Whether nobody else can see into it.
    pub(crate) fn check_private(&self) -> io::Result<()> {
        check_owner(&fstat(&self.0)?)
    }

    /// Opens a file for reading that is this user's alone.
    pub(crate) fn read(&self, name: &str) -> io::Result<File> {
        // A pipe under this name would otherwise be waited for.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = openat(&self.0, name, flags, Mode::empty())?;
        let stat = fstat(&file)?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(io::Error::other("it is not a regular file"));
        }
        check_owner(&stat)?;
        Ok(File::from(file))
    }

    /// Makes a file that was not there, for this user alone.
    pub(crate) fn create(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(File::from(openat(&self.0, name, flags, Mode::RUSR | Mode::WUSR)?))
    }

    /// Gives a file another name, in one step, in place of what had that name.
    pub(crate) fn replace(&self, from: &str, to: &str) -> io::Result<()> {
        Ok(renameat(&self.0, from, &self.0, to)?)
    }

    /// The same unless the name is taken; says whether it was free.
    pub(crate) fn place(&self, from: &str, to: &str) -> io::Result<bool> {
        match linkat(&self.0, from, &self.0, to, AtFlags::empty()) {
            Ok(()) => self.remove(from).map(|()| true),
            Err(Errno::EXIST) => self.remove(from).map(|()| false),
            // Some file systems know no second names.
            Err(_) => self.replace(from, to).map(|()| true),
        }
    }

    /// Deletes a file; a link is deleted, not what it leads to.
    pub(crate) fn remove(&self, name: &str) -> io::Result<()> {
        Ok(unlinkat(self.0.as_fd(), name, AtFlags::empty())?)
    }
}

fn check_owner(stat: &Stat) -> io::Result<()> {
    if stat.st_uid != geteuid().as_raw() {
        return Err(io::Error::other("it belongs to another user"));
    }
    let mode = Mode::from_raw_mode(stat.st_mode);
    if mode.intersects(Mode::RWXG | Mode::RWXO) {
        return Err(io::Error::other("other users have access to it"));
    }
    Ok(())
}

/// Whether an error says that this process or the machine has run out of something.
pub(crate) fn is_passing(error: &io::Error) -> bool {
    let passing = [Errno::MFILE, Errno::NFILE, Errno::IO, Errno::NOMEM, Errno::INTR, Errno::AGAIN];
    Errno::from_io_error(error).is_some_and(|errno| passing.contains(&errno))
}

/// Whether it is a regular file that may be executed.
pub(crate) fn is_executable(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

/// Whether the system starts a script by way of the program that its first line names.
pub(crate) const READS_FIRST_LINES: bool = true;

/// Whether a program of this name is on `PATH`.
pub(crate) fn is_on_path(program: &Path) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|directory| is_executable(&directory.join(program)))
}

/// Opens a regular file for reading; never a link, and never a pipe, which would be waited for.
pub(crate) fn open_regular(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = File::from(openat(CWD, path, flags, Mode::empty())?);
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(io::Error::other("it is not a regular file")),
    }
}

/// Opens a file for writing, and makes it if it is not there; never waits for the other end of a pipe.
pub(crate) fn open_to_write(path: &Path) -> io::Result<File> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let mode = Mode::RUSR | Mode::WUSR | Mode::RGRP | Mode::ROTH;
    Ok(File::from(openat(CWD, path, flags, mode)?))
}

/// How a file is opened for reading that may have become a pipe, which would be waited for.
pub(crate) fn without_waiting() -> cap_std::fs::OpenOptions {
    use cap_std::fs::OpenOptionsExt as _;
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    let mut options = cap_std::fs::OpenOptions::new();
    options.read(true).custom_flags(flags.bits().cast_signed());
    options
}

/// Whether both speak of the same file.
pub(crate) fn is_same(one: &cap_std::fs::Metadata, other: &cap_std::fs::Metadata) -> bool {
    use cap_std::fs::MetadataExt as _;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// The permissions of a file that count: nobody but its owner may write, and no rights are handed on by it.
pub(crate) fn mode(data: &Metadata) -> u32 {
    data.permissions().mode() & 0o755 | 0o600
}

/// Sets them, whatever the process masks.
pub(crate) fn set_mode(file: &File, mode: u32) -> io::Result<()> {
    file.set_permissions(Permissions::from_mode(mode))
}

/// What a file is, and how many names it has, if they are several.
pub(crate) fn names(data: &Metadata) -> Option<((u64, u64), u64)> {
    (data.nlink() > 1).then(|| ((data.dev(), data.ino()), data.nlink()))
}

/// Makes a link.
pub(crate) fn symlink(leads: &Path, at: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(leads, at)
}

/// Waits until the names in a directory are on the disk.
pub(crate) fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Opens a directory so that it can be locked: the lock leaves nothing behind.
pub(crate) fn open_to_lock(directory: &Path) -> io::Result<File> {
    File::open(directory)
}

/// What tells a file from all others, whatever its name.
pub(crate) fn identity(data: &Metadata) -> Option<(u64, u64)> {
    Some((data.dev(), data.ino()))
}

/// Whether the system would execute a file.
pub(crate) fn may_be_executed(path: &Path) -> bool {
    is_executable(path)
}

/// Exchanges what two names stand for, in one step.
#[cfg(any(target_os = "linux", target_os = "macos"))]
pub(crate) fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    match rustix::fs::renameat_with(CWD, one, CWD, other, rustix::fs::RenameFlags::EXCHANGE) {
        Err(Errno::NOSYS) => Err(io::ErrorKind::Unsupported.into()),
        done => Ok(done?),
    }
}

/// Exchanges what two names stand for, in one step.
#[cfg(not(any(target_os = "linux", target_os = "macos")))]
pub(crate) fn exchange(_one: &Path, _other: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

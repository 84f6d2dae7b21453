//! The working directory. Files are opened relative to it, and no path leads out: not by `..`, not by a link.

use std::io;
use std::path::{Path, PathBuf};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, File, Metadata};

/// The working directory, held open.
#[derive(Debug)]
pub(crate) struct Workspace {
    dir: Dir,
    /// As it was named, and as it is without links: a model may use either.
    roots: [PathBuf; 2],
}

impl Workspace {
    pub(crate) fn open(cwd: &Path) -> io::Result<Self> {
        let roots = [std::path::absolute(cwd)?, cwd.canonicalize()?];
        Ok(Self { dir: Dir::open_ambient_dir(cwd, ambient_authority())?, roots })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        let [named, _] = &self.roots;
        named
    }

    /// Opens a regular file for reading. Blocks.
    ///
    /// The error is for the model.
    pub(crate) fn open_file(&self, path: &str) -> Result<(File, Metadata), String> {
        let relative = self.relative(path);
        let say = |error: io::Error| self.explain(path, &error);
        // Opening a pipe would wait for somebody to write to it.
        let metadata = self.dir.metadata(&relative).map_err(say)?;
        if metadata.is_dir() {
            return Err(format!("{path} is a directory"));
        }
        if !metadata.is_file() {
            return Err(format!("{path} is not a regular file"));
        }
        let file = self.dir.open(&relative).map_err(say)?;
        Ok((file, metadata))
    }

    fn relative(&self, path: &str) -> PathBuf {
        let path = Path::new(path);
        let inside = self.roots.iter().find_map(|root| path.strip_prefix(root).ok());
        match inside {
            Some(inside) if inside.as_os_str().is_empty() => PathBuf::from("."),
            Some(inside) => inside.to_owned(),
            None => path.to_owned(),
        }
    }

    fn explain(&self, path: &str, error: &io::Error) -> String {
        // The system's own refusals carry its error number.
        if error.kind() == io::ErrorKind::PermissionDenied && error.raw_os_error().is_none() {
            return format!("{path} is outside the working directory {}", self.path().display());
        }
        format!("{path}: {error}")
    }
}

//! Bringing the files of an extension together, and reading what they are.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::InstallError;
use super::git::{Blob, BlobKind};
use super::tree;
use crate::discovery::{self, discover};
use crate::extension::{Extension, Program};
use crate::system;

/// Reads what it is. Messages name it as the user does.
pub(super) fn look(path: &Path, shown: &str) -> Result<Extension, InstallError> {
    let real = path.canonicalize().map_err(InstallError::at(path))?.display().to_string();
    let mut found = discover(&discovery::Places { explicit: vec![path.to_owned()], ..Default::default() });
    let extension = found.extensions.pop().or_else(|| found.disabled.pop());
    extension.ok_or_else(|| {
        let told = found.problems.first().map(|problem| problem.message.replace(&real, shown));
        InstallError::Told(told.unwrap_or_else(|| format!("{shown}: it is no extension")))
    })
}

pub(super) fn copy_component(from: &Path, root: &Path) -> Result<PathBuf, InstallError> {
    // The link that leads to it was named by the user.
    let from = from.canonicalize().map_err(InstallError::at(from))?;
    let to = root.join(from.file_name().unwrap_or_default());
    tree::copy_file(&from, &to, 0o644, tree::MAX_BYTES)?;
    Ok(to)
}

/// Writes the files of a commit. Links come last, so that nothing is written through one.
pub(super) fn write_files(
    files: &[Blob],
    to: &Path,
    url: &str,
    abandoned: &AtomicBool,
) -> Result<(), InstallError> {
    fs::create_dir(to).map_err(InstallError::at(to))?;
    let (links, files): (Vec<&Blob>, Vec<&Blob>) = files.iter().partition(|blob| blob.kind == BlobKind::Link);
    for blob in files.into_iter().chain(links) {
        let path = to.join(&blob.name);
        if abandoned.load(Ordering::Relaxed) {
            return Err(InstallError::refused(url, "installing it was given up"));
        }
        make_parents(to, Path::new(&blob.name))?;
        let mode = if blob.kind == BlobKind::Executable { 0o755 } else { 0o644 };
        match blob.kind {
            BlobKind::File | BlobKind::Executable => {
                tree::write(&path, mode, &mut blob.bytes.as_slice())?;
            }
            BlobKind::Link => {
                let leads = String::from_utf8_lossy(&blob.bytes).into_owned();
                system::symlink(Path::new(&leads), &path).map_err(InstallError::at(&path))?;
            }
        }
    }
    Ok(())
}

/// Makes the directories above a file, none of them through a link.
fn make_parents(root: &Path, name: &Path) -> Result<(), InstallError> {
    let mut at = root.to_owned();
    for part in name.parent().into_iter().flat_map(Path::components) {
        at.push(part);
        match fs::symlink_metadata(&at) {
            Ok(data) if data.is_dir() => {}
            Ok(_) => return Err(InstallError::refused(at.display().to_string(), "it is no directory")),
            Err(_) => fs::create_dir(&at).map_err(InstallError::at(&at))?,
        }
    }
    Ok(())
}

/// A program or component that the manifest names by a path must be there, and inside.
pub(super) fn check_program(extension: &Extension, shown: &str) -> Result<(), InstallError> {
    let file = match &extension.program {
        Program::Component { file } => file,
        // Looked up on `PATH` when it is started, or meant to lie elsewhere.
        Program::Subprocess { exec, .. } if !exec.starts_with(&extension.directory) => return Ok(()),
        Program::Subprocess { exec, .. } => exec,
    };
    let inside = file.strip_prefix(&extension.directory).unwrap_or(file);
    let parts = inside.components();
    if parts.into_iter().any(|part| part == std::path::Component::ParentDir) {
        let why = format!("its program lies outside: {}", inside.display());
        return Err(InstallError::refused(shown, why));
    }
    match extension.lacks() {
        Some(lack) => {
            let directory = extension.directory.display().to_string();
            Err(InstallError::Told(lack.replace(&directory, shown)))
        }
        None => Ok(()),
    }
}

//! Looking at one entry of a directory: what it is, which manifest it has, how it would run.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use wharf_protocol::id::ExtensionId;

use crate::extension::Program;
use crate::manifest::{Manifest, ManifestError, Reading};
use crate::section;

/// Entries of one directory that are looked at.
const MAX_ENTRIES: usize = 4096;

pub(super) fn unreadable(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => format!("{error}; make it readable, or remove it"),
        _ => error.to_string(),
    }
}

/// A file from which no name could be taken.
pub(super) enum Unread {
    Manifest(ManifestError),
    Other(String),
}

/// The entries of a directory, sorted, without dot-files.
pub(super) fn entries(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if paths.len() == MAX_ENTRIES {
            let what = format!("there are more than {MAX_ENTRIES} entries in it; it is not for extensions");
            return Err(io::Error::new(io::ErrorKind::InvalidData, what));
        }
        if !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.')) {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// Whether a project's extension directory, or the one it lies in, is a link to somewhere else.
pub(super) fn is_linked(directory: &Path) -> bool {
    directory.is_symlink() || directory.parent().is_some_and(Path::is_symlink)
}

/// How it runs; or the key that is to blame, and why.
pub(super) fn how_it_runs(manifest: &Manifest, directory: &Path) -> Result<Program, (&'static str, String)> {
    match (&manifest.exec, &manifest.wasm) {
        (Some(_), Some(_)) => Err(("wasm", "it has both \"exec\" and \"wasm\"; keep one".to_owned())),
        (None, None) => {
            Err(("exec", "\"exec\" (a program) or \"wasm\" (a component) is required".to_owned()))
        }
        (Some(exec), None) if exec.is_empty() => Err(("exec", "\"exec\" is empty".to_owned())),
        (Some(exec), None) => {
            let has_separator = exec.contains(std::path::MAIN_SEPARATOR);
            let inside = exec.strip_prefix("./").unwrap_or(exec);
            let exec = if has_separator { directory.join(inside) } else { PathBuf::from(exec) };
            Ok(Program::Subprocess { exec, args: manifest.args.clone() })
        }
        (None, Some(file)) => {
            let plain = Path::new(file)
                .components()
                .all(|part| matches!(part, std::path::Component::Normal(_) | std::path::Component::CurDir));
            if plain {
                Ok(Program::Component { file: directory.join(file) })
            } else {
                Err(("wasm", format!("\"wasm\" is {file:?}; it must lie inside the extension's directory")))
            }
        }
    }
}

pub(super) fn read_section(bytes: &[u8], file: &Path) -> Result<Reading, Unread> {
    match section::manifest(bytes) {
        Ok(Some(text)) => Manifest::read(text, file).map_err(Unread::Manifest),
        // What is no component at all is told by the loader, which knows the reason best.
        Ok(None) | Err(section::SectionError::Malformed(_)) => by_stem(file),
        Err(error) => Err(Unread::Other(error.to_string())),
    }
}

/// A manifest that follows from a file's name.
pub(super) fn by_stem(file: &Path) -> Result<Reading, Unread> {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let id = ExtensionId::new(&stem).map_err(|error| Unread::Other(format!("{error}; rename the file")))?;
    let manifest = Manifest { name: stem, version: "0.0.0".to_owned(), ..Manifest::default() };
    Ok(Reading { manifest, id, warnings: Vec::new() })
}

/// Reads a regular file of at most `limit` bytes; nothing when it grew meanwhile. A pipe or a device is never opened:
/// that could wait for ever.
pub(super) fn read_whole(file: &Path, limit: u64) -> io::Result<Option<Vec<u8>>> {
    let invalid = |what: String| io::Error::new(io::ErrorKind::InvalidData, what);
    let before = fs::metadata(file)?;
    if !before.is_file() {
        return Err(invalid("it is not a regular file; remove it".to_owned()));
    }
    if before.len() > limit {
        return Err(invalid(format!("it has {} bytes, {limit} are allowed", before.len())));
    }
    let bytes = fs::read(file)?;
    let now = fs::metadata(file)?.len();
    Ok((now == bytes.len() as u64).then_some(bytes))
}

pub(super) fn is_wasm(path: &Path) -> bool {
    path.is_file() && path.extension().is_some_and(|extension| extension == "wasm")
}

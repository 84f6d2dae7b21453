//! The search: from place to place, and what becomes of each entry.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use wharf_protocol::id::ExtensionId;

use super::entry::{
    Unread, by_stem, entries, how_it_runs, is_linked, is_wasm, read_section, read_whole, unreadable,
};
use super::{Discovery, Problem, STILL_WRITTEN};
use crate::extension::{Extension, Origin, Program};
use crate::manifest::{Manifest, ManifestError, Reading};
use crate::place;
use crate::system;

/// Largest file that may hold a manifest, in bytes.
const MAX_MANIFEST: u64 = 1 << 20;
/// Largest component, in bytes; the loader has the same limit.
const MAX_COMPONENT: u64 = 64 << 20;

#[derive(Default)]
pub(super) struct Search {
    pub(super) found: Discovery,
    names: BTreeMap<ExtensionId, PathBuf>,
    off: BTreeSet<String>,
    /// Where the entry lies that is being looked at.
    at: Option<Origin>,
}

impl Search {
    /// Over many places; those of these names are not to be started.
    pub(super) fn passing_over(off: BTreeSet<String>) -> Self {
        Self { off, ..Self::default() }
    }

    /// In one place.
    pub(super) fn within(origin: Origin) -> Self {
        Self { at: Some(origin), ..Self::default() }
    }

    pub(super) fn explicit(&mut self, path: &Path) {
        self.at = Some(Origin::Explicit);
        match path.canonicalize() {
            Ok(path) if path.is_dir() => self.folder(&path, Origin::Explicit),
            Ok(path) if is_wasm(&path) => self.component(&path, Origin::Explicit),
            Ok(path) => self.problem(&path, "--ext takes a directory or a .wasm file"),
            Err(error) => self.problem(path, format!("--ext: {error}; check the path")),
        }
    }

    pub(super) fn directory(&mut self, directory: &Path, origin: Origin) {
        self.at = None;
        if origin == Origin::Project && is_linked(directory) {
            return self.problem(directory, "a project's extension directory that is a link is not followed");
        }
        let directory = match directory.canonicalize() {
            Ok(directory) => directory,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return,
            Err(error) => return self.problem(directory, error.to_string()),
        };
        match entries(&directory) {
            Ok(entries) => {
                self.at = Some(origin);
                entries.iter().for_each(|entry| self.entry(entry, origin));
            }
            Err(error) => self.problem(&directory, error.to_string()),
        }
    }

    /// The directory of a project that is not trusted: what lies in it is named, and nothing of it is read.
    pub(super) fn inert(&mut self, directory: &Path) {
        self.at = None;
        match entries(directory) {
            Ok(entries) => {
                let is_one =
                    |entry: &PathBuf| entry.is_dir() || entry.extension().is_some_and(|end| end == "wasm");
                self.found.inert.extend(entries.into_iter().filter(is_one));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                let what =
                    "nothing of it is listed; the project is not trusted, and nothing of it is started";
                self.tell(directory, format!("{}: {error}; {what}", directory.display()), false);
            }
        }
    }

    fn entry(&mut self, path: &Path, origin: Origin) {
        let linked = path.is_symlink();
        if linked && origin == Origin::Project {
            return self.problem(path, "a link in a project's extension directory is not followed");
        }
        if path.is_dir() {
            self.folder(path, origin);
        } else if is_wasm(path) {
            self.component(path, origin);
        } else if path.extension().is_some_and(|extension| extension == "wasm") {
            let why = if linked {
                "the link leads nowhere, or to no regular file"
            } else {
                "it is not a regular file"
            };
            self.problem(path, format!("{why}; mend or remove it"));
        } else if origin == Origin::User && system::is_executable(path) {
            self.executable(path, origin);
        }
    }

    /// A directory with a manifest.
    fn folder(&mut self, directory: &Path, origin: Origin) {
        let file = directory.join("extension.json");
        let text = match read_whole(&file, MAX_MANIFEST) {
            Ok(Some(text)) => text,
            Ok(None) => return self.problem(&file, STILL_WRITTEN),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return self
                    .problem(directory, "there is no extension.json in it; add one or remove the directory");
            }
            Err(error) => return self.problem(&file, unreadable(&error)),
        };
        match Manifest::read(&text, &file) {
            Ok(reading) => match how_it_runs(&reading.manifest, directory) {
                Ok(program) => self.take(reading, program, directory, origin, &file),
                Err((key, message)) => {
                    let (line, column) = place::of(&text, &[key]);
                    // A key that was meant may be among those that mean nothing.
                    let odd: String = reading.warnings.iter().map(|warning| format!("; {warning}")).collect();
                    let message = format!("manifest: {}:{line}:{column}: {message}{odd}", file.display());
                    self.tell(&file, message, true);
                }
            },
            Err(error) => self.broken(&file, &error),
        }
    }

    /// A component, dropped in.
    fn component(&mut self, file: &Path, origin: Origin) {
        let reading = match read_whole(file, MAX_COMPONENT) {
            Ok(Some(bytes)) => read_section(&bytes, file),
            Ok(None) => {
                return self.problem(file, STILL_WRITTEN);
            }
            Err(error) => return self.problem(file, unreadable(&error)),
        };
        match reading {
            Ok(reading) => {
                let program = Program::Component { file: file.to_owned() };
                let directory = file.parent().unwrap_or(Path::new("/")).to_owned();
                self.take(reading, program, &directory, origin, file);
            }
            Err(Unread::Manifest(error)) => self.broken(file, &error),
            Err(Unread::Other(message)) => self.problem(file, message),
        }
    }

    /// An executable file on its own.
    pub(super) fn executable(&mut self, file: &Path, origin: Origin) {
        match by_stem(file) {
            Ok(reading) => {
                let program = Program::Subprocess { exec: file.to_owned(), args: Vec::new() };
                let directory = file.parent().unwrap_or(Path::new("/")).to_owned();
                self.take(reading, program, &directory, origin, file);
            }
            Err(Unread::Manifest(error)) => self.broken(file, &error),
            Err(Unread::Other(message)) => self.problem(file, message),
        }
    }

    fn take(&mut self, reading: Reading, program: Program, directory: &Path, origin: Origin, at: &Path) {
        for warning in reading.warnings {
            self.tell(at, warning, false);
        }
        let off = origin != Origin::Explicit && self.off.contains(reading.id.as_str());
        let enabled = reading.manifest.enabled.unwrap_or(true) && !off;
        let (id, manifest) = (reading.id, reading.manifest);
        let place =
            if at.parent() == Some(directory) && at.ends_with("extension.json") { directory } else { at }
                .to_owned();
        let extension = Extension { id, manifest, program, directory: directory.to_owned(), place, origin };
        if !enabled {
            if origin == Origin::Explicit {
                self.problem(at, "its manifest switches it off; set \"enabled\" to true");
            }
            return self.found.disabled.push(extension);
        }
        if let Some(first) = self.names.get(&extension.id) {
            let message = format!(
                "the name \"{}\" is taken by {}; only that one is started: rename one of them",
                extension.id,
                first.display()
            );
            self.problem(at, message);
            if let Some(problem) = self.found.problems.last_mut() {
                problem.shadowed = Some(Box::new(extension));
            }
            return;
        }
        self.names.insert(extension.id.clone(), at.to_owned());
        self.found.extensions.push(extension);
    }

    pub(super) fn problem(&mut self, path: &Path, what: impl std::fmt::Display) {
        let message = format!("{}: {what}", path.display());
        self.tell(path, message, true);
    }

    /// The error names the file and the place by itself.
    fn broken(&mut self, path: &Path, error: &ManifestError) {
        let error = error.to_string();
        let next = if error.ends_with('?') { "" } else { "; mend it, or remove the extension" };
        let message = format!("manifest: {error}{next}");
        self.tell(path, message, true);
    }

    fn tell(&mut self, path: &Path, message: String, fatal: bool) {
        let path = path.to_owned();
        self.found.problems.push(Problem { path, message, fatal, origin: self.at, shadowed: None });
    }
}

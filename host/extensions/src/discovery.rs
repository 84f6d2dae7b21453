//! Finding extensions. Nothing is started here, and nothing of a project that is not trusted is even read.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use wharf_protocol::id::ExtensionId;

use crate::extension::{Extension, Origin, Program};
use crate::manifest::{Manifest, ManifestError, Reading};
use crate::place;
use crate::section;
use crate::system;
use crate::trust::Trust;

/// Largest file that may hold a manifest, in bytes.
const MAX_MANIFEST: u64 = 1 << 20;
/// Largest component, in bytes; the loader has the same limit.
const MAX_COMPONENT: u64 = 64 << 20;
/// Entries of one directory that are looked at.
const MAX_ENTRIES: usize = 4096;
const STILL_WRITTEN: &str = "it is still being written; it is passed over this time";

/// Where to look.
#[derive(Debug, Clone, Default)]
pub struct Places {
    /// Directories or `.wasm` files named with `--ext`.
    pub explicit: Vec<PathBuf>,
    /// The user's extension directories, in order of precedence.
    pub user: Vec<PathBuf>,
    /// The project's extension directories, in order of precedence.
    pub project: Vec<PathBuf>,
    /// Whether the project's may be loaded.
    pub trust: Trust,
    /// Names that the user's configuration switches off; those named with `--ext` load all the same.
    pub switched_off: BTreeSet<String>,
}

/// What was found.
#[derive(Debug, Clone, Default)]
pub struct Discovery {
    /// To be started, in order of precedence; each name once.
    pub extensions: Vec<Extension>,
    /// Switched off, in their manifests or by the user's configuration.
    pub disabled: Vec<Extension>,
    /// The project's, not trusted.
    pub inert: Vec<PathBuf>,
    /// What went wrong, or is odd: one line each.
    pub problems: Vec<Problem>,
}

/// Something that was found and cannot be used, or can only be used with a warning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file or directory.
    pub path: PathBuf,
    /// Where, what and why, with what to do.
    pub message: String,
    /// Whether an extension is lost by it.
    pub fatal: bool,
    /// Where the entry lies that it is about; none: it is about a whole directory.
    pub origin: Option<Origin>,
    /// The extension that is left out because its name is taken.
    pub shadowed: Option<Box<Extension>>,
}

impl Problem {
    /// Whether something is still being written, and may be well the next time.
    #[must_use]
    pub fn is_growing(&self) -> bool {
        self.message.ends_with(STILL_WRITTEN)
    }

    /// Whether this extension is lost by it: it is there, but cannot be used as it is now.
    #[must_use]
    pub fn is_about(&self, extension: &Extension) -> bool {
        self.fatal && self.is_at(extension)
    }

    pub(crate) fn is_at(&self, extension: &Extension) -> bool {
        let Extension { directory, program, .. } = extension;
        let file = match program {
            Program::Component { file } => file,
            Program::Subprocess { exec, .. } => exec,
        };
        let own = self.path == *directory || self.path == directory.join("extension.json");
        own || self.path == *file
    }
}

/// Looks into all places, in sorted order.
#[must_use]
pub fn discover(places: &Places) -> Discovery {
    let mut search = Search { off: places.switched_off.clone(), ..Search::default() };
    for path in &places.explicit {
        search.explicit(path);
    }
    for directory in &places.user {
        search.directory(directory, Origin::User);
    }
    for directory in &places.project {
        match places.trust {
            Trust::Trusted => search.directory(directory, Origin::Project),
            Trust::Untrusted if is_linked(directory) => {}
            Trust::Untrusted => {
                search.found.inert.extend(entries(directory).unwrap_or_default().into_iter().filter(
                    |entry| entry.is_dir() || entry.extension().is_some_and(|extension| extension == "wasm"),
                ));
            }
        }
    }
    search.found
}

/// Looks at a program on its own, as if it lay in the user's directory.
#[must_use]
pub fn program(file: &Path) -> Discovery {
    let mut search = Search { at: Some(Origin::User), ..Search::default() };
    match system::is_executable(file) {
        true => search.executable(file, Origin::User),
        false => {
            search.problem(file, "it is no program that may be executed; make it executable, or remove it")
        }
    }
    search.found
}

#[derive(Default)]
struct Search {
    found: Discovery,
    names: BTreeMap<ExtensionId, PathBuf>,
    off: BTreeSet<String>,
    /// Where the entry lies that is being looked at.
    at: Option<Origin>,
}

impl Search {
    fn explicit(&mut self, path: &Path) {
        self.at = Some(Origin::Explicit);
        match path.canonicalize() {
            Ok(path) if path.is_dir() => self.folder(&path, Origin::Explicit),
            Ok(path) if is_wasm(&path) => self.component(&path, Origin::Explicit),
            Ok(path) => self.problem(&path, "--ext takes a directory or a .wasm file"),
            Err(error) => self.problem(path, format!("--ext: {error}; check the path")),
        }
    }

    fn directory(&mut self, directory: &Path, origin: Origin) {
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
    fn executable(&mut self, file: &Path, origin: Origin) {
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
        let extension = Extension { id, manifest, program, directory: directory.to_owned(), origin };
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

    fn problem(&mut self, path: &Path, what: impl std::fmt::Display) {
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

fn unreadable(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => format!("{error}; make it readable, or remove it"),
        _ => error.to_string(),
    }
}

/// A file from which no name could be taken.
enum Unread {
    Manifest(ManifestError),
    Other(String),
}

/// The entries of a directory, sorted, without dot-files.
fn entries(directory: &Path) -> io::Result<Vec<PathBuf>> {
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
fn is_linked(directory: &Path) -> bool {
    directory.is_symlink() || directory.parent().is_some_and(Path::is_symlink)
}

/// How it runs; or the key that is to blame, and why.
fn how_it_runs(manifest: &Manifest, directory: &Path) -> Result<Program, (&'static str, String)> {
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

fn read_section(bytes: &[u8], file: &Path) -> Result<Reading, Unread> {
    match section::manifest(bytes) {
        Ok(Some(text)) => Manifest::read(text, file).map_err(Unread::Manifest),
        // What is no component at all is told by the loader, which knows the reason best.
        Ok(None) | Err(section::SectionError::Malformed(_)) => by_stem(file),
        Err(error) => Err(Unread::Other(error.to_string())),
    }
}

/// A manifest that follows from a file's name.
fn by_stem(file: &Path) -> Result<Reading, Unread> {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let id = ExtensionId::new(&stem).map_err(|error| Unread::Other(format!("{error}; rename the file")))?;
    let manifest = Manifest { name: stem, version: "0.0.0".to_owned(), ..Manifest::default() };
    Ok(Reading { manifest, id, warnings: Vec::new() })
}

/// Reads a regular file of at most `limit` bytes; nothing when it grew meanwhile. A pipe or a device is never opened:
/// that could wait for ever.
fn read_whole(file: &Path, limit: u64) -> io::Result<Option<Vec<u8>>> {
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

fn is_wasm(path: &Path) -> bool {
    path.is_file() && path.extension().is_some_and(|extension| extension == "wasm")
}

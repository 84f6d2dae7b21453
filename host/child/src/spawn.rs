//! The one place where a process is started.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;

use crate::forker::{self, Born};
use crate::process::Process;
use crate::system;

/// What to start, and how.
#[derive(Debug, Clone)]
pub struct Spec {
    /// An absolute path, or a bare word that is looked up on `PATH`.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// Its working directory; none: this process's own.
    pub cwd: Option<PathBuf>,
    /// Whether it inherits environment variables at all.
    pub inherit: bool,
    /// Names of environment variables that it does not inherit.
    pub withhold: Vec<String>,
    /// Environment variables that it gets besides; they win over what is inherited and withheld.
    pub give: Vec<(OsString, OsString)>,
    /// Where its streams lead.
    pub output: Output,
}

/// Where the streams of a process lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// Standard input, output and error are three pipes.
    Piped,
    /// Standard input is empty; standard output and error are one pipe, so that their order is kept.
    Merged,
}

impl Spec {
    /// A program without arguments, with three pipes.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            args: Vec::new(),
            cwd: None,
            inherit: true,
            withhold: Vec::new(),
            give: Vec::new(),
            output: Output::Piped,
        }
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<A: Into<OsString>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Sets the working directory.
    #[must_use]
    pub fn cwd(mut self, cwd: impl Into<PathBuf>) -> Self {
        self.cwd = Some(cwd.into());
        self
    }

    /// Lets it inherit no environment variables.
    #[must_use]
    pub fn inherit_nothing(mut self) -> Self {
        self.inherit = false;
        self
    }

    /// Adds names of environment variables that it does not inherit.
    #[must_use]
    pub fn withhold<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.withhold.extend(names.into_iter().map(Into::into));
        self
    }

    /// Adds an environment variable.
    #[must_use]
    pub fn give(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.give.push((name.into(), value.into()));
        self
    }

    /// Leads standard output and error into one pipe and leaves standard input empty.
    #[must_use]
    pub fn merged(mut self) -> Self {
        self.output = Output::Merged;
        self
    }
}

/// Why a process could not be started.
#[derive(Debug, Clone, Error)]
pub enum SpawnError {
    /// There is no such program (or the interpreter that its first line names is missing).
    #[error("the program {} was not found: {source}", program.display())]
    NotFound {
        /// The program.
        program: PathBuf,
        /// The system's reason.
        source: Arc<io::Error>,
    },
    /// The program is there and may not be executed.
    #[error("the program {} cannot be executed: {source}", program.display())]
    NotExecutable {
        /// The program.
        program: PathBuf,
        /// The system's reason.
        source: Arc<io::Error>,
    },
    /// The working directory is missing, or is none.
    #[error("the program {} cannot be started in {}: {source}", program.display(), directory.display())]
    Directory {
        /// The program.
        program: PathBuf,
        /// The working directory.
        directory: PathBuf,
        /// The system's reason.
        source: Arc<io::Error>,
    },
    /// Anything else.
    #[error("the program {} could not be started: {source}", program.display())]
    Other {
        /// The program.
        program: PathBuf,
        /// The system's reason.
        source: Arc<io::Error>,
    },
}

impl SpawnError {
    /// The system's reason.
    #[must_use]
    pub fn io(&self) -> &Arc<io::Error> {
        match self {
            Self::NotFound { source, .. }
            | Self::NotExecutable { source, .. }
            | Self::Directory { source, .. }
            | Self::Other { source, .. } => source,
        }
    }

    pub(crate) fn other(program: &Path, source: io::Error) -> Self {
        Self::Other { program: program.to_owned(), source: Arc::new(source) }
    }
}

/// Starts a process in a group of its own. The forking is done on a thread of its own and does not block the runtime.
///
/// When the [`ProcessHandle`](crate::ProcessHandle) is dropped, or when this future is, the whole group is killed. On
/// Linux the process (but not what it has started) is killed as well when this process ends in whatever way.
///
/// # Errors
/// [`SpawnError`] names the program and the system's reason.
pub async fn spawn(spec: Spec) -> Result<Process, SpawnError> {
    let program = spec.program.clone();
    forker::fork(spec).await?.into_process().map_err(|source| SpawnError::other(&program, source))
}

/// Runs on the forking thread.
pub(crate) fn start(spec: &Spec) -> Result<Born, SpawnError> {
    system::start(spec).map_err(|source| tell_apart(spec, source))
}

/// The system answers "not found" for a missing program and for a missing directory alike.
fn tell_apart(spec: &Spec, source: io::Error) -> SpawnError {
    let program = spec.program.clone();
    let kind = source.kind();
    let source = Arc::new(source);
    if let Some(directory) = spec.cwd.as_ref().filter(|directory| !directory.is_dir()) {
        return SpawnError::Directory { program, directory: directory.clone(), source };
    }
    match kind {
        io::ErrorKind::NotFound => SpawnError::NotFound { program, source },
        io::ErrorKind::PermissionDenied => SpawnError::NotExecutable { program, source },
        _ if system::is_wrong_format(&source) => SpawnError::NotExecutable { program, source },
        _ => SpawnError::Other { program, source },
    }
}

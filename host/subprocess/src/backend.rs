//! Starts the process of an extension.

use std::io::ErrorKind;
use std::path::{MAIN_SEPARATOR, Path, PathBuf};

use async_trait::async_trait;
use tokio::time::{Instant, timeout_at};
use wharf_child::{SpawnError, Spec, environment, spawn};
use wharf_extensions::backend::{Backend, Docking, Launch};
use wharf_extensions::error::{ExtError, Fault, Stage};
use wharf_extensions::extension::{Extension, Program};
use wharf_extensions::inbound::{Inbound, LogSource};
use wharf_extensions::limits::{Deadlines, Limits};
use wharf_ports::clock::{Clock as _, SystemClock};

use crate::handshake;
use crate::terms::Terms;

/// Starts extensions that are child processes.
#[derive(Debug, Clone)]
pub struct SubprocessBackend {
    withhold: Vec<String>,
    terms: Terms,
}

impl SubprocessBackend {
    /// A backend that withholds the named environment variables from every extension, except those that an
    /// extension's manifest names in `wharf.env`.
    pub fn new<N: Into<String>>(withhold: impl IntoIterator<Item = N>) -> Self {
        Self {
            withhold: withhold.into_iter().map(Into::into).collect(),
            terms: Terms::under(&Limits::STANDARD),
        }
    }

    /// Sets what extensions may use up; without, [`Limits::STANDARD`].
    #[must_use]
    pub fn limits(self, limits: &Limits) -> Self {
        self.terms(Terms::under(limits))
    }

    /// Sets that, and how long each step of starting and stopping may take.
    #[must_use]
    pub fn terms(mut self, terms: Terms) -> Self {
        self.terms = terms;
        self
    }

    /// Program, arguments, directory and environment; the log says what is withheld.
    fn spec(&self, extension: &Extension, exec: &Path, args: &[String], inbound: &Inbound) -> Spec {
        let give_back =
            extension.manifest.wharf.as_ref().map(|wharf| wharf.env.as_slice()).unwrap_or_default();
        let withheld = environment::withheld(self.withhold.iter().map(String::as_str), give_back);
        if !withheld.is_empty() {
            let names = withheld.join(", ");
            let text = format!(
                "withheld from its environment: {names} (\"env\" in its manifest's \"wharf\" gives back)"
            );
            inbound.log(LogSource::Host, &text);
        }
        Spec::new(resolve(exec, &extension.directory))
            .args(args.iter().cloned())
            .cwd(&extension.directory)
            .withhold(withheld)
    }
}

#[async_trait]
impl Backend for SubprocessBackend {
    /// A manifest with `wharf` is none of zot's: until its hello has said which version it speaks, the stricter one counts.
    fn deadlines(&self, extension: &Extension) -> Deadlines {
        match &extension.manifest.wharf {
            Some(_) => Deadlines { start: self.terms.deadlines.start, ..self.terms.version_2 },
            None => self.terms.deadlines,
        }
    }

    fn data_directory(&self) -> Option<&'static str> {
        None
    }

    async fn start(&self, extension: &Extension, launch: Launch) -> Result<Docking, ExtError> {
        let id = &extension.id;
        let Program::Subprocess { exec, args } = &extension.program else {
            return Err(Fault::invalid("it is a component, not a program").at(id, Stage::Spawn));
        };
        let limit = self.terms.deadlines.start;
        let deadline = Instant::now() + limit;
        let version = extension.manifest.version.as_str();
        let version = if version.is_empty() { String::new() } else { format!("/{version}") };
        let text = format!("starting {id}{version} at {:.0}", SystemClock.now());
        launch.inbound.log(LogSource::Host, &text);
        let spec = self.spec(extension, exec, args, &launch.inbound);
        let process = match timeout_at(deadline, spawn(spec)).await {
            Ok(Ok(process)) => process,
            Ok(Err(error)) => return Err(spawn_fault(error).at(id, Stage::Spawn)),
            Err(_) => return Err(Fault::TimedOut { limit, while_busy: None }.at(id, Stage::Spawn)),
        };
        handshake::dock(process, extension, launch, self.terms, deadline).await
    }
}

/// A path is seen from the extension's directory, a bare word is looked up on `PATH`.
fn resolve(exec: &Path, directory: &Path) -> PathBuf {
    let text = exec.to_string_lossy();
    let is_bare = !text.contains(MAIN_SEPARATOR) && text != "." && text != "..";
    if is_bare { exec.to_owned() } else { directory.join(exec) }
}

fn spawn_fault(error: SpawnError) -> Fault {
    match error {
        SpawnError::NotFound { program, source } if program.is_absolute() && program.exists() => {
            Fault::Other {
                what: format!("the interpreter that the first line of {} names", program.display()),
                source,
            }
        }
        SpawnError::NotFound { program, .. } if !program.has_root() && program.components().count() == 1 => {
            let program = program.display();
            let what = format!("there is no program {program} on the PATH");
            Fault::invalid_with(what, format!("install {program}, or mend \"exec\" in the manifest"))
        }
        SpawnError::NotExecutable { program, source } if source.kind() != ErrorKind::PermissionDenied => {
            let what = format!("{} is no program of this machine: {source}", program.display());
            Fault::invalid_with(
                what,
                "begin a script with #! and its interpreter, or build it for this machine",
            )
        }
        SpawnError::NotFound { program, source } | SpawnError::NotExecutable { program, source } => {
            Fault::NotFound { path: program, source }
        }
        SpawnError::Directory { directory, source, .. } => Fault::NotFound { path: directory, source },
        SpawnError::Other { ref program, .. } => Fault::other(program.display().to_string(), error),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn paths_are_seen_from_the_extensions_directory_and_words_from_path() {
        let directory = Path::new("/ext/x");
        for (exec, expected) in [
            ("python3", "python3"),
            ("/usr/bin/env", "/usr/bin/env"),
            ("./run", "/ext/x/./run"),
            ("../run", "/ext/x/../run"),
            ("bin/run", "/ext/x/bin/run"),
            (".", "/ext/x/."),
            ("..", "/ext/x/.."),
        ] {
            assert_eq!(resolve(Path::new(exec), directory).as_os_str(), expected, "{exec}");
        }
    }
}

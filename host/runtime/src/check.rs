//! What an extension is made of, for its author. Nothing of it is run.

mod component;

pub(crate) use component::read_component;

use std::path::{Path, PathBuf};

use serde::Serialize;
use wharf_extensions::discovery::{self, Discovery};
use wharf_extensions::extension::{Extension, Program};
use wharf_extensions::manifest::{self, Manifest, place_of};
use wharf_extensions::section;
use wharf_protocol::hook::{HookSpec, OnFailure};

use crate::survey::Surveyed;

/// What was found out about an extension.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// What was looked at.
    pub path: PathBuf,
    /// Its name; empty: it could not be read.
    pub name: String,
    /// Its version; empty: unknown.
    pub version: String,
    /// `component` or `subprocess`.
    pub backend: Option<&'static str>,
    /// The version of `wharf:extension` that a component was built for, or that the manifest names.
    pub api: Option<String>,
    /// The size of the component or of the program, in bytes.
    pub size: Option<u64>,
    /// The command line of a subprocess.
    pub runs: Vec<String>,
    /// What a component imports.
    pub imports: Vec<String>,
    /// What a component exports.
    pub exports: Vec<String>,
    /// Tools that the manifest declares.
    pub tools: Vec<String>,
    /// Commands.
    pub commands: Vec<String>,
    /// Hooks.
    pub hooks: Vec<&'static str>,
    /// The same, each with the tools that it is about and with its failure policy, as far as they are declared.
    #[serde(skip)]
    pub hooks_in_full: Vec<String>,
    /// Events.
    pub events: Vec<&'static str>,
    /// Whether the manifest declares anything at all; otherwise it registers what it likes.
    pub declares: bool,
    /// What it asks for, one line each.
    pub asks_for: Vec<String>,
    /// What keeps it from being started, one line each.
    pub errors: Vec<String>,
    /// What is odd, one line each.
    pub warnings: Vec<String>,
    /// The error among them that says that a program outside of it is missing.
    #[serde(skip)]
    missing_program: Option<String>,
}

impl Report {
    /// Looks at a directory with an `extension.json`, or at a `.wasm` file. Blocks.
    #[must_use]
    pub fn of(path: &Path) -> Self {
        let found = discovery::discover(&discovery::Places {
            explicit: vec![path.to_owned()],
            ..discovery::Places::default()
        });
        let mut report = Self::from(path, &found);
        if let Some(extension) = found.extensions.first().or(found.disabled.first()) {
            report.declared(extension, path.is_dir());
        } else if !report.errors.is_empty() {
            let file = manifest_of(path);
            let text = file.as_ref().and_then(|file| std::fs::read(file).ok());
            if let (Some(file), Some(text)) = (file, text) {
                report.errors.extend(Manifest::further_mistakes(&text, &file));
            }
        }
        report
    }

    /// Looks at one that is installed: also at a program on its own, which is an extension in the user's directory alone.
    /// Blocks.
    #[must_use]
    pub fn of_installed(surveyed: &Surveyed) -> Self {
        match surveyed.is_file && surveyed.backend != Some("component") {
            true => Self::of_program(&surveyed.path),
            false => Self::of(&surveyed.path),
        }
    }

    /// Whether a path leads to a program on its own, which [`Report::of_program`] looks at.
    #[must_use]
    pub fn is_program(path: &Path) -> bool {
        let is_component = path.extension().is_some_and(|ending| ending == "wasm");
        !is_component && discovery::program(path).problems.iter().all(|problem| !problem.fatal)
    }

    /// Looks at a program on its own, as if it lay in the user's directory. Blocks.
    #[must_use]
    pub fn of_program(path: &Path) -> Self {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        Self::from(&path, &discovery::program(&path))
    }

    /// What keeps it from being installed: all that keeps it from being started, except that a program is missing which
    /// is looked up elsewhere, and can be installed later.
    pub(crate) fn blocking_error(&self) -> Option<&String> {
        self.errors.iter().find(|error| Some(*error) != self.missing_program.as_ref())
    }

    fn from(path: &Path, found: &Discovery) -> Self {
        let mut report = Self { path: path.to_owned(), ..Self::default() };
        let off = found.disabled.first();
        for problem in &found.problems {
            match problem.fatal {
                // That it is switched off is told below.
                true if off.is_some() => {}
                true => report.errors.push(problem.message.clone()),
                false => report.warnings.push(problem.message.clone()),
            }
        }
        if let Some(extension) = found.extensions.first().or(off) {
            report.describe(extension);
        }
        if off.is_some() {
            report.warnings.push("its manifest switches it off".to_owned());
        }
        report
    }

    fn describe(&mut self, extension: &Extension) {
        let manifest = &extension.manifest;
        self.name = extension.id.to_string();
        self.version.clone_from(&manifest.version);
        self.backend = Some(extension.program.kind());
        self.api = manifest.wharf.as_ref().map(|wharf| wharf.api.clone());
        self.declares = manifest.wharf.is_some();
        let declared = manifest.declared().unwrap_or_default();
        self.tools = declared.tools.iter().map(|tool| tool.name.clone()).collect();
        self.commands = declared.commands.iter().map(|command| command.name.clone()).collect();
        self.hooks = declared.hooks.iter().map(|hook| hook.on.as_str()).collect();
        self.hooks_in_full = declared.hooks.iter().map(in_full).collect();
        self.events = declared.events.iter().map(|topic| topic.as_str()).collect();
        self.asks_for = asks_for(manifest, &extension.program);
        let lack = extension.lacks().map(|lack| match self.manifest_place(extension) {
            Some(place) => format!("manifest: {place}: {lack}"),
            None => lack,
        });
        self.errors.extend(lack.clone());
        match &extension.program {
            Program::Component { file } => self.component(file, manifest),
            Program::Subprocess { exec, args } => {
                self.missing_program = lack.filter(|_| !exec.starts_with(&extension.directory));
                self.size = exec.is_absolute().then(|| size(exec)).flatten();
                self.runs = std::iter::once(exec.display().to_string()).chain(args.iter().cloned()).collect();
            }
        }
    }

    /// Where the manifest of a folder names its program.
    fn manifest_place(&self, extension: &Extension) -> Option<String> {
        let key = match &extension.program {
            Program::Component { .. } => "wasm",
            Program::Subprocess { .. } => "exec",
        };
        let file = extension.directory.join("extension.json");
        let text = std::fs::read(&file).ok().filter(|_| self.path.is_dir())?;
        let (line, column) = place_of(&text, &[key]);
        Some(format!("{}:{line}:{column}: \"{key}\"", file.display()))
    }

    /// Looks at the tools and commands that its manifest declares, where they stand: in a folder's `extension.json`, or in
    /// the component itself.
    fn declared(&mut self, extension: &Extension, is_folder: bool) {
        let file = match &extension.program {
            Program::Component { file } if !is_folder => file.clone(),
            _ => extension.directory.join("extension.json"),
        };
        // What can be read was read a moment ago.
        let Ok(bytes) = std::fs::read(&file) else { return };
        let text = if is_folder { Some(bytes.as_slice()) } else { section::manifest(&bytes).ok().flatten() };
        if let Some(text) = text {
            self.errors.extend(extension.manifest.check_declared(text, &file));
        }
    }
}

/// The manifest of a directory, as its errors name it.
fn manifest_of(path: &Path) -> Option<PathBuf> {
    let file = path.canonicalize().ok()?.join("extension.json");
    let data = std::fs::metadata(&file).ok()?;
    // A pipe would be waited for, and what is too large has nothing else wrong with it.
    (data.is_file() && data.len() <= manifest::MAX_BYTES as u64).then_some(file)
}

/// `tool_call (bash, write*), closed`
fn in_full(hook: &HookSpec) -> String {
    let tools = if hook.tools.is_empty() { String::new() } else { format!(" ({})", hook.tools.join(", ")) };
    let policy = match hook.on_failure {
        Some(OnFailure::Open) => ", open",
        Some(OnFailure::Closed) => ", closed",
        None => "",
    };
    format!("{}{tools}{policy}", hook.on)
}

/// In plain words, what it may do beyond what every extension may.
fn asks_for(manifest: &Manifest, program: &Program) -> Vec<String> {
    let rights = match program {
        Program::Component { .. } => None,
        Program::Subprocess { .. } => Some("to run as a program with all your rights".to_owned()),
    };
    let env = manifest.wharf.iter().flat_map(|wharf| &wharf.env);
    rights.into_iter().chain(env.map(|name| format!("the environment variable {name}"))).collect()
}

fn size(file: &Path) -> Option<u64> {
    std::fs::metadata(file).ok().filter(std::fs::Metadata::is_file).map(|data| data.len())
}

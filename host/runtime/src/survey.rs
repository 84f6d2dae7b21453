//! What is installed, without starting anything.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::Serialize;
use wharf_extensions::discovery::{self, Discovery, Problem};
use wharf_extensions::extension::{Extension, Origin, Program};
use wharf_extensions::quarantine::Quarantine;
use wharf_extensions::watchmen::Missing;
use wharf_protocol::id::ExtensionId;

use crate::builder::{BuildError, Builder};
use crate::places::Places;

/// What lies in the user's and the project's directories.
#[derive(Debug, Clone)]
pub struct Survey {
    /// Everything that is an extension or should be one, by scope and name.
    pub extensions: Vec<Surveyed>,
    /// What is odd beyond that, one line each.
    pub warnings: Vec<String>,
}

/// One extension, or what should be one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Surveyed {
    /// Its name; where it cannot be read, that of its file or directory.
    pub name: String,
    /// Its version; empty: unknown.
    pub version: String,
    /// `component` or `subprocess`; none: unknown.
    pub backend: Option<&'static str>,
    /// Where it was found.
    pub scope: Origin,
    /// Whether it would be started.
    pub state: Condition,
    /// The tools that its manifest declares.
    pub tools: Vec<String>,
    /// The commands.
    pub commands: Vec<String>,
    /// The hooks.
    pub hooks: Vec<&'static str>,
    /// Why it would not be started.
    pub why: Option<String>,
    /// Its directory, or its file if it is a file on its own.
    #[serde(skip)]
    pub path: PathBuf,
    /// Whether it is a file on its own, without a manifest beside it.
    #[serde(skip)]
    pub is_file: bool,
}

/// Whether an extension would be started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Condition {
    /// It would, now or when it is first needed.
    Enabled,
    /// It is switched off.
    Disabled,
    /// It crashed too often.
    Quarantined,
    /// It belongs to a project that is not trusted.
    Untrusted,
    /// It cannot be used as it is.
    Broken,
    /// Its name is taken by another.
    Shadowed,
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Enabled => "enabled",
            Self::Disabled => "disabled",
            Self::Quarantined => "quarantined",
            Self::Untrusted => "untrusted",
            Self::Broken => "broken",
            Self::Shadowed => "shadowed",
        })
    }
}

impl Builder {
    /// Looks, and starts nothing.
    ///
    /// # Errors
    /// No home directory, or a working directory that cannot be used.
    pub fn survey(self) -> Result<Survey, BuildError> {
        let places = self.places.clone().map_or_else(Places::from_env, Ok)?;
        let cwd = crate::assembly::working_directory(self.cwd.as_deref())?;
        let where_to = discovery::Places {
            explicit: self.explicit.clone(),
            user: places.user_extensions(),
            project: Places::project_extensions(&cwd),
            trust: self.trust,
            switched_off: self.config.switched_off(),
        };
        let found = discovery::discover(&where_to);
        let recollection = crate::assembly::history(&places).recall(&found, &where_to);
        let shelves = where_to.user.iter().chain(&where_to.project);
        let shelves: Vec<_> = shelves.filter_map(|path| path.canonicalize().ok()).collect();
        let mut extensions: Vec<Surveyed> = Vec::new();
        for (extension, past) in found.extensions.iter().zip(&recollection.pasts) {
            let quarantined =
                past.quarantined.as_ref().map(|entry| (Condition::Quarantined, entry.fault().to_string()));
            let lost = || broken(extension).map(|why| (Condition::Broken, why));
            extensions.push(Surveyed::new(extension, quarantined.or_else(lost), &shelves));
        }
        extensions.extend(rest(&found, &where_to.switched_off, &shelves));
        extensions.sort_by(|a, b| (a.scope, &a.name).cmp(&(b.scope, &b.name)));
        let odd = found.problems.iter().filter(|problem| !(problem.fatal && problem.origin.is_some()));
        // What one guards that has the name of another shows when it is started.
        let missing = recollection.missing.iter().filter(|it| it.taken_by.is_none()).map(Missing::notice);
        let warnings = odd.map(|problem| problem.message.clone()).chain(recollection.problems).chain(missing);
        let warnings = warnings.collect();
        Ok(Survey { extensions, warnings })
    }

    /// Lifts the quarantine of an extension, and says whether it was in quarantine.
    ///
    /// # Errors
    /// No home directory, or a list that cannot be read or written.
    pub fn lift_quarantine(self, extension: &ExtensionId) -> Result<bool, BuildError> {
        let places = self.places.map_or_else(Places::from_env, Ok)?;
        Ok(Quarantine::new(places.quarantine()).lift(extension)?)
    }
}

/// Those that are not started, whoever sees to that.
fn rest(found: &Discovery, off: &BTreeSet<String>, shelves: &[PathBuf]) -> Vec<Surveyed> {
    let disabled = found.disabled.iter().map(|extension| {
        let by = match extension.manifest.enabled {
            Some(false) => "its manifest",
            _ if off.contains(extension.id.as_str()) => "config.toml",
            _ => "its manifest",
        };
        Surveyed::new(extension, Some((Condition::Disabled, format!("{by} switches it off"))), shelves)
    });
    let lost = found.problems.iter().filter(|problem| problem.fatal).filter_map(|problem| {
        let scope = problem.origin?;
        Some(match &problem.shadowed {
            Some(extension) => {
                let why = (Condition::Shadowed, problem.message.clone());
                Surveyed::new(extension, Some(why), shelves)
            }
            None => Surveyed::unread(entry(problem), scope, Condition::Broken, problem.message.clone()),
        })
    });
    let inert = found.inert.iter().map(|path| {
        let why = format!("{}: the project is not trusted; --trust lets it load for a run", path.display());
        Surveyed::unread(path, Origin::Project, Condition::Untrusted, why)
    });
    // What `--ext` names and is switched off is told twice, of which once is enough.
    let mut all: Vec<Surveyed> = disabled.collect();
    let known: BTreeSet<PathBuf> = all.iter().map(|surveyed| surveyed.path.clone()).collect();
    all.extend(lost.filter(|surveyed| !known.contains(&surveyed.path)).chain(inert));
    all
}

/// What lies in the extensions directory: the folder of a broken manifest, or the file itself.
fn entry(problem: &Problem) -> &Path {
    match problem.path.file_name().is_some_and(|name| name == "extension.json") {
        true => problem.path.parent().unwrap_or(&problem.path),
        false => &problem.path,
    }
}

/// Why it would fail at its start, as far as that can be told without starting it.
fn broken(extension: &Extension) -> Option<String> {
    extension.lacks().or_else(|| match &extension.program {
        Program::Component { file } => crate::check::read_component(file).err(),
        Program::Subprocess { .. } => None,
    })
}

impl Surveyed {
    fn new(extension: &Extension, kept: Option<(Condition, String)>, shelves: &[PathBuf]) -> Self {
        let declared = extension.manifest.declared().unwrap_or_default();
        let (state, why) = kept.map_or((Condition::Enabled, None), |(state, why)| (state, Some(why)));
        let is_file = shelves.contains(&extension.directory);
        let path = match &extension.program {
            Program::Component { file } if is_file => file,
            Program::Subprocess { exec, .. } if is_file => exec,
            _ => &extension.directory,
        };
        Self {
            name: extension.id.to_string(),
            version: extension.manifest.version.clone(),
            backend: Some(extension.program.kind()),
            scope: extension.origin,
            state,
            tools: declared.tools.iter().map(|tool| tool.name.clone()).collect(),
            commands: declared.commands.iter().map(|command| command.name.clone()).collect(),
            hooks: declared.hooks.iter().map(|hook| hook.on.as_str()).collect(),
            why,
            path: path.clone(),
            is_file,
        }
    }

    /// One of which nothing is known but its place.
    fn unread(path: &Path, scope: Origin, state: Condition, why: String) -> Self {
        let is_file = !path.is_dir();
        let name = if is_file { path.file_stem() } else { path.file_name() };
        let is_component = is_file && path.extension().is_some_and(|extension| extension == "wasm");
        Self {
            name: name.unwrap_or_default().to_string_lossy().into_owned(),
            version: String::new(),
            backend: is_component.then_some("component"),
            scope,
            state,
            tools: Vec::new(),
            commands: Vec::new(),
            hooks: Vec::new(),
            why: Some(why),
            path: path.to_owned(),
            is_file,
        }
    }
}

//! What `wharf ext list` shows of an extension.

use serde::Serialize;
use wharf_protocol::registration::Registration;

use crate::docked::Docked;
use crate::extension::{Extension, Origin};

/// One extension, as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listing {
    /// Its name.
    pub name: String,
    /// Its version; empty: unknown.
    pub version: String,
    /// What its manifest says of it; empty: nothing.
    pub description: String,
    /// `component` or `subprocess`.
    pub backend: &'static str,
    /// Where it was found.
    pub origin: Origin,
    /// The directory it lies in.
    pub directory: String,
    /// What became of it.
    pub state: State,
    /// Tools: registered, or declared while it does not run.
    pub tools: Vec<String>,
    /// Commands.
    pub commands: Vec<String>,
    /// Hooks.
    pub hooks: Vec<&'static str>,
    /// Events.
    pub events: Vec<&'static str>,
}

/// What became of an extension.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Found, not started: lists start nothing.
    Found,
    /// It starts when it is first needed.
    Asleep,
    /// On its way.
    Starting,
    /// It has docked.
    Running,
    /// It crashed, and is on its way back.
    Restarting,
    /// It crashed too often, and is not started again, and why.
    Quarantined(String),
    /// It could not be started, and why.
    Failed(String),
    /// Its manifest switches it off.
    Disabled,
}

impl Listing {
    /// Shows what it registered, or else what its manifest declares.
    #[must_use]
    pub fn new(extension: &Extension, state: State, docked: Option<&Docked>) -> Self {
        let declared = extension.manifest.declared().unwrap_or_default();
        let shown: &Registration = docked.map_or(&declared, |docked| &docked.registration);
        Self {
            name: extension.id.to_string(),
            version: extension.manifest.version.clone(),
            description: extension.manifest.description.clone(),
            backend: extension.program.kind(),
            origin: extension.origin,
            directory: extension.directory.display().to_string(),
            state,
            tools: shown.tools.iter().map(|tool| tool.name.clone()).collect(),
            commands: shown.commands.iter().map(|command| command.name.clone()).collect(),
            hooks: shown.hooks.iter().map(|hook| hook.on.as_str()).collect(),
            events: shown.events.iter().map(|topic| topic.as_str()).collect(),
        }
    }
}

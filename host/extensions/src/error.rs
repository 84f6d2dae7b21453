//! Faults of extensions: which one, at which stage, why, and what to do next.

mod fault;
mod stage;

pub use fault::{Fault, seconds};
pub use stage::Stage;

use thiserror::Error;
use wharf_protocol::id::ExtensionId;

/// A fault of one extension. Its text names the extension, the stage, the cause and the next step.
#[derive(Debug, Clone, Error)]
#[error("extension \"{extension}\": {stage}: {fault}; {}", self.next_step())]
pub struct ExtError {
    /// Which extension.
    pub extension: ExtensionId,
    /// What was being done.
    pub stage: Stage,
    /// Why it failed.
    #[source]
    pub fault: Fault,
}

impl ExtError {
    /// Puts the three together.
    #[must_use]
    pub fn new(extension: ExtensionId, stage: Stage, fault: Fault) -> Self {
        Self { extension, stage, fault }
    }

    /// A guard's failure and what comes of it, in one line: `guard "x": timed out after 2 s → refused (hook tool_call);
    /// see …`.
    #[must_use]
    pub fn of_guard(&self, consequence: &str) -> String {
        let Self { extension, stage, fault } = self;
        format!("guard \"{extension}\": {fault} → {consequence} ({stage}); {}", self.next_step())
    }

    /// What the user can do about it.
    #[must_use]
    pub fn next_step(&self) -> String {
        let name = &self.extension;
        match (&self.fault, &self.stage) {
            (Fault::Cancelled, _) => "nothing to do: it was cancelled".to_owned(),
            (Fault::Quarantined { .. }, _) => {
                format!(
                    "replace it, or lift the quarantine with `wharf ext enable {name}`; see `wharf ext logs {name}`"
                )
            }
            (Fault::NotFound { source, .. }, _) if source.kind() == std::io::ErrorKind::PermissionDenied => {
                format!("make the file readable and executable, or remove the extension {name}")
            }
            (Fault::NotFound { .. }, _) => {
                format!("check the path in the manifest, or remove the extension {name}")
            }
            (Fault::Invalid { hint: Some(hint), .. }, _) => hint.clone(),
            (Fault::TimedOut { .. }, Stage::Start) => {
                format!("see `wharf ext logs {name}`; a program must write its hello and flush it")
            }
            (_, Stage::Manifest) => format!("mend its extension.json, or remove the extension {name}"),
            (_, Stage::Compile | Stage::Link) => {
                format!("build {name} again for wharf:extension@0.1.0 (target wasm32-wasip2)")
            }
            _ => format!("see `wharf ext logs {name}`"),
        }
    }
}

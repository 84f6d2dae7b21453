//! Faults of extensions: which one, at which stage, why, and what to do next.

use std::error::Error as StdError;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use wharf_protocol::hook::HookPoint;
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

/// What was being done when it failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// Reading and checking the manifest.
    Manifest,
    /// Starting the child process.
    Spawn,
    /// Reading and compiling the component.
    Compile,
    /// Matching the component's imports and exports with the host's.
    Link,
    /// Making an instance of the component.
    Instantiate,
    /// Waiting for the first frame of a child, or running a component's `init`.
    Start,
    /// Taking in what it registers.
    Register,
    /// Calling a tool.
    Tool(String),
    /// Running a command.
    Command(String),
    /// Asking an interceptor.
    Hook(HookPoint),
    /// Delivering an event.
    Event,
    /// In a call; whoever made it tells which.
    Call,
    /// Between calls.
    Running,
    /// Ending it.
    Stop,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Manifest => f.write_str("manifest"),
            Self::Spawn => f.write_str("spawn"),
            Self::Compile => f.write_str("compile"),
            Self::Link => f.write_str("link"),
            Self::Instantiate => f.write_str("instantiate"),
            Self::Start => f.write_str("start"),
            Self::Register => f.write_str("register"),
            Self::Tool(name) => write!(f, "tool {name}"),
            Self::Command(name) => write!(f, "command /{name}"),
            Self::Hook(point) => write!(f, "hook {point}"),
            Self::Event => f.write_str("event"),
            Self::Call => f.write_str("call"),
            Self::Running => f.write_str("running"),
            Self::Stop => f.write_str("stop"),
        }
    }
}

/// Why it failed.
#[derive(Debug, Clone, Error)]
pub enum Fault {
    /// A file that the manifest names cannot be found, read or executed.
    #[error("{}: {source}", path.display())]
    NotFound {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: Arc<std::io::Error>,
    },
    /// Something about the extension breaks a rule.
    #[error("{what}")]
    Invalid {
        /// Which rule, and where.
        what: String,
        /// What to do about it, where that is known better than by the stage.
        hint: Option<String>,
    },
    /// The answer did not come in time.
    #[error("timed out after {}{}", seconds(rounded(*.limit)), .while_busy.as_deref().map(|with| format!(" (it was busy with {with})")).unwrap_or_default())]
    TimedOut {
        /// The limit.
        limit: Duration,
        /// What kept it busy, if that is known.
        while_busy: Option<String>,
    },
    /// The child ended, the component trapped or passed a limit. What it kept in memory is lost.
    #[error("{how}")]
    Died {
        /// How it ended: exit status, trap, limit.
        how: String,
    },
    /// The caller cancelled, and it did not return soon. What it kept in memory is lost; it is not blamed for that.
    #[error("it did not return within {} after its call was cancelled", seconds(*.grace))]
    Overran {
        /// How long it was waited for.
        grace: Duration,
    },
    /// It broke the protocol.
    #[error("{what}")]
    Protocol {
        /// What was wrong.
        what: String,
    },
    /// Its queue is full.
    #[error("busy: {waiting} calls are waiting already")]
    Busy {
        /// How many.
        waiting: usize,
    },
    /// It is not running.
    #[error("it is not running: {why}")]
    NotRunning {
        /// Since when or why.
        why: String,
    },
    /// It crashed too often, and is not started again.
    #[error("it is in quarantine: {why}")]
    Quarantined {
        /// How often it crashed, within which time, and why the last time.
        why: String,
    },
    /// The caller cancelled.
    #[error("cancelled")]
    Cancelled,
    /// Anything else, with its source.
    #[error("{what}: {source}")]
    Other {
        /// What was tried.
        what: String,
        /// The cause.
        #[source]
        source: Arc<dyn StdError + Send + Sync>,
    },
}

impl Fault {
    /// Whether the extension is to blame when it is lost for this: such losses are counted.
    #[must_use]
    pub fn is_crash(&self) -> bool {
        match self {
            Self::Cancelled | Self::Overran { .. } => false,
            Self::NotFound { .. }
            | Self::Invalid { .. }
            | Self::TimedOut { .. }
            | Self::Died { .. }
            | Self::Protocol { .. }
            | Self::Busy { .. }
            | Self::NotRunning { .. }
            | Self::Quarantined { .. }
            | Self::Other { .. } => true,
        }
    }

    /// A rule that the extension breaks.
    pub fn invalid(what: impl Into<String>) -> Self {
        Self::Invalid { what: what.into(), hint: None }
    }

    /// A rule that the extension breaks, with what to do about it.
    pub fn invalid_with(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Invalid { what: what.into(), hint: Some(hint.into()) }
    }

    /// Something that failed, with its source.
    pub fn other(what: impl Into<String>, source: impl StdError + Send + Sync + 'static) -> Self {
        Self::Other { what: what.into(), source: Arc::new(source) }
    }

    /// Makes the error of an extension at a stage.
    #[must_use]
    pub fn at(self, extension: &ExtensionId, stage: Stage) -> ExtError {
        ExtError::new(extension.clone(), stage, self)
    }
}

/// A duration as people write it: `2 s`, `250 ms`.
#[must_use]
pub fn seconds(duration: Duration) -> String {
    if duration.subsec_millis() == 0 {
        format!("{} s", duration.as_secs())
    } else if duration < Duration::from_secs(1) {
        format!("{} ms", duration.as_millis())
    } else {
        format!("{:.1} s", duration.as_secs_f64())
    }
}

/// What was left until a deadline, without the moments that had passed before it was looked at.
fn rounded(left: Duration) -> Duration {
    let step: u128 = match left.as_millis() {
        0..100 => 1,
        100..995 => 10,
        _ => 50,
    };
    let steps = (left.as_micros() + step * 500) / (step * 1000);
    Duration::from_millis(u64::try_from(steps * step).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_told_in_round_numbers() {
        for (micros, expected) in [
            (4_999_812, "5 s"),
            (1_985_000, "2 s"),
            (1_500_100, "1.5 s"),
            (999_100, "1 s"),
            (497_300, "500 ms"),
            (249_700, "250 ms"),
            (49_900, "50 ms"),
            (0, "0 s"),
        ] {
            let fault = Fault::TimedOut { limit: Duration::from_micros(micros), while_busy: None };
            assert_eq!(fault.to_string(), format!("timed out after {expected}"));
        }
    }
}

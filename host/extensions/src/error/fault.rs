//! Why it failed.

use std::error::Error as StdError;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use wharf_protocol::id::ExtensionId;

use super::{ExtError, Stage};

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

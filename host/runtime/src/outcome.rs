//! How a prompt ended.

use wharf_agent::{RefusedCall, RunError, RunReport};
use wharf_ports::model::ModelError;

/// How a prompt ended, in whatever face.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Whether it went well.
    pub status: Status,
    /// The final text: the model's last words as they were shown, or what a command displayed.
    pub text: String,
    /// The calls that were refused because nobody could be asked, or by `--approve deny`.
    pub refused: Vec<RefusedCall>,
}

/// Whether it went well, and if not, why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// It did.
    Ok,
    /// The run failed.
    Failed(String),
    /// The provider failed.
    Provider(String),
    /// A guard refused the prompt or the turn.
    Refused(String),
    /// `--max-steps` was reached.
    Budget(String),
    /// It was cancelled.
    Cancelled,
}

impl Outcome {
    pub(crate) fn new(status: Status, text: impl Into<String>) -> Self {
        Self { status, text: text.into(), refused: Vec::new() }
    }

    /// The exit code that stands for it, the same in every mode.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match &self.status {
            Status::Ok if self.refused.is_empty() => 0,
            Status::Ok | Status::Refused(_) => 5,
            Status::Failed(_) => 1,
            Status::Provider(_) => 4,
            Status::Budget(_) => 6,
            Status::Cancelled => 130,
        }
    }

    /// One word for the exit code.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self.exit_code() {
            0 => "ok",
            4 => "provider",
            5 => "refused",
            6 => "budget",
            130 => "cancelled",
            _ => "failed",
        }
    }

    /// What went wrong, in words.
    #[must_use]
    pub fn error(&self) -> Option<&str> {
        match &self.status {
            Status::Ok => None,
            Status::Failed(why) | Status::Provider(why) | Status::Refused(why) | Status::Budget(why) => {
                Some(why)
            }
            Status::Cancelled => Some("cancelled"),
        }
    }
}

impl From<RunReport> for Outcome {
    fn from(report: RunReport) -> Self {
        let status = match report.outcome {
            Ok(()) => Status::Ok,
            Err(error) => error.into(),
        };
        Self { status, text: report.final_text, refused: report.refused_by_policy }
    }
}

impl From<RunError> for Status {
    fn from(error: RunError) -> Self {
        let why = error.to_user();
        match error {
            RunError::Model(ModelError::Cancelled) | RunError::Cancelled => Self::Cancelled,
            RunError::Model(_) | RunError::Answer(_) => Self::Provider(why),
            RunError::Refused(_) => Self::Refused(why),
            RunError::MaxSteps(_) => Self::Budget(why),
        }
    }
}

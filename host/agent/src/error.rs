//! Why a run did not end well.

use thiserror::Error;
use wharf_ports::hooks::Refusal;
use wharf_ports::model::ModelError;
use wharf_protocol::event::{Event, PromptStatus, Stop};

/// Why a run did not end well. A tool that fails or is refused is none of these: the model reads that.
#[derive(Debug, Error)]
pub enum RunError {
    /// The model call failed.
    #[error(transparent)]
    Model(ModelError),
    /// The model's answer cannot be used: it broke off, or its pieces do not fit together.
    #[error("the model's answer cannot be used: {0}")]
    Answer(String),
    /// An interceptor refused a model call.
    #[error("{}", .0.reason)]
    Refused(Refusal),
    /// The model still wanted tools after the last allowed step.
    #[error("max steps ({0}) exceeded")]
    MaxSteps(u32),
    /// The user ended it.
    #[error("context canceled")]
    Cancelled,
}

impl RunError {
    /// How a model call ends that fails with this.
    pub(crate) fn stop(&self) -> Stop {
        match self {
            Self::Cancelled => Stop::Aborted,
            Self::Model(_) | Self::Answer(_) | Self::Refused(_) | Self::MaxSteps(_) => Stop::Error,
        }
    }
}

impl RunError {
    /// What the user is told: with the name of who refused, which extensions are not told, as in zot.
    #[must_use]
    pub fn to_user(&self) -> String {
        match self {
            Self::Refused(refusal) => format!("extension \"{}\" refused: {}", refusal.by, refusal.reason),
            other => other.to_string(),
        }
    }

    /// How extensions are told of a prompt that ends with this, and why.
    pub(crate) fn prompt_end(outcome: &Result<(), Self>) -> Event {
        let (status, reason) = match outcome {
            Ok(()) => (PromptStatus::Ok, None),
            Err(Self::Cancelled) => (PromptStatus::Cancelled, None),
            Err(error @ Self::Refused(_)) => (PromptStatus::Refused, Some(error.to_string())),
            Err(error @ (Self::Model(_) | Self::Answer(_) | Self::MaxSteps(_))) => {
                (PromptStatus::Failed, Some(error.to_string()))
            }
        };
        Event::PromptEnd { status, reason }
    }
}

impl From<ModelError> for RunError {
    fn from(error: ModelError) -> Self {
        match error {
            ModelError::Cancelled => Self::Cancelled,
            error => Self::Model(error),
        }
    }
}

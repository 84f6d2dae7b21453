//! How model calls and prompts end.

use serde::{Deserialize, Serialize};

/// Why a model call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    /// The model was done.
    End,
    /// The answer reached the token limit.
    Length,
    /// The model wants tools to run.
    ToolUse,
    /// The call failed.
    Error,
    /// The user ended it.
    Aborted,
}

impl Stop {
    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::End => "end",
            Self::Length => "length",
            Self::ToolUse => "tool_use",
            Self::Error => "error",
            Self::Aborted => "aborted",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::End, Self::Length, Self::ToolUse, Self::Error, Self::Aborted]
            .into_iter()
            .find(|stop| stop.as_str() == word)
    }
}

/// How a prompt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PromptStatus {
    /// It went well.
    Ok,
    /// The model could not be asked, or a limit was reached.
    Failed,
    /// An interceptor refused a model call.
    Refused,
    /// The user ended it.
    Cancelled,
    /// In a way that a later version knows.
    Other,
}

impl PromptStatus {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Ok, Self::Failed, Self::Refused, Self::Cancelled, Self::Other];

    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed => "failed",
            Self::Refused => "refused",
            Self::Cancelled => "cancelled",
            Self::Other => "other",
        }
    }

    /// Reads the word; one that is not known is [`PromptStatus::Other`].
    #[must_use]
    pub fn from_word(word: &str) -> Self {
        Self::ALL.into_iter().find(|status| status.as_str() == word).unwrap_or(Self::Other)
    }
}

//! What an interceptor is asked about, where that takes more than one word.

use serde::{Deserialize, Serialize};

use crate::tool::{ToolCall, ToolOutput};

/// A prompt on its way to the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    /// What is asked.
    pub text: String,
    /// The extension that submitted it; none: the user did.
    pub by: Option<String>,
}

/// A tool's result on its way to the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolReport {
    /// The call, with the arguments that ran.
    pub call: ToolCall,
    /// What the tool answered, or why it was refused.
    pub output: ToolOutput,
}

/// Why the conversation is made shorter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CompactionCause {
    /// The user asked for it.
    Manual,
    /// It has become long.
    Threshold,
    /// The model refused it as too long.
    Overflow,
    /// For a reason that a later version knows.
    Other,
}

impl CompactionCause {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Manual, Self::Threshold, Self::Overflow, Self::Other];

    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Manual => "manual",
            Self::Threshold => "threshold",
            Self::Overflow => "overflow",
            Self::Other => "other",
        }
    }

    /// Reads the word; one that is not known is [`CompactionCause::Other`].
    #[must_use]
    pub fn from_word(word: &str) -> Self {
        Self::ALL.into_iter().find(|cause| cause.as_str() == word).unwrap_or(Self::Other)
    }
}

/// The conversation is about to be made shorter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compaction {
    /// Why.
    pub cause: CompactionCause,
    /// How many messages a summary will stand for.
    pub messages: u32,
    /// What the user wants the summary to keep; empty: nothing in particular.
    pub instructions: String,
}

//! Events: what extensions are told. One-way; nobody waits for an answer.

mod ending;
mod topic;

pub use ending::{PromptStatus, Stop};
pub use topic::Topic;

use serde::{Deserialize, Serialize};

use crate::json::Json;
use crate::tool::ToolOutput;

/// What a model call took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Usage {
    /// Tokens sent, without those of the cache.
    pub input: u64,
    /// Tokens received.
    pub output: u64,
    /// Tokens read from the provider's cache.
    pub cache_read: u64,
    /// Tokens written into it.
    pub cache_write: u64,
    /// Millionths of a US dollar; none: the price is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_micro_usd: Option<u64>,
}

/// How another session came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Switch {
    /// It is new and empty.
    New,
    /// It was there before.
    Resume,
    /// It goes on from a point of the one before.
    Fork,
    /// In a way that a later version knows.
    Other,
}

impl Switch {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::New, Self::Resume, Self::Fork, Self::Other];

    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Resume => "resume",
            Self::Fork => "fork",
            Self::Other => "other",
        }
    }

    /// Reads the word; one that is not known is [`Switch::Other`].
    #[must_use]
    pub fn from_word(word: &str) -> Self {
        Self::ALL.into_iter().find(|switch| switch.as_str() == word).unwrap_or(Self::Other)
    }
}

/// Something that happened in the agent. The first five are zot's; a version 1 extension is told of no others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The agent started, all extensions that were ready in time have docked.
    SessionStart,
    /// A model call is about to start.
    TurnStart {
        /// Counts from 1 for each prompt.
        step: u32,
    },
    /// The model's message is complete.
    AssistantMessage {
        /// All of its text, joined without a separator; the replaced text if an interceptor replaced it.
        text: String,
    },
    /// The model asked for a tool. Comes before interceptors decide.
    ToolCall {
        /// The call's id.
        id: String,
        /// The tool's name.
        name: String,
        /// The model's arguments.
        args: Json,
    },
    /// A model call ended; its tools have not run yet.
    TurnEnd {
        /// Why.
        stop: Option<Stop>,
        /// The error, if there was one.
        error: Option<String>,
    },
    /// A prompt was taken up, as interceptors let it pass. Comes before its first [`Event::TurnStart`].
    Prompt {
        /// The text.
        text: String,
        /// The extension that submitted it; none: the user did.
        by: Option<String>,
    },
    /// The prompt is done, one way or the other. Comes after everything that it caused.
    PromptEnd {
        /// How.
        status: PromptStatus,
        /// Why, unless it ended well or the user ended it.
        reason: Option<String>,
    },
    /// A tool has answered, or its call was refused: what the model is shown of it.
    ToolResult {
        /// The call's id.
        id: String,
        /// The tool's name.
        name: String,
        /// The result.
        output: ToolOutput,
    },
    /// What a model call took. Comes before its [`Event::AssistantMessage`].
    Usage(Usage),
    /// The user chose another model.
    ModelChange {
        /// The model provider.
        provider: String,
        /// The model.
        model: String,
    },
    /// The conversation was made shorter: a summary stands for what was before.
    Compaction {
        /// How many messages it stands for.
        messages: u32,
        /// The extension that wrote it; none: the model did.
        by: Option<String>,
    },
    /// Another session goes on from here; what an extension kept for the one before is not about this one.
    SessionSwitch {
        /// How it came about.
        reason: Switch,
    },
    /// The agent is about to end.
    SessionEnd,
    /// A key was pressed in a panel. Told to the panel's owner alone.
    PanelKey {
        /// The panel's id.
        panel: String,
        /// `up`, `down`, `left`, `right`, `enter`, `tab`, `backspace`, `delete`, `home`, `end`, `pageup`, `pagedown`,
        /// `rune`, `unknown`.
        key: String,
        /// The character of a `rune`.
        text: String,
    },
    /// The user closed a panel. Told to the panel's owner alone.
    PanelClose {
        /// The panel's id.
        panel: String,
    },
    /// Events before this one were dropped: more were waiting than may. Told to whom they were meant for.
    Lagged {
        /// How many.
        dropped: u32,
    },
}

impl Event {
    /// The topic that one subscribes to in order to see this event.
    #[must_use]
    pub fn topic(&self) -> Topic {
        match self {
            Self::SessionStart => Topic::SessionStart,
            Self::TurnStart { .. } => Topic::TurnStart,
            Self::AssistantMessage { .. } => Topic::AssistantMessage,
            Self::ToolCall { .. } => Topic::ToolCall,
            Self::TurnEnd { .. } => Topic::TurnEnd,
            Self::Prompt { .. } => Topic::Prompt,
            Self::PromptEnd { .. } => Topic::PromptEnd,
            Self::ToolResult { .. } => Topic::ToolResult,
            Self::Usage(_) => Topic::Usage,
            Self::ModelChange { .. } => Topic::ModelChange,
            Self::Compaction { .. } => Topic::Compaction,
            Self::SessionSwitch { .. } => Topic::SessionSwitch,
            Self::SessionEnd => Topic::SessionEnd,
            Self::Lagged { .. } => Topic::Lagged,
            Self::PanelKey { .. } | Self::PanelClose { .. } => Topic::Panel,
        }
    }
}

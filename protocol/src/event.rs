//! Events: what extensions are told. One-way; nobody waits for an answer.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::json::Json;
use crate::tool::ToolOutput;

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

/// The kinds of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// [`Event::SessionStart`]
    SessionStart,
    /// [`Event::TurnStart`]
    TurnStart,
    /// [`Event::AssistantMessage`]
    AssistantMessage,
    /// [`Event::ToolCall`]
    ToolCall,
    /// [`Event::TurnEnd`]
    TurnEnd,
    /// [`Event::Prompt`]
    Prompt,
    /// [`Event::PromptEnd`]
    PromptEnd,
    /// [`Event::ToolResult`]
    ToolResult,
    /// [`Event::Usage`]
    Usage,
    /// [`Event::ModelChange`]
    ModelChange,
    /// [`Event::Compaction`]
    Compaction,
    /// [`Event::SessionSwitch`]
    SessionSwitch,
    /// [`Event::SessionEnd`]
    SessionEnd,
    /// [`Event::PanelKey`] and [`Event::PanelClose`]. Nobody subscribes to it: it comes to whoever has a panel.
    #[serde(skip)]
    Panel,
    /// [`Event::Lagged`]. Nobody subscribes to it either.
    #[serde(skip)]
    Lagged,
}

impl Topic {
    /// All topics that one can subscribe to.
    pub const ALL: [Self; 13] = [
        Self::SessionStart,
        Self::TurnStart,
        Self::AssistantMessage,
        Self::ToolCall,
        Self::TurnEnd,
        Self::Prompt,
        Self::PromptEnd,
        Self::ToolResult,
        Self::Usage,
        Self::ModelChange,
        Self::Compaction,
        Self::SessionSwitch,
        Self::SessionEnd,
    ];

    /// Whether version 1 of the subprocess protocol has it.
    #[must_use]
    pub fn is_in_version_1(self) -> bool {
        match self {
            Self::SessionStart
            | Self::TurnStart
            | Self::AssistantMessage
            | Self::ToolCall
            | Self::TurnEnd
            | Self::Panel => true,
            Self::Prompt
            | Self::PromptEnd
            | Self::ToolResult
            | Self::Usage
            | Self::ModelChange
            | Self::Compaction
            | Self::SessionSwitch
            | Self::SessionEnd
            | Self::Lagged => false,
        }
    }

    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SessionStart => "session_start",
            Self::TurnStart => "turn_start",
            Self::AssistantMessage => "assistant_message",
            Self::ToolCall => "tool_call",
            Self::TurnEnd => "turn_end",
            Self::Prompt => "prompt",
            Self::PromptEnd => "prompt_end",
            Self::ToolResult => "tool_result",
            Self::Usage => "usage",
            Self::ModelChange => "model_change",
            Self::Compaction => "compaction",
            Self::SessionSwitch => "session_switch",
            Self::SessionEnd => "session_end",
            Self::Lagged => "lagged",
            Self::Panel => "panel",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|topic| topic.as_str() == word)
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

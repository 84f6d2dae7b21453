//! The kinds of events: what one subscribes to.

use std::fmt;

use serde::{Deserialize, Serialize};

#[cfg(doc)]
use super::Event;

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

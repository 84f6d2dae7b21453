//! Events: what extensions are told. One-way; nobody waits for an answer.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::json::Json;

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
}

/// Something that happened in the agent.
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
}

impl Topic {
    /// All topics.
    pub const ALL: [Self; 5] =
        [Self::SessionStart, Self::TurnStart, Self::AssistantMessage, Self::ToolCall, Self::TurnEnd];

    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SessionStart => "session_start",
            Self::TurnStart => "turn_start",
            Self::AssistantMessage => "assistant_message",
            Self::ToolCall => "tool_call",
            Self::TurnEnd => "turn_end",
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

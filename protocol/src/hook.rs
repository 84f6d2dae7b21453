//! Hooks: points at which an extension is asked before the agent goes on. None of the answers can say "approved":
//! an interceptor may only restrict or rewrite.

mod subject;
mod verdict;

pub use subject::{Compaction, CompactionCause, Prompt, ToolReport};
pub use verdict::{
    CompactionVerdict, MessageVerdict, PromptVerdict, ResultVerdict, ToolVerdict, TurnVerdict,
};

use std::fmt;

use serde::{Deserialize, Serialize};

/// A point of interception.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HookPoint {
    /// Before a tool runs; answered with a [`ToolVerdict`].
    ToolCall,
    /// Before a model call; answered with a [`TurnVerdict`].
    TurnStart,
    /// Before the model's message is shown; answered with a [`MessageVerdict`].
    AssistantMessage,
    /// Before a prompt is taken up; answered with a [`PromptVerdict`]. Not in version 1.
    Prompt,
    /// Before the model sees a tool's result; answered with a [`ResultVerdict`]. Not in version 1.
    ToolResult,
    /// Before the conversation is made shorter; answered with a [`CompactionVerdict`]. Not in version 1.
    Compaction,
}

impl HookPoint {
    /// All points.
    pub const ALL: [Self; 6] = [
        Self::ToolCall,
        Self::TurnStart,
        Self::AssistantMessage,
        Self::Prompt,
        Self::ToolResult,
        Self::Compaction,
    ];

    /// Whether version 1 of the subprocess protocol has it.
    #[must_use]
    pub fn is_in_version_1(self) -> bool {
        match self {
            Self::ToolCall | Self::TurnStart | Self::AssistantMessage => true,
            Self::Prompt | Self::ToolResult | Self::Compaction => false,
        }
    }

    /// Whether the hook is about one tool, so that [`HookSpec::tools`] counts.
    #[must_use]
    pub fn is_about_a_tool(self) -> bool {
        match self {
            Self::ToolCall | Self::ToolResult => true,
            Self::TurnStart | Self::AssistantMessage | Self::Prompt | Self::Compaction => false,
        }
    }

    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ToolCall => "tool_call",
            Self::TurnStart => "turn_start",
            Self::AssistantMessage => "assistant_message",
            Self::Prompt => "prompt",
            Self::ToolResult => "tool_result",
            Self::Compaction => "compaction",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|point| point.as_str() == word)
    }
}

impl fmt::Display for HookPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What happens when an interceptor is late, has crashed or is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnFailure {
    /// Go on as if it had let pass.
    Open,
    /// Refuse.
    Closed,
}

/// An extension's wish to be asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HookSpec {
    /// Where.
    pub on: HookPoint,
    /// Glob patterns over tool names; none: all tools. Only `tool_call` and `tool_result` look at them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<String>,
    /// Lower is asked first; equal ones by the extension's name.
    #[serde(default)]
    pub order: i16,
    /// Undeclared: the host's default for the point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_failure: Option<OnFailure>,
}

impl HookSpec {
    /// A hook with order 0, on all tools, with the default failure policy.
    #[must_use]
    pub fn on(point: HookPoint) -> Self {
        Self { on: point, tools: Vec::new(), order: 0, on_failure: None }
    }

    /// Limits a `tool_call` or `tool_result` hook to tools whose names match one of the globs.
    #[must_use]
    pub fn tools<T: Into<String>>(mut self, globs: impl IntoIterator<Item = T>) -> Self {
        self.tools = globs.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the place in the order; lower is asked first.
    #[must_use]
    pub fn order(mut self, order: i16) -> Self {
        self.order = order;
        self
    }

    /// Declares what a failure of this interceptor means.
    #[must_use]
    pub fn on_failure(mut self, policy: OnFailure) -> Self {
        self.on_failure = Some(policy);
        self
    }
}

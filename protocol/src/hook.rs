//! Hooks: points at which an extension is asked before the agent goes on. None of the answers can say "approved":
//! an interceptor may only restrict or rewrite.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::json::Json;
use crate::tool::{ToolCall, ToolOutput};

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

/// Answer to the `tool_call` hook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToolVerdict {
    /// Go on.
    Pass,
    /// Go on with these arguments; they are checked against the tool's schema.
    Rewrite(Json),
    /// Do not run it. The model sees the reason; empty: the host's own words.
    Refuse(String),
    /// Go on, but ask the user first, whatever else the user chose. The user sees the reason. Not in version 1.
    Ask(String),
}

/// Answer to the `turn_start` hook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TurnVerdict {
    /// Go on.
    Pass,
    /// End the run. The user sees the reason; empty: the host's own words.
    Refuse(String),
}

/// Answer to the `assistant_message` hook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessageVerdict {
    /// Show it.
    Pass,
    /// Show this text instead. The model keeps what it said.
    Replace(String),
    /// Hide it. The user sees the reason; empty: the host's own words.
    Hide(String),
}

/// A prompt on its way to the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    /// What is asked.
    pub text: String,
    /// The extension that submitted it; none: the user did.
    pub by: Option<String>,
}

/// Answer to the `prompt` hook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PromptVerdict {
    /// Take it up.
    Pass,
    /// Take this text up instead.
    Rewrite(String),
    /// Do not take it up. The user sees the reason; empty: the host's own words.
    Refuse(String),
    /// The extension has dealt with it: the model is not asked. The user sees the text; empty: nothing.
    Handle(String),
}

/// A tool's result on its way to the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolReport {
    /// The call, with the arguments that ran.
    pub call: ToolCall,
    /// What the tool answered, or why it was refused.
    pub output: ToolOutput,
}

/// Answer to the `tool_result` hook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResultVerdict {
    /// The model sees it as it is.
    Pass,
    /// The model sees this instead: content and error flag.
    Replace(ToolOutput),
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

/// Answer to the `compaction` hook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CompactionVerdict {
    /// Let the model write the summary.
    Pass,
    /// Take this summary.
    Summary(String),
    /// Leave the conversation as it is. The user sees the reason; empty: the host's own words.
    Refuse(String),
}

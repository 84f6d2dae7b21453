//! The answers of interceptors, one for each hook. None of them can say "approved": an interceptor may only restrict or
//! rewrite.

use crate::json::Json;
use crate::tool::ToolOutput;

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

/// Answer to the `tool_result` hook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResultVerdict {
    /// The model sees it as it is.
    Pass,
    /// The model sees this instead: content and error flag.
    Replace(ToolOutput),
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

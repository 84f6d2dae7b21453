//! Interception, as the agent loop sees it: one question at each point, one decision.

use async_trait::async_trait;
use wharf_protocol::event::Event;
use wharf_protocol::hook::{Compaction, Prompt};
use wharf_protocol::id::ExtensionId;
use wharf_protocol::json::Json;
use wharf_protocol::tool::{ToolCall, ToolOutput};

use crate::call::{CallContext, Cause};

/// A refusal, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The extension that refused, or whose failure closed the gate.
    pub by: ExtensionId,
    /// What the model or the user is told; never empty.
    pub reason: String,
}

/// What all interceptors together say about a tool call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToolDecision {
    /// Run it, with other arguments if there are any. They fit the tool's schema.
    Run(Option<Json>),
    /// The same, but the user is to be asked first, whatever the approval mode says.
    Ask(Option<Json>, Refusal),
    /// Do not run it.
    Refuse(Refusal),
}

/// What all interceptors together say about a prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PromptDecision {
    /// Take it up, with another text if there is one.
    Go(Option<String>),
    /// An extension has dealt with it: the model is not asked.
    Handled {
        /// Which one.
        by: ExtensionId,
        /// What the user is shown; empty: nothing.
        text: String,
    },
    /// Do not take it up.
    Refuse(Refusal),
}

/// What all interceptors together say about making the conversation shorter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CompactionDecision {
    /// Let the model write the summary.
    Go,
    /// Take this summary.
    Summary {
        /// Whose.
        by: ExtensionId,
        /// The text; never empty.
        text: String,
    },
    /// Leave the conversation as it is.
    Refuse(Refusal),
}

/// What all interceptors together say about the start of a model call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TurnDecision {
    /// Go on.
    Go,
    /// End the run.
    Refuse(Refusal),
}

/// What all interceptors together say about a message of the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessageDecision {
    /// Show it.
    Show,
    /// Show this text instead.
    Replace(String),
    /// Hide it.
    Hide(Refusal),
}

/// Checks arguments against the schema of the tool that is called; the error is the first problem.
pub type Fits<'a> = &'a (dyn Fn(&Json) -> Result<(), String> + Send + Sync);

/// The interceptors and subscribers, seen from the agent loop. Every method returns within its contracted deadline.
#[async_trait]
pub trait Hooks: Send + Sync {
    /// Asked before a prompt is taken up, whoever it comes from.
    async fn before_prompt(&self, prompt: &Prompt, cx: &CallContext) -> PromptDecision;

    /// Asked before each model call.
    async fn before_turn(&self, step: u32, cx: &CallContext) -> TurnDecision;

    /// Asked when a model's message with text is complete; `text` is its text blocks joined by newlines.
    async fn before_message(&self, text: &str, cx: &CallContext) -> MessageDecision;

    /// Asked before each call of a known tool, before approval. `fits` says of arguments whether that tool takes them.
    async fn before_tool(&self, call: &ToolCall, fits: Fits<'_>, cx: &CallContext) -> ToolDecision;

    /// Asked before the conversation is made shorter.
    async fn before_compaction(&self, compaction: &Compaction, cx: &CallContext) -> CompactionDecision;

    /// Given the result of each call, run or refused; returns what the model gets to see of it.
    async fn after_tool(&self, call: &ToolCall, output: ToolOutput, cx: &CallContext) -> ToolOutput;

    /// Tells all subscribers. Does not wait.
    fn publish(&self, event: Event, cause: Cause);
}

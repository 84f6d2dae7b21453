//! Tools, as the agent loop sees them: built in or an extension's, it cannot tell.

use std::sync::Arc;

use async_trait::async_trait;
use thiserror::Error;
use wharf_protocol::id::ExtensionId;
use wharf_protocol::json::Json;
use wharf_protocol::tool::{ToolCall, ToolOutput, ToolSpec};

use crate::call::CallContext;

/// Where a tool came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToolSource {
    /// Built into the agent.
    Builtin,
    /// Registered by an extension.
    Extension(ExtensionId),
}

/// Receives the output of a tool while it runs. Must not block.
pub trait Progress: Send + Sync {
    /// A piece of output, at most 4096 bytes.
    fn output(&self, text: &str);
}

/// Drops all progress.
impl Progress for () {
    fn output(&self, _: &str) {}
}

/// A tool that is built into the agent.
#[async_trait]
pub trait Tool: Send + Sync {
    /// Name, description, schema, traits.
    fn spec(&self) -> Arc<ToolSpec>;

    /// Runs it. A failure is an output that is an error: the model reads it.
    async fn call(&self, args: &Json, progress: &dyn Progress, cx: &CallContext) -> ToolOutput;
}

/// Why arguments do not fit, or why there is nothing to fit to.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ArgsError {
    /// No tool of that name.
    #[error("unknown tool {0:?}")]
    UnknownTool(String),
    /// The arguments do not fit the tool's schema.
    #[error("the arguments of {tool:?} do not fit its schema: {problem}")]
    Schema {
        /// The tool.
        tool: String,
        /// The first problem, with its place.
        problem: String,
    },
}

/// All tools that the model may call at this moment.
pub trait Toolbox: Send + Sync {
    /// What the model is told, sorted by name.
    fn specs(&self) -> Vec<Arc<ToolSpec>>;

    /// The tool that has this name now. Whoever takes a name up resolves it once: what is shown, checked, approved and
    /// run is then one and the same, whatever becomes of the name meanwhile.
    fn resolve(&self, name: &str) -> Option<Box<dyn ResolvedTool>>;
}

/// One tool of one owner, as it was when it was resolved.
#[async_trait]
pub trait ResolvedTool: Send + Sync {
    /// Name, description, schema, traits.
    fn spec(&self) -> Arc<ToolSpec>;

    /// Where it came from.
    fn source(&self) -> ToolSource;

    /// Checks arguments against the schema.
    ///
    /// # Errors
    /// The first problem, with its place, in words that a model can act on.
    fn check(&self, args: &Json) -> Result<(), String>;

    /// Runs the call. Whatever goes wrong becomes an output that is an error; another tool is never run in its place.
    async fn call(&self, call: &ToolCall, progress: &dyn Progress, cx: &CallContext) -> ToolOutput;
}

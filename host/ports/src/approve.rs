//! Asking the user before a tool runs.

use async_trait::async_trait;
use wharf_protocol::tool::{ToolCall, ToolSpec};

use crate::call::CallContext;
use crate::hooks::Refusal;
use crate::tool::ToolSource;

/// What the user is asked about: the arguments are the final ones, as interceptors left them.
#[derive(Debug, Clone, Copy)]
pub struct ApprovalRequest<'a> {
    /// The call that will run.
    pub call: &'a ToolCall,
    /// The tool.
    pub spec: &'a ToolSpec,
    /// Whose tool it is.
    pub source: &'a ToolSource,
    /// The interceptor that wants the user to be asked, and why: then no mode makes asking superfluous.
    pub insisted: Option<&'a Refusal>,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Approval {
    /// Run it.
    Yes,
    /// Do not run it; the model reads the reason.
    No {
        /// What the model is told.
        reason: String,
        /// Nobody could be asked, or the policy says no: the run ends with exit code 5.
        by_policy: bool,
    },
}

/// Decides about tool calls. Extensions cannot reach it.
#[async_trait]
pub trait Approver: Send + Sync {
    /// Asked before each call of a known tool, after interception.
    async fn approve(&self, request: ApprovalRequest<'_>, cx: &CallContext) -> Approval;
}

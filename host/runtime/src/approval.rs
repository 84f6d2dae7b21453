//! Who decides whether a tool may run.

use async_trait::async_trait;
use serde::Deserialize;
use wharf_ports::approve::{Approval, ApprovalRequest, Approver};
use wharf_ports::call::CallContext;

/// What happens before a tool runs that may destroy something: `bash`, and extensions' tools that declare themselves
/// destructive. All others run without asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ApprovalMode {
    /// Ask the user; where nobody can be asked, refuse.
    #[default]
    Ask,
    /// Run it.
    Auto,
    /// Refuse it.
    Deny,
}

/// Decides by the mode alone, for faces in which nobody can be asked.
#[derive(Debug, Clone, Copy)]
pub struct PolicyApprover(pub ApprovalMode);

#[async_trait]
impl Approver for PolicyApprover {
    async fn approve(&self, request: ApprovalRequest<'_>, _cx: &CallContext) -> Approval {
        let name = &request.spec.name;
        let reason = match (self.0, request.insisted) {
            (ApprovalMode::Ask | ApprovalMode::Auto, Some(insisted)) => format!(
                "extension \"{}\" wants the user to be asked about {name} ({}), and nobody can be asked here",
                insisted.by, insisted.reason
            ),
            (_, None) if !request.spec.traits.destructive => return Approval::Yes,
            (ApprovalMode::Auto, None) => return Approval::Yes,
            (ApprovalMode::Ask, None) => {
                format!("{name} needs the user's approval, and nobody can be asked here")
            }
            (ApprovalMode::Deny, _) => format!("{name} is not allowed in this run"),
        };
        Approval::No { reason, by_policy: true }
    }
}

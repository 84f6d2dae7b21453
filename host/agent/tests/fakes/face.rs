//! A face, and the user before it.

use async_trait::async_trait;
use wharf_ports::approve::{Approval, ApprovalRequest, Approver};
use wharf_ports::call::CallContext;
use wharf_ports::event::{AgentEvent, EventSink};

use super::{Log, end};

pub struct FakeApprover {
    pub log: Log,
    pub answer: Approval,
}

#[async_trait]
impl Approver for FakeApprover {
    async fn approve(&self, request: ApprovalRequest<'_>, _: &CallContext) -> Approval {
        self.log.add(format!("approve {} {}", request.call.name, request.call.args));
        self.answer.clone()
    }
}

/// A face. It presses Esc when it sees a certain line.
pub struct FakeFace {
    pub log: Log,
    pub esc_at: Option<&'static str>,
    pub cx: CallContext,
}

#[async_trait]
impl EventSink for FakeFace {
    async fn emit(&self, event: AgentEvent) {
        let line = format!("face {}", show(event));
        if self.esc_at.is_some_and(|at| line.contains(at)) {
            self.cx.cancel.cancel();
        }
        self.log.add(line);
    }

    fn emit_now(&self, event: AgentEvent) {
        let line = format!("face {}", show(event));
        if self.esc_at.is_some_and(|at| line.contains(at)) {
            self.cx.cancel.cancel();
        }
        self.log.add(line);
    }
}

fn show(event: AgentEvent) -> String {
    match event {
        AgentEvent::UserMessage { .. } => "user_message".to_owned(),
        AgentEvent::TurnStart { step } => format!("turn_start {step}"),
        AgentEvent::AssistantStart => "assistant_start".to_owned(),
        AgentEvent::TextDelta(text) => format!("text {text:?}"),
        AgentEvent::ThinkingDelta(text) => format!("thinking {text:?}"),
        AgentEvent::ToolUseStart { name, .. } => format!("tool_use_start {name}"),
        AgentEvent::ToolUseArgs { delta, .. } => format!("tool_use_args {delta}"),
        AgentEvent::ToolUseEnd { .. } => "tool_use_end".to_owned(),
        AgentEvent::Usage { call, total } => format!("usage {} {}", call.input, total.input),
        AgentEvent::AssistantMessage { blocks, replaced, .. } => {
            format!("assistant_message {}{}", blocks.len(), if replaced { " replaced" } else { "" })
        }
        AgentEvent::MessageHidden { by, reason } => format!("hidden {by}: {reason}"),
        AgentEvent::ToolCall { name, args, .. } => format!("tool_call {name} {args}"),
        AgentEvent::TurnEnd { stop, error } => format!("turn_end {}", end(stop, error)),
        AgentEvent::ToolProgress { text, .. } => format!("progress {text}"),
        AgentEvent::ToolResult { output, ran, .. } => {
            let kind = if output.is_error { "error" } else { "ok" };
            let ran = ran.map_or_else(String::new, |args| format!(" ran {args}"));
            format!("tool_result {kind} {:?}{ran}", output.joined_text())
        }
        AgentEvent::Error { message } => format!("error {message}"),
        AgentEvent::Done => "done".to_owned(),
        other => format!("{other:?}"),
    }
}

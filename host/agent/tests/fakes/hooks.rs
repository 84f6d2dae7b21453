//! Interceptors and subscribers.

use async_trait::async_trait;
use wharf_ports::call::{CallContext, Cause};
use wharf_ports::hooks::{
    CompactionDecision, Fits, Hooks, MessageDecision, PromptDecision, ToolDecision, TurnDecision,
};
use wharf_protocol::event::Event;
use wharf_protocol::hook::{Compaction, Prompt};
use wharf_protocol::tool::{ToolCall, ToolOutput};

use super::{Log, end};

/// Decides as it was told.
pub struct FakeHooks {
    pub log: Log,
    pub turn: TurnDecision,
    pub message: MessageDecision,
    pub tool: ToolDecision,
}

#[async_trait]
impl Hooks for FakeHooks {
    async fn before_prompt(&self, _: &Prompt, _: &CallContext) -> PromptDecision {
        PromptDecision::Go(None)
    }

    async fn before_compaction(&self, _: &Compaction, _: &CallContext) -> CompactionDecision {
        CompactionDecision::Go
    }

    async fn before_turn(&self, step: u32, _: &CallContext) -> TurnDecision {
        self.log.add(format!("hook turn_start {step}"));
        self.turn.clone()
    }

    async fn before_message(&self, text: &str, _: &CallContext) -> MessageDecision {
        self.log.add(format!("hook assistant_message {text:?}"));
        self.message.clone()
    }

    async fn before_tool(&self, call: &ToolCall, _: Fits<'_>, _: &CallContext) -> ToolDecision {
        self.log.add(format!("hook tool_call {} {}", call.name, call.args));
        self.tool.clone()
    }

    async fn after_tool(&self, call: &ToolCall, output: ToolOutput, _: &CallContext) -> ToolOutput {
        self.log.add(format!("hook tool_result {} {:?}", call.args, output.joined_text()));
        output
    }

    fn publish(&self, event: Event, _: Cause) {
        self.log.add(match event {
            Event::SessionStart => "ext session_start".to_owned(),
            Event::TurnStart { step } => format!("ext turn_start {step}"),
            Event::AssistantMessage { text } => format!("ext assistant_message {text:?}"),
            Event::ToolCall { name, args, .. } => format!("ext tool_call {name} {args}"),
            Event::TurnEnd { stop, error } => format!("ext turn_end {}", end(stop, error)),
            Event::ToolResult { name, output, .. } => {
                format!("ext tool_result {name} {:?}", output.joined_text())
            }
            Event::Usage(usage) => format!("ext usage {}", usage.input),
            Event::PromptEnd { status, .. } => format!("ext prompt_end {}", status.as_str()),
            other => format!("ext {}", other.topic()),
        });
    }
}

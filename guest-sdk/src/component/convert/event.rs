//! What the extension is told.

use wharf_protocol::event::{Event, PromptStatus, Stop, Switch, Usage};
use wharf_protocol::tool::ToolCall;

use crate::component::bindings::exports::wharf::extension::events;

use super::{given_output, tool_call};

/// None: an event of a later version, to which nobody has subscribed here.
pub fn event(event: events::Event) -> Result<Option<Event>, String> {
    Ok(Some(match event {
        events::Event::SessionStart => Event::SessionStart,
        events::Event::TurnStart(step) => Event::TurnStart { step },
        events::Event::AssistantMessage(text) => Event::AssistantMessage { text },
        events::Event::ToolCall(call) => {
            let ToolCall { id, name, args } = tool_call(call)?;
            Event::ToolCall { id, name, args }
        }
        events::Event::TurnEnd(end) => Event::TurnEnd { stop: end.stop.map(stop), error: end.error },
        events::Event::Prompt(taken) => Event::Prompt { text: taken.text, by: taken.by },
        events::Event::PromptEnd(end) => {
            Event::PromptEnd { status: prompt_status(end.status), reason: end.reason }
        }
        events::Event::ToolResult(result) => {
            Event::ToolResult { id: result.id, name: result.name, output: given_output(result.output) }
        }
        events::Event::Usage(usage) => Event::Usage(Usage {
            input: usage.input,
            output: usage.output,
            cache_read: usage.cache_read,
            cache_write: usage.cache_write,
            cost_micro_usd: usage.cost_micro_usd,
        }),
        events::Event::ModelChange(change) => {
            Event::ModelChange { provider: change.provider, model: change.model }
        }
        events::Event::Compaction(done) => Event::Compaction { messages: done.messages, by: done.by },
        events::Event::SessionSwitch(switch) => Event::SessionSwitch {
            reason: match switch {
                events::Switch::New => Switch::New,
                events::Switch::Resume => Switch::Resume,
                events::Switch::Fork => Switch::Fork,
                events::Switch::Other => Switch::Other,
            },
        },
        events::Event::SessionEnd => Event::SessionEnd,
        events::Event::PanelKey(key) => Event::PanelKey { panel: key.panel, key: key.key, text: key.text },
        events::Event::PanelClose(panel) => Event::PanelClose { panel },
        events::Event::Lagged(dropped) => Event::Lagged { dropped },
        events::Event::Other(_) => return Ok(None),
    }))
}

fn prompt_status(status: events::PromptStatus) -> PromptStatus {
    match status {
        events::PromptStatus::Ok => PromptStatus::Ok,
        events::PromptStatus::Failed => PromptStatus::Failed,
        events::PromptStatus::Refused => PromptStatus::Refused,
        events::PromptStatus::Cancelled => PromptStatus::Cancelled,
        events::PromptStatus::Other => PromptStatus::Other,
    }
}

fn stop(stop: events::Stop) -> Stop {
    match stop {
        events::Stop::End => Stop::End,
        events::Stop::Length => Stop::Length,
        events::Stop::ToolUse => Stop::ToolUse,
        events::Stop::Error => Stop::Error,
        events::Stop::Aborted => Stop::Aborted,
    }
}

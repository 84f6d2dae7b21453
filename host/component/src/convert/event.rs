//! What a component is told.

use wharf_protocol::event::{Event, PromptStatus, Stop, Switch};

use crate::bindings::exports::wharf::extension as exports;
use crate::bindings::wharf::extension as wit;

use super::output;

pub(crate) fn event(event: &Event) -> exports::events::Event {
    match event {
        Event::SessionStart => exports::events::Event::SessionStart,
        Event::TurnStart { step } => exports::events::Event::TurnStart(*step),
        Event::AssistantMessage { text } => exports::events::Event::AssistantMessage(text.clone()),
        Event::ToolCall { id, name, args } => exports::events::Event::ToolCall(wit::types::ToolCall {
            id: id.clone(),
            name: name.clone(),
            args: args.as_str().to_owned(),
        }),
        Event::TurnEnd { stop, error } => exports::events::Event::TurnEnd(exports::events::TurnEnd {
            stop: stop.map(stop_word),
            error: error.clone(),
        }),
        Event::Prompt { text, by } => {
            exports::events::Event::Prompt(wit::types::Prompt { text: text.clone(), by: by.clone() })
        }
        Event::PromptEnd { status, reason } => {
            let (status, reason) = (prompt_status(*status), reason.clone());
            exports::events::Event::PromptEnd(exports::events::PromptEnd { status, reason })
        }
        Event::ToolResult { id, name, output: answer } => {
            let (id, name, output) = (id.clone(), name.clone(), output(answer));
            exports::events::Event::ToolResult(exports::events::ToolResult { id, name, output })
        }
        Event::Usage(usage) => exports::events::Event::Usage(exports::events::Usage {
            input: usage.input,
            output: usage.output,
            cache_read: usage.cache_read,
            cache_write: usage.cache_write,
            cost_micro_usd: usage.cost_micro_usd,
        }),
        Event::ModelChange { provider, model } => {
            let (provider, model) = (provider.clone(), model.clone());
            exports::events::Event::ModelChange(exports::events::ModelChange { provider, model })
        }
        Event::Compaction { messages, by } => {
            let (messages, by) = (*messages, by.clone());
            exports::events::Event::Compaction(exports::events::Compaction { messages, by })
        }
        Event::SessionSwitch { reason } => exports::events::Event::SessionSwitch(match reason {
            Switch::New => exports::events::Switch::New,
            Switch::Resume => exports::events::Switch::Resume,
            Switch::Fork => exports::events::Switch::Fork,
            Switch::Other => exports::events::Switch::Other,
        }),
        Event::SessionEnd => exports::events::Event::SessionEnd,
        Event::PanelKey { panel, key, text } => {
            let (panel, key, text) = (panel.clone(), key.clone(), text.clone());
            exports::events::Event::PanelKey(exports::events::PanelKey { panel, key, text })
        }
        Event::PanelClose { panel } => exports::events::Event::PanelClose(panel.clone()),
        Event::Lagged { dropped } => exports::events::Event::Lagged(*dropped),
    }
}

fn prompt_status(status: PromptStatus) -> exports::events::PromptStatus {
    match status {
        PromptStatus::Ok => exports::events::PromptStatus::Ok,
        PromptStatus::Failed => exports::events::PromptStatus::Failed,
        PromptStatus::Refused => exports::events::PromptStatus::Refused,
        PromptStatus::Cancelled => exports::events::PromptStatus::Cancelled,
        PromptStatus::Other => exports::events::PromptStatus::Other,
    }
}

fn stop_word(stop: Stop) -> exports::events::Stop {
    match stop {
        Stop::End => exports::events::Stop::End,
        Stop::Length => exports::events::Stop::Length,
        Stop::ToolUse => exports::events::Stop::ToolUse,
        Stop::Error => exports::events::Stop::Error,
        Stop::Aborted => exports::events::Stop::Aborted,
    }
}

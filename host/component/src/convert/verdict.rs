//! What an interceptor is asked, and its answers.

use wharf_protocol::hook::{
    Compaction, CompactionCause, CompactionVerdict, MessageVerdict, Prompt, PromptVerdict, ResultVerdict,
    ToolVerdict, TurnVerdict,
};
use wharf_protocol::json::Json;

use crate::bindings::exports::wharf::extension as exports;
use crate::bindings::wharf::extension as wit;

use super::tool_output;

/// # Errors
/// The parser's error, when the rewritten arguments are no JSON.
pub(crate) fn tool_verdict(
    given: exports::hook_tool_call::ToolVerdict,
) -> Result<ToolVerdict, serde_json::Error> {
    Ok(match given {
        exports::hook_tool_call::ToolVerdict::Pass => ToolVerdict::Pass,
        exports::hook_tool_call::ToolVerdict::Rewrite(args) => ToolVerdict::Rewrite(Json::new(args)?),
        exports::hook_tool_call::ToolVerdict::Refuse(reason) => ToolVerdict::Refuse(reason),
        exports::hook_tool_call::ToolVerdict::Ask(reason) => ToolVerdict::Ask(reason),
    })
}

pub(crate) fn turn_verdict(given: exports::hook_turn_start::TurnVerdict) -> TurnVerdict {
    match given {
        exports::hook_turn_start::TurnVerdict::Pass => TurnVerdict::Pass,
        exports::hook_turn_start::TurnVerdict::Refuse(reason) => TurnVerdict::Refuse(reason),
    }
}

pub(crate) fn message_verdict(given: exports::hook_assistant_message::MessageVerdict) -> MessageVerdict {
    match given {
        exports::hook_assistant_message::MessageVerdict::Pass => MessageVerdict::Pass,
        exports::hook_assistant_message::MessageVerdict::Replace(text) => MessageVerdict::Replace(text),
        exports::hook_assistant_message::MessageVerdict::Hide(reason) => MessageVerdict::Hide(reason),
    }
}

pub(crate) fn prompt(prompt: &Prompt) -> wit::types::Prompt {
    wit::types::Prompt { text: prompt.text.clone(), by: prompt.by.clone() }
}

pub(crate) fn prompt_verdict(given: exports::hook_prompt::PromptVerdict) -> PromptVerdict {
    match given {
        exports::hook_prompt::PromptVerdict::Pass => PromptVerdict::Pass,
        exports::hook_prompt::PromptVerdict::Rewrite(text) => PromptVerdict::Rewrite(text),
        exports::hook_prompt::PromptVerdict::Refuse(reason) => PromptVerdict::Refuse(reason),
        exports::hook_prompt::PromptVerdict::Handle(text) => PromptVerdict::Handle(text),
    }
}

pub(crate) fn result_verdict(given: exports::hook_tool_result::ResultVerdict) -> ResultVerdict {
    match given {
        exports::hook_tool_result::ResultVerdict::Pass => ResultVerdict::Pass,
        exports::hook_tool_result::ResultVerdict::Replace(output) => {
            ResultVerdict::Replace(tool_output(output))
        }
    }
}

pub(crate) fn compaction(compaction: &Compaction) -> exports::hook_compaction::Compaction {
    exports::hook_compaction::Compaction {
        cause: match compaction.cause {
            CompactionCause::Manual => exports::hook_compaction::Cause::Manual,
            CompactionCause::Threshold => exports::hook_compaction::Cause::Threshold,
            CompactionCause::Overflow => exports::hook_compaction::Cause::Overflow,
            CompactionCause::Other => exports::hook_compaction::Cause::Other,
        },
        messages: compaction.messages,
        instructions: compaction.instructions.clone(),
    }
}

pub(crate) fn compaction_verdict(given: exports::hook_compaction::CompactionVerdict) -> CompactionVerdict {
    match given {
        exports::hook_compaction::CompactionVerdict::Pass => CompactionVerdict::Pass,
        exports::hook_compaction::CompactionVerdict::Summary(text) => CompactionVerdict::Summary(text),
        exports::hook_compaction::CompactionVerdict::Refuse(reason) => CompactionVerdict::Refuse(reason),
    }
}

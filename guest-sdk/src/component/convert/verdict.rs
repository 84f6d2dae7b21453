//! What an interceptor is asked, and its answers.

use wharf_protocol::hook::{
    Compaction, CompactionCause, CompactionVerdict, MessageVerdict, Prompt, PromptVerdict, ResultVerdict,
    ToolVerdict, TurnVerdict,
};

use crate::component::bindings::exports::wharf::extension::{
    hook_assistant_message, hook_compaction, hook_prompt, hook_tool_call, hook_tool_result, hook_turn_start,
};
use crate::component::bindings::wharf::extension::types;

use super::tool_output;

pub fn tool_verdict(verdict: ToolVerdict) -> hook_tool_call::ToolVerdict {
    match verdict {
        ToolVerdict::Pass => hook_tool_call::ToolVerdict::Pass,
        ToolVerdict::Rewrite(args) => hook_tool_call::ToolVerdict::Rewrite(args.as_str().to_owned()),
        ToolVerdict::Refuse(reason) => hook_tool_call::ToolVerdict::Refuse(reason),
        ToolVerdict::Ask(reason) => hook_tool_call::ToolVerdict::Ask(reason),
    }
}

pub fn turn_verdict(verdict: TurnVerdict) -> hook_turn_start::TurnVerdict {
    match verdict {
        TurnVerdict::Pass => hook_turn_start::TurnVerdict::Pass,
        TurnVerdict::Refuse(reason) => hook_turn_start::TurnVerdict::Refuse(reason),
    }
}

pub fn message_verdict(verdict: MessageVerdict) -> hook_assistant_message::MessageVerdict {
    match verdict {
        MessageVerdict::Pass => hook_assistant_message::MessageVerdict::Pass,
        MessageVerdict::Replace(text) => hook_assistant_message::MessageVerdict::Replace(text),
        MessageVerdict::Hide(reason) => hook_assistant_message::MessageVerdict::Hide(reason),
    }
}

pub fn prompt(prompt: types::Prompt) -> Prompt {
    Prompt { text: prompt.text, by: prompt.by }
}

pub fn prompt_verdict(verdict: PromptVerdict) -> hook_prompt::PromptVerdict {
    match verdict {
        PromptVerdict::Pass => hook_prompt::PromptVerdict::Pass,
        PromptVerdict::Rewrite(text) => hook_prompt::PromptVerdict::Rewrite(text),
        PromptVerdict::Refuse(reason) => hook_prompt::PromptVerdict::Refuse(reason),
        PromptVerdict::Handle(text) => hook_prompt::PromptVerdict::Handle(text),
    }
}

pub fn result_verdict(verdict: ResultVerdict) -> hook_tool_result::ResultVerdict {
    match verdict {
        ResultVerdict::Pass => hook_tool_result::ResultVerdict::Pass,
        ResultVerdict::Replace(output) => hook_tool_result::ResultVerdict::Replace(tool_output(output)),
    }
}

pub fn compaction(compaction: hook_compaction::Compaction) -> Compaction {
    Compaction {
        cause: match compaction.cause {
            hook_compaction::Cause::Manual => CompactionCause::Manual,
            hook_compaction::Cause::Threshold => CompactionCause::Threshold,
            hook_compaction::Cause::Overflow => CompactionCause::Overflow,
            hook_compaction::Cause::Other => CompactionCause::Other,
        },
        messages: compaction.messages,
        instructions: compaction.instructions,
    }
}

pub fn compaction_verdict(verdict: CompactionVerdict) -> hook_compaction::CompactionVerdict {
    match verdict {
        CompactionVerdict::Pass => hook_compaction::CompactionVerdict::Pass,
        CompactionVerdict::Summary(text) => hook_compaction::CompactionVerdict::Summary(text),
        CompactionVerdict::Refuse(reason) => hook_compaction::CompactionVerdict::Refuse(reason),
    }
}

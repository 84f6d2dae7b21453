//! Between the WIT's types and the vocabulary's: one function a type, one line a field.

use wharf_protocol::command::{CommandResult, CommandSpec, Outcome};
use wharf_protocol::content::Content;
use wharf_protocol::event::{Event, Stop, Topic};
use wharf_protocol::hook::{HookPoint, HookSpec, MessageVerdict, OnFailure, ToolVerdict, TurnVerdict};
use wharf_protocol::json::Json;
use wharf_protocol::registration::{Registration, Start};
use wharf_protocol::tool::{ToolCall, ToolOutput, ToolSpec, ToolTraits};

use super::bindings::exports::wharf::extension::{
    commands, events, hook_assistant_message, hook_tool_call, hook_turn_start, lifecycle, tools,
};
use super::bindings::wharf::extension::types;

pub fn start(params: lifecycle::InitParams) -> Start {
    Start {
        host_version: params.host_version,
        provider: params.provider,
        model: params.model,
        cwd: params.cwd,
        data_dir: params.data_dir,
    }
}

pub fn registration(registration: Registration) -> types::Registration {
    types::Registration {
        tools: registration.tools.into_iter().map(tool_spec).collect(),
        commands: registration.commands.into_iter().map(command_spec).collect(),
        topics: registration.events.into_iter().map(topic).collect(),
        hooks: registration.hooks.into_iter().map(hook_spec).collect(),
    }
}

fn tool_spec(tool: ToolSpec) -> types::ToolSpec {
    types::ToolSpec {
        name: tool.name,
        description: tool.description,
        schema: tool.schema.as_str().to_owned(),
        traits: tool_traits(tool.traits),
    }
}

fn tool_traits(traits: ToolTraits) -> types::ToolTraits {
    let mut flags = types::ToolTraits::empty();
    flags.set(types::ToolTraits::READ_ONLY, traits.read_only);
    flags.set(types::ToolTraits::IDEMPOTENT, traits.idempotent);
    flags.set(types::ToolTraits::DESTRUCTIVE, traits.destructive);
    flags.set(types::ToolTraits::OPEN_WORLD, traits.open_world);
    flags
}

fn command_spec(command: CommandSpec) -> types::CommandSpec {
    types::CommandSpec { name: command.name, description: command.description }
}

fn topic(topic: Topic) -> types::Topic {
    match topic {
        Topic::SessionStart => types::Topic::SessionStart,
        Topic::TurnStart => types::Topic::TurnStart,
        Topic::AssistantMessage => types::Topic::AssistantMessage,
        Topic::ToolCall => types::Topic::ToolCall,
        Topic::TurnEnd => types::Topic::TurnEnd,
    }
}

fn hook_spec(hook: HookSpec) -> types::HookSpec {
    types::HookSpec {
        on: match hook.on {
            HookPoint::ToolCall => types::HookPoint::ToolCall,
            HookPoint::TurnStart => types::HookPoint::TurnStart,
            HookPoint::AssistantMessage => types::HookPoint::AssistantMessage,
        },
        tools: hook.tools,
        order: hook.order,
        on_failure: hook.on_failure.map(|policy| match policy {
            OnFailure::Open => types::OnFailure::Open,
            OnFailure::Closed => types::OnFailure::Closed,
        }),
    }
}

/// The error is for an answer: arguments that are not JSON come from a broken host.
pub fn tool_call(call: types::ToolCall) -> Result<ToolCall, String> {
    let args = Json::new(call.args).map_err(|error| format!("the arguments are not JSON: {error}"))?;
    Ok(ToolCall { id: call.id, name: call.name, args })
}

pub fn tool_output(output: ToolOutput) -> tools::ToolOutput {
    let content = output.content.into_iter().map(content).collect();
    tools::ToolOutput { content, is_error: output.is_error }
}

fn content(content: Content) -> types::Content {
    match content {
        Content::Text(text) => types::Content::Text(text),
        Content::Image { mime_type, data } => types::Content::Image(types::Image { mime_type, data }),
    }
}

pub fn command_result(result: CommandResult) -> Result<commands::Outcome, String> {
    Ok(match result? {
        Outcome::Noop => commands::Outcome::Noop,
        Outcome::Prompt(text) => commands::Outcome::Prompt(text),
        Outcome::Insert(text) => commands::Outcome::Insert(text),
        Outcome::Display(text) => commands::Outcome::Display(text),
        Outcome::OpenPanel(panel) => commands::Outcome::OpenPanel(commands::Panel {
            id: panel.id,
            title: panel.title,
            lines: panel.lines,
            footer: panel.footer,
        }),
    })
}

pub fn event(event: events::Event) -> Result<Event, String> {
    Ok(match event {
        events::Event::SessionStart => Event::SessionStart,
        events::Event::TurnStart(step) => Event::TurnStart { step },
        events::Event::AssistantMessage(text) => Event::AssistantMessage { text },
        events::Event::ToolCall(call) => {
            let ToolCall { id, name, args } = tool_call(call)?;
            Event::ToolCall { id, name, args }
        }
        events::Event::TurnEnd(end) => Event::TurnEnd { stop: end.stop.map(stop), error: end.error },
    })
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

pub fn tool_verdict(verdict: ToolVerdict) -> hook_tool_call::ToolVerdict {
    match verdict {
        ToolVerdict::Pass => hook_tool_call::ToolVerdict::Pass,
        ToolVerdict::Rewrite(args) => hook_tool_call::ToolVerdict::Rewrite(args.as_str().to_owned()),
        ToolVerdict::Refuse(reason) => hook_tool_call::ToolVerdict::Refuse(reason),
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

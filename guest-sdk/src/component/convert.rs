//! Between the WIT's types and the vocabulary's: one function a type, one line a field.

use wharf_protocol::command::{CommandResult, CommandSpec, Outcome};
use wharf_protocol::content::Content;
use wharf_protocol::event::{Event, PromptStatus, Stop, Switch, Topic, Usage};
use wharf_protocol::hook::{
    Compaction, CompactionCause, CompactionVerdict, HookPoint, HookSpec, MessageVerdict, OnFailure, Prompt,
    PromptVerdict, ResultVerdict, ToolVerdict, TurnVerdict,
};
use wharf_protocol::json::Json;
use wharf_protocol::panel::Panel;
use wharf_protocol::registration::{Occasion, Registration, Start};
use wharf_protocol::request::{RequestError, Scope};
use wharf_protocol::tool::{ToolCall, ToolOutput, ToolSpec, ToolTraits};

use super::bindings::exports::wharf::extension::{
    commands, events, hook_assistant_message, hook_compaction, hook_prompt, hook_tool_call, hook_tool_result,
    hook_turn_start, lifecycle,
};
use super::bindings::wharf::extension::{store, types};

pub fn start(params: lifecycle::InitParams) -> Start {
    Start {
        host_version: params.host_version,
        provider: params.provider,
        model: params.model,
        cwd: params.cwd,
        data_dir: params.data_dir,
        occasion: match params.occasion {
            lifecycle::Occasion::First => Occasion::First,
            lifecycle::Occasion::Recovered => Occasion::Recovered,
            lifecycle::Occasion::Reloaded => Occasion::Reloaded,
            lifecycle::Occasion::Other => Occasion::Other,
        },
        loss: params.loss,
    }
}

pub fn registration(registration: Registration) -> types::Registration {
    types::Registration {
        tools: registration.tools.into_iter().map(tool_spec).collect(),
        commands: registration.commands.into_iter().map(command_spec).collect(),
        events: registration.events.into_iter().filter_map(topic).collect(),
        hooks: registration.hooks.into_iter().map(hook_spec).collect(),
    }
}

fn tool_spec(tool: ToolSpec) -> types::ToolSpec {
    types::ToolSpec {
        name: tool.name,
        description: tool.description,
        schema: tool.schema.as_str().to_owned(),
        traits: tool_traits(tool.traits),
        timeout_ms: tool.timeout_ms,
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

/// What happens to its own panels, or to its events, comes without a subscription.
fn topic(topic: Topic) -> Option<types::EventKind> {
    Some(match topic {
        Topic::SessionStart => types::EventKind::SessionStart,
        Topic::TurnStart => types::EventKind::TurnStart,
        Topic::AssistantMessage => types::EventKind::AssistantMessage,
        Topic::ToolCall => types::EventKind::ToolCall,
        Topic::TurnEnd => types::EventKind::TurnEnd,
        Topic::Prompt => types::EventKind::Prompt,
        Topic::PromptEnd => types::EventKind::PromptEnd,
        Topic::ToolResult => types::EventKind::ToolResult,
        Topic::Usage => types::EventKind::Usage,
        Topic::ModelChange => types::EventKind::ModelChange,
        Topic::Compaction => types::EventKind::Compaction,
        Topic::SessionSwitch => types::EventKind::SessionSwitch,
        Topic::SessionEnd => types::EventKind::SessionEnd,
        Topic::Panel | Topic::Lagged => return None,
    })
}

fn hook_spec(hook: HookSpec) -> types::HookSpec {
    types::HookSpec {
        on: match hook.on {
            HookPoint::ToolCall => types::HookPoint::ToolCall,
            HookPoint::TurnStart => types::HookPoint::TurnStart,
            HookPoint::AssistantMessage => types::HookPoint::AssistantMessage,
            HookPoint::Prompt => types::HookPoint::Prompt,
            HookPoint::ToolResult => types::HookPoint::ToolResult,
            HookPoint::Compaction => types::HookPoint::Compaction,
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

pub fn tool_output(output: ToolOutput) -> types::ToolOutput {
    let content = output.content.into_iter().map(content).collect();
    types::ToolOutput { content, is_error: output.is_error }
}

pub fn given_output(output: types::ToolOutput) -> ToolOutput {
    let content = output.content.into_iter().map(|content| match content {
        types::Content::Text(text) => Content::Text(text),
        types::Content::Image(image) => Content::Image { mime_type: image.mime_type, data: image.data },
    });
    ToolOutput { content: content.collect(), is_error: output.is_error }
}

pub fn panel(panel: Panel) -> types::Panel {
    let Panel { id, title, lines, footer } = panel;
    types::Panel { id, title, lines, footer }
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
        Outcome::OpenPanel(given) => commands::Outcome::OpenPanel(panel(given)),
    })
}

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

pub fn scope(scope: Scope) -> store::Scope {
    match scope {
        Scope::User => store::Scope::User,
        Scope::Project => store::Scope::Project,
        Scope::Session => store::Scope::Session,
    }
}

pub fn request_error(error: types::RequestError) -> RequestError {
    use types::RequestError as Given;
    match error {
        Given::NoUi => RequestError::NoUi,
        Given::Dismissed => RequestError::Dismissed,
        Given::Closed => RequestError::Closed,
        Given::NotNow => RequestError::NotNow,
        Given::Invalid(message) => RequestError::Invalid { message },
        Given::TooLarge(limit) => RequestError::TooLarge { limit },
        Given::Full(message) => RequestError::Full { message },
        Given::Conflict(version) => RequestError::Conflict { version },
        Given::TooOften(retry_ms) => RequestError::TooOften { retry_ms },
        Given::TooDeep => RequestError::TooDeep,
        Given::Denied(message) => RequestError::Denied { message },
        Given::Unavailable(message) => RequestError::Unavailable { message },
    }
}

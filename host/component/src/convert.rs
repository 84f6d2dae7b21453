//! WIT's words to the vocabulary's, and back. The only place that knows both.

use tokio::time::Instant;
use wharf_extensions::backend::ExtCall;
use wharf_protocol::command::{CommandSpec, Outcome};
use wharf_protocol::content::Content;
use wharf_protocol::event::{Event, PromptStatus, Stop, Switch, Topic};
use wharf_protocol::hook::{
    Compaction, CompactionCause, CompactionVerdict, HookPoint, HookSpec, MessageVerdict, OnFailure, Prompt,
    PromptVerdict, ResultVerdict, ToolVerdict, TurnVerdict,
};
use wharf_protocol::json::Json;
use wharf_protocol::notice::{Level, LogLevel};
use wharf_protocol::panel::Panel;
use wharf_protocol::registration::{Occasion, Registration, Start};
use wharf_protocol::request::{RequestError, Scope};
use wharf_protocol::text::harmless_line;
use wharf_protocol::tool::{ToolCall, ToolOutput, ToolSpec, ToolTraits};

use crate::bindings::exports::wharf::extension as exports;
use crate::bindings::wharf::extension as wit;

pub(crate) fn context(cx: &ExtCall) -> wit::types::CallContext {
    let left = cx.deadline.saturating_duration_since(Instant::now());
    wit::types::CallContext {
        chain: cx.cause.chain,
        depth: cx.cause.depth,
        budget_ms: u32::try_from(left.as_millis()).unwrap_or(u32::MAX),
    }
}

pub(crate) fn start(start: &Start) -> exports::lifecycle::InitParams {
    exports::lifecycle::InitParams {
        host_version: start.host_version.clone(),
        provider: start.provider.clone(),
        model: start.model.clone(),
        cwd: start.cwd.clone(),
        data_dir: start.data_dir.clone(),
        occasion: match start.occasion {
            Occasion::First => exports::lifecycle::Occasion::First,
            Occasion::Recovered => exports::lifecycle::Occasion::Recovered,
            Occasion::Reloaded => exports::lifecycle::Occasion::Reloaded,
            Occasion::Other => exports::lifecycle::Occasion::Other,
        },
        loss: start.loss.clone(),
    }
}

pub(crate) fn tool_call(call: &ToolCall) -> wit::types::ToolCall {
    wit::types::ToolCall { id: call.id.clone(), name: call.name.clone(), args: call.args.as_str().to_owned() }
}

/// Gives also the events that are left out, since this version does not know them.
///
/// # Errors
/// The name of the tool whose schema is no JSON, or of a hook that this version does not know: a guard must not believe
/// that it is asked.
pub(crate) fn registration(given: wit::types::Registration) -> Result<(Registration, Vec<String>), String> {
    let (mut events, mut unknown) = (Vec::new(), Vec::new());
    for kind in given.events {
        match topic(kind) {
            Ok(topic) => events.push(topic),
            Err(name) => unknown.push(format!("event {name:?} is left out: this version does not know it")),
        }
    }
    let commands = given.commands.into_iter();
    let registration = Registration {
        tools: given.tools.into_iter().map(tool_spec).collect::<Result<_, _>>()?,
        commands: commands.map(|command| CommandSpec::new(command.name, command.description)).collect(),
        events,
        hooks: given.hooks.into_iter().map(hook_spec).collect::<Result<_, _>>()?,
    };
    Ok((registration, unknown))
}

fn tool_spec(given: wit::types::ToolSpec) -> Result<ToolSpec, String> {
    use wit::types::ToolTraits as Flags;
    let schema = Json::new(given.schema)
        .map_err(|error| format!("the schema of tool {:?} is not JSON: {error}", given.name))?;
    let has = |flag| given.traits.contains(flag);
    let traits = ToolTraits {
        read_only: has(Flags::READ_ONLY),
        idempotent: has(Flags::IDEMPOTENT),
        destructive: has(Flags::DESTRUCTIVE),
        open_world: has(Flags::OPEN_WORLD),
    };
    let (name, description, timeout_ms) = (given.name, given.description, given.timeout_ms);
    Ok(ToolSpec { name, description, schema, traits, timeout_ms })
}

/// The error is a name that is not known.
fn topic(given: wit::types::EventKind) -> Result<Topic, String> {
    Ok(match given {
        wit::types::EventKind::SessionStart => Topic::SessionStart,
        wit::types::EventKind::TurnStart => Topic::TurnStart,
        wit::types::EventKind::AssistantMessage => Topic::AssistantMessage,
        wit::types::EventKind::ToolCall => Topic::ToolCall,
        wit::types::EventKind::TurnEnd => Topic::TurnEnd,
        wit::types::EventKind::Prompt => Topic::Prompt,
        wit::types::EventKind::PromptEnd => Topic::PromptEnd,
        wit::types::EventKind::ToolResult => Topic::ToolResult,
        wit::types::EventKind::Usage => Topic::Usage,
        wit::types::EventKind::ModelChange => Topic::ModelChange,
        wit::types::EventKind::Compaction => Topic::Compaction,
        wit::types::EventKind::SessionSwitch => Topic::SessionSwitch,
        wit::types::EventKind::SessionEnd => Topic::SessionEnd,
        wit::types::EventKind::Other(name) => return Err(harmless_line(&name, 64)),
    })
}

fn hook_spec(given: wit::types::HookSpec) -> Result<HookSpec, String> {
    let on = match given.on {
        wit::types::HookPoint::ToolCall => HookPoint::ToolCall,
        wit::types::HookPoint::TurnStart => HookPoint::TurnStart,
        wit::types::HookPoint::AssistantMessage => HookPoint::AssistantMessage,
        wit::types::HookPoint::Prompt => HookPoint::Prompt,
        wit::types::HookPoint::ToolResult => HookPoint::ToolResult,
        wit::types::HookPoint::Compaction => HookPoint::Compaction,
        wit::types::HookPoint::Other(name) => {
            let name = harmless_line(&name, 64);
            return Err(format!(
                "it wants to be asked at the hook {name:?}, which this version does not know"
            ));
        }
    };
    let on_failure = given.on_failure.map(|policy| match policy {
        wit::types::OnFailure::Open => OnFailure::Open,
        wit::types::OnFailure::Closed => OnFailure::Closed,
    });
    Ok(HookSpec { on, tools: given.tools, order: given.order, on_failure })
}

pub(crate) fn tool_output(given: wit::types::ToolOutput) -> ToolOutput {
    let content = given.content.into_iter().map(|block| match block {
        wit::types::Content::Text(text) => Content::Text(text),
        wit::types::Content::Image(image) => Content::Image { mime_type: image.mime_type, data: image.data },
    });
    let mut output = ToolOutput { content: content.collect(), is_error: given.is_error };
    if output.content.is_empty() {
        output.content.push(Content::text("(extension returned no content)"));
    }
    output
}

pub(crate) fn output(output: &ToolOutput) -> wit::types::ToolOutput {
    let content = output.content.iter().map(|content| match content {
        Content::Text(text) => wit::types::Content::Text(text.clone()),
        Content::Image { mime_type, data } => {
            let (mime_type, data) = (mime_type.clone(), data.clone());
            wit::types::Content::Image(wit::types::Image { mime_type, data })
        }
    });
    wit::types::ToolOutput { content: content.collect(), is_error: output.is_error }
}

pub(crate) fn panel(given: wit::types::Panel) -> Panel {
    let wit::types::Panel { id, title, lines, footer } = given;
    Panel { id, title, lines, footer }
}

pub(crate) fn outcome(given: exports::commands::Outcome) -> Outcome {
    match given {
        exports::commands::Outcome::Noop => Outcome::Noop,
        exports::commands::Outcome::Prompt(text) => Outcome::Prompt(text),
        exports::commands::Outcome::Insert(text) => Outcome::Insert(text),
        exports::commands::Outcome::Display(text) => Outcome::Display(text),
        exports::commands::Outcome::OpenPanel(given) => Outcome::OpenPanel(panel(given)),
    }
}

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

pub(crate) fn scope(given: wit::store::Scope) -> Scope {
    match given {
        wit::store::Scope::User => Scope::User,
        wit::store::Scope::Project => Scope::Project,
        wit::store::Scope::Session => Scope::Session,
    }
}

pub(crate) fn request_error(error: RequestError) -> wit::types::RequestError {
    use wit::types::RequestError as Given;
    match error {
        RequestError::NoUi => Given::NoUi,
        RequestError::Dismissed => Given::Dismissed,
        RequestError::Closed => Given::Closed,
        RequestError::NotNow => Given::NotNow,
        RequestError::Invalid { message } => Given::Invalid(message),
        RequestError::TooLarge { limit } => Given::TooLarge(limit),
        RequestError::Full { message } => Given::Full(message),
        RequestError::Conflict { version } => Given::Conflict(version),
        RequestError::TooOften { retry_ms } => Given::TooOften(retry_ms),
        RequestError::TooDeep => Given::TooDeep,
        RequestError::Denied { message } => Given::Denied(message),
        RequestError::Unavailable { message } => Given::Unavailable(message),
    }
}

pub(crate) fn level(given: wit::ui::Level) -> Level {
    match given {
        wit::ui::Level::Info => Level::Info,
        wit::ui::Level::Success => Level::Success,
        wit::ui::Level::Warn => Level::Warn,
        wit::ui::Level::Error => Level::Error,
    }
}

pub(crate) fn log_level(given: wit::log::Level) -> LogLevel {
    match given {
        wit::log::Level::Trace => LogLevel::Trace,
        wit::log::Level::Debug => LogLevel::Debug,
        wit::log::Level::Info => LogLevel::Info,
        wit::log::Level::Warn => LogLevel::Warn,
        wit::log::Level::Error => LogLevel::Error,
    }
}

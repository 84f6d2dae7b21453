//! WIT's words to the vocabulary's, and back. The only place that knows both.

mod event;
mod registration;
mod verdict;

pub(crate) use event::event;
pub(crate) use registration::registration;
pub(crate) use verdict::{
    compaction, compaction_verdict, message_verdict, prompt, prompt_verdict, result_verdict, tool_verdict,
    turn_verdict,
};

use tokio::time::Instant;
use wharf_extensions::backend::ExtCall;
use wharf_protocol::command::Outcome;
use wharf_protocol::content::Content;
use wharf_protocol::notice::{Level, LogLevel};
use wharf_protocol::panel::Panel;
use wharf_protocol::registration::{Occasion, Start};
use wharf_protocol::request::{RequestError, Scope};
use wharf_protocol::tool::{ToolCall, ToolOutput};

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

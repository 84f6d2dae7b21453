//! Between the WIT's types and the vocabulary's: one function a type, one line a field.

mod event;
mod registration;
mod verdict;

pub use event::event;
pub use registration::registration;
pub use verdict::{
    compaction, compaction_verdict, message_verdict, prompt, prompt_verdict, result_verdict, tool_verdict,
    turn_verdict,
};

use wharf_protocol::command::{CommandResult, Outcome};
use wharf_protocol::content::Content;
use wharf_protocol::json::Json;
use wharf_protocol::panel::Panel;
use wharf_protocol::registration::{Occasion, Start};
use wharf_protocol::request::{RequestError, Scope};
use wharf_protocol::tool::{ToolCall, ToolOutput};

use crate::component::bindings::exports::wharf::extension::{commands, lifecycle};
use crate::component::bindings::wharf::extension::{store, types};

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

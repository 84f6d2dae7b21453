//! One frame in, at most one frame out. A handler's panic becomes the answer.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use wharf_protocol::command::{CommandResult, Outcome};
use wharf_protocol::event::{Event, Stop, Topic};
use wharf_protocol::frame::{
    Block, CommandInvoked, CommandResponse, EventFrame, EventIntercept, FromExtension, InterceptResponse,
    ToExtension, ToolCallFrame, ToolResult,
};
use wharf_protocol::hook::{HookPoint, MessageVerdict, ToolVerdict, TurnVerdict};
use wharf_protocol::json::Json;
use wharf_protocol::notice::LogLevel;
use wharf_protocol::tool::{ToolCall, ToolOutput};

use super::outlet::SendError;
use crate::{Extension, Host};

/// Answers a frame. Panels' keys are for extensions that draw; this trait has no such method yet.
pub(super) fn frame<E: Extension>(
    extension: &mut E,
    frame: ToExtension,
    host: &Host,
) -> Result<(), SendError> {
    match frame {
        ToExtension::ToolCall(call) => tool(extension, call, host),
        ToExtension::CommandInvoked(invoked) => command(extension, &invoked, host),
        ToExtension::EventIntercept(question) => host.0.send(&intercept(extension, question, host)),
        ToExtension::Event(event) => {
            tell(extension, event, host);
            Ok(())
        }
        ToExtension::HelloAck(_)
        | ToExtension::PanelKey(_)
        | ToExtension::PanelClose(_)
        | ToExtension::Shutdown => Ok(()),
    }
}

/// Lets the extension end.
pub(super) fn stop<E: Extension>(extension: &mut E, host: &Host) {
    if let Err(panic) = guarded(|| extension.stop(host)) {
        host.log(LogLevel::Error, &format!("stop {panic}"));
    }
}

/// Runs a handler; the error is `panic: …`.
fn guarded<R>(handler: impl FnOnce() -> R) -> Result<R, String> {
    catch_unwind(AssertUnwindSafe(handler))
        .map_err(|payload| format!("panic: {}", panic_text(payload.as_ref())))
}

fn panic_text(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("(no text)")
}

fn tool<E: Extension>(extension: &mut E, frame: ToolCallFrame, host: &Host) -> Result<(), SendError> {
    let ToolCallFrame { id, name, args } = frame;
    let call = ToolCall { id: id.clone(), name, args };
    let output = guarded(|| extension.tool(&call, host)).unwrap_or_else(ToolOutput::error);
    match host.0.send(&tool_result(&id, &output)) {
        Err(SendError::Encode(error)) => {
            host.0.send(&tool_result(&id, &ToolOutput::error(format!("the result cannot be sent: {error}"))))
        }
        sent => sent,
    }
}

fn tool_result(id: &str, output: &ToolOutput) -> FromExtension {
    let content = output.content.iter().map(Block::from).collect();
    FromExtension::ToolResult(ToolResult { id: id.to_owned(), content, is_error: output.is_error })
}

fn command<E: Extension>(extension: &mut E, invoked: &CommandInvoked, host: &Host) -> Result<(), SendError> {
    let result = guarded(|| extension.command(&invoked.name, &invoked.args, host)).unwrap_or_else(Err);
    match host.0.send(&command_response(&invoked.id, result)) {
        Err(SendError::Encode(error)) => {
            host.0.send(&command_response(&invoked.id, Err(format!("the outcome cannot be sent: {error}"))))
        }
        sent => sent,
    }
}

fn command_response(id: &str, result: CommandResult) -> FromExtension {
    let mut response = CommandResponse { id: id.to_owned(), ..CommandResponse::default() };
    let action = match result {
        Ok(Outcome::Noop) => "noop",
        Ok(Outcome::Prompt(text)) => {
            response.prompt = text;
            "prompt"
        }
        Ok(Outcome::Insert(text)) => {
            response.insert = text;
            "insert"
        }
        Ok(Outcome::Display(text)) => {
            response.display = text;
            "display"
        }
        Ok(Outcome::OpenPanel(panel)) => {
            response.open_panel = Some(panel);
            "open_panel"
        }
        Err(error) => {
            // An empty text would read as "no error".
            response.error = if error.is_empty() { "failed".to_owned() } else { error };
            "noop"
        }
    };
    action.clone_into(&mut response.action);
    FromExtension::CommandResponse(response)
}

fn tell<E: Extension>(extension: &mut E, frame: EventFrame, host: &Host) {
    let topic = frame.event.clone();
    match event(frame) {
        Some(event) => {
            if let Err(panic) = guarded(|| extension.event(&event, host)) {
                host.log(LogLevel::Error, &format!("event {topic} {panic}"));
            }
        }
        None => host.log(LogLevel::Warn, &format!("unknown event {topic:?}")),
    }
}

fn event(frame: EventFrame) -> Option<Event> {
    Some(match Topic::from_word(&frame.event)? {
        Topic::SessionStart => Event::SessionStart,
        Topic::TurnStart => Event::TurnStart { step: frame.step },
        Topic::AssistantMessage => Event::AssistantMessage { text: frame.text },
        Topic::ToolCall => Event::ToolCall {
            id: frame.tool_id,
            name: frame.tool_name,
            args: frame.tool_args.unwrap_or_else(Json::empty_object),
        },
        Topic::TurnEnd => Event::TurnEnd {
            stop: stop_from_word(&frame.stop),
            error: Some(frame.error).filter(|error| !error.is_empty()),
        },
    })
}

fn stop_from_word(word: &str) -> Option<Stop> {
    let all = [Stop::End, Stop::Length, Stop::ToolUse, Stop::Error, Stop::Aborted];
    all.into_iter().find(|stop| stop.as_str() == word)
}

fn intercept<E: Extension>(extension: &mut E, question: EventIntercept, host: &Host) -> FromExtension {
    let id = question.id.clone();
    let mut response =
        guarded(|| decide(extension, question, host)).unwrap_or_else(|panic| InterceptResponse {
            block: true,
            reason: format!("intercept {panic}"),
            ..InterceptResponse::default()
        });
    response.id = id;
    FromExtension::InterceptResponse(response)
}

fn decide<E: Extension>(extension: &mut E, question: EventIntercept, host: &Host) -> InterceptResponse {
    let mut response = InterceptResponse::default();
    let refusal = match HookPoint::from_word(&question.event) {
        Some(HookPoint::ToolCall) if host.0.guards(&question.tool_name) => {
            let args = question.tool_args.unwrap_or_else(Json::empty_object);
            let call = ToolCall { id: question.tool_id, name: question.tool_name, args };
            match extension.on_tool_call(&call, host) {
                ToolVerdict::Pass => None,
                ToolVerdict::Rewrite(args) => {
                    response.modified_args = Some(args);
                    None
                }
                ToolVerdict::Refuse(reason) => Some(reason),
            }
        }
        Some(HookPoint::TurnStart) => match extension.on_turn_start(question.step, host) {
            TurnVerdict::Pass => None,
            TurnVerdict::Refuse(reason) => Some(reason),
        },
        Some(HookPoint::AssistantMessage) => match extension.on_assistant_message(&question.text, host) {
            MessageVerdict::Pass => None,
            MessageVerdict::Replace(text) => {
                response.replace_text = text;
                None
            }
            MessageVerdict::Hide(reason) => Some(reason),
        },
        Some(HookPoint::ToolCall) | None => None,
    };
    if let Some(reason) = refusal {
        response.block = true;
        response.reason = reason;
    }
    response
}

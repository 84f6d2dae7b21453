//! One frame in, at most one frame out. A handler's panic becomes the answer.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use wharf_protocol::command::{CommandResult, Outcome};
use wharf_protocol::event::Event;
use wharf_protocol::frame::{
    Block, CommandInvoked, CommandResponse, EventIntercept, FromExtension, InterceptResponse, PanelClose,
    PanelKey, ToExtension, ToolCallFrame, ToolResult,
};
use wharf_protocol::hook::{
    Compaction, CompactionCause, CompactionVerdict, HookPoint, MessageVerdict, Prompt, PromptVerdict,
    ResultVerdict, ToolReport, ToolVerdict, TurnVerdict,
};
use wharf_protocol::json::Json;
use wharf_protocol::notice::LogLevel;
use wharf_protocol::tool::{ToolCall, ToolOutput};

use super::outlet::SendError;
use crate::{Extension, Host};

/// Answers a frame.
pub(super) fn frame<E: Extension>(
    extension: &mut E,
    frame: ToExtension,
    host: &Host,
) -> Result<(), SendError> {
    if let Some(id) = question(&frame).filter(|id| host.0.inbox().is_withdrawn(id)) {
        // Nobody waits for it any more: it must not be done now.
        host.0.inbox().answered(id);
        return Ok(());
    }
    match frame {
        ToExtension::ToolCall(call) => tool(extension, call, host),
        ToExtension::CommandInvoked(invoked) => command(extension, &invoked, host),
        ToExtension::EventIntercept(question) => host.0.send(&intercept(extension, question, host)),
        ToExtension::Event(event) => {
            let topic = event.event.clone();
            match event.into_event() {
                Some(event) => tell(extension, &event, host),
                None => host.log(LogLevel::Warn, &format!("unknown event {topic:?}")),
            }
            host.0.inbox().told();
            Ok(())
        }
        ToExtension::PanelKey(PanelKey { panel_id: panel, key, text }) => {
            tell(extension, &Event::PanelKey { panel, key, text }, host);
            Ok(())
        }
        ToExtension::PanelClose(PanelClose { panel_id: panel }) => {
            tell(extension, &Event::PanelClose { panel }, host);
            Ok(())
        }
        ToExtension::HelloAck(_) | ToExtension::Reply(_) | ToExtension::Cancel(_) | ToExtension::Shutdown => {
            Ok(())
        }
    }
}

/// The id of a question.
fn question(frame: &ToExtension) -> Option<&str> {
    match frame {
        ToExtension::ToolCall(call) => Some(&call.id),
        ToExtension::CommandInvoked(invoked) => Some(&invoked.id),
        ToExtension::EventIntercept(question) => Some(&question.id),
        _ => None,
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
    let ToolCallFrame { id, name, args, context } = frame;
    let call = ToolCall { id: id.clone(), name, args };
    host.0.begin(&id, context);
    let output = guarded(|| extension.tool(&call, host)).unwrap_or_else(ToolOutput::error);
    host.0.end();
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
    host.0.begin(&invoked.id, invoked.context);
    let result = guarded(|| extension.command(&invoked.name, &invoked.args, host)).unwrap_or_else(Err);
    host.0.end();
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

fn tell<E: Extension>(extension: &mut E, event: &Event, host: &Host) {
    if let Err(panic) = guarded(|| extension.event(event, host)) {
        host.log(LogLevel::Error, &format!("event {} {panic}", event.topic()));
    }
}

fn intercept<E: Extension>(extension: &mut E, question: EventIntercept, host: &Host) -> FromExtension {
    let id = question.id.clone();
    host.0.begin(&id, question.context);
    let mut response =
        guarded(|| decide(extension, question, host)).unwrap_or_else(|panic| InterceptResponse {
            block: true,
            reason: format!("intercept {panic}"),
            ..InterceptResponse::default()
        });
    host.0.end();
    response.id = id;
    FromExtension::InterceptResponse(response)
}

fn decide<E: Extension>(extension: &mut E, question: EventIntercept, host: &Host) -> InterceptResponse {
    let refused = |reason: String| InterceptResponse { block: true, reason, ..InterceptResponse::default() };
    let passed = InterceptResponse::default;
    let Some(point) = HookPoint::from_word(&question.event) else { return passed() };
    if point.is_about_a_tool() && !host.0.guards(point, &question.tool_name) {
        return passed();
    }
    match point {
        HookPoint::ToolCall => match extension.on_tool_call(&call(question), host) {
            ToolVerdict::Pass => passed(),
            ToolVerdict::Rewrite(args) => InterceptResponse { modified_args: Some(args), ..passed() },
            ToolVerdict::Refuse(reason) => refused(reason),
            ToolVerdict::Ask(reason) => InterceptResponse { ask: true, reason, ..passed() },
        },
        HookPoint::TurnStart => match extension.on_turn_start(question.step, host) {
            TurnVerdict::Pass => passed(),
            TurnVerdict::Refuse(reason) => refused(reason),
        },
        HookPoint::AssistantMessage => match extension.on_assistant_message(&question.text, host) {
            MessageVerdict::Pass => passed(),
            MessageVerdict::Replace(text) => InterceptResponse { replace_text: Some(text), ..passed() },
            MessageVerdict::Hide(reason) => refused(reason),
        },
        HookPoint::Prompt => {
            let by = Some(question.by).filter(|by| !by.is_empty());
            match extension.on_prompt(&Prompt { text: question.text, by }, host) {
                PromptVerdict::Pass => passed(),
                PromptVerdict::Rewrite(text) => InterceptResponse { replace_text: Some(text), ..passed() },
                PromptVerdict::Refuse(reason) => refused(reason),
                PromptVerdict::Handle(reason) => InterceptResponse { handled: true, reason, ..passed() },
            }
        }
        HookPoint::ToolResult => {
            let output = Block::into_output(question.content.clone(), question.is_error, "of a tool");
            match extension.on_tool_result(&ToolReport { call: call(question), output }, host) {
                ResultVerdict::Pass => passed(),
                ResultVerdict::Replace(output) => {
                    let content = Some(output.content.iter().map(Block::from).collect());
                    InterceptResponse { content, is_error: output.is_error, ..passed() }
                }
            }
        }
        HookPoint::Compaction => {
            let cause = CompactionCause::from_word(&question.cause);
            let (messages, instructions) = (question.messages, question.text);
            match extension.on_compaction(&Compaction { cause, messages, instructions }, host) {
                CompactionVerdict::Pass => passed(),
                CompactionVerdict::Summary(text) => {
                    InterceptResponse { replace_text: Some(text), ..passed() }
                }
                CompactionVerdict::Refuse(reason) => refused(reason),
            }
        }
    }
}

fn call(question: EventIntercept) -> ToolCall {
    let args = question.tool_args.unwrap_or_else(Json::empty_object);
    ToolCall { id: question.tool_id, name: question.tool_name, args }
}

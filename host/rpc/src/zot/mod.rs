//! zot's shapes of the agent's events: JSON mode and the RPC dialect `zot` write them.
//!
//! What zot does not have (`thinking_delta`, `message_hidden`, `ext_error`, `ext_reloaded`, `display`, `notice`, what extensions
//! draw) comes as events that its clients pass over.

mod blocks;
mod screen;

use wharf_ports::event::AgentEvent;
use wharf_ports::model::Usage;
use wharf_protocol::codec;
use wharf_protocol::event::Stop;
use wharf_protocol::id::ExtensionId;

use crate::json::Node;

/// Writes an event as one line of JSON without its newline, compact, keys in alphabetical order; nothing for a
/// rewritten call, since a run with interceptors looks to zot's clients like one without.
#[must_use]
pub fn render(event: &AgentEvent) -> Option<String> {
    String::from_utf8(codec::encode(&shape(event)?).ok()?).ok()
}

fn shape(event: &AgentEvent) -> Option<Node> {
    Some(match event {
        AgentEvent::ToolRewritten { .. } => return None,
        AgentEvent::UserMessage { content, time } => {
            of("user_message", [("content", blocks::contents(content)), ("time", text(&time.to_string()))])
        }
        AgentEvent::TurnStart { step } => of("turn_start", [("step", u64::from(*step).into())]),
        AgentEvent::AssistantStart => of("assistant_start", []),
        AgentEvent::TextDelta(delta) => of("text_delta", [("delta", text(delta))]),
        AgentEvent::ThinkingDelta(delta) => of("thinking_delta", [("delta", text(delta))]),
        AgentEvent::ToolUseStart { id, name } => {
            of("tool_use_start", [("id", text(id)), ("name", text(name))])
        }
        AgentEvent::ToolUseArgs { id, delta } => {
            of("tool_use_args", [("delta", text(delta)), ("id", text(id))])
        }
        AgentEvent::ToolUseEnd { id } => of("tool_use_end", [("id", text(id))]),
        AgentEvent::Usage { call, total } => usage(call, total),
        AgentEvent::AssistantMessage { blocks, time, replaced: _ } => {
            let content = blocks::message(blocks);
            of("assistant_message", [("content", content), ("time", text(&time.to_string()))])
        }
        AgentEvent::MessageHidden { by, reason } => {
            of("message_hidden", [("by", name(by)), ("reason", text(reason))])
        }
        AgentEvent::ToolCall { id, name, args } => blocks::tool_call(id, name, args),
        AgentEvent::TurnEnd { stop, error } => turn_end(*stop, error.as_deref()),
        AgentEvent::ToolProgress { id, text: piece } => {
            of("tool_progress", [("id", text(id)), ("text", text(piece))])
        }
        AgentEvent::ToolResult { id, output, ran: _ } => {
            let content = blocks::contents(&output.content);
            of("tool_result", [("content", content), ("id", text(id)), ("is_error", output.is_error.into())])
        }
        AgentEvent::Error { message } => of("error", [("message", text(message))]),
        AgentEvent::Done => of("done", []),
        AgentEvent::ExtNotify { extension, level, message } => of(
            "ext_notify",
            [("extension", name(extension)), ("level", text(level.as_str())), ("message", text(message))],
        ),
        AgentEvent::ExtDisplay { extension, text: shown, is_outcome: _ } => {
            of("ext_display", [("extension", name(extension)), ("text", text(shown))])
        }
        AgentEvent::ExtInsert { extension, text: inserted } => {
            of("ext_insert", [("extension", name(extension)), ("text", text(inserted))])
        }
        AgentEvent::ExtStatus { extension, text: shown } => {
            of("ext_status", [("extension", name(extension)), ("text", text(shown))])
        }
        AgentEvent::ExtPanel { extension, panel } => screen::panel(extension, panel),
        AgentEvent::ExtPanelClosed { extension, id } => {
            of("ext_panel_closed", [("extension", name(extension)), ("id", text(id))])
        }
        AgentEvent::ExtDialog { extension, id, dialog } => screen::dialog(extension, *id, dialog)?,
        AgentEvent::ExtDialogClosed { id } => of("ext_dialog_closed", [("id", (*id).into())]),
        AgentEvent::Compacted { summary, by, messages } => of(
            "compact_done",
            [
                ("by", by.as_ref().map_or(Node::from(""), name)),
                ("messages", u64::from(*messages).into()),
                ("summary", text(summary)),
            ],
        ),
        AgentEvent::ModelChange { provider, model } => {
            of("model_change", [("model", text(model)), ("provider", text(provider))])
        }
        AgentEvent::SessionSwitch { reason } => of("session_switch", [("reason", text(reason.as_str()))]),
        AgentEvent::ExtReloaded { loaded, stopped, errors } => of(
            "ext_reloaded",
            [("errors", texts(errors)), ("loaded", texts(loaded)), ("stopped", texts(stopped))],
        ),
        AgentEvent::Display { text: shown } => of("display", [("text", text(shown))]),
        AgentEvent::Notice { level, message } => {
            of("notice", [("level", text(level.as_str())), ("message", text(message))])
        }
        AgentEvent::ExtFailed { extension, message } => {
            let extension = extension.as_ref().map_or(Node::from(""), name);
            of("ext_error", [("extension", extension), ("message", text(message))])
        }
    })
}

/// An event or a block of a type.
fn of<const N: usize>(kind: &'static str, fields: [(&'static str, Node); N]) -> Node {
    Node::Object(fields.into_iter().chain([("type", text(kind))]).collect())
}

fn text(text: &str) -> Node {
    text.into()
}

fn texts(texts: &[String]) -> Node {
    texts.iter().map(|words| text(words)).collect()
}

fn name(extension: &ExtensionId) -> Node {
    extension.as_str().into()
}

fn turn_end(stop: Option<Stop>, error: Option<&str>) -> Node {
    let stop = ("stop", text(stop.map_or("", Stop::as_str)));
    match error {
        None => of("turn_end", [stop]),
        Some(error) => of("turn_end", [("error", text(error)), stop]),
    }
}

fn usage(call: &Usage, total: &Usage) -> Node {
    let [input, output, read, written, cost] = numbers(call);
    of("usage", [input, output, read, written, cost, ("cumulative", Node::object(numbers(total)))])
}

fn numbers(usage: &Usage) -> [(&'static str, Node); 5] {
    [
        ("input", usage.input.into()),
        ("output", usage.output.into()),
        ("cache_read", usage.cache_read.into()),
        ("cache_write", usage.cache_write.into()),
        ("cost_usd", Node::float(usage.cost_usd)),
    ]
}

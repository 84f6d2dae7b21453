//! What the probe has seen, as text that is the same on every backend:
//!
//! ```text
//! event session_start
//! hook turn_start 1
//! event assistant_message "hi"
//! event tool_call bash {"command":"ls"}
//! event turn_end tool_use
//! event turn_end error "no network"
//! hook tool_call bash {"command":"ls"}
//! ```
//!
//! Arguments are compact JSON with sorted keys, texts are JSON strings, a turn that ended for no known reason says `-`.

use std::fmt;

use serde_json::Value;
use wharf_guest::{Event, HookPoint, Json};

/// Lines that are kept; later ones are dropped.
const MAX_LINES: usize = 10_000;

/// The lines, in the order of what happened.
#[derive(Debug, Default)]
pub struct Trace(Vec<String>);

impl Trace {
    /// Notes an event.
    pub fn event(&mut self, event: &Event) {
        let details = match event {
            Event::SessionStart => String::new(),
            Event::TurnStart { step } => format!(" {step}"),
            Event::AssistantMessage { text } => format!(" {}", quoted(text)),
            Event::ToolCall { name, args, .. } => format!(" {name} {}", compact(args)),
            Event::TurnEnd { stop, error } => {
                let error = error.as_ref().map(|error| format!(" {}", quoted(error))).unwrap_or_default();
                format!(" {}{error}", stop.map_or("-", |stop| stop.as_str()))
            }
            Event::ToolResult { name, output, .. } => {
                let kind = if output.is_error { "error" } else { "ok" };
                format!(" {name} {kind} {}", quoted(&output.joined_text()))
            }
            Event::Usage(usage) => format!(" {} {}", usage.input, usage.output),
            Event::ModelChange { provider, model } => format!(" {provider}/{model}"),
            Event::SessionSwitch { reason } => format!(" {}", reason.as_str()),
            Event::SessionEnd => String::new(),
            Event::PanelKey { panel, key, text } => format!(" {panel} {key} {}", quoted(text)),
            Event::Prompt { text, by } => format!(" {} {}", quoted(text), by.as_deref().unwrap_or("-")),
            Event::PromptEnd { status, .. } => format!(" {}", status.as_str()),
            Event::Compaction { messages, .. } => format!(" {messages}"),
            Event::Lagged { dropped } => format!(" {dropped}"),
            Event::PanelClose { panel } => format!(" {panel} closed"),
        };
        self.push(format!("event {}{details}", event.topic()));
    }

    /// Notes a hook.
    pub fn hook(&mut self, point: HookPoint, details: &str) {
        self.push(format!("hook {point} {details}"));
    }

    fn push(&mut self, line: String) {
        if self.0.len() < MAX_LINES {
            self.0.push(line);
        }
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

/// JSON without white space and with sorted keys, however it travelled.
#[must_use]
pub fn compact(args: &Json) -> String {
    args.parse::<Value>().map_or_else(|_| args.to_string(), |value| value.to_string())
}

/// The text as a JSON string, so that it stays on one line.
#[must_use]
pub fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use wharf_guest::Stop;

    #[test]
    fn a_trace_has_one_line_for_each_thing_seen() {
        let mut trace = Trace::default();
        let args = Json::new("{ \"b\": \"\\u0026\",\n \"a\": 1 }").unwrap();
        trace.event(&Event::SessionStart);
        trace.event(&Event::AssistantMessage { text: "a\nb".to_owned() });
        trace.event(&Event::ToolCall { id: "1".to_owned(), name: "bash".to_owned(), args });
        trace.event(&Event::TurnEnd { stop: Some(Stop::Error), error: Some("no".to_owned()) });
        trace.event(&Event::TurnEnd { stop: None, error: None });
        trace.hook(HookPoint::TurnStart, "2");
        let expected = [
            "event session_start",
            "event assistant_message \"a\\nb\"",
            "event tool_call bash {\"a\":1,\"b\":\"&\"}",
            "event turn_end error \"no\"",
            "event turn_end -",
            "hook turn_start 2",
        ];
        assert_eq!(trace.to_string().lines().collect::<Vec<_>>(), expected);
    }
}

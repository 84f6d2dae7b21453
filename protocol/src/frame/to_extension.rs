//! Frames that an extension reads.

use serde::{Deserialize, Serialize};

use super::frames;
use super::from_extension::PanelClose;
use crate::event::Event;
use crate::json::Json;

frames! {
    /// A frame from the host to an extension.
    ToExtension {
        /// Answers `hello`, once.
        HelloAck(HelloAck) = "hello_ack",
        /// A slash command was entered.
        CommandInvoked(CommandInvoked) = "command_invoked",
        /// The model calls a tool.
        ToolCall(ToolCallFrame) = "tool_call",
        /// Something happened.
        Event(EventFrame) = "event",
        /// Something is about to happen: may it?
        EventIntercept(EventIntercept) = "event_intercept",
        /// A key was pressed in the extension's panel.
        PanelKey(PanelKey) = "panel_key",
        /// The user closed the panel.
        PanelClose(PanelClose) = "panel_close",
        /// The end; standard input is closed right after.
        Shutdown = "shutdown",
    }
}

/// `hello_ack`
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct HelloAck {
    /// 1.
    pub protocol_version: u32,
    /// The version that the host claims; a named constant of the host.
    pub zot_version: String,
    /// The model provider at the start.
    pub provider: String,
    /// The model at the start.
    pub model: String,
    /// The agent's working directory.
    pub cwd: String,
    /// Where the extension lives.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub extension_dir: String,
    /// Where it may keep data.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub data_dir: String,
}

/// `command_invoked`
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CommandInvoked {
    /// To be echoed in the answer.
    pub id: String,
    /// The command, without the slash.
    pub name: String,
    /// Everything behind the name, trimmed.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub args: String,
}

/// `tool_call`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolCallFrame {
    /// To be echoed in the answer.
    #[serde(default)]
    pub id: String,
    /// The tool.
    #[serde(default)]
    pub name: String,
    /// The arguments.
    #[serde(default = "Json::empty_object")]
    pub args: Json,
}

/// `event`
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct EventFrame {
    /// The topic.
    pub event: String,
    /// For `turn_start`.
    #[serde(skip_serializing_if = "is_zero")]
    pub step: u32,
    /// For `turn_end`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub stop: String,
    /// For `turn_end`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub error: String,
    /// For `tool_call`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub tool_id: String,
    /// For `tool_call`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub tool_name: String,
    /// For `tool_call`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_args: Option<Json>,
    /// For `assistant_message`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub text: String,
}

impl From<&Event> for EventFrame {
    fn from(event: &Event) -> Self {
        let mut frame = Self { event: event.topic().as_str().to_owned(), ..Self::default() };
        match event {
            Event::SessionStart => {}
            Event::TurnStart { step } => frame.step = *step,
            Event::AssistantMessage { text } => frame.text.clone_from(text),
            Event::ToolCall { id, name, args } => {
                frame.tool_id.clone_from(id);
                frame.tool_name.clone_from(name);
                frame.tool_args = Some(args.clone());
            }
            Event::TurnEnd { stop, error } => {
                frame.stop = stop.map_or("", |stop| stop.as_str()).to_owned();
                frame.error = error.clone().unwrap_or_default();
            }
        }
        frame
    }
}

/// `event_intercept`
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct EventIntercept {
    /// To be echoed in the answer.
    pub id: String,
    /// The hook point.
    pub event: String,
    /// For `tool_call`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub tool_id: String,
    /// For `tool_call`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub tool_name: String,
    /// For `tool_call`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_args: Option<Json>,
    /// For `turn_start`.
    #[serde(skip_serializing_if = "is_zero")]
    pub step: u32,
    /// For `assistant_message`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub text: String,
}

/// `panel_key`
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PanelKey {
    /// The panel's id.
    pub panel_id: String,
    /// `up`, `down`, …, `rune`, `unknown`.
    pub key: String,
    /// The character of a `rune`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub text: String,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's skip_serializing_if passes a reference")]
fn is_zero(step: &u32) -> bool {
    *step == 0
}

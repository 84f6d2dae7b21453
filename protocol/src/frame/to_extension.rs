//! Frames that an extension reads.

use serde::{Deserialize, Serialize};

use super::from_extension::PanelClose;
use super::{Cancel, Context, EventFrame, EventIntercept, ReplyFrame, frames};
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
        /// Answers `request`. Version 2.
        Reply(ReplyFrame) = "reply",
        /// Nobody waits for the answer to a question any more. Version 2.
        Cancel(Cancel) = "cancel",
        /// The end; standard input is closed right after.
        Shutdown = "shutdown",
    }
}

/// `hello_ack`
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct HelloAck {
    /// 1 or 2: the smaller of what the host speaks and what the extension asked for.
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
    /// Wharf's own version. Version 2 only.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub host_version: String,
    /// Why it is started: `first`, `recovered`, `reloaded`. Version 2 only.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub occasion: String,
    /// How it was lost, if that is why. Version 2 only.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub loss: String,
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
    /// Version 2 only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<Context>,
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
    /// Version 2 only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<Context>,
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

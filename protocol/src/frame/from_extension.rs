//! Frames that an extension writes.

use serde::{Deserialize, Serialize};

use super::{Block, InterceptResponse, Progress, RequestFrame, fields, frames, is_zero};
use crate::hook::{HookPoint, HookSpec, OnFailure};
use crate::json::Json;
use crate::panel::Panel;
use crate::tool::ToolTraits;

frames! {
    /// A frame from an extension to its host.
    FromExtension {
        /// The first frame of all.
        Hello(Hello) = "hello",
        /// Offers a slash command.
        RegisterCommand(RegisterCommand) = "register_command",
        /// Offers a tool.
        RegisterTool(RegisterTool) = "register_tool",
        /// Asks to be asked at a hook, and says how. Version 2.
        RegisterHook(RegisterHook) = "register_hook",
        /// All that the extension registers at its start has been sent.
        Ready = "ready",
        /// Asks for events and hooks.
        Subscribe(Subscribe) = "subscribe",
        /// Answers `command_invoked`.
        CommandResponse(CommandResponse) = "command_response",
        /// Answers `tool_call`.
        ToolResult(ToolResult) = "tool_result",
        /// Answers `event_intercept`.
        InterceptResponse(InterceptResponse) = "event_intercept_response",
        /// Tells the user something.
        Notify(Notify) = "notify",
        /// Draws the open panel anew.
        PanelRender(PanelRender) = "panel_render",
        /// Closes the open panel.
        PanelClose(PanelClose) = "panel_close",
        /// Output of a tool call that is still running. Version 2.
        Progress(Progress) = "progress",
        /// Asks something of the host. Version 2.
        Request(RequestFrame) = "request",
        /// Answers `shutdown`; optional.
        ShutdownAck = "shutdown_ack",
    }
}

/// `hello`
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Hello {
    /// The extension's name as it sees itself; the manifest's counts.
    pub name: String,
    /// Its version.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// What it may use; for information.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub capabilities: Vec<String>,
    /// The protocol version that it asks for; 0 or 1: version 1.
    #[serde(skip_serializing_if = "is_zero")]
    pub protocol_version: u32,
}

/// `register_command`
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RegisterCommand {
    /// Without the slash.
    pub name: String,
    /// Shown in the list of commands.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
}

/// `register_tool`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisterTool {
    /// The name that the model calls.
    #[serde(default)]
    pub name: String,
    /// What the model reads about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// JSON Schema of the arguments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<Json>,
    /// What calling it does to the world. Version 2.
    #[serde(default, skip_serializing_if = "is_default")]
    pub traits: ToolTraits,
    /// Milliseconds that a call may take. Version 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u32>,
}

/// `register_hook`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisterHook {
    /// Where.
    pub on: HookPoint,
    /// Glob patterns over tool names; none: all tools.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<String>,
    /// Lower is asked first.
    #[serde(default, skip_serializing_if = "is_default")]
    pub order: i16,
    /// None: closed for `tool_call` and `prompt`, open for the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_failure: Option<OnFailure>,
}

impl From<HookSpec> for RegisterHook {
    fn from(hook: HookSpec) -> Self {
        let HookSpec { on, tools, order, on_failure } = hook;
        Self { on, tools, order, on_failure }
    }
}

impl From<RegisterHook> for HookSpec {
    fn from(frame: RegisterHook) -> Self {
        let RegisterHook { on, tools, order, on_failure } = frame;
        Self { on, tools, order, on_failure }
    }
}

/// `subscribe`
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Subscribe {
    /// Topics; unknown ones are ignored.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<String>,
    /// Hook points; unknown ones are ignored.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub intercept: Vec<String>,
}

/// `command_response`
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CommandResponse {
    /// The invocation's id.
    pub id: String,
    /// `prompt`, `insert`, `display`, `open_panel`, `noop`, or empty for `noop`.
    pub action: String,
    /// For `prompt`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub prompt: String,
    /// For `insert`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub insert: String,
    /// For `display`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub display: String,
    /// For `open_panel`.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "fields::optional_object")]
    pub open_panel: Option<Panel>,
    /// Not empty: the command failed, the action does not count.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub error: String,
}

/// `tool_result`
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ToolResult {
    /// The call's id.
    pub id: String,
    /// What the model sees.
    #[serde(deserialize_with = "fields::objects")]
    pub content: Vec<Block>,
    /// Whether the tool failed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_error: bool,
}

/// `notify`
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Notify {
    /// `info`, `success`, `warn`, `error`; anything else means `info`.
    pub level: String,
    /// The text.
    pub message: String,
}

/// `panel_render`
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PanelRender {
    /// The panel's id.
    pub panel_id: String,
    /// Empty: keep the title.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// All rows anew.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<String>,
    /// The footer anew.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub footer: String,
}

/// `panel_close`, in both directions.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PanelClose {
    /// The panel's id.
    pub panel_id: String,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

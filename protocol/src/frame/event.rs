//! `event`: how something that happened travels.

use serde::{Deserialize, Serialize};

use super::{Block, Context, PanelClose, PanelKey, fields, is_zero};
use crate::event::{Event, PromptStatus, Stop, Switch, Topic, Usage};
use crate::json::Json;

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
    /// For `tool_call` and `tool_result`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub tool_id: String,
    /// For `tool_call` and `tool_result`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub tool_name: String,
    /// For `tool_call`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_args: Option<Json>,
    /// For `assistant_message` and `prompt`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// For `prompt` and `compaction`: the extension that it is from.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub by: String,
    /// For `prompt_end`: `ok`, `failed`, `refused`, `cancelled`, `other`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub status: String,
    /// For `tool_result`.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "fields::objects")]
    pub content: Vec<Block>,
    /// For `tool_result`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_error: bool,
    /// For `usage`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// For `model_change`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub provider: String,
    /// For `model_change`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub model: String,
    /// For `session_switch`: `new`, `resume`, `fork`, `other`. For `prompt_end`: why.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// For `compaction`.
    #[serde(skip_serializing_if = "is_zero")]
    pub messages: u32,
    /// For `lagged`.
    #[serde(skip_serializing_if = "is_zero")]
    pub dropped: u32,
    /// Version 2 only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<Context>,
}

/// An event as a frame: most of them as `event`, those of a panel as frames of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(
    clippy::large_enum_variant,
    reason = "it is written to the wire at once and gone; a box would be an allocation"
)]
pub enum Told {
    /// `event`
    Event(EventFrame),
    /// `panel_key`
    PanelKey(PanelKey),
    /// `panel_close`
    PanelClose(PanelClose),
}

impl From<&Event> for Told {
    fn from(event: &Event) -> Self {
        let mut frame = EventFrame { event: event.topic().as_str().to_owned(), ..EventFrame::default() };
        match event {
            Event::SessionStart | Event::SessionEnd => {}
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
            Event::Prompt { text, by } => {
                frame.text.clone_from(text);
                frame.by = by.clone().unwrap_or_default();
            }
            Event::PromptEnd { status, reason } => {
                status.as_str().clone_into(&mut frame.status);
                frame.reason = reason.clone().unwrap_or_default();
            }
            Event::Compaction { messages, by } => {
                frame.messages = *messages;
                frame.by = by.clone().unwrap_or_default();
            }
            Event::Lagged { dropped } => frame.dropped = *dropped,
            Event::ToolResult { id, name, output } => {
                frame.tool_id.clone_from(id);
                frame.tool_name.clone_from(name);
                frame.content = output.content.iter().map(Block::from).collect();
                frame.is_error = output.is_error;
            }
            Event::Usage(usage) => frame.usage = Some(*usage),
            Event::ModelChange { provider, model } => {
                frame.provider.clone_from(provider);
                frame.model.clone_from(model);
            }
            Event::SessionSwitch { reason } => reason.as_str().clone_into(&mut frame.reason),
            Event::PanelKey { panel, key, text } => {
                let (panel_id, key, text) = (panel.clone(), key.clone(), text.clone());
                return Self::PanelKey(PanelKey { panel_id, key, text });
            }
            Event::PanelClose { panel } => return Self::PanelClose(PanelClose { panel_id: panel.clone() }),
        }
        Self::Event(frame)
    }
}

impl EventFrame {
    /// What happened; none for a topic that is not known.
    #[must_use]
    pub fn into_event(self) -> Option<Event> {
        let given = |text: String| Some(text).filter(|text| !text.is_empty());
        let lagged = Some(Topic::Lagged).filter(|topic| topic.as_str() == self.event);
        Some(match lagged.or_else(|| Topic::from_word(&self.event))? {
            Topic::SessionStart => Event::SessionStart,
            Topic::TurnStart => Event::TurnStart { step: self.step },
            Topic::AssistantMessage => Event::AssistantMessage { text: self.text },
            Topic::ToolCall => Event::ToolCall {
                id: self.tool_id,
                name: self.tool_name,
                args: self.tool_args.unwrap_or_else(Json::empty_object),
            },
            Topic::TurnEnd => Event::TurnEnd { stop: Stop::from_word(&self.stop), error: given(self.error) },
            Topic::Prompt => Event::Prompt { text: self.text, by: given(self.by) },
            Topic::PromptEnd => {
                Event::PromptEnd { status: PromptStatus::from_word(&self.status), reason: given(self.reason) }
            }
            Topic::Compaction => Event::Compaction { messages: self.messages, by: given(self.by) },
            Topic::Lagged => Event::Lagged { dropped: self.dropped },
            Topic::ToolResult => Event::ToolResult {
                id: self.tool_id,
                name: self.tool_name,
                output: Block::into_output(self.content, self.is_error, "of a tool"),
            },
            Topic::Usage => Event::Usage(self.usage.unwrap_or_default()),
            Topic::ModelChange => Event::ModelChange { provider: self.provider, model: self.model },
            Topic::SessionSwitch => Event::SessionSwitch { reason: Switch::from_word(&self.reason) },
            Topic::SessionEnd => Event::SessionEnd,
            Topic::Panel => return None,
        })
    }
}

//! `event_intercept` and its answer: how a hook's question travels.

use serde::{Deserialize, Serialize};

use super::{Block, Context, fields, is_zero};
use crate::json::Json;

/// `event_intercept`
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct EventIntercept {
    /// To be echoed in the answer.
    pub id: String,
    /// The hook point.
    pub event: String,
    /// For `tool_call` and `tool_result`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub tool_id: String,
    /// For `tool_call` and `tool_result`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub tool_name: String,
    /// For `tool_call` and `tool_result`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_args: Option<Json>,
    /// For `turn_start`.
    #[serde(skip_serializing_if = "is_zero")]
    pub step: u32,
    /// For `assistant_message` and `prompt`; for `compaction`, what the user wants the summary to keep.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// For `prompt`: the extension that submitted it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub by: String,
    /// For `tool_result`.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "fields::objects")]
    pub content: Vec<Block>,
    /// For `tool_result`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_error: bool,
    /// For `compaction`: `manual`, `threshold`, `overflow`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub cause: String,
    /// For `compaction`.
    #[serde(skip_serializing_if = "is_zero")]
    pub messages: u32,
    /// Version 2 only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<Context>,
}

impl InterceptResponse {
    /// Every key that it may have, `type` included.
    pub const KEYS: [&str; 10] = [
        "type",
        "id",
        "block",
        "reason",
        "modified_args",
        "replace_text",
        "ask",
        "handled",
        "content",
        "is_error",
    ];
}

/// `event_intercept_response`
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct InterceptResponse {
    /// The question's id.
    pub id: String,
    /// Refuse.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub block: bool,
    /// Why; counts with `block`, `ask` and `handled` only.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// For `tool_call`: other arguments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modified_args: Option<Json>,
    /// For `assistant_message` and `prompt`: another text; for `compaction`: the summary. In version 1 an empty one changes
    /// nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replace_text: Option<String>,
    /// For `tool_call`: ask the user first. Version 2 only.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub ask: bool,
    /// For `prompt`: the extension has dealt with it. Version 2 only.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub handled: bool,
    /// For `tool_result`: another result. Version 2 only.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "fields::some_objects")]
    pub content: Option<Vec<Block>>,
    /// For `tool_result`: whether that is an error; counts with `content` only. Version 2 only.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_error: bool,
}

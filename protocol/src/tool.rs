//! Tools: what the model may call.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::content::Content;
use crate::json::Json;

/// What an extension says about a tool when it registers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToolSpec {
    /// The name that the model calls.
    pub name: String,
    /// What the model reads about it.
    #[serde(default)]
    pub description: String,
    /// JSON Schema of the arguments, an object.
    #[serde(default = "any_object")]
    pub schema: Json,
    /// What calling it does to the world.
    #[serde(default)]
    pub traits: ToolTraits,
    /// Milliseconds of wall clock that a call may take, 600,000 at most; none: 60,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u32>,
}

fn any_object() -> Json {
    Json::new(r#"{"type":"object"}"#).unwrap_or_else(|_| Json::empty_object())
}

impl ToolSpec {
    /// A tool with a schema, without traits.
    pub fn new(name: impl Into<String>, description: impl Into<String>, schema: Json) -> Self {
        let (name, description) = (name.into(), description.into());
        Self { name, description, schema, traits: ToolTraits::default(), timeout_ms: None }
    }

    /// What it claims of itself.
    #[must_use]
    pub fn traits(self, traits: ToolTraits) -> Self {
        Self { traits, ..self }
    }

    /// What a call may take, in whole milliseconds: 1 ms to 10 min; the host leaves a tool out that asks for anything
    /// else.
    #[must_use]
    pub fn timeout(self, limit: Duration) -> Self {
        Self { timeout_ms: Some(u32::try_from(limit.as_millis()).unwrap_or(u32::MAX)), ..self }
    }
}

/// Claims of a tool about itself. They can make the host ask the user more often, never less.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ToolTraits {
    /// Changes nothing that anybody could see.
    pub read_only: bool,
    /// Calling it twice is the same as calling it once.
    pub idempotent: bool,
    /// May destroy something: the user is asked first.
    pub destructive: bool,
    /// Talks to something outside the workspace.
    pub open_world: bool,
}

/// A call of a tool: who asked for it is in the call's context, not here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolCall {
    /// The id that the model gave the call.
    pub id: String,
    /// The tool.
    pub name: String,
    /// The arguments, as the model (or the last interceptor) wrote them.
    pub args: Json,
}

/// The answer of a tool, which the model reads. A failure here is an answer, not a fault of the host.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ToolOutput {
    /// What the model sees.
    pub content: Vec<Content>,
    /// Whether the tool failed.
    pub is_error: bool,
}

impl ToolOutput {
    /// One text, not an error.
    pub fn text(text: impl Into<String>) -> Self {
        Self { content: vec![Content::text(text)], is_error: false }
    }

    /// One text, an error.
    pub fn error(text: impl Into<String>) -> Self {
        Self { content: vec![Content::text(text)], is_error: true }
    }

    /// All text, joined by newlines.
    #[must_use]
    pub fn joined_text(&self) -> String {
        self.content.iter().filter_map(Content::as_text).collect::<Vec<_>>().join("\n")
    }
}

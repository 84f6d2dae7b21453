//! The transcript: what the model is shown.

use jiff::Timestamp;
use wharf_protocol::content::Content;
use wharf_protocol::tool::{ToolCall, ToolOutput};

/// One message of the transcript.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Who speaks, and what.
    pub body: Body,
    /// When it was complete.
    pub time: Timestamp,
}

/// Who speaks, and what.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// The user.
    User(Vec<Content>),
    /// The model: its text and the tools it asks for, in the order in which they came.
    Assistant(Vec<AssistantBlock>),
    /// The results of all tools that the message before asked for, in its order.
    Tool(Vec<ToolResult>),
}

/// A part of a model's message.
#[derive(Debug, Clone, PartialEq)]
pub enum AssistantBlock {
    /// Reasoning; not shown as text of the message.
    Thinking(String),
    /// Text.
    Text(String),
    /// A call of a tool, with the arguments as the model wrote them.
    ToolCall(ToolCall),
}

/// The result of one tool call.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolResult {
    /// Which call.
    pub call_id: String,
    /// Its answer.
    pub output: ToolOutput,
    /// What really ran, where an interceptor rewrote the arguments: the record keeps both.
    pub ran: Option<wharf_protocol::json::Json>,
}

/// The text blocks of a model's message, joined with a separator.
#[must_use]
pub fn joined_text(blocks: &[AssistantBlock], separator: &str) -> String {
    let texts = blocks.iter().filter_map(|block| match block {
        AssistantBlock::Text(text) => Some(text.as_str()),
        AssistantBlock::Thinking(_) | AssistantBlock::ToolCall(_) => None,
    });
    texts.collect::<Vec<_>>().join(separator)
}

/// The tool calls of a model's message, in order.
pub fn tool_calls(blocks: &[AssistantBlock]) -> impl Iterator<Item = &ToolCall> {
    blocks.iter().filter_map(|block| match block {
        AssistantBlock::ToolCall(call) => Some(call),
        AssistantBlock::Thinking(_) | AssistantBlock::Text(_) => None,
    })
}

//! The blocks that messages are made of.

use wharf_ports::message::AssistantBlock;
use wharf_protocol::content::Content;
use wharf_protocol::json::Json;

use super::{of, text};
use crate::json::Node;

/// What the user or a tool gives. An image is told by its size, without its data.
pub(super) fn contents(contents: &[Content]) -> Node {
    let blocks = contents.iter().map(|content| match content {
        Content::Text(words) => of("text", [("text", text(words))]),
        Content::Image { mime_type, data } => {
            of("image", [("bytes", (data.len() as u64).into()), ("mime_type", text(mime_type))])
        }
    });
    blocks.collect()
}

/// What the model says, without its reasoning.
pub(super) fn message(blocks: &[AssistantBlock]) -> Node {
    let shown = blocks.iter().filter_map(|block| match block {
        AssistantBlock::Thinking(_) => None,
        AssistantBlock::Text(words) => Some(of("text", [("text", text(words))])),
        AssistantBlock::ToolCall(call) => Some(tool_call(&call.id, &call.name, &call.args)),
    });
    shown.collect()
}

/// A tool call; the event and the block have the same shape.
pub(super) fn tool_call(id: &str, name: &str, args: &Json) -> Node {
    of("tool_call", [("args", Node::sorted(args)), ("id", text(id)), ("name", text(name))])
}

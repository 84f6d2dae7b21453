//! The stream of one model call, folded into the blocks of a message.

use wharf_ports::event::AgentEvent;
use wharf_ports::message::AssistantBlock;
use wharf_ports::model::{ModelEvent, Usage};
use wharf_protocol::event::Stop;
use wharf_protocol::json::Json;
use wharf_protocol::tool::ToolCall;

use crate::RunError;

/// Longest answer of a model, in bytes.
const MAX_ANSWER: usize = 16 * 1024 * 1024;
/// What a block counts for, beyond its text.
const BLOCK_BYTES: usize = 64;

/// An answer while it streams.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    blocks: Vec<Draft>,
    bytes: usize,
}

#[derive(Debug)]
enum Draft {
    Thinking(String),
    Text(String),
    Tool { id: String, name: String, args: String },
}

/// What became of a piece of the stream.
pub(crate) enum Folded {
    /// There is more to come; this is what faces see.
    Piece(AgentEvent),
    /// The answer is complete.
    Complete { stop: Stop, usage: Usage },
}

/// An answer that is complete.
#[derive(Debug)]
pub(crate) struct Answered {
    /// The message.
    pub(crate) blocks: Vec<AssistantBlock>,
    /// Its tool calls, in order.
    pub(crate) requests: Vec<Request>,
}

/// A tool call of the model.
#[derive(Debug)]
pub(crate) struct Request {
    /// The call; arguments that are not JSON stand in it as a JSON string of what the model wrote.
    pub(crate) call: ToolCall,
    /// Why the arguments are not JSON.
    pub(crate) malformed: Option<String>,
}

impl Answer {
    /// Adds a piece.
    pub(crate) fn fold(&mut self, event: ModelEvent) -> Result<Folded, RunError> {
        let piece = match event {
            ModelEvent::Text(delta) => {
                self.grow(delta.len())?;
                match self.blocks.last_mut() {
                    Some(Draft::Text(text)) => text.push_str(&delta),
                    _ => self.begin(Draft::Text(delta.clone())),
                }
                AgentEvent::TextDelta(delta)
            }
            ModelEvent::Thinking(delta) => {
                self.grow(delta.len())?;
                match self.blocks.last_mut() {
                    Some(Draft::Thinking(text)) => text.push_str(&delta),
                    _ => self.begin(Draft::Thinking(delta.clone())),
                }
                AgentEvent::ThinkingDelta(delta)
            }
            ModelEvent::ToolStart { id, name } => {
                self.grow(id.len() + name.len())?;
                self.begin(Draft::Tool { id: id.clone(), name: name.clone(), args: String::new() });
                AgentEvent::ToolUseStart { id, name }
            }
            ModelEvent::ToolArgs { id, delta } => {
                self.grow(delta.len())?;
                self.args_of(&id)?.push_str(&delta);
                AgentEvent::ToolUseArgs { id, delta }
            }
            ModelEvent::ToolEnd { id } => {
                self.args_of(&id)?;
                AgentEvent::ToolUseEnd { id }
            }
            ModelEvent::Done { stop: Stop::Error | Stop::Aborted, .. } => return Err(broke_off()),
            ModelEvent::Done { stop, usage } => return Ok(Folded::Complete { stop, usage }),
        };
        Ok(Folded::Piece(piece))
    }

    /// The message, as far as it came.
    pub(crate) fn finish(self) -> Answered {
        let mut requests = Vec::new();
        let mut blocks = Vec::with_capacity(self.blocks.len());
        for draft in self.blocks {
            match draft {
                Draft::Thinking(text) => blocks.push(AssistantBlock::Thinking(text)),
                Draft::Text(text) if text.is_empty() => {}
                Draft::Text(text) => blocks.push(AssistantBlock::Text(text)),
                Draft::Tool { id, name, args } => {
                    let (args, malformed) = read_args(&args);
                    let call = ToolCall { id, name, args };
                    blocks.push(AssistantBlock::ToolCall(call.clone()));
                    requests.push(Request { call, malformed });
                }
            }
        }
        Answered { blocks, requests }
    }

    fn begin(&mut self, draft: Draft) {
        self.bytes += BLOCK_BYTES;
        self.blocks.push(draft);
    }

    fn grow(&mut self, bytes: usize) -> Result<(), RunError> {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > MAX_ANSWER {
            return Err(RunError::Answer(format!("it is longer than {MAX_ANSWER} bytes")));
        }
        Ok(())
    }

    fn args_of(&mut self, wanted: &str) -> Result<&mut String, RunError> {
        let found = self.blocks.iter_mut().rev().find_map(|draft| match draft {
            Draft::Tool { id, args, .. } if id == wanted => Some(args),
            _ => None,
        });
        found.ok_or_else(|| {
            RunError::Answer(format!("it goes on with a tool call {wanted:?} that never began"))
        })
    }
}

impl Answered {
    /// Whether there is anything that a provider would accept as a message.
    pub(crate) fn is_empty(&self) -> bool {
        self.blocks.iter().all(|block| matches!(block, AssistantBlock::Thinking(_)))
    }
}

/// The answer ended before it was complete.
pub(crate) fn broke_off() -> RunError {
    RunError::Answer("it broke off before its end".to_owned())
}

fn read_args(text: &str) -> (Json, Option<String>) {
    if text.trim().is_empty() {
        return (Json::empty_object(), None);
    }
    // A key that occurs twice means one thing to who approves and another to who runs. What else a value cannot hold is
    // found by who reads it.
    let unambiguous = |args: Json| match args.value() {
        Err(error) if error.is_data() => Err(error),
        _ => Ok(args),
    };
    match Json::new(text).and_then(unambiguous) {
        Ok(args) => (args, None),
        Err(error) => (Json::of(&text).unwrap_or_else(|_| Json::empty_object()), Some(error.to_string())),
    }
}

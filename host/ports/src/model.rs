//! Language models.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::Stream;
use thiserror::Error;
use wharf_protocol::event::Stop;
use wharf_protocol::tool::ToolSpec;

use crate::call::CallContext;
use crate::message::Message;

/// Names a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelName {
    /// For instance `anthropic`, `demo`, `script`.
    pub provider: String,
    /// The provider's id of the model.
    pub model: String,
}

/// What is asked of a model.
#[derive(Debug, Clone, Copy)]
pub struct ModelRequest<'a> {
    /// The system prompt.
    pub system: &'a str,
    /// The transcript, oldest first.
    pub messages: &'a [Message],
    /// The tools it may call, sorted by name.
    pub tools: &'a [Arc<ToolSpec>],
}

/// The stream of one answer. It ends with [`ModelEvent::Done`]; a stream that ends without is an error.
pub type ModelStream = Pin<Box<dyn Stream<Item = Result<ModelEvent, ModelError>> + Send>>;

/// A piece of an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum ModelEvent {
    /// More text.
    Text(String),
    /// More reasoning.
    Thinking(String),
    /// A tool call begins.
    ToolStart {
        /// The call's id.
        id: String,
        /// The tool's name.
        name: String,
    },
    /// More of a call's arguments, a fragment of JSON text.
    ToolArgs {
        /// The call's id.
        id: String,
        /// The fragment.
        delta: String,
    },
    /// A tool call is complete.
    ToolEnd {
        /// The call's id.
        id: String,
    },
    /// The answer is complete.
    Done {
        /// Why it ended.
        stop: Stop,
        /// What it took.
        usage: Usage,
    },
}

/// Tokens and money.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Usage {
    /// Input tokens, without cached ones.
    pub input: u64,
    /// Output tokens.
    pub output: u64,
    /// Input tokens read from the provider's cache.
    pub cache_read: u64,
    /// Input tokens written to the provider's cache.
    pub cache_write: u64,
    /// US dollars.
    pub cost_usd: f64,
}

impl std::ops::AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        self.input += other.input;
        self.output += other.output;
        self.cache_read += other.cache_read;
        self.cache_write += other.cache_write;
        self.cost_usd += other.cost_usd;
    }
}

/// A model call that failed.
#[derive(Debug, Error)]
pub enum ModelError {
    /// The provider answered with an error status.
    #[error("{provider}: {status}: {message}")]
    Status {
        /// Which provider.
        provider: String,
        /// The HTTP status, or the one that it would have been.
        status: u16,
        /// The provider's words.
        message: String,
        /// How long it asks us to wait.
        retry_after: Option<Duration>,
    },
    /// The provider could not be reached, or its answer could not be read; trying again may help.
    #[error("{provider}: {message}")]
    Transport {
        /// Which provider.
        provider: String,
        /// What happened.
        message: String,
    },
    /// A `script` that has no line left.
    #[error("script exhausted after {responses} responses")]
    ScriptExhausted {
        /// How many lines were used.
        responses: usize,
    },
    /// The caller cancelled.
    #[error("context canceled")]
    Cancelled,
}

/// A language model. It is shared between runs; each call streams one answer.
#[async_trait]
pub trait Model: Send + Sync {
    /// Who it is.
    fn name(&self) -> ModelName;

    /// Asks for one answer. Cancelling the context ends the stream with [`ModelError::Cancelled`].
    async fn stream(&self, request: ModelRequest<'_>, cx: &CallContext) -> Result<ModelStream, ModelError>;
}

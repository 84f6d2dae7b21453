//! The agent loop. It knows ports and the protocol's vocabulary, no provider, no tool and no extension.
//!
//! | module | what |
//! |---|---|
//! | [`run`](Agent::run) | one prompt: model calls, step by step, until the model is done |
//! | `turn` | one model call: asked for, streamed, shown |
//! | `answer` | the stream of one model call, folded into blocks |
//! | `batch` | the tool calls of one step, one by one, in order |
//! | [`compact`](Agent::compact) | a summary in the place of what was before |
//! | `transcript` | what the model is shown; a provider accepts it at every moment |
//! | `error` | why a run did not end well |
//!
//! Order within a step: event `turn_start`, hook `turn_start`, the model, hook `assistant_message`, event
//! `assistant_message`, event `tool_call` for each call, event `turn_end`; then for each call: hook `tool_call`,
//! the schema, approval of the final arguments, the call, hook `tool_result`, event `tool_result`.

mod answer;
mod batch;
mod compaction;
mod error;
mod run;
mod transcript;
mod turn;

use std::sync::{Arc, PoisonError, RwLock};

use wharf_ports::approve::Approver;
use wharf_ports::clock::Clock;
use wharf_ports::event::EventSink;
use wharf_ports::hooks::Hooks;
use wharf_ports::model::Model;
use wharf_ports::tool::Toolbox;

pub use compaction::Compacted;
pub use error::RunError;
pub use run::{RefusedCall, RunReport};
pub use transcript::Transcript;

/// Everything that the loop needs to answer prompts. It holds no conversation: that is the [`Transcript`].
pub struct Agent {
    /// Who answers; asked anew at each step.
    pub model: RwLock<Arc<dyn Model>>,
    /// What the model may call; asked anew at each step, so that a late tool joins at the next model call.
    pub tools: Arc<dyn Toolbox>,
    /// Interceptors and subscribers.
    pub hooks: Arc<dyn Hooks>,
    /// Decides whether a tool runs.
    pub approver: Arc<dyn Approver>,
    /// The faces.
    pub events: Arc<dyn EventSink>,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
    /// The system prompt.
    pub system: String,
    /// Model calls for one prompt, at most; none: no limit.
    pub max_steps: Option<u32>,
}

impl Agent {
    /// Who answers now.
    #[must_use]
    pub fn model(&self) -> Arc<dyn Model> {
        self.model.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Lets another model answer from the next step on.
    pub fn set_model(&self, model: Arc<dyn Model>) {
        *self.model.write().unwrap_or_else(PoisonError::into_inner) = model;
    }
}

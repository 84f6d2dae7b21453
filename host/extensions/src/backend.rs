//! What a backend is: it starts an extension with the host's inbound services, and hands back an instance that can
//! be called with a deadline, a cancel token, a cause and grants. The dispatcher knows nothing else of it.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use wharf_ports::call::Cause;
use wharf_protocol::command::CommandResult;
use wharf_protocol::event::Event;
use wharf_protocol::hook::{MessageVerdict, ToolVerdict, TurnVerdict};
use wharf_protocol::registration::{Registration, Start};
use wharf_protocol::tool::{ToolCall, ToolOutput};

use crate::error::ExtError;
use crate::extension::Extension;
use crate::inbound::Inbound;
use crate::limits::Deadlines;
use crate::permission::Grants;

/// Starts extensions of one kind.
#[async_trait]
pub trait Backend: Send + Sync {
    /// What counts for an extension that has not told yet what it speaks.
    fn deadlines(&self) -> Deadlines;

    /// The path under which an extension sees the directory that is made for it; none: it has its own.
    fn data_directory(&self) -> Option<&'static str>;

    /// Starts an extension and returns when it has registered what it registers at its start.
    ///
    /// Bounded: returns within [`Deadlines::start`] of the kind, with an error that names the stage. A start that
    /// failed has left nothing running.
    async fn start(&self, extension: &Extension, launch: Launch) -> Result<Docking, ExtError>;
}

/// What a backend is handed to start an extension.
#[derive(Clone)]
pub struct Launch {
    /// Facts for the extension: versions, model, directories.
    pub start: Start,
    /// What it may do.
    pub grants: Arc<Grants>,
    /// The host's services, bound to this extension.
    pub inbound: Inbound,
}

/// An extension that has started.
pub struct Docking {
    /// The running extension.
    pub instance: Arc<dyn Instance>,
    /// What it registered; more may come through [`Inbound::register`].
    pub registration: Registration,
    /// How long its calls may take, and what a failure of its hooks means where nothing is declared.
    pub deadlines: Deadlines,
}

/// The context of one call of an extension.
#[derive(Debug, Clone)]
pub struct ExtCall {
    /// The answer must be there by then; queueing and writing count.
    pub deadline: Instant,
    /// Ends the call at once.
    pub cancel: CancellationToken,
    /// What set it in motion.
    pub cause: Cause,
    /// What the extension may do during the call.
    pub grants: Arc<Grants>,
}

/// A running extension. Every method ends by the call's deadline, and soon after its cancel token fires.
///
/// An `Err` is a fault of the extension or the host; an answer that says "no" or "failed" is an `Ok`.
#[async_trait]
pub trait Instance: Send + Sync {
    /// Calls a tool.
    async fn call_tool(&self, call: &ToolCall, cx: &ExtCall) -> Result<ToolOutput, ExtError>;

    /// Runs a command; `args` is the raw text behind its name.
    async fn run_command(&self, name: &str, args: &str, cx: &ExtCall) -> Result<CommandResult, ExtError>;

    /// Asks about a tool call.
    async fn on_tool_call(&self, call: &ToolCall, cx: &ExtCall) -> Result<ToolVerdict, ExtError>;

    /// Asks about the start of a model call.
    async fn on_turn_start(&self, step: u32, cx: &ExtCall) -> Result<TurnVerdict, ExtError>;

    /// Asks about a message of the model.
    async fn on_assistant_message(&self, text: &str, cx: &ExtCall) -> Result<MessageVerdict, ExtError>;

    /// Tells it of an event; does not wait. Events and calls reach the extension in the order in which they were
    /// handed over. When its queue is full the event is dropped and counted in its log.
    fn deliver(&self, event: &Arc<Event>, cx: &ExtCall);

    /// Waits until the events that were handed over have been dealt with, by the deadline at most. Nothing to do where
    /// [`Self::stop`] does so anyway.
    async fn quiesce(&self, _deadline: Instant) {}

    /// Ends it: politely, then by force, within the contracted time. Idempotent.
    async fn stop(&self);
}

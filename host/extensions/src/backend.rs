//! What a backend is: it starts an extension with the host's inbound services, and hands back an instance that can
//! be called with a deadline, a cancel token, a cause and grants. The dispatcher knows nothing else of it.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use wharf_ports::call::Cause;
use wharf_protocol::command::CommandResult;
use wharf_protocol::event::Event;
use wharf_protocol::hook::{
    Compaction, CompactionVerdict, MessageVerdict, Prompt, PromptVerdict, ResultVerdict, ToolReport,
    ToolVerdict, TurnVerdict,
};
use wharf_protocol::registration::{Registration, Start};
use wharf_protocol::tool::{ToolCall, ToolOutput};

use crate::error::ExtError;
use crate::extension::Extension;
use crate::inbound::Inbound;
use crate::limits::Deadlines;
use crate::patience::Patience;
use crate::permission::Grants;

/// Starts extensions of one kind.
#[async_trait]
pub trait Backend: Send + Sync {
    /// What counts for an extension that has not told yet what it speaks.
    fn deadlines(&self, extension: &Extension) -> Deadlines;

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
    /// A directory of its own on the host, which outlives installing it anew. Made by whoever hands it on.
    pub data: PathBuf,
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

/// Longest piece of a tool's output that is handed on at once, in bytes.
const PIECE: usize = 4096;

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
    /// Lets the deadline stand still while the user is asked something; none: no dialog can be asked during this call.
    pub patience: Option<Patience>,
    /// Takes output of a tool that is still running; none: nobody wants it.
    pub progress: Option<mpsc::Sender<String>>,
}

impl ExtCall {
    /// Waits until the call is late by this much.
    pub async fn late_by(&self, grace: std::time::Duration) {
        match &self.patience {
            Some(patience) => patience.reached(self.deadline + grace).await,
            None => sleep_until(self.deadline + grace).await,
        }
    }

    /// Whether its deadline has passed. It never has while the user is asked something.
    #[must_use]
    pub fn is_late(&self) -> bool {
        let deadline = match &self.patience {
            Some(patience) => patience.deadline(self.deadline),
            None => Some(self.deadline),
        };
        deadline.is_some_and(|deadline| deadline <= Instant::now())
    }

    /// Hands on what the tool puts out while it runs, 4096 bytes of it. What comes faster than it is shown is dropped:
    /// the result tells all.
    pub fn put_out(progress: Option<&mpsc::Sender<String>>, text: &str) {
        if let Some(progress) = progress {
            let piece = text.get(..text.floor_char_boundary(PIECE)).unwrap_or_default();
            _ = progress.try_send(piece.to_owned());
        }
    }

    /// What a request that is made during this call is bound to.
    #[must_use]
    pub fn asking(&self) -> Asking {
        Asking { patience: self.patience.clone(), cancel: self.cancel.child_token(), cause: self.cause }
    }
}

/// The call during which an extension asks something of the host.
#[derive(Debug, Clone)]
pub struct Asking {
    /// Its deadline, which a dialog stops; none: the call is of a kind that has no time for dialogs.
    pub patience: Option<Patience>,
    /// Fires when the call has ended or is cancelled: its dialogs are closed.
    pub cancel: CancellationToken,
    /// What set the call in motion.
    pub cause: Cause,
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

    /// Asks about a prompt.
    async fn on_prompt(&self, prompt: &Prompt, cx: &ExtCall) -> Result<PromptVerdict, ExtError>;

    /// Asks about a tool's result.
    async fn on_tool_result(&self, report: &ToolReport, cx: &ExtCall) -> Result<ResultVerdict, ExtError>;

    /// Asks about making the conversation shorter.
    async fn on_compaction(
        &self,
        compaction: &Compaction,
        cx: &ExtCall,
    ) -> Result<CompactionVerdict, ExtError>;

    /// Tells it of an event; does not wait. Events and calls reach the extension in the order in which they were
    /// handed over. When its queue is full the event is dropped and counted in its log.
    fn deliver(&self, event: &Arc<Event>, cx: &ExtCall);

    /// Waits until the events that were handed over have been dealt with, by the deadline at most. Nothing to do where
    /// [`Self::stop`] does so anyway.
    async fn quiesce(&self, _deadline: Instant) {}

    /// Ends it: politely, then by force, within the contracted time. Idempotent.
    async fn stop(&self);
}

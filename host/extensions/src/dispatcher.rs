//! Routes calls, questions and events to extensions. It never interprets them, and knows no backend.

use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use arc_swap::ArcSwap;
use async_trait::async_trait;
use tokio::sync::mpsc;
use wharf_ports::call::{CallContext, Cause};
use wharf_ports::hooks::{
    CompactionDecision, Fits, Hooks, MessageDecision, PromptDecision, Refusal, ToolDecision, TurnDecision,
};
use wharf_ports::tool::Progress;
use wharf_protocol::command::CommandResult;
use wharf_protocol::event::Event;
use wharf_protocol::hook::{Compaction, Prompt};
use wharf_protocol::id::ExtensionId;
use wharf_protocol::request::RequestError;
use wharf_protocol::tool::{ToolCall, ToolOutput};

use crate::backend::{ExtCall, Instance};
use crate::chain::points::{OnCompaction, OnMessage, OnPrompt, OnTurnStart};
use crate::chain::tool_points::{OnResult, OnToolCall};
use crate::chain::{Chain, Point};
use crate::error::{ExtError, Stage};
use crate::footing::Footing;
use crate::guards::{Guard, Outcomes};
use crate::held_tool::HeldTool;
use crate::output;
use crate::registry::{Registry, ToolEntry};
use crate::reporter::Reporter;
use crate::supervisor::Lease;

/// Pieces of a tool's output that may wait for the face; what comes faster is dropped.
const PIECES: usize = 64;

/// The one dispatcher. Shared; every method can be called from any task.
pub struct Dispatcher {
    registry: ArcSwap<Registry>,
    reporter: Reporter,
    outcomes: Outcomes,
}

/// A command that was run.
pub struct CommandRun {
    /// Whose command it is.
    pub extension: ExtensionId,
    /// What came of it.
    pub result: Result<CommandResult, ExtError>,
    footing: Option<Arc<Footing>>,
}

impl CommandRun {
    /// Draws, in the name of the instance that ran it, something that stays on the screen.
    ///
    /// # Errors
    /// Another instance has the screen by now; or what `draw` says, which must not wait.
    pub fn draw(&self, draw: impl FnOnce() -> Result<(), RequestError>) -> Result<(), RequestError> {
        self.footing.as_ref().map_or(Err(RequestError::Closed), |footing| footing.draw(draw))
    }
}

impl Dispatcher {
    /// A dispatcher without extensions.
    #[must_use]
    pub fn new(reporter: Reporter) -> Self {
        Self { registry: ArcSwap::default(), reporter, outcomes: Outcomes::default() }
    }

    /// The snapshot of now.
    #[must_use]
    pub fn registry(&self) -> Arc<Registry> {
        self.registry.load_full()
    }

    /// Everybody who is asked at a hook, in order, and what came of it the last time.
    #[must_use]
    pub fn guards(&self) -> Vec<Guard> {
        self.outcomes.guards(&self.registry.load())
    }

    pub(crate) fn replace(&self, registry: Registry) {
        self.registry.store(Arc::new(registry));
    }

    /// The extension's tool that has this name now.
    #[must_use]
    pub fn resolve(&self, name: &str) -> Option<HeldTool> {
        HeldTool::find(name, || self.registry())
    }

    /// Calls an extension's tool in the version in which it was found; what it puts out while it runs goes to `progress`.
    ///
    /// # Errors
    /// A fault of the extension or the host; a tool that says no is an `Ok`.
    pub async fn call_tool(
        &self,
        tool: &HeldTool,
        call: &ToolCall,
        progress: &dyn Progress,
        cx: &CallContext,
    ) -> Result<ToolOutput, ExtError> {
        let ToolEntry { owner: docked, inner_name, spec, .. } = tool.entry();
        let inner = ToolCall { name: inner_name.clone(), ..call.clone() };
        let (sender, mut pieces) = mpsc::channel(PIECES);
        let asked_for = spec.timeout_ms.map(|given| Duration::from_millis(given.into()));
        let limit = asked_for.unwrap_or(docked.deadlines.tool);
        let ext = ExtCall { progress: Some(sender), ..docked.patient_context(limit, cx) };
        let stage = || Stage::Tool(call.name.clone());
        let explained = |error: ExtError| ExtError { fault: tool.explained(error.fault), ..error };
        let mut lease = tool.lease();
        if lease.is_none() {
            let started = docked.supervisor.up_here(ext.deadline, &ext.cancel).await;
            lease = Some(started.map_err(|fault| explained(fault.at(&docked.id, stage())))?);
            tool.stands(&self.registry.load()).map_err(|fault| fault.at(&docked.id, stage()))?;
        }
        let (inner, ext) = (&inner, &ext);
        let question = |instance: Arc<dyn Instance>| async move { instance.call_tool(inner, ext).await };
        let mut answer = pin!(docked.ask_here(lease, stage(), ext, question));
        let answer = loop {
            tokio::select! {
                biased;
                Some(piece) = pieces.recv() => progress.output(&piece),
                answer = &mut answer => break answer,
            }
        };
        // Asked for with nobody to wake: else the end of the channel wakes this very call, and with it another thread.
        let mut nobody = Context::from_waker(Waker::noop());
        while let Poll::Ready(Some(piece)) = pieces.poll_recv(&mut nobody) {
            progress.output(&piece);
        }
        answer.map_err(explained)
    }

    /// Runs a command; `None` when no extension has it.
    pub async fn run_command(&self, name: &str, args: &str, cx: &CallContext) -> Option<CommandRun> {
        let registry = self.registry.load_full();
        let entry = registry.command(name)?;
        let docked = &entry.owner;
        let ext = docked.patient_context(docked.deadlines.command, cx);
        let stage = Stage::Command(name.to_owned());
        let (name, ext) = (&entry.inner_name, &ext);
        let footing = Mutex::new(None);
        let question = |lease: &Lease| {
            *footing.lock().unwrap_or_else(PoisonError::into_inner) = Some(lease.footing().clone());
            let instance = lease.instance().clone();
            async move { instance.run_command(name, args, ext).await }
        };
        let result = docked.ask_under(stage, ext, question).await;
        let footing = footing.into_inner().unwrap_or_else(PoisonError::into_inner);
        Some(CommandRun { extension: docked.id.clone(), result, footing })
    }

    /// Tells one extension of something that is about it alone. Does not wait.
    pub fn tell(&self, extension: &ExtensionId, event: Event, cause: Cause) {
        let registry = self.registry.load();
        if let Some(docked) = registry.docked(extension) {
            docked.meter.event();
            docked.supervisor.deliver(&Arc::new(event), &docked.event_context(cause));
        }
    }

    async fn ask<P: Point>(&self, point: &mut P, cx: &CallContext) -> Result<(), Refusal> {
        Chain::new(&self.registry, &self.reporter, &self.outcomes, cx).run(point).await
    }
}

#[async_trait]
impl Hooks for Dispatcher {
    async fn before_prompt(&self, prompt: &Prompt, cx: &CallContext) -> PromptDecision {
        let mut point = OnPrompt::new(prompt);
        let result = self.ask(&mut point, cx).await;
        point.decide(result)
    }

    async fn before_turn(&self, step: u32, cx: &CallContext) -> TurnDecision {
        OnTurnStart::decide(self.ask(&mut OnTurnStart { step }, cx).await)
    }

    async fn before_message(&self, text: &str, cx: &CallContext) -> MessageDecision {
        let mut point = OnMessage::new(text);
        let result = self.ask(&mut point, cx).await;
        point.decide(result)
    }

    async fn before_tool(&self, call: &ToolCall, fits: Fits<'_>, cx: &CallContext) -> ToolDecision {
        let mut point = OnToolCall::new(call, fits, &self.reporter);
        let result = self.ask(&mut point, cx).await;
        point.decide(result)
    }

    async fn before_compaction(&self, compaction: &Compaction, cx: &CallContext) -> CompactionDecision {
        let mut point = OnCompaction::new(compaction);
        let result = self.ask(&mut point, cx).await;
        point.decide(result)
    }

    async fn after_tool(&self, call: &ToolCall, output: ToolOutput, cx: &CallContext) -> ToolOutput {
        let mut point = OnResult::new(call, output::bounded(output));
        let result = self.ask(&mut point, cx).await;
        point.decide(result)
    }

    fn publish(&self, event: Event, cause: Cause) {
        let registry = self.registry.load();
        let event = Arc::new(event);
        for docked in registry.subscribers(event.topic()) {
            docked.meter.event();
            docked.supervisor.deliver(&event, &docked.event_context(cause));
        }
    }
}
